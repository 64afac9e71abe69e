"""A firm that a task is about was kept as a record of no doctype, and has a field of its own now."""

import frappe


def execute() -> None:
	"""Once, on a site of an older version; a fresh one has no such task."""
	task = frappe.qb.DocType("Outage Task")
	moved = frappe.qb.update(task).set(task.contractor, task.subject).set(task.subject, "").set(task.subject_type, "")
	moved.where(task.subject_type == "Contractor").run()
