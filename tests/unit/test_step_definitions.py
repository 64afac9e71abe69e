"""Plans: the three shipped ones make sense, and one that does not is refused by naming step and field."""

from dataclasses import replace

import pytest

from outage_response.domain.errors import RuleError
from outage_response.domain.plan_checks import check_plan
from outage_response.domain.step_definitions import MEANINGS, Outcome, Step, new_key, read_keys, steps_for_level, typed

from .world import LEVELS, plan, procedure, step

DEPARTMENTS = ("control_room", "engineering")


def a_step(key: str = "one", **values) -> Step:
	fields = {
		"phase": "Alert",
		"priority": 1,
		"department": "engineering",
		"per": "once",
		"anchor": "reported",
		"title_en": "One",
	}
	return Step(key, **{**fields, **values})


@pytest.mark.parametrize("level", LEVELS)
def test_the_shipped_plans_pass(level):
	check_plan(list(plan(level)), procedure()["departments"])


@pytest.mark.parametrize("level", LEVELS)
def test_every_shipped_step_says_what_when_and_why_in_both_languages(level):
	for s in plan(level):
		assert s.title_en, s.key
		assert s.title_zh, s.key
		assert s.clauses, s.key
		assert s.minutes is not None or s.due_at_etr or set(s.minutes_by_planner) == {"Supplier", "Property"}, s.key
		assert s.origin in ("clause", "derived", "practice"), s.key
		assert 0 <= s.priority <= 3, s.key


@pytest.mark.parametrize("level", LEVELS)
def test_a_step_that_waits_for_an_outcome_is_named_by_one_and_no_other_is(level):
	named = {key for s in plan(level) for outcome in s.outcomes.values() for key in outcome.adds}
	assert named == {s.key for s in plan(level) if s.on_outcome}


def test_every_row_of_the_procedure_is_in_a_plan_and_every_column_is_known():
	known = [
		"key",
		"levels",
		"clauses",
		"origin",
		"phase",
		"priority",
		"department",
		"per",
		"at_least_once",
		"checklist",
		"when",
		"anchor",
		"minutes",
		"by_planner",
		"gate",
		"defect_gate",
		"held_until",
		"life_safety",
		"optional",
		"required_when",
		"on_outcome",
		"outcomes",
		"after",
		"after_level",
		"checks",
		"read_back_by",
		"repeat_minutes",
		"repeat_until",
		"completes_with",
		"evidence",
		"calls",
		"rescue_part",
		"residents",
		"en",
		"zh",
	]
	for row in procedure()["steps"]:
		assert set(row) <= set(known), row["key"]
		assert set(row["levels"]) <= set(LEVELS), row["key"]
		for key, outcome in row.get("outcomes", {}).items():
			assert set(outcome) <= {"en", "zh", "means", "adds"}, (row["key"], key)
			assert outcome["en"] and outcome["zh"], (row["key"], key)
		assert row["levels"], row["key"]


def test_only_level_one_rests_on_the_part_of_the_procedure_that_is_missing():
	"""The company's text ends inside 8.3: what cites only that clause is marked as derived or practice."""
	for row in procedure()["steps"]:
		if row["clauses"] == ["8.3"]:
			assert row["levels"] == ["I"], row["key"]
		if "8.3" in row["clauses"]:
			assert row.get("origin") in ("derived", "practice"), row["key"]


def test_a_row_is_read_column_by_column():
	clear = step("II", "clear_to_energise")
	assert (clear.due_at_etr, clear.minutes, clear.gate, clear.read_back_by) == (True, None, "energise", "control_room")
	assert clear.after == ("organise_repair",)
	notify = step("III", "notify_households")
	assert (notify.minutes_by_planner, notify.completes_with) == ({"Supplier": -10080, "Property": -1440}, "notices")
	assert step("I", "call_account_manager").when_min_households == 50
	assert step("I", "staff_post").when_unprotected
	assert step("I", "check_shaft").when_property_type == "Tower"
	assert step("I", "check_shaft").defect_gate == "stand_down"
	assert (step("I", "check_backup_power").department, step("I", "check_backup_power").evidence) == ("", "reading")
	assert step("I", "start_backup_supply").after == ("isolate_incoming",)
	assert step("II", "start_backup_supply").after == ("isolate_fault",)
	assert (step("I", "call_supplier").repeat_minutes, step("I", "call_supplier").repeat_until) == (30, "etr")
	assert step("I", "guard_area").held_until == "stand_down"
	assert step("I", "check_elevator").outcomes["trapped"].adds == (
		"comfort_trapped",
		"lock_off_elevator",
		"release_trapped",
		"call_rescue_service",
	)


def test_conditions_of_planner_and_hours_are_read():
	row = {**procedure()["steps"][0], "when": {"planned_by": "supplier", "off_hours": False}}
	(read,) = steps_for_level([row], "I")
	assert (read.when_planned_by, read.when_off_hours) == ("Supplier", False)
	assert steps_for_level([row], "III") == []


@pytest.mark.parametrize(
	("steps", "says"),
	[
		([], "at least one step"),
		([a_step(), a_step()], "Step Key one: used twice"),
		([a_step(department="gardeners")], "Step one, Department: gardeners"),
		([a_step(department="")], "Step one, Department: -"),
		([a_step(department="", per="elevator")], "Step one, Department: -"),
		([a_step(read_back_by="gardeners")], "Step one, Read Back By: gardeners"),
		([a_step(after=("two",))], "Step one, After: there is no step two"),
		([a_step(outcomes={"bad": Outcome(("two",))})], "Step one, Outcomes: there is no step two"),
		([a_step(title_en="")], "Step one, Title"),
		([a_step(outcomes={"bad": Outcome(meaning="sad")})], "Step one, Meaning: sad"),
		([a_step(outcomes={"bad": Outcome(meaning="trapped")})], "Step one, Outcomes: bad cannot mean trapped here"),
		(
			[a_step(per="elevator", rescue_part="talk", outcomes={"out": Outcome(meaning="released")})],
			"with Rescue Part release",
		),
		([a_step(per="elevator", outcomes={"trapped": Outcome()})], "Step one, Outcomes: trapped is a word of the app"),
		(
			[a_step(outcomes={"bad": Outcome(("two",))}), a_step("two")],
			"Step one, Outcomes: two is there from the beginning",
		),
		(
			[
				a_step(per="elevator", outcomes={"bad": Outcome(("two",))}),
				a_step("two", per="generator", on_outcome=True),
			],
			"Step one, Outcomes: two is done per generator",
		),
		([a_step(on_outcome=True)], "Step one, On Outcome Only: no outcome adds it"),
		([a_step(after=("one",))], "one > one"),
		([a_step(after=("two",)), a_step("two", after=("one",))], "one > two > one"),
		(
			[a_step(after=("two",)), a_step("two", after=("three",)), a_step("three", after=("two",))],
			"two > three > two",
		),
		([a_step(phase="Party")], "Step one, Phase: Party"),
		([a_step(per="moon")], "Step one, Per: moon"),
		([a_step(anchor="someday")], "Step one, Anchor: someday"),
		([a_step(gate="garden")], "Step one, Gate: garden"),
		([a_step(defect_gate="garden")], "Step one, Defect Gate: garden"),
		([a_step(evidence="oath")], "Step one, Evidence: oath"),
		([a_step(completes_with="luck")], "Step one, Completes With: luck"),
		([a_step(held_until="dawn")], "Step one, Held Until: dawn"),
		([a_step(required_when="bored")], "Step one, Required When: bored"),
		([a_step(checklist="shopping")], "Step one, Checklist: shopping"),
		([a_step(repeat_minutes=5, repeat_until="dawn")], "Step one, Repeat Until: dawn"),
		([a_step(repeat_minutes=5)], "Step one, Repeat Until: a step that repeats needs an end"),
		([a_step(repeat_minutes=-5, repeat_until="etr")], "Step one, Repeat Until"),
		([a_step(minutes=-1)], "Step one, Minutes"),
		([a_step(minutes_by_planner={"Supplier": -1})], "Step one, Minutes"),
		([a_step(anchor="node_restored")], "Step one, Per: a step that waits for the supply of each node"),
	],
	ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_plan_that_could_not_be_carried_out_is_refused(steps, says):
	with pytest.raises(RuleError) as refused:
		check_plan(steps, DEPARTMENTS)
	assert says in str(refused.value)


@pytest.mark.parametrize(
	"steps",
	[
		[a_step()],
		[a_step(department="", per="critical_room")],
		[a_step(minutes=-30, anchor="planned_start")],
		[a_step(anchor="node_restored", per="affected_node")],
		[a_step("two", after=("one",)), a_step(), a_step("three", after=("one", "two"))],
		[a_step(outcomes={"bad": Outcome(("two",))}), a_step("two", on_outcome=True)],
		[a_step("talk", on_outcome=True, rescue_part="talk", per="elevator")],
	],
)
def test_a_plan_that_can_be_carried_out_is_taken(steps):
	check_plan(steps, DEPARTMENTS)


@pytest.mark.parametrize("level", LEVELS)
def test_a_shipped_plan_that_loses_a_step_others_wait_for_is_refused(level):
	for s in plan(level):
		rest = [other for other in plan(level) if other is not s]
		named = {key for other in rest for outcome in other.outcomes.values() for key in outcome.adds}
		alone = [other.key for other in rest if other.on_outcome and other.key not in named and not other.rescue_part]
		needed = s.key in named or any(s.key in other.after for other in rest)
		if needed or alone:
			with pytest.raises(RuleError, match="|".join([s.key, *alone])):
				check_plan(rest, procedure()["departments"])
		else:
			check_plan(rest, procedure()["departments"])


@pytest.mark.parametrize(
	("words", "taken", "key"),
	[
		("Check the elevator: is anyone inside?", (), "check_the_elevator_is_anyone_inside"),
		("检查电梯（逐部）", (), "检查电梯_逐部"),
		("ＣＡＬＬ　１１９", (), "call_119"),
		("Call 119", ("call_119", "call_119_2"), "call_119_3"),
		("？！", (), "step"),
		("x" * 200, (), "x" * 60),
	],
)
def test_a_key_makes_itself_of_the_words_and_is_nobody_elses(words, taken, key):
	assert new_key(words, taken) == key


def test_an_outcome_is_known_by_what_it_means_in_whatever_words():
	check = a_step(per="elevator", outcomes={"有人": Outcome(meaning="trapped"), "没人": Outcome(meaning="empty")})
	assert (check.meaning("有人"), check.meaning("没人"), check.meaning("?")) == ("trapped", "empty", "")
	assert check.means("trapped") and not check.means("released")
	assert (check.named("trapped"), check.named("有人"), check.named("released"), check.named("")) == (
		"有人",
		"有人",
		"released",
		"",
	)
	assert check.meaning("released") == "released"  # what it has no outcome for is said by its meaning


def test_each_meaning_has_its_place():
	assert {per for per, _part in MEANINGS.values()} == {"elevator", "critical_room", "care_unit"}


def test_a_list_of_keys_is_read_whatever_stands_between_them():
	assert read_keys(" one，two、three；four , ") == ("one", "two", "three", "four")
	assert read_keys(None) == ()


def test_a_step_can_be_changed_without_touching_the_shipped_one():
	changed = replace(step("I", "patrol_area"), minutes=20)
	assert (changed.minutes, step("I", "patrol_area").minutes) == (20, 15)


def test_full_width_letters_and_marks_are_the_plain_ones():
	assert typed(" ｃｈｅｃｋ，１ ") == "check,1"
	assert typed(None) == ""
