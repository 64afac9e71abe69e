"""Customer minutes of interruption of an incident (invariant 8: no minute twice)."""

from datetime import datetime, timedelta

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import listing
from outage_response.domain.power_topology import Dark, customer_minutes
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
	"""What the outages of that time that were entered first count."""
	mine = (get_datetime(incident.creation), incident.name or "\uffff")
	first_claim = [row for row in _others_of_that_time(incident) if (get_datetime(row.creation), row.name) < mine]
	running = [row for row in first_claim if row.status != IncidentStatus.CLOSED]
	found = [affected_homes.dark_moment(row, row.name) for row in running]
	closed = {row.name for row in first_claim if row.status == IncidentStatus.CLOSED}
	return found + (_closed(incident, around, sorted(closed), since) if closed else [])


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


def _closed(incident: Document, around: Surroundings, names: list[str], since: datetime) -> list[Dark]:
	"""What outages whose file is closed count after `since` (UTC), by their own record of each unit, wherever it hangs today."""
	node_of = {row.unit: row.power_node for row in affected_homes.residents(incident, around)}
	kept = listing.get_all(
		affected_homes.DOCTYPE,
		filters={"incident": ("in", names), "unit": ("in", sorted(node_of))},
		fields=["incident", "unit", "moments"],
		distinct=True,
	)
	return [
		Dark(node_of[row.unit], out_since, back_at, row.unit, row.incident)
		for row in kept
		for out_since, back_at in affected_homes.moments_of(row)
		if back_at > since
	]
