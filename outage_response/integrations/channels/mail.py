"""E-mail through Frappe's queue, which tries some times when the mail server is away; `flows/page_mails.py` does the rest."""

import frappe
from frappe import _
from frappe.email.doctype.email_account.email_account import EmailAccount
from frappe.model.document import Document

from outage_response.integrations import messages

from . import Letter

REFERENCE = "Outage Page"


def is_on(channel: Document) -> bool:
	"""Has the site an account to send from?"""
	return bool(EmailAccount.find_outgoing())


def reaches(person) -> bool:
	"""Whoever has an address."""
	return bool(person.email)


def write(channel: Document, letter: Letter) -> None:
	"""One row of the Email Queue; a job sends it at once, Frappe's own schedule if no job can be had."""
	text = frappe.utils.escape_html(letter.text)
	frappe.sendmail(
		recipients=[letter.email],
		subject=letter.text[:120],
		message=f'<p>{text}</p><p><a href="{letter.link}">{_("Answer here")}</a></p>',
		reference_doctype=REFERENCE,
		reference_name=letter.key,
		delayed=True,
		add_unsubscribe_link=0,
	)
	frappe.db.after_commit.add(_flush)


def _flush() -> None:
	try:
		messages.wake_the_mail_queue()
	except Exception:
		frappe.logger("outage_response").warning("no queue for mail", exc_info=True)
