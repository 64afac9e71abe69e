"""What a resident may know: the outages at their own units, and of their own ticket. Nothing about anybody else."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import integrations, permissions, settings
from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import RUNNING
from outage_response.domain.states import IncidentStatus

from ..facts.homes_of_people import about, contacts_of, homes_of, paths_of, require_resident
from ..facts.language import in_sentences, listed
from ..facts.outage_in_words import clock_time, dark_since, expected_back, supply
from ..verb.refusals import translated

SOON_HOURS = 24


def known(user: str) -> list[dict]:
	"""The outages at the user's own units: running, planned within a day, or just over.

	Answers rows of {"kind": "out" | "planned" | "back", "units", "where": the units in words, "title", "text", "until"}, each outage
	once.
	"""
	with translated():
		require_resident(user)
		homes = homes_of(contacts_of(user))
		if not homes:
			return []
		rows = _told(homes)
		rank = {"out": 0, "planned": 1, "back": 2}
		out = {unit for row in rows if row["kind"] == "out" for unit in row["units"]}
		rows = [row for row in rows if row["kind"] != "back" or not out.issuperset(row["units"])]
		return sorted(rows, key=lambda row: rank[row["kind"]])


def _told(homes: Sequence[frappe._dict]) -> list[dict]:
	"""What is said of each outage, with those of these homes for which it holds."""
	paths = paths_of([home.power_node for home in homes])
	units: dict[tuple[str, str], list[str]] = defaultdict(list)
	told: dict[tuple[str, str], dict] = {}
	for incident in about({node for path in paths.values() for node in path}, [home.unit for home in homes]):
		for home in homes:
			if said := _say(incident, paths.get(home.power_node, []), home.unit):
				told[(incident.name, said["kind"])] = said
				units[(incident.name, said["kind"])].append(home.unit_no)
	return [{**said, "units": units[key], "where": listed(units[key])} for key, said in told.items()]


def _say(incident: Document, path: list[str], unit: str) -> dict | None:
	now = now_datetime()
	if incident.status == IncidentStatus.SCHEDULED:
		named = any(row.unit == unit if row.unit else row.power_node in path for row in incident.affected_nodes)
		start, end = get_datetime(incident.planned_start), get_datetime(incident.planned_end)
		if not named or end < now or start > now + timedelta(hours=SOON_HOURS):
			return None
		text = _("This is the planned outage from {0} to {1}.").format(clock_time(start), clock_time(end))
		return {"kind": "planned", "title": _("Planned power outage"), "text": text, "until": str(end)}
	since, until = dark_since(incident, path, unit)
	if since and until is None and incident.status in RUNNING:
		etr = expected_back(incident)
		return {
			"kind": "out",
			"title": _("We know of the power outage at your home"),
			"text": in_sentences(_while_out(incident, since)),
			"until": str(etr or ""),
		}
	minutes = settings.read().call_window_minutes
	if until and until <= now <= until + timedelta(minutes=minutes):
		return {
			"kind": "back",
			"title": _("Supply is back since {0}").format(clock_time(until)),
			"text": _("If your home is still without power, write to us here: we look at it at once."),
			"until": "",
		}
	return None


def _while_out(incident: Document, since) -> list[str]:
	etr = expected_back(incident)
	if incident.parent_incident:
		parts = [_("We know that your home is still without power. Our people are at work on it.")]
	else:
		parts = [_("No power since {0}. Our people are at work on it.").format(clock_time(since))]
	if not etr:
		parts.append(_("We do not know yet when supply will be back."))
	elif etr < now_datetime():
		parts.append(
			_("Supply was expected back about {0}; it takes longer, and we do not know yet how long.").format(
				clock_time(etr)
			)
		)
	else:
		parts.append(_("Supply is expected back about {0}.").format(clock_time(etr)))
	parts.append(_("You need not report it; write to us if there is anything else."))
	parts.append(_("If anybody is in danger or depends on a medical device, phone the emergency number and us."))
	return parts


# ---------------------------------------------------------------- their own ticket


def of_ticket(user: str, ticket_type: str, ticket: str) -> dict:
	"""What is known of the outage that the user's own ticket is linked to; empty if it is linked to none.

	Answers {"label", "title", "text", "wants_updates", "may_ask"}.
	"""
	with translated():
		call = _own_call(user, ticket_type, ticket)
		if not call or not call.incident:
			return {}
		incident = frappe.get_doc("Outage Incident", call.incident)
		running = incident.status in RUNNING
		if running:
			path = paths_of([call.power_node]).get(call.power_node, []) if call.power_node else []
			since = dark_since(incident, path, call.unit or "")[0] or incident.started_at or incident.reported_at
			text = in_sentences(_while_out(incident, since)[:2])
		elif incident.status == IncidentStatus.SCHEDULED:
			text = _("This is the planned outage from {0} to {1}.").format(
				clock_time(incident.planned_start), clock_time(incident.planned_end)
			)
		elif incident.status == IncidentStatus.CANCELLED:
			text = _("This outage was cancelled. If your home is without power, write to us here.")
		else:
			text = _("Supply is back in your area. If you are still without power, write to us here.")
		return {
			"label": _("Power: {0}").format(supply(incident)),
			"title": _("The power outage at your home"),
			"text": text,
			"wants_updates": bool(call.wants_updates),
			"may_ask": running,
		}


def want_updates(user: str, ticket_type: str, ticket: str, wanted: bool = True) -> dict:
	"""The resident wishes to hear of every change of the expected time, or no longer."""
	with translated():
		call = _own_call(user, ticket_type, ticket)
		if not call:
			raise RuleError(_("Ticket: it is not about a power outage that we know of."))
		table = frappe.qb.DocType("Trouble Call")
		frappe.qb.update(table).set(table.wants_updates, int(bool(wanted))).where(table.name == call.name).run()
		return {"wants_updates": bool(wanted)}


def _own_call(user: str, ticket_type: str, ticket: str) -> frappe._dict | None:
	"""The trouble call of a ticket that the user may read and that is about themselves or their own unit."""
	require_resident(user)
	if not integrations.desk_of(ticket_type):
		return None
	permissions.require_read(ticket_type, str(ticket))
	call = frappe.db.get_value(
		"Trouble Call",
		{"ticket_type": ticket_type, "ticket": str(ticket)},
		["name", "incident", "contact", "unit", "power_node", "wants_updates"],
		as_dict=True,
	)
	if not call:
		return None
	people = contacts_of(user)
	if call.contact in people or call.unit in {home.unit for home in homes_of(people)}:
		return call
	return None
