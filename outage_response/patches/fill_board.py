"""The board of tasks shows outages that run: what has ended before is marked, and the board gets its filter."""

import json

import frappe

from outage_response.domain.lifecycle import ENDED
from outage_response.setup import board


def execute() -> None:
	task, incident = frappe.qb.DocType("Outage Task"), frappe.qb.DocType("Outage Incident")
	ended = frappe.qb.from_(incident).select(incident.name).where(incident.status.isin(ENDED))
	frappe.qb.update(task).set(task.incident_ended, 1).where(task.incident.isin(ended)).run()
	if frappe.db.get_value("Kanban Board", board.NAME, "filters") in (None, "", "[]"):
		values = {"filters": json.dumps(board.RUNNING), "fields": json.dumps(board.FIELDS)}
		frappe.db.set_value("Kanban Board", board.NAME, values)
