import frappe

from outage_response.outage_response.verb_owned import VerbOwned


class OutageAffectedUnit(VerbOwned):
	pass


def on_doctype_update():
	frappe.db.add_index("Outage Affected Unit", ["incident", "power_node"])
