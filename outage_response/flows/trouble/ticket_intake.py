"""From a ticket to a trouble call: what is read, understood, kept, and rings.

A new ticket is only looked at; a job does the rest, and a sweep every minute does what no job did. Tickets are linked,
never merged: what one resident wrote is not copied anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk, error_log, integrations, queues, settings
from outage_response.domain import triage
from outage_response.domain import which_outage_explains as rules
from outage_response.integrations import Ticket, households

from ..facts import power_and_assets, who_is_on_duty
from ..verb import bells
from ..verb.changes import announce
from . import explaining_outage
from .homes_of_tickets import homes_of, text_of
from .ticket_linking import SHOWN

JOB = "outage_response.jobs.read_tickets"
BATCH = 500
# A ticket that was written before another one may be committed after it
OVERLAP_MINUTES = 15


@dataclass(frozen=True)
class Cursor:
	"""How far the tickets have been read: desks that are done, and the last ticket of the one being read."""

	desk: int = 0
	after: Ticket | None = None


def before_ticket(doc: Document, method: str | None = None) -> None:
	"""Hook on a ticket that is about to be inserted: what is imported says so, and the sweep passes it by.

	A ticket that is split off another one is a copy of it: the outage that the first one is linked to is not its own.
	"""
	for field in SHOWN:
		doc.set(field, None)
	doc.outage_imported = int(is_brought_over())
	if not doc.outage_imported:
		_name_household(doc)


def _name_household(doc: Document) -> None:
	"""Helpdesk refuses a ticket from its portal that does not say for which of several customers it is. Nobody is to choose before
	a cry for help: it is for the home that its words name, else for the first."""
	try:
		desk = integrations.desk_for(doc.doctype)
		if not desk or doc.get("customer"):
			return
		contact = doc.get("contact") or frappe.db.get_value("Contact", {"user": frappe.session.user})
		mine = contact and households.of_contact(desk.CUSTOMER, contact)
		if not mine or len(mine) < 2 or not desk.is_on():
			return
		home = homes_of([replace(desk.words(doc), contact=contact)]).get(str(doc.get("name")), {})
		named = home and households.of_unit(desk.CUSTOMER, home["unit"])
		doc.customer = named if named in mine else mine[0]
	except Exception:
		error_log.add("Outage Response: household of a ticket not found")


def is_brought_over() -> bool:
	flags = frappe.flags
	return bool(flags.in_import or flags.in_install or flags.in_migrate or flags.in_patch)


def on_ticket(doc: Document, method: str | None = None) -> None:
	"""Hook on a new ticket: looks at its words and asks for a job. It writes nothing, and never fails or slows a ticket."""
	try:
		if is_brought_over():
			return
		desk = integrations.desk_for(doc.doctype)
		# The words come first: they cost no query, and hardly any ticket has them
		if desk and settings.read().read_tickets and _is_to_be_read(desk.words(doc)) and desk.is_on():
			frappe.db.after_commit.add(ask_for_a_job)
	except Exception:
		error_log.add("Outage Response: ticket not read")


def ask_for_a_job() -> None:
	"""Read soon; when there is no queue, the ticket is safe and the minute's sweep reads it."""
	queues.ask(JOB, job_id="outage_response.read_tickets", deduplicate=True)


def words() -> triage.Words:
	"""The word lists of Settings; an empty one stands for the app's own."""
	known = settings.read()
	own = triage.Words()

	def lines(text: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
		return tuple(line.strip() for line in text.splitlines() if line.strip()) or otherwise

	return triage.Words(
		lines(known.outage_words, own.outage),
		lines(known.not_outage_words, own.not_outage),
		lines(known.danger_words, own.danger),
		lines(known.no_danger_words, own.no_danger),
	)


def concerns_us(ticket: Ticket) -> bool:
	"""About a power outage, or somebody is in danger: the control room hears of both."""
	return _is_of_a_kind(ticket) or _reading(ticket) != triage.Reading()


def _is_to_be_read(ticket: Ticket) -> bool:
	return concerns_us(ticket) or not triage.can_be_read(text_of(ticket))


def _is_of_a_kind(ticket: Ticket) -> bool:
	kinds = {line.strip().lower() for line in settings.read().ticket_types.splitlines() if line.strip()}
	return any(kind.lower() in kinds for kind in ticket.kinds)


def _reading(ticket: Ticket) -> triage.Reading:
	return triage.read(text_of(ticket), words())


# ---------------------------------------------------------------- reading


def read_unread(cursor: Cursor | None = None) -> Cursor | None:
	"""Make trouble calls of tickets that have none yet, one page. Returns where to go on, None at the end.

	The unique (ticket doctype, ticket) keeps two jobs from reading one ticket twice: the second one is retried.
	"""
	cursor = cursor or Cursor()
	now, known = now_datetime(), settings.read()
	desks = list(integrations.desks()) if known.read_tickets else []
	oldest = now - timedelta(hours=known.old_ticket_hours)
	if cursor.desk < len(desks):
		page = desks[cursor.desk].unread(_unread_since(oldest), BATCH, cursor.after)
		_keep_what_concerns_us([one for one in page if one.raised_at >= oldest], now)
		if len(page) == BATCH:
			return Cursor(cursor.desk, page[-1])
		if cursor.desk + 1 < len(desks):
			return Cursor(cursor.desk + 1)
	frappe.db.set_single_value("Outage Response Settings", "tickets_read_until", now, update_modified=False)
	return None


def _unread_since(oldest: datetime) -> datetime:
	read_until = frappe.get_cached_doc("Outage Response Settings").tickets_read_until
	if not read_until:
		return oldest
	return max(get_datetime(read_until) - timedelta(minutes=OVERLAP_MINUTES), oldest)


def _keep_what_concerns_us(tickets: Sequence[Ticket], now: datetime) -> None:
	"""Also what cannot be read, where it comes from a home that is dark: that rings."""
	ours = [one for one in tickets if concerns_us(one)]
	known = {one.name for one in ours}
	unclear = [one for one in tickets if one.name not in known and not triage.can_be_read(text_of(one))]
	dark = _of_dark_homes(understood(unclear))
	keep_calls([*understood(ours), *dark], now)
	for one in dark:
		ring_unclear(one.ticket, one.home, now)


@dataclass(frozen=True)
class Understood:
	"""What a ticket says, by its words: whose home it is about, whether it is about power, and the word of danger."""

	ticket: Ticket
	home: dict
	is_about_power: bool
	danger: str
	keep_open: bool
	ask_first: bool


def understood(tickets: Sequence[Ticket]) -> list[Understood]:
	"""Read tickets, before any lock is taken: their texts are as long as their authors like."""
	if not tickets:
		return []
	homes, lists = homes_of(tickets), words()
	found = []
	for ticket in tickets:
		reading = triage.read(text_of(ticket), lists)
		# Danger without a word of power is no sign of an outage: it rings, and waits for no proposal
		about_power = _is_of_a_kind(ticket) or bool(reading.outage)
		found.append(
			Understood(
				ticket,
				homes.get(ticket.name, {}),
				about_power,
				reading.danger,
				not about_power or rules.about_something_else_too(ticket.subject, ticket.description, lists),
				not rules.ends_with_the_outage(ticket.subject, ticket.description, lists),
			)
		)
	return found


def keep_calls(found: Sequence[Understood], now: datetime) -> None:
	"""Make trouble calls of tickets that were read. Danger rings."""
	if not found:
		return
	rows = [
		{
			"property": one.home.get("property"),
			"unit": one.home.get("unit"),
			"power_node": one.home.get("power_node"),
			"contact": one.home.get("contact") or one.ticket.contact or None,
			"phone": one.ticket.phone or None,
			"said_at": one.ticket.raised_at,
			"danger": int(bool(one.danger)),
			"keep_open": int(one.keep_open),
			"ask_first": int(one.ask_first),
			"waiting": int(one.is_about_power),
			"ticket_type": one.ticket.doctype,
			"ticket": one.ticket.name,
		}
		for one in found
	]
	bulk.insert("Trouble Call", rows, now)
	alarm([(one.ticket, one.home) for one in found if one.danger], now)
	announce("")


def _of_dark_homes(found: Sequence[Understood]) -> list[Understood]:
	"""Those of homes that are without supply now."""
	dark = []
	for property_name in sorted({one.home["property"] for one in found if one.home.get("property")}):
		known, tree = explaining_outage.candidates(property_name), power_and_assets.read(property_name).tree
		for one in found:
			if one.home.get("property") == property_name:
				at = one.ticket.raised_at
				why = explaining_outage.explain(tree, one.home["power_node"], one.home["unit"], at, known)
				if why and why.kind == rules.RUNNING:
					dark.append(one)
	return dark


def ring_unclear(ticket: Ticket, home: dict, now: datetime) -> None:
	"""Nobody knows what a home in the dark has written: the control room looks, or phones."""
	text = _("A message from a home without power cannot be read: {0} {1}. Look at the ticket, or phone them.").format(
		home["property"], home.get("unit_no") or _("place unknown")
	)
	people = who_is_on_duty.control_room(home["property"], now)
	bells.ring(dict.fromkeys(people, text), ticket.doctype, ticket.name, now)


def alarm(dangers: Sequence[tuple[Ticket, dict]], now: datetime) -> None:
	"""One word of danger rings the control room at once, whatever else is known. The word itself stays in the ticket."""
	people = {
		name: who_is_on_duty.control_room(name, now)
		for name in dict.fromkeys(home.get("property") for _ticket, home in dangers)
	}
	for ticket, home in dangers:
		text = _("DANGER in a ticket: {0} {1}").format(
			home.get("property") or "", home.get("unit_no") or _("place unknown")
		)
		bells.ring(dict.fromkeys(people[home.get("property")], text), ticket.doctype, ticket.name, now)
