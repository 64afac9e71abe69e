"""What residents write on a ticket that is linked already: danger, still no power, tell me of every new time.

The hooks only look whose message it is and ask for a job. The messages lie in Communication, those of ERPNext's portal in
Comment, so the sweep finds what no job took; `replies_read_until` on the trouble call keeps each from being read twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import integrations, locks, settings
from outage_response.domain import answer_without_quotes, triage
from outage_response.domain.lifecycle import LIVE
from outage_response.integrations import Ticket
from outage_response.integrations.records import beginning, clear

from ..verb.changes import touch
from ..verb.engine import Act
from ..verb.locking import lock_incident, lock_property
from . import proposals, ticket_calls, ticket_intake, ticket_linking

BATCH = 200
MAIL, COMMENT = "Communication", "Comment"


def on_communication(doc: Document, method: str | None = None) -> None:
	"""Hook on every new Communication: never fails or slows it."""
	_look(doc, lambda desk: doc.sent_or_received == "Received" and doc.communication_type == "Communication")


def on_comment(doc: Document, method: str | None = None) -> None:
	"""Hook on every new Comment: the same. Whether it is the author's own is seen when it is read."""
	_look(doc, lambda desk: desk.PORTAL_COMMENTS and doc.comment_type == "Comment")


def _look(doc: Document, may_be_theirs: Callable[[ModuleType], bool]) -> None:
	try:
		desk = integrations.desk_for(doc.reference_doctype)
		if (
			desk
			and may_be_theirs(desk)
			and settings.read().read_tickets
			and not ticket_intake.is_brought_over()
			and _is_linked(doc)
		):
			frappe.db.after_commit.add(ticket_intake.ask_for_a_job)
	except Exception:
		frappe.logger("outage_response").warning("message on a ticket not looked at", exc_info=True)


def _is_linked(doc: Document) -> bool:
	"""Is it on a trouble call's ticket? Helpdesk writes a message of each new ticket's own words, too."""
	ticket = {"ticket_type": doc.reference_doctype, "ticket": str(doc.reference_name)}
	return bool(frappe.db.exists("Trouble Call", ticket))


def unread() -> list[tuple[str, str]]:
	"""(name, doctype) of messages to read, the oldest first, a page of them: written on a ticket after it became a trouble
	call, and received, or by its author in the portal."""
	known = settings.read()
	desks = integrations.desks() if known.read_tickets else []
	if not desks:
		return []
	since = now_datetime() - timedelta(hours=known.old_ticket_hours)
	found = [(row.creation, row.name, MAIL) for row in _mails([desk.DOCTYPE for desk in desks], since)]
	for desk in desks:
		if desk.PORTAL_COMMENTS:
			found += [(row.creation, row.name, COMMENT) for row in _comments(desk.DOCTYPE, since)]
	return [(name, doctype) for _creation, name, doctype in sorted(found)[:BATCH]]


def _comments(doctype: str, since: datetime) -> list[frappe._dict]:
	"""Of the portal, by who wrote the ticket: the staff's are not published, and another person's are not the author's word."""
	comment, call, ticket = (frappe.qb.DocType(name) for name in (COMMENT, "Trouble Call", doctype))
	return (
		frappe.qb.from_(comment)
		.join(call)
		.on((call.ticket_type == comment.reference_doctype) & (call.ticket == comment.reference_name))
		.join(ticket)
		.on(ticket.name == comment.reference_name)
		.select(comment.name, comment.creation)
		.where(comment.modified >= since)
		.where(comment.creation >= since)
		.where(comment.reference_doctype == doctype)
		.where(comment.comment_type == "Comment")
		.where(comment.published == 1)
		.where((comment.owner == ticket.owner) | (comment.owner == ticket.raised_by))
		.where(comment.creation > call.creation)
		.where(call.replies_read_until.isnull() | (comment.creation > call.replies_read_until))
		.orderby(comment.creation)
		.orderby(comment.name)
		.limit(BATCH)
	).run(as_dict=True)


def _mails(desks: list[str], since: datetime) -> list[frappe._dict]:
	message, call = frappe.qb.DocType("Communication"), frappe.qb.DocType("Trouble Call")
	return (
		frappe.qb.from_(message)
		.join(call)
		.on((call.ticket_type == message.reference_doctype) & (call.ticket == message.reference_name))
		.select(message.name, message.creation)
		.where(message.modified >= since)  # has an index; nothing is modified before it is created
		.where(message.creation >= since)
		.where(message.reference_doctype.isin(desks))
		.where(message.sent_or_received == "Received")
		.where(message.communication_type == "Communication")
		.where(message.creation > call.creation)
		.where(call.replies_read_until.isnull() | (message.creation > call.replies_read_until))
		.orderby(message.creation)
		.orderby(message.name)
		.limit(BATCH)
	).run(as_dict=True)


@dataclass(frozen=True)
class Said:
	"""What a message says, by its words."""

	name: str
	doctype: str
	danger: str
	is_out: bool
	wants_updates: bool
	is_unclear: bool


def understood(name: str, doctype: str = MAIL) -> Said | None:
	"""Read one message, in a transaction that locks nothing: whoever writes decides how long that takes. None: it was deleted
	meanwhile."""
	message = _message(name, doctype)
	if not message:
		return None
	call = _call_of(message)
	sent = frappe.get_all(
		"Outage Ticket Reply", filters={"ticket_type": call.ticket_type, "ticket": call.ticket}, pluck="message"
	)
	text = answer_without_quotes.own_words(clear(answer_without_quotes.cut_html(message.content)), sent)
	reading = triage.read(text, ticket_intake.words())
	is_out = bool(reading.outage) or answer_without_quotes.says_still_out(text)
	wants = answer_without_quotes.asks_for_updates(text)
	unclear = not (reading.danger or is_out or wants or triage.can_be_read(text))
	return Said(name, doctype, reading.danger, is_out, wants, unclear)


def act(said: Said) -> None:
	"""Do what a message asks for, under the property's lock."""
	message = _message(said.name, said.doctype)
	if not message:
		return
	property_name = _call_of(message).property
	if property_name:
		lock_property(property_name)
	call, now = _call_of(message), now_datetime()
	read_until = locks.known_row("Trouble Call", call.name).replies_read_until
	if read_until and get_datetime(read_until) >= get_datetime(message.creation):
		return  # by another worker, meanwhile
	table = frappe.qb.DocType("Trouble Call")
	mark = frappe.qb.update(table).set(table.replies_read_until, message.creation).where(table.name == call.name)
	if said.danger:
		mark = mark.set(table.danger, 1)
	if said.wants_updates:
		mark = mark.set(table.wants_updates, 1)
	mark.run()
	if said.danger:
		_alarm(call, now)
	if said.is_unclear and call.incident and ticket_calls.is_explained(call):
		ticket_intake.ring_unclear(Ticket(call.ticket_type, call.ticket), _home(call), now)
	if said.is_out and not ticket_calls.is_placed(call, now):
		ticket_linking.place_anew([call], min(get_datetime(message.creation), now))
		if property_name:
			proposals.place_calls(property_name)


def _message(name: str, doctype: str) -> frappe._dict | None:
	table = frappe.qb.DocType(doctype)
	query = frappe.qb.from_(table).select(table.reference_doctype, table.reference_name, table.creation)
	rows = query.select(beginning(table.content)).where(table.name == name).run(as_dict=True)
	return rows[0] if rows else None


def _call_of(message: frappe._dict) -> frappe._dict:
	return ticket_calls.known_call_of(message.reference_doctype, message.reference_name)


def _home(call: frappe._dict) -> dict:
	unit_no = call.unit and frappe.db.get_value("Property Unit", call.unit, "unit_no")
	return {"property": call.property, "unit_no": unit_no}


def _alarm(call: frappe._dict, now: datetime) -> None:
	"""The control room hears of it at once, and the incident has it on record while it lives."""
	home = _home(call)
	ticket_intake.alarm([(Ticket(call.ticket_type, call.ticket), home)], now)
	if call.incident and frappe.db.get_value("Outage Incident", call.incident, "status") in LIVE:
		incident = lock_incident(call.incident)
		verb = Act("record_call", now, now, incident=incident)
		verb.record("danger_reported", {"unit": home["unit_no"] or _("place unknown")})
		touch(incident)
