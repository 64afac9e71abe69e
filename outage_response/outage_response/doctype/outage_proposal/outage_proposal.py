import frappe

from outage_response.outage_response.verb_owned import VerbOwned


class OutageProposal(VerbOwned):
	pass


def on_doctype_update():
	frappe.db.add_index("Outage Proposal", ["property", "status"])
