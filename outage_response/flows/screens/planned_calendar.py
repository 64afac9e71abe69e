"""Planned outages as Frappe's calendar shows them."""

import frappe
from frappe import _

from outage_response import listing, permissions
from outage_response.domain.states import IncidentStatus

from ..roster import shifts

# dark grounds, for the reason given in roster/shifts.py
COLOURS = {
	IncidentStatus.SCHEDULED: "#0e2a47",
	IncidentStatus.REPORTED: "#4a0d0d",
	IncidentStatus.ACTIVE: "#4a0d0d",
	IncidentStatus.RESTORED: "#0d3318",
}
ENDED = "#333333"


def _between(wanted: list[list]) -> list[str]:
	"""Outages that are planned between the two moments, whoever may see them, by the index: Frappe 16 asks of every outage that there
	ever was whether it has a time."""
	incident = frappe.qb.DocType("Outage Incident")
	(_end, _after, first), (_start, _before, last) = wanted[-2:]
	between = (incident.planned_start < last) & (incident.planned_end > first)
	return frappe.qb.from_(incident).select(incident.name).where(between).run(pluck=True)


def calendar(start: str, end: str, filters: str | list | None) -> list[dict]:
	"""Planned outages between two moments that the reader may see, without cancelled ones: `title`, `color`; none is movable."""
	permissions.require_list("Outage Incident")
	wanted = shifts.calendar_filters(start, end, filters, "planned_start", "planned_end")
	rows = listing.get_list(
		"Outage Incident",
		{"name": ("in", _between(wanted)), "status": ("!=", IncidentStatus.CANCELLED)},
		also=wanted,
		fields=["name", "property", "status", "is_drill", "planned_start", "planned_end"],
		order_by="planned_start asc, name asc",
		limit=2000,
	)
	for row in rows:
		row.title = f"{_('DRILL')}: {row.property}" if row.is_drill else row.property
		row.title = f"{row.title} · {_(row.status, context='Outage Incident')}"
		row.color = COLOURS.get(row.status, ENDED)
		row.all_day, row.movable = 0, False
	return rows
