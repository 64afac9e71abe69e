"""What the ticket pages of the helpdesk and ERPNext's Issue form call, for people who work on the ticket.

They see what is known; each verb keeps its roles (`domain/authority.py`), as in `api/staff.py`.
"""

from typing import Any

import frappe

from outage_response.flows.screens import ticket_page
from outage_response.flows.trouble import agent_verbs

from .reached import reached
from .staff import as_list, endpoint


@frappe.whitelist(methods=["GET", "POST"])  # a ticket page reads by POST
@reached
def look(ticket_type: str, ticket: str) -> dict[str, Any]:
	"""See `flows.screens.ticket_page.look`."""
	return ticket_page.look(ticket_type, ticket)


@frappe.whitelist(methods=["GET", "POST"])
@reached
def running(ticket_type: str, ticket: str = "") -> list[dict[str, Any]]:
	"""See `flows.screens.ticket_page.running`."""
	return ticket_page.running(ticket_type, ticket)


@frappe.whitelist(methods=["GET", "POST"])
@reached
def may_attach(ticket_type: str) -> bool:
	"""See `flows.screens.ticket_page.may_attach`."""
	return ticket_page.may_attach(ticket_type)


@endpoint
def declare(
	ticket_type: str,
	ticket: str,
	node: str | None = None,
	level: str | None = None,
	all_the_same: bool = False,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.trouble.agent_verbs.declare`."""
	return agent_verbs.declare(ticket_type, ticket, node, level, request_id, all_the_same=all_the_same)


@endpoint
def propose(ticket_type: str, ticket: str, node: str | None = None) -> dict[str, Any]:
	"""See `flows.trouble.agent_verbs.propose`."""
	return agent_verbs.propose(ticket_type, ticket, node)


@endpoint
def attach(ticket_type: str, ticket: str, incident: str) -> dict[str, Any]:
	"""See `flows.trouble.agent_verbs.attach`."""
	return agent_verbs.attach(ticket_type, ticket, incident)


@endpoint
def attach_many(ticket_type: str, tickets: list | str, incident: str) -> dict[str, Any]:
	"""See `flows.trouble.agent_verbs.attach_many`."""
	return agent_verbs.attach_many(ticket_type, as_list(tickets) or [], incident)


@endpoint
def log_callback(
	ticket_type: str,
	ticket: str,
	outcome: str,
	note: str | None = None,
	satisfaction: int | None = None,
	call_record: str | None = None,
	request_id: str | None = None,
	duration: int | None = None,
	resolve: bool | None = None,
) -> dict[str, Any]:
	"""See `flows.trouble.agent_verbs.log_callback`."""
	return agent_verbs.log_callback(
		ticket_type,
		ticket,
		outcome,
		note=note,
		satisfaction=satisfaction,
		call_record=call_record,
		request_id=request_id,
		duration=duration,
		resolve=resolve,
	)
