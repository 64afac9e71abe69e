"""Shipped plans: every version is known again, and what sets two plans apart is found."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import outage_response
from outage_response.domain.shipped_plan_marks import difference, fingerprint
from outage_response.domain.step_definitions import Outcome, Step

from .world import LEVELS, PROCEDURE, plan

SHIPPED = PROCEDURE.with_name("shipped_plans.yaml")


def entries() -> dict[str, list[dict]]:
	return yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))


# ---------------------------------------------------------------- what has been shipped


@pytest.mark.parametrize("level", LEVELS)
def test_the_plan_of_the_procedure_file_is_listed(level):
	"""Else a site that gets it by this version would count as edited at the next one."""
	now = fingerprint(plan(level))
	line = f"  - {{date: {date.today()}, app: {outage_response.__version__}, fingerprint: {now}}}"
	listed = [row["fingerprint"] for row in entries()[level]]
	assert now in listed, (
		f"The plan of level {level} has changed. Add this line at the end of {level}: in {SHIPPED.name}:\n{line}"
	)


def test_the_list_names_each_version_once_with_its_date():
	assert list(entries()) == list(LEVELS)
	for level, rows in entries().items():
		listed = [row["fingerprint"] for row in rows]
		assert len(set(listed)) == len(listed), level
		assert all(len(one) == 64 and int(one, 16) for one in listed), level
		days = [row["date"] for row in rows]
		assert days == sorted(days), level
		assert all(row["app"] for row in rows), level


def test_the_first_versions_stay_listed():
	"""Those of the first release. They are written down here so that no rule of the fingerprint is changed unawares."""
	first = {level: rows[0]["fingerprint"][:8] for level, rows in entries().items()}
	assert first == {"I": "39aab4ef", "II": "44829872", "III": "243232d0"}


# ---------------------------------------------------------------- the fingerprint

A_STEP = Step("one", "Alert", 1, "engineering", "once", "reported", title_en="One", minutes=5)
# what an edit may do to a step
EDITS: tuple[Mapping[str, Any], ...] = (
	{},
	{"minutes": 7},
	{"minutes": None},
	{"minutes": 0},
	{"optional": True},
	{"title_zh": "一"},
	{"outcomes": {"yes": Outcome(("two",)), "no": Outcome()}},
	{"outcomes": {"yes": Outcome(("two",), meaning="trapped"), "no": Outcome(zh="没有")}},
	{"minutes_by_planner": {"Supplier": -10}},
	{"when_off_hours": False},
	{"after": ("two", "three")},
	{"after": ("two, three",)},
	{"evidence": "photo"},
)
PLANS = st.lists(
	st.tuples(st.sampled_from("abcde"), st.sampled_from(EDITS)), max_size=5, unique_by=lambda one: one[0]
).map(lambda drawn: [replace(A_STEP, key=key, **edit) for key, edit in drawn])


@given(PLANS, PLANS)
def test_two_plans_have_one_fingerprint_if_they_say_the_same(one, other):
	assert (fingerprint(one) == fingerprint(other)) == (one == other)


def test_it_does_not_depend_on_how_a_mapping_is_written():
	forth = replace(A_STEP, outcomes={"yes": Outcome(("two",)), "no": Outcome()})
	back = replace(A_STEP, outcomes={"no": Outcome(), "yes": Outcome(("two",))})
	assert forth == back
	assert fingerprint([forth]) == fingerprint([back])


def test_a_field_that_comes_later_leaves_old_plans_as_they_are():
	@dataclass(frozen=True)
	class Later(Step):
		rescue: str = ""
		weight: int = 0
		words: tuple[str, ...] = ()
		kind: str = "none"

	def later(**values) -> Later:
		return Later("one", "Alert", 1, "engineering", "once", "reported", title_en="One", minutes=5, **values)

	assert fingerprint([later()]) == fingerprint([A_STEP])
	assert fingerprint([later(rescue="comfort")]) != fingerprint([A_STEP])


# ---------------------------------------------------------------- the difference


def row(step_key: str, **values: Any) -> dict[str, Any]:
	return {"step_key": step_key, "minutes": "5", "gate": "", **values}


ROWS = st.lists(
	st.tuples(st.sampled_from("abcdefg"), st.sampled_from(("", "5", "7")), st.sampled_from(("", "close"))),
	max_size=7,
	unique_by=lambda one: one[0],
).map(lambda drawn: [row(key, minutes=minutes, gate=gate) for key, minutes, gate in drawn])


@given(ROWS, ROWS)
def test_the_difference_leads_from_one_plan_to_the_other(before, after):
	found = difference(before, after)
	old, new = ({one["step_key"]: one for one in rows} for rows in (before, after))
	assert bool(found) == (before != after)
	assert (set(old) | set(found.added)) - set(found.removed) == set(new)
	for key in set(old) & set(new):
		changed = found.changed.get(key, {})
		assert {**old[key], **{field: values[1] for field, values in changed.items()}} == new[key]
		assert all(values == (old[key][field], new[key][field]) for field, values in changed.items())
		assert all(values[0] != values[1] for values in changed.values())
	touched = {*found.added, *found.removed, *found.moved}
	assert [key for key in old if key not in touched] == [key for key in new if key not in touched]


@given(ROWS, ROWS)
def test_there_and_back_it_is_the_same_the_other_way_round(before, after):
	there, back = difference(before, after), difference(after, before)
	assert (there.added, there.removed) == (back.removed, back.added)
	turned = {key: {field: values[::-1] for field, values in changed.items()} for key, changed in back.changed.items()}
	assert there.changed == turned


def test_each_kind_by_itself():
	before = [row("a"), row("b"), row("c"), row("d")]
	assert not difference(before, [dict(one) for one in before])
	assert difference(before, before[1:]).removed == ("a",)
	assert difference(before[1:], before).added == ("a",)
	assert difference(before, [*before[1:], before[0]]).moved == ("a",)
	changed = difference(before, [*before[:3], row("d", minutes="9", gate="close")])
	assert changed.changed == {"d": {"minutes": ("5", "9"), "gate": ("", "close")}}
	assert not changed.added + changed.removed + changed.moved


def test_the_plans_of_two_levels():
	"""Real rows: what both ask for alike is in none of the groups."""
	one, two = ([{"step_key": step.key, "minutes": step.minutes} for step in plan(level)] for level in ("I", "II"))
	found = difference(one, two)
	assert "isolate_fault" in found.added
	assert "call_supplier" in found.removed
	assert not {"check_elevator", "guard_area"} & {*found.added, *found.removed, *found.changed}
