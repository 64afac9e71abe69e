"""The steps of an outage as its form shows them: where each stands, whose it is, what may be done with it and what it waits for."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from outage_response import listing
from outage_response.domain import authority, gates, lifecycle, next_task_on_phone, offered_buttons
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain.errors import spoken
from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.states import CheckKind, TaskStatus
from outage_response.domain.step_definitions import Step

from ..facts import (
	plan_steps,
	who_is_on_duty,
)
from ..facts.language import outcome_word, outcomes_of, title_of
from ..facts.reachable_people import full_names

TASK_FIELDS = [
	"name",
	"title",
	"title_zh",
	"phase",
	"phone",
	"_assign",
	"acknowledged_at",
	"acknowledged_by",
	"started_at",
	"started_by",
	"completed_by",
	"recorded_at",
	"evidence",
	"photo",
	"reason",
]


def task_rows(incident: Document, rows: Sequence[TaskRow], roles: Sequence[str]) -> list[dict[str, Any]]:
	"""Tasks as screens show them, in the order of `rows`.

	Each: name, step, title, where, status, priority, phase, department, with (names), role (who can take it over), phone,
	due_at, stopped_at (when its clock stopped), life_safety, optional, held, stood_in_for (nobody of its people is on duty),
	gate, verbs, outcomes as [key, label, meaning], checks as [key, label], items as [item, label, result, note], asks_for (evidence), may_follow
	(later), rescue_part, elevator (is it about one), corrections (what its outcome may be corrected to), second_person (those of
	them that wait for a read-back), given, photo, owed, to_read_back, waits_for (titles), outcome, reason, at and by.
	"""
	read = _Read(incident, rows, roles)
	return [read.shown(task, plan_steps.step_of(task)) for task in rows]


class _Read:
	"""What is on record about the tasks of an incident, read once for all of them, and each as it is shown."""

	def __init__(self, incident: Document, rows: Sequence[TaskRow], roles: Sequence[str]):
		self.incident, self.rows, self.roles = incident, rows, roles
		self.more = {
			row.name: row
			for row in frappe.get_all("Outage Task", filters={"incident": incident.name}, fields=TASK_FIELDS)
		}
		self.assigned = {row.name: frappe.parse_json(row._assign or "[]") for row in self.more.values()}
		self.names = full_names(
			{user for users in self.assigned.values() for user in users}
			| {row.completed_by for row in self.more.values()}
		)
		self.departments = {
			row.name: row
			for row in frappe.get_all("Response Department", fields=["name", "department_name", "role", "is_external"])
		}
		self.checks = _checks([row.name for row in rows if row.is_open])
		self.asleep = who_is_on_duty.unmanned(incident.property, self.departments, now_datetime())

	def shown(self, task: TaskRow, step: Step) -> dict[str, Any]:
		return {
			**self._what(task, step),
			**self._whose(task),
			**self._progress(task, step),
			**self._asked(task, step),
			**self._offered(task, step),
			**_corrections(task, step),
		}

	def _what(self, task: TaskRow, step: Step) -> dict[str, Any]:
		row = self.more[task.name]
		return {
			"name": task.name,
			"step": task.step_key,
			"title": title_of(row),
			"where": task.subject_label or "",
			"priority": task.priority,
			"phase": row.phase or "",
			"life_safety": task.life_safety,
			"optional": task.optional,
			"held": bool(task.held_until),
			"gate": task.gate,
			"round": task.round,
			"rescue_part": step.rescue_part,
			"elevator": step.per == "elevator",
		}

	def _whose(self, task: TaskRow) -> dict[str, Any]:
		department, own_role = self.departments[task.department], self._own_role(task)
		return {
			"department": task.department,
			"department_name": _(department.department_name),
			"with": [self.names.get(user, user) for user in self.assigned[task.name]],
			"mine": frappe.session.user in self.assigned[task.name],
			"role": task.assigned_role or own_role,
			"phone": self.more[task.name].phone or "",
			"stood_in_for": task.department in self.asleep
			and not authority.may_task("arrive", self.roles, own_role, task.assigned_role),
		}

	def _progress(self, task: TaskRow, step: Step) -> dict[str, Any]:
		row = self.more[task.name]
		return {
			"status": task.status,
			"is_open": task.is_open,
			"due_at": task.due_at,
			"stopped_at": row.started_at if task.held_until else task.completed_at,
			"given": row.evidence or "",
			"photo": row.photo or "",
			"owed": task.evidence_pending,
			"outcome": outcome_word(step, task.outcome),
			"reason": row.reason or "",
			"at": task.completed_at or row.started_at or row.acknowledged_at,
			"recorded_at": row.recorded_at,
			"by": self.names.get(row.completed_by, row.completed_by or ""),
		}

	def _asked(self, task: TaskRow, step: Step) -> dict[str, Any]:
		"""What completing it asks for."""
		return {
			"outcomes": outcomes_of(step),
			"checks": [[key, spoken(key, _)] for key in step.checks],
			"items": [
				[check.item, check.item_label, check.result or "", check.note or ""]
				for check in self.checks[task.name]
				if check.kind == CheckKind.ITEM
			],
			"asks_for": step.evidence,
			"may_follow": next_task_on_phone.asks(step)["later"],
		}

	def _offered(self, task: TaskRow, step: Step) -> dict[str, Any]:
		"""What may be done with it now, and what keeps it waiting."""
		reader = self.departments.get(step.read_back_by)
		given_by = next(
			(
				check.checked_by
				for check in self.checks[task.name]
				if check.kind == CheckKind.CONFIRMATION and check.result
			),
			"",
		)
		earlier = gates.waits_for(step, task, self.rows) if task.is_open else []
		return {
			"verbs": offered_buttons.task_verbs(
				task,
				step,
				self.roles,
				self._own_role(task),
				(reader.role or "") if reader else "",
				confirmed_by=given_by,
				user=frappe.session.user,
				stands_there=self.more[task.name].started_by == frappe.session.user,
				unmanned=task.department in self.asleep,
				ended=self.incident.status in lifecycle.ENDED,
			),
			"to_read_back": bool(task.is_open and reader and given_by),
			"waits_for": [
				f"{title_of(self.more[other.name])} {other.subject_label or ''}".strip() for other in earlier
			],
		}

	def _own_role(self, task: TaskRow) -> str:
		return authority.own_role(self.departments[task.department])


def _corrections(task: TaskRow, step: Step) -> dict[str, Any]:
	"""What its outcome may be corrected to, and which of that waits for a second person."""
	possible = rescues.corrections(step)
	may_be_corrected = task.status == TaskStatus.DONE and task.outcome
	return {
		"corrections": [[key, outcome_word(step, key), step.meaning(key)] for key in possible if key != task.outcome]
		if may_be_corrected
		else [],
		"second_person": [key for key in possible if rescues.needs_second_person(step, task.outcome or "", key)],
	}


def _checks(open_tasks: Sequence[str]) -> dict[str, list]:
	found: dict[str, list] = defaultdict(list)
	for row in listing.get_all(
		"Outage Task Check",
		filters={"parent": ("in", open_tasks), "parenttype": "Outage Task"},
		fields=["parent", "kind", "item", "item_label", "result", "note", "checked_by"],
		order_by="parent asc, idx asc",
	):
		found[row.parent].append(row)
	return found
