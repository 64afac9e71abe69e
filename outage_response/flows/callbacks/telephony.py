"""A call that telephony has logged by itself, with a resident whose callback is pending, is offered as that callback's
attempt: nobody types it twice. The hook only asks for a job; the sweep finds what no job took."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import timedelta

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk, error_log, integrations, listing, queues
from outage_response.domain import callback_rules, phone_numbers
from outage_response.integrations import LoggedCall

JOB = "outage_response.jobs.offer_calls"
OPEN = callback_rules.WAITING
HOURS = 24


def on_call_log(doc: Document, method: str | None = None) -> None:
	"""Hook on call logs: never fails or slows the telephony."""
	try:
		if str(doc.name).startswith(integrations.CALL_LOG_PREFIX) or frappe.flags.in_import or frappe.flags.in_install:
			return
		if frappe.db.exists("Outage Callback", {"status": ("in", OPEN)}):
			frappe.db.after_commit.add(_ask_for_a_job)
	except Exception:
		error_log.add("Outage Response: call log not looked at")


def _ask_for_a_job() -> None:
	queues.ask(JOB, job_id="outage_response.offer_calls", deduplicate=True)


def offer_calls() -> int:
	"""Offer logged calls to the callbacks they may be attempts of. Returns how many offers are new."""
	waiting = _waiting()
	if not waiting:
		return 0
	since = max(now_datetime() - timedelta(hours=HOURS), min(get_datetime(row.creation) for row in waiting))
	calls = [call for log in integrations.logging_calls() for call in log.recent_calls(since)]
	chosen = _latest_that_fits(waiting, _by_tail(calls, _used(calls)))
	known = {row.name: row.offered_record or "" for row in waiting}
	fresh = {name: call for name, call in chosen.items() if known[name] != call.name}
	for name, call in sorted(fresh.items()):
		_offer(name, call)
	return len(fresh)


def _by_tail(calls: Sequence[LoggedCall], used: Set[tuple[str, str]]) -> dict[str, list[LoggedCall]]:
	"""Calls that are no attempt yet, by the last digits of the number."""
	found: dict[str, list[LoggedCall]] = defaultdict(list)
	for call in calls:
		if (tail := phone_numbers.tail(call.number)) and (call.doctype, call.name) not in used:
			found[tail].append(call)
	return found


def _latest_that_fits(
	waiting: Sequence[frappe._dict], by_tail: Mapping[str, Sequence[LoggedCall]]
) -> dict[str, LoggedCall]:
	"""callback -> the last call with one of its numbers since it was opened."""
	chosen: dict[str, LoggedCall] = {}
	for row in waiting:
		for call in by_tail.get(phone_numbers.tail(row.number), ()):
			fits = phone_numbers.same(call.number, row.number) and call.at >= get_datetime(row.creation)
			if fits and (row.name not in chosen or call.at > chosen[row.name].at):
				chosen[row.name] = call
	return chosen


def _offer(callback: str, call: LoggedCall) -> None:
	table = frappe.qb.DocType("Outage Callback")
	offer = {"offered_doctype": call.doctype, "offered_record": call.name, "offered_at": call.at}
	bulk.update("Outage Callback", [callback], offer, still=table.status.isin(OPEN))
	frappe.clear_document_cache("Outage Callback", callback)


def _waiting() -> list[frappe._dict]:
	"""Open callbacks, a row for each of the contact's numbers."""
	callback, phone = frappe.qb.DocType("Outage Callback"), frappe.qb.DocType("Contact Phone")
	fields = [callback.name, callback.creation, callback.offered_record]
	return (
		frappe.qb.from_(callback)
		.select(*fields, callback.phone.as_("number"))
		.where(callback.status.isin(OPEN))
		.where(callback.phone != "")
	).run(as_dict=True) + (
		frappe.qb.from_(callback)
		.join(phone)
		.on((phone.parent == callback.contact) & (phone.parenttype == "Contact"))
		.select(*fields, phone.phone.as_("number"))
		.where(callback.status.isin(OPEN))
		.where(phone.phone != callback.phone)
	).run(as_dict=True)


def _used(calls: Sequence[LoggedCall]) -> set[tuple[str, str]]:
	"""Which of them are an attempt already."""
	if not calls:
		return set()
	rows = listing.get_all(
		"Outage Callback Attempt",
		filters={"crm_record": ("in", [call.name for call in calls])},
		fields=["crm_doctype", "crm_record"],
	)
	return {(row.crm_doctype, row.crm_record) for row in rows}


def take(callback: Document, record: str, outcome: str, note: str, attempt: int) -> tuple[str, str]:
	"""The offered call is the attempt; (doctype, name). It is offered to nobody else any more.

	Raises LookupError when it is not offered for this callback, or its platform is gone.
	"""
	log = next((log for log in integrations.logging_calls() if callback.offered_doctype == log.CALL_LOG), None)
	if not log or record != callback.offered_record:
		raise LookupError(record)
	found = log.take_call(record, callback, outcome, note, attempt)
	table = frappe.qb.DocType("Outage Callback")
	others = (table.offered_record == record) & (table.offered_doctype == found[0]) & (table.name != callback.name)
	bulk.change("Outage Callback", others, dict.fromkeys(("offered_doctype", "offered_record", "offered_at")))
	forget(callback)
	return found


def forget(callback: Document) -> None:
	"""No call is offered any more."""
	callback.offered_doctype = callback.offered_record = callback.offered_at = None
