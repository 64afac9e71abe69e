"""What will not happen with a plan is said when it is saved."""

from dataclasses import replace

import pytest

from outage_response.domain.plan_gaps import gaps
from outage_response.domain.step_definitions import Outcome, Step

from .world import LEVELS, plan

CHECK = Step(
	"check",
	"Assess",
	0,
	"engineering",
	"elevator",
	"reported",
	"Look",
	outcomes={"in": Outcome(meaning="trapped"), "out": Outcome(meaning="empty")},
)
FREE = replace(
	CHECK, key="free", title_en="Free them", rescue_part="release", outcomes={"f": Outcome(meaning="released")}
)
LOCK = replace(CHECK, key="lock", rescue_part="lock_off", outcomes={})
ROOM = replace(
	CHECK,
	key="room",
	title_en="Read",
	per="critical_room",
	evidence="reading",
	outcomes={"x": Outcome(meaning="backup_failed")},
)
CARE = replace(CHECK, key="care", title_en="Visit", per="care_unit", outcomes={"x": Outcome(meaning="cared_for")})
ONCE = replace(CHECK, per="once", outcomes={})
CLEAR = replace(ONCE, key="clear", gate="energise", life_safety=True, checks=("all_out",))
TELL = replace(ONCE, key="tell", completes_with="notices", residents_en="We told you.")
CALL = replace(ONCE, key="call", completes_with="callbacks")
FILE = replace(ONCE, key="file", completes_with="report")
WHOLE = [CHECK, FREE, LOCK, ROOM, CARE, CLEAR, TELL, CALL, FILE]


def said(steps, *, planned: bool = False) -> list[tuple[str, str]]:
	"""The first words of each gap, and the step that it is about."""
	return [(text.partition(":")[0], title) for text, title in gaps(steps, planned=planned)]


def changed(step: Step, **values) -> list[Step]:
	return [replace(one, **values) if one is step else one for one in WHOLE]


@pytest.mark.parametrize("level", LEVELS)
def test_the_shipped_plans_leave_nothing_out(level):
	assert gaps(plan(level), planned=level == "III") == []


def test_a_whole_plan_leaves_nothing_out():
	assert said(WHOLE) == []


@pytest.mark.parametrize(
	("step", "values", "gap", "about"),
	[
		(CHECK, {"outcomes": {"out": Outcome(meaning="empty")}}, "No outcome means that people are in an elevator", ""),
		(CHECK, {"outcomes": {"in": Outcome(meaning="trapped")}}, "{step}", "Look"),
		(FREE, {"rescue_part": "", "outcomes": {}}, "No step has the Rescue Part release", ""),
		(LOCK, {"rescue_part": ""}, "No step has the Rescue Part lock_off", ""),
		(FREE, {"outcomes": {"f": Outcome()}}, "{step}", "Free them"),
		(ROOM, {"outcomes": {"x": Outcome()}}, "{step}", "Read"),
		(CARE, {"outcomes": {}}, "{step}", "Visit"),
		(
			CLEAR,
			{"gate": "close"},
			"No step clears supply to be switched on (gate energise, life safety, with checks)",
			"",
		),
		(
			CLEAR,
			{"life_safety": False},
			"No step clears supply to be switched on (gate energise, life safety, with checks)",
			"",
		),
		(
			CLEAR,
			{"checks": ()},
			"No step clears supply to be switched on (gate energise, life safety, with checks)",
			"",
		),
		(TELL, {"completes_with": ""}, "No step completes with notices", ""),
		(TELL, {"residents_en": ""}, "No step tells residents anything", ""),
		(CALL, {"completes_with": ""}, "No step completes with callbacks", ""),
		(FILE, {"completes_with": ""}, "No step completes with the report", ""),
	],
)
def test_what_a_plan_leaves_out_is_said_once(step, values, gap, about):
	assert said(changed(step, **values)) == [(gap, about)]


@pytest.mark.parametrize("step", [ROOM, CARE])
def test_what_is_no_such_step_needs_no_such_outcome(step):
	assert said(changed(step, per="once", outcomes={})) == []


def test_a_room_that_is_only_looked_at_gives_no_reading():
	assert said(changed(ROOM, evidence="note", outcomes={})) == []


@pytest.mark.parametrize(
	"values",
	[
		{"residents_en": "", "residents_zh": "已告知"},
		{"residents_en": "", "outcomes": {"x": Outcome(residents_en="Done.")}},
		{"residents_en": "", "outcomes": {"x": Outcome(residents_zh="好了")}},
	],
)
def test_residents_are_told_in_either_language_by_a_step_or_an_outcome(values):
	assert said(changed(TELL, **values)) == []


def test_of_planned_work_only_the_clearance_and_the_notices_are_asked_for():
	assert said([CLEAR, TELL], planned=True) == []
	assert len(said([ONCE], planned=True)) == 2
