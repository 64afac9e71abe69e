"""What changes in the tasks of an outage when its level, its extent or its record does; twice changes nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outage_response.domain.plan_expansion import Difference, difference, expand

from .oracle import LINES
from .situations import CALLS, NODE_1, NODE_2, PLANNED, RESCUE, situations
from .world import EVERYTHING, LEVELS, Situation, carry_out, minute, plan, task_for

NOTHING = Difference([], [], [], [])


def _nothing_to_do(change: Difference) -> bool:
	return replace(change, keep=[]) == NOTHING


def _move(level: str, now: Situation, tasks: list, reclassify: bool = True) -> list:
	specs = expand(plan(level), now.context())
	change = difference(specs, tasks, reclassify=reclassify, steps=plan(level))
	return carry_out(change, tasks, level)


def _asked(level: str, now: Situation) -> set:
	"""What is asked for even if it is not there yet."""
	return {spec.key for spec in expand(plan(level), now.context()) if not spec.over}


def _in_force(tasks: list) -> set:
	return {task.key for task in tasks if task.status != "Cancelled"}


@given(st.sampled_from(LEVELS), situations, st.booleans())
def test_running_twice_adds_nothing(level, now, reclassify):
	tasks = _move(level, now, [], reclassify)
	change = difference(expand(plan(level), now.context()), tasks, reclassify=reclassify)
	assert _nothing_to_do(change)
	assert [task for task, _spec in change.keep] == tasks


LATE = Situation(
	reached={"reported": 0, "confirmed": 20, "restored": 90},
	back={NODE_1: 50, NODE_2: 90},
	called=CALLS[1] + CALLS[2],
)


@pytest.mark.parametrize("now", [Situation(), Situation(reached={"reported": 0, "confirmed": 20}), LATE])
def test_two_to_one_to_two_ends_with_what_two_asks_for_one_row_each(now):
	tasks = _move("II", now, [])
	before = {task.key: id(task) for task in tasks}
	tasks = _move("I", now, tasks)
	tasks = _move("II", now, tasks)
	wanted = _asked("II", now)
	# before the cause is known II has no clearance of its own yet, and the gate keeps that of I
	kept = (
		{task.key for task in tasks if task.step_key == "clear_to_reclose"} if "confirmed" not in now.reached else set()
	)
	assert _in_force(tasks) == wanted | kept
	assert len({task.key for task in tasks}) == len(tasks)
	assert {task.key: id(task) for task in tasks if task.key in before} == before, "not the same rows"
	assert all(task.status == "Open" for task in tasks if task.key in wanted)


def test_reclassifying_carries_over_what_both_plans_ask_for_and_cancels_the_rest():
	now = Situation(reached={"reported": 0, "confirmed": 20})
	tasks = _move("II", now, [])
	next(task for task in tasks if task.step_key == "patrol_area").status = "In Progress"
	change = difference(expand(plan("I"), now.context()), tasks, reclassify=True, steps=plan("I"))
	assert {task.step_key for task in change.cancel} == {"isolate_fault", "organise_repair", "clear_to_energise"}
	assert {spec.step.key for spec in change.add} == {
		"clear_to_reclose",
		"isolate_incoming",
		"call_supplier",
		"call_account_manager",
		"inspect_own_supply",
	}
	assert {task.step_key for task, _ in change.keep} == {
		line.key for line in LINES if line.levels == "I II" and line.exists_from in ("reported", "confirmed")
	} - {*RESCUE, "repair_backup"}
	assert [task.status for task, _ in change.keep if task.step_key == "patrol_area"] == ["In Progress"]


def test_a_clearance_gives_way_only_to_a_clearance():
	"""No change of level opens the gate: where the other plan has none (a company's own), or none yet (it follows from the
	cause), the one that stands stays."""
	now = Situation(reached={"reported": 0, "confirmed": 20})
	bare = [step for step in plan("I") if step.key != "clear_to_reclose"]
	for steps, situation, before, kept in (
		(plan("I"), now, "II", set()),
		(bare, now, "II", {"clear_to_energise"}),
		(plan("II"), Situation(), "I", {"clear_to_reclose"}),
		(plan("II"), now, "I", set()),
	):
		tasks = _move(before, situation, [])
		specs = expand(steps, situation.context())
		change = difference(specs, tasks, reclassify=True, steps=steps)
		cleared = {task.step_key for task in tasks if task.gate == "energise" and task.life_safety}
		assert cleared - {task.step_key for task in change.cancel} == kept


def test_a_carried_over_task_is_paired_with_what_the_new_plan_says_of_it():
	tasks = _move("II", Situation(), [])
	change = difference(expand(plan("I"), Situation().context()), tasks, reclassify=True)
	start = next(spec for task, spec in change.keep if task.step_key == "start_backup_supply")
	assert start.step.after == ("isolate_incoming",)


def test_what_is_done_stays_done_through_reclassification():
	tasks = _move("II", Situation(), [])
	done = [task for task in tasks if task.step_key in ("isolate_fault", "call_engineering")]
	for task in done:
		task.status = "Done"
	for level in ("I", "II", "III", "II"):
		tasks = _move(level, Situation(), tasks)
		assert [task.status for task in done] == ["Done", "Done"]


def test_what_was_skipped_is_not_brought_back_by_reclassification():
	tasks = _move("II", Situation(), [])
	skipped = next(task for task in tasks if task.step_key == "call_security_reserve")
	skipped.status = "Skipped"
	for level in ("III", "I", "II"):
		tasks = _move(level, Situation(), tasks)
	assert skipped.status == "Skipped"


@pytest.mark.parametrize("status", ["Open", "Acknowledged", "In Progress"])
def test_an_open_life_safety_step_is_never_cancelled_by_reclassification(status):
	now = replace(LATE, reached={"reported": 0, "confirmed": 20}, back={})
	tasks = _move("II", now, [])
	for task in tasks:
		task.status = status
	change = difference(expand(plan("III"), now.context()), tasks, reclassify=True)
	assert [task.step_key for task in change.cancel if task.life_safety] == []
	cancelled = {task.step_key for task in change.cancel}
	assert not cancelled & {
		"check_elevator",
		"comfort_trapped",
		"release_trapped",
		"check_care_unit",
		"clear_to_energise",
	}
	assert {"isolate_fault", "guard_area", "organise_repair"} <= cancelled


def test_nothing_is_taken_away_unless_the_level_changes():
	tasks = _move("II", Situation(), [])
	smaller = Situation(affected={})
	change = difference(expand(plan("II"), smaller.context()), tasks)
	assert (change.cancel, change.reopen) == ([], [])
	assert difference([], tasks) == NOTHING


def test_a_cancelled_task_comes_back_only_by_reclassification():
	tasks = _move("II", Situation(), [])
	fault = next(task for task in tasks if task.step_key == "isolate_fault")
	fault.status = "Cancelled"
	specs = expand(plan("II"), Situation().context())
	assert difference(specs, tasks).reopen == []
	assert [task for task, _ in difference(specs, tasks, reclassify=True).reopen] == [fault]


def test_a_wider_outage_adds_only_what_is_new():
	tasks = _move("II", Situation(affected={"elevator": ("elevator 1",)}), [])
	change = difference(expand(plan("II"), Situation(affected={"elevator": EVERYTHING["elevator"]}).context()), tasks)
	assert [(spec.step.key, spec.subject.name) for spec in change.add] == [("check_elevator", "elevator 2")]


def test_further_rounds_stand_and_fall_with_the_first():
	specs = expand(plan("I"), Situation().context())
	call = next(spec for spec in specs if spec.step.key == "call_supplier")
	first, second = task_for(call, status="Done"), task_for(replace(call, round=2))
	assert [task for task, _ in difference([call], [first, second], reclassify=True).keep] == [first, second]
	assert difference([], [first, second], reclassify=True).cancel == [second]
	second.status = "Cancelled"
	assert difference([call], [first, second], reclassify=True).reopen == [(second, call)], (
		"or it would come round no more"
	)


AGAIN = (
	("affected_node", NODE_1, 60),
	("elevator", "elevator 1", 60),
	("guarded_area", "guarded_area 1", 60),
	("care_unit", "care_unit 1", 60),
)
REPAIR = {"reported": 0, "confirmed": 20}


def _ended(tasks: list, at: int, status: str = "Done") -> list:
	for task in tasks:
		if task.is_open:
			task.status, task.ended_at = status, minute(at)
	return tasks


@pytest.mark.parametrize("status", ["Done", "Skipped"])
def test_what_goes_dark_again_gets_a_further_round_of_its_own_steps(status):
	now = Situation(reached=REPAIR)
	tasks = _ended(_move("II", now, []), 50, status)
	change = difference(expand(plan("II"), replace(now, again=AGAIN).context()), tasks)
	assert {(spec.step.key, spec.subject.name, spec.round) for spec in change.add} == {
		("clear_to_energise", NODE_1, 2),
		("check_elevator", "elevator 1", 2),
		("guard_area", "guarded_area 1", 2),
		("check_care_unit", "care_unit 1", 2),
	}
	assert {spec.anchor_at for spec in change.add} == {minute(60)}
	tasks = carry_out(change, tasks)
	assert difference(expand(plan("II"), replace(now, again=AGAIN).context()), tasks).add == []
	third = replace(now, again=[(kind, name, 90) for kind, name, _at in AGAIN])
	assert difference(expand(plan("II"), third.context()), tasks).add == [], "a step that is still open serves for both"
	assert {spec.round for spec in difference(expand(plan("II"), third.context()), _ended(tasks, 80)).add} == {3}


def test_a_step_that_ended_after_supply_went_again_counts():
	now = Situation(reached=REPAIR, again=AGAIN)
	tasks = _ended(_move("II", now, []), 61)
	assert difference(expand(plan("II"), now.context()), tasks).add == []
	tasks = _ended(_move("II", now, []), 60)
	assert difference(expand(plan("II"), now.context()), tasks).add, "in the same minute it was for the time before"


def test_planned_work_says_anew_that_nobody_is_in_danger_when_anything_goes_again():
	now = Situation(reached={"reported": 0, **PLANNED})
	tasks = _ended(_move("III", now, []), 50)
	context = replace(now.context(), again={("", ""): minute(60), ("Property Asset", "elevator 1"): minute(60)})
	assert [spec.step.key for spec in difference(expand(plan("III"), context), tasks).add] == ["announce_energising"]


def test_people_trapped_again_are_talked_to_and_released_again():
	now = Situation(called=CALLS[1])
	tasks = _ended(_move("II", now, []), 30)
	key = "Property Asset", "elevator 1"
	for at, rounds in ((30, []), (31, [2, 2])):
		said = {("comfort_trapped", *key): minute(at), ("release_trapped", *key): minute(at)}
		change = difference(expand(plan("II"), replace(now.context(), added=said)), tasks)
		assert [spec.round for spec in change.add] == rounds


def test_a_manned_post_stays_whatever_the_level_and_is_not_asked_for_twice():
	now = Situation(reached={"reported": 0, **PLANNED})
	tasks = _move("III", now, [])
	for task in tasks:
		if task.held_until and task.subject != "security_point 2":
			task.status = "On Post"
	change = difference(expand(plan("II"), now.context()), tasks, reclassify=True)
	assert [task.key[:3] for task in change.cancel if task.held_until] == [
		("staff_post_planned", "Property Asset", "security_point 2")
	]
	asked = [spec.subject.name for spec in change.add if spec.step.key == "staff_post"]
	assert asked == ["security_point 2"]
	tasks = carry_out(change, tasks)
	guard = next(task for task in tasks if task.subject == "security_point 1" and task.status == "On Post")
	for status in ("Open", "Done"):  # left for danger, and later released
		guard.status = status
		assert difference(expand(plan("II"), now.context()), tasks).add == []


def test_after_restoration_another_level_asks_for_nothing_that_only_the_dark_needs():
	now = Situation(reached={"reported": 0})
	tasks = _move("II", now, [])
	light = replace(now, reached={"reported": 0, "restored": 50}, back={NODE_1: 50, NODE_2: 50})
	change = difference(expand(plan("I"), light.context()), tasks, reclassify=True)
	assert not {spec.step.key for spec in change.add} & {"isolate_incoming", "call_supplier", "call_account_manager"}
	assert "patrol_area" in {task.step_key for task, _ in change.keep}
	planned = _move("III", Situation(reached={"reported": 0, **PLANNED}), [])
	lives = difference(expand(plan("I"), light.context()), planned, reclassify=True).add
	assert {"check_elevator", "check_care_unit"} <= {spec.step.key for spec in lives}
	tasks = carry_out(change, tasks)
	back = difference(expand(plan("II"), light.context()), tasks, reclassify=True)
	assert back.reopen == []


moves = st.lists(
	st.one_of(
		st.tuples(st.just("reclassify"), st.sampled_from(LEVELS)),
		st.tuples(
			st.just("end one"), st.integers(0, 60), st.sampled_from(["Done", "Skipped", "Acknowledged", "On Post"])
		),
		st.tuples(st.just("it goes on"), situations),
		st.tuples(st.just("again"), st.none()),
	),
	max_size=8,
)


@given(st.sampled_from(LEVELS), situations, moves)
def test_whatever_happens_the_task_set_follows_the_level_and_keeps_what_was_done(level, now, moves):
	tasks = _move(level, now, [], reclassify=False)
	for move in moves:
		was = {task.key: task.status for task in tasks}
		# a clearance gives way to that of another level
		life = {task.key for task in tasks if task.is_open and task.life_safety and task.gate != "energise"}
		if move[0] == "end one":
			for task in tasks[move[1] : move[1] + 1]:
				if task.is_open and (move[2] != "On Post" or task.held_until):
					task.status = move[2]
			continue
		if move[0] == "reclassify":
			level = move[1]
			tasks = _move(level, now, tasks)
			specs = {spec.key: spec for spec in expand(plan(level), now.context())}
			posts = {task.key[1:3] for task in tasks if task.held_until and task.key not in specs and task.subject}
			held = {key for key, spec in specs.items() if spec.step.held_until and key[1:3] in posts}
			assert _asked(level, now) - held <= _in_force(tasks)
			assert all(
				task.status in ("Done", "Skipped", "Cancelled", "On Post") or task.life_safety
				for task in tasks
				if task.key not in specs
			)
			wanted = expand(plan(level), now.context())
			assert _nothing_to_do(difference(wanted, tasks, reclassify=True, steps=plan(level)))
		else:
			now = move[1] or now
			tasks = _move(level, now, tasks, reclassify=False)
			assert {task.key: task.status for task in tasks if task.key in was} == was
		now_is = {task.key: task.status for task in tasks}
		assert len(now_is) == len(tasks)
		assert all(now_is[key] == status for key, status in was.items() if status in ("Done", "Skipped", "On Post"))
		assert all(now_is[key] == was[key] for key in life)
		assert difference(expand(plan(level), now.context()), tasks).add == []
