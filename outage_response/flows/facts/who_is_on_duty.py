"""Who is on duty at a property, who comes next, and who could be asked: the Duty Shifts and roles, read in a fixed number of
queries and put into the words of the rules."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, getdate

from outage_response import listing
from outage_response.domain import authority, due_times
from outage_response.domain.authority import CONTROL_ROOM
from outage_response.domain.states import Duty
from outage_response.domain.who_gets_a_task import Department, OnDuty, Roster, assign, of_duty


def off_hours(property_name: str, at: datetime) -> bool:
	"""Is `at` outside the property's working time?"""
	doc = frappe.get_cached_doc("Managed Property", property_name)
	return due_times.off_hours(
		at,
		as_time_of_day(doc.work_start, time(9)),
		as_time_of_day(doc.work_end, time(18)),
		*calendar(property_name),
	)


def calendar(property_name: str) -> tuple[set[str], set[date], set[date]]:
	"""(weekdays that are worked, holidays, days of a weekend that are worked for one) of a property."""
	doc = frappe.get_cached_doc("Managed Property", property_name)
	days: dict[bool, set[date]] = {False: set(), True: set()}
	for row in doc.holidays:
		days[bool(row.is_worked)].add(getdate(row.holiday_date))
	return {row.day for row in doc.work_days}, days[False], days[True]


def as_time_of_day(value: Any, default: time) -> time:
	"""A Time field as a time of day."""
	if value in (None, ""):
		return default
	if isinstance(value, timedelta):
		return (datetime.min + value).time()
	return frappe.utils.get_time(value)


def departments() -> dict[str, Department]:
	"""key -> department."""
	rows = frappe.get_all(
		"Response Department",
		fields=["name", "role", "is_external", "phone", "duty"],
		order_by="creation asc, name asc",
	)
	return {
		row.name: Department(row.name, row.role or "", bool(row.is_external), row.phone or "", row.duty or "")
		for row in rows
	}


def for_repairs() -> str:
	"""The department that gets what the plan gives to none: the first for repairs, else the first there is."""
	known = list(departments().values())
	return (of_duty(known, Duty.REPAIRS) or known)[0].key


def roster(property_name: str, at: datetime, known: Mapping[str, Department]) -> Roster:
	"""Who is on duty at `at`, everybody who holds a department's role and may see the property, and whether it is
	outside working time then."""
	roles = [department.role for department in known.values() if department.role]
	return Roster(
		on_duty(property_name, at), everybody(property_name, roles) if roles else {}, off_hours(property_name, at)
	)


def on_duty(property_name: str, at: datetime) -> list[OnDuty]:
	"""Who is on duty at `at`, by the Duty Shifts."""
	return [
		person
		for _starts_at, person in _shifts(property_name, lambda shift: (shift.starts_at <= at, shift.ends_at > at))
	]


def shifts_within(properties: Sequence[str], first: datetime, last: datetime) -> dict[str, list[frappe._dict]]:
	"""property -> shifts that lie at least partly between two moments, in one query: starts_at, ends_at, department, user,
	contact, phone, is_duty_electrician, reachable (there is somebody to be told: an enabled login, or a number)."""
	found: dict[str, list[frappe._dict]] = defaultdict(list)
	for row in _shift_rows(properties, lambda shift: (shift.starts_at < last, shift.ends_at > first)):
		row.update(
			starts_at=get_datetime(row.starts_at),
			ends_at=get_datetime(row.ends_at),
			phone=_phone_of(row),
			reachable=bool((row.user and row.enabled) or (not row.user and _phone_of(row))),
		)
		found[row.property].append(row)
	return found


def on_shift(property_name: str, first: datetime, last: datetime) -> list[frappe._dict]:
	"""People with a number who are on a shift at any time from `first` to `last`: `department`, `number`, `user_name`,
	`contact_name`; the duty electrician first."""
	rows = _shift_rows([property_name], lambda shift: (shift.starts_at <= last, shift.ends_at > first))
	rows.sort(key=lambda row: (not row.is_duty_electrician, row.starts_at, (row.user_name or "").casefold()))
	return [frappe._dict(row, number=_phone_of(row)) for row in rows if _phone_of(row)]


def unmanned(property_name: str, keys: Iterable[str], at: datetime) -> set[str]:
	"""Of these departments, those of which nobody is on duty while others are. Where no roster is kept, nobody can say so."""
	there = {person.department for person in on_duty(property_name, at)}
	return set(keys) - there if there else set()


def coming(property_name: str, after: datetime, until: datetime) -> list[tuple[datetime, OnDuty]]:
	"""(when it begins, who) of the shifts that begin between the two moments, the next first."""
	return _shifts(
		property_name, lambda shift: (shift.starts_at > after, shift.starts_at <= until, shift.ends_at > after)
	)


def _shifts(property_name: str, when: Callable[[Any], tuple[Any, ...]]) -> list[tuple[datetime, OnDuty]]:
	return [
		(
			get_datetime(row.starts_at),
			OnDuty(
				row.department,
				(row.user if row.enabled else "") or "",
				row.contact or "",
				_phone_of(row),
				bool(row.is_duty_electrician),
				row.duty or "",
			),
		)
		for row in _shift_rows([property_name], when)
	]


def _phone_of(row: frappe._dict) -> str:
	return row.phone or row.mobile_no or row.contact_phone or row.user_phone or ""


def _shift_rows(properties: Sequence[str], when: Callable[[Any], tuple[Any, ...]]) -> list[frappe._dict]:
	"""The shifts that `when` chooses. Who is absent is not there; nor is a login that does not hold the department's role, which
	could neither see a step nor take it."""
	return [row for row in _all_shift_rows(properties, when) if _holds_role(row)]


def without_role(property_name: str, at: datetime) -> dict[str, list[str]]:
	"""department -> names of those on its shift at `at` who do not hold its role, and so do not count."""
	found: dict[str, list[str]] = defaultdict(list)
	for row in _all_shift_rows([property_name], lambda shift: (shift.starts_at <= at, shift.ends_at > at)):
		if row.enabled and not _holds_role(row):
			found[row.department_name or row.department].append(row.user_name or row.user)
	return dict(found)


def _holds_role(row: frappe._dict) -> bool:
	return not row.user or not row.needs_role or bool(row.has_role) or row.user == "Administrator"


def _all_shift_rows(properties: Sequence[str], when: Callable[[Any], tuple[Any, ...]]) -> list[frappe._dict]:
	shift = frappe.qb.DocType("Duty Shift")
	contact = frappe.qb.DocType("Contact")
	user = frappe.qb.DocType("User")
	department, role = frappe.qb.DocType("Response Department"), frappe.qb.DocType("Has Role")
	query = (
		frappe.qb.from_(shift)
		.left_join(department)
		.on(department.name == shift.department)
		.left_join(role)
		.on((role.parent == shift.user) & (role.parenttype == "User") & (role.role == department.role))
		.left_join(contact)
		.on(shift.contact == contact.name)
		.left_join(user)
		.on(shift.user == user.name)
		.select(
			shift.property,
			shift.starts_at,
			shift.ends_at,
			shift.department,
			shift.user,
			shift.contact,
			shift.phone,
			shift.is_duty_electrician,
			department.duty,
			contact.full_name.as_("contact_name"),
			contact.mobile_no,
			contact.phone.as_("contact_phone"),
			user.full_name.as_("user_name"),
			user.mobile_no.as_("user_phone"),
			user.enabled,
			department.department_name,
			department.role.as_("needs_role"),
			role.name.as_("has_role"),
		)
		.where(listing.by_range(shift.property, properties))
		.where(shift.is_absent == 0)
		.orderby(shift.starts_at)
		.orderby(shift.user)
		.orderby(shift.name)
	)
	for condition in when(shift):
		query = query.where(condition)
	return query.run(as_dict=True)


def everybody(property_name: str, roles: Sequence[str]) -> dict[str, list[str]]:
	"""role -> enabled users with the role and a User Permission for the property."""
	role = frappe.qb.DocType("Has Role")
	permission = frappe.qb.DocType("User Permission")
	user = frappe.qb.DocType("User")
	rows = (
		frappe.qb.from_(role)
		.join(user)
		.on(role.parent == user.name)
		.join(permission)
		.on(permission.user == user.name)
		.select(role.role, user.name)
		.distinct()
		.where(role.parenttype == "User")
		.where(role.role.isin(roles))
		.where(user.enabled == 1)
		.where(permission.allow == "Managed Property")
		.where(permission.for_value == property_name)
		.orderby(user.name)
	).run(as_dict=True)
	found: dict[str, list[str]] = defaultdict(list)
	for row in rows:
		found[row.role].append(row.name)
	return dict(found)


def control_room(property_name: str | None, at: datetime) -> tuple[str, ...]:
	"""Users to ring in the control room: of the property, or of every property when it is not known."""
	if property_name:
		known = departments()
		return users_of(known.values(), roster(property_name, at, known), Duty.CONTROL_ROOM)
	return tuple(
		frappe.get_all("Has Role", filters={"role": CONTROL_ROOM, "parenttype": "User"}, pluck="parent", distinct=True)
	)


def users_of(known: Iterable[Department], there: Roster, wanted: str) -> tuple[str, ...]:
	"""Users to ring of the departments with this duty; where a site has none, the control room's."""
	found = of_duty(known, wanted) or [Department("", CONTROL_ROOM, duty=Duty.CONTROL_ROOM)]
	return tuple(dict.fromkeys(user for department in found for user in assign(department, there).users))


def guards_on_duty(property_name: str, at: datetime) -> int:
	"""How many guards are there to hold posts."""
	return sum(1 for person in on_duty(property_name, at) if person.duty == Duty.GUARDS)


def require_people(department: Document) -> None:
	"""The same as RuleError: `department` is the record, or a row with its name, department_name, role and is_external."""
	role = department.role and frappe.db.get_value("Role", department.role, ["disabled", "desk_access"], as_dict=True)
	authority.require_role_of_people(
		_(department.department_name or department.name),
		department.role or "",
		is_external=bool(department.is_external),
		enabled=bool(role and not role.disabled),
		desk=bool(role and role.desk_access),
	)
