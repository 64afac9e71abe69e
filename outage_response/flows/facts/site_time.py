"""Minutes are counted from moments, not from what a clock showed: beside each time that enters minutes stands its moment in UTC.

A naive 02:30 cannot say which of two it is when summer time ends, and a clock that is put back shows the same hours again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime, get_system_timezone, now_datetime

from outage_response.domain import due_times
from outage_response.domain.lifecycle import BEGUN

# The times that enter minutes; each has its moment in a field of the same name with `_utc` behind it
KEPT: Mapping[str, Sequence[str]] = {
	"Outage Affected Node": ("out_since", "back_at"),
	"Elevator Entrapment": ("since", "ended_at"),
}


def utc_now() -> datetime:
	"""Now in UTC, naive."""
	return datetime.now(timezone.utc).replace(tzinfo=None)


def instant(at: datetime) -> datetime:
	"""UTC of a time of the site's clock; see `domain.due_times.instant`."""
	return due_times.instant(at, ZoneInfo(get_system_timezone()), utc_now())


def instant_of(row: Any, field: str) -> datetime | None:
	"""The moment of one of the times KEPT, of a document or a row; None while that time is not there."""
	return instant_of_known(row, field) if row.get(field) else None


def instant_of_known(row: Any, field: str) -> datetime:
	"""The same of a time that is there; of one that was written before its moment was kept, by the zone."""
	kept = row.get(f"{field}_utc")
	return get_datetime(kept) if kept else instant(get_datetime(row.get(field)))


def minutes_between(row: Any, begin: str, end: str) -> int | None:
	"""Whole minutes from one of its times to another; None while one of them is not there."""
	since, until = instant_of(row, begin), instant_of(row, end)
	return max(0, int((until - since).total_seconds() // 60)) if since and until else None


def as_the_clock_shows(row: Any, field: str) -> datetime | None:
	"""The time from which the site's clock, as it goes now, has as many minutes to now as there really were."""
	if not row.get(f"{field}_utc"):
		return get_datetime(row.get(field)) if row.get(field) else None
	return now_datetime() - (utc_now() - get_datetime(row.get(f"{field}_utc")))


def keep_instants(doc: Document) -> None:
	"""Fill in the moments of times that are new in a document or its rows; a time that was taken away takes its moment along.
	The same time in two rows is the same moment."""
	rows = [one for one in (doc, *doc.get_all_children()) if one.doctype in KEPT]
	known: dict[tuple[str, datetime], Any] = {}
	for field in {field for one in rows for field in KEPT[one.doctype]}:
		kept = f"{field}_utc"
		for one in sorted(rows, key=lambda one: not one.get(kept)):  # those that have theirs first
			if not one.get(field):
				one.set(kept, None)
				continue
			at = get_datetime(one.get(field))
			if not one.get(kept):
				one.set(kept, known.get((field, at)) or instant(at))
			known.setdefault((field, at), one.get(kept))


# ---------------------------------------------------------------- the clock is put back


def look() -> list[tuple[str, float, float]]:
	"""(outage, seconds, seconds of UTC) by which the clock was put back since the last look, for each that runs."""
	settings = "Outage Response Settings"
	before = frappe.db.get_singles_dict(settings, for_update=True)  # two looks at once are one after the other
	seen, seen_utc = before.get("clock_seen"), before.get("clock_seen_utc")
	now, utc = now_datetime(), utc_now()
	for field, value in (("clock_seen", now), ("clock_seen_utc", utc)):
		frappe.db.set_single_value(settings, field, value, update_modified=False)
	back = due_times.put_back_by(seen and get_datetime(seen), now).total_seconds()
	back_utc = due_times.put_back_by(seen_utc and get_datetime(seen_utc), utc).total_seconds()
	if not back and not back_utc:
		return []
	running = {"status": ("in", BEGUN)}
	return [
		(name, back, back_utc) for name in frappe.get_all("Outage Incident", running, pluck="name", order_by="name")
	]
