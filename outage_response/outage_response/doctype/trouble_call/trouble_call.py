import frappe
from frappe.model.document import Document

from outage_response.flows.verb.guard import refuse_delete

exclude_from_linked_with = True  # see Care Need


class TroubleCall(Document):
	def on_trash(self):
		refuse_delete(self)


def on_doctype_update():
	frappe.db.add_index("Trouble Call", ["property", "said_at"])
	frappe.db.add_unique("Trouble Call", ["ticket_type", "ticket"], constraint_name="one_call_per_ticket")
	frappe.db.add_index("Trouble Call", ["contact", "phone"])
	frappe.db.add_index("Trouble Call", ["danger", "said_at"])
	frappe.db.add_index("Trouble Call", ["elevator", "said_at"])
	frappe.db.add_index("Trouble Call", ["ticket_type", "said_at"])
