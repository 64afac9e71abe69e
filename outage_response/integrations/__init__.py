"""One module per platform. Each answers itself whether its platform is here and switched on (`is_on`).

A **desk** (helpdesk.py, erpnext.py) has tickets: `DOCTYPE`, `is_on()`, `words(doc)`, `from_document(doc)`,
`unread(since, limit, after)`, `named(names)`, `reply(ticket, message, name)`, `note(ticket, text, key)`, `show(tickets, values)`,
`tell_pages(tickets)`, `is_open(ticket)`, `resolve(ticket)`, `commits_when_resolved()`; `PORTAL`: the page of authors' tickets;
`PORTAL_COMMENTS`: do they write Comments?
It also has customers: `CUSTOMER`, `household(unit)`.
A **call log** (crm.py, erpnext.py, contacts.py) keeps callbacks: `is_on()`, `log_call(...)` (`How`), `recent_calls(since)`,
`take_call(name, ...)`. The first one that is on is used; `contacts.py` needs nothing but Frappe and is always there. What logs calls
by itself and keeps none of ours (telephony.py) has `is_on()`, `recent_calls(since)` and `take_call(name, ...)` alone.

A platform is here when every doctype it is used through stands on the site and belongs to an app that is installed:
one that was removed by half counts as gone.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType

import frappe
from frappe.model.document import Document

from outage_response import error_log, settings

# What the ids of the app's own call logs begin with
CALL_LOG_PREFIX = "OUTAGE-"


@dataclass(frozen=True)
class Ticket:
	"""A ticket as every desk has it. `kinds` holds its type and template names; `description` is plain text."""

	doctype: str
	name: str
	subject: str = ""
	description: str = ""
	kinds: tuple[str, ...] = ()
	contact: str = ""
	customer: str = ""
	email: str = ""
	phone: str = ""
	raised_at: datetime | None = None
	created_at: datetime | None = None


@dataclass(frozen=True)
class How:
	"""How an attempt was made: for how many seconds it was spoken (0: nobody knows), or by the resident, on our pages."""

	seconds: int = 0
	by_resident: bool = False


BY_PHONE = How()


@dataclass(frozen=True)
class LoggedCall:
	"""A call that telephony has logged: the other side's number, and when it began."""

	doctype: str
	name: str
	number: str
	at: datetime
	status: str = ""


def installed(*doctypes: str) -> bool:
	"""Are all these doctypes on the site, of apps that are installed here?"""
	table, module = frappe.qb.DocType("DocType"), frappe.qb.DocType("Module Def")
	found = (
		frappe.qb.from_(table)
		.join(module)
		.on(module.name == table.module)
		.select(table.name)
		.where(table.name.isin(doctypes))
		.where(module.app_name.isin(frappe.get_installed_apps()))
	).run(pluck=True)
	return set(doctypes) <= set(found)


def switched_on(setting: str, *doctypes: str) -> bool:
	"""Is the platform that has these doctypes here, and not switched off in Settings?"""
	return bool(getattr(settings.read(), setting)) and installed(*doctypes)


def desks() -> Iterable[ModuleType]:
	"""The ticket systems of this site."""
	from . import erpnext, helpdesk

	return [desk for desk in (helpdesk, erpnext) if desk.is_on()]


def desk_for(doctype: str) -> ModuleType | None:
	"""The desk that a ticket's doctype belongs to, on or off: asks the site nothing."""
	from . import erpnext, helpdesk

	return next((desk for desk in (helpdesk, erpnext) if doctype == desk.DOCTYPE), None)


def desk_of(doctype: str) -> ModuleType | None:
	"""The desk that a ticket's doctype belongs to, if it is on."""
	desk = desk_for(doctype)
	return desk if desk and desk.is_on() else None


def customer_doctypes() -> list[str]:
	"""Doctypes of customers that are on the site, switched on or not."""
	from . import erpnext, helpdesk

	return [desk.CUSTOMER for desk in (helpdesk, erpnext) if installed(desk.CUSTOMER)]


def call_logs() -> list[ModuleType]:
	"""Everything that keeps calls here, the one to be used first."""
	from . import contacts, crm, erpnext

	return [log for log in (crm, erpnext, contacts) if log.is_on()]


def logging_calls() -> list[ModuleType]:
	"""Everything that logs calls by itself here: each of them may have made a callback's attempt."""
	from . import telephony

	return [*call_logs(), *([telephony] if telephony.is_on() else [])]


def call_log() -> ModuleType:
	"""Where callbacks are kept: Frappe CRM, else ERPNext, else the contact's own timeline."""
	return call_logs()[0]


def log_call(
	callback: Document, outcome: str, note: str, at: datetime, attempt: int, how: How = BY_PHONE
) -> tuple[str, str]:
	"""Record one attempt where callbacks are kept; (doctype, name). A platform that refuses costs no attempt: it is then
	kept on the contact."""
	from . import contacts

	log = call_log()
	if log is not contacts:
		with guarded(f"Outage callback not kept by {log.CALL_LOG}"):
			return log.log_call(callback, outcome, note, at, attempt, how)
	return contacts.log_call(callback, outcome, note, at, attempt, how)


def call_log_id(callback: str, attempt: int) -> str:
	"""The id of the call log of one attempt: the same attempt always has the same."""
	return f"{CALL_LOG_PREFIX}{callback}-{attempt}"


def linked_tickets(callback: Document) -> list[tuple[str, str]]:
	"""(doctype, name) of the tickets that the callback's contact wrote about its incident."""
	if not callback.contact:
		return []
	rows = frappe.get_all(
		"Trouble Call",
		filters={"incident": callback.incident, "contact": callback.contact, "ticket": ("is", "set")},
		fields=["ticket_type", "ticket"],
		order_by="said_at asc, name asc",
	)
	return [(row.ticket_type, row.ticket) for row in rows]


@contextmanager
def guarded(title: str) -> Iterator[None]:
	"""What a platform refuses is undone and written to the Error Log; the response goes on. A deadlock is raised: the
	whole transaction is gone, and the caller runs it again."""
	frappe.db.savepoint("platform")
	messages = list(frappe.local.message_log)
	try:
		yield
	except Exception as error:
		if isinstance(error, (frappe.QueryDeadlockError, frappe.QueryTimeoutError)) or frappe.db.is_deadlocked(error):
			raise
		frappe.db.rollback(save_point="platform")
		frappe.local.message_log = messages
		error_log.add(title, error)


@contextmanager
def acting_as(user: str) -> Iterator[None]:
	"""Act for a while as somebody else. Only the name is exchanged; `frappe.set_user` would end the session of the request."""
	session, before = frappe.local.session, frappe.local.session.user
	session.user, frappe.local.user_perms = user, None
	try:
		yield
	finally:
		session.user, frappe.local.user_perms = before, None


@contextmanager
def as_system() -> Iterator[None]:
	"""Act on a ticket as the site itself: whoever made the callback need not be an agent of the helpdesk."""
	with acting_as("Administrator"):
		yield
