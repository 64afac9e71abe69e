"""Whom a step phones and under which number, and the operator's call sheet."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import listing, permissions
from outage_response.domain import authority
from outage_response.domain.lifecycle import OPEN, is_late
from outage_response.domain.plan_expansion import subject_of
from outage_response.domain.states import Duty, IncidentStatus, TaskStatus
from outage_response.domain.step_definitions import ACCOUNT_MANAGER, RESCUE_SERVICES

from ..facts import people_in_elevators_shown, plan_steps, power_and_assets
from ..facts.language import outcomes_of, title_of
from ..facts.phone_book import Book, all_departments, book, numbers_for
from .waiting_calls import waiting_calls

# departments with these duties are told or asked, as the account manager is; everybody else is called to the site
NOT_COMING = (Duty.POWER_SUPPLY, Duty.MANAGEMENT, Duty.CONTROL_ROOM)


def call_sheet(incident: str) -> dict[str, Any]:
	"""The calls that the plan asks the control room for, in the order in which they are made; those done at the end.

	{"now", "incident", "calls": [{task, title, subject, callee, status, kind (call, arrival), comes, who: [{name, phone}], attempts,
	last_attempt, due_at, overdue, done_at, evidence, may}], "waiting": residents' calls that nothing explains, "may_note"}
	"""
	permissions.require_read("Outage Incident", incident)
	doc = frappe.get_doc("Outage Incident", incident)
	now = now_datetime()
	assets = power_and_assets.read(doc.property).assets
	numbers = book(doc.property, now, assets)
	names = all_departments()
	tasks = _calls(doc.name, names)
	tries = _tries([row.name for row in tasks])
	roles = permissions.roles_of()
	return {
		"now": str(now),
		"incident": heading(doc),
		"trapped": people_in_elevators_shown.visible(now, incident=doc.name),
		"calls": [
			{
				**_what(row, names),
				**_whom(row, names, numbers),
				**_how_far(row, tries[row.name], now),
				"may": authority.may_task(
					"complete", roles, authority.own_role(names[row.department]), row.assigned_role or ""
				),
			}
			for row in tasks
		],
		"waiting": waiting_calls(doc.property),
		"may_note": authority.may("record_call", roles) and bool(frappe.has_permission("Property Unit", "read")),
	}


def _what(row: frappe._dict, names: Mapping[str, Any]) -> dict[str, Any]:
	return {
		"task": row.name,
		"title": title_of(row),
		"subject": row.subject_label or "",
		"outcomes": outcomes_of(row.step),
		"kind": "arrival" if names[row.department].is_external else "call",
		"optional": bool(row.optional),
		"reason": row.reason or "",
	}


def _whom(row: frappe._dict, names: Mapping[str, Any], numbers: Book) -> dict[str, Any]:
	found = numbers_for(row.step.calls, *subject_of(row), numbers, names)
	fallback = [("", row.phone)] if row.phone and not row.step.calls else []
	callee = _callee(_key_of_callee(row, names), names)
	return {
		"callee": callee if row.step.rescue_part else row.subject_label or callee,
		"comes": _comes(row.step.calls, names),
		"who": [{"name": name, "phone": phone} for name, phone in found or fallback],
	}


def _how_far(row: frappe._dict, tries: Sequence[datetime], now: datetime) -> dict[str, Any]:
	is_open = row.status in OPEN
	return {
		"status": row.status,
		"open": is_open,
		"due_at": str(row.due_at or ""),
		"overdue": is_open and is_late(row.due_at, None, now, optional=bool(row.optional)),
		"attempts": len(tries),
		"last_attempt": str(max(tries, default="")),
		"done_at": str(row.completed_at or ""),
		"evidence": row.evidence or "",
	}


def _key_of_callee(row: frappe._dict, names: Mapping[str, Any]) -> str:
	"""Whom the step says to phone, else the firm that it records for."""
	return row.step.calls or (row.department if names[row.department].is_external else "")


def calls_made(incident: str) -> list[dict[str, Any]]:
	"""Whom the control room has phoned for an outage: {"whom", "at", "answered"}; firms, offices and departments, no resident."""
	names = all_departments()
	tasks = _calls(incident, names)
	tries = _tries([row.name for row in tasks])
	made = []
	for row in tasks:
		whom = row.subject_label or _callee(_key_of_callee(row, names), names) or title_of(row)
		made += [{"whom": whom, "at": at, "answered": False} for at in tries[row.name]]
		if row.status == TaskStatus.DONE:
			made.append({"whom": whom, "at": get_datetime(row.completed_at), "answered": True})
	return made


def _comes(calls: str, departments: Mapping[str, Any]) -> bool:
	"""Is who is phoned called to the site?"""
	if calls in departments:
		return departments[calls].duty not in NOT_COMING
	return calls != ACCOUNT_MANAGER


def heading(incident: Document) -> dict[str, Any]:
	"""What stands above a list of one incident's calls or lines."""
	return {
		"name": incident.name,
		"property": incident.property,
		"level": incident.level,
		"status": incident.status,
		"status_label": _(incident.status, context="Outage Incident"),
		"is_drill": bool(incident.is_drill),
		"reported_at": str(incident.reported_at or ""),
	}


def _callee(key: str, names: Mapping[str, Any]) -> str:
	if key == ACCOUNT_MANAGER:
		return _("Supplier's Account Manager")
	if key == RESCUE_SERVICES:
		return _("Rescue Services")
	return _(names[key].department_name) if key in names else ""


def _calls(incident: str, names: Mapping[str, Any]) -> list[frappe._dict]:
	"""The control room's calls, and what it records for firms without a login: open ones first, the most urgent first."""
	rows = frappe.get_all(
		"Outage Task",
		filters={"incident": incident, "status": ("!=", IncidentStatus.CANCELLED), "plan": ("is", "set")},
		fields=[
			"name",
			"plan",
			"step_key",
			"title",
			"title_zh",
			"subject_type",
			"subject",
			"contractor",
			"subject_label",
			"status",
			"department",
			"assigned_role",
			"priority",
			"phone",
			"due_at",
			"optional",
			"completed_at",
			"evidence",
			"reason",
		],
	)
	found = []
	for row in rows:
		steps = plan_steps.steps_of_plan(row.plan)
		row.place, row.step = next((index, step) for index, step in enumerate(steps) if step.key == row.step_key)
		department = names[row.department]
		ours = department.duty == Duty.CONTROL_ROOM or department.is_external
		if ours and not row.step.checks and (row.step.calls or row.step.evidence == "call"):
			found.append(row)
	return sorted(
		found,
		key=lambda row: (
			row.status not in OPEN,
			not row.step.rescue_part,  # for people in an elevator
			bool(names[row.department].is_external),
			bool(row.optional),  # what is not needed so far keeps nobody from a call that is
			str(row.due_at or "9"),
			row.place,
			str(row.completed_at or ""),
			row.name,
		),
	)


def _tries(tasks: Sequence[str]) -> dict[str, list[datetime]]:
	found: dict[str, list[datetime]] = defaultdict(list)
	for row in listing.get_all(
		"Timeline Entry",
		filters={"task": ("in", tasks), "kind": "call_unanswered"},
		fields=["task", "occurred_at"],
	):
		found[row.task].append(get_datetime(row.occurred_at))
	return found
