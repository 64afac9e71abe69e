"""Which callbacks an outage has: opened when supply is back, held while it is gone again, ended with the incident
(clause 5.3.3, invariant 7). One for each contact; whoever called and is no contact is called back by their number."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.rename_doc import rename_dynamic_links
from frappe.utils import now_datetime

from outage_response import bulk, listing, settings
from outage_response.domain import callback_rules
from outage_response.domain.states import CallbackReason, CallbackStatus, Duty, IncidentStatus
from outage_response.integrations import contacts

from ..facts import nested_outages, plan_steps, power_and_assets
from ..facts.language import listed
from ..tasks import completion
from ..verb import bells
from ..verb.changes import touch
from ..verb.engine import Act
from ..verb.locking import lock_incident
from . import whom_to_call_back


def policy() -> callback_rules.Policy:
	"""The callback numbers of Settings."""
	known = settings.read()
	return callback_rules.Policy(
		sample_percent=known.callback_sample_percent,
		danger_percent=known.callback_danger_percent,
		care_percent=known.callback_care_percent,
		reported_percent=known.callback_reported_percent,
		max_attempts=known.callback_max_attempts,
		retry_minutes=known.callback_retry_minutes,
		calling_from=known.calling_from,
		calling_to=known.calling_to,
	)


def asked_for(incident: Document) -> bool:
	"""Does the incident's plan call residents back? A drill never does (invariant 6)."""
	return not incident.is_drill and any(
		step.completes_with == "callbacks" for step in plan_steps.steps_of_plan(incident.plan)
	)


def open_ready(act: Act, around: power_and_assets.Surroundings) -> int:
	"""Open the callbacks of contacts whose last affected unit is back now; complete the step when none is left to make."""
	incident = act.incident
	if not asked_for(incident):
		if incident.is_drill and incident.status == IncidentStatus.RESTORED:
			completion.complete_by_flow(act, "callbacks")
		return 0
	ready = whom_to_call_back.back(incident, around)
	existing = _rows(incident.name)
	_join_known(act, existing, ready)
	_release(act, [row for row in existing.values() if key_of(row) in ready])
	new = [callee for key, callee in ready.items() if key not in existing]
	elsewhere = nested_outages.called_by_others(incident, [callee.contact for callee in new if callee.contact])
	new = [callee for callee in new if callee.contact not in elsewhere]
	if new:
		_insert(act, new)
	complete_if_done(act)
	return len(new)


def hold(act: Act) -> None:
	"""More is dark than was known: whoever was to be called and is without supply again waits until it is back."""
	existing = _rows(act.incident.name)
	if not any(row.status in callback_rules.WAITING for row in existing.values()):
		return
	ready = whom_to_call_back.back(act.incident, act.around)
	names = [row.name for row in existing.values() if row.status in callback_rules.WAITING and key_of(row) not in ready]
	_write(act, names, next_attempt_at=None)


def _release(act: Act, rows: Sequence[frappe._dict]) -> None:
	"""Those that were held, whose supply is back again; one statement for each reason."""
	held: dict[str, list[str]] = defaultdict(list)
	for row in rows:
		if row.status in callback_rules.WAITING and not row.next_attempt_at:
			held[row.reason].append(row.name)
	for reason, names in held.items():
		_write(act, names, next_attempt_at=callback_rules.attempt_at(reason, act.at, policy()))


def _rows(incident: str) -> dict[str, frappe._dict]:
	"""key -> callback; the key is the contact, or the number of a caller who is none (see `whom_to_call_back.Callee`)."""
	rows = frappe.get_all(
		"Outage Callback",
		filters={"incident": incident},
		fields=["name", "contact", "caller", "phone", "status", "reason", "next_attempt_at"],
	)
	return {key_of(row): row for row in rows}


def key_of(row: Mapping | Document) -> str:
	"""Of a callback (see `whom_to_call_back.Callee`)."""
	return row.get("contact") or whom_to_call_back.NUMBER + (row.get("caller") or "")


def open_with(incident: str, key: str) -> str | None:
	"""The callback of an incident that is still to be made with whom the key means."""
	still_to_make = {"incident": incident, **_who(key), "status": ("not in", callback_rules.ENDED)}
	return frappe.db.get_value("Outage Callback", still_to_make, "name")


def of_callee(incident: str, key: str) -> list[str]:
	"""The callbacks of an incident with whom the key means, made or still to be made."""
	return listing.get_all("Outage Callback", {"incident": incident, **_who(key)}, pluck="name", order_by="name asc")


def _who(key: str) -> dict:
	number = key.removeprefix(whom_to_call_back.NUMBER)
	return {"contact": key} if number == key else {"contact": ("is", "not set"), "caller": number}


def _join_known(act: Act, existing: dict[str, frappe._dict], ready: dict[str, whom_to_call_back.Callee]) -> None:
	"""A caller who was only a number is a contact by now: it stays one callback. `existing` follows."""
	nameless = [row for row in existing.values() if not row.contact and row.caller]
	who = whom_to_call_back.who_called(act.incident.name) if nameless else {}
	for row in nameless:
		contact = who.get(row.caller)
		if not contact:
			continue
		if contact not in existing:
			del existing[key_of(row)]
			_write(act, [row.name], contact=contact, caller=None)
			row.update({"contact": contact, "caller": None})
			existing[contact] = row
			units = ready[contact].units if contact in ready else ()
			known = set(frappe.get_all("Outage Callback Unit", filters={"parent": row.name}, pluck="unit"))
			_insert_units(act, {row.name: [unit for unit in units if unit not in known]}, len(known))
		elif row.status in callback_rules.WAITING:
			_write(act, [row.name], status=CallbackStatus.NOT_REQUIRED, next_attempt_at=None)


def on_contact_rename(_doc: Document, _event: str, old: str, new: str, merge: bool = False) -> None:
	"""Two contacts turn out to be one person: where both are called back about an outage, their callbacks join before Frappe
	merges the contacts. The one still to be made stays, the more urgent first, with what was tried and the units of both."""
	if not merge:
		return
	rows = listing.get_all(
		"Outage Callback",
		filters={"contact": ("in", (old, new))},
		fields=["name", "incident", "status", "priority", "contact", "next_attempt_at"],
		order_by="incident",
	)
	by_incident: dict[str, list] = defaultdict(list)
	for row in rows:
		by_incident[row.incident].append(row)
	for incident, both in by_incident.items():
		if len(both) == 2:
			_join(lock_incident(incident), *callback_rules.in_order_of_need(both))


def _join(incident: Document, kept: frappe._dict, other: frappe._dict) -> None:
	now = now_datetime()
	known = set(frappe.get_all("Outage Callback Unit", filters={"parent": kept.name}, pluck="unit"))
	for child, skip in (("Outage Callback Attempt", ()), ("Outage Callback Unit", known)):
		table = frappe.qb.DocType(child)
		before = frappe.db.count(child, {"parent": kept.name})
		moved = frappe.qb.update(table).set(table.parent, kept.name).set(table.idx, table.idx + before)
		moved = moved.where(table.parent == other.name)
		(moved.where(table.unit.notin(list(skip))) if skip else moved).run()
	rename_dynamic_links("Outage Callback", other.name, kept.name)  # the calls that the CRM keeps
	why = _("The same person: joined with callback {0}").format(kept.name)
	values = {"contact": None, "status": CallbackStatus.NOT_REQUIRED, "next_attempt_at": None, "outcome": why}
	bulk.update("Outage Callback", [other.name], {**values, "modified": now})
	if kept.next_attempt_at and other.next_attempt_at:
		first = min(kept.next_attempt_at, other.next_attempt_at)
		bulk.update("Outage Callback", [kept.name], {"next_attempt_at": first, "modified": now})
	touch(incident)


def _write(act: Act, names: Sequence[str], **values) -> None:
	bulk.update("Outage Callback", names, {**values, "modified": act.now})


def reported_again(
	incident_name: str, people: Sequence[str], around: power_and_assets.Surroundings, now: datetime
) -> None:
	"""Supply is back where these people live, and they write that theirs is not: they are called, sampled or not, and the
	control room knows at once. The rest of the incident may still be dark."""
	if not people:
		return
	incident = lock_incident(incident_name)
	act = Act("attach_calls", now, now, incident=incident)
	table = frappe.qb.DocType("Outage Callback")
	theirs = (
		(table.incident == incident_name)
		& table.contact.isin(list(people))
		& (table.status == CallbackStatus.NOT_REQUIRED)
	)
	bulk.change(
		"Outage Callback",
		theirs,
		{
			"status": CallbackStatus.PENDING,
			"reason": CallbackReason.REPORTED,
			"priority": callback_rules.REASONS.index(CallbackReason.REPORTED),
			"next_attempt_at": callback_rules.attempt_at(CallbackReason.REPORTED, now, policy()),
		},
	)
	act.around = around
	open_ready(act, around)
	units = listing.get_all(
		"Trouble Call",
		filters={"incident": incident_name, "contact": ("in", list(people))},
		pluck="unit",
		distinct=True,
	)
	unit_nos = listing.get_all(
		"Property Unit", filters={"name": ("in", [unit for unit in units if unit])}, pluck="unit_no", order_by="unit_no"
	)
	text = _("Still without power after restoration: {0}").format(listed(unit_nos))
	bells.tell_those_for(act, Duty.CONTROL_ROOM, text)
	touch(incident)


def _insert(act: Act, wanted: Sequence[whom_to_call_back.Callee]) -> None:
	incident, rules = act.incident, policy()
	phones = contacts.phones([callee.contact for callee in wanted if callee.contact])
	rows, units, required = [], {}, 0
	for callee in wanted:
		due = callback_rules.required(callee.reason, callee.contact or callee.phone, incident.name, rules)
		required += due
		name = frappe.generate_hash(length=10)
		rows.append(
			{
				"name": name,
				"incident": incident.name,
				"property": incident.property,
				"contact": callee.contact or None,
				"caller": callee.number or None,
				"phone": callee.phone or phones.get(callee.contact, ""),
				"reason": callee.reason,
				"priority": callback_rules.REASONS.index(callee.reason),
				"status": CallbackStatus.PENDING if due else CallbackStatus.NOT_REQUIRED,
				"next_attempt_at": callback_rules.attempt_at(callee.reason, act.at, rules) if due else None,
			}
		)
		units[name] = callee.units
	bulk.insert("Outage Callback", rows, act.now)
	_insert_units(act, units)
	act.record("callbacks_opened", {"count": len(rows), "required": required})


def _insert_units(act: Act, units: Mapping[str, Sequence[str]], before: int = 0) -> None:
	"""units: callback -> units to add, after the `before` that it has."""
	rows = [
		{**bulk.child_of("Outage Callback", name, "units", index), "unit": unit}
		for name, own in units.items()
		for index, unit in enumerate(own, start=before + 1)
	]
	if rows:
		bulk.insert("Outage Callback Unit", rows, act.now)


def open_for(act: Act, contact: str, units: Sequence[str]) -> None:
	"""A callback for somebody who answers and had none: also where the plan, or the sample, would not have called them."""
	_insert(act, [whom_to_call_back.of_answer(act.incident, contact, units)])


def complete_if_done(act: Act) -> None:
	"""The callback step completes when supply is back everywhere and every callback that the coverage rules of Settings
	ask for has ended."""
	if act.incident.status not in (IncidentStatus.RESTORED, IncidentStatus.STOOD_DOWN):
		return
	statuses = frappe.get_all("Outage Callback", filters={"incident": act.incident.name}, pluck="status")
	if callback_rules.all_ended(statuses):
		completion.complete_by_flow(act, "callbacks")


def end_waiting(act: Act, status: str, why: str) -> None:
	"""The incident has ended: nobody is called back about it any more."""
	waiting = frappe.get_all(
		"Outage Callback",
		filters={"incident": act.incident.name, "status": ("in", callback_rules.WAITING)},
		pluck="name",
	)
	if waiting:
		_write(act, waiting, status=status, next_attempt_at=None, outcome=why)
		act.record("callbacks_dropped", {"count": len(waiting)})
