"""Steps that are done when residents have been told."""

from collections import defaultdict

import frappe

from outage_response import listing
from outage_response.domain import notice_rules as rules

from ..facts import plan_steps
from ..tasks import completion, tasks_on_record
from ..verb.engine import Act


def steps_done(incident: str) -> list[str]:
	"""Open steps of which residents have been told by now."""
	rows = [
		row
		for row in tasks_on_record.load(incident)
		if row.is_open and plan_steps.step_of(row).completes_with == "notices"
	]
	if not rows:
		return []
	together = frappe.db.get_value("Outage Incident", incident, "announced_with")
	its = [incident, together] if together else [incident]
	notices = listing.get_all(
		"Outage Notice", filters={"incident": ("in", its)}, fields=["name", "kind", "mode", "posted_at"]
	)
	deliveries = defaultdict(list)
	for row in listing.get_all(
		"Notice Delivery",
		filters={"incident": ("in", its), "notice": ("in", [notice.name for notice in notices])},
		fields=["notice", "state", "phone_list", "tries"],
	):
		deliveries[row.notice].append(row)
	return [
		row.name
		for row in rows
		if rules.step_is_done(rules.STEP_OF_ANCHOR.get(plan_steps.step_of(row).anchor, ()), notices, deliveries)
	]


def complete_steps(act: Act, *, photo: str = "") -> int:
	"""Finish the steps that notices have done. Returns how many."""
	done = steps_done(act.incident.name)
	return completion.complete_by_flow(act, "notices", done, photo=photo) if done else 0
