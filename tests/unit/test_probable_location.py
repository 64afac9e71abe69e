"""From calls to the place that failed."""

import pytest

from outage_response.domain.power_topology import PowerTree
from outage_response.domain.probable_location import homes_named, locate

# feeder > room > shafts A, B > four switches each
PARENTS = {"F": None, "R": "F", "A": "R", "B": "R"} | {f"{s}{n}": s for s in "AB" for n in range(1, 5)}
UNITS = {f"{s}{n}": 2 for s in "AB" for n in range(1, 5)}


def places(calls, threshold=3, units=UNITS):
	return locate(PowerTree(PARENTS), calls, units, threshold)


def test_one_switch_alone():
	assert [(one.node, one.calls) for one in places({"A1": 3})] == [("A1", 3)]


def test_half_of_the_branches_are_explained_above():
	assert [one.node for one in places({"A1": 1, "A2": 1})] == ["A"]
	assert [one.node for one in places({"A1": 2, "B4": 2})] == ["R"]


def test_few_of_many_branches_stand_for_themselves():
	parents = {"R": None} | {f"P{n}": "R" for n in range(10)}
	units = {f"P{n}": 5 for n in range(10)}
	found = locate(PowerTree(parents), {"P1": 3, "P7": 4}, units, 3)
	assert [(one.node, one.calls) for one in found] == [("P7", 4), ("P1", 3)]


def test_few_calls_of_many_branches_are_not_lost():
	parents = {"R": None} | {f"P{n}": "R" for n in range(10)}
	units = {f"P{n}": 5 for n in range(10)}
	found = locate(PowerTree(parents), {"P1": 1, "P7": 1}, units, 3)
	assert [(one.node, one.calls) for one in found] == [("R", 2)]


def test_a_call_at_the_node_itself_counts_there():
	assert [one.node for one in places({"A": 1, "A1": 2})] == ["A"]


def test_more_calls_from_more_branches_are_surer():
	one = places({"A1": 3})[0].sureness
	few = places({"A1": 2, "A2": 1})[0].sureness
	all_of_them = places({"A1": 3, "A2": 3, "A3": 3, "A4": 3})[0].sureness
	assert 0 < few <= one < all_of_them == 100


def test_every_call_is_explained_once():
	found = places({"A1": 4, "A2": 4, "B3": 4})
	assert sum(one.calls for one in found) == 12


def test_unknown_nodes_and_no_calls():
	assert places({}) == []
	assert places({"elsewhere": 5}) == []
	assert places({"A1": 0}) == []


def test_branches_without_units_do_not_count_as_silent():
	assert [one.node for one in places({"A1": 2, "A2": 2}, units={"A1": 2, "A2": 2, "A3": 0})] == ["A"]


@pytest.mark.parametrize(
	("text", "home"),
	[
		("3-2-502室没电", "3-2-502"),
		("3-2-502 13800000102", "3-2-502"),
		("３－２－５０２沒電", "3-2-502"),
		("3栋2单元502没电", "3-2-502"),
		("3號樓2單元502停電", "3-2-502"),
		("3栋2单元502没电", "3栋2单元502"),
		("B座1203停电了", "b-1203"),
		("no power in flat 12B", "12b"),
		("1A, 没电了", "1a"),
		("1203室没电", "1203"),
	],
)
def test_a_home_is_named_however_it_is_written(text, home):
	assert [ways for ways in homes_named(text) if home in ways]


@pytest.mark.parametrize(
	"text",
	["2026-11-29 10:00 停电", "13800000102", "3号楼停电", "on floor 12", "21点没电", "订单 20261129-33", "no power"],
)
def test_what_names_no_home(text):
	assert homes_named(text) == ()


def test_a_home_named_within_another_is_not_named():
	assert not any("2-502" in ways or "502" in ways for ways in homes_named("3-2-502 没电"))
	assert len(homes_named("3-2-502 和 3-2-503 都没电")) == 2
