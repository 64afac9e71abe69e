"""The telephone numbers on tasks that are calls, kept in step with the phone book."""

from collections import defaultdict
from typing import Any

import frappe

from outage_response import bulk
from outage_response.domain.lifecycle import OPEN
from outage_response.domain.plan_expansion import subject_of

from ..facts import plan_steps
from ..facts.phone_book import book, maintains, numbers_for


def renew_numbers(act: Any) -> int:
	"""The number of a firm was put right: open steps that phone one get what is on record now. Answers how many changed."""
	numbers = book(act.incident.property, act.now, act.around.assets)
	renewed: dict[str, list[str]] = defaultdict(list)
	for row in frappe.get_all(
		"Outage Task",
		filters={"incident": act.incident.name, "status": ("in", OPEN), "plan": ("is", "set")},
		fields=["name", "phone", "plan", "step_key", "subject_type", "subject", "contractor"],
	):
		calls = plan_steps.step_of(row).calls
		theirs = row.contractor or maintains(calls, act.departments)
		found = numbers_for(calls, *subject_of(row), numbers, act.departments) if theirs else []
		if found and row.phone != found[0][1]:
			renewed[found[0][1]].append(row.name)
	for phone, names in renewed.items():
		bulk.update("Outage Task", names, {"phone": phone})
	return sum(len(one) for one in renewed.values())
