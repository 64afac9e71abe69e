"""Where in a property something is, in words: the building, for a unit with its floor; nothing where the property as a
whole is meant."""

from collections.abc import Iterable

import frappe
from frappe import _

FIELDS = {
	"Property Asset": ["name", "building"],
	"Power Node": ["name", "building"],
	"Property Unit": ["name", "building", "floor"],
}


def of_subjects(subjects: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
	"""(type, name) of what tasks are about -> its area, as people say it; at most one query for each type."""
	wanted = set(subjects)
	found = {}
	for doctype, fields in FIELDS.items():
		names = [name for kind, name in wanted if kind == doctype]
		for row in names and frappe.get_all(doctype, filters={"name": ("in", names)}, fields=fields):
			found[(doctype, row.name)] = label(row.building, row.get("floor"))
	return found


def label(building: str | None, floor: int | None = None) -> str:
	"""The words for a building, and a floor of it; either may be unknown."""
	if not building:
		return _("Floor {0}").format(floor) if floor else ""
	return _("Building {0}, Floor {1}").format(building, floor) if floor else _("Building {0}").format(building)
