"""From single calls to the place that failed: the lowest power nodes that explain them, and how sure that is.

Only about one affected household in ten calls, so a branch that is silent says little, and a branch that calls says much.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from . import triage_matching
from .power_topology import PowerTree


@dataclass(frozen=True)
class Location:
	"""A node that explains `calls` calls. `sureness` is a percentage: how many called, and from how many of its branches."""

	node: str
	calls: int
	sureness: int


def locate(tree: PowerTree, calls_at: Mapping[str, int], units_at: Mapping[str, int], threshold: int) -> list[Location]:
	"""The nodes that explain the calls, most calls first.

	calls_at   node -> callers (each unit or number counted once) whose supply hangs on it
	units_at   node -> units that hang on it
	threshold  callers from which on a place is worth a proposal

	Calls from one branch are explained within it. Where at least half of the branches call, the node above them is the
	place. Where few of many call, each branch with enough calls stands for itself.
	"""
	calls = {node: number for node, number in calls_at.items() if number and node in tree.parents}
	below_calls = _sums(tree, calls)
	below_units = _sums(tree, units_at)
	roots = [node for node, parent in tree.parents.items() if not parent and below_calls.get(node)]
	found = [
		place for root in roots for place in _explain(root, tree, calls, below_calls, below_units, max(threshold, 1))
	]
	return sorted(found, key=lambda place: (-place.calls, place.node))


def _sums(tree: PowerTree, at: Mapping[str, int]) -> dict[str, int]:
	"""node -> the sum over itself and everything below it."""
	sums: dict[str, int] = {}
	for node, number in at.items():
		for above in tree.path(node) if node in tree.parents else ():
			sums[above] = sums.get(above, 0) + number
	return sums


def _explain(
	node: str,
	tree: PowerTree,
	calls: Mapping[str, int],
	below_calls: Mapping[str, int],
	below_units: Mapping[str, int],
	threshold: int,
) -> list[Location]:
	branches = [child for child in tree.children.get(node, ()) if below_units.get(child) or below_calls.get(child)]
	calling = [child for child in branches if below_calls.get(child)]
	if len(calling) == 1 and not calls.get(node):
		return _explain(calling[0], tree, calls, below_calls, below_units, threshold)
	here = Location(node, below_calls[node], _sureness(below_calls[node], len(calling), len(branches), threshold))
	if calls.get(node) or 2 * len(calling) >= len(branches):
		return [here]
	parts = [
		place
		for child in calling
		for place in _explain(child, tree, calls, below_calls, below_units, threshold)
		if place.calls >= threshold
	]
	return parts or [here]


def _sureness(calls: int, calling: int, branches: int, threshold: int) -> int:
	heard = min(1.0, calls / (2 * threshold))
	spread = calling / branches if branches else 1.0
	return round(100 * heard * (0.5 + 0.5 * spread))


# How people write where they live, from the fullest to the shortest: 3-2-502 and 3栋2单元502室, B座1203 and 7-1203, flat 12B
# and 1203室, 12B. A number alone is no home.
_BUILDING = r"(?<![0-9a-z-])([a-z]?[0-9]{1,3}|[a-z])\s?(?:-|#|栋|幢|座|号楼|号)\s?"
_ENTRANCE = r"([0-9]{1,2})\s?(?:-|单元|门)\s?"
_DOOR = r"([0-9]{2,4}[a-z]?)(?![0-9a-z-]|\s?[:点月])"
_HOMES = tuple(
	re.compile(pattern)
	for pattern in (
		_BUILDING + _ENTRANCE + _DOOR,
		_BUILDING + _DOOR,
		r"\b(?:flat|unit|apt|apartment|room|rm)[ .#]{1,2}([0-9]{1,4}[a-z]?|[a-z][0-9]{1,4})(?![0-9a-z-])",
		r"(?<![0-9a-z-])([a-z]?[0-9]{2,4}[a-z]?)\s?(?:室|房|户)",
		r"(?<![0-9a-z-])([0-9]{1,3}[a-z]|[a-z][0-9]{2,4})(?![0-9a-z-])",
	)
)


def homes_named(text: str) -> tuple[frozenset[str], ...]:
	"""The homes that a text names: of each the ways in which its number may be kept ("3-2-502", "3栋2单元502"), in small
	letters. Most are none; which of them are homes, the property knows."""
	plain = triage_matching.simplified(text)
	found = []
	for pattern in _HOMES:
		for match in pattern.finditer(plain):
			parts = [part for part in match.groups() if part]
			raw = match.group(0).replace(" ", "")
			found.append(frozenset({"-".join(parts), raw} if len(parts) > 1 else parts))
		plain = pattern.sub(" . ", plain)
	return tuple(dict.fromkeys(found))
