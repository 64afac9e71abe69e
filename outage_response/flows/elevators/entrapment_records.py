"""The record of people in an elevator: opened, brought up to date, claimed, ended, with the steps that go with it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response import locks
from outage_response.domain import entrapment_rules as rules
from outage_response.domain.building_spelling import spelling
from outage_response.domain.errors import Keys, RuleError
from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.states import AssetType, Duty, EntrapmentStatus, TaskStatus

from ..facts import people_in_elevators, plan_steps
from ..facts.building_names import may_be
from ..facts.language import listed
from ..facts.people_in_elevators import DOCTYPE, latest
from ..tasks import tasks_at_once, tasks_on_record
from ..verb import bells
from ..verb.changes import save
from ..verb.engine import Act


def open_record(
	act: Act,
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

	A rescue that ended after `covered_from` (by default when it was said) was theirs: nothing is asked for again. That nobody
	was inside is no answer to somebody who says that people are.
	`inside_since`: they have been inside for longer than it is known (the check found nobody, and somebody was there).
	"""
	incident = act.incident.name if act.incident else None
	covered_from = covered_from or act.at
	record, asked_at = latest(incident, car["name"]), min(act.at, covered_from)
	if record and record.status not in rules.OPEN:
		ended_at = get_datetime(record.ended_at)
		if ended_at >= covered_from and (record.status == EntrapmentStatus.RELEASED or not certain):
			return record
		# what was settled with the one before does not answer for these
		record, asked_at = None, max(asked_at, ended_at + timedelta(seconds=1))
	record = record or _new(incident, car, since=min(act.at, inside_since or covered_from), asked_at=asked_at)
	if certain:
		record.status, record.claim = EntrapmentStatus.TRAPPED, None
	# one caller's smaller number does not make less of what another one knows; `note_entrapment` corrects it
	known = {*people_in_elevators.conditions(record), *(conditions or ())}
	take_what_is_known(act, record, people=max(people or 0, record.people or 0), floor=floor, conditions=known)
	save(record)
	return record


def _new(incident: str | None, car: Mapping[str, Any], *, since: datetime, asked_at: datetime) -> Document:
	"""A record of people who may be in a car; not saved yet."""
	record = frappe.new_doc(DOCTYPE)
	record.update(
		{
			"incident": incident,
			"property": car["property"],
			"building": car["building"],
			"elevator": car["name"],
			"elevator_label": car["asset_name"],
			"status": EntrapmentStatus.POSSIBLE,
			"since": since,
			"asked_at": asked_at,
			**_contractor_times(incident, car["name"]),
		}
	)
	return record


def take_what_is_known(
	act: Act,
	record: Document,
	*,
	people: int | None = None,
	floor: str | None = None,
	conditions: Collection[str] | None = None,
) -> None:
	could_wait = not rules.needs_help_at_once(people_in_elevators.as_rule(record))
	if people:
		record.people = people
	if floor:
		record.floor = floor.strip()[:140]
	if conditions is not None:
		for condition in rules.CONDITIONS:
			record.set(condition, int(condition in conditions))
	if could_wait and rules.needs_help_at_once(people_in_elevators.as_rule(record)):
		record.urgent_at = act.at


def _contractor_times(incident: str | None, elevator: str) -> dict[str, Any]:
	"""When the maintenance company of an elevator was called, and came, before people were known to be in this one."""
	firm = incident and frappe.db.get_value("Property Asset", elevator, "contractor_name")
	rows = firm and frappe.get_all(
		"Outage Task",
		filters={"incident": incident, "contractor": ("is", "set"), "status": TaskStatus.DONE},
		fields=["contractor", "department", "completed_at"],
		order_by="completed_at asc",
	)
	theirs = (row for row in rows or () if spelling(row.contractor) == spelling(firm))
	return {contractor_field(row.department): row.completed_at for row in theirs}


def contractor_field(department: str) -> str:
	here = frappe.get_cached_value("Response Department", department, "is_external")
	return "contractor_arrived_at" if here else "contractor_called_at"


def as_conditions(given: Iterable[str] | None) -> list[str] | None:
	"""Keys of `rules.CONDITIONS`, as a client gives them; None: nothing was said. Raises RuleError for another word."""
	if given is None:
		return None
	found = [str(word)[:40] for word in given] if isinstance(given, (list, tuple, set)) else [str(given)[:40]]
	if unknown := [word for word in found if word not in rules.CONDITIONS]:
		raise RuleError(
			_("How They Are: {given} is not known. Choose among: {allowed}."),
			given=listed(unknown),
			allowed=Keys(rules.CONDITIONS),
		)
	return found


def cars(property_name: str, elevator: str | None, building: str | None) -> list[frappe._dict]:
	"""The elevator that is named, or every elevator of a building where nobody knows which. Raises RuleError for others."""
	rows = frappe.get_all(
		"Property Asset",
		filters={"property": property_name, "asset_type": AssetType.ELEVATOR},
		fields=["name", "asset_name", "property", "building"],
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
	if not isinstance(building, str):
		raise RuleError(_("Elevator: say which one, or name the building where nobody knows which."))
	same = may_be(property_name, building) if building else {None, ""}
	found = [row for row in rows if row.building in same]
	if not found:
		raise RuleError(
			_("Building: {building} has no elevator on record. Choose one that has."),
			building=str(building)[:140] or "-",
		)
	return sorted(found, key=lambda row: rules.natural(row.asset_name))


def end(act: Act, record: Document, outcome: str, people: int | None, *, but: str = "") -> None:
	"""The people are out, or there were none: with the record end the steps that were asked for because of them, and the check
	of the car, which would only find what is known."""
	_close(act, record, outcome, people)
	if not act.incident:
		return
	mistaken = record.status == EntrapmentStatus.NOBODY_INSIDE
	rows = [row for row in _open_because_of(act.incident, record.elevator) if row.name != but]
	reason = _("Nobody was inside") if mistaken else _("The people are out")
	checks = [row for row in rows if plan_steps.step_of(row).means(rules.TRAPPED)]
	end_steps(act, checks, reason, outcome=rules.EMPTY if mistaken else rules.TRAPPED)
	end_steps(act, [row for row in rows if row not in checks], reason, outcome=outcome)
	data = {"subject": record.elevator_label, "people": people or "", "outcome": outcome}
	act.record("entrapment_mistaken" if mistaken else "entrapment_ended", data)


def _open_because_of(incident: Document, elevator: str) -> list[TaskRow]:
	"""Open steps of a rescue from this elevator, whatever asked for them, and the check of the car."""
	steps = plan_steps.steps_of_plan(incident.plan)
	keys = rules.asked_for_by_people(steps) | {
		step.key for step in steps if step.rescue_part or step.means(rules.TRAPPED)
	}
	return [
		row
		for row in tasks_on_record.load(incident.name)
		if row.is_open and row.step_key in keys and tasks_on_record.is_about(row, elevator)
	]


def _close(act: Act, record: Document, outcome: str, people: int | None) -> None:
	record.update(
		{
			"status": EntrapmentStatus.NOBODY_INSIDE if outcome == rules.NOBODY_INSIDE else EntrapmentStatus.RELEASED,
			"ended_at": act.at,
			"ended_by": frappe.session.user,
			"how_ended": outcome,
			"released": people or 0,
			"people": record.people or people or 0,
			"claim": None,
		}
	)
	save(record)


def end_steps(act: Act, rows: Sequence[Any], reason: str, *, outcome: str) -> None:
	"""Steps that are settled by what happened to the people. One that chooses among outcomes gets its own of this meaning."""
	tasks_at_once.end_many(act, [row.name for row in rows], TaskStatus.DONE, reason)
	_give_outcome(act, rows, outcome)
	act.steps_added += [
		(
			"task_settled",
			{
				"title": plan_steps.step_of(row).title,
				"title_zh": plan_steps.step_of(row).title_zh,
				"subject": row.subject_label,
				"reason": reason,
			},
			row.name,
		)
		for row in rows
	]


def _give_outcome(act: Act, rows: Iterable[Any], meaning: str) -> None:
	alike: dict[str, list[str]] = defaultdict(list)
	for row in rows:
		step = plan_steps.step_of(row)
		if (key := step.named(meaning)) in step.outcomes:
			alike[key].append(row.name)
	for key, names in alike.items():
		tasks_at_once.set_many(act, names, {"outcome": key})


def claim(act: Act, record: Document, outcome: str, people: int | None, *, by: str, who: str) -> None:
	"""Somebody says that nobody is inside any more. It is believed when a second person has read it back; until then the
	rescue goes on."""
	record.update(
		{
			"claim": outcome,
			"claim_people": people or 0,
			"claim_at": act.at,
			"claim_who": (who or frappe.utils.get_fullname(by))[:140],
			"claim_user": by if by != frappe.session.user else None,
			"claim_by": frappe.session.user,
		}
	)
	save(record)
	if not act.incident:
		return
	act.warn("empty_said", {"subject": record.elevator_label, "outcome": outcome})
	text = _("Read back: nobody is in {0} any more? The rescue goes on until then").format(record.elevator_label)
	bells.tell_those_for(act, Duty.CONTROL_ROOM, text)


def correct_checks(act: Act, elevator: str, outcome: str) -> None:
	"""What the check of the car had found is corrected with it, where it is one of its outcomes."""
	found = [
		row
		for row in tasks_on_record.load(act.incident.name)
		if row.subject == elevator and row.outcome and plan_steps.step_of(row).meaning(row.outcome) == rules.TRAPPED
	]
	_give_outcome(act, found, outcome)


def belongs_to(entrapment: str) -> tuple[str | None, str]:
	"""Incident, or None, and property of a record. Raises DoesNotExistError."""
	found = isinstance(entrapment, str) and frappe.db.get_value(DOCTYPE, entrapment, ["incident", "property"])
	if not found:
		frappe.throw(
			_("Elevator Entrapment: {0} does not exist. Choose one of the list.").format(
				frappe.bold(frappe.utils.escape_html(str(entrapment)[:140]))
			),
			frappe.DoesNotExistError,
		)
	return found


def locked_record(act: Act, entrapment: str) -> Document:
	record = locks.document(DOCTYPE, entrapment)
	if record.incident and not act.incident:  # an outage was declared meanwhile: run again, under its lock
		locks.stale(DOCTYPE)
	return record
