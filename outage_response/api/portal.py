"""For residents: the outages at their own units, and of their own tickets. Only for the session's own user; visitors get
nothing; so many requests a minute for each user."""

import functools
from collections.abc import Callable
from typing import Any

import frappe
from frappe import _

from outage_response.flows.residents import own_outages

from .endpoints import endpoint
from .limits import A_MINUTE, count
from .reached import reached


def sparing(function: Callable) -> Callable:
	"""At most A_MINUTE requests a minute from each user. By user, not by address: a whole tower may share one address."""

	@functools.wraps(function)
	def run(*args, **kwargs):
		if frappe.request and count(function.__name__, frappe.session.user) > A_MINUTE:
			frappe.throw(_("Too many requests. Wait a minute."), frappe.RateLimitExceededError)
		return function(*args, **kwargs)

	return run


@frappe.whitelist(methods=["GET", "POST"])  # the portal's page reads by POST
@reached
@sparing
def known() -> list[dict[str, Any]]:
	"""See `flows.residents.own_outages.known`."""
	return own_outages.known(frappe.session.user)


@frappe.whitelist(methods=["GET", "POST"])
@reached
@sparing
def of_ticket(ticket_type: str, ticket: str) -> dict[str, Any]:
	"""See `flows.residents.own_outages.of_ticket`."""
	return own_outages.of_ticket(frappe.session.user, ticket_type, ticket)


@endpoint
@sparing
def want_updates(ticket_type: str, ticket: str, wanted: bool = True) -> dict[str, Any]:
	"""See `flows.residents.own_outages.want_updates`."""
	return own_outages.want_updates(frappe.session.user, ticket_type, ticket, wanted)
