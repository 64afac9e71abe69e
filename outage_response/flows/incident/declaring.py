"""An outage is declared, or planned work: by the verb that screens, tickets and proposals use."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain.errors import RuleError

from ..facts import outage_levels
from ..facts.affected_nodes import rows_from
from ..verb import timeline
from ..verb.engine import PropertyTarget, property_verb
from ..verb.times import as_time, is_by_phone, said_at


@property_verb(PropertyTarget())
def declare(
	property: str,
	nodes: Sequence[str | dict],
	level: str | None = None,
	description: str | None = None,
	*,
	planned_by: str | None = None,
	planned_start: str | datetime | None = None,
	planned_end: str | datetime | None = None,
	reason: str | None = None,
	windows: Sequence[dict] | None = None,
	all_the_same: bool = False,
	etr: str | datetime | None = None,
	is_drill: bool = False,
	drill_participants: str | None = None,
	parent_incident: str | None = None,
	occurred_at: str | datetime | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""Declare an outage: makes the incident, its tasks and their assignments in one transaction.

	nodes       power nodes without supply, each a name or {"power_node", "unit", "out_since"}
	level       of the site's levels; by default the one for a failure of the property's own installation
	occurred_at when the outage was reported (default now)
	reason      of planned work, for the residents
	windows     further windows of planned work, each {"planned_start", "planned_end"}: outages of their own, one notice
	all_the_same  also where part of it is already running or planned: what is under way there is shared
	drill_participants  logins, one a line: nobody else is rung in this drill

	Answers {"incident", "status", "level", "tasks", "warnings"}, with "further" incidents of windows; the same request_id again gives the first answer.
	Raises ValidationError naming the field for unknown nodes, bad times, a level without a plan, an outage that runs
	already; frappe.PermissionError for people outside the staff.
	"""
	if first := _declared_before(request_id, property):
		return first
	incident = frappe.new_doc("Outage Incident")
	incident.update(
		{
			"property": property,
			"level": level or outage_levels.default_of(),
			"description": description,
			**_planned(planned_by, planned_start, planned_end, reason),
			"all_the_same": int(bool(all_the_same)),
			"etr": as_time(etr, "ETR"),
			"is_drill": int(bool(is_drill)),
			"drill_participants": drill_participants,
			"parent_incident": parent_incident,
			"reported_at": said_at(occurred_at),
			"request_id": request_id or None,
		}
	)
	incident.flags.by_phone = is_by_phone(occurred_at)
	incident.extend("affected_nodes", rows_from(nodes))
	_add_windows(incident, windows or ())
	incident.insert()
	return incident.flags.declared


def _planned(
	by: str | None, start: str | datetime | None, end: str | datetime | None, reason: str | None
) -> dict[str, Any]:
	return {
		"planned_by": by,
		"planned_start": as_time(start, "Planned Start"),
		"planned_end": as_time(end, "Planned End"),
		"planned_reason": reason,
	}


def _add_windows(incident: Document, windows: Sequence[dict]) -> None:
	for window in windows:
		if not isinstance(window, dict):
			raise RuleError(_("Further Windows: each is a Planned Start and a Planned End."))
		incident.append(
			"windows",
			{
				"planned_start": as_time(window.get("planned_start"), "Planned Start"),
				"planned_end": as_time(window.get("planned_end"), "Planned End"),
			},
		)


def _declared_before(request_id: str | None, property_name: str) -> dict | None:
	if not request_id:
		return None
	found = frappe.db.get_value("Outage Incident", {"request_id": request_id}, ["name", "property"])
	if not found:
		return None
	if found[1] != property_name:
		timeline.refuse_used(request_id)
	return timeline.first_result(request_id, "declare", incident=found[0])
