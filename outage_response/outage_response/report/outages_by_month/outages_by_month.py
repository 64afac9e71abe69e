"""Outages by month and level, customer minutes, and steps on time. Without drills; of the properties the reader may see."""

from frappe import _

from outage_response.flows import figures

COLOURS = {"level_I": "#C0392B", "level_II": "#D68910", "level_III": "#2874A6"}


def execute(filters: dict | None = None) -> tuple[list[dict], list[dict], None, dict]:
	"""Columns, rows, no message, a chart. `filters`: from_date, to_date, property."""
	filters = filters or {}
	rows = figures.by_month(filters.get("from_date"), filters.get("to_date"), filters.get("property"))
	return columns(), rows, None, chart(rows)


def chart(rows: list[dict]) -> dict:
	"""Outages of each level, a bar a month."""
	labels = {column["fieldname"]: column["label"] for column in columns()}
	return {
		"type": "bar",
		"data": {
			"labels": [row["month"] for row in rows],
			"datasets": [{"name": labels[level], "values": [row[level] for row in rows]} for level in COLOURS],
		},
		"colors": list(COLOURS.values()),
		"barOptions": {"stacked": 1},
	}


def columns() -> list[dict]:
	"""What a row has."""
	return [
		{"fieldname": "month", "label": _("Month"), "fieldtype": "Data", "width": 110},
		{"fieldname": "level_I", "label": _("Level I"), "fieldtype": "Int", "width": 100},
		{"fieldname": "level_II", "label": _("Level II"), "fieldtype": "Int", "width": 100},
		{"fieldname": "level_III", "label": _("Level III"), "fieldtype": "Int", "width": 100},
		{"fieldname": "customer_minutes", "label": _("Customer Minutes"), "fieldtype": "Int", "width": 160},
		{"fieldname": "people_trapped", "label": _("People Trapped"), "fieldtype": "Int", "width": 130},
		{"fieldname": "longest_trapped", "label": _("Longest Trapped (minutes)"), "fieldtype": "Int", "width": 190},
		{"fieldname": "steps", "label": _("Steps with a Time"), "fieldtype": "Int", "width": 150},
		{"fieldname": "on_time", "label": _("On Time (%)"), "fieldtype": "Percent", "width": 130},
	]
