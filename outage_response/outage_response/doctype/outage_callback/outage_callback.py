import frappe

from outage_response.outage_response.verb_owned import VerbOwned

exclude_from_linked_with = True  # see Care Need


class OutageCallback(VerbOwned):
	pass


def on_doctype_update():
	frappe.db.add_unique("Outage Callback", ["incident", "contact"], constraint_name="one_callback_per_contact")
	frappe.db.add_unique("Outage Callback", ["incident", "caller"], constraint_name="one_callback_per_caller")
	frappe.db.add_index("Outage Callback", ["status", "next_attempt_at"])
	frappe.db.add_index("Outage Callback", ["contact", "phone"])
