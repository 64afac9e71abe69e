"""The figures of the workspace: of what the reader may see, and never of a drill (invariant 6)."""

from collections import defaultdict
from collections.abc import Iterable

import frappe
from frappe.query_builder import Case
from frappe.query_builder.functions import Coalesce, Count, Sum
from frappe.utils import get_datetime, now_datetime

from outage_response import listing
from outage_response.domain.lifecycle import LIVE, OPEN
from outage_response.domain.states import IncidentStatus, TaskStatus

from ..facts import people_in_elevators


def running() -> list[str]:
	"""Incidents that have not ended, without drills."""
	return frappe.get_list("Outage Incident", filters={"status": ("in", LIVE), "is_drill": 0}, pluck="name", limit=0)


def open_life_safety_steps() -> int:
	"""Open life-safety steps of running incidents."""
	return _count(["life_safety", "=", 1])


def overdue_steps() -> int:
	"""Open steps whose time has passed; a post counts until somebody stands on it, an optional step never."""
	return _count(
		["due_at", "is", "set"],  # else Frappe takes a step without a time for one whose time passed long ago
		["due_at", "<", now_datetime()],
		["status", "!=", TaskStatus.ON_POST],
		["optional", "=", 0],
	)


def _count(*filters: list) -> int:
	incidents = running()
	if not incidents:
		return 0
	return listing.count("Outage Task", [["incident", "in", incidents], ["status", "in", OPEN], *filters])


def by_month(from_date: str | None = None, to_date: str | None = None, property_name: str | None = None) -> list[dict]:
	"""One row per month with incidents: `month` (2026-03), how many of each `level_…`, `customer_minutes`, `people_trapped` in
	elevators and `longest_trapped` (minutes until they were out), `steps` that had a time, `on_time` (percent of them; None without any)."""
	filters: list = [["is_drill", "=", 0], ["status", "not in", (IncidentStatus.CANCELLED, IncidentStatus.SCHEDULED)]]
	if from_date:
		filters.append(["reported_at", ">=", from_date])
	if to_date:
		filters.append(["reported_at", "<", frappe.utils.add_days(to_date, 1)])
	if property_name:
		filters.append(["property", "=", property_name])
	incidents = frappe.get_list(
		"Outage Incident",
		filters=filters,
		fields=["name", "level", "reported_at", "customer_minutes"],
		order_by="reported_at asc",
		limit=0,
	)
	known = frappe.get_all("Outage Level", pluck="name", order_by="name")
	timed, late = _steps(row.name for row in incidents)
	inside = people_in_elevators.figures([row.name for row in incidents])
	months: dict[str, dict] = {}
	for row in incidents:
		month = get_datetime(row.reported_at).strftime("%Y-%m")
		found = months.setdefault(
			month,
			{
				"month": month,
				**dict.fromkeys((f"level_{name}" for name in known), 0),
				"customer_minutes": 0,
				**dict.fromkeys(("people_trapped", "longest_trapped", "steps", "late"), 0),
			},
		)
		found[f"level_{row.level}"] += 1
		found["customer_minutes"] += row.customer_minutes or 0
		people = inside.get(row.name, {"people": 0, "longest": 0})
		found["people_trapped"] += people["people"]
		found["longest_trapped"] = max(found["longest_trapped"], people["longest"])
		found["steps"] += timed[row.name]
		found["late"] += late[row.name]
	for found in months.values():
		missed = found.pop("late")
		found["on_time"] = round(100 * (1 - missed / found["steps"]), 1) if found["steps"] else None
	return list(months.values())


def _steps(incidents: Iterable[str]) -> tuple[dict[str, int], dict[str, int]]:
	"""incident -> steps that had a time, and those of them that were late (`lifecycle.is_late`); added up by the database, for
	they may be hundreds of thousands. What was optional and not needed is neither in time nor late."""
	task, now = frappe.qb.DocType("Outage Task"), now_datetime()
	held = Coalesce(task.held_until, "") != ""
	met_at = Case().when(held, task.started_at).else_(task.completed_at)
	waits = (met_at.isnull()) & (task.optional == 0) & (task.due_at < now)
	rows = (
		frappe.qb.from_(task)
		.select(task.incident, Count("*"), Sum(Case().when(waits | (met_at > task.due_at), 1).else_(0)))
		.where(listing.one_of(task.incident, incidents))
		.where(task.due_at.isnotnull())
		.where(task.status.notin((TaskStatus.SKIPPED, TaskStatus.CANCELLED)))
		.where((task.optional == 0) | task.status.notin(OPEN))
		.groupby(task.incident)
	).run()
	timed, late = defaultdict(int), defaultdict(int)
	for incident, steps, missed in rows:
		timed[incident], late[incident] = steps, int(missed)
	return timed, late
