"""Our mails on their way to the mail server: which is next, and what follows from how it ended."""

from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import now_datetime

from outage_response.integrations import mail_server, messages

from . import deliveries, page_mails, patience, site_identity

# After this a mail that has not left is no news any more
KEPT_HOURS = 12


def waiting() -> list[str]:
	"""Mails to send now, in their order: staff's before residents'. None while the server is left alone, nor from a site that
	is another one than it was."""
	if site_identity.is_muted() or patience.left_alone_until(patience.MAIL):
		return []
	return messages.waiting_mails()


def note(name: str, outcome: str) -> list[tuple[str, str]]:
	"""Write down how one mail ended, as `mail_server.Sender` says. Answers (incident, page) of somebody who may not have been
	reached."""
	if outcome in (mail_server.SENT, mail_server.REFUSED):
		patience.answered(patience.MAIL)
	elif outcome in (mail_server.SILENT, mail_server.UNKNOWN):
		patience.kept_us_waiting(patience.MAIL)
	return _unknown(name) if outcome == mail_server.UNKNOWN else []


def goes_on(outcome: str) -> bool:
	"""Is it worth trying the next mail at once?"""
	return outcome in (mail_server.SENT, mail_server.REFUSED)


def _unknown(name: str) -> list[tuple[str, str]]:
	"""The server had the mail and did not say that it took it: not sent again. A resident is phoned; for somebody who is rung
	the next level hurries."""
	row = frappe.db.get_value("Email Queue", name, ["reference_doctype", "reference_name"], as_dict=True)
	messages.give_up_mail(name, _("The mail server did not say whether it took the mail."))
	if row.reference_doctype == messages.REFERENCE:
		deliveries.nobody_knows(row.reference_name)
	elif row.reference_doctype == messages.PAGE:
		return page_mails.nobody_knows([row.reference_name])
	return []


def give_up_old() -> int:
	"""Mails that could not leave for so long that what they say is no news. Answers how many."""
	queue = frappe.qb.DocType("Email Queue")
	names = (
		frappe.qb.from_(queue)
		.select(queue.name)
		.where(queue.status.isin(("Not Sent", "Partially Sent")))
		.where(queue.send_after == messages.HELD)
		.where(queue.creation < now_datetime() - timedelta(hours=KEPT_HOURS))
		.limit(1000)
	).run(pluck=True)
	for name in names:
		messages.give_up_mail(name, _("The mail did not leave."))
	return len(names)
