"""What a resident does on the portal or by a link: report, answer, rate, say that they depend on power.

It runs as the site itself, so that no record of the response carries a resident's name; who may do it was asked before.
"""

from collections import defaultdict

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from outage_response import bulk, integrations, listing, locks
from outage_response.domain import notice_rules as notice_rules
from outage_response.domain.callback_rules import WAITING
from outage_response.domain.errors import NotAllowed, RuleError, _lt
from outage_response.domain.lifecycle import RUNNING
from outage_response.domain.plan_expansion import dedupe_key
from outage_response.domain.states import (
	CALL_REQUEST,
	CallbackOutcome,
	CallbackStatus,
	DeliveryChannel,
	DeliveryState,
	Duty,
)

from ..callbacks import attempts, open_callbacks
from ..facts.language import listed
from ..notices import resident_links
from ..trouble import telephone_calls
from ..verb import bells
from ..verb.changes import touch
from ..verb.engine import Act, finish
from ..verb.locking import lock_incident, lock_property
from ..verb.refusals import translated
from . import who_depends_on_power
from .resident_portal import Person, outage

ANSWERS = ("back", "still_out", "call_me", "rate")
PARTS = ("", _lt("Whole home"), _lt("Some rooms"), _lt("Only the stairs or the elevator"))
LONGEST_WORDS = 1000


def report(
	person: Person, unit: str, part: str = "", danger: bool = False, words: str = "", request_id: str = ""
) -> dict:
	"""No power here. Answers {"danger", "incident", "known"}: with danger the control room hears of it at once.

	Raises ValidationError for a home that is not theirs.
	"""
	with translated(), integrations.as_system():
		home = _home(person, unit)
		if part not in PARTS:
			raise RuleError(_("Which part: choose one of: {allowed}."), allowed=PARTS[1:])
		said = (f"{_(part)}. {words}".strip(". ") if part else words)[:LONGEST_WORDS]
		danger = bool(danger) or telephone_calls.says_danger(said)
		kept = telephone_calls.keep_call(
			home["property"],
			locked=telephone_calls.lock_for_call(home["property"], danger),
			unit=home["unit"],
			contact=_contact_of(person, home["unit"]),
			words=said,
			danger=danger,
			request_id=_id(person, request_id),
		)
		return {"danger": kept["danger"], "incident": kept["incident"], "known": bool(kept["incident"])}


def answer(person: Person, incident: str, said: str, satisfaction: int | None = None, note: str = "") -> dict:
	"""Power is back, still out, please call me, or only a rating from 1 to 5. Answers {"said"}.

	The state of the person's own home decides what it means, not that of the outage: others may still be in the dark.
	"""
	with translated(), integrations.as_system():
		if said not in ANSWERS:
			raise RuleError(_("Answer: choose one of: {allowed}."), allowed=ANSWERS)
		if satisfaction is not None and satisfaction not in range(1, 6):
			raise RuleError(_("Satisfaction: a number from 1 (bad) to 5 (good), or none."))
		card = outage(person, incident)
		_require_fitting(card["kind"], said, satisfaction)
		note = (note or "").strip()[:LONGEST_WORDS]
		danger = telephone_calls.says_danger(note)
		lock_property(card["property"])  # a nested incident may follow; the property is always locked first
		doc = lock_incident(incident)
		now = now_datetime()
		act = Act("resident_answer", now, now, incident=doc)
		_mark_seen(person, incident, now)
		homes, units = card["homes"], card["units"]  # those of the person that are in this outage
		if said == "still_out":
			_say_dark(act, person, card, satisfaction, note, danger)
		elif said == "call_me":
			_ask_for_call(act, person, homes[0], units, note)
			if satisfaction and card["kind"] in ("back", "past"):
				_rate(_callback_of(act, person, homes), satisfaction)
		elif said == "back" and card["kind"] == "out":
			_say_back(act, person, homes, note)
		else:
			_answer_callback(act, person, homes, CallbackOutcome.REACHED, satisfaction, note)
		touch(doc)
		return {"said": said}


def _say_dark(act: Act, person: Person, card: dict, satisfaction: int | None, note: str, danger: bool) -> None:
	"""Known to be out, it is one call more; where supply counts as back, the outage goes on; else it is another one."""
	homes = card["homes"]
	if card["kind"] == "out":
		_keep_call(act, person, next(home for home in homes if home["unit"] in card["dark"]), note, danger)
	elif card["kind"] == "back":
		_still_out(act, person, homes, satisfaction, note, danger)
	else:
		_report_anew(act, person, homes[0], card["units"], note)


def _keep_call(act: Act, person: Person, home: dict, note: str, danger: bool) -> dict:
	"""It is still dark: the call is counted, which makes the callback a wanted one. The same words twice are one call."""
	contact = _contact_of(person, home["unit"])
	return telephone_calls.keep_call(
		home["property"],
		unit=home["unit"],
		contact=contact,
		words=note[:LONGEST_WORDS],
		danger=danger,
		request_id=dedupe_key(act.incident.name, f"still out {note}", "Contact", contact),
	)


def _report_anew(act: Act, person: Person, home: dict, units: list[str], note: str) -> None:
	"""No power, and the outage that we wrote to them about has ended or has not begun: a call of its own, of which the control
	room hears. The same words twice within the hour are one."""
	contact = _contact_of(person, home["unit"])
	hour = f"{act.now:%Y-%m-%d %H}"
	kept = telephone_calls.keep_call(
		home["property"],
		unit=home["unit"],
		contact=contact,
		words=note[:LONGEST_WORDS],
		request_id=dedupe_key(act.incident.name, f"no power {hour} {note}", "Contact", contact),
	)
	act.record("late_act", {"said_kind": "call_received", "unit": units})
	if not kept["incident"]:
		text = _("No power at {0}, after the outage {1}").format(listed(units), act.incident.name)
		bells.tell_those_for(act, Duty.CONTROL_ROOM, text)


def _require_fitting(kind: str, said: str, satisfaction: int | None) -> None:
	"""Raise RuleError for an answer that an outage of this kind (see `resident_portal.outage`) does not ask for."""
	if said == "rate":
		if kind not in ("back", "past"):
			raise RuleError(_("Answer: this outage is not over yet. Rate it when power is back."))
		if satisfaction is None:
			raise RuleError(_("Satisfaction: a number from 1 (bad) to 5 (good)."))
	elif kind in ("planned", "cancelled", "past") and said == "back":
		raise RuleError(_("Answer: this outage is over or has not begun. If you are without power, say so."))


def _say_back(act: Act, person: Person, homes: list[dict], note: str) -> None:
	"""A home that counts as dark has power, its people say: the control room looks. What they wrote besides is kept as a call,
	where the words of residents are; the bell has none."""
	units = [home["unit_no"] for home in homes]
	act.record("resident_says_back", {"unit": units})
	bells.tell_those_for(act, Duty.CONTROL_ROOM, _("Residents say that power is back: {0}").format(listed(units)))
	if note:
		_keep_call(act, person, homes[0], note, telephone_calls.says_danger(note))


def _answer_callback(
	act: Act, person: Person, homes: list[dict], outcome: str, satisfaction: int | None, note: str
) -> None:
	"""The answer of somebody whose home is back is the attempt that reached them, kept in the CRM like any other."""
	doc = _callback_of(act, person, homes)
	if doc.status in (CallbackStatus.REACHED, CallbackStatus.STILL_OUT) and outcome == CallbackOutcome.REACHED:
		_rate(doc, satisfaction)
		if doc.status == CallbackStatus.STILL_OUT:
			_say_back(act, person, homes, note)
		return
	text = _("Answered by the resident")
	how = integrations.How(by_resident=True)
	said = attempts.attempt(act, doc, outcome, note=f"{text}. {note}".strip(), satisfaction=satisfaction, how=how)
	finish(act, {"callback": doc.name, "callback_status": doc.status, **said})


def _still_out(act: Act, person: Person, homes: list[dict], satisfaction: int | None, note: str, danger: bool) -> None:
	"""Their home counts as supplied and is dark: the nested incident opens, and the control room is rung every time.

	The call is kept as well, after it, so that the nested incident explains it.
	"""
	doc = _callback_of(act, person, homes)
	nested = frappe.db.get_value("Outage Incident", doc.nested_incident, "status") if doc.nested_incident else None
	if doc.status == CallbackStatus.STILL_OUT and nested in RUNNING:
		units = listed(home["unit_no"] for home in homes)
		bells.tell_those_for(act, Duty.CONTROL_ROOM, _("Still without power after restoration: {0}").format(units))
	else:
		_answer_callback(act, person, homes, CallbackOutcome.STILL_OUT, satisfaction, note)
	_keep_call(act, person, homes[0], note, danger)


def _rate(doc: Document, satisfaction: int | None) -> None:
	if satisfaction:
		doc.satisfaction = satisfaction
		attempts.save(doc)


def _callback_of(act: Act, person: Person, homes: list[dict]) -> Document:
	"""The callback that speaks for these homes: the person's own, else that of their household, else a new one.

	A household is called once, through its primary contact; whoever of it answers has answered for it. A callback that is
	also about a home of others is not theirs to answer. Where the plan calls nobody, the answer is kept all the same.
	"""
	incident, own = act.incident.name, [home["unit"] for home in homes]
	name = frappe.db.get_value("Outage Callback", {"incident": incident, "contact": ("in", list(person.contacts))})
	if not name:
		doc, unit = frappe.qb.DocType("Outage Callback"), frappe.qb.DocType("Outage Callback Unit")
		units = defaultdict(set)
		for parent, of in (
			frappe.qb.from_(doc)
			.join(unit)
			.on((unit.parent == doc.name) & (unit.parenttype == "Outage Callback"))
			.select(doc.name, unit.unit)
			.where(doc.incident == incident)
			.orderby(doc.priority)
			.orderby(doc.name)
		).run():
			units[parent].add(of)
		name = next((parent for parent, of in units.items() if of <= set(own)), None)
	if not name:
		open_callbacks.open_for(act, _contact_of(person, own[0]), own)
		name = frappe.db.get_value("Outage Callback", {"incident": incident, "contact": ("in", list(person.contacts))})
	return locks.document("Outage Callback", name)


def _ask_for_call(act: Act, person: Person, home: dict, units: list[str], note: str) -> None:
	"""Please call me: the open callback is due now, else a line on the phone list."""
	incident = act.incident
	table = frappe.qb.DocType("Outage Callback")
	name = frappe.db.get_value(
		"Outage Callback",
		{
			"incident": incident.name,
			"contact": ("in", list(person.contacts)),
			"status": ("in", WAITING),
		},
	)
	if name:
		query = frappe.qb.update(table).set(table.next_attempt_at, act.now).set(table.modified, act.now)
		if note:
			query = query.set(table.outcome, note[:500])
		query.where(table.name == name).run()
	else:
		_call_request(act, person, home, note)
	act.record("resident_wants_call", {"unit": units})
	bells.tell_those_for(act, Duty.RESIDENTS, _("Asks to be called: {0}").format(listed(units)))


def _call_request(act: Act, person: Person, home: dict, note: str) -> None:
	"""One open line for each contact and incident, however often they ask; with what they wrote last."""
	incident, contact = act.incident, _contact_of(person, home["unit"])
	waiting = {
		"incident": incident.name,
		"contact": contact,
		"kind": CALL_REQUEST,
		"state": DeliveryState.QUEUED,
	}
	if open_line := frappe.db.exists("Notice Delivery", waiting):
		if note:
			frappe.db.set_value("Notice Delivery", open_line, "note", note[:500])
		return
	asked = frappe.db.count("Notice Delivery", {**waiting, "state": ("!=", "")})
	doc = frappe.get_doc(
		{
			"doctype": "Notice Delivery",
			**waiting,
			"property": incident.property,
			"unit": home["unit"],
			"floor": frappe.db.get_value("Property Unit", home["unit"], "floor"),
			"channel": DeliveryChannel.PHONE,
			"phone_list": 1,
			"priority": 2,
			"note": note[:500],
			"dedupe_key": dedupe_key(incident.name, CALL_REQUEST, "Contact", contact, asked + 1),
		}
	)
	doc.flags.by_verb = True
	doc.insert(ignore_permissions=True)


def _mark_seen(person: Person, incident: str, now) -> None:
	"""Whoever answers has read what we wrote."""
	table = frappe.qb.DocType("Notice Delivery")
	theirs = (table.incident == incident) & table.contact.isin(list(person.contacts))
	told = table.state.isin((DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.NO_ADDRESS)) | (
		(table.state == DeliveryState.QUEUED) & (table.channel == DeliveryChannel.PHONE)
	)
	asked = (table.kind == CALL_REQUEST) | (table.must_confirm == 1)
	seen = {"state": DeliveryState.SEEN, "seen_at": now, "phone_list": 0}
	bulk.change("Notice Delivery", theirs & told & asked.negate(), seen)


def void_links(person: Person) -> None:
	"""Every link that this person was sent opens nothing any more; the next message brings a new one."""
	for contact in person.contacts:
		resident_links.revoke(contact)


# ---------------------------------------------------------------- care


def say_care_need(person: Person, unit: str, what: str, minutes: int = 0) -> dict:
	"""Somebody at home depends on power. They may take it back at any time. Answers {"unit"}."""
	with translated(), integrations.as_system():
		home = _home(person, unit)
		_require_login(person)
		if not (what or "").strip() or len(what) > 140:
			raise RuleError(_("What Depends on Power: say it in up to 140 characters."))
		if not isinstance(minutes, int) or not 0 <= minutes <= 100_000:
			raise RuleError(_("Equipment Lasts (minutes): a whole number, 0 if unknown."))
		who_depends_on_power.keep(home["property"], unit, _contact_of(person, unit), what.strip(), minutes)
		return {"unit": unit}


def withdraw_care_need(person: Person, unit: str) -> dict:
	"""Nobody at home depends on power any more: the record is deleted, not kept. Answers {"unit"}."""
	with translated(), integrations.as_system():
		_home(person, unit)
		_require_login(person)
		frappe.db.delete("Care Need", {"unit": unit, "contact": ("in", list(person.contacts))})
		return {"unit": unit}


def care_needs(person: Person) -> list[dict]:
	"""What the person themselves has said: unit, what, equipment_minutes. Not by a link, which others may read."""
	if person.only or not person.contacts:
		return []
	return listing.get_all(
		"Care Need",
		filters={"contact": ("in", list(person.contacts)), "unit": ("in", list(person.units))},
		fields=["unit", "what", "equipment_minutes"],
		order_by="unit",
	)


def _require_login(person: Person) -> None:
	if person.only:
		raise NotAllowed(_("Log in to say this: a link can be read by others."))


def _home(person: Person, unit: str) -> dict:
	home = next((home for home in person.homes if home["unit"] == unit), None)
	if not home:
		raise RuleError(_("Home: choose one of your own."))
	return home


def _contact_of(person: Person, unit: str) -> str:
	"""Which of the person's contacts lives in this unit."""
	found = listing.get_all(
		"Unit Resident",
		filters={"parent": unit, "contact": ("in", list(person.contacts))},
		pluck="contact",
		order_by="idx",
		limit=1,
	)
	return found[0] if found else person.contacts[0]


def _id(person: Person, request_id: str) -> str | None:
	"""A form sent twice is one report; nobody reads another's answer by guessing their word."""
	return dedupe_key("portal", request_id, "Contact", person.contacts[0]) if request_id else None
