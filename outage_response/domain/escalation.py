"""Who is rung, how often, who next: a ladder of rows that is gone through until somebody says "mine"."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .states import RungPerson

# A drill rings those who take part: whoever is on duty. It wakes nobody and calls no firm.
WHOM_IN_DRILL = (RungPerson.ASSIGNED, RungPerson.NEXT_ON_DUTY, RungPerson.CONTROL_ROOM)
# A step that rings so much later than it was due: nobody looked for a while
STANDSTILL = timedelta(minutes=3)
# After this many rings somebody who said "mine" and did not start is not the only one rung
PATIENCE = 2


@dataclass(frozen=True)
class Person:
	"""Somebody who can be rung. `key` is the same for the same person."""

	key: str
	user: str = ""
	contact: str = ""
	name: str = ""
	phone: str = ""
	email: str = ""
	language: str = ""


@dataclass(frozen=True)
class Row:
	"""One row of a rule: rung `times` times, `every_minutes`; `after_minutes` without an answer to the row above.

	`together`: at the same time as the row above. `channels`: names; none means every channel for persons.
	"""

	whom: str
	after_minutes: int = 0
	times: int = 1
	every_minutes: int = 2
	channels: tuple[str, ...] = ()
	together: bool = False


@dataclass(frozen=True)
class Rule:
	"""What holds for the steps of one priority, of one department or ("") of all that have no rule of their own.

	`rounds`: how often the rows are gone through. `start_minutes`: on the spot by then, or it rings again (0: never).
	"""

	department: str
	priority: int
	rows: tuple[Row, ...]
	rounds: int = 1
	start_minutes: int = 0

	@property
	def levels(self) -> list[tuple[Row, ...]]:
		"""Rows that ring together."""
		found: list[tuple[Row, ...]] = []
		for row in self.rows:
			if row.together and found:
				found[-1] = (*found[-1], row)
			else:
				found.append((row,))
		return found


@dataclass(frozen=True)
class State:
	"""How far a step has come: `times` rings at `level`, in `round`."""

	level: int = 0
	times: int = 0
	round: int = 0


@dataclass(frozen=True)
class Ring:
	"""What happens now. `calls`: (person, row); `next_at`: when to look again, None for not at all.

	`gave_up`: the ladder has been gone through and nobody answered.
	"""

	calls: tuple[tuple[Person, Row], ...]
	state: State
	next_at: datetime | None
	gave_up: bool = False


def rule_for(rules: Iterable[Rule], department: str, priority: int) -> Rule | None:
	"""The department's own rule for this priority, else everybody's; None: nobody is rung for it."""
	found = {
		rule.department: rule for rule in rules if rule.priority == priority and rule.department in ("", department)
	}
	return found.get(department) or found.get("")


def ring(
	rule: Rule,
	state: State,
	now: datetime,
	people: Callable[[Row], Sequence[Person]],
	due_at: datetime | None = None,
) -> Ring:
	"""The ring that is due now. A level at which there is nobody to ring is passed at once, not waited for.

	people  row -> who can be rung for it (with a channel that reaches them)
	due_at  when it was due. After a standstill the rings that would have been by now are made up, as one: everybody of the
	        levels that the step would have come to is rung once, and has the time of the last of them to answer
	"""
	at = due_at if due_at and now - due_at >= STANDSTILL else now
	found = _ring(rule, state, at, people)
	calls = {person.key: (person, row) for person, row in found.calls}
	wait = found.next_at - at if found.next_at else None
	while wait and found.next_at and found.next_at <= now:
		at, following = found.next_at, _ring(rule, found.state, found.next_at, people)
		if following.gave_up or not following.next_at:
			break
		found, wait = following, following.next_at - at
		for person, row in found.calls:
			calls.setdefault(person.key, (person, row))
	return replace(found, calls=tuple(calls.values()), next_at=now + wait if wait else None)


def _ring(rule: Rule, state: State, now: datetime, people: Callable[[Row], Sequence[Person]]) -> Ring:
	levels = rule.levels
	level, times, rounds = state.level, state.times, state.round
	for _step in range(2 * len(levels) + 1):
		if level >= len(levels):
			rounds += 1
			if rounds >= max(rule.rounds, 1):
				break
			level, times = 0, 0
		calls: dict[str, tuple[Person, Row]] = {}
		for row in levels[level]:
			for person in people(row):
				calls.setdefault(person.key, (person, row))
		if calls:
			first = levels[level][0]
			times += 1
			if times < max(first.times, 1):
				wait = first.every_minutes
			else:
				level, times = level + 1, 0
				wait = levels[level][0].after_minutes if level < len(levels) else first.every_minutes
			next_at = now + timedelta(minutes=max(wait, 1))
			return Ring(tuple(calls.values()), State(level, times, rounds), next_at)
		level, times = level + 1, 0
	return Ring((), State(len(levels), 0, rounds), None, gave_up=True)


def begins_at(planned: bool, due_at: datetime | None, now: datetime, ahead_minutes: int) -> datetime | None:
	"""When a step rings first: at once; planned work `ahead_minutes` before it is due, and never where it has no such time."""
	if not planned:
		return now
	return due_at and max(now, due_at - timedelta(minutes=ahead_minutes))


def times_made_up(rule: Rule, times: int, due_at: datetime, now: datetime) -> int:
	"""How often somebody who does not start counts as rung, with what a standstill left out; the next ring is at most the one
	with which the control room is rung, too."""
	if now - due_at < STANDSTILL or not rule.start_minutes:
		return times
	return max(times, min(times + int((now - due_at) / timedelta(minutes=rule.start_minutes)), PATIENCE))


def starts_again(
	rule: Rule, acknowledged_at: datetime, now: datetime, times: int, planned_for: datetime | None = None
) -> tuple[bool, datetime | None]:
	"""(ring now?, look again at) for a step that somebody has taken and not started. `times`: rung for this already.

	planned_for  when planned work is due: taken days before, it is not begun before its time
	"""
	if not rule.start_minutes:
		return False, None
	due = max(acknowledged_at, planned_for or acknowledged_at) + timedelta(minutes=rule.start_minutes)
	if now < due and times == 0:
		return False, due
	return True, now + timedelta(minutes=max(rule.start_minutes, 1))


def is_due(ring_at: datetime | None, last_rung_at: datetime | None, now: datetime) -> bool:
	"""Does a step ring now? Also when the clock was turned back: a last ring in the future says so."""
	if ring_at is None:
		return False
	return ring_at <= now or (last_rung_at is not None and last_rung_at > now + timedelta(minutes=1))


def minute_of(moment: datetime) -> datetime:
	"""The minute that a message belongs to: one for each person, channel and incident."""
	return moment.replace(second=0, microsecond=0)
