"""The command centre: every running incident that the reader may see, and declaring in three words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.utils import now_datetime

from outage_response import permissions
from outage_response.domain import authority
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain.command_centre_rules import SEEN, kind_seen
from outage_response.domain.lifecycle import BEGUN
from outage_response.domain.states import AssetType, ProposalStatus
from outage_response.integrations import contacts

from ..facts import outage_levels, people_in_elevators_shown, power_and_assets
from ..incident import declaring
from ..verb.refusals import translated
from .command_record import Record, titles
from .dangers_told import dangers
from .waiting_calls import waiting_calls


def command_centre() -> dict[str, Any]:
	"""{"now", "incidents", "proposals", "waiting", "dangers", "seen", "may"}; moments are naive site time, as text.

	An incident: what it is, since when, its ETR and how often that moved, units, and of its steps only what needs a look:
	life safety, posts without a guard, batteries, overdue by department, people who have not answered, callbacks left.
	"""
	permissions.require_list("Outage Incident")
	now = now_datetime()
	incidents = frappe.get_list(
		"Outage Incident",
		filters={"status": ("in", BEGUN)},
		fields=[
			"name",
			"property",
			"level",
			"plan",
			"status",
			"is_drill",
			"description",
			"cause",
			"cause_type",
			"reported_at",
			"restored_at",
			"etr",
			"affected_units",
			"parent_incident",
		],
		order_by="reported_at desc, name desc",
		limit=0,
	)
	record = Record(incidents, now)
	shown = sorted((record.incident(row) for row in incidents), key=lambda one: one["order"])
	return {
		"now": str(now),
		"incidents": shown,
		"trapped": people_in_elevators_shown.visible(now),
		"dangers": dangers(record),
		"proposals": _proposals(),
		"waiting": waiting_calls(),
		"seen": [_(text) for text, _kind in SEEN],
		"may": {
			verb: authority.may(action, permissions.roles_of())
			for verb, action in (
				("declare", "declare"),
				("dismiss", "cancel"),
				("call", "record_call"),
				("take", "take_call"),
			)
		},
	}


def _proposals() -> list[dict[str, Any]]:
	if not frappe.has_permission("Outage Proposal", "read"):
		return []
	rows = frappe.get_list(
		"Outage Proposal",
		filters={"status": ProposalStatus.OPEN},
		fields=["name", "property", "power_node", "callers", "danger", "sureness", "first_call_at", "last_call_at"],
		order_by="danger desc, callers desc",
		limit=0,
	)
	places = titles("Power Node", "node_name", rows, "power_node")
	return [
		{
			**row,
			"place": places.get(row.power_node) or row.power_node,
			"first_call_at": str(row.first_call_at or ""),
			"last_call_at": str(row.last_call_at or ""),
		}
		for row in rows
	]


# ---------------------------------------------------------------- somebody calls


def elevators() -> list[dict[str, Any]]:
	"""Elevators of the reader's properties, for whoever reports people in one: [{property, building, elevators: [[name, label]]}]
	by property and building, each in counting order; building "" for those without one."""
	with translated():
		permissions.require_verb("record_call")
	fields = ["name", "asset_name", "property", "building.building_name as building"]
	rows = [
		row
		for more in permissions.narrowed("Property Asset")
		for row in frappe.get_list(
			"Property Asset", filters=[["asset_type", "=", AssetType.ELEVATOR], *more], fields=fields, limit=0
		)
	]
	found: dict[tuple[str, str], list[list[str]]] = {}
	for row in sorted(
		rows, key=lambda row: [rescues.natural(row[key] or "") for key in ("property", "building", "asset_name")]
	):
		found.setdefault((row.property, row.building or ""), []).append([row.name, row.asset_name])
	return [
		{"property": property_name, "building": building, "elevators": cars}
		for (property_name, building), cars in found.items()
	]


def homes_of_number(property: str, phone: str) -> list[dict[str, str]]:
	"""Units of the property in which somebody has this telephone: [{unit, unit_no}]. The operator asks whether it is so; a number
	alone places no call, since people ring for others."""
	with translated():
		permissions.require_verb("record_call")
	permissions.require_list("Property Unit")
	permissions.require_property(property)
	who = contacts.of_numbers([phone]).get(phone) if isinstance(phone, str) else None
	if not who:
		return []
	unit, resident = frappe.qb.DocType("Property Unit"), frappe.qb.DocType("Unit Resident")
	rows = (
		frappe.qb.from_(unit)
		.join(resident)
		.on((resident.parent == unit.name) & (resident.parenttype == "Property Unit"))
		.select(unit.name, unit.unit_no)
		.distinct()
		.where(unit.property == property)
		.where(resident.contact.isin(who))
	).run(as_dict=True)
	return [
		{"unit": row.name, "unit_no": row.unit_no} for row in sorted(rows, key=lambda row: rescues.natural(row.unit_no))
	]


# ---------------------------------------------------------------- declaring in three words


def get_levels() -> list[dict]:
	"""The levels that somebody may declare an outage with: `name`, `title`, `kind` (Internal, External, Planned)."""
	with translated():
		permissions.require_verb("declare")
	return outage_levels.with_plan()


def declare_seen(
	property: str,
	seen: str | None = None,
	where: str | None = None,
	level: str | None = None,
	*,
	planned_by: str | None = None,
	planned_start: str | datetime | None = None,
	planned_end: str | datetime | None = None,
	windows: Sequence[dict] | None = None,
	reason: str | None = None,
	all_the_same: bool = False,
	occurred_at: str | datetime | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""Declare by what was seen: the whole property is meant where no node is named, and the level follows from the words
	where none is chosen.

	Answers as `flows.incident.declaring.declare`.
	"""
	with translated():
		permissions.require_verb("declare")
		nodes = [where] if where else _roots(property)
		level = level or outage_levels.default_of(kind_seen(seen or "", _))
	return declaring.declare(
		property,
		nodes,
		level,
		(seen or "").strip() or None,
		planned_by=planned_by,
		planned_start=planned_start,
		planned_end=planned_end,
		windows=windows,
		reason=reason,
		all_the_same=all_the_same,
		occurred_at=occurred_at,
		request_id=request_id,
	)


def _roots(property_name: str) -> list[str]:
	"""The nodes from which the whole property is fed."""
	if not isinstance(property_name, str):
		return []
	around = power_and_assets.read(property_name)
	return [name for name, parent in around.tree.parents.items() if not parent or parent not in around.tree.parents]
