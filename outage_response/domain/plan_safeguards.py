"""What a new version of a plan loses of what keeps people safe: steps of life safety, and steps that others wait for (gates).

To add is one person's work; to take away is seen by two, and said each time an outage is declared.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .step_definitions import Step

# As they are stored with a plan: key and titles of a step, since the step itself may be gone
Loss = Mapping[str, str]
# What a step must go on saying as it did; an emptied or other value takes something away
KEPT = ("gate", "defect_gate", "held_until", "rescue_part", "read_back_by", "per", "completes_with", "required_when")
# A step that is asked for always and then only under one of these is asked for less often
CONDITIONS = (
	"when_property_type",
	"when_off_hours",
	"when_min_households",
	"when_planned_by",
	"when_unprotected",
	"optional",
	"on_outcome",
)
NO_CONDITION: Mapping[str, Any] = {"when_off_hours": None, "when_min_households": 0}


def guards(step: Step) -> bool:
	"""Does the step protect somebody: life safety, or something that waits for it?"""
	return bool(step.life_safety or step.gate or step.defect_gate)


def lost(before: Sequence[Step], after: Sequence[Step], known: Iterable[Loss] = ()) -> tuple[Loss, ...]:
	"""Guarding steps of `before` that `after` does not have any more or asks for less, and of `known` (what earlier versions
	have lost) those that are still missing; in that order, each once."""
	now = {step.key: step for step in after}
	still = [loss for loss in known if not (loss["key"] in now and guards(now[loss["key"]]))]
	new = [
		{"key": step.key, "title": step.title, "title_zh": step.title_zh}
		for step in before
		if guards(step) and (step.key not in now or _weaker(step, now[step.key]))
	]
	return tuple({loss["key"]: loss for loss in (*still, *new)}.values())


def _weaker(before: Step, after: Step) -> bool:
	if before.life_safety and not after.life_safety:
		return True
	if any(getattr(before, field) and getattr(after, field) != getattr(before, field) for field in KEPT):
		return True
	for field in CONDITIONS:
		now = getattr(after, field)
		if now != getattr(before, field) and now != NO_CONDITION.get(field, type(now)()):
			return True
	meanings = [{outcome.meaning for outcome in step.outcomes.values()} - {""} for step in (before, after)]
	return bool({*before.checks} - {*after.checks} or {*before.after} - {*after.after} or meanings[0] - meanings[1])
