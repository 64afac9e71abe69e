"""What a site can send by itself: mail through Frappe's Email Queue, SMS through Frappe's SMS Settings."""

from collections.abc import Sequence

import frappe
import requests
from frappe.core.doctype.sms_settings.sms_settings import create_sms_log, get_headers, validate_receiver_nos
from frappe.email.doctype.email_account.email_account import EmailAccount
from urllib3.exceptions import NewConnectionError

from outage_response import queues

REFERENCE = "Notice Delivery"
CONNECT_SECONDS, ANSWER_SECONDS = 5, 20


def mail_is_on() -> bool:
	"""Is there an account to send from, and are mails not switched off?"""
	if frappe.are_emails_muted():
		return False
	return bool(EmailAccount.find_outgoing())


def sms_is_on() -> bool:
	"""Is an SMS gateway entered?"""
	return bool(frappe.db.get_single_value("SMS Settings", "sms_gateway_url"))


def queue_mail(delivery: str, to: str, subject: str, html: str) -> None:
	"""Put one mail into Frappe's queue, in this transaction; it knows the delivery it belongs to."""
	frappe.sendmail(
		recipients=[to],
		subject=subject,
		message=html,
		reference_doctype=REFERENCE,
		reference_name=delivery,
		add_unsubscribe_link=0,
		send_priority=2,
		delayed=True,
	)


def queued_mails(deliveries: Sequence[str]) -> dict[str, str]:
	"""delivery -> its mail in the queue."""
	rows = frappe.get_all(
		"Email Queue",
		filters={"reference_doctype": REFERENCE, "reference_name": ("in", list(deliveries))},
		fields=["name", "reference_name"],
	)
	return {row.reference_name: row.name for row in rows}


def wake_the_mail_queue() -> None:
	"""Let Frappe's own job send now. It is started by its own entry of the scheduler, so that never two run at once:
	that is what could send a mail twice. Where no queue answers, that entry's own time comes."""
	if not queues.answers():
		return
	name = frappe.db.get_value("Scheduled Job Type", {"method": "frappe.email.queue.flush", "stopped": 0})
	if name:
		frappe.get_doc("Scheduled Job Type", name).enqueue(force=True)


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
		response = requests.request(
			"POST" if settings.use_post else "GET",
			settings.sms_gateway_url,
			headers=headers,
			timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
			**{where: values},
		)
	except (requests.ConnectTimeout, requests.exceptions.InvalidURL, requests.exceptions.MissingSchema) as error:
		raise NotSent(_told(error)) from error
	except requests.ConnectionError as error:
		# also raised when the line breaks after the request went out; only this cause means that there never was a line
		if isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError):
			raise NotSent(_told(error)) from error
		raise
	if 400 <= response.status_code < 500 and response.status_code != requests.codes.request_timeout:
		raise NotSent(f"HTTP {response.status_code}")
	# 5xx: a proxy says so, too, when the gateway behind it has taken the message
	if not 200 <= response.status_code < 300:
		raise RuntimeError(f"HTTP {response.status_code}")


def _told(error: Exception) -> str:
	"""Without the address asked for, which may hold number, text and key."""
	return type(error).__name__


def log_sms(number: str, text: str) -> None:
	"""An SMS that left, in Frappe's SMS Log. The development snapshot comes without the log's controller: nothing there."""
	try:
		create_sms_log({"message": text.encode(), "receiver_list": [number]}, [number])
	except ImportError:
		frappe.clear_messages()
