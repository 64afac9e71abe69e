import frappe

from outage_response.outage_response.verb_owned import VerbOwned

exclude_from_linked_with = True  # see Care Need


class OutageTask(VerbOwned):
	pass


def on_doctype_update():
	frappe.db.add_index("Outage Task", ["incident", "status"])
	frappe.db.add_index("Outage Task", ["department", "status", "due_at"])
	frappe.db.add_index("Outage Task", ["subject_type", "subject(100)"])
	frappe.db.add_index("Outage Task", ["property", "status"])
	frappe.db.add_index("Outage Task", ["completed_by", "evidence_pending"])
	frappe.db.add_index("Outage Task", ["completes_with", "status"])
