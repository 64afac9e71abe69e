"""Outages over the same places share their steps: which of another outage does for one of this, and keeps its gates closed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response import listing
from outage_response.domain import shared_steps as domain_sharing
from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.plan_expansion import Difference, TaskSpec, expand
from outage_response.domain.power_topology import Dark, intervals
from outage_response.domain.states import TaskStatus

from ..facts import nested_outages, plan_steps, power_and_assets, step_context
from ..verb.engine import Act
from .tasks_on_record import load


def load_shared(incident: Document, read: Callable[[], power_and_assets.Surroundings]) -> list[TaskRow]:
	"""All tasks of an incident, and those of outages over the same places that stand in for what its plan asks for: what keeps a
	gate closed. `read` is asked for the surroundings only where there are such outages."""
	own = load(incident.name)
	if not nested_outages.names(incident.name):
		return own
	around = read()
	has = {row.key[:3] for row in own if row.status != TaskStatus.CANCELLED}
	specs = expand(plan_steps.steps_of_plan(incident.plan), step_context.context(incident, own, around))
	return [*own, *_stand_ins(incident, [spec for spec in specs if spec.key[:3] not in has], around).values()]


def load_switched(incident: Document, around: power_and_assets.Surroundings) -> list[TaskRow]:
	"""The same, and whatever else such an outage wants to have ended before supply is switched on: its people work there."""
	rows = load_shared(incident, lambda: around)
	known = {row.name for row in rows}
	others = [
		row
		for name in nested_outages.names(incident.name)
		for row in load(name)
		if row.is_open and row.gate == "energise"
	]
	return [*rows, *(row for row in others if row.name not in known)]


def own_row_and_all(act: Act) -> tuple[TaskRow, list[TaskRow]]:
	"""The task of an act as the rules read it, and all tasks as `load_shared` has them."""
	rows = load_shared(act.incident, lambda: act.around)
	return next(row for row in rows if row.name == act.task.name), rows


def _stand_ins(
	incident: Document, specs: Sequence[TaskSpec], around: power_and_assets.Surroundings
) -> dict[tuple[str, str, str], TaskRow]:
	"""Key of a step -> the step of another outage over the same places that does for it."""
	others = nested_outages.names(incident.name)
	if not others:
		return {}
	dark, elsewhere = power_and_assets.dark_rows(incident), nested_outages.dark_rows(others)
	theirs = {name: domain_sharing.latest(load(name)) for name in others}
	feeds = _feeds(specs, around)
	found = {}
	for spec in specs:
		node = spec.subject.name if spec.subject.type == "Power Node" else feeds.get(spec.subject.name)
		path = around.tree.path(node) if node else []
		its = [row.out_since for row in dark if row.node in path] or [row.out_since for row in dark]
		went_at = max(its, default=get_datetime(incident.reported_at))
		for name in others:
			task = theirs[name].get(spec.key[:3])
			before = _was_dark(path, went_at, [row for row in elsewhere if row.incident == name])
			if task and domain_sharing.stands_in(spec, task, went_at, before):
				found[spec.key[:3]] = task
	return found


def _feeds(specs: Sequence[TaskSpec], around: power_and_assets.Surroundings) -> dict[str, str]:
	"""Asset, or home that a step is about -> the node that feeds it."""
	feeds = {asset.name: asset.power_node for asset in around.assets}
	homes = [spec.subject.name for spec in specs if spec.subject.type == "Property Unit"]
	if homes:
		fields = ["name", "power_node"]
		feeds |= dict(listing.get_all("Property Unit", filters={"name": ("in", homes)}, fields=fields, as_list=True))
	return feeds


def _was_dark(path: Sequence[str], at: datetime, record: Sequence[Dark]) -> bool:
	"""Was a node, by its `path`, without supply at this moment, as this record has it?"""
	return bool(path) and any(begin <= at < end for begin, end in intervals(path, "", record, datetime.max))


def unless_shared(act: Act, diff: Difference) -> Difference:
	"""Without the steps that an outage over the same places has under way, or has done since the loss."""
	if not (diff.add or diff.reopen):
		return diff
	specs = [*diff.add, *(spec for _task, spec in diff.reopen)]
	elsewhere = _stand_ins(act.incident, specs, act.around)
	return replace(
		diff,
		add=[spec for spec in diff.add if spec.key[:3] not in elsewhere],
		reopen=[(task, spec) for task, spec in diff.reopen if spec.key[:3] not in elsewhere],
	)
