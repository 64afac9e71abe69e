"""The site's clock was put back under a running outage: what was to be done in ten minutes is to be done in ten minutes."""

import frappe
from frappe.query_builder.functions import Coalesce
from frappe.utils import now_datetime
from pypika.terms import Interval

from outage_response.domain import entrapment_rules as rules
from outage_response.domain.lifecycle import OPEN
from outage_response.domain.states import TaskStatus

from ..facts import plan_steps
from ..facts.people_in_elevators import DOCTYPE
from ..verb import timeline
from ..verb.changes import touch
from ..verb.locking import lock_incident


def follow(incident_name: str, seconds: float, utc_seconds: float) -> None:
	"""Open steps keep the minutes that they had, by the clock as it goes now; planned ones and those due at the expected return
	keep their hour. Of people in elevators and of what is dark the minutes go on, where UTC itself was wrong."""
	incident, now = lock_incident(incident_name), now_datetime()
	if seconds:
		rows = frappe.get_all(
			"Outage Task",
			filters={"incident": incident.name, "status": ("in", OPEN), "plan": ("is", "set")},
			fields=["name", "plan", "step_key"],
		)
		steps = [
			row.name
			for row in rows
			if not (plan_steps.step_of(row).planned_anchor or plan_steps.step_of(row).due_at_etr)
		]
		_put_back("Outage Task", steps, ("due_at", "ring_at", "last_rung_at"), seconds)
		_count_from(incident.name, TaskStatus.ACKNOWLEDGED, "acknowledged_at", seconds)
		_count_from(incident.name, TaskStatus.DONE, "completed_at", seconds)
		timeline.record(incident, "clock_followed", {"minutes": round(seconds / 60)}, now, now)
	if utc_seconds:
		inside = {"incident": incident.name, "status": ("in", rules.OPEN)}
		_put_back(DOCTYPE, frappe.get_all(DOCTYPE, inside, pluck="name"), ("since_utc",), utc_seconds)
		dark = [row.name for row in incident.affected_nodes if not row.back_at]
		_put_back("Outage Affected Node", dark, ("out_since_utc",), utc_seconds)
	touch(incident)


def _count_from(incident: str, status: str, field: str, seconds: float) -> None:
	"""What waits some minutes after a step was taken, or comes round again some minutes after it was done, waits no longer: the
	time itself stays as it was said."""
	task = frappe.qb.DocType("Outage Task")
	since = Coalesce(task.counts_from, task[field])
	query = frappe.qb.update(task).set(task.counts_from, since - Interval(seconds=round(seconds)))
	query.where(task.incident == incident).where(task.status == status).where(task[field].isnotnull()).run()


def _put_back(doctype: str, names: list[str], fields: tuple[str, ...], seconds: float) -> None:
	if not names:
		return
	table = frappe.qb.DocType(doctype)
	query = frappe.qb.update(table).where(table.name.isin(names))
	for field in fields:
		query = query.set(table[field], table[field] - Interval(seconds=round(seconds)))
	query.run()
