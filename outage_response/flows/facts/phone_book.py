"""The numbers of a property: people on duty, departments, supplier, firms, rescue services; and whom a step phones."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response import settings
from outage_response.domain.authority import GENERAL_MANAGER
from outage_response.domain.plan_expansion import CONTRACTOR, TaskSpec
from outage_response.domain.states import AssetType, Duty
from outage_response.domain.step_definitions import ACCOUNT_MANAGER, RESCUE_SERVICES
from outage_response.domain.who_gets_a_task import Assignment, of_duty

from . import who_is_on_duty

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
	departments = all_departments()
	_enter_supplier(found, property_doc, departments)
	for row in departments.values():
		if row.phone and all(number != row.phone for _who, number in found[row.name]):
			found[row.name].append((_(row.department_name), row.phone))
	_enter_firms(found, assets)
	found[RESCUE_SERVICES] = _rescue_services()
	for row in of_duty(departments.values(), Duty.MANAGEMENT):
		found[row.name] = found[row.name] or _managers(property_name)
	return {who: list(dict.fromkeys(rows)) for who, rows in found.items()}


def _enter_supplier(found: Book, property_doc: Document, departments: Mapping[str, frappe._dict]) -> None:
	"""The supplier's hotline, for the departments that ring it, and its account manager."""
	if property_doc.supplier_hotline:
		for row in of_duty(departments.values(), Duty.POWER_SUPPLY):
			found[row.name].append(("", property_doc.supplier_hotline))
	if property_doc.account_manager:
		contact = frappe.db.get_value(
			"Contact", property_doc.account_manager, ["full_name", "mobile_no", "phone"], as_dict=True
		)
		if contact and (contact.mobile_no or contact.phone):
			found[ACCOUNT_MANAGER].append((contact.full_name, contact.mobile_no or contact.phone))


def _enter_firms(found: Book, assets: Sequence[Mapping[str, Any]]) -> None:
	"""Maintenance companies, by their name and by each elevator of theirs."""
	for asset in assets:
		if asset.get("contractor_phone"):
			found[asset["contractor_name"]].append((asset["contractor_name"], asset["contractor_phone"]))
			if asset["asset_type"] == AssetType.ELEVATOR:
				found[asset["name"]].append((asset["contractor_name"], asset["contractor_phone"]))


def all_departments() -> dict[str, frappe._dict]:
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
	known = settings.read()
	rows = (
		(_("Fire Brigade"), known.fire_number),
		(_("Ambulance"), known.ambulance_number),
		(_("Elevator Rescue Hotline"), known.elevator_hotline),
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
	its_firm = subject_type == CONTRACTOR or (subject_type == "Property Asset" and maintains(calls, departments))
	firm = numbers.get(subject, []) if its_firm else []
	return firm or numbers.get(calls, [])


def maintains(calls: str, departments: Mapping[str, Any]) -> bool:
	"""Does a step phone whoever maintains the elevator?"""
	return calls in departments and departments[calls].duty == Duty.ELEVATORS


def with_numbers(specs: Sequence[TaskSpec], chosen: Sequence[Assignment], act: Any) -> list[Assignment]:
	"""Put the number to phone on the tasks that are calls; who has no login is still phoned for the task itself."""
	if not any(spec.step.calls or spec.subject.type == CONTRACTOR for spec in specs):
		return list(chosen)
	numbers = book(act.incident.property, act.now, act.around.assets)
	result = []
	for spec, who in zip(specs, chosen, strict=True):
		found = numbers_for(spec.step.calls, spec.subject.type, spec.subject.name, numbers, act.departments)
		theirs = (spec.step.calls or found) and who.warning != "phone_only"
		result.append(replace(who, phone=found[0][1] if found else "") if theirs else who)
	return result
