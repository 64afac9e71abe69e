"""All that decides the task set of an incident, in the words of the rules: what is dark, what depends on it, what was asked for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response import listing
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain.building_spelling import spelling
from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.plan_expansion import CONTRACTOR, Context, Subject, added_by
from outage_response.domain.power_topology import gone_again, is_out
from outage_response.domain.states import AssetType, EntrapmentStatus, IncidentStatus, NodeType, TaskStatus
from outage_response.domain.step_definitions import PER_CONTRACTOR, Step

from . import people_in_elevators, plan_steps, who_is_on_duty
from .power_and_assets import Surroundings, dark_rows, nodes_back, read

KIND_OF_ASSET = {
	AssetType.CRITICAL_ROOM: "critical_room",
	AssetType.SECURITY_POINT: "security_point",
	AssetType.GUARDED_AREA: "guarded_area",
	AssetType.GENERATOR: "generator",
}


def context(incident: Document, tasks: Sequence[TaskRow], around: Surroundings) -> Context:
	"""All that decides the incident's task set."""
	whole = [row.power_node for row in incident.affected_nodes if not row.unit]
	dark = around.tree.under(whole)
	property_doc = frappe.get_cached_doc("Managed Property", incident.property)
	subjects = _assets(around, dark)
	subjects["affected_node"] = _unique(
		Subject("Power Node", row.power_node, around.label(row.power_node)) for row in incident.affected_nodes
	)
	subjects["shaft"], switches = _shafts(around, dark, whole)
	care_units = _care_units(incident, dark)
	entrapments = people_in_elevators.of_incident(incident.name) if incident.name else []
	subjects["care_unit"] = tuple(care_units)
	times = {
		"reported": incident.reported_at if incident.status != IncidentStatus.SCHEDULED else None,
		"confirmed": incident.confirmed_at,
		"planned_start": incident.planned_start,
		"planned_end": incident.planned_end,
		"restored": incident.restored_at,
		"stand_down": incident.stood_down_at,
	}
	return Context(
		property=Subject("Managed Property", incident.property, incident.property),
		property_type=property_doc.property_type,
		off_hours=bool(incident.off_hours),
		households=property_doc.households,
		planned_by=incident.planned_by or "",
		subjects=subjects,
		switches=switches,
		anchors={name: get_datetime(moment) for name, moment in times.items() if moment},
		nodes_back=nodes_back(incident),
		added=_added(incident, tasks, entrapments),
		again=_again(incident, around, care_units, entrapments),
		guards=incident.guards_on_duty or 0,
		repairs=who_is_on_duty.for_repairs(),
	)


def elevators(incident: Document, around: Surroundings) -> tuple[Subject, ...]:
	"""Elevators of the buildings in which anything is dark."""
	dark = around.tree.under(row.power_node for row in incident.affected_nodes if not row.unit)
	return _assets(around, dark).get("elevator", ())


def with_supply(incident: Document, tasks: Sequence[TaskRow]) -> set[str]:
	"""Names of those tasks about a unit that has supply again, while other parts are still dark."""
	about = {task.subject: task.name for task in tasks if task.subject_type == "Property Unit"}
	if not about:
		return set()
	units = listing.get_all("Property Unit", filters={"name": ("in", list(about))}, fields=["name", "power_node"])
	tree, dark = read(incident.property).tree, dark_rows(incident)
	return {about[unit.name] for unit in units if not is_out(tree.path(unit.power_node), unit.name, dark)}


def _again(
	incident: Document,
	around: Surroundings,
	care_units: Mapping[Subject, str],
	entrapments: Sequence[Mapping[str, Any]],
) -> dict[tuple[str, str], datetime]:
	"""Subject (type, name) -> when it went dark again in this incident: the node itself, and what depends on it; or since
	when people may be in an elevator that was found empty before."""
	rows = dark_rows(incident)
	nodes = gone_again(around.tree, rows)
	found: dict[tuple[str, str], datetime] = {}
	for since in sorted(set(nodes.values())):
		dark = around.tree.under(node for node, moment in nodes.items() if moment == since)
		depend = [subject for subjects in _assets(around, dark).values() for subject in subjects]
		depend += [subject for subject, node in care_units.items() if node in dark]
		found |= dict.fromkeys(((subject.type, subject.name) for subject in depend), since)
	# A part that went with the wider area around it is cleared and switched with that area
	found |= {("Power Node", row.node): row.out_since for row in rows if nodes.get(row.node) == row.out_since}
	if nodes:
		found |= dict.fromkeys((("", ""), ("Managed Property", incident.property)), max(nodes.values()))
	for row in entrapments:
		if row["status"] == EntrapmentStatus.POSSIBLE:
			key = ("Property Asset", row["elevator"])
			found[key] = max(get_datetime(row["asked_at"]), found.get(key, datetime.min))
	return found


def _unique(subjects: Iterable[Subject]) -> tuple[Subject, ...]:
	return tuple({subject.name: subject for subject in subjects}.values())


def _assets(around: Surroundings, dark: set[str]) -> dict[str, tuple[Subject, ...]]:
	"""Affected assets by kind.

	By its feed, an elevator also by its building. What cannot be placed counts as affected where anything is dark: an asset of
	whose feed and building nothing is known; and beside a dark home of which nobody knows the building, whatever is placed by
	its building alone.
	"""
	homes = {around.building_of(row) for row in around.unit_counts if row.power_node in dark}
	buildings = homes | _buildings_of_nodes_and_assets(around, dark)
	found: dict[str, list[Subject]] = defaultdict(list)
	contractors: dict[str, Subject] = {}
	for asset in around.assets:
		building = around.same(asset.building)
		if not building or around.is_unplaced(asset):
			in_dark_building = bool(dark)
		else:
			in_dark_building = building in buildings or (not asset.power_node and "" in homes)
		if asset.asset_type == AssetType.ELEVATOR:
			if in_dark_building:
				found["elevator"].append(_of_asset(asset))
				if firm := spelling(asset.contractor_name):
					contractors.setdefault(firm, Subject(CONTRACTOR, asset.contractor_name, asset.contractor_name))
		elif asset.power_node in dark or (not asset.power_node and in_dark_building):
			found[KIND_OF_ASSET[asset.asset_type]].append(_of_asset(asset))
	found[PER_CONTRACTOR] = list(contractors.values())
	return {kind: tuple(rows) for kind, rows in found.items()}


def _buildings_of_nodes_and_assets(around: Surroundings, dark: set[str]) -> set[str]:
	"""Buildings in which a node is dark, or an asset that a dark node feeds."""
	found = {around.building_at(name) for name in around.node_rows if name in dark}
	return found | {around.same(asset.building) for asset in around.assets if asset.power_node in dark}


def _of_asset(asset: frappe._dict) -> Subject:
	return Subject(
		"Property Asset",
		asset.name,
		asset.asset_name,
		department=asset.department or "",
		unprotected=asset.survives_outage != "Yes",
		weight=asset.weight or 0,
	)


def _shafts(
	around: Surroundings, dark: set[str], whole: Sequence[str]
) -> tuple[tuple[Subject, ...], dict[str, tuple[Subject, ...]]]:
	"""Shafts in which anything is dark, each with all its switches (clause 6.3: every switch of the shaft)."""
	above = {node for root in whole if root in around.node_rows for node in around.tree.path(root)}
	shafts = [
		Subject("Power Node", name, row["node_name"])
		for name, row in around.node_rows.items()
		if row["node_type"] == NodeType.SHAFT and (name in dark or name in above)
	]
	switches = {}
	for shaft in shafts:
		inside = around.tree.under([shaft.name])
		switches[shaft.name] = tuple(
			Subject("Power Node", name, row["node_name"])
			for name, row in around.node_rows.items()
			if name in inside and row["node_type"] == NodeType.SHAFT_SWITCH
		)
	return tuple(shafts), switches


def _care_units(incident: Document, dark: set[str]) -> dict[Subject, str]:
	"""Affected units in which somebody depends on power -> the node that feeds each. Few households have one, so this reads
	from the Care Needs."""
	care, unit = frappe.qb.DocType("Care Need"), frappe.qb.DocType("Property Unit")
	rows = (
		frappe.qb.from_(care)
		.join(unit)
		.on(care.unit == unit.name)
		.select(unit.name, unit.unit_no, unit.power_node)
		.where(unit.property == incident.property)
		.orderby(unit.unit_no)
	).run(as_dict=True)
	single = {row.unit for row in incident.affected_nodes if row.unit}
	return {
		Subject("Property Unit", row.name, row.unit_no): row.power_node
		for row in rows
		if row.power_node in dark or row.name in single
	}


def _added(
	incident: Document, tasks: Sequence[TaskRow], entrapments: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str, str], datetime]:
	"""Steps that an outcome asks for, and those that people in an elevator ask for -> since when.

	What a check finds has been so since the check was asked for: a rescue that was over before the check was written down
	is not asked for again.
	"""
	found = []
	for task in tasks:
		if task.status == TaskStatus.DONE and task.outcome:
			step = plan_steps.step_of(task)
			if step.meaning(task.outcome) == rescues.TRAPPED:
				continue
			for key in added_by(step, task.outcome):
				found.append(((key, task.subject_type, task.subject), task.anchor_at))
	steps = plan_steps.steps_of_plan(incident.plan)
	wanted = rescues.asked_for_by_people(steps)
	for row in entrapments:
		if row["status"] in rescues.OPEN:
			found += [
				((step.key, "Property Asset", row["elevator"]), _asked_since(step, row))
				for step in steps
				if step.key in wanted and rescues.asked_for(step, certain=row["status"] == EntrapmentStatus.TRAPPED)
			]
	added: dict[tuple[str, str, str], datetime] = {}
	for asked_for, since in found:
		added[asked_for] = max(since, added.get(asked_for, since))
	return added


def _asked_since(step: Step, row: Mapping[str, Any]) -> datetime:
	"""Since when people in an elevator ask for a step. Somebody who turns out not to be able to wait asks anew for the rescue
	services, though the maintenance company is there."""
	since = get_datetime(row["asked_at"])
	if step.rescue_part == rescues.CALL_SERVICES and row["urgent_at"] and not row["services_called_at"]:
		return max(since, get_datetime(row["urgent_at"]))
	return since
