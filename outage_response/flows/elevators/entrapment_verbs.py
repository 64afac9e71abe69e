"""The verbs about people who are on record in an elevator: noted, freed, read back. One record for each elevator and time.

The record is what phone, command centre, form, report and figures show; the plan's steps are asked for from it
(`step_context.context`).
"""

import functools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import getdate

from outage_response.domain import entrapment_rules as rules
from outage_response.domain.errors import Keys, RuleError
from outage_response.domain.states import Duty, EntrapmentStatus

from ..facts import people_in_elevators, rescue_certificates
from ..tasks import task_set, tasks_on_record
from ..verb import bells
from ..verb.changes import announce, save
from ..verb.engine import Act, PropertyTarget, incident_verb, keeps_late, property_verb, signature_of
from ..verb.refusals import translated
from ..verb.times import when
from .entrapment_records import (
	as_conditions,
	belongs_to,
	claim,
	correct_checks,
	end,
	locked_record,
	take_what_is_known,
)
from .rescue_steps import is_part_of_rescue


class RecordTarget(PropertyTarget):
	"""A record of people in an elevator, while no outage runs there."""

	argument = "entrapment"

	def property_of(self, name: Any) -> str:
		return belongs_to(name)[1]


def record_verb(function: Callable) -> Callable:
	"""A verb about one record: under the lock of the outage that it belongs to; while none runs there, under the property's.

	The verb takes the record's name, the function's own arguments by name, `occurred_at` and `request_id` (which counts where
	an outage runs).
	"""
	in_incident = incident_verb(function)

	@property_verb(RecordTarget(), right=function.__name__)
	def alone(entrapment: str, *, occurred_at: str | datetime | None, **about: Any) -> dict[str, Any]:
		at, now, _clock = when(occurred_at)
		result = function(Act(function.__name__, at, now), entrapment, **about)
		announce("")
		return result

	@functools.wraps(function)
	def run(
		entrapment: str, *, occurred_at: str | datetime | None = None, request_id: str | None = None, **about: Any
	) -> dict[str, Any]:
		with translated():
			incident, _property = belongs_to(entrapment)
		if incident:
			return in_incident(incident, entrapment, **about, occurred_at=occurred_at, request_id=request_id)
		return alone(entrapment, occurred_at=occurred_at, **about)

	vars(run)["__signature__"] = signature_of(function)  # which `inspect` reads
	return run


def _still_open(act: Act, entrapment: str) -> Document:
	record = locked_record(act, entrapment)
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
	record = locked_record(act, entrapment) if says_only_who_is_hurt else _still_open(act, entrapment)
	count = rules.require_people(people)
	take_what_is_known(act, record, people=count, floor=floor, conditions=as_conditions(conditions))
	if hurt is not None:
		record.injured = hurt
	if count:
		record.status = EntrapmentStatus.TRAPPED
	if talked:
		record.talked_at, record.talked_by = act.at, frappe.session.user
	if count or talked:
		record.claim = None  # somebody is there after all
	save(record)
	if act.incident:
		_put_on_timeline(act, record, only_talked=talked and people is None and conditions is None)
		task_set.sync(act)
	return _answer(record)


def _put_on_timeline(act: Act, record: Document, *, only_talked: bool) -> None:
	act.record(
		"entrapment_talked" if only_talked else "entrapment_noted",
		{
			"subject": record.elevator_label,
			"people": record.people or "?",
			"conditions": people_in_elevators.conditions(record),
			"floor": record.floor or "",
		},
	)


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
	record = locked_record(act, entrapment)
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
		bells.tell_those_for(act, Duty.CONTROL_ROOM, text)
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
		if record.status == EntrapmentStatus.TRAPPED:
			claim(act, record, outcome, None, by=frappe.session.user, who=who)
			return _answer(record, waiting_for="read_back")
		end(act, record, outcome, None)
		return _answer(record, waiting_for="")
	if act.incident and any(
		is_part_of_rescue(row, record.elevator, rules.RELEASE) for row in tasks_on_record.load(act.incident.name)
	):
		raise RuleError(_("Elevator Entrapment: the rescue is a step of this outage. Complete that step."))
	rules.require_certificate(outcome, holds_one=rescue_certificates.holds_one(frappe.session.user, getdate(act.at)))
	end(act, record, outcome, rules.require_count(record.people, rules.require_people(people)))
	return _answer(record, waiting_for="")


@record_verb
def read_back_empty(act: Act, entrapment: str) -> dict[str, Any]:
	"""A second person reads back that nobody is in an elevator any more: with that the rescue ends."""
	record = locked_record(act, entrapment)
	if record.status not in rules.OPEN or not record.claim:
		raise RuleError(_("Read Back: nobody has said that this elevator is empty."))
	rules.require_other_person(frappe.session.user, record.claim_by, record.claim_user)
	outcome, people = record.claim, record.claim_people or None
	if act.incident:
		act.record("empty_read_back", {"subject": record.elevator_label})
		correct_checks(act, record.elevator, outcome)
	end(act, record, outcome if rules.ends_rescue(outcome) else rules.NOBODY_INSIDE, people)
	added = len(task_set.sync(act).add) if act.incident else 0
	return _answer(record, added=added)
