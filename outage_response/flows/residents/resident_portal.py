"""What a resident sees of outages: their own units', in plain words. Nothing about anybody else, and never a drill."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, get_system_timezone, now_datetime

from outage_response import listing
from outage_response.domain.errors import NotAllowed
from outage_response.domain.lifecycle import LIVE, RUNNING

from ..facts import affected_homes, homes_of_people, outage_levels, plan_steps
from ..facts.language import in_words, listed
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


def _card(incident: Document, person: Person, paths: dict[str, list[str]], kept: Kept) -> dict | None:
	"""{name, kind, title, homes, dark, units, property, since, until, cause, etr, etr_passed, planned_start, planned_end, back} as
	texts; None when none of the person's homes is in it."""
	if incident.is_drill:
		return None
	concerned, dark, since, until = [], [], [], []
	for home in person.homes:
		times = _dark_since(incident, home, paths, kept)
		if times is None or home["property"] != incident.property:
			continue
		concerned.append(home)
		begin, end = times
		if begin and not end:
			dark.append(home["unit"])
		since.append(begin)
		until.append(end)
	if not concerned:
		return None
	kind = _kind(incident, since, until)
	etr = expected_back(incident)
	begun = min((moment for moment in since if moment), default=None)
	back = (
		None
		if any(begin and not end for begin, end in zip(since, until, strict=True))
		else max((moment for moment in until if moment), default=None)
	)
	return {
		"name": incident.name,
		"kind": kind,
		"title": {
			"out": _("Power is out at your home"),
			"planned": _("Planned power outage"),
			"back": _("Power is back"),
			"past": _("Power outage that is over"),
			"cancelled": _("Planned outage that does not take place"),
		}[kind],
		"homes": concerned,
		"dark": dark,
		"units": [home["unit_no"] for home in concerned],
		"property": incident.property,
		"since": clock_time(begun),
		"back": clock_time(back),
		"cause": cause_of(incident),
		"etr": clock_time(etr) if kind == "out" else "",
		"etr_passed": bool(kind == "out" and etr and etr < now_datetime()),
		"planned_start": clock_time(incident.planned_start),
		"planned_end": clock_time(incident.planned_end),
		"running": incident.status in RUNNING,
		"sort": str(begun or incident.planned_start or incident.reported_at or ""),
	}


def _kind(incident: Document, since: Sequence, until: Sequence) -> str:
	if incident.status == "Cancelled":
		return "cancelled"
	if incident.status == "Scheduled":
		return "planned"
	if incident.status in RUNNING and any(begin and not end for begin, end in zip(since, until, strict=True)):
		return "out"
	return "past" if incident.status == "Closed" else "back"


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
		filters={"incident": incident.name, "status": "Done", "plan": ("is", "set"), "completed_at": ("is", "set")},
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


# ---------------------------------------------------------------- everybody's page


def status_of(property_name: str) -> dict | None:
	"""{property, rows, planned, phone} of a property with a public page: areas, state and expected time, nothing about
	persons. None where there is no such page."""
	doc = (
		frappe.get_cached_doc("Managed Property", property_name)
		if frappe.db.get_value("Managed Property", property_name, "public_status_page")
		else None
	)
	if not doc:
		return None
	names = frappe.get_all(
		"Outage Incident",
		filters={
			"property": property_name,
			"is_drill": 0,
			"status": ("in", LIVE),
			"parent_incident": ("is", "not set"),
		},
		pluck="name",
		order_by="reported_at desc",
	)
	rows = [_area(frappe.get_doc("Outage Incident", name)) for name in names]
	return {"property": property_name, "rows": [row for row in rows if row], "phone": doc.get("service_phone") or ""}


def _area(incident: Document) -> dict | None:
	"""One line of the public page. An outage of single homes is not on it: it would point at a household."""
	whole = [row for row in incident.affected_nodes if not row.unit]
	if not whole:
		return None
	labels = dict(
		listing.get_all(
			"Power Node",
			filters={"name": ("in", [row.power_node for row in whole])},
			fields=["name", "node_name"],
			as_list=True,
		)
	)
	out = [row for row in whole if not row.back_at] if incident.status in RUNNING else []
	etr = expected_back(incident)
	if incident.status == "Scheduled":
		state = _("Planned from {0} to {1}").format(
			clock_time(incident.planned_start), clock_time(incident.planned_end)
		)
	elif out:
		state = _("No power since {0}").format(clock_time(min(row.out_since for row in out if row.out_since)))
	else:
		state = _("Power is back since {0}").format(clock_time(incident.restored_at))
	return {
		"area": listed(dict.fromkeys(labels.get(row.power_node, "") for row in (out or whole))),
		"state": state,
		"out": bool(out),
		"cause": cause_of(incident),
		"etr": clock_time(etr) if out and etr else "",
		"etr_passed": bool(out and etr and etr < now_datetime()),
	}


def calendar(person: Person, name: str) -> str:
	"""A planned outage, also one that was cancelled, as a calendar file (RFC 5545); times are in UTC.

	Raises NotAllowed for an outage that was never planned.
	"""
	card = outage(person, name)
	incident = frappe.get_doc("Outage Incident", name)
	if not incident.planned_start or not incident.planned_end:
		raise NotAllowed(_("There is no such outage at your home."))
	zone = ZoneInfo(get_system_timezone())

	def moment(value) -> str:
		return get_datetime(value).replace(tzinfo=zone).astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")

	# a calendar takes the newer of two versions of the same event by this number; nothing follows a cancellation, which may
	# come within the same second as what it cancels
	age = int((get_datetime(incident.modified) - get_datetime(incident.creation)).total_seconds())
	sequence = max(age, 0) + (incident.status == "Cancelled")

	lines = [
		"BEGIN:VCALENDAR",
		"VERSION:2.0",
		"PRODID:-//Outage Response//EN",
		"BEGIN:VEVENT",
		f"UID:{name}@{frappe.local.site}",
		f"DTSTAMP:{moment(incident.modified)}",
		f"DTSTART:{moment(incident.planned_start)}",
		f"DTEND:{moment(incident.planned_end)}",
		f"SEQUENCE:{sequence}",
		f"STATUS:{'CANCELLED' if incident.status == 'Cancelled' else 'CONFIRMED'}",
		f"SUMMARY:{_text(_('Planned power outage'))}",
		f"LOCATION:{_text(incident.property + ' ' + ', '.join(card['units']))}",
		"END:VEVENT",
		"END:VCALENDAR",
		"",
	]
	return "\r\n".join(_folded(line) for line in lines)


def _folded(line: str) -> str:
	"""No line of a calendar file is longer than 75 octets; what goes on begins with a blank."""
	parts, size = [""], 0
	for letter in line:
		octets = len(letter.encode())
		if size + octets > 75:
			parts.append(" ")
			size = 1
		parts[-1] += letter
		size += octets
	return "\r\n".join(parts)


def _text(value: str) -> str:
	return value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
