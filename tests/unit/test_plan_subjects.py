"""What a task is about, as it is kept and as it is read again; and what clears supply to be switched on."""

from datetime import timedelta

import pytest

from outage_response.domain.plan_expansion import (
	CONTRACTOR,
	Context,
	Subject,
	TaskSpec,
	expand,
	fields_of,
	has_clearance,
	subject_of,
)
from outage_response.domain.step_definitions import Step

from .world import MIDNIGHT, PROPERTY

CLEARANCE = Step(
	"clear", "Verify", 0, "engineering", "once", "confirmed", gate="energise", life_safety=True, checks=("all_out",)
)


@pytest.mark.parametrize(
	"subject", [Subject(), Subject("Property Asset", "E1", "Elevator 1"), Subject(CONTRACTOR, "Otis")]
)
def test_a_subject_is_read_as_it_was_kept(subject):
	assert subject_of(fields_of(subject)) == (subject.type, subject.name)


def test_a_firm_has_a_field_of_its_own_since_it_is_no_record():
	assert fields_of(Subject(CONTRACTOR, "Otis", "Otis Co.")) == {
		"subject_type": "",
		"subject": "",
		"contractor": "Otis",
		"subject_label": "Otis Co.",
	}
	assert fields_of(Subject("Property Asset", "E1", "Elevator 1"))["contractor"] == ""


def test_what_the_database_has_not_filled_in_is_no_subject():
	assert subject_of({"subject_type": None, "subject": None, "contractor": None}) == ("", "")


def spec(**values) -> TaskSpec:
	step = Step(**{**{name: getattr(CLEARANCE, name) for name in CLEARANCE.__dataclass_fields__}, **values})
	return TaskSpec(step, Subject(), "engineering", MIDNIGHT, False)


def test_a_clearance_guards_switching_on_is_of_life_safety_and_has_checks():
	assert has_clearance([spec(gate=""), spec()])
	for lacking in ({"gate": "close"}, {"life_safety": False}, {"checks": ()}):
		assert not has_clearance([spec(**lacking)])
	assert not has_clearance([])


def test_a_department_that_nobody_names_is_the_one_for_repairs():
	nobodys = Step("look", "Assess", 1, "", "critical_room", "reported")
	rooms = (Subject("Property Asset", "R1", department="security"), Subject("Property Asset", "R2"))
	context = Context(
		PROPERTY, "Tower", subjects={"critical_room": rooms}, anchors={"reported": MIDNIGHT}, repairs="engineering"
	)
	assert [one.department for one in expand([nobodys], context)] == ["security", "engineering"]


def test_a_further_round_counts_from_when_it_is_asked_for_again():
	again = MIDNIGHT + timedelta(hours=1)
	assert TaskSpec(CLEARANCE, Subject(), "", MIDNIGHT, False, since=again).next_round(1).anchor_at == again
	assert TaskSpec(CLEARANCE, Subject(), "", again, False, since=MIDNIGHT).next_round(1).anchor_at == again
	assert TaskSpec(CLEARANCE, Subject(), "", MIDNIGHT, False).next_round(2).round == 3
