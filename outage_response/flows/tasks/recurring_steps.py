"""What the minute clock does to one running incident: steps that come round again."""

import frappe
from frappe.utils import get_datetime, now_datetime

from outage_response.domain.due_times import next_round_is_due
from outage_response.domain.lifecycle import HOLDING_POSTS, TaskRow
from outage_response.domain.plan_expansion import Subject, TaskSpec
from outage_response.domain.states import TaskStatus

from ..facts import phone_book, plan_steps, step_context
from ..verb import timeline
from ..verb.changes import touch
from ..verb.engine import Act
from ..verb.locking import lock_incident
from . import assignment, task_set, task_words, tasks_on_record, told_of_new_tasks


def ticking_incidents() -> list[str]:
	"""Incidents that the clock still has to look after."""
	return frappe.get_all("Outage Incident", filters={"status": ("in", HOLDING_POSTS)}, pluck="name", order_by="name")


def tick(incident_name: str) -> int:
	"""Bring round what is due again (patrol, supplier's hotline, care visits). Returns how many steps were added.

	Safe to run twice: a round has its own unique key.
	"""
	incident = lock_incident(incident_name)
	if incident.status not in HOLDING_POSTS:
		return 0
	now = now_datetime()
	act = Act("tick", now, now, incident=incident)
	due = _due_rounds(act)
	if not due:
		return 0
	property_type = frappe.get_cached_value("Managed Property", incident.property, "property_type")
	chosen = assignment.choose(due, incident, act.roster, act.departments, property_type)
	chosen = phone_book.with_numbers(due, chosen, act)
	names = task_set.insert(act, list(zip(due, chosen, strict=True)))
	timeline.record_many(
		incident,
		[
			("task_round", {**task_words.about(spec), "round": spec.round}, name)
			for spec, name in zip(due, names, strict=True)
		],
		now,
		now,
	)
	told_of_new_tasks.announce(act, due, chosen)
	touch(incident)
	return len(due)


def _due_rounds(act: Act) -> list[TaskSpec]:
	incident = act.incident
	etr = get_datetime(incident.etr) if incident.etr else None
	latest: dict[tuple, TaskRow] = {}
	for row in tasks_on_record.load(incident.name):
		key = row.key[:3]
		if key not in latest or row.round > latest[key].round:
			latest[key] = row
	due = []
	for row in latest.values():
		if row.status != TaskStatus.DONE or row.plan != incident.plan:
			continue
		step = plan_steps.step_of(row)
		completed_at = get_datetime(row.counts_from or row.completed_at)
		if next_round_is_due(step, completed_at, act.now, etr=etr, restored=bool(incident.restored_at)):
			due.append((row, step))
	lit = step_context.with_supply(incident, [row for row, step in due if step.repeat_until == "restored"])
	return [
		TaskSpec(
			step=step,
			subject=Subject(row.subject_type, row.subject, row.subject_label),
			department=row.department,
			anchor_at=act.now,
			optional=row.optional,
			round=row.round + 1,
		)
		for row, step in due
		if row.name not in lit
	]
