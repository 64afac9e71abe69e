"""What a step that is done says of people in elevators: found, talked to, locked off, freed; the maintenance company called, or here."""

from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response.domain import entrapment_rules as rules
from outage_response.domain.building_spelling import spelling
from outage_response.domain.states import Duty, EntrapmentStatus
from outage_response.domain.step_definitions import CONTRACTOR_THERE, PER_CONTRACTOR, SERVICES_CALLED, Step

from ..facts import people_in_elevators, plan_steps
from ..facts.people_in_elevators import DOCTYPE, still_open
from ..tasks import tasks_on_record
from ..verb import bells
from ..verb.changes import save
from ..verb.engine import Act
from .entrapment_records import claim, contractor_field, end, end_steps, open_record


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
		if record.status == EntrapmentStatus.TRAPPED:
			text = _("People trapped: {0}").format(people_in_elevators.in_words(record, act.now))
			bells.tell_those_for(act, Duty.CONTROL_ROOM, text)
		return
	record = still_open(act.incident.name, task.subject)
	if not record:
		return
	if rules.ends_rescue(meaning):
		end(act, record, meaning, people, but=task.name)
	elif meaning == rules.EMPTY:
		if record.status == EntrapmentStatus.POSSIBLE:
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


def is_part_of_rescue(row: Any, elevator: str, part: str) -> bool:
	"""Is this an open step of the rescue from this elevator, of this part of it?"""
	return (
		tasks_on_record.is_about(row, elevator)
		and row.is_open
		and bool(row.plan)
		and plan_steps.step_of(row).rescue_part == part
	)


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
	field = contractor_field(task.department)
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
		[row for row in waiting if first and is_part_of_rescue(row, first, rules.CALL_SERVICES)],
		_("The maintenance company is here"),
		outcome=CONTRACTOR_THERE,
	)
