"""What somebody did in time and could not send: kept on the timeline, for every verb of a task that tells a fact."""

from collections.abc import Callable
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain import entrapment_rules as rescues
from outage_response.domain import lifecycle
from outage_response.domain.states import TaskStatus

from ..facts import plan_steps
from ..facts.outage_in_words import short_time
from ..verb.changes import save
from ..verb.engine import Act, Function, keeps_late, task_verb
from . import photos, task_words
from .danger_told import keep_danger, named_danger, others_there, tell_of_danger
from .task_words import note_on_timeline

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


def task_fact(function: Function) -> Callable[..., dict[str, Any]]:
	"""A verb of a task that tells what somebody did with their own hands: one that comes too late is kept (`lifecycle.FACTS`)."""
	keeps_late(function.__name__)(keep_late)
	return task_verb(function)


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
	text = _all_said(evidence, note, photos.named(photo), people)
	goal = to and frappe.db.get_value("Outage Task", {"name": to, "incident": task.incident}, "subject_label")
	danger = named_danger(danger) if verb == "withdraw" else ""
	meaning, words = _outcome_said(task, outcome or "")
	note_on_timeline(act, "late_act", said_kind=said, **words, to=goal or "", danger=danger, note=text)
	if meaning == rescues.TRAPPED:
		danger = "People trapped"
	if danger:
		tell_of_danger(act, danger, others_there(task) if task.status in lifecycle.OPEN else ())
		keep_danger(act, _(danger))
	if task.status == TaskStatus.SKIPPED and verb in ("arrive", "complete", "complete_for"):
		_say_that_it_was_done(act)


def _outcome_said(task: Document, outcome: str) -> tuple[str, dict[str, str]]:
	"""What an outcome means, and what the timeline says of it; of a step without a plan both are the word itself."""
	if not task.plan:
		return outcome, {"outcome": outcome}
	step = plan_steps.step_of(task)
	outcome = step.named(outcome)
	return step.meaning(outcome), task_words.about_outcome(step, outcome)


def _all_said(evidence: str | None, note: str | None, photo: str, people: int | None) -> str:
	text = [str(word).strip()[:500] for word in (evidence, note, photo) if word]
	if people:
		text.append(_("people: {0}").format(people))
	return ", ".join(text)


def _say_that_it_was_done(act: Act) -> None:
	"""The step stays skipped, and its reason says what was heard since."""
	words = (
		_("Somebody was on post from {0}, as was heard later")
		if act.task.held_until
		else _("Done at {0}, as was heard later")
	)
	act.task.reason = words.format(short_time(act.at))
	save(act.task)
