"""Tickets are linked to outages, and show them: level, state, expected restoration."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from types import ModuleType

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response import bulk, integrations, listing
from outage_response.domain import which_outage_explains as rules
from outage_response.domain.states import CallbackOutcome, Duty, ReplyKind

from ..facts.language import listed
from ..verb import bells
from ..verb.changes import touch
from ..verb.engine import Act
from ..verb.locking import lock_incident
from . import explaining_outage, ticket_replies

# The fields of a linked ticket that show its outage
SHOWN = ("outage_incident", "outage_level", "outage_state", "outage_etr")


def attach(incident_name: str, calls: Sequence[frappe._dict], now: datetime) -> None:
	"""Link calls to an incident: their tickets show it, their authors get what is known, danger rings."""
	doc = lock_incident(incident_name)
	bulk.update("Trouble Call", [call.name for call in calls], {"incident": incident_name, "waiting": 0})
	act = Act("attach_calls", now, now, incident=doc)
	act.record("calls_linked", {"count": len(calls)})
	_ring_danger(act, [row for row in calls if row.danger])
	show_on_tickets(doc, calls)
	stands = explaining_outage.standings(doc, calls)
	back = [row for row in calls if stands[row.name].kind == rules.RESTORED]
	still_out = [row for row in back if explaining_outage.is_still_out(stands[row.name], row)]
	ticket_replies.queue(doc, ReplyKind.KNOWN, [row for row in calls if stands[row.name].kind != rules.RESTORED])
	ticket_replies.queue(doc, ReplyKind.KNOWN, still_out, CallbackOutcome.STILL_OUT)
	say_it_is_back(doc, back, stands)
	_ring_dark_homes_nobody_calls(act, [row for row in still_out if not row.contact])
	touch(doc)


def _ring_danger(act: Act, dangers: Sequence[frappe._dict]) -> None:
	if dangers:
		act.record("danger_reported", {"unit": [row.unit for row in dangers if row.unit]})
		bells.tell_those_for(act, Duty.CONTROL_ROOM, _("DANGER reported by a resident"))


def _ring_dark_homes_nobody_calls(act: Act, calls: Sequence[frappe._dict]) -> None:
	"""Whose author is no contact gets no callback: the control room hears that their home is still dark."""
	if calls:
		units = listing.get_all(
			"Property Unit",
			filters={"name": ("in", [row.unit for row in calls])},
			pluck="unit_no",
			order_by="unit_no",
		)
		text = _("Still without power after restoration: {0}").format(listed(units) or _("place unknown"))
		bells.tell_those_for(act, Duty.CONTROL_ROOM, text)


def place_anew(calls: Sequence[frappe._dict], said_at: datetime | None = None) -> None:
	"""Calls that their incident does not explain (any more) wait to be placed, and their tickets show none; `said_at`: their
	people say it again now."""
	values = {"incident": None, "proposal": None, "waiting": 1, **({"said_at": said_at} if said_at else {})}
	bulk.update("Trouble Call", [call.name for call in calls], values)
	show_on_tickets(None, [call for call in calls if call.incident])


def show_on_tickets(doc: Document | None, calls: Iterable[frappe._dict]) -> None:
	"""Level, state, expected restoration and incident on the linked tickets; without an incident, nothing."""
	for desk, names in _by_desk(calls):
		desk.show(
			names,
			{
				"outage_incident": doc and doc.name,
				"outage_level": doc and doc.level,
				"outage_state": doc and doc.status,
				"outage_etr": doc and doc.etr,
			},
		)


def tell_pages(calls: Iterable[frappe._dict]) -> None:
	"""Pages on which the ticket of one of these calls is open read it anew, after the commit."""
	for desk, names in _by_desk(calls):
		desk.tell_pages(names)


def _by_desk(calls: Iterable[frappe._dict]) -> list[tuple[ModuleType, list[str]]]:
	found: dict[str, list[str]] = defaultdict(list)
	for call in calls:
		if call.ticket:
			found[call.ticket_type].append(call.ticket)
	return [(desk, names) for doctype, names in found.items() if (desk := integrations.desk_of(doctype))]


def linked_calls(incident_name: str, **filters) -> list[frappe._dict]:
	"""The trouble calls of an incident that came as tickets; or those that fit other filters."""
	return frappe.get_all(
		"Trouble Call",
		filters={"incident": incident_name, **(filters or {"ticket": ("is", "set")})},
		fields=[
			"name",
			"incident",
			"contact",
			"phone",
			"unit",
			"power_node",
			"said_at",
			"ticket_type",
			"ticket",
			"wants_updates",
			"keep_open",
			"ask_first",
		],
		order_by="said_at asc, name asc",
	)


def say_it_is_back(doc: Document, calls: Iterable[frappe._dict], stands: dict[str, rules.Standing]) -> None:
	"""To each author once for each return of their own home, which may be hours before the last one's; not to those who
	said afterwards that it is not so."""
	by_time: dict[datetime, list[frappe._dict]] = defaultdict(list)
	for row in calls:
		came_back = stands[row.name].back_at
		if came_back and not explaining_outage.is_still_out(stands[row.name], row):
			by_time[came_back].append(row)
	for back_at, rows in sorted(by_time.items()):
		ticket_replies.queue(doc, ReplyKind.RESTORED, rows, f"{back_at:%Y-%m-%d %H:%M}")
