"""People in elevators as screens show them: who sees to them, what was said of them last, and what the reader may do."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import frappe

from outage_response import listing, permissions
from outage_response.domain import entrapment_rules as rules
from outage_response.domain import lifecycle, offered_buttons
from outage_response.domain.states import EntrapmentStatus, TaskStatus
from outage_response.domain.step_definitions import Step

from . import building_names, plan_steps
from .people_in_elevators import ABOUT_THE_CAR, DOCTYPE, FIELDS, condition_word, conditions, sort
from .reachable_people import full_names

MOMENTS = ("since", "talked_at", "locked_off_at", "contractor_called_at", "contractor_arrived_at", "services_called_at")


def visible(now: datetime, **filters: Any) -> list[dict[str, Any]]:
	"""Entrapments that have not ended, of those the reader may see, as screens show them; the most urgent first.

	{name, incident, is_drill, property, elevator, label, building, certain, people, floor, since, conditions: [[key, words]], talked_at,
	locked_off_at, contractor_called_at, contractor_arrived_at, services_called_at, claim: what waits to be read back, claim_who,
	may_read_back, tasks: {part of the rescue: its open step}, taken: does somebody see to it, who: has the rescue in hand,
	verbs: what the reader may do, call: the call that reported them last, words: what was said last, and of the car plate_no,
	key_place, rescue_instructions, contractor_name, contractor_phone}; moments are naive site time, as text.

	Without an outage no step of a rescue can be taken: there it is taken with the call that reported them.
	"""
	if not frappe.has_permission(DOCTYPE, "read"):
		return []
	rows = frappe.get_list(
		DOCTYPE,
		filters={"status": ("in", rules.OPEN), **filters},
		fields=list(FIELDS),
		limit=0,
	)
	cars = {
		row.name: row
		for row in rows
		and listing.get_all(
			"Property Asset",
			filters={"name": ("in", sorted({row.elevator for row in rows}))},
			fields=["name", *ABOUT_THE_CAR],
		)
	}
	calls, steps, roles = _calls(rows), _steps(rows), permissions.roles_of()
	called = building_names.names(row.building for row in rows)
	for row in rows:
		row.building = called.get(row.building, "")
	reads_calls = bool(frappe.has_permission("Trouble Call", "read"))
	return [
		_shown(
			row,
			cars.get(row.elevator) or {},
			calls.get((row.incident, row.elevator), []),
			steps.get((row.incident, row.elevator), {}),
			roles,
			reads_calls=reads_calls,
		)
		for row in sort(rows, now)
	]


def _steps(rows: Sequence[frappe._dict]) -> dict[tuple[str, str], dict[str, dict[str, str]]]:
	"""(incident, elevator) -> part of the rescue -> its open step {task, status, who}; "check" is the check of the car."""
	tasks = rows and listing.get_all(
		"Outage Task",
		filters={
			"incident": ("in", sorted({row.incident for row in rows if row.incident})),
			"subject_type": "Property Asset",
			"subject": ("in", sorted({row.elevator for row in rows})),
			"status": ("in", lifecycle.OPEN),
			"plan": ("is", "set"),
		},
		fields=["name", "incident", "subject", "plan", "step_key", "status", "acknowledged_by", "started_by"],
		order_by="creation asc",
	)
	names = full_names(sorted({user for row in tasks or () for user in (row.acknowledged_by, row.started_by) if user}))
	found: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
	for row in tasks or ():
		if part := _part_of_the_rescue(plan_steps.step_of(row)):
			who = row.started_by or row.acknowledged_by
			found.setdefault((row.incident, row.subject), {})[part] = {
				"task": row.name,
				"status": row.status,
				"who": names.get(who, who or ""),
			}
	return found


def _part_of_the_rescue(step: Step) -> str:
	return step.rescue_part or ("check" if step.means(rules.TRAPPED) else "")


def _shown(
	row: frappe._dict,
	car: Mapping[str, Any],
	calls: Sequence[frappe._dict],
	steps: Mapping[str, Mapping[str, str]],
	roles: Collection[str],
	*,
	reads_calls: bool,
) -> dict[str, Any]:
	taken, who = _in_hand(steps) if row.incident else _in_hand_by_call(calls)
	calls = calls if reads_calls else ()
	may_read_back = bool(row.claim) and frappe.session.user not in (row.claim_by, row.claim_user)
	return {
		**_on_record(row),
		"may_read_back": may_read_back,
		"tasks": {part: one["task"] for part, one in steps.items()},
		"taken": taken,
		"who": who,
		"verbs": offered_buttons.entrapment_verbs(
			roles,
			in_outage=bool(row.incident),
			taken=taken,
			parts=list(steps),
			may_read_back=may_read_back,
			called=bool(calls),
		),
		"call": calls[-1].name if calls else "",
		"words": next((call.words[:140] for call in reversed(calls) if call.words), ""),
		**{field: car.get(field) or "" for field in ABOUT_THE_CAR},
	}


def _in_hand(steps: Mapping[str, Mapping[str, str]]) -> tuple[bool, str]:
	"""Does somebody see to the rescue, and who has it in hand: by its steps."""
	own = steps.get(rules.RELEASE) or steps.get(rules.LOCK_OFF) or {}
	parts = [one for part, one in steps.items() if part in (rules.RELEASE, rules.LOCK_OFF)]
	return any(one["status"] != TaskStatus.OPEN for one in parts), own.get("who", "")


def _in_hand_by_call(calls: Sequence[frappe._dict]) -> tuple[bool, str]:
	"""The same where no outage runs: by the first call about them that somebody has taken."""
	taken = next((call for call in calls if call.taken_by), None)
	return bool(taken), taken.taken_by_name if taken else ""


def _on_record(row: frappe._dict) -> dict[str, Any]:
	return {
		"name": row.name,
		"incident": row.incident or "",
		"is_drill": row.is_drill,
		"property": row.property,
		"elevator": row.elevator,
		"label": row.elevator_label,
		"building": row.building or "",
		"certain": row.status == EntrapmentStatus.TRAPPED,
		"people": row.people or 0,
		"floor": row.floor or "",
		"conditions": [[key, condition_word(key)] for key in conditions(row)],
		**{field: str(row[field] or "")[:19] for field in MOMENTS},
		"claim": row.claim or "",
		"claim_who": row.claim_who or "",
	}


def _calls(rows: Sequence[frappe._dict]) -> dict[tuple[str | None, str], list[frappe._dict]]:
	"""(incident, elevator) -> the calls that report these people, the first one first."""
	since = {(row.incident, row.elevator): row.since for row in rows}
	found: dict[tuple[str | None, str], list[frappe._dict]] = {}
	if not rows:
		return found
	table, user = frappe.qb.DocType("Trouble Call"), frappe.qb.DocType("User")
	calls = (
		frappe.qb.from_(table)
		.left_join(user)
		.on(user.name == table.taken_by)
		.select(table.name, table.incident, table.elevator, table.words, table.said_at, table.taken_by)
		.select(user.full_name.as_("taken_by_name"))
		.where(table.elevator.isin(sorted({row.elevator for row in rows})))
		.where(table.said_at >= min(row.since for row in rows))
		.orderby(table.said_at)
		.orderby(table.name)
	).run(as_dict=True)
	for call in calls:
		first = since.get((call.incident, call.elevator))
		if first and call.said_at >= first:
			found.setdefault((call.incident, call.elevator), []).append(call)
	return found
