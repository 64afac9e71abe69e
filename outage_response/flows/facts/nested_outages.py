"""Outages that were declared over a part of each other: they share what is under way there, so that nobody is checked or called
twice. Nested ones ("still out") are no such outages.
"""

from collections.abc import Sequence
from datetime import datetime

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response import bulk, listing
from outage_response.domain import callback_rules
from outage_response.domain.lifecycle import RUNNING
from outage_response.domain.power_topology import Dark
from outage_response.domain.states import CallbackStatus, IncidentStatus

from . import power_and_assets

# Rows of Overlapping Outage hang on the outage that came later. No field of the form loads them: every verb would read them.
ROWS = "Overlapping Outage"


def running_at(property_name: str, is_drill: int, but: str = "") -> list[frappe._dict]:
	"""(name, level, power_node) of what is dark now by running outages of a property, single homes left out."""
	other, node = frappe.qb.DocType("Outage Incident"), frappe.qb.DocType("Outage Affected Node")
	return (
		frappe.qb.from_(other)
		.join(node)
		.on(node.parent == other.name)
		.select(other.name, other.level, node.power_node)
		.where(other.property == property_name)
		.where(other.status.isin(RUNNING))
		.where(other.is_drill == is_drill)
		.where(other.name != but)
		.where(node.back_at.isnull())
		.where(node.unit.isnull() | (node.unit == ""))
	).run(as_dict=True)


def overlapping(
	nodes: Sequence[str], running: Sequence[frappe._dict], around: power_and_assets.Surroundings
) -> list[str]:
	"""Of the running outages those that make a part of these nodes dark, the first one first."""
	wanted = around.tree.under(nodes)
	names = dict.fromkeys(row.name for row in running)
	return [name for name in names if wanted & around.tree.under(row.power_node for row in running if row.name == name)]


def note(incident: str, others: Sequence[str], now: datetime) -> list[str]:
	"""From now on they share; which of `others` are new."""
	new = [name for name in others if name not in names(incident)]
	rows = [
		{**bulk.child_of("Outage Incident", incident, "overlaps", index), "incident": name}
		for index, name in enumerate(new, start=1)
	]
	bulk.insert(ROWS, rows, now)
	return new


def names(incident: str | None) -> list[str]:
	"""The outages that share with this one, whichever came first, except those that were none."""
	if not incident:
		return []
	found = [
		*frappe.get_all(ROWS, filters={"parent": incident, "parenttype": "Outage Incident"}, pluck="incident"),
		*frappe.get_all(ROWS, filters={"incident": incident}, pluck="parent"),
	]
	return found and listing.get_all(
		"Outage Incident",
		filters={"name": ("in", found), "status": ("!=", IncidentStatus.CANCELLED)},
		pluck="name",
		order_by="name",
	)


def dark_rows(others: Sequence[str]) -> list[Dark]:
	"""What these outages say of the places without supply, each row with its incident."""
	if not others:
		return []
	rows = listing.get_all(
		"Outage Affected Node",
		filters={"parent": ("in", others), "parenttype": "Outage Incident", "out_since": ("is", "set")},
		fields=["parent", "power_node", "unit", "out_since", "back_at"],
	)
	return [power_and_assets.dark_row(row, row.parent) for row in rows if not row.unit]


def all_dark_rows(incident: Document) -> list[Dark]:
	"""The same of the outage and of those that share with it: supply is back where none of them says otherwise."""
	return [*power_and_assets.dark_rows(incident), *dark_rows(names(incident.name))]


def called_by_others(incident: Document, keys: Sequence[str]) -> set[str]:
	"""Of these contacts, those whom another outage calls back for this loss, or has called."""
	others = names(incident.name)
	since = min((row.out_since for row in power_and_assets.dark_rows(incident)), default=None)
	if not others or since is None or not keys:
		return set()
	rows = listing.get_all(
		"Outage Callback",
		filters={"incident": ("in", others), "contact": ("in", list(keys))},
		fields=["name", "contact", "status", "creation"],
	)
	# whom nobody had phoned when that outage was closed all the same has not been called
	given_up = [row.name for row in rows if row.status == CallbackStatus.EXHAUSTED]
	tried = set(listing.get_all("Outage Callback Attempt", filters={"parent": ("in", given_up)}, pluck="parent"))
	return {
		row.contact
		for row in rows
		if row.status in callback_rules.WAITING
		or (get_datetime(row.creation) >= since and (row.status != CallbackStatus.EXHAUSTED or row.name in tried))
	}


def told_by_others(incident: str, kind: str, contacts: Sequence[str]) -> set[str]:
	"""Of these contacts, those who have this word from another outage that still runs."""
	others = contacts and listing.get_all(
		"Outage Incident", filters={"name": ("in", names(incident)), "status": ("in", RUNNING)}, pluck="name"
	)
	filters = {"incident": ("in", others), "kind": kind, "contact": ("in", list(contacts))}
	return set(frappe.get_all("Notice Delivery", filters=filters, pluck="contact")) if others else set()
