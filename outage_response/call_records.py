"""Calls with residents that stand in the platforms' own call logs are seen by those who may read the callback, and by whoever made
the call.

ERPNext lets everybody with the role Employee read its Call Log, and CRM everybody in sales: a resident's number, and what was
said of oxygen at home. hooks.py asks here of each row. A row that is not the app's own is its platform's to judge.
"""

from collections.abc import Callable

import frappe
from frappe.model.document import Document

from outage_response import by_property
from outage_response.integrations import CALL_LOG_PREFIX

CALLBACK = "Outage Callback"
# With rows of links to a contact, to a callback and to tickets
LOGS = ("Call Log", "CRM Call Log")


def is_ours(name: str | None) -> bool:
	"""Is it the name of a record that the app made of a callback? The database takes small letters for large ones."""
	return str(name or "").upper().startswith(CALL_LOG_PREFIX)


def callback_of(name: str) -> str:
	"""The callback whose attempt has a record of this name (`integrations.call_log_id`)."""
	return name[len(CALL_LOG_PREFIX) :].rpartition("-")[0]


def may(doc: Document, ptype: str = "read", user: str | None = None) -> bool:
	"""May the user see this record of a call? Who made it is asked of the database: what a caller sends may say anything."""
	user = user or frappe.session.user
	if user == "Administrator" or not is_ours(doc.name):
		return True
	callback = callback_of(str(doc.name))
	if frappe.db.get_value(doc.doctype, doc.name, "owner") == user:
		return True
	if not frappe.db.exists(CALLBACK, callback):
		return _reads_callbacks(user) and not by_property.outage_callback(user)
	return bool(frappe.has_permission(CALLBACK, "read", doc=callback, user=user))


def _reads_callbacks(user: str) -> bool:
	"""By a role: one callback that was shared with somebody opens no other."""
	return bool(frappe.permissions.get_role_permissions(frappe.get_meta(CALLBACK), user=user).get("read"))


def _condition(table: str, name: str, user: str) -> str:
	"""Which rows of a table are nobody's of ours, the user's own, or of a callback that they may read, as SQL; "": all."""
	reads, narrowed = _reads_callbacks(user), by_property.outage_callback(user)
	if user == "Administrator" or (reads and not narrowed):
		return ""
	named = f"`tab{table}`.`{name}`"
	conditions = [
		f"left({named}, {len(CALL_LOG_PREFIX)}) != {frappe.db.escape(CALL_LOG_PREFIX)}",
		f"`tab{table}`.owner = {frappe.db.escape(user, percent=False)}",
	]
	if reads:
		callback = f"substring_index(substring_index({named}, '-', 2), '-', -1)"
		conditions.append(f"{callback} in (select name from `tab{CALLBACK}` where {narrowed})")
	return f"({' or '.join(conditions)})"


def _rows_of(doctype: str) -> Callable[[str | None], str]:
	def rows(user: str | None = None) -> str:
		return _condition(doctype, "name", user or frappe.session.user)

	return rows


# Frappe asks each by its path and does not say (before 15) which doctype it is for
call_log = _rows_of("Call Log")
crm_call_log = _rows_of("CRM Call Log")
fcrm_note = _rows_of("FCRM Note")


def dynamic_link(user: str | None = None) -> str:
	"""The rows of links go with the calls that they stand in: they name the resident."""
	condition = _condition("Dynamic Link", "parent", user or frappe.session.user)
	if not condition:
		return ""
	logs = ", ".join(frappe.db.escape(one) for one in LOGS)
	return f"(ifnull(`tabDynamic Link`.parenttype, '') not in ({logs}) or {condition})"


def without_others(timeline: list[dict]) -> list[dict]:
	"""What apps add to a document's timeline, without the calls of ours that the session's user may not see: ERPNext adds every call
	that is linked to the document, whoever reads it."""
	return [one for one in timeline if not _is_hidden(one.get("template_data"))]


def _is_hidden(row: object) -> bool:
	name = row.get("name") if isinstance(row, dict) else None
	if not is_ours(name):
		return False
	return not may(frappe._dict(doctype="Call Log", name=name))
