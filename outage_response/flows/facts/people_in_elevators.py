"""People in elevators as the record has them: read for the rules and for every screen, in a fixed number of queries."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.query_builder.functions import Coalesce
from frappe.utils import get_datetime, getdate

from outage_response import bulk, listing, locks
from outage_response.domain import entrapment_rules as rules
from outage_response.domain.entrapment_rules import Entrapment
from outage_response.domain.states import EntrapmentStatus
from outage_response.domain.step_definitions import Step

from . import rescue_certificates, site_time

DOCTYPE = "Elevator Entrapment"
FIELDS = (
	"name",
	"incident",
	"property",
	"building",
	"elevator",
	"elevator_label",
	"status",
	"people",
	"floor",
	"since",
	"since_utc",
	"asked_at",
	"urgent_at",
	*rules.CONDITIONS,
	"talked_at",
	"locked_off_at",
	"contractor_called_at",
	"contractor_arrived_at",
	"services_called_at",
	"ended_at",
	"ended_at_utc",
	"how_ended",
	"released",
	"injured",
	"claim",
	"claim_people",
	"claim_who",
	"claim_by",
	"claim_user",
)
# how often the control room is told of people whom no outage's steps are for
AGAIN_MINUTES = 3
ABOUT_THE_CAR = ("plate_no", "key_place", "rescue_instructions", "contractor_name", "contractor_phone")


def of_incident(incident: str) -> list[frappe._dict]:
	"""All entrapments of one incident, the first one first: for the rules, whoever asks."""
	return frappe.get_all(
		DOCTYPE, filters={"incident": incident}, fields=list(FIELDS), order_by="creation asc, name asc"
	)


def open_of(incidents: Collection[str]) -> dict[tuple[str, str], frappe._dict]:
	"""(incident, elevator) -> the entrapment there that has not ended."""
	rows = incidents and listing.get_all(
		DOCTYPE,
		filters={"incident": ("in", list(incidents)), "status": ("in", rules.OPEN)},
		fields=list(FIELDS),
		order_by="creation asc, name asc",
	)
	return {(row.incident, row.elevator): row for row in rows or ()}


def open_at(incident: Any, elevators: Collection[str]) -> list[frappe._dict]:
	"""Entrapments in these elevators that have not ended: of this outage, and, unless it is a drill, of others that are none and
	of no outage. A shaft beside a shaft is another outage, and the elevator is the same."""
	rows = elevators and listing.get_all(
		DOCTYPE,
		filters={"property": incident.property, "elevator": ("in", list(elevators)), "status": ("in", rules.OPEN)},
		fields=list(FIELDS),
	)
	drills = set(
		listing.get_all(
			"Outage Incident",
			filters={"name": ("in", [row.incident for row in rows or ()]), "is_drill": 1},
			pluck="name",
		)
	)
	return [
		row
		for row in rows or ()
		if row.incident == incident.name or (not incident.is_drill and row.incident not in drills)
	]


def locked_off(*incidents: str) -> set[str]:
	"""Elevators with people in them whose main switch is off, locked and tagged: they stay still when supply returns."""
	return {elevator for (_incident, elevator), row in open_of(incidents).items() if row.locked_off_at}


def as_rule(row: Any) -> Entrapment:
	"""A row, or the document, as the rules read it."""
	return Entrapment(
		row.get("elevator"),
		row.get("elevator_label") or "",
		row.get("status"),
		row.get("people") or 0,
		site_time.as_the_clock_shows(row, "since"),
		**{condition: bool(row.get(condition)) for condition in rules.CONDITIONS},
	)


def sort(rows: Sequence[frappe._dict], now: datetime) -> list[frappe._dict]:
	"""Who is freed first; what is only a drill comes last."""
	names = {row.incident for row in rows if row.incident}
	drills = set(
		listing.get_all("Outage Incident", filters={"name": ("in", list(names)), "is_drill": 1}, pluck="name")
		if names
		else ()
	)
	for row in rows:
		row.is_drill = row.incident in drills
	return sorted(rows, key=lambda row: (row.is_drill, rules.urgency(as_rule(row), now)))


def ranks(incidents: Collection[str], now: datetime) -> dict[tuple[str, str], int]:
	"""(incident, elevator) -> place in the order in which people are freed, from 0."""
	rows = sort(list(open_of(incidents).values()), now)
	return {(row.incident, row.elevator): place for place, row in enumerate(rows)}


def people_first(rows: Sequence[Any], incidents: Collection[str], now: datetime) -> list[Any]:
	"""Steps (with incident and subject) about elevators in which people are, in the order in which those are freed; then the
	others, as they were."""
	places = ranks(incidents, now)
	last = len(places)
	return sorted(rows, key=lambda row: places.get((row.incident, row.subject), last))


def in_words(row: Any, now: datetime, lang: str | None = None) -> str:
	"""Elevator 3 | 2 inside | 12 min."""
	one = as_rule(row)
	if not one.is_certain:
		text = _("{0} | perhaps people inside | {1} min", lang)
		return text.format(one.label, one.minutes(now))
	if not one.people:
		return _("{0} | people inside, not counted | {1} min", lang).format(one.label, one.minutes(now))
	return _("{0} | {1} inside | {2} min", lang).format(one.label, one.people, one.minutes(now))


def condition_word(key: str) -> str:
	"""A condition as people read it."""
	return _(key.title(), context=DOCTYPE)


def conditions(row: Any) -> list[str]:
	"""Keys of what is known of the people."""
	return [condition for condition in rules.CONDITIONS if row.get(condition)]


def take_over(incident: Any, elevators: Collection[str]) -> int:
	"""People who were reported before an outage was declared belong to it from now on. Returns how many elevators."""
	if incident.is_drill or not elevators:
		return 0
	rows = listing.get_all(
		DOCTYPE,
		filters={
			"property": incident.property,
			"incident": ("is", "not set"),
			"status": ("in", rules.OPEN),
			"elevator": ("in", list(elevators)),
		},
		fields=["name", "elevator", "building"],
	)
	if not rows:
		return 0
	bulk.update(DOCTYPE, [row.name for row in rows], {"incident": incident.name})
	call = frappe.qb.DocType("Trouble Call")
	cars = {row.elevator for row in rows}
	around = {row.building or "" for row in rows}
	named = call.elevator.isin(cars)
	somewhere = (call.elevator.isnull() | (call.elevator == "")) & Coalesce(call.building, "").isin(around)
	waiting = (call.property == incident.property) & (call.trapped == 1) & (call.waiting == 1)
	alone = call.incident.isnull() | (call.incident == "")
	bulk.change("Trouble Call", waiting & alone & (named | somewhere), {"incident": incident.name, "waiting": 0})
	return len(rows)


def to_warn(now: datetime, thresholds: Collection[int]) -> list[str]:
	"""Open entrapments of which somebody is to be told now: people have been inside for so many minutes, or no outage runs there,
	and so no step rings for them."""
	rows = frappe.get_all(
		DOCTYPE,
		filters={"status": ("in", rules.OPEN)},
		fields=[*FIELDS, "warned_minutes", "rung_at"],
		order_by="creation asc",
	)
	return [
		row.name
		for row in rows
		if rules.warnings_due(as_rule(row), now, row.warned_minutes or 0, thresholds) or is_to_ring(row, now)
	]


def is_to_ring(row: Any, now: datetime) -> bool:
	"""Is the control room to be told once more of people whom no outage's steps are for, and nobody has talked to?"""
	if row.get("incident") or row.get("talked_at"):
		return False
	last = get_datetime(row.get("rung_at") or row.get("since"))
	return now - last >= timedelta(minutes=AGAIN_MINUTES)


def figures(incidents: Collection[str]) -> dict[str, dict[str, int]]:
	"""incident -> {"elevators", "people", "longest" (minutes)} of those in which people were."""
	found: dict[str, dict[str, int]] = {}
	for row in (
		incidents
		and listing.get_all(
			DOCTYPE,
			filters={
				"incident": ("in", list(incidents)),
				"status": ("in", (EntrapmentStatus.TRAPPED, EntrapmentStatus.RELEASED)),
			},
			fields=["incident", "people", "released", "since", "since_utc", "ended_at", "ended_at_utc"],
		)
	) or ():
		one = found.setdefault(row.incident, {"elevators": 0, "people": 0, "longest": 0})
		one["elevators"] += 1
		one["people"] += row.released or row.people or 0
		one["longest"] = max(one["longest"], site_time.minutes_between(row, "since", "ended_at") or 0)
	return found


def latest(incident: str | None, elevator: str) -> Document | None:
	"""The record of an elevator in an incident, or in none: the open one, else the newest."""
	rows = frappe.get_all(
		DOCTYPE,
		filters={"incident": incident or ("is", "not set"), "elevator": elevator},
		fields=["name", "status"],
		order_by="creation desc, name desc",
	)
	rows.sort(key=lambda row: row.status not in rules.OPEN)
	return locks.document(DOCTYPE, rows[0].name) if rows else None


def still_open(incident: str | None, elevator: str) -> Document | None:
	"""The record of people who have not been freed yet."""
	record = latest(incident, elevator)
	return record if record and record.status in rules.OPEN else None


def require_end(task: Document, step: Step, outcome: str, people: int | None, by: str, at: datetime) -> int | None:
	"""How many are out, where `outcome` ends a rescue. Raises RuleError unless as many as were counted, freed by who may."""
	count = rules.require_people(people)
	meaning = step.meaning(outcome)
	if not rules.ends_rescue(meaning):
		return count
	if step.rescue_part == rules.RELEASE:
		rules.require_certificate(meaning, holds_one=rescue_certificates.holds_one(by, getdate(at)))
	record = still_open(task.incident, task.subject)
	return rules.require_count(record.people if record else 0, count)
