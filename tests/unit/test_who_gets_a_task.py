"""Who gets a task: the people on duty, else the department, else the control room."""

import pytest

from outage_response.domain.authority import CONTROL_ROOM, CUSTOMER_SERVICE, ENGINEERING, SECURITY
from outage_response.domain.who_gets_a_task import Assignment, Department, OnDuty, Roster, assign, of_duty, spread_posts

ENGINEERS = Department("engineering", ENGINEERING, phone="8001", duty="Repairs")
SERVICE = Department("customer_service", CUSTOMER_SERVICE, phone="8002")
CONTROL = Department("control_room", CONTROL_ROOM, phone="8000", duty="Control Room")
CONTRACTOR = Department("elevator_contractor", is_external=True, phone="400-1234")

EVERYBODY = {
	CONTROL_ROOM: ["chen", "wu"],
	ENGINEERING: ["li", "zhao", "qian"],
	CUSTOMER_SERVICE: ["sun"],
	SECURITY: ["zhou"],
}
NIGHT = (
	OnDuty("control_room", "chen", duty="Control Room"),
	OnDuty("security", "zhou"),
	OnDuty("engineering", "li"),
	OnDuty("engineering", "zhao", is_duty_electrician=True),
)


def test_a_task_goes_to_the_people_of_its_department_on_duty():
	assert assign(ENGINEERS, Roster(NIGHT, EVERYBODY)) == Assignment(ENGINEERING, ("li", "zhao"))


def test_somebody_on_two_shifts_is_named_once():
	assert assign(CONTROL, Roster((NIGHT[0], NIGHT[0]), EVERYBODY)).users == ("chen",)


def test_off_hours_in_a_tower_engineering_goes_to_the_duty_electrician():
	"""Clause 6.1."""
	assert assign(ENGINEERS, Roster(NIGHT, EVERYBODY), duty_electrician=True).users == ("zhao",)


def test_the_duty_electrician_takes_engineerings_steps_only():
	electrician_guard = OnDuty("security", "zhou", is_duty_electrician=True)
	guards = Roster((OnDuty("security", "wei"), electrician_guard), EVERYBODY)
	assert assign(Department("security", SECURITY), guards, duty_electrician=True).users == ("wei", "zhou")


def test_without_a_duty_electrician_the_engineers_on_duty_take_it():
	assert assign(ENGINEERS, Roster(NIGHT[:3], EVERYBODY), duty_electrician=True).users == ("li",)


def test_with_nobody_on_duty_everybody_of_the_department_is_asked_and_it_is_said():
	assert assign(ENGINEERS, Roster((), EVERYBODY)) == Assignment(
		ENGINEERING, ("li", "zhao", "qian"), "8001", "nobody_on_duty"
	)
	assert assign(SERVICE, Roster(NIGHT, EVERYBODY)) == Assignment(CUSTOMER_SERVICE, ("sun",), "8002", "nobody_on_duty")


def test_life_safety_does_not_wait_for_people_who_are_asleep():
	"""Clause 5.1.3 at night: customer service is at home, the control room talks to the people in the elevator."""
	assert assign(SERVICE, Roster(NIGHT, EVERYBODY), life_safety=True) == Assignment(
		CONTROL_ROOM, ("chen",), warning="nobody_on_duty_life_safety"
	)


def test_life_safety_stays_with_a_department_that_is_on_duty():
	assert assign(ENGINEERS, Roster(NIGHT, EVERYBODY), life_safety=True).role == ENGINEERING


def test_without_any_roster_life_safety_goes_to_the_whole_department():
	assert assign(SERVICE, Roster((), EVERYBODY), life_safety=True).users == ("sun",)


def test_a_department_without_people_leaves_its_task_to_the_control_room():
	nobody = {CONTROL_ROOM: ["chen", "wu"]}
	assert assign(SERVICE, Roster((), nobody)) == Assignment(
		CONTROL_ROOM, ("chen", "wu"), warning="nobody_in_department"
	)
	assert assign(SERVICE, Roster(NIGHT, nobody)).users == ("chen",), "those on duty come first"


def test_an_outside_firm_is_phoned_by_the_control_room():
	assert assign(CONTRACTOR, Roster(NIGHT, EVERYBODY), life_safety=True) == Assignment(
		CONTROL_ROOM, ("chen",), "400-1234"
	)


def test_somebody_without_a_login_is_phoned_by_the_control_room():
	shift = (NIGHT[0], OnDuty("engineering", contact="Old Li", phone="139"))
	assert assign(ENGINEERS, Roster(shift, EVERYBODY)) == Assignment(CONTROL_ROOM, ("chen",), "139", "phone_only")


def test_one_of_two_on_duty_having_a_login_is_enough():
	shift = (OnDuty("engineering", contact="Old Li", phone="139"), OnDuty("engineering", "li"))
	assert assign(ENGINEERS, Roster(shift, EVERYBODY)) == Assignment(ENGINEERING, ("li",), "139")


@pytest.mark.parametrize("department", [ENGINEERS, SERVICE, CONTROL, CONTRACTOR], ids=lambda d: d.key)
@pytest.mark.parametrize("life_safety", [False, True])
def test_with_nobody_anywhere_the_task_exists_and_says_so(department, life_safety):
	taken = assign(department, Roster(), life_safety=life_safety)
	assert (taken.role, taken.users, taken.warning) == (CONTROL_ROOM, (), "nobody_at_all")


def test_the_control_room_at_night_with_nobody_on_shift_wakes_everybody_of_it():
	assert assign(CONTROL, Roster(NIGHT[1:], EVERYBODY), life_safety=True) == Assignment(
		CONTROL_ROOM, ("chen", "wu"), "8000", "nobody_on_duty"
	)


@pytest.mark.parametrize(
	("weights", "guards", "busy", "holds"),
	[
		([0, 0], ["zhou", "wei"], [], [("zhou",), ("wei",)]),
		([0], ["zhou", "wei"], ["zhou"], [("wei",)]),
		([0, 0, 0], ["zhou", "wei"], [], [("zhou",), ("wei",), ("zhou", "wei")]),
		([1, 1, 9], ["zhou", "wei"], [], [("wei",), ("zhou", "wei"), ("zhou",)]),
		([0, 0], ["zhou"], ["zhou"], [("zhou",), ("zhou",)]),
		([0], [], [], [()]),
		([], ["zhou"], [], []),
	],
)
def test_each_guard_gets_a_post_before_anybody_gets_two_the_heaviest_first(weights, guards, busy, holds):
	assert spread_posts(weights, guards, busy) == holds


def test_a_night_without_a_duty_electrician_is_said():
	engineer = OnDuty("engineering", user="engineer")
	roster = Roster([engineer])
	department = Department("engineering", "Outage Engineering", duty="Repairs")
	assert assign(department, roster, duty_electrician=True).warning == "no_duty_electrician"
	assert assign(department, roster, duty_electrician=False).warning == ""
	assert assign(department, roster, duty_electrician=True).users == ("engineer",)


def test_departments_are_known_by_their_duty_and_not_by_their_key():
	control, crew = (
		Department("中控", CONTROL_ROOM, duty="Control Room"),
		Department("工程组", ENGINEERING, duty="Repairs"),
	)
	night = (
		OnDuty("中控", "chen", duty="Control Room"),
		OnDuty("工程组", "zhao", is_duty_electrician=True),
		OnDuty("工程组", "li"),
	)
	assert assign(crew, Roster(night, EVERYBODY), duty_electrician=True).users == ("zhao",)
	assert assign(SERVICE, Roster(night, EVERYBODY), life_safety=True).users == ("chen",)
	assert assign(control, Roster(night[1:], EVERYBODY), life_safety=True).warning == "nobody_on_duty"
	assert of_duty([crew, control], "Control Room", "Guards") == [control]
