"""Is anybody in danger, by what was written? What is denied, over, only thought of, or about paper and money is taken out first."""

import re
from bisect import bisect_right
from functools import lru_cache

from .triage_matching import (
	CLAUSE,
	NOT_ASKED,
	OUT,
	SENTENCE_END,
	TURN,
	all_of,
	first_of,
	in_short,
	is_denied,
	last_sign,
	may_hold,
	one_of,
	short_denials,
	without,
)
from .triage_words import (
	BETWEEN,
	BETWEEN_CHINESE,
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
	NO_EVENT,
	NOT_URGENT,
	OPENING,
	OVER,
	PAST,
	SUPPOSED,
	TAKEN_BACK,
	URGENT,
)
from .word_lists import Words

_CLAUSES = re.compile(r"(?<=[,，])")
_NO_QUESTION = NOT_ASKED + "(?<!一直)(?<!到现在还)(?<!到现在都)(?<!到现在也)(?<!现在还)"
_NOT_HARMLESS = (*MEANINGS["board"], *MEANINGS["gas"])
# 停电到现在, 充电到一半: no 电到, which is a shock
_AFTER_SUPPLY = re.compile(r"([停断充来通送供跳限缺]电)(?=[到得了着倒翻死])")


def danger_in(plain: str, danger: Words, no_danger: Words) -> str:
	"""A word of danger, or words that mean it together, once all that is no danger has been taken out."""
	plain, danger = short_denials(plain), in_short(danger)
	if not may_hold(plain, danger) and not _together(plain):
		return ""
	rest = _AFTER_SUPPLY.sub(r"\1 ", without(_not_denied(_not_over(plain)), in_short(no_danger)))
	return first_of(rest, danger) or _together(rest)


def _together(text: str) -> str:
	"""The words of the first rule whose meanings all stand near each other, in any order; "" when there is none."""
	ends = [found.end() for found in SENTENCE_END.finditer(text)]
	seen: dict[str, dict[int, str]] = {}

	def where(meaning: str) -> dict[int, str]:
		"""The numbers of the sentences that hold the meaning, and by which word."""
		if meaning not in seen:
			seen[meaning] = {bisect_right(ends, at): word for at, word in all_of(text, MEANINGS[meaning])}
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


def _not_denied(text: str) -> str:
	return _denied_chinese().sub(OUT, _denied().sub(OUT, text))


@lru_cache(maxsize=1)
def _denied() -> re.Pattern[str]:
	""" "no sign of fire or smoke": a denial, a few words of no weight, what is denied, and what follows with an "or"."""
	between = rf"(?: (?:{one_of(BETWEEN)})){{0,4}}"
	what = rf"(?: (?:{one_of(DENIABLE, ascii_only=True)})(?![a-z]))"
	more = rf"(?:(?:,{between}{what})*,?(?: or| nor|/){between}{what})*"
	return re.compile(rf"(?<![a-z])(?:{one_of(DENYING)}){between}{what}+{more}")


@lru_cache(maxsize=1)
def _denied_chinese() -> re.Pattern[str]:
	"""没有人困在里面. A question is no denial (是不是着火了, 有没有人受伤, 没人被困吗), and neither is what is still awaited
	(到现在还没, 一直没)."""
	between = rf"(?:{one_of(BETWEEN_CHINESE)}){{0,5}}"
	what = rf"(?:{one_of(DENIABLE, ascii_only=False)})"
	more = rf"(?:[、或和及也]+(?:{one_of(DENYING_CHINESE)})?{between}{what}+)*"
	return re.compile(
		rf"{_NO_QUESTION}(?:{one_of(DENYING_CHINESE)}){between}{what}+{more}(?![^{CLAUSE}]{{0,4}}[吗嘛么])"
	)


def _not_over(text: str) -> str:
	"""Without what is taken back, over, harmless beside what stands with it, or only thought of.

	A "but" ends what such a word reaches, as the end of a sentence does: nothing said of one danger covers the next.
	"""
	parts = TURN.split(text)
	said, turns = parts[0::2], parts[1::2]
	for number, part in enumerate(said):
		before = _sentences_before(number, turns)
		_take_back(said, number, before)
		said[number] = _without_harmless(part, said[number])
		_end_what_is_over(said, number, before)
		if _is_no_event(part):
			said[number] = OUT
			for earlier in before[:1]:
				if _is_past(said[earlier], turns[earlier]):
					said[earlier] = OUT
		said[number] = "".join(_not_supposed(clause) for clause in _CLAUSES.split(said[number]))
	return "".join(part + turn for part, turn in zip(said, [*turns, ""], strict=True))


def _sentences_before(number: int, turns: list[str]) -> list[int]:
	"""The two before, nearest first, as far as no "but" stands between."""
	return [
		earlier
		for earlier in (number - 1, number - 2)
		if earlier >= 0 and not any(_is_but(one) for one in turns[earlier:number])
	]


def _take_back(said: list[str], number: int, before: list[int]) -> None:
	part = said[number]
	if at := last_sign(part, TAKEN_BACK):
		said[number] = OUT if first_of(part[:12], OPENING) else OUT + part[at:]
		for earlier in before:
			said[earlier] = OUT


def _without_harmless(part: str, left: str) -> str:
	"""What is `left` of a sentence, without words of danger that are harmless beside what the sentence says."""
	for kind, signs in HARMLESS_BESIDE:
		if last_sign(left, signs) and not first_of(part, _NOT_HARMLESS):
			left = without(left, kind)
	for kind, signs, unless in HARMLESS_UNLESS:
		if last_sign(part, signs) and not first_of(part, unless):
			left = without(left, kind)
	return left


def _end_what_is_over(said: list[str], number: int, before: list[int]) -> None:
	for kind, signs in OVER:
		part = said[number]
		if (at := last_sign(part, signs)) and not first_of(part[:at], GOING_ON):
			said[number] = without(part[:at], kind) + part[at:]
			for earlier in before:
				said[earlier] = without(said[earlier], kind)


def _is_past(sentence: str, turn: str) -> bool:
	return ("?" in turn or bool(first_of(sentence, PAST))) and not first_of(sentence, URGENT)


def _is_no_event(part: str) -> bool:
	return any(not is_denied(part, at) for at, _word in all_of(part, NO_EVENT)) and not first_of(
		without(part, NOT_URGENT), URGENT
	)


def _is_but(turn: str) -> bool:
	return turn.isalpha()


def _not_supposed(clause: str) -> str:
	"""A clause up to what is only thought of. Whoever depends on a machine does so whatever happens next."""
	if not (at := last_sign(clause, SUPPOSED)) or first_of(clause, MEANT) or first_of(clause, MEANINGS["machine"]):
		return clause
	return clause[: at - 1] + OUT
