"""People in an elevator: who is freed first, what is believed at once, what a second person reads back."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outage_response.domain import entrapment_rules as rules
from outage_response.domain.entrapment_rules import Entrapment
from outage_response.domain.errors import NotAllowed, RuleError
from outage_response.domain.states import EntrapmentStatus
from outage_response.domain.step_definitions import Outcome, Step

from .world import MIDNIGHT, minute, step

NOW = minute(30)
TWO = Entrapment("E3", "Elevator 3", people=2, since=minute(18))


def in_order(entrapments, now) -> list[Entrapment]:
	return sorted(entrapments, key=lambda one: rules.urgency(one, now))


def first(*entrapments: Entrapment) -> str:
	return in_order(entrapments, NOW)[0].label


# ------------------------------------------------------------------------------------------------ who is first
@pytest.mark.parametrize(
	("more", "less"),
	[
		({"people": 3}, {"people": 2, "children": True, "unwell": True, "since": minute(0)}),
		({"children": True}, {"elderly": True, "unwell": True, "since": minute(0)}),
		({"elderly": True}, {"unwell": True, "heat": True, "since": minute(0)}),
		({"unwell": True}, {"heat": True, "since": minute(0)}),
		({"pregnant": True}, {"heat": True, "since": minute(0)}),
		({"heat": True}, {"since": minute(0)}),
		({"smoke": True}, {"since": minute(0)}),
		({"since": minute(5)}, {}),
		({}, {"status": EntrapmentStatus.POSSIBLE, "people": 9, "children": True}),
	],
)
def test_people_then_children_age_illness_heat_and_minutes(more, less):
	urgent, other = replace(TWO, label="urgent", **more), replace(TWO, label="another", **less)
	assert first(urgent, other) == first(other, urgent) == "urgent"


def test_who_has_not_been_counted_counts_as_one():
	assert first(replace(TWO, label="two"), replace(TWO, label="unknown", people=0, since=minute(0))) == "two"
	assert (
		first(replace(TWO, label="one", people=1), replace(TWO, label="unknown", people=0, since=minute(0)))
		== "unknown"
	)


def test_elevators_alike_come_in_the_order_that_people_count_in():
	labels = [f"Elevator {number}" for number in (10, 2, 1)]
	assert [one.label for one in in_order([replace(TWO, label=label) for label in labels], NOW)] == [
		"Elevator 1",
		"Elevator 2",
		"Elevator 10",
	]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20), st.integers(0, 90)), max_size=12))
def test_nobody_is_lost_in_the_order(rows):
	some = [
		replace(
			TWO,
			elevator=str(number),
			status=EntrapmentStatus.TRAPPED if certain else EntrapmentStatus.POSSIBLE,
			people=people,
			since=minute(at),
		)
		for number, (certain, people, at) in enumerate(rows)
	]
	ordered = in_order(some, NOW)
	assert sorted(one.elevator for one in ordered) == sorted(one.elevator for one in some)
	known = [one.is_certain for one in ordered]
	assert known == sorted(known, reverse=True)


def test_minutes_are_whole_and_never_less_than_none():
	assert TWO.minutes(NOW) == 12
	assert TWO.minutes(NOW + timedelta(seconds=59)) == 12
	assert replace(TWO, since=minute(40)).minutes(NOW) == 0
	assert replace(TWO, since=None).minutes(NOW) == 0


# ------------------------------------------------------------------------------------------------ help from outside
@pytest.mark.parametrize("condition", rules.CONDITIONS)
def test_who_cannot_wait_is_not_waited_for(condition):
	assert rules.needs_help_at_once(replace(TWO, **{condition: True}))
	assert not rules.needs_help_at_once(TWO)


@pytest.mark.parametrize(
	("inside", "warned", "due"),
	[(59, 0, 0), (60, 0, 60), (60, 60, 0), (89, 60, 0), (90, 60, 90), (200, 0, 90), (200, 90, 0)],
)
def test_a_warning_at_sixty_and_at_ninety_minutes_each_once(inside, warned, due):
	one = replace(TWO, since=MIDNIGHT)
	assert rules.warnings_due(one, minute(inside), warned, (60, 90)) == due
	assert rules.warnings_due(replace(one, status=EntrapmentStatus.RELEASED), minute(inside), warned, (60, 90)) == 0


# ------------------------------------------------------------------------------------------------ the rescue
def test_while_it_is_only_possible_one_asks_and_makes_safe():
	steps = [
		step("I", key) for key in ("comfort_trapped", "lock_off_elevator", "release_trapped", "call_rescue_service")
	]
	assert [one.key for one in steps if rules.asked_for(one, certain=False)] == ["comfort_trapped", "lock_off_elevator"]
	assert all(rules.asked_for(one, certain=True) for one in steps)


@pytest.mark.parametrize(("counted", "out"), [(2, 1), (2, 3), (2, 0), (2, None), (0, None), (0, 0)])
def test_as_many_are_out_as_were_counted(counted, out):
	with pytest.raises(RuleError, match="People"):
		rules.require_count(counted, out)


def test_who_was_not_counted_before_is_counted_now():
	assert rules.require_count(0, 3) == 3
	assert rules.require_count(2, 2) == 2


@pytest.mark.parametrize("given", [-1, 101, "two", "1.5", [], object()])
def test_a_number_of_people_is_a_number(given):
	with pytest.raises(RuleError, match="People"):
		rules.require_people(given)


def test_a_number_that_nobody_gave_is_none_and_zero_is_kept():
	assert rules.require_people(None) is None
	assert rules.require_people("") is None
	assert rules.require_people(0) == 0
	assert rules.require_people("2") == 2


def test_only_holders_of_the_certificate_free_people_themselves():
	with pytest.raises(RuleError, match="certificate"):
		rules.require_certificate("released", holds_one=False)
	rules.require_certificate("released", holds_one=True)
	for outcome in ("released_by_contractor", "released_by_rescue_service", "released_otherwise", "empty"):
		rules.require_certificate(outcome, holds_one=False)


def test_a_certificate_holds_on_its_last_day():
	day = date(2026, 3, 11)
	assert rules.is_valid(None, day)
	assert rules.is_valid(day, day)
	assert not rules.is_valid(day - timedelta(days=1), day)


# ------------------------------------------------------------------------------------------------ by radio
PROOF = {
	"label": "Elevator 3",
	"plate": "A-0417",
	"elevator_no": "3",
	"who": "Ida",
	"how": "door_open",
	"read_back": True,
}


@pytest.mark.parametrize(
	("without", "word"),
	[
		({"elevator_no": "2"}, "Elevator Number"),
		({"elevator_no": None}, "Elevator Number"),
		({"who": " "}, "Who Looked"),
		({"how": None}, "How Seen"),
		({"how": "heard"}, "How Seen"),
		({"read_back": False}, "Read Back"),
	],
)
def test_an_empty_car_needs_its_number_who_looked_how_and_a_read_back(without, word):
	with pytest.raises(RuleError, match=word):
		rules.require_radio_proof("empty", **{**PROOF, **without})
	rules.require_radio_proof("empty", **PROOF)


@pytest.mark.parametrize("outcome", ["", "released_by_contractor", "isolated_and_handed_to_contractor"])
def test_what_makes_a_car_safe_is_said_of_the_right_one_and_read_back(outcome):
	"""Heard as 2 instead of 3, supply would be let onto the people in 3."""
	rules.require_radio_proof(outcome, **{**PROOF, "how": None})
	for without, word in (({"elevator_no": "2"}, "Elevator Number"), ({"read_back": False}, "Read Back")):
		with pytest.raises(RuleError, match=word):
			rules.require_radio_proof(outcome, **{**PROOF, **without})


def test_a_name_with_an_odd_digit_is_sorted_all_the_same():
	assert sorted(["Lift ②", "Lift 2", "①号"], key=rules.natural)


def test_people_inside_are_believed_without_proof():
	rules.require_radio_proof(
		"trapped", label="Elevator 3", plate="", elevator_no=None, who="", how=None, read_back=False
	)


@pytest.mark.parametrize("given", ["3", "03", " elevator 3", "ELEVATOR3", "a-0417", "Ａ-0417"])
def test_an_elevator_is_named_by_its_name_number_or_plate(given):
	assert rules.same_elevator(given, "Elevator 3", "A-0417")


@pytest.mark.parametrize("given", ["", "2", "Elevator 2", "33", "A-0418", "third"])
def test_another_elevator_is_not_this_one(given):
	assert not rules.same_elevator(given, "Elevator 3", "A-0417")


def test_a_number_that_stands_twice_in_a_name_names_no_elevator():
	assert not rules.same_elevator("3", "Building 2 Elevator 3")
	assert rules.same_elevator("3号梯", "3号梯")
	assert rules.same_elevator("3", "3号梯")


@pytest.mark.parametrize(
	("level", "key"), [("I", "clear_to_reclose"), ("II", "clear_to_energise"), ("II", "confirm_cause")]
)
def test_what_lets_supply_back_onto_people_is_said_for_nobody_else(level, key):
	with pytest.raises(NotAllowed):
		rules.require_for_another(step(level, key))


@pytest.mark.parametrize("key", ["check_elevator", "lock_off_elevator", "release_trapped"])
def test_what_happens_at_an_elevator_may_be_said_for_another(key):
	rules.require_for_another(step("I", key))


# ------------------------------------------------------------------------------------------------ corrections
CHECK, FREE, ROOM = step("I", "check_elevator"), step("I", "release_trapped"), step("I", "check_backup_power")


def test_what_an_outcome_may_be_corrected_to():
	assert rules.corrections(CHECK) == ("empty", "trapped", "isolated_and_handed_to_contractor", "released")
	assert rules.corrections(FREE) == ("trapped",)
	assert rules.corrections(ROOM) == ("switched_over", "failed")
	with pytest.raises(RuleError, match="Outcome"):
		rules.require_correctable(CHECK, "empty", "empty")
	with pytest.raises(RuleError, match="Outcome"):
		rules.require_correctable(FREE, "released", "empty")
	rules.require_correctable(CHECK, "empty", "trapped")


@pytest.mark.parametrize(
	("where", "before", "after", "second"),
	[
		(CHECK, "empty", "trapped", False),
		(CHECK, "trapped", "empty", True),
		(CHECK, "trapped", "released", True),
		(CHECK, "trapped", "isolated_and_handed_to_contractor", True),
		(CHECK, "empty", "isolated_and_handed_to_contractor", False),
		(FREE, "released", "trapped", False),
		(ROOM, "switched_over", "failed", False),
	],
)
def test_danger_is_believed_at_once_and_its_end_by_a_second_person(where, before, after, second):
	assert rules.needs_second_person(where, before, after) is second
	assert rules.anybody_may(after) is (after == "trapped")


@pytest.mark.parametrize(("who", "how"), [("", "door_open"), ("Ida", "intercom"), ("Ida", "camera"), ("Ida", None)])
def test_only_who_saw_into_the_open_car_says_that_it_is_empty(who, how):
	with pytest.raises(RuleError, match=r"Who Looked|How Seen"):
		rules.require_claim(who=who, how=how)
	rules.require_claim(who="Ida", how="door_open")


def test_neither_who_saw_it_nor_who_wrote_it_down_reads_it_back():
	for reader in ("saw@x", "wrote@x"):
		with pytest.raises(NotAllowed, match="Read Back"):
			rules.require_other_person(reader, "saw@x", "wrote@x")
	rules.require_other_person("third@x", "saw@x", None)


# ------------------------------------------------------------------------------------------------ what people inside ask for
def test_people_inside_ask_for_the_rescue_and_for_what_a_check_adds_that_finds_them():
	check = Step(
		"check",
		"Assess",
		0,
		"engineering",
		"elevator",
		"reported",
		outcomes={
			"somebody": Outcome(adds=("tell_family",), meaning="trapped"),
			"nobody": Outcome(adds=("write_it_down",), meaning="empty"),
		},
	)
	rescue = replace(check, key="free", rescue_part="release", on_outcome=True, outcomes={})
	always = replace(rescue, key="stand_by", on_outcome=False)
	other = replace(rescue, key="repair", rescue_part="")
	assert rules.asked_for_by_people(iter([check, rescue, always, other])) == {"free", "tell_family"}


def test_a_rescue_ends_when_people_are_freed_by_whomever():
	released = ("released", "released_by_contractor", "released_by_rescue_service", "released_otherwise")
	assert all(map(rules.ends_rescue, released))
	assert not any(map(rules.ends_rescue, ("trapped", "empty", "nobody_inside", "services_called", "")))


def test_a_check_or_a_rescue_that_ended_may_turn_out_to_have_people_inside():
	check, rescue = step("II", "check_elevator"), step("II", "release_trapped")
	assert all(rules.may_be_inside(check, word) for word in check.outcomes if check.meaning(word) != "trapped")
	assert not any(rules.may_be_inside(check, word) for word in check.outcomes if check.meaning(word) == "trapped")
	assert all(rules.may_be_inside(rescue, word) for word in rescue.outcomes)
	assert not rules.may_be_inside(Step("walk", "Assess", 1, "security", "once", "reported"), "done")
