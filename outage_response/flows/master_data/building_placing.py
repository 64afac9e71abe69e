"""Which building a home, a node or an asset is put into; and two records that turn out to be one building."""

from collections.abc import Sequence
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response import bulk, permissions
from outage_response.domain.building_spelling import spelling
from outage_response.domain.errors import RuleError

from ..facts import power_and_assets
from ..facts.building_names import DOCTYPE, among, of_meaning, of_property, one_of
from ..facts.language import listed
from ..verb.locking import lock_property
from ..verb.refusals import translated
from . import frozen_records

LINKED = ("Property Unit", "Power Node", "Property Asset", "Trouble Call", "Elevator Entrapment")


def place(doc: Document, _event: str | None = None) -> None:
	"""Before a home, a node or an asset is saved: the building that a file or a client names becomes a link.

	What is written like a building on record is that building; what no building is like becomes a new one. Another name for a
	building on record is refused, since only a person can say whether it is the same.
	"""
	said = (doc.building_name or "").strip()
	doc.building_name = None
	if not said and doc.building and not frappe.db.exists(DOCTYPE, doc.building):
		said, doc.building = doc.building.strip(), None  # a client's text where the link belongs
	if said:
		with translated():
			doc.building = _placed(doc.property, said)
	elif doc.building and frappe.get_cached_value(DOCTYPE, doc.building, "property") != doc.property:
		frappe.throw(
			_("Building: {0} is no building of {1}. Choose one of its buildings.").format(
				frappe.get_cached_value(DOCTYPE, doc.building, "building_name"), doc.property
			)
		)


def name_firm(doc: Document, _event: str | None = None) -> None:
	"""Before an asset is saved: a maintenance company that is on record with other characters (width, spaces, capitals) is that
	company, so that it is called once and stands with all of its elevators."""
	doc.contractor_name = " ".join((doc.contractor_name or "").split())
	if not doc.contractor_name:
		return
	others = {"property": doc.property, "contractor_name": ("is", "set"), "name": ("!=", doc.name or "")}
	known = frappe.get_all(
		"Property Asset", filters=others, pluck="contractor_name", distinct=True, order_by="creation"
	)
	alike = (firm for firm in known if spelling(firm) == spelling(doc.contractor_name))
	doc.contractor_name = next(alike, doc.contractor_name)


def _placed(property_name: str, said: str) -> str:
	rows = of_property(property_name)
	found = among(rows, said)
	if len(found) == 1 and (found[0] == said or spelling(rows[found[0]].building_name) == spelling(said)):
		return found[0]
	if found:
		raise RuleError(
			_(
				"Building: did you mean {names}? {said} reads like another name for it. Write it as it stands on record; if {said} is another building, enter it first as a Property Building and tick that it is another one."
			),
			names=listed(rows[key].building_name for key in found),
			said=said[:140],
		)
	doc = frappe.get_doc({"doctype": DOCTYPE, "property": property_name, "building_name": said})
	return doc.insert(ignore_permissions=True).name


def require_own_name(doc: Document) -> None:
	"""Raises where a property would have two buildings of one name, or of one meaning without anybody having said so."""
	doc.building_name = " ".join((doc.building_name or "").split())
	if not spelling(doc.building_name):
		frappe.throw(_("Building Name: cannot be empty."))
	others = [row for key, row in of_property(doc.property).items() if key != doc.name]
	if any(spelling(row.building_name) == spelling(doc.building_name) for row in others):
		frappe.throw(_("Building Name: {0} has a building {1} already.").format(doc.property, doc.building_name))
	_require_own_meaning(doc, others)


def _require_own_meaning(doc: Document, others: Sequence[Any]) -> None:
	"""Raises where one of the others reads like it, unless somebody has said that they are two; asked when either is new."""
	alike = [row for row in others if row.name in of_meaning(others, doc.building_name) and not row.stands_apart]
	before = doc.get_doc_before_save()
	unchanged = before and before.building_name == doc.building_name and before.stands_apart == doc.stands_apart
	if alike and not doc.stands_apart and not unchanged:
		frappe.throw(
			_(
				"Building Name: did you mean {0}? {1} reads like another name for it. Use that one; if it is another building, tick {2}."
			).format(
				listed(row.building_name for row in alike),
				doc.building_name,
				_("Another Building Than Those of the Same Meaning"),
			)
		)


def may_be_one(building: str) -> list[dict[str, str]]:
	"""Other buildings that may be the same one, of which nobody has said whether they are: [{name, building_name}]."""
	rows = of_property(frappe.db.get_value(DOCTYPE, building, "property"))
	same = one_of(rows)
	return [
		{"name": key, "building_name": row.building_name}
		for key, row in rows.items()
		if key != building and same[key] == same[building]
	]


def warn_unplaced(doc: Document, _event: str | None = None) -> None:
	"""When a home or an asset is saved: nobody can say in which building it is, so it counts as affected. Said once, not refused."""
	if doc.doctype == "Property Unit" and doc.building:
		return  # the usual home, of many in a file
	around = power_and_assets.read(doc.property)
	if doc.doctype == "Property Asset":
		said = unplaced_asset(doc.asset_name, doc.property) if around.is_unplaced(doc) else ""
	else:
		said = unplaced_homes(1, doc.property) if around.building_matters and not around.building_of(doc) else ""
	if said:
		frappe.msgprint(said, alert=True, indicator="orange")


def unplaced_asset(name: str, property_name: str) -> str:
	"""The words for an asset that cannot be placed."""
	return _(
		"{0}: nobody can say where it gets its supply, since it has no power node, and no home or node stands in its building. It counts as affected in every outage of {1}. Enter its power node, or the building of its homes."
	).format(name, property_name)


def unplaced_homes(count: int, property_name: str) -> str:
	"""The words for homes without a building, where elevators have one."""
	return _(
		"Building: {0} units of {1} are in no building. While one of them is dark, every elevator without a power node counts as affected. Enter the building."
	).format(count, property_name)


def merge_buildings(building: str, into: str) -> dict[str, Any]:
	"""Two records are one building: everything of `building` belongs to `into` from now on. Answers {"building", "moved"}."""
	with translated():
		for name in (building, into):
			permissions.require_right("write", DOCTYPE, name)
		property_name = frappe.db.get_value(DOCTYPE, into, "property")
		lock_property(property_name)
		if building == into or frappe.db.get_value(DOCTYPE, building, "property") != property_name:
			raise RuleError(_("Building: choose another building of {property}."), property=property_name)
		frozen_records.refuse_while_one_runs(frappe.get_doc(DOCTYPE, building), property_name, _("Building"))
		moved = 0
		for doctype in LINKED:
			rows = frappe.get_all(doctype, filters={"building": building}, pluck="name")
			bulk.update(doctype, rows, {"building": into})
			moved += len(rows)
			for name in rows:
				frappe.clear_document_cache(doctype, name)
		frappe.delete_doc(DOCTYPE, building, ignore_permissions=True)
		return {"building": into, "moved": moved}
