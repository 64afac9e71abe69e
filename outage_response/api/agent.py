"""What the ticket pages of the helpdesk and ERPNext's Issue form call, for people who work on the ticket.

They see what is known; each verb keeps its roles (`domain/authority.py`), as in `api/staff.py`.
"""

from typing import Any

import frappe

from outage_response.flows.screens import ticket_page
from outage_response.flows.trouble import agent_verbs

from .endpoints import endpoint
from .reached import reached


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


declare = endpoint(agent_verbs.declare)
propose = endpoint(agent_verbs.propose)
attach = endpoint(agent_verbs.attach)
attach_many = endpoint(agent_verbs.attach_many)
log_callback = endpoint(agent_verbs.log_callback)
