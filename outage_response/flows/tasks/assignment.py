"""Give tasks to people by Frappe's own assignment (ToDo), in bulk.

`frappe.desk.form.assign_to.add` takes one task and one person at a time, each with several saves; three hundred steps
would take a quarter of a minute while people stand in the dark. What it would have written besides, and we do not:
a comment "assigned to" per task (the timeline says it), document sharing (people see tasks through their role), and
automatic following. `tests/site/tasks/test_assignment.py` compares the two.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk, permissions
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain.lifecycle import HOLDING_POSTS, OPEN
from outage_response.domain.plan_expansion import TaskSpec
from outage_response.domain.step_definitions import Step
from outage_response.domain.who_gets_a_task import (
	Assignment,
	Department,
	Roster,
	assign,
	spread_posts,
	to_duty_electrician,
)

from ..facts import outage_levels, plan_steps, rescue_certificates, who_is_on_duty

# task name, title, priority, due_at, who it goes to
Given = tuple[str, str, int, datetime | None, Assignment]
OF_THE_VERBS = ("reference_type", "reference_name", "allocated_to", "status", "description", "role", "date", "priority")
TODO_PRIORITY = {0: "High", 1: "High", 2: "Medium", 3: "Low"}


def choose(
	specs: Sequence[TaskSpec],
	incident: Document,
	roster: Roster,
	departments: dict[str, Department],
	property_type: str,
) -> list[Assignment]:
	"""Who each task goes to, in the order of `specs`.

	Clause 6.1 is judged by the moment at which the step is given out, which is the roster's: an outage of the night may
	last into the working day. What is planned goes to the people who are on duty then, as far as the roster knows it.
	"""
	planned = _planned_roster(specs, incident, roster)
	kind = outage_levels.kind_of(incident.level)
	certified = next((who for spec in specs if (who := certified_for(spec.step)) is not None), None)
	chosen: dict[tuple, Assignment] = {}
	result = []
	for spec in specs:
		frees = spec.step.rescue_part == rescues.RELEASE
		key = (spec.department, spec.step.life_safety, spec.step.planned_anchor, frees)
		if key not in chosen:
			chosen[key] = assign(
				departments[spec.department],
				planned if spec.step.planned_anchor else roster,
				life_safety=spec.step.life_safety,
				certified=certified if frees else None,
				duty_electrician=to_duty_electrician(
					plan_steps.duty_rules(), departments[spec.department].duty, kind, property_type, roster.off_hours
				),
			)
		result.append(chosen[key])
	return _one_guard_a_post(specs, result, incident)


def certified_for(step: Step) -> set[str] | None:
	"""Who may be given a step that only holders of a certificate do; None: everybody of its department."""
	return rescue_certificates.holders(now_datetime().date()) if step.rescue_part == rescues.RELEASE else None


def _planned_roster(specs: Sequence[TaskSpec], incident: Document, roster: Roster) -> Roster:
	"""The roster of the planned start, or of now where nobody is entered for that day yet."""
	if not incident.planned_start or not any(spec.step.planned_anchor for spec in specs):
		return roster
	then = who_is_on_duty.on_duty(incident.property, get_datetime(incident.planned_start))
	return replace(roster, on_duty=then) if then else roster


def _one_guard_a_post(specs: Sequence[TaskSpec], chosen: list[Assignment], incident: Document) -> list[Assignment]:
	posts: dict[tuple[str, ...], list[int]] = defaultdict(list)
	for index, spec in enumerate(specs):
		if spec.step.held_until:
			posts[chosen[index].users].append(index)
	if not posts:
		return chosen
	busy = _on_posts(incident)
	for users, indexes in posts.items():
		weights = [specs[index].subject.weight for index in indexes]
		for index, guards in zip(indexes, spread_posts(weights, users, busy), strict=True):
			chosen[index] = replace(chosen[index], users=guards)
	return chosen


def _on_posts(incident: Document) -> set[str]:
	"""Users who have a post of their own: in this incident, and while it runs in others that run at the property. Posts of
	work that is planned keep nobody from tonight's; a drill's are left for what is real."""
	task, outage = frappe.qb.DocType("Outage Task"), frappe.qb.DocType("Outage Incident")
	counts = outage.name == incident.name
	if incident.status in HOLDING_POSTS:
		counts |= outage.status.isin(HOLDING_POSTS) & (outage.is_drill == int(bool(incident.is_drill)))
	rows = (
		frappe.qb.from_(task)
		.join(outage)
		.on(task.incident == outage.name)
		.select(task._assign)
		.where(task.property == incident.property)
		.where(task.held_until != "")
		.where(task.status.isin(OPEN))
		.where(counts)
	).run(pluck=True)
	alone = [frappe.parse_json(row or "[]") for row in rows]
	return {users[0] for users in alone if len(users) == 1}


def give(tasks: Sequence[Given], now: datetime) -> None:
	"""Write the ToDos of tasks that exist, and fill their `_assign`."""
	write_todos(tasks, now)
	by_users: dict[tuple[str, ...], list[str]] = defaultdict(list)
	for name, _title, _priority, _due_at, assignment in tasks:
		if assignment.users:
			by_users[assignment.users].append(name)
	for users, names in by_users.items():
		bulk.update("Outage Task", names, {"_assign": as_assign(users)})


def as_assign(users: Sequence[str]) -> str:
	"""Users as the `_assign` of a document holds them."""
	return frappe.as_json(list(users), indent=None)


def write_todos(tasks: Sequence[Given], now: datetime) -> None:
	"""Only the ToDos, for tasks that are inserted with their `_assign`."""
	rows = []
	giver = frappe.session.user
	giver_name = frappe.utils.get_fullname(giver)
	for name, title, priority, due_at, assignment in tasks:
		for user in assignment.users:
			rows.append(
				{
					"allocated_to": user,
					"reference_type": "Outage Task",
					"reference_name": name,
					"description": frappe.utils.escape_html(title),
					"priority": TODO_PRIORITY[min(priority, 3)],
					"status": "Open",
					"date": (due_at or now).date(),
					"assigned_by": giver,
					"assigned_by_full_name": giver_name,
					"role": assignment.role,
				}
			)
	bulk.insert("ToDo", rows, now)


def take_back(tasks: Sequence[str], status: str = "Closed") -> None:
	"""The tasks have ended, or go to somebody else: close their open ToDos."""
	if not tasks:
		return
	todo = frappe.qb.DocType("ToDo")
	theirs = (todo.reference_type == "Outage Task") & todo.reference_name.isin(tasks) & (todo.status == "Open")
	bulk.change("ToDo", theirs, {"status": status})
	bulk.update("Outage Task", tasks, {"_assign": "[]"})


def assignees(task: str) -> list[str]:
	"""Users to whom the task is assigned now."""
	return frappe.parse_json(frappe.db.get_value("Outage Task", task, "_assign") or "[]")


def keep_todo(doc: Document, event: str) -> None:
	"""ToDo hook: a ToDo about an outage task belongs to the verbs, which write it without hooks. Whoever else makes one, changes
	what it says or deletes it would give out steps with words of their own, or take one from the page of whoever stands there. About
	our other records it is made by those who may read them: Frappe writes it onto the record. What is left of a record that was deleted
	is anybody's to clear away. Raises ValidationError."""
	before = None if event == "on_trash" else doc.get_doc_before_save()
	if before and not any(doc.has_value_changed(one) for one in OF_THE_VERBS):
		return
	if ours := next((row for row in (doc, before) if row and row.reference_type == "Outage Task"), None):
		frappe.throw(
			_(
				"ToDo: an outage task is given out, handed over and finished by its own buttons. Open the task {0}."
			).format(frappe.bold(ours.reference_name))
		)
	for row in (doc, before):
		if not (row and row.reference_type and row.reference_name and permissions.is_ours(row.reference_type)):
			continue
		if frappe.db.exists(row.reference_type, row.reference_name):
			permissions.require_read(row.reference_type, row.reference_name)
