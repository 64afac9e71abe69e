"""Where in a property something is, in words: the building, for a unit with its floor; nothing where the property as a
whole is meant."""

import re
from collections.abc import Iterable

from frappe import _

from outage_response import listing

# A number or a letter, which says not by itself that it is a building
BARE = re.compile(r"[A-Za-z]?\d*[A-Za-z]?(?:-\d+)?")

FIELDS = {
	"Property Asset": ["name", "building.building_name"],
	"Power Node": ["name", "building.building_name"],
	"Property Unit": ["name", "building.building_name", "floor"],
}


def of_subjects(subjects: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
	"""(type, name) of what tasks are about -> its area, as people say it; at most one query for each type."""
	wanted = set(subjects)
	found = {}
	for doctype, fields in FIELDS.items():
		names = [name for kind, name in wanted if kind == doctype]
		for row in listing.get_all(doctype, filters={"name": ("in", names)}, fields=fields):
			found[(doctype, row.name)] = label(row.building_name, row.get("floor"))
	return found


def label(building: str | None, floor: str | None = None) -> str:
	"""The words for a building (its name), and a floor of it; either may be unknown."""
	where = building_words(building)
	if not floor:
		return where
	return _("{0}, Floor {1}").format(where, floor) if where else _("Floor {0}").format(floor)


def building_words(building: str | None) -> str:
	"""`2` and `T` are said with the word for building; `2号楼` and `Tower A` say themselves what they are."""
	return _("Building {0}").format(building) if building and BARE.fullmatch(building) else building or ""
