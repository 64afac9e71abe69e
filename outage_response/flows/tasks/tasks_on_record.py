"""The tasks of an incident as the rules read them."""

from typing import Any

import frappe
from frappe.utils import get_datetime

from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.plan_expansion import subject_of
from outage_response.domain.states import TaskStatus

ROW_FIELDS = [
	"name",
	"step_key",
	"subject_type",
	"subject",
	"contractor",
	"subject_label",
	"round",
	"status",
	"department",
	"assigned_role",
	"priority",
	"gate",
	"defect_gate",
	"life_safety",
	"optional",
	"held_until",
	"evidence_pending",
	"defects",
	"outcome",
	"anchor_at",
	"due_at",
	"completed_at",
	"counts_from",
	"modified",
	"plan",
]


def load(incident: str) -> list[TaskRow]:
	"""All tasks of an incident as the rules read them."""
	rows = frappe.get_all(
		"Outage Task",
		filters={"incident": incident},
		fields=ROW_FIELDS,
		order_by="priority asc, step_key asc, subject asc",
	)
	for row in rows:
		for field in ("life_safety", "optional", "evidence_pending"):
			row[field] = bool(row[field])
		for field in ("gate", "defect_gate", "held_until", "subject", "subject_type", "outcome", "assigned_role"):
			row[field] = row[field] or ""
		row["subject_type"], row["subject"] = subject_of(row)
		del row["contractor"]
		changed_at = row.pop("modified")
		if row.status in (TaskStatus.DONE, TaskStatus.SKIPPED):
			row["ended_at"] = get_datetime(row.completed_at or changed_at)
	return [TaskRow(**row) for row in rows]


def is_about(row: Any, elevator: str) -> bool:
	"""Is a step about this elevator?"""
	return row.subject_type == "Property Asset" and row.subject == elevator
