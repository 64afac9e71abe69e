import frappe

from outage_response.outage_response.verb_owned import VerbOwned

exclude_from_linked_with = True  # see Care Need


class NoticeDelivery(VerbOwned):
	pass


def on_doctype_update():
	frappe.db.add_index("Notice Delivery", ["state", "channel"])
	frappe.db.add_index("Notice Delivery", ["incident", "contact"])
	frappe.db.add_index("Notice Delivery", ["phone_list", "priority", "creation"])
