"""Planned outages as Frappe's calendar shows them."""

import frappe
from frappe import _

from . import rosters

# dark grounds, for the reason given in rosters.py
COLOURS = {"Scheduled": "#0e2a47", "Reported": "#4a0d0d", "Active": "#4a0d0d", "Restored": "#0d3318"}
ENDED = "#333333"


def calendar(start: str, end: str, filters: str | list | None) -> list[dict]:
	"""Planned outages between two moments that the reader may see, without cancelled ones: `title`, `color`; none is movable."""
	wanted = rosters.calendar_filters(start, end, filters, "planned_start", "planned_end")
	rows = frappe.get_list(
		"Outage Incident",
		filters=[*wanted, ["status", "!=", "Cancelled"]],
		ignore_ifnull=True,  # no times, not planned: by the index
		fields=["name", "property", "status", "is_drill", "planned_start", "planned_end"],
		order_by="planned_start asc, name asc",
		limit=2000,
	)
	for row in rows:
		row.title = f"{_('DRILL')}: {row.property}" if row.is_drill else row.property
		row.title = f"{row.title} · {_(row.status)}"
		row.color = COLOURS.get(row.status, ENDED)
		row.all_day, row.movable = 0, False
	return rows
