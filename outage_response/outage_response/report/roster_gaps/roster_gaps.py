"""Hours that nobody covers in the days to come, and people who cannot be phoned."""

from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import cint, now_datetime

from outage_response.flows.roster import shifts


def execute(filters: dict | None = None):
	"""Frappe's contract: (columns, rows). Only properties that the reader may see."""
	filters = filters or {}
	first = now_datetime().replace(second=0, microsecond=0)
	last = first + timedelta(days=min(max(cint(filters.get("days")) or shifts.REPORT_DAYS, 1), 60))
	wanted = {"name": filters["property"]} if filters.get("property") else {}
	rows = shifts.gaps(frappe.get_list("Managed Property", filters=wanted, pluck="name", order_by="name"), first, last)
	return columns(), sorted(rows, key=lambda row: (row["starts_at"], row["property"]))


def columns() -> list[dict]:
	return [
		{
			"fieldname": "property",
			"label": _("Property"),
			"fieldtype": "Link",
			"options": "Managed Property",
			"width": 180,
		},
		{"fieldname": "department", "label": _("Department"), "fieldtype": "Data", "width": 150},
		{"fieldname": "what", "label": _("What Is Missing"), "fieldtype": "Data", "width": 180},
		{"fieldname": "starts_at", "label": _("From"), "fieldtype": "Datetime", "width": 160},
		{"fieldname": "ends_at", "label": _("Until"), "fieldtype": "Datetime", "width": 160},
		{"fieldname": "hours", "label": _("Hours"), "fieldtype": "Float", "precision": 1, "width": 80},
		{"fieldname": "who", "label": _("Who"), "fieldtype": "Data", "width": 220},
	]
