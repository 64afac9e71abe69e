"""The verbs of an incident, from the first word to the closed file."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import permissions
from outage_response.domain import lifecycle, notices
from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.topology import Dark, gone_again, is_out, split_for_return

from . import callback, callees, notice, plans, ringing, surroundings, tasks, timeline
from .minutes import count_minutes
from .scope import labels, named_nodes, rows_from, take_rows
from .verbs import Call, as_time, finish, incident_verb, is_general_manager, lock_property, save, translated, when

TIMES_OF_THE_VERBS = ("confirmed_at", "started_at", "restored_at", "stood_down_at", "closed_at")


# ---------------------------------------------------------------- declaring


def declare(
	property: str,
	nodes: Sequence[str | dict],
	level: str = "II",
	description: str | None = None,
	*,
	planned_by: str | None = None,
	planned_start: str | datetime | None = None,
	planned_end: str | datetime | None = None,
	etr: str | datetime | None = None,
	is_drill: bool = False,
	parent_incident: str | None = None,
	occurred_at: str | datetime | None = None,
	request_id: str | None = None,
) -> dict:
	"""Declare an outage: makes the incident, its tasks and their assignments in one transaction.

	nodes       power nodes without supply, each a name or {"power_node", "unit", "out_since"}
	occurred_at when the outage was reported (default now)

	Answers {"incident", "status", "level", "tasks", "warnings"}; the same request_id again gives the first answer.
	Raises ValidationError naming the field for unknown nodes, bad times, a level without a plan, an outage that runs
	already; frappe.PermissionError for people outside the staff.
	"""
	with translated():
		permissions.require_verb("declare")
		lock_property(property)
		permissions.require_property(property)
		if first := _declared_before(request_id):
			return first
		incident = frappe.new_doc("Outage Incident")
		incident.update(
			{
				"property": property,
				"level": level,
				"description": description,
				"planned_by": planned_by,
				"planned_start": as_time(planned_start, "Planned Start"),
				"planned_end": as_time(planned_end, "Planned End"),
				"etr": as_time(etr, "ETR"),
				"is_drill": int(bool(is_drill)),
				"parent_incident": parent_incident,
				"reported_at": as_time(occurred_at, "Occurred At"),
				"request_id": request_id or None,
			}
		)
		for row in rows_from(nodes):
			incident.append("affected_nodes", row)
		incident.insert()
		return incident.flags.declared


def _declared_before(request_id: str | None) -> dict | None:
	name = request_id and frappe.db.get_value("Outage Incident", {"request_id": request_id})
	return timeline.first_result(request_id, "declare", incident=name) if name else None


def prepare(incident: Document) -> None:
	"""Before an incident is inserted, by whatever road: fill in what follows from its fields, refuse what cannot be.

	With `closed_at` given it is a past outage: it gets no tasks and alarms nobody.
	"""
	with translated():
		lock_property(incident.property)
		property_doc = frappe.get_doc("Managed Property", incident.property)
		if not property_doc.households or property_doc.households < 1:
			raise RuleError(
				_("Households: {property} has none registered. Enter the registered number first."),
				property=incident.property,
			)
		_require_parent_here(incident)
		incident.plan = plans.current_plan(incident.level)
		incident.customer_minutes = 0
		around = incident.flags.around = surroundings.read(incident.property)
		take_rows(incident, around)
		if incident.closed_at:
			_prepare_past(incident, around)
			return
		for field in TIMES_OF_THE_VERBS:
			if incident.get(field):
				raise RuleError(
					_(
						"{field}: is set by the buttons of the incident. Leave it empty, or give Closed At for a past outage."
					),
					field=_(incident.meta.get_label(field)),
				)
		said_at = as_time(incident.reported_at, "Occurred At")
		at, _now, incident.flags.clock_fast = when(said_at)
		incident.reported_at = at
		lifecycle.require_etr(as_time(incident.etr, "ETR"), at)
		if incident.level == "III":
			_prepare_planned(incident)
		else:
			_prepare_unplanned(incident, around, at, said_at or at)
		reference = get_datetime(incident.planned_start) if incident.level == "III" else at
		_note_circumstances(incident, reference)
		incident.affected_units = sum(surroundings.affected_units(incident, around).values())


def _require_parent_here(incident: Document) -> None:
	parent = incident.parent_incident
	if parent and frappe.db.get_value("Outage Incident", parent, "property") != incident.property:
		raise RuleError(
			_("Parent Incident: {incident} is no outage of {property}. Choose one of the same property, or none."),
			incident=str(parent)[:140],
			property=incident.property,
		)


def _note_circumstances(incident: Document, at: datetime) -> None:
	incident.off_hours = int(surroundings.off_hours(incident.property, at))
	incident.guards_on_duty = surroundings.guards_on_duty(incident.property, at)


def _prepare_planned(incident: Document) -> None:
	incident.planned_start = as_time(incident.planned_start, "Planned Start")
	incident.planned_end = as_time(incident.planned_end, "Planned End")
	lifecycle.require_planned_times(incident.planned_by or "", incident.planned_start, incident.planned_end)
	incident.status = "Scheduled"
	for row in incident.affected_nodes:
		row.out_since = None
		_forget_verbs(row)


def _forget_verbs(row: Document) -> None:
	"""Only verbs say that supply is back, or may be: what comes with a new incident (REST, a copy) says nothing."""
	row.back_at = row.back_source = row.energise_permitted_at = None


def _prepare_unplanned(incident: Document, around: surroundings.Surroundings, at: datetime, said_at: datetime) -> None:
	"""`said_at`: the time of the report by the sender's clock; where that is fast, so is its `out_since`."""
	incident.status = "Reported"
	incident.planned_by = incident.planned_start = incident.planned_end = None
	for row in incident.affected_nodes:
		_forget_verbs(row)
		row.out_since = as_time(row.out_since, "Out Since") or at
		if at < row.out_since <= said_at:
			row.out_since = at
		if row.out_since > at:
			raise RuleError(
				_("Out Since: supply at {node} cannot have gone after it was reported. Correct the time."),
				node=around.label(row.power_node),
			)
	_refuse_second(incident, around)


def _refuse_second(incident: Document, around: surroundings.Surroundings) -> None:
	"""The same outage declared twice is one outage: everything named is already part of a running incident."""
	if any(row.unit for row in incident.affected_nodes):
		return
	other, node = frappe.qb.DocType("Outage Incident"), frappe.qb.DocType("Outage Affected Node")
	running = (
		frappe.qb.from_(other)
		.join(node)
		.on(node.parent == other.name)
		.select(other.name, other.request_id, node.power_node)
		.where(other.property == incident.property)
		.where(other.status.isin(lifecycle.RUNNING))
		.where(other.level != "III")
		.where(other.is_drill == int(incident.is_drill or 0))
		.where(node.back_at.isnull())
		.where(node.unit.isnull() | (node.unit == ""))
		.for_update()
	).run(as_dict=True)
	if incident.request_id and any(row.request_id == incident.request_id for row in running):
		# Our own request, sent twice at once, after this transaction's view began: run again, it finds the first answer
		raise frappe.QueryDeadlockError("stale view of the incidents")
	wanted = {row.power_node for row in incident.affected_nodes}
	for name in dict.fromkeys(row.name for row in running):
		dark = around.tree.under(row.power_node for row in running if row.name == name)
		if wanted <= dark:
			raise RuleError(
				_(
					"Affected Nodes: this outage is already running as {incident}. Open it; if more is dark, extend its scope."
				),
				incident=name,
			)


def _prepare_past(incident: Document, around: surroundings.Surroundings) -> None:
	"""A past outage: all its times are given, and make sense."""
	moments = [
		(field, as_time(incident.get(field), incident.meta.get_label(field)))
		for field in ("reported_at", "restored_at", "closed_at")
	]
	for field, moment in moments:
		if moment is None:
			raise RuleError(
				_("{field}: a past outage needs the times it was reported, restored and closed."),
				field=_(incident.meta.get_label(field)),
			)
	reported_at, restored_at, closed_at = (moment for _field, moment in moments)
	if not reported_at <= restored_at <= closed_at <= now_datetime():
		raise RuleError(_("Closed At: reported, restored and closed must follow each other and lie in the past."))
	incident.status = "Closed"
	for row in incident.affected_nodes:
		row.out_since = as_time(row.out_since, "Out Since") or reported_at
		row.back_at = as_time(row.back_at, "Back At") or restored_at
		if row.back_at < row.out_since:
			raise RuleError(_("Back At: supply cannot be back before it went. Correct the time."))
	incident.affected_units = sum(surroundings.affected_units(incident, around).values())
	incident.customer_minutes = count_minutes(incident, around, restored_at)


def on_insert(incident: Document, method: str | None = None) -> None:
	"""The hook behind every new Outage Incident (Desk, REST, Data Import, ticket): the department task set of its level."""
	with translated():
		now = now_datetime()
		call = Call("declare", get_datetime(incident.reported_at), now, incident=incident)
		call.request_id = incident.request_id
		call.clock_fast = bool(incident.flags.clock_fast)
		call.around = incident.flags.pop("around")
		about = {
			"level": incident.level,
			"nodes": labels(incident.affected_nodes, call.around),
			"units": incident.affected_units,
			"etr": str(incident.etr or ""),
		}
		if incident.status == "Closed":
			call.record("imported", about)
			return
		diff = tasks.sync(call)
		call.record("declared", {**about, "tasks": len(diff.add)})
		_warn_about_gaps(call)
		notice.on_declared(call)
		ringing.stay_awake(now)
		incident.flags.declared = finish(call, {"level": incident.level, "tasks": len(diff.add)})


def _warn_about_gaps(call: Call) -> None:
	"""What is missing in the records does not stop the response; it is said."""
	incident = call.incident
	around = call.around
	nameless = [
		asset.asset_name for asset in around.assets if asset.asset_type == "Elevator" and not asset.contractor_name
	]
	if nameless:
		call.warn("no_contractor", {"subject": nameless[:10]})
	without = callees.units_without_contact(incident, around)
	if without and incident.level != "III":
		call.warn("no_contacts", {"units": without})
	loaded = sum(row.units for row in around.unit_counts)
	registered = frappe.get_cached_value("Managed Property", incident.property, "households")
	if loaded != registered:
		call.warn("units_differ", {"loaded": loaded, "registered": registered})


# ---------------------------------------------------------------- judging


@incident_verb
def confirm(
	call: Call,
	cause_type: str,
	cause: str | None = None,
	level: str | None = None,
	etr: str | datetime | None = None,
) -> dict:
	"""The cause is known; with `level`, the outage turns out to be of another level (8.2.1, 8.2.2)."""
	incident = call.incident
	_require_option(incident, "cause_type", cause_type)
	incident.cause_type, incident.cause = cause_type, cause
	if incident.status == "Reported":
		incident.status = "Active"
	incident.confirmed_at = incident.confirmed_at or call.at
	before = incident.level
	if level and level != before:
		_change_level(call, level)
	if etr:
		_set_etr(call, etr)
	save(incident)
	call.record("confirmed", {"cause_type": cause_type, "cause": cause or ""})
	diff = tasks.sync(call, reclassify=incident.level != before)
	if incident.level != before:
		_record_reclassified(call, before, cause or cause_type, diff)
	if incident.status == "Active":
		notice.on_confirmed(call)
	return {"level": incident.level, "added": len(diff.add), "cancelled": len(diff.cancel)}


@incident_verb
def reclassify(call: Call, level: str, reason: str) -> dict:
	"""Another level from now on: keeps what is done, carries over what both ask for, cancels the rest, adds the new."""
	incident = call.incident
	if not (reason or "").strip():
		raise RuleError(_("Reason: say why the level changes."))
	if level == incident.level:
		raise RuleError(_("Level: the incident already has level {level}."), level=level)
	before = incident.level
	_change_level(call, level)
	save(incident)
	diff = tasks.sync(call, reclassify=True)
	_record_reclassified(call, before, reason, diff)
	return {
		"level": level,
		"added": len(diff.add),
		"cancelled": len(diff.cancel),
		"reopened": len(diff.reopen),
		"kept": len(diff.keep),
	}


def _change_level(call: Call, level: str) -> None:
	incident = call.incident
	plan = plans.current_plan(level)
	if level == "III":
		raise RuleError(
			_(
				"Level: an outage that is running does not become a planned one. A supplier's work that nobody announced is level I."
			)
		)
	if incident.status == "Scheduled":
		raise RuleError(_("Level: planned work that has not begun is cancelled, not reclassified."))
	if incident.level == "III":  # planned work that went wrong: who is there now counts, not who was to be there
		_note_circumstances(incident, call.at)
	incident.level, incident.plan = level, plan


def _record_reclassified(call: Call, before: str, reason: str, diff: Any) -> None:
	call.record(
		"reclassified",
		{
			"before": before,
			"after": call.incident.level,
			"reason": reason,
			"added": len(diff.add),
			"cancelled": len(diff.cancel),
			"reopened": len(diff.reopen),
		},
	)


@incident_verb
def extend_scope(call: Call, nodes: Sequence[str]) -> dict:
	"""More is dark than was known; a node inside the affected area gets a line of its own, so that it can be cleared and
	come back by itself. A node that had been back and went again is one more loss, with further rounds of its steps."""
	incident, around = call.incident, call.around
	out = [row for row in incident.affected_nodes if not row.back_at and not row.unit]
	before = surroundings.dark_rows(incident)
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
			since = max([call.at, *(row.back_at for row in before if row.back_at and row.node in path)])
		incident.append("affected_nodes", {"power_node": node, "out_since": since})
		added.append(node)
	incident.affected_units = sum(surroundings.affected_units(incident, around).values())
	save(incident)
	_forget_what_was_clear(call, added)
	diff = tasks.sync(call)
	call.record("scope_extended", {"nodes": [around.label(node) for node in added], "added": len(diff.add)})
	notice.on_extended(call)
	return {"added": len(diff.add), "affected_units": incident.affected_units}


def _forget_what_was_clear(call: Call, added: Sequence[str]) -> None:
	"""Checks that wait to be read back were made before supply went again: they are made once more."""
	tree = call.around.tree
	again = tree.under(added) & set(gone_again(tree, surroundings.dark_rows(call.incident)))
	if again:
		rows = tasks.load(call.incident.name)
		tasks.forget_confirmations(
			[row.name for row in rows if row.is_open and row.gate == "energise" and row.subject in {*again, ""}]
		)


def _is_dark(node: str, around: surroundings.Surroundings, rows: Sequence[Dark]) -> bool:
	"""Is supply away at the node, or at any end that it feeds?"""
	return any(is_out(around.tree.path(end), "", rows) for end in around.tree.ends(node))


@incident_verb
def set_etr(call: Call, etr: str | datetime | None = None) -> dict:
	"""When supply is expected back; none: nobody can say any more."""
	before = get_datetime(call.incident.etr) if call.incident.etr else None
	_set_etr(call, etr)
	save(call.incident)
	notice.on_etr(call, before)
	return {"etr": str(call.incident.etr or "")}


def _set_etr(call: Call, etr: str | datetime | None) -> None:
	moment = as_time(etr, "ETR")
	lifecycle.require_etr(moment, call.at)
	call.incident.etr = moment
	waiting = [
		task.name
		for task in tasks.load(call.incident.name)
		if task.is_open and task.plan and plans.step_of(task).due_at_etr
	]
	if waiting:
		table = frappe.qb.DocType("Outage Task")
		frappe.qb.update(table).set(table.due_at, moment).where(table.name.isin(waiting)).run()
	if moment:
		call.record("etr_set", {"etr": moment.strftime("%Y-%m-%d %H:%M")})
	else:
		call.record("etr_cleared")


# ---------------------------------------------------------------- switching


@incident_verb
def start(call: Call, override_reason: str | None = None) -> dict:
	"""Planned work begins: supply is switched off. Gated: nobody is left in an elevator."""
	_pass_gate(call, "start", lifecycle.blocking("start", tasks.load(call.incident.name)), override_reason)
	incident = call.incident
	incident.status, incident.started_at = "Active", call.at
	for row in incident.affected_nodes:
		row.out_since = call.at
	save(incident)
	call.record("started")
	return {"added": len(tasks.sync(call).add)}


@incident_verb
def permit_energise(call: Call, nodes: Sequence[str] | None = None) -> dict:
	"""The decision that supply may be switched on, for some nodes or all. Overridden by nobody (8.2.7, 8.1.6)."""
	incident, around = call.incident, call.around
	out = {row.power_node for row in incident.affected_nodes if not row.back_at}
	wanted = set(named_nodes(nodes, around)) if nodes is not None else out
	for node in sorted(wanted - out):
		raise RuleError(
			_("Nodes: {node} has no line of its own among the affected nodes. Give it one first (extend the scope)."),
			node=around.label(node),
		)
	lifecycle.pass_gate("energise", _blocking_energise(incident, _fed_through(wanted, around)))
	inside = around.tree.under(wanted)
	for row in incident.affected_nodes:
		if row.power_node in inside and not row.back_at:
			row.energise_permitted_at = call.at
	save(incident)
	call.record("energise_permitted", {"nodes": sorted(around.label(node) for node in wanted)})
	return {"nodes": sorted(wanted)}


@incident_verb
def supply_back(call: Call, nodes: Sequence[str] | None = None, source: str | None = None) -> dict:
	"""Supply is back at some nodes, or everywhere: a fact, never refused for what is still open.

	source  who says so, or "by itself"
	"""
	incident, around = call.incident, call.around
	named = named_nodes(nodes, around) if nodes is not None else None
	was_out = {(row.power_node, row.unit or "") for row in incident.affected_nodes if not row.back_at}
	rows = split_for_return(around.tree, surroundings.dark_rows(incident), named, call.at)
	_write_rows(incident, rows, source)
	returned = [
		row
		for row in incident.affected_nodes
		if row.back_at and ((row.power_node, row.unit or "") in was_out or get_datetime(row.back_at) == call.at)
	]
	_warn_of_open_steps(call, returned, around)
	call.record("supply_back", {"nodes": labels(returned, around), "source": source or _("not said")})
	still_out = [row for row in incident.affected_nodes if not row.back_at]
	if not still_out:
		incident.status = "Restored"
		incident.restored_at = max(get_datetime(row.back_at) for row in incident.affected_nodes)
	# up to now, not to `call.at`: what came back before is not cut short by an earlier return that is entered later
	incident.customer_minutes = count_minutes(incident, around, incident.restored_at or call.now)
	save(incident)
	if not still_out:
		call.record("restored", {"minutes": incident.customer_minutes})
	tasks.sync(call)
	opened = callback.open_ready(call, around)
	notice.on_supply_back(call)
	return {
		"still_out": [row.power_node for row in still_out],
		"customer_minutes": incident.customer_minutes,
		"callbacks": opened,
	}


def _blocking_energise(incident: Document, nodes: set[str]) -> list[TaskRow]:
	rescues = lifecycle.asks_for_rescues(plans.steps_of_plan(incident.plan))
	return lifecycle.blocking("energise", tasks.load(incident.name), nodes, rescues=rescues)


def _fed_through(nodes: Iterable[str], around: surroundings.Surroundings) -> set[str]:
	"""Everything that would be live: the nodes, what they feed, and what feeds them."""
	nodes = list(nodes)
	return around.tree.under(nodes) | {above for node in nodes for above in around.tree.path(node)}


def _write_rows(incident: Document, rows: Sequence[Any], source: str | None) -> None:
	existing: dict[tuple, list[Document]] = {}
	for row in incident.affected_nodes:
		existing.setdefault((row.power_node, row.unit or "", get_datetime(row.out_since)), []).append(row)
	for dark in rows:
		alike = existing.get((dark.node, dark.unit, dark.out_since))
		if alike:
			row = alike.pop(0)
		else:
			row = incident.append("affected_nodes", {"power_node": dark.node, "out_since": dark.out_since})
		if dark.back_at and not row.back_at:
			row.back_at, row.back_source = dark.back_at, (source or "")[:140]


def _warn_of_open_steps(call: Call, returned: Sequence[Document], around: surroundings.Surroundings) -> None:
	if call.incident.level == "I":
		return
	inside = _fed_through([row.power_node for row in returned], around)
	still_open = _blocking_energise(call.incident, inside)
	if still_open:
		call.warn("back_with_open_steps", tasks.titles(still_open))
	unpermitted = [row for row in returned if not _permitted(row, call.incident, around)]
	if unpermitted:
		call.warn("back_without_permission", {"nodes": labels(unpermitted, around)})


def _permitted(row: Document, incident: Document, around: surroundings.Surroundings) -> bool:
	"""Was there a permission for this node, or for each of the parts by which it came back?"""
	parts = [
		other
		for other in incident.affected_nodes
		if other is not row
		and row.power_node in around.tree.path(other.power_node)[1:]
		and not (other.back_at and get_datetime(other.back_at) <= get_datetime(row.out_since))  # of an earlier loss
	]
	return bool(row.energise_permitted_at or (parts and all(part.energise_permitted_at for part in parts)))


# ---------------------------------------------------------------- ending


@incident_verb
def stand_down(call: Call, areas: Sequence[str] | None = None, override_reason: str | None = None) -> dict:
	"""The command on which guards leave: everywhere, or only the posts in `areas` (names of assets, or of the property)."""
	incident = call.incident
	rows = tasks.load(incident.name)
	posts = [task for task in rows if task.is_open and task.held_until == "stand_down"]
	if areas is not None:
		return _release(call, posts, areas)
	lifecycle.require_incident_state("stand_down_everywhere", incident.status)
	_pass_gate(call, "stand_down", lifecycle.blocking("stand_down", rows), override_reason)
	_release_posts(call, posts)
	incident.status, incident.stood_down_at = "Stood Down", call.at
	save(incident)
	call.record("stood_down", {"areas": _("all")})
	return {"released": len(posts), "added": len(tasks.sync(call).add)}


def _release(call: Call, posts: list, areas: Sequence[str]) -> dict:
	areas = areas if isinstance(areas, (list, tuple)) else [areas]
	held = [task.subject for task in posts]
	unknown = [str(area)[:140] for area in areas if area not in held]
	if unknown or not areas:
		raise RuleError(
			_("Areas: no post is held at {areas}. Choose among the held posts."),
			areas=", ".join(unknown) or "-",
		)
	chosen = [task for task in posts if task.subject in areas]
	_release_posts(call, chosen)
	call.record("stood_down", {"areas": [task.subject_label for task in chosen]})
	return {"released": len(chosen)}


def _release_posts(call: Call, posts: list) -> None:
	_release_guards(call, posts, _("Released by stand-down"))
	never = [task.name for task in posts if task.status != "On Post"]
	tasks.end_many(call, never, "Skipped", _("Never manned before the stand-down"))


def _release_guards(call: Call, rows: list, reason: str) -> None:
	manned = [task for task in rows if task.status == "On Post"]
	tasks.end_many(call, [task.name for task in manned], "Done", reason)
	timeline.record_many(
		call.incident,
		[("post_released", {"subject": task.subject_label}, task.name) for task in manned],
		call.at,
		call.now,
	)


@incident_verb
def close(call: Call, override_reason: str | None = None) -> dict:
	"""The file is closed: callbacks and report as the plan asks for, no life-safety step open, no evidence owed."""
	incident = call.incident
	rows = tasks.load(incident.name)
	_pass_gate(call, "close", lifecycle.blocking_close(rows), override_reason)
	left = [task.name for task in rows if task.is_open]
	tasks.end_many(call, left, "Skipped", _("Still open when the incident was closed"))
	incident.status, incident.closed_at = "Closed", call.at
	incident.customer_minutes = count_minutes(incident, call.around, get_datetime(incident.restored_at))
	save(incident)
	callback.end_waiting(call, "Exhausted", _("The incident was closed"))  # passed over by the General Manager
	call.record("closed")
	notice.on_ended(call, notices.FOLLOW_UP)
	return {"customer_minutes": incident.customer_minutes, "left_open": len(left)}


@incident_verb
def cancel(call: Call, reason: str) -> dict:
	"""It was no outage, or the work does not take place. Never with a life-safety step open, once it has begun."""
	if not (reason or "").strip():
		raise RuleError(_("Reason: say why the incident is cancelled."))
	incident = call.incident
	rows = tasks.load(incident.name)
	lifecycle.require_cancellable(rows, incident.status)
	_release_guards(call, rows, reason)
	open_rows = [task.name for task in rows if task.is_open and task.status != "On Post"]
	tasks.end_many(call, open_rows, "Cancelled", reason)
	incident.status, incident.customer_minutes = "Cancelled", 0
	save(incident)
	callback.end_waiting(call, "Not Required", _("The incident was cancelled"))
	call.record("cancelled", {"reason": reason})
	notice.on_ended(call, notices.CANCELLED)
	return {}


def _pass_gate(call: Call, gate: str, closed_by: list, override_reason: str | None) -> None:
	"""Through the gate, or GateClosed; an override is on the timeline with everything it passed over."""
	reason = (override_reason or "").strip()
	lifecycle.pass_gate(gate, closed_by, override_reason=reason, may_override=is_general_manager())
	if closed_by:
		call.record("gate_overridden", {"count": len(closed_by), "reason": reason, **tasks.titles(closed_by)})


def _require_option(doc: Document, field: str, value: str | None) -> None:
	options = [option for option in doc.meta.get_field(field).options.split("\n") if option]
	if value not in options:
		raise RuleError(_("{field}: choose one of: {allowed}."), field=_(doc.meta.get_label(field)), allowed=options)
