import frappe

from outage_response.outage_response.verb_owned import VerbOwned

exclude_from_linked_with = True  # see Care Need


class OutageAffectedUnit(VerbOwned):
	pass


def on_doctype_update():
	frappe.db.add_index("Outage Affected Unit", ["incident", "power_node"])
