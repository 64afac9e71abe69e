"""Every function of Frappe that a client may call, and what it would do to us if it looked at no permission.

`framework_functions.txt` has a kind and a name without `frappe.` in each line: of the development snapshot, of 15 and of 16. What a
new version has beyond them makes `test_framework_doors.py` fail until somebody has looked at it. What reads needs a call in
`framework_calls.py`, too.
"""

import ast
from pathlib import Path

import frappe


def whitelisted() -> set[str]:
	"""All that this Frappe has, read from its source: importing each of its modules would need what integrations need."""
	root = Path(frappe.__file__).parent
	found: set[str] = set()
	for path in root.rglob("*.py"):
		within = path.relative_to(root)
		if path.name.startswith("test_") or "tests" in within.parts:
			continue
		source = path.read_text(encoding="utf-8")
		if "whitelist" in source:
			module = ".".join(part for part in within.with_suffix("").parts if part != "__init__")
			found |= {f"{module}.{name}".removeprefix(".") for name in _of(ast.parse(source))}
	return found


def _of(node: ast.AST, within: str = "") -> set[str]:
	found: set[str] = set()
	for one in ast.iter_child_nodes(node):
		if isinstance(one, ast.ClassDef):
			found |= _of(one, f"{one.name}.")
			continue
		if isinstance(one, ast.FunctionDef) and any("whitelist" in ast.unparse(by) for by in one.decorator_list):
			found.add(within + one.name)
		found |= _of(one, within)
	return found


def _listed(kind: str) -> frozenset[str]:
	lines = (line.split() for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines())
	return frozenset(name for its_kind, name in lines if its_kind == kind)


# answers with rows of ours, or of what tells about them
READS = _listed("reads")
# changes something; what of ours may be changed by whom is asked in test_doctypes.py
WRITES = _listed("writes")
# the framework's own: languages, versions, settings, descriptions of doctypes, people, other kinds of record
NONE_OF_OURS = _listed("none")
