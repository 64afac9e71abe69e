import frappe

from outage_response.outage_response.verb_owned import VerbOwned

exclude_from_linked_with = True  # see Care Need


class OutageTicketReply(VerbOwned):
	pass


def on_doctype_update():
	frappe.db.add_index("Outage Ticket Reply", ["status", "tries"])
