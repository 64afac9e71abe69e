"""What desks have in common: finding tickets, writing on them, answering their authors."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from email.utils import formataddr, parseaddr

import frappe
from frappe.utils import get_datetime, get_time, getdate
from pypika.functions import Concat, Substring
from pypika.terms import Field, Function

from outage_response import bulk, listing
from outage_response.domain.answer_without_quotes import LONGEST_HTML

from . import Ticket, messages

# Fields of other apps or of the property's own in which a ticket may hold its author's number
PHONE_FIELDS = ("phone", "mobile_no", "raised_by_phone", "contact_phone", "contact_mobile")


# Where one of these begins or ends, a line ends
_BLOCK = re.compile(
	r"<(?:br|/?(?:p|div|li|[uod]l|d[td]|table|t[rdh]|h[1-6]|hr|pre|blockquote|section|article|header|footer))\b",
	re.IGNORECASE,
)
# What is not shown, and where it ends
_HIDDEN = re.compile(r"<!--|<(style|script|head)\b", re.IGNORECASE)
_ENDS = {
	kind: re.compile(rf"</{kind}\s{{0,9}}>" if kind else "-->", re.IGNORECASE)
	for kind in ("", "style", "script", "head")
}
# A tag ends where the next one begins: none is looked at twice, whatever somebody writes
_TAG = re.compile(r"</?[a-z!][^<>]*>", re.IGNORECASE)


def clear(description: str | None) -> str:
	"""Plain text of a ticket's description, as its author saw it; of its first `LONGEST_HTML` characters."""
	shown = _shown((description or "")[:LONGEST_HTML])
	lines = _BLOCK.sub(lambda tag: f"\n{tag.group(0)}", shown)
	return html.unescape(_TAG.sub("", lines)).replace("\xa0", " ").strip()


def _shown(text: str) -> str:
	"""Without comments, style sheets, scripts and the head; what never ends is left."""
	kept, at, endless = [], 0, set()
	for found in _HIDDEN.finditer(text):
		kind = (found.group(1) or "").lower()
		if found.start() < at or kind in endless:
			continue
		end = _ENDS[kind].search(text, found.end())
		if not end:
			endless.add(kind)
			continue
		kept.append(text[at : found.start()])
		at = end.end()
	return "".join([*kept, text[at:]])


def words(doctype: str, doc: Mapping, *kinds: str) -> Ticket:
	"""What a document says, and of what kind it is: all that a hook needs of a ticket that is about something else."""
	return Ticket(
		doctype,
		str(doc.get("name")),
		doc.get("subject") or "",
		clear(doc.get("description")),
		tuple(one for one in (doc.get(kind) for kind in kinds) if one),
	)


def ticket(doctype: str, doc: Mapping, *kinds: str) -> Ticket:
	"""A document or a row of it as every desk's ticket."""
	created = get_datetime(doc.get("creation")) if doc.get("creation") else None
	return replace(
		words(doctype, doc, *kinds),
		contact=doc.get("contact") or "",
		customer=doc.get("customer") or "",
		email=parseaddr(doc.get("raised_by") or "")[1].lower(),
		phone=next((number for field in PHONE_FIELDS if (number := doc.get(field))), ""),
		raised_at=_raised_at(created, doc.get("opening_date"), doc.get("opening_time")),
		created_at=created,
	)


def _raised_at(created: datetime | None, day: date | str | None, at: object) -> datetime | None:
	"""When it was written: a ticket brought over from another system says so by its opening date."""
	if not created or not day or getdate(day) >= created.date():
		return created
	return datetime.combine(getdate(day), get_time(str(at)) if at else time.max)


def unlinked(
	doctype: str, fields: Sequence[str], since: datetime, limit: int, after: Ticket | None = None
) -> list[dict]:
	"""Tickets of a doctype made since then without a trouble call and not imported, oldest first; a page at a time."""
	meta = frappe.get_meta(doctype)
	columns = [*fields, *(field for field in PHONE_FIELDS if meta.has_field(field))]
	table, call = frappe.qb.DocType(doctype), frappe.qb.DocType("Trouble Call")
	# HD Tickets are numbered. A number made text takes the collation of the column it is compared with; one that is cast
	# brings the connection's, and MariaDB refuses to mix them.
	name_as_text = Concat(table.name, "")
	query = (
		frappe.qb.from_(table)
		.left_join(call)
		.on((call.ticket_type == doctype) & (call.ticket == name_as_text))
		.select(*[beginning(table[column]) if column == "description" else table[column] for column in columns])
		.where(table.modified >= since)  # has an index; nothing is modified before it is created
		.where(table.creation >= since)
		.where(call.name.isnull())
		.orderby(table.creation)
		.orderby(table.name)
		.limit(limit)
	)
	if meta.has_field("outage_imported"):
		query = query.where(table.outage_imported == 0)
	if after:
		query = query.where(
			(table.creation > after.created_at) | ((table.creation == after.created_at) & (table.name > after.name))
		)
	return query.run(as_dict=True)


def named(doctype: str, fields: Sequence[str], names: Sequence[str]) -> list[dict]:
	"""Tickets by their names."""
	columns = [*fields, *(field for field in PHONE_FIELDS if frappe.get_meta(doctype).has_field(field))]
	return listing.get_all(doctype, {"name": ("in", list(names))}, fields=columns, order_by="creation asc, name asc")


def beginning(text: Field) -> Function:
	"""As much of a column as is read of it: a mail may be as long as its author likes, and a page of them is in memory at once."""
	return Substring(text, 1, LONGEST_HTML).as_(text.name)


def write_fields(doctype: str, tickets: Sequence[str], values: Mapping[str, object]) -> None:
	"""Set fields of many tickets in one statement, without touching who changed them last."""
	meta = frappe.get_meta(doctype)
	known = {field: value for field, value in values.items() if meta.has_field(field)}
	bulk.update(doctype, tickets, known)


def answer(ticket: frappe._dict, message: str, name: str, sender: str | None = None) -> str | None:
	"""An automatic answer on a ticket, in the `name` of the property; `sender` is the address to send it from, None: it stands on
	the ticket only. Answers its mail in Frappe's queue, if there is one.

	It is no agent's answer. Written so that neither the ticket's status nor `first_responded_on` take it for one: the
	ticket is named when the communication is already there. ERPNext's `first_response_time` counts it (docs/erpnext.md).
	"""
	to = parseaddr(ticket.get("raised_by") or "")[1]
	by_mail = bool(sender and frappe.utils.validate_email_address(to))
	subject = f"Re: {ticket.get('subject')}"
	record = frappe.new_doc("Communication")
	record.update(
		{
			"communication_type": "Communication",
			"communication_medium": "Email" if by_mail else "",
			"content": frappe.utils.escape_html(message),
			"recipients": to,
			"sender": sender or frappe.session.user,
			"sent_or_received": "Sent",
			"subject": subject,
		}
	)
	record.flags.skip_add_signature = True
	record.insert(ignore_permissions=True)
	frappe.db.set_value(
		"Communication",
		record.name,
		{
			"reference_doctype": ticket.doctype,
			"reference_name": str(ticket.name),
			"status": "Linked",
			# whoever's act it came of, a resident hears the property; a helpdesk shows these words as they stand here
			"sender": name,
			"sender_full_name": name,
			"user": None,
		},
		update_modified=False,
	)
	if sender and by_mail:
		frappe.sendmail(
			recipients=[to],
			sender=formataddr((name, sender)),
			reply_to=sender,
			subject=subject,
			message=frappe.utils.escape_html(message),
			reference_doctype=ticket.doctype,
			reference_name=str(ticket.name),
			communication=record.name,
			expose_recipients="header",
			**messages.held_for_us(),
		)
		frappe.db.after_commit.add(messages.ask_for_sending)
		return frappe.db.get_value("Email Queue", {"communication": record.name}, "name")
	return None


def ticket_notes_of_app() -> str:
	"""What the names of the app's notes on tickets begin with."""
	return "outage-note-"


def note_name(key: str, ticket: str) -> str:
	"""The name of a note: the same word on the same ticket is written once."""
	return f"{ticket_notes_of_app()}{frappe.scrub(key).replace('_', '-')}-{ticket}"[:140]
