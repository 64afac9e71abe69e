"""The figures of the workspace: of what the reader may see, and never of a drill (invariant 6)."""

from collections import defaultdict
from collections.abc import Iterable

import frappe
from frappe.utils import get_datetime, now_datetime

from outage_response.domain.lifecycle import ENDED, OPEN

from . import report, trapped


def running() -> list[str]:
	"""Incidents that have not ended, without drills."""
	return frappe.get_list(
		"Outage Incident", filters={"status": ("not in", ENDED), "is_drill": 0}, pluck="name", limit_page_length=0
	)


def open_life_safety_steps() -> int:
	"""Open life-safety steps of running incidents."""
	return _count({"life_safety": 1})


def overdue_steps() -> int:
	"""Open steps whose time has passed; a post counts until somebody stands on it, an optional step never."""
	return _count({"due_at": ("<", now_datetime()), "status": ("!=", "On Post"), "optional": 0})


def _count(filters: dict) -> int:
	incidents = running()
	if not incidents:
		return 0
	wanted = [["incident", "in", incidents], ["status", "in", OPEN]]
	wanted += [[field, *(value if isinstance(value, tuple) else ("=", value))] for field, value in filters.items()]
	return len(frappe.get_list("Outage Task", filters=wanted, pluck="name", limit_page_length=0))


def by_month(from_date: str | None = None, to_date: str | None = None, property_name: str | None = None) -> list[dict]:
	"""One row per month with incidents: `month` (2026-03), how many of each `level_…`, `customer_minutes`, `people_trapped` in
	elevators and `longest_trapped` (minutes until they were out), `steps` that had a time, `on_time` (percent of them; None without any)."""
	filters: list = [["is_drill", "=", 0], ["status", "not in", ("Cancelled", "Scheduled")]]
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
		limit_page_length=0,
	)
	timed, late = _steps(row.name for row in incidents)
	inside = trapped.figures([row.name for row in incidents])
	months: dict[str, dict] = {}
	for row in incidents:
		month = get_datetime(row.reported_at).strftime("%Y-%m")
		found = months.setdefault(
			month,
			{
				"month": month,
				**dict.fromkeys(("level_I", "level_II", "level_III", "customer_minutes"), 0),
				**dict.fromkeys(("people_trapped", "longest_trapped", "steps", "late"), 0),
			},
		)
		found[f"level_{row.level}"] = found.get(f"level_{row.level}", 0) + 1
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
	"""incident -> steps that had a time, and those of them that were late."""
	timed: dict[str, int] = defaultdict(int)
	late: dict[str, int] = defaultdict(int)
	names = list(incidents)
	for row in names and frappe.get_all(
		"Outage Task",
		filters={"incident": ("in", names), "due_at": ("is", "set"), "status": ("not in", ("Skipped", "Cancelled"))},
		fields=["incident", "due_at", "status", "held_until", "started_at", "completed_at", "optional"],
	):
		if row.optional and row.status in OPEN:  # not needed: neither in time nor late
			continue
		timed[row.incident] += 1
		late[row.incident] += report.is_late(row)
	return timed, late
