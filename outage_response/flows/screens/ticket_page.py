"""What an agent reads at a ticket: what is known of its outage, who was told and called, the steps that are open, and the outages
that it may be attached to.

Everybody who works on the ticket sees what is known. Steps and callbacks are for those whose role deals with them.
"""

import functools
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_datetime, now_datetime

from outage_response import integrations, listing, permissions
from outage_response.domain import authority
from outage_response.domain.lifecycle import RUNNING, UNPLANNED
from outage_response.domain.states import IncidentStatus

from ..callbacks import open_callbacks, whom_to_call_back
from ..facts import outage_in_words, outage_levels, power_and_assets, reachable_people
from ..facts.homes_of_people import paths_of
from ..facts.language import in_clauses
from ..trouble.ticket_calls import call_of, desk_of, home_of, is_explained, open_proposal, pending_of, require
from ..verb.refusals import translated
from . import operator_call_sheet, phone_page

RECENT_HOURS = 24
MANY = 20


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
		running = bool(outage and outage["status"] in (*RUNNING, IncidentStatus.SCHEDULED))
		explained = bool(call and outage and is_explained(call))
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
				"follow": bool(frappe.has_permission("Outage Incident", "read")),
			},
		}


def _told(call: frappe._dict | None) -> str:
	"""That an agent has told the control room of this ticket; "" where nobody did."""
	if not call or not call.told_at:
		return ""
	who = frappe.utils.get_fullname(call.told_by) if call.told_by else ""
	return _("The control room was told at {0} by {1}.").format(outage_in_words.clock_time(call.told_at), who)


def _called(call: frappe._dict | None, outage: dict | None) -> list[list[str]]:
	"""[when, whom and how it went]: firms and offices that the control room phoned for the outage, and the ticket's author, for
	those who phone residents."""
	if not outage:
		return []
	made = [
		(one["at"], _("{0}: {1}").format(one["whom"], _("Reached") if one["answered"] else _("No Answer")))
		for one in operator_call_sheet.calls_made(outage["incident"])
	]
	if call and authority.may("log_attempt", permissions.roles_of()):
		made += _attempts(call)
	made.sort(key=lambda row: row[0], reverse=True)
	return [[outage_in_words.clock_time(at), text] for at, text in made[:MANY]]


def _attempts(call: frappe._dict) -> list[tuple[datetime, str]]:
	"""The calls that were made to whom the ticket is of, about its outage."""
	(key,) = whom_to_call_back.keys_of(call.incident, [call])
	callbacks = open_callbacks.of_callee(call.incident, key) if key else []
	rows = listing.get_all(
		"Outage Callback Attempt",
		filters={"parenttype": "Outage Callback", "parent": ("in", callbacks)},
		fields=["attempted_at", "attempted_by", "outcome"],
	)
	names = reachable_people.full_names(row.attempted_by for row in rows)
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
				table.status.isin((IncidentStatus.RESTORED, IncidentStatus.STOOD_DOWN))
				& (table.restored_at >= now - timedelta(hours=RECENT_HOURS))
			)
			| (
				(table.status == IncidentStatus.SCHEDULED)
				& (table.planned_start <= now + timedelta(hours=RECENT_HOURS))
			)
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


def _places(home: dict, proposed: str) -> list[dict[str, Any]]:
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
