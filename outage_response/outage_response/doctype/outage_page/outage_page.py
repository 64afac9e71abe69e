import frappe

from outage_response.outage_response.verb_owned import VerbOwned

exclude_from_linked_with = True  # see Care Need


class OutagePage(VerbOwned):
	pass


def on_doctype_update():
	frappe.db.add_index("Outage Page", ["status", "send_after"])
	frappe.db.add_index("Outage Page", ["incident", "digest_minute"])
	frappe.db.add_index("Outage Page", ["phone_key", "creation"])
	frappe.db.add_index("Outage Page", ["property", "creation"])
