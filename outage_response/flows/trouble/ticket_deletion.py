"""A ticket is deleted (a test, spam, an erasure): nothing of ours holds it back, and nothing points at what is gone.

The call stays, since somebody did report; what only served the ticket goes with it.
"""

import frappe
from frappe.model.document import Document

from outage_response import bulk
from outage_response.integrations import helpdesk, records

CALL_LOGS = ("CRM Call Log", "Call Log")


def on_trash(doc: Document, method: str | None = None) -> None:
	"""Hook on a ticket; Frappe looks for links to it after this."""
	name = str(doc.name)
	frappe.db.delete("Outage Ticket Reply", {"ticket_type": doc.doctype, "ticket": name})
	call = frappe.qb.DocType("Trouble Call")
	its = (call.ticket_type == doc.doctype) & (call.ticket == name)
	bulk.change("Trouble Call", its, {"ticket_type": None, "ticket": None})
	_unlink_call_logs(doc.doctype, name)
	delete_notes(doc.doctype, name)


def _unlink_call_logs(doctype: str, ticket: str) -> None:
	"""Of the logs of callbacks only: what somebody else linked keeps the protection it has."""
	row, ours = frappe.qb.DocType("Dynamic Link"), frappe.qb.DocType("Dynamic Link").as_("ours")
	links = (
		frappe.qb.from_(row)
		.join(ours)
		.on((ours.parent == row.parent) & (ours.parenttype == row.parenttype))
		.select(row.name)
		.where(row.link_doctype == doctype)
		.where(row.link_name == ticket)
		.where(row.parenttype.isin(CALL_LOGS))
		.where(ours.link_doctype == "Outage Callback")
	).run(pluck=True)
	if links:
		frappe.db.delete("Dynamic Link", {"name": ("in", links)})


def delete_notes(doctype: str, ticket: str) -> None:
	"""The app's own words for the staff; a ticket has them in one of two places."""
	places = {"Comment": {"reference_doctype": doctype, "reference_name": ticket}}
	if doctype == helpdesk.DOCTYPE:
		places[helpdesk.COMMENT] = {"reference_ticket": ticket}
	for place, about in places.items():
		frappe.db.delete(place, {**about, "name": ("like", f"{records.ticket_notes_of_app()}%")})
