"""What is known of an outage, in the words that a person at a ticket reads: agents and residents."""

from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import format_datetime, get_datetime, now_datetime

from outage_response.domain.lifecycle import RUNNING
from outage_response.domain.power_topology import intervals
from outage_response.domain.states import IncidentStatus

from . import extent_in_words, power_and_assets
from .language import listed

# States in which `supply` says the same: back, cancelled, planned
SAID_BY_SUPPLY = (IncidentStatus.RESTORED, IncidentStatus.CANCELLED, IncidentStatus.SCHEDULED)


def clock_time(moment: datetime | str | None) -> str:
	"""A moment as people read it."""
	return format_datetime(moment, "yyyy-MM-dd HH:mm") if moment else ""


def short_time(moment: datetime | str) -> str:
	"""The same for a button: the time alone when it is today."""
	today = get_datetime(moment).date() == now_datetime().date()
	return format_datetime(moment, "HH:mm" if today else "MM-dd HH:mm")


def how_far(moment: datetime | str) -> str:
	"""How far off a moment is, in words: "in 2 h 10 min", "40 min ago"."""
	minutes = round((get_datetime(moment) - now_datetime()).total_seconds() / 60)
	hours, rest = divmod(abs(minutes) or 1, 60)
	span = _("{0} h {1} min").format(hours, rest) if hours and rest else ""
	span = span or (_("{0} h").format(hours) if hours else _("{0} min").format(rest))
	return _("in {0}").format(span) if minutes > 0 else _("{0} ago").format(span)


def expected_back(incident: Document) -> datetime | None:
	"""When supply is expected back: the time somebody named, else the end of planned work."""
	if incident.etr:
		return get_datetime(incident.etr)
	return get_datetime(incident.planned_end) if incident.planned_end else None


def supply(incident: Document) -> str:
	"""A few words for a button or a line: is it back, or when."""
	if incident.status in (IncidentStatus.RESTORED, IncidentStatus.STOOD_DOWN, IncidentStatus.CLOSED):
		return (
			_("supply back {0}").format(short_time(incident.restored_at)) if incident.restored_at else _("supply back")
		)
	if incident.status == IncidentStatus.CANCELLED:
		return _("cancelled")
	if incident.status == IncidentStatus.SCHEDULED:
		return _("planned from {0}").format(short_time(incident.planned_start))
	until = expected_back(incident)
	if not until:
		return _("return time not known yet")
	if until < now_datetime():
		return _("was expected {0}").format(short_time(until))
	return _("back about {0}").format(short_time(until))


def headline(incident: Document) -> str:
	"""Level, state and expected return in one line; the state is not named where the rest says it."""
	if incident.status in SAID_BY_SUPPLY:
		return _("Outage level {0}: {1}").format(incident.level, supply(incident))
	return _("Outage level {0}: {1}, {2}").format(
		incident.level, _(incident.status, context="Outage Incident"), supply(incident)
	)


def where(incident: Document, around: power_and_assets.Surroundings | None = None) -> str:
	"""Property and affected areas, all of them."""
	around = around or power_and_assets.read(incident.property)
	return f"{incident.property}: {listed(extent_in_words.of_incident(incident, around))}"


def facts(incident: Document) -> list[list[str]]:
	"""[label, value] of everything that an agent tells a caller; nobody's personal data."""
	back = expected_back(incident)
	rows = [
		(_("Outage"), incident.name),
		(_("Level"), incident.level),
		(_("Status"), _(incident.status, context="Outage Incident")),
		(_("Where"), where(incident)),
		(_("Affected Units"), str(incident.affected_units or 0)),
		(_("Planned Start"), clock_time(incident.planned_start)),
		(_("Planned End"), clock_time(incident.planned_end)),
		(_("Reported At"), clock_time(incident.reported_at)),
		(_("Expected back"), f"{clock_time(back)} · {how_far(back)}" if back else _("not known yet")),
		(_("Supply back"), clock_time(incident.restored_at)),
		(_("Cause"), incident.cause_type and _(incident.cause_type)),
		(_("Follows outage"), incident.parent_incident),
	]
	if incident.restored_at or incident.status == IncidentStatus.CANCELLED:
		rows = [row for row in rows if row[0] != _("Expected back")]
	return [[label, value] for label, value in rows if value]


def outage(name: str) -> dict[str, Any]:
	"""An incident as a ticket page shows it."""
	incident = frappe.get_doc("Outage Incident", name)
	return {
		"incident": name,
		"level": incident.level,
		"status": incident.status,
		"running": incident.status in RUNNING,
		"etr": str(incident.etr or ""),
		"headline": headline(incident),
		"facts": facts(incident),
		"url": _url(incident),
	}


def _url(incident: Document) -> str:
	"""Its form in Desk, for those who may open it."""
	if not frappe.has_permission("Outage Incident", "read", doc=incident):
		return ""
	return frappe.utils.get_url_to_form("Outage Incident", incident.name).replace(frappe.utils.get_url(), "")


def dark_since(incident: Document, path: list[str], unit: str) -> tuple[datetime | None, datetime | None]:
	"""(since when, until when) a unit was last without supply in this incident; until is None while it still is."""
	found = intervals(path, unit, power_and_assets.dark_rows(incident), datetime.max)
	if not found:
		return None, None
	since, until = found[-1]
	return since, None if until == datetime.max else until
