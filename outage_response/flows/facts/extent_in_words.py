"""Which part of a property an outage is about, in the words of those who live there: by buildings, all of them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

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


def _areas(dark: Collection[str], around: power_and_assets.Surroundings) -> list[str]:
	tree = around.tree
	whole = {node for node in around.node_rows if tree.ends(node) <= set(dark)}
	tops = [node for node in around.node_rows if node in whole and tree.parents[node] not in whole]
	units: Counter[str] = Counter()
	out: Counter[str] = Counter()
	nodes: dict[str, set[str]] = defaultdict(set)  # building -> nodes in it; "": of homes in no building that is known
	for row in around.unit_counts:
		building = around.building_of(row)
		units[building] += row.units
		out[building] += row.units if row.power_node in dark else 0
		nodes[building].add(row.power_node)
	for name in around.node_rows:
		if building := around.building_at(name):
			nodes[building].add(name)
	homeless = nodes.pop("", set())
	known = set().union(*nodes.values())
	found = []
	for building in sorted(nodes, key=lambda key: natural(around.building_name(key))):
		inside = nodes[building]
		if out[building] if units[building] else inside & set(dark):
			is_whole = out[building] == units[building] if units[building] else inside <= set(dark)
			parts = [around.label(node) for node in tops if tree.under([node]) & inside]
			where = place_names.label(around.building_name(building))
			found.append(where if is_whole or not parts else f"{where} ({listed(parts)})")
	for node in tops:
		below = tree.under([node])
		if below & homeless or not below & known:
			found.append(around.label(node))
	return found


def _areas_of_homes(nodes: Iterable[str], around: power_and_assets.Surroundings) -> list[str]:
	places = [
		place_names.label(around.building_name(around.building_at(node))) or around.label(node)
		for node in sorted(nodes, key=natural)
	]
	return [_("{0} (single homes)").format(place) for place in dict.fromkeys(places)]
