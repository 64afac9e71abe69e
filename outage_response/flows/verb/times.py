"""When something happened, as clients say it: by the site's clock, or by a phone's."""

from datetime import datetime
from typing import TypeGuard
from zoneinfo import ZoneInfo

from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, get_system_timezone, now_datetime

from outage_response import settings
from outage_response.domain.due_times import happened_at
from outage_response.domain.errors import RuleError

from . import timeline

# Stands before a time that a phone's clock gave and nobody has looked at: `phone:2026-01-31 02:15:00`
BY_PHONE = "phone:"


def as_time(value: str | datetime | None, label: str) -> datetime | None:
	"""A moment from a client, in site time, in which one without a zone is meant. Raises RuleError naming the field."""
	if value in (None, ""):
		return None
	try:
		moment = get_datetime(value)
	except Exception:
		moment = None
	if moment is None:
		raise RuleError(
			_("{field}: {value} is not a time. Write it as 2026-01-31 02:15:00."), field=label, value=str(value)[:60]
		)
	if moment.tzinfo:
		moment = moment.astimezone(ZoneInfo(get_system_timezone()))
	return moment.replace(tzinfo=None)


def is_by_phone(occurred_at: str | datetime | None) -> TypeGuard[str]:
	"""Did a phone's clock give this time?"""
	return isinstance(occurred_at, str) and occurred_at.startswith(BY_PHONE)


def said_at(occurred_at: str | datetime | None) -> datetime | None:
	"""The moment that a client names, by whatever clock. Raises RuleError for what is none."""
	return as_time(occurred_at.removeprefix(BY_PHONE) if is_by_phone(occurred_at) else occurred_at, "Occurred At")


def when(occurred_at: str | datetime | None, incident: Document | None = None) -> tuple[datetime, datetime, str]:
	"""(when it happened, now, what the timeline has to say of the clock); see `domain.due_times.happened_at`.

	incident  what happened belongs to its record
	"""
	now = now_datetime()
	by_phone = is_by_phone(occurred_at)
	moment = happened_at(
		said_at(occurred_at),
		now,
		settings.read().fast_clock_minutes,
		by_phone=by_phone,
		reported_at=get_datetime(incident.reported_at) if incident and incident.reported_at else None,
		last_at=timeline.last_moment(incident.name) if incident else None,
	)
	return moment.at, now, moment.said
