"""What a site can send by itself: mail through Frappe's Email Queue, SMS through Frappe's SMS Settings."""

from collections.abc import Sequence

import frappe
from frappe.core.doctype.sms_settings.sms_settings import send_sms
from frappe.email.doctype.email_account.email_account import EmailAccount

REFERENCE = "Notice Delivery"


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
	that is what could send a mail twice."""
	name = frappe.db.get_value("Scheduled Job Type", {"method": "frappe.email.queue.flush", "stopped": 0})
	if name:
		frappe.get_doc("Scheduled Job Type", name).enqueue(force=True)


def sms(number: str, text: str) -> None:
	"""Send one SMS now. Raises what the gateway's refusal raises."""
	send_sms([number], text, success_msg=False)
