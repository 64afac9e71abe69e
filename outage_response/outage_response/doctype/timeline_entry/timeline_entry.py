import frappe

from outage_response.outage_response.verb_owned import VerbOwned

exclude_from_linked_with = True  # see Care Need


class TimelineEntry(VerbOwned):
	pass


def on_doctype_update():
	frappe.db.add_index("Timeline Entry", ["incident", "occurred_at"])
	frappe.db.add_index("Timeline Entry", ["task", "kind"])
