"""Frappe Helpdesk: tickets are HD Tickets, a household is an HD Customer."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import frappe
from frappe.model.document import Document

from . import Ticket, as_system, households, installed, records, switched_on

DOCTYPE = "HD Ticket"
CUSTOMER = "HD Customer"
COMMENT = "HD Ticket Comment"
# What is written in the portal is a Communication
PORTAL_COMMENTS = False
KINDS = ("ticket_type", "template")
FIELDS = (
	"name",
	"subject",
	"description",
	*KINDS,
	"contact",
	"customer",
	"raised_by",
	"opening_date",
	"opening_time",
	"creation",
)


def is_on() -> bool:
	"""Is Frappe Helpdesk here, and switched on?"""
	return switched_on("use_helpdesk", DOCTYPE, CUSTOMER, COMMENT)


# ---------------------------------------------------------------- desk


def from_document(doc: Mapping) -> Ticket:
	"""An HD Ticket as every desk's ticket."""
	return records.ticket(DOCTYPE, doc, *KINDS)


def words(doc: Mapping) -> Ticket:
	"""The same without its author and time: what a hook looks at."""
	return records.words(DOCTYPE, doc, *KINDS)


def unread(since: datetime, limit: int, after: Ticket | None = None) -> list[Ticket]:
	"""Tickets made since then that no trouble call is linked to, oldest first; `after`: the page behind that ticket."""
	return [from_document(row) for row in records.unlinked(DOCTYPE, FIELDS, since, limit, after)]


def reply(ticket: str, message: str) -> str | None:
	"""Answer the author: it stands in the portal, and goes out by e-mail where the helpdesk sends any. Answers that mail."""
	doc = frappe.get_doc(DOCTYPE, ticket)
	return records.answer(doc, message, _sender(doc))


def _sender(doc: Document) -> str | None:
	"""The address that the helpdesk would answer this ticket from."""
	if not hasattr(doc, "sender_email") or doc.skip_email_workflow():
		return None
	account = doc.sender_email()
	return account.email_id if account else None


def note(ticket: str, text: str, key: str) -> None:
	"""A word for the agents on the ticket; the resident does not see it. The same `key` writes it once."""
	name = records.note_name(key, ticket)
	if frappe.db.exists(COMMENT, name):
		return
	doc = frappe.new_doc(COMMENT)
	doc.update(
		{
			"reference_ticket": ticket,
			"content": frappe.utils.escape_html(text),
			"commented_by": frappe.session.user,
		}
	)
	doc.insert(ignore_permissions=True, set_name=name)


def show(tickets: Sequence[str], values: Mapping[str, object]) -> None:
	"""Write the outage's state on tickets."""
	records.write_fields(DOCTYPE, tickets, values)


def is_open(ticket: str) -> bool:
	"""Is the ticket still to be dealt with?"""
	return frappe.db.get_value(DOCTYPE, ticket, "status") in ("Open", "Replied")


def resolve(ticket: str) -> None:
	"""The resident was reached: the ticket is resolved."""
	with as_system():
		doc = frappe.get_doc(DOCTYPE, ticket)
		doc.status = "Resolved"
		doc.save(ignore_permissions=True)


def commits_when_resolved() -> bool:
	"""Does resolving a ticket end the transaction? Where Helpdesk mails a question for feedback at this status, it sends at
	once, and Frappe's queue commits for that."""
	fields = ("enable_email_ticket_feedback", "send_email_feedback_on_status")
	if not installed("HD Settings") or not all(frappe.get_meta("HD Settings").has_field(field) for field in fields):
		return False
	enabled, status = (frappe.db.get_single_value("HD Settings", field) for field in fields)
	return bool(enabled) and status == "Resolved"


# ---------------------------------------------------------------- customers


def household(unit: str) -> str | None:
	"""The HD Customer of a unit's household; made when there is none that is theirs alone."""
	return households.find_or_make(CUSTOMER, DOCTYPE, unit, _new_customer, {"domain": (None, "")})


def _new_customer(name: str) -> Document:
	doc = frappe.new_doc(CUSTOMER)
	doc.customer_name = name
	return doc
