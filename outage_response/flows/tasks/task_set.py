"""An incident's task set: made from plan and context, and kept in step with them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_datetime

from outage_response import bulk, listing
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain.due_times import due_at
from outage_response.domain.lifecycle import ENDED, RUNNING, TaskRow
from outage_response.domain.plan_expansion import (
	Difference,
	TaskSpec,
	dedupe_key,
	difference,
	expand,
	fields_of,
)
from outage_response.domain.states import CheckKind, EntrapmentStatus, TaskStatus
from outage_response.domain.step_definitions import Step
from outage_response.domain.who_gets_a_task import Assignment

from ..facts import nested_outages, people_in_elevators, phone_book, plan_steps, step_context
from ..verb.engine import Act, finish
from ..verb.locking import lock_incident
from . import assignment, ring_state, told_of_new_tasks
from .shared_tasks import unless_shared
from .task_words import about
from .tasks_at_once import end_many, forget_confirmations, set_many
from .tasks_on_record import load

# with these an outage comes to cover elevators in which people may have been reported before
TAKES_OVER = ("declare", "extend_scope", "start", "reclassify")
# to dial, where nobody is waited for first
AT_ONCE_MINUTES = 2


def sync(act: Act, *, reclassify: bool = False) -> Difference:
	"""Make the incident's tasks what plan and context ask for (invariants 1 and 2), and give them to people."""
	incident = act.incident
	existing = load(incident.name)
	if act.verb in TAKES_OVER and incident.status in RUNNING:
		people_in_elevators.take_over(incident, [subject.name for subject in act.elevators_affected])
	context = step_context.context(incident, existing, act.around)
	steps = plan_steps.steps_of_plan(incident.plan)
	wanted = expand(steps, context)
	diff = unless_shared(act, difference(wanted, existing, reclassify=reclassify, steps=steps))
	specs = [*diff.add, *(spec for _task, spec in diff.reopen)]
	if specs:
		chosen = assignment.choose(specs, incident, act.roster, act.departments, context.property_type)
		chosen = phone_book.with_numbers(specs, chosen, act)
		added = len(diff.add)
		created = insert(act, list(zip(diff.add, chosen[:added], strict=True)))
		_reopen(act, list(zip(diff.reopen, chosen[added:], strict=True)))
		if act.verb != "declare":  # its own entry says how many; three hundred more would hide it
			act.steps_added += [("task_added", about(spec), name) for spec, name in zip(diff.add, created, strict=True)]
		told_of_new_tasks.announce(act, specs, chosen)
		told_of_new_tasks.warn_of_nobody(act, specs, chosen)
	_cancel(act, diff.cancel, _("The level was changed"))
	if reclassify:
		_carry_over(act, diff)
	else:
		_require_newly(act, diff)
	_hurry_rescue_services(act)
	return diff


def sync_others(act: Act) -> None:
	"""A step that ends here without being done may be asked for by the outages that share with this one: it is theirs now."""
	for name in nested_outages.names(act.incident.name):
		incident = lock_incident(name)
		if incident.status not in ENDED:
			other = Act("share", act.at, act.now, incident=incident)
			sync(other)
			finish(other, {})


def _hurry_rescue_services(act: Act) -> None:
	"""A child, somebody old, pregnant or unwell, heat or smoke: nobody waits for the maintenance company before 119 or 120 is
	called. Their step is due at once, and rings."""
	urgent = {
		elevator
		for (_incident, elevator), row in people_in_elevators.open_of([act.incident.name]).items()
		if row.status == EntrapmentStatus.TRAPPED
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
				"status": TaskStatus.OPEN,
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
		items = [(CheckKind.ITEM, item.name, item.label) for item in spec.checklist]
		items += [(CheckKind.CONFIRMATION, check, check.replace("_", " ")) for check in step.checks]
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
				"status": TaskStatus.OPEN,
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
	end_many(act, [task.name for task in tasks], TaskStatus.CANCELLED, reason)
