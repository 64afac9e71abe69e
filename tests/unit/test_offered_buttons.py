"""What a screen offers is what the verbs take: role and state, and nothing that would surely be refused."""

from dataclasses import replace

import pytest

from outage_response.domain import authority, gates, lifecycle, offered_buttons
from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.step_definitions import Step

STATES = ("Scheduled", "Reported", "Active", "Restored", "Stood Down", "Closed", "Cancelled")
STEP = Step("inspect", "Verify", 2, "engineering", "once", "restored")
TASK = TaskRow("t1", "inspect", "", "", 1, "Open", "engineering", authority.ENGINEERING)


def offered(status: str, *roles: str, posts_held: bool = False, report_wanted: bool = False, **more) -> list[str]:
	return offered_buttons.incident_verbs(status, roles, posts_held=posts_held, report_wanted=report_wanted, **more)


def of_task(task: TaskRow, *roles: str, step: Step = STEP, reader: str = "", **more) -> list[str]:
	return offered_buttons.task_verbs(task, step, roles, authority.ENGINEERING, reader, **more)


def test_the_control_room_is_offered_the_steps_of_a_department_that_is_asleep():
	assert "complete" not in of_task(TASK, authority.CONTROL_ROOM)
	offered = of_task(TASK, authority.CONTROL_ROOM, unmanned=True)
	assert {"acknowledge", "acknowledge_for", "arrive", "complete"} <= set(offered)
	assert "withdraw" not in offered
	assert "complete" not in of_task(TASK, authority.CUSTOMER_SERVICE, unmanned=True)
	assert "complete" not in of_task(replace(TASK, gate="energise"), authority.CONTROL_ROOM, unmanned=True)


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("role", authority.STAFF)
def test_what_is_offered_the_rules_allow(status, role):
	for verb in offered(status, role, posts_held=True, report_wanted=True):
		assert authority.may(verb, [role])
		if verb not in offered_buttons.WHILE_NOT_ENDED:
			lifecycle.require_incident_state(verb, status)


@pytest.mark.parametrize("status", lifecycle.ENDED)
def test_nothing_is_offered_when_it_has_ended(status):
	assert offered(status, *authority.STAFF, posts_held=True, report_wanted=True) == []


def test_only_the_control_room_permits():
	assert "permit_energise" in offered("Active", authority.CONTROL_ROOM)
	assert "permit_energise" not in offered("Active", authority.ENGINEERING, authority.GENERAL_MANAGER)


def test_while_it_is_dark_posts_are_released_only_where_some_are_held():
	assert "stand_down" not in offered("Active", authority.CONTROL_ROOM)
	assert "stand_down" in offered("Active", authority.CONTROL_ROOM, posts_held=True)
	assert "stand_down" in offered("Restored", authority.CONTROL_ROOM)


def test_planned_work_that_has_not_begun_is_not_reclassified():
	assert "reclassify" not in offered("Scheduled", authority.CONTROL_ROOM)


def test_the_report_is_offered_once():
	assert "file_report" not in offered("Stood Down", authority.ENGINEERING)
	assert "file_report" in offered("Stood Down", authority.ENGINEERING, report_wanted=True)


@pytest.mark.parametrize("status", STATES)
def test_what_leads_on_is_offered(status):
	verbs = offered(status, *authority.STAFF, posts_held=True, report_wanted=True)
	assert offered_buttons.leads_on(status, verbs) in ("", *verbs)
	assert offered_buttons.leads_on(status, []) == ""


def test_another_department_does_nothing_on_a_task():
	assert of_task(TASK, authority.SECURITY) == []
	assert of_task(TASK, authority.CONTROL_ROOM) == ["acknowledge_for", "reassign"]  # it hears the radio
	assert of_task(TASK, authority.ENGINEERING) == ["acknowledge", "arrive", "complete", "withdraw", "reassign", "skip"]


def test_a_post_is_not_completed():
	post = replace(TASK, held_until="stand_down", status="On Post")
	assert of_task(post, authority.ENGINEERING) == ["withdraw", "relieve"]
	assert "skip" in of_task(post, authority.GENERAL_MANAGER)


@pytest.mark.parametrize("what", gates.BY_THEMSELVES)
def test_what_completes_by_itself_is_nobodys_to_complete(what):
	verbs = of_task(TASK, authority.ENGINEERING, step=replace(STEP, completes_with=what))
	assert not {"arrive", "complete"} & set(verbs)


@pytest.mark.parametrize("change", [{"life_safety": True}, {"gate": "energise"}])
def test_nobody_is_offered_to_skip_what_nobody_may(change):
	assert "skip" not in of_task(replace(TASK, **change), *authority.STAFF)


def test_a_second_person_reads_back():
	waiting = replace(TASK, status="In Progress")
	ask = {"reader": authority.CONTROL_ROOM, "confirmed_by": "engineer"}
	assert "read_back" in of_task(waiting, authority.CONTROL_ROOM, user="operator", **ask)
	assert "complete" not in of_task(waiting, authority.ENGINEERING, user="engineer", **ask)
	assert "read_back" not in of_task(waiting, authority.CONTROL_ROOM, user="engineer", **ask)
	assert "read_back" not in of_task(waiting, authority.ENGINEERING, user="operator", **ask)
	assert "read_back" not in of_task(waiting, authority.CONTROL_ROOM, reader=authority.CONTROL_ROOM, user="operator")


def test_evidence_is_added_where_it_is_owed():
	done = replace(TASK, status="Done")
	assert of_task(done, authority.ENGINEERING) == []
	assert of_task(replace(done, evidence_pending=True), authority.ENGINEERING) == ["add_evidence"]


def test_who_may_judge_a_proposal():
	assert offered_buttons.anywhere([authority.SECURITY]) == ["declare", "record_call", "declare_proposal"]
	assert "dismiss_proposal" in offered_buttons.anywhere([authority.CONTROL_ROOM])
	assert offered_buttons.anywhere(["Guest"]) == []


def test_who_has_no_step_hands_nothing_over():
	assert "hand_over" not in offered("Active", authority.CONTROL_ROOM)
	assert "hand_over" in offered_buttons.incident_verbs(
		"Active", [authority.CONTROL_ROOM], posts_held=False, report_wanted=False, has_steps=True
	)


def test_a_drill_sends_nothing_and_only_a_public_notice_is_proved():
	assert "send_notice" in offered("Active", authority.CUSTOMER_SERVICE)
	assert "send_notice" not in offered("Active", authority.CUSTOMER_SERVICE, is_drill=True)
	assert "prove_posting" not in offered("Active", authority.SECURITY)
	assert "prove_posting" in offered("Active", authority.SECURITY, to_be_posted=True)
	assert "prove_posting" not in offered("Active", authority.ENGINEERING, to_be_posted=True)


def test_customer_service_enters_who_depends_on_power():
	assert "set_care_need" in offered_buttons.anywhere([authority.CUSTOMER_SERVICE])
	assert "set_care_need" not in offered_buttons.anywhere([authority.CONTROL_ROOM])


# ------------------------------------------------------------------------------------------------ at people in an elevator
def at_elevator(*roles: str, parts=("release",), **more) -> list[str]:
	asked = {"in_outage": True, "taken": False, "may_read_back": False, "called": False, **more}
	return offered_buttons.entrapment_verbs(roles, parts=parts, **asked)


def test_in_an_outage_the_steps_of_the_rescue_are_offered_to_those_who_command():
	assert at_elevator(authority.CONTROL_ROOM) == ["acknowledge_for", "note_entrapment", "complete_for", "report_empty"]
	assert at_elevator(authority.SECURITY) == ["note_entrapment", "report_empty"]
	assert at_elevator() == []


def test_what_somebody_has_taken_is_not_taken_once_more():
	assert "acknowledge_for" not in at_elevator(authority.CONTROL_ROOM, taken=True)
	assert "complete_for" in at_elevator(authority.CONTROL_ROOM, taken=True)


@pytest.mark.parametrize(
	("parts", "expected"),
	[
		(("release",), {"acknowledge_for", "complete_for"}),
		(("lock_off",), {"acknowledge_for", "complete_for"}),
		(("check",), {"complete_for"}),
		(("talk",), set()),
		((), set()),
	],
)
def test_only_open_parts_of_the_rescue_are_offered(parts, expected):
	found = set(at_elevator(authority.CONTROL_ROOM, parts=parts))
	assert found & {"acknowledge_for", "complete_for"} == expected


def test_an_empty_car_is_read_back_by_whoever_did_not_say_so():
	assert "read_back_empty" in at_elevator(authority.SECURITY, may_read_back=True)
	assert "read_back_empty" not in at_elevator(authority.SECURITY)


def test_without_an_outage_a_call_is_taken_or_one_is_declared():
	assert {"take_call", "declare"} <= set(at_elevator(authority.CONTROL_ROOM, in_outage=False, called=True))
	assert "take_call" not in at_elevator(authority.CONTROL_ROOM, in_outage=False)
	assert "take_call" not in at_elevator(authority.CONTROL_ROOM, in_outage=False, called=True, taken=True)
	assert not {"take_call", "declare"} & set(at_elevator(authority.CONTROL_ROOM, called=True))
	assert "take_call" not in at_elevator(authority.SECURITY, in_outage=False, called=True)
