"""Reading what a resident wrote: is it about a power outage, and is anybody in danger? Chinese and English.

A word list, not a model: the control room can read why a ticket was taken, and change the list in Settings. Danger is
also read from words that are harmless alone ("lift", "cannot get out"), and what is denied, over, only thought of, or
about paper and money is taken out first. How well it does on labelled phrasings is measured by `tests/unit/test_triage.py`.
"""

import re
from dataclasses import dataclass

from . import triage_outage_words as power
from .triage_danger import danger_in
from .triage_matching import mandarin, plain_text
from .triage_outage import outage_in
from .triage_words import DANGER_WORDS, NO_DANGER

_CHINESE_OR_LATIN = re.compile(r"[a-z\u4e00-\u9fff\u3400-\u4dbf]")
# Of fewer words nobody can say in which language they are
_FEW_WORDS = 3


@dataclass(frozen=True)
class Words:
	"""The lists that the site reads with."""

	outage: tuple[str, ...] = power.OUTAGE_WORDS
	not_outage: tuple[str, ...] = power.NOT_AN_OUTAGE
	danger: tuple[str, ...] = DANGER_WORDS
	no_danger: tuple[str, ...] = NO_DANGER
	returned: tuple[str, ...] = power.RETURNED
	not_here: tuple[str, ...] = power.NOT_HERE


@dataclass(frozen=True)
class Reading:
	"""What a text says: the outage word found ("" = not about an outage) and the danger word ("" = none)."""

	outage: str = ""
	danger: str = ""


def read(text: str, words: Words | None = None) -> Reading:
	"""Read one text (subject and description together, HTML already taken out), its first `LONGEST` characters."""
	words = words or Words()
	plain = plain_text(text)
	in_mandarin = mandarin(plain)
	danger = danger_in(plain, words.danger, words.no_danger)
	if not danger and in_mandarin != plain:
		danger = danger_in(in_mandarin, words.danger, words.no_danger)
	outage = outage_in(
		in_mandarin,
		outage=words.outage,
		not_outage=words.not_outage,
		returned=words.returned,
		not_here=words.not_here,
	)
	return Reading(outage, danger)


def can_be_read(text: str) -> bool:
	"""Is it written so that the lists could find what it says: some words, Chinese, or English by its small words?

	A photo, a voice message or another language says nothing to them, and may be a cry for help.
	"""
	plain = plain_text(text)
	letters = [letter for letter in plain if letter.isalpha()]
	if sum(_CHINESE_OR_LATIN.match(letter) is not None for letter in letters) < max(1, 0.6 * len(letters)):
		return False
	words = re.findall(r"[a-z']+", plain)
	is_latin = not any("\u4e00" <= letter <= "\u9fff" for letter in letters)
	return not is_latin or len(words) < _FEW_WORDS or any(word in power.ENGLISH for word in words)
