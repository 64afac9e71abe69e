"""Which homes are whose: contacts of a login, units of contacts, the power nodes above them, and outages there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response import listing
from outage_response.domain.errors import NotAllowed, RuleError
from outage_response.domain.lifecycle import LIVE
from outage_response.integrations import contacts


def require_resident(user: str) -> None:
	"""Raise NotAllowed for visitors who are not logged in."""
	if not user or user == "Guest":
		raise NotAllowed(_("Log in first: we then know which home you write about."))


def contacts_of(user: str) -> list[str]:
	"""Contacts that are this user: by their login, or by the e-mail address they log in with."""
	address = (frappe.db.get_value("User", user, "email") or "").lower()
	by_login = frappe.get_all("Contact", filters={"user": user}, pluck="name", order_by="name")
	return list(dict.fromkeys([*by_login, *contacts.of_emails([address] if address else []).get(address, ())]))


def homes_of(people: Sequence[str]) -> list[frappe._dict]:
	"""(unit, unit_no, property, power_node) of the units these contacts live in."""
	if not people:
		return []
	unit, resident = frappe.qb.DocType("Property Unit"), frappe.qb.DocType("Unit Resident")
	return (
		frappe.qb.from_(unit)
		.join(resident)
		.on((resident.parent == unit.name) & (resident.parenttype == "Property Unit"))
		.select(unit.name.as_("unit"), unit.unit_no, unit.property, unit.power_node)
		.distinct()
		.where(resident.contact.isin(list(people)))
		.orderby(unit.name)
	).run(as_dict=True)


def require_at(contact: str | None, property_name: str) -> None:
	"""Raise RuleError for a contact that lives at another property, and not at this one: their number and their words would become
	this one's, and who answers for them is whoever answers for theirs. A visitor, or a daughter who phones, lives nowhere here."""
	where = {home.property for home in homes_of([str(contact)])} if contact else set()
	if where and property_name not in where:
		raise RuleError(
			_(
				"Contact: {contact} lives in no unit of {property}. Choose one of its residents, or give the number alone."
			),
			contact=str(contact)[:140],
			property=property_name,
		)


def paths_of(nodes: Sequence[str]) -> dict[str, list[str]]:
	"""node -> itself and its ancestors, nearest first; one query."""
	own, above = frappe.qb.DocType("Power Node"), frappe.qb.DocType("Power Node").as_("above")
	rows = (
		frappe.qb.from_(own)
		.join(above)
		.on((above.property == own.property) & (above.lft <= own.lft) & (above.rgt >= own.rgt))
		.select(own.name, above.name.as_("above"))
		.where(listing.one_of(own.name, sorted(set(nodes))))
		.orderby(above.lft, order=frappe.qb.desc)
	).run(as_dict=True)
	found: dict[str, list[str]] = defaultdict(list)
	for row in rows:
		found[row.name].append(row.above)
	return found


def about(nodes: Iterable[str], units: Sequence[str]) -> list[Document]:
	"""The outages, planned or not closed yet, that these power nodes or units are part of; no drills."""
	if not units:
		return []
	other, node = frappe.qb.DocType("Outage Incident"), frappe.qb.DocType("Outage Affected Node")
	whole = (node.unit.isnull()) | (node.unit == "")
	names = (
		frappe.qb.from_(other)
		.join(node)
		.on(node.parent == other.name)
		.select(other.name)
		.distinct()
		.where(other.status.isin(LIVE))
		.where(other.is_drill == 0)
		.where((whole & node.power_node.isin(sorted(nodes))) | node.unit.isin(list(units)))
		.orderby(other.name)
	).run(pluck=True)
	return [frappe.get_doc("Outage Incident", name) for name in names]
