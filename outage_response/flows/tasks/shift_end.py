"""The shift ended and nothing was handed over: what was taken and not begun is nobody's again, and rings."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import frappe
from frappe.model.document import Document
from frappe.utils import now_datetime

from outage_response.domain import lifecycle
from outage_response.domain.lifecycle import LIVE
from outage_response.domain.states import TaskStatus

from ..facts.reachable_people import People
from ..verb import timeline
from ..verb.changes import touch
from ..verb.engine import Act
from ..verb.events import StepsMayRing, happened
from ..verb.locking import lock_incident
from . import handover, ring_state, tasks_at_once


def due() -> list[str]:
	"""Incidents with a step that somebody took while on duty, and whose shift has ended since."""
	return sorted({row.incident for row in _left(now_datetime())})


def release(incident_name: str) -> int:
	"""Take the steps of those who went home from them, give them to those who are there, and ring. Answers how many."""
	incident = lock_incident(incident_name)
	now = now_datetime()
	people = People(incident.property, now)
	on_duty = {person.user for person in people.on_duty if person.user}
	rows = [
		row
		for row in _left(now, incident.name)
		if lifecycle.left_behind(row.status, row.held_until, row.acknowledged_by, on_duty)
	]
	if not rows:
		return 0
	act = Act("hand_over", now, now, incident=incident)
	tasks_at_once.pass_on(act, [(row, handover.taker(act, people, row, row.acknowledged_by)) for row in rows])
	_say(incident, rows, now)
	happened(StepsMayRing(incident, now, people))
	touch(incident)
	return len(rows)


def _left(now: datetime, incident: str | None = None) -> Sequence[frappe._dict]:
	"""Taken steps of a shift that has ended; its person may be on another one. Planned work stays with whoever took it until
	it would ring."""
	task, shift, outage = (frappe.qb.DocType(name) for name in ("Outage Task", "Duty Shift", "Outage Incident"))
	query = (
		frappe.qb.from_(outage)
		.join(task)
		.on(task.incident == outage.name)
		.join(shift)
		.on((shift.property == task.property) & (shift.user == task.acknowledged_by))
		.select(task.incident, *(task[name] for name in handover.FIELDS))
		.distinct()
		.where(outage.status.isin(LIVE))
		.where(task.status == TaskStatus.ACKNOWLEDGED)
		.where(shift.starts_at <= task.acknowledged_at)
		.where(shift.ends_at > task.acknowledged_at)
		.where(shift.ends_at <= now - timedelta(minutes=lifecycle.HAND_OVER_MINUTES))
		.orderby(task.priority)
		.orderby(task.due_at)
		.orderby(task.name)
	)
	found = (query.where(outage.name == incident) if incident else query).run(as_dict=True)
	return [row for row in found if not ring_state.lies_ahead(row, now)]


def _say(incident: Document, rows: Sequence[frappe._dict], now: datetime) -> None:
	entries = [
		(
			"shift_ended",
			{"title": row.title, "title_zh": row.title_zh, "subject": row.subject_label or ""},
			row.name,
		)
		for row in rows
	]
	timeline.record_many(incident, entries, now, now)
