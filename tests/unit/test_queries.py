"""What every query of the app keeps to: which rows it locks, and what it costs to ask for nobody."""

import ast
import re
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "outage_response"
# Installing, updating and removing: once, by one
ONCE = ("setup", "patches")
FILES = {
	str(path.relative_to(APP)): path.read_text(encoding="utf-8")
	for path in sorted(APP.rglob("*.py"))
	if path.relative_to(APP).parts[0] not in ONCE
}
# Every locking read there is. Whoever needs another one names its rows and asks locks.py.
LOCKING = {
	"locks.py": "rows by name",
	"flows/paging/restored_backup.py": "the one record of what the site is",
	"flows/facts/site_time.py": "the one record of its clock",
	"integrations/households.py": "the one customer of a unit, by a unique field",
}
ASKING = ("frappe.get_all", "frappe.get_list")


def test_rows_are_locked_in_one_place():
	found = {name: len(re.findall(r"for_update(?:\(|\s*=)", text)) for name, text in FILES.items()}
	assert {name: count for name, count in found.items() if count} == dict.fromkeys(LOCKING, 1)


def _is_constant(node: ast.expr) -> bool:
	"""A list that is written down, and so is not empty."""
	if isinstance(node, ast.Tuple | ast.List | ast.Set):
		return bool(node.elts) and all(
			_is_constant(one.value if isinstance(one, ast.Starred) else one) for one in node.elts
		)
	if isinstance(node, ast.Subscript):
		return _is_constant(node.value)
	name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
	return isinstance(node, ast.Constant) or name.isupper()


def _asked_with_a_list(text: str) -> list[str]:
	"""Calls of Frappe's own listing in which a field is to be in a list that may be empty."""
	found = []
	for call in ast.walk(ast.parse(text)):
		if not isinstance(call, ast.Call) or ast.unparse(call.func) not in ASKING:
			continue
		for node in ast.walk(call):
			if isinstance(node, ast.Tuple | ast.List) and len(node.elts) in (2, 3):
				words = [one.value if isinstance(one, ast.Constant) else None for one in node.elts]
				if words[-2] == "in" and not _is_constant(node.elts[-1]):
					found.append(f"line {call.lineno}: {ast.unparse(node)[:80]}")
	return found


def test_how_many_is_said_as_every_version_takes_it():
	"""Frappe 17 knows `limit_page_length` and its like no more; `limit` is known from before 15 on."""
	words = re.compile(r"limit_page_length|limit_start|\bpage_length\b")
	assert [name for name, text in FILES.items() if words.search(text)] == []


def test_functions_over_rows_are_asked_as_each_version_takes_them():
	"""Frappe 16 refuses "count(*) as found" among the fields of a list: compat.over_rows writes it."""
	function = re.compile(r"\s*(count|max|min|sum|avg)\s*\(", re.IGNORECASE)
	found = [
		f"{name}, line {node.lineno}"
		for name, text in FILES.items()
		if name not in ("compat.py", "listing.py")
		for node in ast.walk(ast.parse(text))
		if isinstance(node, ast.Constant) and isinstance(node.value, str) and function.match(node.value)
	]
	assert found == []


def test_nobody_is_asked_for_by_listing():
	"""`name in []` is asked as `ifnull(name, '') in ('')`, which reads the whole table: listing.py answers [] instead."""
	found = {name: _asked_with_a_list(text) for name, text in FILES.items() if name != "listing.py"}
	assert {name: calls for name, calls in found.items() if calls} == {}


def test_no_blank_stands_in_for_nobody():
	found = {name: re.findall(r"or [\[{](?:\"\"|''|None)[,\]}]", text) for name, text in FILES.items()}
	assert {name: words for name, words in found.items() if words} == {"flows/trouble/proposals.py": ["or [None]"]}
