"""What the command centre works out: the level by what was seen, how long a battery lasts, how often the time moved."""

from datetime import datetime, timedelta

import pytest

from outage_response.domain.command_centre_rules import SEEN, etr_moves, kind_seen, lasts_until, minutes_in

NIGHT = datetime(2026, 3, 11, 2, 0)


@pytest.mark.parametrize(("text", "level"), SEEN)
def test_what_is_usually_seen_says_its_level(text, level):
	assert kind_seen(text) == level
	assert kind_seen(f"<{text}>", lambda words: f"<{words}>") == level, "in the speaker's own language"


@pytest.mark.parametrize(
	("words", "level"),
	[
		("", "Internal"),
		("all dark, the whole street is dark too", "External"),
		("附近小区也没电", "External"),
		("the street lamp by the gate is on", "Internal"),
		("somebody smells smoke", "Internal"),
	],
)
def test_other_words_mean_an_internal_failure_unless_they_say_more(words, level):
	assert kind_seen(words) == level


@pytest.mark.parametrize(
	("reading", "minutes"),
	[
		("90 min", 90),
		("1.5 h", 90),
		("2 hours left", 120),
		("还有40分钟", 40),
		("1个小时", 60),
		("40", 40),
		("full", None),
	],
)
def test_minutes_of_a_reading(reading, minutes):
	assert minutes_in(reading) == minutes


def test_a_battery_lasts_by_its_latest_reading_else_by_what_is_rated():
	read_at = NIGHT + timedelta(minutes=10)
	assert lasts_until(120, NIGHT) == NIGHT + timedelta(minutes=120)
	assert lasts_until(120, NIGHT, "30 min", read_at) == read_at + timedelta(minutes=30)
	assert lasts_until(120, NIGHT, "looks full", read_at) == NIGHT + timedelta(minutes=120)
	assert lasts_until(120, NIGHT, "30 min", read_at, failed=True) == NIGHT
	assert lasts_until(0, NIGHT) is None


@pytest.mark.parametrize(
	("kinds", "from_the_start", "moves"),
	[
		([], False, 0),
		(["declared", "etr_set"], False, 0),
		(["declared", "etr_set", "etr_set"], False, 1),
		(["declared", "etr_set", "etr_cleared"], False, 1),
		(["declared", "etr_set"], True, 1),
	],
)
def test_the_first_expected_time_is_no_move(kinds, from_the_start, moves):
	assert etr_moves(kinds, from_the_start=from_the_start) == moves


def test_of_a_long_reading_or_a_long_word_no_more_is_looked_at():
	assert minutes_in("x" * 139 + "5") == 5
	assert minutes_in("x" * 140 + "5") is None
	assert kind_seen("x" * 4984 + "the grid is down") == "External"
	assert kind_seen("x" * 4985 + "the grid is down") == "Internal"


def test_a_reading_counts_from_when_it_was_taken():
	assert lasts_until(0, NIGHT, "30 min", None) is None
	assert lasts_until(120, None) is None
	assert lasts_until(120, None, "0 min", NIGHT) == NIGHT
	assert lasts_until(120, None, failed=True) is None
