"""The verbs of an incident, from the first word to the closed file."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response import bulk, permissions
from outage_response.domain import gates, lifecycle, notice_rules, planned_times
from outage_response.domain.errors import RuleError
from outage_response.domain.power_topology import Dark, gone_again, is_out, split_for_return

from ..callbacks import open_callbacks
from ..elevators import entrapment_verbs
from ..facts import affected_homes, nested_outages, outage_levels, plan_steps, power_and_assets
from ..facts.affected_nodes import labels, named_nodes, rows_from
from ..facts.language import listed
from ..facts.minutes_of_interruption import count_minutes
from ..notices import issuing
from ..tasks import task_set
from ..verb import timeline
from ..verb.changes import save
from ..verb.engine import Act, finish, incident_verb, is_general_manager
from ..verb.locking import lock_incident, lock_property
from ..verb.refusals import translated
from ..verb.times import as_time, is_by_phone, said_at
from . import new_incident, overruled, supply_return

# ---------------------------------------------------------------- declaring


def declare(
	property: str,
	nodes: Sequence[str | dict],
	level: str | None = None,
	description: str | None = None,
	*,
	planned_by: str | None = None,
	planned_start: str | datetime | None = None,
	planned_end: str | datetime | None = None,
	reason: str | None = None,
	windows: Sequence[dict] | None = None,
	all_the_same: bool = False,
	etr: str | datetime | None = None,
	is_drill: bool = False,
	drill_participants: str | None = None,
	parent_incident: str | None = None,
	occurred_at: str | datetime | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""Declare an outage: makes the incident, its tasks and their assignments in one transaction.

	nodes       power nodes without supply, each a name or {"power_node", "unit", "out_since"}
	level       of the site's levels; by default the one for a failure of the property's own installation
	occurred_at when the outage was reported (default now)
	reason      of planned work, for the residents
	windows     further windows of planned work, each {"planned_start", "planned_end"}: outages of their own, one notice
	all_the_same  also where part of it is already running or planned: what is under way there is shared
	drill_participants  logins, one a line: nobody else is rung in this drill

	Answers {"incident", "status", "level", "tasks", "warnings"}, with "further" incidents of windows; the same request_id again gives the first answer.
	Raises ValidationError naming the field for unknown nodes, bad times, a level without a plan, an outage that runs
	already; frappe.PermissionError for people outside the staff.
	"""
	with translated():
		permissions.require_verb("declare")
		lock_property(property)
		permissions.require_property(property)
		if first := _declared_before(request_id, property):
			return first
		incident = frappe.new_doc("Outage Incident")
		incident.update(
			{
				"property": property,
				"level": level or outage_levels.default_of(),
				"description": description,
				"planned_by": planned_by,
				"planned_start": as_time(planned_start, "Planned Start"),
				"planned_end": as_time(planned_end, "Planned End"),
				"planned_reason": reason,
				"all_the_same": int(bool(all_the_same)),
				"etr": as_time(etr, "ETR"),
				"is_drill": int(bool(is_drill)),
				"drill_participants": drill_participants,
				"parent_incident": parent_incident,
				"reported_at": said_at(occurred_at),
				"request_id": request_id or None,
			}
		)
		incident.flags.by_phone = is_by_phone(occurred_at)
		for row in rows_from(nodes):
			incident.append("affected_nodes", row)
		for window in windows or ():
			if not isinstance(window, dict):
				raise RuleError(_("Further Windows: each is a Planned Start and a Planned End."))
			incident.append(
				"windows",
				{
					"planned_start": as_time(window.get("planned_start"), "Planned Start"),
					"planned_end": as_time(window.get("planned_end"), "Planned End"),
				},
			)
		incident.insert()
		return incident.flags.declared


def _declared_before(request_id: str | None, property_name: str) -> dict | None:
	if not request_id:
		return None
	found = frappe.db.get_value("Outage Incident", {"request_id": request_id}, ["name", "property"])
	if not found:
		return None
	if found[1] != property_name:
		timeline.refuse_used(request_id)
	return timeline.first_result(request_id, "declare", incident=found[0])


# ---------------------------------------------------------------- judging


@incident_verb
def confirm(
	act: Act,
	cause_type: str,
	cause: str | None = None,
	level: str | None = None,
	etr: str | datetime | None = None,
) -> dict[str, Any]:
	"""The cause is known; with `level`, the outage turns out to be of another level (8.2.1, 8.2.2)."""
	incident = act.incident
	_require_option(incident, "cause_type", cause_type)
	incident.cause_type, incident.cause = cause_type, cause
	if incident.status == "Reported":
		incident.status = "Active"
	incident.confirmed_at = incident.confirmed_at or act.at
	before = incident.level
	if level and level != before:
		_change_level(act, level)
	if etr:
		_set_etr(act, etr)
	save(incident)
	overruled.say(act, "confirmed", cause_type=cause_type, cause=cause or "")
	act.record("confirmed", {"cause_type": cause_type, "cause": cause or ""})
	diff = task_set.sync(act, reclassify=incident.level != before)
	if incident.level != before:
		_record_reclassified(act, before, cause or cause_type, diff)
		new_incident.warn_of_what_is_left_out(act)
		open_callbacks.open_ready(act, act.around)
		settle_others(act)
	if incident.status == "Active":
		issuing.on_confirmed(act)
	return {"level": incident.level, "added": len(diff.add), "cancelled": len(diff.cancel)}


@incident_verb
def reclassify(act: Act, level: str, reason: str) -> dict[str, Any]:
	"""Another level from now on: keeps what is done, carries over what both ask for, cancels the rest, adds the new."""
	incident = act.incident
	if not (reason or "").strip():
		raise RuleError(_("Reason: say why the level changes."))
	if level == incident.level:
		raise RuleError(_("Level: the incident already has level {level}."), level=level)
	before = incident.level
	_change_level(act, level)
	save(incident)
	diff = task_set.sync(act, reclassify=True)
	_record_reclassified(act, before, reason, diff)
	new_incident.warn_of_what_is_left_out(act)
	open_callbacks.open_ready(act, act.around)
	settle_others(act)
	return {
		"level": level,
		"added": len(diff.add),
		"cancelled": len(diff.cancel),
		"reopened": len(diff.reopen),
		"kept": len(diff.keep),
	}


def _change_level(act: Act, level: str) -> None:
	incident = act.incident
	plan = plan_steps.current_plan(level)
	if outage_levels.is_planned(level):
		raise RuleError(
			_("Level: an outage that is running does not become a planned one. Choose a level for unplanned outages.")
		)
	if incident.status == "Scheduled":
		raise RuleError(_("Level: planned work that has not begun is cancelled, not reclassified."))
	if outage_levels.is_planned(
		incident.level
	):  # planned work that went wrong: who is there now counts, not who was to be there
		new_incident.note_circumstances(incident, act.at)
	incident.level, incident.plan = level, plan


def _record_reclassified(act: Act, before: str, reason: str, diff: Any) -> None:
	overruled.say(act, "reclassified", after=act.incident.level, before=before, reason=reason)
	act.record(
		"reclassified",
		{
			"before": before,
			"after": act.incident.level,
			"reason": reason,
			"added": len(diff.add),
			"cancelled": len(diff.cancel),
			"reopened": len(diff.reopen),
		},
	)


@incident_verb
def extend_scope(act: Act, nodes: Sequence[str]) -> dict[str, Any]:
	"""More is dark than was known; a node inside the affected area gets a line of its own, so that it can be cleared and
	come back by itself. A node that had been back and went again is one more loss, with further rounds of its steps."""
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
		if incident.status == "Scheduled":
			since = None
		elif nearest and _is_dark(node, around, before):
			since = nearest.out_since
		else:  # it cannot have gone again before it was back
			since = max([act.at, *(row.back_at for row in before if row.back_at and row.node in path)])
		incident.append("affected_nodes", {"power_node": node, "out_since": since})
		added.append(node)
	if affected_homes.is_kept(incident):
		affected_homes.keep(incident, around, act.now)
	affected_homes.count(incident, around)
	save(incident)
	_forget_what_was_clear(act, added)
	open_callbacks.hold(act)
	_share_with_running(act)
	diff = task_set.sync(act)
	act.record("scope_extended", {"nodes": [around.label(node) for node in added], "added": len(diff.add)})
	issuing.on_extended(act)
	return {"added": len(diff.add), "affected_units": incident.affected_units}


def _share_with_running(act: Act) -> None:
	"""What makes the same places dark by another running outage is worked on and called back once."""
	incident = act.incident
	if incident.status not in lifecycle.RUNNING:
		return
	nodes = [row.power_node for row in incident.affected_nodes if not row.back_at and not row.unit]
	running = nested_outages.running_at(incident.property, int(incident.is_drill or 0), incident.name) if nodes else []
	new_incident.share(act, nested_outages.overlapping(nodes, running, act.around))


def settle_others(act: Act, *, tell: bool = False) -> None:
	"""What ended here may be asked for there: the outages that share with this one take what is now theirs."""
	for name in nested_outages.names(act.incident.name):
		other = lock_incident(name)
		if other.status in lifecycle.ENDED:
			continue
		its = Act("share", act.at, act.now, incident=other)
		task_set.sync(its)
		open_callbacks.open_ready(its, its.around)
		if tell:
			issuing.on_supply_back(its)
		finish(its, {})


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
		rows = task_set.load(act.incident.name)
		task_set.forget_confirmations(
			[row.name for row in rows if row.is_open and row.gate == "energise" and row.subject in {*again, ""}]
		)


def _is_dark(node: str, around: power_and_assets.Surroundings, rows: Sequence[Dark]) -> bool:
	"""Is supply away at the node, or at any end that it feeds?"""
	return any(is_out(around.tree.path(end), "", rows) for end in around.tree.ends(node))


@incident_verb
def set_etr(act: Act, etr: str | datetime | None = None) -> dict[str, Any]:
	"""When supply is expected back; none: nobody can say any more."""
	before = get_datetime(act.incident.etr) if act.incident.etr else None
	_set_etr(act, etr)
	save(act.incident)
	issuing.on_etr(act, before)
	return {"etr": str(act.incident.etr or "")}


def _set_etr(act: Act, etr: str | datetime | None) -> None:
	moment = as_time(etr, "ETR")
	planned_times.require_etr(moment, act.now)
	act.incident.etr = moment
	waiting = [
		task.name
		for task in task_set.load(act.incident.name)
		if task.is_open and task.plan and plan_steps.step_of(task).due_at_etr
	]
	bulk.update("Outage Task", waiting, {"due_at": moment})
	if moment:
		said = moment.strftime("%Y-%m-%d %H:%M")
		overruled.say(act, "etr_set", etr=said)
		act.record("etr_set", {"etr": said})
	else:
		act.record("etr_cleared")


# ---------------------------------------------------------------- switching


@incident_verb
def start(act: Act, override_reason: str | None = None) -> dict[str, Any]:
	"""Planned work begins: supply is switched off. Gated: nobody is left in an elevator."""
	_pass_gate(
		act,
		"start",
		gates.blocking("start", task_set.load_shared(act.incident, lambda: act.around)),
		override_reason,
	)
	incident = act.incident
	incident.status, incident.started_at = "Active", act.at
	for row in incident.affected_nodes:
		row.out_since = act.at
	affected_homes.keep(incident, act.around, act.now)
	affected_homes.count(incident, act.around)
	save(incident)
	act.record("started")
	_share_with_running(act)
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
	entrapment_verbs.require_still(act)
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
	act.record("supply_back", {"nodes": labels(returned, around), "source": source or "not said"})
	still_out = [row for row in incident.affected_nodes if not row.back_at]
	if not still_out:
		incident.status = "Restored"
		incident.restored_at = max(get_datetime(row.back_at) for row in incident.affected_nodes)
	incident.customer_minutes = count_minutes(incident, around)
	save(incident)
	if not still_out:
		affected_homes.write_times(incident, around)
		act.record("restored", {"minutes": incident.customer_minutes})
	task_set.sync(act)
	opened = open_callbacks.open_ready(act, around)
	issuing.on_supply_back(act)
	settle_others(act)
	return {
		"still_out": [row.power_node for row in still_out],
		"customer_minutes": incident.customer_minutes,
		"callbacks": opened,
	}


# ---------------------------------------------------------------- ending


@incident_verb
def stand_down(act: Act, areas: Sequence[str] | None = None, override_reason: str | None = None) -> dict[str, Any]:
	"""The command on which guards leave: everywhere, or only the posts in `areas` (names of assets, or of the property)."""
	incident = act.incident
	rows = task_set.load(incident.name)
	posts = [task for task in rows if task.is_open and task.held_until == "stand_down"]
	if areas is not None:
		released = _release(act, posts, areas)
		settle_others(act)
		return released
	lifecycle.require_incident_state("stand_down_everywhere", incident.status)
	shared = task_set.load_shared(incident, lambda: act.around)
	_pass_gate(act, "stand_down", gates.blocking("stand_down", shared), override_reason)
	entrapment_verbs.require_nobody(incident)
	_release_posts(act, posts)
	incident.status, incident.stood_down_at = "Stood Down", act.at
	save(incident)
	act.record("stood_down", {"areas": "all"})
	settle_others(act)
	return {"released": len(posts), "added": len(task_set.sync(act).add)}


def _release(act: Act, posts: list, areas: Sequence[str]) -> dict[str, Any]:
	areas = [areas] if isinstance(areas, str) else areas
	held = [task.subject for task in posts]
	unknown = [str(area)[:140] for area in areas if area not in held]
	if unknown or not areas:
		raise RuleError(
			_("Areas: no post is held at {areas}. Choose among the held posts."),
			areas=listed(unknown) or "-",
		)
	chosen = [task for task in posts if task.subject in areas]
	_release_posts(act, chosen)
	act.record("stood_down", {"areas": [task.subject_label for task in chosen]})
	return {"released": len(chosen)}


def _release_posts(act: Act, posts: list) -> None:
	_release_guards(act, posts, _("Released by stand-down"))
	never = [task.name for task in posts if task.status != "On Post"]
	task_set.end_many(act, never, "Skipped", _("Never manned before the stand-down"))


def _release_guards(act: Act, rows: list, reason: str) -> None:
	manned = [task for task in rows if task.status == "On Post"]
	task_set.end_many(act, [task.name for task in manned], "Done", reason)
	timeline.record_many(
		act.incident,
		[("post_released", {"subject": task.subject_label}, task.name) for task in manned],
		act.at,
		act.now,
	)


@incident_verb
def close(act: Act, override_reason: str | None = None) -> dict[str, Any]:
	"""The file is closed: callbacks and report as the plan asks for, no life-safety step open, no evidence owed."""
	incident = act.incident
	rows = task_set.load(incident.name)
	shared = task_set.load_shared(incident, lambda: act.around)
	_pass_gate(act, "close", gates.blocking_close(shared), override_reason)
	entrapment_verbs.require_nobody(incident)
	left = [task.name for task in rows if task.is_open]
	task_set.end_many(act, left, "Skipped", _("Still open when the incident was closed"))
	incident.status, incident.closed_at = "Closed", act.at
	incident.customer_minutes = count_minutes(incident, act.around)
	save(incident)
	open_callbacks.end_waiting(act, "Exhausted", _("The incident was closed"))  # passed over by the General Manager
	act.record("closed")
	issuing.on_ended(act, notice_rules.FOLLOW_UP)
	settle_others(act)
	return {"customer_minutes": incident.customer_minutes, "left_open": len(left)}


@incident_verb
def cancel(act: Act, reason: str) -> dict[str, Any]:
	"""It was no outage, or the work does not take place. Never with a life-safety step open, once it has begun."""
	if not (reason or "").strip():
		raise RuleError(_("Reason: say why the incident is cancelled."))
	incident = act.incident
	rows = task_set.load(incident.name)
	gates.require_cancellable(rows, incident.status)
	entrapment_verbs.require_nobody(incident)
	_release_guards(act, rows, reason)
	open_rows = [task.name for task in rows if task.is_open and task.status != "On Post"]
	task_set.end_many(act, open_rows, "Cancelled", reason)
	incident.status, incident.customer_minutes = "Cancelled", 0
	save(incident)
	open_callbacks.end_waiting(act, "Not Required", _("The incident was cancelled"))
	act.record("cancelled", {"reason": reason})
	issuing.on_ended(act, notice_rules.CANCELLED)
	settle_others(act, tell=True)
	return {}


def _pass_gate(act: Act, gate: str, closed_by: list, override_reason: str | None) -> None:
	"""Through the gate, or GateClosed; an override is on the timeline with everything it passed over."""
	reason = (override_reason or "").strip()
	gates.pass_gate(gate, closed_by, override_reason=reason, may_override=is_general_manager())
	if closed_by:
		act.record("gate_overridden", {"count": len(closed_by), "reason": reason, **task_set.titles(closed_by)})


def _require_option(doc: Document, field: str, value: str | None) -> None:
	options = [option for option in doc.meta.get_field(field).options.split("\n") if option]
	if value not in options:
		raise RuleError(_("{field}: choose one of: {allowed}."), field=_(doc.meta.get_label(field)), allowed=options)
