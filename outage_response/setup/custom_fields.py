"""Fields on other apps' doctypes: one dictionary makes them and takes them away again."""

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.model import delete_fields


def _on_tickets(after: str) -> list[dict]:
	common = {"read_only": 1, "no_copy": 1, "print_hide": 1, "module": "Outage Response"}
	return [
		{
			"fieldname": "outage_incident",
			"label": "Power Outage",
			"fieldtype": "Link",
			"options": "Outage Incident",
			"insert_after": after,
			"search_index": 1,
			**common,
		},
		{
			"fieldname": "outage_level",
			"label": "Outage Level",
			"fieldtype": "Data",
			"insert_after": "outage_incident",
			**common,
		},
		{
			"fieldname": "outage_state",
			"label": "Outage State",
			"fieldtype": "Data",
			"insert_after": "outage_level",
			**common,
		},
		{
			"fieldname": "outage_etr",
			"label": "Expected Restoration",
			"fieldtype": "Datetime",
			"insert_after": "outage_state",
			**common,
		},
		{
			"fieldname": "outage_imported",
			"label": "Imported",
			"fieldtype": "Check",
			"default": "0",
			"hidden": 1,
			"insert_after": "outage_etr",
			**common,
		},
	]


def _on_customers(after: str) -> list[dict]:
	"""The unit whose household the customer is. No link, so that a unit can be deleted."""
	return [
		{
			"fieldname": "outage_unit",
			"label": "Household of Unit",
			"fieldtype": "Data",
			"insert_after": after,
			"unique": 1,
			"read_only": 1,
			"no_copy": 1,
			"print_hide": 1,
			"module": "Outage Response",
		}
	]


CUSTOM_FIELDS = {
	"HD Ticket": _on_tickets("priority"),
	"Issue": _on_tickets("priority"),
	"HD Customer": _on_customers("customer_name"),
	"Customer": _on_customers("customer_name"),
}


def create() -> None:
	"""Make the fields on the doctypes that are here; a platform that is installed later gets them then."""
	here = {doctype: fields for doctype, fields in CUSTOM_FIELDS.items() if frappe.db.exists("DocType", doctype)}
	if here:
		create_custom_fields(here, ignore_validate=True, update=False)


def delete() -> None:
	"""Take the fields away, with their columns."""
	for doctype, fields in CUSTOM_FIELDS.items():
		names = [field["fieldname"] for field in fields]
		frappe.db.delete("Custom Field", {"dt": doctype, "fieldname": ("in", names)})
		if frappe.db.exists("DocType", doctype):
			delete_fields({doctype: names}, delete=1)
			frappe.clear_cache(doctype=doctype)
