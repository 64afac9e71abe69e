"""What keeps a gate closed, and who may open it all the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outage_response.domain import gates, lifecycle
from outage_response.domain.errors import GateClosed, RuleError
from outage_response.domain.lifecycle import OPEN

from .task_rows import TASK_STATES, task
from .world import plan

# Which steps keep which gate closed, by hand from the procedure.
GATE_KEEPERS = {
	("I", "energise"): {"confirm_cause", "clear_to_reclose"},
	("II", "energise"): {"confirm_cause", "isolate_fault", "organise_repair", "clear_to_energise"},
	("III", "energise"): {"announce_energising"},
	("III", "start"): {"clear_elevators", "stop_equipment", "warn_control_room", "shut_security_equipment"},
	**{
		(level, "stand_down"): {
			"check_elevator",
			"comfort_trapped",
			"release_trapped",
			"lock_off_elevator",
			"call_rescue_service",
			"check_care_unit",
			"repair_backup",
			"check_switches",
			"check_access_control",
			"check_fire_security",
		}
		for level in ("I", "II")
	},
	("III", "stand_down"): {"check_fire_security", "restore_security_equipment", "inspect_supply"},
	**{
		(level, "close"): {"check_shaft", "call_back_residents", "notify_gm_restored", "write_report"}
		for level in ("I", "II")
	},
	("III", "close"): {"check_shaft", "notify_gm_restored"},
}


@pytest.mark.parametrize(("level", "gate"), GATE_KEEPERS, ids=lambda value: value)
def test_a_gate_is_kept_by_its_steps_and_by_no_other(level, gate):
	tasks = [task(s.key, gate=s.gate, defect_gate=s.defect_gate, life_safety=s.life_safety) for s in plan(level)]
	assert {row.step_key for row in gates.blocking(gate, tasks)} == GATE_KEEPERS[level, gate]
	for row in tasks:
		row.status = "Done"
	assert gates.blocking(gate, tasks) == []


@pytest.mark.parametrize("status", TASK_STATES)
def test_only_an_open_task_keeps_its_gate_closed(status):
	row = task(gate="stand_down", status=status)
	assert gates.blocking("stand_down", [row]) == ([row] if status in OPEN else [])
	assert gates.blocking("close", [row]) == []


def test_life_safety_is_named_first_then_the_most_urgent():
	rows = [
		task("late", gate="stand_down", priority=3),
		task("urgent", gate="stand_down", priority=1),
		task("life", gate="stand_down", priority=2, life_safety=True),
	]
	assert [row.step_key for row in gates.blocking("stand_down", rows)] == ["life", "urgent", "late"]


def test_one_node_may_be_energised_while_work_goes_on_at_another():
	rows = [
		task("clear", gate="energise", subject_type="Power Node", subject="room A"),
		task("clear", gate="energise", subject_type="Power Node", subject="room B"),
	]
	tree = ["room A", "room B", "room C"]
	assert gates.blocking("energise", rows, ["room B"], tree=tree) == rows[1:]
	assert gates.blocking("energise", rows, ["room C"], tree=tree) == []
	assert gates.blocking("energise", rows) == rows
	cause = task("confirm_cause", gate="energise")
	assert gates.blocking("energise", [*rows, cause], ["room C"], tree=tree) == [cause], "the cause concerns every node"


def test_a_step_at_a_node_that_is_not_in_the_tree_keeps_the_gate_closed():
	lost = task("clear", gate="energise", subject_type="Power Node", subject="room A as it was called")
	assert gates.blocking("energise", [lost], ["room A"], tree=["room A", "room B"]) == [lost]


@pytest.mark.parametrize(
	("status", "defects", "kept"),
	[
		("Open", 0, False),
		("Open", 1, True),
		("In Progress", 2, True),
		("Done", 0, False),
		("Skipped", 1, False),
	],
)
def test_a_defect_in_a_shaft_keeps_the_guards_on_post_until_it_is_mended(status, defects, kept):
	row = task("check_shaft", status, gate="close", defect_gate="stand_down", defects=defects)
	assert gates.blocking("stand_down", [row]) == ([row] if kept else [])


@pytest.mark.parametrize("reason", ["", "the owner wants it"])
@pytest.mark.parametrize("life_safety", [False, True])
def test_the_permission_to_energise_is_overridden_by_nobody(reason, life_safety):
	rows = [task(gate="energise", life_safety=life_safety)]
	with pytest.raises(GateClosed, match="Nobody can override") as refused:
		gates.pass_gate("energise", rows, override_reason=reason, may_override=True)
	assert refused.value.blocking == rows


@pytest.mark.parametrize("gate", ["start", "stand_down", "close"])
def test_a_life_safety_step_is_overridden_by_nobody(gate):
	rows = [task(gate=gate), task("check_elevator", gate=gate, life_safety=True)]
	with pytest.raises(GateClosed, match="overridden by nobody") as refused:
		gates.pass_gate(gate, rows, override_reason="it is late", may_override=True)
	assert refused.value.blocking == rows, "the refusal names everything that is open"


@pytest.mark.parametrize("gate", ["start", "stand_down", "close"])
@pytest.mark.parametrize(
	("reason", "manager", "passes"),
	[("", False, False), ("", True, False), ("  ", True, False), ("storm", False, False), ("storm", True, True)],
)
def test_other_gates_open_for_the_general_manager_with_a_reason(gate, reason, manager, passes):
	rows = [task(gate=gate)]
	if passes:
		gates.pass_gate(gate, rows, override_reason=reason, may_override=manager)
	else:
		with pytest.raises(GateClosed) as refused:
			gates.pass_gate(gate, rows, override_reason=reason, may_override=manager)
		assert refused.value.blocking == rows


@pytest.mark.parametrize("gate", ["start", "energise", "stand_down", "close"])
def test_a_gate_that_nothing_keeps_is_open_for_everybody(gate):
	gates.pass_gate(gate, [])


@pytest.mark.parametrize(
	("row", "keeps"),
	[
		(task(gate="close"), True),
		(task(gate="stand_down"), True),
		(task(life_safety=True), True),
		(task(status="On Post", gate="close"), True),
		(task(), False),
		(task(status="Done", gate="close"), False),
		(task(status="Done", evidence_pending=True), True),
		(task(status="Skipped", gate="close", evidence_pending=True), False),
		(task(status="Cancelled", life_safety=True, evidence_pending=True), False),
	],
)
def test_an_incident_closes_when_no_gate_no_life_safety_step_and_no_evidence_is_owed(row, keeps):
	assert gates.blocking_close([row]) == ([row] if keeps else [])


@pytest.mark.parametrize("status", TASK_STATES)
def test_an_incident_is_not_cancelled_with_an_open_life_safety_step(status):
	rows = [task(gate="close"), task("check_elevator", status, life_safety=True)]
	if status in OPEN:
		with pytest.raises(GateClosed) as refused:
			gates.require_cancellable(rows, "Active")
		assert refused.value.blocking == rows[1:]
	else:
		gates.require_cancellable(rows, "Active")


def test_planned_work_that_has_not_begun_is_cancelled_whatever_is_open():
	rows = [task("clear_elevators", "Open", life_safety=True)]
	gates.require_cancellable(rows, "Scheduled")
	with pytest.raises(GateClosed):
		gates.require_cancellable(rows, "Reported")


def test_a_manned_post_is_relieved_and_not_given_away():
	with pytest.raises(RuleError, match="relieved"):
		lifecycle.require_task_state("reassign", "On Post")


# ---------------------------------------------------------------- all of it at once


rows = st.builds(
	task,
	status=st.sampled_from(TASK_STATES),
	gate=st.sampled_from(["", "start", "energise", "stand_down", "close"]),
	life_safety=st.booleans(),
	defects=st.integers(0, 1),
	defect_gate=st.sampled_from(["", "stand_down"]),
)


@given(st.lists(rows, max_size=6), st.sampled_from(["start", "energise", "stand_down", "close"]))
def test_no_reason_and_no_rank_opens_a_gate_over_an_open_life_safety_step(tasks, gate):
	keepers = gates.blocking(gate, tasks)
	life = any(row.is_open and row.life_safety and row.gate == gate for row in tasks)
	try:
		gates.pass_gate(gate, keepers, override_reason="because", may_override=True)
	except GateClosed as refused:
		assert refused.blocking == keepers
		assert keepers
	else:
		assert not life
		assert gate != "energise" or not keepers
