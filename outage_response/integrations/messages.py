"""What a site can send by itself: mail through Frappe's Email Queue, SMS through Frappe's SMS Settings."""

import quopri
import re
from base64 import encodebytes
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from email.message import Message
from email.parser import Parser
from email.policy import SMTP

import frappe
import requests
from frappe.core.doctype.sms_settings.sms_settings import create_sms_log, get_headers, validate_receiver_nos
from frappe.email.doctype.email_account.email_account import EmailAccount
from frappe.query_builder.functions import Coalesce
from frappe.utils import cint, get_datetime
from pypika import Order
from urllib3.exceptions import NewConnectionError

from outage_response import bulk, listing, locks, queues

from . import channels
from .channels import checked

JOB = "outage_response.jobs.send_mails"
REFERENCE, PAGE = "Notice Delivery", "Outage Page"
# Frappe sends the highest first, and what others write has 1
STAFF_PRIORITY, RESIDENTS_PRIORITY = 2, 0
# Our mails wait in Frappe's queue until a job of ours sends them: Frappe's own would send up to 500 in one go, without a
# limit to waiting for the server. This "send after" is what they are known by.
HELD = datetime(2999, 1, 1)
WAITING = ("Not Sent", "Partially Sent")
# Frappe's switch for all mails of the site
SUSPENDED = "suspend_email_queue"
CONNECT_SECONDS, ANSWER_SECONDS = 4, 8


def mail_is_on() -> bool:
	"""Is there an account to send from, and are mails not switched off?"""
	if frappe.are_emails_muted():
		return False
	return bool(EmailAccount.find_outgoing())


def account() -> str:
	"""The Email Account that a mail to residents leaves by; "" for one that stands in no record."""
	found = EmailAccount.find_outgoing(match_by_doctype=REFERENCE)
	return found.name if found and found.is_exists_in_db() else ""


def sms_is_on() -> bool:
	"""Is an SMS gateway entered?"""
	return bool(frappe.db.get_single_value("SMS Settings", "sms_gateway_url"))


def held_for_us() -> dict:
	"""What makes a mail to residents one of ours to send: arguments of `frappe.sendmail`."""
	return {"send_priority": RESIDENTS_PRIORITY, "send_after": HELD, "delayed": True}


def queue_mail(delivery: str, to: str, subject: str, html: str) -> None:
	"""Put one mail to a resident into Frappe's queue, in this transaction; it knows the delivery it belongs to."""
	_queue(REFERENCE, delivery, to, subject, html, **held_for_us())


def queue_page(page: str, to: str, subject: str, html: str) -> None:
	"""The same with a mail that is to ring somebody."""
	_queue(PAGE, page, to, subject, html, **{**held_for_us(), "send_priority": STAFF_PRIORITY})


def _queue(doctype: str, name: str, to: str, subject: str, html: str, **how) -> None:
	frappe.sendmail(
		recipients=[to],
		subject=subject,
		message=html,
		reference_doctype=doctype,
		reference_name=name,
		add_unsubscribe_link=0,
		**how,
	)


def queued_mails(deliveries: Sequence[str]) -> dict[str, str]:
	"""delivery -> its mail in the queue."""
	rows = listing.get_all(
		"Email Queue",
		filters={"reference_doctype": REFERENCE, "reference_name": ("in", list(deliveries))},
		fields=["name", "reference_name"],
	)
	return {row.reference_name: row.name for row in rows}


def ask_for_sending() -> bool:
	"""Have a job send what waits; the minute's does where no queue answers. Answers whether the queue took it."""
	return queues.ask_for_a_slice(JOB)


def is_suspended() -> bool:
	"""Has somebody stopped all mails of the site, in its configuration or in the list of Email Queue?"""
	return bool(frappe.are_emails_muted() or cint(frappe.db.get_default(SUSPENDED)))


def resumed_at() -> datetime | None:
	"""When somebody last let the mails of the site go on."""
	found = frappe.db.get_value("DefaultValue", {"defkey": SUSPENDED, "parent": "__default"}, "creation")
	return found and get_datetime(found)


def waiting_mails(but_not: Collection[str] = (), limit: int = 100) -> list[str]:
	"""Our mails that have not left, in the order in which they are to: staff's first, then those tried least; without those of
	the accounts `but_not` ("": that name none). Nobody's while mails are suspended."""
	if is_suspended():
		return []
	queue = frappe.qb.DocType("Email Queue")
	query = (
		frappe.qb.from_(queue)
		.select(queue.name)
		.where(queue.status.isin(WAITING))
		.where(queue.send_after == HELD)
		.orderby(queue.priority, order=Order.desc)
		.orderby(queue.retry)
		.orderby(queue.creation)
		.limit(limit)
	)
	if but_not:
		query = query.where(Coalesce(queue.email_account, "").notin(list(but_not)))
	return query.run(pluck=True)


def hold_mails() -> None:
	"""Have mails of ours that are in Frappe's queue wait for a job of ours: an earlier version of the app left them to Frappe's."""
	queue = frappe.qb.DocType("Email Queue")
	ours = queue.reference_doctype.isin((REFERENCE, PAGE)) & queue.status.isin(WAITING)
	bulk.change("Email Queue", ours & (queue.send_after.isnull() | (queue.send_after != HELD)), {"send_after": HELD})


def stop_mails(names: Sequence[str], why: str, states: Sequence[str] = ("Not Sent", "Error")) -> set[str]:
	"""Have mails not leave any more; answers which: not those that have left, or are just leaving."""
	mails = locks.rows("Email Queue", names, ("name", "status"))
	stopped = [mail.name for mail in mails if mail.status in states]
	bulk.update("Email Queue", stopped, {"status": "Error", "error": why, "message": ""})
	return {str(name) for name in stopped}  # numbers in some versions


def empty_mail(name: str) -> None:
	"""A mail of ours that has left: that it left stays on record, what it said does not."""
	queue = frappe.qb.DocType("Email Queue")
	ours = queue.reference_doctype.isin((REFERENCE, PAGE)) & (queue.status == "Sent")
	frappe.qb.update(queue).set(queue.message, "").where(queue.name == name).where(ours).run()


def rewritten(message: str, change: Callable[[str], str]) -> str:
	"""A mail as Email Queue keeps it, with what `change` makes of each of its texts; the encoding of each stays."""
	mail = Parser(policy=SMTP).parsestr(message)
	for part in mail.walk():
		if part.get_content_maintype() == "text":
			_rewrite(part, change)
	return mail.as_string()


def _rewrite(part: Message, change: Callable[[str], str]) -> None:
	charset = part.get_content_charset() or "utf-8"
	payload = part.get_payload(decode=True)
	if not isinstance(payload, bytes):
		return  # it holds parts, and no text of its own
	before = payload.decode(charset, "replace")
	after = change(before)
	if after == before:
		return
	how = str(part.get("Content-Transfer-Encoding") or "").lower()
	encode = {"base64": encodebytes, "quoted-printable": quopri.encodestring}.get(how)
	part.set_payload(encode(after.encode(charset)).decode("ascii") if encode else after)


class NotSent(Exception):
	"""The gateway has certainly not taken the message: it was not there, or refused it."""


def sms(number: str, text: str) -> None:
	"""Ask the gateway of SMS Settings once to send one SMS; nothing is written, `log_sms` does that.

	Raises NotSent where it is certain that nothing left. After any other error nobody can know. Frappe's own `send_sms` would
	not tell the two apart, and waits for a gateway that hangs until the worker is killed.
	"""
	settings = frappe.get_doc("SMS Settings")
	headers = get_headers(settings)
	(number,) = validate_receiver_nos([number])
	values = {row.parameter: row.value for row in settings.get("parameters") if not row.header}
	values |= {settings.message_parameter: text, settings.receiver_parameter: number}
	where = "json" if headers.get("Content-Type") == "application/json" else "data" if settings.use_post else "params"
	try:
		with (
			checked.session(settings.sms_gateway_url, channels.inside()) as session,
			session.request(
				"POST" if settings.use_post else "GET",
				settings.sms_gateway_url,
				headers=headers,
				timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
				allow_redirects=False,
				stream=True,  # the answer's text is not waited for: a gateway may let it drip
				**{where: values},
			) as response,
		):
			status = response.status_code
	except checked.Refused as error:
		raise NotSent(str(error)) from error
	except (requests.ConnectTimeout, requests.exceptions.InvalidURL, requests.exceptions.MissingSchema) as error:
		raise NotSent(_told(error)) from error
	except requests.ConnectionError as error:
		# also raised when the line breaks after the request went out; only this cause means that there never was a line
		if isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError):
			raise NotSent(_told(error)) from error
		raise
	if 300 <= status < 500 and status != requests.codes.request_timeout:
		raise NotSent(f"HTTP {status}")
	# 5xx: a proxy says so, too, when the gateway behind it has taken the message
	if not 200 <= status < 300:
		raise RuntimeError(f"HTTP {status}")


def _told(error: Exception) -> str:
	"""Without the address asked for, which may hold number, text and key."""
	return type(error).__name__


# A link of ours in a message without a login: (what it is about and until when)(its seal)
SEALED = re.compile(r"(/outages/link/[\w.-]+\.\d+\.|/outage-page(?:/|\?t=)[\w-]+\.)[\w-]+")


def unsealed(text: str) -> str:
	"""A text whose links open nothing any more."""
	return SEALED.sub(r"\1…", text)


def log_sms(number: str, text: str) -> None:
	"""An SMS that left, in Frappe's SMS Log, with a link that opens nothing. The development snapshot comes without the log's
	controller: nothing there."""
	try:
		create_sms_log({"message": unsealed(text).encode(), "receiver_list": [number]}, [number])
	except ImportError:
		frappe.clear_messages()
