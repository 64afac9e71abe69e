"""Whether anybody has to be rung, when the ringing ran last, and whether somebody was rung for a step."""

from datetime import datetime

import frappe
from frappe.utils import get_datetime

from outage_response.domain.lifecycle import LIVE


def rang(task: str, user: str) -> bool:
	"""Was this user rung for this step?"""
	page, row = frappe.qb.DocType("Outage Page"), frappe.qb.DocType("Outage Page Task")
	return bool(
		frappe.qb.from_(row)
		.join(page)
		.on(row.parent == page.name)
		.select(page.name)
		.where(row.task == task)
		.where(page.user == user)
		.limit(1)
		.run()
	)


def is_waiting() -> bool:
	"""Is there an outage, running or planned, in which somebody may have to be rung?"""
	return bool(frappe.db.exists("Outage Incident", {"status": ("in", LIVE)}))


def last_sweep() -> datetime | None:
	"""When the minute's ringing ran last."""
	found = frappe.db.get_single_value("Outage Response Settings", "rang_until", cache=False)
	return get_datetime(found) if found else None
