"""People in elevators of outages that run while the app is updated get the record that they have from now on."""

import frappe
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk
from outage_response.domain import entrapment_rules as rules
from outage_response.domain.lifecycle import ENDED, OPEN
from outage_response.flows.facts import plan_steps


def execute() -> None:
	running = frappe.get_all("Outage Incident", {"status": ("not in", ENDED)}, pluck="name")
	for incident in running:
		_fill(incident)


def _fill(incident: str) -> None:
	rows = frappe.get_all(
		"Outage Task",
		filters={"incident": incident, "subject_type": "Property Asset"},
		fields=[
			"subject",
			"subject_label",
			"property",
			"outcome",
			"status",
			"life_safety",
			"anchor_at",
			"completed_at",
		],
	)
	since = {
		row.elevator: row.said_at
		for row in frappe.get_all(
			"Trouble Call",
			{"incident": incident, "elevator": ("is", "set")},
			["elevator", "said_at"],
			order_by="said_at desc",
		)
	}
	for row in rows:
		if row.outcome == rules.TRAPPED:
			since.setdefault(row.subject, row.anchor_at)
	known = set(frappe.get_all("Elevator Entrapment", {"incident": incident}, pluck="elevator"))
	records = []
	for elevator, at in since.items():
		theirs = [row for row in rows if row.subject == elevator]
		if elevator in known or not theirs:
			continue
		ends = [row.completed_at for row in theirs if row.status == "Done" and row.outcome in rules.RELEASED]
		still = not ends or any(row.status in OPEN and plan_steps.step_of(row).on_outcome for row in theirs if row.plan)
		records.append(
			{
				"name": frappe.generate_hash(length=10),
				"incident": incident,
				"property": theirs[0].property,
				"elevator": elevator,
				"elevator_label": theirs[0].subject_label,
				"building": frappe.db.get_value("Property Asset", elevator, "building"),
				"status": rules.INSIDE if still else rules.OUT,
				"since": at,
				"asked_at": at,
				"ended_at": None if still else max(get_datetime(end) for end in ends),
			}
		)
	bulk.insert("Elevator Entrapment", records, now_datetime())
	frappe.db.set_value("Trouble Call", {"incident": incident, "elevator": ("is", "set")}, "trapped", 1)
