"""The verbs about people in an elevator: reported, noted, freed. One record for each elevator and time.

The record is what phone, command centre, form, report and figures show; the plan's steps are asked for from it
(`surroundings.context`).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, getdate, now_datetime

from outage_response import permissions
from outage_response.domain import entrapment as rules
from outage_response.domain import lifecycle
from outage_response.domain.errors import RuleError
from outage_response.domain.plan import added_by
from outage_response.domain.steps import Step

from . import assignment, certificates, duty, plans, ringing, tasks, trapped
from .trapped import DOCTYPE
from .verbs import Call, announce, incident_verb, lock_incident, lock_property, save, touch, translated, when

# to dial, where nobody is waited for first
AT_ONCE_MINUTES = 2


# ---------------------------------------------------------------- the record


def latest(incident: str | None, elevator: str) -> Document | None:
	"""The newest record of an elevator in an incident, or in none."""
	names = frappe.get_all(
		DOCTYPE,
		filters={"incident": incident or ("is", "not set"), "elevator": elevator},
		pluck="name",
		order_by="creation desc, name desc",
		limit=1,
	)
	return frappe.get_doc(DOCTYPE, names[0], for_update=True) if names else None


def still_open(incident: str | None, elevator: str) -> Document | None:
	"""The record of people who have not been freed yet."""
	record = latest(incident, elevator)
	return record if record and record.status in rules.OPEN else None


def open_record(
	call: Call,
	car: Mapping[str, Any],
	*,
	certain: bool,
	covered_from: datetime | None = None,
	inside_since: datetime | None = None,
	people: int | None = None,
	floor: str | None = None,
	conditions: Collection[str] | None = None,
) -> Document:
	"""The record of people in a car: the open one with what is new, or a new one.

	A rescue that ended after `covered_from` (by default when it was said) was theirs: nothing is asked for again.
	`inside_since`: they have been inside for longer than it is known (the check found nobody, and somebody was there).
	"""
	incident = call.incident.name if call.incident else None
	record = latest(incident, car["name"])
	if record and record.status not in rules.OPEN:
		if get_datetime(record.ended_at) >= (covered_from or call.at):
			return record
		record = None
	if record is None:
		record = frappe.new_doc(DOCTYPE)
		record.update(
			{
				"incident": incident,
				"property": car["property"],
				"building": car["building"],
				"elevator": car["name"],
				"elevator_label": car["asset_name"],
				"status": rules.POSSIBLE,
				"since": min(call.at, inside_since or covered_from or call.at),
				"asked_at": min(call.at, covered_from or call.at),
			}
		)
	if certain:
		record.status, record.claim = rules.INSIDE, None
	_take(record, people=people, floor=floor, conditions=conditions)
	save(record)
	return record


def _take(
	record: Document,
	*,
	people: int | None = None,
	floor: str | None = None,
	conditions: Collection[str] | None = None,
) -> None:
	if people:
		record.people = people
	if floor:
		record.floor = floor.strip()[:140]
	if conditions is not None:
		for condition in rules.CONDITIONS:
			record.set(condition, int(condition in conditions))


def as_conditions(given: Iterable[str] | None) -> list[str] | None:
	"""Keys of `rules.CONDITIONS`, as a client gives them; None: nothing was said. Raises RuleError for another word."""
	if given is None:
		return None
	found = [str(word)[:40] for word in given] if isinstance(given, (list, tuple, set)) else [str(given)[:40]]
	if unknown := [word for word in found if word not in rules.CONDITIONS]:
		raise RuleError(
			_("How They Are: {given} is not known. Choose among: {allowed}."),
			given=", ".join(unknown),
			allowed=tuple(rules.CONDITIONS),
		)
	return found


def cars(property_name: str, elevator: str | None, building: str | None) -> list[dict]:
	"""The elevator that is named, or every elevator of a building where nobody knows which. Raises RuleError for others."""
	rows = frappe.get_all(
		"Property Asset",
		filters={"property": property_name, "asset_type": "Elevator"},
		fields=["name", "asset_name", "property", "building", "plate_no"],
	)
	if elevator:
		found = [row for row in rows if row.name == elevator]
		if not found:
			raise RuleError(
				_("Elevator: {elevator} is not an elevator of {property}. Choose one of its elevators."),
				elevator=str(elevator)[:140],
				property=property_name,
			)
		return found
	if building is None:
		raise RuleError(_("Elevator: say which one, or name the building where nobody knows which."))
	found = [row for row in rows if (row.building or "") == building]
	if not found:
		raise RuleError(
			_("Building: {building} has no elevator on record. Choose one that has."),
			building=str(building)[:140] or "-",
		)
	return sorted(found, key=lambda row: rules.natural(row.asset_name))


# ---------------------------------------------------------------- reported


@incident_verb
def report_trapped(
	call: Call,
	elevator: str | None = None,
	words: str | None = None,
	contact: str | None = None,
	building: str | None = None,
	people: int | None = None,
	floor: str | None = None,
	conditions: Sequence[str] | None = None,
	phone: str | None = None,
) -> dict:
	"""People are in an elevator (the intercom rang): comfort, lock-off and release start at once, whoever still has to check it.

	building    where nobody knows in which elevator: every one of the building is asked and made safe
	people      how many; none: not counted yet
	conditions  of `children, elderly, pregnant, unwell, heat, smoke` those that hold

	Answers {"added", "entrapments": [names]}.
	"""
	found = cars(call.incident.property, elevator, building)
	affected = {subject.name for subject in call.elevators_affected}
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
		call,
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
	call: Call,
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
) -> dict:
	"""The same for elevators that are known to be in the incident's area. `said`: more fields of the Trouble Call."""
	incident = call.incident
	count, how_they_are = rules.require_people(people), as_conditions(conditions)
	doc = keep_call(
		call,
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
			call,
			car,
			certain=certain,
			people=count if certain else None,
			floor=floor,
			conditions=how_they_are if certain else None,
		)
		for car in found
	]
	place = found[0]["asset_name"] if certain else building or incident.property
	call.record("trapped_reported" if certain else "trapped_somewhere", {"subject": place, "people": count or "?"})
	diff = tasks.sync(call)
	for record in records:
		hurry_services(call, record)
	if not lifecycle.knows_rescues(plans.steps_of_plan(incident.plan)):
		call.warn("trapped_without_steps", {"subject": place})
	text = (
		trapped.in_words(records[0], call.now) if certain else _("People trapped in {0}, not known where").format(place)
	)
	assignment.tell_department(call, "control_room", _("People trapped: {0}").format(text))
	return {"added": len(diff.add), "entrapments": [record.name for record in records], "call": doc.name}


def keep_call(
	call: Call,
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
			"building": None if certain else building,
			"contact": contact,
			"phone": phone,
			"danger": 1,
			"words": words,
			"said_at": call.at,
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


def report_alone(
	call: Call, found: Sequence[Mapping[str, Any]], *, certain: bool, text: str, **known: Any
) -> list[str]:
	"""People in an elevator while no outage runs there: the records, and the control room is rung. The caller has the
	property's lock."""
	records = [open_record(call, car, certain=certain, **known) for car in found]
	people = duty.control_room(found[0]["property"], call.now)
	words = trapped.in_words(records[0], call.now) if certain else text
	ring = _("DANGER at {0}: {1}").format(found[0]["property"], words)
	assignment.ring(dict.fromkeys(people, ring), DOCTYPE, records[0].name, call.now)
	return [record.name for record in records]


def hurry_services(call: Call, record: Document) -> None:
	"""A child, somebody old, pregnant or unwell, heat or smoke: nobody waits for the maintenance company first."""
	if record.status != rules.INSIDE or not rules.needs_help_at_once(trapped.as_rule(record)):
		return
	waiting = [
		row.name
		for row in tasks.load(call.incident.name)
		if _is_part(row, record.elevator, rules.CALL_SERVICES)
		and row.status == "Open"
		and (row.due_at is None or row.due_at > call.now + timedelta(minutes=AT_ONCE_MINUTES))
	]
	if waiting:
		due = call.now + timedelta(minutes=AT_ONCE_MINUTES)
		tasks.set_many(call, waiting, {"due_at": due, **ringing.from_the_beginning(call.now)})


def _is_part(row: Any, elevator: str, part: str) -> bool:
	return (
		row.is_open
		and row.subject_type == "Property Asset"
		and row.subject == elevator
		and bool(row.plan)
		and plans.step_of(row).rescue_part == part
	)


# ---------------------------------------------------------------- noted


def note(
	entrapment: str,
	*,
	people: int | None = None,
	floor: str | None = None,
	conditions: Sequence[str] | None = None,
	injured: int | None = None,
	talked: bool = False,
	occurred_at: str | datetime | None = None,
	request_id: str | None = None,
) -> dict:
	"""What is known of the people by now, and that somebody has talked to them; who was injured also when they are out.

	Answers {"entrapment", "entrapment_status"}. Raises ValidationError for a record that has ended.
	"""
	with translated():
		incident, property_name = _belongs_to(entrapment)
	about = {"people": people, "floor": floor, "conditions": conditions, "injured": injured, "talked": talked}
	if incident:
		return note_entrapment(incident, entrapment, **about, occurred_at=occurred_at, request_id=request_id)
	with translated(), _alone("note_entrapment", property_name, occurred_at) as call:
		return _write_note(call, entrapment, **about)


@incident_verb
def note_entrapment(call: Call, entrapment: str, **about: Any) -> dict:
	"""`note`, where an outage runs."""
	return _write_note(call, entrapment, **about)


def _write_note(
	call: Call,
	entrapment: str,
	*,
	people: int | None,
	floor: str | None,
	conditions: Sequence[str] | None,
	injured: int | None,
	talked: bool,
) -> dict:
	hurt = rules.require_people(injured, "Injured")
	says_only_who_is_hurt = hurt is not None and not (people or floor or talked) and conditions is None
	record = frappe.get_doc(DOCTYPE, entrapment, for_update=True) if says_only_who_is_hurt else _open_doc(entrapment)
	count = rules.require_people(people)
	_take(record, people=count, floor=floor, conditions=as_conditions(conditions))
	if hurt is not None:
		record.injured = hurt
	if count:
		record.status = rules.INSIDE
	if talked:
		record.talked_at, record.talked_by = call.at, frappe.session.user
	if count or talked:
		record.claim = None  # somebody is there after all
	save(record)
	if call.incident:
		call.record(
			"entrapment_talked" if talked and people is None and conditions is None else "entrapment_noted",
			{
				"subject": record.elevator_label,
				"people": record.people or "?",
				"conditions": trapped.conditions(record),
				"floor": record.floor or "",
			},
		)
		tasks.sync(call)
		hurry_services(call, record)
	return {"entrapment": record.name, "entrapment_status": record.status}


def _open_doc(entrapment: str) -> Document:
	record = frappe.get_doc(DOCTYPE, entrapment, for_update=True)
	if record.status not in rules.OPEN:
		raise RuleError(_("Elevator Entrapment: this one has ended. If somebody is inside again, report it anew."))
	return record


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


@contextmanager
def _alone(verb: str, property_name: str, occurred_at: str | datetime | None) -> Iterator[Call]:
	"""A verb about people in an elevator while no outage runs there: locked by the property."""
	permissions.require_verb(verb)
	lock_property(property_name)
	permissions.require_property(property_name)
	at, now, _fast = when(occurred_at)
	yield Call(verb, at, now)
	announce("")


def end_alone(
	entrapment: str,
	outcome: str,
	who: str,
	*,
	people: int | None = None,
	occurred_at: str | datetime | None = None,
) -> dict:
	"""The people are out, or nobody was inside, where no outage runs and so no step asks for it.

	outcome  released, released_by_contractor, released_by_rescue_service, released_otherwise, or nobody_inside
	who      saw the open, empty car
	"""
	with translated():
		incident, property_name = _belongs_to(entrapment)
		if incident:
			raise RuleError(_("Elevator Entrapment: an outage runs there. Complete its step."))
		with _alone("end_alone", property_name, occurred_at) as call:
			record = _open_doc(entrapment)
			if outcome not in (*rules.RELEASED, rules.NOBODY_INSIDE):
				raise RuleError(_("Outcome: choose one of: {allowed}."), allowed=(*rules.RELEASED, rules.NOBODY_INSIDE))
			rules.require_claim(who=who or "", how=rules.SURE)
			holds = certificates.holds_one(frappe.session.user, getdate(call.at))
			rules.require_certificate(outcome, holds_one=holds)
			out = (
				None
				if outcome == rules.NOBODY_INSIDE
				else rules.require_count(record.people, rules.require_people(people))
			)
			record.claim_who = who.strip()[:140]
			_close(call, record, outcome, out)
			return {"entrapment": record.name, "entrapment_status": record.status}


# ---------------------------------------------------------------- what a step says of them


def require_end(task: Document, step: Step, outcome: str, people: int | None, by: str, at: datetime) -> int | None:
	"""How many are out, where `outcome` ends a rescue. Raises RuleError unless as many as were counted, freed by who may."""
	count = rules.require_people(people)
	if not rules.ends_rescue(outcome):
		return count
	if step.rescue_part == rules.RELEASE:
		rules.require_certificate(outcome, holds_one=certificates.holds_one(by, getdate(at)))
	record = still_open(task.incident, task.subject)
	return rules.require_count(record.people if record else 0, count)


def on_step(
	call: Call, task: Document, step: Step, outcome: str, people: int | None, *, by: str, who: str = ""
) -> None:
	"""A step is done: what it says of people in an elevator goes on the record. Before the steps are made anew.

	by   who did it; who: their name, where they have no login
	"""
	if step.per == "elevator_contractor":
		_on_contractor(call, task, step)
	if step.per != "elevator" or task.subject_type != "Property Asset":
		return
	if outcome == rules.TRAPPED:
		car = _car(task.subject)
		record = open_record(call, car, certain=True, covered_from=get_datetime(task.anchor_at), people=people)
		if record.status == rules.INSIDE:
			text = _("People trapped: {0}").format(trapped.in_words(record, call.now))
			assignment.tell_department(call, "control_room", text)
		return
	record = still_open(call.incident.name, task.subject)
	if not record:
		return
	if rules.ends_rescue(outcome):
		end(call, record, outcome, people, but=task.name)
	elif outcome == rules.EMPTY and rules.TRAPPED in step.outcomes:
		if record.status == rules.POSSIBLE:
			end(call, record, rules.NOBODY_INSIDE, None)
		else:
			claim(call, record, rules.EMPTY, None, by=by, who=who)
	elif step.rescue_part == rules.TALK:
		record.talked_at, record.talked_by = call.at, by
		save(record)
	elif step.rescue_part == rules.LOCK_OFF:
		record.locked_off_at = call.at
		save(record)
	elif step.rescue_part == rules.CALL_SERVICES and outcome == "services_called":
		record.services_called_at = call.at
		save(record)


def _car(elevator: str) -> dict:
	return frappe.db.get_value(
		"Property Asset", elevator, ["name", "asset_name", "property", "building", "plate_no"], as_dict=True
	)


def _on_contractor(call: Call, task: Document, step: Step) -> None:
	"""The maintenance company was called, or is here: so it stands with the people in its elevators. Who is here need not be
	replaced by the rescue services, unless somebody needs them at once."""
	here = bool(call.departments[task.department].is_external)
	field = "contractor_arrived_at" if here else "contractor_called_at"
	theirs = {asset.name for asset in call.around.assets if asset.contractor_name == task.subject}
	rows = [
		row
		for (_incident, car), row in trapped.open_of([call.incident.name]).items()
		if car in theirs and not row[field]
	]
	for row in rows:
		record = frappe.get_doc(DOCTYPE, row.name)
		record.set(field, call.at)
		save(record)
	if not here:
		return
	safe = {row.elevator for row in rows if not rules.needs_help_at_once(trapped.as_rule(row))}
	end_steps(
		call,
		[
			other
			for other in tasks.load(call.incident.name)
			if other.subject in safe and _is_part(other, other.subject, rules.CALL_SERVICES)
		],
		_("The maintenance company is here"),
		outcome="contractor_there",
	)


def end(call: Call, record: Document, outcome: str, people: int | None, *, but: str = "") -> None:
	"""The people are out, or there were none: with the record end the steps that were asked for because of them."""
	_close(call, record, outcome, people)
	keys = {
		key
		for step in plans.steps_of_plan(call.incident.plan)
		for key in (*added_by(step, rules.TRAPPED), *([step.key] if step.rescue_part else []))
	}
	rows = [
		row
		for row in tasks.load(call.incident.name)
		if row.is_open
		and row.name != but
		and row.step_key in keys
		and (row.subject_type, row.subject) == ("Property Asset", record.elevator)
	]
	mistaken = record.status == rules.MISTAKEN
	reason = _("Nobody was inside") if mistaken else _("The people are out")
	end_steps(call, rows, reason, outcome=outcome)
	data = {"subject": record.elevator_label, "people": people or "", "outcome": outcome}
	call.record("entrapment_mistaken" if mistaken else "entrapment_ended", data)


def _close(call: Call, record: Document, outcome: str, people: int | None) -> None:
	record.update(
		{
			"status": rules.MISTAKEN if outcome == rules.NOBODY_INSIDE else rules.OUT,
			"ended_at": call.at,
			"ended_by": frappe.session.user,
			"how_ended": outcome,
			"released": people or 0,
			"people": record.people or people or 0,
			"claim": None,
		}
	)
	save(record)


def end_steps(call: Call, rows: Sequence[Any], reason: str, *, outcome: str) -> None:
	"""Steps that are settled by what happened to the people. One that chooses among outcomes gets this one."""
	tasks.end_many(call, [row.name for row in rows], "Done", reason)
	with_outcome = [row.name for row in rows if outcome in plans.step_of(row).outcomes]
	if with_outcome:
		tasks.set_many(call, with_outcome, {"outcome": outcome})
	call.steps_added += [
		(
			"task_settled",
			{
				"title": plans.step_of(row).title_en,
				"title_zh": plans.step_of(row).title_zh,
				"subject": row.subject_label,
				"reason": reason,
			},
			row.name,
		)
		for row in rows
	]


# ---------------------------------------------------------------- said, to be read back


def claim(call: Call, record: Document, outcome: str, people: int | None, *, by: str, who: str) -> None:
	"""Somebody says that nobody is inside any more. It is believed when a second person has read it back; until then the
	rescue goes on."""
	record.update(
		{
			"claim": outcome,
			"claim_people": people or 0,
			"claim_at": call.at,
			"claim_who": (who or frappe.utils.get_fullname(by))[:140],
			"claim_user": by if by != frappe.session.user else None,
			"claim_by": frappe.session.user,
		}
	)
	save(record)
	call.warn("empty_said", {"subject": record.elevator_label, "outcome": outcome})
	text = _("Read back: nobody is in {0} any more? The rescue goes on until then").format(record.elevator_label)
	assignment.tell_department(call, "control_room", text)


@incident_verb
def read_back_empty(call: Call, entrapment: str) -> dict:
	"""A second person reads back that nobody is in an elevator any more: with that the rescue ends."""
	record = frappe.get_doc(DOCTYPE, entrapment, for_update=True)
	if record.incident != call.incident.name or record.status not in rules.OPEN or not record.claim:
		raise RuleError(_("Read Back: nobody has said that this elevator is empty."))
	rules.require_other_person(frappe.session.user, record.claim_by, record.claim_user)
	outcome, people = record.claim, record.claim_people or None
	call.record("empty_read_back", {"subject": record.elevator_label})
	_correct_checks(call, record.elevator, outcome)
	end(call, record, outcome if rules.ends_rescue(outcome) else rules.NOBODY_INSIDE, people)
	return {"entrapment": record.name, "entrapment_status": record.status, "added": len(tasks.sync(call).add)}


def _correct_checks(call: Call, elevator: str, outcome: str) -> None:
	"""What the check of the car had found is corrected with it, where it is one of its outcomes."""
	found = [
		row.name
		for row in tasks.load(call.incident.name)
		if row.subject == elevator and row.outcome == rules.TRAPPED and outcome in plans.step_of(row).outcomes
	]
	if found:
		tasks.set_many(call, found, {"outcome": outcome})


# ---------------------------------------------------------------- the minute's look


def warn(name: str) -> bool:
	"""People have been inside for long: the general manager and the control room are told, once for each threshold. Answers
	whether they were."""
	incident, property_name = _belongs_to(name)
	now = now_datetime()
	if incident:
		doc = lock_incident(incident)
		call = Call("tick", now, now, incident=doc)
	else:
		lock_property(property_name)
		call = Call("tick", now, now)
	record = frappe.get_doc(DOCTYPE, name, for_update=True)
	minutes = rules.warnings_due(trapped.as_rule(record), now, record.warned_minutes or 0, thresholds())
	if not minutes or record.status not in rules.OPEN:
		return False
	record.warned_minutes = minutes
	save(record)
	text = _("{0}: a report to the authorities may become due; the general manager decides").format(
		trapped.in_words(record, now)
	)
	if incident:
		call.warn("long_inside", {"subject": record.elevator_label, "minutes": minutes})
		for department in ("general_manager", "control_room"):
			assignment.tell_department(call, department, text)
		touch(call.incident)
	else:
		assignment.ring(dict.fromkeys(duty.control_room(property_name, now), text), DOCTYPE, name, now)
	return True


def thresholds() -> tuple[int, int]:
	"""Minutes inside at which somebody is warned."""
	settings = frappe.get_cached_doc("Outage Response Settings")
	return (settings.first_entrapment_warning or 60, settings.second_entrapment_warning or 90)


def to_warn() -> list[str]:
	"""Records of which somebody is to be warned now."""
	return trapped.long_inside(now_datetime(), thresholds())
