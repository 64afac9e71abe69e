"""What the timeline says of steps and their outcomes, in the words of the plan."""

from collections.abc import Sequence
from typing import Any

from frappe.model.document import Document

from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.plan_expansion import TaskSpec
from outage_response.domain.step_definitions import Step

from ..facts import plan_steps
from ..verb.engine import Act


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


def note_on_timeline(act: Act, kind: str, **data: Any) -> None:
	"""One entry about the task of an act."""
	act.record(kind, {**about_task(act.task), **data}, task=act.task.name)
