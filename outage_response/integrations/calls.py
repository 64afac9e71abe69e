"""What call logs have in common: what is said about a callback, links, and the calls that telephony logged."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import frappe
import frappe.share
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response.domain.states import CallbackOutcome

from . import CALL_LOG_PREFIX, How, LoggedCall, call_log_id

STATUS: Mapping[str, str] = {
	CallbackOutcome.REACHED: "Completed",
	CallbackOutcome.STILL_OUT: "Completed",
	CallbackOutcome.REFUSED: "Completed",
	CallbackOutcome.NO_ANSWER: "No Answer",
}


def title(callback: Document, outcome: str) -> str:
	"""One line about the attempt."""
	return _("Callback after power outage {0}: {1}").format(callback.incident, _(outcome))


def new(doctype: str, callback: Document, outcome: str, at: datetime, attempt: int, how: How) -> Document:
	"""A call log of one attempt, not inserted yet: all that CRM's and ERPNext's have in common.

	Its id follows from the attempt, so that a repeat finds its record. A call that is logged as it ends began before.
	"""
	began, lasted = min(at, now_datetime() - timedelta(seconds=how.seconds)), how.seconds
	user = frappe.session.user
	theirs = callback.phone or _("no number")
	ours = _("Residents' pages") if how.by_resident else frappe.db.get_value("User", user, "mobile_no") or user
	record = frappe.new_doc(doctype)
	record.update(
		{
			"id": call_log_id(callback.name, attempt),
			"type": "Incoming" if how.by_resident else "Outgoing",
			"status": STATUS[outcome],
			"from": theirs if how.by_resident else ours,
			"to": ours if how.by_resident else theirs,
			"medium": "Web" if how.by_resident else "Manual",
			"start_time": began,
			"end_time": began + timedelta(seconds=lasted),
			"duration": lasted,
		}
	)
	return record


def add_links(record: Document, links: Iterable[tuple[str, str]]) -> None:
	"""Link a call log to documents it is not linked to yet; not to what was deleted by force since, which nobody can link to."""
	known = {(row.link_doctype, row.link_name) for row in record.links}
	for doctype, name in links:
		if name and (doctype, name) not in known and frappe.db.exists(doctype, name):
			record.append("links", {"link_doctype": doctype, "link_name": name})


def open_to_caller(record: Document) -> None:
	"""Let whoever made the call open its record, where their roles do not: a share of this one record, as people share a document in
	Desk. A right for the role would open the calls of others to all who have it, and Frappe's has_permission can only refuse."""
	if not frappe.has_permission(record.doctype, "read", doc=record):
		frappe.share.add_docshare(
			record.doctype, record.name, frappe.session.user, flags={"ignore_share_permission": True}
		)


def recent(doctype: str, since: datetime, limit: int = 200) -> list[LoggedCall]:
	"""Calls logged since then that the app has not written itself, the latest first."""
	rows = frappe.get_all(
		doctype,
		filters={"creation": (">=", since), "name": ("not like", f"{CALL_LOG_PREFIX}%")},
		fields=["name", "type", "`from` as caller", "`to` as called", "start_time", "creation", "status"],
		order_by="creation desc, name desc",
		limit=limit,
	)
	return [
		LoggedCall(
			doctype,
			row.name,
			(row.caller if row.type == "Incoming" else row.called) or "",
			get_datetime(row.start_time or row.creation),
			row.status or "",
		)
		for row in rows
	]
