"""People in an elevator: who is freed first, when others are called to help, and how what was said is corrected.

The words are those of an elevator rescue: a car is *locked off* (main switch off, locked and tagged) before anybody works on
it, the people inside are *calmed*, then *freed* by holders of the certificate. Sources: docs/sources.md.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from .errors import Keys, NotAllowed, RuleError, _
from .states import EntrapmentStatus
from .step_definitions import EMPTY as EMPTY
from .step_definitions import RELEASED as RELEASED
from .step_definitions import TRAPPED as TRAPPED
from .step_definitions import Step

# Outcomes are judged by what they mean (`Step.meaning`), in whatever words the plan says it.
# How a rescue ends, and how it turns out that there was none to make
BY_OUR_OWN = RELEASED[0]
NOBODY_INSIDE = _("nobody_inside")

# states in which somebody is, or may be, inside
OPEN = (EntrapmentStatus.POSSIBLE, EntrapmentStatus.TRAPPED)

# what is known of the people, in the order in which it makes them urgent
CONDITIONS = (_("children"), _("elderly"), _("pregnant"), _("unwell"), _("heat"), _("smoke"))

# what a step of the plan does in a rescue (`Step.rescue_part`)
TALK, LOCK_OFF, RELEASE, CALL_SERVICES = "talk", "lock_off", "release", "call_services"
# of somebody who may be inside, but perhaps of another car, one asks and makes safe; nobody is freed or called yet
PARTS_IF_POSSIBLE = ("", TALK, LOCK_OFF)

# how somebody knows that a car is empty
HOW_SEEN = (_("door_open"), _("intercom"), _("camera"))
# only who saw into the open car knows it well enough to end a rescue
SURE = "door_open"


@dataclass(frozen=True)
class Entrapment:
	"""People in one elevator, as far as it is known.

	people  0: nobody has counted them yet
	since   since when they are inside, as far as anybody knows (naive site time)
	"""

	elevator: str
	label: str = ""
	status: str = EntrapmentStatus.TRAPPED
	people: int = 0
	since: datetime | None = None
	children: bool = False
	elderly: bool = False
	pregnant: bool = False
	unwell: bool = False
	heat: bool = False
	smoke: bool = False

	@property
	def is_certain(self) -> bool:
		return self.status == EntrapmentStatus.TRAPPED

	def minutes(self, now: datetime) -> int:
		"""Whole minutes that they have been inside."""
		return max(0, int((now - self.since).total_seconds() // 60)) if self.since else 0


def urgency(one: Entrapment, now: datetime) -> tuple[Any, ...]:
	"""Sorts who is freed first: where people are known to be inside; then by how many, children, age, illness, heat, and how long.
	Who has not been counted counts as one."""
	return (
		not one.is_certain,
		-max(one.people, 1),
		not one.children,
		not one.elderly,
		not (one.unwell or one.pregnant),
		not (one.heat or one.smoke),
		-one.minutes(now),
		natural(one.label),
	)


def natural(text: str) -> tuple[tuple[int, str], ...]:
	"""Sorts Elevator 2 before Elevator 10."""
	return tuple((int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", text or "") if part)


def needs_help_at_once(one: Entrapment) -> bool:
	"""Is nobody's arrival to be waited for, before 119, 120 or the elevator hotline is called?"""
	return any(getattr(one, condition) for condition in CONDITIONS)


def warnings_due(one: Entrapment, now: datetime, warned: int, thresholds: Collection[int]) -> int:
	"""The longest of `thresholds` (minutes inside) that has passed and of which nobody was warned yet; 0: none.

	warned  the longest of which somebody was
	"""
	passed = [minutes for minutes in thresholds if minutes and warned < minutes <= one.minutes(now)]
	return max(passed, default=0) if one.is_certain else 0


# ---------------------------------------------------------------- the steps of a rescue


def asked_for_by_people(steps: Iterable[Step]) -> set[str]:
	"""Keys of the steps that people in an elevator ask for: parts of a rescue, and what the plan adds besides when a check
	finds somebody."""
	steps = list(steps)
	parts = {step.key for step in steps if step.rescue_part and step.on_outcome}
	found = {outcome for step in steps for outcome in step.outcomes.values() if outcome.meaning == TRAPPED}
	return parts | {key for outcome in found for key in outcome.adds}


def asked_for(step: Step, *, certain: bool) -> bool:
	"""Is a step that people in an elevator ask for wanted while it is only possible that they are in this one?"""
	return certain or step.rescue_part in PARTS_IF_POSSIBLE


def ends_rescue(meaning: str) -> bool:
	return meaning in RELEASED


def require_count(counted: int, out: int | None) -> int:
	"""The number of people who are out. Raises RuleError unless it is that of those who were counted inside."""
	if out is None or out < 1:
		raise RuleError(_("People: count those who are out and say how many they are."))
	if counted and out != counted:
		raise RuleError(
			_(
				"People: {counted} were counted inside, and {out} are out. Look into the car once more; if the first count was wrong, correct it, then end the rescue."
			),
			counted=counted,
			out=out,
		)
	return out


def require_people(people: int | str | None, label: str = "People") -> int | None:
	"""A number of people as a client gives it; None: nothing was said. Raises RuleError naming the field."""
	if people is None or people == "":
		return None
	try:
		found = int(people)
	except (TypeError, ValueError):
		found = -1
	if not 0 <= found <= 100:
		raise RuleError(_("{field}: give a whole number from 0 to 100."), field=label)
	return found


def require_certificate(meaning: str, *, holds_one: bool) -> None:
	"""Raise RuleError when somebody without a certificate says that they freed people themselves."""
	if meaning == BY_OUR_OWN and not holds_one:
		raise RuleError(
			_(
				"Outcome: only holders of a valid elevator rescue certificate free people themselves. Calm them, lock the elevator off and call the maintenance company; record who freed them."
			)
		)


def is_valid(valid_until: date | None, on: date) -> bool:
	"""Does a certificate hold on that day? Its last day counts; one without an end holds."""
	return valid_until is None or on <= valid_until


# ---------------------------------------------------------------- on behalf of somebody, by radio


def require_for_another(step: Step) -> None:
	"""Raise NotAllowed when this is never written down for somebody else: it lets supply back onto people, or a second person
	reads it back."""
	if step.gate == "energise" or step.read_back_by:
		raise NotAllowed(
			_("This is confirmed by whoever saw it, on their own login, and written down for nobody else.")
		)


def require_radio_proof(
	meaning: str, *, label: str, plate: str, elevator_no: str | None, who: str, how: str | None, read_back: bool
) -> None:
	"""Raise RuleError unless an outcome of that meaning, which somebody gives by radio, says enough.

	People inside: at once, without proof. Anything else (locked off, freed, empty): the number of the elevator, who says so, and
	that it was read back to them; of an empty car also how they know.
	"""
	if meaning == TRAPPED:
		return
	if not who.strip():
		raise RuleError(_("Who Looked: say who saw it."))
	if not same_elevator(elevator_no or "", label, plate):
		raise RuleError(
			_("Elevator Number: {given} is not the number of {elevator}. Ask for the number in the car, and write it."),
			given=(elevator_no or "-")[:40],
			elevator=label,
		)
	if how not in (HOW_SEEN if meaning == EMPTY else (None, "", *HOW_SEEN)):
		raise RuleError(_("How Seen: choose one of: {allowed}."), allowed=Keys(HOW_SEEN))
	if not read_back:
		raise RuleError(_("Read Back: repeat it to them (which elevator, what they say) and have them say yes."))


def same_elevator(given: str, label: str, plate: str = "") -> bool:
	"""Does somebody mean this elevator: its name, its number plate, or the only number in its name?"""
	said = _plain(given)
	if not said:
		return False
	numbers = re.findall(r"\d+", label)
	only = numbers[0].lstrip("0") if len(numbers) == 1 else None
	return said in (_plain(label), _plain(plate)) or (said.isdigit() and said.lstrip("0") == only)


def _plain(text: str) -> str:
	return "".join(unicodedata.normalize("NFKC", text or "").casefold().split())


# ---------------------------------------------------------------- correcting what was said


def require_correctable(step: Step, before: str, after: str) -> None:
	"""Raise RuleError unless `after` can take the place of the outcome `before`."""
	allowed = [word for word in corrections(step) if word != before]
	if after not in allowed:
		raise RuleError(_("Outcome: choose one of: {allowed}."), allowed=Keys(allowed))


def corrections(step: Step) -> tuple[str, ...]:
	"""What the outcome of a step may be corrected to: its other outcomes; of a rescue also that people are still inside; of a
	check that found people also that they are out. What is no outcome of its own is said by its meaning."""
	words = tuple(step.outcomes)
	if any(step.means(meaning) for meaning in RELEASED):
		return (TRAPPED,)
	return (*words, BY_OUR_OWN) if step.means(TRAPPED) else words


def may_be_inside(step: Step, outcome: str) -> bool:
	"""Can a step that ended by `outcome` be corrected to that people are inside after all?"""
	return step.meaning(outcome) != TRAPPED and any(step.meaning(word) == TRAPPED for word in corrections(step))


def needs_second_person(step: Step, before: str, after: str) -> bool:
	"""Danger is believed at once, from anybody. That there is none is believed when a second person has read it back."""
	return step.means(TRAPPED) and step.meaning(before) == TRAPPED != step.meaning(after)


def anybody_may(meaning: str) -> bool:
	"""May everybody on the staff say this, whoever had the step?"""
	return meaning == TRAPPED


def require_claim(*, who: str, how: str | None) -> None:
	"""Raise RuleError unless somebody saw into the open car that nobody is in any more."""
	if not who.strip():
		raise RuleError(_("Who Looked: say who saw it."))
	if how != SURE:
		raise RuleError(_("How Seen: only who saw into the open, empty car can say so."))


def require_other_person(reader: str, *first: str | None) -> None:
	"""Raise NotAllowed when who saw it, or who wrote it down, would read it back themselves."""
	if reader in first:
		raise NotAllowed(_("Read Back: somebody else must read it back, neither who saw it nor who wrote it down."))
