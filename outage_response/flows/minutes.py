"""Customer minutes of interruption of an incident (invariant 8: no minute twice)."""

from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response.domain.topology import Dark, customer_minutes

from . import site_time
from .surroundings import Surroundings, affected_units

# what the clock showed may differ from the moment by so much: rows are looked for a little more widely
TURNED = timedelta(days=1)


def count_minutes(incident: Document, around: Surroundings, until: datetime) -> int:
	"""Minutes without supply, summed over the affected units up to `until`, less those that an incident recorded
	earlier already counts. A drill counts nothing (invariant 6).

	Whatever is entered first has the first claim, so that a late entry of an older outage takes no minute a second time
	from one that is closed and reported.
	"""
	site_time.keep_instants(incident)
	own = [_dark(row) for row in incident.affected_nodes if row.out_since]
	if incident.is_drill or not own:
		return 0
	earlier = _earlier(incident, until)
	return customer_minutes(around.tree, affected_units(incident, around), own, earlier, site_time.instant(until))


def _dark(row: Any, incident: str = "") -> Dark:
	"""In UTC: an hour that the clock shows twice is two."""
	out_since, back_at = (site_time.instant_of(row, field) for field in ("out_since", "back_at"))
	return Dark(row.power_node, out_since, back_at, row.unit or "", incident)


def _earlier(incident: Document, until: datetime) -> list[Dark]:
	other, node = frappe.qb.DocType("Outage Incident"), frappe.qb.DocType("Outage Affected Node")
	first = min(get_datetime(row.out_since) for row in incident.affected_nodes if row.out_since) - TURNED
	rows = (
		frappe.qb.from_(other)
		.join(node)
		.on(node.parent == other.name)
		.select(
			other.name,
			other.creation,
			node.power_node,
			node.unit,
			node.out_since,
			node.out_since_utc,
			node.back_at,
			node.back_at_utc,
		)
		.where(other.property == incident.property)
		.where(other.name != (incident.name or ""))
		.where(other.is_drill == 0)
		.where(other.status.notin(("Cancelled", "Scheduled")))
		.where(other.restored_at.isnull() | (other.restored_at >= first))
		.where(node.out_since < until + TURNED)
	).run(as_dict=True)
	mine = (get_datetime(incident.creation), incident.name or "\uffff")
	return [_dark(row, row.name) for row in rows if (get_datetime(row.creation), row.name) < mine]
