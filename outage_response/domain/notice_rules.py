"""Who is told what, when, and by which means (clauses 5.1.6, 8.1.2, 8.2.6).

Towers are told household by household, communities by public notice; a message to those who have an address comes
beside it. A message that cannot reach somebody becomes a line on the phone list; somebody whose life may depend on power
is confirmed by a person in any case.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .errors import RuleError, _
from .lifecycle import RUNNING
from .states import CALL_REQUEST as CALL_REQUEST
from .states import (
	CallbackOutcome,
	DeliveryChannel,
	DeliveryState,
	IncidentStatus,
	NoticeKind,
	NoticeMode,
	PropertyType,
)
from .step_definitions import Step

KINDS = tuple(NoticeKind)
# What an older notice says of the time is no longer true when one of these goes out
ABOUT_THE_TIME = (
	NoticeKind.FIRST_WORD,
	NoticeKind.CAUSE,
	NoticeKind.IN_WRITING,
	NoticeKind.ETR,
	NoticeKind.ETR_PASSING,
)

# Sent by themselves so long before their deadline that the queue has time to deliver them
MARGIN = timedelta(minutes=5)
MAX_TRIES = 4
WAITS = (1, 5, 15)  # minutes after the first, second, third try that failed
WRONG_NUMBER = _("Wrong Number")  # nothing that is kept in a Select: the delivery has no address any more
PHONE_OUTCOMES = (CallbackOutcome.REACHED, CallbackOutcome.NO_ANSWER, WRONG_NUMBER)
STATES_OF_KIND: Mapping[str, tuple[IncidentStatus, ...]] = {
	NoticeKind.FIRST_WORD: RUNNING,
	NoticeKind.CAUSE: (IncidentStatus.ACTIVE,),
	NoticeKind.IN_WRITING: RUNNING,
	NoticeKind.ETR: RUNNING,
	NoticeKind.ETR_PASSING: RUNNING,
	NoticeKind.RESTORED: (*RUNNING, IncidentStatus.RESTORED, IncidentStatus.STOOD_DOWN),
	NoticeKind.FOLLOW_UP: (IncidentStatus.RESTORED, IncidentStatus.STOOD_DOWN, IncidentStatus.CLOSED),
	NoticeKind.PLANNED: (IncidentStatus.SCHEDULED,),
	NoticeKind.CANCELLED: (IncidentStatus.CANCELLED,),
}


@dataclass(frozen=True)
class Numbers:
	"""The numbers of Settings."""

	first_word_minutes: int = 10
	in_writing_minutes: int = 60
	etr_warning_minutes: int = 15
	mail_patience_minutes: int = 30
	resident_message_minutes: int = 120


@dataclass(frozen=True)
class Recipient:
	"""One contact, with the first of their units. `language` is en or zh."""

	contact: str
	unit: str
	floor: str = ""
	email: str = ""
	mobile: str = ""
	phone: str = ""
	language: str = "en"
	care: bool = False


@dataclass(frozen=True)
class Way:
	"""How one contact is told: the channel, the state it begins in, and whether somebody phones."""

	channel: str
	state: str
	phone_list: bool
	must_confirm: bool


# ---------------------------------------------------------------- by which means


def mode_of(property_type: str, chosen: str = "") -> str:
	"""Public or Individual: as the property chose, else as the procedure asks (8.1.2, 8.2.6)."""
	return chosen or (NoticeMode.INDIVIDUAL if property_type == PropertyType.TOWER else NoticeMode.PUBLIC)


def way_to(person: Recipient, mode: str, *, mail: bool, sms: bool, beside_public: bool) -> Way | None:
	"""How this person is told, or None: the public notice is all.

	`mail`, `sms`: can this site send them; `beside_public`: messages go out beside a public notice.
	"""
	individual = mode == NoticeMode.INDIVIDUAL
	if individual or beside_public:
		if mail and person.email:
			return Way(DeliveryChannel.EMAIL, DeliveryState.QUEUED, person.care, person.care)
		if sms and person.mobile:
			return Way(DeliveryChannel.SMS, DeliveryState.QUEUED, person.care, person.care)
	if not individual and not person.care:
		return None
	if person.mobile or person.phone:
		return Way(DeliveryChannel.PHONE, DeliveryState.QUEUED, True, person.care)
	return Way(DeliveryChannel.PHONE, DeliveryState.NO_ADDRESS, True, person.care)


def after_failure(mode: str, tries: int, at: datetime) -> tuple[str, bool, datetime | None]:
	"""(state, falls to the phone list, when to try again) after the `tries`-th try that failed."""
	if tries < MAX_TRIES:
		return DeliveryState.QUEUED, False, at + timedelta(minutes=WAITS[tries - 1])
	return DeliveryState.FAILED, mode == NoticeMode.INDIVIDUAL, None


def after_phone(
	outcome: str, tries: int, at: datetime, max_attempts: int, retry_minutes: int, *, must_confirm: bool = False
) -> tuple[str, bool, datetime | None]:
	"""(state, stays on the phone list, when to call again) after somebody phoned. Raises RuleError.

	`must_confirm`: whoever may depend on power stays on the list until a person has seen to it, by phone or at the door.
	"""
	if outcome not in PHONE_OUTCOMES:
		raise RuleError(_("Outcome: choose one of: {allowed}."), allowed=PHONE_OUTCOMES)
	if outcome == CallbackOutcome.REACHED:
		return DeliveryState.SEEN, False, None
	if outcome == WRONG_NUMBER:
		return DeliveryState.NO_ADDRESS, must_confirm, None
	if tries >= max_attempts:
		return DeliveryState.FAILED, must_confirm, at + timedelta(minutes=retry_minutes) if must_confirm else None
	return DeliveryState.QUEUED, True, at + timedelta(minutes=retry_minutes)


# ---------------------------------------------------------------- when


def due_by_itself(
	status: str,
	reported_at: datetime | None,
	etr: datetime | None,
	issued: Mapping[str, datetime],
	now: datetime,
	numbers: Numbers,
	*,
	planned: bool = False,
) -> list[str]:
	"""Kinds that go out now without anybody asking. `issued`: kind -> when last issued; `planned`: was it announced as work?

	The first word, unless residents have been told more by then; and one in writing when nothing was said since, each a little
	before its deadline: not of planned work, which was announced. A word before the expected time passes in silence; when that time was named only just before, at
	the time itself, for "it may take longer" a minute after "expected back" would take it back.
	"""
	if status not in RUNNING or not reported_at:
		return []
	due: list[str] = [NoticeKind.ETR_PASSING] if etr and now >= _passes_in_silence(etr, issued, numbers) else []
	if planned:
		return due
	if not set(ABOUT_THE_TIME) & set(issued) and now >= reported_at + _before(numbers.first_word_minutes):
		due.append(NoticeKind.FIRST_WORD)
	said = {kind for kind in issued if kind in (NoticeKind.CAUSE, NoticeKind.ETR, NoticeKind.IN_WRITING)}
	if not said and now >= reported_at + _before(numbers.in_writing_minutes):
		due.append(NoticeKind.IN_WRITING)
	return due


def _passes_in_silence(etr: datetime, issued: Mapping[str, datetime], numbers: Numbers) -> datetime:
	"""When a word is due of an expected time that nobody has spoken of since."""
	warn_at = etr - timedelta(minutes=numbers.etr_warning_minutes)
	told = max(
		(at for kind, at in issued.items() if kind in ABOUT_THE_TIME and kind != NoticeKind.ETR_PASSING), default=None
	)
	return etr if told and told >= warn_at else warn_at


def for_those_who_join(issued: Iterable[str]) -> str:
	"""Kind of the notice by which people who are newly affected hear what the others were told; "" if nobody was told."""
	told = (NoticeKind.FIRST_WORD, NoticeKind.CAUSE, NoticeKind.IN_WRITING, NoticeKind.ETR)
	return next((kind for kind in told if kind in set(issued)), "")


def _before(minutes: int) -> timedelta:
	return max(timedelta(minutes=minutes) - MARGIN, timedelta())


def announced_too_late(steps: Iterable[Step], planned_by: str, planned_start: datetime, now: datetime) -> int:
	"""Days of notice that the plan's step asks for when they are no longer to be had, else 0."""
	for step in steps:
		if step.completes_with == "notices" and step.planned_anchor:
			minutes = -(step.minutes_by_planner.get(planned_by, step.minutes) or 0)
			return math.ceil(minutes / 1440) if now > planned_start - timedelta(minutes=minutes) else 0
	return 0


def require_kind(kind: str, status: str) -> None:
	"""Raise RuleError for a kind that is unknown, or that says what is not so in this state."""
	if kind not in KINDS:
		raise RuleError(_("Kind: choose one of: {allowed}."), allowed=KINDS)
	if status not in STATES_OF_KIND[kind]:
		raise RuleError(
			_("Kind: a notice of this kind does not fit an outage that is {status}. Choose another."), status=status
		)


# ---------------------------------------------------------------- which step it completes

# Whoever was told the cause, or when supply is expected, needs no first word any more
STEP_OF_ANCHOR = {"reported": ABOUT_THE_TIME, "confirmed": (NoticeKind.CAUSE,), "planned_start": (NoticeKind.PLANNED,)}


def step_is_done(
	kinds: Sequence[str], notices: Iterable[Mapping[str, Any]], deliveries: Mapping[str, Sequence[Mapping[str, Any]]]
) -> bool:
	"""Have residents been told by a notice of one of `kinds`?

	notices     {"name", "kind", "mode", "posted_at"}; deliveries: notice -> rows of {"state", "phone_list", "tries"}
	A first word is done when it is issued. The rest: individually, when nobody is left to be told; publicly, when the
	posting is proved by a photo.
	"""
	found = [notice for notice in notices if notice["kind"] in kinds]
	if not found or NoticeKind.FIRST_WORD in kinds:
		return bool(found)
	public = [notice for notice in found if notice["mode"] == NoticeMode.PUBLIC]
	if public and not any(notice["posted_at"] for notice in public):
		return False
	one_by_one = [notice["name"] for notice in found if notice["mode"] != NoticeMode.PUBLIC]
	return not any(still_to_tell(row) for name in one_by_one for row in deliveries.get(name, ()))


def still_to_tell(row: Mapping[str, Any]) -> bool:
	"""Is somebody still to do something about this delivery: the queue, or a person with a telephone?"""
	return row["state"] in (DeliveryState.QUEUED, DeliveryState.SENDING) or bool(row["phone_list"])


# ---------------------------------------------------------------- in which words

WORD = re.compile(r"{(\w+)}")
# What a window of planned work has of its own
OF_A_WINDOW = ("planned_start", "planned_end")
LONGEST_SUBJECT = 140


def best_template(
	templates: Iterable[Mapping[str, Any]], kind: str, level: str, language: str
) -> Mapping[str, Any] | None:
	"""The template of this kind that fits best: the level's own before the general one, the language before English."""
	wanted = [(language, level), (language, "All"), ("en", level), ("en", "All")]
	known = {(row["language"], row["level"]): row for row in templates if row["kind"] == kind}
	return next((known[key] for key in wanted if key in known), None)


def fill(text: str, values: Mapping[str, str], windows: Sequence[Mapping[str, str]] = ()) -> str:
	"""`text` with its {words} filled in. A line that needs a word which is not known is left out; one about the time of planned
	work stands once for each of its `windows` (with the words OF_A_WINDOW)."""
	lines = []
	for line in text.splitlines():
		words = WORD.findall(line)
		each = windows if set(words) & set(OF_A_WINDOW) else ()
		for known in [{**values, **window} for window in each] or [dict(values)]:
			if all(known.get(word) for word in words):
				lines.append(_filled(line, known))
	return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _filled(line: str, known: Mapping[str, str]) -> str:
	return WORD.sub(lambda found: known[found.group(1)], line)


def subject_line(text: str) -> str:
	"""A subject that fits; what is longer ends in a mark that says so, and stands whole in the message."""
	text = " ".join(text.split())
	return text if len(text) <= LONGEST_SUBJECT else text[: LONGEST_SUBJECT - 1] + "…"


def signed(text: str, closing: Iterable[str]) -> str:
	"""A notice with what every notice says in the end (reason, whom to ask, who issues it and when), as far as `text` does not say
	it already, in a paragraph of its own."""
	missing = [line for line in closing if line and line not in text]
	return "\n\n".join(one for one in (text.strip(), "\n".join(missing)) if one)


def without_date(message: str) -> str:
	"""What a notice says, without the line of its date: by this two are the same."""
	return message.strip().rpartition("\n")[0]


def short(message: str) -> tuple[str, bool]:
	"""(what an SMS says of a notice, is something left out): its first paragraph, and its last one, by which it is signed."""
	paragraphs = [" ".join(part.split()) for part in message.split("\n\n") if part.strip()]
	ends = dict.fromkeys((paragraphs[0], paragraphs[-1])) if paragraphs else ()
	return " ".join(ends), len(paragraphs) > 2


def unknown_words(text: str, known: Iterable[str]) -> list[str]:
	"""Words in braces that no notice fills in."""
	return sorted(set(WORD.findall(text)) - set(known))
