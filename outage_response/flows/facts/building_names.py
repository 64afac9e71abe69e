"""The buildings of a property: records that homes, power nodes and assets link to, found by what people say."""

from collections.abc import Iterable, Mapping
from typing import Any

import frappe

from outage_response import listing
from outage_response.domain.building_spelling import alike, meaning, spelling

DOCTYPE = "Property Building"


def of_property(property_name: str) -> dict[str, frappe._dict]:
	"""key -> building (name, building_name, stands_apart), the oldest first."""
	rows = frappe.get_all(
		DOCTYPE,
		filters={"property": property_name},
		fields=["name", "building_name", "stands_apart"],
		order_by="creation asc, name asc",
	)
	return {row.name: row for row in rows}


def names(keys: Iterable[str | None]) -> dict[str, str]:
	"""key -> the name that people know; at most one query."""
	wanted = sorted({key for key in keys if key})
	rows = wanted and listing.get_all(
		DOCTYPE, filters={"name": ("in", wanted)}, fields=["name", "building_name"], as_list=True
	)
	return dict(rows or ())


def find(property_name: str, said: str) -> list[str]:
	"""Keys of the buildings that `said` (a key, a name, another name for it) may mean: of those written like it, else of all
	whose names mean the same."""
	return among(of_property(property_name), said)


def among(rows: Mapping[str, Mapping[str, Any]], said: str) -> list[str]:
	"""The same of buildings that are read already."""
	if said in rows:
		return [said]
	written = [key for key, row in rows.items() if spelling(row["building_name"]) == spelling(said)]
	return written or of_meaning(rows.values(), said)


def may_be(property_name: str, said: str) -> set[str]:
	"""Keys of every building that `said` may mean, with those that may be one building as long as nobody has decided."""
	rows = of_property(property_name)
	same = one_of(rows)
	wanted = {same[key] for key in among(rows, said)}
	return {key for key in rows if same[key] in wanted}


def one_of(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
	"""key -> one key for all buildings that may be one (see `domain.building_spelling.alike`)."""
	apart = [key for key, row in rows.items() if row["stands_apart"]]
	return alike({key: row["building_name"] for key, row in rows.items()}, apart)


def of_meaning(rows: Iterable[Mapping[str, Any]], said: str) -> list[str]:
	return [row["name"] for row in rows if meaning(row["building_name"]) == meaning(said)]


def undecided(rows: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
	"""Names that may mean one building, of which nobody has said whether they do."""
	groups: dict[str, list[str]] = {}
	for row in rows.values():
		if not row["stands_apart"]:
			groups.setdefault(meaning(row["building_name"]), []).append(row["building_name"])
	return [group for group in groups.values() if len(group) > 1]
