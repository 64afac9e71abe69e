"""Which tasks an outage has: for each step of the three plans, where it comes out and where it does not."""

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outage_response.domain.plan_expansion import Difference, Subject, added_by, dedupe_key, difference, expand
from outage_response.domain.step_definitions import Step
from outage_response.domain.who_gets_a_task import duty_rules, to_duty_electrician

from .oracle import LINES, comes_out_for, department_of, line
from .world import EVERYTHING, LEVELS, SWITCHES, TYPES, Situation, carry_out, minute, plan, procedure, step, task_for

STEPS = [pytest.param(level, line, id=f"{level}-{line.key}") for line in LINES for level in line.levels.split()]

# ------------------------------------------------------------------------------------------------ the grid
PLANNED = {"planned_start": 600, "planned_end": 840}
NODE_1, NODE_2 = EVERYTHING["affected_node"]
MOMENTS = [
	({}, {}),
	({"reported": 0}, {}),
	({"reported": 0, **PLANNED}, {}),
	({"reported": 0, "confirmed": 20}, {}),
	({"reported": 0, "confirmed": 20}, {NODE_1: 50}),
	({"reported": 0}, {NODE_1: 10}),
	({"reported": 0, "confirmed": 20}, {NODE_1: 10}),
	({"reported": 0, "confirmed": 20, "restored": 90, **PLANNED}, {NODE_1: 50, NODE_2: 90}),
	({"reported": 0, "restored": 10}, {NODE_1: 10, NODE_2: 10}),
	({"reported": 0, "confirmed": 20, "restored": 10}, {NODE_1: 10, NODE_2: 10}),
	({"reported": 0, "confirmed": 10, "restored": 10}, {NODE_1: 10, NODE_2: 10}),
	(
		{"reported": 0, "confirmed": 20, "restored": 90, "stand_down": 120, **PLANNED},
		{NODE_1: 50, NODE_2: 90},
	),
]
RESCUE = ("comfort_trapped", "lock_off_elevator", "release_trapped", "call_rescue_service")
CALLS = [
	(),
	tuple((key, "elevator 1") for key in RESCUE),
	(("repair_backup", "critical_room 2"),),
	(("release_trapped", "elevator 9"),),  # not one of the affected ones
]
AFFECTED = [
	{},
	EVERYTHING,
	*({kind: names} for kind, names in EVERYTHING.items()),
	*({kind: names for kind, names in EVERYTHING.items() if kind != missing} for missing in EVERYTHING),
]
KEPT = [(), ("security_point 1",), EVERYTHING["security_point"]]
GRID = [
	*(
		Situation(kind, off, households, planner, kept=kept, reached=reached, back=back)
		for kind, off, households, planner, kept, (reached, back) in product(
			("Residential Community", "Tower"),
			(False, True),
			(0, 49, 50, 2000),
			("", "Supplier", "Property"),
			KEPT,
			MOMENTS,
		)
	),
	*(
		Situation(kind, affected=affected, reached=reached, back=back, called=called)
		for kind, affected, (reached, back), called in product(
			("Residential Community", "Tower"), AFFECTED, MOMENTS, CALLS
		)
	),
]


def _came_out(level: str, now: Situation) -> dict[str, list[tuple[str, str]]]:
	found: dict[str, list[tuple[str, str]]] = {}
	for spec in expand(plan(level), now.context()):
		found.setdefault(spec.step.key, []).append((spec.subject.name, spec.department))
	return found


@cache
def _over_the_grid(level: str) -> list[dict[str, list[tuple[str, str]]]]:
	return [_came_out(level, now) for now in GRID]


@pytest.mark.parametrize(("level", "line"), STEPS)
def test_a_step_comes_out_where_the_procedure_asks_for_it_and_nowhere_else(level, line):
	for now, found in zip(GRID, _over_the_grid(level), strict=True):
		wanted = [(name, department_of(line, name)) for name in comes_out_for(line, now)]
		assert sorted(found.get(line.key, [])) == wanted, now


@pytest.mark.parametrize(("level", "line"), STEPS)
def test_every_step_comes_out_somewhere_and_stays_away_somewhere(level, line):
	seen = {line.key in found for found in _over_the_grid(level)}
	assert seen == {True, False}


@pytest.mark.parametrize("level", LEVELS)
def test_the_hand_written_list_names_exactly_the_steps_of_the_plan(level):
	assert {line.key for line in LINES if level in line.levels.split()} == {step.key for step in plan(level)}


situations = st.builds(
	Situation,
	property_type=st.sampled_from(["Residential Community", "Tower"]),
	off_hours=st.booleans(),
	households=st.integers(0, 100),
	planned_by=st.sampled_from(["", "Supplier", "Property"]),
	affected=st.fixed_dictionaries(
		{},
		optional={kind: st.sets(st.sampled_from([f"{kind} {n}" for n in (1, 2, 3)])).map(tuple) for kind in TYPES},
	),
	kept=st.sets(st.sampled_from([f"security_point {n}" for n in (1, 2, 3)])).map(tuple),
	reached=st.dictionaries(
		st.sampled_from(["reported", "confirmed", "restored", "stand_down", *PLANNED]), st.integers(0, 9)
	),
	back=st.dictionaries(st.sampled_from([f"affected_node {n}" for n in (1, 2, 3)]), st.integers(0, 9)),
	called=st.sets(
		st.one_of(
			st.tuples(st.sampled_from(RESCUE), st.sampled_from(["elevator 1", "elevator 2"])),
			st.tuples(st.just("repair_backup"), st.sampled_from(["critical_room 1", "critical_room 2"])),
		)
	).map(tuple),
	guards=st.integers(0, 9),
)


@given(st.sampled_from(LEVELS), situations)
def test_any_situation_has_the_tasks_of_the_hand_written_list(level, now):
	wanted = {
		line.key: [(name, department_of(line, name)) for name in names]
		for line in LINES
		if level in line.levels.split() and (names := comes_out_for(line, now))
	}
	assert {key: sorted(found) for key, found in _came_out(level, now).items()} == wanted


@given(st.sampled_from(LEVELS), situations)
def test_the_task_set_is_a_function_of_plan_and_situation(level, now):
	specs = expand(plan(level), now.context())
	assert specs == expand(plan(level), now.context())
	assert max(Counter(spec.key for spec in specs).values(), default=1) == 1
	backwards = replace(now, affected=dict(reversed([(kind, names[::-1]) for kind, names in now.affected.items()])))
	assert {spec.key for spec in expand(plan(level), backwards.context())} == {spec.key for spec in specs}


# ------------------------------------------------------------------------------------------------ single rules
@pytest.mark.parametrize("level", ["I", "II"])
def test_every_department_has_its_steps_from_the_first_report(level):
	"""Clause 8.2.5: in an emergency nobody waits until the control room has passed the word on."""
	found = {spec.department for spec in expand(plan(level), Situation().context())}
	assert {"control_room", "engineering", "customer_service", "security", "elevator_contractor"} <= found


def test_planned_steps_exist_from_the_declaration():
	keys = {spec.step.key for spec in expand(plan("III"), Situation(reached={"reported": 0, **PLANNED}).context())}
	assert keys == {line.key for line in LINES if line.exists_from.startswith("planned")}


def test_an_asset_of_which_nothing_is_known_counts_as_unprotected():
	door = Subject("Property Asset", "door")
	context = replace(Situation().context(), subjects={"security_point": (door,)})
	assert [spec.subject for spec in expand(plan("I"), context) if spec.step.key == "staff_post"] == [door]


def test_with_no_guarded_area_the_property_itself_is_guarded_once():
	found = [s.subject for s in expand(plan("II"), Situation(affected={}).context()) if s.step.key == "guard_area"]
	assert [(subject.type, subject.name) for subject in found] == [("Managed Property", "The Property")]


@pytest.mark.parametrize(
	("guards", "required"), [(0, True), (3, True), (4, False), (9, False)], ids=lambda value: str(value)
)
def test_the_reserve_is_required_only_with_more_posts_than_guards(guards, required):
	"""Two areas and two security points are four posts (clause 5.1.4: the reserve is called when necessary)."""
	specs = expand(plan("I"), Situation(guards=guards).context())
	reserve = next(spec for spec in specs if spec.step.key == "call_security_reserve")
	assert reserve.optional is not required
	assert next(spec for spec in specs if spec.step.key == "first_word").optional is False


def test_being_short_of_guards_makes_no_other_optional_step_required():
	specs = expand(plan("I"), Situation(guards=0, reached={"reported": 0, "confirmed": 5}).context())
	assert {spec.step.key for spec in specs if spec.optional} == {"assist_repair"}


def test_the_shaft_check_lists_its_own_switches_and_the_access_check_every_affected_door():
	now = Situation(reached={"reported": 0, "restored": 9})
	lists = {spec.key[:3]: spec.checklist for spec in expand(plan("II"), now.context())}
	assert lists["check_shaft", "Power Node", "shaft 1"] == SWITCHES
	assert lists["check_shaft", "Power Node", "shaft 2"] == ()
	assert [door.name for door in lists["check_access_control", "", ""]] == ["security_point 1", "security_point 2"]
	assert lists["check_fire_security", "", ""] == ()


@pytest.mark.parametrize(
	("key", "outcome", "adds"),
	[
		("check_elevator", "empty", ()),
		("check_elevator", "trapped", RESCUE),
		("check_elevator", "isolated_and_handed_to_contractor", ()),
		("check_backup_power", "switched_over", ()),
		("check_backup_power", "failed", ("repair_backup",)),
		("release_trapped", "released", ()),
		("first_word", "", ()),
	],
)
def test_an_outcome_calls_for_the_steps_that_it_names(key, outcome, adds):
	assert added_by(step("II", key), outcome) == adds


@pytest.mark.parametrize(
	("per", "said", "subjects"),
	[
		("once", {("more", "Property Asset", "elevator 1"): 5, ("more", "Property Asset", "elevator 2"): 7}, {"": 7}),
		("elevator", {("more", "", ""): 5}, {"elevator 1": 5, "elevator 2": 5}),
		("elevator", {("more", "Property Asset", "elevator 2"): 5}, {"elevator 2": 5}),
		(
			"elevator",
			{("more", "", ""): 5, ("more", "Property Asset", "elevator 2"): 9},
			{"elevator 1": 5, "elevator 2": 9},
		),
		("elevator", {("other", "", ""): 5}, {}),
	],
)
def test_an_outcome_reaches_from_the_whole_to_each_thing_and_from_a_thing_to_the_whole(per, said, subjects):
	"""Each thing once, and what is done once a single time, whatever how many ask for it."""
	more = Step("more", "Protect", 1, "engineering", per, "reported", on_outcome=True)
	added = {key: minute(at) for key, at in said.items()}
	specs = expand([more], replace(Situation().context(), added=added))
	assert {spec.subject.name: spec.since for spec in specs} == {name: minute(at) for name, at in subjects.items()}


def test_the_duty_electrician_rule_covers_unplanned_outages_of_towers_off_hours():
	"""Clause 6.1 is a rule of assignment and not a step."""
	(row,) = procedure()["assignment"]
	assert row["clauses"] == ["6.1"]
	rules = duty_rules([row])
	for duty, kind, property_type, off_hours in product(
		("Repairs", "Guards"), ("External", "Internal", "Planned"), ("Tower", "Residential Community"), (True, False)
	):
		wanted = (duty, property_type, off_hours) == ("Repairs", "Tower", True) and kind != "Planned"
		assert to_duty_electrician(rules, duty, kind, property_type, off_hours) is wanted
	assert not to_duty_electrician([], "Repairs", "Internal", "Tower", True)


def test_tasks_of_different_things_have_different_identities():
	keys = [
		dedupe_key("OUT-1", "check", "Power Node", "A"),
		dedupe_key("OUT-1", "check", "Power Node", "B"),
		dedupe_key("OUT-1", "check", "Property Asset", "A"),
		dedupe_key("OUT-1", "check", "Power Node", "A", 2),
		dedupe_key("OUT-2", "check", "Power Node", "A"),
		dedupe_key("OUT-1", "checkP", "ower Node", "A"),
	]
	assert len(set(keys)) == len(keys)
	assert keys[0] == dedupe_key("OUT-1", "check", "Power Node", "A", 1)


# ------------------------------------------------------------------------------------------------ difference
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


def test_the_list_has_one_line_per_step():
	assert len({line.key for line in LINES}) == len(LINES)
	assert line("check_shaft").levels == "I II III"


@pytest.mark.parametrize("level", ["I", "II"])
def test_no_rescue_waits_for_a_walk_and_no_guard_is_called_off_a_post_for_it(level):
	rescue = [one for one in plan(level) if one.rescue_part or "trapped" in one.outcomes]
	parts = {one.key for one in rescue}
	assert len(parts) == len(RESCUE) + 1
	for one in rescue:
		assert set(one.after) <= parts
		assert one.department != "security"
		assert one.priority == 0
	assert all(one.priority > 0 for one in plan(level) if one.department == "security")
