"""Where tests stand: a rule's test is found in one guess, and no file of tests is too long to be read."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
ON_A_SITE = TESTS / "site"
FLOWS = ROOT / "outage_response" / "flows"
# What is not of one room; the last holds no tests, but what the platforms' doctypes are made of
BESIDE_THE_ROOMS = {"access", "other_apps", "app", "platform_fields"}
LONGEST = 500
# Not the change log, whose names are those of their day, nor unit tests, some of which make names up
NAMING = [
	ROOT / "README.md",
	ROOT / "bench.toml",
	*(ROOT / "docs").glob("*.md"),
	*(ROOT / "docs").glob("*.py"),
	*(path for folder in ("outage_response", "tests/site") for path in (ROOT / folder).rglob("*.py")),
]


def folders_of(place: Path) -> set[str]:
	return {path.name for path in place.iterdir() if path.is_dir() and any(path.glob("[!_.]*.*"))}


def test_each_room_of_the_flows_has_its_tests():
	rooms = folders_of(FLOWS)
	assert "tasks" in rooms
	assert {room for room in rooms if not list((ON_A_SITE / room).glob("test_*.py"))} == set()
	assert folders_of(ON_A_SITE) - rooms == BESIDE_THE_ROOMS


def test_every_test_on_a_site_stands_in_a_folder():
	assert list(ON_A_SITE.glob("test_*.py")) == []
	assert [path for path in TESTS.rglob("test_*.py") if not (path.parent / "__init__.py").exists()] == []


def test_no_file_of_tests_is_too_long():
	lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in TESTS.rglob("*.py")}
	assert {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > LONGEST} == {}


def test_the_page_says_what_is_proven_in_each_folder():
	page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
	said = re.findall(r"^\| `(\w+)/` \|", page, re.M)
	assert sorted(said) == sorted(folders_of(ON_A_SITE) - {"platform_fields"})


def test_every_file_of_tests_that_is_named_is_there():
	"""By its whole path, or by as much of the end as says which."""
	tests = (*TESTS.rglob("test_*.py"), *ROOT.glob("*/tests/test_*.py"))
	there = tuple(f"/{path.relative_to(ROOT).as_posix()}" for path in tests)
	found, missing = 0, []
	for page in NAMING:
		for name in re.findall(r"[\w/]*\btest_\w+\.py", page.read_text(encoding="utf-8")):
			found += 1
			if not any(path.endswith(f"/{name}") for path in there):
				missing.append((str(page.relative_to(ROOT)), name))
	assert found > 100 and missing == []
