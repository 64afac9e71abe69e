"""What a verb asks for before it happens: a call, a cause, supply that is off, rescues that have ended."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from outage_response.domain import gates, lifecycle, planned_times
from outage_response.domain.errors import GateClosed, RuleError
from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.step_definitions import Outcome, Step

from .world import LEVELS, minute, plan

PLAIN = Step("a_step", "Repair", 2, "engineering", "once", "reported")


def row(key: str = "a_step", status: str = "Open", **values) -> TaskRow:
	return TaskRow(key, key, values.pop("subject_type", ""), values.pop("subject", ""), 1, status, **values)


@pytest.mark.parametrize("gate", ["start", "stand_down", "close"])
def test_the_manager_may_pass_over_other_gates_while_no_life_safety_step_is_open(gate):
	assert gates.overridable(gate, [row(), row(status="Done", life_safety=True)])
	assert not gates.overridable(gate, [row(), row(life_safety=True)])


def test_nobody_passes_over_the_permission_to_energise():
	assert not gates.overridable("energise", [row()])
	assert not gates.overridable("energise", [])


@pytest.mark.parametrize(
	("values", "anybody", "manager"),
	[
		({}, True, True),
		({"gate": "close"}, False, True),
		({"held_until": "stand_down"}, False, True),
		({"gate": "energise"}, False, False),
		({"life_safety": True}, False, False),
		({"life_safety": True, "gate": "close"}, False, False),
	],
)
def test_whose_it_is_to_leave_a_step_out(values, anybody, manager):
	assert gates.may_skip(row(**values), general_manager=False) is anybody
	assert gates.may_skip(row(**values), general_manager=True) is manager


def test_a_call_belongs_to_a_step_for_which_somebody_is_phoned():
	lifecycle.require_call(replace(PLAIN, calls="control_room"))
	lifecycle.require_call(replace(PLAIN, evidence="call"))
	with pytest.raises(RuleError, match="nobody is phoned"):
		lifecycle.require_call(replace(PLAIN, evidence="note"))


def test_the_plans_of_an_outage_know_rescues_and_that_of_planned_work_does_not():
	assert [gates.knows_rescues(plan(level)) for level in LEVELS] == [True, True, False]
	assert gates.knows_rescues([PLAIN, replace(PLAIN, rescue_part="release")])
	assert gates.knows_rescues([PLAIN, replace(PLAIN, outcomes={"x": Outcome(meaning="trapped")})])
	assert not gates.knows_rescues([PLAIN, replace(PLAIN, rescue_part="talk")])


CLEARANCE = replace(PLAIN, gate="energise", checks=("all_out",))


def test_supply_is_cleared_by_checks_that_guard_switching_on():
	assert gates.clears_supply(CLEARANCE)
	assert not gates.clears_supply(replace(CLEARANCE, checks=()))
	assert not gates.clears_supply(replace(CLEARANCE, gate="close"))


def in_elevator(name: str, **values) -> TaskRow:
	return row(f"free_{name}", **{"life_safety": True, "subject_type": "Property Asset", "subject": name, **values})


def test_supply_is_not_cleared_over_people_who_may_be_in_an_elevator():
	first, second = in_elevator("E1"), in_elevator("E2")
	with pytest.raises(GateClosed) as refused:
		gates.require_rescues_ended(CLEARANCE, [row(), first, second], locked_off=["E2"])
	assert refused.value.blocking == [first]


@pytest.mark.parametrize(
	"values", [{"status": "Done"}, {"life_safety": False}, {"subject_type": "Power Node"}, {"subject": "E2"}]
)
def test_what_is_no_open_rescue_from_a_car_that_could_move_lets_it_be_cleared(values):
	gates.require_rescues_ended(CLEARANCE, [in_elevator("E1", **values)], locked_off=["E2"])


def test_a_step_that_clears_nothing_waits_for_no_rescue():
	gates.require_rescues_ended(PLAIN, [in_elevator("E1")])


def test_before_the_cause_is_known_the_steps_that_permit_switching_on_are_not_there():
	follows = replace(CLEARANCE, anchor="confirmed")
	with pytest.raises(RuleError, match="Cause"):
		gates.require_confirmed([PLAIN, follows], None)
	gates.require_confirmed([PLAIN, follows], minute(5))
	gates.require_confirmed([CLEARANCE, replace(follows, gate="close")], None)


def test_nobody_clears_supply_that_has_not_been_switched_off():
	with pytest.raises(RuleError, match="not been switched off"):
		gates.require_gone("energise", "Scheduled")
	gates.require_gone("energise", "Active")
	gates.require_gone("start", "Scheduled")


def test_the_windows_of_planned_work_follow_one_another():
	day = datetime(2026, 3, 11)
	morning, noon = (
		(day + timedelta(hours=8), day + timedelta(hours=12)),
		(
			day + timedelta(hours=12),
			day + timedelta(hours=13),
		),
	)
	planned_times.require_windows_apart([noon, morning])
	planned_times.require_windows_apart([])
	with pytest.raises(RuleError, match="Further Windows: 2026-03-11 11:59 to 2026-03-11 13:00"):
		planned_times.require_windows_apart([(noon[0] - timedelta(minutes=1), noon[1]), morning])


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_residents_read_what_planned_work_is_for(reason):
	planned_times.require_reason("The main switch is replaced.")
	with pytest.raises(RuleError, match="Reason of the Work"):
		planned_times.require_reason(reason)
