"""Whose home a ticket is about: by its author, their customer, their address or number, or the home that its text names."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import frappe

from outage_response import integrations
from outage_response.domain import triage_matching
from outage_response.domain.probable_location import homes_named
from outage_response.integrations import Ticket, contacts, households, telephones


def text_of(ticket: Ticket) -> str:
	return f"{ticket.subject}\n\n{ticket.description}"


def homes_of(tickets: Sequence[Ticket]) -> dict[str, dict]:
	"""ticket name -> {unit, unit_no, property, power_node, contact} of the resident who wrote it, in a fixed number of
	queries.

	Found by contact, else by customer, else by e-mail, else by phone (one on the ticket, or one that its text gives). Of
	several units the one named in the text, else the first. Of an unknown author the home that the text names, if it names
	exactly one.
	"""
	authors = _authors_of(tickets)
	of_customer = _homes_of_customers(tickets)
	homes = _homes(sorted({contact for found in authors.values() for contact in found.everybody}))
	result = {}
	for ticket in tickets:
		theirs = authors[ticket.name]
		found = (
			_of_people(theirs.by_contact, homes)
			or of_customer.get((ticket.doctype, ticket.customer))
			or _of_people(theirs.by_mail, homes)
			or _of_people(theirs.by_number, homes)
		)
		if found:
			result[ticket.name] = _named_or_first(found, ticket)
	return {**_homes_by_text([ticket for ticket in tickets if ticket.name not in result]), **result}


@dataclass(frozen=True)
class _Authors:
	"""Contacts who may have written a ticket, by what says so."""

	by_contact: Sequence[str]
	by_mail: Sequence[str]
	by_number: Sequence[str]

	@property
	def everybody(self) -> list[str]:
		return [*self.by_contact, *self.by_mail, *self.by_number]


def _authors_of(tickets: Sequence[Ticket]) -> dict[str, _Authors]:
	of_mail = contacts.of_emails(ticket.email for ticket in tickets)
	numbers = {
		ticket.name: (ticket.phone,) if ticket.phone else telephones.numbers_in(text_of(ticket)) for ticket in tickets
	}
	of_number = contacts.of_numbers({number for found in numbers.values() for number in found})
	return {
		ticket.name: _Authors(
			by_contact=[ticket.contact] if ticket.contact else [],
			by_mail=of_mail.get(ticket.email, []),
			by_number=[contact for number in numbers[ticket.name] for contact in of_number.get(number, ())],
		)
		for ticket in tickets
	}


def _of_people(people: Iterable[str], homes: Mapping[str, Sequence[frappe._dict]]) -> list[frappe._dict]:
	return [home for contact in dict.fromkeys(people) for home in homes.get(contact, ())]


def _named_or_first(homes: Sequence[frappe._dict], ticket: Ticket) -> frappe._dict:
	"""Of several homes of its author the one that the ticket's text names."""
	named = {way for ways in homes_named(text_of(ticket)) for way in ways}
	return next((home for home in homes if _is_named(home, named, ticket)), homes[0])


def _is_named(home: frappe._dict, named: Set[str], ticket: Ticket) -> bool:
	"""Does the text name the unit? 1A is not named by 21A, and a number alone is, to whoever has a home of that number."""
	unit_no = home.unit_no.lower()
	return unit_no in named or (unit_no.isdecimal() and unit_no in _numbers(text_of(ticket)))


def _numbers(text: str) -> set[str]:
	return set("".join(letter if letter.isalnum() else " " for letter in text[: triage_matching.LONGEST]).split())


def _homes_by_text(tickets: Sequence[Ticket]) -> dict[str, frappe._dict]:
	"""ticket name -> the one home that its text names, in one query: of several properties that have such a number the one
	that is named as well."""
	mentions = {ticket.name: homes_named(text_of(ticket)) for ticket in tickets}
	wanted = sorted({way for found in mentions.values() for ways in found for way in ways})
	if not wanted:
		return {}
	unit, _resident, query = _home_query()
	homes: dict[str, list[frappe._dict]] = defaultdict(list)
	for row in query.where(unit.unit_no.isin(wanted)).run(as_dict=True):
		homes[row.unit_no.lower()].append(row)
	result = {}
	for ticket in tickets:
		found = {home.unit: home for ways in mentions[ticket.name] for way in ways for home in homes.get(way, ())}
		text = triage_matching.simplified(text_of(ticket))
		here = [home for home in found.values() if triage_matching.simplified(home.property) in text]
		chosen = here if len(here) == 1 else list(found.values())
		if len(chosen) == 1:
			result[ticket.name] = chosen[0]
	return result


def _home_query():
	unit, resident = frappe.qb.DocType("Property Unit"), frappe.qb.DocType("Unit Resident")
	query = frappe.qb.from_(unit).select(unit.name.as_("unit"), unit.unit_no, unit.property, unit.power_node)
	return unit, resident, query


def _homes(people: Sequence[str]) -> dict[str, list[frappe._dict]]:
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
	found: dict[str, list[frappe._dict]] = defaultdict(list)
	for row in rows:
		found[row.contact].append(row)
	return found


def _homes_of_customers(tickets: Sequence[Ticket]) -> dict[tuple[str, str], list[frappe._dict]]:
	"""(ticket doctype, customer) -> the unit whose household the customer is."""
	wanted: dict[str, set[str]] = defaultdict(set)
	for ticket in tickets:
		if ticket.customer:
			wanted[ticket.doctype].add(ticket.customer)
	found: dict[tuple[str, str], list[frappe._dict]] = defaultdict(list)
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
