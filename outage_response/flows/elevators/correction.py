"""What was said of a step is corrected, not undone: a further entry, and what is done stays on record."""

from datetime import timedelta

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, getdate

from outage_response.domain import entrapment_rules as rules
from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import ENDED
from outage_response.domain.plan_expansion import added_by
from outage_response.domain.states import Duty, EntrapmentStatus
from outage_response.domain.step_definitions import Step

from ..facts import people_in_elevators, plan_steps, rescue_certificates
from ..tasks import task_set, task_words
from ..verb import bells
from ..verb.changes import save
from ..verb.engine import Act, require_task_authority, task_verb
from ..verb.events import TrappedAfterTheEnd, happened
from . import entrapment_records, rescue_steps


@task_verb
def correct_outcome(
	act: Act,
	outcome: str,
	who: str | None = None,
	how: str | None = None,
	people: int | None = None,
	note: str | None = None,
) -> dict:
	"""The outcome of a step that is done turns out to be another one, until the incident is closed.

	That people are in an elevator after all is believed at once, from everybody on the staff. That nobody is inside any more
	says who saw into the open car (`who`, `how`), and a second person reads it back; until then the rescue goes on. Every
	other correction is for those who may do the step, and for the control room.

	Answers {"added", "waiting_for"}: "read_back" when a second person is next.
	"""
	task = act.task
	step, before = plan_steps.step_of(task), task.outcome or ""
	outcome = step.named(outcome or "")
	meaning = step.meaning(outcome)
	if act.incident.status in ENDED:
		return _after_the_end(act, meaning, people, note)
	rules.require_correctable(step, before, outcome)
	if not rules.anybody_may(meaning):
		require_task_authority("correct_outcome", task, outcome)
	if meaning == rules.TRAPPED:
		return _inside_after_all(act, step, rules.require_people(people), note or "")
	if _is_empty_against_the_record(act, step, meaning) or rules.needs_second_person(step, before, outcome):
		return _nobody_any_more(act, outcome, who or "", how, people)
	_write(act, outcome, note or "")
	if step.per == "elevator":
		rescue_steps.on_step(act, task, step, outcome, None, by=frappe.session.user, how=how)
	return {"waiting_for": "", "added": len(task_set.sync(act).add) if added_by(step, outcome) else 0}


def _after_the_end(act: Act, meaning: str, people: int | None, note: str | None) -> dict:
	"""People trapped after all are a call of its own, which alarms; anything else is refused."""
	task = act.task
	if meaning == rules.TRAPPED and task.subject_type == "Property Asset":
		return happened(TrappedAfterTheEnd(act, task.subject, rules.require_people(people), note))
	raise RuleError(_("Status: the outage has ended. If people are in an elevator, record a call with people trapped."))


def _is_empty_against_the_record(act: Act, step: Step, meaning: str) -> bool:
	"""Is the car said to be empty, while people are on record in it?"""
	record = people_in_elevators.still_open(act.incident.name, act.task.subject) if step.per == "elevator" else None
	return bool(record and record.status == EntrapmentStatus.TRAPPED and meaning == rules.EMPTY)


def _inside_after_all(act: Act, step: Step, people: int | None, note: str) -> dict:
	task = act.task
	# what ended in this very second was for the people who were thought to be out
	since = max(act.at, get_datetime(task.completed_at) + timedelta(seconds=1))
	car = rescue_steps.car_of(task)
	if step.means(rules.TRAPPED):
		_write(act, step.named(rules.TRAPPED), note)
		record = entrapment_records.open_record(
			act, car, certain=True, covered_from=since, inside_since=get_datetime(task.anchor_at), people=people
		)
	else:
		record = _reopened(act, task, people, since)
		_note(act, task, rules.TRAPPED, note)
	text = _("People trapped after all: {0}").format(people_in_elevators.in_words(record, act.now))
	bells.tell_those_for(act, Duty.CONTROL_ROOM, text)
	if act.departments[task.department].duty != Duty.CONTROL_ROOM:
		bells.tell_department(act, task.department, text)
	added = len(task_set.sync(act).add)
	return {"waiting_for": "", "added": added, "entrapment": record.name}


def _reopened(act: Act, task: Document, people: int | None, since) -> Document:
	"""The people who were thought to be out: they have been inside all the time, and the rescue is asked for anew."""
	record = people_in_elevators.latest(act.incident.name, task.subject)
	if record is None:
		raise RuleError(_("Outcome: no people are on record for this elevator. Report them as trapped."))
	record.update(
		{
			"status": EntrapmentStatus.TRAPPED,
			"asked_at": since,
			"people": people or record.people,
			"ended_at": None,
			"ended_by": None,
			"how_ended": None,
			"released": 0,
			"claim": None,
			# the lock may have been taken off, and what was done for them is asked for anew
			"locked_off_at": None,
			"talked_at": None,
			"services_called_at": None,
		}
	)
	save(record)
	return record


def _nobody_any_more(act: Act, outcome: str, who: str, how: str | None, people: int | None) -> dict:
	task = act.task
	rules.require_claim(who=who, how=how)
	meaning = plan_steps.step_of(task).meaning(outcome)
	record = people_in_elevators.still_open(act.incident.name, task.subject)
	if record is None:
		raise RuleError(_("Outcome: the rescue from this elevator has ended; nothing is left to correct."))
	count = rules.require_people(people)
	if rules.ends_rescue(meaning):
		holds = rescue_certificates.holds_one(frappe.session.user, getdate(act.at))
		rules.require_certificate(meaning, holds_one=holds)
		count = rules.require_count(record.people, count)
	_note(act, task, outcome, "")
	entrapment_records.claim(act, record, meaning or outcome, count, by=frappe.session.user, who=who)
	return {"waiting_for": "read_back", "added": 0, "entrapment": record.name}


def _write(act: Act, outcome: str, note: str) -> None:
	task = act.task
	_note(act, task, outcome, note)
	task.outcome = outcome
	task.evidence = "\n".join(one for one in (task.evidence, note.strip()[:500]) if one)
	save(task)


def _note(act: Act, task: Document, outcome: str, note: str) -> None:
	step = plan_steps.step_of(task)
	said = {**task_words.about_outcome(step, outcome), **task_words.about_outcome(step, task.outcome or "", "was")}
	act.record("outcome_corrected", {**task_words.about_task(task), **said, "note": note.strip()[:500]}, task=task.name)
