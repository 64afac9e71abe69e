"""Frappe 16 made an icon and a sidebar of its own for the workspace, where the app brought none. They are younger than the app's, so
that these would never be read."""

import frappe

NAME = "Outage Response"


def execute() -> None:
	for doctype in ("Desktop Icon", "Workspace Sidebar"):
		if frappe.db.exists("DocType", doctype) and frappe.db.exists(doctype, {"name": NAME, "standard": 0}):
			frappe.delete_doc(doctype, NAME, force=True, ignore_permissions=True)
