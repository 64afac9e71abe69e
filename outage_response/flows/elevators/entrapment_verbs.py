"""The verbs about people in an elevator: reported, noted, freed. One record for each elevator and time.

The record is what phone, command centre, form, report and figures show; the plan's steps are asked for from it
(`power_and_assets.context`).
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, getdate, now_datetime

from outage_response import locks, permissions
from outage_response.domain import entrapment_rules as rules
from outage_response.domain import gates
from outage_response.domain.authority import GENERAL_MANAGER
from outage_response.domain.building_spelling import spelling
from outage_response.domain.errors import Keys, RuleError
from outage_response.domain.step_definitions import CONTRACTOR_THERE, PER_CONTRACTOR, SERVICES_CALLED, Step
from outage_response.domain.who_gets_a_task import COMMAND, MANAGEMENT

from ..facts import homes_of_people, people_in_elevators, plan_steps, rescue_certificates, who_is_on_duty
from ..facts.language import listed
from ..facts.people_in_elevators import DOCTYPE, latest, still_open
from ..tasks import task_set, tasks_on_record
from ..verb import bells
from ..verb.changes import announce, save, touch
from ..verb.engine import Act, incident_verb, keeps_late, signature_of
from ..verb.locking import lock_incident, lock_property
from ..verb.refusals import translated
from ..verb.times import when
from .entrapment_records import (
	_contractor_field,
	_correct_checks,
	_take,
	as_conditions,
	cars,
	claim,
	end,
	end_steps,
	open_record,
)

# ---------------------------------------------------------------- the record


# ---------------------------------------------------------------- reported


@incident_verb
def report_trapped(
	act: Act,
	elevator: str | None = None,
	words: str | None = None,
	contact: str | None = None,
	building: str | None = None,
	people: int | None = None,
	floor: str | None = None,
	conditions: Sequence[str] | None = None,
	phone: str | None = None,
) -> dict[str, Any]:
	"""People are in an elevator (the intercom rang): comfort, lock-off and release start at once, whoever still has to check it.

	building    where nobody knows in which elevator: every one of the building is asked and made safe
	people      how many; none: not counted yet
	conditions  of `children, elderly, pregnant, unwell, heat, smoke` those that hold

	Answers {"added", "entrapments": [names]}.
	"""
	homes_of_people.require_at(contact, act.incident.property)
	found = cars(act.incident.property, elevator, building)
	affected = {subject.name for subject in act.elevators_affected}
	outside = [car.asset_name for car in found if car.name not in affected]
	if elevator and outside:
		raise RuleError(
			_("Elevator: {elevator} is not in a building that is dark in this incident. Extend the scope first."),
			elevator=outside[0],
		)
	found = [car for car in found if car.name in affected]
	if not found:
		raise RuleError(
			_("Building: {building} is not dark in this incident. Extend the scope first."), building=building or "-"
		)
	return report_in(
		act,
		found,
		certain=bool(elevator),
		building=building,
		words=words,
		contact=contact,
		phone=phone,
		people=people,
		floor=floor,
		conditions=conditions,
	)


def report_in(
	act: Act,
	found: Sequence[Mapping[str, Any]],
	*,
	certain: bool,
	building: str | None = None,
	words: str | None = None,
	contact: str | None = None,
	phone: str | None = None,
	people: int | None = None,
	floor: str | None = None,
	conditions: Sequence[str] | None = None,
	said: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
	"""The same for elevators that are known to be in the incident's area. `said`: more fields of the Trouble Call."""
	incident = act.incident
	count, how_they_are = rules.require_people(people), as_conditions(conditions)
	doc = keep_call(
		act,
		found,
		certain=certain,
		building=building,
		words=words,
		contact=contact,
		phone=phone,
		incident=incident.name,
		said=said,
	)
	records = [
		open_record(
			act,
			car,
			certain=certain,
			people=count if certain else None,
			floor=floor,
			conditions=how_they_are if certain else None,
		)
		for car in found
	]
	place = found[0]["asset_name"] if certain else building or incident.property
	act.record("trapped_reported" if certain else "trapped_somewhere", {"subject": place, "people": count or "?"})
	diff = task_set.sync(act)
	if not gates.knows_rescues(plan_steps.steps_of_plan(incident.plan)):
		act.warn("trapped_without_steps", {"subject": place, "level": plan_steps.level_with_rescues() or "?"})
	text = (
		people_in_elevators.in_words(records[0], act.now)
		if certain
		else _("People trapped in {0}, not known where").format(place)
	)
	bells.tell_those_for(act, COMMAND, _("People trapped: {0}").format(text))
	return {"added": len(diff.add), "entrapments": [record.name for record in records], "call": doc.name}


def keep_call(
	act: Act,
	found: Sequence[Mapping[str, Any]],
	*,
	certain: bool,
	building: str | None,
	words: str | None,
	contact: str | None,
	phone: str | None,
	incident: str | None,
	said: Mapping[str, Any] | None = None,
) -> Document:
	"""What was said, as a Trouble Call."""
	doc = frappe.new_doc("Trouble Call")
	doc.update(
		{
			"property": found[0]["property"],
			"elevator": found[0]["name"] if certain else None,
			"trapped": 1,
			"building": None if certain else found[0]["building"],
			"contact": contact,
			"phone": phone,
			"danger": 1,
			"words": words,
			"said_at": act.at,
			"incident": incident,
			**(said or {}),
		}
	)
	return doc.insert(ignore_permissions=True)


def of_call(call: Mapping[str, Any]) -> list[str]:
	"""Names of the newest records of the elevators that a Trouble Call was about."""
	found = cars(call["property"], call["elevator"], call["building"] or "")
	records = [latest(call["incident"], car["name"]) for car in found]
	return [record.name for record in records if record]


def report_alone(act: Act, found: Sequence[Mapping[str, Any]], *, certain: bool, text: str, **known: Any) -> list[str]:
	"""People in an elevator while no outage runs there: the records, and the control room is rung. The caller has the
	property's lock."""
	records = [open_record(act, car, certain=certain, **known) for car in found]
	people = who_is_on_duty.control_room(found[0]["property"], act.now)
	words = people_in_elevators.in_words(records[0], act.now) if certain else text
	ring = _("DANGER at {0}: {1}").format(found[0]["property"], words)
	bells.ring(dict.fromkeys(people, ring), DOCTYPE, records[0].name, act.now)
	return [record.name for record in records]


def _is_part(row: Any, elevator: str, part: str) -> bool:
	return (
		tasks_on_record.is_about(row, elevator)
		and row.is_open
		and bool(row.plan)
		and plan_steps.step_of(row).rescue_part == part
	)


# ---------------------------------------------------------------- noted


def record_verb(function: Callable) -> Callable:
	"""A verb about one record: under the lock of the outage that it belongs to; while none runs there, under the property's.

	The verb takes the record's name, the function's own arguments by name, `occurred_at` and `request_id` (which counts where
	an outage runs).
	"""
	verb, in_incident = function.__name__, incident_verb(function)

	@functools.wraps(function)
	def run(
		entrapment: str, *, occurred_at: str | datetime | None = None, request_id: str | None = None, **about: Any
	) -> dict[str, Any]:
		with translated():
			incident, property_name = _belongs_to(entrapment)
		if incident:
			return in_incident(incident, entrapment, **about, occurred_at=occurred_at, request_id=request_id)
		with translated():
			permissions.require_verb(verb)
			lock_property(property_name)
			permissions.require_property(property_name)
			at, now, _clock = when(occurred_at)
			result = function(Act(verb, at, now), entrapment, **about)
			announce("")
			return result

	vars(run)["__signature__"] = signature_of(function)  # which `inspect` reads
	return run


def _belongs_to(entrapment: str) -> tuple[str | None, str]:
	found = isinstance(entrapment, str) and frappe.db.get_value(DOCTYPE, entrapment, ["incident", "property"])
	if not found:
		frappe.throw(
			_("Elevator Entrapment: {0} does not exist. Choose one of the list.").format(
				frappe.bold(frappe.utils.escape_html(str(entrapment)[:140]))
			),
			frappe.DoesNotExistError,
		)
	return found


def _locked(act: Act, entrapment: str) -> Document:
	record = locks.document(DOCTYPE, entrapment)
	if record.incident and not act.incident:  # an outage was declared meanwhile: run again, under its lock
		locks.stale(DOCTYPE)
	return record


def _still_open(act: Act, entrapment: str) -> Document:
	record = _locked(act, entrapment)
	if record.status not in rules.OPEN:
		raise RuleError(_("Elevator Entrapment: this one has ended. If somebody is inside again, report it anew."))
	return record


def _answer(record: Document, **more: Any) -> dict[str, Any]:
	return {"entrapment": record.name, "entrapment_status": record.status, **more}


@record_verb
def note_entrapment(
	act: Act,
	entrapment: str,
	*,
	people: int | None = None,
	floor: str | None = None,
	conditions: Sequence[str] | None = None,
	injured: int | None = None,
	talked: bool = False,
) -> dict[str, Any]:
	"""What is known of the people by now, and that somebody has talked to them; who was injured also when they are out.

	Answers {"entrapment", "entrapment_status"}. Raises ValidationError for a record that has ended.
	"""
	hurt = rules.require_people(injured, _("People Injured"))
	says_only_who_is_hurt = hurt is not None and not (people or floor or talked) and conditions is None
	record = _locked(act, entrapment) if says_only_who_is_hurt else _still_open(act, entrapment)
	count = rules.require_people(people)
	_take(act, record, people=count, floor=floor, conditions=as_conditions(conditions))
	if hurt is not None:
		record.injured = hurt
	if count:
		record.status = rules.INSIDE
	if talked:
		record.talked_at, record.talked_by = act.at, frappe.session.user
	if count or talked:
		record.claim = None  # somebody is there after all
	save(record)
	if act.incident:
		only_talked = talked and people is None and conditions is None
		act.record(
			"entrapment_talked" if only_talked else "entrapment_noted",
			{
				"subject": record.elevator_label,
				"people": record.people or "?",
				"conditions": people_in_elevators.conditions(record),
				"floor": record.floor or "",
			},
		)
		task_set.sync(act)
	return _answer(record)


@keeps_late("note_entrapment")
def note_late(
	act: Act,
	entrapment: str,
	people: int | None = None,
	floor: str | None = None,
	conditions: Sequence[str] | None = None,
	injured: int | None = None,
	talked: bool = False,
) -> dict[str, Any]:
	"""The outage has ended, and with it the rescue: kept as said. That people are inside rings the control room."""
	record = _locked(act, entrapment)
	hurt = rules.require_people(injured, _("People Injured"))
	data = {
		"said_kind": "entrapment_talked" if talked else "entrapment_noted",
		"subject": record.elevator_label,
		"people": people or "?",
		"conditions": as_conditions(conditions) or [],
		"floor": floor or "",
		"note": _("People Injured: {0}").format(hurt) if hurt else "",
	}
	act.record("late_act", data)
	if people:
		text = _("DANGER at {0}: {1}").format(record.elevator_label, _("People trapped"))
		bells.tell_those_for(act, COMMAND, text)
	return _answer(record)


@record_verb
def report_empty(
	act: Act,
	entrapment: str,
	*,
	outcome: str,
	who: str,
	how: str | None = None,
	people: int | None = None,
) -> dict[str, Any]:
	"""Nobody is inside any more, as seen in the open car: for what no step of the plan records (no outage runs, or its plan
	knows no rescue), and where people were reported who are not there.

	outcome  released, released_by_contractor, released_by_rescue_service, released_otherwise, or nobody_inside
	who, how who saw it, and that the door was open (door_open)
	people   how many are out

	That nobody was inside where people are on record waits for a second person (`read_back_empty`). Answers
	{"entrapment", "entrapment_status", "waiting_for"}.
	"""
	record = _still_open(act, entrapment)
	allowed = (*rules.RELEASED, rules.NOBODY_INSIDE)
	if outcome not in allowed:
		raise RuleError(_("Outcome: choose one of: {allowed}."), allowed=Keys(allowed))
	rules.require_claim(who=who or "", how=how)
	if outcome == rules.NOBODY_INSIDE:
		if record.status == rules.INSIDE:
			claim(act, record, outcome, None, by=frappe.session.user, who=who)
			return _answer(record, waiting_for="read_back")
		end(act, record, outcome, None)
		return _answer(record, waiting_for="")
	if act.incident and any(
		_is_part(row, record.elevator, rules.RELEASE) for row in tasks_on_record.load(act.incident.name)
	):
		raise RuleError(_("Elevator Entrapment: the rescue is a step of this outage. Complete that step."))
	rules.require_certificate(outcome, holds_one=rescue_certificates.holds_one(frappe.session.user, getdate(act.at)))
	end(act, record, outcome, rules.require_count(record.people, rules.require_people(people)))
	return _answer(record, waiting_for="")


@record_verb
def read_back_empty(act: Act, entrapment: str) -> dict[str, Any]:
	"""A second person reads back that nobody is in an elevator any more: with that the rescue ends."""
	record = _locked(act, entrapment)
	if record.status not in rules.OPEN or not record.claim:
		raise RuleError(_("Read Back: nobody has said that this elevator is empty."))
	rules.require_other_person(frappe.session.user, record.claim_by, record.claim_user)
	outcome, people = record.claim, record.claim_people or None
	if act.incident:
		act.record("empty_read_back", {"subject": record.elevator_label})
		_correct_checks(act, record.elevator, outcome)
	end(act, record, outcome if rules.ends_rescue(outcome) else rules.NOBODY_INSIDE, people)
	added = len(task_set.sync(act).add) if act.incident else 0
	return _answer(record, added=added)


def require_nobody(incident: Document) -> None:
	"""Raise RuleError while people are on record in an elevator of this outage, whatever its steps say: nobody stands down,
	closes or cancels over them."""
	_refuse_over(
		list(people_in_elevators.open_of([incident.name]).values()),
		_(
			"People are still on record in {elevators}. Say who saw the open, empty car and how many are out, then go on."
		),
	)


def require_still(act: Act) -> None:
	"""Raise RuleError while a car with people in it would move when supply returns: of this outage, of another one in the same
	building, or of none."""
	cars = {subject.name for subject in act.elevators_affected}
	rows = [row for row in people_in_elevators.open_at(act.incident, cars) if not row.locked_off_at]
	_refuse_over(
		rows,
		_(
			"People may be in {elevators}. Have the main switch locked off, or record that the car is empty, before supply may return."
		),
	)


def _refuse_over(rows: Sequence[frappe._dict], text: str) -> None:
	if rows:
		raise RuleError(text, elevators=listed(sorted({row.elevator_label for row in rows}, key=rules.natural)))


# ---------------------------------------------------------------- what a step says of them


def on_step(
	act: Act,
	task: Document,
	step: Step,
	outcome: str,
	people: int | None,
	*,
	by: str,
	who: str = "",
	how: str | None = None,
) -> None:
	"""A step is done: what it says of people in an elevator goes on the record. Before the steps are made anew.

	by   who did it; who: their name, where they have no login; how: how they know that a car is empty, where they said so
	"""
	if step.per == PER_CONTRACTOR:
		_on_contractor(act, task, step)
	if step.per != "elevator" or task.subject_type != "Property Asset":
		return
	meaning = step.meaning(outcome)
	if meaning == rules.TRAPPED:
		car = car_of(task)
		record = open_record(act, car, certain=True, covered_from=get_datetime(task.anchor_at), people=people)
		if record.status == rules.INSIDE:
			text = _("People trapped: {0}").format(people_in_elevators.in_words(record, act.now))
			bells.tell_those_for(act, COMMAND, text)
		return
	record = still_open(act.incident.name, task.subject)
	if not record:
		return
	if rules.ends_rescue(meaning):
		end(act, record, meaning, people, but=task.name)
	elif meaning == rules.EMPTY:
		if record.status == rules.POSSIBLE:
			end(act, record, rules.NOBODY_INSIDE, None)
		elif how == rules.SURE:
			claim(act, record, rules.EMPTY, None, by=by, who=who)
		else:  # an answer that did not come is no empty car
			act.warn("empty_heard", {"subject": record.elevator_label})
	elif step.rescue_part == rules.TALK:
		record.talked_at, record.talked_by = act.at, by
		save(record)
	elif step.rescue_part == rules.LOCK_OFF:
		record.locked_off_at = act.at
		save(record)
	elif step.rescue_part == rules.CALL_SERVICES and meaning == SERVICES_CALLED:
		record.services_called_at = act.at
		save(record)


def car_of(task: Document) -> dict[str, Any]:
	"""The elevator that a step is about; by what the step says where it is on record no more."""
	found = frappe.db.get_value(
		"Property Asset", task.subject, ["name", "asset_name", "property", "building"], as_dict=True
	)
	return found or frappe._dict(
		name=task.subject, asset_name=task.subject_label, property=task.property, building=None
	)


def _on_contractor(act: Act, task: Document, step: Step) -> None:
	"""The maintenance company was called, or is here: so it stands with the people in its elevators. Who is here need not be
	replaced by the rescue services, unless somebody needs them at once."""
	field = _contractor_field(task.department)
	firm = spelling(task.contractor)
	theirs = {asset.name for asset in act.around.assets if spelling(asset.contractor_name) == firm}
	rows = people_in_elevators.sort(
		[
			row
			for (_name, car), row in people_in_elevators.open_of([act.incident.name]).items()
			if car in theirs and not row[field]
		],
		act.now,
	)
	for row in rows:
		record = frappe.get_doc(DOCTYPE, row.name)
		record.set(field, act.at)
		save(record)
	if field != "contractor_arrived_at":
		return
	waiting = tasks_on_record.load(act.incident.name)
	# one fitter works on one car; for the others the clock goes on
	first = next((row.elevator for row in rows if not rules.needs_help_at_once(people_in_elevators.as_rule(row))), None)
	end_steps(
		act,
		[row for row in waiting if first and _is_part(row, first, rules.CALL_SERVICES)],
		_("The maintenance company is here"),
		outcome=CONTRACTOR_THERE,
	)


# ---------------------------------------------------------------- said, to be read back


# ---------------------------------------------------------------- the minute's look


def warn(name: str) -> bool:
	"""People have been inside for long: the general manager and the control room are told, once for each threshold. Where no
	outage runs, no step rings for them: the control room is told every few minutes, until somebody has talked to them.

	Answers whether anybody was told.
	"""
	incident, property_name = _belongs_to(name)
	now = now_datetime()
	if incident:
		act = Act("tick", now, now, incident=lock_incident(incident))
	else:
		lock_property(property_name)
		act = Act("tick", now, now)
	record = _locked(act, name)
	if record.status not in rules.OPEN:
		return False
	minutes = rules.warnings_due(people_in_elevators.as_rule(record), now, record.warned_minutes or 0, thresholds())
	if minutes:
		record.warned_minutes = minutes
		_tell_of_long(act, record, minutes)
	elif act.incident or not people_in_elevators.is_to_ring(record, now):
		return False
	else:
		text = _("People trapped: {0}").format(people_in_elevators.in_words(record, now))
		bells.ring(dict.fromkeys(who_is_on_duty.control_room(property_name, now), text), DOCTYPE, name, now)
	record.rung_at = now
	save(record)
	if act.incident:
		touch(act.incident)
	return True


def _tell_of_long(act: Act, record: Document, minutes: int) -> None:
	text = _("{0}: a report to the authorities may become due; the general manager decides").format(
		people_in_elevators.in_words(record, act.now)
	)
	if act.incident:
		act.warn("long_inside", {"subject": record.elevator_label, "minutes": minutes})
		bells.tell_those_for(act, (MANAGEMENT, COMMAND), text)
		return
	managers = who_is_on_duty.everybody(record.property, [GENERAL_MANAGER]).get(GENERAL_MANAGER, [])
	people = (*who_is_on_duty.control_room(record.property, act.now), *managers)
	bells.ring(dict.fromkeys(people, text), DOCTYPE, record.name, act.now)


def thresholds() -> tuple[int, int]:
	"""Minutes inside at which somebody is warned."""
	settings = frappe.get_cached_doc("Outage Response Settings")
	return (settings.first_entrapment_warning or 60, settings.second_entrapment_warning or 90)


def to_warn() -> list[str]:
	"""Records of which somebody is to be warned now."""
	return people_in_elevators.to_warn(now_datetime(), thresholds())
