"""While the site is another one than it was (a restored backup), nothing leaves it, until somebody says that this is the site.

Frappe's backup brings all that was waiting to be sent, and its restore starts the clock. What waits stays: pages and messages
as they are; mails in Frappe's own queue wait for a job of ours (`integrations/messages.py`).
"""

from datetime import datetime

import frappe
from frappe.utils import now_datetime

from outage_response import error_log, permissions
from outage_response.compat import is_retriable
from outage_response.domain.lifecycle import LIVE
from outage_response.integrations import messages

from ..facts import who_was_rung
from ..notices import deliveries
from ..site import same_site
from ..verb import timeline
from ..verb.changes import announce
from ..verb.refusals import translated
from . import page_rows


def look() -> None:
	"""Before each job: get to know a site that is new, keep up with what changes by itself, and hold back what waits when it is
	another one. Else Frappe's own job could send the mails in its queue before any of ours has begun. The caller commits."""
	known, seen, changed = same_site.compare()
	if changed:
		if not known.get("muted_since"):
			now = now_datetime()
			same_site.write(muted_since=now)
			messages.hold_mails()
			_tell("site_changed", known, seen, now)
		return
	if seen.word is not None or not known.get("site_name"):
		same_site.know(seen)
	if known.get("muted_since"):  # what was different is no more, as with a folder that was mounted late
		same_site.write(muted_since=None)
	_settle_after_sleep()


def confirm_site() -> dict:
	"""Somebody on duty says that this is the site that people rely on: it rings and mails again, what is too old for residents
	excepted. Answers `confirmed_by`, `confirmed_at`; confirmed twice, the first one stands."""
	with translated():
		permissions.require_verb("confirm_site")
		frappe.db.get_singles_dict(same_site.DOCTYPE, for_update=True)
		known, seen, changed = same_site.compare()
		if changed:
			now = now_datetime()
			same_site.know(seen, confirmed_by=frappe.session.user, confirmed_at=now, muted_since=None)
			_tell("site_confirmed", known, seen, now)
			deliveries.settle_too_old(now)
			page_rows.ask_for_a_job()
		record = frappe.db.get_singles_dict(same_site.DOCTYPE)
		return {"confirmed_by": record.get("confirmed_by"), "confirmed_at": record.get("confirmed_at")}


def _settle_after_sleep() -> None:
	"""A site that stood still for long, before Frappe's own job sends what is in its queue."""
	last, now = who_was_rung.last_sweep(), now_datetime()
	if last and now - last > deliveries.oldest():
		deliveries.settle_too_old(now)


def _tell(kind: str, known: dict, seen: same_site.Identity, now: datetime) -> None:
	"""On the timeline of each running outage. Nothing is locked for it: one outage that somebody holds must not keep a site
	silent; nor does a word that cannot be written keep it from falling silent."""
	data = {"before": same_site.in_short(known) or "?", "after": same_site.in_short(seen)}
	frappe.db.savepoint("site_tells")
	try:
		for row in frappe.get_all(
			"Outage Incident", filters={"status": ("in", LIVE)}, fields=["name", "property"], order_by="name"
		):
			timeline.record(row, kind, data, now, now)
			announce(row.name)
	except Exception as error:
		if is_retriable(error):
			raise
		frappe.db.rollback(save_point="site_tells")
		error_log.add("Outage site", error)
