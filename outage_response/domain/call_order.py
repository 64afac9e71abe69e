"""The calls that customer service makes: in which order, and who makes which (clauses 5.1.6, 5.3.3)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from . import phone_numbers
from .errors import RuleError, _
from .states import CALL_REQUEST, CallbackReason

# A line's rank by why it is to be made; the lower comes first
RANKS: Mapping[str, int] = {
	CallbackReason.LIFE_SAFETY: 0,
	CallbackReason.CARE: 1,
	CALL_REQUEST: 2,
	CallbackReason.REPORTED: 3,
	CallbackReason.STANDARD: 4,
}


def in_order(lines: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
	"""One line for each contact, of whichever incident: the gravest, then the one that waits longest. The next one follows
	when it is done, so that nobody is phoned by two people at once."""
	found: dict[str, Mapping[str, Any]] = {}
	ordered = sorted(lines, key=lambda line: (RANKS[line["reason"]], str(line["since"] or ""), line["name"]))
	for line in ordered:
		found.setdefault(person(line), line)
	return list(found.values())


def person(line: Mapping[str, Any]) -> str:
	"""Whose call it is: a contact's, or that of a caller of whom only the number is known."""
	return line["contact"] or phone_numbers.caller_key(line.get("phone")) or line["name"]


def held_by_other(claimed_by: str, claimed_until: datetime | None, user: str, now: datetime) -> bool:
	"""Is somebody else making this call just now?"""
	return bool(claimed_by and claimed_by != user and claimed_until and claimed_until > now)


def require_free(claimed_by: str, claimed_until: datetime | None, user: str, now: datetime) -> None:
	"""Raise RuleError when somebody else is making this call."""
	if held_by_other(claimed_by, claimed_until, user, now):
		raise RuleError(_("Call: somebody else is making this one just now. Take the next."))


def until(now: datetime, minutes: int) -> datetime:
	"""How long a call is one person's."""
	return now + timedelta(minutes=minutes)
