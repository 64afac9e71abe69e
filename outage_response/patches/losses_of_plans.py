"""From now on a plan says at each declaration what it has lost of life safety and gates: so do those that have lost it before. What
earlier versions had is read from them; one that is not there any more tells nothing."""

from collections.abc import Sequence

import frappe

from outage_response.domain import plan_safeguards
from outage_response.domain.errors import RuleError
from outage_response.flows.facts import plan_steps


def execute() -> None:
	for level in frappe.get_all("Outage Level", filters={"plan": ("is", "set")}, fields=["name", "plan"]):
		versions = frappe.get_all("Outage Plan", {"level": level.name}, pluck="name", order_by="version asc")
		if level.plan not in versions:
			continue
		lost: Sequence[plan_safeguards.Loss] = ()
		before = None
		for name in versions[: versions.index(level.plan) + 1]:
			try:
				steps = plan_steps.read(frappe.get_doc("Outage Plan", name))
			except RuleError:
				continue
			lost = plan_safeguards.lost(before, steps, lost) if before is not None else ()
			before = steps
		if lost:
			found = frappe.as_json(list(lost), indent=None)
			frappe.db.set_value("Outage Plan", level.plan, "leaves_out", found, update_modified=False)
			frappe.clear_document_cache("Outage Plan", level.plan)
