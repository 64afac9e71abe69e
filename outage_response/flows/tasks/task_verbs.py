"""The verbs of a task."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response import locks
from outage_response.domain import authority, gates, lifecycle
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
from ..verb.engine import Act, is_general_manager, keeps_late, task_verb
from ..verb.events import StepDone, happened
from . import assignment, photos, ring_state, task_set

# By which road somebody said "mine" who did not touch a screen
WAYS = ("radio", "phone", "in person", "link", "reply")


def _row(act: Act) -> tuple[TaskRow, list[TaskRow]]:
	rows = task_set.load_shared(act.incident, lambda: act.around)
	return next(row for row in rows if row.name == act.task.name), rows


def _locked_off(act: Act) -> set[str]:
	return people_in_elevators.locked_off(act.incident.name, *nested_outages.names(act.incident.name))


def _release(act: Act) -> None:
	"""As in `task_set.pass_on`, for the call's own task: nobody is at it any more."""
	act.task.update({**task_set.NOBODY, **ring_state.anew(act.task, act.now)})
	_forget_confirmations(act.task)
	save(act.task)


def _forget_confirmations(task: Document) -> None:
	for row in task.checks:
		if row.kind == "Confirmation":
			row.update(task_set.UNCONFIRMED)


def _note(act: Act, kind: str, **data: Any) -> None:
	act.record(kind, {**task_set.about_task(act.task), **data}, task=act.task.name)


@task_verb
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
			_give_again(act, act.task, mine)
	_take(act, frappe.session.user, how)


def _take(act: Act, user: str | None, how: str = "") -> None:
	act.task.update({"status": "Acknowledged", "acknowledged_at": act.at, "acknowledged_by": user})
	act.task.counts_from = act.now if act.at > act.now else None
	act.task.update(ring_state.taken(act.task, act.now))  # rings again if nobody starts
	save(act.task)
	_note(act, "task_acknowledged", how=[how] if how else "")


@task_verb
def acknowledge_for(act: Act, user: str | None = None, how: str = "radio") -> None:
	"""Somebody said "mine" by another road, and the control room writes it down. No user: an outside firm's people.

	how  radio, phone, in person, link or reply
	"""
	if how not in WAYS:
		raise RuleError(_("How: choose one of: {allowed}."), allowed=WAYS)
	if user:
		require_able(act, user, act.task)
	_take(act, user or None, how)


@task_verb
def arrive(act: Act, user: str | None = None) -> None:
	"""On the spot; for a held post: on post, which stops its clock.

	user  who is there, where a colleague writes it down (from paper); by default the one who says so
	"""
	task, there = act.task, user or frappe.session.user
	if there != frappe.session.user:
		role = require_able(act, there, task)
		_give_again(act, task, Assignment(role, (there,), task.phone or ""))
	task.status = "On Post" if task.held_until else "In Progress"
	task.started_at, task.started_by = act.at, there
	if not task.acknowledged_at:
		task.acknowledged_at, task.acknowledged_by = act.at, there
	save(task)
	_note(act, "task_on_post" if task.held_until else "task_started")


@task_verb
def complete(
	act: Act,
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
		act,
		outcome=plan_steps.step_of(act.task).named(outcome or ""),
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
	act: Act,
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
	step, task = plan_steps.step_of(act.task), act.task
	rescues.require_for_another(step)
	if step.per != "elevator":
		raise RuleError(_("Step: only what is said of an elevator is written down for somebody else."))
	outcome = step.named(outcome or "")
	meaning = step.meaning(outcome)
	if user:
		_require_there(act, user, task, meaning)
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
	_note(act, "task_done_for", **task_set.about_outcome(step, outcome), how=[how] if how else "")
	return _complete(
		act,
		outcome=outcome,
		checks=checks or (),
		evidence=listed(filter(None, said)),
		people=people,
		by=user or "",
		who=seen_by,
		how=how,
	)


def _require_there(act: Act, user: str, task: Document, meaning: str) -> None:
	"""Who says by radio what became of an elevator: for what they did themselves, somebody who may do the step; that people are
	inside, or that others freed them, may be said by whoever saw it."""
	if meaning == rescues.TRAPPED or meaning in rescues.RELEASED[1:]:
		enabled = isinstance(user, str) and frappe.db.get_value("User", {"name": user, "enabled": 1})
		if not enabled or not frappe.has_permission("Outage Incident", "read", doc=act.incident, user=user):
			raise RuleError(
				_("User: {user} is not an enabled user with access to this property."), user=str(user)[:140]
			)
		return
	require_able(act, user, task)


def _complete(
	act: Act,
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
	task = act.task
	gates.require_gone(task.gate, act.incident.status)
	row, rows = _row(act)
	step = plan_steps.step_of(task)
	gates.require_completable(
		step,
		row,
		rows,
		outcome=outcome,
		checks=checks,
		evidence=photo if step.evidence == "photo" else evidence,
		evidence_later=later,
		locked_off=_locked_off(act) if gates.clears_supply(step) else (),
	)
	if not step.outcomes and outcome:
		raise RuleError(_("Outcome: this step has none. Leave it empty."))
	count = people_in_elevators.require_end(task, step, outcome, people, by, act.at)
	task.outcome, task.evidence, task.photo = outcome or None, evidence or task.evidence, photo or task.photo
	task.evidence_pending = int(step.evidence != "none" and not (photo if step.evidence == "photo" else evidence))
	task.started_at = task.started_at or act.at
	task.started_by = task.started_by or by or None
	defects = _take_items(act, exceptions)
	if step.checks:
		if task.gate == "energise":
			gates.require_checked_since(act.at, power_and_assets.went_at(act.incident, task.subject))
		_take_confirmations(act)
	if defects:
		task.status = "In Progress"
		save(task)
		_note(act, "task_defect", items=defects)
		return {"waiting_for": "defects", "added": 0}
	if step.read_back_by:
		task.status = "In Progress"
		save(task)
		_note(act, "task_checks_given")
		bells.tell_department(act, step.read_back_by, _("Read back: {0}").format(task.title))
		return {"waiting_for": "read_back", "added": 0}
	return _done(act, step, by=by, people=count, who=who, how=how)


def _done(
	act: Act,
	step: Step,
	*,
	by: str | None = None,
	people: int | None = None,
	who: str = "",
	how: str | None = None,
) -> dict[str, Any]:
	"""`by`: as in `_complete`; None: the session's user."""
	task = act.task
	by = frappe.session.user if by is None else by
	task.update(
		{
			"status": "Done",
			"completed_at": act.at,
			"completed_by": by or None,
			"recorded_at": act.now,
			"counts_from": act.now if act.at > act.now else None,
		}
	)
	save(task)
	assignment.take_back([task.name])
	_note(act, "task_done", **task_set.about_outcome(step, task.outcome or ""))
	happened(StepDone(act, task, step, task.outcome or "", people, by or frappe.session.user, who, how))
	# what ended before people were reported again, or before it went dark again, is asked for once more
	asks = added_by(step, task.outcome or "") or step.on_outcome or act.at < act.now - lifecycle.PROMPT
	return {"waiting_for": "", "added": len(task_set.sync(act).add) if asks else 0}


def _take_items(act: Act, exceptions: Sequence[Mapping[str, str]]) -> list[str]:
	"""Checklist rows: all normal except those named. Returns the labels of defects not yet mended."""
	items = {row.item: row for row in act.task.checks if row.kind == "Item"}
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
		wrong = named.get(key)
		if wrong is None:
			row.result = "Fixed" if row.result == "Defect" else (row.result or "Normal")
		else:
			row.result = "Fixed" if wrong.get("fixed") else "Defect"
			row.note = str(wrong.get("note") or "")[:500]
			if row.result == "Defect":
				defects.append(row.item_label)
		row.checked_by, row.checked_at = frappe.session.user, act.at
	act.task.defects = len(defects)
	return defects


def _take_confirmations(act: Act) -> None:
	for row in act.task.checks:
		if row.kind == "Confirmation":
			row.update({"result": "Confirmed", "checked_by": frappe.session.user, "checked_at": act.at})


@task_verb
def no_answer(act: Act, note: str | None = None) -> dict[str, Any]:
	"""Somebody was phoned and did not answer: the time of the try is kept, and the step stays open for the next one.

	Answers {"attempts"}: how many tries there were.
	"""
	lifecycle.require_call(plan_steps.step_of(act.task))
	if act.task.status == "Open":
		act.task.update({"status": "Acknowledged", "acknowledged_at": act.at, "acknowledged_by": frappe.session.user})
		act.task.update(ring_state.taken(act.task, act.now))
		save(act.task)
	_note(act, "call_unanswered", note=(note or "").strip()[:500])
	return {"attempts": timeline.count("call_unanswered", act.task.name)}


@task_verb
def read_back(act: Act) -> dict[str, Any]:
	"""A second person reads the confirmations back; with that the step is done."""
	gates.require_gone(act.task.gate, act.incident.status)
	gates.require_rescues_ended(
		plan_steps.step_of(act.task), task_set.load_shared(act.incident, lambda: act.around), _locked_off(act)
	)
	confirmations = [row for row in act.task.checks if row.kind == "Confirmation"]
	if not confirmations or any(row.result != "Confirmed" for row in confirmations):
		raise RuleError(_("Checks: there is nothing to read back yet. The department confirms its checks first."))
	for row in confirmations:
		authority.require_second_person(row.checked_by, frappe.session.user)
		row.read_back_by, row.read_back_at = frappe.session.user, act.at
	_note(act, "task_read_back")
	return _done(act, plan_steps.step_of(act.task))


@task_verb
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
	task.evidence = "\n".join(filter(None, (before, note))) or task.evidence
	task.photo = photo or task.photo
	task.evidence_pending = 0
	save(task)
	_note(act, "task_evidence")


@task_verb
def skip(act: Act, reason: str) -> None:
	"""The step is left out, with a reason; gates and posts only by the General Manager, life safety by nobody."""
	row, rows = _row(act)
	waiting = [
		other for other in rows if other.is_open and other.plan and row.step_key in plan_steps.step_of(other).after
	]
	gates.require_skippable(row, general_manager=is_general_manager(), reason=reason or "", waiting=waiting)
	act.task.update({"status": "Skipped", "reason": reason.strip()})
	save(act.task)
	assignment.take_back([act.task.name])
	_note(act, "task_skipped", reason=reason.strip())
	task_set.sync_others(act)


@task_verb
def reassign(act: Act, user: str) -> None:
	"""Give the task to somebody else: it rings, and nobody is at it, until they say so. A manned post is relieved instead."""
	_hand_over(act, user)
	_release(act)
	_note(act, "task_reassigned", to=_role_of(act))


@task_verb
def relieve(act: Act, user: str) -> None:
	"""Another guard takes the post; the first may leave."""
	_hand_over(act, user)
	act.task.update({"started_by": user, "acknowledged_by": user})
	save(act.task)
	_note(act, "task_relieved", to=_role_of(act))


@task_verb
def move(act: Act, to: str) -> None:
	"""On the control room's command the guard goes to another post; this one is open again, for the others on duty."""
	row, rows = _row(act)
	lifecycle.require_post_to_go_to(row, next((other for other in rows if other.name == to), None))
	user = frappe.session.user
	goal = locks.document("Outage Task", to)
	everybody = assignment.assign(act.departments[row.department], act.roster)
	others = tuple(other for other in everybody.users if other != user)
	_give_again(act, act.task, replace(everybody, users=others or everybody.users))
	_give_again(act, goal, Assignment(everybody.role, (user,), goal.phone or ""))
	_release(act)
	goal.update(
		{
			"status": "On Post",
			"started_at": act.at,
			"started_by": user,
			"acknowledged_at": goal.acknowledged_at or act.at,
			"acknowledged_by": user,
		}
	)
	save(goal)
	here, there = (post.subject_label or act.incident.property for post in (act.task, goal))
	_note(act, "task_moved", to=there)
	act.record("task_on_post", task_set.about_task(goal), task=goal.name)
	bells.tell_those_for(act, COMMAND, _("Post without a guard: {0} (moved to {1})").format(here, there))


def _give_again(act: Act, task: Document, who: Assignment) -> None:
	assignment.take_back([task.name], status="Cancelled")
	assignment.give([(task.name, task.title, task.priority, task.due_at, who)], act.now)


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


def _hand_over(act: Act, user: str) -> None:
	role = require_able(act, user, act.task)
	_give_again(act, act.task, Assignment(role, (user,), act.task.phone or ""))
	act.task.assigned_role = role
	bells.tell(act.incident, {user: act.task.title}, act.now)


@task_verb
def withdraw(act: Act, danger: str) -> None:
	"""A guard or engineer leaves for danger: always allowed, and alarms the control room. The step is open again, for the
	others on duty, who are told of the danger too. Where somebody else is at it, they stay, and are told first."""
	said, task, me = _named_danger(danger), act.task, frappe.session.user
	at_it = task.started_by or task.acknowledged_by
	if others := _others_there(task):
		_note(act, "task_withdrawn" if not at_it else "danger_told", danger=said)
		_tell_of_danger(act, said, others)
		if at_it:
			_keep_danger(act, said)
		return
	chosen = _others_than(act, at_it or me)
	_give_again(act, task, chosen)
	task.update({"assigned_role": chosen.role, "phone": chosen.phone or task.phone})
	_release(act)
	_note(act, "task_withdrawn", danger=said)
	_tell_of_danger(act, said, chosen.users)


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


def _tell_of_danger(act: Act, danger: str, others: Sequence[str]) -> None:
	"""Whoever is there first, then the control room, also of an outage that has ended."""
	where = act.task.subject_label or act.incident.property
	told = who_is_on_duty.users_of(act.departments.values(), act.roster, COMMAND)
	text = _("DANGER at {0}: {1}").format(where, _(danger))
	bells.tell(act.incident, dict.fromkeys((*others, *told), text), act.now)


def _keep_danger(act: Act, danger: str) -> None:
	"""Danger of which no open step tells: it stands on the command centre until somebody there takes it."""
	task, incident = act.task, act.incident
	where = task.subject_label or incident.property
	doc = frappe.new_doc("Trouble Call")
	doc.update(
		{
			"property": incident.property,
			"power_node": task.subject if task.subject_type == "Power Node" else None,
			"danger": 1,
			"words": _("{0}, {1}: {2}").format(where, short_time(act.at), danger),
			"said_at": act.now,
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
	act: Act,
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
	task, verb = act.task, act.verb
	said = "task_on_post" if verb == "arrive" and task.held_until else SAID[verb]
	text = [str(word).strip()[:500] for word in (evidence, note, photos.named(photo)) if word]
	if people:
		text.append(_("people: {0}").format(people))
	goal = to and frappe.db.get_value("Outage Task", {"name": to, "incident": task.incident}, "subject_label")
	danger = _named_danger(danger) if verb == "withdraw" else ""
	step = plan_steps.step_of(task) if task.plan else None
	outcome = step.named(outcome or "") if step else outcome or ""
	words = task_set.about_outcome(step, outcome) if step else {"outcome": outcome}
	_note(act, "late_act", said_kind=said, **words, to=goal or "", danger=danger, note=", ".join(text))
	if (step.meaning(outcome) if step else outcome) == rescues.TRAPPED:
		danger = "People trapped"
	if danger:
		_tell_of_danger(act, danger, _others_there(task) if task.status in lifecycle.OPEN else ())
		_keep_danger(act, _(danger))
	if task.status == "Skipped" and verb in ("arrive", "complete", "complete_for"):
		words = (
			_("Somebody was on post from {0}, as was heard later")
			if task.held_until
			else _("Done at {0}, as was heard later")
		)
		task.reason = words.format(short_time(act.at))
		save(task)


@task_verb
def take_danger(act: Act) -> None:
	"""Somebody in the control room has taken the danger that a colleague left for: the alarm ends, the step stays open."""
	_note(act, "danger_taken")


def _others_than(act: Act, user: str) -> Assignment:
	"""Who gets the step that `user` had to leave: others of the department on duty, else the control room, which does not wait
	for people who are asleep; except for what permits switching on, which it cannot judge. Nobody else at all: as it was."""
	department, urgent = act.departments[act.task.department], act.task.gate != "energise"
	certified = assignment.certified_for(plan_steps.step_of(act.task)) if act.task.plan else None
	others = assignment.assign(department, act.roster.without(user), life_safety=urgent, certified=certified)
	return others if others.users else assignment.assign(department, act.roster)


def complete_by_flow(act: Act, completes_with: str, names: Sequence[str] | None = None, *, photo: str = "") -> int:
	"""Finish the steps that complete with something else (the round of callbacks, the report, notices). Returns how many.

	names  only these tasks; photo: the evidence that comes with it
	"""
	rows = [
		row
		for row in task_set.load(act.incident.name)
		if row.is_open
		and row.plan
		and plan_steps.step_of(row).completes_with == completes_with
		and (names is None or row.name in names)
	]
	for row in rows:
		act.task = frappe.get_doc("Outage Task", row.name)
		if photo:
			act.task.photo = photo
		_done(act, plan_steps.step_of(act.task))
	return len(rows)
