"""Frappe's own count of documents looks at no permission: whoever has a login may count any doctype by any filter, and
so find out, question by question, who depends on power or who called. For our doctypes it counts what one may list."""

from typing import Any

import frappe
from frappe import client

from outage_response import listing
from outage_response.permissions import countable

from .reached import reached


@frappe.whitelist()
@reached
def get_count(doctype: str, filters: Any = None, debug: Any = False, cache: Any = False) -> int:
	"""Stands in for `frappe.client.get_count` (hooks.py)."""
	if countable(doctype):
		return client.get_count(doctype, filters, debug, cache)
	return listing.count(doctype, frappe.parse_json(filters) or {})
