"""Who was dark stands with each outage from now on: for those of the past by what is on record today."""

import frappe
from frappe.utils import now_datetime

from outage_response.flows.facts import affected_homes, power_and_assets


def execute() -> None:
	known = set(frappe.get_all(affected_homes.DOCTYPE, pluck="incident", distinct=True))
	names = frappe.get_all("Outage Incident", filters={"status": ("!=", "Cancelled")}, pluck="name", order_by="name")
	for name in names:
		if name not in known:
			_keep(name)


def _keep(name: str) -> None:
	incident = frappe.get_doc("Outage Incident", name)
	if not affected_homes.is_kept(incident):
		return
	around = power_and_assets.read(incident.property)
	affected_homes.keep(incident, around, now_datetime())
	if incident.restored_at:
		affected_homes.write_times(incident, around)
	affected_homes.count(incident, around)
	for row in incident.affected_nodes:
		frappe.db.set_value(row.doctype, row.name, "units", row.units, update_modified=False)
