"""In which order customer service calls, and that nobody is called by two at once (clauses 5.1.6, 5.3.3)."""

from datetime import datetime, timedelta

import pytest

from outage_response.domain.call_order import RANKS, held_by_other, in_order, person, require_free, until
from outage_response.domain.errors import RuleError

NOW = datetime(2026, 3, 11, 2, 0)
MINUTE = timedelta(minutes=1)


def line(name: str, reason: str = "Standard", since: datetime | None = NOW, contact: str | None = "", **more) -> dict:
	return {"name": name, "reason": reason, "since": since, "contact": name if contact == "" else contact, **more}


def names(*lines: dict) -> list[str]:
	return [one["name"] for one in in_order(lines)]


def test_the_graver_reason_comes_first_however_long_the_others_wait():
	waiting = [line(reason, reason, NOW + at * MINUTE) for at, reason in enumerate(reversed(RANKS))]
	assert names(*waiting) == ["Life safety", "Care", "Call Request", "Reported", "Standard"]


def test_of_the_same_reason_whoever_waits_longest_comes_first():
	assert names(line("late", since=NOW), line("early", since=NOW - MINUTE), line("none", since=None)) == [
		"none",
		"early",
		"late",
	]


def test_nobody_is_in_the_list_twice_and_the_gravest_reason_counts():
	assert names(line("a", contact="li"), line("b", "Care", contact="li"), line("c", contact="chen")) == ["b", "c"]


def test_a_caller_is_known_by_contact_else_by_number_else_by_the_line():
	assert person(line("a", contact="li", phone="13800138000")) == "li"
	assert person(line("a", contact=None, phone="+86 138 0013 8000")) == person(
		line("b", contact=None, phone="13800138000")
	)
	assert person(line("a", contact=None, phone=None)) == "a"


@pytest.mark.parametrize(
	("by", "until_minute", "held"),
	[
		("chen", 1, True),
		("chen", 0, False),
		("chen", -1, False),
		("li", 1, False),
		("", 1, False),
		("chen", None, False),
	],
)
def test_a_call_is_somebody_elses_only_for_the_time_that_they_took_it(by, until_minute, held):
	ends = None if until_minute is None else NOW + until_minute * MINUTE
	assert held_by_other(by, ends, "li", NOW) is held
	if held:
		with pytest.raises(RuleError, match="somebody else"):
			require_free(by, ends, "li", NOW)
	else:
		require_free(by, ends, "li", NOW)


def test_a_call_is_taken_for_so_many_minutes():
	assert until(NOW, 10) == NOW + 10 * MINUTE
