"""The power tree as people look through it: node by node, with what hangs on each."""

from collections.abc import Sequence

import frappe
from frappe.query_builder.functions import Count


def children(parent: str | None, property_name: str | None = None) -> list[dict]:
	"""Nodes right below `parent` (of the top: None) that the session's user may see.

	Each: `value`, `title`, `expandable`, `node_type`, `property`, and `units` and `assets` of itself and all below it.
	"""
	filters: dict = {"parent_power_node": parent or ("is", "not set")}
	if property_name:
		filters["property"] = property_name
	rows = frappe.get_list(
		"Power Node",
		filters=filters,
		fields=["name as value", "node_name as title", "is_group as expandable", "node_type", "property", "lft", "rgt"],
		order_by="property asc, lft asc, name asc",
		limit=0,
	)
	properties = {row.property for row in rows}
	for doctype, key in (("Property Unit", "units"), ("Property Asset", "assets")):
		hanging = _count(doctype, properties)
		for row in rows:
			row[key] = sum(number for place, number in hanging if row.lft <= place <= row.rgt)
	if not parent and not property_name and len(properties) > 1:
		for row in rows:
			row.title = f"{row.property}: {row.title}"
	return rows


def _count(doctype: str, properties: Sequence[str] | set[str]) -> list[tuple[int, int]]:
	"""(place of a node in the tree, how many records of `doctype` hang on it)."""
	if not properties:
		return []
	node, record = frappe.qb.DocType("Power Node"), frappe.qb.DocType(doctype)
	return list(
		frappe.qb.from_(record)
		.join(node)
		.on(record.power_node == node.name)
		.select(node.lft, Count("*"))
		.where(node.property.isin(list(properties)))
		.groupby(node.lft)
		.run()
	)
