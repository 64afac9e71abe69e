"""Departments were known by their key; now each says what it is there for."""

import frappe

from outage_response.flows.facts import plan_steps


def execute() -> None:
	for key, row in plan_steps.procedure()["departments"].items():
		if duty := row.get("duty"):
			unset = {"name": key, "duty": ("is", "not set")}
			frappe.db.set_value("Response Department", unset, "duty", duty, update_modified=False)
