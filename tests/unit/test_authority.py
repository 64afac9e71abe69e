"""Who may do what (invariant 9; clauses 4.1 and 4.2)."""

from types import SimpleNamespace

import pytest

from outage_response.domain.authority import (
	ADMINISTRATOR,
	CONTROL_ROOM,
	CUSTOMER_SERVICE,
	ENGINEERING,
	GENERAL_MANAGER,
	SECURITY,
	STAFF,
	VERB_ROLES,
	answers_for_site,
	commands,
	given_with,
	may_step_in,
	may_task,
	own_role,
	require_desk,
	require_figures,
	require_offered,
	require_role_of_duty,
	require_role_of_people,
	require_second_of_two,
	require_second_person,
	require_staff,
	require_task,
	require_verb,
	task_roles,
)
from outage_response.domain.errors import NotAllowed, RuleError

WHO = {
	"declare": STAFF,
	"record_call": STAFF,
	"report_trapped": STAFF,
	"note_entrapment": STAFF,
	"read_back_empty": STAFF,
	"report_empty": STAFF,
	"take_call": {CONTROL_ROOM, GENERAL_MANAGER},
	"confirm": {CONTROL_ROOM, ENGINEERING, GENERAL_MANAGER},
	"start": {CONTROL_ROOM, ENGINEERING, GENERAL_MANAGER},
	"reclassify": {CONTROL_ROOM, ENGINEERING, GENERAL_MANAGER},
	"extend_scope": {CONTROL_ROOM, ENGINEERING},
	"take_over_changes": {CONTROL_ROOM, CUSTOMER_SERVICE, GENERAL_MANAGER},
	"set_etr": {CONTROL_ROOM, ENGINEERING, CUSTOMER_SERVICE, GENERAL_MANAGER},
	"permit_energise": {CONTROL_ROOM},
	"supply_back": {CONTROL_ROOM, ENGINEERING},
	"stand_down": {CONTROL_ROOM, GENERAL_MANAGER},
	"close": {CONTROL_ROOM, GENERAL_MANAGER},
	"cancel": {CONTROL_ROOM, GENERAL_MANAGER},
	"log_attempt": {CUSTOMER_SERVICE, CONTROL_ROOM},
	"give_up_callback": {CUSTOMER_SERVICE, CONTROL_ROOM, GENERAL_MANAGER},
	"attach_ticket": {CUSTOMER_SERVICE, CONTROL_ROOM},
	"file_report": {ENGINEERING, GENERAL_MANAGER},
	"read_care_needs": {CONTROL_ROOM, CUSTOMER_SERVICE},
	"set_care_need": {CUSTOMER_SERVICE},
	"send_notice": {CUSTOMER_SERVICE, CONTROL_ROOM, GENERAL_MANAGER},
	"prove_posting": {CUSTOMER_SERVICE, CONTROL_ROOM, SECURITY},
	"log_told": {CUSTOMER_SERVICE, CONTROL_ROOM},
	"claim_call": {CUSTOMER_SERVICE, CONTROL_ROOM},
	"see_unreached": {CUSTOMER_SERVICE, CONTROL_ROOM, GENERAL_MANAGER},
	"personal_data": {GENERAL_MANAGER, CUSTOMER_SERVICE},
	"hand_over": STAFF,
	"test_call": {CONTROL_ROOM, GENERAL_MANAGER},
	"swap_shifts": {CONTROL_ROOM, GENERAL_MANAGER},
	"confirm_site": STAFF,
}


def _may(check, *args) -> bool:
	try:
		check(*args)
	except NotAllowed:
		return False
	return True


@pytest.mark.parametrize("verb", VERB_ROLES)
def test_a_verb_is_open_to_its_roles_and_to_no_other(verb):
	assert {role for role in STAFF if _may(require_verb, verb, [role])} == set(WHO[verb])


@pytest.mark.parametrize("verb", VERB_ROLES)
@pytest.mark.parametrize("roles", [[], ["Customer"], ["System Manager", "All"]])
def test_residents_guests_and_administrators_of_the_site_use_no_verb(verb, roles):
	assert not _may(require_verb, verb, roles)


def test_engineering_confirms_without_waiting_for_the_control_room():
	"""Clause 8.2.5: in an emergency the departments directly."""
	require_verb("confirm", [ENGINEERING])
	require_verb("report_trapped", [SECURITY])


@pytest.mark.parametrize("verb", ["acknowledge", "arrive", "complete", "withdraw", "add_evidence", "no_answer"])
def test_a_department_acts_on_its_own_tasks_only(verb):
	assert {role for role in STAFF if _may(require_task, verb, [role], SECURITY, SECURITY)} == {SECURITY}


def test_a_task_that_fell_to_the_control_room_may_be_done_by_both():
	allowed = {role for role in STAFF if _may(require_task, "complete", [role], CUSTOMER_SERVICE, CONTROL_ROOM)}
	assert allowed == {CUSTOMER_SERVICE, CONTROL_ROOM}


def test_the_control_room_acts_for_outsiders():
	assert {role for role in STAFF if _may(require_task, "complete", [role], "", CONTROL_ROOM)} == {CONTROL_ROOM}


@pytest.mark.parametrize(
	("verb", "more"),
	[
		("skip", {GENERAL_MANAGER}),
		("reassign", {GENERAL_MANAGER, CONTROL_ROOM}),
		("relieve", {CONTROL_ROOM}),
	],
)
def test_who_else_may_skip_reassign_and_relieve(verb, more):
	assert {role for role in STAFF if _may(require_task, verb, [role], SECURITY, SECURITY)} == {SECURITY} | more


def test_a_read_back_is_done_by_a_second_person():
	"""Clause 8.2.7: the control room checks before supply returns."""
	require_second_person("li", "chen")
	with pytest.raises(NotAllowed, match="somebody else"):
		require_second_person("li", "li")


@pytest.mark.parametrize("verb", ["acknowledge", "arrive", "complete", "add_evidence"])
def test_the_control_room_steps_in_for_a_department_that_is_asleep(verb):
	assert may_step_in(verb, "stand_down")
	allowed = {role for role in STAFF if _may(_require_unmanned, verb, [role])}
	assert allowed == {CUSTOMER_SERVICE, CONTROL_ROOM}


@pytest.mark.parametrize(
	("verb", "gate"), [("complete", "energise"), ("skip", ""), ("read_back", ""), ("withdraw", "")]
)
def test_it_does_not_step_in_where_only_the_department_can_see(verb, gate):
	assert not may_step_in(verb, gate)


def _require_unmanned(verb, roles):
	require_task(verb, roles, CUSTOMER_SERVICE, CUSTOMER_SERVICE, unmanned=True)


def test_what_is_heard_on_the_radio_is_written_down_by_those_who_command():
	allowed = {role for role in STAFF if _may(require_task, "acknowledge_for", [role], SECURITY, SECURITY)}
	assert allowed == {CONTROL_ROOM, GENERAL_MANAGER}


# ------------------------------------------------------------------------------------------------ departments and their roles
def test_an_outside_firm_has_no_role_of_its_own():
	assert own_role(SimpleNamespace(is_external=0, role=SECURITY)) == SECURITY
	assert own_role(SimpleNamespace(is_external=0, role=None)) == ""
	assert own_role(SimpleNamespace(is_external=1, role=SECURITY)) == ""


def _role_of_people(role: str, *, is_external=False, enabled=True, desk=True) -> None:
	require_role_of_people("Gardeners", role, is_external=is_external, enabled=enabled, desk=desk)


def test_a_department_has_people_who_can_open_its_steps():
	_role_of_people("Gardener")
	for role, more in (("", {}), ("All", {}), ("Gardener", {"enabled": False}), ("Gardener", {"desk": False})):
		with pytest.raises(RuleError, match="Role"):
			_role_of_people(role, **more)


def test_for_an_outside_firm_no_role_is_asked():
	_role_of_people("", is_external=True, enabled=False, desk=False)


def test_a_role_that_brings_rights_of_its_own_is_no_departments():
	require_offered("Gardener", ["Gardener"])
	require_offered("", ["Gardener"])
	with pytest.raises(RuleError, match="System Manager"):
		require_offered("System Manager", ["Gardener"])


def test_who_answers_for_the_whole_site():
	assert answers_for_site([ADMINISTRATOR]) and answers_for_site(["System Manager", "All"])
	assert not answers_for_site([*STAFF, "All"]) and not answers_for_site([])


@pytest.mark.parametrize(
	("duty", "role"),
	[
		("Control Room", CONTROL_ROOM),
		("Repairs", ENGINEERING),
		("Residents", CUSTOMER_SERVICE),
		("Guards", SECURITY),
		("Management", GENERAL_MANAGER),
	],
)
def test_whoever_is_rung_for_a_duty_may_do_it(duty, role):
	require_role_of_duty(duty, role)
	with pytest.raises(RuleError, match="Duty"):
		require_role_of_duty(duty, "Gardener")


def test_without_a_duty_any_role_will_do():
	require_role_of_duty("", "Gardener")


def test_who_works_for_a_department_of_the_companys_own():
	of_departments = ["Gardener", SECURITY]
	assert given_with(["Gardener", "All"], of_departments)
	assert not given_with([SECURITY], of_departments)  # that is one of the procedure
	assert not given_with(["Cook"], of_departments)


# ------------------------------------------------------------------------------------------------ tickets, figures, plans
def test_who_works_on_tickets_of_a_kind_or_on_outages_sees_what_is_known():
	for kind, role in (("HD Ticket", "Agent"), ("HD Ticket", "Agent Manager"), ("Issue", "Support Team")):
		assert _may(require_desk, kind, [role])
	assert all(_may(require_desk, kind, [role]) for kind in ("HD Ticket", "Issue") for role in STAFF)
	assert not _may(require_desk, "Issue", ["Agent"])
	assert not _may(require_desk, "HD Ticket", ["Support Team"])
	assert not _may(require_desk, "Other", ["Agent"])


def test_who_works_on_outages():
	assert all(_may(require_staff, [role]) for role in STAFF)
	assert not _may(require_staff, ["Customer", "System Manager", ADMINISTRATOR])


def test_a_past_outage_is_entered_by_those_who_keep_the_figures():
	everybody = (*STAFF, "System Manager", "Customer", ADMINISTRATOR)
	allowed = {role for role in everybody if _may(require_figures, [role])}
	assert allowed == {ENGINEERING, GENERAL_MANAGER, "System Manager"}


def test_the_control_room_and_the_manager_command():
	assert {role for role in STAFF if commands([role])} == {CONTROL_ROOM, GENERAL_MANAGER}


def test_a_plan_that_loses_life_safety_is_put_in_force_by_a_second_person():
	require_second_of_two("li", "chen", "II")
	with pytest.raises(NotAllowed, match="II"):
		require_second_of_two("li", "li", "II")


@pytest.mark.parametrize(("verb", "unmanned"), [("complete", False), ("skip", True), ("relieve", False)])
@pytest.mark.parametrize("own", [SECURITY, ""])
def test_may_task_says_yes_to_the_roles_of_task_roles_and_to_no_others(verb, unmanned, own):
	roles = task_roles(verb, own, own, unmanned=unmanned)
	assert (own or CONTROL_ROOM) in roles
	assert {role for role in STAFF if may_task(verb, [role], own, own, unmanned=unmanned)} == roles


@pytest.mark.parametrize("verb", ["acknowledge_for", "complete_for", "take_danger"])
def test_what_is_written_down_for_others_is_for_those_who_command_alone(verb):
	assert task_roles(verb, SECURITY, SECURITY) == {CONTROL_ROOM, GENERAL_MANAGER}


def test_an_outcome_is_corrected_by_the_department_the_manager_and_the_control_room():
	assert task_roles("correct_outcome", SECURITY, SECURITY) == {SECURITY, GENERAL_MANAGER, CONTROL_ROOM}
