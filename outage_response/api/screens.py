"""What the Desk's screens read. They change nothing: buttons call the verbs of `api/staff.py`."""

from typing import Any

import frappe

from outage_response.flows import contacted, figures, planned, power_tree, situation, units
from outage_response.flows.notices import issuing
from outage_response.permissions import require_read

from .reached import reached, reading


@reading
def get_incident(incident: str) -> dict[str, Any]:
	"""See `flows.situation.get`."""
	require_read("Outage Incident", incident)
	return situation.get(incident)


@reading
def get_units(incident: str) -> dict[str, Any]:
	"""See `flows.units.by_floor`."""
	require_read("Outage Incident", incident)
	return units.by_floor(incident)


@reading
def get_callback(callback: str) -> dict[str, Any]:
	"""See `flows.contacted.callback`."""
	require_read("Outage Callback", callback)
	return contacted.callback(callback)


@reading
def preview_notice(incident: str, kind: str) -> dict[str, Any]:
	"""See `flows.notices.issuing.preview`."""
	require_read("Outage Incident", incident)
	return issuing.preview(incident, kind)


@reading
def get_verbs() -> list[str]:
	"""See `flows.situation.verbs_anywhere`."""
	return situation.verbs_anywhere()


@frappe.whitelist(methods=["GET", "POST"])  # the tree view posts
@reached
def get_power_nodes(
	doctype: str, parent: str | None = None, property: str | None = None, is_root: bool = False
) -> list[dict[str, Any]]:
	"""One level of the power tree, see `flows.power_tree.children`. `is_root`: `parent` is the view's own root, no node."""
	return power_tree.children(None if is_root else parent, property or None)


@frappe.whitelist(methods=["GET", "POST"])  # number cards post
@reached
def count_life_safety(filters: str | list | None = None) -> dict[str, Any]:
	"""A number card: see `flows.figures.open_life_safety_steps`."""
	return {"value": figures.open_life_safety_steps(), "fieldtype": "Int"}


@frappe.whitelist(methods=["GET", "POST"])
@reached
def count_overdue(filters: str | list | None = None) -> dict[str, Any]:
	"""A number card: see `flows.figures.overdue_steps`."""
	return {"value": figures.overdue_steps(), "fieldtype": "Int"}


@reading
def get_planned(start: str, end: str, filters: str | list | None = None) -> list[dict[str, Any]]:
	"""Planned outages for Frappe's calendar, of properties that the reader may see."""
	return planned.calendar(start, end, filters)
