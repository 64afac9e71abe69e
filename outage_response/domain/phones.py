"""Telephone numbers are compared by their digits: country code, spaces, brackets and the leading 0 make no difference."""

import re
import unicodedata

TAIL = 7
COUNTRY_CODE = 3
_IN_TEXT = re.compile(r"(?<![\d.])\+?\d(?:[ \-()]{0,2}\d){7,14}(?![\d.])")


def digits(number: str | None) -> str:
	"""The digits that count: no sign, no brackets, no zeros before an area or country code."""
	plain = unicodedata.normalize("NFKC", number or "").replace("(0)", "")
	return re.sub(r"\D", "", plain).lstrip("0")


def tail(number: str | None) -> str:
	"""The last digits, by which candidates are looked up; "" for what is too short to be a number of somebody."""
	found = digits(number)
	return found[-TAIL:] if len(found) >= TAIL else ""


def key(number: str | None) -> str:
	"""What two numbers of one telephone have in common, to be looked up by: the last digits; of an extension all it has."""
	return digits(number)[-TAIL:]


def same(one: str | None, other: str | None) -> bool:
	"""Do both reach the same telephone? One may have a country code that the other lacks."""
	shorter, longer = sorted((digits(one), digits(other)), key=len)
	return len(shorter) >= TAIL and longer.endswith(shorter) and len(longer) - len(shorter) <= COUNTRY_CODE


def numbers_in(text: str) -> tuple[str, ...]:
	"""What looks like a telephone number in a text, in the order in which it stands there."""
	plain = unicodedata.normalize("NFKC", text or "")
	return tuple(dict.fromkeys(match.group(0) for match in _IN_TEXT.finditer(plain)))
