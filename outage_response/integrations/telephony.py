"""Frappe Telephony, which Helpdesk brings with it since 1.28: a call that it logged is offered as a callback's attempt.

It keeps no callbacks of ours: its records have no place for what was said, and its agents read all of them.
"""

from datetime import datetime

import frappe
from frappe.model.document import Document

from . import LoggedCall, calls, linked_tickets, switched_on

CALL_LOG = "TP Call Log"


def is_on() -> bool:
	"""Is Frappe Telephony here, and Helpdesk, which it belongs to, switched on?"""
	return switched_on("use_helpdesk", CALL_LOG)


def recent_calls(since: datetime) -> list[LoggedCall]:
	"""Calls that telephony has logged since then."""
	return calls.recent(CALL_LOG, since)


def take_call(name: str, callback: Document, outcome: str, note: str, attempt: int) -> tuple[str, str]:
	"""The call that telephony logged is this attempt: it is linked to whom and what it was about, nothing of it is changed."""
	record = frappe.get_doc(CALL_LOG, name)
	links = [("Contact", callback.contact), ("Outage Callback", callback.name), *linked_tickets(callback)]
	calls.add_links(record, links)
	record.save(ignore_permissions=True)
	return CALL_LOG, record.name
