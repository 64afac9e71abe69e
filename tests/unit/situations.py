"""Situations in which a plan is carried out: any, and those that come up again."""

from hypothesis import strategies as st

from .world import EVERYTHING, TYPES, Situation

PLANNED = {"planned_start": 600, "planned_end": 840}
NODE_1, NODE_2 = EVERYTHING["affected_node"]
RESCUE = ("comfort_trapped", "lock_off_elevator", "release_trapped", "call_rescue_service")
CALLS = [
	(),
	tuple((key, "elevator 1") for key in RESCUE),
	(("repair_backup", "critical_room 2"),),
	(("release_trapped", "elevator 9"),),  # not one of the affected ones
]


situations = st.builds(
	Situation,
	property_type=st.sampled_from(["Residential Community", "Tower"]),
	off_hours=st.booleans(),
	households=st.integers(0, 100),
	planned_by=st.sampled_from(["", "Supplier", "Property"]),
	affected=st.fixed_dictionaries(
		{},
		optional={kind: st.sets(st.sampled_from([f"{kind} {n}" for n in (1, 2, 3)])).map(tuple) for kind in TYPES},
	),
	kept=st.sets(st.sampled_from([f"security_point {n}" for n in (1, 2, 3)])).map(tuple),
	reached=st.dictionaries(
		st.sampled_from(["reported", "confirmed", "restored", "stand_down", *PLANNED]), st.integers(0, 9)
	),
	back=st.dictionaries(st.sampled_from([f"affected_node {n}" for n in (1, 2, 3)]), st.integers(0, 9)),
	called=st.sets(
		st.one_of(
			st.tuples(st.sampled_from(RESCUE), st.sampled_from(["elevator 1", "elevator 2"])),
			st.tuples(st.just("repair_backup"), st.sampled_from(["critical_room 1", "critical_room 2"])),
		)
	).map(tuple),
	guards=st.integers(0, 9),
)
