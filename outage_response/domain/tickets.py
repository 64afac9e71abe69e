"""Which outage explains a call, and whether a ticket is over when the outage is."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import triage

RUNNING, PLANNED, RESTORED = "running", "planned", "restored"
RANK = {RUNNING: 0, PLANNED: 1, RESTORED: 2}


@dataclass(frozen=True)
class Candidate:
	"""One affected node of an incident that may explain calls.

	kind  running: without supply now; planned: between `since` and `until`; restored: came back at `until`
	"""

	incident: str
	node: str
	kind: str
	since: datetime
	until: datetime | None = None


def explained_by(
	path: Sequence[str], said_at: datetime, candidates: Iterable[Candidate], still_out_minutes: int
) -> Candidate | None:
	"""The incident that a call falls under, or None.

	`path` is the caller's node and its ancestors, nearest first. Running comes before planned, planned before one that
	came back less than `still_out_minutes` ago (that caller is still out); among these the nearest node decides.
	"""
	fitting = [one for one in candidates if one.node in path and _in_time(one, said_at, still_out_minutes)]
	return min(fitting, key=lambda one: (RANK[one.kind], path.index(one.node), one.incident), default=None)


def _in_time(candidate: Candidate, said_at: datetime, still_out_minutes: int) -> bool:
	if candidate.kind == RUNNING:
		return True
	if candidate.kind == PLANNED:
		return candidate.since <= said_at and (candidate.until is None or said_at <= candidate.until)
	return candidate.until is not None and said_at <= candidate.until + timedelta(minutes=still_out_minutes)


_SENTENCE = re.compile(r"[.!?;\n。！？；]+")
_SMALL_TALK = re.compile(
	r"^(hi|hello|dear|good (morning|evening|afternoon)|thanks?|thank you|please|regards|best|urgent|asap|help|"
	r"what is going on|when|how long|any update|你好|您好|谢谢|请|麻烦|急|在吗|怎么回事|什么时候|多久|几点|尽快|赶紧)",
	re.IGNORECASE,
)


def about_something_else_too(subject: str, description: str, words: triage.Words | None = None) -> bool:
	"""Does a ticket hold a sentence that the outage does not explain? Such a ticket is not resolved with the outage.

	In doubt yes: a ticket left open costs a glance, one closed wrongly costs a resident.
	"""
	return any(
		_says_something(sentence)
		and triage.read(sentence, words) == triage.Reading()
		and not _SMALL_TALK.match(sentence)
		for sentence in (part.strip() for text in (subject, description) for part in _SENTENCE.split(text or ""))
	)


def _says_something(sentence: str) -> bool:
	if sentence.isascii():
		return len(sentence.split()) >= 4
	return len(sentence) >= 7
