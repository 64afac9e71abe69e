"""Reading what a resident wrote: is it about a power outage, and is anybody in danger? Chinese and English.

A word list, not a model: the control room can read why a ticket was taken, and change the list in Settings. How well it
does on labelled phrasings is measured by `tests/unit/test_triage.py`.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from .triage_words import DANGER_WORDS, NO_DANGER, NOT_AN_OUTAGE, NOT_HERE, OUTAGE_WORDS, RETURNED, TRADITIONAL

# A hook reads inside the ticket's own request; what stands behind this many characters is a quotation
LONGEST = 10_000
# What {x} does not reach over: the next clause speaks of something else
_CLAUSE = r",.;!?…，。；！？"
_WORD = r"(?!and\b|but\b|so\b|because\b|since\b|\d{4})\w{1,40}"


@dataclass(frozen=True)
class Words:
	"""The lists that the site reads with."""

	outage: tuple[str, ...] = OUTAGE_WORDS
	not_outage: tuple[str, ...] = NOT_AN_OUTAGE
	danger: tuple[str, ...] = DANGER_WORDS
	no_danger: tuple[str, ...] = NO_DANGER
	returned: tuple[str, ...] = RETURNED
	not_here: tuple[str, ...] = NOT_HERE


@dataclass(frozen=True)
class Reading:
	"""What a text says: the outage word found ("" = not about an outage) and the danger word ("" = none)."""

	outage: str = ""
	danger: str = ""


def read(text: str, words: Words | None = None) -> Reading:
	"""Read one text (subject and description together, HTML already taken out), its first `LONGEST` characters."""
	words = words or Words()
	plain = _plain(text)
	return Reading(_outage(plain, words), _danger(plain, words))


def _danger(plain: str, words: Words) -> str:
	return _first(_without(plain, words.no_danger), words.danger) if _may_hold(plain, words.danger) else ""


def _outage(plain: str, words: Words) -> str:
	"""Supply that is back is none, unless it is back for others only, or went again."""
	if not _may_hold(plain, words.outage) and not _may_hold(plain, words.not_here):
		return ""
	told = _without(plain, words.not_outage)
	rest = _without(told, words.returned)
	return _first(rest, words.outage) or (_first(rest, words.not_here) if rest != told else "")


def _plain(text: str) -> str:
	"""Lower case, full width made half, simplified characters, one space between words; an empty line ends a sentence."""
	text = unicodedata.normalize("NFKC", (text or "")[:LONGEST]).lower().replace("’", "'").translate(TRADITIONAL)
	return " ".join(re.sub(r"\n[^\S\n]*\n", " . ", text).split())


def _may_hold(text: str, phrases: tuple[str, ...]) -> bool:
	"""Is any of them worth looking for? Nothing that is taken out of the text can add one. Most tickets end here."""
	return any(first in text for first, _pattern in _prepared(phrases, within_clause=False))


def _without(text: str, phrases: tuple[str, ...]) -> str:
	for first, pattern in _prepared(phrases, within_clause=True):
		if first in text:
			text = pattern.sub(" … ", text)
	return text


def _first(text: str, phrases: tuple[str, ...]) -> str:
	for first, pattern in _prepared(phrases, within_clause=False):
		if first in text and (found := pattern.search(text)):
			return found.group(0)
	return ""


@lru_cache(maxsize=32)
def _prepared(phrases: tuple[str, ...], within_clause: bool) -> list[tuple[str, re.Pattern]]:
	"""(a part to look for quickly, the careful expression): every ticket of the site is read, and hardly any holds any
	of the words."""
	return [(_parts(phrase)[0], _pattern(phrase, within_clause)) for phrase in phrases]


def _parts(phrase: str) -> list[str]:
	return [part.strip() for part in phrase.lower().translate(TRADITIONAL).split("{x}")]


def _pattern(phrase: str, within_clause: bool) -> re.Pattern:
	"""Words and what stands between them share no character: the search stays linear, whatever somebody writes."""
	between = rf"[^\w{_CLAUSE}]+"
	gap = rf"(?:{between}{_WORD}){{0,4}}?{between}"
	if not phrase.isascii():
		gap = rf"[^{_CLAUSE}]{{0,12}}?" if within_clause else ".{0,12}?"
	body = gap.join(re.escape(part) for part in _parts(phrase))
	return re.compile(rf"(?<![a-z]){body}(?![a-z])" if phrase.isascii() else body)
