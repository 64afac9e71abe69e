"""When things are due, what counts as off-hours, which time a report counts for, when a step comes round again."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outage_response.domain.due_times import (
	WEEKDAYS,
	Moment,
	due_at,
	happened_at,
	instant,
	next_round_is_due,
	off_hours,
	put_back_by,
	require_lately,
	works_on,
)
from outage_response.domain.errors import RuleError

from .world import LEVELS, MIDNIGHT, minute, plan, step

ALL_STEPS = [pytest.param(level, s, id=f"{level}-{s.key}") for level in LEVELS for s in plan(level)]
moments = st.integers(-3000, 3000).map(minute)


# ------------------------------------------------------------------------------------------------ due
@pytest.mark.parametrize(("level", "step"), [case for case in ALL_STEPS if not case.values[1].planned_anchor])
@settings(max_examples=10)  # per step
@given(anchor=moments, created=moments, etr=st.none() | moments)
def test_no_task_is_born_late(level, step, anchor, created, etr):
	due = due_at(step, anchor, created, etr=etr)
	assert due is None or due >= created
	assert step.due_at_etr or due == max(anchor, created) + timedelta(minutes=step.minutes)


@pytest.mark.parametrize(("level", "step"), [case for case in ALL_STEPS if case.values[1].planned_anchor])
@pytest.mark.parametrize("planner", ["Supplier", "Property"])
@settings(max_examples=10)  # per step
@given(anchor=moments, created=moments)
def test_a_planned_step_is_due_exactly_by_the_plan_whenever_it_was_declared(level, step, planner, anchor, created):
	minutes = step.minutes_by_planner[planner] if step.minutes_by_planner else step.minutes
	assert due_at(step, anchor, created, planner) == anchor + timedelta(minutes=minutes)


@pytest.mark.parametrize(
	("key", "planner", "before"),
	[
		("announce_schedule", "Supplier", timedelta(days=8)),
		("announce_schedule", "Property", timedelta(days=2)),
		("notify_households", "Supplier", timedelta(days=7)),
		("notify_households", "Property", timedelta(days=1)),
		("prepare_security", "Supplier", timedelta(hours=2)),
		("patrol_planned", "Property", timedelta(0)),
	],
)
def test_notice_of_planned_work_depends_on_who_plans_it(key, planner, before):
	assert due_at(step("III", key), minute(20000), minute(0), planner) == minute(20000) - before


def test_a_late_report_does_not_make_its_tasks_overdue():
	"""The power went at 02:00, somebody says so at 02:40: the electrician has five minutes from then."""
	assert due_at(step("II", "arrive_on_site"), minute(120), minute(160)) == minute(165)
	assert due_at(step("II", "arrive_on_site"), minute(120), minute(120)) == minute(125)


def test_a_step_due_at_the_expected_restoration_has_no_time_until_there_is_one():
	clear = step("II", "clear_to_energise")
	assert due_at(clear, minute(0), minute(5)) is None
	assert due_at(clear, minute(0), minute(5), etr=minute(90)) == minute(90)
	assert due_at(clear, minute(0), minute(95), etr=minute(90)) == minute(95)


def test_a_step_by_planner_has_no_time_while_nobody_plans():
	assert due_at(step("III", "announce_schedule"), minute(0), minute(0)) is None


# ------------------------------------------------------------------------------------------------ off-hours
OFFICE = (time(9), time(18), WEEKDAYS[:5])
NIGHT_SHIFT = (time(22), time(6), ["Monday", "Friday"])
NEW_YEAR = date(2026, 1, 1)  # a Thursday


@pytest.mark.parametrize(
	("at", "off"),
	[
		(datetime(2026, 1, 5, 9, 0), False),
		(datetime(2026, 1, 5, 8, 59), True),
		(datetime(2026, 1, 5, 17, 59), False),
		(datetime(2026, 1, 5, 18, 0), True),
		(datetime(2026, 1, 5, 2, 0), True),
		(datetime(2026, 1, 3, 12, 0), True),  # Saturday
		(datetime(2026, 1, 4, 12, 0), True),  # Sunday
		(datetime(2026, 1, 1, 12, 0), True),  # the holiday
		(datetime(2026, 1, 8, 12, 0), False),  # a Thursday that is none
	],
)
def test_off_hours_are_all_but_working_time_on_working_days_that_are_no_holidays(at, off):
	assert off_hours(at, *OFFICE, [NEW_YEAR]) is off


@pytest.mark.parametrize(
	("at", "off"),
	[
		(datetime(2026, 1, 5, 21, 59), True),
		(datetime(2026, 1, 5, 22, 0), False),  # Monday evening
		(datetime(2026, 1, 6, 0, 0), False),  # the shift that began on Monday
		(datetime(2026, 1, 6, 5, 59), False),
		(datetime(2026, 1, 6, 6, 0), True),
		(datetime(2026, 1, 6, 23, 0), True),  # Tuesday is no working day
		(datetime(2026, 1, 5, 3, 0), True),  # Sunday's night
		(datetime(2026, 1, 10, 3, 0), False),  # Saturday, but Friday's shift
		(datetime(2026, 1, 2, 23, 0), True),  # a Friday, but a holiday
		(datetime(2026, 1, 3, 3, 0), True),  # and the night that would have begun on it
	],
)
def test_hours_across_midnight_belong_to_the_day_on_which_they_began(at, off):
	assert off_hours(at, *NIGHT_SHIFT, [date(2026, 1, 2)]) is off


def test_the_same_start_and_end_means_round_the_clock():
	assert not off_hours(datetime(2026, 1, 5, 3), time(8), time(8), WEEKDAYS)
	assert not off_hours(datetime(2026, 1, 5, 13), time(8), time(8), WEEKDAYS)
	assert off_hours(datetime(2026, 1, 5, 13), time(8), time(8), [])


@given(
	st.datetimes(datetime(2026, 1, 1), datetime(2026, 3, 1)),
	st.integers(0, 23),
	st.integers(1, 24),
	st.sets(st.sampled_from(WEEKDAYS)),
	st.sets(st.dates(date(2025, 12, 31), date(2026, 3, 1)), max_size=5),
)
def test_off_hours_agree_with_a_list_of_shifts(at, start, hours, days, holidays):
	end = (start + hours) % 24
	begins = [datetime.combine(at.date(), time(start)) - timedelta(days=back) for back in (0, 1)]
	at_work = any(
		begin <= at < begin + timedelta(hours=hours)
		for begin in begins
		if WEEKDAYS[begin.weekday()] in days and begin.date() not in holidays
	)
	assert off_hours(at, time(start), time(end), days, holidays) is not at_work


# ------------------------------------------------------------------------------------------------ clocks of phones
NOW = minute(600)


@pytest.mark.parametrize(
	("said", "counts", "flag"),
	[
		(None, NOW, ""),
		(NOW, NOW, ""),
		(NOW - timedelta(hours=3), NOW - timedelta(hours=3), ""),
		(NOW + timedelta(seconds=1), NOW, "clock_fast"),
		(NOW + timedelta(minutes=10), NOW, "clock_fast"),
	],
)
def test_a_clock_a_little_fast_is_taken_as_now_and_flagged(said, counts, flag):
	assert happened_at(said, NOW, 10) == Moment(counts, flag)


@given(said=moments, now=moments, reported=moments, last=st.none() | moments)
def test_a_phones_time_is_never_refused_and_lies_between_the_report_and_now(said, now, reported, last):
	moment = happened_at(said, now, 10, by_phone=True, reported_at=reported, last_at=last)
	latest = max(now, last or now)
	assert min(reported, latest) <= moment.at <= latest
	assert bool(moment.said) == (moment.at != said)


@given(now=moments, last=st.none() | moments)
def test_without_a_time_nothing_happens_before_the_record(now, last):
	moment = happened_at(None, now, 10, last_at=last)
	assert moment.at == max(now, last or now)
	assert (moment.said == "clock_put_back") == (moment.at - now > timedelta(minutes=1))


def test_a_time_in_the_future_is_refused():
	with pytest.raises(RuleError, match="Occurred At"):
		happened_at(NOW + timedelta(minutes=10, seconds=1), NOW, 10)


# ------------------------------------------------------------------------------------------------ rounds
def _again(key: str, after: int, *, etr: datetime | None = None, restored: bool = False) -> bool:
	return next_round_is_due(step("I", key), MIDNIGHT, minute(after), etr=etr, restored=restored)


@pytest.mark.parametrize(
	("key", "minutes"), [("patrol_area", 60), ("check_care_unit", 60), ("call_supplier", 30)], ids=lambda v: str(v)
)
def test_a_repeating_step_comes_round_when_its_time_has_passed_and_not_once_supply_is_back(key, minutes):
	assert not _again(key, minutes - 1)
	assert _again(key, minutes)
	assert not _again(key, minutes, restored=True)


def test_the_supplier_is_not_asked_again_while_an_expected_time_lies_ahead():
	assert not _again("call_supplier", 30, etr=minute(31))
	assert _again("call_supplier", 30, etr=minute(30)), "a time that has passed tells nobody anything"
	assert _again("patrol_area", 60, etr=minute(90)), "a patrol does not stop because a time was named"


def test_a_step_without_a_rhythm_is_done_once():
	once = replace(step("I", "patrol_area"), repeat_minutes=0)
	assert not next_round_is_due(once, MIDNIGHT, minute(9999), etr=None, restored=False)


def test_a_day_of_a_weekend_is_worked_for_a_holiday():
	"""By the notice of the State Council for 2026: Spring Festival and National Day."""
	made_up = {date(2026, 2, 14), date(2026, 9, 20)}
	for day in sorted(made_up):
		at = datetime.combine(day, time(10))
		assert off_hours(at, *OFFICE)
		assert not off_hours(at, *OFFICE, (), made_up)
		assert off_hours(at - timedelta(days=7), *OFFICE, (), made_up)
		assert off_hours(datetime.combine(day, time(20)), *OFFICE, (), made_up)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
	("shown", "now", "moment"),
	[
		("2026-01-05 02:30", "2026-01-05 05:00", "2026-01-05 01:30"),
		("2026-07-05 02:30", "2026-07-05 05:00", "2026-07-05 00:30"),
		# summer time ends at 03:00 on 25 October: 02:30 is shown twice
		("2026-10-25 02:30", "2026-10-25 00:45", "2026-10-25 00:30"),
		("2026-10-25 02:30", "2026-10-25 01:45", "2026-10-25 01:30"),
		("2026-10-25 02:05", "2026-10-25 00:10", "2026-10-25 00:05"),
		("2026-10-25 02:50", "2026-10-25 01:10", "2026-10-25 01:10"),  # at 02:10 for the second time
		# it begins at 02:00 on 29 March
		("2026-03-29 01:50", "2026-03-29 09:00", "2026-03-29 00:50"),
		("2026-03-29 03:10", "2026-03-29 09:00", "2026-03-29 01:10"),
		# the clock was put back, and the record went on: it is now
		("2026-01-05 06:56", "2026-01-05 03:56", "2026-01-05 03:56"),
	],
)
def test_the_moment_that_a_clock_shows(shown, now, moment):
	shown, now, moment = map(datetime.fromisoformat, (shown, now, moment))
	assert instant(shown, BERLIN, now) == moment


def test_a_clock_that_was_put_back():
	now = datetime(2026, 1, 5, 4)
	assert put_back_by(now + timedelta(hours=2), now) == timedelta(hours=2)
	for seen in (None, now - timedelta(hours=2), now + timedelta(seconds=20), now + timedelta(days=300)):
		assert put_back_by(seen, now) == timedelta(0)


def test_a_day_made_up_for_a_holiday_is_worked_and_a_holiday_is_not():
	saturday, monday = date(2026, 1, 10), date(2026, 1, 5)
	week = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
	assert works_on(monday, week) and not works_on(saturday, week)
	assert works_on(saturday, week, made_up=[saturday])
	assert not works_on(monday, week, holidays=[monday])
	assert not works_on(saturday, week, holidays=[saturday], made_up=[saturday])


def test_an_outage_that_runs_now_began_at_most_a_month_ago():
	now = datetime(2026, 3, 31, 12)
	require_lately("Reported At", now - timedelta(days=31), now)
	with pytest.raises(RuleError, match=r"Reported At: .*31 days"):
		require_lately("Reported At", now - timedelta(days=31, seconds=1), now)
