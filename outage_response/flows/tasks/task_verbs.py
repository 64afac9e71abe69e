"""The verbs of a task that is not done yet, and of what is added to it: mine, there, nobody answers, left out, evidence."""

from typing import Any

import frappe
from frappe import _

from outage_response.domain import authority, gates, lifecycle
from outage_response.domain.errors import RuleError, _lt
from outage_response.domain.states import TaskStatus
from outage_response.domain.who_gets_a_task import Assignment

from ..facts import plan_steps
from ..verb import timeline
from ..verb.changes import save
from ..verb.engine import Act, is_general_manager, task_verb
from . import assignment, photos, ring_state, task_set
from .late_acts import task_fact
from .reassignment import give_again, require_able
from .shared_tasks import own_row_and_all
from .task_words import note_on_timeline

# By which road somebody said "mine" who did not touch a screen
WAYS = (_lt("radio"), _lt("phone"), _lt("in person"), _lt("link"), _lt("reply"))


@task_fact
def acknowledge(act: Act, how: str = "") -> None:
	"""Somebody says "mine": ringing stops. `how`: by which road, where it was not a screen of the app.

	Somebody of another department who was rung for it takes it over, and may do it; but not what permits switching on.
	"""
	roles = frappe.get_roles(frappe.session.user)
	department = frappe.get_cached_doc("Response Department", act.task.department)
	if not {department.role, act.task.assigned_role} & set(roles):
		command = next((role for role in (authority.CONTROL_ROOM, authority.GENERAL_MANAGER) if role in roles), "")
		if command and act.task.gate != "energise":
			act.task.assigned_role = command
			mine = Assignment(command, (frappe.session.user,), act.task.phone or "")
			give_again(act, act.task, mine)
	_take(act, frappe.session.user, how)


def _take(act: Act, user: str | None, how: str = "") -> None:
	act.task.update({"status": TaskStatus.ACKNOWLEDGED, "acknowledged_at": act.at, "acknowledged_by": user})
	act.task.counts_from = act.now if act.at > act.now else None
	act.task.update(ring_state.taken(act.task, act.now))  # rings again if nobody starts
	save(act.task)
	note_on_timeline(act, "task_acknowledged", how=[how] if how else "")


@task_fact
def acknowledge_for(act: Act, user: str | None = None, how: str = "radio") -> None:
	"""Somebody said "mine" by another road, and the control room writes it down. No user: an outside firm's people.

	how  radio, phone, in person, link or reply
	"""
	if how not in WAYS:
		raise RuleError(_("How: choose one of: {allowed}."), allowed=WAYS)
	if user:
		require_able(act, user, act.task)
	_take(act, user or None, how)


@task_fact
def arrive(act: Act, user: str | None = None) -> None:
	"""On the spot; for a held post: on post, which stops its clock.

	user  who is there, where a colleague writes it down (from paper); by default the one who says so
	"""
	task, there = act.task, user or frappe.session.user
	if there != frappe.session.user:
		role = require_able(act, there, task)
		give_again(act, task, Assignment(role, (there,), task.phone or ""))
	task.status = TaskStatus.ON_POST if task.held_until else TaskStatus.IN_PROGRESS
	task.started_at, task.started_by = act.at, there
	if not task.acknowledged_at:
		task.acknowledged_at, task.acknowledged_by = act.at, there
	save(task)
	note_on_timeline(act, "task_on_post" if task.held_until else "task_started")


@task_fact
def no_answer(act: Act, note: str | None = None) -> dict[str, Any]:
	"""Somebody was phoned and did not answer: the time of the try is kept, and the step stays open for the next one.

	Answers {"attempts"}: how many tries there were.
	"""
	lifecycle.require_call(plan_steps.step_of(act.task))
	if act.task.status == TaskStatus.OPEN:
		act.task.update(
			{"status": TaskStatus.ACKNOWLEDGED, "acknowledged_at": act.at, "acknowledged_by": frappe.session.user}
		)
		act.task.update(ring_state.taken(act.task, act.now))
		save(act.task)
	note_on_timeline(act, "call_unanswered", note=(note or "").strip()[:500])
	return {"attempts": timeline.count("call_unanswered", act.task.name)}


@task_fact
def add_evidence(act: Act, evidence: str | None = None, photo: str | None = None) -> None:
	"""What was not written at 02:00 is added now, and shows as added later.

	For a step that owes nothing it is a note after what was written; a call ends in one touch, and what was said follows.
	"""
	note, photo = (evidence or "").strip(), photos.named(photo)
	if not note and not photo:
		raise RuleError(_("Evidence: give a note or a photo."))
	task = act.task
	if not task.evidence_pending and plan_steps.step_of(task).evidence == "none":
		raise RuleError(_("Evidence: nothing is owed for this step."))
	before = "" if task.evidence_pending else task.evidence
	task.evidence = "\n".join(one for one in (before, note) if one) or task.evidence
	task.photo = photo or task.photo
	task.evidence_pending = 0
	save(task)
	note_on_timeline(act, "task_evidence")


@task_verb
def skip(act: Act, reason: str) -> None:
	"""The step is left out, with a reason; gates and posts only by the General Manager, life safety by nobody."""
	row, rows = own_row_and_all(act)
	waiting = [
		other for other in rows if other.is_open and other.plan and row.step_key in plan_steps.step_of(other).after
	]
	gates.require_skippable(row, general_manager=is_general_manager(), reason=reason or "", waiting=waiting)
	act.task.update({"status": TaskStatus.SKIPPED, "reason": reason.strip()})
	save(act.task)
	assignment.take_back([act.task.name])
	note_on_timeline(act, "task_skipped", reason=reason.strip())
	task_set.sync_others(act)
