"""Whom a step phones and under which number, and the operator's call sheet."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk, listing, permissions
from outage_response.domain import authority
from outage_response.domain.authority import GENERAL_MANAGER
from outage_response.domain.lifecycle import OPEN, is_late
from outage_response.domain.plan import CONTRACTOR, TaskSpec, subject_of
from outage_response.domain.roster import COMMAND, ELEVATOR_MAINTENANCE, MANAGEMENT, POWER_SUPPLY, Assignment, of_duty
from outage_response.domain.steps import ACCOUNT_MANAGER, RESCUE_SERVICES

from ..facts import people_in_elevators, plan_steps, power_and_assets, who_is_on_duty
from ..facts.language import outcomes_of, title_of
from .waiting_calls import waiting_calls

# departments with these duties are told or asked, as the account manager is; everybody else is called to the site
NOT_COMING = (POWER_SUPPLY, MANAGEMENT, COMMAND)
# who -> [(name, number)], the first to be tried first
Book = dict[str, list[tuple[str, str]]]


def book(property_name: str, at: datetime | None, assets: Sequence[Mapping[str, Any]]) -> Book:
	"""The numbers of one property at one moment, by department, account manager and maintenance firm.

	People on duty come before the department's own number; the duty electrician before other engineers. The supplier is
	reached by the hotline of the property. Without `at` nobody's shift counts: the numbers that hold at any hour.
	"""
	found: Book = defaultdict(list)
	for row in who_is_on_duty.on_shift(property_name, at, at) if at else ():
		found[row.department].append((row.user_name or row.contact_name or "", row.number))
	property_doc = frappe.get_cached_doc("Managed Property", property_name)
	departments = _departments()
	if property_doc.supplier_hotline:
		for row in of_duty(departments.values(), POWER_SUPPLY):
			found[row.name].append(("", property_doc.supplier_hotline))
	if property_doc.account_manager:
		contact = frappe.db.get_value(
			"Contact", property_doc.account_manager, ["full_name", "mobile_no", "phone"], as_dict=True
		)
		if contact and (contact.mobile_no or contact.phone):
			found[ACCOUNT_MANAGER].append((contact.full_name, contact.mobile_no or contact.phone))
	for row in departments.values():
		if row.phone and all(number != row.phone for _who, number in found[row.name]):
			found[row.name].append((_(row.department_name), row.phone))
	for asset in assets:
		if asset.get("contractor_phone"):
			found[asset["contractor_name"]].append((asset["contractor_name"], asset["contractor_phone"]))
			if asset["asset_type"] == "Elevator":
				found[asset["name"]].append((asset["contractor_name"], asset["contractor_phone"]))
	found[RESCUE_SERVICES] = _rescue_services()
	for row in of_duty(departments.values(), MANAGEMENT):
		found[row.name] = found[row.name] or _managers(property_name)
	return {who: list(dict.fromkeys(rows)) for who, rows in found.items()}


def _departments() -> dict[str, dict]:
	"""Every department, by its key."""
	return {
		row.name: row
		for row in frappe.get_all(
			"Response Department",
			fields=["name", "department_name", "role", "is_external", "phone", "duty"],
			order_by="name",
		)
	}


def _rescue_services() -> list[tuple[str, str]]:
	settings = frappe.get_cached_doc("Outage Response Settings")
	rows = (
		(_("Fire Brigade"), settings.fire_number or "119"),
		(_("Ambulance"), settings.ambulance_number or "120"),
		(_("Elevator Rescue Hotline"), settings.elevator_hotline),
	)
	return [(who, number) for who, number in rows if number]


def _managers(property_name: str) -> list[tuple[str, str]]:
	"""General managers of the property: they are told at night too, when none is on a shift."""
	role, permission, user = (frappe.qb.DocType(name) for name in ("Has Role", "User Permission", "User"))
	return list(
		frappe.qb.from_(user)
		.join(role)
		.on(role.parent == user.name)
		.join(permission)
		.on(permission.user == user.name)
		.select(user.full_name, user.mobile_no)
		.distinct()
		.where(role.role == GENERAL_MANAGER)
		.where(permission.allow == "Managed Property")
		.where(permission.for_value == property_name)
		.where(user.enabled == 1)
		.where(user.mobile_no.isnotnull() & (user.mobile_no != ""))
		.orderby(user.full_name)
		.run()
	)


def numbers_for(
	calls: str, subject_type: str, subject: str, numbers: Book, departments: Mapping[str, Any]
) -> list[tuple[str, str]]:
	"""Whom a step phones: the firm it is about, or whose elevator it is about; else who its plan names.

	departments  by key, each with its `duty`
	"""
	its_firm = subject_type == CONTRACTOR or (subject_type == "Property Asset" and _maintains(calls, departments))
	firm = numbers.get(subject, []) if its_firm else []
	return firm or numbers.get(calls, [])


def _maintains(calls: str, departments: Mapping[str, Any]) -> bool:
	"""Does a step phone whoever maintains the elevator?"""
	return calls in departments and departments[calls].duty == ELEVATOR_MAINTENANCE


def with_numbers(specs: Sequence[TaskSpec], chosen: Sequence[Assignment], call: Any) -> list[Assignment]:
	"""Put the number to phone on the tasks that are calls; who has no login is still phoned for the task itself."""
	if not any(spec.step.calls or spec.subject.type == CONTRACTOR for spec in specs):
		return list(chosen)
	numbers = book(call.incident.property, call.now, call.around.assets)
	result = []
	for spec, who in zip(specs, chosen, strict=True):
		found = numbers_for(spec.step.calls, spec.subject.type, spec.subject.name, numbers, call.departments)
		theirs = (spec.step.calls or found) and who.warning != "phone_only"
		result.append(replace(who, phone=found[0][1] if found else "") if theirs else who)
	return result


def renew_numbers(call: Any) -> int:
	"""The number of a firm was put right: open steps that phone one get what is on record now. Answers how many changed."""
	numbers = book(call.incident.property, call.now, call.around.assets)
	renewed: dict[str, list[str]] = defaultdict(list)
	for row in frappe.get_all(
		"Outage Task",
		filters={"incident": call.incident.name, "status": ("in", OPEN), "plan": ("is", "set")},
		fields=["name", "phone", "plan", "step_key", "subject_type", "subject", "contractor"],
	):
		calls = plan_steps.step_of(row).calls
		theirs = row.contractor or _maintains(calls, call.departments)
		found = numbers_for(calls, *subject_of(row), numbers, call.departments) if theirs else []
		if found and row.phone != found[0][1]:
			renewed[found[0][1]].append(row.name)
	for phone, names in renewed.items():
		bulk.update("Outage Task", names, {"phone": phone})
	return sum(map(len, renewed.values()))


# ---------------------------------------------------------------- the call sheet


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
	names = _departments()
	tasks = _calls(doc.name, names)
	tries = _tries([row.name for row in tasks])
	roles = permissions.roles_of()
	calls = []
	for row in tasks:
		department = names[row.department]
		own_role = authority.own_role(department)
		found = numbers_for(row.step.calls, *subject_of(row), numbers, names)
		fallback = [("", row.phone)] if row.phone and not row.step.calls else []
		callee = row.step.calls or (row.department if department.is_external else "")
		calls.append(
			{
				"task": row.name,
				"title": title_of(row),
				"subject": row.subject_label or "",
				"callee": _callee(callee, names)
				if row.step.rescue_part
				else row.subject_label or _callee(callee, names),
				"outcomes": outcomes_of(row.step),
				"kind": "arrival" if department.is_external else "call",
				"comes": _comes(row.step.calls, names),
				"who": [{"name": name, "phone": phone} for name, phone in found or fallback],
				"status": row.status,
				"open": row.status in OPEN,
				"due_at": str(row.due_at or ""),
				"overdue": row.status in OPEN and is_late(row.due_at, None, now, optional=bool(row.optional)),
				"optional": bool(row.optional),
				"attempts": len(tries[row.name]),
				"last_attempt": str(max(tries[row.name], default="")),
				"done_at": str(row.completed_at or ""),
				"evidence": row.evidence or "",
				"reason": row.reason or "",
				"may": authority.may_task("complete", roles, own_role, row.assigned_role or ""),
			}
		)
	return {
		"now": str(now),
		"incident": heading(doc),
		"trapped": people_in_elevators.visible(now, incident=doc.name),
		"calls": calls,
		"waiting": waiting_calls(doc.property),
		"may_note": authority.may("record_call", roles) and bool(frappe.has_permission("Property Unit", "read")),
	}


def calls_made(incident: str) -> list[dict[str, Any]]:
	"""Whom the control room has phoned for an outage: {"whom", "at", "answered"}; firms, offices and departments, no resident."""
	names = _departments()
	tasks = _calls(incident, names)
	tries = _tries([row.name for row in tasks])
	made = []
	for row in tasks:
		callee = row.step.calls or (row.department if names[row.department].is_external else "")
		whom = row.subject_label or _callee(callee, names) or title_of(row)
		made += [{"whom": whom, "at": at, "answered": False} for at in tries[row.name]]
		if row.status == "Done":
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
		"status_label": _(incident.status),
		"is_drill": bool(incident.is_drill),
		"reported_at": str(incident.reported_at or ""),
	}


def _callee(key: str, names: Mapping[str, Any]) -> str:
	if key == ACCOUNT_MANAGER:
		return _("Supplier's Account Manager")
	if key == RESCUE_SERVICES:
		return _("Rescue Services")
	return _(names[key].department_name) if key in names else ""


def _calls(incident: str, names: Mapping[str, Any]) -> list[dict]:
	"""The control room's calls, and what it records for firms without a login: open ones first, the most urgent first."""
	rows = frappe.get_all(
		"Outage Task",
		filters={"incident": incident, "status": ("!=", "Cancelled"), "plan": ("is", "set")},
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
		ours = department.duty == COMMAND or department.is_external
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
