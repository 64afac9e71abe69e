"""What says that somebody is in danger, and whether the control room has taken it: calls, and spots that people left for it."""

from datetime import timedelta
from typing import Any

import frappe
from frappe import _

from outage_response import listing
from outage_response.domain.states import TaskStatus

from .command_record import DARK, Record, titles

DANGER_HOURS = 6


def dangers(record: Record) -> list[dict[str, Any]]:
	"""Calls that say danger, and people who left a spot for it: what nobody has taken yet first, then the newest. People in
	elevators are no part of these: they have records of their own (`people_in_elevators_shown.visible`).

	{at, property, incident, place, words, left, task or call, taken: has somebody in the control room taken it}
	"""
	newest_first = sorted([*_spots_left(record), *_calls(record)], key=lambda one: one["at"], reverse=True)
	return sorted(newest_first, key=lambda one: one["taken"])


def _spots_left(record: Record) -> list[dict[str, Any]]:
	tasks = {row.name: row for rows in record.tasks.values() for row in rows}
	taken: dict[str, str] = {}
	for row in record.left:  # the newest first
		if row.kind == "danger_taken":
			taken.setdefault(row.task, str(row.occurred_at))
	return [
		{
			"at": str(row.occurred_at),
			"property": record.of[row.incident].property,
			"incident": row.incident,
			"place": tasks[row.task].subject_label or "",
			"words": _((frappe.parse_json(row.data or "{}")).get("danger") or ""),
			"left": True,
			"task": row.task,
			"call": "",
			"taken": taken.get(row.task, "") >= str(row.occurred_at),
		}
		for row in record.left
		if row.kind == "task_withdrawn" and row.task in tasks and tasks[row.task].status == TaskStatus.OPEN
	]


def _calls(record: Record) -> list[dict[str, Any]]:
	if not frappe.has_permission("Trouble Call", "read"):
		return []
	call = frappe.qb.DocType("Trouble Call")
	lately = (call.danger == 1) & (call.trapped == 0) & (call.said_at > record.now - timedelta(hours=DANGER_HOURS))
	names = frappe.qb.from_(call).select(call.name).where(lately).run(pluck=True)
	rows = listing.get_list(
		"Trouble Call",
		filters={"name": ("in", names)},
		fields=["name", "property", "incident", "unit", "power_node", "words", "said_at", "taken_by"],
		order_by="said_at desc",
		limit=0,
	)
	rows = [row for row in rows if not row.incident or record.of.get(row.incident, {}).get("status") in DARK]
	units = titles("Property Unit", "unit_no", rows, "unit")
	return [
		{
			"at": str(row.said_at),
			"property": row.property or "",
			"incident": row.incident or "",
			"place": units.get(row.unit) or record.nodes.get(row.power_node) or "",
			"words": (row.words or "")[:140],
			"left": False,
			"task": "",
			"call": row.name,
			"taken": bool(row.taken_by),
		}
		for row in rows
	]
