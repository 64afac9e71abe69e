"""A mail server or a gateway that did not answer twice in a row is left alone for some minutes: whoever asks it waits, and
with them the worker that others need. Afterwards one message tries; if that waits in vain, too, it is left alone again."""

from datetime import datetime, timedelta

import frappe
from frappe.utils import get_datetime, now_datetime

MAIL, SMS = "mail", "sms"
TIMES = 2
MINUTES = 5
SETTINGS = "Outage Response Settings"


def left_alone_until(what: str) -> datetime | None:
	"""When it is asked again, while it is left alone. A clock that was put back does not keep it so."""
	until = _get(f"{what}_left_until")
	now = now_datetime()
	return get_datetime(until) if until and now < get_datetime(until) <= now + timedelta(minutes=MINUTES) else None


def answered(what: str) -> None:
	"""It took a message, or refused it: it is there."""
	if _get(f"{what}_timeouts"):
		_set(what, 0, None)


def kept_us_waiting(what: str) -> None:
	"""No answer in time."""
	times = int(_get(f"{what}_timeouts") or 0) + 1
	_set(what, times, now_datetime() + timedelta(minutes=MINUTES) if times >= TIMES else None)


def _get(field: str):
	return frappe.db.get_single_value(SETTINGS, field, cache=False)


def _set(what: str, times: int, until: datetime | None) -> None:
	for field, value in ((f"{what}_timeouts", times), (f"{what}_left_until", until)):
		frappe.db.set_single_value(SETTINGS, field, value, update_modified=False)
