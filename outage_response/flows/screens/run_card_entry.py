"""Entering afterwards what was written on the run card while server or network were down."""

from collections.abc import Iterable
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from outage_response import listing, permissions
from outage_response.domain import authority, next_task_on_phone, power_topology
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain.errors import spoken
from outage_response.domain.lifecycle import OPEN, UNPLANNED
from outage_response.domain.states import CheckKind, NodeType, TaskStatus
from outage_response.domain.who_gets_a_task import Department

from ..facts import outage_levels, plan_steps, power_and_assets, who_is_on_duty
from ..facts.language import outcome_word, title_of
from ..facts.reachable_people import full_names
from . import operator_call_sheet, run_card


def to_enter(incident: str) -> dict[str, Any]:
	"""The open steps of an incident in the order of the card, with what completing each asks for.

	lines        of tasks: {task, no, title, subject, held, people, outcomes, checks, counts_people, items, evidence, later, may};
	             `people` who can have stood on a held post, `counts_people` is a number of people in an elevator asked for
	nodes        [node, name] of what stands on the card and is dark, where that is more than one
	cause_types, levels, incident, may
	"""
	permissions.require_read("Outage Incident", incident)
	doc = frappe.get_doc("Outage Incident", incident)
	roles = permissions.roles_of()
	departments = who_is_on_duty.departments()
	numbers = {row["key"]: row["no"] for row in run_card.printed_steps()}
	around = power_and_assets.read(doc.property)
	posted = _everybody(doc.property, departments.values())
	asleep = who_is_on_duty.unmanned(doc.property, departments, now_datetime())
	rows = _open_steps(incident)
	items = _items([row.name for row in rows])
	lines = []
	for row in rows:
		if row.completes_with in ("callbacks", "report") or row.status == TaskStatus.ON_POST:
			continue
		own_role = authority.own_role(departments[row.department])
		stood_in = row.department in asleep and authority.may_step_in("complete", row.gate or "")
		lines.append(
			{
				**_asked(row, items.get(row.name, [])),
				"no": numbers.get(row.step_key),
				"people": posted.get(row.assigned_role or own_role, []) if row.held_until else [],
				"may": authority.may_task("complete", roles, own_role, row.assigned_role or "", unmanned=stood_in),
			}
		)
	lines.sort(key=lambda line: line["no"] or 1000)
	return {
		"incident": operator_call_sheet.heading(doc),
		"lines": lines,
		"nodes": _dark_nodes(doc, around),
		"levels": [
			{"value": row.name, "label": row.title} for row in outage_levels.with_plan() if row.kind in UNPLANNED
		],
		"cause_types": _cause_types(doc),
		"may": {verb: authority.may(verb, roles) for verb in ("confirm", "supply_back", "stand_down")},
	}


def _cause_types(incident: Document) -> list[dict[str, str]]:
	options = incident.meta.get_field("cause_type").options.split("\n")
	return [{"value": one, "label": _(one)} for one in options if one]


def _open_steps(incident: str) -> list[frappe._dict]:
	return frappe.get_all(
		"Outage Task",
		filters={"incident": incident, "status": ("in", OPEN), "plan": ("is", "set")},
		fields=[
			"name",
			"plan",
			"step_key",
			"title",
			"title_zh",
			"subject_label",
			"status",
			"department",
			"assigned_role",
			"held_until",
			"gate",
			"completes_with",
			"priority",
		],
		order_by="priority, due_at, subject_label, name",
	)


def _asked(row: frappe._dict, items: list[dict[str, str]]) -> dict[str, Any]:
	"""A step, and what completing it asks for."""
	step = plan_steps.step_of(row)
	return {
		"task": row.name,
		"title": title_of(row),
		"subject": row.subject_label or "",
		"held": bool(row.held_until),
		"outcomes": [{"value": one, "label": outcome_word(step, one)} for one in step.outcomes],
		"checks": [{"value": one, "label": spoken(one, _)} for one in step.checks],
		"counts_people": step.per == "elevator" and bool(rescues.corrections(step)),
		"items": items,
		"evidence": step.evidence,
		"later": next_task_on_phone.asks(step)["later"],
	}


def _everybody(property_name: str, departments: Iterable[Department]) -> dict[str, list[dict[str, str]]]:
	"""role -> its people at this property."""
	found = who_is_on_duty.everybody(property_name, [row.role for row in departments if row.role])
	names = full_names({user for users in found.values() for user in users})
	return {role: [{"value": user, "label": names.get(user, user)} for user in users] for role, users in found.items()}


def _dark_nodes(incident: Document, around: power_and_assets.Surroundings) -> list[dict[str, str]]:
	"""Nodes of the card that are without supply; none where everything comes back at one stroke."""
	rows = power_and_assets.dark_rows(incident)
	found = [
		{"value": node, "label": around.label(node)}
		for node, row in around.node_rows.items()
		if row["node_type"] != NodeType.SHAFT_SWITCH and power_topology.is_out(around.tree.path(node), "", rows)
	]
	return found if len(found) > 1 else []


def _items(names: list[str]) -> dict[str, list[dict[str, str]]]:
	"""The rows of checklists that are not filled in, by task."""
	found: dict[str, list[dict[str, str]]] = {}
	for row in listing.get_all(
		"Outage Task Check",
		filters={"parent": ("in", names), "parenttype": "Outage Task", "kind": CheckKind.ITEM},
		fields=["parent", "item", "item_label"],
		order_by="parent asc, idx asc",
	):
		found.setdefault(row.parent, []).append({"value": row.item, "label": row.item_label})
	return found
