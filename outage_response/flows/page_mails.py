"""Mails that ring somebody, while the mail server is away: kept alive while the step is open, taken out when it is settled.

Frappe gives a mail up after some tries. A page is not given up while its step waits for somebody; and nothing old rings
when the server comes back.
"""

from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import now_datetime

from outage_response import bulk
from outage_response.integrations.channels.mail import REFERENCE

from . import sending

KEPT_HOURS = 12
AT_ONCE = 500


def follow() -> None:
	"""Look after the mails that have not left. A mail that is just leaving is left alone, so that none leaves twice."""
	queue, page, now = frappe.qb.DocType("Email Queue"), frappe.qb.DocType("Outage Page"), now_datetime()
	rows = (
		frappe.qb.from_(queue)
		.join(page)
		.on(page.name == queue.reference_name)
		.select(queue.name, queue.status, page.name.as_("page"), page.incident)
		.where(queue.reference_doctype == REFERENCE)
		.where(queue.status.isin(("Not Sent", "Error")))
		.where(queue.creation > now - timedelta(hours=KEPT_HOURS))
		.where(page.status == "Accepted")
		.orderby(queue.creation)
		.limit(AT_ONCE)
		.for_update()
	).run(as_dict=True)
	if not rows:
		return
	needed = sending.needed([(row.page, row.incident) for row in rows])
	again = [row.name for row in rows if row.page in needed and row.status == "Error"]
	bulk.update("Email Queue", again, {"status": "Not Sent", "retry": 0})
	settled = [row for row in rows if row.page not in needed]
	why = _("Settled before the mail server took it.")
	bulk.update("Email Queue", [row.name for row in settled], {"status": "Error", "error": why})
	bulk.update("Outage Page", [row.page for row in settled], {"status": "Not Needed", "modified": now})
