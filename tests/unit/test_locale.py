"""The files for translators' tools say what translations/zh.csv says."""

import ast
import re
import runpy
from pathlib import Path

from outage_response.setup import texts_in_data

ROOT = Path(__file__).resolve().parents[2]
MADE = runpy.run_path(str(ROOT / "docs/make_locale.py"))
ENTRY = re.compile(r'(?:msgctxt (?P<context>".*")\n)?msgid (?P<text>".*")\nmsgstr (?P<said>".*")\n')


def test_both_files_are_in_step_with_the_list():
	stale = [path.name for path, text in MADE["files"]().items() if path.read_text(encoding="utf-8") != text]
	assert stale == [], "make translations"


def test_each_line_of_the_list_comes_back_from_the_file_as_it_is():
	read = [
		tuple(ast.literal_eval(found[part] or '""') for part in ("text", "said", "context"))
		for found in ENTRY.finditer(MADE["CHINESE"].read_text(encoding="utf-8"))
	]
	assert [row for row in read if row[0]] == MADE["rows"]()


def test_what_is_hard_to_quote_is_quoted():
	assert MADE["quoted"]('a "b"\n\\c') == r'"a \"b\"\n\\c"'


def test_what_people_read_of_the_procedure_is_found_for_translators():
	with (ROOT / "outage_response/setup/procedure.yaml").open("rb") as file:
		found = {text for _line, _kind, text, _comments in texts_in_data.of_plans(file, (), (), options={})}
	assert {"Call residents back", "earths_removed", "earths removed", "Isolate the faulty section"} <= found


def test_each_extractor_that_is_named_is_there():
	for line in (ROOT / "babel_extractors.csv").read_text(encoding="utf-8").splitlines():
		module, _dot, name = line.partition(",")[2].rpartition(".")
		assert module == texts_in_data.__name__ and hasattr(texts_in_data, name)
