"""docs/api.md names every endpoint, docs/architecture.md every module of the rules; every table is one."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "outage_response"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def _endpoints() -> list[tuple[str, str]]:
	"""(module, name): functions that are decorated, and names that are made of a verb, `confirm = endpoint(…)`."""
	found = []
	for file in sorted((APP / "api").glob("*.py")):
		for node in ast.parse(file.read_text(encoding="utf-8")).body:
			if isinstance(node, ast.FunctionDef):
				by = map(ast.unparse, node.decorator_list)
				if any(re.match(r"endpoint$|reading$|frappe\.whitelist\(", one) for one in by):
					found.append((file.stem, node.name))
			elif isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("endpoint("):
				found.append((file.stem, ast.unparse(node.targets[0])))
	return found


def test_every_endpoint_is_in_the_manual():
	text = (ROOT / "docs/api.md").read_text(encoding="utf-8")
	found = _endpoints()
	assert len(found) > 70
	missing = [one for one in found if not re.search(rf"`[\w.]*\b{one[1]}[`(]", text)]
	assert missing == []
	assert ("staff", "confirm") in found
	assert [module for module, _name in found if f"outage_response.api.{module}" not in text] == []


def test_every_module_of_the_rules_is_in_the_layout():
	text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
	layout = text.partition("## Layout")[2].partition("\n## ")[0]
	files = [
		file
		for folder in (APP / "domain", APP / "api", APP, ROOT / "benchmarks")
		for file in folder.glob("*.py")
		if file.name != "__init__.py"
	]
	assert [file.name for file in files if not re.search(rf"(?<!\w){re.escape(file.name)}", layout)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_are_tables(page):
	"""A row without a head above it is shown as text."""
	lines = page.read_text(encoding="utf-8").splitlines()
	heads = [
		number
		for number, line in enumerate(lines)
		if line.startswith("|") and not (number and lines[number - 1].startswith("|"))
	]
	assert [lines[head] for head in heads if not re.fullmatch(r"[|\s:-]+", lines[head + 1])] == []
