"""An incident's task set: made from plan and context, and kept in step with them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response import bulk, listing
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain import shared_steps as domain_sharing
from outage_response.domain.due_times import due_at
from outage_response.domain.lifecycle import ENDED, RUNNING, TaskRow
from outage_response.domain.plan_expansion import (
	Difference,
	TaskSpec,
	dedupe_key,
	difference,
	expand,
	fields_of,
	subject_of,
)
from outage_response.domain.power_topology import intervals
from outage_response.domain.step_definitions import Step
from outage_response.domain.who_gets_a_task import Assignment

from ..facts import nested_outages, people_in_elevators, phone_book, plan_steps, power_and_assets, step_context
from ..facts.language import title_of
from ..verb import bells
from ..verb.engine import Act, finish
from ..verb.locking import lock_incident
from . import assignment, ring_state

ROW_FIELDS = [
	"name",
	"step_key",
	"subject_type",
	"subject",
	"contractor",
	"subject_label",
	"round",
	"status",
	"department",
	"assigned_role",
	"priority",
	"gate",
	"defect_gate",
	"life_safety",
	"optional",
	"held_until",
	"evidence_pending",
	"defects",
	"outcome",
	"anchor_at",
	"due_at",
	"completed_at",
	"counts_from",
	"modified",
	"plan",
]

# with these an outage comes to cover elevators in which people may have been reported before
TAKES_OVER = ("declare", "extend_scope", "start", "reclassify")
# to dial, where nobody is waited for first
AT_ONCE_MINUTES = 2
# steps that end without being done -> what the timeline calls it
ENDED_BY_COMMAND = {"Skipped": "task_skipped", "Cancelled": "task_cancelled"}
# a step that nobody is at any more
NOBODY = {
	"status": "Open",
	"acknowledged_at": None,
	"acknowledged_by": None,
	"started_at": None,
	"started_by": None,
	"counts_from": None,
	# how long it takes counts from the first ring of the one who is to have it now
	"first_rung_at": None,
	"rings": 0,
}
# a confirmation that nobody has given
UNCONFIRMED = {"result": "", "checked_by": None, "checked_at": None, "read_back_by": None, "read_back_at": None}


def load(incident: str) -> list[TaskRow]:
	"""All tasks of an incident as the rules read them."""
	rows = frappe.get_all(
		"Outage Task",
		filters={"incident": incident},
		fields=ROW_FIELDS,
		order_by="priority asc, step_key asc, subject asc",
	)
	for row in rows:
		for field in ("life_safety", "optional", "evidence_pending"):
			row[field] = bool(row[field])
		for field in ("gate", "defect_gate", "held_until", "subject", "subject_type", "outcome", "assigned_role"):
			row[field] = row[field] or ""
		row["subject_type"], row["subject"] = subject_of(row)
		del row["contractor"]
		changed_at = row.pop("modified")
		if row.status in ("Done", "Skipped"):
			row["ended_at"] = get_datetime(row.completed_at or changed_at)
	return [TaskRow(**row) for row in rows]


def sync(act: Act, *, reclassify: bool = False) -> Difference:
	"""Make the incident's tasks what plan and context ask for (invariants 1 and 2), and give them to people."""
	incident = act.incident
	existing = load(incident.name)
	if act.verb in TAKES_OVER and incident.status in RUNNING:
		people_in_elevators.take_over(incident, [subject.name for subject in act.elevators_affected])
	context = step_context.context(incident, existing, act.around)
	steps = plan_steps.steps_of_plan(incident.plan)
	wanted = expand(steps, context)
	diff = _unless_shared(act, difference(wanted, existing, reclassify=reclassify, steps=steps))
	specs = [*diff.add, *(spec for _task, spec in diff.reopen)]
	if specs:
		chosen = assignment.choose(specs, incident, act.roster, act.departments, context.property_type)
		chosen = phone_book.with_numbers(specs, chosen, act)
		added = len(diff.add)
		created = insert(act, list(zip(diff.add, chosen[:added], strict=True)))
		_reopen(act, list(zip(diff.reopen, chosen[added:], strict=True)))
		if act.verb != "declare":  # its own entry says how many; three hundred more would hide it
			act.steps_added += [("task_added", about(spec), name) for spec, name in zip(diff.add, created, strict=True)]
		announce(act, specs, chosen)
		_warn(act, specs, chosen)
	_cancel(act, diff.cancel, _("The level was changed"))
	if reclassify:
		_carry_over(act, diff)
	else:
		_require_newly(act, diff)
	_hurry_rescue_services(act)
	return diff


def _unless_shared(act: Act, diff: Difference) -> Difference:
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


def load_shared(incident: Document, read: Callable[[], power_and_assets.Surroundings]) -> list[TaskRow]:
	"""All tasks of an incident, and those of outages over the same places that stand in for what its plan asks for: what keeps a
	gate closed. `read` is asked for the surroundings only where there are such outages."""
	own = load(incident.name)
	if not nested_outages.names(incident.name):
		return own
	around = read()
	has = {row.key[:3] for row in own if row.status != "Cancelled"}
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


def _stand_ins(
	incident: Document, specs: Sequence[TaskSpec], around: power_and_assets.Surroundings
) -> dict[tuple[str, str, str], TaskRow]:
	others = nested_outages.names(incident.name)
	if not others:
		return {}
	dark, elsewhere = power_and_assets.dark_rows(incident), nested_outages.dark_rows(others)
	theirs = {name: domain_sharing.latest(load(name)) for name in others}
	feeds = {asset.name: asset.power_node for asset in around.assets}
	homes = [spec.subject.name for spec in specs if spec.subject.type == "Property Unit"]
	feeds |= dict(
		listing.get_all("Property Unit", filters={"name": ("in", homes)}, fields=["name", "power_node"], as_list=True)
		if homes
		else ()
	)
	found = {}
	for spec in specs:
		node = spec.subject.name if spec.subject.type == "Power Node" else feeds.get(spec.subject.name)
		path = around.tree.path(node) if node else []
		its = [row.out_since for row in dark if row.node in path] or [row.out_since for row in dark]
		went_at = max(its, default=get_datetime(incident.reported_at))
		for name in others:
			task = theirs[name].get(spec.key[:3])
			record = [row for row in elsewhere if row.incident == name]
			before = (
				any(begin <= went_at < end for begin, end in intervals(path, "", record, datetime.max))
				if path
				else False
			)
			if task and domain_sharing.stands_in(spec, task, went_at, before):
				found[spec.key[:3]] = task
	return found


def sync_others(act: Act) -> None:
	"""A step that ends here without being done may be asked for by the outages that share with this one: it is theirs now."""
	for name in nested_outages.names(act.incident.name):
		incident = lock_incident(name)
		if incident.status not in ENDED:
			other = Act("share", act.at, act.now, incident=incident)
			sync(other)
			finish(other, {})


def is_about(row: Any, elevator: str) -> bool:
	"""Is a step about this elevator?"""
	return row.subject_type == "Property Asset" and row.subject == elevator


def _hurry_rescue_services(act: Act) -> None:
	"""A child, somebody old, pregnant or unwell, heat or smoke: nobody waits for the maintenance company before 119 or 120 is
	called. Their step is due at once, and rings."""
	urgent = {
		elevator
		for (_incident, elevator), row in people_in_elevators.open_of([act.incident.name]).items()
		if row.status == rescues.INSIDE
		and not row.services_called_at
		and rescues.needs_help_at_once(people_in_elevators.as_rule(row))
	}
	if not urgent:
		return
	due = act.now + timedelta(minutes=AT_ONCE_MINUTES)
	late = [
		row.name
		for row in load(act.incident.name)
		if row.is_open
		and row.subject in urgent
		and row.plan
		and plan_steps.step_of(row).rescue_part == rescues.CALL_SERVICES
		and (row.due_at is None or row.due_at > due)
	]
	if late:
		set_many(act, late, {"due_at": due, **ring_state.from_the_beginning(act.now)})


def insert(act: Act, wanted: Sequence[tuple[TaskSpec, Assignment]]) -> list[str]:
	"""Write new tasks, their checklists and assignments in bulk; names in the order given."""
	incident, now = act.incident, act.now
	rows, checks, todos = [], [], []
	for spec, who in wanted:
		name = frappe.generate_hash(length=10)
		step, subject = spec.step, spec.subject
		due = _due(step, spec, act)
		rows.append(
			{
				"name": name,
				"incident": incident.name,
				"property": incident.property,
				"plan": incident.plan,
				"step_key": step.key,
				"title": step.title,
				"title_zh": step.title_zh,
				"phase": step.phase,
				"priority": step.priority,
				"department": spec.department,
				"assigned_role": who.role,
				"phone": who.phone,
				**fields_of(subject),
				"round": spec.round,
				"status": "Open",
				"anchor_at": spec.anchor_at,
				"due_at": due,
				"gate": step.gate,
				"defect_gate": step.defect_gate,
				"held_until": step.held_until,
				"completes_with": step.completes_with,
				"life_safety": int(step.life_safety),
				"optional": int(spec.optional),
				"dedupe_key": dedupe_key(incident.name, step.key, subject.type, subject.name, spec.round),
				"_assign": assignment.as_assign(who.users) if who.users else None,
				"ring_at": ring_state.begins_at(spec, due, now),
			}
		)
		items = [("Item", item.name, item.label) for item in spec.checklist]
		items += [("Confirmation", check, check.replace("_", " ")) for check in step.checks]
		checks += [
			{
				**bulk.child_of("Outage Task", name, "checks", index),
				"kind": kind,
				"item": item,
				"item_label": label,
				"result": "",
			}
			for index, (kind, item, label) in enumerate(items, start=1)
		]
		todos.append((name, step.title, step.priority, due, who))
	bulk.insert("Outage Task", rows, now)
	bulk.insert("Outage Task Check", checks, now)
	assignment.write_todos(todos, now)
	return [name for name, *_todo in todos]


def about(spec: TaskSpec) -> dict[str, str]:
	"""What the timeline says of a step."""
	return {"title": spec.step.title, "title_zh": spec.step.title_zh, "subject": spec.subject.label}


def titles(rows: Sequence[TaskRow]) -> dict[str, list[str]]:
	"""What the timeline says of several tasks, in both languages."""
	steps = [(row, plan_steps.step_of(row)) for row in rows]
	return {
		"steps": [f"{step.title} {row.subject_label or ''}".strip() for row, step in steps],
		"steps_zh": [f"{step.title_zh or step.title} {row.subject_label or ''}".strip() for row, step in steps],
	}


def about_task(task: Document) -> dict[str, str]:
	"""The same for a task that exists."""
	return {"title": task.title, "title_zh": task.title_zh, "subject": task.subject_label or ""}


def about_outcome(step: Step, outcome: str, field: str = "outcome") -> dict[str, str]:
	"""What the timeline says of an outcome, with the plan's words of today: it may be worded anew some day."""
	found = step.outcomes.get(outcome)
	words = {f"{field}_en": found.en or found.zh, f"{field}_zh": found.zh} if found else {}
	return {field: outcome, **words}


def _due(step: Step, spec: TaskSpec, act: Act):
	etr = get_datetime(act.incident.etr) if act.incident.etr else None
	# by the clock as it goes: what happened is held at the record's last moment when that was put back
	anchor_at = spec.anchor_at if step.planned_anchor else min(spec.anchor_at, act.now)
	return due_at(step, anchor_at, act.now, act.incident.planned_by or "", etr)


def _reopen(act: Act, wanted: Sequence[tuple[tuple[TaskRow, TaskSpec], Assignment]]) -> None:
	"""Cancelled steps are asked for again: same rows and assignees, their clocks start anew."""
	before = _last_assignees([task.name for (task, _spec), _who in wanted])
	alike: dict[tuple, list[str]] = defaultdict(list)
	given = []
	for (task, spec), who in wanted:
		due = _due(spec.step, spec, act)
		alike[due, int(spec.optional), ring_state.begins_at(spec, due, act.now)].append(task.name)
		same = Assignment(who.role, before.get(task.name) or who.users, who.phone)
		given.append((task.name, spec.step.title, task.priority, due, same))
	for (due, optional, ring_at), names in alike.items():
		fresh = dict.fromkeys(
			("acknowledged_at", "acknowledged_by", "started_at", "started_by", "completed_at", "completed_by", "reason")
		)
		set_many(
			act,
			names,
			{
				**fresh,
				**ring_state.from_the_beginning(ring_at),
				"status": "Open",
				"plan": act.incident.plan,
				"due_at": due,
				"optional": optional,
			},
		)
	forget_confirmations([task.name for (task, _spec), _who in wanted])
	assignment.give(given, act.now)
	act.steps_added += [("task_reopened", about(spec), task.name) for (task, spec), _who in wanted]


def _last_assignees(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
	"""task -> the people it was taken back from."""
	found: dict[str, dict[str, None]] = defaultdict(dict)
	for todo in listing.get_all(
		"ToDo",
		filters={"reference_type": "Outage Task", "reference_name": ("in", names), "status": "Cancelled"},
		fields=["reference_name", "allocated_to"],
		order_by="creation desc, allocated_to asc",
	):
		found[todo.reference_name][todo.allocated_to] = None
	return {name: tuple(users) for name, users in found.items()}


def pass_on(act: Act, given: Sequence[tuple[frappe._dict, Assignment]]) -> None:
	"""Nobody is at these steps any more: they go to others, are open, ring from the beginning, and are confirmed anew."""
	names = [row.name for row, _who in given]
	assignment.take_back(names, status="Cancelled")
	assignment.give([(row.name, row.title, row.priority, row.due_at, who) for row, who in given], act.now)
	alike: dict[tuple, list[str]] = defaultdict(list)
	for row, who in given:
		values = {"assigned_role": who.role, "phone": who.phone, **ring_state.anew(row, act.now)}
		alike[tuple(values.items())].append(row.name)
	for pairs, some in alike.items():
		set_many(act, some, {**NOBODY, **dict(pairs)})
	forget_confirmations(names)


def forget_confirmations(names: Sequence[str]) -> None:
	"""What somebody confirmed was true for them and then; whoever has the steps now confirms anew."""
	if names:
		table = frappe.qb.DocType("Outage Task Check")
		bulk.change("Outage Task Check", table.parent.isin(names) & (table.kind == "Confirmation"), UNCONFIRMED)


def set_many(act: Act, names: Sequence[str], values: Mapping[str, Any]) -> None:
	"""The same change to several tasks in one statement."""
	bulk.update("Outage Task", names, {**values, "modified": act.now, "modified_by": frappe.session.user})


def _carry_over(act: Act, diff: Difference) -> None:
	"""Steps that both plans ask for keep their row, people and clock, and follow the new plan's rules; one that may no longer be
	left out begins its clock."""
	alike: dict[tuple, list[str]] = defaultdict(list)
	for task, spec in diff.keep:
		wanted = {
			"gate": spec.step.gate,
			"defect_gate": spec.step.defect_gate,
			"held_until": spec.step.held_until,
			"life_safety": spec.step.life_safety,
			"optional": spec.optional,
		}
		changed = {field: value for field, value in wanted.items() if task.is_open and getattr(task, field) != value}
		if task.is_open and task.optional and not spec.optional:
			changed |= _required_now(act, spec)
		if task.plan != act.incident.plan:
			changed["plan"] = act.incident.plan
		if changed:
			alike[tuple(changed.items())].append(task.name)
	for pairs, names in alike.items():
		set_many(act, names, dict(pairs))


def _require_newly(act: Act, diff: Difference) -> None:
	"""More posts than guards: an optional step became required (never the other way while the outage runs)."""
	alike: dict[tuple, list[str]] = defaultdict(list)
	for task, spec in diff.keep:
		if task.is_open and task.optional and not spec.optional:
			alike[tuple(_required_now(act, spec).items())].append(task.name)
	for values, names in alike.items():
		set_many(act, names, dict(values))


def _required_now(act: Act, spec: TaskSpec) -> dict[str, Any]:
	"""What may no longer be left out rings, and its clock starts: it is late only from now on."""
	due = _due(spec.step, spec, act)
	return {
		"optional": 0,
		"due_at": due,
		**ring_state.from_the_beginning(ring_state.begins_at(spec, due, act.now)),
	}


def _cancel(act: Act, tasks: Sequence[TaskRow], reason: str) -> None:
	end_many(act, [task.name for task in tasks], "Cancelled", reason)


def end_many(act: Act, names: Sequence[str], status: str, reason: str) -> None:
	"""End several tasks at once: `status` is Done, Skipped or Cancelled."""
	if not names:
		return
	values: dict[str, Any] = {"status": status, "reason": reason}
	if status == "Done":
		values.update(completed_at=act.at, completed_by=frappe.session.user, recorded_at=act.now, counts_from=None)
	set_many(act, names, values)
	assignment.take_back(names, "Cancelled" if status == "Cancelled" else "Closed")
	if status in ENDED_BY_COMMAND:
		_record_ended(act, names, ENDED_BY_COMMAND[status], reason)


def _record_ended(act: Act, names: Sequence[str], kind: str, reason: str) -> None:
	rows = listing.get_all(
		"Outage Task",
		filters={"name": ("in", names)},
		fields=["name", "title", "title_zh", "subject_label"],
		order_by="priority asc, step_key asc, subject asc",
	)
	act.steps_added += [(kind, {**about_task(row), "reason": reason}, row.name) for row in rows]


def announce(act: Act, specs: Sequence[TaskSpec], chosen: Sequence[Assignment]) -> None:
	"""Tell each person once per verb, naming their most urgent step."""
	urgent: dict[str, TaskSpec] = {}
	count: dict[str, int] = defaultdict(int)
	for spec, who in zip(specs, chosen, strict=True):
		for user in who.users:
			count[user] += 1
			if user not in urgent or spec.step.priority < urgent[user].step.priority:
				urgent[user] = spec
	languages = dict(
		listing.get_all("User", filters={"name": ("in", list(urgent))}, fields=["name", "language"], as_list=True)
	)
	subjects = {}
	for user, spec in urgent.items():
		lang = languages.get(user) or ""
		title = title_of(about(spec), lang or "en")
		where = f" ({spec.subject.label})" if spec.subject.label else ""
		subjects[user] = (
			_("{0}: {1}{2} and {3} more steps for you", lang or None).format(
				act.incident.property, title, where, count[user] - 1
			)
			if count[user] > 1
			else f"{act.incident.property}: {title}{where}"
		)
	bells.tell(act.incident, subjects, act.now)


def _warn(act: Act, specs: Sequence[TaskSpec], chosen: Sequence[Assignment]) -> None:
	"""One warning per department and cause, not per step; who is asleep is said once."""
	asleep = {
		spec.department for spec, who in zip(specs, chosen, strict=True) if who.warning == "nobody_on_duty_life_safety"
	}
	said = {(department, "nobody_on_duty") for department in asleep}
	for spec, who in zip(specs, chosen, strict=True):
		key = (spec.department, who.warning)
		if who.warning and key not in said:
			said.add(key)
			name = frappe.get_cached_value("Response Department", spec.department, "department_name")
			act.warn(who.warning, {"department": name, "phone": who.phone or act.departments[spec.department].phone})


def leave_board(incident: Document) -> None:
	"""The board shows the steps of outages that run; those of one that has ended are marked, with one query."""
	if incident.status in ENDED:
		task = frappe.qb.DocType("Outage Task")
		bulk.change("Outage Task", task.incident == incident.name, {"incident_ended": 1})
