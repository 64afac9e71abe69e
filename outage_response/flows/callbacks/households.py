"""Who is a customer: the household of a unit. Made on demand, kept in step with the unit's residents.

Reading tickets and declaring do not wait for it: the sweep makes what is missing, a callback makes its own.
"""

from collections.abc import Sequence
from datetime import timedelta

import frappe
from frappe.model.document import Document
from frappe.utils import now_datetime
from pypika import Case

from outage_response import bulk, integrations
from outage_response.integrations import helpdesk
from outage_response.integrations import households as customers

BATCH = 100
DAYS = 1


def on_unit_change(doc: Document, method: str | None = None) -> None:
	"""Hook on a unit: who moved out is unlinked from the household's customer at once, who moved in is linked to it.

	When nobody stays it is another household, which gets a customer of its own when it needs one.
	"""
	before = doc.get_doc_before_save()
	old = (
		{row.contact for row in (doc if method == "on_trash" else before).residents}
		if before or method == "on_trash"
		else set()
	)
	new = set() if method == "on_trash" else {row.contact for row in doc.residents}
	if old == new:
		return
	for doctype in integrations.customer_doctypes():
		with integrations.guarded(f"Outage household: {doc.name}"):
			_follow(doctype, doc.name, old, new)
	_let_in(sorted(one for one in new - old if one))


def on_contact_change(doc: Document, method: str | None = None) -> None:
	"""Hook on a contact: a resident who gets a login may use the helpdesk's portal with it."""
	if doc.user and doc.has_value_changed("user") and frappe.db.exists("Unit Resident", {"contact": doc.name}):
		_let_in([doc.name])


def _let_in(people: Sequence[str]) -> None:
	if people:
		with integrations.guarded(f"Outage household: no role for the portal: {people[0]}"), integrations.as_system():
			helpdesk.let_in(people)


def _follow(doctype: str, unit: str, old: set[str], new: set[str]) -> None:
	if not frappe.get_meta(doctype).has_field(customers.UNIT_FIELD):
		return
	customer = customers.of_unit(doctype, unit)
	if not customer:
		return
	customers.unlink(doctype, customer, sorted(old - new))
	if old and not old & new:
		customers.part(doctype, unit)
	else:
		customers.link(doctype, customer, sorted(new - old))


def leave(contact: str, units: Sequence[str]) -> None:
	"""Whose data are erased belongs to no household of these units any more, and reads none of its tickets."""
	for doctype in integrations.customer_doctypes():
		if frappe.get_meta(doctype).has_field(customers.UNIT_FIELD):
			for unit in sorted(units):
				if customer := customers.of_unit(doctype, unit):
					customers.unlink(doctype, customer, [contact])


def of_units(units: Sequence[str]) -> None:
	"""The households of units that are called back become customers. What a platform refuses stops no callback."""
	for desk in integrations.desks():
		for unit in sorted(units):
			with integrations.guarded(f"Outage household: {unit}"):
				desk.household(unit)


# ---------------------------------------------------------------- sweep


def missing() -> list[tuple[str, str]]:
	"""(ticket doctype, unit): residents wrote a ticket about an outage, and their household is no customer yet."""
	found = []
	for desk in integrations.desks():
		if not frappe.get_meta(desk.CUSTOMER).has_field(customers.UNIT_FIELD):
			continue
		call, resident = frappe.qb.DocType("Trouble Call"), frappe.qb.DocType("Unit Resident")
		customer = frappe.qb.DocType(desk.CUSTOMER)
		rows = (
			frappe.qb.from_(call)
			.join(resident)
			.on((resident.parent == call.unit) & (resident.contact == call.contact))
			.left_join(customer)
			.on(customer[customers.UNIT_FIELD] == call.unit)
			.select(call.unit)
			.distinct()
			.where(call.ticket_type == desk.DOCTYPE)
			.where(call.said_at >= now_datetime() - timedelta(days=DAYS))
			.where(customer.name.isnull())
			.orderby(call.unit)
			.limit(BATCH)
		).run(pluck=True)
		found += [(desk.DOCTYPE, unit) for unit in rows]
	return found


def make(ticket_doctype: str, unit: str) -> str | None:
	"""One household of the sweep; a transaction of its own."""
	desk = integrations.desk_of(ticket_doctype)
	return desk.household(unit) if desk else None


def show_on_tickets() -> int:
	"""Tickets whose author lives in a household that is a customer, and that name none, name it. Returns how many."""
	given = 0
	for desk in integrations.desks():
		if frappe.get_meta(desk.CUSTOMER).has_field(customers.UNIT_FIELD):
			given += _name_customers(desk.DOCTYPE, desk.CUSTOMER)
	return given


def _name_customers(ticket_doctype: str, customer_doctype: str) -> int:
	call, resident = frappe.qb.DocType("Trouble Call"), frappe.qb.DocType("Unit Resident")
	customer, ticket = frappe.qb.DocType(customer_doctype), frappe.qb.DocType(ticket_doctype)
	household_of = dict(
		(
			frappe.qb.from_(call)
			.join(resident)
			.on((resident.parent == call.unit) & (resident.contact == call.contact))
			.join(customer)
			.on(customer[customers.UNIT_FIELD] == call.unit)
			.select(call.ticket, customer.name)
			.where(call.ticket_type == ticket_doctype)
			.where(call.said_at >= now_datetime() - timedelta(days=DAYS))
		).run()
	)
	without = (
		(
			frappe.qb.from_(ticket)
			.select(ticket.name)
			.where(ticket.name.isin(list(household_of)))
			.where(ticket.customer.isnull() | (ticket.customer == ""))
			.limit(1000)
		).run(pluck=True)
		if household_of
		else []
	)
	if without:
		which = Case()
		for name in without:
			which = which.when(ticket.name == name, household_of[str(name)])
		bulk.update(ticket_doctype, without, {"customer": which})
	return len(without)
