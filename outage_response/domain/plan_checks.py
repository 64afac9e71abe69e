"""Does a plan make sense as a whole? Every word is known, nothing waits for itself, and what an outcome adds waits for one."""

from collections.abc import Iterable

from .errors import RuleError, _
from .step_definitions import (
	ACCOUNT_MANAGER,
	ANCHORS,
	COMPLETED_WITH,
	EVIDENCE,
	GATES,
	KINDS,
	MEANINGS,
	PHASES,
	RESCUE_PARTS,
	RESCUE_SERVICES,
	Step,
)


def check_plan(steps: list[Step], departments: Iterable[str]) -> None:
	"""Refuse a plan that could not be carried out: double keys, unknown words, steps that wait for each other.

	Raises RuleError naming the step, the field and the way out.
	"""
	known_departments = set(departments)
	keys = [step.key for step in steps]
	if not steps:
		raise RuleError(_("Steps: a plan needs at least one step."))
	for step in steps:
		if keys.count(step.key) > 1:
			raise RuleError(_("Step Key {key}: used twice. Give each step a key of its own."), key=step.key)
		_check_departments(step, known_departments)
		_check_values(step)
		_check_times(step)
		_check_outcomes(step)
		for field_label, others in (
			("After", step.after),
			("Outcomes", tuple(key for outcome in step.outcomes.values() for key in outcome.adds)),
		):
			for other in others:
				if other not in keys:
					raise RuleError(
						_(
							"Step {key}, {field}: there is no step {other} in this plan. Correct the key or add the step."
						),
						key=step.key,
						field=field_label,
						other=other,
					)
	_check_added(steps)
	_check_order(steps)


def _check_outcomes(step: Step) -> None:
	if not step.title:
		raise RuleError(_("Step {key}, Title: write one, in English or in Chinese."), key=step.key)
	for word, outcome in step.outcomes.items():
		if outcome.meaning and outcome.meaning not in MEANINGS:
			raise RuleError(
				_("Step {key}, {field}: {value} is not known. Choose one of: {allowed}."),
				key=step.key,
				field="Meaning",
				value=outcome.meaning,
				allowed=tuple(MEANINGS),
			)
		if word in MEANINGS and outcome.meaning != word:
			raise RuleError(
				_("Step {key}, Outcomes: {word} is a word of the app. Choose it as the Meaning too, or another key."),
				key=step.key,
				word=word,
			)
		per, part = MEANINGS.get(outcome.meaning, (step.per, step.rescue_part))
		if (step.per, step.rescue_part) != (per, part):
			raise RuleError(
				_(
					"Step {key}, Outcomes: {word} cannot mean {meaning} here. That is said of a step done per {per}, with Rescue Part {part}. Leave its Meaning empty, or change the step."
				),
				key=step.key,
				word=outcome.en or outcome.zh or word,
				meaning=outcome.meaning,
				per=per,
				part=part or "none",
			)


def _check_added(steps: list[Step]) -> None:
	"""What an outcome adds waits for one, and what waits for an outcome is added by one: else it would never be there, or
	always. The steps of an elevator rescue come with the record of the people inside."""
	by_key = {step.key: step for step in steps}
	adds = [(step, key) for step in steps for outcome in step.outcomes.values() for key in outcome.adds]
	for asks, key in adds:
		_check_adds(asks, by_key[key])
	named = {key for _asks, key in adds}
	for step in steps:
		if step.on_outcome and step.key not in named and not step.rescue_part:
			raise RuleError(
				_(
					"Step {key}, On Outcome Only: no outcome adds it. Name it in the Outcomes of a step, or untick On Outcome Only."
				),
				key=step.key,
			)


def _check_adds(asks: Step, added: Step) -> None:
	if not added.on_outcome:
		raise RuleError(
			_(
				"Step {key}, Outcomes: {other} is there from the beginning. Tick On Outcome Only at {other}, or take it out here."
			),
			key=asks.key,
			other=added.key,
		)
	if "once" not in (asks.per, added.per) and asks.per != added.per:
		raise RuleError(
			_(
				"Step {key}, Outcomes: {other} is done per {per}, and this step per {own}. An outcome adds what is done at the same thing, or once."
			),
			key=asks.key,
			other=added.key,
			per=added.per,
			own=asks.per,
		)


def _check_departments(step: Step, departments: set[str]) -> None:
	if step.department not in departments and (step.department or step.per != "critical_room"):
		raise RuleError(
			_("Step {key}, Department: {department} is not a Response Department. Choose one of the list."),
			key=step.key,
			department=step.department or "-",
		)
	if step.read_back_by and step.read_back_by not in departments:
		raise RuleError(
			_("Step {key}, Read Back By: {department} is not a Response Department. Choose one of the list."),
			key=step.key,
			department=step.read_back_by,
		)
	if step.calls and step.calls not in {*departments, ACCOUNT_MANAGER, RESCUE_SERVICES}:
		raise RuleError(
			_(
				"Step {key}, Calls: {who} is neither a Response Department nor account_manager nor rescue_services. Choose one of these."
			),
			key=step.key,
			who=step.calls,
		)


def _check_values(step: Step) -> None:
	for field_label, value, allowed in (
		("Phase", step.phase, PHASES),
		("Per", step.per, KINDS),
		("Anchor", step.anchor, ANCHORS),
		("Gate", step.gate, ("", *GATES)),
		("Defect Gate", step.defect_gate, ("", *GATES)),
		("Evidence", step.evidence, EVIDENCE),
		("Completes With", step.completes_with, ("", *COMPLETED_WITH)),
		("Held Until", step.held_until, ("", "stand_down")),
		("Repeat Until", step.repeat_until, ("", "etr", "restored")),
		("Required When", step.required_when, ("", "posts_exceed_guards")),
		("Checklist", step.checklist, ("", "shaft_switch", "security_point")),
		("Rescue Part", step.rescue_part, ("", *RESCUE_PARTS)),
	):
		if value not in allowed:
			raise RuleError(
				_("Step {key}, {field}: {value} is not known. Choose one of: {allowed}."),
				key=step.key,
				field=field_label,
				value=value,
				allowed=tuple(one for one in allowed if one),
			)


def _check_times(step: Step) -> None:
	if not step.planned_anchor and min((step.minutes or 0, *step.minutes_by_planner.values())) < 0:
		raise RuleError(
			_("Step {key}, Minutes: only a step that counts from a planned time may be due before it. Give 0 or more."),
			key=step.key,
		)
	if step.anchor == "node_restored" and step.per != "affected_node":
		raise RuleError(
			_("Step {key}, Per: a step that waits for the supply of each node is done per affected_node."), key=step.key
		)
	if step.rescue_part and step.per != "elevator":
		raise RuleError(_("Step {key}, Per: a part of an elevator rescue is done per elevator."), key=step.key)
	if step.repeat_minutes < 0 or (step.repeat_minutes and not step.repeat_until):
		raise RuleError(
			_("Step {key}, Repeat Until: a step that repeats needs an end. Choose one of: etr, restored."), key=step.key
		)


def _check_order(steps: list[Step]) -> None:
	"""Depth-first search for a loop in `after`."""
	after = {step.key: step.after for step in steps}
	done: set[str] = set()

	def visit(key: str, path: tuple[str, ...]) -> None:
		if key in path:
			loop = " > ".join((*path[path.index(key) :], key))
			raise RuleError(_("After: these steps wait for each other: {loop}. Take one of them out."), loop=loop)
		if key not in done:
			for earlier in after[key]:
				visit(earlier, (*path, key))
			done.add(key)

	for key in after:
		visit(key, ())
