"""Cells that people open in a spreadsheet: what it would run is text there.

Anybody may begin what they write with `=`, and a spreadsheet runs it as whoever opens the file: `=HYPERLINK(…)` sends what
stands beside it to a stranger. (OWASP, CSV Injection.)
"""

import io
import re
import zipfile

# What a cell begins with that is run, in both widths
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
QUOTE = "'"
# A number, a floor below ground or a telephone number runs nothing
_NUMBER = re.compile(r"[+-]\d[\d ]*(?:[.,]\d+)?")
_SHEETS = re.compile(r"xl/worksheets/[^/]+\.xml")
# A tag ends where the next one begins: none is looked at twice
_FORMULA = re.compile(r"<c ([^<>]*)><f(?: [^<>]*)?>([^<]*)</f>(?:<v(?: [^<>]*)?(?:/>|>[^<]*</v>))?</c>")
_KIND = re.compile(r'\bt="[^"]*"')


def quoted(text: str) -> str:
	"""The text so that no spreadsheet runs it."""
	return f"{QUOTE}{text}" if text.startswith(_RUNS) and not _NUMBER.fullmatch(text) else text


def unquoted(text: str) -> str:
	"""What `quoted` was given, when it comes back in a file."""
	plain = text.removeprefix(QUOTE)
	return plain if quoted(plain) == text else text


def quoted_csv(text: str, delimiter: str = ",") -> str:
	"""A CSV file with each cell as `quoted` gives it; everything else stays as it was."""
	end = re.escape(delimiter)
	cells = re.compile(rf'"((?:[^"]|"")*)"|[^{end}\r\n"][^{end}\r\n]*')

	def one(cell: re.Match[str]) -> str:
		inner = cell[0] if cell[1] is None else cell[1]
		found = quoted(inner)
		return cell[0] if found == inner else found if cell[1] is None else f'"{found}"'

	return cells.sub(one, text)


def quoted_xlsx(content: bytes) -> bytes:
	"""A workbook in which formulas are the text that they were written as. Other cells of it are text already."""
	found = io.BytesIO()
	with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as after:
		for part in before.infolist():
			data = before.read(part)
			if _SHEETS.fullmatch(part.filename):
				data = _FORMULA.sub(_as_text, data.decode()).encode()
			after.writestr(part, data)
	return found.getvalue()


def _as_text(cell: re.Match[str]) -> str:
	place = _KIND.sub("", cell[1])
	return f'<c {place} t="inlineStr"><is><t xml:space="preserve">={cell[2]}</t></is></c>'
