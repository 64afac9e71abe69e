"""Frappe's own tables held links that open without a login, and what residents said: mails for as long as Frappe kept them, SMS
in their log, bells of danger."""

import re

import frappe

from outage_response import bulk, listing
from outage_response.flows.notices import notice_mails
from outage_response.flows.paging import page_sending
from outage_response.integrations import installed, messages

LINKS = (
	(re.compile(r"https?://[^\s\"'<>)]+/outages/link/[\w.-]+"), notice_mails.LOGIN),
	(re.compile(r"https?://[^\s\"'<>)]+/outage-page\?t=[\w.-]+"), page_sending.LOGIN),
)


def execute() -> None:
	_mails()
	_sms()
	_bells()


def _mails() -> None:
	queue = frappe.qb.DocType("Email Queue")
	ours = queue.reference_doctype.isin((messages.REFERENCE, messages.PAGE))
	waiting = queue.status.isin(messages.WAITING) & (queue.send_after == messages.HELD)
	bulk.change("Email Queue", ours & waiting.negate(), {"message": ""})
	for name, message in frappe.qb.from_(queue).select(queue.name, queue.message).where(ours & waiting).run():
		frappe.db.set_value("Email Queue", name, "message", messages.rewritten(message or "", _with_login))


def _with_login(text: str) -> str:
	for link, login in LINKS:
		text = link.sub(frappe.utils.get_url(login), text)
	return text


def _sms() -> None:
	if installed("SMS Log"):
		log = frappe.qb.DocType("SMS Log")
		ours = log.message.like("%/outages/link/%") | log.message.like("%/outage-page%")
		for name, message in frappe.qb.from_(log).select(log.name, log.message).where(ours).run():
			frappe.db.set_value("SMS Log", name, "message", messages.unsealed(message), update_modified=False)


def _bells() -> None:
	"""A bell that rang with a call's words keeps where it was, and no more."""
	calls = frappe.get_all(
		"Trouble Call", filters={"words": ("is", "set")}, fields=["name", "incident", "words"], order_by="name"
	)
	said: dict[str, set[str]] = {}
	for call in calls:
		for name in (one for one in (call.name, call.incident) if one):
			said.setdefault(name, set()).add(frappe.utils.escape_html(call.words))
	for bell in listing.get_all(
		"Notification Log",
		filters={"document_type": ("in", ("Trouble Call", "Outage Incident")), "document_name": ("in", list(said))},
		fields=["name", "subject", "document_name"],
	):
		subject = bell.subject or ""
		for words in said[bell.document_name]:
			subject = subject.replace(words, "…")
		if subject != bell.subject:
			frappe.db.set_value("Notification Log", bell.name, "subject", subject, update_modified=False)
