"""Which power nodes an incident is about: reading what clients send, refusing what is foreign."""

from collections.abc import Iterable, Sequence
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain.errors import RuleError

from .power_and_assets import Surroundings


def rows_from(nodes: Any) -> list[dict[str, Any]]:
	"""Rows of affected nodes from a client's list: names, or dicts with power_node, unit, out_since."""
	if isinstance(nodes, str):
		nodes = [nodes]
	if not isinstance(nodes, (list, tuple)) or not nodes:
		raise RuleError(_("Affected Nodes: name at least one power node without supply."))
	rows: list[dict[str, Any]] = []
	for node in nodes:
		if isinstance(node, str):
			rows.append({"power_node": node})
		elif isinstance(node, dict) and isinstance(node.get("power_node"), str):
			rows.append({key: node.get(key) for key in ("power_node", "unit", "out_since") if node.get(key)})
		else:
			raise RuleError(_("Affected Nodes: each entry is the name of a power node."))
	return rows


def take_rows(incident: Document, around: Surroundings) -> None:
	"""Check the rows of a new incident: known nodes and units of its own property, each once."""
	if not incident.affected_nodes:
		raise RuleError(_("Affected Nodes: name at least one power node without supply."))
	named_nodes([row.power_node for row in incident.affected_nodes], around)
	seen = set()
	for row in list(incident.affected_nodes):
		if row.unit:
			_require_unit(incident.property, row)
		key = (row.power_node, row.unit or "")
		if key in seen:
			incident.remove(row)
		seen.add(key)


def _require_unit(property_name: str, row: Document) -> None:
	unit = frappe.db.get_value("Property Unit", row.unit, ["property", "power_node"], as_dict=True)
	if not unit or unit.property != property_name:
		raise RuleError(
			_("Unit: {unit} does not belong to {property}. Choose one of its units."),
			unit=str(row.unit)[:140],
			property=property_name,
		)
	if unit.power_node != row.power_node:
		raise RuleError(_("Power Node: {unit} is fed by {node}. Name that node."), unit=row.unit, node=unit.power_node)


def named_nodes(nodes: Sequence[str] | str, around: Surroundings) -> list[str]:
	"""The nodes a client names, each once. Raises RuleError for one that is not of this property."""
	if isinstance(nodes, str):
		nodes = [nodes]
	if not isinstance(nodes, (list, tuple)) or not nodes:
		raise RuleError(_("Nodes: name at least one power node."))
	for node in nodes:
		if not isinstance(node, str) or node not in around.node_rows:
			raise RuleError(
				_("Nodes: {node} is not a power node of this property. Choose one of its power tree."),
				node=str(node)[:140],
			)
	return list(dict.fromkeys(nodes))


def labels(rows: Iterable[Document], around: Surroundings) -> list[str]:
	"""Names people know, for the timeline."""
	return [
		frappe.get_cached_value("Property Unit", row.unit, "unit_no") if row.unit else around.label(row.power_node)
		for row in rows
	]
