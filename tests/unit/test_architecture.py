"""Imports point one way: hooks, api, controllers -> flows -> domain, and flows -> integrations."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "outage_response"
MODULES = {
	".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
	for path in sorted(APP.rglob("*.py"))
}
CONTROLLERS = "outage_response.outage_response"
# what a layer may not import; every layer may import what is not named here
FORBIDDEN = {
	"outage_response.domain": ["frappe", "erpnext", "crm", "helpdesk"],
	"outage_response.integrations": [CONTROLLERS, "outage_response.flows"],
	"outage_response.flows": [CONTROLLERS],
	"outage_response": ["outage_response.api", "outage_response.hooks"],
}


def _within(module: str, package: str) -> bool:
	return module == package or module.startswith(package + ".")


def imports_of(module: str, source: str, is_package: bool = False) -> set[str]:
	"""Dotted names that `module` imports, at the top or inside a function; relative ones made absolute."""
	package = module.split(".") if is_package else module.split(".")[:-1]
	found = set()
	for node in ast.walk(ast.parse(source)):
		if isinstance(node, ast.Import):
			found |= {alias.name for alias in node.names}
		elif isinstance(node, ast.ImportFrom):
			base = package[: len(package) - node.level + 1] if node.level else []
			origin = ".".join([*base, *([node.module] if node.module else [])])
			found |= {origin} | {f"{origin}.{alias.name}" for alias in node.names}
	return found


def _imports(module: str) -> set[str]:
	path = MODULES[module]
	return imports_of(module, path.read_text(encoding="utf-8"), path.name == "__init__.py")


@pytest.mark.parametrize("module", MODULES)
def test_no_module_imports_what_stands_above_it(module):
	for layer, forbidden in FORBIDDEN.items():
		if _within(module, layer):
			for package in forbidden:
				if not _within(module, package):
					assert not [name for name in _imports(module) if _within(name, package)], (module, package)


@pytest.mark.parametrize("module", [module for module in MODULES if _within(module, "outage_response.domain")])
def test_the_rules_import_only_each_other_and_the_standard_library(module):
	for name in _imports(module):
		inside = _within(name, "outage_response.domain")
		assert inside or name.split(".")[0] in sys.stdlib_module_names, (module, name)


def test_the_check_sees_relative_and_hidden_imports():
	source = "def f():\n\tfrom ..flows.tasks import task_verbs\n\timport frappe.utils\n\tfrom . import plan_expansion"
	found = imports_of("outage_response.domain.due_times", source)
	assert {"outage_response.flows.tasks.task_verbs", "frappe.utils", "outage_response.domain.plan_expansion"} <= found
	assert "outage_response.domain.plan_expansion" in imports_of(
		"outage_response.domain", "from . import plan_expansion", is_package=True
	)


def test_the_rules_load_where_there_is_no_frappe():
	names = [module for module in MODULES if _within(module, "outage_response.domain")]
	code = f"import sys; sys.modules['frappe'] = None; [__import__(name) for name in {names!r}]"
	subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_the_rules_read_no_clock():
	"""They are given the time: a rule that looked at the clock itself could not be tested, nor replayed."""
	for module in MODULES:
		if _within(module, "outage_response.domain"):
			called = {
				node.func.attr
				for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8")))
				if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
			}
			assert not called & {"now", "utcnow", "today", "monotonic"}, module


# The rooms of the flows on their floors, from the ground up: a room imports its own floor's none, and only what lies below
FLOORS = (
	("facts",),
	("verb",),
	("site",),
	("tasks", "roster"),
	("elevators", "notices"),
	("paging", "plans", "master_data"),
	("callbacks",),
	("incident",),
	("trouble",),
	("residents",),
	("screens",),
)
FLOWS = "outage_response.flows"
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def points_up(room: str, imported: str) -> bool:
	"""May a module of this room not import that name?"""
	if not _within(imported, FLOWS) or imported == FLOWS:
		return False
	other = imported.split(".")[2]
	return other != room and (other not in FLOOR or FLOOR[other] >= FLOOR[room])


@pytest.mark.parametrize("module", [module for module in MODULES if _within(module, FLOWS) and module.count(".") > 2])
def test_rooms_import_only_what_lies_below(module):
	room = module.split(".")[2]
	assert room in FLOOR, f"{module}: a room that stands on no floor"
	assert not [name for name in sorted(_imports(module)) if points_up(room, name)], module


def test_the_floors_hold():
	assert points_up("tasks", f"{FLOWS}.paging.ringing") and points_up("notices", f"{FLOWS}.elevators.correction")
	assert points_up("screens", f"{FLOWS}.reactions") and points_up("facts", f"{FLOWS}.cellar.wine")
	assert not points_up("paging", f"{FLOWS}.notices.links") and not points_up("facts", f"{FLOWS}.facts.language")
	assert not points_up("facts", "outage_response.domain.plan_expansion")


def test_everything_stands_in_a_room():
	assert {path.name for path in (APP / "flows").glob("*.py")} == {"__init__.py", "reactions.py"}
	rooms = {path.name for path in (APP / "flows").iterdir() if (path / "__init__.py").exists()}
	assert rooms == set(FLOOR)


def test_the_page_says_what_each_room_is_for():
	page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
	for room in FLOOR:
		said = ast.get_docstring(ast.parse((APP / "flows" / room / "__init__.py").read_text(encoding="utf-8")))
		assert said and said.split("\n")[0] in page, room


def test_every_endpoint_says_that_it_could_not_be_reached():
	"""A database that is away is no refusal of what was asked: see `api/reached.py`. `endpoint` and `reading` have it in them."""
	found, bare = 0, []
	for path in sorted((APP / "api").glob("*.py")):
		for node in ast.parse(path.read_text(encoding="utf-8")).body:
			names = [ast.unparse(one).partition("(")[0] for one in getattr(node, "decorator_list", ())]
			of_a_verb = isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("endpoint(")
			found += of_a_verb or bool(set(names) & {"endpoint", "reading", "frappe.whitelist"})
			if "frappe.whitelist" in names and names[1:2] != ["reached"]:
				bare.append(f"{path.name}: {node.name}")
	assert found > 60 and not bare, bare


def _makes_a_contact(source: str) -> list[int]:
	"""Lines on which a Contact is made: `new_doc("Contact")`, or a document or row of {"doctype": "Contact"}."""
	lines = []
	for node in ast.walk(ast.parse(source)):
		if isinstance(node, ast.Call):
			called = ast.unparse(node.func).rpartition(".")[2]
			named = {word.arg: word.value for word in node.keywords if word.arg}
			made = called == "new_doc" and [*node.args[:1], *filter(None, [named.get("doctype")])]
			made = made or (
				called in ("dict", "_dict", "get_doc", "get_mapped_doc") and filter(None, [named.get("doctype")])
			)
			made = made or (called in ("bulk_insert", "insert") and node.args[:1])
		elif isinstance(node, ast.Dict):
			pairs = zip(node.keys, node.values, strict=True)
			made = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "doctype"]
		else:
			continue
		lines += [node.lineno for one in made or () if isinstance(one, ast.Constant) and one.value == "Contact"]
	return lines


def test_nothing_of_ours_makes_a_contact():
	"""ERPNext links earlier calls to each Contact that is inserted, and **commits** (`link_existing_conversations`): what a verb had written
	before would stay when the verb is refused after, and its locks would be gone. So the app works with the contacts that people enter.
	Whoever needs to make one does it in a transaction of its own."""
	found = {module: _makes_a_contact(path.read_text(encoding="utf-8")) for module, path in MODULES.items()}
	assert not {module: lines for module, lines in found.items() if lines}


def test_the_search_for_new_contacts_finds_each_way():
	for source in (
		'frappe.new_doc("Contact")',
		'frappe.new_doc(doctype="Contact", first_name="x")',
		'frappe.get_doc({"first_name": "x", "doctype": "Contact"}).insert()',
		'frappe.get_doc(doctype="Contact")',
		'bulk.insert("Contact", rows)',
		'doc.update(dict(doctype="Contact"))',
	):
		assert _makes_a_contact(source) == [1], source
	assert not _makes_a_contact(
		'frappe.get_doc("Contact", name)\nfrappe.db.exists("Contact", name)\nx = {"link_doctype": "Contact"}'
	)
