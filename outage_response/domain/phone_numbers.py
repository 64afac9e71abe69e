"""Telephone numbers are compared by their digits: country code, spaces, brackets and the leading 0 make no difference.

An extension ("010-65551234 转 801", "ext. 801") belongs to the number: it is dialled after it, and two extensions of one
number are two telephones. Which digits of a text are a number at all, `integrations/telephones.py` says.
"""

import re
import unicodedata

# Of a text no more is looked at
LONGEST = 5_000
TAIL = 7
COUNTRY_CODE = 3
# What stands before an extension; the same in SQL, where numbers are looked up
BEFORE_EXTENSION = "(转|轉|分机|分機|内线|內線|ext|x|#|,|;)"
_EXTENSION = re.compile(BEFORE_EXTENSION + r"[a-z]{0,6}[ .:=]{0,3}(\d{1,6})\s*$", re.IGNORECASE)
# Of digits that are no telephone it is said what they are
_OTHER_NUMBER = re.compile(
	r"(?:订单|单号|编号|表号|电表|户号|账号|卡号|流水号|工单|发票|合同|订單|編號|電錶|帳號|發票|"
	r"\b(?:order|meter|account|invoice|reference|ref|ticket|tracking|serial|contract|customer|card))"
	r"[ .:#号碼码]{0,3}(?:number|no|nr|id|号|码|是|is)?[ .:#是]{0,3}$",
	re.IGNORECASE,
)
_SAID_TO_BE_ONE = re.compile(
	r"(?:电话|手机|联系|座机|電話|手機|\b(?:tel|telephone|phone|mobile|call me|reach me|landline))(?:号码|号|是|为|on|at|no)?[ .:]{0,3}"
	r"(\+?\d(?:[ \-]?\d){6,14}(?:" + BEFORE_EXTENSION + r"[a-z]{0,6}[ .:=]{0,3}\d{1,6})?)(?!\d)",
	re.IGNORECASE,
)


def _plain(number: str | None) -> str:
	return unicodedata.normalize("NFKC", (number or "")[:140])


def extension(number: str | None) -> str:
	"""The digits to dial after the number has answered; "" for most."""
	found = _EXTENSION.search(_plain(number))
	return found.group(2) if found else ""


def digits(number: str | None) -> str:
	"""The digits that count: no sign, no brackets, no zeros before an area or country code, no extension."""
	plain = _EXTENSION.sub("", _plain(number).replace("(0)", ""))
	return re.sub(r"\D", "", plain).lstrip("0")


def dialled(number: str | None) -> str:
	"""The number as a telephone dials it: sign and digits, and an extension after two pauses."""
	plain = _EXTENSION.sub("", _plain(number).replace("(0)", ""))
	after = extension(number)
	return re.sub(r"[^0-9+*]", "", plain) + (f",,{after}" if after else "")


def identity(number: str | None) -> str:
	"""All that counts of a number, however short: one for each telephone."""
	after = extension(number)
	return digits(number) + (f"x{after}" if after else "")


def tail(number: str | None) -> str:
	"""The last digits, by which candidates are looked up; "" for what is too short to be a number of somebody."""
	found = digits(number)
	return found[-TAIL:] if len(found) >= TAIL else ""


def key(number: str | None) -> str:
	"""What two numbers of one telephone have in common, to be looked up by: the last digits; of an extension all it has."""
	return digits(number)[-TAIL:]


def caller_key(number: str | None) -> str:
	"""By which callers are told apart: the last digits, and the extension; "" for what is too short."""
	last, after = tail(number), extension(number)
	return f"{last}x{after}" if last and after else last


def same(one: str | None, other: str | None) -> bool:
	"""Do both reach the same telephone? One may have a country code, or an extension, that the other lacks."""
	shorter, longer = sorted((digits(one), digits(other)), key=len)
	if extension(one) and extension(other) and extension(one) != extension(other):
		return False
	return len(shorter) >= TAIL and longer.endswith(shorter) and len(longer) - len(shorter) <= COUNTRY_CODE


def said_to_be_telephones(text: str) -> tuple[str, ...]:
	"""Numbers of a text that stand behind "电话" or "phone": also one without an area code, that nothing else tells."""
	return tuple(dict.fromkeys(match.group(1) for match in _SAID_TO_BE_ONE.finditer(text[:LONGEST])))


def is_another_number(before: str) -> bool:
	"""Does what stands before some digits say that they are an order, a meter, an account?"""
	return bool(_OTHER_NUMBER.search(unicodedata.normalize("NFKC", before[-40:])))
