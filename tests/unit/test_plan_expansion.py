"""Which tasks an outage has: for each step of the three plans, where it comes out and where it does not."""

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outage_response.domain.plan_expansion import Subject, added_by, dedupe_key, expand
from outage_response.domain.step_definitions import Step
from outage_response.domain.who_gets_a_task import duty_rules, to_duty_electrician

from .oracle import LINES, comes_out_for, department_of, line
from .situations import CALLS, NODE_1, NODE_2, PLANNED, RESCUE, situations
from .world import EVERYTHING, LEVELS, SWITCHES, Situation, minute, plan, procedure, step

STEPS = [pytest.param(level, line, id=f"{level}-{line.key}") for line in LINES for level in line.levels.split()]


# ---------------------------------------------------------------- the grid
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


# ---------------------------------------------------------------- single rules


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


# ---------------------------------------------------------------- the list itself


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
