"""From a ticket to a trouble call, and from an incident back to its tickets.

A new ticket is only looked at; a job does the rest, and a sweep every minute does what no job did. Tickets are linked,
never merged: what one resident wrote is not copied anywhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import ModuleType

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk, error_log, integrations, listing, locks, queues
from outage_response.domain import tickets as rules
from outage_response.domain import triage
from outage_response.domain.lifecycle import RUNNING
from outage_response.domain.locate import homes_named
from outage_response.domain.roster import COMMAND
from outage_response.integrations import Ticket, contacts, households, telephones

from ..callbacks import open_callbacks, whom_to_call_back
from ..facts import power_and_assets, who_is_on_duty
from ..facts.language import listed
from ..site import same_site
from ..verb import bells
from ..verb.changes import announce, touch
from ..verb.engine import Call
from ..verb.locking import lock_incident
from . import explaining_outage, ticket_replies

JOB = "outage_response.jobs.read_tickets"
RESOLVE_AGAIN_MINUTES = 60
RESOLVE_JOB = "outage_response.jobs.resolve_tickets"
BATCH = 500
# A ticket that was written before another one may be committed after it
OVERLAP_MINUTES = 15
# The fields of a linked ticket that show its outage
SHOWN = ("outage_incident", "outage_level", "outage_state", "outage_etr")


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
		contact = doc.get("contact") or frappe.db.get_value("Contact", {"user": frappe.session.user})
		mine = desk and not doc.get("customer") and contact and households.of_contact(desk.CUSTOMER, contact)
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
		if desk and _settings().read_tickets and _is_to_be_read(desk.words(doc)) and desk.is_on():
			frappe.db.after_commit.add(ask_for_a_job)
	except Exception:
		error_log.add("Outage Response: ticket not read")


def ask_for_a_job() -> None:
	"""Read soon; when there is no queue, the ticket is safe and the minute's sweep reads it."""
	queues.ask(JOB, job_id="outage_response.read_tickets", deduplicate=True)


def _settings() -> Document:
	return frappe.get_cached_doc("Outage Response Settings")


def words() -> triage.Words:
	"""The word lists of Settings; an empty one stands for the app's own."""
	settings = _settings()
	own = triage.Words()

	def lines(field: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
		return tuple(line.strip() for line in (settings.get(field) or "").splitlines() if line.strip()) or otherwise

	return triage.Words(
		lines("outage_words", own.outage),
		lines("not_outage_words", own.not_outage),
		lines("danger_words", own.danger),
		lines("no_danger_words", own.no_danger),
	)


def concerns_us(ticket: Ticket) -> bool:
	"""About a power outage, or somebody is in danger: the control room hears of both."""
	return _is_of_a_kind(ticket) or _reading(ticket) != triage.Reading()


def _is_to_be_read(ticket: Ticket) -> bool:
	return concerns_us(ticket) or not triage.can_be_read(_text(ticket))


def _is_of_a_kind(ticket: Ticket) -> bool:
	kinds = {line.strip().lower() for line in (_settings().ticket_types or "").splitlines() if line.strip()}
	return any(kind.lower() in kinds for kind in ticket.kinds)


def _reading(ticket: Ticket) -> triage.Reading:
	return triage.read(_text(ticket), words())


def _text(ticket: Ticket) -> str:
	return f"{ticket.subject}\n\n{ticket.description}"


# ---------------------------------------------------------------- reading


def read_unread(cursor: Cursor | None = None) -> Cursor | None:
	"""Make trouble calls of tickets that have none yet, one page. Returns where to go on, None at the end.

	The unique (ticket doctype, ticket) keeps two jobs from reading one ticket twice: the second one is retried.
	"""
	cursor = cursor or Cursor()
	now, settings = now_datetime(), _settings()
	desks = list(integrations.desks()) if settings.read_tickets else []
	oldest = now - timedelta(hours=settings.old_ticket_hours or 6)
	if cursor.desk < len(desks):
		since = max(get_datetime(settings.tickets_read_until or now) - timedelta(minutes=OVERLAP_MINUTES), oldest)
		if not settings.tickets_read_until:
			since = oldest
		page = desks[cursor.desk].unread(since, BATCH, cursor.after)
		recent = [one for one in page if one.raised_at >= oldest]
		ours = [one for one in recent if concerns_us(one)]
		known = {one.name for one in ours}
		unclear = [one for one in recent if one.name not in known and not triage.can_be_read(_text(one))]
		dark = _of_dark_homes(understood(unclear))
		keep_calls([*understood(ours), *dark], now)
		for one in dark:
			ring_unclear(one.ticket, one.home, now)
		if len(page) == BATCH:
			return Cursor(cursor.desk, page[-1])
		if cursor.desk + 1 < len(desks):
			return Cursor(cursor.desk + 1)
	frappe.db.set_single_value("Outage Response Settings", "tickets_read_until", now, update_modified=False)
	return None


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
		reading = triage.read(_text(ticket), lists)
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


def homes_of(tickets: Sequence[Ticket]) -> dict[str, dict]:
	"""ticket name -> {unit, unit_no, property, power_node, contact} of the resident who wrote it, in a fixed number of
	queries.

	Found by contact, else by customer, else by e-mail, else by phone (one on the ticket, or one that its text gives). Of
	several units the one named in the text, else the first. Of an unknown author the home that the text names, if it names
	exactly one.
	"""
	by_mail = contacts.of_emails(ticket.email for ticket in tickets)
	numbers = {
		ticket.name: (ticket.phone,) if ticket.phone else telephones.numbers_in(_text(ticket)) for ticket in tickets
	}
	by_number = contacts.of_numbers({number for found in numbers.values() for number in found})
	of_customer = _homes_of_customers(tickets)
	ways = {
		ticket.name: (
			[ticket.contact] if ticket.contact else [],
			by_mail.get(ticket.email, []),
			[contact for number in numbers[ticket.name] for contact in by_number.get(number, ())],
		)
		for ticket in tickets
	}
	homes = _homes(sorted({contact for way in ways.values() for people in way for contact in people}))
	result = {}
	for ticket in tickets:
		by_contact, mail, phone = (
			[home for contact in dict.fromkeys(people) for home in homes.get(contact, ())]
			for people in ways[ticket.name]
		)
		found = by_contact or of_customer.get((ticket.doctype, ticket.customer)) or mail or phone
		if found:
			named = {way for ways in homes_named(_text(ticket)) for way in ways}
			result[ticket.name] = next((home for home in found if _is_named(home, named, ticket)), found[0])
	return {**_homes_by_text([ticket for ticket in tickets if ticket.name not in result]), **result}


def _is_named(home: dict, named: Set[str], ticket: Ticket) -> bool:
	"""Does the text name the unit? 1A is not named by 21A, and a number alone is, to whoever has a home of that number."""
	unit_no = home.unit_no.lower()
	return unit_no in named or (unit_no.isdecimal() and unit_no in _numbers(_text(ticket)))


def _numbers(text: str) -> set[str]:
	return set("".join(letter if letter.isalnum() else " " for letter in text[: triage.LONGEST]).split())


def _homes_by_text(tickets: Sequence[Ticket]) -> dict[str, dict]:
	"""ticket name -> the one home that its text names, in one query: of several properties that have such a number the one
	that is named as well."""
	mentions = {ticket.name: homes_named(_text(ticket)) for ticket in tickets}
	wanted = sorted({way for found in mentions.values() for ways in found for way in ways})
	if not wanted:
		return {}
	unit, _resident, query = _home_query()
	homes: dict[str, list[dict]] = defaultdict(list)
	for row in query.where(unit.unit_no.isin(wanted)).run(as_dict=True):
		homes[row.unit_no.lower()].append(row)
	result = {}
	for ticket in tickets:
		found = {home.unit: home for ways in mentions[ticket.name] for way in ways for home in homes.get(way, ())}
		text = triage.simplified(_text(ticket))
		here = [home for home in found.values() if triage.simplified(home.property) in text]
		chosen = here if len(here) == 1 else list(found.values())
		if len(chosen) == 1:
			result[ticket.name] = chosen[0]
	return result


def _home_query():
	unit, resident = frappe.qb.DocType("Property Unit"), frappe.qb.DocType("Unit Resident")
	query = frappe.qb.from_(unit).select(unit.name.as_("unit"), unit.unit_no, unit.property, unit.power_node)
	return unit, resident, query


def _homes(people: Sequence[str]) -> dict[str, list[dict]]:
	"""contact -> the units they live in."""
	if not people:
		return {}
	unit, resident, query = _home_query()
	rows = (
		query.join(resident)
		.on((resident.parent == unit.name) & (resident.parenttype == "Property Unit"))
		.select(resident.contact)
		.where(resident.contact.isin(list(people)))
		.orderby(unit.name)
	).run(as_dict=True)
	found: dict[str, list[dict]] = defaultdict(list)
	for row in rows:
		found[row.contact].append(row)
	return found


def _homes_of_customers(tickets: Sequence[Ticket]) -> dict[tuple[str, str], list[dict]]:
	"""(ticket doctype, customer) -> the unit whose household the customer is."""
	wanted: dict[str, set[str]] = defaultdict(set)
	for ticket in tickets:
		if ticket.customer:
			wanted[ticket.doctype].add(ticket.customer)
	found: dict[tuple[str, str], list[dict]] = defaultdict(list)
	for doctype, names in wanted.items():
		desk = integrations.desk_of(doctype)
		if not desk or not frappe.get_meta(desk.CUSTOMER).has_field(households.UNIT_FIELD):
			continue
		customer = frappe.qb.DocType(desk.CUSTOMER)
		unit, _resident, query = _home_query()
		rows = (
			query.join(customer)
			.on(customer[households.UNIT_FIELD] == unit.name)
			.select(customer.name.as_("customer"))
			.where(customer.name.isin(sorted(names)))
		).run(as_dict=True)
		for row in rows:
			found[(doctype, row.pop("customer"))].append(row)
	return found


# ---------------------------------------------------------------- linking


def attach(incident_name: str, calls: Sequence[dict], now: datetime) -> None:
	"""Link calls to an incident: their tickets show it, their authors get what is known, danger rings."""
	doc = lock_incident(incident_name)
	bulk.update("Trouble Call", [call.name for call in calls], {"incident": incident_name, "waiting": 0})
	call = Call("attach_calls", now, now, incident=doc)
	call.record("calls_linked", {"count": len(calls)})
	if any(row.danger for row in calls):
		call.record("danger_reported", {"unit": [row.unit for row in calls if row.danger and row.unit]})
		bells.tell_those_for(call, COMMAND, _("DANGER reported by a resident"))
	show_on_tickets(doc, calls)
	stands = explaining_outage.standings(doc, calls)
	back = [row for row in calls if stands[row.name].kind == rules.RESTORED]
	still_out = [row for row in back if explaining_outage.is_still_out(stands[row.name], row)]
	ticket_replies.queue(doc, "Known", [row for row in calls if stands[row.name].kind != rules.RESTORED])
	ticket_replies.queue(doc, "Known", still_out, "Still Out")
	_say_it_is_back(doc, back, stands)
	if nobody_to_call := [row for row in still_out if not row.contact]:
		units = listing.get_all(
			"Property Unit",
			filters={"name": ("in", [row.unit for row in nobody_to_call])},
			pluck="unit_no",
			order_by="unit_no",
		)
		text = _("Still without power after restoration: {0}").format(listed(units) or _("place unknown"))
		bells.tell_those_for(call, COMMAND, text)
	touch(doc)


def place_anew(calls: Sequence[dict], said_at: datetime | None = None) -> None:
	"""Calls that their incident does not explain (any more) wait to be placed, and their tickets show none; `said_at`: their
	people say it again now."""
	values = {"incident": None, "proposal": None, "waiting": 1, **({"said_at": said_at} if said_at else {})}
	bulk.update("Trouble Call", [call.name for call in calls], values)
	show_on_tickets(None, [call for call in calls if call.incident])


def show_on_tickets(doc: Document | None, calls: Iterable[dict]) -> None:
	"""Level, state, expected restoration and incident on the linked tickets; without an incident, nothing."""
	for desk, names in _by_desk(calls):
		desk.show(
			names,
			{
				"outage_incident": doc and doc.name,
				"outage_level": doc and doc.level,
				"outage_state": doc and doc.status,
				"outage_etr": doc and doc.etr,
			},
		)


def tell_pages(calls: Iterable[dict]) -> None:
	"""Pages on which the ticket of one of these calls is open read it anew, after the commit."""
	for desk, names in _by_desk(calls):
		desk.tell_pages(names)


def _by_desk(calls: Iterable[dict]) -> list[tuple[ModuleType, list[str]]]:
	found: dict[str, list[str]] = defaultdict(list)
	for call in calls:
		if call.ticket:
			found[call.ticket_type].append(call.ticket)
	return [(desk, names) for doctype, names in found.items() if (desk := integrations.desk_of(doctype))]


def linked_calls(incident_name: str, **filters) -> list[dict]:
	"""The trouble calls of an incident that came as tickets; or those that fit other filters."""
	return frappe.get_all(
		"Trouble Call",
		filters={"incident": incident_name, **(filters or {"ticket": ("is", "set")})},
		fields=[
			"name",
			"incident",
			"contact",
			"phone",
			"unit",
			"power_node",
			"said_at",
			"ticket_type",
			"ticket",
			"wants_updates",
			"keep_open",
			"ask_first",
		],
		order_by="said_at asc, name asc",
	)


# ---------------------------------------------------------------- following the incident


def on_incident_change(doc: Document, method: str | None = None) -> None:
	"""Hook on every change of an incident: linked tickets show it, and their authors are told what they wait for."""
	before = doc.get_doc_before_save()
	if before is None:
		if not doc.is_drill and doc.status in RUNNING:
			frappe.db.after_commit.add(ask_for_a_job)  # calls that wait may be about it
		return
	if doc.status == "Cancelled" and before.status != "Cancelled":
		return _release(doc)
	if not doc.is_drill and doc.status in RUNNING and len(doc.affected_nodes) > len(before.affected_nodes):
		frappe.db.after_commit.add(ask_for_a_job)  # as above: more is dark
	came_back = {row[-1] for row in _returns(doc) - _returns(before)}
	is_restored = doc.status == "Restored" and before.status != "Restored"
	if not came_back and all(str(before.get(f)) == str(doc.get(f)) for f in ("level", "status", "etr")):
		return
	calls = linked_calls(doc.name)
	if not calls:
		return
	show_on_tickets(doc, calls)
	stands = explaining_outage.standings(doc, calls)
	if is_restored or came_back:
		back = [row for row in calls if stands[row.name].kind == rules.RESTORED]
		news = [row for row in back if is_restored or stands[row.name].back_at in came_back]
		_say_it_is_back(doc, news, stands)
	if not is_restored and str(before.etr) != str(doc.etr):
		dark = [row for row in calls if stands[row.name].kind != rules.RESTORED]
		ticket_replies.queue(doc, "ETR", [row for row in dark if row.wants_updates])


def _returns(doc: Document) -> set[tuple]:
	"""The parts of it that have supply again: node, unit, since when not, until when."""
	return {
		(row.power_node, row.unit or "", get_datetime(row.out_since), get_datetime(row.back_at))
		for row in doc.affected_nodes
		if row.back_at
	}


def _say_it_is_back(doc: Document, calls: Iterable[dict], stands: dict[str, rules.Standing]) -> None:
	"""To each author once for each return of their own home, which may be hours before the last one's; not to those who
	said afterwards that it is not so."""
	by_time: dict[datetime, list[dict]] = defaultdict(list)
	for row in calls:
		if not explaining_outage.is_still_out(stands[row.name], row):
			by_time[stands[row.name].back_at].append(row)
	for back_at, rows in sorted(by_time.items()):
		ticket_replies.queue(doc, "Restored", rows, f"{back_at:%Y-%m-%d %H:%M}")


def _release(doc: Document) -> None:
	"""It was no outage, or not this one: what residents said still holds, and waits for the outage that explains it."""
	if doc.is_drill:
		return
	if calls := linked_calls(doc.name, elevator=("is", "not set")):
		place_anew(calls)
		frappe.db.after_commit.add(ask_for_a_job)


def on_callback(call: Call, callback: Document, outcome: str, attempt: int) -> None:
	"""The `attempt`-th call of a callback was made: the tickets of whoever was called say so.

	Reached resolves them unless they are, or may be, about something else as well: then a person decides. Still Out keeps
	them open under the nested incident.
	"""
	calls = linked_calls(call.incident.name)
	key = open_callbacks.key_of(callback)
	mine = [
		row
		for row, theirs in zip(calls, whom_to_call_back.keys_of(call.incident.name, calls), strict=True)
		if theirs == key
	]
	if not mine:
		return
	ticket_replies.queue(call.incident, "Callback", mine, outcome)
	text = _("Callback after power outage {0}: {1}").format(call.incident.name, _(outcome))
	later: list[str] = []
	for row in mine:
		desk = integrations.desk_of(row.ticket_type)
		if not desk:
			continue
		resolves = outcome == "Reached" and not row.keep_open and not row.ask_first
		asked = (
			_("Is the ticket about this outage alone? Then resolve it.")
			if outcome == "Reached" and not resolves
			else ""
		)
		with integrations.guarded(f"Outage callback not shown on ticket {row.ticket}"):
			desk.note(row.ticket, f"{text} {asked}".strip(), f"{callback.name} {attempt}")
		if resolves and desk.is_open(row.ticket):
			if desk.commits_when_resolved():
				later.append(row.name)
				continue
			if not _resolve(desk, row.ticket):
				later.append(row.name)
	if later:
		bulk.update("Trouble Call", later, {"resolve_ticket": 1})
		frappe.db.after_commit.add(_ask_to_resolve)
	if nested := callback.nested_incident:
		bulk.update("Trouble Call", [row.name for row in mine], {"incident": nested})
		show_on_tickets(frappe.get_doc("Outage Incident", nested), mine)


def _ask_to_resolve() -> None:
	queues.ask(RESOLVE_JOB, job_id="outage_response.resolve_tickets", deduplicate=True)


def to_resolve() -> list[str]:
	"""Calls whose author was reached and whose ticket is still to be resolved; a platform that is off waits until it is on."""
	if same_site.is_muted():
		return []  # a platform may write to the resident
	desks = [desk.DOCTYPE for desk in integrations.desks()]
	filters = {"resolve_ticket": 1, "ticket_type": ("in", desks)}
	rows = listing.get_all(
		"Trouble Call",
		filters,
		fields=["name", "resolve_after"],
		order_by="resolve_after asc, name asc",
		limit=BATCH,
	)
	return [row.name for row in rows if not row.resolve_after or row.resolve_after <= now_datetime()]


def resolve(call_name: str) -> None:
	"""Resolve the ticket of one call, once: who opens it again afterwards is not overruled. What the platform refuses is tried
	again in an hour. The mark goes first, since the platform may commit on the way, and comes back where it refuses."""
	row = locks.row("Trouble Call", call_name)
	if not row or not row.resolve_ticket:
		return
	bulk.update("Trouble Call", [call_name], {"resolve_ticket": 0, "resolve_after": None})
	desk = row.ticket and integrations.desk_of(row.ticket_type)
	if desk and desk.is_open(row.ticket) and not _resolve(desk, row.ticket):
		again = now_datetime() + timedelta(minutes=RESOLVE_AGAIN_MINUTES)
		bulk.update("Trouble Call", [call_name], {"resolve_ticket": 1, "resolve_after": again})


def _resolve(desk: ModuleType, ticket: str) -> bool:
	"""Is it resolved now? What the platform refuses stands in the Error Log, and on the ticket for its agents."""
	with integrations.guarded(f"Outage ticket not resolved: {ticket}"):
		desk.resolve(ticket)
		return True
	with integrations.guarded(f"Outage ticket not resolved, and not said there: {ticket}"):
		desk.note(
			ticket,
			_(
				"The resident was reached, and the ticket could not be resolved. It is tried again each hour; the Error Log says why."
			),
			"not resolved",
		)
	return False
