"""Calls that no outage explains and no proposal holds yet: the control room sees each of them at once."""

from typing import Any

import frappe

from .command_record import titles


def waiting_calls(property_name: str | None = None) -> list[dict[str, Any]]:
	"""{name, at, property, place, words, phone, danger, ticket} of those the reader may see: all of them, danger first,
	then the newest."""
	if not frappe.has_permission("Trouble Call", "read"):
		return []
	rows = frappe.get_list(
		"Trouble Call",
		filters={
			"waiting": 1,
			"incident": ("is", "not set"),
			"proposal": ("is", "not set"),
			**({"property": property_name} if property_name else {}),
		},
		fields=["name", "property", "unit", "power_node", "words", "phone", "danger", "ticket", "said_at"],
		order_by="danger desc, said_at desc, name desc",
		limit=0,
	)
	units = titles("Property Unit", "unit_no", rows, "unit")
	nodes = titles("Power Node", "node_name", rows, "power_node")
	return [
		{
			"name": row.name,
			"at": str(row.said_at or ""),
			"property": row.property or "",
			"place": units.get(row.unit) or nodes.get(row.power_node) or "",
			"words": (row.words or "")[:140],
			"phone": row.phone or "",
			"danger": bool(row.danger),
			"ticket": row.ticket or "",
		}
		for row in rows
	]
