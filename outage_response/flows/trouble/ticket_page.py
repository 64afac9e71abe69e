"""What an agent reads at a ticket: what is known of its outage, who was told and called, and the steps that are open.

Everybody who works on the ticket sees what is known. Steps and callbacks are for those whose role deals with them.
"""

import functools
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import ModuleType

import frappe
from frappe import _
from frappe.utils import get_datetime, now_datetime

from outage_response import integrations, listing, permissions
from outage_response.domain import authority
from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import LIVE, RUNNING, UNPLANNED
from outage_response.domain.tickets import RESTORED

from ..callbacks import open_callbacks, whom_to_call_back
from ..facts import outage_in_words, outage_levels, power_and_assets
from ..facts.language import in_clauses
from ..residents.own_outages import paths_of
from ..screens import incident_form, operator_call_sheet, phone_page
from ..verb.engine import translated
from . import explaining_outage, ticket_intake

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
	"told_at",
	"told_by",
]


def look(ticket_type: str, ticket: str) -> dict:
	"""What an agent sees at a ticket, and what they may do there; empty where the platform is switched off.

	Answers {"outage", "home", "places", "levels", "level", "proposal", "told", "called": [[when, whom and how]], "steps": see
	`flows.screens.phone_page.steps_in`, with "due" in words, "callback", "may"}.
	"""
	with translated():
		desk = integrations.desk_of(ticket_type)
		if not desk:
			return {}
		require(ticket_type, ticket)
		call = call_of(ticket_type, ticket)
		home = home_of(desk, ticket, call)
		# A reason of "Care" or "Life safety", and the number, are for those who phone
		pending = pending_of(call) if authority.may("log_attempt", permissions.roles_of()) else None
		proposal = open_proposal(call)
		outage = outage_in_words.outage(call.incident) if call and call.incident else None
		running = bool(outage and outage["status"] in (*RUNNING, "Scheduled"))
		explained = bool(outage) and is_explained(call)
		roles = permissions.roles_of()
		choices = outage_levels.choices(UNPLANNED)
		return {
			"outage": outage,
			"home": f"{home['unit_no']}, {home['property']}" if home.get("unit") else "",
			"places": _places(home, proposal["node"] if proposal else ""),
			"levels": choices,
			"level": outage_levels.default_of() if choices else "",
			"proposal": proposal,
			"told": _told(call),
			"called": _called(call, outage),
			"steps": _steps(outage["incident"]) if outage else [],
			"callback": pending,
			"may": {
				"declare": not running and authority.may("declare", roles) and bool(home.get("power_node")),
				"propose": not explained and not proposal,
				"attach": authority.may("attach_ticket", roles),
				"log_callback": bool(pending),
			},
		}


def _told(call: dict | None) -> str:
	"""That an agent has told the control room of this ticket; "" where nobody did."""
	if not call or not call.told_at:
		return ""
	who = frappe.utils.get_fullname(call.told_by) if call.told_by else ""
	return _("The control room was told at {0} by {1}.").format(outage_in_words.clock_time(call.told_at), who)


def _called(call: dict | None, outage: dict | None) -> list[list[str]]:
	"""[when, whom and how it went]: firms and offices that the control room phoned for the outage, and the ticket's author, for
	those who phone residents."""
	if not outage:
		return []
	made = [
		(one["at"], _("{0}: {1}").format(one["whom"], _("Reached") if one["answered"] else _("No Answer")))
		for one in operator_call_sheet.calls_made(outage["incident"])
	]
	if authority.may("log_attempt", permissions.roles_of()):
		made += _attempts(call)
	made.sort(key=lambda row: row[0], reverse=True)
	return [[outage_in_words.clock_time(at), text] for at, text in made[:MANY]]


def _attempts(call: dict) -> list[tuple[datetime, str]]:
	"""The calls that were made to whom the ticket is of, about its outage."""
	(key,) = whom_to_call_back.keys_of(call.incident, [call])
	callbacks = open_callbacks.of_callee(call.incident, key) if key else []
	rows = listing.get_all(
		"Outage Callback Attempt",
		filters={"parenttype": "Outage Callback", "parent": ("in", callbacks)},
		fields=["attempted_at", "attempted_by", "outcome"],
	)
	names = incident_form.full_names(row.attempted_by for row in rows)
	return [
		(
			get_datetime(row.attempted_at),
			_("Author of the ticket: {0}, by {1}").format(
				_(row.outcome), names.get(row.attempted_by) or row.attempted_by or ""
			),
		)
		for row in rows
	]


def _steps(incident: str) -> list[dict]:
	now = now_datetime()
	found = []
	for step in phone_page.steps_in(incident, frappe.session.user)[:MANY]:
		due = get_datetime(step["due"]) if step.get("due") else None
		found.append(
			{
				**step,
				"status_label": _(step["status"], context="Outage Task"),
				"waiting": in_clauses(step.get("waiting", ())),
				"due": f"{outage_in_words.short_time(due)} · {outage_in_words.how_far(due)}" if due else "",
				"late": bool(due and due < now and not step.get("optional")),
			}
		)
	return found


def running(ticket_type: str = "", ticket: str = "") -> list[dict]:
	"""Outages that run, are planned within a day or ended within one; those that explain the ticket first.

	Of the properties that the agent works for (User Permission), where there are any.
	"""
	with translated():
		home: dict = {}
		if ticket:
			desk = desk_of(ticket_type)
			require(ticket_type, ticket)
			home = home_of(desk, ticket, call_of(ticket_type, ticket))
		else:
			authority.require_desk(ticket_type, permissions.roles_of())
		path = set(paths_of([home["power_node"]]).get(home["power_node"], ())) if home.get("power_node") else set()
		rows = []
		read_once = functools.cache(power_and_assets.read)
		for name in _names_of_running(home.get("property")):
			doc = frappe.get_doc("Outage Incident", name)
			fits = any(
				row.unit == home.get("unit") if row.unit else row.power_node in path for row in doc.affected_nodes
			)
			rows.append(
				{
					"incident": name,
					"headline": outage_in_words.headline(doc),
					"where": outage_in_words.where(doc, read_once(doc.property)),
					"fits": fits,
					"running": doc.status in RUNNING,
				}
			)
		return sorted(rows, key=lambda row: (not row["fits"], not row["running"]))


def may_attach(ticket_type: str) -> bool:
	"""May the reader attach tickets of this kind to outages?"""
	return bool(integrations.desk_of(ticket_type)) and authority.may("attach_ticket", permissions.roles_of())


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


def desk_of(ticket_type: str) -> ModuleType:
	desk = integrations.desk_of(ticket_type)
	if not desk:
		raise RuleError(_("Ticket: {kind} is not installed here, or switched off in the settings."), kind=ticket_type)
	return desk


def require(ticket_type: str, ticket: str) -> None:
	"""Of the staff, and may read this ticket."""
	authority.require_desk(ticket_type, permissions.roles_of())
	permissions.require_read(ticket_type, str(ticket))


def call_of(ticket_type: str, ticket: str) -> dict | None:
	return frappe.db.get_value(
		"Trouble Call", {"ticket_type": ticket_type, "ticket": str(ticket)}, CALL_FIELDS, as_dict=True
	)


def calls_of(ticket_type: str, names: Sequence[str]) -> list[dict]:
	"""The trouble calls of several tickets, as `call_of` has each."""
	filters = {"ticket_type": ticket_type, "ticket": ("in", list(names))}
	return listing.get_all("Trouble Call", filters, fields=CALL_FIELDS, order_by="said_at asc, name asc")


def home_of(desk: ModuleType, ticket: str, call: dict | None) -> dict:
	"""The unit that the ticket is about, as its trouble call has it, else as its author's contact does."""
	if call and call.unit:
		unit_no = frappe.db.get_value("Property Unit", call.unit, "unit_no")
		return {"unit": call.unit, "unit_no": unit_no, "property": call.property, "power_node": call.power_node}
	written = desk.from_document(frappe.get_doc(desk.DOCTYPE, ticket))
	found = ticket_intake.homes_of([written]).get(written.name)
	if found:
		return dict(found)
	return {"property": call.property, "power_node": call.power_node} if call else {}


def _places(home: dict, proposed: str) -> list[dict]:
	"""The unit's own node and those above it, with how many units hang on each; what is proposed is chosen already."""
	node = home.get("power_node")
	if not node:
		return []
	path = paths_of([node]).get(node, [])
	around = power_and_assets.read(home["property"])
	rows = []
	for name in path:
		inside = around.tree.under([name])
		units = sum(row.units for row in around.unit_counts if row.power_node in inside)
		kind = _(around.node_rows[name]["node_type"])
		label = _("{0} ({1}), {2} units").format(around.label(name), kind, units)
		rows.append({"node": name, "label": label, "chosen": name == proposed})
	return rows


def pending_of(call: dict | None) -> dict | None:
	"""The callback that the ticket's author waits for."""
	if not call or not call.incident:
		return None
	(key,) = whom_to_call_back.keys_of(call.incident, [call])
	name = key and open_callbacks.open_with(call.incident, key)
	if not name:
		return None
	fields = ["name", "status", "phone", "reason", "next_attempt_at", "offered_record", "offered_at"]
	row = frappe.db.get_value("Outage Callback", name, fields, as_dict=True)
	return {
		"callback": row.name,
		"status": _(row.status, context="Outage Callback"),
		"phone": row.phone or "",
		"due": outage_in_words.clock_time(row.next_attempt_at),
		"reason": _(row.reason, context="Outage Callback"),
		"offered": row.offered_record or "",
		"offered_at": outage_in_words.clock_time(row.offered_at),
		"resolves": not (call.keep_open or call.ask_first),
	}


def open_proposal(call: dict | None) -> dict | None:
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


def is_placed(call: dict, now: datetime) -> bool:
	"""Does it wait to be placed, and not since long, or does the outage it is linked to explain it?"""
	if call.incident:
		return is_explained(call)
	hours = frappe.get_cached_doc("Outage Response Settings").old_ticket_hours or 6
	return bool(call.waiting) and get_datetime(call.said_at) >= now - timedelta(hours=hours)


def is_explained(call: dict) -> bool:
	"""Is its home without supply in the outage it is linked to, or is that work still to come?"""
	doc = frappe.get_doc("Outage Incident", call.incident)
	return doc.status in LIVE and explaining_outage.standings(doc, [call])[call.name].kind != RESTORED
