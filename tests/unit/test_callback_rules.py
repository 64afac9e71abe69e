"""Who is called back, when, how often (clause 5.3.3)."""

from datetime import datetime, time, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outage_response.domain import callback_rules
from outage_response.domain.callback_rules import Policy
from outage_response.domain.errors import RuleError

POLICY = Policy()


def at(hour: int, minute: int = 0, day: int = 5) -> datetime:
	return datetime(2026, 1, day, hour, minute)


@pytest.mark.parametrize(
	("danger", "care", "reported", "why"),
	[
		(True, True, True, "Life safety"),
		(True, False, False, "Life safety"),
		(False, True, True, "Care"),
		(False, False, True, "Reported"),
		(False, False, False, "Standard"),
	],
)
def test_the_gravest_reason_counts(danger, care, reported, why):
	assert callback_rules.reason(danger=danger, care=care, reported=reported) == why


def test_the_order_is_danger_care_reported_others():
	assert callback_rules.REASONS == ("Life safety", "Care", "Reported", "Standard")


# ------------------------------------------------------------------------------------------------ sampling
@pytest.mark.parametrize("why", ["Life safety", "Care", "Reported"])
def test_only_standard_callbacks_are_sampled(why):
	nobody = Policy(sample_percent=0)
	assert all(callback_rules.required(why, f"contact {n}", "OUT-1", nobody) for n in range(50))
	assert not any(callback_rules.required("Standard", f"contact {n}", "OUT-1", nobody) for n in range(50))


@pytest.mark.parametrize(
	("why", "policy"),
	[
		("Life safety", Policy(danger_percent=0)),
		("Care", Policy(care_percent=0)),
		("Reported", Policy(reported_percent=0)),
	],
)
def test_each_reason_has_a_share_of_its_own(why, policy):
	for reason in callback_rules.REASONS:
		assert callback_rules.required(reason, "contact", "OUT-1", policy) is (reason != why)


def test_a_full_sample_calls_everybody():
	assert all(callback_rules.required("Standard", f"contact {n}", "OUT-1", POLICY) for n in range(500))


@pytest.mark.parametrize("percent", [10, 50, 90])
def test_the_sample_has_about_the_size_asked_for(percent):
	drawn = sum(callback_rules.required("Standard", f"contact {n}", "OUT-1", Policy(percent)) for n in range(2000))
	assert abs(drawn - 20 * percent) < 80


@given(st.text("OUT-123", max_size=6), st.text("OUT-123", max_size=6), st.integers(0, 100), st.integers(0, 100))
def test_drawing_again_gives_the_same_answer_and_a_larger_sample_contains_the_smaller(contact, incident, one, two):
	small, large = sorted((one, two))
	drawn = [
		callback_rules.required("Standard", contact, incident, Policy(percent)) for percent in (small, small, large)
	]
	assert drawn[0] == drawn[1]
	assert drawn[0] <= drawn[2]


def test_different_incidents_draw_different_people():
	def drawn(incident):
		return {n for n in range(200) if callback_rules.required("Standard", str(n), incident, Policy(50))}

	assert drawn("OUT-1") != drawn("OUT-2")


def test_a_drawn_sample_does_not_depend_on_the_machine():
	"""The answer was written down once; another Python or processor must give the same."""
	drawn = [n for n in range(12) if callback_rules.required("Standard", f"contact {n}", "OUT-1", Policy(50))]
	assert drawn == [1, 2, 3, 4, 5, 6, 8, 9, 11]


# ------------------------------------------------------------------------------------------------ calling hours
@pytest.mark.parametrize(
	("moment", "then"),
	[
		(at(8), at(8)),
		(at(12, 30), at(12, 30)),
		(at(20, 59), at(20, 59)),
		(at(21), at(8, day=6)),
		(at(23, 59), at(8, day=6)),
		(at(0), at(8)),
		(at(7, 59), at(8)),
		(datetime(2026, 12, 31, 22), datetime(2027, 1, 1, 8)),
	],
)
def test_residents_are_called_within_calling_hours(moment, then):
	assert callback_rules.within_calling_hours(moment, POLICY) == then
	for why in ("Care", "Reported", "Standard"):
		assert callback_rules.attempt_at(why, moment, POLICY) == then


def test_those_who_were_in_danger_are_called_at_any_hour():
	assert callback_rules.attempt_at("Life safety", at(3), POLICY) == at(3)


def test_calling_hours_that_end_as_they_begin_are_no_limit():
	assert callback_rules.within_calling_hours(at(3), Policy(calling_from=time(8), calling_to=time(8))) == at(3)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)), st.integers(0, 22), st.integers(1, 23))
def test_a_call_is_never_early_never_out_of_hours_and_at_most_a_day_later(moment, opens, hours):
	policy = Policy(calling_from=time(opens), calling_to=time(min(opens + hours, 23), 30))
	then = callback_rules.within_calling_hours(moment, policy)
	assert moment <= then < moment + timedelta(days=1)
	assert policy.calling_from <= then.time() < policy.calling_to
	assert callback_rules.within_calling_hours(then, policy) == then


# ------------------------------------------------------------------------------------------------ attempts
@pytest.mark.parametrize("outcome", ["Reached", "Still Out", "Refused"])
@pytest.mark.parametrize("attempt", [1, 3, 7])
def test_an_answer_ends_the_callback_at_whichever_attempt(outcome, attempt):
	assert callback_rules.after_attempt("Standard", outcome, attempt, at(12), POLICY) == (outcome, None)


def test_nobody_answering_is_tried_again_until_the_attempts_are_used_up():
	assert callback_rules.after_attempt("Standard", "No Answer", 1, at(12), POLICY) == ("No Answer", at(14))
	assert callback_rules.after_attempt("Standard", "No Answer", 2, at(20), POLICY) == ("No Answer", at(8, day=6))
	assert callback_rules.after_attempt("Standard", "No Answer", 3, at(12), POLICY) == ("Exhausted", None)
	assert callback_rules.after_attempt("Life safety", "No Answer", 2, at(20), POLICY) == ("No Answer", at(22))
	assert callback_rules.after_attempt("Standard", "No Answer", 4, at(12), POLICY) == ("Exhausted", None)


@pytest.mark.parametrize(("why", "again"), [("Life safety", at(22)), ("Care", at(8, day=6))])
def test_who_was_in_danger_or_depends_on_power_is_not_given_up_because_nobody_answers(why, again):
	for attempts in (3, 4, 9):
		assert callback_rules.after_attempt(why, "No Answer", attempts, at(20), POLICY) == ("Unreached", again)
	assert callback_rules.after_attempt(why, "Reached", 4, at(20), POLICY) == ("Reached", None)


def test_giving_up_is_a_decision_with_a_reason():
	callback_rules.require_decision("Unreached", "the flat is empty")
	with pytest.raises(RuleError, match="Reason"):
		callback_rules.require_decision("Unreached", " ")
	for status in ("Pending", "No Answer", *callback_rules.ENDED):
		with pytest.raises(RuleError, match="Status"):
			callback_rules.require_decision(status, "because")


@pytest.mark.parametrize("outcome", ["", "Exhausted", "Pending", "reached"])
def test_an_unknown_outcome_is_refused(outcome):
	with pytest.raises(RuleError, match="Outcome"):
		callback_rules.after_attempt("Standard", outcome, 1, at(12), POLICY)


@pytest.mark.parametrize(
	("status", "ended"),
	[
		("Pending", False),
		("No Answer", False),
		("Unreached", False),
		("Reached", True),
		("Still Out", True),
		("Refused", True),
		("Exhausted", True),
		("Not Required", True),
	],
)
def test_a_callback_that_has_ended_takes_no_further_attempt(status, ended):
	if ended:
		with pytest.raises(RuleError, match="Status"):
			callback_rules.require_open(status)
	else:
		callback_rules.require_open(status)
	assert callback_rules.all_ended(["Reached", status]) is ended


def test_a_round_without_callbacks_is_finished():
	assert callback_rules.all_ended([])


def test_of_two_callbacks_of_one_person_the_one_still_to_be_made_comes_first():
	rows = [
		SimpleNamespace(name=name, status=status, priority=priority)
		for name, status, priority in (
			("a", "Not Required", 0),
			("b", "Reached", 1),
			("c", "Pending", 3),
			("d", "Unreached", 1),
			("e", "Pending", 1),
		)
	]
	assert [row.name for row in callback_rules.in_order_of_need(rows)] == ["d", "e", "c", "b", "a"]


@pytest.mark.parametrize("seconds", [None, 0, 1, 14400])
def test_a_call_lasts_up_to_four_hours_or_nobody_knows(seconds):
	callback_rules.require_duration(seconds)


@pytest.mark.parametrize("seconds", [-1, 14401, 1.5, "60", True])
def test_anything_else_is_no_duration(seconds):
	with pytest.raises(RuleError, match="Duration"):
		callback_rules.require_duration(seconds)
