"""Who is rung after whom, and when it ends."""

from datetime import datetime, timedelta

import pytest

from outage_response.domain.escalation import (
	PATIENCE,
	WHOM_IN_DRILL,
	Person,
	Row,
	Rule,
	State,
	begins_at,
	is_due,
	minute_of,
	ring,
	rule_for,
	starts_again,
	times_made_up,
)
from outage_response.domain.states import RungPerson

NOW = datetime(2026, 3, 11, 2, 0)
LADDER = (
	Row(RungPerson.ASSIGNED, times=2, every_minutes=1),
	Row(RungPerson.CONTROL_ROOM, together=True),
	Row(RungPerson.LEAD, after_minutes=3),
	Row(RungPerson.MANAGER, after_minutes=5),
)


def somebody(*there: str):
	"""Everybody named in `there` can be rung; each is one person."""
	return lambda row: [Person(row.whom)] if row.whom in there else []


def played(rule: Rule, people) -> list[tuple[int, list[str]]]:
	"""(minutes from the beginning, who is rung) until it ends."""
	state, now, found = State(), NOW, []
	while True:
		one = ring(rule, state, now, people)
		if one.next_at is None:
			assert one.gave_up
			return found
		found.append((int((now - NOW).total_seconds() // 60), [person.key for person, _row in one.calls]))
		assert one.next_at > now
		state, now = one.state, one.next_at


def test_the_ladder_is_climbed_row_by_row():
	found = played(
		Rule("", 1, LADDER), somebody(RungPerson.ASSIGNED, RungPerson.CONTROL_ROOM, RungPerson.LEAD, RungPerson.MANAGER)
	)
	both = [RungPerson.ASSIGNED, RungPerson.CONTROL_ROOM]
	assert found == [(0, both), (1, both), (4, [RungPerson.LEAD]), (9, [RungPerson.MANAGER])]


def test_an_empty_level_is_passed_at_once():
	"""Nobody waits for somebody who is not there: the manager is rung when the lead would have been."""
	found = played(Rule("", 1, LADDER), somebody(RungPerson.ASSIGNED, RungPerson.MANAGER))
	assert found == [(0, [RungPerson.ASSIGNED]), (1, [RungPerson.ASSIGNED]), (4, [RungPerson.MANAGER])]


def test_nobody_assigned_rings_the_next_at_once():
	assert played(Rule("", 1, LADDER), somebody(RungPerson.LEAD))[0] == (0, [RungPerson.LEAD])


def test_rounds_begin_anew_and_end():
	found = played(Rule("", 1, LADDER, rounds=3), somebody(RungPerson.MANAGER))
	assert len(found) == 3


def test_nobody_at_all_ends_at_once_and_says_so():
	one = ring(Rule("", 1, LADDER, rounds=3), State(), NOW, somebody())
	assert one.gave_up
	assert one.next_at is None


def test_a_standstill_is_made_up_as_one_ring():
	"""Nobody looked for half an hour: the manager, who would have been rung by now, is rung now, and so are those before."""
	people = somebody(RungPerson.ASSIGNED, RungPerson.CONTROL_ROOM, RungPerson.LEAD, RungPerson.MANAGER)
	rule = Rule("", 0, LADDER)
	now = NOW + timedelta(minutes=31)
	one = ring(rule, State(0, 1, 0), now, people, due_at=NOW + timedelta(minutes=1))
	assert [person.key for person, _row in one.calls] == [
		RungPerson.ASSIGNED,
		RungPerson.CONTROL_ROOM,
		RungPerson.LEAD,
		RungPerson.MANAGER,
	]
	assert (one.state.level, one.gave_up) == (3, False)  # and each has the time to answer before it is given up
	assert one.next_at == now + timedelta(minutes=2)
	assert ring(rule, one.state, one.next_at, people, due_at=one.next_at).gave_up
	one = ring(rule, State(0, 1, 0), NOW + timedelta(minutes=5), people, due_at=NOW + timedelta(minutes=1))
	assert [person.key for person, _row in one.calls] == [RungPerson.ASSIGNED, RungPerson.CONTROL_ROOM, RungPerson.LEAD]
	assert one.next_at == NOW + timedelta(minutes=10)
	for late in (0, 2):  # no standstill
		due = NOW + timedelta(minutes=1)
		one = ring(rule, State(0, 1, 0), due + timedelta(minutes=late), people, due_at=due)
		assert [person.key for person, _row in one.calls] == [RungPerson.ASSIGNED, RungPerson.CONTROL_ROOM]
	rule = Rule("", 0, LADDER, start_minutes=5)
	assert [times_made_up(rule, 0, NOW, NOW + timedelta(minutes=late)) for late in (2, 6, 11, 60)] == [0, 1, 2, 2]
	assert times_made_up(rule, 3, NOW, NOW + timedelta(minutes=60)) == 3


def test_one_person_in_two_rows_is_rung_once():
	rule = Rule("", 0, (Row(RungPerson.ASSIGNED), Row(RungPerson.CONTROL_ROOM, together=True)))
	one = ring(rule, State(), NOW, lambda row: [Person("nadia")])
	assert [person.key for person, _row in one.calls] == ["nadia"]


@pytest.mark.parametrize(("department", "expected"), [("security", "security"), ("engineering", ""), ("", "")])
def test_a_department_s_own_rule_comes_first(department, expected):
	rules = [Rule("", 1, LADDER), Rule("security", 1, LADDER), Rule("", 0, LADDER)]
	assert rule_for(rules, department, 1).department == expected


def test_no_rule_rings_nobody():
	assert rule_for([Rule("", 1, LADDER)], "security", 3) is None


def test_taken_and_not_begun():
	rule = Rule("", 1, LADDER, start_minutes=10)
	assert starts_again(rule, NOW, NOW + timedelta(minutes=3), 0) == (False, NOW + timedelta(minutes=10))
	assert starts_again(rule, NOW, NOW + timedelta(minutes=10), 0)[0]
	assert starts_again(Rule("", 1, LADDER), NOW, NOW + timedelta(days=1), 0) == (False, None)


def test_planned_work_rings_before_it_is_due_and_everything_else_at_once():
	friday = NOW + timedelta(days=2)
	assert begins_at(False, friday, NOW, 30) == NOW
	assert begins_at(True, friday, NOW, 30) == friday - timedelta(minutes=30)
	assert begins_at(True, friday, friday - timedelta(minutes=10), 30) == friday - timedelta(minutes=10)
	assert begins_at(True, None, NOW, 30) is None


def test_planned_work_that_was_taken_days_before_is_begun_at_its_own_time():
	rule = Rule("", 0, LADDER, start_minutes=5)
	friday = NOW + timedelta(days=2)
	before, after = friday - timedelta(minutes=30), friday + timedelta(minutes=5)
	assert starts_again(rule, NOW, before, 0, friday) == (False, after)
	assert starts_again(rule, NOW, after, 0, friday)[0]
	late = friday + timedelta(minutes=3)
	assert starts_again(rule, late, after, 0, friday) == (False, late + timedelta(minutes=5))


def test_a_clock_turned_back_does_not_silence():
	later = NOW + timedelta(hours=1)
	assert is_due(later, later, NOW)
	assert not is_due(later, NOW, NOW)
	assert is_due(NOW, None, NOW)
	assert not is_due(None, later, NOW)


def test_a_message_belongs_to_the_minute_in_which_it_is_sent():
	assert minute_of(datetime(2026, 3, 11, 2, 0, 59, 999)) == NOW
	assert minute_of(datetime(2026, 3, 11, 2, 1)) == NOW + timedelta(minutes=1)


def test_no_round_and_no_time_count_as_one_and_a_wait_is_at_least_a_minute():
	rule = Rule("", 1, (Row(RungPerson.MANAGER, times=0, every_minutes=0), Row(RungPerson.LEAD)), rounds=0)
	first = ring(rule, State(), NOW, somebody(RungPerson.MANAGER, RungPerson.LEAD))
	assert (first.state, first.next_at) == (State(1, 0, 0), NOW + timedelta(minutes=1))
	second = ring(rule, first.state, first.next_at, somebody(RungPerson.MANAGER, RungPerson.LEAD))
	assert ring(rule, second.state, second.next_at, somebody(RungPerson.MANAGER, RungPerson.LEAD)).gave_up


def test_a_standstill_is_three_minutes():
	people = somebody(RungPerson.ASSIGNED, RungPerson.CONTROL_ROOM, RungPerson.LEAD, RungPerson.MANAGER)
	for seconds, rung in (
		(179, [RungPerson.ASSIGNED, RungPerson.CONTROL_ROOM]),
		(180, [RungPerson.ASSIGNED, RungPerson.CONTROL_ROOM, RungPerson.LEAD]),
	):
		one = ring(Rule("", 0, LADDER), State(0, 1, 0), NOW + timedelta(seconds=seconds), people, due_at=NOW)
		assert [person.key for person, _row in one.calls] == rung
	rule = Rule("", 0, LADDER, start_minutes=1)
	assert times_made_up(rule, 0, NOW, NOW + timedelta(seconds=179)) == 0
	assert times_made_up(rule, 0, NOW, NOW + timedelta(seconds=180)) == 2


def test_a_last_ring_of_the_next_minute_is_no_clock_turned_back():
	later = NOW + timedelta(hours=1)
	assert not is_due(later, NOW + timedelta(minutes=1), NOW)
	assert is_due(later, NOW + timedelta(minutes=1, seconds=1), NOW)


def test_whoever_was_rung_for_it_is_rung_again_after_the_minutes_of_the_rule():
	rule = Rule("", 1, LADDER, start_minutes=10)
	soon = NOW + timedelta(minutes=3)
	assert starts_again(rule, NOW, soon, 1) == (True, soon + timedelta(minutes=10))


def test_a_drill_wakes_nobody_and_calls_no_firm():
	assert set(WHOM_IN_DRILL) == {RungPerson.ASSIGNED, RungPerson.NEXT_ON_DUTY, RungPerson.CONTROL_ROOM}


def test_two_rings_are_patience_enough():
	rule = Rule("", 1, LADDER, start_minutes=1)
	assert times_made_up(rule, 1, NOW, NOW + timedelta(hours=1)) == PATIENCE == 2
