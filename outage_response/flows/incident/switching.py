"""Supply is switched off for planned work, permitted to be switched on, and back."""

from collections.abc import Sequence
from typing import Any

from frappe import _
from frappe.utils import get_datetime

from outage_response.domain import gates
from outage_response.domain.errors import RuleError, _lt
from outage_response.domain.power_topology import split_for_return
from outage_response.domain.states import IncidentStatus

from ..callbacks import open_callbacks
from ..elevators import nobody_left_inside
from ..facts import affected_homes, plan_steps, power_and_assets
from ..facts.affected_nodes import labels, named_nodes
from ..facts.minutes_of_interruption import count_minutes
from ..notices import automatic_notices
from ..tasks import shared_tasks, task_set
from ..verb.changes import save
from ..verb.engine import Act, incident_verb
from . import supply_return
from .outages_that_share import settle_others, share_with_running
from .passing_gates import pass_gate


@incident_verb
def start(act: Act, override_reason: str | None = None) -> dict[str, Any]:
	"""Planned work begins: supply is switched off. Gated: nobody is left in an elevator."""
	pass_gate(
		act,
		"start",
		gates.blocking("start", shared_tasks.load_shared(act.incident, lambda: act.around)),
		override_reason,
	)
	incident = act.incident
	incident.status, incident.started_at = IncidentStatus.ACTIVE, act.at
	for row in incident.affected_nodes:
		row.out_since = act.at
	affected_homes.keep(incident, act.around, act.now)
	affected_homes.count(incident, act.around)
	save(incident)
	act.record("started")
	share_with_running(act)
	return {"added": len(task_set.sync(act).add)}


@incident_verb
def permit_energise(act: Act, nodes: Sequence[str] | None = None) -> dict[str, Any]:
	"""The decision that supply may be switched on, for some nodes or all. Overridden by nobody (8.2.7, 8.1.6)."""
	incident, around = act.incident, act.around
	out = {row.power_node for row in incident.affected_nodes if not row.back_at}
	wanted = set(named_nodes(nodes, around)) if nodes is not None else out
	for node in sorted(wanted - out):
		raise RuleError(
			_("Nodes: {node} has no line of its own among the affected nodes. Give it one first (extend the scope)."),
			node=around.label(node),
		)
	gates.pass_gate("energise", supply_return.blocking_energise(incident, wanted, around))
	gates.require_confirmed(plan_steps.steps_of_plan(incident.plan), incident.confirmed_at)
	nobody_left_inside.require_still(act)
	inside = around.tree.under(wanted)
	for row in incident.affected_nodes:
		if row.power_node in inside and not row.back_at:
			row.energise_permitted_at = act.at
	save(incident)
	act.record("energise_permitted", {"nodes": sorted(around.label(node) for node in wanted)})
	return {"nodes": sorted(wanted)}


@incident_verb
def supply_back(act: Act, nodes: Sequence[str] | None = None, source: str | None = None) -> dict[str, Any]:
	"""Supply is back at some nodes, or everywhere: a fact, never refused for what is still open.

	source  who says so, or "by itself"
	"""
	incident, around = act.incident, act.around
	named = named_nodes(nodes, around) if nodes is not None else None
	back_before = {id(row) for row in incident.affected_nodes if row.back_at}  # the same node may have gone twice
	rows = split_for_return(around.tree, power_and_assets.dark_rows(incident), named, act.at)
	supply_return.write_rows(incident, rows, source)
	affected_homes.count(incident, around)
	returned = [row for row in incident.affected_nodes if row.back_at and id(row) not in back_before]
	supply_return.warn_of_open_steps(act, returned, around)
	act.record("supply_back", {"nodes": labels(returned, around), "source": source or _lt("not said")})
	still_out = [row for row in incident.affected_nodes if not row.back_at]
	if not still_out:
		incident.status = IncidentStatus.RESTORED
		incident.restored_at = max(get_datetime(row.back_at) for row in incident.affected_nodes)
	incident.customer_minutes = count_minutes(incident, around)
	save(incident)
	if not still_out:
		affected_homes.write_times(incident, around)
		act.record("restored", {"minutes": incident.customer_minutes})
	task_set.sync(act)
	opened = open_callbacks.open_ready(act, around)
	automatic_notices.on_supply_back(act)
	settle_others(act)
	return {
		"still_out": [row.power_node for row in still_out],
		"customer_minutes": incident.customer_minutes,
		"callbacks": opened,
	}
