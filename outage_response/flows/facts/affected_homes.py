"""Who is dark, kept with the incident: its units and their residents as they were when it began to be about them.

Minutes, callbacks, notices and figures read what is kept here, so that later edits of tree, units and residents change no
running outage but by a verb, and an ended one not at all. Work that is planned goes by the records until it begins.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response import bulk
from outage_response.domain.power_topology import Dark, Interval, intervals

from . import site_time
from .power_and_assets import Surroundings, affected_units, dark_rows

DOCTYPE = "Outage Affected Unit"
FIELDS = ("unit", "unit_no", "building", "floor", "power_node", "contact", "is_primary", "receives_notices")


def is_kept(incident: Document | Mapping[str, Any]) -> bool:
	"""Has the incident its own record of units? Not before it is inserted, and planned work not before it begins."""
	begun = incident.get("started_at") or incident.get("restored_at") or not incident.get("planned_start")
	return bool(incident.get("name") and begun)


def keep(incident: Document, around: Surroundings, now: datetime) -> list[str]:
	"""Take the units that the incident is about and that are not on its record yet into it, with their residents; two queries
	and one statement, whatever its size. Returns their numbers."""
	known = set(frappe.get_all(DOCTYPE, filters={"incident": incident.name}, pluck="unit", distinct=True))
	new = [row for row in on_record(incident, around) if row.unit not in known]
	_insert(incident, new, now)
	return list(dict.fromkeys(row.unit_no for row in new))


def _insert(incident: Document, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
	about = {"incident": incident.name, "property": incident.property, "times": "", "moments": ""}
	wanted = [
		{**about, "idx": number, **{field: row[field] for field in FIELDS}} for number, row in enumerate(rows, start=1)
	]
	bulk.insert(DOCTYPE, wanted, now)


def count(incident: Document, around: Surroundings) -> None:
	"""Write how many units the incident is about, and how many hang on each of its nodes; the caller saves it."""
	at_node = units_at_node(incident, around)
	incident.affected_units = sum(at_node.values())
	for row in incident.affected_nodes:
		inside = () if row.unit else around.tree.under([row.power_node])
		row.units = 1 if row.unit else sum(number for node, number in at_node.items() if node in inside)


def units_at_node(incident: Document, around: Surroundings) -> dict[str, int]:
	"""node -> number of the incident's units that hang on it."""
	if not is_kept(incident):
		return affected_units(incident, around)
	return of_incidents([incident.name]).get(incident.name, {})


def of_incidents(names: Collection[str]) -> dict[str, dict[str, int]]:
	"""incident -> node -> number of its units that hang on it, of those that have a record; one query."""
	table = frappe.qb.DocType(DOCTYPE)
	rows = names and (
		frappe.qb.from_(table)
		.select(table.incident, table.power_node, table.unit)
		.distinct()
		.where(table.incident.isin(list(names)))
	).run(as_dict=True)
	found: dict[str, Counter[str]] = defaultdict(Counter)
	for row in rows or ():
		found[row.incident][row.power_node] += 1
	return {name: dict(counted) for name, counted in found.items()}


def residents(incident: Document, around: Surroundings) -> list[frappe._dict]:
	"""Rows of FIELDS, one for each unit and resident, a unit without residents with one of its own; by unit, those who answer
	for the household first."""
	if not is_kept(incident):
		return on_record(incident, around)
	return frappe.get_all(
		DOCTYPE,
		filters={"incident": incident.name},
		fields=[*FIELDS, "times"],
		order_by="unit asc, is_primary desc, idx asc, name asc",
	)


def on_record(incident: Document, around: Surroundings, units: Sequence[str] = ()) -> list[frappe._dict]:
	"""The same by today's records, of the units that hang on the incident's nodes; with `units` of these alone."""
	unit, resident = frappe.qb.DocType("Property Unit"), frappe.qb.DocType("Unit Resident")
	query = (
		frappe.qb.from_(unit)
		.left_join(resident)
		.on((resident.parent == unit.name) & (resident.parenttype == "Property Unit"))
		.select(
			unit.name.as_("unit"),
			unit.unit_no,
			unit.building,
			unit.floor,
			unit.power_node,
			resident.contact,
			resident.is_primary,
			resident.receives_notices,
		)
		.where(unit.property == incident.property)
		.orderby(unit.name)
		.orderby(resident.is_primary, order=frappe.qb.desc)
		.orderby(resident.idx)
	)
	if units:
		query = query.where(unit.name.isin(list(units)))
	dark = around.tree.under(row.power_node for row in incident.affected_nodes if not row.unit)
	single = {row.unit for row in incident.affected_nodes if row.unit}
	rows = [row for row in query.run(as_dict=True) if row.power_node in dark or row.unit in single]
	for row in rows:
		row.building = around.building_name(row.building)
		row.is_primary, row.receives_notices = row.is_primary or 0, row.receives_notices or 0
	return rows


# ---------------------------------------------------------------- what was changed meanwhile


def take_over(incident: Document, around: Surroundings, now: datetime) -> tuple[list[str], list[str]]:
	"""Make the record what units and residents are on record now. Returns the numbers of units that were added, and of those
	whose residents are others; nobody who was dark is taken out."""
	kept, current = _by_unit(residents(incident, around)), _by_unit(on_record(incident, around))
	changed = [unit for unit, rows in current.items() if unit in kept and people(rows) != people(kept[unit])]
	if changed:
		table = frappe.qb.DocType(DOCTYPE)
		frappe.qb.from_(table).delete().where((table.incident == incident.name) & table.unit.isin(changed)).run()
		_insert(incident, [row for unit in changed for row in current[unit]], now)
	added = keep(incident, around, now)
	return added, [current[unit][0].unit_no for unit in changed]


def _by_unit(rows: Iterable[frappe._dict]) -> dict[str, list[frappe._dict]]:
	found: dict[str, list[frappe._dict]] = defaultdict(list)
	for row in rows:
		found[row.unit].append(row)
	return found


def people(rows: Iterable[Any]) -> set[tuple[str, bool, bool]]:
	"""Who lives there, as far as an outage goes by it."""
	return {(row.contact, bool(row.is_primary), bool(row.receives_notices)) for row in rows if row.contact}


# ---------------------------------------------------------------- when it is over


def write_times(incident: Document, around: Surroundings) -> None:
	"""Supply is back everywhere: when each unit was without it stands with the unit from now on; one statement for each way in
	which it came back."""
	dark, moments = dark_rows(incident), dark_moments(incident)
	singled_out = {row.unit for row in dark if row.unit}
	places = {(row.power_node, row.unit if row.unit in singled_out else "") for row in residents(incident, around)}
	alike: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
	for node, unit in sorted(places):
		path = around.tree.path(node)
		shown, counted = (as_text(intervals(path, unit, rows, datetime.max)) for rows in (dark, moments))
		alike[shown, counted].append((node, unit))
	table = frappe.qb.DocType(DOCTYPE)
	for (shown, counted), where in alike.items():
		query = frappe.qb.update(table).set(table.times, shown).set(table.moments, counted)
		query = query.where(table.incident == incident.name)
		whole, single = [node for node, unit in where if not unit], [unit for _node, unit in where if unit]
		if whole:
			rest = query.where(table.power_node.isin(whole))
			(rest.where(table.unit.notin(sorted(singled_out))) if singled_out else rest).run()
		if single:
			query.where(table.unit.isin(single)).run()


def dark_moments(incident: Document) -> list[Dark]:
	"""The incident's affected nodes in UTC, by which minutes are counted: an hour that the clock shows twice is two."""
	site_time.keep_instants(incident)
	return [dark_moment(row) for row in incident.affected_nodes if row.out_since]


def dark_moment(row: Any, incident: str = "") -> Dark:
	"""One row of an affected node in UTC; `incident`: see `Dark`."""
	out_since, back_at = site_time.instant_of_known(row, "out_since"), site_time.instant_of(row, "back_at")
	return Dark(row.power_node, out_since, back_at, row.unit or "", incident)


def as_text(found: Sequence[Interval]) -> str:
	"""Intervals as they are kept."""
	return json.dumps([[str(start), "" if end == datetime.max else str(end)] for start, end in found])


def times_of(row: Mapping[str, Any]) -> list[Interval]:
	"""When a unit of the record was without supply; empty while that is not written yet."""
	return _read(row["times"])


def moments_of(row: Mapping[str, Any]) -> list[Interval]:
	"""The same in UTC."""
	return _read(row["moments"])


def _read(kept: str | None) -> list[Interval]:
	return [
		(get_datetime(start), get_datetime(end) if end else datetime.max)
		for start, end in frappe.parse_json(kept or "[]")
	]


def last_time(incident: str, unit: str) -> tuple[Any, Any] | None:
	"""(since, until) of the last time that a unit was without supply in an incident that is over; None where that is not
	written."""
	row = frappe.db.get_value(
		DOCTYPE, {"incident": incident, "unit": unit, "times": ("is", "set")}, ["times"], as_dict=True
	)
	found = times_of(row) if row else []
	return found[-1] if found else None
