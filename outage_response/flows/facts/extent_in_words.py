"""Which part of a property an outage is about, in the words of those who live there: by buildings, all of them."""

from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from frappe import _
from frappe.model.document import Document

from outage_response.domain.entrapment_rules import natural
from outage_response.domain.power_topology import is_out

from . import place_names, power_and_assets
from .language import listed


def of_incident(incident: Document, around: power_and_assets.Surroundings, *, still: bool = False) -> list[str]:
	"""The areas that an outage is about; with `still`, those that have no supply now, while there are any.

	A building as a whole, or with the nodes by which a part of it is named; a node that stands in no building by its own name.
	Where only single homes are out, the homes are not named.
	"""
	tree = around.tree
	rows = [row for row in incident.affected_nodes if not row.back_at] if still else []
	rows = rows or incident.affected_nodes
	dark = tree.under(row.power_node for row in rows if not row.unit)
	if still:  # a part of a dark area may have its supply back
		record = power_and_assets.dark_rows(incident)
		ends = [node for node in dark if node not in tree.children]
		dark -= {end for end in ends if record and not is_out(tree.path(end), "", record)}
	single = {row.power_node for row in rows if row.unit} - dark
	return [*_areas(dark, around), *_areas_of_homes(single, around)]


@dataclass
class _Building:
	"""What stands in one building, and how much of it is dark."""

	dark: Set[str]
	units: int = 0
	units_out: int = 0
	nodes: set[str] = field(default_factory=set)

	@property
	def is_out(self) -> bool:
		return bool(self.units_out if self.units else self.nodes & self.dark)

	@property
	def is_whole(self) -> bool:
		return self.units_out == self.units if self.units else self.nodes <= self.dark


def _areas(dark: Set[str], around: power_and_assets.Surroundings) -> list[str]:
	tops = _tops(dark, around)
	buildings = _buildings(dark, around)
	homeless = buildings.pop("", _Building(dark)).nodes
	found = []
	for key in sorted(buildings, key=lambda key: natural(around.building_name(key))):
		building = buildings[key]
		if building.is_out:
			parts = [around.label(node) for node in tops if around.tree.under([node]) & building.nodes]
			where = place_names.label(around.building_name(key))
			found.append(where if building.is_whole or not parts else f"{where} ({listed(parts)})")
	known = {node for building in buildings.values() for node in building.nodes}
	for node in tops:
		below = around.tree.under([node])
		if below & homeless or not below & known:
			found.append(around.label(node))
	return found


def _tops(dark: Set[str], around: power_and_assets.Surroundings) -> list[str]:
	"""Nodes that are dark as a whole, and are no part of another one that is."""
	tree = around.tree
	whole = {node for node in around.node_rows if tree.ends(node) <= dark}
	return [node for node in around.node_rows if node in whole and tree.parents[node] not in whole]


def _buildings(dark: Set[str], around: power_and_assets.Surroundings) -> dict[str, _Building]:
	"""Every building in which a home or a node stands; "": of homes in no building that is known."""
	found: dict[str, _Building] = defaultdict(lambda: _Building(dark))
	for row in around.unit_counts:
		building = found[around.building_of(row)]
		building.units += row.units
		building.units_out += row.units if row.power_node in dark else 0
		building.nodes.add(row.power_node)
	for name in around.node_rows:
		if key := around.building_at(name):
			found[key].nodes.add(name)
	return found


def _areas_of_homes(nodes: Iterable[str], around: power_and_assets.Surroundings) -> list[str]:
	places = [
		place_names.label(around.building_name(around.building_at(node))) or around.label(node)
		for node in sorted(nodes, key=natural)
	]
	return [_("{0} (single homes)").format(place) for place in dict.fromkeys(places)]
