"""Outages by month and level, customer minutes, and steps on time. Without drills; of the properties the reader may see."""

import frappe
from frappe import _

from outage_response.flows.screens import figures

WITHOUT_COLOUR = "#7F8C8D"


def execute(filters: dict | None = None) -> tuple[list[dict], list[dict], None, dict]:
	"""Columns, rows, no message, a chart. `filters`: from_date, to_date, property."""
	filters = filters or {}
	rows = figures.by_month(filters.get("from_date"), filters.get("to_date"), filters.get("property"))
	return columns(), rows, None, chart(rows)


def chart(rows: list[dict]) -> dict:
	"""Outages of each level, a bar a month."""
	levels = _levels()
	return {
		"type": "bar",
		"data": {
			"labels": [row["month"] for row in rows],
			"datasets": [
				{"name": _label(level), "values": [row[f"level_{level.name}"] for row in rows]} for level in levels
			],
		},
		"colors": [level.colour or WITHOUT_COLOUR for level in levels],
		"barOptions": {"stacked": 1},
	}


def columns() -> list[dict]:
	"""What a row has."""
	return [
		{"fieldname": "month", "label": _("Month"), "fieldtype": "Data", "width": 110},
		*(
			{"fieldname": f"level_{level.name}", "label": _label(level), "fieldtype": "Int", "width": 100}
			for level in _levels()
		),
		{"fieldname": "customer_minutes", "label": _("Customer Minutes"), "fieldtype": "Int", "width": 160},
		{"fieldname": "people_trapped", "label": _("People Trapped"), "fieldtype": "Int", "width": 130},
		{"fieldname": "longest_trapped", "label": _("Longest Trapped (minutes)"), "fieldtype": "Int", "width": 190},
		{"fieldname": "steps", "label": _("Steps with a Time"), "fieldtype": "Int", "width": 150},
		{"fieldname": "on_time", "label": _("On Time (%)"), "fieldtype": "Percent", "width": 130},
	]


def _levels() -> list[frappe._dict]:
	return frappe.get_all("Outage Level", fields=["name", "colour"], order_by="name")


def _label(level: frappe._dict) -> str:
	return _("Level {0}").format(level.name)
