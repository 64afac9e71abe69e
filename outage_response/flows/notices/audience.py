"""The people of an incident's affected units, and how each can be reached; a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import frappe
from frappe.model.document import Document

from outage_response.domain import power_topology
from outage_response.domain.notice_rules import Recipient

from ..facts import affected_homes, nested_outages, power_and_assets
from ..facts.language import in_chinese


def of_incident(incident: Document, around: power_and_assets.Surroundings) -> list[dict]:
	"""Rows of the residents of affected units who wish to be told, or who depend on power: name (of the unit), unit_no, floor,
	power_node, contact, email_id, mobile_no, phone, language, care."""
	living = [row for row in affected_homes.residents(incident, around) if row.contact]
	people = _people(sorted({row.contact for row in living}))
	care = set(
		frappe.get_all(
			"Care Need",
			filters={"property": incident.property},
			fields=["unit", "contact"],
			as_list=True,
			limit=0,
		)
	)
	return [
		frappe._dict(
			name=row.unit,
			unit_no=row.unit_no,
			floor=row.floor,
			power_node=row.power_node,
			care=(row.unit, row.contact) in care,
			**people[row.contact],
		)
		for row in living
		if row.contact in people and (row.receives_notices or (row.unit, row.contact) in care)
	]


def _people(names: Sequence[str]) -> dict[str, frappe._dict]:
	"""contact -> how they are reached."""
	contact, user = frappe.qb.DocType("Contact"), frappe.qb.DocType("User")
	rows = names and (
		frappe.qb.from_(contact)
		.left_join(user)
		.on(user.name == contact.user)
		.select(contact.name.as_("contact"), contact.email_id, contact.mobile_no, contact.phone, user.language)
		.where(contact.name.isin(list(names)))
	).run(as_dict=True)
	return {row.contact: row for row in rows or ()}


def out_of_supply(
	incident: Document, around: power_and_assets.Surroundings, rows: Sequence[dict]
) -> tuple[list[dict], list[dict]]:
	"""(rows of units that are dark now, rows of units that have supply again), also by outages over the same places."""
	dark = nested_outages.all_dark_rows(incident)
	singled_out = {row.unit for row in dark if row.unit}
	known: dict[tuple[str, str], bool] = {}

	def is_out(row: dict) -> bool:
		key = (row["power_node"], row["name"] if row["name"] in singled_out else "")
		if key not in known:
			known[key] = power_topology.is_out(around.tree.path(row["power_node"]), row["name"], dark)
		return known[key]

	out = [row for row in rows if is_out(row)]
	names = {row["name"] for row in out}
	still = {row["contact"] for row in out}
	return out, [row for row in rows if row["name"] not in names and row["contact"] not in still]


def times_out(incident: Document, around: power_and_assets.Surroundings, rows: Sequence[dict]) -> dict[str, int]:
	"""contact -> how many times their homes have been dark in this outage, at least once; this time counts from its start."""
	dark = power_and_assets.dark_rows(incident)
	if not any(row.back_at for row in dark):
		return {row["contact"]: 1 for row in rows}
	singled_out = {row.unit for row in dark if row.unit}
	known: dict[tuple[str, str], list] = {}
	spans: dict[str, list] = defaultdict(list)
	for row in rows:
		key = (row["power_node"], row["name"] if row["name"] in singled_out else "")
		if key not in known:
			known[key] = power_topology.intervals(around.tree.path(row["power_node"]), row["name"], dark, datetime.max)
		spans[row["contact"]] += known[key]
	return {contact: max(len(power_topology.union(found)), 1) for contact, found in spans.items()}


def site_language() -> str:
	"""The language of public notices and of people who chose none: en or zh."""
	return _short(frappe.db.get_single_value("System Settings", "language"))


def languages_of(contacts: Iterable[str]) -> dict[str, str]:
	"""contact -> the language that their login has chosen: en or zh. Who chose none is not in it."""
	contact, user = frappe.qb.DocType("Contact"), frappe.qb.DocType("User")
	wanted = sorted({one for one in contacts if one})
	if not wanted:
		return {}
	rows = (
		frappe.qb.from_(contact)
		.join(user)
		.on(user.name == contact.user)
		.select(contact.name, user.language)
		.where(contact.name.isin(wanted))
		.where(user.language > "")
	).run()
	return {name: _short(language) for name, language in rows}


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
