"""Each public function of the rules is named in a unit test."""

import ast
from pathlib import Path

import pytest

from .conftest import ROOT

RULES = sorted((ROOT / "outage_response" / "domain").glob("*.py"))
TESTS = Path(__file__).resolve().parent


def named_in_tests() -> set[str]:
	"""Every name and attribute that a unit test speaks of; comments and texts do not count."""
	found = set()
	for file in TESTS.glob("*.py"):
		for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
			if isinstance(node, ast.Name):
				found.add(node.id)
			elif isinstance(node, ast.Attribute):
				found.add(node.attr)
	return found


NAMED = named_in_tests()


def public_functions(file: Path) -> list[str]:
	body = ast.parse(file.read_text(encoding="utf-8")).body
	return [node.name for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.stem)
def test_each_public_function_of_the_rules_is_named_in_a_unit_test(file):
	assert not [name for name in public_functions(file) if name not in NAMED]


def test_the_check_sees_a_function_that_nobody_tests(tmp_path):
	file = tmp_path / "rules.py"
	file.write_text("def a_rule_that_nobody_tests(): ...\ndef _inner(): ...\n", encoding="utf-8")
	assert public_functions(file) == ["a_rule_that_nobody_tests"]
	assert "a_rule_that_nobody_tests" not in NAMED
