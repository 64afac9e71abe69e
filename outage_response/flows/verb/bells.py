"""Telling people by Frappe's own bell: one Notification Log for each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain.who_gets_a_task import assign
from outage_response.integrations import notifications

from ..facts import who_is_on_duty


def tell(incident: Document, subjects: Mapping[str, str], now: datetime) -> None:
	"""One Notification Log per person (user -> what it says) about an incident; a drill's says so."""
	prefix = f"{_('DRILL')}: " if incident.is_drill else ""
	ring({user: prefix + text for user, text in subjects.items()}, "Outage Incident", incident.name, now)


def tell_department(act: Any, department: str, text: str) -> None:
	"""Ring the bell of everybody on duty there, else of everybody of its role. `act`: a verb's (`engine.Act`)."""
	who = assign(act.departments[department], act.roster)
	tell(act.incident, dict.fromkeys(who.users, text), act.now)


def tell_those_for(act: Any, duties: str | Sequence[str], text: str) -> None:
	"""The same of the departments that are there for a duty (`domain/states.Duty`), or for several."""
	wanted = (duties,) if isinstance(duties, str) else duties
	known = act.departments.values()
	users = dict.fromkeys(user for one in wanted for user in who_is_on_duty.users_of(known, act.roster, one))
	tell(act.incident, dict.fromkeys(users, text), act.now)


def ring(subjects: Mapping[str, str], doctype: str, name: str, now: datetime) -> None:
	"""Write one Notification Log per person (user -> what it says), with the verb; the bell rings after the commit."""
	notifications.write(
		{user: text for user, text in subjects.items() if user != frappe.session.user}, doctype, name, now
	)
