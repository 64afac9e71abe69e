"""Our mails on their way to the mail server: which is next, and what follows from how it ended."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_url, now_datetime

from outage_response.domain.waiting_limits import MAIL_IS_NEWS_FOR
from outage_response.integrations import mail_server, messages

from ..notices import deliveries, notice_mails, server_patience
from ..site import same_site
from . import page_mails, page_sending


def waiting() -> list[str]:
	"""Mails to send now, in their order: staff's before residents'. None of accounts that are left alone, nor from a site that is
	another one than it was."""
	if same_site.is_muted():
		return []
	return messages.waiting_mails(server_patience.left_alone(server_patience.MAIL))


def fill(mail: Document) -> None:
	"""Put the link of its holder into a mail that is about to leave. It stands in no table: in the queue the mail leads to the
	page where one logs in, and so it does when somebody else than our job sends it, or the link was made void meanwhile. Raises
	LookupError for a mail that was emptied."""
	if mail.reference_doctype == messages.REFERENCE:
		with_login, link = notice_mails.LOGIN, deliveries.link_of(mail.reference_name)
	elif mail.reference_doctype == messages.PAGE:
		with_login, link = page_sending.LOGIN, page_sending.link_of(mail.reference_name)
	else:
		return
	if not mail.message:
		raise LookupError(_("Emptied: what it said is not sent any more."))
	if link:
		mail.message = messages.rewritten(mail.message, lambda text: text.replace(get_url(with_login), link))


def note(name: str, outcome: str, account: str) -> list[tuple[str, str]]:
	"""Write down how one mail of an account ended, as `mail_server.Sender` says. Answers (incident, page) of somebody who may
	not have been reached."""
	if outcome in (mail_server.SENT, mail_server.REFUSED):
		server_patience.answered(server_patience.MAIL, account)
		if outcome == mail_server.SENT:
			messages.empty_mail(name)
	else:
		server_patience.failed(server_patience.MAIL, account, waited=outcome != mail_server.AWAY)
	return _unknown(name) if outcome == mail_server.UNKNOWN else []


def _unknown(name: str) -> list[tuple[str, str]]:
	"""The server had the mail and did not say that it took it: not sent again. A resident is phoned; for somebody who is rung
	the next level hurries."""
	row = frappe.db.get_value("Email Queue", name, ["reference_doctype", "reference_name"], as_dict=True)
	why = _("The mail server did not say whether it took the mail.")
	messages.stop_mails([name], why, ("Not Sent", "Partially Sent", "Sending"))
	if row.reference_doctype == messages.REFERENCE:
		notice_mails.nobody_knows(row.reference_name)
	elif row.reference_doctype == messages.PAGE:
		return page_mails.nobody_knows([row.reference_name])
	return []


def give_up_old() -> int:
	"""Mails that could not leave for so long that what they say is no news. Answers how many. None while somebody has suspended
	the mails of the site; and when they let them go on, there is time to leave."""
	oldest, resumed = now_datetime() - MAIL_IS_NEWS_FOR, messages.resumed_at()
	if messages.is_suspended() or (resumed and resumed > oldest):
		return 0
	queue = frappe.qb.DocType("Email Queue")
	names = (
		frappe.qb.from_(queue)
		.select(queue.name)
		.where(queue.status.isin(("Not Sent", "Partially Sent")))
		.where(queue.send_after == messages.HELD)
		.where(queue.creation < oldest)
		.limit(1000)
	).run(pluck=True)
	return len(messages.stop_mails(names, _("The mail did not leave."), ("Not Sent", "Partially Sent")))
