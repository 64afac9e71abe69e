"""The board of tasks by state: a Kanban Board is no standard document of a module, so the app makes its own.

It is for looking, at outages that run. Nobody may write a task, so Frappe lets no card be dragged; states change by the
verbs. Uninstalling takes it away with everything else that is about our doctypes.
"""

import json

import frappe

from outage_response.domain.errors import _lt
from outage_response.domain.states import TaskStatus

NAME = _lt("Outage Tasks by State")
COLOURS = {
	TaskStatus.OPEN: "Red",
	TaskStatus.ACKNOWLEDGED: "Orange",
	TaskStatus.IN_PROGRESS: "Blue",
	TaskStatus.ON_POST: "Purple",
	TaskStatus.DONE: "Green",
	TaskStatus.SKIPPED: "Gray",
	TaskStatus.CANCELLED: "Gray",
}
RUNNING = [["Outage Task", "incident_ended", "=", 0]]
FIELDS = ["property", "subject_label", "due_at"]


def create() -> None:
	"""Make the board if it is missing; what a System Manager changed on it stays."""
	if frappe.db.exists("Kanban Board", NAME):
		return
	frappe.get_doc(
		{
			"doctype": "Kanban Board",
			"kanban_board_name": NAME,
			"reference_doctype": "Outage Task",
			"field_name": "status",
			"private": 0,
			"show_labels": 1,
			"filters": json.dumps(RUNNING),
			"fields": json.dumps(FIELDS),
			"columns": [
				{
					"column_name": state,
					"indicator": colour,
					"status": "Active" if state != TaskStatus.CANCELLED else "Archived",
				}
				for state, colour in COLOURS.items()
			],
		}
	).insert(ignore_permissions=True)
