"""Frappe gave the channels that were made at the installation the site's language, so that nobody was rung in their own."""

import frappe


def execute() -> None:
	default = frappe.db.get_default("language")
	if default:
		given = {"audience": "Person", "language": default}
		frappe.db.set_value("Paging Channel", given, "language", None, update_modified=False)
