"""What the minute does for ringing: steps whose time has come, pages that no worker took, people whose number failed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import frappe
from frappe.utils import get_datetime, now_datetime
from frappe.utils.scheduler import is_scheduler_inactive

from outage_response import compat, queues
from outage_response.domain import waiting_limits

from ..facts import who_was_rung
from ..site import same_site
from ..verb import timeline
from ..verb.changes import touch
from ..verb.locking import lock_incident
from . import page_sending, ringing

JOB = "outage_response.jobs.ring_every_minute"


def since_last() -> int:
	"""Minutes since the sweep ran last, as far as that is too long; notes that it runs now."""
	now, before = now_datetime(), who_was_rung.last_sweep()
	frappe.db.set_single_value("Outage Response Settings", "rang_until", now, update_modified=False)
	return waiting_limits.minutes_away(before, now, compat.scheduler_tick())


def bring_forward() -> datetime | None:
	"""Is the minute's ringing late, while somebody may have to be rung? Then it waits for no further job: the scheduler puts it
	at the back of a line that may be long. Not where the site is silent, or an administrator has stopped the scheduler or the
	sweep. Answers when it ran last; raises nothing."""
	ran = None
	try:
		ran = who_was_rung.last_sweep()
		if (
			waiting_limits.is_late(ran, now_datetime())
			and not is_scheduler_inactive()
			and who_was_rung.is_waiting()
			and frappe.db.exists("Scheduled Job Type", {"method": JOB, "stopped": 0})
			and not same_site.is_muted()
		):
			queues.ask_first(JOB, job_id=JOB, deduplicate=True)
	except Exception:
		frappe.logger("outage_response").warning("is the ringing late?", exc_info=True)
	return ran


def due() -> list[str]:
	"""Incidents in which somebody is to be rung now: none while the site is silent, whose ladder waits with it."""
	return [] if same_site.is_muted() else ringing.due_incidents(now_datetime())


def sweep(incident_name: str, late_minutes: int = 0) -> int:
	"""Ring what is due in one incident; say so on the timeline if the sweep was away. Answers how many pages were written."""
	incident = lock_incident(incident_name)
	now = now_datetime()
	written = ringing.advance(incident, now)
	if not written:
		return 0
	age = int((now - get_datetime(incident.creation)).total_seconds() // 60)
	if late_minutes and timedelta(minutes=age) >= waiting_limits.CLOCK_STANDS_AFTER:
		timeline.record(incident, "ringing_resumed", {"minutes": min(age, late_minutes)}, now, now)
	touch(incident)
	return written


def hurry(incident_name: str, pages: Sequence[str]) -> int:
	"""These pages reached nobody: where nobody else is left who may answer, the next level rings now."""
	steps = page_sending.steps_of(pages)
	incident = lock_incident(incident_name)
	now = now_datetime()
	if not ringing.hurry(incident_name, steps, now):
		return 0
	written = ringing.advance(incident, now)
	touch(incident)
	return written
