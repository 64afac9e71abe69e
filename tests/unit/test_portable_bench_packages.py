"""Every Python package of the portable bench is known by the sha256 of its files."""

import ast
import re
from pathlib import Path

import pytest

from portable_bench.lock import BESIDE_FRAMEWORK
from portable_bench.packages import known
from portable_bench.place import Place

ROOT = Path(__file__).resolve().parents[2]
PLACE = Place(ROOT)
LISTS = ["building", "framework", *BESIDE_FRAMEWORK]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)


def pins(file: Path) -> dict[str, str]:
	return {re.sub("[-_.]+", "-", name).lower(): version for name, version in PIN.findall(file.read_text())}


def wanted_by(name: str) -> Path:
	own = {"drill": PLACE.drill_requirements, "framework": PLACE.requirements / "framework-constraints.txt"}
	return own.get(name, PLACE.requirements / f"{name}.txt")


def test_all_lists_are_here():
	assert sorted(file.stem for file in PLACE.locked("x").parent.glob("*.txt")) == sorted(LISTS)


@pytest.mark.parametrize("name", LISTS)
def test_each_package_has_its_hashes(name):
	text = PLACE.locked(name).read_text().replace("\\\n", " ")
	lines = [line for line in text.splitlines() if line.strip()]
	assert lines
	assert [
		line for line in lines if not re.fullmatch(r"\S+==\S+( ; [^-]+?)?( +--hash=sha256:[0-9a-f]{64})+ *", line)
	] == []


@pytest.mark.parametrize("name", [name for name in LISTS if name != "building"])
def test_what_is_locked_is_what_is_pinned(name):
	locked = pins(PLACE.locked(name))
	assert {key: locked.get(key) for key in pins(wanted_by(name))} == pins(wanted_by(name))


def test_nothing_is_installed_beside_the_locked_lists():
	"""Each call of pip names locked lists, or a folder that is here already, with nothing fetched for it."""
	assert known(PLACE, "tools")[0] == "--require-hashes"
	calls = [
		ast.unparse(node)
		for file in (ROOT / "portable_bench").rglob("*.py")
		for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
		if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "pip"
	]
	assert len(calls) >= 9
	here = "'-e'"
	assert [call for call in calls if "known(" not in call and here not in call] == []
