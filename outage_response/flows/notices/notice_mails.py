"""Notices by mail: handed to Frappe's queue, followed until they have left, else by SMS or on the phone list.

A mail is a row of Frappe's Email Queue, written when it could leave at once and in the same transaction as the mark on its
delivery, so a worker that dies loses nothing and sends nothing twice.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.utils import get_datetime, get_url, now_datetime

from outage_response import bulk, locks, space
from outage_response.compat import is_retriable
from outage_response.domain.states import DeliveryChannel, DeliveryState
from outage_response.domain.waiting_limits import SENDER_IS_DEAD_AFTER
from outage_response.integrations import messages

from ..facts.language import in_language
from .deliveries import addresses_of, by_sms_instead, note_failure, set_delivery, to_phone, unknown_to_phone, waiting
from .notice_settings import numbers

# Where the link of a mail leads until it leaves: nothing that opens without a login lies in a table
LOGIN = "/outages?mail"


def hand_over_mails(seconds: float | None = None) -> int:
	"""Put the next mails into Frappe's queue: one, and others for at most so long. The first is not counted, since a worker's
	job that writes a mail reads the code for it first. The rows are locked, so that two workers never take the same. Answers
	how many."""
	rows = waiting(DeliveryChannel.EMAIL, locked=True)
	if not rows:
		return 0
	addresses = addresses_of(rows, "email_id")
	failed: dict[str, str] = {}
	tried: list[frappe._dict] = []
	until: float | None = None
	for row in rows:
		if seconds is not None and tried:
			until = until or time.monotonic() + seconds
			if time.monotonic() >= until:
				break
		tried.append(row)
		frappe.db.savepoint("one_mail")
		try:
			to = addresses.get(row.contact)
			if not to:
				raise ValueError(_("the contact has no e-mail address any more"))
			messages.queue_mail(row.name, to, row.subject, _html(row))
		except Exception as error:
			if is_retriable(error) or space.is_full(error):
				raise
			frappe.db.rollback(save_point="one_mail")
			failed[row.name] = f"{type(error).__name__}: {error}"[:500]
	frappe.clear_messages()
	queued = messages.queued_mails([row.name for row in tried])
	for row in tried:
		if row.name in queued:
			set_delivery(row.name, email_queue=queued[row.name])
		else:
			note_failure(row, failed.get(row.name) or _("Frappe's queue did not take the mail (unsubscribed?)"))
	return len(tried)


def follow_mails() -> int:
	"""What has become of the mails: sent, to be tried again, or a line on the phone list. Answers how many changed."""
	table, queue = frappe.qb.DocType("Notice Delivery"), frappe.qb.DocType("Email Queue")
	recipient = frappe.qb.DocType("Email Queue Recipient")
	rows = (
		frappe.qb.from_(table)
		.join(queue)
		.on(queue.name == table.email_queue)
		.join(recipient)
		.on(recipient.parent == queue.name)
		.select(
			table.name,
			table.notice,
			table.contact,
			table.creation,
			table.tries,
			table.must_confirm,
			queue.name.as_("mail"),
			queue.status,
			queue.modified,
			queue.error,
			recipient.status.as_("recipient_status"),
		)
		.where(table.state == DeliveryState.QUEUED)
		.where(table.channel == DeliveryChannel.EMAIL)
		.orderby(table.creation)
		.limit(2000)
	).run(as_dict=True)
	now, changed = now_datetime(), 0
	wait = timedelta(minutes=numbers().mail_patience_minutes)
	sent = [row.name for row in rows if "Sent" in (row.status, row.recipient_status)]
	if sent:
		values = {"state": DeliveryState.SENT, "sent_at": now, "modified": now}
		bulk.update("Notice Delivery", sent, values, still=table.state == DeliveryState.QUEUED)
	for row in rows:
		if "Sent" in (row.status, row.recipient_status):
			continue
		age = now - get_datetime(row.creation)
		if row.status == "Sending":
			if now - get_datetime(row.modified) > SENDER_IS_DEAD_AFTER:
				unknown_to_phone(row.name)
				changed += 1
		elif age > wait:
			# taken out of the queue first: a mail that leaves later would be the second word of the same
			if messages.stop_mails([row.mail], _("Given up: phoned instead")):
				error = _last_line(row.error) or _("The mail did not leave.")
				if not by_sms_instead(row.name, error):
					to_phone(row.name, error)
				changed += 1
		elif row.status == "Error":
			frappe.db.set_value("Email Queue", row.mail, {"status": "Not Sent", "retry": 0}, update_modified=False)
			changed += 1
	return len(sent) + changed + _give_up_unqueued(now - wait)


def _give_up_unqueued(since: datetime) -> int:
	"""Deliveries whose mail could not even be put into the queue for so long: an SMS, or a line on the phone list."""
	table = frappe.qb.DocType("Notice Delivery")
	names = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.state == DeliveryState.QUEUED)
		.where(table.channel == DeliveryChannel.EMAIL)
		.where(table.email_queue.isnull() | (table.email_queue == ""))
		.where(table.creation < since)
		.orderby(table.creation)
		.limit(2000)
	).run(pluck=True)
	rows = locks.rows("Notice Delivery", names, ("name", "state", "email_queue"), wait=False)
	given_up = [row.name for row in rows if row.state == DeliveryState.QUEUED and not row.email_queue]
	error = _("The mail did not leave.")
	for name in given_up:
		if not by_sms_instead(name, error):
			to_phone(name, error)
	return len(given_up)


def _html(row: Mapping) -> str:
	text = frappe.utils.escape_html(row["message"]).replace("\n", "<br>")
	with in_language(row["language"]):
		label = _("See how it goes on, tell us that you are still without power, or ask for a call")
	return f'<p>{text}</p><p><a href="{get_url(LOGIN)}">{label}</a></p>'


def nobody_knows(name: str) -> None:
	"""A mail was handed to its server, which did not say that it took it."""
	row = locks.row("Notice Delivery", name)
	if row and row.state == DeliveryState.QUEUED:
		unknown_to_phone(name, _("The mail server did not say whether it took the mail. Phone."))


def _last_line(text: str | None) -> str:
	"""Of a traceback the line that says what it was."""
	lines = (text or "").strip().splitlines()
	return lines[-1] if lines else ""
