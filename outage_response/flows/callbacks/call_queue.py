"""The telephone calls of customer service: notices that no message carried, requests, and callbacks, in one queue.

Whoever takes a call holds it for some minutes, so that nobody is called twice.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk, listing, locks, permissions, settings
from outage_response.domain import call_order as rules
from outage_response.domain import notice_rules as notice_rules
from outage_response.domain.callback_rules import ENDED, within_calling_hours
from outage_response.domain.errors import RuleError
from outage_response.domain.states import CALL_REQUEST, CallbackReason, DeliveryState, Duty
from outage_response.domain.typed_numbers import floor_order
from outage_response.integrations import contacts

from ..facts.language import listed
from ..notices import steps_done_by_notices
from ..verb import bells
from ..verb.engine import Act, PartTarget, verb
from ..verb.refusals import translated
from . import attempts, open_callbacks

CALLBACK, DELIVERY = "Outage Callback", "Notice Delivery"
DONE = (DeliveryState.SEEN, DeliveryState.SUPERSEDED)
LIMIT = 200


def queue(incident: str | None = None) -> list[dict]:
	"""Calls to make now, the next one first: {doctype, name, incident, property, contact, reason, since, phone, held_by}.

	Only what the session's user may see. Outside calling hours only what cannot wait.
	"""
	with translated():
		permissions.require_verb("claim_call")
		now, user = now_datetime(), frappe.session.user
		lines = [*_callbacks(incident), *_phone_lines(incident, now)]
		held = {
			rules.person(line): line["claimed_by"]
			for line in lines
			if rules.held_by_other(line["claimed_by"] or "", _moment(line["claimed_until"]), user, now)
		}
		wanted = rules.in_order(lines)[:LIMIT]
		return [{**line, "held_by": held.get(rules.person(line), "")} for line in wanted]


def take_next() -> dict | None:
	"""Claim the first call that nobody else is making or has just taken; None when there is none."""
	permissions.require_verb("claim_call")
	for line in queue():
		if not line["held_by"]:
			try:
				_claim(line["doctype"], line["name"])
			except RuleError:
				continue  # somebody was faster: theirs is theirs
			return line
	return None


def _moment(value):
	return get_datetime(value) if value else None


def _callbacks(incident: str | None) -> list[dict[str, Any]]:
	rows = attempts.queue(incident)
	claims = {
		row.name: row
		for row in listing.get_all(
			CALLBACK,
			filters={"name": ("in", [row.name for row in rows])},
			fields=["name", "claimed_by", "claimed_until"],
		)
	}
	return [
		{
			**{field: row[field] for field in ("name", "incident", "property", "contact", "phone", "reason")},
			"doctype": CALLBACK,
			"since": row.next_attempt_at,
			"claimed_by": claims[row.name].claimed_by,
			"claimed_until": claims[row.name].claimed_until,
		}
		for row in rows
	]


def _phone_lines(incident: str | None, now) -> list[dict]:
	filters: dict = {"phone_list": 1, "state": ("not in", DONE)}
	if incident:
		filters["incident"] = incident
	rows = frappe.get_list(
		DELIVERY,
		filters=filters,
		fields=[
			"name",
			"incident",
			"property",
			"contact",
			"kind",
			"must_confirm",
			"priority",
			"next_attempt_at",
			"creation",
			"claimed_by",
			"claimed_until",
		],
		order_by="priority asc, creation asc",
		limit=LIMIT * 5,
	)
	awake = within_calling_hours(now, open_callbacks.policy()) == now
	rows = [
		row
		for row in rows
		if (awake or row.priority < 3) and (not row.next_attempt_at or get_datetime(row.next_attempt_at) <= now)
	]
	numbers = contacts.phones([row.contact for row in rows if row.contact])
	return [
		{
			**{
				field: row[field]
				for field in ("name", "incident", "property", "contact", "claimed_by", "claimed_until")
			},
			"doctype": DELIVERY,
			"phone": numbers.get(row.contact, ""),
			"reason": _line_reason(row),
			"since": row.next_attempt_at or row.creation,
		}
		for row in rows
	]


def about(doctype: str, name: str) -> dict[str, Any]:
	"""Everything that is needed to make one call: who, where, number, what to say, what was tried; `over`: it is not to be
	made any more."""
	with translated():
		permissions.require_verb("claim_call")
		if doctype not in (CALLBACK, DELIVERY):
			raise RuleError(_("Call: choose one of the list."))
		permissions.require_read(doctype, name)
		doc = frappe.get_doc(doctype, name)
		units = [row.unit for row in doc.units] if doctype == CALLBACK else [doc.unit]
		person = (
			frappe.db.get_value("Contact", doc.contact, ["full_name", "mobile_no", "phone"], as_dict=True) or {}
			if doc.contact
			else {"full_name": _("Caller whose name is not known"), "phone": doc.get("phone")}
		)
		return {
			"doctype": doctype,
			"name": name,
			"incident": doc.incident,
			"property": doc.property,
			"who": person.get("full_name") or "",
			"phone": person.get("mobile_no") or person.get("phone") or "",
			"units": _where([unit for unit in units if unit]),
			"reason": doc.reason if doctype == CALLBACK else _line_reason(doc),
			"script": _script(doc),
			"history": _history(doc),
			"over": doc.status in ENDED if doctype == CALLBACK else not doc.phone_list or doc.state in DONE,
		}


def _line_reason(doc) -> str:
	if doc.kind == CALL_REQUEST:
		return CALL_REQUEST
	return CallbackReason.CARE if doc.must_confirm else CallbackReason.STANDARD


def _where(units: Sequence[str]) -> list[str]:
	return listing.get_all("Property Unit", filters={"name": ("in", list(units))}, pluck="unit_no", order_by="unit_no")


def _script(doc) -> str:
	"""What to say: the newest notice of the outage, or the questions of a callback."""
	if doc.doctype == CALLBACK:
		return _("Ask: is power back in every room? Is anybody in need of help? How did we handle it, from 1 to 5?")
	text = frappe.db.get_value("Outage Notice", doc.notice, "message") if doc.notice else ""
	if not text:
		rows = frappe.get_all(
			"Outage Notice",
			filters={"incident": doc.incident},
			pluck="message",
			order_by="issued_at desc",
			limit=1,
		)
		text = rows[0] if rows else ""
	return text


def _history(doc) -> list[dict]:
	if doc.doctype == CALLBACK:
		asked = [] if doc.attempts or not doc.outcome else [{"at": str(doc.modified)[:16], "text": doc.outcome}]
		return asked + [
			{"at": str(row.attempted_at)[:16], "text": f"{_(row.outcome)} {row.note or ''}".strip()}
			for row in doc.attempts
		]
	rows = frappe.get_all(
		DELIVERY,
		filters={"incident": doc.incident, "contact": doc.contact},
		fields=["modified", "kind", "channel", "state", "phone_list", "error", "note"],
		order_by="creation asc",
	)
	return [
		{
			"at": str(row.modified)[:16],
			"text": " ".join(
				[
					f"{_(row.kind)}, {_(row.channel)}: {_(row.state)}",
					*(one for one in (row.note, row.error if row.phone_list else "") if one),
				]
			),
		}
		for row in rows
	]


# ---------------------------------------------------------------- doing


def claim_call(doctype: str, name: str) -> dict[str, Any]:
	"""This call is the session's user's for some minutes. Raises ValidationError when somebody else makes it."""
	with translated():
		permissions.require_verb("claim_call")
		if doctype not in (CALLBACK, DELIVERY):
			raise RuleError(_("Call: choose one of the list."))
		permissions.require_read(doctype, name)
		return _claim(doctype, name)


def _claim(doctype: str, name: str) -> dict[str, Any]:
	"""Raises RuleError when somebody else makes this call, or it is not to be made any more."""
	now, user = now_datetime(), frappe.session.user
	row = locks.known_row(doctype, name)
	rules.require_free(row.claimed_by or "", _moment(row.claimed_until), user, now)
	if (row.status in ENDED) if doctype == CALLBACK else (row.state in DONE):
		raise RuleError(_("Call: this one is not to be made any more. Take the next."))
	minutes = settings.read().claim_minutes
	until = rules.until(now, int(minutes))
	bulk.update(doctype, [name], {"claimed_by": user, "claimed_until": until})
	return {"doctype": doctype, "name": name, "until": str(until)}


class DeliveryTarget(PartTarget):
	"""A notice on its way to one resident, whom somebody phones."""

	argument = "delivery"
	doctype = DELIVERY

	def incident_of(self, name: Any) -> str:
		permissions.require_read(DELIVERY, name)
		return frappe.db.get_value(DELIVERY, name, "incident")

	def answer(self, part: Document) -> dict[str, Any]:
		return {"delivery": part.name, "state": part.state}


@verb(DeliveryTarget())
def log_told(act: Act, outcome: str, note: str | None = None) -> dict[str, Any]:
	"""Somebody phoned a resident of the phone list: Reached, No Answer or Wrong Number.

	Answers {"delivery", "state", "next_attempt_at"}. Raises ValidationError for another outcome, or when nobody is to
	be phoned here any more.
	"""
	doc = act.part
	if not doc.phone_list or doc.state in DONE:
		raise RuleError(_("Call: this one is not to be made any more. Take the next."))
	policy, tries = open_callbacks.policy(), (doc.tries or 0) + 1
	state, stays, again = notice_rules.after_phone(
		outcome, tries, act.at, policy.max_attempts, policy.retry_minutes, must_confirm=bool(doc.must_confirm)
	)
	if again:
		again = within_calling_hours(again, policy) if doc.priority >= 3 else again
	doc.flags.by_verb = True
	doc.update(
		{
			"state": state,
			"phone_list": int(stays),
			"tries": tries,
			"next_attempt_at": again,
			"told_by": frappe.session.user,
			"note": (note or "").strip()[:500],
			"seen_at": act.at if state == DeliveryState.SEEN else None,
			"claimed_by": None,
			"claimed_until": None,
		}
	)
	doc.save(ignore_permissions=True)
	if state == DeliveryState.SEEN:
		_tell_all_at_once(doc, act.at)
	if doc.must_confirm and state in (DeliveryState.FAILED, DeliveryState.NO_ADDRESS):
		text = _("Nobody is reached by telephone, and a person must confirm. Send somebody: {0}")
		bells.tell_those_for(act, Duty.CONTROL_ROOM, text.format(listed(_where([doc.unit])) if doc.unit else ""))
	act.record("told_by_phone", {"unit": _where([doc.unit]) if doc.unit else "", "outcome": outcome})
	steps_done_by_notices.complete_steps(act)
	return {"next_attempt_at": str(again or "")}


def _tell_all_at_once(doc, at) -> None:
	"""One call tells everything: the contact's other lines of this outage are done as well."""
	table = frappe.qb.DocType(DELIVERY)
	theirs = (table.incident == doc.incident) & (table.contact == doc.contact) & (table.phone_list == 1)
	seen = {"state": DeliveryState.SEEN, "phone_list": 0, "seen_at": at, "told_by": frappe.session.user}
	bulk.change(DELIVERY, theirs, seen)


# ---------------------------------------------------------------- who has not been reached


def unreached(incident: str) -> list[dict]:
	"""Who has not been reached yet, floor by floor, the highest first; on a floor those whom a person confirms come first.

	Rows of {floor, units: [{unit_no, who, phone, state, must_confirm}]}.
	"""
	with translated():
		permissions.require_verb("see_unreached")
		permissions.require_read("Outage Incident", incident)
		table, unit, contact = (frappe.qb.DocType(name) for name in (DELIVERY, "Property Unit", "Contact"))
		rows = (
			frappe.qb.from_(table)
			.left_join(unit)
			.on(unit.name == table.unit)
			.left_join(contact)
			.on(contact.name == table.contact)
			.select(
				table.contact,
				table.floor,
				table.channel,
				table.state,
				table.must_confirm,
				unit.unit_no,
				contact.full_name,
				contact.mobile_no,
				contact.phone,
			)
			.where(table.incident == incident)
			.where(
				(table.phone_list == 1)
				| table.state.isin(
					(DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.FAILED, DeliveryState.NO_ADDRESS)
				)
			)
			.where(table.state.notin(DONE))
			.orderby(table.must_confirm, order=frappe.qb.desc)
			.orderby(unit.unit_no)
			.orderby(table.creation, order=frappe.qb.desc)
		).run(as_dict=True)
		floors: dict[str, dict[str, dict]] = defaultdict(dict)
		for row in sorted(rows, key=lambda row: floor_order(row.floor), reverse=True):
			floors[row.floor or ""].setdefault(
				row.contact,
				{
					"unit_no": row.unit_no or "",
					"who": row.full_name or "",
					"phone": row.mobile_no or row.phone or "",
					"channel": row.channel,
					"state": row.state,
					"must_confirm": bool(row.must_confirm),
				},
			)
		return [{"floor": floor, "units": list(people.values())} for floor, people in floors.items()]
