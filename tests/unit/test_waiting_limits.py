"""How long is waited for what rings or mails."""

from datetime import datetime, timedelta

import pytest

from outage_response.domain import waiting_limits as rules

NOW = datetime(2026, 3, 11, 2, 0)


@pytest.mark.parametrize(
	("times", "waited", "seconds"),
	[(1, False, 50), (9, False, 50), (1, True, 50), (2, True, 300), (3, True, 300)],
)
def test_what_fails_is_asked_again_by_the_next_minutes_work_and_what_kept_us_waiting_later(times, waited, seconds):
	until = rules.asked_again(times, waited, NOW)
	assert until == NOW + timedelta(seconds=seconds)
	assert rules.is_left_alone(until, NOW)
	assert not rules.is_left_alone(until, until)
	assert not rules.is_left_alone(until, NOW - timedelta(hours=1))  # the clock was put back


def test_it_is_said_from_the_second_time_on_and_no_longer_than_somebody_asks():
	until = NOW + timedelta(seconds=50)
	assert not rules.is_to_be_said(1, until, NOW)
	for minutes, said in ((0, True), (2, True), (3, False), (-60, False)):
		assert rules.is_to_be_said(2, until, NOW + timedelta(minutes=minutes)) is said


@pytest.mark.parametrize(
	("seconds", "late", "minutes"), [(60, False, 0), (76, True, 0), (179, True, 0), (180, True, 3), (-300, True, 0)]
)
def test_the_minutes_ringing_is_late_or_has_stood_still(seconds, late, minutes):
	last = NOW - timedelta(seconds=seconds)
	assert (rules.is_late(last, NOW), rules.minutes_away(last, NOW)) == (late, minutes)


@pytest.mark.parametrize(("seconds", "minutes"), [(180, 0), (240, 0), (359, 0), (360, 6)])
def test_a_clock_that_ticks_rarely_is_slow_and_does_not_stand_still(seconds, minutes):
	tick = timedelta(minutes=4)
	assert rules.minutes_away(NOW - timedelta(seconds=seconds), NOW, tick) == minutes
	assert rules.minutes_away(NOW - timedelta(seconds=180), NOW, timedelta(seconds=20)) == 3


@pytest.mark.parametrize(("seconds", "minutes"), [(20, 0), (60, 0), (61, 2), (240, 4)])
def test_by_how_much_a_clock_that_ticks_rarely_is_late(seconds, minutes):
	assert rules.minutes_late(timedelta(seconds=seconds)) == minutes


def test_a_site_that_has_never_rung_is_late_and_has_not_stood_still():
	assert (rules.is_late(None, NOW), rules.minutes_away(None, NOW)) == (True, 0)


def test_each_wait_ends_with_its_last_second():
	five, second = timedelta(minutes=5), timedelta(seconds=1)
	assert rules.is_left_alone(NOW + five, NOW) and not rules.is_left_alone(NOW + five + second, NOW)
	assert rules.is_to_be_said(2, NOW + five, NOW) and not rules.is_to_be_said(2, NOW + five + second, NOW)
	two = timedelta(minutes=2)
	assert rules.is_to_be_said(2, NOW - two, NOW) and not rules.is_to_be_said(2, NOW - two - second, NOW)
	late = timedelta(seconds=75)
	assert not rules.is_late(NOW - late, NOW) and rules.is_late(NOW - late - second, NOW)
	assert not rules.is_late(NOW + late, NOW) and rules.is_late(NOW + late + second, NOW)


def test_how_long_mail_is_news_a_sender_lives_and_a_page_may_wait():
	"""The first is half a day; a worker's job ends after a minute, so that after three its sender is dead."""
	assert timedelta(hours=12) == rules.MAIL_IS_NEWS_FOR
	assert timedelta(minutes=3) == rules.SENDER_IS_DEAD_AFTER
	assert timedelta(minutes=2) == rules.PAGE_WAITS_AFTER
