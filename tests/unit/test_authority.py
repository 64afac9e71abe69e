"""Who may do what (invariant 9; clauses 4.1 and 4.2)."""

import pytest

from outage_response.domain.authority import (
	CONTROL_ROOM,
	CUSTOMER_SERVICE,
	ENGINEERING,
	GENERAL_MANAGER,
	SECURITY,
	STAFF,
	VERB_ROLES,
	may_step_in,
	require_second_person,
	require_task,
	require_verb,
)
from outage_response.domain.errors import NotAllowed

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
