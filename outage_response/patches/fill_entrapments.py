"""People in elevators of outages that run while the app is updated get the record that they have from now on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk
from outage_response.domain import entrapment_rules as rules
from outage_response.domain.lifecycle import ENDED, OPEN
from outage_response.domain.states import EntrapmentStatus
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
	since = _reported_since(incident, rows)
	known = set(frappe.get_all("Elevator Entrapment", {"incident": incident}, pluck="elevator"))
	records = []
	for elevator, at in since.items():
		theirs = [row for row in rows if row.subject == elevator]
		if theirs and elevator not in known:
			records.append(_record(incident, elevator, at, theirs))
	bulk.insert("Elevator Entrapment", records, now_datetime())
	frappe.db.set_value("Trouble Call", {"incident": incident, "elevator": ("is", "set")}, "trapped", 1)


def _reported_since(incident: str, tasks: Sequence[frappe._dict]) -> dict[str, datetime]:
	"""elevator -> since when people are in it: from the first call, else from the step that found them."""
	since = {
		row.elevator: row.said_at
		for row in frappe.get_all(
			"Trouble Call",
			{"incident": incident, "elevator": ("is", "set")},
			["elevator", "said_at"],
			order_by="said_at desc",
		)
	}
	for row in tasks:
		if row.outcome == rules.TRAPPED:
			since.setdefault(row.subject, row.anchor_at)
	return since


def _record(incident: str, elevator: str, since: datetime, tasks: Sequence[frappe._dict]) -> dict[str, Any]:
	"""`tasks`: the steps about this elevator, which say whether everybody is out."""
	ends = [row.completed_at for row in tasks if row.status == "Done" and row.outcome in rules.RELEASED]
	still = not ends or any(row.status in OPEN and plan_steps.step_of(row).on_outcome for row in tasks if row.plan)
	return {
		"name": frappe.generate_hash(length=10),
		"incident": incident,
		"property": tasks[0].property,
		"elevator": elevator,
		"elevator_label": tasks[0].subject_label,
		"building": frappe.db.get_value("Property Asset", elevator, "building"),
		"status": EntrapmentStatus.TRAPPED if still else EntrapmentStatus.RELEASED,
		"since": since,
		"asked_at": since,
		"ended_at": None if still else max(get_datetime(end) for end in ends),
	}
