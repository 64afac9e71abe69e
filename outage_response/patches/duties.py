"""Departments were known by their key; now each says what it is there for."""

import frappe

from outage_response.flows import plans


def execute() -> None:
	for key, row in plans.procedure()["departments"].items():
		if duty := row.get("duty"):
			unset = {"name": key, "duty": ("is", "not set")}
			frappe.db.set_value("Response Department", unset, "duty", duty, update_modified=False)
