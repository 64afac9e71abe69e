"""The agent at a ticket: what is known of its outage, telling the control room, declaring, attaching, the callback.

Everybody who works on the ticket sees what is known and may tell the control room. Verbs keep their roles: an agent
without an outage role declares nothing, a proposal goes to the control room instead.
"""

import functools
from datetime import datetime, timedelta
from types import ModuleType

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk, integrations, locks, permissions
from outage_response.domain import authority
from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import LIVE, RUNNING, UNPLANNED
from outage_response.domain.locate import Location
from outage_response.domain.tickets import RESTORED

from . import (
	assignment,
	callback,
	callees,
	calling_back,
	duty,
	explaining,
	incident,
	known,
	levels,
	proposals,
	surroundings,
	tickets,
)
from .resident import paths_of
from .verbs import Call, lock_incident, lock_property, save, touch, translated

RECENT_HOURS = 24
MANY = 20
CALL_FIELDS = [
	"name",
	"property",
	"unit",
	"power_node",
	"contact",
	"phone",
	"said_at",
	"danger",
	"ticket_type",
	"ticket",
	"incident",
	"proposal",
	"waiting",
	"keep_open",
	"ask_first",
]


# ---------------------------------------------------------------- looking


def look(ticket_type: str, ticket: str) -> dict:
	"""What an agent sees at a ticket, and what they may do there; empty where the platform is switched off.

	Answers {"outage", "home", "places", "levels", "level", "proposal", "callback", "may"}.
	"""
	with translated():
		desk = integrations.desk_of(ticket_type)
		if not desk:
			return {}
		_require(ticket_type, ticket)
		call = call_of(ticket_type, ticket)
		home = _home(desk, ticket, call)
		# A reason of "Care" or "Life safety", and the number, are for those who phone
		pending = _pending(call) if authority.may("log_attempt", permissions.roles_of()) else None
		proposal = _open_proposal(call)
		outage = known.outage(call.incident) if call and call.incident else None
		running = bool(outage and outage["status"] in (*RUNNING, "Scheduled"))
		explained = bool(outage) and is_explained(call)
		roles = permissions.roles_of()
		choices = levels.choices(UNPLANNED)
		return {
			"outage": outage,
			"home": f"{home['unit_no']}, {home['property']}" if home.get("unit") else "",
			"places": _places(home, proposal["node"] if proposal else ""),
			"levels": choices,
			"level": levels.default_of() if choices else "",
			"proposal": proposal,
			"callback": pending,
			"may": {
				"declare": not running and authority.may("declare", roles) and bool(home.get("power_node")),
				"propose": not explained and not proposal,
				"attach": authority.may("attach_ticket", roles),
				"log_callback": bool(pending),
			},
		}


def running(ticket_type: str = "", ticket: str = "") -> list[dict]:
	"""Outages that run, are planned within a day or ended within one; those that explain the ticket first.

	Of the properties that the agent works for (User Permission), where there are any.
	"""
	with translated():
		home: dict = {}
		if ticket:
			desk = _desk(ticket_type)
			_require(ticket_type, ticket)
			home = _home(desk, ticket, call_of(ticket_type, ticket))
		else:
			authority.require_desk(ticket_type, permissions.roles_of())
		path = set(paths_of([home["power_node"]]).get(home["power_node"], ())) if home.get("power_node") else set()
		rows = []
		read_once = functools.cache(surroundings.read)
		for name in _names_of_running(home.get("property")):
			doc = frappe.get_doc("Outage Incident", name)
			fits = any(
				row.unit == home.get("unit") if row.unit else row.power_node in path for row in doc.affected_nodes
			)
			rows.append(
				{
					"incident": name,
					"headline": known.headline(doc),
					"where": known.where(doc, read_once(doc.property)),
					"fits": fits,
					"running": doc.status in RUNNING,
				}
			)
		return sorted(rows, key=lambda row: (not row["fits"], not row["running"]))


def _names_of_running(property_name: str | None) -> list[str]:
	now = now_datetime()
	table = frappe.qb.DocType("Outage Incident")
	query = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.is_drill == 0)
		.where(
			table.status.isin(RUNNING)
			| (
				table.status.isin(("Restored", "Stood Down"))
				& (table.restored_at >= now - timedelta(hours=RECENT_HOURS))
			)
			| ((table.status == "Scheduled") & (table.planned_start <= now + timedelta(hours=RECENT_HOURS)))
		)
		.orderby(table.reported_at, order=frappe.qb.desc)
		.limit(MANY)
	)
	mine = frappe.get_all(
		"User Permission",
		filters={"user": frappe.session.user, "allow": "Managed Property"},
		pluck="for_value",
	)
	if mine:
		query = query.where(table.property.isin(mine))
	if property_name:
		query = query.where(table.property == property_name)
	return query.run(pluck=True)


def _desk(ticket_type: str) -> ModuleType:
	desk = integrations.desk_of(ticket_type)
	if not desk:
		raise RuleError(_("Ticket: {kind} is not installed here, or switched off in the settings."), kind=ticket_type)
	return desk


def _require(ticket_type: str, ticket: str) -> None:
	"""Of the staff, and may read this ticket."""
	authority.require_desk(ticket_type, permissions.roles_of())
	permissions.require_read(ticket_type, str(ticket))


def call_of(ticket_type: str, ticket: str) -> dict | None:
	return frappe.db.get_value(
		"Trouble Call", {"ticket_type": ticket_type, "ticket": str(ticket)}, CALL_FIELDS, as_dict=True
	)


def _home(desk: ModuleType, ticket: str, call: dict | None) -> dict:
	"""The unit that the ticket is about, as its trouble call has it, else as its author's contact does."""
	if call and call.unit:
		unit_no = frappe.db.get_value("Property Unit", call.unit, "unit_no")
		return {"unit": call.unit, "unit_no": unit_no, "property": call.property, "power_node": call.power_node}
	written = desk.from_document(frappe.get_doc(desk.DOCTYPE, ticket))
	found = tickets.homes_of([written]).get(written.name)
	if found:
		return dict(found)
	return {"property": call.property, "power_node": call.power_node} if call else {}


def _places(home: dict, proposed: str) -> list[dict]:
	"""The unit's own node and those above it, with how many units hang on each; what is proposed is chosen already."""
	node = home.get("power_node")
	if not node:
		return []
	path = paths_of([node]).get(node, [])
	around = surroundings.read(home["property"])
	rows = []
	for name in path:
		inside = around.tree.under([name])
		units = sum(row.units for row in around.unit_counts if row.power_node in inside)
		kind = _(around.node_rows[name]["node_type"])
		label = _("{0} ({1}), {2} units").format(around.label(name), kind, units)
		rows.append({"node": name, "label": label, "chosen": name == proposed})
	return rows


def _pending(call: dict | None) -> dict | None:
	"""The callback that the ticket's author waits for."""
	if not call or not call.incident:
		return None
	(key,) = callees.keys_of(call.incident, [call])
	name = key and calling_back.open_with(call.incident, key)
	if not name:
		return None
	fields = ["name", "status", "phone", "reason", "next_attempt_at", "offered_record", "offered_at"]
	row = frappe.db.get_value("Outage Callback", name, fields, as_dict=True)
	return {
		"callback": row.name,
		"status": _(row.status, context="Outage Callback"),
		"phone": row.phone or "",
		"due": known.clock_time(row.next_attempt_at),
		"reason": _(row.reason, context="Outage Callback"),
		"offered": row.offered_record or "",
		"offered_at": known.clock_time(row.offered_at),
		"resolves": not (call.keep_open or call.ask_first),
	}


def _open_proposal(call: dict | None) -> dict | None:
	if not call or not call.proposal or call.incident:
		return None
	row = frappe.db.get_value(
		"Outage Proposal", {"name": call.proposal, "status": "Open"}, ["name", "power_node", "callers"], as_dict=True
	)
	if not row:
		return None
	label = frappe.db.get_value("Power Node", row.power_node, "node_name")
	return {
		"proposal": row.name,
		"node": row.power_node,
		"text": _("The control room knows: {0} callers at {1}").format(row.callers, label),
	}


# ---------------------------------------------------------------- doing


def _understood(desk: ModuleType, ticket: str) -> list[tickets.Understood]:
	"""What a ticket says that is no trouble call yet; it is read before the lock."""
	if call_of(desk.DOCTYPE, ticket):
		return []
	return tickets.understood([desk.from_document(frappe.get_doc(desk.DOCTYPE, ticket))])


def _keep_call(desk: ModuleType, ticket: str, found: list[tickets.Understood], now: datetime) -> dict:
	"""The ticket's trouble call; made now if the ticket's words did not say that it is about power."""
	call = call_of(desk.DOCTYPE, ticket)
	if call:
		return call
	tickets.keep_calls(found, now)
	return call_of(desk.DOCTYPE, ticket)


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

	Answers as `flows.incident.declare`, with "message".
	"""
	with translated():
		permissions.require_verb("declare")
		desk = _desk(ticket_type)
		_require(ticket_type, ticket)
		home = _home(desk, ticket, call_of(ticket_type, ticket))
		place, found = _place_of(home, node), _understood(desk, ticket)
		result = incident.declare(
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
		if call_of(ticket_type, ticket).incident != result["incident"]:
			tickets.attach(result["incident"], [call], now_datetime())
		return {
			**result,
			"message": _("Declared: {0}. {1} tasks are given out.").format(result["incident"], result["tasks"]),
		}


def _reported_at(desk: ModuleType, ticket: str) -> datetime | None:
	"""When the outage was first reported: with the first call of its proposal, else with this ticket; None (now) when
	that is long ago."""
	call = call_of(desk.DOCTYPE, ticket)
	if proposal := _open_proposal(call):
		return frappe.db.get_value("Outage Proposal", proposal["proposal"], "first_call_at")
	said_at = desk.from_document(frappe.get_doc(desk.DOCTYPE, ticket)).raised_at
	minutes = frappe.get_cached_doc("Outage Response Settings").call_window_minutes or 60
	now = now_datetime()
	return said_at if said_at and now - timedelta(minutes=minutes) <= said_at <= now else None


def propose(ticket_type: str, ticket: str, node: str | None = None) -> dict:
	"""Tell the control room that a ticket tells of an outage: it gets a proposal at once, however few have called.

	A ticket that a running outage explains is linked to it instead; one whose home is unknown rings the control room
	with the ticket. Answers {"incident", "proposal", "message"}.
	"""
	with translated():
		desk = _desk(ticket_type)
		_require(ticket_type, ticket)
		now = now_datetime()
		home = _home(desk, ticket, call_of(ticket_type, ticket))
		found = _understood(desk, ticket)
		if not home.get("power_node"):
			call = _keep_call(desk, ticket, found, now)
			_ring(call, ticket_type, ticket, now)
			return {
				"incident": "",
				"proposal": "",
				"message": _("The control room has been told; the home is not known."),
			}
		place = _place_of(home, node)
		lock_property(home["property"])
		call = _keep_call(desk, ticket, found, now)
		if not is_placed(call, now):
			tickets.place_anew([call], now)
		proposals.place_calls(home["property"])
		call = call_of(ticket_type, ticket)
		if call.incident:
			message = (
				_("This outage is known already; the ticket is linked to {0}.")
				if is_explained(call)
				else _("Supply is back there; the control room has been told that this home has none. Linked to {0}.")
			).format(call.incident)
			return {"incident": call.incident, "proposal": "", "message": message}
		if not _open_proposal(call):
			_add_proposal(call, home["property"], place, now)
			call = call_of(ticket_type, ticket)
		return {
			"incident": "",
			"proposal": call.proposal,
			"message": _("The control room has been told; it declares or dismisses."),
		}


def is_placed(call: dict, now: datetime) -> bool:
	"""Does it wait to be placed, and not since long, or does the outage it is linked to explain it?"""
	if call.incident:
		return is_explained(call)
	hours = frappe.get_cached_doc("Outage Response Settings").old_ticket_hours or 6
	return bool(call.waiting) and get_datetime(call.said_at) >= now - timedelta(hours=hours)


def is_explained(call: dict) -> bool:
	"""Is its home without supply in the outage it is linked to, or is that work still to come?"""
	doc = frappe.get_doc("Outage Incident", call.incident)
	return doc.status in LIVE and explaining.standings(doc, [call])[call.name].kind != RESTORED


def _add_proposal(call: dict, property_name: str, place: str, now: datetime) -> None:
	"""A proposal of one agent's own. One that is open around the place already takes the call instead, as it is."""
	around = surroundings.read(property_name)
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


def _ring(call: dict, doctype: str, name: str, now: datetime) -> None:
	unit_no = call.unit and frappe.db.get_value("Property Unit", call.unit, "unit_no")
	text = _("An agent tells of an outage: {0} {1}, ticket {2}").format(
		call.property or "", unit_no or _("place unknown"), call.ticket
	)
	people = duty.control_room(call.property, now)
	assignment.ring(dict.fromkeys(people, text), doctype, name, now)


def attach(ticket_type: str, ticket: str, incident_name: str) -> dict:
	"""Link a ticket to an outage by hand, or move it to another one. Its author gets what is known.

	Answers {"incident", "message"}. Raises ValidationError for an outage that is over, a drill, another property's.
	"""
	with translated():
		permissions.require_verb("attach_ticket")
		desk = _desk(ticket_type)
		_require(ticket_type, ticket)
		found = _understood(desk, ticket)
		home = _home(desk, ticket, call_of(ticket_type, ticket))
		doc = _lock(incident_name)
		permissions.require_read("Outage Incident", doc)
		if doc.is_drill or doc.status not in LIVE:
			raise RuleError(_("Incident: {incident} is over or a drill. Choose one of the list."), incident=doc.name)
		now = now_datetime()
		call = _keep_call(desk, ticket, found, now)
		if (home.get("property") or doc.property) != doc.property:
			raise RuleError(
				_("Incident: this home belongs to {property}, the outage does not."), property=home["property"]
			)
		if call.incident == doc.name:
			return {"incident": doc.name, "message": _("The ticket is linked to {0} already.").format(doc.name)}
		if not call.property:
			table = frappe.qb.DocType("Trouble Call")
			frappe.qb.update(table).set(table.property, doc.property).where(table.name == call.name).run()
		tickets.attach(doc.name, [call], now)
		if call.contact and explaining.standings(doc, [call])[call.name].kind == RESTORED:
			_open_callback(doc.name, call, now)
		return {"incident": doc.name, "message": _("The ticket is linked to {0}.").format(doc.name)}


def _lock(incident_name: str) -> Document:
	property_name = isinstance(incident_name, str) and frappe.db.get_value("Outage Incident", incident_name, "property")
	if property_name:
		lock_property(property_name)
	return lock_incident(incident_name)


def _open_callback(incident_name: str, call: dict, now: datetime) -> None:
	"""Supply is back: who wrote is called back; who wrote after its return is still out."""
	doc = lock_incident(incident_name)
	around = surroundings.read(doc.property)
	if explaining.is_still_out(explaining.standings(doc, [call])[call.name], call):
		calling_back.reported_again(incident_name, [call.contact], around, now)
		return
	calling_back.open_ready(Call("attach_ticket", now, now, incident=doc), around)
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
	"""One attempt of the callback that the ticket's author waits for. Answers as `flows.callback.log_attempt`, with
	"message". Raises ValidationError when no callback is open for this ticket.

	resolve  the tick of whoever phoned: the ticket is about this outage alone, and ends when its author is reached; None:
	         by its words, which resolve only what is sure
	"""
	with translated():
		permissions.require_verb("log_attempt")
		desk = _desk(ticket_type)
		_require(ticket_type, ticket)
		name = _replayed(request_id)
		if not name:
			pending = _pending(call_of(ticket_type, ticket))
			if not pending:
				raise RuleError(_("Callback: none is open for this ticket."))
			name = pending["callback"]
			if resolve is not None:
				decided = {"keep_open": int(not resolve), "ask_first": 0}
				bulk.update("Trouble Call", [call_of(ticket_type, ticket).name], decided)
		result = callback.log_attempt(
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
		return _("Logged. Next attempt at {0}.").format(known.clock_time(result["next_attempt_at"]))
	if outcome != "Reached":
		return _("Logged: {0}.").format(_(outcome))
	waits = {"ticket_type": desk.DOCTYPE, "ticket": str(ticket), "resolve_ticket": 1}
	if desk.is_open(str(ticket)) and not frappe.db.exists("Trouble Call", waits):
		return _("Logged: Reached. The ticket stays open: it may be about something else as well.")
	return _("Logged: Reached. The ticket is resolved.")
