"""Frappe Helpdesk: tickets are HD Tickets, a household is an HD Customer."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response import listing

from . import Ticket, as_system, households, installed, records, switched_on

DOCTYPE = "HD Ticket"
CUSTOMER = "HD Customer"
COMMENT = "HD Ticket Comment"
# Since 1.15 a company names its own states; the rules go by their category
STATUS = "HD Ticket Status"
STILL_OPEN, RESOLVED = ("Open", "Paused"), "Resolved"
CLOSED = "Closed"
# Where residents see what they wrote
PORTAL = "/helpdesk/my-tickets"
PORTAL_ROLE = "HD Customer"
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


def named(names: Sequence[str]) -> list[Ticket]:
	"""Tickets by their names, in one query; those that are gone are left out."""
	return [from_document(row) for row in records.named(DOCTYPE, FIELDS, names)]


def reply(ticket: str, message: str, name: str) -> str | None:
	"""Answer the author in the property's name: it stands in the portal, and goes out by e-mail where the helpdesk sends any. Answers
	that mail."""
	doc = frappe.get_doc(DOCTYPE, ticket)
	return records.answer(doc, message, name, _sender(doc))


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
	"""Write the outage's state on tickets; pages on which one is open read it anew."""
	records.write_fields(DOCTYPE, tickets, values)
	tell_pages(tickets)


def tell_pages(tickets: Sequence[str]) -> None:
	"""Pages on which one of the tickets is open read it anew, after the commit: Helpdesk says so itself when a ticket is saved."""
	for name in listing.get_all(DOCTYPE, {"name": ("in", list(tickets))}, pluck="name"):
		doc = frappe.new_doc(DOCTYPE)
		doc.name = name
		if hasattr(doc, "publish_update"):
			doc.publish_update()


def is_open(ticket: str) -> bool:
	"""Is the ticket still to be dealt with?"""
	status = frappe.db.get_value(DOCTYPE, ticket, "status")
	if _has_own_states():
		return frappe.db.get_value(STATUS, status, "category") in STILL_OPEN
	return status in ("Open", "Replied")


def resolve(ticket: str) -> None:
	"""The resident was reached: the ticket is resolved. Raises ValidationError where no state says so."""
	with as_system():
		doc = frappe.get_doc(DOCTYPE, ticket)
		doc.status = _resolved()
		if doc.meta.has_field("status_category"):
			doc.status_category = RESOLVED  # Helpdesk keeps the one that is there
		doc.save(ignore_permissions=True)


def _has_own_states() -> bool:
	return installed(STATUS) and frappe.get_meta(STATUS).has_field("category")


def _resolved() -> str:
	"""The state of a ticket that is resolved: the one of Helpdesk's own name, else the company's first of that category."""
	if not _has_own_states():
		return RESOLVED
	table = frappe.qb.DocType(STATUS)
	names = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.category == RESOLVED)
		.where(table.enabled == 1)
		.orderby(table.order, table.name)
	).run(pluck=True)
	names.sort(key=lambda name: (name != RESOLVED, name == CLOSED))
	if not names:
		frappe.throw(_("Helpdesk has no state for resolved tickets. Enter one of the category Resolved, or enable it."))
	return names[0]


def let_in(people: Sequence[str]) -> list[str]:
	"""Give the logins of these contacts the role for Helpdesk's portal, where there is one (since 1.28): without it a resident gets 403
	everywhere there. Members of a customer get it from Helpdesk; a household becomes one only when it writes. Answers whom it was given to.
	"""
	if not is_on() or not frappe.db.exists("Role", PORTAL_ROLE):
		return []
	contact, user, role = frappe.qb.DocType("Contact"), frappe.qb.DocType("User"), frappe.qb.DocType("Has Role")
	has_it = (role.parent == user.name) & (role.parenttype == "User") & (role.role == PORTAL_ROLE)
	logins = (
		frappe.qb.from_(contact)
		.join(user)
		.on(user.name == contact.user)
		.left_join(role)
		.on(has_it)
		.select(user.name)
		.distinct()
		.where(contact.name.isin(list(people)))
		.where((user.enabled == 1) & (user.user_type == "Website User") & role.name.isnull())
		.orderby(user.name)
	).run(pluck=True)
	for login in logins:
		frappe.get_doc("User", login).add_roles(PORTAL_ROLE)
	return logins


def commits_when_resolved() -> bool:
	"""Does resolving a ticket end the transaction? Where Helpdesk mails a question for feedback at this status, it sends at
	once, and Frappe's queue commits for that."""
	fields = ("enable_email_ticket_feedback", "send_email_feedback_on_status")
	if not installed("HD Settings") or not all(frappe.get_meta("HD Settings").has_field(field) for field in fields):
		return False
	enabled, status = (frappe.db.get_single_value("HD Settings", field) for field in fields)
	if not enabled:
		return False
	resolved = _resolved()
	return (status or CLOSED) == resolved


# ---------------------------------------------------------------- customers


def household(unit: str) -> str | None:
	"""The HD Customer of a unit's household; made when there is none that is theirs alone."""
	return households.find_or_make(CUSTOMER, DOCTYPE, unit, _new_customer, {"domain": (None, "")})


def _new_customer(name: str) -> Document:
	doc = frappe.new_doc(CUSTOMER)
	doc.customer_name = name
	return doc
