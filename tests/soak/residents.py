"""What residents do, as their pages do it: answer about an outage of theirs, report one."""

from outage_response.api.endpoints import retrying
from outage_response.flows.facts import homes_of_people
from outage_response.flows.residents import portal_verbs
from outage_response.flows.residents.resident_portal import Person


def _person(contact: str, only: str = "") -> Person:
	return Person((contact,), tuple(homes_of_people.homes_of([contact])), only)


@retrying
def answer(contact: str, incident: str, said: str, satisfaction: int | None = None) -> dict:
	"""Whoever holds the link in a message."""
	return portal_verbs.answer(_person(contact, incident), incident, said, satisfaction)


@retrying
def report(contact: str, unit: str, danger: bool, request_id: str | None = None) -> dict:
	"""Whoever is logged in."""
	return portal_verbs.report(_person(contact), unit, danger=danger, words="No power", request_id=request_id or "")
