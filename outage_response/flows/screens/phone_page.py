"""What a phone shows of one's own tasks, read in a fixed number of queries."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.query_builder.functions import Max
from frappe.utils import now_datetime

from outage_response import listing, permissions
from outage_response.domain import authority, lifecycle, next_task_on_phone
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain.lifecycle import LIVE, OPEN, TASK_VERBS
from outage_response.domain.phone_numbers import identity
from outage_response.domain.states import TaskStatus

from ..facts import outage_in_words, plan_steps, power_and_assets, step_context
from ..facts.language import outcome_word, title_of
from ..paging import standstill
from ..verb import refusals
from .steps_on_phone import in_order, moment, read_tasks, shape, short

# an outage that ended is told of for so long, to people who come off their posts
ENDED_HOURS = 12
PHONE_VERBS = ("acknowledge", "arrive", "complete", "relieve", "move", "withdraw", "add_evidence", "correct_outcome")
INCIDENT_FIELDS = [
	"name",
	"property",
	"level",
	"status",
	"is_drill",
	"etr",
	"planned_start",
	"planned_end",
	"restored_at",
	"stood_down_at",
	"closed_at",
]


def my_tasks(user: str) -> dict:
	"""Everything that the page of `user` shows.

	{"now", "user", "full_name", "tasks": [...most urgent first], "owed": [...], "said": outcomes of mine that may be corrected,
	"incidents": {name: ...}, "elevators": {incident: [[name, label, building]]} for people trapped, "phones": [...], "colleagues": {task: [...]}, "posts": {task: [...]}, "verbs": {verb: [states]}, "command_centre", "alarm": see `standstill.alarm`, "shift_ends"}
	"""
	roles = permissions.roles_of(user)
	with refusals.translated():
		authority.require_staff(roles)
	now = now_datetime()
	given = frappe.get_all(
		"ToDo",
		filters={"allocated_to": user, "reference_type": "Outage Task", "status": "Open"},
		pluck="reference_name",
		distinct=True,
	)
	rows = read_tasks({"name": ("in", given), "status": ("in", OPEN)}) if given else []
	owed = read_tasks({"completed_by": user, "evidence_pending": 1, "status": TaskStatus.DONE})
	incidents = _incidents(now, {row.incident for row in (*rows, *owed)})
	rows = [row for row in rows if row.incident in incidents]
	order, shaped = in_order(rows, incidents, user, now)
	held = [row for row in rows if row.held_until]
	return {
		"now": str(now),
		"user": user,
		"full_name": frappe.utils.get_fullname(user),
		"tasks": [
			shaped[one.name] | ({"later": True} if next_task_on_phone.is_for_later(one, now) else {}) for one in order
		],
		"owed": [shape(row, plan_steps.step_of(row), (), (), user) for row in owed if row.incident in incidents],
		"said": _said(user, incidents, now),
		"incidents": {name: _incident(doc) for name, doc in incidents.items()},
		"elevators": _elevators(incidents),
		"phones": _phones({row.property for row in (*rows, *incidents.values())}),
		"colleagues": _colleagues(held, user, now),
		"posts": _posts(held),
		"verbs": {verb: TASK_VERBS[verb] for verb in PHONE_VERBS},
		"command_centre": "/app/outage-command-centre" if authority.commands(roles) else "",
		"alarm": standstill.alarm(),
		"shift_ends": _shift_ends(user, now),
	}


def steps_in(incident: str, user: str) -> list[dict]:
	"""The open steps of one incident that `user` may complete, each as in `my_tasks` and in that order; in a fixed number of
	queries. None for whoever may read no steps."""
	if not frappe.has_permission("Outage Task", "read", user=user):
		return []
	now, roles = now_datetime(), permissions.roles_of(user)
	rows = [
		row
		for row in read_tasks({"incident": incident, "status": ("in", OPEN)})
		if authority.may_task(
			"complete",
			roles,
			authority.own_role(frappe.get_cached_doc("Response Department", row.department)),
			row.assigned_role or "",
		)
	]
	incidents = _incidents(now, [incident]) if rows else {}
	if incident not in incidents:
		return []
	order, shaped = in_order(rows, incidents, user, now)
	return [shaped[one.name] for one in order]


def _shift_ends(user: str, now: datetime) -> str:
	"""When the shift that `user` is on ends; "" for somebody who is on none. Then the phone, which others carry next, forgets what
	was typed and taken on it."""
	shift = frappe.qb.DocType("Duty Shift")
	there = (shift.user == user) & (shift.starts_at <= now) & (shift.ends_at > now)
	ends = frappe.qb.from_(shift).select(Max(shift.ends_at)).where(there).run(pluck=True)
	return str(ends[0]) if ends and ends[0] else ""


def digest(data: dict) -> str:
	"""A word that changes when the page would look different; the clock alone does not change it."""
	return hashlib.sha1(
		frappe.as_json({key: value for key, value in data.items() if key != "now"}, indent=None).encode()
	).hexdigest()


def _incidents(now: datetime, named: Collection[str]) -> dict:
	"""Those that run, those that ended lately, and those that tasks belong to."""
	incident = frappe.qb.DocType("Outage Incident")
	shown = frappe.qb.from_(incident).select(incident.name)
	lately = incident.closed_at > now - timedelta(hours=ENDED_HOURS)
	names = {
		*named,
		*shown.where(incident.status.isin(LIVE)).run(pluck=True),
		*shown.where(lately).run(pluck=True),
	}
	rows = listing.get_list(
		"Outage Incident",
		filters={"name": ("in", names)},
		fields=INCIDENT_FIELDS,
		order_by="reported_at asc, name asc",
		limit=0,
	)
	return {row.name: row for row in rows}


def _said(user: str, incidents: dict, now: datetime) -> list[dict]:
	"""Outcomes that `user` gave of elevators in outages that run, the newest first: that people are inside after all is said
	with one touch."""
	running = [name for name, doc in incidents.items() if doc.status not in lifecycle.ENDED]
	if not running:
		return []
	rows = listing.get_all(
		"Outage Task",
		filters={
			"incident": ("in", running),
			"completed_by": user,
			"status": TaskStatus.DONE,
			"subject_type": "Property Asset",
			"outcome": ("is", "set"),
			"plan": ("is", "set"),
			"completed_at": (">", now - timedelta(hours=ENDED_HOURS)),
		},
		fields=[
			"name",
			"incident",
			"title",
			"title_zh",
			"subject_label",
			"outcome",
			"completed_at",
			"plan",
			"step_key",
		],
		order_by="completed_at desc, name asc",
	)
	return [
		short(
			{
				"name": row.name,
				"incident": row.incident,
				"what": title_of(row),
				"where": row.subject_label or "",
				"outcome": row.outcome,
				"said": outcome_word(plan_steps.step_of(row), row.outcome),
				"at": moment(row.completed_at),
				"trapped": rescues.may_be_inside(plan_steps.step_of(row), row.outcome),
			}
		)
		for row in rows
		if plan_steps.step_of(row).per == "elevator"
	]


def _elevators(incidents: dict) -> dict[str, list[list[str]]]:
	"""incident -> [name, label, building] of the elevators in which people may be reported."""
	open_to_it = [name for name, doc in incidents.items() if doc.status in lifecycle.INCIDENT_VERBS["report_trapped"]]
	if not open_to_it:
		return {}
	nodes = listing.get_all(
		"Outage Affected Node",
		filters={"parent": ("in", open_to_it), "parenttype": "Outage Incident"},
		fields=["parent", "power_node", "unit"],
	)
	around = {name: power_and_assets.read(name) for name in {incidents[one].property for one in open_to_it}}
	found = {}
	for name in open_to_it:
		place = around[incidents[name].property]
		affected = frappe._dict(affected_nodes=[row for row in nodes if row.parent == name])
		buildings = {asset.name: place.building_name(asset.building) for asset in place.assets}
		found[name] = sorted(
			([one.name, one.label, buildings[one.name]] for one in step_context.elevators(affected, place)),
			key=lambda row: rescues.natural(row[1]),
		)
	return {name: rows for name, rows in found.items() if rows}


def _incident(doc) -> dict:
	return short(
		{
			"property": doc.property,
			"level": doc.level,
			"status": doc.status,
			"headline": outage_in_words.headline(doc),
			"drill": bool(doc.is_drill),
			"stood_down": moment(doc.stood_down_at),
			"closed": moment(doc.closed_at),
		}
	)


def _phones(properties: Collection[str]) -> list[list[str]]:
	"""[who, number] of the departments and of the power suppliers of these properties; each number once."""
	departments = frappe.get_all(
		"Response Department",
		filters={"phone": ("!=", "")},
		fields=["department_name", "phone"],
		order_by="is_external asc, creation asc",
	)
	hotlines = (
		listing.get_all(
			"Managed Property",
			filters={"name": ("in", list(properties)), "supplier_hotline": ("!=", "")},
			fields=["name", "supplier_hotline"],
		)
		if properties
		else []
	)
	found = [
		*([_(row.department_name), row.phone] for row in departments),
		*([_("Power supplier of {0}").format(row.name), row.supplier_hotline] for row in hotlines),
	]
	once: dict[str, list[str]] = {}
	for who, number in found:
		once.setdefault(identity(number), [who, number])
	return list(once.values())


def _colleagues(held: Sequence, user: str, now: datetime) -> dict[str, list[list[str]]]:
	"""Who can take over a post: post -> [[user, name]] of the people on duty there in the same department."""
	if not held:
		return {}
	shift, person = frappe.qb.DocType("Duty Shift"), frappe.qb.DocType("User")
	found = (
		frappe.qb.from_(shift)
		.join(person)
		.on(person.name == shift.user)
		.select(shift.property, shift.department, person.name, person.full_name)
		.where(shift.property.isin({row.property for row in held}))
		.where((shift.starts_at <= now) & (shift.ends_at > now) & (person.enabled == 1) & (person.name != user))
		.orderby(person.full_name)
		.distinct()
	).run(as_dict=True)
	return {
		row.name: [
			[one.name, one.full_name]
			for one in found
			if (one.property, one.department) == (row.property, row.department)
		]
		for row in held
	}


def _posts(held: Sequence) -> dict[str, list[list[str]]]:
	"""Where somebody on post can be moved to: post -> [[task, where]] of the same incident's posts without a guard."""
	standing = [row for row in held if row.status == TaskStatus.ON_POST]
	if not standing:
		return {}
	free = listing.get_all(
		"Outage Task",
		filters={
			"incident": ("in", {row.incident for row in standing}),
			"held_until": ("!=", ""),
			"status": ("in", TASK_VERBS["arrive"]),
		},
		fields=["name", "incident", "department", "subject_label", "property"],
		order_by="priority asc, subject_label asc, name asc",
	)
	return {
		row.name: [
			[one.name, one.subject_label or one.property]
			for one in free
			if (one.incident, one.department) == (row.incident, row.department)
		]
		for row in standing
	}
