"""Every Python package that the tool installs is known by the sha256 of its files."""

import ast
import re
from pathlib import Path

import pytest

from portable_bench.lock import BESIDE_FRAMEWORK, lock
from portable_bench.packages import known
from portable_bench.place import PACKAGE, REQUIREMENTS
from portable_bench.trouble import Trouble

# The demo's list is the app's own
LISTS = ["building", "framework", *(name for name in BESIDE_FRAMEWORK if name != "demo")]
LOCKED = REQUIREMENTS / "locked"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)


def pins(file: Path) -> dict[str, str]:
	return {re.sub("[-_.]+", "-", name).lower(): version for name, version in PIN.findall(file.read_text())}


def test_all_lists_are_here():
	assert sorted(file.stem for file in LOCKED.glob("*.txt")) == sorted(LISTS)


@pytest.mark.parametrize("name", LISTS)
def test_each_package_has_its_hashes(name):
	text = (LOCKED / f"{name}.txt").read_text().replace("\\\n", " ")
	lines = [line for line in text.splitlines() if line.strip()]
	assert lines
	assert [
		line for line in lines if not re.fullmatch(r"\S+==\S+( ; [^-]+?)?( +--hash=sha256:[0-9a-f]{64})+ *", line)
	] == []


@pytest.mark.parametrize("name", [name for name in LISTS if name != "building"])
def test_what_is_locked_is_what_is_pinned(name):
	wanted = pins(REQUIREMENTS / ("framework-constraints.txt" if name == "framework" else f"{name}.txt"))
	locked = pins(LOCKED / f"{name}.txt")
	assert {key: locked.get(key) for key in wanted} == wanted


def test_the_demos_list_is_the_apps(place):
	assert place.wanted("demo") == place.root / "show/requirements.txt"
	assert place.locked("demo") == place.root / "show/requirements.locked.txt"


def test_lists_are_locked_by_the_benchs_own_uv(place):
	with pytest.raises(Trouble, match="is not installed"):
		lock(place)


def test_nothing_is_installed_beside_the_locked_lists(place):
	"""Each call of pip names locked lists, or a folder that is here already, with nothing fetched for it."""
	assert known(place, "tools")[0] == "--require-hashes"
	calls = [
		ast.unparse(node)
		for file in PACKAGE.rglob("*.py")
		for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
		if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "pip"
	]
	assert len(calls) >= 9
	here = "'-e'"
	assert [call for call in calls if "known(" not in call and here not in call] == []
