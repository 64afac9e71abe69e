"""What the tests run, by room; and what nothing runs."""

import pytest

from portable_bench import measured

FILES = {
	"lamp/wick/oil.py": {
		"summary": {"num_statements": 6, "missing_lines": 1, "num_branches": 4, "missing_branches": 2},
		"missing_lines": [9],
		"missing_branches": [[3, 9], [5, -1]],
	},
	"lamp/shade/glass/pane.py": {
		"summary": {"num_statements": 10, "missing_lines": 0, "num_branches": 0, "missing_branches": 0},
		"missing_lines": [],
		"missing_branches": [],
	},
}


@pytest.mark.parametrize(
	("path", "room"),
	[
		("lamp/wick/oil.py", "wick"),
		("lamp/shade/glass/pane.py", "shade/glass"),
		("lamp/hooks.py", "."),
	],
)
def test_the_room_of_a_file(path, room):
	assert measured.room_of(path) == room


def test_the_table_sums_lines_and_branches_by_room():
	rows = {line.split()[0]: line.split()[1:] for line in measured.table(FILES).splitlines()}
	assert rows["wick"] == ["6", "1", "4", "2", "70.0%"]
	assert rows["shade/glass"] == ["10", "0", "0", "0", "100.0%"]
	assert rows["all"] == ["16", "1", "4", "2", "85.0%"]


def test_a_line_that_nothing_runs_is_named_once():
	path = "lamp/wick/oil.py"
	assert measured.not_run(FILES).splitlines() == [f"{path}:9", f"{path}:5 -> the end"]


def test_nothing_is_measured_unless_it_is_asked_for(monkeypatch, place):
	monkeypatch.setenv("COVERAGE", "")
	assert measured.environment(place) == {}
	monkeypatch.setenv("COVERAGE", "1")
	assert measured.environment(place)["COVERAGE_FILE"].startswith(str(place.bench))
