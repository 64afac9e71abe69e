"""What may happen to an incident and to a task: states, skipping, completing, times."""

import ast
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from outage_response.domain import gates, lifecycle, planned_times
from outage_response.domain.errors import GateClosed, RuleError
from outage_response.domain.lifecycle import OPEN, TaskRow

from .task_rows import STATES, TASK_STATES, of_step, task
from .world import LEVELS, minute, plan, step

# ---------------------------------------------------------------- states


# the states in which each verb is possible, from the design: Scheduled | Reported -> Active -> Restored -> Stood Down -> Closed
INCIDENT = {
	"confirm": "Reported Active Restored",
	"start": "Scheduled",
	"reclassify": "Scheduled Reported Active Restored",
	"extend_scope": "Scheduled Reported Active",
	"take_over_changes": "Reported Active Restored Stood-Down",
	"set_etr": "Scheduled Reported Active",
	"report_trapped": "Reported Active Restored Stood-Down",
	"note_entrapment": "Reported Active Restored Stood-Down",
	"report_empty": "Reported Active Restored Stood-Down",
	"read_back_empty": "Reported Active Restored Stood-Down",
	"permit_energise": "Reported Active",
	"supply_back": "Reported Active",
	"stand_down": "Active Restored",  # by area while the rest is still dark
	"stand_down_everywhere": "Restored",
	"file_report": "Stood-Down",
	"close": "Stood-Down",
	"cancel": "Scheduled Reported Active",
	"send_notice": "Scheduled Reported Active Restored Stood-Down",
	"prove_posting": "Scheduled Reported Active Restored Stood-Down",
	"hand_over": "Scheduled Reported Active Restored Stood-Down",
}
TASK = {
	"acknowledge": "Open",
	"acknowledge_for": "Open",
	"arrive": "Open Acknowledged",
	"complete": "Open Acknowledged In-Progress",
	"complete_for": "Open Acknowledged In-Progress",
	"correct_outcome": "Done",
	"take_danger": "Open Acknowledged",
	"no_answer": "Open Acknowledged In-Progress",
	"read_back": "In-Progress",
	"add_evidence": "Done",
	"skip": "Open Acknowledged In-Progress On-Post",
	"reassign": "Open Acknowledged In-Progress",
	"relieve": "On-Post",
	"move": "On-Post",
	"withdraw": "Open Acknowledged In-Progress On-Post",
}


def _allows(check, verb: str, status: str) -> bool:
	try:
		check(verb, status)
	except RuleError as error:
		assert "Status" in str(error)
		assert status in str(error) or (verb, status) == ("reassign", "On Post")
		return False
	return True


@pytest.mark.parametrize(("verb", "states"), INCIDENT.items(), ids=INCIDENT)
def test_an_incident_takes_a_verb_only_in_its_states(verb, states):
	allowed = {status for status in STATES if _allows(lifecycle.require_incident_state, verb, status)}
	assert allowed == {state.replace("-", " ") for state in states.split()}


@pytest.mark.parametrize(("verb", "states"), TASK.items(), ids=TASK)
def test_a_task_takes_a_verb_only_in_its_states(verb, states):
	allowed = {status for status in TASK_STATES if _allows(lifecycle.require_task_state, verb, status)}
	assert allowed == {state.replace("-", " ") for state in states.split()}


def test_every_verb_has_its_states_written_down_here():
	assert set(lifecycle.INCIDENT_VERBS) == set(INCIDENT)
	assert set(lifecycle.TASK_VERBS) == set(TASK)


def test_whatever_somebody_did_is_kept_when_it_comes_too_late():
	tasks = Path(__file__).resolve().parents[2] / "outage_response" / "flows" / "tasks"
	kept = [
		node.name
		for file in tasks.glob("*.py")
		for node in ast.parse(file.read_text(encoding="utf-8")).body
		if isinstance(node, ast.FunctionDef) and "task_fact" in map(ast.unparse, node.decorator_list)
	]
	assert sorted(kept) == sorted(lifecycle.FACTS)


@pytest.mark.parametrize("status", ["Closed", "Cancelled"])
def test_an_incident_that_has_ended_takes_no_verb(status):
	assert not [verb for verb in INCIDENT if _allows(lifecycle.require_incident_state, verb, status)]


@pytest.mark.parametrize("status", ["Done", "Skipped", "Cancelled"])
def test_a_task_is_not_completed_twice(status):
	with pytest.raises(RuleError, match="Status"):
		lifecycle.require_task_state("complete", status)


@pytest.mark.parametrize("status", OPEN)
def test_whoever_is_in_danger_leaves_in_whatever_state_the_task_is(status):
	lifecycle.require_task_state("withdraw", status)


# ---------------------------------------------------------------- skipping


NEVER_SKIPPED = {
	"I": {
		*("check_elevator", "comfort_trapped", "release_trapped", "check_care_unit", "confirm_cause"),
		*("lock_off_elevator", "call_rescue_service", "clear_to_reclose"),
	},
	"II": {
		*("check_elevator", "comfort_trapped", "release_trapped", "check_care_unit", "confirm_cause"),
		*("lock_off_elevator", "call_rescue_service"),
		*("isolate_fault", "organise_repair", "clear_to_energise"),
	},
	"III": {"clear_elevators", "announce_energising"},
}


@pytest.mark.parametrize("level", LEVELS)
def test_life_safety_and_the_permission_to_energise_are_skipped_by_nobody(level):
	refused = set()
	for s in plan(level):
		row = task(s.key, gate=s.gate, life_safety=s.life_safety, held_until=s.held_until)
		try:
			gates.require_skippable(row, general_manager=True, reason="no time")
		except RuleError:
			refused.add(s.key)
	assert refused == NEVER_SKIPPED[level]


@pytest.mark.parametrize("row", [task(gate="close"), task(gate="start"), task(held_until="stand_down")])
def test_a_gate_or_a_post_is_skipped_only_by_the_general_manager(row):
	gates.require_skippable(row, general_manager=True, reason="handed to the police")
	with pytest.raises(RuleError, match="General Manager"):
		gates.require_skippable(row, general_manager=False, reason="handed to the police")


@pytest.mark.parametrize("reason", ["", "   "])
@pytest.mark.parametrize("manager", [False, True])
def test_skipping_takes_a_reason(reason, manager):
	with pytest.raises(RuleError, match="Reason"):
		gates.require_skippable(task(), general_manager=manager, reason=reason)
	gates.require_skippable(task(), general_manager=manager, reason="not needed")


# ---------------------------------------------------------------- completing


def complete(level: str, key: str, tasks=(), *, row: TaskRow | None = None, **said) -> None:
	said = {"outcome": "", "checks": (), "evidence": "seen", "evidence_later": False, **said}
	gates.require_completable(step(level, key), row or of_step(level, key), tasks, **said)


@pytest.mark.parametrize(("level", "key"), [("I", "guard_area"), ("II", "staff_post"), ("III", "patrol_planned")])
def test_a_held_post_is_not_completed_by_hand(level, key):
	"""Clause 5.3.4: the guard leaves only on command."""
	with pytest.raises(RuleError, match="held post"):
		complete(level, key, row=of_step(level, key, status="On Post"))


@pytest.mark.parametrize("key", ["call_back_residents", "write_report"])
def test_callbacks_and_report_complete_their_steps_themselves(key):
	with pytest.raises(RuleError, match="completes by itself"):
		complete("I", key, row=task(key))


def test_notices_may_have_been_given_by_mouth():
	complete("I", "first_word")


@pytest.mark.parametrize(
	("level", "key", "first"),
	[
		("I", "start_backup_supply", "isolate_incoming"),
		("II", "start_backup_supply", "isolate_fault"),
		("II", "clear_to_energise", "organise_repair"),
		("III", "shut_security_equipment", "warn_control_room"),
	],
)
def test_a_step_waits_for_the_one_before_it(level, key, first):
	checks = step(level, key).checks
	before = of_step(level, first)
	with pytest.raises(GateClosed) as refused:
		complete(level, key, [before], checks=checks)
	assert refused.value.blocking == [before]
	complete(level, key, [replace(before, status="Done")], checks=checks)


@pytest.mark.parametrize("outcome", ["", "dunno", "released"])
def test_an_elevator_check_ends_by_one_of_its_outcomes(outcome):
	with pytest.raises(RuleError, match="Outcome: choose one of"):
		complete("II", "check_elevator", outcome=outcome)


@pytest.mark.parametrize("outcome", ["empty", "trapped", "isolated_and_handed_to_contractor"])
def test_an_elevator_check_may_end_by_each_of_its_outcomes(outcome):
	complete("II", "check_elevator", outcome=outcome)


ALL_CHECKS = ("people_clear", "earths_removed", "elevator_rescue_finished_or_isolated")


@pytest.mark.parametrize("missing", ALL_CHECKS)
def test_supply_is_cleared_only_with_every_check_confirmed(missing):
	with pytest.raises(RuleError, match=missing.replace("_", " ").capitalize()):
		complete("II", "clear_to_energise", checks=[check for check in ALL_CHECKS if check != missing])
	complete("II", "clear_to_energise", checks=ALL_CHECKS)


@pytest.mark.parametrize("key", ["check_elevator", "comfort_trapped", "release_trapped"])
def test_supply_is_not_cleared_while_the_record_says_people_may_be_in_an_elevator(key):
	rescue = of_step("II", key)
	with pytest.raises(GateClosed, match="elevator") as refused:
		complete("II", "clear_to_energise", [rescue], checks=ALL_CHECKS)
	assert refused.value.blocking == [rescue]
	complete("II", "clear_to_energise", [replace(rescue, status="Done")], checks=ALL_CHECKS)
	assert gates.blocking("energise", [rescue], ["room B"]) == [rescue]
	assert gates.blocking("close", [rescue]) == []


RECLOSE_CHECKS = (*ALL_CHECKS[:2], "generator_disconnected", ALL_CHECKS[2])


@pytest.mark.parametrize("missing", RECLOSE_CHECKS)
def test_the_incoming_switch_is_closed_only_with_every_check_confirmed(missing):
	"""Level I: the grid comes back by itself, the own switch does not close by itself."""
	with pytest.raises(RuleError, match=missing.replace("_", " ").capitalize()):
		complete("I", "clear_to_reclose", checks=[check for check in RECLOSE_CHECKS if check != missing])
	complete("I", "clear_to_reclose", checks=RECLOSE_CHECKS)


def test_an_elevator_that_is_locked_off_stays_still_when_supply_returns():
	rescue = of_step("I", "release_trapped")
	clear = {"checks": RECLOSE_CHECKS, "locked_off": {"elevator 1"}}
	complete("I", "clear_to_reclose", [rescue], **clear)
	assert gates.blocking("energise", [rescue], locked_off={"elevator 1"}) == []
	with pytest.raises(GateClosed, match="elevator"):
		complete("I", "clear_to_reclose", [replace(rescue, subject="elevator 2")], **clear)


def test_the_rescue_from_one_elevator_waits_for_its_own_lock_off_alone():
	other = replace(of_step("I", "lock_off_elevator"), subject="elevator 2")
	own = of_step("I", "lock_off_elevator")
	freeing = step("I", "release_trapped")
	assert gates.waits_for(freeing, of_step("I", "release_trapped"), [other, own]) == [own]
	isolated = of_step("I", "isolate_incoming")
	assert gates.waits_for(step("I", "start_backup_supply"), of_step("I", "start_backup_supply"), [isolated]) == [
		isolated
	]


@pytest.mark.parametrize(
	("level", "key", "word"),
	[("I", "call_supplier", "called"), ("I", "inspect_own_supply", "note"), ("III", "notify_households", "photo")],
)
def test_evidence_is_asked_for_and_may_follow_later(level, key, word):
	with pytest.raises(RuleError, match=f"Evidence: .*{word}"):
		complete(level, key, evidence=None)
	complete(level, key, evidence=None, evidence_later=True)
	complete(level, key)


@pytest.mark.parametrize("later", [False, True])
def test_a_reading_is_never_put_off(later):
	with pytest.raises(RuleError, match="reading"):
		complete("I", "check_backup_power", outcome="switched_over", evidence=None, evidence_later=later)


def test_a_step_that_asks_for_no_evidence_takes_none():
	complete("I", "patrol_area", evidence=None)


# ---------------------------------------------------------------- times of planned work


@pytest.mark.parametrize(
	("planner", "start", "end", "field"),
	[
		("", 0, 60, "Planned By"),
		("Resident", 0, 60, "Planned By"),
		("Property", None, 60, "Planned Start"),
		("Supplier", 0, None, "Planned End"),
		("Supplier", 60, 60, "Planned End"),
		("Supplier", 60, 0, "Planned End"),
	],
)
def test_planned_work_says_who_and_from_when_to_when(planner, start, end, field):
	times = [None if at is None else minute(at) for at in (start, end)]
	with pytest.raises(RuleError, match=field):
		planned_times.require_planned_times(planner, *times)
	planned_times.require_planned_times("Property", minute(0), minute(1))


def test_an_expected_restoration_lies_ahead():
	planned_times.require_etr(None, minute(0))
	planned_times.require_etr(minute(1), minute(0))
	for at in (0, -1):
		with pytest.raises(RuleError, match="ETR"):
			planned_times.require_etr(minute(at), minute(0))


# ---------------------------------------------------------------- left behind, and late


@pytest.mark.parametrize(("level", "key", "first"), [("I", "start_backup_supply", "isolate_incoming")])
def test_isolation_is_not_left_out_while_the_standby_supply_waits_for_it(level, key, first):
	isolation, waiting = of_step(level, first), of_step(level, key)
	with pytest.raises(GateClosed) as refused:
		gates.require_skippable(isolation, general_manager=True, reason="no time", waiting=[waiting])
	assert refused.value.blocking == [waiting]
	gates.require_skippable(isolation, general_manager=True, reason="no time")


@pytest.mark.parametrize(
	("status", "held_until", "by", "left"),
	[
		("Acknowledged", "", "gone", True),
		("Acknowledged", None, "gone", True),
		("Acknowledged", "", "here", False),
		("Acknowledged", "stand_down", "gone", False),
		("Acknowledged", "", None, False),
		("In Progress", "", "gone", False),
		("Open", "", "gone", False),
		("On Post", "stand_down", "gone", False),
	],
)
def test_only_what_was_taken_and_not_begun_is_left_behind(status, held_until, by, left):
	assert lifecycle.left_behind(status, held_until, by, {"here"}) is left


def test_what_was_checked_before_supply_went_says_nothing():
	gates.require_checked_since(minute(10), None)
	gates.require_checked_since(minute(10), minute(10))
	with pytest.raises(RuleError, match="Occurred At"):
		gates.require_checked_since(minute(9), minute(10))


class TestComesLate:
	"""Order follows what happened, not what arrived."""

	CHANGED = datetime(2026, 1, 31, 2, 20, 0, 400_000)
	NOW = CHANGED + timedelta(hours=3)

	@pytest.mark.parametrize(
		("verb", "status", "minutes", "late"),
		[
			("arrive", "Open", -10, True),  # before it changed hands
			("arrive", "Open", 10, False),
			("relieve", "On Post", -10, True),
			("withdraw", "On Post", -10, True),
			("withdraw", "On Post", 10, False),
			("withdraw", "Skipped", 180, True),  # danger is told in every state
			("complete", "Open", -10, False),  # the work was done
			("complete", "Skipped", -10, True),
			("arrive", "Skipped", 10, True),  # without a network nobody knew of the end
			("arrive", "Skipped", 179, False),  # whoever touches it now can see it
			("skip", "Done", -10, False),  # a decision is made anew
		],
	)
	def test_by_what_happened_since(self, verb, status, minutes, late):
		at = self.CHANGED + timedelta(minutes=minutes)
		assert lifecycle.comes_late(verb, status, at, self.NOW, self.CHANGED) is late

	def test_checks_hold_while_their_person_is_there(self):
		at = self.CHANGED - timedelta(minutes=1)
		assert lifecycle.comes_late("complete", "Open", at, self.NOW, self.CHANGED, confirms=True)

	def test_within_one_second_of_a_phone_leaving_comes_after_being_there(self):
		at = self.CHANGED.replace(microsecond=0)
		assert lifecycle.comes_late("arrive", "Open", at, self.NOW, at, by_phone=True)
		assert not lifecycle.comes_late("withdraw", "On Post", at, self.NOW, at, by_phone=True)
		assert not lifecycle.comes_late("arrive", "Open", at, self.NOW, None, by_phone=True)
