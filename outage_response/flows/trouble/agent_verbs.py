"""What an agent does at a ticket: tells the control room, declares, attaches, logs the callback.

Everybody who works on the ticket may tell the control room. Verbs keep their roles: an agent without an outage role declares
nothing, a proposal goes to the control room instead.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import ModuleType

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk, locks, permissions, settings
from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import LIVE
from outage_response.domain.probable_location import Location
from outage_response.domain.states import CallbackOutcome
from outage_response.domain.which_outage_explains import RESTORED

from ..callbacks import attempts, open_callbacks
from ..facts import outage_in_words, power_and_assets, who_is_on_duty
from ..facts.homes_of_people import paths_of
from ..incident import declaring
from ..verb import bells
from ..verb.changes import save, touch
from ..verb.engine import Act
from ..verb.locking import lock_incident, lock_property
from ..verb.refusals import translated
from . import explaining_outage, proposals, ticket_calls, ticket_intake, ticket_linking

# Tickets that are attached in one go
MANY = 100


def _understood(desk: ModuleType, ticket: str) -> list[ticket_intake.Understood]:
	"""What a ticket says that is no trouble call yet; it is read before the lock."""
	if ticket_calls.call_of(desk.DOCTYPE, ticket):
		return []
	return ticket_intake.understood([desk.from_document(frappe.get_doc(desk.DOCTYPE, ticket))])


def _keep_call(desk: ModuleType, ticket: str, found: list[ticket_intake.Understood], now: datetime) -> frappe._dict:
	"""The ticket's trouble call; made now if the ticket's words did not say that it is about power."""
	call = ticket_calls.call_of(desk.DOCTYPE, ticket)
	if call:
		return call
	ticket_intake.keep_calls(found, now)
	return ticket_calls.known_call_of(desk.DOCTYPE, ticket)


def _place_of(home: dict, node: str | None) -> str:
	"""The node an agent named, of those that feed the home; by default the home's own. Raises RuleError."""
	own = home.get("power_node")
	if not own:
		raise RuleError(
			_("Unit: we do not know where this person lives. Enter their contact as a resident of a unit first.")
		)
	if node and node not in paths_of([own]).get(own, []):
		raise RuleError(_("Nodes: {node} does not feed this home. Choose one of the list."), node=str(node)[:140])
	return node or own


def declare(
	ticket_type: str,
	ticket: str,
	node: str | None = None,
	level: str | None = None,
	request_id: str | None = None,
	*,
	all_the_same: bool = False,
) -> dict:
	"""Declare the outage that a ticket tells of, at the home's node or one above it; its calls are linked to it.

	Answers as `flows.incident.declaring.declare`, with "message".
	"""
	with translated():
		permissions.require_verb("declare")
		desk = ticket_calls.desk_of(ticket_type)
		ticket_calls.require(ticket_type, ticket)
		home = ticket_calls.home_of(desk, ticket, ticket_calls.call_of(ticket_type, ticket))
		place, found = _place_of(home, node), _understood(desk, ticket)
		result = declaring.declare(
			home["property"],
			[place],
			level,
			_("Declared from ticket {0}").format(ticket),
			all_the_same=all_the_same,
			occurred_at=_reported_at(desk, ticket),
			request_id=request_id,
		)
		call = _keep_call(desk, ticket, found, now_datetime())
		proposals.place_calls(home["property"])
		if ticket_calls.known_call_of(ticket_type, ticket).incident != result["incident"]:
			ticket_linking.attach(result["incident"], [call], now_datetime())
		return {
			**result,
			"message": _("Declared: {0}. {1} tasks are given out.").format(result["incident"], result["tasks"]),
		}


def _reported_at(desk: ModuleType, ticket: str) -> datetime | None:
	"""When the outage was first reported: with the first call of its proposal, else with this ticket; None (now) when
	that is long ago."""
	call = ticket_calls.call_of(desk.DOCTYPE, ticket)
	if proposal := ticket_calls.open_proposal(call):
		return frappe.db.get_value("Outage Proposal", proposal["proposal"], "first_call_at")
	said_at = desk.from_document(frappe.get_doc(desk.DOCTYPE, ticket)).raised_at
	minutes = settings.read().call_window_minutes
	now = now_datetime()
	return said_at if said_at and now - timedelta(minutes=minutes) <= said_at <= now else None


def propose(ticket_type: str, ticket: str, node: str | None = None) -> dict:
	"""Tell the control room that a ticket tells of an outage: it gets a proposal at once, however few have called.

	A ticket that a running outage explains is linked to it instead; one whose home is unknown rings the control room
	with the ticket. Answers {"incident", "proposal", "message"}.
	"""
	with translated():
		desk = ticket_calls.desk_of(ticket_type)
		ticket_calls.require(ticket_type, ticket)
		now = now_datetime()
		home = ticket_calls.home_of(desk, ticket, ticket_calls.call_of(ticket_type, ticket))
		found = _understood(desk, ticket)
		if not home.get("power_node"):
			call = _keep_call(desk, ticket, found, now)
			_ring(call, ticket_type, ticket, now)
			_told(desk, call, now)
			return {
				"incident": "",
				"proposal": "",
				"message": _("The control room has been told; the home is not known."),
			}
		place = _place_of(home, node)
		lock_property(home["property"])
		call = _keep_call(desk, ticket, found, now)
		if not ticket_calls.is_placed(call, now):
			ticket_linking.place_anew([call], now)
		proposals.place_calls(home["property"])
		call = ticket_calls.known_call_of(ticket_type, ticket)
		_told(desk, call, now)
		if call.incident:
			message = (
				_("This outage is known already; the ticket is linked to {0}.")
				if ticket_calls.is_explained(call)
				else _("Supply is back there; the control room has been told that this home has none. Linked to {0}.")
			).format(call.incident)
			return {"incident": call.incident, "proposal": "", "message": message}
		if not ticket_calls.open_proposal(call):
			_add_proposal(call, home["property"], place, now)
			call = ticket_calls.known_call_of(ticket_type, ticket)
		return {
			"incident": "",
			"proposal": call.proposal,
			"message": _("The control room has been told; it declares or dismisses."),
		}


def _told(desk: ModuleType, call: frappe._dict, now: datetime) -> None:
	"""Whoever opens the ticket reads that the control room knows, and since when."""
	bulk.update("Trouble Call", [call.name], {"told_at": now, "told_by": frappe.session.user})
	desk.tell_pages([call.ticket])


def _add_proposal(call: frappe._dict, property_name: str, place: str, now: datetime) -> None:
	"""A proposal of one agent's own. One that is open around the place already takes the call instead, as it is."""
	around = power_and_assets.read(property_name)
	inside = around.tree.under([place])
	table = frappe.qb.DocType("Trouble Call")
	for one in proposals.open_around(property_name, place, inside, around)[:1]:
		frappe.qb.update(table).set(table.proposal, one.name).where(table.name == call.name).run()
		doc = locks.document("Outage Proposal", one.name)
		doc.callers = (doc.callers or 0) + 1
		doc.last_call_at = max(get_datetime(doc.last_call_at or call.said_at), get_datetime(call.said_at))
		save(doc)
		_ring(call, "Outage Proposal", one.name, now)
		return
	proposals.write_proposal(property_name, Location(place, 1, 0), [call], inside, around, now)


def _ring(call: frappe._dict, doctype: str, name: str, now: datetime) -> None:
	unit_no = call.unit and frappe.db.get_value("Property Unit", call.unit, "unit_no")
	text = _("An agent tells of an outage: {0} {1}, ticket {2}").format(
		call.property or "", unit_no or _("place unknown"), call.ticket
	)
	people = who_is_on_duty.control_room(call.property, now)
	bells.ring(dict.fromkeys(people, text), doctype, name, now)


def attach(ticket_type: str, ticket: str, incident: str) -> dict:
	"""Link a ticket to an outage by hand, or move it to another one. Its author gets what is known.

	Answers {"incident", "attached", "message"}. Raises ValidationError for an outage that is over, a drill, another property's.
	"""
	return attach_many(ticket_type, [ticket], incident)


def attach_many(ticket_type: str, tickets: Sequence[str], incident: str) -> dict:
	"""The same for several tickets at once: all of them, or none. Each is asked whether it may be read; they are read and linked in
	a fixed number of queries.

	Answers {"incident", "attached": how many were not linked to it before, "message"}. Raises ValidationError also where one of
	them is another property's, and names it; PermissionError where one may not be read.
	"""
	with translated():
		permissions.require_verb("attach_ticket")
		desk = ticket_calls.desk_of(ticket_type)
		names = _chosen(ticket_type, tickets)
		doc = _lock(incident)
		permissions.require_read("Outage Incident", doc)
		if doc.is_drill or doc.status not in LIVE:
			raise RuleError(_("Incident: {incident} is over or a drill. Choose one of the list."), incident=doc.name)
		now = now_datetime()
		calls = _keep_calls(desk, names, now)
		_require_same_property(doc, calls)
		new = [call for call in calls if call.incident != doc.name]
		if new:
			_attach_new(doc, new, now)
		message = _attached(doc.name, len(new), only_one=len(calls) == 1)
		return {"incident": doc.name, "attached": len(new), "message": message}


def _chosen(ticket_type: str, tickets: Sequence[str]) -> list[str]:
	"""The tickets' names, each once. Raises RuleError for none and for too many, PermissionError for one that may not be read."""
	names = list(dict.fromkeys(str(one) for one in tickets))
	if not 0 < len(names) <= MANY:
		raise RuleError(_("Tickets: choose 1 to {most} at a time; {number} are chosen."), most=MANY, number=len(names))
	for name in names:
		ticket_calls.require(ticket_type, name)
	return names


def _require_same_property(doc: Document, calls: Sequence[frappe._dict]) -> None:
	others = [call for call in calls if (call.property or doc.property) != doc.property]
	if others:
		raise RuleError(
			_("Incident: these homes belong to another property than the outage: {tickets}."),
			tickets=[f"{call.ticket} ({call.property})" for call in others],
		)


def _attach_new(doc: Document, calls: Sequence[frappe._dict], now: datetime) -> None:
	if nowhere := [call.name for call in calls if not call.property]:
		bulk.update("Trouble Call", nowhere, {"property": doc.property})
	ticket_linking.attach(doc.name, calls, now)
	_open_callbacks(doc, [call for call in calls if call.contact], now)


def _attached(incident: str, new: int, *, only_one: bool) -> str:
	"""What the agent reads when tickets are linked; `new`: how many of them were not before."""
	if not new:
		return (
			_("The ticket is linked to {0} already.").format(incident)
			if only_one
			else _("The tickets are linked to {0} already.").format(incident)
		)
	if only_one:
		return _("The ticket is linked to {0}.").format(incident)
	return _("{0} tickets are linked to {1}.").format(new, incident)


def _keep_calls(desk: ModuleType, names: Sequence[str], now: datetime) -> list[frappe._dict]:
	"""The trouble calls of tickets, with the property of each home; those that have none get one now."""
	missing = set(names) - {call.ticket for call in ticket_calls.calls_of(desk.DOCTYPE, names)}
	if missing:
		ticket_intake.keep_calls(ticket_intake.understood(desk.named(sorted(missing))), now)
	return ticket_calls.calls_of(desk.DOCTYPE, names)


def _lock(incident_name: str) -> Document:
	property_name = isinstance(incident_name, str) and frappe.db.get_value("Outage Incident", incident_name, "property")
	if property_name:
		lock_property(property_name)
	return lock_incident(incident_name)


def _open_callbacks(doc: Document, calls: Sequence[frappe._dict], now: datetime) -> None:
	"""Where supply is back, who wrote is called back; who wrote after its return is still out."""
	stands = explaining_outage.standings(doc, calls)
	back = [call for call in calls if stands[call.name].kind == RESTORED]
	if not back:
		return
	doc = lock_incident(doc.name)
	around = power_and_assets.read(doc.property)
	again = [call.contact for call in back if explaining_outage.is_still_out(stands[call.name], call)]
	open_callbacks.reported_again(doc.name, list(dict.fromkeys(again)), around, now)
	if len(again) < len(back):
		open_callbacks.open_ready(Act("attach_ticket", now, now, incident=doc), around)
		touch(doc)


def log_callback(
	ticket_type: str,
	ticket: str,
	outcome: str,
	*,
	note: str | None = None,
	satisfaction: int | None = None,
	call_record: str | None = None,
	request_id: str | None = None,
	duration: int | None = None,
	resolve: bool | None = None,
) -> dict:
	"""One attempt of the callback that the ticket's author waits for. Answers as `flows.callbacks.attempts.log_attempt`, with
	"message". Raises ValidationError when no callback is open for this ticket.

	resolve  the tick of whoever phoned: the ticket is about this outage alone, and ends when its author is reached; None:
	         by its words, which resolve only what is sure
	"""
	with translated():
		permissions.require_verb("log_attempt")
		desk = ticket_calls.desk_of(ticket_type)
		ticket_calls.require(ticket_type, ticket)
		name = _replayed(request_id)
		if not name:
			call = ticket_calls.call_of(ticket_type, ticket)
			pending = ticket_calls.pending_of(call)
			if not call or not pending:
				raise RuleError(_("Callback: none is open for this ticket."))
			name = pending["callback"]
			if resolve is not None:
				decided = {"keep_open": int(not resolve), "ask_first": 0}
				bulk.update("Trouble Call", [call.name], decided)
		result = attempts.log_attempt(
			name,
			outcome,
			note=note,
			satisfaction=satisfaction,
			request_id=request_id,
			call_record=call_record,
			duration=duration,
		)
		return {**result, "message": _said(desk, ticket, outcome, result)}


def _replayed(request_id: str | None) -> str | None:
	"""The callback of an attempt that was logged under this request already."""
	return request_id and frappe.db.get_value("Outage Callback Attempt", {"request_id": request_id}, "parent")


def _said(desk: ModuleType, ticket: str, outcome: str, result: dict) -> str:
	if result.get("nested_incident"):
		return _("Still out: {0} is opened for it; the ticket stays open.").format(result["nested_incident"])
	if result.get("next_attempt_at"):
		return _("Logged. Next attempt at {0}.").format(outage_in_words.clock_time(result["next_attempt_at"]))
	if outcome != CallbackOutcome.REACHED:
		return _("Logged: {0}.").format(_(outcome))
	waits = {"ticket_type": desk.DOCTYPE, "ticket": str(ticket), "resolve_ticket": 1}
	if desk.is_open(str(ticket)) and not frappe.db.exists("Trouble Call", waits):
		return _("Logged: Reached. The ticket stays open: it may be about something else as well.")
	return _("Logged: Reached. The ticket is resolved.")
