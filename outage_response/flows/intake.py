"""Somebody says "no power", or that people are trapped: the call is kept, and linked to the incident that explains it."""

from datetime import datetime

import frappe
from frappe import _

from outage_response import permissions
from outage_response.domain import lifecycle, triage
from outage_response.domain.errors import RuleError
from outage_response.domain.tickets import RUNNING

from . import assignment, duty, explaining, plans, surroundings, task, tasks, tickets, timeline
from .verbs import Call, announce, incident_verb, lock_incident, lock_property, touch, translated, when


def record_call(
	property: str,
	*,
	unit: str | None = None,
	power_node: str | None = None,
	contact: str | None = None,
	phone: str | None = None,
	words: str | None = None,
	danger: bool = False,
	occurred_at: str | datetime | None = None,
	request_id: str | None = None,
) -> dict:
	"""Keep one trouble call. It is linked to the running incident that its unit or node falls under, if there is one.

	`danger` is also read out of the words, by the lists of Settings. Answers {"call", "incident" or "", "danger"}. Raises ValidationError for a unit or node of another property.
	"""
	with translated():
		permissions.require_verb("record_call")
		lock_property(property)
		permissions.require_property(property)
		return keep_call(
			property,
			unit=unit,
			power_node=power_node,
			contact=contact,
			phone=phone,
			words=words,
			danger=danger,
			occurred_at=occurred_at,
			request_id=request_id,
		)


def keep_call(
	property: str,
	*,
	unit: str | None = None,
	power_node: str | None = None,
	contact: str | None = None,
	phone: str | None = None,
	words: str | None = None,
	danger: bool = False,
	occurred_at: str | datetime | None = None,
	request_id: str | None = None,
) -> dict:
	"""The same for whoever may say so: the caller has the property's lock, and has asked for permission.

	A call that no running outage explains waits to be placed, like one from a ticket; the control room sees it.
	"""
	if request_id and (
		first := frappe.db.get_value(
			"Trouble Call", {"request_id": request_id}, ["name", "property", "unit", "incident", "danger"], as_dict=True
		)
	):
		if first.property != property or (unit and first.unit != unit):
			timeline.refuse_used(request_id)
		return {"call": first.name, "incident": first.incident or "", "danger": bool(first.danger)}
	at, now, _fast = when(occurred_at)
	if unit:
		found = frappe.db.get_value("Property Unit", unit, ["property", "power_node"], as_dict=True)
		if not found or found.property != property:
			raise RuleError(
				_("Unit: {unit} does not belong to {property}. Choose one of its units."),
				unit=str(unit)[:140],
				property=property,
			)
		power_node = found.power_node
	around = surroundings.read(property)
	if power_node and power_node not in around.node_rows:
		raise RuleError(
			_("Nodes: {node} is not a power node of this property. Choose one of its power tree."),
			node=str(power_node)[:140],
		)
	found = explaining.explain(around.tree, power_node, unit, at, explaining.candidates(property))
	# What is planned, or back again, is for `place_calls`: it knows whom to tell
	incident = found.incident if found and found.kind == RUNNING else None
	danger = bool(danger or triage.read(words or "", tickets.words()).danger)
	doc = frappe.new_doc("Trouble Call")
	doc.update(
		{
			"property": property,
			"unit": unit,
			"power_node": power_node,
			"contact": contact,
			"phone": phone,
			"words": words,
			"danger": int(danger),
			"said_at": at,
			"incident": incident,
			"waiting": int(not incident),
			"request_id": request_id or None,
		}
	)
	alone = not frappe.db.exists("Trouble Call", {"property": property, "waiting": 1})
	doc.insert(ignore_permissions=True)
	if incident:
		_note_on_incident(incident, doc, at, now)
	elif doc.danger:
		_ring_control_room(doc, _("DANGER at {0}: {1}"), now)
	elif doc.waiting and alone and not found:
		_ring_control_room(doc, _("No power at {0}, no outage is known: {1}"), now)
	if doc.waiting:
		frappe.db.after_commit.add(tickets.ask_for_a_job)
		announce("")
	return {"call": doc.name, "incident": incident or "", "danger": danger}


def _ring_control_room(doc, text: str, now: datetime) -> None:
	"""Danger, or the first who calls, where no outage is known: whoever is in the control room hears of it at once."""
	unit_no = frappe.db.get_value("Property Unit", doc.unit, "unit_no") if doc.unit else doc.property
	text = text.format(unit_no, doc.words or "")
	users = duty.control_room(doc.property, now)
	assignment.ring(dict.fromkeys(users, text), "Trouble Call", doc.name, now)


def _note_on_incident(incident_name: str, doc, at: datetime, now: datetime) -> None:
	incident = lock_incident(incident_name)
	call = Call("record_call", at, now, incident=incident)
	unit_no = frappe.db.get_value("Property Unit", doc.unit, "unit_no") if doc.unit else doc.power_node
	call.record("danger_reported" if doc.danger else "call_received", {"unit": unit_no})
	if doc.danger:
		task.tell_department(call, "control_room", _("DANGER at {0}: {1}").format(unit_no, doc.words or ""))
	touch(incident)


@incident_verb
def report_trapped(call: Call, elevator: str, words: str | None = None, contact: str | None = None) -> dict:
	"""People are in an elevator (the intercom rang): comfort and release start at once, whoever still has to check it."""
	incident = call.incident
	asset = (
		frappe.db.get_value("Property Asset", elevator, ["property", "asset_type", "asset_name"], as_dict=True)
		if isinstance(elevator, str)
		else None
	)
	if not asset or asset.property != incident.property or asset.asset_type != "Elevator":
		raise RuleError(
			_("Elevator: {elevator} is not an elevator of {property}. Choose one of its elevators."),
			elevator=str(elevator)[:140],
			property=incident.property,
		)
	affected = surroundings.context(incident, [], surroundings.read(incident.property)).subjects.get("elevator", ())
	if elevator not in {subject.name for subject in affected}:
		raise RuleError(
			_("Elevator: {elevator} is not in a building that is dark in this incident. Extend the scope first."),
			elevator=asset.asset_name,
		)
	frappe.get_doc(
		{
			"doctype": "Trouble Call",
			"property": incident.property,
			"elevator": elevator,
			"contact": contact,
			"danger": 1,
			"words": words,
			"said_at": call.at,
			"incident": incident.name,
		}
	).insert(ignore_permissions=True)
	call.record("trapped_reported", {"subject": asset.asset_name})
	diff = tasks.sync(call)
	if not lifecycle.knows_rescues(plans.steps_of_plan(incident.plan)):
		call.warn("trapped_without_steps", {"subject": asset.asset_name})
	task.tell_department(call, "control_room", _("People trapped in {0}").format(asset.asset_name))
	return {"added": len(diff.add)}


def calls_of(incident: str) -> list[dict]:
	"""Trouble calls linked to an incident, oldest first (for those who may read them)."""
	return frappe.get_list(
		"Trouble Call",
		filters={"incident": incident},
		fields=["name", "unit", "said_at", "danger", "phone", "contact", "words"],
		order_by="said_at asc",
		limit_page_length=0,
	)
