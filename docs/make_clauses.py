"""Make docs/clauses.md: which steps carry out each clause, and which test holds them to it.

	python3 docs/make_clauses.py            writes the page
	python3 docs/make_clauses.py --check    only says whether it is up to date

Clauses come from docs/procedure.md, steps from the procedure file of the app, rules from the table below.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "clauses.md"
PROCEDURE = DOCS.parent / "outage_response/setup/procedure.yaml"
STEP_TEST = "test_plan_expansion.py::test_a_step_comes_out_where_the_procedure_asks_for_it_and_nowhere_else"
LEVEL_OF_SECTION = {"8.1": "III", "8.2": "II", "8.3": "I"}

# What a clause asks for beyond a step that comes out: (clauses, rule, tests).
RULES = (
	(
		("5.1.4",),
		"“When necessary”: the reserve is required when there are more posts than guards.",
		("test_plan_expansion.py::test_the_reserve_is_required_only_with_more_posts_than_guards",),
	),
	(
		("5.1.3", "8.2.3"),
		"Somebody is trapped: the outcome of the check calls for talking to them, locking off, releasing, calling for help.",
		(
			"test_plan_expansion.py::test_an_outcome_calls_for_the_steps_that_it_names",
			"test_who_gets_a_task.py::test_life_safety_does_not_wait_for_people_who_are_asleep",
			"test_entrapment_rules.py::test_while_it_is_only_possible_one_asks_and_makes_safe",
			"test_entrapment_rules.py::test_who_cannot_wait_is_not_waited_for",
		),
	),
	(
		("5.1.3", "8.2.3"),
		"“Release”: locked off first, by holders of the certificate, the most urgent first, and everybody counted.",
		(
			"test_lifecycle.py::test_the_rescue_from_one_elevator_waits_for_its_own_lock_off_alone",
			"test_entrapment_rules.py::test_only_holders_of_the_certificate_free_people_themselves",
			"test_entrapment_rules.py::test_people_then_children_age_illness_heat_and_minutes",
			"test_entrapment_rules.py::test_as_many_are_out_as_were_counted",
		),
	),
	(
		("5.1.3", "8.2.3"),
		"“Check”: an empty car needs proof, people inside need none; what was said is corrected, danger at once.",
		(
			"test_entrapment_rules.py::test_an_empty_car_needs_its_number_who_looked_how_and_a_read_back",
			"test_entrapment_rules.py::test_people_inside_are_believed_without_proof",
			"test_entrapment_rules.py::test_danger_is_believed_at_once_and_its_end_by_a_second_person",
		),
	),
	(
		("5.1.5",),
		"The outside firm has no login: its steps are phoned and recorded by the control room.",
		(
			"test_who_gets_a_task.py::test_an_outside_firm_is_phoned_by_the_control_room",
			"test_authority.py::test_the_control_room_acts_for_outsiders",
		),
	),
	(
		("5.3.3",),
		"Order, calling hours, attempts and sample of the callbacks.",
		(
			"test_callback_rules.py::test_the_order_is_danger_care_reported_others",
			"test_callback_rules.py::test_residents_are_called_within_calling_hours",
			"test_callback_rules.py::test_nobody_answering_is_tried_again_until_the_attempts_are_used_up",
			"test_callback_rules.py::test_only_standard_callbacks_are_sampled",
		),
	),
	(
		("5.3.4",),
		"Stand-down: a post is not completed by hand; whoever is in danger leaves at once.",
		(
			"test_lifecycle.py::test_a_held_post_is_not_completed_by_hand",
			"test_lifecycle.py::test_whoever_is_in_danger_leaves_in_whatever_state_the_task_is",
		),
	),
	(
		("6.1",),
		"Assignment: off-hours, unplanned, tower: Engineering's steps go to the duty electrician.",
		(
			"test_plan_expansion.py::test_the_duty_electrician_rule_covers_unplanned_outages_of_towers_off_hours",
			"test_who_gets_a_task.py::test_off_hours_in_a_tower_engineering_goes_to_the_duty_electrician",
			"test_due_times.py::test_off_hours_are_all_but_working_time_on_working_days_that_are_no_holidays",
			"test_due_times.py::test_hours_across_midnight_belong_to_the_day_on_which_they_began",
		),
	),
	(
		("6.3", "8.1.7", "8.2.8"),
		"“Every switch”: the shaft's step lists its switches; a defect holds the stand-down.",
		(
			"test_plan_expansion.py::test_the_shaft_check_lists_its_own_switches_and_the_access_check_every_affected_door",
			"test_gates.py::test_a_defect_in_a_shaft_keeps_the_guards_on_post_until_it_is_mended",
		),
	),
	(
		("7.1",),
		"“Otherwise repair at once”: the outcome calls for it; a generator starts only after isolation.",
		(
			"test_plan_expansion.py::test_an_outcome_calls_for_the_steps_that_it_names",
			"test_lifecycle.py::test_a_step_waits_for_the_one_before_it",
		),
	),
	(
		("7.2",),
		"A point of which nothing is known counts as unprotected.",
		("test_plan_expansion.py::test_an_asset_of_which_nothing_is_known_counts_as_unprotected",),
	),
	(
		("8.1.1", "8.1.2"),
		"How long before depends on who plans the work.",
		("test_due_times.py::test_notice_of_planned_work_depends_on_who_plans_it",),
	),
	(
		("8.1.4", "8.1.5"),
		"Nobody switches off before the steps that prepare it are done.",
		("test_gates.py::test_a_gate_is_kept_by_its_steps_and_by_no_other",),
	),
	(
		("8.1.6", "8.2.7"),
		"Before supply returns: every check, read back by a second person, overridden by nobody.",
		(
			"test_gates.py::test_the_permission_to_energise_is_overridden_by_nobody",
			"test_lifecycle.py::test_supply_is_cleared_only_with_every_check_confirmed",
			"test_authority.py::test_a_read_back_is_done_by_a_second_person",
		),
	),
	(
		("8.2.7", "8.3"),
		"Nobody is in a car that may move, nobody says so for another, and a change of level opens no gate.",
		(
			"test_lifecycle.py::test_an_elevator_that_is_locked_off_stays_still_when_supply_returns",
			"test_entrapment_rules.py::test_what_lets_supply_back_onto_people_is_said_for_nobody_else",
			"test_plan_difference.py::test_a_clearance_gives_way_only_to_a_clearance",
		),
	),
	(
		("8.2.2",),
		"Not internal after all: the level changes and the task set follows.",
		("test_plan_difference.py::test_reclassifying_carries_over_what_both_plans_ask_for_and_cancels_the_rest",),
	),
	(
		("8.2.5",),
		"“In an emergency directly”: every department has its steps from the first report; Engineering may confirm.",
		(
			"test_plan_expansion.py::test_every_department_has_its_steps_from_the_first_report",
			"test_authority.py::test_engineering_confirms_without_waiting_for_the_control_room",
		),
	),
	(
		("8.3",),
		"The text ends here. What rests on this clause alone is marked as derived or practice.",
		("test_step_definitions.py::test_only_level_one_rests_on_the_part_of_the_procedure_that_is_missing",),
	),
)


def clauses() -> list[tuple[str, str]]:
	"""Number and Chinese text of each clause of sections 5 to 8, in the order of the page."""
	text = (DOCS / "procedure.md").read_text(encoding="utf-8")
	return re.findall(r"^- \*\*([5-8](?:\.\d+)+)\*\* (.+)$", text, re.M)


def steps_of(clause: str, rows: list[dict]) -> Iterator[tuple[dict, list[str]]]:
	"""The steps that carry out a clause and the levels for which it asks them: 8.1 speaks of III, 8.2 of II, 8.3 of I."""
	level = LEVEL_OF_SECTION.get(clause[:3])
	for row in rows:
		if clause in row["clauses"]:
			yield row, [name for name in ("I", "II", "III") if name in row["levels"] and level in (None, name)]


def tests_of(clause: str, rows: list[dict]) -> list[str]:
	"""Names of the tests behind a clause."""
	found = [f"{STEP_TEST}[{level}-{row['key']}]" for row, levels in steps_of(clause, rows) for level in levels]
	return found + [test for numbers, _, tests in RULES if clause in numbers for test in tests]


def uncovered(rows: list[dict]) -> list[str]:
	"""Clauses without a test; a heading is covered by its parts."""
	numbers = [number for number, _ in clauses()]
	return [
		number
		for number in numbers
		if not tests_of(number, rows) and not any(other.startswith(number + ".") for other in numbers)
	]


def page(rows: list[dict]) -> str:
	lines = [
		"# From clause to step to test",
		"",
		"Made by `docs/make_clauses.py` from the procedure file; do not edit. The clauses in full are in",
		"[procedure.md](procedure.md). Tests are in `tests/unit`. Every step of every plan is tested by",
		"",
		f"    {STEP_TEST}[LEVEL-STEP]",
		"",
		"against a hand-written list over a grid of situations; the table gives `[LEVEL-STEP]`. What a clause asks for beyond that",
		"is a rule with tests of its own. Steps marked *derived* fill in for the text that breaks off in 8.3; *practice* is safety",
		"practice that the clauses imply.",
		"",
		"| clause | step or rule | level | test |",
		"|---|---|---|---|",
	]
	numbers = [number for number, _ in clauses()]
	for number, text in clauses():
		name = f"**{number}** {_short(text)}"
		if any(other.startswith(number + ".") for other in numbers):
			lines.append(f"| {name} | *heading: see its parts* | | |")
			continue
		for row, levels in steps_of(number, rows):
			origin = f" *{row['origin']}*" if "origin" in row else ""
			tests = " ".join(f"`[{level}-{row['key']}]`" for level in levels)
			lines.append(
				f"| {name} | `{row['key']}` {row['en']}<br>{row['zh']}{origin} | {', '.join(levels)} | {tests} |"
			)
			name = ""
		for covered, rule, tests in RULES:
			if number in covered:
				lines.append(f"| {name} | rule: {rule} | | {'<br>'.join(f'`{test}`' for test in tests)} |")
				name = ""
		if name:
			lines.append(f"| {name} | **not covered** | | |")
	others = [row for row in rows if not set(row["clauses"]) & set(numbers)]
	if others:
		lines += ["", "Steps that rest on none of these clauses:", ""]
		lines += [
			f"- `{row['key']}` {row['en']} (clause {', '.join(row['clauses'])}, {row.get('origin', 'clause')}; "
			+ " ".join(f"`[{level}-{row['key']}]`" for level in row["levels"])
			+ ")"
			for row in others
		]
	return "\n".join(lines) + "\n"


def _short(text: str, most: int = 24) -> str:
	return text if len(text) <= most else text[:most].rstrip(",、。 ") + "…"


def read_steps() -> list[dict]:
	return yaml.safe_load(PROCEDURE.read_text(encoding="utf-8"))["steps"]


def main() -> int:
	rows = read_steps()
	made = page(rows)
	for number in uncovered(rows):
		print(f"Clause {number} is not covered by any step or rule.", file=sys.stderr)
	if "--check" in sys.argv[1:]:
		if PAGE.read_text(encoding="utf-8") != made:
			print("docs/clauses.md is out of date: run python3 docs/make_clauses.py", file=sys.stderr)
			return 1
	else:
		PAGE.write_text(made, encoding="utf-8")
	return 1 if uncovered(rows) else 0


if __name__ == "__main__":
	sys.exit(main())
