"""The power tree: who is dark, for how many minutes, and what happens when supply returns piece by piece."""

from collections.abc import Iterable
from itertools import pairwise
from typing import ClassVar

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from outage_response.domain.errors import RuleError
from outage_response.domain.power_topology import (
	Dark,
	PowerTree,
	customer_minutes,
	gone_again,
	intervals,
	is_out,
	split_for_return,
	union,
	units_out,
)

from .world import minute

# feeder > two rooms; room A > two shafts > two floors each; room B feeds its flats itself
HOUSE = PowerTree(
	{
		"feeder": None,
		"room A": "feeder",
		"room B": "feeder",
		"shaft 1": "room A",
		"shaft 2": "room A",
		"floor 1": "shaft 1",
		"floor 2": "shaft 1",
		"floor 3": "shaft 2",
		"floor 4": "shaft 2",
	}
)
UNITS = {"floor 1": 10, "floor 2": 10, "floor 3": 10, "floor 4": 10, "room B": 5}


def dark(node: str, out: int, back: int | None = None, unit: str = "", incident: str = "") -> Dark:
	return Dark(node, minute(out), None if back is None else minute(back), unit, incident)


def cmi(own: list[Dark], earlier: list[Dark] = (), until: int = 100, units=UNITS) -> int:
	return customer_minutes(HOUSE, units, own, earlier, minute(until))


# ------------------------------------------------------------------------------------------------ the tree
def test_everything_below_a_dark_node_is_dark():
	assert HOUSE.under(["shaft 1"]) == {"shaft 1", "floor 1", "floor 2"}
	assert HOUSE.under(["room B", "floor 4"]) == {"room B", "floor 4"}
	assert HOUSE.under([]) == set()
	assert HOUSE.path("floor 3") == ["floor 3", "shaft 2", "room A", "feeder"]
	assert HOUSE.ends("room A") == {"floor 1", "floor 2", "floor 3", "floor 4"}
	assert HOUSE.ends("floor 1") == {"floor 1"}


@pytest.mark.parametrize("loop", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "b"}])
def test_a_node_that_would_feed_itself_is_refused(loop):
	with pytest.raises(RuleError, match="Parent Power Node"):
		PowerTree(loop).path("a")
	assert PowerTree(loop).under(["a"]) <= set(loop), "and nobody waits for ever"


# ------------------------------------------------------------------------------------------------ minutes
def test_a_unit_counts_until_its_own_node_is_back():
	rows = [dark("room A", 0, 60), dark("floor 1", 0, 20), dark("shaft 2", 0, 40)]
	assert cmi(rows) == 10 * 20 + 10 * 60 + 20 * 40


def test_an_outage_that_lasts_counts_until_now():
	assert cmi([dark("room B", 10)], until=30) == 5 * 20
	assert cmi([dark("room B", 10)], until=5) == 0


def test_a_floor_that_goes_again_counts_again():
	assert cmi([dark("room A", 0, 60), dark("floor 1", 0, 20), dark("floor 1", 30, 35)]) == 10 * 25 + 30 * 60


def test_a_floor_back_in_the_minute_in_which_its_room_goes_is_dark_with_the_room():
	assert cmi([dark("floor 1", 0, 10), dark("room A", 10, 30)]) == 10 * 30 + 30 * 20


def test_a_floor_that_only_flickered_does_not_wait_for_its_room():
	assert cmi([dark("floor 1", 10, 10), dark("room A", 10, 30)]) == 30 * 20


def test_one_flat_still_out_counts_for_one_flat():
	rows = [dark("floor 1", 0, 20)]
	still_out = [dark("floor 1", 20, 50, unit="flat 101")]
	assert cmi(rows) == 200
	assert cmi(still_out, rows) == 30


def test_one_flat_still_out_since_before_its_floor_was_back_is_counted_once():
	rows = [dark("floor 1", 0, 20, incident="first")]
	assert cmi([dark("floor 1", 5, 50, unit="flat 101", incident="nested")], rows) == 30


def test_the_first_claim_on_a_minute_holds_whatever_a_second_incident_says_of_a_floor():
	first = [dark("room A", 0, 20, incident="first")]
	second = [dark("floor 1", 0, 10, incident="second")]
	third = [dark("floor 1", 8, 15, unit="flat 101", incident="third")]
	assert cmi(second, first) == 0
	assert cmi(third, first + second) == 0


def test_units_may_be_counted_or_named():
	rows = [dark("room B", 0, 30), dark("room B", 0, 50, unit="shop 1")]
	assert cmi(rows, units={"room B": 3}) == cmi(rows, units={"room B": ["shop 1", "shop 2", "shop 3"]}) == 30 + 30 + 50
	assert cmi(rows, units={}) == 0


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted), max_size=8))
def test_joined_intervals_cover_the_same_minutes_and_do_not_touch(pairs):
	joined = union((minute(start), minute(end)) for start, end in pairs)
	assert all(a[1] < b[0] for a, b in pairwise(joined))
	covered = {at for start, end in pairs for at in range(start, end)}
	assert {at for at in range(31) for start, end in joined if start <= minute(at) < end} == covered


# A house made by chance, rows made by chance, and a simulation that walks through it minute by minute.
END = 24


@st.composite
def houses(draw) -> tuple[PowerTree, dict[str, str]]:
	parents = {
		f"node {n}": draw(st.sampled_from([None, *(f"node {m}" for m in range(n))]) if n else st.none())
		for n in range(draw(st.integers(1, 6)))
	}
	nodes = st.sampled_from(sorted(parents))
	return PowerTree(parents), {f"unit {n}": draw(nodes) for n in range(draw(st.integers(1, 6)))}


@st.composite
def outages(draw, tree: PowerTree, home: dict[str, str], incident: str = "") -> list[Dark]:
	rows = []
	for _ in range(draw(st.integers(0, 5))):
		out = draw(st.integers(0, END))
		back = draw(st.none() | st.integers(out, END + 3))
		unit = draw(st.just("") | st.sampled_from(sorted(home)))
		node = home[unit] if unit else draw(st.sampled_from(sorted(tree.parents)))
		rows.append(dark(node, out, back, unit, incident))
	return rows


def dark_minutes(tree: PowerTree, home: dict[str, str], unit: str, rows: Iterable[Dark]) -> set[int]:
	"""Minutes in which `unit` is dark, by walking: an outage starts, and a return of supply takes away every outage of
	what lies further up, as far as this unit is concerned."""
	path = tree.path(home[unit])
	reach = [
		(-1 if row.unit else path.index(row.node), row)
		for row in rows
		if (row.unit == unit if row.unit else row.node in path)
	]
	found, active = set(), []
	for at in range(END):
		now = minute(at)
		for starting in (False, True):
			if starting:
				active += [item for item in reach if item[1].out_since == now]
			for level, row in reach:
				if row.back_at == now and (row.out_since == now) is starting:
					active = [(far, other) for far, other in active if far <= level and other is not row]
		if active:
			found.add(at)
	return found


@settings(max_examples=200)
@given(st.data())
def test_the_minutes_of_a_unit_agree_with_a_walk_through_every_minute(data):
	tree, home = data.draw(houses())
	rows = data.draw(outages(tree, home))
	for unit, node in home.items():
		found = intervals(tree.path(node), unit, rows, minute(END))
		assert {at for at in range(END) for start, end in found if start <= minute(at) < end} == dark_minutes(
			tree, home, unit, rows
		)


@settings(max_examples=200)
@given(st.data())
def test_no_minute_of_a_customer_is_counted_twice_in_any_number_of_incidents(data):
	tree, home = data.draw(houses())
	at_node = {node: [unit for unit in home if home[unit] == node] for node in tree.parents}
	claimed: set[tuple[str, int]] = set()
	earlier: list[Dark] = []
	for number in range(data.draw(st.integers(1, 4))):
		own = data.draw(outages(tree, home, incident=str(number)))
		mine = {(unit, at) for unit in home for at in dark_minutes(tree, home, unit, own)}
		assert customer_minutes(tree, at_node, own, earlier, minute(END)) == len(mine - claimed)
		claimed |= mine
		earlier += own


# ------------------------------------------------------------------------------------------------ supply returns
def returned(rows: list[Dark], nodes: list[str] | None, at: int) -> list[Dark]:
	return split_for_return(HOUSE, rows, nodes, minute(at))


def test_everything_back_ends_every_open_row_and_leaves_the_others():
	rows = [dark("room A", 0), dark("floor 1", 0, 10), dark("room B", 5, unit="shop 1")]
	assert returned(rows, None, 20) == [
		dark("room A", 0, 20),
		dark("floor 1", 0, 10),
		dark("room B", 5, 20, unit="shop 1"),
	]


def test_a_floor_that_is_back_before_its_room_gets_a_row_of_its_own():
	assert returned([dark("room A", 0)], ["floor 1"], 20) == [dark("room A", 0), dark("floor 1", 0, 20)]


def test_a_room_is_back_with_the_last_of_its_floors():
	rows = returned([dark("room A", 0)], ["floor 1"], 20)
	rows = returned(rows, ["shaft 2"], 30)
	assert rows[0].back_at is None
	rows = returned(rows, ["floor 2"], 40)
	assert rows[0] == dark("room A", 0, 40)
	assert all(row.back_at for row in rows)


def test_a_node_above_brings_back_everything_below_it():
	rows = [dark("room A", 0), dark("room B", 3), dark("floor 1", 0, 9)]
	assert returned(rows, ["feeder"], 20) == [dark("room A", 0, 20), dark("room B", 3, 20), dark("floor 1", 0, 9)]


def test_naming_a_node_twice_or_together_with_its_part_records_it_once():
	assert returned([dark("room A", 0)], ["floor 1", "floor 1"], 20) == [dark("room A", 0), dark("floor 1", 0, 20)]
	assert returned([dark("room A", 0)], ["room A", "floor 1"], 20) == [dark("room A", 0, 20)]


@pytest.mark.parametrize("nodes", [["room B"], ["room A", "room B"], ["room B", "room A"], ["of another house"]])
def test_a_node_that_is_not_out_is_refused_also_in_company_of_one_that_is(nodes):
	with pytest.raises(RuleError, match="is not without supply in this incident"):
		returned([dark("room A", 0)], nodes, 20)


@pytest.mark.parametrize("node", ["floor 1", "shaft 1"])
def test_a_node_that_is_back_already_is_refused(node):
	with pytest.raises(RuleError, match="already has supply again"):
		returned([dark("room A", 0), dark("shaft 1", 0, 10)], [node], 20)


def test_when_all_is_back_a_further_return_is_refused():
	with pytest.raises(RuleError, match="already back everywhere"):
		returned([dark("room A", 0, 10)], None, 20)


@pytest.mark.parametrize("nodes", [None, ["room A"], ["floor 1"], ["feeder"]])
def test_supply_is_not_back_before_it_went(nodes):
	rows = [dark("room A", 10)]
	with pytest.raises(RuleError, match="before it went"):
		returned(rows, nodes, 9)
	assert rows == [dark("room A", 10)]
	assert returned(rows, nodes, 10)[-1].back_at == minute(10)


def test_a_room_that_goes_again_waits_for_its_own_return():
	"""Its floors were back from an earlier outage, and that says nothing about this one."""
	before = [dark("room A", 0, 8), *(dark(f"floor {n}", 0, 5) for n in (1, 2, 3, 4))]
	rows = returned([*before, dark("room A", 10), dark("room B", 0)], ["room B"], 12)
	assert dark("room A", 10) in rows
	rows = returned(rows, ["floor 1"], 14)
	assert dark("floor 1", 10, 14) in rows
	assert dark("room A", 10) in rows


def test_a_floor_that_went_again_keeps_its_room_open_until_it_is_back():
	rows = [dark("shaft 1", 0), dark("floor 1", 0, 5), dark("floor 1", 7)]
	rows = returned(rows, ["floor 2"], 9)
	assert rows[0].back_at is None
	rows = returned(rows, ["floor 1"], 12)
	assert rows[0] == dark("shaft 1", 0, 12)


def test_one_flat_that_is_out_does_not_stand_for_its_floor():
	rows = [dark("room A", 0), dark("floor 1", 2, unit="flat 101")]
	assert returned(rows, ["floor 1"], 9) == [
		dark("room A", 0),
		dark("floor 1", 2, 9, unit="flat 101"),
		dark("floor 1", 0, 9),
	]
	flat_back = [dark("room A", 0), dark("floor 1", 2, 5, unit="flat 101")]
	assert dark("floor 1", 0, 9) in returned(flat_back, ["floor 1"], 9)


def test_areas_one_inside_the_other_both_end_with_the_last_floor():
	rows = [dark("room A", 0), dark("shaft 1", 0)]
	for at, node in enumerate(["floor 1", "floor 3", "floor 4", "floor 2"], start=20):
		rows = returned(rows, [node], at)
	assert rows[:2] == [dark("room A", 0, 23), dark("shaft 1", 0, 23)]


events = st.lists(st.tuples(st.sampled_from(["out", "back", "back"]), st.integers(0, 5)), min_size=1, max_size=10)


@settings(max_examples=200)
@given(houses(), events)
def test_returns_in_any_order_leave_every_unit_the_minutes_that_it_was_dark(house, events):
	"""Against a house in which each end is simply dark or not."""
	tree, _ = house
	names = sorted(tree.parents)
	ends = {node for node in names if tree.ends(node) == {node}}
	rows, is_dark = [], set()
	seen = {end: set() for end in ends}
	for at, (what, number) in enumerate(events):
		node = names[number % len(names)]
		below = tree.under([node]) & ends
		if what == "out" and not below & is_dark:
			rows.append(dark(node, at))
			is_dark |= below
		elif what == "back" and rows:
			try:
				rows = split_for_return(tree, rows, [node], minute(at))
			except RuleError:
				assert not below & is_dark
			is_dark -= below
		for end in is_dark:
			seen[end].add(at)
	assume(rows)
	for end in ends:
		found = intervals(tree.path(end), "", rows, minute(len(events)))
		minutes = {at for at in range(len(events)) for start, stop in found if start <= minute(at) < stop}
		assert minutes == seen[end], end
	assert any(row.back_at is None for row in rows) is bool(is_dark)


class TestOutNow:
	"""A room with two panels; five and three units."""

	TREE = PowerTree({"room": None, "a": "room", "b": "room"})
	UNITS: ClassVar = {"a": 5, "b": 3}

	@pytest.mark.parametrize(
		("rows", "out"),
		[
			([Dark("room", minute(0))], 8),
			([Dark("room", minute(0)), Dark("a", minute(0), minute(10))], 3),
			([Dark("room", minute(0), minute(10))], 0),
			([Dark("a", minute(0), None, "a-1")], 1),
			([Dark("room", minute(0)), Dark("a", minute(0), minute(10), "a-1")], 7),
			([Dark("a", minute(0), minute(10)), Dark("a", minute(10), None, "a-1")], 1),
		],
	)
	def test_how_many_units_are_out(self, rows, out):
		assert units_out(self.TREE, self.UNITS, rows) == out

	def test_a_node_and_one_of_its_units(self):
		rows = [Dark("a", minute(0), minute(10)), Dark("a", minute(10), None, "a-1")]
		assert not is_out(["a", "room"], "", rows)
		assert is_out(["a", "room"], "a-1", rows)
		assert not is_out(["a", "room"], "a-2", rows)


# ------------------------------------------------------------------------------------------------ a second loss
@pytest.mark.parametrize(
	("rows", "again"),
	[
		([dark("shaft 1", 0)], {}),
		([dark("shaft 1", 0, 40), dark("shaft 2", 50)], {}),
		([dark("shaft 1", 0, 40), dark("shaft 1", 50)], {"shaft 1": 50}),
		([dark("shaft 1", 0, 40), dark("shaft 1", 40)], {"shaft 1": 40}),
		([dark("shaft 1", 0, 40), dark("shaft 1", 50, 60), dark("shaft 1", 70)], {"shaft 1": 70}),
		([dark("shaft 1", 0, 40), dark("floor 1", 50)], {"floor 1": 50}),
		([dark("floor 1", 0, 40), dark("shaft 1", 50)], {"floor 1": 50}),
		# a floor that came back before the rest of its shaft, even at once, is one loss
		([dark("shaft 1", 0), dark("floor 1", 0, 0)], {}),
		([dark("shaft 1", 0, 40), dark("floor 1", 0, 30)], {}),
		([dark("shaft 1", 10), dark("floor 1", 0, 30)], {}),
		([dark("floor 1", 0, 40, unit="a"), dark("floor 1", 50, unit="b")], {}),
		([dark("floor 1", 0, 40, unit="a"), dark("floor 1", 50, unit="a")], {"floor 1": 50}),
	],
)
def test_where_supply_went_a_second_time(rows, again):
	assert gone_again(HOUSE, rows) == {node: minute(at) for node, at in again.items()}
