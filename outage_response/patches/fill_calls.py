"""Steps that phone somebody now say whom: filled in for the shipped steps of plans that were made before."""

import frappe

from outage_response.flows.facts.plan_steps import procedure


def execute() -> None:
	step = frappe.qb.DocType("Plan Step")
	for row in procedure()["steps"]:
		if row.get("calls"):
			frappe.qb.update(step).set(step.calls, row["calls"]).where(step.step_key == row["key"]).where(
				step.calls.isnull() | (step.calls == "")
			).run()
