"""Take the columns of outages out of the list of Issues in ERPNext's portal: the Desk's list asks for them itself
(public/js/issue_list.js)."""

import frappe


def execute() -> None:
	ours = {"dt": "Issue", "fieldname": ("in", ("outage_incident", "outage_state"))}
	frappe.db.set_value("Custom Field", ours, "in_list_view", 0)
	frappe.clear_cache(doctype="Issue")
