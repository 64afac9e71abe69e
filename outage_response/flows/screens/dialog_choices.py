"""What the dialogs of an outage's form offer to choose from: levels, causes, nodes, elevators, posts and people."""

from collections.abc import Iterable, Sequence
from typing import Any

from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from outage_response.domain import entrapment_rules as rescues
from outage_response.domain import power_topology
from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.plan_expansion import Subject
from outage_response.domain.states import OutageKind

from ..facts import (
	outage_levels,
	power_and_assets,
	step_context,
	who_is_on_duty,
)
from ..facts.reachable_people import full_names


def choices(
	incident: Document,
	around: power_and_assets.Surroundings,
	posts: Sequence[TaskRow],
	verbs: Sequence[str],
	shown: Sequence[dict[str, Any]],
) -> dict[str, Any]:
	elevators = step_context.elevators(incident, around) if "report_trapped" in verbs else ()
	hands_over = {"reassign", "relieve", "acknowledge_for", "complete_for"} & {
		verb for row in shown for verb in row["verbs"]
	}
	return {
		# nothing becomes planned afterwards
		"levels": [
			[row.name, row.title]
			for row in outage_levels.with_plan()
			if row.kind != OutageKind.PLANNED or row.name == incident.level
		],
		"cause_types": [
			[option, _(option)] for option in incident.meta.get_field("cause_type").options.split("\n") if option
		],
		"tree": _tree(incident, around) if "extend_scope" in verbs else [],
		"inside": _inside(incident, around) if "supply_back" in verbs else [],
		"elevators": [[subject.name, subject.label] for subject in in_counting_order(elevators)],
		"elevator_buildings": _buildings(elevators, around),
		"posts": [[task.subject, task.subject_label, task.status] for task in posts],
		"people": _people(incident) if hands_over else {},
	}


def _buildings(elevators: Iterable[Subject], around: power_and_assets.Surroundings) -> list[str]:
	"""Buildings of these elevators, "" for those without one: where nobody knows in which of them people are."""
	names = {subject.name for subject in elevators}
	return sorted({around.building_name(asset.building) for asset in around.assets if asset.name in names})


def in_counting_order(elevators: Iterable[Subject]) -> list[Subject]:
	return sorted(elevators, key=lambda subject: rescues.natural(subject.label))


def _tree(incident: Document, around: power_and_assets.Surroundings) -> list[list[str]]:
	"""[node, name with the way to it] of nodes that have no line of their own yet."""
	named = {row.power_node for row in incident.affected_nodes if not row.back_at and not row.unit}
	return [[node, _path(node, around)] for node in around.node_rows if node not in named]


def _inside(incident: Document, around: power_and_assets.Surroundings) -> list[list[str]]:
	"""The same of nodes at which supply can come back: those that are out, and what hangs on them."""
	dark = power_and_assets.dark_rows(incident)
	return [
		[node, _path(node, around)]
		for node in around.node_rows
		if power_topology.is_out(around.tree.path(node), "", dark)
	]


def _path(node: str, around: power_and_assets.Surroundings) -> str:
	return " / ".join(around.label(above) for above in reversed(around.tree.path(node)))


def _people(incident: Document) -> dict[str, list[dict[str, Any]]]:
	"""role -> people who can take a task over: `user`, `full_name`, `on_duty`; those on duty first."""
	roster = who_is_on_duty.roster(incident.property, now_datetime(), who_is_on_duty.departments())
	on_duty = {person.user for person in roster.on_duty if person.user}
	names = full_names({user for users in roster.everybody.values() for user in users})
	return {
		role: sorted(
			({"user": user, "full_name": names.get(user, user), "on_duty": user in on_duty} for user in users),
			key=lambda person: (not person["on_duty"], person["full_name"]),
		)
		for role, users in roster.everybody.items()
	}
