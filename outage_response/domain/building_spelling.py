"""What people write for a building: the same name written with other characters, and other names that mean the same one."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from .typed_numbers import to_digits

# What stands for "building" after its number or letter in Chinese lists, and before it in English ones
AFTER = r"(?:号?楼栋|号楼|号栋|号幢|号座|楼|栋|幢|座|号|#楼?|building|bldg\.?|block|tower)"
BEFORE = r"(?:building|bldg\.?|block|blk\.?|tower|no\.?|楼栋|楼号|第|#)"
# What comes before it where a community has several parts: phase, district, court
AREA = r"[^-]{1,20}?(?:期|区|号院|院|苑|园|庭)"
ONE = re.compile(
	rf"(?P<area>{AREA})?(?P<before>{BEFORE})?(?P<one>\d+[a-z]?|[a-z](?:\d+)?)(?P<after>{AFTER})?(?P<rest>.*)"
)
# A staircase of a building: `3号楼1单元`, `3-1`
STAIRCASE = re.compile(r"[-/_.]?(\d+)(?:单元|梯|unit)?")


def spelling(text: str | None) -> str:
	"""The name without what a keyboard decides: full width, spaces, capitals. Names that are equal by it are one name."""
	return "".join(unicodedata.normalize("NFKC", text or "").casefold().split())


def meaning(text: str | None) -> str:
	"""What a name comes down to: `3号楼`, `3栋`, `3#`, `三幢`, `03座` and `Building 3` all mean "3".

	Equal meanings are a proposal, which a person decides on: a property may have a block A and a tower A.
	"""
	folded = to_digits(spelling(text))
	found = ONE.fullmatch(folded)
	if not found:
		return folded
	one, rest = (found["area"] or "") + (found["one"].lstrip("0") or "0"), found["rest"]
	if not rest:
		return one
	stairs = STAIRCASE.fullmatch(rest)
	if stairs and (found["after"] or not rest[0].isdigit()):
		return f"{one}-{stairs[1].lstrip('0') or '0'}"
	return f"{one}-{rest}" if found["after"] or found["before"] else folded


def alike(names: Mapping[str, str], apart: Iterable[str] = ()) -> dict[str, str]:
	"""key of a building -> the first key of those that may be the same building, itself where it is alone.

	names  key -> name
	apart  keys of which a person has said that they are another building than those of the same meaning
	"""
	first: dict[str, str] = {}
	alone = set(apart)
	return {key: key if key in alone else first.setdefault(meaning(name), key) for key, name in names.items()}
