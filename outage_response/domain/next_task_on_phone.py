"""What a person with a phone sees first: the order of one's own tasks, and what each still asks for."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .states import TaskStatus
from .step_definitions import Step

# planned work that is further off than this does not push aside what is dark now
SOON = timedelta(hours=1)
LAST = datetime.max
LAST_RESCUE = 10**6


@dataclass(frozen=True)
class Mine:
	"""One open task of a person.

	status       as in the lifecycle; `held` is a post that ends on command
	shared       given to several people, and nobody has taken it yet
	waits        an earlier step is open, or it ends by itself: nothing to do about it now
	not_before   the planned start it belongs to, while that lies ahead
	rescue       place of its elevator in the order in which people are freed, from 0; None: nobody is known to be in it
	frees        part of freeing people who are known to be inside: before what else there is to do at that elevator
	"""

	name: str
	status: str
	priority: int = 3
	life_safety: bool = False
	held: bool = False
	shared: bool = False
	waits: bool = False
	due_at: datetime | None = None
	not_before: datetime | None = None
	rescue: int | None = None
	frees: bool = False


def in_order(tasks: Iterable[Mine], now: datetime) -> list[Mine]:
	"""Most urgent first: elevators in which people are, then priority, then life safety, then what one is at already, then what
	is due.

	What cannot be done yet comes last, planned work of another day before it. A post that is everybody's comes after all
	of one's own: whoever has nothing else takes it. Among equals the given order stays.
	"""
	return sorted(tasks, key=lambda task: _rank(task, now))


def is_for_later(task: Mine, now: datetime) -> bool:
	"""Planned work of another day, or hour: nothing of it is due soon."""
	soon = now + SOON
	return bool(task.not_before and task.not_before > soon and (task.due_at or LAST) > soon)


def _rank(task: Mine, now: datetime) -> tuple[Any, ...]:
	return (
		LAST_RESCUE if task.rescue is None else task.rescue,
		not task.frees,
		task.waits,
		is_for_later(task, now),
		task.held and task.shared,
		task.priority,
		not task.life_safety,
		task.status not in (TaskStatus.IN_PROGRESS, TaskStatus.ON_POST),
		task.due_at or LAST,
	)


def awaits_read_back(step: Step, status: str, confirmed: Collection[bool]) -> bool:
	"""All checks are given, and a second person has to read them back."""
	return bool(step.read_back_by and status == TaskStatus.IN_PROGRESS and confirmed and all(confirmed))


def asks(step: Step) -> Mapping[str, Any]:
	"""What completing a step takes: {"outcomes", "checks", "evidence", "later"}.

	`later`: the evidence may follow when there is time; a reading may not, since the figure is what the step is for.
	"""
	return {
		"outcomes": list(step.outcomes),
		"checks": list(step.checks),
		"evidence": step.evidence,
		"later": step.evidence not in ("none", "reading"),
	}
