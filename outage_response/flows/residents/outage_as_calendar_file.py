"""A planned outage as a calendar file, for the resident's own calendar."""

from datetime import timezone
from zoneinfo import ZoneInfo

import frappe
from frappe import _
from frappe.utils import get_datetime, get_system_timezone

from outage_response.domain.errors import NotAllowed
from outage_response.domain.states import IncidentStatus

from .resident_portal import Person, outage


def calendar(person: Person, name: str) -> str:
	"""A planned outage, also one that was cancelled, as a calendar file (RFC 5545); times are in UTC.

	Raises NotAllowed for an outage that was never planned.
	"""
	card = outage(person, name)
	incident = frappe.get_doc("Outage Incident", name)
	if not incident.planned_start or not incident.planned_end:
		raise NotAllowed(_("There is no such outage at your home."))
	zone = ZoneInfo(get_system_timezone())

	def moment(value) -> str:
		return get_datetime(value).replace(tzinfo=zone).astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")

	# a calendar takes the newer of two versions of the same event by this number; nothing follows a cancellation, which may
	# come within the same second as what it cancels
	age = int((get_datetime(incident.modified) - get_datetime(incident.creation)).total_seconds())
	sequence = max(age, 0) + (incident.status == IncidentStatus.CANCELLED)

	lines = [
		"BEGIN:VCALENDAR",
		"VERSION:2.0",
		"PRODID:-//Outage Response//EN",
		"BEGIN:VEVENT",
		f"UID:{name}@{frappe.local.site}",
		f"DTSTAMP:{moment(incident.modified)}",
		f"DTSTART:{moment(incident.planned_start)}",
		f"DTEND:{moment(incident.planned_end)}",
		f"SEQUENCE:{sequence}",
		f"STATUS:{'CANCELLED' if incident.status == IncidentStatus.CANCELLED else 'CONFIRMED'}",
		f"SUMMARY:{_text(_('Planned power outage'))}",
		f"LOCATION:{_text(incident.property + ' ' + ', '.join(card['units']))}",
		"END:VEVENT",
		"END:VCALENDAR",
		"",
	]
	return "\r\n".join(_folded(line) for line in lines)


def _folded(line: str) -> str:
	"""No line of a calendar file is longer than 75 octets; what goes on begins with a blank."""
	parts, size = [""], 0
	for letter in line:
		octets = len(letter.encode())
		if size + octets > 75:
			parts.append(" ")
			size = 1
		parts[-1] += letter
		size += octets
	return "\r\n".join(parts)


def _text(value: str) -> str:
	return value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
