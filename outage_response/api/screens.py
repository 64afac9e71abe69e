"""What the Desk's screens read. They change nothing: buttons call the verbs of `api/staff.py`."""

from typing import Any

import frappe

from outage_response.flows.notices import notice_verbs
from outage_response.flows.screens import (
	figures,
	incident_form,
	incident_residents,
	planned_calendar,
	power_tree_view,
	units_by_floor,
)
from outage_response.permissions import require_read

from .reached import reached, reading


@reading
def get_incident(incident: str) -> dict[str, Any]:
	"""See `flows.screens.incident_form.get`."""
	require_read("Outage Incident", incident)
	return incident_form.get(incident)


@reading
def get_units(incident: str) -> dict[str, Any]:
	"""See `flows.screens.units_by_floor.by_floor`."""
	require_read("Outage Incident", incident)
	return units_by_floor.by_floor(incident)


@reading
def get_callback(callback: str) -> dict[str, Any]:
	"""See `flows.screens.incident_residents.callback`."""
	require_read("Outage Callback", callback)
	return incident_residents.callback(callback)


@reading
def preview_notice(incident: str, kind: str) -> dict[str, Any]:
	"""See `flows.notices.notice_verbs.preview`."""
	require_read("Outage Incident", incident)
	return notice_verbs.preview(incident, kind)


@reading
def get_verbs() -> list[str]:
	"""See `flows.screens.incident_form.verbs_anywhere`."""
	return incident_form.verbs_anywhere()


@frappe.whitelist(methods=["GET", "POST"])  # the tree view posts
@reached
def get_power_nodes(
	doctype: str, parent: str | None = None, property: str | None = None, is_root: bool = False
) -> list[dict[str, Any]]:
	"""One level of the power tree, see `flows.screens.power_tree_view.children`. `is_root`: `parent` is the view's own root, no node."""
	return power_tree_view.children(None if is_root else parent, property or None)


@frappe.whitelist(methods=["GET", "POST"])  # number cards post
@reached
def count_life_safety(filters: str | list | None = None) -> dict[str, Any]:
	"""A number card: see `flows.screens.figures.open_life_safety_steps`."""
	return {"value": figures.open_life_safety_steps(), "fieldtype": "Int"}


@frappe.whitelist(methods=["GET", "POST"])
@reached
def count_overdue(filters: str | list | None = None) -> dict[str, Any]:
	"""A number card: see `flows.screens.figures.overdue_steps`."""
	return {"value": figures.overdue_steps(), "fieldtype": "Int"}


@reading
def get_planned(start: str, end: str, filters: str | list | None = None) -> list[dict[str, Any]]:
	"""Planned outages for Frappe's calendar, of properties that the reader may see."""
	return planned_calendar.calendar(start, end, filters)
