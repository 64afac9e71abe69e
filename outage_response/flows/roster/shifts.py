"""Rosters on a site: shifts made from patterns, absences, swaps, and the hours nobody covers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import format_datetime, get_datetime, get_time, getdate, now_datetime
from pypika.terms import ExistsCriterion

from outage_response import bulk, listing, locks, permissions
from outage_response.domain import shift_patterns
from outage_response.domain.errors import RuleError, _lt
from outage_response.domain.plan_expansion import dedupe_key
from outage_response.domain.states import Coverage, PropertyType

from ..facts import who_is_on_duty
from ..facts.homes_of_people import homes_of
from ..verb import bells
from ..verb.refusals import translated
from ..verb.times import as_time

# Frappe's calendar writes in a colour halfway to white: only on dark grounds that can be read
ABSENT, DUTY_ELECTRICIAN, OTHERS = "#4a0d0d", "#3d2600", "#0e2a47"
DAYS_AHEAD = 28
REPORT_DAYS = 14
# whoever had a roster within a year is reminded that there is none; a property given up longer ago is not
REMINDED_DAYS = 365
ELECTRICIAN = "duty electrician"
# of a shift of which somebody is away for a part
KEPT = ("property", "department", "user", "contact", "phone", "is_duty_electrician", "pattern")


def fill_all() -> list[str]:
	"""Names of the patterns that make shifts; the job fills each by itself."""
	return frappe.get_all("Roster Pattern", filters={"enabled": 1}, pluck="name", order_by="name")


def fill(name: str) -> int:
	"""Make the pattern's shifts for the next four weeks. What is there already, moved or absent included, stays as it is.

	Answers how many were made.
	"""
	pattern = frappe.get_doc("Roster Pattern", name)
	first = now_datetime().date()
	last = first + timedelta(days=DAYS_AHEAD)
	rows = {row.name: row for row in pattern.shifts}
	made = {
		dedupe_key(name, row.key, "", str(begins.date())): (rows[row.key], begins, ends)
		for row, begins, ends in shift_patterns.shifts_between(
			_rule(pattern), first, last, _working(pattern.property, first, last)
		)
	}
	for known in listing.get_all("Duty Shift", filters={"pattern_key": ("in", list(made))}, pluck="pattern_key"):
		del made[known]
	if made:
		bulk.insert(
			"Duty Shift",
			[
				{
					"property": pattern.property,
					"department": pattern.department,
					"user": row.user or None,
					"contact": row.contact or None,
					"phone": row.phone or None,
					"is_duty_electrician": int(bool(row.is_duty_electrician)),
					"starts_at": begins,
					"ends_at": ends,
					"pattern": name,
					"pattern_key": key,
				}
				for key, (row, begins, ends) in made.items()
			],
		)
		_apply_absences(pattern.property)
	return len(made)


def remake(pattern: Document) -> None:
	"""A pattern was changed: its coming shifts are made anew. What has begun, was edited or swapped, or is absent stays."""
	table = frappe.qb.DocType("Duty Shift")
	(
		frappe.qb.from_(table)
		.delete()
		.where(table.pattern == pattern.name)
		.where(table.starts_at > now_datetime())
		.where(table.is_absent == 0)
		.where(table.replaced_user.isnull())
		.where(table.absence.isnull())
		.where(table.changed_by_hand == 0)
	).run()
	if pattern.enabled:
		fill(pattern.name)


def _rule(pattern: Document) -> shift_patterns.Pattern:
	return shift_patterns.Pattern(
		pattern.cycle_days or 1,
		getdate(pattern.starts_on),
		getdate(pattern.ends_on) if pattern.ends_on else None,
		tuple(
			shift_patterns.PatternShift(
				row.name, row.day or 0, row.days or "", get_time(row.start_time), get_time(row.end_time)
			)
			for row in pattern.shifts
		),
	)


def _working(property_name: str, first: date, last: date) -> dict[date, bool]:
	return shift_patterns.working_days(first - timedelta(days=1), last, *who_is_on_duty.calendar(property_name))


def calendar_filters(start: str, end: str, filters: str | list | None, begins: str, ends: str) -> list[list]:
	"""What a calendar shows: the reader's own filters, and what lies between two moments. Raises ValidationError."""
	with translated():
		first, last = as_time(start, _lt("Start")), as_time(end, _lt("End"))
		if not first or not last:
			raise RuleError(_("Start, End: a calendar shows what lies between two moments. Give both."))
	narrowed: Any
	try:
		narrowed = frappe.parse_json(filters) if filters else []
	except ValueError:
		narrowed = None
	if not isinstance(narrowed, list) or not all(isinstance(one, list) for one in narrowed):
		frappe.throw(_("{0} is not a list. Send a JSON list.").format(str(filters)[:60]))
	return [*narrowed, [ends, ">", first], [begins, "<", last]]


def calendar(start: str, end: str, filters: str | list | None) -> list[dict]:
	"""Shifts between two moments as a calendar shows them: `title`, `color`; who is absent in red."""
	wanted = calendar_filters(start, end, filters, "starts_at", "ends_at")
	# each has a property; the blank beside it: see listing.by_range
	narrower = [["property", "in", [*mine, ""]] for _field, _in, mine in permissions.narrowed("Duty Shift")[0]]
	fields = ("name", "property", "department", "user", "contact", "starts_at", "ends_at")
	rows = frappe.get_list(
		"Duty Shift",
		filters=[*wanted, *narrower],
		fields=[*fields, "is_absent", "is_duty_electrician"],
		order_by="starts_at asc, name asc",
		limit=2000,
		ignore_ifnull=True,  # and its times
	)
	departments = dict(frappe.get_all("Response Department", fields=["name", "department_name"], as_list=True))
	users = listing.get_all(
		"User", filters={"name": ("in", list({row.user for row in rows if row.user}))}, fields=["name", "full_name"]
	)
	names = {user.name: user.full_name for user in users}
	for row in rows:
		who = names.get(row.user) or row.user or row.contact
		row.title = f"{who} · {_(departments.get(row.department, row.department))} · {row.property}"
		row.color = ABSENT if row.is_absent else DUTY_ELECTRICIAN if row.is_duty_electrician else OTHERS
		row.all_day = 0
	return rows


# ---------------------------------------------------------------- absence and swaps


def take_absence(absence: Document) -> int:
	"""Give the hours of somebody who is away to the substitute, or mark them as absent. Answers how many shifts that concerns."""
	return _apply_absences(absence.property, {"name": absence.name})


def undo_absence(absence: Document) -> None:
	"""Before an absence changes or goes: what it took of coming shifts is theirs again, in one piece."""
	wholes: dict[str, list] = defaultdict(list)
	for row in frappe.get_all(
		"Duty Shift",
		filters={"absence": absence.name, "ends_at": (">", now_datetime())},
		fields=["name", "cut_from", "user", "starts_at", "ends_at", "is_absent"],
	):
		wholes[row.cut_from or row.name].append(row)
	table = frappe.qb.DocType("Duty Shift")
	for name, parts in wholes.items():
		away = next((row for row in parts if row.name == name), None)
		if not away or not (away.is_absent or away.user == absence.substitute):
			continue  # over, or changed by hand since
		(
			frappe.qb.update(table)
			.set(table.user, absence.user)
			.set(table.contact, absence.contact)
			.set(table.is_absent, 0)
			.set(table.replaced_user, None)
			.set(table.absence, None)
			.set(table.starts_at, min(row.starts_at for row in parts))
			.set(table.ends_at, max(row.ends_at for row in parts))
			.where(table.name == name)
		).run()
		if rest := [row.name for row in parts if row.name != name]:
			frappe.db.delete("Duty Shift", {"name": ("in", rest)})
	_apply_absences(absence.property, {"name": ("!=", absence.name)})


def _apply_absences(property_name: str, which: dict | None = None) -> int:
	done = 0
	for away in frappe.get_all(
		"Roster Absence",
		filters={"property": property_name, "to_date": (">", now_datetime()), **(which or {})},
		fields=["name", "user", "contact", "from_date", "to_date", "substitute"],
	):
		shifts = _shifts_of(property_name, away)
		table = frappe.qb.DocType("Duty Shift")
		bulk.insert("Duty Shift", [part for shift in shifts for part in _parts_left(shift, away)])
		for shift in shifts:
			query = (
				frappe.qb.update(table)
				.set(table.absence, away.name)
				.set(table.starts_at, max(shift.starts_at, away.from_date))
				.set(table.ends_at, min(shift.ends_at, away.to_date))
				.where(table.name == shift.name)
			)
			if away.substitute:
				query = query.set(table.replaced_user, away.user).set(table.user, away.substitute)
				query = query.set(table.phone, None).set(table.contact, None)
			else:
				query = query.set(table.is_absent, 1)
			query.run()
		done += len(shifts)
	return done


def _shifts_of(property_name: str, away: frappe._dict) -> list[frappe._dict]:
	"""Shifts of somebody who is away, which their absence has not taken yet; one that was given back by hand stays theirs."""
	table = frappe.qb.DocType("Duty Shift")
	return (
		frappe.qb.from_(table)
		.select(table.name, table.starts_at, table.ends_at, *(table[field] for field in KEPT))
		.where(table.property == property_name)
		.where(table.user == away.user if away.user else table.contact == away.contact)
		.where(table.is_absent == 0)
		.where(table.absence.isnull() | (table.absence != away.name))
		.where(table.starts_at < away.to_date)
		.where(table.ends_at > away.from_date)
	).run(as_dict=True)


def _parts_left(shift: frappe._dict, away: frappe._dict) -> list[dict]:
	"""Who is away for an hour is there for the rest of the shift."""
	return [
		{
			**{field: shift[field] for field in KEPT},
			"starts_at": begins,
			"ends_at": ends,
			"absence": away.name,
			"cut_from": shift.name,
		}
		for begins, ends in ((shift.starts_at, away.from_date), (away.to_date, shift.ends_at))
		if begins < ends
	]


def swap(one: str, other: str, request_id: str | None = None) -> None:
	"""Two people exchange their shifts; the same request again does not change them back. Raises RuleError for one and the same
	shift, for shifts of different properties or departments, and for ended ones."""
	if one == other:
		raise RuleError(_("Shifts: choose two different ones."))
	shifts = [locks.document("Duty Shift", name) for name in sorted((one, other))]
	first, second = shifts
	if request_id and all(shift.swap_request == request_id for shift in shifts):
		return
	if (first.property, first.department) != (second.property, second.department):
		raise RuleError(_("Shifts: both must be of the same property and department."))
	if any(get_datetime(shift.ends_at) <= now_datetime() for shift in shifts):
		raise RuleError(_("Shifts: one of the two has ended already."))
	# who may switch is the electrician, on whatever shift
	fields = ("user", "contact", "phone", "is_duty_electrician")
	people = [{field: shift.get(field) for field in fields} for shift in shifts]
	for shift, after, before in zip(shifts, reversed(people), people, strict=True):
		shift.update({**after, "replaced_user": before["user"], "swap_request": request_id})
		shift.save()


# ---------------------------------------------------------------- gaps


def gaps(properties: Sequence[str], first: datetime, last: datetime) -> list[dict]:
	"""Hours that nobody covers and people who cannot be phoned, property by property: `property`, `department`, `what`,
	`starts_at`, `ends_at`, `hours`, `who`. The shifts of all are read at once."""
	shifts = who_is_on_duty.shifts_within(properties, first, last)
	departments = frappe.get_all("Response Department", fields=["name", "department_name", "coverage"], order_by="name")
	return [
		{"property": name, **row}
		for name in properties
		for row in _gaps_of(name, shifts.get(name, []), departments, first, last)
	]


def _gaps_of(
	property_name: str, shifts: list[frappe._dict], departments: list[frappe._dict], first: datetime, last: datetime
) -> list[dict]:
	doc = frappe.get_cached_doc("Managed Property", property_name)
	start, end = (
		who_is_on_duty.as_time_of_day(doc.work_start, time(9)),
		who_is_on_duty.as_time_of_day(doc.work_end, time(18)),
	)
	working = _working(property_name, first.date(), last.date())
	covered: dict[str, list] = defaultdict(list)
	for row in shifts:
		if row.reachable:
			covered[row.department].append((row.starts_at, row.ends_at))
			if row.is_duty_electrician:
				covered[ELECTRICIAN].append((row.starts_at, row.ends_at))
	found = []
	for row in departments:
		wanted = shift_patterns.wanted_hours(row.coverage or "", first, last, start, end, working)
		found += _rows(_(row.department_name), _("Nobody on duty"), shift_patterns.uncovered(wanted, covered[row.name]))
	if doc.property_type == PropertyType.TOWER:
		office = shift_patterns.wanted_hours(Coverage.WORKING_TIME, first, last, start, end, working)
		nights = shift_patterns.gaps([(first, last)], office)
		found += _rows(
			_("Engineering"), _("No duty electrician"), shift_patterns.uncovered(nights, covered[ELECTRICIAN])
		)
	return found + _unreachable(shifts, departments)


def _rows(department: str, what: str, spans: Iterable[shift_patterns.Span]) -> list[dict]:
	return [
		{
			"department": department,
			"what": what,
			"starts_at": begins,
			"ends_at": ends,
			"hours": round((ends - begins).total_seconds() / 3600, 1),
			"who": "",
		}
		for begins, ends in spans
	]


def _unreachable(shifts: list, departments: list) -> list[dict]:
	"""One row for each person without a number, with their first shift."""
	names = {row.name: _(row.department_name) for row in departments}
	first: dict[str, frappe._dict] = {}
	for row in shifts:
		if not row.phone:
			first.setdefault(row.user or row.contact, row)
	return [
		{
			"department": names.get(row.department, row.department),
			"what": _("No telephone number"),
			"starts_at": row.starts_at,
			"ends_at": row.ends_at,
			"hours": 0,
			"who": who,
		}
		for who, row in first.items()
	]


def properties_with_rosters() -> list[str]:
	"""Properties for which a roster is kept."""
	property, shift = frappe.qb.DocType("Managed Property"), frappe.qb.DocType("Duty Shift")
	lately = (shift.property == property.name) & (shift.ends_at > now_datetime() - timedelta(days=REMINDED_DAYS))
	kept = ExistsCriterion(frappe.qb.from_(shift).select(shift.name).where(lately))
	return frappe.qb.from_(property).select(property.name).where(kept).orderby(property.name).run(pluck=True)


def remind(property_name: str) -> int:
	"""Tell whoever makes the roster what is missing in the next two weeks. Answers how many gaps there are."""
	first = now_datetime().replace(second=0, microsecond=0)
	found = gaps([property_name], first, first + timedelta(days=REPORT_DAYS))
	if not found:
		return 0
	maker = frappe.db.get_value("Managed Property", property_name, "roster_maker")
	to = (
		[maker]
		if maker
		else who_is_on_duty.everybody(property_name, ["Outage General Manager"]).get("Outage General Manager", ())
	)
	hours = sum(row["hours"] for row in found)
	begins = format_datetime(min(row["starts_at"] for row in found), "yyyy-MM-dd HH:mm")
	text = _("{0}: {1} gaps in the roster of the next two weeks ({2} hours), the first on {3}").format(
		property_name, len(found), round(hours), begins
	)
	bells.ring(dict.fromkeys(to, text), "Managed Property", property_name, now_datetime())
	return len(found)


def require_not_elsewhere(doc: Document, contacts: Iterable[str | None]) -> None:
	"""Raise ValidationError where a roster names somebody who lives at a property that its maker does not work for, and not at its
	own: their number would become that property's. People of outside firms live nowhere."""
	with translated():
		for contact in {one for one in contacts if one}:
			where = {home.property for home in homes_of([contact])}
			known = (permissions.may_read("Managed Property", one, frappe.session.user) for one in sorted(where))
			if where and doc.property not in where and not any(known):
				raise RuleError(
					_(
						"Contact: {contact} is a resident of another property. Choose somebody of your own, or of the firm."
					),
					contact=contact,
				)
