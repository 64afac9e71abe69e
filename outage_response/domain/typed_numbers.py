"""What people write for a number and for a floor: read, or refused; never taken as 0."""

import re
import unicodedata

from .errors import RuleError, _

DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
CHINESE = re.compile(r"[零〇一二两三四五六七八九十百]+")


def to_digits(text: str) -> str:
	"""The text with Chinese numerals below a thousand as digits: `二十三层` -> `23层`."""
	return CHINESE.sub(lambda found: str(_chinese(found[0])), text)


def _chinese(numeral: str) -> int | str:
	if not set(numeral) & set("十百"):
		return "".join(str(DIGITS[sign]) for sign in numeral)  # read out digit by digit
	total, digit = 0, None
	for sign in numeral:
		if sign in DIGITS:
			digit = DIGITS[sign]
		else:
			total += (1 if digit is None else digit) * {"十": 10, "百": 100}[sign]
			digit = None
	return total + (digit or 0)


# ---------------------------------------------------------------- numbers

WHOLE = re.compile(r"[-+]?\d+(?:\.0+)?")
GROUPED = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
DECIMAL = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)")


def number(value: str, label: str, *, whole: bool) -> int | float | None:
	"""What a text says as a number; None for an empty one. Digits of any width are read, other words are refused.

	Raises RuleError naming the field by its `label`.
	"""
	text = unicodedata.normalize("NFKC", value).strip()
	if not text:
		return None
	if GROUPED.fullmatch(text):
		text = text.replace(",", "")
	if whole and WHOLE.fullmatch(text):
		return int(float(text))
	if not whole and DECIMAL.fullmatch(text):
		return float(text)
	if whole:
		raise RuleError(
			_("{field}: {value} is not a whole number. Write digits only, for example 90."),
			field=label,
			value=value[:60],
		)
	raise RuleError(
		_("{field}: {value} is not a number. Write digits only, for example 2.5."), field=label, value=value[:60]
	)


TICKED = {"1", "yes", "y", "true", "t", "on", "x", "是", "有", "√", "✓", "对"}
UNTICKED = {"0", "no", "n", "false", "f", "off", "否", "无", "×", "✗", "不"}


def tick(value: str, label: str) -> int:
	"""1 or 0 for what a text says of a tick; 0 for an empty one. Raises RuleError naming the field by its `label`."""
	text = unicodedata.normalize("NFKC", value).strip().casefold()
	text = text.removesuffix(".0")
	if text in TICKED:
		return 1
	if not text or text in UNTICKED:
		return 0
	raise RuleError(_("{field}: {value} is neither yes nor no. Write 1 or 0."), field=label, value=value[:60])


# ---------------------------------------------------------------- floors

FLOOR = r"(?:层|楼|/?f|fl\.?|floor|level|(?:st|nd|rd|th)(?:floor|level|fl\.?)?)"
ABOVE = re.compile(rf"(?:第|floor|level|fl\.?|f|l)?(\d+[a-eg-z]?)(?:{FLOOR})?")
BELOW = re.compile(rf"(?:b|-|负|地下室?|basement|basementlevel|地库)(\d+)(?:{FLOOR})?")
NAMED = {
	"G": ("g", "gf", "g/f", "ground", "groundfloor", "groundlevel", "地面", "地面层", "0", "0f", "0层", "0楼"),
	"1": ("首层", "底层"),
	"B1": ("b", "basement", "地下", "地下室", "地下层", "地库", "负层"),
	"LG": ("lg", "lg/f", "lgf", "lowerground", "lowergroundfloor"),
	"M": ("m", "m/f", "mf", "mezzanine", "mezzaninefloor", "夹层"),
	"R": ("r", "rf", "r/f", "roof", "rooffloor", "屋面", "屋面层", "天台", "楼顶"),
}
BY_NAME = {word: floor for floor, words in NAMED.items() for word in words}


def floor(value: object, label: str) -> str:
	"""A floor as it is kept: `5`, `12A`, `B2`, `G`, `LG`, `M`, `R`; "" for none. `5层`, `6 F`, `十二楼`, `负一层` are read.

	Raises RuleError naming the field by its `label` for what is none.
	"""
	text = "".join(unicodedata.normalize("NFKC", "" if value is None else str(value)).casefold().split())
	if not text:
		return ""
	text = re.sub(r"(?<=\d)\.0+$", "", to_digits(text))  # a spreadsheet's 5.0
	if named := BY_NAME.get(text) or BY_NAME.get(re.sub(r"(?:层|楼|floor|level)$", "", text)):
		return named
	if (found := BELOW.fullmatch(text)) and int(found[1]):
		return f"B{int(found[1])}"
	if (found := ABOVE.fullmatch(text)) and found[1].strip("0"):
		return found[1].lstrip("0").upper()
	raise RuleError(
		_("{field}: {value} is not a floor. Write it as 5, 12A, B1 for a basement, G, M or R."),
		field=label,
		value=str(value)[:60],
	)


def floor_order(kept: str | None) -> tuple[int, int, str]:
	"""A key by which kept floors are sorted from the lowest to the highest; without one they come first."""
	if not kept:
		return (-2, 0, "")
	if kept in ("G", "LG", "M"):
		return (0, ("LG", "G", "M").index(kept), "")
	if kept == "R":
		return (2, 0, "")
	digits = int(re.sub(r"\D", "", kept) or 0)
	return (-1, -digits, "") if kept.startswith("B") else (1, digits, kept[len(str(digits)) :])
