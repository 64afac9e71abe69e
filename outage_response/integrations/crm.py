"""Frappe CRM: a callback is a CRM Call Log, linked to the contact, the callback and the tickets."""

from datetime import datetime

import frappe
from frappe import _
from frappe.model.document import Document
from pypika.terms import Criterion

from outage_response import listing

from . import BY_PHONE, CALL_LOG_PREFIX, How, LoggedCall, call_log_id, calls, installed, linked_tickets, switched_on

CALL_LOG = "CRM Call Log"
NOTE = "FCRM Note"


def is_on() -> bool:
	"""Is Frappe CRM here, and switched on?"""
	return switched_on("use_crm", CALL_LOG, NOTE)


def log_call(
	callback: Document, outcome: str, note: str, at: datetime, attempt: int, how: How = BY_PHONE
) -> tuple[str, str]:
	"""Record the `attempt`-th attempt as a CRM Call Log; (doctype, name). Its id follows from the attempt, so that a
	repeat finds its record."""
	name = call_log_id(callback.name, attempt)
	if frappe.db.exists(CALL_LOG, name):
		return CALL_LOG, name
	record = calls.new(CALL_LOG, callback, outcome, at, attempt, how)
	record.telephony_medium = "Manual"
	record.caller = None if how.by_resident else frappe.session.user
	_about(record, callback, outcome, note, attempt)
	record.insert(ignore_permissions=True)
	return CALL_LOG, record.name


def recent_calls(since: datetime) -> list[LoggedCall]:
	"""Calls that telephony has logged since then."""
	return calls.recent(CALL_LOG, since)


def take_call(name: str, callback: Document, outcome: str, note: str, attempt: int) -> tuple[str, str]:
	"""The call that telephony logged is this attempt: what was said is added, nothing of the call is changed."""
	record = frappe.get_doc(CALL_LOG, name)
	_about(record, callback, outcome, note, attempt)
	record.save(ignore_permissions=True)
	return CALL_LOG, record.name


def _about(record: Document, callback: Document, outcome: str, note: str, attempt: int) -> None:
	text = _note(callback, outcome, note, attempt)
	links = [("Contact", callback.contact), ("Outage Callback", callback.name), *linked_tickets(callback)]
	if record.get("note"):
		links.append((NOTE, text))
	else:
		record.note = text
	if not record.reference_docname:
		record.reference_doctype, record.reference_docname = "Outage Callback", callback.name
	calls.add_links(record, links)


def _note(callback: Document, outcome: str, note: str, attempt: int) -> str:
	"""What was said, as a note on the contact; named after the attempt."""
	name = call_log_id(callback.name, attempt)
	if not frappe.db.exists(NOTE, name):
		doc = frappe.new_doc(NOTE)
		contact = callback.contact if frappe.db.exists("Contact", callback.contact) else None
		doc.update(
			{
				"title": calls.title(callback, outcome),
				"content": frappe.utils.escape_html(note) or _(outcome),
				"reference_doctype": "Contact" if contact else "Outage Callback",
				"reference_docname": contact or callback.name,
			}
		)
		doc.insert(ignore_permissions=True, set_name=name)
	return name


def erase_notes(callbacks: list[str]) -> None:
	"""Delete what was said in these callbacks, switched on or not; calls that telephony logged stay without it."""
	if not callbacks or not installed(CALL_LOG, NOTE):
		return
	note, call, link = (frappe.qb.DocType(name) for name in (NOTE, CALL_LOG, "Dynamic Link"))
	ours = Criterion.any([note.name.like(f"{CALL_LOG_PREFIX}{name}-%") for name in callbacks])
	names = frappe.qb.from_(note).select(note.name).where(ours).run(pluck=True)
	if names:
		frappe.qb.update(call).set(call.note, None).where(call.note.isin(names)).run()
		frappe.qb.from_(link).delete().where((link.link_doctype == NOTE) & link.link_name.isin(names)).run()
		frappe.qb.from_(note).delete().where(note.name.isin(names)).run()


def timeline(doctype: str, docname: str) -> list[dict]:
	"""CRM Call Logs of callbacks for the timeline of a contact or a ticket in Desk."""
	if not is_on():
		return []
	names = frappe.get_all(
		"Dynamic Link",
		filters={"parenttype": CALL_LOG, "link_doctype": doctype, "link_name": str(docname)},
		pluck="parent",
	)
	rows = (
		listing.get_list(
			CALL_LOG,
			filters={"name": ("in", names), "reference_doctype": "Outage Callback"},
			fields=["name", "status", "start_time", "creation", "note"],
		)
		if names and frappe.has_permission(CALL_LOG, "read")
		else []
	)
	titles = dict(
		listing.get_all(
			NOTE, filters={"name": ("in", [row.note for row in rows])}, fields=["name", "title"], as_list=True
		)
	)
	return [
		{
			"icon": "call",
			"is_card": True,
			"creation": row.start_time or row.creation,
			"content": frappe.utils.escape_html(titles.get(row.note) or _(row.status)),
		}
		for row in rows
	]
