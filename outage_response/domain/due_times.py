"""Times: when something is due, what counts as off-hours, when a step comes round again. Minutes are whole minutes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo

from .errors import RuleError, _
from .step_definitions import Step

# Less is what two servers differ by
PUT_BACK = timedelta(minutes=1)
LONGEST_AGO = timedelta(days=31)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def due_at(
	step: Step, anchor_at: datetime, created_at: datetime, planned_by: str = "", etr: datetime | None = None
) -> datetime | None:
	"""When a task is due. It counts from the later of anchor and creation: a late task is late, never born late.

	For planned anchors it is exactly the anchor plus the minutes. None: no time can be named (no ETR yet).
	"""
	if step.due_at_etr:
		return max(etr, created_at) if etr else None
	minutes = step.minutes_by_planner.get(planned_by, step.minutes)
	if minutes is None:
		return None
	start = anchor_at if step.planned_anchor else max(anchor_at, created_at)
	return start + timedelta(minutes=minutes)


def off_hours(
	at: datetime,
	work_start: time,
	work_end: time,
	work_days: Collection[str],
	holidays: Collection[date] = (),
	made_up: Collection[date] = (),
) -> bool:
	"""Clause 6.1: is `at` outside working time? `work_end` before `work_start` means hours across midnight,
	which belong to the day on which they began. `made_up`: as for `works_on`."""

	def works(day: date) -> bool:
		return works_on(day, work_days, holidays, made_up)

	if work_end <= work_start:
		return not (
			(at.time() >= work_start and works(at.date()))
			or (at.time() < work_end and works(at.date() - timedelta(days=1)))
		)
	return not (works(at.date()) and work_start <= at.time() < work_end)


def works_on(
	day: date, work_days: Collection[str], holidays: Collection[date] = (), made_up: Collection[date] = ()
) -> bool:
	"""Is this a working day? `made_up`: days of a weekend that are worked for a holiday (in China by the yearly notice of the
	State Council, 调休)."""
	return (WEEKDAYS[day.weekday()] in work_days or day in made_up) and day not in holidays


@dataclass(frozen=True)
class Moment:
	"""When something counts as having happened; `said` is what the timeline has to say of the clock, or ""."""

	at: datetime
	said: str = ""


def happened_at(
	occurred_at: datetime | None,
	now: datetime,
	fast_clock_minutes: int,
	*,
	by_phone: bool = False,
	reported_at: datetime | None = None,
	last_at: datetime | None = None,
) -> Moment:
	"""The time a verb counts for, which comes from one of three clocks.

	The site's own, where no time is given: never before `last_at`, the newest that the record of the outage holds, also when
	the clock was put back since. A phone's (`by_phone`), which nobody has looked at: held between the report and now, and
	never refused. A person's: up to `fast_clock_minutes` ahead it is taken as now.

	Raises RuleError at a time in the future that a person gave, and, where no report bounds it, at one of long ago.
	"""
	latest = max(now, last_at or now)
	put_back = latest - now > PUT_BACK
	if occurred_at is None:
		return Moment(latest, "clock_put_back" if put_back else "")
	if not by_phone and not reported_at:
		require_lately(_("Occurred At"), occurred_at, now)
	earliest = min(reported_at or now - LONGEST_AGO, latest) if by_phone else occurred_at
	if occurred_at < earliest:
		return Moment(earliest, "clock_slow")
	if occurred_at <= latest:
		return Moment(occurred_at)
	if not by_phone and occurred_at - latest > timedelta(minutes=fast_clock_minutes):
		raise RuleError(
			_("Occurred At: {time} lies in the future. Give the time at which it happened, or leave it empty for now."),
			time=occurred_at.strftime("%Y-%m-%d %H:%M"),
		)
	return Moment(latest, "clock_fast")


def require_lately(field: str, at: datetime, now: datetime) -> None:
	"""Raise RuleError for a time that nobody means who speaks of an outage that runs now: minutes are counted from it."""
	if at < now - LONGEST_AGO:
		raise RuleError(
			_(
				"{field}: {time} is more than {days} days ago. Correct the time; a past outage is entered with Closed At."
			),
			field=field,
			time=at.strftime("%Y-%m-%d %H:%M"),
			days=LONGEST_AGO.days,
		)


def instant(at: datetime, zone: tzinfo, now: datetime) -> datetime:
	"""UTC of a time of the site's clock; all naive but `zone`, `now` in UTC.

	What the clock shows twice, at the end of summer time, is the later of the two that is not after `now`. What lies ahead of
	the clock, since it was put back while the record went on, is now.
	"""
	if at > now.replace(tzinfo=timezone.utc).astimezone(zone).replace(tzinfo=None):
		return now
	first, second = (
		at.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc).replace(tzinfo=None) for fold in (0, 1)
	)
	return second if first < second <= now else first


def put_back_by(seen: datetime | None, now: datetime) -> timedelta:
	"""By how much a clock was put back since somebody looked; none where that cannot be: a day and more is another clock."""
	back = seen - now if seen else timedelta(0)
	return back if PUT_BACK < back < timedelta(days=1) else timedelta(0)


def next_round_is_due(
	step: Step,
	completed_at: datetime,
	now: datetime,
	*,
	etr: datetime | None,
	restored: bool,
) -> bool:
	"""Does a repeating step, last done at `completed_at`, come round again now?

	`etr` ends the repeats only while it lies ahead: an expected time that has passed tells nobody anything.
	"""
	if not step.repeat_minutes or restored:
		return False
	if step.repeat_until == "etr" and etr and etr > now:
		return False
	return completed_at + timedelta(minutes=step.repeat_minutes) <= now
