"""A step is done: what has to be given for it, by whom, read back by a second person, or done with something else."""

from collections.abc import Mapping, Sequence
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain import authority, gates, lifecycle
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain.errors import RuleError, spoken
from outage_response.domain.plan_expansion import added_by
from outage_response.domain.states import CheckKind, CheckResult, TaskStatus
from outage_response.domain.step_definitions import Step

from ..facts import nested_outages, people_in_elevators, plan_steps, power_and_assets
from ..facts.language import listed
from ..verb import bells
from ..verb.changes import save
from ..verb.engine import Act
from ..verb.events import StepDone, happened
from . import assignment, photos, task_set, task_words, tasks_on_record
from .late_acts import task_fact
from .reassignment import require_able
from .shared_tasks import load_shared, own_row_and_all
from .task_words import note_on_timeline


@task_fact
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


@task_fact
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
	task.recorded_by = frappe.session.user
	note_on_timeline(act, "task_done_for", **task_words.about_outcome(step, outcome), how=[how] if how else "")
	return _complete(
		act,
		outcome=outcome,
		checks=checks or (),
		evidence=_said_by_radio(seen_by, how or "", evidence or ""),
		people=people,
		by=user or "",
		who=seen_by,
		how=how,
	)


def _said_by_radio(who: str, how: str, evidence: str) -> str:
	said = (_("By radio: {0}").format(who or _("not said by whom")), spoken(how, _), evidence.strip())
	return listed(one for one in said if one)


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
	row, rows = own_row_and_all(act)
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
	_take_what_was_said(act, step, outcome=outcome, evidence=evidence, photo=photo, by=by)
	defects = _take_items(act, exceptions)
	if step.checks:
		if task.gate == "energise":
			gates.require_checked_since(act.at, power_and_assets.went_at(act.incident, task.subject))
		_take_confirmations(act)
	if defects:
		task.status = TaskStatus.IN_PROGRESS
		save(task)
		note_on_timeline(act, "task_defect", items=defects)
		return {"waiting_for": "defects", "added": 0}
	if step.read_back_by:
		task.status = TaskStatus.IN_PROGRESS
		save(task)
		note_on_timeline(act, "task_checks_given")
		bells.tell_department(act, step.read_back_by, _("Read back: {0}").format(task.title))
		return {"waiting_for": "read_back", "added": 0}
	return _done(act, step, by=by, people=count, who=who, how=how)


def _locked_off(act: Act) -> set[str]:
	return people_in_elevators.locked_off(act.incident.name, *nested_outages.names(act.incident.name))


def _take_what_was_said(act: Act, step: Step, *, outcome: str, evidence: str, photo: str, by: str) -> None:
	"""Outcome and evidence, which may be owed still; whoever never said that they had begun, has begun by now."""
	task = act.task
	task.outcome, task.evidence, task.photo = outcome or None, evidence or task.evidence, photo or task.photo
	task.evidence_pending = int(step.evidence != "none" and not (photo if step.evidence == "photo" else evidence))
	task.started_at = task.started_at or act.at
	task.started_by = task.started_by or by or None


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
			"status": TaskStatus.DONE,
			"completed_at": act.at,
			"completed_by": by or None,
			"recorded_at": act.now,
			"counts_from": act.now if act.at > act.now else None,
		}
	)
	save(task)
	assignment.take_back([task.name])
	note_on_timeline(act, "task_done", **task_words.about_outcome(step, task.outcome or ""))
	happened(StepDone(act, task, step, task.outcome or "", people, by or frappe.session.user, who, how))
	# what ended before people were reported again, or before it went dark again, is asked for once more
	asks = added_by(step, task.outcome or "") or step.on_outcome or act.at < act.now - lifecycle.PROMPT
	return {"waiting_for": "", "added": len(task_set.sync(act).add) if asks else 0}


def _take_items(act: Act, exceptions: Sequence[Mapping[str, str]]) -> list[str]:
	"""Checklist rows: all normal except those named. Returns the labels of defects not yet mended."""
	items = {row.item: row for row in act.task.checks if row.kind == CheckKind.ITEM}
	named = _named_on_checklist(items, exceptions)
	defects = []
	for key, row in items.items():
		wrong = named.get(key)
		if wrong is None:
			row.result = CheckResult.FIXED if row.result == CheckResult.DEFECT else (row.result or CheckResult.NORMAL)
		else:
			row.result = CheckResult.FIXED if wrong.get("fixed") else CheckResult.DEFECT
			row.note = str(wrong.get("note") or "")[:500]
			if row.result == CheckResult.DEFECT:
				defects.append(row.item_label)
		row.checked_by, row.checked_at = frappe.session.user, act.at
	act.task.defects = len(defects)
	return defects


def _named_on_checklist(
	items: Mapping[str, Document], exceptions: Sequence[Mapping[str, str]]
) -> dict[str, Mapping[str, str]]:
	"""Item -> what is said of it, which is named by its key or its words. Raises RuleError for another one."""
	named: dict[str, Mapping[str, str]] = {}
	for exception in exceptions:
		item = exception.get("item") if isinstance(exception, Mapping) else None
		found = item if item in items else next((key for key, row in items.items() if row.item_label == item), None)
		if found is None:
			raise RuleError(
				_("Exceptions: {item} is not on this checklist. Choose one of its rows."), item=str(item)[:140]
			)
		named[found] = exception
	return named


def _take_confirmations(act: Act) -> None:
	for row in act.task.checks:
		if row.kind == CheckKind.CONFIRMATION:
			row.update({"result": CheckResult.CONFIRMED, "checked_by": frappe.session.user, "checked_at": act.at})


@task_fact
def read_back(act: Act) -> dict[str, Any]:
	"""A second person reads the confirmations back; with that the step is done."""
	gates.require_gone(act.task.gate, act.incident.status)
	gates.require_rescues_ended(
		plan_steps.step_of(act.task), load_shared(act.incident, lambda: act.around), _locked_off(act)
	)
	confirmations = [row for row in act.task.checks if row.kind == CheckKind.CONFIRMATION]
	if not confirmations or any(row.result != CheckResult.CONFIRMED for row in confirmations):
		raise RuleError(_("Checks: there is nothing to read back yet. The department confirms its checks first."))
	for row in confirmations:
		authority.require_second_person(row.checked_by, frappe.session.user)
		row.read_back_by, row.read_back_at = frappe.session.user, act.at
	note_on_timeline(act, "task_read_back")
	return _done(act, plan_steps.step_of(act.task))


def complete_by_flow(act: Act, completes_with: str, names: Sequence[str] | None = None, *, photo: str = "") -> int:
	"""Finish the steps that complete with something else (the round of callbacks, the report, notices). Returns how many.

	names  only these tasks; photo: the evidence that comes with it
	"""
	rows = [
		row
		for row in tasks_on_record.load(act.incident.name)
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
