"""What a resident sees of outages: their own units', in plain words. Nothing about anybody else, and never a drill."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import listing
from outage_response.domain.errors import NotAllowed
from outage_response.domain.lifecycle import LIVE, RUNNING
from outage_response.domain.states import IncidentStatus, TaskStatus

from ..facts import affected_homes, homes_of_people, outage_levels, plan_steps
from ..facts.language import in_words
from ..facts.outage_in_words import clock_time, dark_since, expected_back
from ..notices import resident_links
from ..notices.wording import PLAIN_CAUSES, cause_of

# (incident, unit) -> a home on the record of an outage
Kept = dict[tuple[str, str], frappe._dict]

PAST_DAYS = 90
PAST_LIMIT = 5


@dataclass(frozen=True)
class Person:
	"""Who asks: their contacts and homes. `only` is the one incident that a link opens; empty for a login."""

	contacts: tuple[str, ...]
	homes: tuple[dict, ...]
	only: str = ""

	@property
	def units(self) -> tuple[str, ...]:
		return tuple(home["unit"] for home in self.homes)


def of_user(user: str) -> Person:
	"""Somebody who is logged in. Raises NotAllowed for visitors."""
	homes_of_people.require_resident(user)
	contacts = homes_of_people.contacts_of(user)
	return Person(tuple(contacts), tuple(homes_of_people.homes_of(contacts)))


def of_link(token: str) -> Person:
	"""Somebody who holds a link. Raises NoLink when it does not hold, they moved out, or their login was switched off."""
	holder = resident_links.holder(token)
	homes = homes_of_people.homes_of([holder.contact])
	property_name = frappe.db.get_value("Outage Incident", holder.incident, "property")
	homes = [home for home in homes if home.property == property_name]
	user = frappe.db.get_value("Contact", holder.contact, "user")
	if not homes or (user and not frappe.db.get_value("User", user, "enabled")):
		raise resident_links.refused()
	return Person((holder.contact,), tuple(homes), holder.incident)


def outages(person: Person) -> list[dict]:
	"""The outages of the person's homes: running first, then planned, just over, past. Each as `_card` gives it."""
	if not person.homes:
		return []
	paths, kept = homes_of_people.paths_of([home["power_node"] for home in person.homes]), _kept(person)
	found = []
	for incident in _incidents(person, paths, kept):
		if card := _card(incident, person, paths, kept):
			found.append(card)
	rank = {"out": 0, "planned": 1, "back": 2, "past": 3, "cancelled": 4}
	found.sort(key=lambda card: (rank[card["kind"]], card["sort"]))
	past = [card for card in found if rank[card["kind"]] >= 3][-PAST_LIMIT:][::-1]
	return [card for card in found if rank[card["kind"]] < 3] + past


def outage(person: Person, name: str) -> dict:
	"""One outage with its history. Raises NotAllowed, in the same words whether it is another's or none."""
	incident = (
		frappe.get_doc("Outage Incident", name)
		if isinstance(name, str) and name and frappe.db.exists("Outage Incident", name)
		else None
	)
	card = None
	if incident and person.homes and person.only in ("", name):
		paths = homes_of_people.paths_of([home["power_node"] for home in person.homes])
		card = _card(incident, person, paths, _kept(person))
	if not incident or not card:
		raise NotAllowed(_("There is no such outage at your home."))
	return {**card, "history": history(incident), "callback": _callback(incident.name, person.contacts)}


def _incidents(person: Person, paths: dict[str, list[str]], kept: Kept) -> list[Document]:
	"""Outages that have these homes on their record, and planned work that is to reach them."""
	other, node = frappe.qb.DocType("Outage Incident"), frappe.qb.DocType("Outage Affected Node")
	whole = node.unit.isnull() | (node.unit == "")
	nodes = sorted({node for path in paths.values() for node in path})
	planned = (
		frappe.qb.from_(other)
		.join(node)
		.on(node.parent == other.name)
		.select(other.name)
		.distinct()
		.where(other.planned_start.isnotnull() & other.started_at.isnull())
		.where((whole & node.power_node.isin(nodes)) | node.unit.isin(list(person.units)))
	).run(pluck=True)
	recent = now_datetime() - timedelta(days=PAST_DAYS)
	names = sorted({*planned, *(incident for incident, _unit in kept)})
	query = (
		frappe.qb.from_(other)
		.select(other.name)
		.where(listing.one_of(other.name, [person.only] if person.only else names))
		.where(other.status.isin(LIVE) | (other.reported_at >= recent))
		.where(other.is_drill == 0)
		.orderby(other.name, order=frappe.qb.desc)
		.limit(40)
	)
	return [frappe.get_doc("Outage Incident", name) for name in query.run(pluck=True)]


def _kept(person: Person) -> Kept:
	"""(incident, unit) -> the person's home as it stands on the record of that outage."""
	rows = listing.get_all(
		affected_homes.DOCTYPE,
		filters={"unit": ("in", list(person.units))},
		fields=["incident", "unit", "power_node", "times"],
		distinct=True,
	)
	return {(row.incident, row.unit): row for row in rows}


def _dark_since(incident: Document, home: dict, paths: dict[str, list[str]], kept: Kept) -> tuple | None:
	"""(since, until) of the last time that a home was without supply in this outage; None where it is not about it."""
	path, own = paths.get(home["power_node"], []), kept.get((incident.name, home["unit"]))
	if own:
		if times := affected_homes.times_of(own):
			return times[-1]
		path = paths.get(own.power_node) or path
	elif affected_homes.is_kept(incident) or not _is_named(incident, home["unit"], path):
		return None
	return dark_since(incident, path, home["unit"])


def _is_named(incident: Document, unit: str, path: Sequence[str]) -> bool:
	return any(row.unit == unit if row.unit else row.power_node in path for row in incident.affected_nodes)


@dataclass(frozen=True)
class _Loss:
	"""A home of the person in an outage: since when it is without supply, and until when; None where it is not known or not so."""

	home: dict
	since: datetime | None
	until: datetime | None

	@property
	def is_dark(self) -> bool:
		return bool(self.since and not self.until)


def _card(incident: Document, person: Person, paths: dict[str, list[str]], kept: Kept) -> dict | None:
	"""{name, kind, title, homes, dark, units, property, since, until, cause, etr, etr_passed, planned_start, planned_end, back} as
	texts; None when none of the person's homes is in it."""
	if incident.is_drill:
		return None
	losses = _losses(incident, person, paths, kept)
	if not losses:
		return None
	kind = _kind(incident, losses)
	etr = expected_back(incident) if kind == "out" else None
	begun = min((loss.since for loss in losses if loss.since), default=None)
	return {
		"name": incident.name,
		"kind": kind,
		"title": _title(kind),
		"homes": [loss.home for loss in losses],
		"dark": [loss.home["unit"] for loss in losses if loss.is_dark],
		"units": [loss.home["unit_no"] for loss in losses],
		"property": incident.property,
		"since": clock_time(begun),
		"back": clock_time(_back_at(losses)),
		"cause": cause_of(incident),
		"etr": clock_time(etr),
		"etr_passed": bool(etr and etr < now_datetime()),
		"planned_start": clock_time(incident.planned_start),
		"planned_end": clock_time(incident.planned_end),
		"running": incident.status in RUNNING,
		"sort": str(begun or incident.planned_start or incident.reported_at or ""),
	}


def _losses(incident: Document, person: Person, paths: dict[str, list[str]], kept: Kept) -> list[_Loss]:
	found = []
	for home in person.homes:
		times = _dark_since(incident, home, paths, kept)
		if times is not None and home["property"] == incident.property:
			found.append(_Loss(home, *times))
	return found


def _back_at(losses: Sequence[_Loss]) -> datetime | None:
	"""When the last of the homes got supply again; None while one of them is dark."""
	if any(loss.is_dark for loss in losses):
		return None
	return max((loss.until for loss in losses if loss.until), default=None)


def _title(kind: str) -> str:
	return {
		"out": _("Power is out at your home"),
		"planned": _("Planned power outage"),
		"back": _("Power is back"),
		"past": _("Power outage that is over"),
		"cancelled": _("Planned outage that does not take place"),
	}[kind]


def _kind(incident: Document, losses: Sequence[_Loss]) -> str:
	if incident.status == IncidentStatus.CANCELLED:
		return "cancelled"
	if incident.status == IncidentStatus.SCHEDULED:
		return "planned"
	if incident.status in RUNNING and any(loss.is_dark for loss in losses):
		return "out"
	return "past" if incident.status == IncidentStatus.CLOSED else "back"


# Kinds of entries that residents read; at one moment in this order
TOLD = ("declared", "confirmed", "started", "etr_set", "etr_cleared", "supply_back", "restored", "cancelled")


def history(incident: Document) -> list[dict]:
	"""{"at", "text"} of what residents may know, oldest first: no names, no rooms, no reasons of the staff."""
	rows = frappe.get_all(
		"Timeline Entry",
		filters={"incident": incident.name, "kind": ("in", TOLD)},
		fields=["kind", "occurred_at", "data"],
		order_by="occurred_at asc, creation asc",
	)
	found = []
	for row in sorted(rows, key=lambda row: (row.occurred_at, TOLD.index(row.kind))):
		data = frappe.parse_json(row.data or "{}")
		if text := _public_words(incident, row.kind, data):
			found.append((get_datetime(row.occurred_at), text))
	done = listing.get_all(
		"Outage Task",
		filters={
			"incident": incident.name,
			"status": TaskStatus.DONE,
			"plan": ("is", "set"),
			"completed_at": ("is", "set"),
		},
		fields=["plan", "step_key", "outcome", "completed_at"],
	)
	found += [(get_datetime(row.completed_at), text) for row in done if (text := _work(row))]
	seen: dict[str, tuple] = {}
	for at, text in sorted(found, key=lambda one: one[0]):
		seen.setdefault(f"{at:%Y-%m-%d %H:%M} {text}", (at, text))
	return [{"at": clock_time(at), "text": text} for at, text in seen.values()]


def _work(task: frappe._dict) -> str:
	"""What residents may hear of a step that is done, as its plan says it; "" for most."""
	step = plan_steps.step_of(task)
	outcome = step.outcomes.get(task.outcome or "")
	said = outcome and in_words(outcome.residents_en, outcome.residents_zh)
	return said or in_words(step.residents_en, step.residents_zh)


def _public_words(incident: Document, kind: str, data: dict) -> str:
	if kind == "declared":
		return (
			_("We learned of the outage.")
			if not outage_levels.is_planned(incident.level)
			else _("The work was announced.")
		)
	if kind == "confirmed":
		cause = PLAIN_CAUSES.get(data.get("cause_type") or "")
		return _("Cause: {0}.").format(_(cause)) if cause else ""
	if kind == "etr_set":
		return _("Expected back: {0}.").format(clock_time(data.get("etr")))
	return {
		"started": _("Supply was switched off for the work."),
		"etr_cleared": _("The expected time does not hold any more; there is no new one yet."),
		"supply_back": _("Supply came back in part of the area or all of it."),
		"restored": _("Supply is back everywhere."),
		"cancelled": _("This outage was cancelled."),
	}.get(kind, "")


def _callback(incident: str, contacts: Sequence[str]) -> dict:
	"""The person's own callback of an incident: {"status", "satisfaction"}."""
	rows = listing.get_all(
		"Outage Callback",
		filters={"incident": incident, "contact": ("in", list(contacts))},
		fields=["status", "satisfaction"],
		limit=1,
	)
	return dict(rows[0]) if rows else {"status": "", "satisfaction": 0}
