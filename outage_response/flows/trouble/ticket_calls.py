"""A ticket as the control room knows it: its trouble call, its home, its callback, its proposal."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import ModuleType

import frappe
from frappe import _
from frappe.utils import get_datetime

from outage_response import integrations, listing, permissions, settings
from outage_response.domain import authority
from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import LIVE
from outage_response.domain.states import ProposalStatus
from outage_response.domain.which_outage_explains import RESTORED

from ..callbacks import open_callbacks, whom_to_call_back
from ..facts import outage_in_words
from . import explaining_outage, homes_of_tickets

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


def desk_of(ticket_type: str) -> ModuleType:
	desk = integrations.desk_of(ticket_type)
	if not desk:
		raise RuleError(_("Ticket: {kind} is not installed here, or switched off in the settings."), kind=ticket_type)
	return desk


def require(ticket_type: str, ticket: str) -> None:
	"""Of the staff, and may read this ticket."""
	authority.require_desk(ticket_type, permissions.roles_of())
	permissions.require_read(ticket_type, str(ticket))


def call_of(ticket_type: str, ticket: str) -> frappe._dict | None:
	return frappe.db.get_value(
		"Trouble Call", {"ticket_type": ticket_type, "ticket": str(ticket)}, CALL_FIELDS, as_dict=True
	)


def known_call_of(ticket_type: str, ticket: str) -> frappe._dict:
	"""The same of a ticket that has one. Raises DoesNotExistError."""
	call = call_of(ticket_type, ticket)
	if not call:
		raise frappe.DoesNotExistError
	return call


def calls_of(ticket_type: str, names: Sequence[str]) -> list[frappe._dict]:
	"""The trouble calls of several tickets, as `call_of` has each."""
	filters = {"ticket_type": ticket_type, "ticket": ("in", list(names))}
	return listing.get_all("Trouble Call", filters, fields=CALL_FIELDS, order_by="said_at asc, name asc")


def home_of(desk: ModuleType, ticket: str, call: frappe._dict | None) -> dict:
	"""The unit that the ticket is about, as its trouble call has it, else as its author's contact does."""
	if call and call.unit:
		unit_no = frappe.db.get_value("Property Unit", call.unit, "unit_no")
		return {"unit": call.unit, "unit_no": unit_no, "property": call.property, "power_node": call.power_node}
	written = desk.from_document(frappe.get_doc(desk.DOCTYPE, ticket))
	found = homes_of_tickets.homes_of([written]).get(written.name)
	if found:
		return dict(found)
	return {"property": call.property, "power_node": call.power_node} if call else {}


def pending_of(call: frappe._dict | None) -> dict | None:
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


def open_proposal(call: frappe._dict | None) -> dict | None:
	if not call or not call.proposal or call.incident:
		return None
	row = frappe.db.get_value(
		"Outage Proposal",
		{"name": call.proposal, "status": ProposalStatus.OPEN},
		["name", "power_node", "callers"],
		as_dict=True,
	)
	if not row:
		return None
	label = frappe.db.get_value("Power Node", row.power_node, "node_name")
	return {
		"proposal": row.name,
		"node": row.power_node,
		"text": _("The control room knows: {0} callers at {1}").format(row.callers, label),
	}


def is_placed(call: frappe._dict, now: datetime) -> bool:
	"""Does it wait to be placed, and not since long, or does the outage it is linked to explain it?"""
	if call.incident:
		return is_explained(call)
	hours = settings.read().old_ticket_hours
	return bool(call.waiting) and get_datetime(call.said_at) >= now - timedelta(hours=hours)


def is_explained(call: frappe._dict) -> bool:
	"""Is its home without supply in the outage it is linked to, or is that work still to come?"""
	doc = frappe.get_doc("Outage Incident", call.incident)
	return doc.status in LIVE and explaining_outage.standings(doc, [call])[call.name].kind != RESTORED
