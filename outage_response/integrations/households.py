"""A unit's household as a customer of a platform (HD Customer, Customer): the household, never the whole community.

In Helpdesk everybody whose contact belongs to an HD Customer sees all its tickets. So a customer is taken for a household only if
nobody else belongs to it, a former resident is taken out, and when nobody stays the next household gets a customer of its own: the old
one keeps the old tickets.

Who belongs to a customer is said by links on the contacts (ERPNext; Helpdesk until 1.27) and, where there is one, by the customer's
own table of members (Helpdesk from 1.28 on). The two are kept in step.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import frappe
from frappe.model.document import Document
from frappe.utils import now

from outage_response import bulk, listing, locks

UNIT_FIELD = "outage_unit"
# The customer's own table of members, and which of its fields names the contact
MEMBERS, MEMBER = "contacts", "contact_name"


def of_unit(doctype: str, unit: str, *, lock: bool = False) -> str | None:
	"""The customer of a unit's household, if there is one. The field is unique, so `lock` locks that row and no other."""
	table = frappe.qb.DocType(doctype)
	query = frappe.qb.from_(table).select(table.name).where(table[UNIT_FIELD] == unit)
	found = (query.for_update() if lock else query).run()
	return found[0][0] if found else None


def find_or_make(
	doctype: str, ticket_doctype: str, unit: str, make: Callable[[str], Document], unfit: dict | None = None
) -> str | None:
	"""The customer of the unit's household: the one it has, else one that is only theirs, else a new one, linked to the
	residents. None for a unit without residents.

	`make(name)` gives a new document. `unfit` filters out customers that can be nobody's household. The unit's row is
	locked, and its name is unique among customers: two workers at once end with one.
	"""
	home = locks.row("Property Unit", unit)
	residents = frappe.get_all(
		"Unit Resident", filters={"parent": unit, "parenttype": "Property Unit"}, pluck="contact", order_by="idx"
	)
	if not home or not residents or not frappe.get_meta(doctype).has_field(UNIT_FIELD):
		return None
	name = of_unit(doctype, unit)
	if not name:
		name = _own(doctype, residents, home, unfit or {}) or _unused(doctype, ticket_doctype, home, unfit or {})
		if name:
			frappe.db.set_value(doctype, name, UNIT_FIELD, unit)
		else:
			name = _insert(doctype, make(_free_name(doctype, home)), unit)
	link(doctype, name, residents)
	return name


def _insert(doctype: str, doc: Document, unit: str) -> str:
	doc.set(UNIT_FIELD, unit)
	frappe.db.savepoint("household")
	try:
		doc.insert(ignore_permissions=True, ignore_mandatory=True)
		return doc.name
	except (frappe.DuplicateEntryError, frappe.UniqueValidationError):
		frappe.db.rollback(save_point="household")
		name = of_unit(doctype, unit, lock=True)  # somebody else made it after this transaction's view began
		if not name:
			raise
		return name


def _own(doctype: str, residents: Sequence[str], unit: frappe._dict, unfit: dict) -> str | None:
	"""A customer that is linked to residents of this unit who live nowhere else, and to nobody besides."""
	row = frappe.qb.DocType("Dynamic Link")
	theirs = listing.get_all(
		"Dynamic Link",
		filters={"parenttype": "Contact", "link_doctype": doctype, "parent": ("in", residents)},
		pluck="link_name",
		distinct=True,
	)
	theirs = sorted({*theirs, *(customer for customer, _contact in _members(doctype, contacts=residents))})
	theirs = _fit(doctype, {"name": ("in", theirs)}, unit, unfit) if theirs else []
	if not theirs:
		return None
	people: dict[str, set[str]] = defaultdict(set)
	for customer, contact in (
		frappe.qb.from_(row)
		.select(row.link_name, row.parent)
		.where(row.parenttype == "Contact")
		.where(row.link_doctype == doctype)
		.where(row.link_name.isin(theirs))
	).run():
		people[customer].add(contact)
	for customer, contact in _members(doctype, customers=theirs):
		people[customer].add(contact)
	elsewhere = set(
		listing.get_all(
			"Unit Resident",
			filters={"contact": ("in", residents), "parent": ("!=", unit.name), "parenttype": "Property Unit"},
			pluck="contact",
		)
	)
	only_here = set(residents) - elsewhere
	return next((name for name in theirs if people[name] <= only_here), None)


def _unused(doctype: str, ticket_doctype: str, unit: frappe._dict, unfit: dict) -> str | None:
	"""A customer of the household's name that nobody is linked to and that has no ticket."""
	for name in _fit(doctype, {"customer_name": _name(unit)}, unit, unfit):
		linked = frappe.db.exists("Dynamic Link", {"parenttype": "Contact", "link_doctype": doctype, "link_name": name})
		linked = linked or _members(doctype, customers=[name])
		if not linked and not frappe.db.exists(ticket_doctype, {"customer": name}):
			return name
	return None


def _fit(doctype: str, filters: dict, unit: frappe._dict, unfit: dict) -> list[str]:
	"""Customers that may be taken for a household: nobody's yet, and not the property itself."""
	fields = ["name", "customer_name", *unfit]
	rows = frappe.get_all(doctype, filters={**filters, UNIT_FIELD: ("is", "not set")}, fields=fields, order_by="name")
	return [
		row.name
		for row in rows
		if unit.property not in (row.name, row.customer_name)
		and all(row[field] in values for field, values in unfit.items())
	]


def _name(unit: frappe._dict) -> str:
	return f"{unit.property} {unit.unit_no}"


def _free_name(doctype: str, unit: frappe._dict) -> str:
	"""The household's name, with a number when an earlier household has it."""
	wanted = _name(unit)
	taken = set(frappe.get_all(doctype, filters={"customer_name": ("like", f"{wanted}%")}, pluck="customer_name"))
	number = 1
	name = wanted
	while name in taken:
		number += 1
		name = f"{wanted} ({number})"
	return name


# ---------------------------------------------------------------- who belongs to a customer


def of_contact(doctype: str, contact: str) -> list[str]:
	"""Customers to whose table of members a contact belongs; none where the platform has no such table."""
	return sorted(customer for customer, _contact in _members(doctype, contacts=[contact]))


def _members(
	doctype: str, *, customers: Sequence[str] | None = None, contacts: Sequence[str] | None = None
) -> list[tuple[str, str]]:
	"""(customer, contact) of the tables of members, of these customers or these contacts."""
	table = _table_of_members(doctype)
	if not table:
		return []
	theirs = {MEMBER: ("in", contacts)} if contacts is not None else {"parent": ("in", customers)}
	rows = listing.get_all(table, {"parenttype": doctype, "parentfield": MEMBERS, **theirs}, fields=["parent", MEMBER])
	return [(row.parent, row[MEMBER]) for row in rows]


def _table_of_members(doctype: str) -> str | None:
	field = frappe.get_meta(doctype).get_field(MEMBERS)
	if not field or field.fieldtype != "Table" or not frappe.get_meta(field.options).has_field(MEMBER):
		return None
	return field.options


def _keep_members(doctype: str, customer: str, *, come: Sequence[str] = (), go: Sequence[str] = ()) -> None:
	"""Through the customer's document: the platform gives its members the role for its portal, and takes it."""
	if not _table_of_members(doctype):
		return
	doc = frappe.get_doc(doctype, customer)
	before = [row.get(MEMBER) for row in doc.get(MEMBERS)]
	missing = [contact for contact in dict.fromkeys(come) if contact not in before]
	if not missing and not set(go) & set(before):
		return
	if doc.get("primary_contact") in go:
		doc.update({"primary_contact": None, "email_id": None, "mobile_no": None})
	doc.set(MEMBERS, [row for row in doc.get(MEMBERS) if row.get(MEMBER) not in go])
	for contact in missing:
		doc.append(MEMBERS, {MEMBER: contact})
	doc.save(ignore_permissions=True)


def link(doctype: str, customer: str, contacts: Sequence[str]) -> None:
	"""Contacts belong to a customer; those that do so stay as they are. Links are written in one statement.

	A link's name follows from what it links. Of two workers whose views of the database are older than each other's links,
	the second one fails and is run again.
	"""
	_keep_members(doctype, customer, come=contacts)
	there = set(
		listing.get_all(
			"Dynamic Link",
			filters={
				"parenttype": "Contact",
				"parent": ("in", contacts),
				"link_doctype": doctype,
				"link_name": customer,
			},
			pluck="parent",
		)
	)
	missing = [contact for contact in dict.fromkeys(contacts) if contact not in there]
	if not missing:
		return
	rows = [
		{
			"name": hashlib.sha256("\x1f".join((doctype, customer, contact)).encode()).hexdigest()[:20],
			**bulk.child_of("Contact", contact, "links", 99),
			"link_doctype": doctype,
			"link_name": customer,
			"link_title": customer,
		}
		for contact in missing
	]
	bulk.insert("Dynamic Link", rows)
	_touch(missing)


def unlink(doctype: str, customer: str, contacts: Sequence[str]) -> None:
	"""These people belong to the household no longer."""
	if contacts:
		_keep_members(doctype, customer, go=contacts)
		frappe.db.delete(
			"Dynamic Link",
			{
				"parenttype": "Contact",
				"parent": ("in", list(contacts)),
				"link_doctype": doctype,
				"link_name": customer,
			},
		)
		_touch(contacts)


def part(doctype: str, unit: str) -> None:
	"""Nobody of the household stays: its customer is this unit's no longer."""
	if name := of_unit(doctype, unit):
		frappe.db.set_value(doctype, name, UNIT_FIELD, None)


def _touch(contacts: Iterable[str]) -> None:
	"""A form of a contact that is open elsewhere must not write the old links back."""
	names = list(contacts)
	bulk.update("Contact", names, {"modified": now()})
	for name in names:
		frappe.clear_document_cache("Contact", name)
