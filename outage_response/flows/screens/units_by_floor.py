"""The affected units of an incident, floor by floor: numbers and times, nobody's name."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe.utils import get_datetime

from outage_response.domain import power_topology
from outage_response.domain.entrapment_rules import natural
from outage_response.domain.typed_numbers import floor_order

from ..facts import affected_homes, power_and_assets
from ..facts.place_names import building_words

Times = tuple[datetime | None, datetime | None]


def by_floor(incident_name: str) -> dict[str, Any]:
	"""{"floors", "count", "may_open"}; one query for the units, however many.

	floors    rows in the order of the buildings and floors, those still out first: `building`, `floor`, `out_since`,
	          `back_at` (None: still out, or not yet switched off), `units` as [name, unit_no]; units of a floor with the
	          same times share a row
	may_open  this user may open a unit, where its residents stand
	"""
	incident = frappe.get_doc("Outage Incident", incident_name)
	around = power_and_assets.read(incident.property)
	rows = power_and_assets.dark_rows(incident)
	single = {row.unit for row in rows if row.unit}
	known: dict[tuple[str, str], Times] = {}
	floors: dict[tuple, list[list[str]]] = defaultdict(list)
	units = {row.unit: row for row in affected_homes.residents(incident, around)}
	for unit in sorted(units.values(), key=lambda row: natural(row.unit_no)):
		key = (unit.power_node, unit.unit if unit.unit in single else "")
		if key not in known:
			known[key] = _times(around.tree.path(unit.power_node), unit.unit, rows)
		times = affected_homes.times_of(unit) if unit.get("times") else []
		when = _last(times) if times else known[key]
		floors[unit.building or "", unit.floor or "", when].append([unit.unit, unit.unit_no])
	ordered = sorted(
		floors.items(), key=lambda item: (natural(item[0][0]), floor_order(item[0][1]), item[0][2][1] is not None)
	)
	return {
		"floors": [
			{"building": building_words(building), "floor": floor, "out_since": since, "back_at": back, "units": units}
			for (building, floor, (since, back)), units in ordered
		],
		"count": len(units),
		"may_open": bool(frappe.has_permission("Property Unit", "read")),
	}


def _times(path: list[str], unit: str, rows: list[power_topology.Dark]) -> Times:
	"""When supply last went there, and when it came back; None for what has not happened."""
	return _last(power_topology.intervals(path, unit, rows, datetime.max))


def _last(found: Sequence[power_topology.Interval]) -> Times:
	if not found:
		return None, None
	since, back = found[-1]
	return get_datetime(since), None if back == datetime.max else get_datetime(back)
