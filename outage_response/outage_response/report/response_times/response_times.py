"""How long it takes until somebody answers and is on the spot, per department and month. Drills do not count."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import median

import frappe
from frappe import _
from frappe.query_builder import Case
from frappe.query_builder.functions import Max, Min
from frappe.utils import add_months, get_datetime, getdate, nowdate

from outage_response import listing
from outage_response.domain.states import ChannelKind, PageAnswer, PageStatus


def execute(filters: dict | None = None):
	"""Frappe's contract: (columns, rows, message, chart)."""
	filters = filters or {}
	since = getdate(filters.get("from_date") or add_months(nowdate(), -6))
	until = getdate(filters.get("to_date") or nowdate())
	properties = frappe.get_list(
		"Managed Property", filters={"name": filters["property"]} if filters.get("property") else {}, pluck="name"
	)
	rows = figures(properties, since, until)
	return columns(), rows, None, chart(rows)


def figures(properties: list[str], since, until) -> list[dict]:
	"""One row for each month and department, in minutes (medians): a fixed number of queries, whatever the period."""
	tasks = _tasks(properties, since, until)
	lost = _not_reached(properties, since, until)
	groups: dict[tuple, list] = defaultdict(list)
	for row in tasks:
		groups[get_datetime(row.first_rung_at).strftime("%Y-%m"), row.department].append(row)
	names = dict(frappe.get_all("Response Department", fields=["name", "department_name"], as_list=True))
	return [
		{
			"month": month,
			"department": names.get(department, department),
			"steps": len(some),
			"acknowledged": sum(bool(row.acknowledged_at) for row in some),
			"to_acknowledge": _minutes(some, "acknowledged_at"),
			"on_scene": _minutes(some, "started_at"),
			"rings": round(sum(row.rings or 0 for row in some) / len(some), 1),
			"nobody": sum(not row.acknowledged_at and not row.started_at for row in some),
			"lost": lost.get((month, department), 0),
		}
		for (month, department), some in sorted(groups.items())
	]


def _tasks(properties: list[str], since, until) -> list[frappe._dict]:
	task, incident = frappe.qb.DocType("Outage Task"), frappe.qb.DocType("Outage Incident")
	return (
		frappe.qb.from_(task)
		.join(incident)
		.on(task.incident == incident.name)
		.select(task.department, task.first_rung_at, task.acknowledged_at, task.started_at, task.rings)
		.where(listing.one_of(task.property, properties))
		.where(task.first_rung_at >= f"{since} 00:00:00")
		.where(task.first_rung_at <= f"{until} 23:59:59")
		.where(incident.is_drill == 0)
	).run(as_dict=True)


def _not_reached(properties: list[str], since, until) -> dict[tuple, int]:
	"""(month, department) -> people whom in one outage nothing reached but the bell of a screen, and who did not answer and
	took no step."""
	page, channel = frappe.qb.DocType("Outage Page"), frappe.qb.DocType("Paging Channel")
	reached = (page.answer.isin((PageAnswer.YES, PageAnswer.NO))) | (
		(page.status == PageStatus.ACCEPTED) & (channel.kind != ChannelKind.BELL)
	)
	rows = (
		frappe.qb.from_(page)
		.left_join(channel)
		.on(page.channel == channel.name)
		.select(
			page.incident,
			page.department,
			Max(page.user).as_("user"),
			Min(page.creation).as_("first"),
			Max(Case().when(reached, 1).else_(0)).as_("reached"),
		)
		.where(listing.one_of(page.property, properties))
		.where(page.creation >= f"{since} 00:00:00")
		.where(page.creation <= f"{until} 23:59:59")
		.where(page.is_drill == 0)
		.where(page.incident.isnotnull())
		.where(page.person != "group")
		.where(page.status.isin((PageStatus.ACCEPTED, PageStatus.FAILED, PageStatus.UNKNOWN)))
		.groupby(page.incident, page.person, page.department)
	).run(as_dict=True)
	found: dict[tuple, int] = defaultdict(int)
	silent = [row for row in rows if not row.reached]
	took = _took_a_step({row.incident for row in silent})
	for row in silent:
		if (row.incident, row.user) not in took:
			found[get_datetime(row["first"]).strftime("%Y-%m"), row.department] += 1
	return found


def _took_a_step(incidents: Iterable[str]) -> set[tuple[str, str]]:
	"""(incident, user) of those who said "mine" of a step."""
	task = frappe.qb.DocType("Outage Task")
	return set(
		frappe.qb.from_(task)
		.select(task.incident, task.acknowledged_by)
		.distinct()
		.where(listing.one_of(task.incident, incidents))
		.where(task.acknowledged_by.isnotnull())
		.run()
	)


def _minutes(rows: list[frappe._dict], field: str) -> float | None:
	spans = [
		(get_datetime(row[field]) - get_datetime(row.first_rung_at)).total_seconds() / 60 for row in rows if row[field]
	]
	return round(max(median(spans), 0), 1) if spans else None


def columns() -> list[dict]:
	return [
		{"fieldname": "month", "label": _("Month"), "fieldtype": "Data", "width": 90},
		{"fieldname": "department", "label": _("Department"), "fieldtype": "Data", "width": 160},
		{"fieldname": "steps", "label": _("Steps Rung"), "fieldtype": "Int", "width": 100},
		{"fieldname": "acknowledged", "label": _("Acknowledged"), "fieldtype": "Int", "width": 110},
		{
			"fieldname": "to_acknowledge",
			"label": _("Minutes to Acknowledge"),
			"fieldtype": "Float",
			"precision": 1,
			"width": 160,
		},
		{
			"fieldname": "on_scene",
			"label": _("Minutes to Be on Scene"),
			"fieldtype": "Float",
			"precision": 1,
			"width": 160,
		},
		{"fieldname": "rings", "label": _("Rings per Step"), "fieldtype": "Float", "precision": 1, "width": 110},
		{"fieldname": "nobody", "label": _("Nobody Answered"), "fieldtype": "Int", "width": 120},
		{"fieldname": "lost", "label": _("People Not Reached"), "fieldtype": "Int", "width": 140},
	]


def chart(rows: list[dict]) -> dict | None:
	"""Minutes to acknowledge and to be on the spot by department; of several months, minutes to acknowledge by month and
	department."""
	if not rows:
		return None
	months = list(dict.fromkeys(row["month"] for row in rows))
	if len(months) > 1:
		minutes = {(row["department"], row["month"]): row["to_acknowledge"] or 0 for row in rows}
		return {
			"type": "bar",
			"data": {
				"labels": months,
				"datasets": [
					{"name": _(name), "values": [minutes.get((name, month), 0) for month in months]}
					for name in sorted({row["department"] for row in rows})
				],
			},
		}
	last = rows
	return {
		"type": "bar",
		"data": {
			"labels": [row["department"] for row in last],
			"datasets": [
				{"name": _("Minutes to Acknowledge"), "values": [row["to_acknowledge"] or 0 for row in last]},
				{"name": _("Minutes to Be on Scene"), "values": [row["on_scene"] or 0 for row in last]},
			],
		},
	}
