"""Frappe's search over the whole site looks at no permission: here it answers with what one may list, and finds records of ours by
their names, too. hooks.py puts it in the place of Frappe's own, as `doors.py`."""

from typing import Any

import frappe
from frappe.desk.doctype.global_search_settings.global_search_settings import get_doctypes_for_global_search
from frappe.utils import cint, global_search

from outage_response.permissions import is_ours

from .doors import listed
from .reached import reached

# Pages of the index that are looked through for what somebody may read
MOST_PAGES = 20


@frappe.whitelist()
@reached
def search_everywhere(text: str, start: Any = 0, limit: Any = 20, doctype: str = "") -> list[dict]:
	"""`frappe.utils.global_search.search`: of what the caller may list. The index asks nobody who is looking; and it knows neither a
	word of fewer than four letters (3-101) nor a part of a Chinese name, so records of ours are looked up by their names first."""
	start, limit = max(cint(start), 0), max(cint(limit), 0)
	found = {(row["doctype"], row["name"]): row for row in _by_name(text, doctype, start + limit)}
	for page in range(MOST_PAGES):
		if len(found) >= start + limit:
			break
		rows = global_search.search(text, page * limit, limit, doctype)
		for row in _may_list(rows):
			found.setdefault((row["doctype"], row["name"]), row)
		if len(rows) < limit:
			break
	return list(found.values())[start : start + limit]


def _by_name(text: str, doctype: str, limit: int) -> list[dict]:
	"""Records of ours whose name or title holds one of the words, as the index gives rows."""
	words = [word for one in text.split("&") if (word := one.strip())]
	found = []
	for one in get_doctypes_for_global_search():
		if (
			doctype not in ("", one)
			or not words
			or not _is_here(one)
			or not is_ours(one)
			or not frappe.has_permission(one)
		):
			continue
		fields = list(dict.fromkeys(("name", frappe.get_meta(one).title_field or "name")))
		names = frappe.get_list(
			one,
			or_filters=[[one, field, "like", f"%{word}%"] for word in words for field in fields],
			fields=fields,
			limit=limit,
		)
		found += [
			frappe._dict(
				doctype=one, name=row.name, content=" ||| ".join(str(row[field]) for field in fields), rank=1.0
			)
			for row in names
		]
	return found


def _may_list(rows: list[dict]) -> list[dict]:
	"""Rows of the index about documents that the session's user may list, in their order."""
	names: dict[str, list[dict]] = {}
	for row in rows:
		names.setdefault(row["doctype"], []).append(row)
	mine = {(which, row["name"]) for which, its in names.items() if _is_here(which) for row in listed(which, its)}
	return [row for row in rows if (row["doctype"], row["name"]) in mine]


def _is_here(doctype: str) -> bool:
	"""An app that is gone may have left its doctype's name in the settings, and rows in the index."""
	return bool(frappe.db.exists("DocType", doctype, cache=True))
