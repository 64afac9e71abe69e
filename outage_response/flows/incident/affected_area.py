"""What an outage affects turns out to be more: further nodes, and homes and residents that were entered meanwhile."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain.errors import RuleError
from outage_response.domain.power_topology import Dark, gone_again, is_out
from outage_response.domain.states import IncidentStatus

from ..callbacks import open_callbacks
from ..facts import affected_homes, power_and_assets
from ..facts.affected_nodes import named_nodes
from ..facts.minutes_of_interruption import count_minutes
from ..notices import automatic_notices
from ..tasks import task_set, tasks_at_once, tasks_on_record
from ..verb.changes import save
from ..verb.engine import Act, incident_verb
from .outages_that_share import share_with_running


@incident_verb
def extend_scope(act: Act, nodes: Sequence[str]) -> dict[str, Any]:
	"""More is dark than was known; a node inside the affected area gets a line of its own, so that it can be cleared and
	come back by itself. A node that had been back and went again is one more loss, with further rounds of its steps."""
	incident, around = act.incident, act.around
	added = _add_lines(act, nodes)
	if affected_homes.is_kept(incident):
		affected_homes.keep(incident, around, act.now)
	affected_homes.count(incident, around)
	save(incident)
	_forget_what_was_clear(act, added)
	open_callbacks.hold(act)
	share_with_running(act)
	diff = task_set.sync(act)
	act.record("scope_extended", {"nodes": [around.label(node) for node in added], "added": len(diff.add)})
	automatic_notices.on_extended(act)
	return {"added": len(diff.add), "affected_units": incident.affected_units}


def _add_lines(act: Act, nodes: Sequence[str]) -> list[str]:
	"""A line for each of the nodes that has none of its own; answers which those are."""
	incident, around = act.incident, act.around
	out = [row for row in incident.affected_nodes if not row.back_at and not row.unit]
	before = power_and_assets.dark_rows(incident)
	added = []
	for node in named_nodes(nodes, around):
		path = around.tree.path(node)
		above = [row for row in out if row.power_node in path]
		if any(row.power_node == node for row in above):
			continue
		nearest = min(above, key=lambda row: path.index(row.power_node), default=None)
		since = _out_since(act, node, nearest, before)
		incident.append("affected_nodes", {"power_node": node, "out_since": since})
		added.append(node)
	return added


def _out_since(act: Act, node: str, nearest: Document | None, before: Sequence[Dark]) -> datetime | None:
	"""Since when a node is dark that gets a line now. `nearest`: the line that stands for it so far."""
	if act.incident.status == IncidentStatus.SCHEDULED:
		return None
	if nearest and _is_dark(node, act.around, before):
		return nearest.out_since
	path = act.around.tree.path(node)  # it cannot have gone again before it was back
	return max([act.at, *(row.back_at for row in before if row.back_at and row.node in path)])


@incident_verb
def take_over_changes(act: Act) -> dict[str, Any]:
	"""Units and residents that were entered or changed while it is dark count in this outage from now on."""
	incident, around = act.incident, act.around
	if frappe.db.exists("Outage Report", {"incident": incident.name}):
		raise RuleError(_("The report of this incident is already filed: its figures stay."))
	added, residents = affected_homes.take_over(incident, around, act.now)
	if not added and not residents:
		raise RuleError(_("Records: nothing was changed that this outage goes by. There is nothing to take over."))
	affected_homes.count(incident, around)
	if incident.restored_at:
		affected_homes.write_times(incident, around)
		incident.customer_minutes = count_minutes(incident, around)
	save(incident)
	open_callbacks.hold(act)
	steps = len(task_set.sync(act).add)
	act.record("changes_taken_over", {"units": added or ["0"], "residents": residents or ["0"], "added": steps})
	opened = open_callbacks.open_ready(act, around)
	return {
		"units": len(added),
		"residents": len(residents),
		"affected_units": incident.affected_units,
		"callbacks": opened,
	}


def _forget_what_was_clear(act: Act, added: Sequence[str]) -> None:
	"""Checks that wait to be read back were made before supply went again: they are made once more."""
	tree = act.around.tree
	again = tree.under(added) & set(gone_again(tree, power_and_assets.dark_rows(act.incident)))
	if again:
		rows = tasks_on_record.load(act.incident.name)
		tasks_at_once.forget_confirmations(
			[row.name for row in rows if row.is_open and row.gate == "energise" and row.subject in {*again, ""}]
		)


def _is_dark(node: str, around: power_and_assets.Surroundings, rows: Sequence[Dark]) -> bool:
	"""Is supply away at the node, or at any end that it feeds?"""
	return any(is_out(around.tree.path(end), "", rows) for end in around.tree.ends(node))
