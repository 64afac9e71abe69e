"""What stands first on a phone, and what a step still asks for."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import TASK_VERBS, TaskRow, require_post_to_go_to
from outage_response.domain.next_task_on_phone import Mine, asks, awaits_read_back, in_order, is_for_later
from outage_response.domain.step_definitions import Step

NOW = datetime(2026, 3, 11, 2, 0)


def at(minutes: float) -> datetime:
	return NOW + timedelta(minutes=minutes)


# each goes before all that stand below it
URGENT_FIRST = [
	Mine("trapped", "Open", priority=0, life_safety=True, due_at=at(30)),
	Mine("call the elevator firm", "Open", priority=0, due_at=at(5)),
	Mine("clear to energise", "Open", priority=1, life_safety=True),
	Mine("isolate, begun", "In Progress", priority=1, due_at=at(15)),
	Mine("cause, late", "Open", priority=1, due_at=at(-5)),
	Mine("backup power", "Open", priority=1, due_at=at(5)),
	Mine("no time named", "Acknowledged", priority=1),
	Mine("own post", "On Post", priority=2, held=True, due_at=at(-50)),
	Mine("patrol", "Open", priority=2, due_at=at(15), shared=True),
	Mine("shaft", "Open", priority=3, due_at=at(240)),
	Mine("post of everybody", "Open", priority=2, held=True, shared=True, due_at=at(5)),
	Mine("elevators on Monday", "Open", priority=0, life_safety=True, due_at=at(4000), not_before=at(4010)),
	Mine("generator, before isolation", "Open", priority=1, due_at=at(20), waits=True),
]


def test_the_most_urgent_stands_first():
	assert in_order(reversed(URGENT_FIRST), NOW) == URGENT_FIRST


def test_people_known_inside_are_freed_before_their_elevator_is_checked():
	first = {"status": "Open", "priority": 0, "life_safety": True, "rescue": 0}
	in_turn = [
		Mine("lock it off", due_at=at(10), frees=True, **first),
		Mine("free them, after that", due_at=at(30), frees=True, waits=True, **first),
		Mine("check the elevator", due_at=at(5), **first),
		Mine("lock off the next", **{**first, "rescue": 1}, due_at=at(1), frees=True),
		*URGENT_FIRST[:1],
	]
	assert in_order(reversed(in_turn), NOW) == in_turn


@pytest.mark.parametrize("three", list(permutations(URGENT_FIRST[3:6])))
def test_the_order_does_not_depend_on_how_they_are_read(three):
	assert in_order(three, NOW) == URGENT_FIRST[3:6]


def test_planned_work_of_the_next_hour_counts_like_any_other():
	soon = Mine("elevators", "Open", priority=0, life_safety=True, due_at=at(40), not_before=at(50))
	assert in_order([*URGENT_FIRST[1:], soon], NOW)[0] == soon
	assert [task.name for task in (*URGENT_FIRST, soon) if is_for_later(task, NOW)] == ["elevators on Monday"]


def test_a_preparation_that_is_due_days_before_the_work_is_not_pushed_aside():
	due = Mine("tell the residents", "Open", priority=3, due_at=at(30), not_before=at(8000))
	later = Mine("lock the elevator", "Open", priority=0, due_at=at(7990), not_before=at(8000))
	assert in_order([later, due], NOW) == [due, later]
	assert [is_for_later(task, NOW) for task in (later, due)] == [True, False]


def step(**fields) -> Step:
	return Step("s", "Repair", 1, "engineering", "once", "reported", **fields)


@pytest.mark.parametrize(
	("evidence", "later"), [("none", False), ("call", True), ("note", True), ("photo", True), ("reading", False)]
)
def test_only_a_reading_cannot_wait(evidence, later):
	assert asks(step(evidence=evidence))["later"] is later


def test_a_step_waits_to_be_read_back_when_all_checks_are_given():
	cleared = step(checks=("people_clear", "earths_removed"), read_back_by="control_room")
	assert awaits_read_back(cleared, "In Progress", [True, True])
	assert not awaits_read_back(cleared, "In Progress", [True, False])
	assert not awaits_read_back(cleared, "Open", [])
	assert not awaits_read_back(step(checks=("people_clear",)), "In Progress", [True])


def post(name: str, **fields) -> TaskRow:
	values = {"status": "Open", "department": "security", "held_until": "stand_down", **fields}
	return TaskRow(name, "guard_area", "Property Asset", name, 1, **values)


def test_a_guard_goes_to_a_post_where_nobody_stands():
	for status in TASK_VERBS["arrive"]:
		require_post_to_go_to(post("lobby", status="On Post"), post("gate", status=status))


@pytest.mark.parametrize(
	"to",
	[
		None,
		post("lobby"),
		post("gate", status="On Post"),
		post("gate", status="Done"),
		post("gate", department="engineering"),
		post("patrol", held_until=""),
	],
)
def test_a_guard_goes_nowhere_else(to):
	with pytest.raises(RuleError, match="To:"):
		require_post_to_go_to(post("lobby", status="On Post"), to)


def test_soon_is_the_next_hour_and_not_a_minute_more():
	assert not is_for_later(Mine("x", "Open", not_before=at(60)), NOW)
	assert is_for_later(Mine("x", "Open", not_before=at(61)), NOW)
	assert not is_for_later(Mine("x", "Open", not_before=at(90), due_at=at(60)), NOW)
	assert is_for_later(Mine("x", "Open", not_before=at(90), due_at=at(61)), NOW)


def test_the_hundredth_elevator_with_people_still_comes_before_everything_else():
	rescue = Mine("free them", "Open", rescue=100)
	assert in_order([*URGENT_FIRST, rescue], NOW)[0] == rescue


def test_what_completing_asks_for():
	found = asks(step(outcomes={"ok": None}, checks=("people_clear",), evidence="photo"))
	assert found == {"outcomes": ["ok"], "checks": ["people_clear"], "evidence": "photo", "later": True}
