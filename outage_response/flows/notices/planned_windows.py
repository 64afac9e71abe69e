"""Planned work of one day that makes the same homes dark: one notice names all of its times."""

from collections import defaultdict
from datetime import timedelta

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response.domain.states import IncidentStatus


def windows_of_the_day(incident: Document) -> list[Document]:
	"""Planned work that has not begun and makes the same nodes dark on the same day, by its start; the incident is among it as
	long as it is itself still planned."""
	if not incident.planned_start:
		return []
	table, node = frappe.qb.DocType("Outage Incident"), frappe.qb.DocType("Outage Affected Node")
	day = get_datetime(incident.planned_start).replace(hour=0, minute=0, second=0, microsecond=0)
	rows = (
		frappe.qb.from_(table)
		.join(node)
		.on(node.parent == table.name)
		.select(table.name, table.planned_start, table.planned_end, table.announced_with, node.power_node)
		.where(table.property == incident.property)
		.where(table.status == IncidentStatus.SCHEDULED)
		.where(table.is_drill == int(incident.is_drill or 0))
		.where(table.planned_start >= day)
		.where(table.planned_start < day + timedelta(days=1))
		.orderby(table.planned_start)
		.orderby(table.creation)
	).run(as_dict=True)
	places = defaultdict(set)
	for row in rows:
		places[row.name].add(row.power_node)
	own = {row.power_node for row in incident.affected_nodes}
	return list({row.name: row for row in rows if places[row.name] == own}.values())
