"""One's own steps as a phone shows them: what each asks for, who is inside, what it waits for, and which is done first."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_datetime

from outage_response import listing
from outage_response.domain import gates, next_task_on_phone
from outage_response.domain.errors import spoken
from outage_response.domain.lifecycle import OPEN
from outage_response.domain.next_task_on_phone import Mine
from outage_response.domain.phone_numbers import identity
from outage_response.domain.states import CheckKind, CheckResult, EntrapmentStatus, IncidentStatus, TaskStatus
from outage_response.domain.step_definitions import Step

from ..facts import people_in_elevators, plan_steps
from ..facts.language import outcomes_of, title_of

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


def in_order(rows: list, incidents: dict, user: str, now: datetime) -> tuple[list[Mine], dict[str, dict]]:
	"""Tasks as the page shows them, by name, and the order in which they are done."""
	steps = {row.name: plan_steps.step_of(row) for row in rows}
	waiting = _waiting(rows, steps)
	inside = people_in_elevators.open_of(incidents)
	cars = _cars({row.subject for row in rows if _entrapment(row, inside)})
	checks = _checks([row.name for row in rows])
	shaped = {
		row.name: shape(row, steps[row.name], checks.get(row.name, ()), waiting.get(row.name, ()), user)
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


def read_tasks(filters: dict) -> list:
	"""Of those that the reader may see (User Permission)."""
	return frappe.get_list(
		"Outage Task", filters=filters, fields=TASK_FIELDS, order_by="subject_label asc, name asc", limit=0
	)


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


def shape(row, step: Step, checks: Sequence, waiting: Iterable[str], user: str) -> dict:
	"""A task as the page shows it; what is empty is left out by `short`."""
	assigned = frappe.parse_json(row._assign or "[]")
	confirmed = [check.result == CheckResult.CONFIRMED for check in checks if check.kind == CheckKind.CONFIRMATION]
	return short(
		{
			"name": row.name,
			"incident": row.incident,
			"what": title_of(row),
			"where": row.subject_label or row.property,
			"property": row.property,
			"status": row.status,
			"priority": row.priority,
			"due": moment(row.due_at),
			"since": moment(row.started_at),
			"by_me": row.started_by == user,
			"done_at": moment(row.completed_at),
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
			"asks": short(
				{
					**next_task_on_phone.asks(step),
					"outcomes": outcomes_of(step),
					"checks": [[word, spoken(word, _)] for word in step.checks],
					"items": [
						[check.item, check.item_label, check.result or "", check.note or ""]
						for check in checks
						if check.kind == CheckKind.ITEM
					],
				}
			),
		}
	)


def short(values: dict) -> dict:
	"""Without what is empty: a phone on a weak network reads this every few seconds. A zero is not empty: priority 0 is life."""
	return {key: value for key, value in values.items() if value is not False and value not in (None, "", [], {})}


def moment(value) -> str:
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
		"inside": short(
			{
				"name": entrapment.name,
				"people": entrapment.people or 0,
				"certain": entrapment.status == EntrapmentStatus.TRAPPED,
				"since": moment(entrapment.since),
				"floor": entrapment.floor or "",
				"conditions": [
					people_in_elevators.condition_word(key) for key in people_in_elevators.conditions(entrapment)
				],
				"claim": bool(entrapment.claim),
				"contractor_arrived": moment(entrapment.contractor_arrived_at),
				"locked_off": moment(entrapment.locked_off_at),
				"car": short(dict(cars.get(row.subject) or {})),
			}
		)
	}


def _mine(row, shaped: dict, incidents: dict, rescue: int | None) -> Mine:
	incident = incidents[row.incident]
	planned = incident.planned_start if incident.status == IncidentStatus.SCHEDULED else None
	return Mine(
		name=row.name,
		status=row.status,
		priority=row.priority,
		life_safety=bool(row.life_safety),
		held=bool(row.held_until),
		shared=bool(shaped.get("shared")) and row.status == TaskStatus.OPEN,
		waits=any(shaped.get(key) for key in ("waiting", "completes_with", "read_back")),
		due_at=get_datetime(row.due_at) if row.due_at else None,
		not_before=get_datetime(planned) if planned else None,
		rescue=rescue if row.subject_type == "Property Asset" else None,
		frees=bool(shaped.get("part") and shaped.get("inside", {}).get("certain")),
	)


def _numbers_of(user: str, now: datetime) -> set[str]:
	"""The telephones at which `user` is reached now: on shift, and their own."""
	shift = frappe.qb.DocType("Duty Shift")
	there = (shift.user == user) & (shift.starts_at <= now) & (shift.ends_at > now)
	shifts = frappe.qb.from_(shift).select(shift.phone).where(there).run(pluck=True)
	return {
		identity(number) for number in (*shifts, frappe.db.get_value("User", user, "mobile_no")) if identity(number)
	}
