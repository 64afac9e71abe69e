"""The people of an incident's affected units, and how each can be reached; a fixed number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import frappe
from frappe.model.document import Document

from outage_response.domain import topology
from outage_response.domain.notices import Recipient

from . import callees, sharing, surroundings
from .language import in_chinese


def of_incident(incident: Document, around: surroundings.Surroundings) -> list[dict]:
	"""Rows of the residents of affected units who wish to be told, or who depend on power: unit, unit_no, floor,
	power_node, contact, email_id, mobile_no, phone, language, care."""
	unit, resident = frappe.qb.DocType("Property Unit"), frappe.qb.DocType("Unit Resident")
	contact, user, care = (frappe.qb.DocType(name) for name in ("Contact", "User", "Care Need"))
	rows = (
		frappe.qb.from_(unit)
		.join(resident)
		.on((resident.parent == unit.name) & (resident.parenttype == "Property Unit"))
		.join(contact)
		.on(contact.name == resident.contact)
		.left_join(user)
		.on(user.name == contact.user)
		.left_join(care)
		.on((care.contact == contact.name) & (care.unit == unit.name))
		.select(
			unit.name,
			unit.unit_no,
			unit.floor,
			unit.power_node,
			resident.contact,
			contact.email_id,
			contact.mobile_no,
			contact.phone,
			user.language,
			care.name.as_("care"),
		)
		.where(unit.property == incident.property)
		.where((resident.receives_notices == 1) | care.name.isnotnull())
		.orderby(unit.name)
		.orderby(resident.is_primary, order=frappe.qb.desc)
		.orderby(resident.idx)
	).run(as_dict=True)
	return callees.affected(incident, around, rows)


def out_of_supply(
	incident: Document, around: surroundings.Surroundings, rows: Sequence[dict]
) -> tuple[list[dict], list[dict]]:
	"""(rows of units that are dark now, rows of units that have supply again), also by outages over the same places."""
	dark = sharing.all_dark_rows(incident)
	singled_out = {row.unit for row in dark if row.unit}
	known: dict[tuple[str, str], bool] = {}

	def is_out(row: dict) -> bool:
		key = (row["power_node"], row["name"] if row["name"] in singled_out else "")
		if key not in known:
			known[key] = topology.is_out(around.tree.path(row["power_node"]), row["name"], dark)
		return known[key]

	out = [row for row in rows if is_out(row)]
	names = {row["name"] for row in out}
	still = {row["contact"] for row in out}
	return out, [row for row in rows if row["name"] not in names and row["contact"] not in still]


def times_out(incident: Document, around: surroundings.Surroundings, rows: Sequence[dict]) -> dict[str, int]:
	"""contact -> how many times their homes have been dark in this outage, at least once; this time counts from its start."""
	dark = surroundings.dark_rows(incident)
	if not any(row.back_at for row in dark):
		return {row["contact"]: 1 for row in rows}
	singled_out = {row.unit for row in dark if row.unit}
	known: dict[tuple[str, str], list] = {}
	spans: dict[str, list] = defaultdict(list)
	for row in rows:
		key = (row["power_node"], row["name"] if row["name"] in singled_out else "")
		if key not in known:
			known[key] = topology.intervals(around.tree.path(row["power_node"]), row["name"], dark, datetime.max)
		spans[row["contact"]] += known[key]
	return {contact: max(len(topology.union(found)), 1) for contact, found in spans.items()}


def site_language() -> str:
	"""The language of public notices and of people who chose none: en or zh."""
	return _short(frappe.db.get_single_value("System Settings", "language"))


def _short(language: str | None) -> str:
	return "zh" if language and in_chinese(language) else "en"


def recipients(rows: Sequence[dict]) -> list[Recipient]:
	"""One for each contact, however many units; those who depend on power first."""
	otherwise = site_language()
	found: dict[str, Recipient] = {}
	cared_for = {row["contact"] for row in rows if row["care"]}
	for row in rows:
		found.setdefault(
			row["contact"],
			Recipient(
				contact=row["contact"],
				unit=row["name"],
				floor=row["floor"] or "",
				email=row["email_id"] or "",
				mobile=row["mobile_no"] or "",
				phone=row["phone"] or "",
				language=_short(row["language"]) if row["language"] else otherwise,
				care=row["contact"] in cared_for,
			),
		)
	return sorted(found.values(), key=lambda person: not person.care)
