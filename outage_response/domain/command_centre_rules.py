"""What the command centre works out of the record: the kind of outage that a first word means, how long batteries last, what is overdue."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from . import triage_matching
from .errors import _
from .states import OutageKind

# What is usually seen first, and the kind of outage that it means until the cause is confirmed
SEEN = (
	(_("Dark, cause unknown"), OutageKind.INTERNAL),
	(_("The street around is dark too"), OutageKind.EXTERNAL),
	(_("The power supplier reports a failure"), OutageKind.EXTERNAL),
	(_("A switch or fuse tripped"), OutageKind.INTERNAL),
	(_("Smoke, burnt smell or a bang"), OutageKind.INTERNAL),
	(_("Lights flicker, or a phase is missing"), OutageKind.INTERNAL),
)
# In other words: only what can hardly mean anything else
BEYOND = re.compile(
	r"street (is|went) dark|district (is|went) dark|grid (is down|has failed|failure)|neighbours are dark"
	r"|周边(也|都)|整条街|附近小区(也|都)|电网(故障|停电)|外网(故障|停电)|市电(中断|停电)",
	re.IGNORECASE,
)
MINUTES = re.compile(r"(\d+(?:\.\d+)?)\s*(hours?\b|hrs?\b|h\b|个?小时|minutes?\b|mins?\b|m\b|分钟?)?", re.IGNORECASE)

LONGEST_READING = 140


def kind_seen(words: str, translate: Callable[[str], str] = str) -> str:
	"""The kind of level under which an outage is declared by what was seen; `translate` puts SEEN into the speaker's language.

	An internal failure until somebody says that the dark goes beyond the property.
	"""
	said = (words or "")[: triage_matching.LONGEST].strip()
	for text, kind in SEEN:
		if said in (text, translate(text)):
			return kind
	return OutageKind.EXTERNAL if BEYOND.search(said) else OutageKind.INTERNAL


def minutes_in(reading: str) -> float | None:
	"""Minutes that a reading names ("90 min", "1.5 h", "还有40分钟"); a bare number is minutes; None: it names none."""
	found = MINUTES.search((reading or "")[:LONGEST_READING])
	if not found:
		return None
	unit = (found.group(2) or "").lower()
	return float(found.group(1)) * (60 if unit.startswith("h") or unit.endswith("小时") else 1)


def lasts_until(
	rated: int, out_since: datetime | None, reading: str = "", read_at: datetime | None = None, failed: bool = False
) -> datetime | None:
	"""When a battery is empty: by its latest reading, else by its rated minutes from when supply went.

	A backup that did not switch over is empty from the start. None: nobody knows.
	"""
	if failed:
		return out_since
	minutes = minutes_in(reading)
	if minutes is not None and read_at:
		return read_at + timedelta(minutes=minutes)
	return out_since + timedelta(minutes=rated) if rated and out_since else None


def etr_moves(kinds: Iterable[str], *, from_the_start: bool = False) -> int:
	"""How often the expected time was changed after somebody had first named one (`from_the_start`: with the declaration).

	kinds  of timeline entries
	"""
	named = sum(1 for kind in kinds if kind in ("etr_set", "etr_cleared"))
	return named if from_the_start else max(0, named - 1)
