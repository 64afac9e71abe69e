"""Mails that ring somebody, while the mail server is away: kept alive while the step is open, taken out when it is settled.

Frappe gives a mail up after some tries. A page is not given up while its step waits for somebody; and nothing old rings
when the server comes back.
"""

from collections.abc import Sequence
from datetime import datetime

import frappe
from frappe import _
from frappe.utils import now_datetime

from outage_response import bulk, listing, locks
from outage_response.domain.states import PageStatus
from outage_response.domain.waiting_limits import MAIL_IS_NEWS_FOR, SENDER_IS_DEAD_AFTER
from outage_response.integrations.messages import PAGE

from . import page_sending

AT_ONCE = 500
WAITING = ("Not Sent", "Error", "Sending")


def follow() -> list[tuple[str, str]]:
	"""Look after the mails that have not left. A mail that is just leaving is left alone, so that none leaves twice; of one
	whose sender was killed nobody knows. Answers (incident, page) of these."""
	now = now_datetime()
	rows = _waiting(now)
	if not rows:
		return []
	dead = _give_up_dead(rows, now)
	still = [row for row in rows if row.status != "Sending"]
	needed = page_sending.needed([(row.page, row.incident) for row in still])
	_keep_alive([row for row in still if row.page in needed])
	_settle([row for row in still if row.page not in needed], now)
	return nobody_knows([row.page for row in dead])


def _waiting(now: datetime) -> list[frappe._dict]:
	"""Mails that have not left, locked, as far as no sender is at them; each with its page and incident."""
	queue, page = frappe.qb.DocType("Email Queue"), frappe.qb.DocType("Outage Page")
	rows = (
		frappe.qb.from_(queue)
		.join(page)
		.on(page.name == queue.reference_name)
		.select(queue.name, queue.status, queue.modified, page.name.as_("page"), page.incident)
		.where(queue.reference_doctype == PAGE)
		.where(queue.status.isin(WAITING))
		.where(queue.creation > now - MAIL_IS_NEWS_FOR)
		.where(page.status == PageStatus.ACCEPTED)
		.orderby(queue.creation)
		.limit(AT_ONCE)
	).run(as_dict=True)
	mails = locks.rows("Email Queue", [row.name for row in rows], ("name", "status", "modified"), wait=False)
	there = {mail.name: mail for mail in mails if mail.status in WAITING}
	return [frappe._dict(row, **there[row.name]) for row in rows if row.name in there]


def _give_up_dead(rows: Sequence[frappe._dict], now: datetime) -> list[frappe._dict]:
	"""Those whose sender was killed, which does not send them any more."""
	dead = [row for row in rows if row.status == "Sending" and row.modified < now - SENDER_IS_DEAD_AFTER]
	bulk.update("Email Queue", [row.name for row in dead], {"status": "Error"})
	return dead


def _keep_alive(rows: Sequence[frappe._dict]) -> None:
	again = [row.name for row in rows if row.status == "Error"]
	bulk.update("Email Queue", again, {"status": "Not Sent", "retry": 0})


def _settle(rows: Sequence[frappe._dict], now: datetime) -> None:
	"""Nobody needs them any more: they do not leave when the server comes back."""
	why = _("Settled before the mail server took it.")
	bulk.update("Email Queue", [row.name for row in rows], {"status": "Error", "error": why})
	bulk.update("Outage Page", [row.page for row in rows], {"status": PageStatus.NOT_NEEDED, "modified": now})


def nobody_knows(names: Sequence[str]) -> list[tuple[str, str]]:
	"""Of these pages nobody can say whether their mail arrived. Answers (incident, page) of those of an outage."""
	rows = listing.get_all(
		"Outage Page", filters={"name": ("in", list(names)), "status": PageStatus.ACCEPTED}, fields=["incident", "name"]
	)
	error = _("The mail server did not say whether it took the mail.")
	bulk.update("Outage Page", [row.name for row in rows], {"status": PageStatus.UNKNOWN, "error": error})
	return [(row.incident, row.name) for row in rows if row.incident]
