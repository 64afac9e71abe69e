"""What the minute does for ringing: steps whose time has come, pages that no worker took, people whose number failed."""

from collections.abc import Sequence

import frappe
from frappe.utils import get_datetime, now_datetime
from frappe.utils.scheduler import is_scheduler_inactive

from . import ringing, sending, site_identity, timeline
from .verbs import lock_incident, touch

JOB = "outage_response.jobs.ring_every_minute"
LATE_MINUTES = 3


def since_last() -> int:
	"""Minutes since the sweep ran last, as far as that is too long; notes that it runs now."""
	now = now_datetime()
	before = frappe.db.get_single_value("Outage Response Settings", "rang_until")
	frappe.db.set_single_value("Outage Response Settings", "rang_until", now, update_modified=False)
	minutes = int((now - get_datetime(before)).total_seconds() // 60) if before else 0
	return minutes if minutes >= LATE_MINUTES else 0


def is_late(seconds: int) -> bool:
	"""Is it longer than this since the sweep ran, while somebody may have to be rung? Not where an administrator has stopped
	the scheduler, or the sweep."""
	before = frappe.db.get_single_value("Outage Response Settings", "rang_until", cache=False)
	age = (now_datetime() - get_datetime(before)).total_seconds() if before else seconds + 1
	if -seconds <= age <= seconds or is_scheduler_inactive():
		return False
	return bool(frappe.db.exists("Scheduled Job Type", {"method": JOB, "stopped": 0})) and ringing.is_waiting()


def due() -> list[str]:
	"""Incidents in which somebody is to be rung now: none while the site is silent, whose ladder waits with it."""
	return [] if site_identity.is_muted() else ringing.due_incidents(now_datetime())


def sweep(incident_name: str, late_minutes: int = 0) -> int:
	"""Ring what is due in one incident; say so on the timeline if the sweep was away. Answers how many pages were written."""
	incident = lock_incident(incident_name)
	now = now_datetime()
	written = ringing.advance(incident, now)
	if not written:
		return 0
	age = int((now - get_datetime(incident.creation)).total_seconds() // 60)
	if min(age, late_minutes) >= LATE_MINUTES:
		timeline.record(incident, "ringing_resumed", {"minutes": min(age, late_minutes)}, now, now)
	touch(incident)
	return written


def hurry(incident_name: str, pages: Sequence[str]) -> int:
	"""These pages reached nobody: where nobody else is left who may answer, the next level rings now."""
	steps = sending.steps_of(pages)
	incident = lock_incident(incident_name)
	now = now_datetime()
	if not ringing.hurry(incident_name, steps, now):
		return 0
	written = ringing.advance(incident, now)
	touch(incident)
	return written
