"""Somebody says "no power", or that people are trapped: the call is kept, and linked to the incident that explains it."""

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.utils import now_datetime

from outage_response import locks, permissions
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain import lifecycle, triage
from outage_response.domain.errors import RuleError
from outage_response.domain.states import Duty
from outage_response.domain.which_outage_explains import RUNNING, Explanation

from ..elevators import entrapment_records, trapped_reports
from ..facts import homes_of_people, power_and_assets, step_context, who_is_on_duty
from ..verb import bells, timeline
from ..verb.changes import announce, touch
from ..verb.engine import Act, finish, keeps_late
from ..verb.locking import lock_incident, lock_property, lock_property_if_free
from ..verb.refusals import translated
from ..verb.times import when
from . import explaining_outage, ticket_intake


def record_call(
	property: str,
	*,
	unit: str | None = None,
	power_node: str | None = None,
	contact: str | None = None,
	phone: str | None = None,
	words: str | None = None,
	danger: bool = False,
	trapped: bool = False,
	elevator: str | None = None,
	building: str | None = None,
	people: int | None = None,
	floor: str | None = None,
	conditions: Sequence[str] | None = None,
	occurred_at: str | datetime | None = None,
	request_id: str | None = None,
) -> dict:
	"""Keep one trouble call. It is linked to the running incident that its unit or node falls under, if there is one.

	danger    a person's judgement; it is also read out of the words, by the lists of Settings
	trapped   people are in an elevator: in `elevator`, or, where nobody knows in which, in one of `building`; how many are
	          inside, where the car stands and how they are, as in `trapped_reports.report_trapped`

	Answers {"call", "incident" or "", "danger"}, and "entrapments" where people are trapped. Raises ValidationError for a unit,
	node or elevator of another property.
	"""
	with translated():
		permissions.require_verb("record_call")
		danger = danger or says_danger(words)
		locked = lock_for_call(property, danger, trapped=trapped or bool(elevator))
		permissions.require_property(property)
		homes_of_people.require_at(contact, property)
		return keep_call(
			property,
			locked=locked,
			unit=unit,
			power_node=power_node,
			contact=contact,
			phone=phone,
			words=words,
			danger=danger,
			trapped=trapped,
			elevator=elevator,
			building=building,
			people=people,
			floor=floor,
			conditions=conditions,
			occurred_at=occurred_at,
			request_id=request_id,
		)


def says_danger(words: str | None) -> bool:
	"""Do words tell of danger, by the lists of Settings? Asked before a lock is taken: no text is read under one."""
	return bool(words and triage.read(words, ticket_intake.words()).danger)


def lock_for_call(property: str, danger: bool, *, trapped: bool = False) -> bool:
	"""Lock the property for a call of it; answers whether it is locked. Danger waits for nobody: where somebody else has the
	lock, it is told without. Only people in an elevator need the lock, since steps follow at once."""
	if danger and not trapped:
		return lock_property_if_free(property)
	lock_property(property)
	return True


def keep_call(
	property: str,
	*,
	locked: bool = True,
	unit: str | None = None,
	power_node: str | None = None,
	contact: str | None = None,
	phone: str | None = None,
	words: str | None = None,
	danger: bool = False,
	trapped: bool = False,
	elevator: str | None = None,
	building: str | None = None,
	people: int | None = None,
	floor: str | None = None,
	conditions: Sequence[str] | None = None,
	occurred_at: str | datetime | None = None,
	request_id: str | None = None,
) -> dict:
	"""The same for whoever may say so: the caller has the property's lock, and has asked for permission, and has read the words
	before it took the lock (`says_danger`).

	locked  False: of danger, while somebody else has that lock (`lock_for_call`)

	A call that no running outage explains waits to be placed, like one from a ticket; the control room sees it.
	"""
	if first := _answered_before(request_id, property, unit):
		return first
	at, now, _clock = when(occurred_at)
	if unit:
		power_node = _node_of(unit, property)
	around = power_and_assets.read(property)
	_require_node(power_node, around)
	where = {"unit": unit, "power_node": power_node, "request_id": request_id or None}
	who = {"contact": contact, "phone": phone, "words": words}
	if trapped or elevator:
		inside = {"people": people, "floor": floor, "conditions": conditions}
		return _keep_trapped(property, elevator, building, at, now, said=where, inside=inside, **who)
	found = explaining_outage.explain(around.tree, power_node, unit, at, explaining_outage.candidates(property))
	incident = _incident_to_link(found, danger=danger, locked=locked)
	known = {"incident": incident, "waiting": int(not incident)}
	doc = frappe.new_doc("Trouble Call")
	doc.update({"property": property, **where, **who, "danger": int(bool(danger)), "said_at": at, **known})
	alone = not frappe.db.exists("Trouble Call", {"property": property, "waiting": 1, "trapped": 0})
	doc.insert(ignore_permissions=True)
	_tell_of_call(doc, at, now, is_first=alone and not found)
	return {"call": doc.name, "incident": incident or "", "danger": bool(danger)}


def _answered_before(request_id: str | None, property_name: str, unit: str | None) -> dict | None:
	"""What was answered to the same request. Raises where it was another call's."""
	if not request_id:
		return None
	first = frappe.db.get_value(
		"Trouble Call",
		{"request_id": request_id},
		["name", "property", "unit", "incident", "danger", "trapped", "elevator", "building"],
		as_dict=True,
	)
	if not first:
		return None
	if first.property != property_name or (unit and first.unit != unit):
		timeline.refuse_used(request_id)
	answer = {"call": first.name, "incident": first.incident or "", "danger": bool(first.danger)}
	return {**answer, "entrapments": trapped_reports.of_call(first)} if first.trapped else answer


def _node_of(unit: str, property_name: str) -> str | None:
	"""The node that feeds a unit. Raises RuleError for a unit of another property."""
	found = frappe.db.get_value("Property Unit", unit, ["property", "power_node"], as_dict=True)
	if not found or found.property != property_name:
		raise RuleError(
			_("Unit: {unit} does not belong to {property}. Choose one of its units."),
			unit=str(unit)[:140],
			property=property_name,
		)
	return found.power_node


def _require_node(power_node: str | None, around: power_and_assets.Surroundings) -> None:
	if power_node and power_node not in around.node_rows:
		raise RuleError(
			_("Nodes: {node} is not a power node of this property. Choose one of its power tree."),
			node=str(power_node)[:140],
		)


def _incident_to_link(found: Explanation | None, *, danger: bool, locked: bool) -> str | None:
	"""The running outage that the call belongs to. What is planned, or back again, is for `place_calls`: it knows whom to tell."""
	incident = found.incident if found and found.kind == RUNNING else None
	if danger and incident and not (locked and locks.rows("Outage Incident", [incident], wait=False)):
		return None  # somebody is at it: danger is told now, and `place_calls` links it when they are done
	return incident


def _tell_of_call(doc, at: datetime, now: datetime, *, is_first: bool) -> None:
	"""On its incident's timeline; danger, and the first word of an outage that nobody knows of, ring the control room."""
	if doc.incident:
		_note_on_incident(doc.incident, doc, at, now)
	elif doc.danger:
		_ring_control_room(doc, _("DANGER at {0}: open the call"), now)
	elif doc.waiting and is_first:
		_ring_control_room(doc, _("No power at {0}, no outage is known"), now)
	if doc.waiting:
		frappe.db.after_commit.add(ticket_intake.ask_for_a_job)
		announce("")


def _keep_trapped(
	property_name: str,
	elevator: str | None,
	building: str | None,
	at: datetime,
	now: datetime,
	*,
	said: dict,
	inside: dict[str, Any],
	words: str | None,
	contact: str | None,
	phone: str | None,
) -> dict:
	"""People are in an elevator: part of the outage that runs there, else on record by themselves until one is declared.

	inside  how many, on which floor, how they are
	"""
	found = entrapment_records.cars(property_name, elevator, building)
	certain = bool(elevator)
	how: dict[str, Any] = {"words": words, "contact": contact, "phone": phone, "building": building}
	name, affected = _incident_of({car.name for car in found}, property_name)
	if name:
		act = Act("report_trapped", at, now, incident=lock_incident(name))
		covered = [car for car in found if car.name in affected]
		result = trapped_reports.report_in(act, covered, certain=certain, said=said, **inside, **how)
		return {**finish(act, result), "danger": True}
	act = Act("record_call", at, now)
	doc = trapped_reports.keep_call(act, found, certain=certain, incident=None, said={**said, "waiting": 1}, **how)
	count = rescues.require_people(inside["people"])
	how_they_are = entrapment_records.as_conditions(inside["conditions"])
	known = {"people": count, "floor": inside["floor"], "conditions": how_they_are} if certain else {}
	text = _("People trapped in {0}, not known where").format(building or property_name)
	records = trapped_reports.report_alone(act, found, certain=certain, text=text, **known)
	announce("")
	return {"call": doc.name, "incident": "", "danger": True, "entrapments": records}


def _incident_of(elevators: Set[str], property_name: str) -> tuple[str, set[str]]:
	"""(the outage that runs where one of these elevators is, its elevators); ("", set()): none does."""
	names = frappe.get_all(
		"Outage Incident",
		filters={
			"property": property_name,
			"is_drill": 0,
			"status": ("in", lifecycle.INCIDENT_VERBS["report_trapped"]),
		},
		pluck="name",
		order_by="reported_at asc, name asc",
	)
	if not names:
		return "", set()
	around = power_and_assets.read(property_name)
	rows = []
	for name in names:
		doc = frappe.get_doc("Outage Incident", name)
		affected = {subject.name for subject in step_context.elevators(doc, around)}
		if affected & elevators:
			rows.append((doc.status not in lifecycle.RUNNING, name, affected))
	_over, name, affected = min(rows, key=lambda row: row[:2], default=(False, "", set()))
	return name, affected


@keeps_late("report_trapped")
def trapped_after_the_end(
	act: Act, elevator: str | None = None, building: str | None = None, people: int | None = None, **said
) -> dict:
	"""People in an elevator are never refused for an outage that has ended: they are part of the one that runs there now, or on
	record by themselves, and the control room is rung."""
	lock_property(act.incident.property)
	homes_of_people.require_at(said.get("contact"), act.incident.property)
	place = _car_or_building(elevator, building) or act.incident.property
	act.record("late_act", {"said_kind": "trapped_reported", "subject": place, "people": people or "?"})
	kept = keep_call(
		act.incident.property,
		trapped=True,
		elevator=elevator,
		building=building,
		people=people,
		occurred_at=min(act.at, act.now),
		**said,
	)
	return {"added": 0, "entrapments": kept["entrapments"], "call": kept["call"], "taken_up_by": kept["incident"]}


def _car_or_building(elevator: str | None, building: str | None) -> str:
	return (elevator and frappe.db.get_value("Property Asset", elevator, "asset_name")) or building or ""


def take_call(call: str) -> dict:
	"""Somebody in the control room sees to a call that says danger: its alarm ends. Answers {"call", "taken_by"}; who was
	first stays."""
	with translated():
		permissions.require_verb("take_call")
		permissions.require_read("Trouble Call", call)
		doc = locks.document("Trouble Call", call)
		if not doc.taken_by:
			values = {"taken_by": frappe.session.user, "taken_at": now_datetime()}
			frappe.db.set_value("Trouble Call", doc.name, values)
			doc.update(values)
			announce(doc.incident or "")
		return {"call": doc.name, "taken_by": doc.taken_by}


def _ring_control_room(doc, text: str, now: datetime) -> None:
	"""Danger, or the first who calls, where no outage is known: whoever is in the control room hears of it at once. The bell says
	where; what was said stands in the call, which not everybody may read who may read a bell."""
	unit_no = frappe.db.get_value("Property Unit", doc.unit, "unit_no") if doc.unit else doc.property
	text = text.format(unit_no)
	users = who_is_on_duty.control_room(doc.property, now)
	bells.ring(dict.fromkeys(users, text), "Trouble Call", doc.name, now)


def _note_on_incident(incident_name: str, doc, at: datetime, now: datetime) -> None:
	incident = lock_incident(incident_name)
	act = Act("record_call", at, now, incident=incident)
	unit_no = frappe.db.get_value("Property Unit", doc.unit, "unit_no") if doc.unit else doc.power_node
	act.record("danger_reported" if doc.danger else "call_received", {"unit": unit_no})
	if doc.danger:
		bells.tell_those_for(act, Duty.CONTROL_ROOM, _("DANGER at {0}: open the calls of this outage").format(unit_no))
	touch(incident)


def calls_of(incident: str) -> list[dict]:
	"""Trouble calls linked to an incident, oldest first (for those who may read them)."""
	return frappe.get_list(
		"Trouble Call",
		filters={"incident": incident},
		fields=["name", "unit", "said_at", "danger", "phone", "contact", "words"],
		order_by="said_at asc",
		limit=0,
	)
