"""Callbacks: who is called back, in which order, when again (clause 5.3.3, invariant 7)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from .errors import RuleError, _
from .states import CallbackOutcome, CallbackReason, CallbackStatus

REASONS = tuple(CallbackReason)
WAITING = (CallbackStatus.PENDING, CallbackStatus.NO_ANSWER, CallbackStatus.UNREACHED)
ENDED = (
	CallbackStatus.REACHED,
	CallbackStatus.STILL_OUT,
	CallbackStatus.REFUSED,
	CallbackStatus.EXHAUSTED,
	CallbackStatus.NOT_REQUIRED,
)
# These are not given up because nobody answers: they come round again until a person decides
HELD_FAST = (CallbackReason.LIFE_SAFETY, CallbackReason.CARE)
LONGEST_SECONDS = 4 * 60 * 60
OUTCOMES = tuple(CallbackOutcome)


@dataclass(frozen=True)
class Policy:
	"""Numbers from Settings. The shares (per cent) of the callbacks of each reason that are made; `sample_percent` is that
	of the Standard ones."""

	sample_percent: int = 100
	max_attempts: int = 3
	retry_minutes: int = 120
	calling_from: time = time(8, 0)
	calling_to: time = time(21, 0)
	danger_percent: int = 100
	care_percent: int = 100
	reported_percent: int = 100

	def share(self, why: str) -> int:
		"""Per cent of the callbacks of one reason that are made."""
		shares: dict[str, int] = {
			CallbackReason.LIFE_SAFETY: self.danger_percent,
			CallbackReason.CARE: self.care_percent,
			CallbackReason.REPORTED: self.reported_percent,
		}
		return shares.get(why, self.sample_percent)


def reason(*, danger: bool, care: bool, reported: bool) -> str:
	"""Why a household is called back; the gravest reason counts."""
	if danger:
		return CallbackReason.LIFE_SAFETY
	if care:
		return CallbackReason.CARE
	return CallbackReason.REPORTED if reported else CallbackReason.STANDARD


def required(why: str, contact: str, incident: str, policy: Policy) -> bool:
	"""Is this callback to be made? A share is drawn: the same contact and incident always give the same answer."""
	drawn = int.from_bytes(hashlib.sha256(f"{incident}\x1f{contact}".encode()).digest()[:4], "big") % 100
	return drawn < policy.share(why)


def within_calling_hours(at: datetime, policy: Policy) -> datetime:
	"""`at`, or the next moment at which residents may be called."""
	if policy.calling_from >= policy.calling_to:
		return at
	if at.time() < policy.calling_from:
		return datetime.combine(at.date(), policy.calling_from)
	if at.time() >= policy.calling_to:
		return datetime.combine(at.date() + timedelta(days=1), policy.calling_from)
	return at


def attempt_at(why: str, ready_at: datetime, policy: Policy) -> datetime:
	"""Those in danger are called at once, at any hour; everybody else within calling hours."""
	return ready_at if why == CallbackReason.LIFE_SAFETY else within_calling_hours(ready_at, policy)


def after_attempt(why: str, outcome: str, attempts: int, at: datetime, policy: Policy) -> tuple[str, datetime | None]:
	"""Status of the callback after its `attempts`-th attempt, and when to try again (None: not again)."""
	if outcome not in OUTCOMES:
		raise RuleError(_("Outcome: choose one of: {allowed}."), allowed=OUTCOMES)
	if outcome != CallbackOutcome.NO_ANSWER:
		return outcome, None
	again = attempt_at(why, at + timedelta(minutes=policy.retry_minutes), policy)
	if attempts < policy.max_attempts:
		return CallbackStatus.NO_ANSWER, again
	return (CallbackStatus.UNREACHED, again) if why in HELD_FAST else (CallbackStatus.EXHAUSTED, None)


def require_decision(status: str, why: str) -> None:
	"""Raise RuleError unless somebody decides, and says why, about a person whom all attempts did not reach."""
	if status != CallbackStatus.UNREACHED:
		raise RuleError(
			_("Status: only a callback whose attempts are used up is given up by decision; this one is {status}."),
			status=status,
		)
	if not why.strip():
		raise RuleError(_("Reason: say why this person is called no more."))


def require_duration(seconds: int | None) -> None:
	"""Raise RuleError unless a call may have lasted that long; None: nobody knows."""
	if seconds is not None and (type(seconds) is not int or not 0 <= seconds <= LONGEST_SECONDS):
		raise RuleError(_("Duration: a whole number of seconds from 0 to {longest}, or none."), longest=LONGEST_SECONDS)


def require_open(status: str) -> None:
	"""Raise RuleError when the callback has ended."""
	if status in ENDED:
		raise RuleError(
			_("Status: this callback has ended ({status}). Open another incident if there is a new outage."),
			status=status,
		)


def in_order_of_need(rows: Iterable[Any]) -> list[Any]:
	"""Callbacks (with `status`, `priority` and `name`) of one person about one outage, the one that matters most first: what
	is still to be made before what has ended, the more urgent before the others; nobody was called for one not required."""
	return sorted(
		rows,
		key=lambda row: (row.status in ENDED, row.status == CallbackStatus.NOT_REQUIRED, row.priority or 0, row.name),
	)


def all_ended(statuses: Iterable[str]) -> bool:
	"""Is the round of callbacks finished?"""
	return all(status in ENDED for status in statuses)
