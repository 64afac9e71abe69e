"""Two outages in the same dark place: a step of one does for the other, or not."""

from dataclasses import replace

import pytest

from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.plan_expansion import CONTRACTOR, Subject, TaskSpec
from outage_response.domain.shared_steps import latest, stands_in
from outage_response.domain.step_definitions import Step

from .world import minute

STEP = Step("look", "Assess", 1, "engineering", "elevator", "reported")
WENT = minute(10)


def row(status: str = "Done", ended: int | None = None, *, key: str = "look", round: int = 1, **values) -> TaskRow:
	fields = {"subject_type": "Property Asset", "subject": "E1", **values}
	ended_at = None if ended is None else minute(ended)
	return TaskRow("t", key, fields["subject_type"], fields["subject"], round, status, ended_at=ended_at)


def does(task: TaskRow, *, dark_before: bool = False, since: int | None = None, **step) -> bool:
	spec = TaskSpec(replace(STEP, **step), Subject("Property Asset", "E1"), "", minute(20), False)
	return stands_in(replace(spec, since=None if since is None else minute(since)), task, WENT, dark_before)


@pytest.mark.parametrize("status", ["Open", "Acknowledged", "In Progress", "On Post"])
def test_an_open_step_stands_in_whoever_has_it(status):
	assert does(row(status))
	assert does(row(status), held_until="stand_down")


@pytest.mark.parametrize("status", ["Skipped", "Cancelled"])
def test_what_nobody_did_stands_in_for_nothing(status):
	assert not does(row(status, 30))


def test_a_step_done_after_the_loss_does_and_one_done_before_does_not():
	assert does(row(ended=10)) and does(row(ended=11))
	assert not does(row(ended=9))
	assert not does(row("Done", None))


def test_what_was_found_in_a_place_that_was_dark_already_still_holds():
	assert does(row(ended=9), dark_before=True)
	assert not does(row(ended=9), dark_before=True, since=5)  # asked for anew since


def test_asked_for_anew_it_counts_from_then():
	assert not does(row(ended=11), since=12)
	assert does(row(ended=12), since=12)


def test_a_post_is_held_or_it_is_not():
	assert not does(row(ended=30), held_until="stand_down")


@pytest.mark.parametrize("anchor", ["node_restored", "restored", "stand_down"])
def test_after_the_return_what_was_done_since_that_return_does(anchor):
	assert does(row(ended=20), anchor=anchor)
	assert not does(row(ended=19), anchor=anchor, per="affected_node")
	assert not does(row(ended=19), anchor=anchor, dark_before=True)


@pytest.mark.parametrize("kind", ["Property Asset", "Property Unit", "Power Node", CONTRACTOR])
def test_the_last_round_of_what_is_about_a_shared_place_counts(kind):
	first, second = row(subject_type=kind), row("Open", round=2, subject_type=kind)
	assert latest([second, first]) == {("look", kind, "E1"): second}


def test_what_is_each_outages_own_or_was_left_out_is_not_shared():
	assert latest([row(subject_type="Managed Property"), row(subject_type="", subject="")]) == {}
	done, skipped, cancelled = row(), row("Skipped", round=2), row("Cancelled", round=3)
	assert latest([done, skipped, cancelled]) == {("look", "Property Asset", "E1"): done}
