"""Reading what a resident wrote: is it about a power outage, and is anybody in danger? Chinese and English.

A word list, not a model: the control room can read why a ticket was taken, and change the list in Settings. Danger is
also read from words that are harmless alone ("lift", "cannot get out"), and what is denied, over, only thought of, or
about paper and money is taken out first. How well it does on labelled phrasings is measured by `tests/unit/test_triage.py`.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from . import triage_outage_words as power
from .triage_words import (
	BETWEEN,
	BETWEEN_CHINESE,
	DANGER_WORDS,
	DENIABLE,
	DENYING,
	DENYING_CHINESE,
	GOING_ON,
	HARMLESS_BESIDE,
	HARMLESS_UNLESS,
	IN_ONE_SENTENCE,
	IN_TWO_SENTENCES,
	MEANINGS,
	MEANT,
	NO_DANGER,
	NO_EVENT,
	NOT_URGENT,
	OPENING,
	OVER,
	PAST,
	SUPPOSED,
	TAKEN_BACK,
	TRADITIONAL,
	URGENT,
)

# A hook reads inside the ticket's own request; what stands behind so many characters (two pages) is a quotation
LONGEST = 5_000
# What {x} does not reach over: the next clause speaks of something else
_CLAUSE = r",.;!?…，。；！？"
_WORD = r"(?!and\b|but\b|so\b|because\b|since\b|\d{4})\w{1,40}"
# What is taken out leaves this, so that the words on both sides do not grow together
_OUT = " … "
_SENTENCE_END = re.compile(r"[!?;。]|\.(?=\s|$)")
# Where what is said turns to another matter: at the end of a sentence and at a "but"
_TURN = re.compile(r"([!?;。]+|\.(?=\s|$)|\b(?:but|however|though|yet)\b|但是|但|可是|不过|结果|然而)")
_CLAUSES = re.compile(r"(?<=[,，])")
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
_CHINESE_OR_LATIN = re.compile(r"[a-z\u4e00-\u9fff\u3400-\u4dbf]")
# Of fewer words nobody can say in which language they are
_FEW_WORDS = 3
# Within so many characters a machine says that it is one
_GREETED = 300
_MANDARIN = {cantonese.translate(TRADITIONAL): mandarin for cantonese, mandarin in power.CANTONESE}
_CANTONESE = re.compile("|".join(map(re.escape, sorted(_MANDARIN, key=len, reverse=True))))
# 是不是, 有没有: a question, unlike 但是没有. 到现在还没, 一直没: what somebody waits for
_NOT_ASKED = "(?:(?<![是有])|(?<=[但可还总老就于都也]是))"
_NO_QUESTION = _NOT_ASKED + "(?<!一直)(?<!到现在还)(?<!到现在都)(?<!到现在也)(?<!现在还)"
_NOT_HARMLESS = (*MEANINGS["board"], *MEANINGS["gas"])
# 停电到现在, 充电到一半: no 电到, which is a shock
_AFTER_SUPPLY = re.compile(r"([停断充来通送供跳限缺]电)(?=[到得了着倒翻死])")
# "not a false alarm", "tell me when the power is back": no sign that all is well
_NO_SIGN_BEFORE = re.compile(
	r"(?:\b(?:not|isnt|no|never|hasnt|havent|nobody|be)(?: an?| just| the)?|\b(?:when|until|till|once|if|before)(?: the| my| our)?|"
	r"不是?|没有?|没被|还没|未|无|别|时候|几点|何时|等|多久|能不能)\s*$"
)


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
	plain = _plain(text)
	mandarin = _mandarin(plain)
	danger = _danger(plain, words) or (mandarin != plain and _danger(mandarin, words)) or ""
	return Reading(_outage(mandarin, words), danger)


def can_be_read(text: str) -> bool:
	"""Is it written so that the lists could find what it says: some words, Chinese, or English by its small words?

	A photo, a voice message or another language says nothing to them, and may be a cry for help.
	"""
	plain = _plain(text)
	letters = [letter for letter in plain if letter.isalpha()]
	if sum(_CHINESE_OR_LATIN.match(letter) is not None for letter in letters) < max(1, 0.6 * len(letters)):
		return False
	words = re.findall(r"[a-z']+", plain)
	is_latin = not any("\u4e00" <= letter <= "\u9fff" for letter in letters)
	return not is_latin or len(words) < _FEW_WORDS or any(word in power.ENGLISH for word in words)


def _danger(plain: str, words: Words) -> str:
	"""A word of danger, or words that mean it together, once all that is no danger has been taken out."""
	plain, danger = _short_denials(plain), _in_short(words.danger)
	if not _may_hold(plain, danger) and not _together(plain):
		return ""
	rest = _AFTER_SUPPLY.sub(r"\1 ", _without(_not_denied(_not_over(plain)), _in_short(words.no_danger)))
	return _first(rest, danger) or _together(rest)


@lru_cache(maxsize=32)
def _in_short(phrases: tuple[str, ...]) -> tuple[str, ...]:
	return tuple(dict.fromkeys(_short_denials(phrase.lower()) for phrase in phrases))


# ---------------------------------------------------------------- an outage, here and now


def _outage(plain: str, words: Words) -> str:
	"""A word of an outage that goes on here: not one of another time or place, of paper, or that somebody takes back.

	Supply that is back is none, unless it is back for others only, or went again.
	"""
	plain = _short_denials(plain)
	outage, not_here = _in_mandarin(words.outage), _in_short(words.not_here)
	if not any(_may_hold(plain, phrases) for phrases in (outage, not_here, power.ASKED_BACK)):
		return ""
	told = _without(_own_statement(plain), _in_mandarin(words.not_outage))
	here = _of_here_and_now(told, (*outage, *power.ASKED_BACK))
	rest = _without(here, _in_short(words.returned))
	if rest != here and _first(rest, power.THANKS) and not _first(rest, not_here):
		return ""  # how it was, told by somebody who thanks
	found = _first(here, power.ASKED_BACK) or _first(rest, outage)
	return found or (_first(rest, not_here) if rest != told else "")


def _own_statement(text: str) -> str:
	"""Nothing of what a machine answers; of an answer to our notice, what its author adds; what follows a withdrawal."""
	if _first(text[:_GREETED], power.AUTOMATIC):
		return ""
	if text.startswith(power.ANSWERED):
		subject, end, body = _cut_at(text, _SENTENCE_END)
		if _first(subject, power.OUR_NOTICE) or _first(subject, power.ACKNOWLEDGED):
			text = body if end else ""
	text = _QUOTED.sub(_OUT, text)
	if at := max(_signs(text, TAKEN_BACK), _signs(text, power.NOTHING_NOW)):
		return _cut_at(text[at:], _TURN)[2]
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
			if _first(clause, outage):
				gone = (
					_is_of_elsewhen(clause, sentence)
					or _is_of_a_battery(clause, sentence)
					or (gone and _is_question(clause) and not _goes_on(clause))
				)
				kept.append(_OUT if gone else clause)
			else:
				kept.append(clause)
	return "".join(kept)


def _is_question(text: str) -> bool:
	return "?" in text or bool(_first(text, power.QUESTION))


def _goes_on(clause: str) -> bool:
	return bool(_first(clause, power.ONGOING))


def _is_of_a_battery(clause: str, sentence: str) -> bool:
	return bool(_EMPTY.match(clause) and _first(sentence, power.BATTERIES) and not _first(sentence, power.PLACES))


def _is_of_elsewhen(clause: str, sentence: str) -> bool:
	"""Is the outage that a clause names one of another time, another place, or of none at all?"""
	if _first(clause, power.STILL_AWAY):
		return False
	if _first(clause, power.LATER) and not _first(clause, power.SINCE_A_DAY):
		return True
	if _first(clause, power.IT_IS_OVER):
		return True
	here = _first(sentence, power.HERE) and not _first(sentence, power.ONLY_ASKED)
	if _first(clause, power.ELSEWHERE) and not here:
		return True
	if _first(clause, power.AT_LARGE) and _is_question(sentence):
		return True
	if _goes_on(clause):
		return False
	if _first(clause, power.LONG_AGO) or _first(clause, power.AFTERWARDS) or _HOURS.search(clause):
		return True
	return bool(_first(clause, power.LATELY) and (_first(sentence, power.WHY) or _first(sentence, power.AFTERWARDS)))


def simplified(text: str) -> str:
	"""As texts are read here: narrow, small letters, simplified characters, Cantonese as Mandarin; `LONGEST` of them."""
	return _mandarin(_plain(text))


def _mandarin(text: str) -> str:
	return _CANTONESE.sub(lambda found: _MANDARIN[found.group(0)], text)


@lru_cache(maxsize=32)
def _in_mandarin(phrases: tuple[str, ...]) -> tuple[str, ...]:
	return tuple(dict.fromkeys(_mandarin(phrase.translate(TRADITIONAL)) for phrase in _in_short(phrases)))


def _plain(text: str) -> str:
	"""Lower case, full width made half, simplified characters, one space between words; an empty line ends a sentence."""
	text = unicodedata.normalize("NFKC", (text or "")[:LONGEST]).lower().replace("’", "'").translate(TRADITIONAL)
	return " ".join(re.sub(r"\n[^\S\n]*\n", " . ", text).split())


def _may_hold(text: str, phrases: tuple[str, ...]) -> bool:
	"""Is any of them worth looking for? Nothing that is taken out of the text can add one."""
	return next(_present(text, phrases), None) is not None


def _without(text: str, phrases: tuple[str, ...]) -> str:
	for first, phrase in list(_present(text, phrases)):
		if first in text:
			text = _pattern(phrase, True).sub(_OUT, text)
	return text


def _first(text: str, phrases: tuple[str, ...]) -> str:
	for _part, phrase in _present(text, phrases):
		if found := _pattern(phrase, False).search(text):
			return found.group(0)
	return ""


# ---------------------------------------------------------------- words that mean danger together


def _together(text: str) -> str:
	"""The words of the first rule whose meanings all stand near each other, in any order; "" when there is none."""
	ends = [found.end() for found in _SENTENCE_END.finditer(text)]
	seen: dict[str, dict[int, str]] = {}

	def where(meaning: str) -> dict[int, str]:
		"""The numbers of the sentences that hold the meaning, and by which word."""
		if meaning not in seen:
			seen[meaning] = {bisect_right(ends, at): word for at, word in _all(text, MEANINGS[meaning])}
		return seen[meaning]

	for rule in IN_ONE_SENTENCE:
		if near := _common([where(meaning) for meaning in rule]):
			return near
	for rule in IN_TWO_SENTENCES:
		found = [where(meaning) for meaning in rule]
		if near := _common([{**{number - 1: word for number, word in one.items()}, **one} for one in found]):
			return near
	return ""


def _common(found: list[dict[int, str]]) -> str:
	number = next((number for number in found[0] if all(number in one for one in found)), None)
	return "" if number is None else " + ".join(dict.fromkeys(one[number] for one in found))


def _all(text: str, phrases: tuple[str, ...]) -> Iterator[tuple[int, str]]:
	for _part, phrase in _present(text, phrases):
		for found in _pattern(phrase, True).finditer(text):
			yield found.start(), found.group(0)


# ---------------------------------------------------------------- danger that is none


def _short_denials(text: str) -> str:
	"""One way to write what people write in many: "cannot", "can't" and "can not" become "cant"."""
	text = re.sub(r"\b(?:can ?not|can't)\b", "cant", text.replace("’", "'"))
	text = re.sub(r"\b(?:will not|won't)\b", "wont", text)
	text = re.sub(r"\bnoone\b", "no one", text)
	return re.sub(r"\b(is|are|was|were|do|does|did|has|have|had|could|would|should)(?: not|n't)\b", r"\1nt", text)


def _not_denied(text: str) -> str:
	return _denied_chinese().sub(_OUT, _denied().sub(_OUT, text))


@lru_cache(maxsize=1)
def _denied() -> re.Pattern[str]:
	""" "no sign of fire or smoke": a denial, a few words of no weight, what is denied, and what follows with an "or"."""
	between = rf"(?: (?:{_any(BETWEEN)})){{0,4}}"
	what = rf"(?: (?:{_any(DENIABLE, ascii_only=True)})(?![a-z]))"
	more = rf"(?:(?:,{between}{what})*,?(?: or| nor|/){between}{what})*"
	return re.compile(rf"(?<![a-z])(?:{_any(DENYING)}){between}{what}+{more}")


@lru_cache(maxsize=1)
def _denied_chinese() -> re.Pattern[str]:
	"""没有人困在里面. A question is no denial (是不是着火了, 有没有人受伤, 没人被困吗), and neither is what is still awaited
	(到现在还没, 一直没)."""
	between = rf"(?:{_any(BETWEEN_CHINESE)}){{0,5}}"
	what = rf"(?:{_any(DENIABLE, ascii_only=False)})"
	more = rf"(?:[、或和及也]+(?:{_any(DENYING_CHINESE)})?{between}{what}+)*"
	return re.compile(
		rf"{_NO_QUESTION}(?:{_any(DENYING_CHINESE)}){between}{what}+{more}(?![^{_CLAUSE}]{{0,4}}[吗嘛么])"
	)


def _any(words: tuple[str, ...], ascii_only: bool | None = None) -> str:
	chosen = [word for word in words if ascii_only is None or word.isascii() == ascii_only]
	return "|".join(re.escape(word) for word in sorted(chosen, key=len, reverse=True))


def _not_over(text: str) -> str:
	"""Without what is taken back, over, harmless beside what stands with it, or only thought of.

	A "but" ends what such a word reaches, as the end of a sentence does: nothing said of one danger covers the next.
	"""
	parts = _TURN.split(text)
	said, turns = parts[0::2], parts[1::2]
	for number, part in enumerate(said):
		before = [
			earlier
			for earlier in (number - 1, number - 2)
			if earlier >= 0 and not any(map(_is_but, turns[earlier:number]))
		]
		if at := _signs(part, TAKEN_BACK):
			said[number] = _OUT if _first(part[:12], OPENING) else _OUT + part[at:]
			for earlier in before:
				said[earlier] = _OUT
		for kind, signs in HARMLESS_BESIDE:
			if _signs(said[number], signs) and not _first(part, _NOT_HARMLESS):
				said[number] = _without(said[number], kind)
		for kind, signs, unless in HARMLESS_UNLESS:
			if _signs(part, signs) and not _first(part, unless):
				said[number] = _without(said[number], kind)
		for kind, signs in OVER:
			if (at := _signs(said[number], signs)) and not _first(said[number][:at], GOING_ON):
				said[number] = _without(said[number][:at], kind) + said[number][at:]
				for earlier in before:
					said[earlier] = _without(said[earlier], kind)
		if _is_no_event(part):
			said[number] = _OUT
			for earlier in before[:1]:
				asked = "?" in turns[earlier]
				if (asked or _first(said[earlier], PAST)) and not _first(said[earlier], URGENT):
					said[earlier] = _OUT
		said[number] = "".join(_not_supposed(clause) for clause in _CLAUSES.split(said[number]))
	return "".join(part + turn for part, turn in zip(said, [*turns, ""], strict=True))


def _is_no_event(part: str) -> bool:
	return any(not _is_denied(part, at) for at, _word in _all(part, NO_EVENT)) and not _first(
		_without(part, NOT_URGENT), URGENT
	)


def _is_but(turn: str) -> bool:
	return turn.isalpha()


def _signs(text: str, signs: tuple[str, ...]) -> int:
	"""Where the last of the signs begins, 0 when there is none. A sign denied or asked is none: "not a false alarm"."""
	return max((at + 1 for at, word in _all(text, signs) if not _is_no_sign(text, at, at + len(word))), default=0)


def _is_no_sign(text: str, start: int, end: int) -> bool:
	return _is_denied(text, start) or text[end : end + 1] in tuple("吗没么")


def _is_denied(text: str, start: int) -> bool:
	return bool(_NO_SIGN_BEFORE.search(text[max(0, start - 20) : start]))


def _not_supposed(clause: str) -> str:
	"""A clause up to what is only thought of. Whoever depends on a machine does so whatever happens next."""
	if not (at := _signs(clause, SUPPOSED)) or _first(clause, MEANT) or _first(clause, MEANINGS["machine"]):
		return clause
	return clause[: at - 1] + _OUT


def _present(text: str, phrases: tuple[str, ...]) -> Iterator[tuple[str, str]]:
	"""(a part of the phrase that is in the text, the phrase), in the order of the list: every ticket of the site is read, and
	of thousands of words only those are looked for whose first two letters the text holds."""
	index = _index(phrases)
	near = sorted(entry for pair in index.keys() & _pairs(text) for entry in index[pair])
	return ((first, phrase) for _number, first, phrase in near if first in text)


@lru_cache(maxsize=64)
def _pairs(text: str) -> frozenset[str]:
	return frozenset(("", *text, *map("".join, pairwise(text))))


# The lists themselves stay what they are, so that they need not be compared word by word
_INDEXED: dict[int, tuple[tuple[str, ...], dict[str, list[tuple[int, str, str]]]]] = {}


def _index(phrases: tuple[str, ...]) -> dict[str, list[tuple[int, str, str]]]:
	known = _INDEXED.get(id(phrases))
	if known is None or known[0] is not phrases:
		if len(_INDEXED) > 1024:
			_INDEXED.clear()
		known = _INDEXED[id(phrases)] = (phrases, _indexed(phrases))
	return known[1]


@lru_cache(maxsize=512)
def _indexed(phrases: tuple[str, ...]) -> dict[str, list[tuple[int, str, str]]]:
	index: dict[str, list[tuple[int, str, str]]] = {}
	for number, phrase in enumerate(phrases):
		first = _parts(phrase)[0]
		index.setdefault(first[:2], []).append((number, first, phrase))
	return index


def _parts(phrase: str) -> list[str]:
	return [
		part.strip()
		for part in unicodedata.normalize("NFKC", phrase.lower()).translate(TRADITIONAL).removesuffix("*").split("{x}")
	]


@lru_cache(maxsize=16384)
def _pattern(phrase: str, within_clause: bool) -> re.Pattern[str]:
	"""Words and what stands between them share no character: the search stays linear, whatever somebody writes."""
	between = rf"[^\w{_CLAUSE}]+"
	gap = rf"(?:{between}{_WORD}){{0,4}}?{between}"
	if not phrase.isascii():
		gap = rf"[^{_CLAUSE}]{{0,12}}?" if within_clause else ".{0,12}?"
	body = gap.join(re.escape(part) for part in _parts(phrase))
	if not phrase.isascii():
		return re.compile(rf"{_NOT_ASKED}{body}" if within_clause and phrase[0] in "不没" else body)
	return re.compile(rf"(?<![a-z]){body}" if phrase.endswith("*") else rf"(?<![a-z]){body}(?![a-z])")
