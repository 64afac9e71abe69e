"""ERPNext: tickets are Issues, a household is a Customer, a callback is a Call Log."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import frappe
from frappe.model.document import Document
from frappe.utils import now_datetime

from . import (
	BY_PHONE,
	How,
	LoggedCall,
	Ticket,
	as_system,
	call_log_id,
	calls,
	households,
	installed,
	linked_tickets,
	records,
)
from . import switched_on as _switched_on

DOCTYPE = "Issue"
CUSTOMER = "Customer"
CALL_LOG = "Call Log"
# Where residents see what they wrote
PORTAL = "/issues"
# The web form of Issues takes comments of who is logged in
PORTAL_COMMENTS = True
KINDS = ("issue_type",)
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
	"""Is ERPNext here, and switched on?"""
	return _switched_on("use_erpnext", DOCTYPE, CUSTOMER, CALL_LOG)


# ---------------------------------------------------------------- desk


def from_document(doc: Mapping) -> Ticket:
	"""An Issue as every desk's ticket."""
	return records.ticket(DOCTYPE, doc, *KINDS)


def words(doc: Mapping) -> Ticket:
	"""The same without its author and time: what a hook looks at."""
	return records.words(DOCTYPE, doc, *KINDS)


def unread(since: datetime, limit: int, after: Ticket | None = None) -> list[Ticket]:
	"""Issues made since then that no trouble call is linked to, oldest first; `after`: the page behind that one."""
	return [from_document(row) for row in records.unlinked(DOCTYPE, FIELDS, since, limit, after)]


def named(names: Sequence[str]) -> list[Ticket]:
	"""Tickets by their names, in one query; those that are gone are left out."""
	return [from_document(row) for row in records.named(DOCTYPE, FIELDS, names)]


def reply(ticket: str, message: str, name: str) -> str | None:
	"""Answer the one who raised the issue in the property's name, by e-mail where the site sends any; the answer also stands on the
	issue. Answers that mail."""
	issue = frappe.get_doc(DOCTYPE, ticket)
	account = frappe.db.get_value(
		"Email Account",
		{"enable_outgoing": 1, **({"name": issue.email_account} if issue.email_account else {"default_outgoing": 1})},
		"email_id",
	)
	return records.answer(issue, message, name, account)


def note(ticket: str, text: str, key: str) -> None:
	"""A word for the staff on the issue; the resident does not see it, and it reopens nothing. The same `key` writes it
	once."""
	name = records.note_name(key, ticket)
	if frappe.db.exists("Comment", name):
		return
	doc = frappe.new_doc("Comment")
	doc.update(
		{
			"comment_type": "Comment",
			"comment_email": frappe.session.user,
			"comment_by": frappe.utils.get_fullname(frappe.session.user),
			"reference_doctype": DOCTYPE,
			"reference_name": ticket,
			"content": frappe.utils.escape_html(text),
		}
	)
	doc.insert(ignore_permissions=True, set_name=name)


def show(tickets: Sequence[str], values: Mapping[str, object]) -> None:
	"""Write the outage's state on issues; forms on which one is open read it anew."""
	records.write_fields(DOCTYPE, tickets, values)
	tell_pages(tickets)


def tell_pages(tickets: Sequence[str]) -> None:
	"""Forms on which one of the issues is open read it anew, after the commit, as if it had been saved."""
	for name in tickets:
		message = {"doctype": DOCTYPE, "name": name, "modified": str(now_datetime())}
		frappe.publish_realtime("doc_update", message, doctype=DOCTYPE, docname=name, after_commit=True)


def is_open(ticket: str) -> bool:
	"""Is the issue still to be dealt with?"""
	return frappe.db.get_value(DOCTYPE, ticket, "status") in ("Open", "Replied", "On Hold")


def resolve(ticket: str) -> None:
	"""The resident was reached: the issue is resolved."""
	with as_system():
		issue = frappe.get_doc(DOCTYPE, ticket)
		issue.status = "Resolved"
		issue.save(ignore_permissions=True)


def commits_when_resolved() -> bool:
	"""Resolving an issue stays within the transaction."""
	return False


# ---------------------------------------------------------------- customers


def household(unit: str) -> str | None:
	"""The Customer of a unit's household; made when there is none that is theirs alone."""
	return households.find_or_make(CUSTOMER, DOCTYPE, unit, _new_customer)


def _new_customer(name: str) -> Document:
	doc = frappe.new_doc(CUSTOMER)
	doc.update({"customer_name": name, "customer_type": "Individual"})
	if installed("Selling Settings"):
		for field in ("customer_group", "territory"):
			value = frappe.db.get_single_value("Selling Settings", field)
			if value and not frappe.db.get_value(doc.meta.get_field(field).options, value, "is_group"):
				doc.set(field, value)
	return doc


# ---------------------------------------------------------------- call log


def log_call(
	callback: Document, outcome: str, note: str, at: datetime, attempt: int, how: How = BY_PHONE
) -> tuple[str, str]:
	"""Record the `attempt`-th attempt as a Call Log; (doctype, name). Its id follows from the attempt, so that a repeat
	finds its record. The contact and the tickets show it on their timelines."""
	name = call_log_id(callback.name, attempt)
	if frappe.db.exists(CALL_LOG, name):
		return CALL_LOG, name
	record = calls.new(CALL_LOG, callback, outcome, at, attempt, how)
	record.employee_user_id = None if how.by_resident else frappe.session.user
	_about(record, callback, outcome, note)
	record.insert(ignore_permissions=True)
	if not how.by_resident:
		calls.open_to_caller(record)
	return CALL_LOG, record.name


def recent_calls(since: datetime) -> list[LoggedCall]:
	"""Calls that telephony has logged since then."""
	return calls.recent(CALL_LOG, since)


def take_call(name: str, callback: Document, outcome: str, note: str, attempt: int) -> tuple[str, str]:
	"""The call that telephony logged is this attempt: its outcome is added, nothing of the call is changed. Every employee reads such
	a call, so what was said stays with the callback."""
	record = frappe.get_doc(CALL_LOG, name)
	_about(record, callback, outcome)
	record.save(ignore_permissions=True)
	return CALL_LOG, record.name


def _about(record: Document, callback: Document, outcome: str, note: str = "") -> None:
	said = "\n".join(one for one in [calls.title(callback, outcome), note] if one)
	record.summary = "\n".join(one for one in [record.summary, said] if one)
	record.customer = record.customer or _customer_of(callback)
	calls.add_links(
		record,
		[
			("Contact", callback.contact),
			("Outage Callback", callback.name),
			*(link for link in linked_tickets(callback) if link[0] == DOCTYPE),
		],
	)


def erase_note(name: str, note: str) -> None:
	"""Take what was said in a callback out of a call that telephony logged: earlier versions wrote it there."""
	if name and installed(CALL_LOG) and (summary := frappe.db.get_value(CALL_LOG, name, "summary")):
		left = "\n".join(line for line in summary.replace(note, "").splitlines() if line.strip())
		frappe.db.set_value(CALL_LOG, name, "summary", left)


def _customer_of(callback: Document) -> str | None:
	"""The household of the unit that the call is about, else whose customer the contact is."""
	for row in callback.units:
		if name := households.of_unit(CUSTOMER, row.unit):
			return name
	return callback.contact and frappe.db.get_value(
		"Dynamic Link",
		{"parenttype": "Contact", "parent": callback.contact, "link_doctype": CUSTOMER},
		"link_name",
		order_by="idx asc",
	)
