"""What a phone shows of one's own tasks, read in a fixed number of queries, and the photo that goes with one."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.query_builder.functions import Max
from frappe.utils import get_datetime, now_datetime

from outage_response import listing, permissions
from outage_response.domain import authority, gates, lifecycle, next_task_on_phone
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain.errors import spoken
from outage_response.domain.lifecycle import LIVE, OPEN, TASK_VERBS
from outage_response.domain.next_task_on_phone import Mine
from outage_response.domain.phone_numbers import identity
from outage_response.domain.step_definitions import Step

from ..facts import outage_in_words, people_in_elevators, plan_steps, power_and_assets, step_context
from ..facts.language import outcome_word, outcomes_of, title_of
from ..paging import standstill
from ..verb import refusals

# an outage that ended is told of for so long, to people who come off their posts
ENDED_HOURS = 12
PHONE_VERBS = ("acknowledge", "arrive", "complete", "relieve", "move", "withdraw", "add_evidence", "correct_outcome")
TASK_FIELDS = [
	"name",
	"incident",
	"property",
	"title",
	"title_zh",
	"subject_type",
	"subject",
	"subject_label",
	"status",
	"department",
	"assigned_role",
	"phone",
	"priority",
	"due_at",
	"acknowledged_at",
	"started_at",
	"started_by",
	"completed_at",
	"plan",
	"step_key",
	"life_safety",
	"held_until",
	"completes_with",
	"optional",
	"evidence_pending",
	"_assign",
]
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
	rows = _tasks({"name": ("in", given), "status": ("in", OPEN)}) if given else []
	owed = _tasks({"completed_by": user, "evidence_pending": 1, "status": "Done"})
	incidents = _incidents(now, {row.incident for row in (*rows, *owed)})
	rows = [row for row in rows if row.incident in incidents]
	order, shaped = _in_order(rows, incidents, user, now)
	held = [row for row in rows if row.held_until]
	return {
		"now": str(now),
		"user": user,
		"full_name": frappe.utils.get_fullname(user),
		"tasks": [
			shaped[one.name] | ({"later": True} if next_task_on_phone.is_for_later(one, now) else {}) for one in order
		],
		"owed": [_shape(row, plan_steps.step_of(row), (), (), user) for row in owed if row.incident in incidents],
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
		for row in _tasks({"incident": incident, "status": ("in", OPEN)})
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
	order, shaped = _in_order(rows, incidents, user, now)
	return [shaped[one.name] for one in order]


def _in_order(rows: list, incidents: dict, user: str, now: datetime) -> tuple[list[Mine], dict[str, dict]]:
	"""Tasks as the page shows them, by name, and the order in which they are done."""
	steps = {row.name: plan_steps.step_of(row) for row in rows}
	waiting = _waiting(rows, steps)
	inside = people_in_elevators.open_of(incidents)
	cars = _cars({row.subject for row in rows if _entrapment(row, inside)})
	checks = _checks([row.name for row in rows])
	shaped = {
		row.name: _shape(row, steps[row.name], checks.get(row.name, ()), waiting.get(row.name, ()), user)
		| _people(row, _entrapment(row, inside), cars)
		for row in rows
	}
	own = _numbers_of(user, now)
	for task in shaped.values():
		if identity(task.get("phone")) in own:
			del task["phone"]  # nobody phones themselves
	places = {key: place for place, key in enumerate(_in_order_of_rescue(inside, now))}
	order = next_task_on_phone.in_order(
		[_mine(row, shaped[row.name], incidents, places.get((row.incident, row.subject))) for row in rows], now
	)
	return order, shaped


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


def _tasks(filters: dict) -> list:
	"""Of those that the reader may see (User Permission)."""
	return frappe.get_list(
		"Outage Task", filters=filters, fields=TASK_FIELDS, order_by="subject_label asc, name asc", limit=0
	)


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


def _waiting(rows: Sequence, steps: dict[str, Step]) -> dict[str, list[str]]:
	"""task -> titles of the earlier steps that are open."""
	after = {row.name: steps[row.name].after for row in rows if steps[row.name].after}
	if not after:
		return {}
	earlier = listing.get_all(
		"Outage Task",
		filters={
			"incident": ("in", {row.incident for row in rows}),
			"step_key": ("in", {key for keys in after.values() for key in keys}),
			"status": ("in", OPEN),
		},
		fields=["incident", "step_key", "status", "title", "title_zh", "subject_type", "subject", "subject_label"],
		order_by="name asc",
	)
	return {
		row.name: [
			title_of(one) for one in gates.waits_for(steps[row.name], row, earlier) if one.incident == row.incident
		]
		for row in rows
		if row.name in after
	}


def _checks(tasks: Sequence[str]) -> dict[str, list]:
	found = defaultdict(list)
	if tasks:
		for row in listing.get_all(
			"Outage Task Check",
			filters={"parent": ("in", tasks), "parenttype": "Outage Task"},
			fields=["parent", "kind", "item", "item_label", "result", "note", "read_back_at"],
			order_by="idx asc",
		):
			found[row.parent].append(row)
	return found


def _shape(row, step: Step, checks: Sequence, waiting: Iterable[str], user: str) -> dict:
	"""A task as the page shows it; what is empty is left out by `_short`."""
	assigned = frappe.parse_json(row._assign or "[]")
	confirmed = [check.result == "Confirmed" for check in checks if check.kind == "Confirmation"]
	return _short(
		{
			"name": row.name,
			"incident": row.incident,
			"what": title_of(row),
			"where": row.subject_label or row.property,
			"property": row.property,
			"status": row.status,
			"priority": row.priority,
			"due": _moment(row.due_at),
			"since": _moment(row.started_at),
			"by_me": row.started_by == user,
			"done_at": _moment(row.completed_at),
			"phone": row.phone,
			"life_safety": bool(row.life_safety),
			"optional": bool(row.optional),
			"part": step.rescue_part,
			"elevator": step.per == "elevator",
			"held": bool(row.held_until),
			"shared": len(assigned) > 1,
			"completes_with": row.completes_with if row.completes_with in ("callbacks", "report") else "",
			"read_back": next_task_on_phone.awaits_read_back(step, row.status, confirmed),
			"waiting": list(waiting),
			"asks": _short(
				{
					**next_task_on_phone.asks(step),
					"outcomes": outcomes_of(step),
					"checks": [[word, spoken(word, _)] for word in step.checks],
					"items": [
						[check.item, check.item_label, check.result or "", check.note or ""]
						for check in checks
						if check.kind == "Item"
					],
				}
			),
		}
	)


def _short(values: dict) -> dict:
	"""Without what is empty: a phone on a weak network reads this every few seconds. A zero is not empty: priority 0 is life."""
	return {key: value for key, value in values.items() if value is not False and value not in (None, "", [], {})}


def _moment(value) -> str:
	return str(get_datetime(value).replace(microsecond=0)) if value else ""


def _entrapment(row, inside: dict) -> frappe._dict | None:
	return inside.get((row.incident, row.subject)) if row.subject_type == "Property Asset" else None


def _in_order_of_rescue(inside: dict, now: datetime) -> list[tuple[str, str]]:
	return [(row.incident, row.elevator) for row in people_in_elevators.sort(list(inside.values()), now)]


def _cars(elevators: Collection[str]) -> dict[str, dict]:
	"""What is on record of elevators: whoever stands before one needs it."""
	if not elevators:
		return {}
	fields = ["name", *people_in_elevators.ABOUT_THE_CAR]
	rows = listing.get_all("Property Asset", filters={"name": ("in", sorted(elevators))}, fields=fields)
	return {row.pop("name"): row for row in rows}


def _people(row, entrapment: frappe._dict | None, cars: dict[str, dict]) -> dict[str, Any]:
	"""Who is in the elevator of a task, and what its rescuer needs to know of it."""
	if not entrapment:
		return {}
	return {
		"inside": _short(
			{
				"name": entrapment.name,
				"people": entrapment.people or 0,
				"certain": entrapment.status == rescues.INSIDE,
				"since": _moment(entrapment.since),
				"floor": entrapment.floor or "",
				"conditions": [
					people_in_elevators.condition_word(key) for key in people_in_elevators.conditions(entrapment)
				],
				"claim": bool(entrapment.claim),
				"contractor_arrived": _moment(entrapment.contractor_arrived_at),
				"locked_off": _moment(entrapment.locked_off_at),
				"car": _short(dict(cars.get(row.subject) or {})),
			}
		)
	}


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
			"status": "Done",
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
		_short(
			{
				"name": row.name,
				"incident": row.incident,
				"what": title_of(row),
				"where": row.subject_label or "",
				"outcome": row.outcome,
				"said": outcome_word(plan_steps.step_of(row), row.outcome),
				"at": _moment(row.completed_at),
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


def _mine(row, shaped: dict, incidents: dict, rescue: int | None) -> Mine:
	incident = incidents[row.incident]
	planned = incident.planned_start if incident.status == "Scheduled" else None
	return Mine(
		name=row.name,
		status=row.status,
		priority=row.priority,
		life_safety=bool(row.life_safety),
		held=bool(row.held_until),
		shared=bool(shaped.get("shared")) and row.status == "Open",
		waits=any(shaped.get(key) for key in ("waiting", "completes_with", "read_back")),
		due_at=get_datetime(row.due_at) if row.due_at else None,
		not_before=get_datetime(planned) if planned else None,
		rescue=rescue if row.subject_type == "Property Asset" else None,
		frees=bool(shaped.get("part") and shaped.get("inside", {}).get("certain")),
	)


def _incident(doc) -> dict:
	return _short(
		{
			"property": doc.property,
			"level": doc.level,
			"status": doc.status,
			"headline": outage_in_words.headline(doc),
			"drill": bool(doc.is_drill),
			"stood_down": _moment(doc.stood_down_at),
			"closed": _moment(doc.closed_at),
		}
	)


def _numbers_of(user: str, now: datetime) -> set[str]:
	"""The telephones at which `user` is reached now: on shift, and their own."""
	shift = frappe.qb.DocType("Duty Shift")
	there = (shift.user == user) & (shift.starts_at <= now) & (shift.ends_at > now)
	shifts = frappe.qb.from_(shift).select(shift.phone).where(there).run(pluck=True)
	return {
		identity(number) for number in (*shifts, frappe.db.get_value("User", user, "mobile_no")) if identity(number)
	}


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
	standing = [row for row in held if row.status == "On Post"]
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
