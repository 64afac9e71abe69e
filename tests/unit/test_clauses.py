"""The table from clause to step to test: up to date, complete, and naming tests that exist."""

import importlib
import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

from .world import procedure

ROOT = Path(__file__).resolve().parents[2]


@cache
def _maker():
	spec = importlib.util.spec_from_file_location("make_clauses", ROOT / "docs/make_clauses.py")
	module = importlib.util.module_from_spec(spec)
	spec.loader.exec_module(module)
	return module


def _exists(test: str) -> bool:
	"""`file::test`, or `file::test[case]` where the case has an id of its own."""
	file, name, case = re.fullmatch(r"(\w+)\.py::(\w+)(?:\[(.+)\])?", test).groups()
	function = getattr(importlib.import_module(f".{file}", __package__), name, None)
	marks = getattr(function, "pytestmark", ())
	cases = {getattr(param, "id", None) for mark in marks if mark.name == "parametrize" for param in mark.args[1]}
	return function is not None and (case is None or case in cases)


def _numbers() -> list[str]:
	return [number for number, _ in _maker().clauses()]


def _tests(number: str) -> list[str]:
	return _maker().tests_of(number, procedure()["steps"])


def test_the_table_is_what_the_script_makes():
	made = _maker().page(procedure()["steps"])
	assert (ROOT / "docs/clauses.md").read_text(encoding="utf-8") == made, "run python3 docs/make_clauses.py"


def test_the_page_of_the_procedure_has_every_clause_of_sections_5_to_8():
	"""Counted in the company's text: 5.1 to 5.3 with 7 and 5 parts, 6.1 to 6.6, 7.1, 7.2, 8.1 with 9, 8.2 with 11, and 8.3."""
	parts = {"5.1": 7, "5.3": 5, "6": 6, "7": 2, "8.1": 9, "8.2": 11}
	wanted = {"5.1", "5.2", "5.3", "8.1", "8.2", "8.3"}
	wanted |= {f"{number}.{part}" for number, count in parts.items() for part in range(1, count + 1)}
	assert sorted(_numbers()) == sorted(wanted)


def test_no_clause_is_uncovered():
	assert _maker().uncovered(procedure()["steps"]) == []
	assert "not covered" not in _maker().page(procedure()["steps"])


def test_taking_a_step_out_leaves_its_clause_uncovered():
	rows = [row for row in procedure()["steps"] if row["key"] != "notify_gm_outage"]
	assert _maker().uncovered(rows) == ["5.1.7"]


def test_every_clause_that_a_step_cites_stands_in_the_procedure():
	text = (ROOT / "docs/procedure.md").read_text(encoding="utf-8")
	known = set(re.findall(r"^- \*\*(\d[\d.]*)\*\* ", text, re.M))
	for row in procedure()["steps"]:
		assert set(row["clauses"]) <= known, row["key"]


@pytest.mark.parametrize("number", _numbers())
def test_every_test_that_the_table_names_exists(number):
	assert [test for test in _tests(number) if not _exists(test)] == []


def test_a_test_that_is_gone_is_noticed():
	assert _exists("test_plan_difference.py::test_running_twice_adds_nothing")
	assert not _exists("test_plan_expansion.py::test_of_nothing")
	step = _maker().STEP_TEST
	assert _exists(step + "[I-call_engineering]")
	assert not _exists(step + "[III-call_engineering]")
