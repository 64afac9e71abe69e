"""Mails that ring somebody, while the mail server is away: kept alive while the step is open, taken out when it is settled.

Frappe gives a mail up after some tries. A page is not given up while its step waits for somebody; and nothing old rings
when the server comes back.
"""

from collections.abc import Sequence

import frappe
from frappe import _
from frappe.utils import now_datetime

from outage_response import bulk, listing, locks
from outage_response.domain.waiting_limits import MAIL_IS_NEWS_FOR, SENDER_IS_DEAD_AFTER
from outage_response.integrations.messages import PAGE

from . import page_sending

AT_ONCE = 500
WAITING = ("Not Sent", "Error", "Sending")


def follow() -> list[tuple[str, str]]:
	"""Look after the mails that have not left. A mail that is just leaving is left alone, so that none leaves twice; of one
	whose sender was killed nobody knows. Answers (incident, page) of these."""
	queue, page, now = frappe.qb.DocType("Email Queue"), frappe.qb.DocType("Outage Page"), now_datetime()
	rows = (
		frappe.qb.from_(queue)
		.join(page)
		.on(page.name == queue.reference_name)
		.select(queue.name, queue.status, queue.modified, page.name.as_("page"), page.incident)
		.where(queue.reference_doctype == PAGE)
		.where(queue.status.isin(WAITING))
		.where(queue.creation > now - MAIL_IS_NEWS_FOR)
		.where(page.status == "Accepted")
		.orderby(queue.creation)
		.limit(AT_ONCE)
	).run(as_dict=True)
	mails = locks.rows("Email Queue", [row.name for row in rows], ("name", "status", "modified"), wait=False)
	there = {mail.name: mail for mail in mails if mail.status in WAITING}
	rows = [frappe._dict(row, **there[row.name]) for row in rows if row.name in there]
	if not rows:
		return []
	leaving = [row for row in rows if row.status == "Sending"]
	dead = [row for row in leaving if row.modified < now - SENDER_IS_DEAD_AFTER]
	bulk.update("Email Queue", [row.name for row in dead], {"status": "Error"})
	rows = [row for row in rows if row.status != "Sending"]
	needed = page_sending.needed([(row.page, row.incident) for row in rows])
	again = [row.name for row in rows if row.page in needed and row.status == "Error"]
	bulk.update("Email Queue", again, {"status": "Not Sent", "retry": 0})
	settled = [row for row in rows if row.page not in needed]
	why = _("Settled before the mail server took it.")
	bulk.update("Email Queue", [row.name for row in settled], {"status": "Error", "error": why})
	bulk.update("Outage Page", [row.page for row in settled], {"status": "Not Needed", "modified": now})
	return nobody_knows([row.page for row in dead])


def nobody_knows(names: Sequence[str]) -> list[tuple[str, str]]:
	"""Of these pages nobody can say whether their mail arrived. Answers (incident, page) of those of an outage."""
	rows = listing.get_all(
		"Outage Page", filters={"name": ("in", list(names)), "status": "Accepted"}, fields=["incident", "name"]
	)
	error = _("The mail server did not say whether it took the mail.")
	bulk.update("Outage Page", [row.name for row in rows], {"status": "Unknown", "error": error})
	return [(row.incident, row.name) for row in rows if row.incident]
