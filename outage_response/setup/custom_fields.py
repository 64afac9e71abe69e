"""Fields on other apps' doctypes: one dictionary makes them and takes them away again."""

import json
from collections.abc import Iterable

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.model import delete_fields
from frappe.model.document import Document

from outage_response.domain.errors import _lt
from outage_response.domain.states import IncidentStatus


def _options(words: Iterable[str]) -> str:
	"""Options of a Select that may be empty."""
	return "\n".join(["", *words])


# What an incident may be, as on the Outage Incident itself: Frappe shows the options of a Select in the reader's language
STATES = tuple(IncidentStatus)


def _on_tickets(after: str, *, filtered: bool, columns: bool) -> list[dict]:
	"""`filtered`: a filter by the outage above the list; `columns`: the outage and its state are columns of every list."""
	common = {"read_only": 1, "no_copy": 1, "print_hide": 1, "module": "Outage Response"}
	return [
		{
			"fieldname": "outage_incident",
			"label": _lt("Power Outage"),
			"fieldtype": "Link",
			"options": "Outage Incident",
			"insert_after": after,
			"search_index": 1,
			"in_list_view": int(columns),
			"in_standard_filter": int(filtered),
			**common,
		},
		{
			"fieldname": "outage_level",
			"label": _lt("Outage Level"),
			"fieldtype": "Select",  # its options are the site's levels: `show_levels`
			"insert_after": "outage_incident",
			**common,
		},
		{
			"fieldname": "outage_state",
			"label": _lt("Outage State"),
			"fieldtype": "Select",
			"options": _options(STATES),
			"insert_after": "outage_level",
			"in_list_view": int(columns),
			**common,
		},
		{
			"fieldname": "outage_etr",
			"label": _lt("Expected Restoration"),
			"fieldtype": "Datetime",
			"insert_after": "outage_state",
			**common,
		},
		{
			"fieldname": "outage_imported",
			"label": _lt("Imported"),
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
			"label": _lt("Household of Unit"),
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
	# Helpdesk would put the filter above its own list, too, where an agent without a role in outages is refused what it offers
	"HD Ticket": _on_tickets("priority", filtered=False, columns=True),
	"Issue": _on_tickets("priority", filtered=True, columns=False),
	"HD Customer": _on_customers("customer_name"),
	"Customer": _on_customers("customer_name"),
}


def create(update: bool = False) -> None:
	"""Make the fields on the doctypes that are here; a platform that is installed later gets them then. `update`: also change those
	that an earlier version made, and with them what somebody else has changed of them."""
	here = {doctype: fields for doctype, fields in CUSTOM_FIELDS.items() if frappe.db.exists("DocType", doctype)}
	if here:
		create_custom_fields(here, ignore_validate=True, update=update)
		show_levels()


def show_levels(doc: Document | None = None, method: str | None = None) -> None:
	"""The site's levels are the options of the field on tickets; hook on a level that is made. None is taken away: a ticket that has
	a value that is no option can not be saved."""
	levels = frappe.get_all("Outage Level", pluck="name", order_by="name")
	fields = {"fieldname": "outage_level", "dt": ("in", [*CUSTOM_FIELDS])}
	for field in frappe.get_all("Custom Field", fields, ["name", "dt", "options"]):
		known = (field.options or "").split("\n")[1:]
		options = _options(dict.fromkeys([*known, *levels]))
		if options != field.options:
			frappe.db.set_value("Custom Field", field.name, "options", options)
			frappe.clear_cache(doctype=field.dt)


def forget_in_views() -> None:
	"""Helpdesk's saved views name columns, rows and filters; one that names a column that is gone can not be opened."""
	if not frappe.db.exists("DocType", "HD View") or not frappe.db.table_exists("HD View", cached=False):
		return
	fields = ("columns", "rows", "filters", "order_by", "group_by_field")
	for view in frappe.get_all("HD View", filters={"dt": ("in", list(CUSTOM_FIELDS))}, fields=["name", "dt", *fields]):
		ours = {field["fieldname"] for field in CUSTOM_FIELDS[view.dt]}
		changed = {field: new for field in fields if (new := _without(view[field], ours)) != view[field]}
		if changed:
			frappe.db.set_value("HD View", view.name, changed, update_modified=False)


def _without(text: str | None, ours: set[str]) -> str | None:
	"""A view's field, JSON or words, without what names one of our fields."""
	if not text or not any(name in text for name in ours):
		return text
	try:
		data = json.loads(text)
	except ValueError:
		kept = [part for part in text.split(",") if not ours & set(part.replace("`", " ").replace(".", " ").split())]
		return ",".join(kept)
	if isinstance(data, dict):
		return json.dumps({key: value for key, value in data.items() if key not in ours})
	if isinstance(data, list):
		return json.dumps([one for one in data if not _names_ours(one, ours)])
	return text


def _names_ours(one: object, ours: set[str]) -> bool:
	if isinstance(one, dict):
		return bool(ours & {one.get("key"), one.get("fieldname"), one.get("value")})
	return (
		one in ours
		if isinstance(one, str)
		else isinstance(one, list) and any(part in ours for part in one if isinstance(part, str))
	)


def delete() -> None:
	"""Take the fields away, with their columns."""
	for doctype, fields in CUSTOM_FIELDS.items():
		names = [field["fieldname"] for field in fields]
		frappe.db.delete("Custom Field", {"dt": doctype, "fieldname": ("in", names)})
		if frappe.db.exists("DocType", doctype):
			delete_fields({doctype: names}, delete=1)
			frappe.clear_cache(doctype=doctype)
