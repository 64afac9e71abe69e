"""The power tree: what is dark when a node is, who is reached by it, and for how many minutes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from .errors import RuleError, _

Interval = tuple[datetime, datetime]


class PowerTree:
	"""The nodes of one property. `parents` maps each node to its parent (None or "" for a root)."""

	def __init__(self, parents: Mapping[str, str | None]):
		self.parents = dict(parents)
		self.children: dict[str, list[str]] = {}
		for node, parent in self.parents.items():
			if parent:
				self.children.setdefault(parent, []).append(node)

	def path(self, node: str) -> list[str]:
		"""The node and its ancestors, nearest first. Raises RuleError on a loop."""
		path: list[str] = []
		current: str | None = node
		while current:
			if current in path:
				raise RuleError(_("Parent Power Node: {node} would feed itself. Choose another parent."), node=current)
			path.append(current)
			current = self.parents.get(current)
		return path

	def under(self, roots: Iterable[str]) -> set[str]:
		"""The roots and everything below them."""
		found: set[str] = set()
		waiting = list(roots)
		while waiting:
			node = waiting.pop()
			if node not in found:
				found.add(node)
				waiting.extend(self.children.get(node, ()))
		return found

	def ends(self, node: str) -> set[str]:
		"""The nodes below `node` (or itself) that feed no other node."""
		return {below for below in self.under([node]) if below not in self.children}


@dataclass(frozen=True)
class Dark:
	"""A node without supply from `out_since` to `back_at` (None: still). With `unit`, that one unit of the node only.

	`incident` keeps rows apart where several incidents are looked at together: a return recorded in one of them says
	nothing about the outage that another one records.
	"""

	node: str
	out_since: datetime
	back_at: datetime | None = None
	unit: str = ""
	incident: str = ""

	def ended_for_part(self, nearer: "Dark") -> bool:
		"""Did the part of this area that `nearer` is about get its supply back, by `nearer`, after the area went dark?

		A part that went and came back in the same minute as the area went has been back; one that came back in that
		minute from an earlier outage has not.
		"""
		return (
			nearer.back_at is not None
			and nearer.incident == self.incident
			and (nearer.back_at > self.out_since or nearer.out_since == self.out_since)
		)


def intervals(path: Sequence[str], unit: str, rows: Iterable[Dark], until: datetime) -> list[Interval]:
	"""When a unit was without supply, as disjoint sorted intervals up to `until`.

	`path` is the unit's own node and its ancestors, nearest first. The nearest row decides: a floor that came back
	before the rest of the tower stops counting then.
	"""
	depth = {node: index for index, node in enumerate(path)}
	own = [
		(-1 if row.unit else depth[row.node], row)
		for row in rows
		if (row.unit == unit if row.unit else row.node in depth)
	]
	found = []
	for level, row in own:
		ends = [until]
		if row.back_at:
			ends.append(row.back_at)
		ends += [
			nearer.back_at
			for nearer_level, nearer in own
			if nearer.back_at and nearer_level < level and row.ended_for_part(nearer)
		]
		if min(ends) > row.out_since:
			found.append((row.out_since, min(ends)))
	return union(found)


def is_out(path: Sequence[str], unit: str, rows: Iterable[Dark]) -> bool:
	"""Is a unit (or, with `unit` empty, a node) without supply now? `path` as for `intervals`."""
	found = intervals(path, unit, rows, datetime.max)
	return bool(found) and found[-1][1] == datetime.max


def units_out(tree: PowerTree, units_at_node: Mapping[str, int], rows: Sequence[Dark]) -> int:
	"""How many units have no supply now. A unit with a row of its own is judged by it, not with its node."""
	singled_out = {row.unit: row.node for row in rows if row.unit}
	total = sum(1 for unit, node in singled_out.items() if is_out(tree.path(node), unit, rows))
	for node in tree.under(row.node for row in rows if not row.unit):
		if units_at_node.get(node) and is_out(tree.path(node), "", rows):
			total += units_at_node[node] - sum(1 for its_node in singled_out.values() if its_node == node)
	return total


def gone_again(tree: PowerTree, rows: Sequence[Dark]) -> dict[str, datetime]:
	"""Nodes where supply went another time after it, or supply to a part of the same area, had been back -> when it last did."""
	found: dict[str, datetime] = {}
	returned = [(row, row.back_at) for row in rows if row.back_at]
	first = min((back_at for _row, back_at in returned), default=datetime.max)
	for row in (row for row in rows if row.out_since >= first):
		for earlier, back_at in returned:
			if back_at > row.out_since or earlier.out_since >= row.out_since:
				continue
			if row.unit and earlier.unit and row.unit != earlier.unit:
				continue
			for area, part in ((row.node, earlier.node), (earlier.node, row.node)):
				if area in tree.path(part):
					found[part] = max(row.out_since, found.get(part, row.out_since))
	return found


def union(found: Iterable[Interval]) -> list[Interval]:
	"""Disjoint sorted intervals that cover the same time."""
	merged: list[Interval] = []
	for start, end in sorted(found):
		if merged and start <= merged[-1][1]:
			merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
		else:
			merged.append((start, end))
	return merged


def _minutes(found: Iterable[Interval]) -> float:
	return sum((end - start).total_seconds() for start, end in found) / 60


def customer_minutes(
	tree: PowerTree,
	units_at_node: Mapping[str, Collection[str] | int],
	own: Sequence[Dark],
	earlier: Sequence[Dark],
	until: datetime,
) -> int:
	"""CMI of one incident: each unit's minutes until its own node is back (IEEE 1366), whole minutes.

	units_at_node  node -> its units, or just how many
	earlier        rows of the incidents that have the first claim on a minute, each row with its `incident`; what they count
	               is not counted again
	"""
	named = {row.unit: row.node for row in (*own, *earlier) if row.unit}
	at_node: dict[str, list[str]] = {}
	for unit, its_node in named.items():
		at_node.setdefault(its_node, []).append(unit)
	about: dict[str, list[Dark]] = {}
	for row in earlier:
		about.setdefault(row.unit, []).append(row)
	total = 0.0
	for node, units in units_at_node.items():
		path = tree.path(node)
		singled_out = at_node.get(node, [])
		count = units if isinstance(units, int) else len(units)
		for unit, weight in ((("", count - len(singled_out))), *((unit, 1) for unit in singled_out)):
			before = intervals(path, unit, [*about.get("", ()), *(about.get(unit, ()) if unit else ())], until)
			with_own = union([*before, *intervals(path, unit, own, until)])
			total += weight * (_minutes(with_own) - _minutes(before))
	return round(total)


def split_for_return(tree: PowerTree, rows: Sequence[Dark], nodes: Sequence[str] | None, at: datetime) -> list[Dark]:
	"""The rows after supply came back to `nodes` (None: to everything that is out) at `at`.

	A node inside an affected area gets a row of its own; an area whose every end is back is back itself.
	Raises RuleError for a node that is not out, or a time before it went.
	"""
	out = [row for row in rows if row.back_at is None]
	if not out:
		raise RuleError(_("Nodes: supply is already back everywhere in this incident."))
	if nodes is None:
		return [_with_supply(row, at) for row in rows]
	returned = tree.under(nodes)
	result = [_with_supply(row, at) if row.node in returned else row for row in rows]
	for node in dict.fromkeys(nodes):
		around = [row for row in out if row.node in tree.path(node) and not row.unit]
		dark = _still_dark(tree, node, around, rows)
		if not dark:
			_require_out(tree, node, out, has_supply_again=bool(around))
		elif returned.isdisjoint(row.node for row in dark):
			nearest = dark[0]
			result.append(replace(nearest, node=node, back_at=_back(nearest, at)))
	return _close_areas(tree, result)


def _with_supply(row: Dark, at: datetime) -> Dark:
	return row if row.back_at else replace(row, back_at=_back(row, at))


def _still_dark(tree: PowerTree, node: str, around: Sequence[Dark], rows: Sequence[Dark]) -> list[Dark]:
	"""Of the areas around a node those that it is still out with, the nearest first."""
	path = tree.path(node)
	dark = [row for row in around if not any(row.ended_for_part(one) for one in _areas_within(path, row, rows))]
	return sorted(dark, key=lambda row: path.index(row.node))


def _require_out(tree: PowerTree, node: str, out: Sequence[Dark], *, has_supply_again: bool) -> None:
	if any(row.node in tree.under([node]) for row in out):
		return
	if has_supply_again:
		raise RuleError(_("Nodes: {node} already has supply again."), node=node)
	raise RuleError(
		_("Nodes: {node} is not without supply in this incident. Choose one of its affected nodes."), node=node
	)


def _back(row: Dark, at: datetime) -> datetime:
	if at < row.out_since:
		raise RuleError(
			_("Occurred At: supply cannot be back at {node} at {back}, before it went at {out}. Correct the time."),
			node=row.node,
			back=at.strftime("%Y-%m-%d %H:%M"),
			out=row.out_since.strftime("%Y-%m-%d %H:%M"),
		)
	return at


def _areas_within(path: Sequence[str], area: Dark, rows: Iterable[Dark]) -> list[Dark]:
	"""The rows about a part of `area` that lies on `path` (a node and its ancestors)."""
	inner = path[: path.index(area.node)]
	return [row for row in rows if row.node in inner and not row.unit]


def _close_areas(tree: PowerTree, rows: Sequence[Dark]) -> list[Dark]:
	"""An area is back when supply has come back to every end of it."""
	result = []
	for row in rows:
		if row.back_at is None and not row.unit:
			returns = [_back_at_end(tree.path(end), row, rows) for end in tree.ends(row.node)]
			known = [moment for moment in returns if moment]
			if len(known) == len(returns):
				row = replace(row, back_at=max(known))
		result.append(row)
	return result


def _back_at_end(path: Sequence[str], area: Dark, rows: Sequence[Dark]) -> datetime | None:
	"""When supply last came back to one end of `area`; None while it, or a part of the area around it, is out."""
	inner = _areas_within(path, area, rows)
	for row in (area, *inner):
		if row.back_at is None and not any(row.ended_for_part(one) for one in _areas_within(path, row, inner)):
			return None
	return max(row.back_at for row in inner if row.back_at)
