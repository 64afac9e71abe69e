"""The verbs of a task."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response import locks
from outage_response.domain import authority, lifecycle
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain.errors import RuleError, spoken
from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.plan_expansion import added_by
from outage_response.domain.step_definitions import Step
from outage_response.domain.who_gets_a_task import COMMAND, Assignment

from ..facts import nested_outages, people_in_elevators, plan_steps, power_and_assets, who_is_on_duty
from ..facts.language import listed
from ..facts.outage_in_words import short_time
from ..verb import bells, timeline
from ..verb.changes import save
from ..verb.engine import Call, is_general_manager, keeps_late, task_verb
from ..verb.events import StepDone, happened
from . import assignment, photos, ring_state, task_set

# By which road somebody said "mine" who did not touch a screen
WAYS = ("radio", "phone", "in person", "link", "reply")


def _row(call: Call) -> tuple[TaskRow, list[TaskRow]]:
	rows = task_set.load_shared(call.incident, lambda: call.around)
	return next(row for row in rows if row.name == call.task.name), rows


def _locked_off(call: Call) -> set[str]:
	return people_in_elevators.locked_off(call.incident.name, *nested_outages.names(call.incident.name))


def _release(call: Call) -> None:
	"""As in `task_set.pass_on`, for the call's own task: nobody is at it any more."""
	call.task.update({**task_set.NOBODY, **ring_state.anew(call.task, call.now)})
	_forget_confirmations(call.task)
	save(call.task)


def _forget_confirmations(task: Document) -> None:
	for row in task.checks:
		if row.kind == "Confirmation":
			row.update(task_set.UNCONFIRMED)


def _note(call: Call, kind: str, **data: Any) -> None:
	call.record(kind, {**task_set.about_task(call.task), **data}, task=call.task.name)


@task_verb
def acknowledge(call: Call, how: str = "") -> None:
	"""Somebody says "mine": ringing stops. `how`: by which road, where it was not a screen of the app.

	Somebody of another department who was rung for it takes it over, and may do it; but not what permits switching on.
	"""
	roles = frappe.get_roles(frappe.session.user)
	department = frappe.get_cached_doc("Response Department", call.task.department)
	if not {department.role, call.task.assigned_role} & set(roles):
		command = next((role for role in (authority.CONTROL_ROOM, authority.GENERAL_MANAGER) if role in roles), "")
		if command and call.task.gate != "energise":
			call.task.assigned_role = command
			mine = Assignment(command, (frappe.session.user,), call.task.phone or "")
			_give_again(call, call.task, mine)
	_take(call, frappe.session.user, how)


def _take(call: Call, user: str | None, how: str = "") -> None:
	call.task.update({"status": "Acknowledged", "acknowledged_at": call.at, "acknowledged_by": user})
	call.task.counts_from = call.now if call.at > call.now else None
	call.task.update(ring_state.taken(call.task, call.now))  # rings again if nobody starts
	save(call.task)
	_note(call, "task_acknowledged", how=[how] if how else "")


@task_verb
def acknowledge_for(call: Call, user: str | None = None, how: str = "radio") -> None:
	"""Somebody said "mine" by another road, and the control room writes it down. No user: an outside firm's people.

	how  radio, phone, in person, link or reply
	"""
	if how not in WAYS:
		raise RuleError(_("How: choose one of: {allowed}."), allowed=WAYS)
	if user:
		require_able(call, user, call.task)
	_take(call, user or None, how)


@task_verb
def arrive(call: Call, user: str | None = None) -> None:
	"""On the spot; for a held post: on post, which stops its clock.

	user  who is there, where a colleague writes it down (from paper); by default the one who says so
	"""
	task, there = call.task, user or frappe.session.user
	if there != frappe.session.user:
		role = require_able(call, there, task)
		_give_again(call, task, Assignment(role, (there,), task.phone or ""))
	task.status = "On Post" if task.held_until else "In Progress"
	task.started_at, task.started_by = call.at, there
	if not task.acknowledged_at:
		task.acknowledged_at, task.acknowledged_by = call.at, there
	save(task)
	_note(call, "task_on_post" if task.held_until else "task_started")


@task_verb
def complete(
	call: Call,
	outcome: str | None = None,
	checks: Sequence[str] | None = None,
	exceptions: Sequence[Mapping[str, str]] | None = None,
	evidence: str | None = None,
	photo: str | None = None,
	evidence_later: bool = False,
	people: int | None = None,
) -> dict[str, Any]:
	"""The step is done.

	outcome         one of the step's outcomes, where it has any
	checks          the confirmations given (for example people_clear)
	exceptions      checklist: what is not normal, as {"item", "note", "fixed"}; everything else is normal
	evidence        who was called, a note, or a reading, as the step asks; photo: address of an attached file
	evidence_later  a note, call or photo follows; it is owed until then
	people          of an elevator: how many are inside (trapped), or out (the end of a rescue)

	Answers {"task_status", "added", "waiting_for"}: steps that the outcome adds; "read_back" when a second person is next,
	"defects" while a defect is open.
	"""
	return _complete(
		call,
		outcome=plan_steps.step_of(call.task).named(outcome or ""),
		checks=checks or (),
		exceptions=exceptions or (),
		evidence=(evidence or "").strip(),
		photo=photos.named(photo),
		later=bool(evidence_later),
		people=people,
		by=frappe.session.user,
	)


@task_verb
def complete_for(
	call: Call,
	outcome: str | None = None,
	who: str | None = None,
	user: str | None = None,
	how: str | None = None,
	elevator_no: str | None = None,
	read_back: bool = False,
	people: int | None = None,
	checks: Sequence[str] | None = None,
	evidence: str | None = None,
) -> dict[str, Any]:
	"""Somebody says by radio what they found at an elevator, and the control room writes it down.

	who, user    who looked: in words, or their login
	how          an empty car: seen through the open door (door_open), by intercom or by camera
	elevator_no  an empty car: its name or number plate, as they read it
	read_back    it was repeated to them, and they said yes

	People inside are written down at once, without proof. What lets supply back onto people is confirmed by whoever saw it,
	and by nobody for them. Answers as `complete`.
	"""
	step, task = plan_steps.step_of(call.task), call.task
	rescues.require_for_another(step)
	if step.per != "elevator":
		raise RuleError(_("Step: only what is said of an elevator is written down for somebody else."))
	outcome = step.named(outcome or "")
	meaning = step.meaning(outcome)
	if user:
		_require_there(call, user, task, meaning)
	seen_by = (who or "").strip() or (frappe.utils.get_fullname(user) if user else "")
	rescues.require_radio_proof(
		meaning,
		label=task.subject_label or "",
		plate=frappe.db.get_value("Property Asset", task.subject, "plate_no") or "",
		elevator_no=elevator_no,
		who=seen_by,
		how=how,
		read_back=bool(read_back),
	)
	said = [_("By radio: {0}").format(seen_by or _("not said by whom")), spoken(how or "", _), (evidence or "").strip()]
	task.recorded_by = frappe.session.user
	_note(call, "task_done_for", **task_set.about_outcome(step, outcome), how=[how] if how else "")
	return _complete(
		call,
		outcome=outcome,
		checks=checks or (),
		evidence=listed(filter(None, said)),
		people=people,
		by=user or "",
		who=seen_by,
		how=how,
	)


def _require_there(call: Call, user: str, task: Document, meaning: str) -> None:
	"""Who says by radio what became of an elevator: for what they did themselves, somebody who may do the step; that people are
	inside, or that others freed them, may be said by whoever saw it."""
	if meaning == rescues.TRAPPED or meaning in rescues.RELEASED[1:]:
		enabled = isinstance(user, str) and frappe.db.get_value("User", {"name": user, "enabled": 1})
		if not enabled or not frappe.has_permission("Outage Incident", "read", doc=call.incident, user=user):
			raise RuleError(
				_("User: {user} is not an enabled user with access to this property."), user=str(user)[:140]
			)
		return
	require_able(call, user, task)


def _complete(
	call: Call,
	*,
	outcome: str,
	checks: Sequence[str],
	evidence: str,
	exceptions: Sequence[Mapping[str, str]] = (),
	photo: str = "",
	later: bool = False,
	people: int | None = None,
	by: str,
	who: str = "",
	how: str | None = None,
) -> dict[str, Any]:
	"""`by`: the login of who did it, "" for somebody without one, whose name is `who`; `how` they know that a car is empty."""
	task = call.task
	lifecycle.require_gone(task.gate, call.incident.status)
	row, rows = _row(call)
	step = plan_steps.step_of(task)
	lifecycle.require_completable(
		step,
		row,
		rows,
		outcome=outcome,
		checks=checks,
		evidence=photo if step.evidence == "photo" else evidence,
		evidence_later=later,
		locked_off=_locked_off(call) if lifecycle.clears_supply(step) else (),
	)
	if not step.outcomes and outcome:
		raise RuleError(_("Outcome: this step has none. Leave it empty."))
	count = people_in_elevators.require_end(task, step, outcome, people, by, call.at)
	task.outcome, task.evidence, task.photo = outcome or None, evidence or task.evidence, photo or task.photo
	task.evidence_pending = int(step.evidence != "none" and not (photo if step.evidence == "photo" else evidence))
	task.started_at = task.started_at or call.at
	task.started_by = task.started_by or by or None
	defects = _take_items(call, exceptions)
	if step.checks:
		if task.gate == "energise":
			lifecycle.require_checked_since(call.at, power_and_assets.went_at(call.incident, task.subject))
		_take_confirmations(call)
	if defects:
		task.status = "In Progress"
		save(task)
		_note(call, "task_defect", items=defects)
		return {"waiting_for": "defects", "added": 0}
	if step.read_back_by:
		task.status = "In Progress"
		save(task)
		_note(call, "task_checks_given")
		bells.tell_department(call, step.read_back_by, _("Read back: {0}").format(task.title))
		return {"waiting_for": "read_back", "added": 0}
	return _done(call, step, by=by, people=count, who=who, how=how)


def _done(
	call: Call,
	step: Step,
	*,
	by: str | None = None,
	people: int | None = None,
	who: str = "",
	how: str | None = None,
) -> dict[str, Any]:
	"""`by`: as in `_complete`; None: the session's user."""
	task = call.task
	by = frappe.session.user if by is None else by
	task.update(
		{
			"status": "Done",
			"completed_at": call.at,
			"completed_by": by or None,
			"recorded_at": call.now,
			"counts_from": call.now if call.at > call.now else None,
		}
	)
	save(task)
	assignment.take_back([task.name])
	_note(call, "task_done", **task_set.about_outcome(step, task.outcome or ""))
	happened(StepDone(call, task, step, task.outcome or "", people, by or frappe.session.user, who, how))
	# what ended before people were reported again, or before it went dark again, is asked for once more
	asks = added_by(step, task.outcome or "") or step.on_outcome or call.at < call.now - lifecycle.PROMPT
	return {"waiting_for": "", "added": len(task_set.sync(call).add) if asks else 0}


def _take_items(call: Call, exceptions: Sequence[Mapping[str, str]]) -> list[str]:
	"""Checklist rows: all normal except those named. Returns the labels of defects not yet mended."""
	items = {row.item: row for row in call.task.checks if row.kind == "Item"}
	named: dict[str, Mapping] = {}
	for exception in exceptions:
		item = exception.get("item") if isinstance(exception, Mapping) else None
		found = item if item in items else next((key for key, row in items.items() if row.item_label == item), None)
		if found is None:
			raise RuleError(
				_("Exceptions: {item} is not on this checklist. Choose one of its rows."), item=str(item)[:140]
			)
		named[found] = exception
	defects = []
	for key, row in items.items():
		exception = named.get(key)
		if exception is None:
			row.result = "Fixed" if row.result == "Defect" else (row.result or "Normal")
		else:
			row.result = "Fixed" if exception.get("fixed") else "Defect"
			row.note = str(exception.get("note") or "")[:500]
			if row.result == "Defect":
				defects.append(row.item_label)
		row.checked_by, row.checked_at = frappe.session.user, call.at
	call.task.defects = len(defects)
	return defects


def _take_confirmations(call: Call) -> None:
	for row in call.task.checks:
		if row.kind == "Confirmation":
			row.update({"result": "Confirmed", "checked_by": frappe.session.user, "checked_at": call.at})


@task_verb
def no_answer(call: Call, note: str | None = None) -> dict[str, Any]:
	"""Somebody was phoned and did not answer: the time of the try is kept, and the step stays open for the next one.

	Answers {"attempts"}: how many tries there were.
	"""
	lifecycle.require_call(plan_steps.step_of(call.task))
	if call.task.status == "Open":
		call.task.update({"status": "Acknowledged", "acknowledged_at": call.at, "acknowledged_by": frappe.session.user})
		call.task.update(ring_state.taken(call.task, call.now))
		save(call.task)
	_note(call, "call_unanswered", note=(note or "").strip()[:500])
	return {"attempts": timeline.count("call_unanswered", call.task.name)}


@task_verb
def read_back(call: Call) -> dict[str, Any]:
	"""A second person reads the confirmations back; with that the step is done."""
	lifecycle.require_gone(call.task.gate, call.incident.status)
	lifecycle.require_rescues_ended(
		plan_steps.step_of(call.task), task_set.load_shared(call.incident, lambda: call.around), _locked_off(call)
	)
	confirmations = [row for row in call.task.checks if row.kind == "Confirmation"]
	if not confirmations or any(row.result != "Confirmed" for row in confirmations):
		raise RuleError(_("Checks: there is nothing to read back yet. The department confirms its checks first."))
	for row in confirmations:
		authority.require_second_person(row.checked_by, frappe.session.user)
		row.read_back_by, row.read_back_at = frappe.session.user, call.at
	_note(call, "task_read_back")
	return _done(call, plan_steps.step_of(call.task))


@task_verb
def add_evidence(call: Call, evidence: str | None = None, photo: str | None = None) -> None:
	"""What was not written at 02:00 is added now, and shows as added later.

	For a step that owes nothing it is a note after what was written; a call ends in one touch, and what was said follows.
	"""
	note, photo = (evidence or "").strip(), photos.named(photo)
	if not note and not photo:
		raise RuleError(_("Evidence: give a note or a photo."))
	task = call.task
	if not task.evidence_pending and plan_steps.step_of(task).evidence == "none":
		raise RuleError(_("Evidence: nothing is owed for this step."))
	before = "" if task.evidence_pending else task.evidence
	task.evidence = "\n".join(filter(None, (before, note))) or task.evidence
	task.photo = photo or task.photo
	task.evidence_pending = 0
	save(task)
	_note(call, "task_evidence")


@task_verb
def skip(call: Call, reason: str) -> None:
	"""The step is left out, with a reason; gates and posts only by the General Manager, life safety by nobody."""
	row, rows = _row(call)
	waiting = [
		other for other in rows if other.is_open and other.plan and row.step_key in plan_steps.step_of(other).after
	]
	lifecycle.require_skippable(row, general_manager=is_general_manager(), reason=reason or "", waiting=waiting)
	call.task.update({"status": "Skipped", "reason": reason.strip()})
	save(call.task)
	assignment.take_back([call.task.name])
	_note(call, "task_skipped", reason=reason.strip())
	task_set.sync_others(call)


@task_verb
def reassign(call: Call, user: str) -> None:
	"""Give the task to somebody else: it rings, and nobody is at it, until they say so. A manned post is relieved instead."""
	_hand_over(call, user)
	_release(call)
	_note(call, "task_reassigned", to=_role_of(call))


@task_verb
def relieve(call: Call, user: str) -> None:
	"""Another guard takes the post; the first may leave."""
	_hand_over(call, user)
	call.task.update({"started_by": user, "acknowledged_by": user})
	save(call.task)
	_note(call, "task_relieved", to=_role_of(call))


@task_verb
def move(call: Call, to: str) -> None:
	"""On the control room's command the guard goes to another post; this one is open again, for the others on duty."""
	row, rows = _row(call)
	lifecycle.require_post_to_go_to(row, next((other for other in rows if other.name == to), None))
	user = frappe.session.user
	goal = locks.document("Outage Task", to)
	everybody = assignment.assign(call.departments[row.department], call.roster)
	others = tuple(other for other in everybody.users if other != user)
	_give_again(call, call.task, replace(everybody, users=others or everybody.users))
	_give_again(call, goal, Assignment(everybody.role, (user,), goal.phone or ""))
	_release(call)
	goal.update(
		{
			"status": "On Post",
			"started_at": call.at,
			"started_by": user,
			"acknowledged_at": goal.acknowledged_at or call.at,
			"acknowledged_by": user,
		}
	)
	save(goal)
	here, there = (post.subject_label or call.incident.property for post in (call.task, goal))
	_note(call, "task_moved", to=there)
	call.record("task_on_post", task_set.about_task(goal), task=goal.name)
	bells.tell_those_for(call, COMMAND, _("Post without a guard: {0} (moved to {1})").format(here, there))


def _give_again(call: Call, task: Document, who: Assignment) -> None:
	assignment.take_back([task.name], status="Cancelled")
	assignment.give([(task.name, task.title, task.priority, task.due_at, who)], call.now)


def _role_of(call: Call) -> str:
	"""The timeline names roles; who it is stands on the task."""
	return call.task.assigned_role or call.task.department


def require_able(call: Call, user: str, task: Document) -> str:
	"""The role by which `user` does this step: the department's own, or the one it fell to. Raises RuleError when they cannot."""
	if not isinstance(user, str) or not frappe.db.get_value("User", {"name": user, "enabled": 1}):
		raise RuleError(_("User: {user} is not an enabled user. Choose one of the department."), user=str(user)[:140])
	department = frappe.get_cached_doc("Response Department", task.department)
	roles = [role for role in (authority.own_role(department), task.assigned_role) if role]
	has = [role for role in roles if role in frappe.get_roles(user)]
	if not has or not frappe.has_permission("Outage Incident", "read", doc=call.incident, user=user):
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


def _hand_over(call: Call, user: str) -> None:
	role = require_able(call, user, call.task)
	_give_again(call, call.task, Assignment(role, (user,), call.task.phone or ""))
	call.task.assigned_role = role
	bells.tell(call.incident, {user: call.task.title}, call.now)


@task_verb
def withdraw(call: Call, danger: str) -> None:
	"""A guard or engineer leaves for danger: always allowed, and alarms the control room. The step is open again, for the
	others on duty, who are told of the danger too. Where somebody else is at it, they stay, and are told first."""
	said, task, me = _named_danger(danger), call.task, frappe.session.user
	at_it = task.started_by or task.acknowledged_by
	if others := _others_there(task):
		_note(call, "task_withdrawn" if not at_it else "danger_told", danger=said)
		_tell_of_danger(call, said, others)
		if at_it:
			_keep_danger(call, said)
		return
	others = _others_than(call, at_it or me)
	_give_again(call, task, others)
	task.update({"assigned_role": others.role, "phone": others.phone or task.phone})
	_release(call)
	_note(call, "task_withdrawn", danger=said)
	_tell_of_danger(call, said, others.users)


def _named_danger(danger: str | None) -> str:
	said = (danger or "").strip()
	if not said:
		raise RuleError(_("Danger: say in a word what it is (smoke, water, crowd)."))
	return said


def _others_there(task: Document) -> tuple[str, ...]:
	"""Who is at a step, or has it, where that is not whoever speaks."""
	at_it = task.started_by or task.acknowledged_by
	there = (at_it,) if at_it else tuple(assignment.assignees(task.name))
	return () if frappe.session.user in there else there


def _tell_of_danger(call: Call, danger: str, others: Sequence[str]) -> None:
	"""Whoever is there first, then the control room, also of an outage that has ended."""
	where = call.task.subject_label or call.incident.property
	told = who_is_on_duty.users_of(call.departments.values(), call.roster, COMMAND)
	text = _("DANGER at {0}: {1}").format(where, _(danger))
	bells.tell(call.incident, dict.fromkeys((*others, *told), text), call.now)


def _keep_danger(call: Call, danger: str) -> None:
	"""Danger of which no open step tells: it stands on the command centre until somebody there takes it."""
	task, incident = call.task, call.incident
	where = task.subject_label or incident.property
	doc = frappe.new_doc("Trouble Call")
	doc.update(
		{
			"property": incident.property,
			"power_node": task.subject if task.subject_type == "Power Node" else None,
			"danger": 1,
			"words": _("{0}, {1}: {2}").format(where, short_time(call.at), danger),
			"said_at": call.now,
			"incident": incident.name if incident.status in lifecycle.RUNNING else None,
		}
	)
	if not incident.is_drill:
		doc.insert(ignore_permissions=True)


# What an act that came in time is called on the timeline; one that came late reads in the same words
SAID = {
	"acknowledge": "task_acknowledged",
	"acknowledge_for": "task_acknowledged",
	"arrive": "task_started",
	"complete": "task_done",
	"complete_for": "task_done_for",
	"no_answer": "call_unanswered",
	"read_back": "task_read_back",
	"add_evidence": "task_evidence",
	"relieve": "task_relieved",
	"move": "task_moved",
	"withdraw": "task_withdrawn",
}


@keeps_late(*lifecycle.FACTS)
def keep_late(
	call: Call,
	outcome: str | None = None,
	evidence: str | None = None,
	note: str | None = None,
	danger: str | None = None,
	to: str | None = None,
	people: int | None = None,
	photo: str | None = None,
	**_more: Any,
) -> None:
	"""What somebody did in time and could not send: on the timeline at its time, and nothing else changes, except that a step
	left out says so. Danger is told whoever is there now and the control room, whatever has ended since."""
	task, verb = call.task, call.verb
	said = "task_on_post" if verb == "arrive" and task.held_until else SAID[verb]
	text = [str(word).strip()[:500] for word in (evidence, note, photos.named(photo)) if word]
	if people:
		text.append(_("people: {0}").format(people))
	goal = to and frappe.db.get_value("Outage Task", {"name": to, "incident": task.incident}, "subject_label")
	danger = _named_danger(danger) if verb == "withdraw" else ""
	step = plan_steps.step_of(task) if task.plan else None
	outcome = step.named(outcome or "") if step else outcome or ""
	words = task_set.about_outcome(step, outcome) if step else {"outcome": outcome}
	_note(call, "late_act", said_kind=said, **words, to=goal or "", danger=danger, note=", ".join(text))
	if (step.meaning(outcome) if step else outcome) == rescues.TRAPPED:
		danger = "People trapped"
	if danger:
		_tell_of_danger(call, danger, _others_there(task) if task.status in lifecycle.OPEN else ())
		_keep_danger(call, _(danger))
	if task.status == "Skipped" and verb in ("arrive", "complete", "complete_for"):
		words = (
			_("Somebody was on post from {0}, as was heard later")
			if task.held_until
			else _("Done at {0}, as was heard later")
		)
		task.reason = words.format(short_time(call.at))
		save(task)


@task_verb
def take_danger(call: Call) -> None:
	"""Somebody in the control room has taken the danger that a colleague left for: the alarm ends, the step stays open."""
	_note(call, "danger_taken")


def _others_than(call: Call, user: str) -> Assignment:
	"""Who gets the step that `user` had to leave: others of the department on duty, else the control room, which does not wait
	for people who are asleep; except for what permits switching on, which it cannot judge. Nobody else at all: as it was."""
	department, urgent = call.departments[call.task.department], call.task.gate != "energise"
	certified = assignment.certified_for(plan_steps.step_of(call.task)) if call.task.plan else None
	others = assignment.assign(department, call.roster.without(user), life_safety=urgent, certified=certified)
	return others if others.users else assignment.assign(department, call.roster)


def complete_by_flow(call: Call, completes_with: str, names: Sequence[str] | None = None, *, photo: str = "") -> int:
	"""Finish the steps that complete with something else (the round of callbacks, the report, notices). Returns how many.

	names  only these tasks; photo: the evidence that comes with it
	"""
	rows = [
		row
		for row in task_set.load(call.incident.name)
		if row.is_open
		and row.plan
		and plan_steps.step_of(row).completes_with == completes_with
		and (names is None or row.name in names)
	]
	for row in rows:
		call.task = frappe.get_doc("Outage Task", row.name)
		if photo:
			call.task.photo = photo
		_done(call, plan_steps.step_of(call.task))
	return len(rows)
