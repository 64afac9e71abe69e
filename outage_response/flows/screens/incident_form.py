"""One incident as its screens show it: where it stands, what this person may do now, what keeps the next gate closed.

Reads only. What is allowed is asked of the rules (`domain/offered_buttons.py`), so no screen knows a rule of its own.
"""

from collections.abc import Sequence
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import listing, permissions
from outage_response.domain import authority, gates, offered_buttons, power_topology
from outage_response.domain.command_centre_rules import etr_moves
from outage_response.domain.lifecycle import TaskRow

from ..facts import (
	affected_homes,
	nested_outages,
	people_in_elevators,
	people_in_elevators_shown,
	plan_steps,
	power_and_assets,
	site_time,
)
from ..incident import incident_report
from ..tasks import shared_tasks, tasks_on_record
from ..trouble import telephone_calls
from ..verb import timeline
from ..verb.refusals import describe
from . import incident_residents
from .dialog_choices import choices
from .steps_on_form import task_rows

TIMES = (
	"reported_at",
	"confirmed_at",
	"planned_start",
	"planned_end",
	"started_at",
	"restored_at",
	"stood_down_at",
	"closed_at",
	"etr",
)


def get(incident_name: str) -> dict[str, Any]:
	"""Everything an incident's screen needs, in one answer for the session's user.

	now         site time of this answer (clocks count from it)
	incident    fields, `level_title`, `colour`, `out_since`, `minutes_out`, `units_out`, `etr_moves`
	gate        {"gate", "open": rows as `engine.describe` lists them, "may_override"}: what comes next, what keeps it closed,
	            whether this user may pass over that with a reason
	verbs       the incident's verbs for this user now; `leads_on` the one that takes it further
	nodes       affected nodes: `power_node`, `unit`, `label`, `out_since`, `back_at`, `permitted_at`, `units`
	choices     what dialogs offer: levels, cause types, nodes, elevators, posts, people by role
	tasks       see `steps_on_form.task_rows`
	trapped     people in elevators, see `people_in_elevators_shown.visible`
	timeline, calls, figures
	callbacks   the first of them, `callbacks_count` how many there are; notices: see `flows/screens/incident_residents.py`
	"""
	incident = frappe.get_doc("Outage Incident", incident_name)
	around = power_and_assets.read(incident.property)
	rows = tasks_on_record.load(incident.name)
	roles = permissions.roles_of()
	shares = nested_outages.names(incident.name)
	posts = [row for row in rows if row.is_open and row.held_until == "stand_down"]
	places = people_in_elevators.ranks([incident.name], now_datetime())
	rows.sort(key=lambda row: places.get((incident.name, row.subject), len(places)))  # people in elevators first
	shown = task_rows(incident, rows, roles)
	notices = incident_residents.notices_of(incident.name)
	entries = timeline.entries(incident.name)
	verbs = offered_buttons.incident_verbs(
		incident.status,
		roles,
		posts_held=bool(posts),
		report_wanted=_report_wanted(incident),
		has_steps=any(row["mine"] and row["is_open"] and not row["held"] for row in shown),
		is_drill=bool(incident.is_drill),
		to_be_posted=any(row["public"] for row in notices),
		changes_waiting=_changes_waiting(entries),
	)
	callbacks, callbacks_count = incident_residents.callbacks_of(incident.name)
	return {
		"now": now_datetime(),
		"incident": {**_about(incident, around), "etr_moves": _etr_moves(entries), "shares": shares},
		"gate": _gate(incident, shared_tasks.load_switched(incident, around) if shares else rows, roles),
		"verbs": verbs,
		"leads_on": offered_buttons.leads_on(incident.status, verbs),
		"nodes": _nodes(incident, around),
		"choices": {
			**choices(incident, around, posts, verbs, shown),
			"notice_kinds": incident_residents.kinds(incident.status) if "send_notice" in verbs else [],
		},
		"tasks": shown,
		"trapped": people_in_elevators_shown.visible(now_datetime(), incident=incident.name),
		"timeline": [_entry(row) for row in entries],
		"callbacks": callbacks,
		"callbacks_count": callbacks_count,
		"notices": notices,
		"calls": telephone_calls.calls_of(incident.name) if frappe.has_permission("Trouble Call", "read") else [],
		"figures": incident_report.figures(incident.name),
	}


def verbs_anywhere() -> list[str]:
	"""Verbs that the session's user may use without an incident."""
	return offered_buttons.anywhere(permissions.roles_of())


def _about(incident: Document, around: power_and_assets.Surroundings) -> dict[str, Any]:
	level = frappe.get_cached_doc("Outage Level", incident.level)
	since = [get_datetime(row.out_since) for row in incident.affected_nodes if row.out_since]
	words = ("description", "cause_type", "cause", "planned_by", "parent_incident")
	return {
		"name": incident.name,
		"modified": str(incident.modified),
		"property": incident.property,
		"level": incident.level,
		"level_title": _(level.title),
		"colour": level.colour or "",
		"status": incident.status,
		"is_drill": bool(incident.is_drill),
		**{field: incident.get(field) or "" for field in words},
		"affected_units": incident.affected_units or 0,
		"units_out": units_out(incident, around),
		"customer_minutes": incident.customer_minutes or 0,
		"out_since": min(since, default=None),
		"minutes_out": _minutes_out(incident),
		**{field: get_datetime(incident.get(field)) if incident.get(field) else None for field in TIMES},
	}


def _minutes_out(incident: Document) -> int:
	"""From the first loss to the last return; until now while it is not restored."""
	began = [site_time.instant_of_known(row, "out_since") for row in incident.affected_nodes if row.out_since]
	ended = [site_time.instant_of_known(row, "back_at") for row in incident.affected_nodes if row.back_at]
	until = max(ended) if incident.restored_at and ended else site_time.utc_now()
	return int((until - min(began)).total_seconds() // 60) if began else 0


def units_out(incident: Document, around: power_and_assets.Surroundings) -> int:
	"""How many units are without supply now."""
	return power_topology.units_out(
		around.tree, affected_homes.units_at_node(incident, around), power_and_assets.dark_rows(incident)
	)


def _changes_waiting(entries: Sequence[dict]) -> bool:
	"""Were units or residents changed since somebody last took such changes over?"""
	kinds = [row["kind"] for row in entries if row["kind"] in ("records_changed", "changes_taken_over")]
	return "records_changed" in kinds and kinds[-1] == "records_changed"


def _etr_moves(entries: Sequence[dict]) -> int:
	from_the_start = any(row["kind"] == "declared" and row["data"].get("etr") for row in entries)
	return etr_moves((row["kind"] for row in entries), from_the_start=from_the_start)


def _gate(incident: Document, rows: Sequence[TaskRow], roles: Sequence[str]) -> dict[str, Any]:
	gate = offered_buttons.GATE_AHEAD.get(incident.status, "")
	if not gate:
		return {"gate": "", "open": [], "may_override": False}
	if gate == "close":
		closed_by = gates.blocking_close(rows)
	else:
		names = (incident.name, *nested_outages.names(incident.name)) if gate == "energise" else ()
		closed_by = gates.blocking(gate, rows, locked_off=people_in_elevators.locked_off(*names) if names else ())
	may_override = authority.GENERAL_MANAGER in roles and gates.overridable(gate, closed_by)
	return {"gate": gate, "open": describe(closed_by), "may_override": may_override}


def _report_wanted(incident: Document) -> bool:
	wanted = any(step.completes_with == "report" for step in plan_steps.steps_of_plan(incident.plan))
	return wanted and not frappe.db.exists("Outage Report", {"incident": incident.name})


def _nodes(incident: Document, around: power_and_assets.Surroundings) -> list[dict[str, Any]]:
	unit_nos = dict(
		listing.get_all(
			"Property Unit",
			filters={"name": ("in", [row.unit for row in incident.affected_nodes if row.unit])},
			fields=["name", "unit_no"],
			as_list=True,
		)
	)
	return [
		{
			"power_node": row.power_node,
			"unit": row.unit or "",
			"label": unit_nos.get(row.unit) or around.label(row.power_node),
			"out_since": row.out_since,
			"back_at": row.back_at,
			"back_source": row.back_source or "",
			"permitted_at": row.energise_permitted_at,
			"units": row.units or 0,
		}
		for row in incident.affected_nodes
	]


def _entry(row: dict) -> dict[str, Any]:
	"""A timeline entry without its raw data; `late`: written down more than a few minutes after it happened."""
	late = (get_datetime(row["recorded_at"]) - get_datetime(row["occurred_at"])).total_seconds() > 300
	return {key: row[key] for key in ("occurred_at", "recorded_at", "actor", "kind", "text", "task")} | {"late": late}
