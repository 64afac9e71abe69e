"""A step goes to somebody else: who is able to do it, given again, posts relieved and moved."""

from dataclasses import replace

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response import locks
from outage_response.domain import authority, lifecycle
from outage_response.domain.errors import RuleError
from outage_response.domain.states import CheckKind, Duty, TaskStatus
from outage_response.domain.who_gets_a_task import Assignment

from ..facts import plan_steps
from ..verb import bells
from ..verb.changes import save
from ..verb.engine import Act, task_verb
from . import assignment, ring_state, task_words, tasks_at_once
from .late_acts import task_fact
from .shared_tasks import own_row_and_all
from .task_words import note_on_timeline


@task_verb
def reassign(act: Act, user: str) -> None:
	"""Give the task to somebody else: it rings, and nobody is at it, until they say so. A manned post is relieved instead."""
	_hand_over(act, user)
	release(act)
	note_on_timeline(act, "task_reassigned", to=_role_of(act))


@task_fact
def relieve(act: Act, user: str) -> None:
	"""Another guard takes the post; the first may leave."""
	_hand_over(act, user)
	act.task.update({"started_by": user, "acknowledged_by": user})
	save(act.task)
	note_on_timeline(act, "task_relieved", to=_role_of(act))


@task_fact
def move(act: Act, to: str) -> None:
	"""On the control room's command the guard goes to another post; this one is open again, for the others on duty."""
	row, rows = own_row_and_all(act)
	lifecycle.require_post_to_go_to(row, next((other for other in rows if other.name == to), None))
	user = frappe.session.user
	goal = locks.document("Outage Task", to)
	everybody = assignment.assign(act.departments[row.department], act.roster)
	others = tuple(other for other in everybody.users if other != user)
	give_again(act, act.task, replace(everybody, users=others or everybody.users))
	give_again(act, goal, Assignment(everybody.role, (user,), goal.phone or ""))
	release(act)
	goal.update(
		{
			"status": TaskStatus.ON_POST,
			"started_at": act.at,
			"started_by": user,
			"acknowledged_at": goal.acknowledged_at or act.at,
			"acknowledged_by": user,
		}
	)
	save(goal)
	here, there = (post.subject_label or act.incident.property for post in (act.task, goal))
	note_on_timeline(act, "task_moved", to=there)
	act.record("task_on_post", task_words.about_task(goal), task=goal.name)
	bells.tell_those_for(act, Duty.CONTROL_ROOM, _("Post without a guard: {0} (moved to {1})").format(here, there))


def _hand_over(act: Act, user: str) -> None:
	role = require_able(act, user, act.task)
	give_again(act, act.task, Assignment(role, (user,), act.task.phone or ""))
	act.task.assigned_role = role
	bells.tell(act.incident, {user: act.task.title}, act.now)


def _role_of(act: Act) -> str:
	"""The timeline names roles; who it is stands on the task."""
	return act.task.assigned_role or act.task.department


def require_able(act: Act, user: str, task: Document) -> str:
	"""The role by which `user` does this step: the department's own, or the one it fell to. Raises RuleError when they cannot."""
	if not isinstance(user, str) or not frappe.db.get_value("User", {"name": user, "enabled": 1}):
		raise RuleError(_("User: {user} is not an enabled user. Choose one of the department."), user=str(user)[:140])
	department = frappe.get_cached_doc("Response Department", task.department)
	roles = [role for role in (authority.own_role(department), task.assigned_role) if role]
	has = [role for role in roles if role in frappe.get_roles(user)]
	if not has or not frappe.has_permission("Outage Incident", "read", doc=act.incident, user=user):
		raise RuleError(
			_("User: {user} needs the role {role} and access to this property."),
			user=user,
			role=roles[-1] if roles else "-",
		)
	certified = assignment.certified_for(plan_steps.step_of(task)) if task.plan else None
	if certified is not None and user not in certified and has[0] == roles[0]:
		raise RuleError(
			_(
				"User: {user} holds no valid elevator rescue certificate. Choose somebody who does, or the control room."
			),
			user=user,
		)
	return has[0]


def give_again(act: Act, task: Document, who: Assignment) -> None:
	assignment.take_back([task.name], status="Cancelled")
	assignment.give([(task.name, task.title, task.priority, task.due_at, who)], act.now)


def release(act: Act) -> None:
	"""As in `tasks_at_once.pass_on`, for the act's own task: nobody is at it any more."""
	act.task.update({**tasks_at_once.NOBODY, **ring_state.anew(act.task, act.now)})
	_forget_confirmations(act.task)
	save(act.task)


def _forget_confirmations(task: Document) -> None:
	for row in task.checks:
		if row.kind == CheckKind.CONFIRMATION:
			row.update(tasks_at_once.UNCONFIRMED)
