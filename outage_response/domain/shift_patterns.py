"""Duty rosters: shifts made from a repeating pattern, and the hours that nobody covers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from .due_times import works_on
from .states import Coverage, PatternDays

Span = tuple[datetime, datetime]
# One goes when the other comes: so short a time between shifts is no gap
CHANGE_OF_SHIFT = timedelta(minutes=5)


@dataclass(frozen=True)
class PatternShift:
	"""One row of a pattern. `day` 1 is the first of the cycle, 0 stands for each; `end` not after `start`: next morning."""

	key: str
	day: int
	days: str
	start: time
	end: time


@dataclass(frozen=True)
class Pattern:
	"""A cycle of `cycle_days` that begins on `starts_on` and comes round until `ends_on` (None: without end)."""

	cycle_days: int
	starts_on: date
	ends_on: date | None
	shifts: tuple[PatternShift, ...]


def shifts_between(
	pattern: Pattern, first: date, last: date, is_working: dict[date, bool]
) -> list[tuple[PatternShift, datetime, datetime]]:
	"""(row, starts at, ends at) of every shift that begins from `first` to `last`, both included."""
	found = []
	day = max(first, pattern.starts_on)
	last = min(last, pattern.ends_on) if pattern.ends_on else last
	while day <= last:
		position = (day - pattern.starts_on).days % pattern.cycle_days + 1
		for row in pattern.shifts:
			if row.day in (0, position) and _falls_on(row.days, is_working.get(day, True)):
				begins = datetime.combine(day, row.start)
				ends = datetime.combine(day, row.end)
				found.append((row, begins, ends if ends > begins else ends + timedelta(days=1)))
		day += timedelta(days=1)
	return found


def _falls_on(days: str, working: bool) -> bool:
	return days == PatternDays.EVERY_DAY or not days or (days == PatternDays.WORKING_DAYS) == working


def gaps(wanted: Iterable[Span], covered: Iterable[Span]) -> list[Span]:
	"""The parts of `wanted` that no span of `covered` covers, in order."""
	found = []
	there = sorted(covered)
	for start, end in sorted(wanted):
		at = start
		for begins, ends in there:
			if ends <= at or begins >= end:
				continue
			if begins > at:
				found.append((at, begins))
			at = max(at, ends)
		if at < end:
			found.append((at, end))
	return found


def uncovered(wanted: Iterable[Span], covered: Iterable[Span]) -> list[Span]:
	"""Gaps that somebody has to fill."""
	return [(begins, ends) for begins, ends in gaps(wanted, covered) if ends - begins > CHANGE_OF_SHIFT]


def wanted_hours(
	coverage: str,
	first: datetime,
	last: datetime,
	work_start: time,
	work_end: time,
	is_working: dict[date, bool],
) -> list[Span]:
	"""When somebody is to be on duty between two moments. Working hours across midnight belong to the day they began."""
	if coverage == Coverage.ALWAYS:
		return [(first, last)]
	if coverage != Coverage.WORKING_TIME:
		return []
	found = []
	day = first.date() - timedelta(days=1)
	while day <= last.date():
		if is_working.get(day):
			begins, ends = datetime.combine(day, work_start), datetime.combine(day, work_end)
			if ends <= begins:
				ends += timedelta(days=1)
			begins, ends = max(begins, first), min(ends, last)
			if begins < ends:
				found.append((begins, ends))
		day += timedelta(days=1)
	return found


def working_days(
	first: date, last: date, work_days: Collection[str], holidays: Collection[date], made_up: Collection[date] = ()
) -> dict[date, bool]:
	"""day -> is it a working day? See `due_times.works_on`."""
	found = {}
	day = first
	while day <= last:
		found[day] = works_on(day, work_days, holidays, made_up)
		day += timedelta(days=1)
	return found
