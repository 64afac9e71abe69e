"""The run card of a property, printed for the night in which server or network are down; see also `run_card_entry.py`."""

from collections.abc import Sequence, Set
from datetime import timedelta
from typing import Any

import frappe
from frappe import _
from frappe.utils import format_datetime, now_datetime

from outage_response import permissions
from outage_response.domain import authority
from outage_response.domain.entrapment_rules import natural
from outage_response.domain.states import AssetType, Duty, NodeType, OutageKind
from outage_response.domain.step_definitions import ACCOUNT_MANAGER, Step
from outage_response.domain.typed_numbers import floor_order
from outage_response.domain.who_gets_a_task import of_duty

from ..facts import outage_levels, phone_book, plan_steps, power_and_assets, who_is_on_duty
from ..facts.language import title_of
from ..facts.place_names import building_words
from ..residents import who_depends_on_power

ROSTER_DAYS = 7  # whose numbers stand on the card: nobody knows in which night it is needed
# so many rows of each kind fit on the first page
MOST = {"numbers": 20, "nodes": 24, "elevators": 12, "rooms": 10, "posts": 14}


def of_property(property_name: str) -> dict[str, Any]:
	"""What stands on the card, in the reader's language; see the print format Outage Run Card.

	Homes that depend on power are counted by floor, without a name, for those who may look them up; the look is logged.
	"""
	permissions.require_property(property_name)
	around = power_and_assets.read(property_name)
	doc = frappe.get_cached_doc("Managed Property", property_name)
	steps = printed_steps()
	card = {
		"property": property_name,
		"kind": _(doc.property_type),
		"households": doc.households,
		"printed_at": format_datetime(now_datetime(), "yyyy-MM-dd HH:mm"),
		"numbers": _numbers(property_name, around.assets),
		"nodes": _nodes(around),
		"elevators": [
			{**row, "building": around.building_name(row.building)}
			for row in around.assets
			if row.asset_type == AssetType.ELEVATOR
		],
		"rooms": frappe.get_all(
			"Property Asset",
			filters={"property": property_name, "asset_type": ("in", (AssetType.CRITICAL_ROOM, AssetType.GENERATOR))},
			fields=["asset_name", "building.building_name as building", "backup_minutes"],
			order_by="asset_type, asset_name",
		),
		"posts": [
			row
			for row in around.assets
			if row.asset_type in (AssetType.GUARDED_AREA, AssetType.SECURITY_POINT) and row.survives_outage != "Yes"
		],
		"care": _care_floors(property_name),
		"levels": [row.name for row in outage_levels.with_plan()],
		"unplanned": [row.name for row in outage_levels.with_plan() if row.kind != OutageKind.PLANNED],
		"steps": [step for step in steps if not step["planned"]],
		"planned": [step for step in steps if step["planned"]],
	}
	card["more"] = {key: max(0, len(card[key]) - most) for key, most in MOST.items()}
	for key, most in MOST.items():
		card[key] = card[key][:most]
	return card


def printed_steps() -> list[dict[str, Any]]:
	"""The first page of the plans: each step once, with its number on the card and the levels that ask for it."""
	found: dict[str, dict[str, Any]] = {}
	# what is planned comes last, and a step of both kinds stands among those that nobody saw coming
	for level in sorted(outage_levels.with_plan(), key=lambda row: (row.kind == OutageKind.PLANNED, row.name)):
		planned = level.kind == OutageKind.PLANNED
		for step in plan_steps.steps_of_plan(plan_steps.current_plan(level.name)):
			if not _is_printed(step, planned=planned):
				continue
			row = found.setdefault(
				step.key,
				{
					"key": step.key,
					"title": title_of({"title": step.title, "title_zh": step.title_zh}),
					"planned": planned,
					"minutes": step.minutes,
					"life": step.life_safety or step.priority == 0,
					"levels": [],
				},
			)
			row["levels"].append(level.name)
	return [{**row, "no": number} for number, row in enumerate(found.values(), start=1)]


def _is_printed(step: Step, *, planned: bool) -> bool:
	"""What cannot wait until the server is back."""
	if not planned:
		return (step.anchor == "reported" and step.priority <= 2 and not step.optional) or step.gate == "energise"
	return step.gate in ("start", "energise") or bool(step.held_until)


def _numbers(property_name: str, assets: list[frappe._dict]) -> list[dict[str, str]]:
	"""What holds at any hour: departments' own numbers, firms, supplier; then people of the week's shifts, whatever the
	hour of printing, after a line on which whoever hangs up the card writes who is there tonight.
	"""
	book = phone_book.book(property_name, None, assets)
	departments = frappe.get_all("Response Department", fields=["name", "department_name", "duty"])
	found = _numbers_of_any_hour(book, departments, assets)
	return found + _numbers_of_the_week(property_name, book, departments, {row["phone"] for row in found})


def _numbers_of_any_hour(
	book: phone_book.Book, departments: Sequence[frappe._dict], assets: Sequence[frappe._dict]
) -> list[dict[str, str]]:
	"""Of departments, then firms, then the supplier; who has none gets a line to write on."""
	names = {row.name: row.department_name for row in departments}
	suppliers, maintenance = (
		[row.name for row in of_duty(departments, duty_of)] for duty_of in (Duty.POWER_SUPPLY, Duty.ELEVATORS)
	)
	firms = sorted({asset.contractor_name for asset in assets if asset.contractor_name})
	found = []
	for who in (*(key for key in names if key not in suppliers), *firms, *suppliers, ACCOUNT_MANAGER):
		label = _("Supplier's Account Manager") if who == ACCOUNT_MANAGER else _(names.get(who) or who)
		for name, phone in book.get(who, []):
			found.append({"who": label, "name": "" if name == label else name, "phone": phone})
		if not book.get(who) and who not in (ACCOUNT_MANAGER, *maintenance):
			found.append({"who": label, "name": "", "phone": ""})
	return found


def _numbers_of_the_week(
	property_name: str, book: phone_book.Book, departments: Sequence[frappe._dict], known: Set[str]
) -> list[dict[str, str]]:
	"""Of people on shift, but for the numbers that are `known`; before them a line for each department, to write on."""
	now = now_datetime()
	rows = who_is_on_duty.on_shift(property_name, now, now + timedelta(days=ROSTER_DAYS))
	labels = {row.name: _(row.department_name or row.name) for row in departments}
	people = dict.fromkeys((row.department, row.user_name or row.contact_name or "", row.number) for row in rows)
	tonight = [
		labels.get(key) or _(key) for key in dict.fromkeys(key for key, _name, _phone in people) if book.get(key)
	]
	return [
		*({"who": label, "name": _("on duty tonight:"), "phone": ""} for label in tonight),
		*(
			{"who": labels.get(key) or _(key), "name": name, "phone": phone}
			for key, name, phone in people
			if phone not in known
		),
	]


def _nodes(around: power_and_assets.Surroundings) -> list[dict[str, Any]]:
	"""Nodes down to the shafts and panels; switches are counted, not listed."""
	found = []
	for name, row in around.node_rows.items():
		if row["node_type"] == NodeType.SHAFT_SWITCH:
			continue
		inside = around.tree.under([name])
		switches = sum(1 for node in inside if around.node_rows[node]["node_type"] == NodeType.SHAFT_SWITCH)
		found.append(
			{
				"label": row["node_name"],
				"kind": _(row["node_type"]),
				"depth": len(around.tree.path(name)) - 1,
				"switches": switches,
				"units": sum(around.units_at_node[node] for node in inside),
			}
		)
	return found


def _care_floors(property_name: str) -> list[dict[str, Any]] | None:
	"""Floors on which somebody depends on power; None for who may not look them up."""
	if not authority.may("read_care_needs", permissions.roles_of()):
		return None
	need, unit, building = (frappe.qb.DocType(name) for name in ("Care Need", "Property Unit", "Property Building"))
	rows = (
		frappe.qb.from_(need)
		.join(unit)
		.on(need.unit == unit.name)
		.left_join(building)
		.on(unit.building == building.name)
		.select(building.building_name.as_("building"), unit.floor)
		.distinct()
		.where(unit.property == property_name)
	).run(as_dict=True)
	rows.sort(key=lambda row: (natural(row.building or ""), floor_order(row.floor)))
	for row in rows:
		row.building = building_words(row.building)
	who_depends_on_power.log_look("Care Need", "run_card", property_name)
	frappe.local.flags.commit = True  # a card is printed by GET, and the look is kept all the same
	return rows
