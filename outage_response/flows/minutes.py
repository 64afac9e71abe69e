"""Customer minutes of interruption of an incident (invariant 8: no minute twice)."""

from datetime import datetime

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response.domain.topology import Dark, customer_minutes

from .surroundings import Surroundings, affected_units, dark_rows


def count_minutes(incident: Document, around: Surroundings, until: datetime) -> int:
	"""Minutes without supply, summed over the affected units up to `until`, less those that an incident recorded
	earlier already counts. A drill counts nothing (invariant 6).

	Whatever is entered first has the first claim, so that a late entry of an older outage takes no minute a second time
	from one that is closed and reported.
	"""
	own = dark_rows(incident)
	if incident.is_drill or not own:
		return 0
	return customer_minutes(around.tree, affected_units(incident, around), own, _earlier(incident, own, until), until)


def _earlier(incident: Document, own: list[Dark], until: datetime) -> list[Dark]:
	other, node = frappe.qb.DocType("Outage Incident"), frappe.qb.DocType("Outage Affected Node")
	first = min(row.out_since for row in own)
	rows = (
		frappe.qb.from_(other)
		.join(node)
		.on(node.parent == other.name)
		.select(other.name, other.creation, node.power_node, node.unit, node.out_since, node.back_at)
		.where(other.property == incident.property)
		.where(other.name != (incident.name or ""))
		.where(other.is_drill == 0)
		.where(other.status.notin(("Cancelled", "Scheduled")))
		.where(other.restored_at.isnull() | (other.restored_at >= first))
		.where(node.out_since < until)
	).run(as_dict=True)
	mine = (get_datetime(incident.creation), incident.name or "\uffff")
	return [
		Dark(row.power_node, row.out_since, row.back_at, row.unit or "", row.name)
		for row in rows
		if (get_datetime(row.creation), row.name) < mine
	]
