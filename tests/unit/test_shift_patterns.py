"""Shifts from patterns, and the hours that nobody covers."""

from datetime import date, datetime, time, timedelta

from outage_response.domain.shift_patterns import (
	Pattern,
	PatternShift,
	gaps,
	shifts_between,
	uncovered,
	wanted_hours,
	working_days,
)
from outage_response.domain.states import Coverage, PatternDays

MONDAY = date(2026, 3, 9)


def week(*rows: PatternShift, cycle: int = 7, ends_on: date | None = None) -> Pattern:
	return Pattern(cycle, MONDAY, ends_on, rows)


def days(pattern: Pattern, first: int, last: int, free: tuple[int, ...] = ()) -> list[int]:
	working = {date(2026, 3, day): day not in free for day in range(1, 32)}
	found = shifts_between(pattern, date(2026, 3, first), date(2026, 3, last), working)
	return [begins.day for _row, begins, _ends in found]


def test_a_night_shift_ends_the_next_morning():
	night = PatternShift("n", 0, "", time(20), time(8))
	((_row, begins, ends),) = shifts_between(week(night), MONDAY, MONDAY, {})
	assert (begins, ends) == (datetime(2026, 3, 9, 20), datetime(2026, 3, 10, 8))


def test_the_day_of_the_cycle():
	assert days(week(PatternShift("w", 3, "", time(8), time(20))), 9, 25) == [11, 18, 25]
	assert days(week(PatternShift("r", 1, "", time(8), time(20)), cycle=4), 9, 20) == [9, 13, 17]


def test_working_days_and_free_days():
	assert days(week(PatternShift("a", 0, PatternDays.WORKING_DAYS, time(8), time(20))), 9, 15, free=(14, 15)) == [
		9,
		10,
		11,
		12,
		13,
	]
	assert days(week(PatternShift("b", 0, "Weekends and Holidays", time(8), time(20))), 9, 15, free=(11, 14, 15)) == [
		11,
		14,
		15,
	]


def test_a_pattern_has_a_beginning_and_an_end():
	row = PatternShift("a", 0, "", time(8), time(20))
	assert days(week(row, ends_on=date(2026, 3, 10)), 1, 20) == [9, 10]


def at(day: int, hour: int) -> datetime:
	return datetime(2026, 3, day, hour)


def test_gaps_between_overlapping_shifts():
	wanted = [(at(9, 0), at(10, 0))]
	assert gaps(wanted, [(at(9, 0), at(9, 8)), (at(9, 6), at(9, 12)), (at(9, 20), at(10, 8))]) == [
		(at(9, 12), at(9, 20))
	]
	assert gaps(wanted, []) == wanted
	assert gaps(wanted, wanted) == []


def test_a_change_of_shift_is_no_gap():
	evening, minutes = at(9, 18), timedelta(minutes=1)
	shifts = [(at(9, 0), evening - 2 * minutes), (evening, at(9, 23) - 30 * minutes)]
	assert uncovered([(at(9, 0), at(9, 23))], shifts) == [(at(9, 23) - 30 * minutes, at(9, 23))]


def test_what_is_asked_for():
	working = {date(2026, 3, day): day in (9, 10) for day in range(1, 20)}
	asked = (at(9, 0), at(11, 12), time(9), time(18), working)
	assert wanted_hours(Coverage.ALWAYS, *asked) == [(at(9, 0), at(11, 12))]
	assert wanted_hours(Coverage.WORKING_TIME, *asked) == [(at(9, 9), at(9, 18)), (at(10, 9), at(10, 18))]
	assert wanted_hours("Not Needed", *asked) == []


def test_each_day_is_asked_for_from_the_first_to_the_last():
	saturday, tuesday = date(2026, 3, 14), date(2026, 3, 17)
	found = working_days(saturday, tuesday, ("Monday", "Tuesday"), holidays=[tuesday], made_up=[saturday])
	assert found == {
		saturday: True,
		date(2026, 3, 15): False,
		date(2026, 3, 16): True,
		tuesday: False,
	}
