"""Finding words and phrases in what somebody wrote, whichever way they write them."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from .triage_outage_words import CANTONESE
from .triage_words import TRADITIONAL

# A hook reads inside the ticket's own request; what stands behind so many characters (two pages) is a quotation
LONGEST = 5_000
# What {x} does not reach over: the next clause speaks of something else
CLAUSE = r",.;!?…，。；！？"
_WORD = r"(?!and\b|but\b|so\b|because\b|since\b|\d{4})\w{1,40}"
# What is taken out leaves this, so that the words on both sides do not grow together
OUT = " … "
SENTENCE_END = re.compile(r"[!?;。]|\.(?=\s|$)")
# Where what is said turns to another matter: at the end of a sentence and at a "but"
TURN = re.compile(r"([!?;。]+|\.(?=\s|$)|\b(?:but|however|though|yet)\b|但是|但|可是|不过|结果|然而)")
_MANDARIN = {cantonese.translate(TRADITIONAL): mandarin for cantonese, mandarin in CANTONESE}
_CANTONESE = re.compile("|".join(re.escape(one) for one in sorted(_MANDARIN, key=len, reverse=True)))
# 是不是, 有没有: a question, unlike 但是没有. 到现在还没, 一直没: what somebody waits for
NOT_ASKED = "(?:(?<![是有])|(?<=[但可还总老就于都也]是))"
# "not a false alarm", "tell me when the power is back": no sign that all is well
_NO_SIGN_BEFORE = re.compile(
	r"(?:\b(?:not|isnt|no|never|hasnt|havent|nobody|be)(?: an?| just| the)?|\b(?:when|until|till|once|if|before)(?: the| my| our)?|"
	r"不是?|没有?|没被|还没|未|无|别|时候|几点|何时|等|多久|能不能)\s*$"
)


def plain_text(text: str) -> str:
	"""Lower case, full width made half, simplified characters, one space between words; an empty line ends a sentence."""
	text = unicodedata.normalize("NFKC", (text or "")[:LONGEST]).lower().replace("’", "'").translate(TRADITIONAL)
	return " ".join(re.sub(r"\n[^\S\n]*\n", " . ", text).split())


def simplified(text: str) -> str:
	"""As texts are read here: narrow, small letters, simplified characters, Cantonese as Mandarin; `LONGEST` of them."""
	return mandarin(plain_text(text))


def mandarin(text: str) -> str:
	return _CANTONESE.sub(lambda found: _MANDARIN[found.group(0)], text)


@lru_cache(maxsize=32)
def in_mandarin(phrases: tuple[str, ...]) -> tuple[str, ...]:
	return tuple(dict.fromkeys(mandarin(phrase.translate(TRADITIONAL)) for phrase in in_short(phrases)))


def short_denials(text: str) -> str:
	"""One way to write what people write in many: "cannot", "can't" and "can not" become "cant"."""
	text = re.sub(r"\b(?:can ?not|can't)\b", "cant", text.replace("’", "'"))
	text = re.sub(r"\b(?:will not|won't)\b", "wont", text)
	text = re.sub(r"\bnoone\b", "no one", text)
	return re.sub(r"\b(is|are|was|were|do|does|did|has|have|had|could|would|should)(?: not|n't)\b", r"\1nt", text)


@lru_cache(maxsize=32)
def in_short(phrases: tuple[str, ...]) -> tuple[str, ...]:
	return tuple(dict.fromkeys(short_denials(phrase.lower()) for phrase in phrases))


def may_hold(text: str, phrases: tuple[str, ...]) -> bool:
	"""Is any of them worth looking for? Nothing that is taken out of the text can add one."""
	return next(_present(text, phrases), None) is not None


def without(text: str, phrases: tuple[str, ...]) -> str:
	for first, phrase in list(_present(text, phrases)):
		if first in text:
			text = pattern_of(phrase, True).sub(OUT, text)
	return text


def first_of(text: str, phrases: tuple[str, ...]) -> str:
	for _part, phrase in _present(text, phrases):
		if found := pattern_of(phrase, False).search(text):
			return found.group(0)
	return ""


def all_of(text: str, phrases: tuple[str, ...]) -> Iterator[tuple[int, str]]:
	for _part, phrase in _present(text, phrases):
		for found in pattern_of(phrase, True).finditer(text):
			yield found.start(), found.group(0)


def one_of(words: tuple[str, ...], ascii_only: bool | None = None) -> str:
	chosen = [word for word in words if ascii_only is None or word.isascii() == ascii_only]
	return "|".join(re.escape(word) for word in sorted(chosen, key=len, reverse=True))


def last_sign(text: str, signs: tuple[str, ...]) -> int:
	"""Where the last of the signs begins, 0 when there is none. A sign denied or asked is none: "not a false alarm"."""
	return max((at + 1 for at, word in all_of(text, signs) if not _is_no_sign(text, at, at + len(word))), default=0)


def _is_no_sign(text: str, start: int, end: int) -> bool:
	return is_denied(text, start) or text[end : end + 1] in tuple("吗没么")


def is_denied(text: str, start: int) -> bool:
	return bool(_NO_SIGN_BEFORE.search(text[max(0, start - 20) : start]))


def _present(text: str, phrases: tuple[str, ...]) -> Iterator[tuple[str, str]]:
	"""(a part of the phrase that is in the text, the phrase), in the order of the list: every ticket of the site is read, and
	of thousands of words only those are looked for whose first two letters the text holds."""
	index = _index(phrases)
	near = sorted(entry for pair in index.keys() & _pairs(text) for entry in index[pair])
	return ((first, phrase) for _number, first, phrase in near if first in text)


@lru_cache(maxsize=64)
def _pairs(text: str) -> frozenset[str]:
	return frozenset(("", *text, *("".join(one) for one in pairwise(text))))


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
		first = parts_of(phrase)[0]
		index.setdefault(first[:2], []).append((number, first, phrase))
	return index


def parts_of(phrase: str) -> list[str]:
	return [
		part.strip()
		for part in unicodedata.normalize("NFKC", phrase.lower()).translate(TRADITIONAL).removesuffix("*").split("{x}")
	]


@lru_cache(maxsize=16384)
def pattern_of(phrase: str, within_clause: bool) -> re.Pattern[str]:
	"""Words and what stands between them share no character: the search stays linear, whatever somebody writes."""
	between = rf"[^\w{CLAUSE}]+"
	gap = rf"(?:{between}{_WORD}){{0,4}}?{between}"
	if not phrase.isascii():
		gap = rf"[^{CLAUSE}]{{0,12}}?" if within_clause else ".{0,12}?"
	body = gap.join(re.escape(part) for part in parts_of(phrase))
	if not phrase.isascii():
		return re.compile(rf"{NOT_ASKED}{body}" if within_clause and phrase[0] in "不没" else body)
	return re.compile(rf"(?<![a-z]){body}" if phrase.endswith("*") else rf"(?<![a-z]){body}(?![a-z])")
