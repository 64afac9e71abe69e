"""The code knows what a step, an outcome, a department and a level mean, and none of their names: a company words its own.

Names stand in `setup/`, which makes the shipped plans, and in `patches/`, which know the sites of older versions.
"""

import ast
import re

import pytest

from outage_response.domain.plan_expansion import Context, Subject, expand
from outage_response.domain.plan_gaps import gaps
from outage_response.domain.step_definitions import KINDS, MEANINGS, Outcome, Step

from .test_architecture import APP
from .world import LEVELS, plan, procedure

# what means something to the rules, or is a kind of thing, may bear the same word as a key
VOCABULARY = {*MEANINGS, *KINDS}
# a name that the page of a phone has for a moment, and the words that texts are read by
OTHER_THINGS = {
	("steps_on_phone.py", "contractor_arrived"),
	("triage_words.py", "failed"),
	("triage_outage_words.py", "failed"),
	("template.py", "safe"),
}


def names() -> set[str]:
	"""Every name that the shipped plans give to something."""
	data = procedure()
	found = {*LEVELS, *data["departments"]}
	for row in data["steps"]:
		found |= {row["key"], *row.get("outcomes", ()), *row.get("checks", ())}
	return found - VOCABULARY


def python() -> list[tuple[str, str, int]]:
	files = [path for path in APP.rglob("*.py") if not {"setup", "patches"} & set(path.relative_to(APP).parts)]
	return [
		(path.name, node.value, node.lineno)
		for path in files
		for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
		if isinstance(node, ast.Constant) and isinstance(node.value, str)
	]


def scripts() -> list[tuple[str, str, int]]:
	files = [path for path in APP.rglob("*.js") if not {"dist", "node_modules"} & set(path.relative_to(APP).parts)]
	return [
		(path.name, found[1], number)
		for path in files
		for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
		for found in re.finditer(r"""["'`](\w+)["'`]""", line)
	]


@pytest.mark.parametrize("read", [python, scripts])
def test_no_name_of_a_plan_stands_in_the_code(read):
	known, found = names(), read()
	assert len(known) > 60
	assert len(found) > 1000
	assert [one for one in found if one[1] in known and one[:2] not in OTHER_THINGS] == []


def test_what_belongs_to_no_department_goes_to_the_one_for_repairs():
	room = Subject("Property Asset", "room")
	step = Step("look", "Protect", 1, "", "critical_room", "reported")
	context = Context(
		Subject(), "Tower", subjects={"critical_room": (room,)}, anchors={"reported": 0}, repairs="工程组"
	)
	assert [spec.department for spec in expand([step], context)] == ["工程组"]


# ---------------------------------------------------------------- what a plan leaves out is said


@pytest.mark.parametrize("level", LEVELS)
def test_the_shipped_plans_leave_nothing_out(level):
	assert gaps(plan(level), planned=level == "III") == []


def without(level: str, **changes) -> list[str]:
	"""What is missing in a shipped plan in which every outcome, or step, was changed so."""
	outcome = changes.pop("outcome", {})
	steps = []
	for step in plan(level):
		values = {**vars(step), **changes}
		values["outcomes"] = {key: Outcome(**{**vars(one), **outcome}) for key, one in step.outcomes.items()}
		steps.append(Step(**values))
	return [text for text, _step in gaps(steps, planned=False)]


@pytest.mark.parametrize(
	("changes", "words"),
	[
		({"outcome": {"meaning": ""}}, ("starts no rescue", "freed", "backup failed", "cared for")),
		({"rescue_part": ""}, ("told to free people", "lock an elevator off")),
		({"residents_en": "", "residents_zh": ""}, ("shows no work",)),
		({"completes_with": ""}, ("called back", "report", "tell residents")),
		({"gate": ""}, ("nobody's word",)),
	],
)
def test_each_thing_that_will_not_happen_is_said(changes, words):
	said = " ".join(without("II", **changes))
	for word in words:
		assert word in said
