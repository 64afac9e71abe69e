"""A login is taken away while steps are its person's: what was taken is nobody's again, goes to the next, and rings."""

from collections.abc import Sequence

import frappe
from frappe.model.document import Document
from frappe.query_builder.functions import Coalesce
from frappe.utils import now_datetime
from pypika.functions import NullIf

from outage_response import queues
from outage_response.domain.lifecycle import LIVE
from outage_response.domain.states import TaskStatus

from ..facts.reachable_people import People
from ..tasks import handover, tasks_at_once
from ..verb import timeline
from ..verb.changes import touch
from ..verb.engine import Act
from ..verb.locking import lock_incident
from . import ringing, sweep

TAKEN = (TaskStatus.ACKNOWLEDGED, TaskStatus.IN_PROGRESS)


def on_user_change(doc: Document, _event: str) -> None:
	"""Hook on User: the minute's ringing, which finds these steps, comes now."""
	if not doc.enabled and doc.has_value_changed("enabled"):
		frappe.db.after_commit.add(_ring)


def _ring() -> None:
	queues.ask_first(sweep.JOB, job_id=sweep.JOB, deduplicate=True)


def due() -> list[str]:
	"""Incidents with a step that is taken by somebody whose login has been taken away."""
	return sorted({row.incident for row in _left()})


def release(incident_name: str) -> int:
	"""Take these steps from them, give them to those who are there, and ring. Answers how many.

	Whoever stands on a post stays there: they are relieved on the spot, as at the end of a shift.
	"""
	incident = lock_incident(incident_name)
	now = now_datetime()
	rows = _left(incident.name)
	if not rows:
		return 0
	people = People(incident.property, now)
	act = Act("hand_over", now, now, incident=incident)
	tasks_at_once.pass_on(act, [(row, handover.taker(act, people, row, row.holder)) for row in rows])
	entries = [
		("login_ended", {"title": row.title, "title_zh": row.title_zh, "subject": row.subject_label or ""}, row.name)
		for row in rows
	]
	timeline.record_many(incident, entries, now, now)
	ringing.advance(incident, now, people)
	touch(incident)
	return len(rows)


def _left(incident: str | None = None) -> Sequence[frappe._dict]:
	task, user, outage = (frappe.qb.DocType(name) for name in ("Outage Task", "User", "Outage Incident"))
	holder = Coalesce(NullIf(task.started_by, ""), task.acknowledged_by)
	query = (
		frappe.qb.from_(outage)
		.join(task)
		.on(task.incident == outage.name)
		.join(user)
		.on(user.name == holder)
		.select(task.incident, holder.as_("holder"), *(task[name] for name in handover.FIELDS))
		.where(outage.status.isin(LIVE))
		.where(task.status.isin(TAKEN))
		.where(user.enabled == 0)
		.orderby(task.priority)
		.orderby(task.due_at)
		.orderby(task.name)
	)
	return (query.where(outage.name == incident) if incident else query).run(as_dict=True)
