"""E-mail through Frappe's queue; the job that sends it tries again when the mail server is away, and `flows/paging/page_mails.py`
does the rest."""

import frappe
from frappe import _
from frappe.email.doctype.email_account.email_account import EmailAccount
from frappe.model.document import Document

from outage_response.integrations import messages

from . import Letter


def is_on(channel: Document) -> bool:
	"""Has the site an account to send from?"""
	return bool(EmailAccount.find_outgoing())


def reaches(person) -> bool:
	"""Whoever has an address."""
	return bool(person.email)


def write(channel: Document, letter: Letter) -> None:
	"""One row of the Email Queue; a job sends it at once, the minute's if no job can be had."""
	text = frappe.utils.escape_html(letter.text)
	html = f'<p>{text}</p><p><a href="{letter.link}">{_("Answer here")}</a></p>'
	messages.queue_page(letter.key, letter.email, letter.text[:120], html)
	frappe.db.after_commit.add(messages.ask_for_sending)
