"""Customer minutes of interruption of an incident (invariant 8: no minute twice)."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import listing
from outage_response.domain.power_topology import Dark, Interval, customer_minutes, intervals
from outage_response.domain.states import IncidentStatus

from . import affected_homes, site_time
from .power_and_assets import Surroundings

# what the clock showed may differ from the moment by so much: rows are looked for a little more widely
TURNED = timedelta(days=1)


def count_minutes(incident: Document, around: Surroundings) -> int:
	"""Minutes without supply, summed over the affected units up to now, less those that an incident recorded
	earlier already counts. A drill counts nothing (invariant 6).

	What is back is not cut short where the clock has been put back since.

	Whatever is entered first has the first claim, so that a late entry of an older outage takes no minute a second time
	from one that is closed and reported.
	"""
	own = affected_homes.dark_moments(incident)
	if incident.is_drill or not own:
		return 0
	returned = [row.back_at for row in own if row.back_at]
	until = max(returned if len(returned) == len(own) else [*returned, site_time.utc_now()])
	earlier = _earlier(incident, around, min(row.out_since for row in own))
	return customer_minutes(around.tree, affected_homes.units_at_node(incident, around), own, earlier, until)


def _earlier(incident: Document, around: Surroundings, since: datetime) -> list[Dark]:
	"""What the outages of that time that were entered first count after `since` (UTC), home by home.

	Each counts the homes on its own record, with the node that they hung on then: a home that was entered while it ran, or has
	been moved since, is not among them because of where it hangs today.
	"""
	mine = (get_datetime(incident.creation), incident.name or "\uffff")
	rows_of: dict[str, list[frappe._dict]] = defaultdict(list)
	for row in _others_of_that_time(incident):
		if (get_datetime(row.creation), row.name) < mine:
			rows_of[row.name].append(row)
	if not rows_of:
		return []
	node_of = {row.unit: row.power_node for row in affected_homes.residents(incident, around)}
	kept = listing.get_all(
		affected_homes.DOCTYPE,
		filters={"incident": ("in", sorted(rows_of)), "unit": ("in", sorted(node_of))},
		fields=["incident", "unit", "power_node", "moments"],
		distinct=True,
	)
	counted = _counted(rows_of, around)
	return [
		Dark(node_of[row.unit], out_since, None if back_at == datetime.max else back_at, row.unit, row.incident)
		for row in kept
		for out_since, back_at in counted(row)
		if back_at > since
	]


def _counted(
	rows_of: Mapping[str, Sequence[frappe._dict]], around: Surroundings
) -> Callable[[frappe._dict], list[Interval]]:
	"""When a home of another outage's record was dark in it: as written once its file is closed, until then as its rows say. Homes
	that hang on one node were dark alike, unless a row is about one of them alone."""
	dark = {
		name: [affected_homes.dark_moment(row, name) for row in rows]
		for name, rows in rows_of.items()
		if rows[0].status != IncidentStatus.CLOSED
	}
	alone = {row.unit for rows in dark.values() for row in rows if row.unit}

	@cache
	def by_rows(name: str, node: str, unit: str) -> list[Interval]:
		return intervals(around.tree.path(node), unit, dark[name], datetime.max)

	def of(home: frappe._dict) -> list[Interval]:
		if home.incident not in dark:
			return affected_homes.moments_of(home)
		return by_rows(home.incident, home.power_node, home.unit if home.unit in alone else "")

	return of


def _others_of_that_time(incident: Document) -> list[frappe._dict]:
	"""What other outages of the property made dark while this one ran: a row for each node or unit."""
	other, node = frappe.qb.DocType("Outage Incident"), frappe.qb.DocType("Outage Affected Node")
	dark = [row for row in incident.affected_nodes if row.out_since]
	first = min(get_datetime(row.out_since) for row in dark) - TURNED
	last = max(get_datetime(row.back_at) if row.back_at else now_datetime() for row in dark) + TURNED
	return list(
		frappe.qb.from_(other)
		.join(node)
		.on(node.parent == other.name)
		.select(
			other.name,
			other.creation,
			other.status,
			node.power_node,
			node.unit,
			node.out_since,
			node.out_since_utc,
			node.back_at,
			node.back_at_utc,
		)
		.where(listing.by_range(other.property, [incident.property]))
		.where(other.name != (incident.name or ""))
		.where(other.is_drill == 0)
		.where(other.status.notin((IncidentStatus.CANCELLED, IncidentStatus.SCHEDULED)))
		.where(other.restored_at.isnull() | (other.restored_at >= first))
		.where(node.out_since < last)
		.run(as_dict=True)
	)
