"""What the site knows about a property, read in a fixed number of queries and put into the words of the rules."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import frappe
from frappe.model.document import Document
from frappe.query_builder.functions import Count
from frappe.utils import get_datetime

from outage_response.domain.power_topology import Dark, PowerTree

from . import building_names


@dataclass(frozen=True)
class Surroundings:
	"""One property's power tree and assets, how many units hang on each (node, building), and its buildings by key."""

	tree: PowerTree
	node_rows: dict[str, frappe._dict]
	unit_counts: list[frappe._dict]
	assets: list[frappe._dict]
	buildings: dict[str, frappe._dict]

	@cached_property
	def units_at_node(self) -> dict[str, int]:
		"""node -> units that hang on it."""
		found: Counter[str] = Counter()
		for row in self.unit_counts:
			found[row.power_node] += row.units
		return found

	def label(self, node: str) -> str:
		return self.node_rows[node]["node_name"] if node in self.node_rows else node

	def building_name(self, key: str | None) -> str:
		"""The name that people know a building by; "" for none."""
		return self.buildings[key]["building_name"] if key in self.buildings else ""

	@cached_property
	def _same(self) -> dict[str, str]:
		return building_names.one_of(self.buildings)

	def same(self, building: str | None) -> str:
		"""One key for all buildings that may be one, as long as nobody has decided; "" for none."""
		return self._same.get(building, building) if building else ""

	def building_at(self, node: str) -> str:
		"""The building that a node stands in; "" where nobody has said so."""
		return self.same(self.node_rows[node]["building"]) if node in self.node_rows else ""

	def building_of(self, unit: Any) -> str:
		"""The building of a unit, or of a row of `unit_counts`: its own, else that of the node that it hangs on."""
		return self.same(unit.building) or self.building_at(unit.power_node)

	@cached_property
	def placed_buildings(self) -> set[str]:
		"""Buildings of which something is known: a unit or a node stands in them."""
		homes = {self.building_of(row) for row in self.unit_counts}
		return (homes | {self.building_at(name) for name in self.node_rows}) - {""}

	@cached_property
	def building_matters(self) -> bool:
		"""Is there an asset that is found by its building alone?"""
		return any(row["building"] and not row["power_node"] for row in self.assets)

	def is_unplaced(self, asset: Any) -> bool:
		"""Can nobody say where an asset gets its supply: no node, and no building in which anything is known?"""
		return not asset.power_node and self.same(asset.building) not in self.placed_buildings


def read(property_name: str) -> Surroundings:
	"""Power nodes, counts of units, assets and buildings of a property: four queries, whatever its size."""
	nodes = frappe.get_all(
		"Power Node",
		filters={"property": property_name},
		fields=["name", "node_name", "node_type", "parent_power_node", "building"],
		order_by="lft asc, name asc",
	)
	unit = frappe.qb.DocType("Property Unit")
	counts = (
		frappe.qb.from_(unit)
		.select(unit.power_node, unit.building, Count("*").as_("units"))
		.where(unit.property == property_name)
		.groupby(unit.power_node, unit.building)
	).run(as_dict=True)
	assets = frappe.get_all(
		"Property Asset",
		filters={"property": property_name},
		fields=[
			"name",
			"asset_name",
			"building",
			"asset_type",
			"power_node",
			"department",
			"contractor_name",
			"contractor_phone",
			"plate_no",
			"key_place",
			"survives_outage",
			"weight",
		],
		order_by="weight desc, name asc",
	)
	return Surroundings(
		PowerTree({row.name: row.parent_power_node for row in nodes}),
		{row.name: row for row in nodes},
		counts,
		assets,
		building_names.of_property(property_name),
	)


def dark_rows(incident: Document) -> list[Dark]:
	"""The incident's affected nodes as the rules read them; those not yet switched off are left out."""
	return [dark_row(row) for row in incident.affected_nodes if row.out_since]


def dark_row(row: Any, incident: str = "") -> Dark:
	"""One row of an affected node by the site's clock; `incident`: see `Dark`."""
	back_at = get_datetime(row.back_at) if row.back_at else None
	return Dark(row.power_node, get_datetime(row.out_since), back_at, row.unit or "", incident)


def affected_units(incident: Document, around: Surroundings) -> dict[str, int]:
	"""node -> number of affected units that hang on it."""
	single = {row.unit: row.power_node for row in incident.affected_nodes if row.unit}
	dark = around.tree.under(row.power_node for row in incident.affected_nodes if not row.unit)
	units = Counter({node: count for node, count in around.units_at_node.items() if node in dark})
	units.update(node for node in single.values() if node not in dark)
	return dict(units)


def nodes_back(incident: Document) -> dict[str, datetime]:
	"""Affected nodes that have supply again -> since when; a node that went a second time is not back."""
	still_out = {row.power_node for row in incident.affected_nodes if not row.back_at}
	return {
		row.power_node: get_datetime(row.back_at)
		for row in incident.affected_nodes
		if row.back_at and row.power_node not in still_out
	}


def went_at(incident: Document, node: str) -> datetime | None:
	"""When supply last went at an affected node; without a node: at any."""
	return max((row.out_since for row in dark_rows(incident) if node in ("", row.node)), default=None)
