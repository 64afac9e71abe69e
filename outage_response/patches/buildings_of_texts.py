"""Buildings were texts, and have records of their own now; floors were numbers, and are kept as people say them now.

Names that are written alike become one building. Names that may mean one building stay apart until a person decides, and count
as one until then.
"""

from collections import defaultdict

import frappe

from outage_response.domain.building_spelling import spelling
from outage_response.flows.master_data.building_placing import LINKED


def execute() -> None:
	"""What is linked already stays, so that it may run again."""
	texts: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
	for doctype in LINKED:
		for property_name, text in _texts(doctype):
			if spelling(text):
				texts[property_name, spelling(text)][text] = 0
	known = {
		(row.property, spelling(row.building_name)): row.name
		for row in frappe.get_all("Property Building", fields=["name", "property", "building_name"])
	}
	for (property_name, alike), written in texts.items():
		key = known.get((property_name, alike)) or _building(property_name, next(iter(written)))
		for doctype in LINKED:
			table = frappe.qb.DocType(doctype)
			query = frappe.qb.update(table).set(table.building, key)
			query.where((table.property == property_name) & table.building.isin(list(written))).run()
	for doctype in ("Property Unit", "Notice Delivery"):
		table = frappe.qb.DocType(doctype)
		frappe.qb.update(table).set(table.floor, "").where(table.floor == "0").run()
		for below in frappe.get_all(doctype, filters={"floor": ("like", "-%")}, pluck="floor", distinct=True):
			frappe.qb.update(table).set(table.floor, f"B{below[1:]}").where(table.floor == below).run()


def _texts(doctype: str) -> list[tuple[str, str]]:
	table, building = frappe.qb.DocType(doctype), frappe.qb.DocType("Property Building")
	return (
		frappe.qb.from_(table)
		.left_join(building)
		.on(building.name == table.building)
		.select(table.property, table.building)
		.distinct()
		.where(table.building.isnotnull() & (table.building != "") & building.name.isnull())
		.orderby(table.property)
		.orderby(table.building)
	).run()


def _building(property_name: str, text: str) -> str:
	doc = frappe.get_doc(
		{"doctype": "Property Building", "property": property_name, "building_name": " ".join(text.split())}
	)
	doc.flags.ignore_validate = True  # it may read like another one: a person decides
	return doc.insert(ignore_permissions=True).name
