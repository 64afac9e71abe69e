"""One incident as its screens show it: where it stands, what this person may do now, what keeps the next gate closed.

Reads only. What is allowed is asked of the rules (`domain/offered_buttons.py`), so no screen knows a rule of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import listing, permissions
from outage_response.domain import authority, gates, lifecycle, next_task_on_phone, offered_buttons, power_topology
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain.command_centre_rules import etr_moves
from outage_response.domain.errors import spoken
from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.plan_expansion import Subject

from ..facts import (
	affected_homes,
	nested_outages,
	outage_levels,
	people_in_elevators,
	plan_steps,
	power_and_assets,
	site_time,
	step_context,
	who_is_on_duty,
)
from ..facts.language import outcome_word, outcomes_of, title_of
from ..facts.reachable_people import full_names
from ..incident import incident_report
from ..tasks import task_set
from ..trouble import telephone_calls
from ..verb import timeline
from ..verb.refusals import describe
from . import incident_residents

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
TASK_FIELDS = [
	"name",
	"title",
	"title_zh",
	"phase",
	"phone",
	"_assign",
	"acknowledged_at",
	"acknowledged_by",
	"started_at",
	"started_by",
	"completed_by",
	"recorded_at",
	"evidence",
	"photo",
	"reason",
]


def get(incident_name: str) -> dict[str, Any]:
	"""Everything an incident's screen needs, in one answer for the session's user.

	now         site time of this answer (clocks count from it)
	incident    fields, `level_title`, `colour`, `out_since`, `minutes_out`, `units_out`, `etr_moves`
	gate        {"gate", "open": rows as `engine.describe` lists them, "may_override"}: what comes next, what keeps it closed,
	            whether this user may pass over that with a reason
	verbs       the incident's verbs for this user now; `leads_on` the one that takes it further
	nodes       affected nodes: `power_node`, `unit`, `label`, `out_since`, `back_at`, `permitted_at`, `units`
	choices     what dialogs offer: levels, cause types, nodes, elevators, posts, people by role
	tasks       see `task_rows`
	trapped     people in elevators, see `people_in_elevators.visible`
	timeline, calls, figures
	callbacks   the first of them, `callbacks_count` how many there are; notices: see `flows/screens/incident_residents.py`
	"""
	incident = frappe.get_doc("Outage Incident", incident_name)
	around = power_and_assets.read(incident.property)
	rows = task_set.load(incident.name)
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
		"gate": _gate(incident, task_set.load_switched(incident, around) if shares else rows, roles),
		"verbs": verbs,
		"leads_on": offered_buttons.leads_on(incident.status, verbs),
		"nodes": _nodes(incident, around),
		"choices": {
			**_choices(incident, around, posts, verbs, shown),
			"notice_kinds": incident_residents.kinds(incident.status) if "send_notice" in verbs else [],
		},
		"tasks": shown,
		"trapped": people_in_elevators.visible(now_datetime(), incident=incident.name),
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
	began = [site_time.instant_of_known(row, "out_since") for row in incident.affected_nodes if row.out_since]
	ended = [site_time.instant_of_known(row, "back_at") for row in incident.affected_nodes if row.back_at]
	until = max(ended) if incident.restored_at and ended else site_time.utc_now()
	return {
		"name": incident.name,
		"modified": str(incident.modified),
		"property": incident.property,
		"level": incident.level,
		"level_title": _(level.title),
		"colour": level.colour or "",
		"status": incident.status,
		"is_drill": bool(incident.is_drill),
		"description": incident.description or "",
		"cause_type": incident.cause_type or "",
		"cause": incident.cause or "",
		"planned_by": incident.planned_by or "",
		"parent_incident": incident.parent_incident or "",
		"affected_units": incident.affected_units or 0,
		"units_out": units_out(incident, around),
		"customer_minutes": incident.customer_minutes or 0,
		"out_since": min(since, default=None),
		"minutes_out": int((until - min(began)).total_seconds() // 60) if began else 0,
		**{field: get_datetime(incident.get(field)) if incident.get(field) else None for field in TIMES},
	}


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


# ---------------------------------------------------------------- tasks


def task_rows(incident: Document, rows: Sequence[TaskRow], roles: Sequence[str]) -> list[dict[str, Any]]:
	"""Tasks as screens show them, in the order of `rows`.

	Each: name, step, title, where, status, priority, phase, department, with (names), role (who can take it over), phone,
	due_at, stopped_at (when its clock stopped), life_safety, optional, held, stood_in_for (nobody of its people is on duty),
	gate, verbs, outcomes as [key, label, meaning], checks as [key, label], items as [item, label, result, note], asks_for (evidence), may_follow
	(later), rescue_part, elevator (is it about one), corrections (what its outcome may be corrected to), second_person (those of
	them that wait for a read-back), given, photo, owed, to_read_back, waits_for (titles), outcome, reason, at and by.
	"""
	more = {
		row.name: row for row in frappe.get_all("Outage Task", filters={"incident": incident.name}, fields=TASK_FIELDS)
	}
	assigned = {row.name: frappe.parse_json(row._assign or "[]") for row in more.values()}
	names = full_names(
		{user for users in assigned.values() for user in users} | {r.completed_by for r in more.values()}
	)
	departments = {
		row.name: row
		for row in frappe.get_all("Response Department", fields=["name", "department_name", "role", "is_external"])
	}
	checks = _checks([row.name for row in rows if row.is_open])
	asleep = who_is_on_duty.unmanned(incident.property, departments, now_datetime())

	found = []
	for task in rows:
		row, step = more[task.name], plan_steps.step_of(task)
		department = departments[task.department]
		own_role = authority.own_role(department)
		given_by = next((c.checked_by for c in checks[task.name] if c.kind == "Confirmation" and c.result), "")
		reader = departments.get(step.read_back_by)
		earlier = gates.waits_for(step, task, rows) if task.is_open else []
		found.append(
			{
				"name": task.name,
				"step": task.step_key,
				"title": title_of(row),
				"where": task.subject_label or "",
				"status": task.status,
				"is_open": task.is_open,
				"priority": task.priority,
				"phase": row.phase or "",
				"department": task.department,
				"department_name": _(department.department_name),
				"with": [names.get(user, user) for user in assigned[task.name]],
				"mine": frappe.session.user in assigned[task.name],
				"role": task.assigned_role or own_role,
				"phone": row.phone or "",
				"due_at": task.due_at,
				"stopped_at": row.started_at if task.held_until else task.completed_at,
				"life_safety": task.life_safety,
				"optional": task.optional,
				"held": bool(task.held_until),
				"stood_in_for": task.department in asleep
				and not authority.may_task("arrive", roles, own_role, task.assigned_role),
				"gate": task.gate,
				"round": task.round,
				"verbs": offered_buttons.task_verbs(
					task,
					step,
					roles,
					own_role,
					(reader.role or "") if reader else "",
					confirmed_by=given_by,
					user=frappe.session.user,
					stands_there=row.started_by == frappe.session.user,
					unmanned=task.department in asleep,
					ended=incident.status in lifecycle.ENDED,
				),
				"rescue_part": step.rescue_part,
				"elevator": step.per == "elevator",
				"outcomes": outcomes_of(step),
				"corrections": [
					[key, outcome_word(step, key), step.meaning(key)]
					for key in rescues.corrections(step)
					if key != task.outcome
				]
				if task.status == "Done" and task.outcome
				else [],
				"second_person": [
					key
					for key in rescues.corrections(step)
					if rescues.needs_second_person(step, task.outcome or "", key)
				],
				"checks": [[key, spoken(key, _)] for key in step.checks],
				"items": [
					[check.item, check.item_label, check.result or "", check.note or ""]
					for check in checks[task.name]
					if check.kind == "Item"
				],
				"asks_for": step.evidence,
				"may_follow": next_task_on_phone.asks(step)["later"],
				"given": row.evidence or "",
				"photo": row.photo or "",
				"owed": task.evidence_pending,
				"to_read_back": bool(task.is_open and reader and given_by),
				"waits_for": [f"{title_of(more[other.name])} {other.subject_label or ''}".strip() for other in earlier],
				"outcome": outcome_word(step, task.outcome),
				"reason": row.reason or "",
				"at": task.completed_at or row.started_at or row.acknowledged_at,
				"recorded_at": row.recorded_at,
				"by": names.get(row.completed_by, row.completed_by or ""),
			}
		)
	return found


def _checks(open_tasks: Sequence[str]) -> dict[str, list]:
	found: dict[str, list] = defaultdict(list)
	for row in listing.get_all(
		"Outage Task Check",
		filters={"parent": ("in", open_tasks), "parenttype": "Outage Task"},
		fields=["parent", "kind", "item", "item_label", "result", "note", "checked_by"],
		order_by="parent asc, idx asc",
	):
		found[row.parent].append(row)
	return found


# ---------------------------------------------------------------- what dialogs offer


def _choices(
	incident: Document,
	around: power_and_assets.Surroundings,
	posts: Sequence[TaskRow],
	verbs: Sequence[str],
	shown: Sequence[dict[str, Any]],
) -> dict[str, Any]:
	elevators = step_context.elevators(incident, around) if "report_trapped" in verbs else ()
	hands_over = {"reassign", "relieve", "acknowledge_for", "complete_for"} & {
		verb for row in shown for verb in row["verbs"]
	}
	return {
		# nothing becomes planned afterwards
		"levels": [
			[row.name, row.title]
			for row in outage_levels.with_plan()
			if row.kind != lifecycle.PLANNED or row.name == incident.level
		],
		"cause_types": [
			[option, _(option)] for option in incident.meta.get_field("cause_type").options.split("\n") if option
		],
		"tree": _tree(incident, around) if "extend_scope" in verbs else [],
		"inside": _inside(incident, around) if "supply_back" in verbs else [],
		"elevators": [[subject.name, subject.label] for subject in in_counting_order(elevators)],
		"elevator_buildings": _buildings(elevators, around),
		"posts": [[task.subject, task.subject_label, task.status] for task in posts],
		"people": _people(incident) if hands_over else {},
	}


def _buildings(elevators: Iterable[Subject], around: power_and_assets.Surroundings) -> list[str]:
	"""Buildings of these elevators, "" for those without one: where nobody knows in which of them people are."""
	names = {subject.name for subject in elevators}
	return sorted({around.building_name(asset.building) for asset in around.assets if asset.name in names})


def in_counting_order(elevators: Iterable[Subject]) -> list[Subject]:
	return sorted(elevators, key=lambda subject: rescues.natural(subject.label))


def _tree(incident: Document, around: power_and_assets.Surroundings) -> list[list[str]]:
	"""[node, name with the way to it] of nodes that have no line of their own yet."""
	named = {row.power_node for row in incident.affected_nodes if not row.back_at and not row.unit}
	return [[node, _path(node, around)] for node in around.node_rows if node not in named]


def _inside(incident: Document, around: power_and_assets.Surroundings) -> list[list[str]]:
	"""The same of nodes at which supply can come back: those that are out, and what hangs on them."""
	dark = power_and_assets.dark_rows(incident)
	return [
		[node, _path(node, around)]
		for node in around.node_rows
		if power_topology.is_out(around.tree.path(node), "", dark)
	]


def _path(node: str, around: power_and_assets.Surroundings) -> str:
	return " / ".join(around.label(above) for above in reversed(around.tree.path(node)))


def _people(incident: Document) -> dict[str, list[dict[str, Any]]]:
	"""role -> people who can take a task over: `user`, `full_name`, `on_duty`; those on duty first."""
	roster = who_is_on_duty.roster(incident.property, now_datetime(), who_is_on_duty.departments())
	on_duty = {person.user for person in roster.on_duty if person.user}
	names = full_names({user for users in roster.everybody.values() for user in users})
	return {
		role: sorted(
			({"user": user, "full_name": names.get(user, user), "on_duty": user in on_duty} for user in users),
			key=lambda person: (not person["on_duty"], person["full_name"]),
		)
		for role, users in roster.everybody.items()
	}


# ---------------------------------------------------------------- the record


def _entry(row: dict) -> dict[str, Any]:
	"""A timeline entry without its raw data; `late`: written down more than a few minutes after it happened."""
	late = (get_datetime(row["recorded_at"]) - get_datetime(row["occurred_at"])).total_seconds() > 300
	return {key: row[key] for key in ("occurred_at", "recorded_at", "actor", "kind", "text", "task")} | {"late": late}
