"""Is an outage meant that goes on here and now? Not one of another time or place, of paper, or that somebody takes back."""

import re

from . import triage_outage_words as power
from .triage_matching import (
	OUT,
	SENTENCE_END,
	TURN,
	first_of,
	in_mandarin,
	in_short,
	last_sign,
	may_hold,
	short_denials,
	without,
)
from .triage_words import TAKEN_BACK
from .word_lists import Words

# A sentence with the mark that ends it, and the statements in it; Chinese is often written with a space for a comma
_SENTENCES = re.compile(r"(?<=[!?;。])|(?<=\.)(?=\s|$)")
_STATEMENTS = re.compile(
	r"(?<=[,:])|(?<=[^\x00-\x7f] )(?=[^\x00-\x7f])|(?<= - )|(?=\b(?:and|but|so|because|though)\b)|(?=但|可是|不过)"
)
# "没电了" alone, of whatever the sentence is about
_EMPTY = re.compile(r"\s?(?:已经|快|又|都)?没有?电了?[\s!.。]{0,3}$")
# From when to when: what is announced
_HOURS = re.compile(
	r"\b\d{1,2}(?::\d\d)? ?(?:am|pm)? ?(?:to|until|till) ?\d{1,2}\b|\b\d{1,2}:\d\d ?[-~至到] ?\d{1,2}:\d\d|"
	r"\b\d{1,2} ?(?:am|pm)? ?- ?\d{1,2} ?(?:am|pm)\b|[\d一二两三四五六七八九十]{1,3}[点时]半?[到至-](?:凌晨|早上|上午|中午|下午|晚上)?[\d一二两三四五六七八九十]{1,3}[点时]"
)
# What we wrote, quoted by who answers it
_QUOTED = re.compile(r"(?:you wrote|your notice|your message|你们通知|你们说)[^\"“”]{0,20}[\"“][^\"“”]{0,400}[\"”]")
# Within so many characters a machine says that it is one
_GREETED = 300


def outage_in(plain: str, *, outage: Words, not_outage: Words, returned: Words, not_here: Words) -> str:
	"""A word of an outage that goes on here: not one of another time or place, of paper, or that somebody takes back.

	Supply that is back is none, unless it is back for others only, or went again.
	"""
	plain = short_denials(plain)
	outage, not_here = in_mandarin(outage), in_short(not_here)
	if not any(may_hold(plain, phrases) for phrases in (outage, not_here, power.ASKED_BACK)):
		return ""
	told = without(_own_statement(plain), in_mandarin(not_outage))
	here = _of_here_and_now(told, (*outage, *power.ASKED_BACK))
	rest = without(here, in_short(returned))
	if rest != here and first_of(rest, power.THANKS) and not first_of(rest, not_here):
		return ""  # how it was, told by somebody who thanks
	found = first_of(here, power.ASKED_BACK) or first_of(rest, outage)
	return found or (first_of(rest, not_here) if rest != told else "")


def _own_statement(text: str) -> str:
	"""Nothing of what a machine answers; of an answer to our notice, what its author adds; what follows a withdrawal."""
	if first_of(text[:_GREETED], power.AUTOMATIC):
		return ""
	if text.startswith(power.ANSWERED):
		subject, end, body = _cut_at(text, SENTENCE_END)
		if first_of(subject, power.OUR_NOTICE) or first_of(subject, power.ACKNOWLEDGED):
			text = body if end else ""
	text = _QUOTED.sub(OUT, text)
	if at := max(last_sign(text, TAKEN_BACK), last_sign(text, power.NOTHING_NOW)):
		return _cut_at(text[at:], TURN)[2]
	return text


def _cut_at(text: str, end: re.Pattern[str]) -> tuple[str, str, str]:
	found = end.search(text)
	return (text[: found.start()], found.group(0), text[found.end() :]) if found else (text, "", "")


def _of_here_and_now(text: str, outage: tuple[str, ...]) -> str:
	"""Without the clauses that speak of another time or place, of what comes afterwards, or of outages at large.

	A question that follows such a clause in its sentence is about the same.
	"""
	kept = []
	for sentence in _SENTENCES.split(text):
		gone = False
		for clause in _STATEMENTS.split(sentence):
			if first_of(clause, outage):
				gone = (
					_is_of_elsewhen(clause, sentence)
					or _is_of_a_battery(clause, sentence)
					or (gone and _is_question(clause) and not _goes_on(clause))
				)
				kept.append(OUT if gone else clause)
			else:
				kept.append(clause)
	return "".join(kept)


def _is_question(text: str) -> bool:
	return "?" in text or bool(first_of(text, power.QUESTION))


def _goes_on(clause: str) -> bool:
	return bool(first_of(clause, power.ONGOING))


def _is_of_a_battery(clause: str, sentence: str) -> bool:
	return bool(_EMPTY.match(clause) and first_of(sentence, power.BATTERIES) and not first_of(sentence, power.PLACES))


def _is_of_elsewhen(clause: str, sentence: str) -> bool:
	"""Is the outage that a clause names one of another time, another place, or of none at all?"""
	if first_of(clause, power.STILL_AWAY):
		return False
	if first_of(clause, power.LATER) and not first_of(clause, power.SINCE_A_DAY):
		return True
	if first_of(clause, power.IT_IS_OVER) or _is_of_elsewhere(clause, sentence):
		return True
	return not _goes_on(clause) and _is_of_before(clause, sentence)


def _is_of_elsewhere(clause: str, sentence: str) -> bool:
	"""Another place, or outages at large."""
	here = first_of(sentence, power.HERE) and not first_of(sentence, power.ONLY_ASKED)
	if first_of(clause, power.ELSEWHERE) and not here:
		return True
	return bool(first_of(clause, power.AT_LARGE)) and _is_question(sentence)


def _is_of_before(clause: str, sentence: str) -> bool:
	if first_of(clause, power.LONG_AGO) or first_of(clause, power.AFTERWARDS) or _HOURS.search(clause):
		return True
	return bool(
		first_of(clause, power.LATELY) and (first_of(sentence, power.WHY) or first_of(sentence, power.AFTERWARDS))
	)
