"""Tickets follow their outage: what changes shows on them, their authors are told, and reached ones are resolved."""

from collections.abc import Sequence, Set
from datetime import datetime, timedelta
from types import ModuleType

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk, integrations, listing, locks, queues
from outage_response.domain import which_outage_explains as rules
from outage_response.domain.lifecycle import RUNNING
from outage_response.domain.states import CallbackOutcome, IncidentStatus, ReplyKind

from ..callbacks import open_callbacks, whom_to_call_back
from ..site import same_site
from ..verb.engine import Act
from . import explaining_outage, ticket_replies
from .ticket_intake import BATCH, ask_for_a_job
from .ticket_linking import linked_calls, place_anew, say_it_is_back, show_on_tickets

RESOLVE_AGAIN_MINUTES = 60
RESOLVE_JOB = "outage_response.jobs.resolve_tickets"


def on_incident_change(doc: Document, method: str | None = None) -> None:
	"""Hook on every change of an incident: linked tickets show it, and their authors are told what they wait for."""
	before = doc.get_doc_before_save()
	if before is None:
		if _explains_calls(doc):
			frappe.db.after_commit.add(ask_for_a_job)  # calls that wait may be about it
		return
	if doc.status == IncidentStatus.CANCELLED and before.status != IncidentStatus.CANCELLED:
		return _release(doc)
	if _explains_calls(doc) and len(doc.affected_nodes) > len(before.affected_nodes):
		frappe.db.after_commit.add(ask_for_a_job)  # as above: more is dark
	came_back = {row[-1] for row in _returns(doc) - _returns(before)}
	if not came_back and all(str(before.get(f)) == str(doc.get(f)) for f in ("level", "status", "etr")):
		return
	if calls := linked_calls(doc.name):
		show_on_tickets(doc, calls)
		_tell_authors(doc, before, calls, came_back)


def _explains_calls(doc: Document) -> bool:
	return not doc.is_drill and doc.status in RUNNING


def _tell_authors(doc: Document, before: Document, calls: Sequence[frappe._dict], came_back: Set[datetime]) -> None:
	"""That supply is back at their homes, at one of these moments or everywhere; and, where it is not, when it is expected."""
	stands = explaining_outage.standings(doc, calls)
	is_restored = doc.status == IncidentStatus.RESTORED and before.status != IncidentStatus.RESTORED
	if is_restored or came_back:
		back = [row for row in calls if stands[row.name].kind == rules.RESTORED]
		news = [row for row in back if is_restored or stands[row.name].back_at in came_back]
		say_it_is_back(doc, news, stands)
	if not is_restored and str(before.etr) != str(doc.etr):
		dark = [row for row in calls if stands[row.name].kind != rules.RESTORED]
		ticket_replies.queue(doc, ReplyKind.ETR, [row for row in dark if row.wants_updates])


def _returns(doc: Document) -> set[tuple]:
	"""The parts of it that have supply again: node, unit, since when not, until when."""
	return {
		(row.power_node, row.unit or "", get_datetime(row.out_since), get_datetime(row.back_at))
		for row in doc.affected_nodes
		if row.back_at
	}


def _release(doc: Document) -> None:
	"""It was no outage, or not this one: what residents said still holds, and waits for the outage that explains it."""
	if doc.is_drill:
		return
	if calls := linked_calls(doc.name, elevator=("is", "not set")):
		place_anew(calls)
		frappe.db.after_commit.add(ask_for_a_job)


def on_callback(act: Act, callback: Document, outcome: str, attempt: int) -> None:
	"""The `attempt`-th call of a callback was made: the tickets of whoever was called say so.

	Reached resolves them unless they are, or may be, about something else as well: then a person decides. Still Out keeps
	them open under the nested incident.
	"""
	mine = _calls_of_callee(act.incident.name, open_callbacks.key_of(callback))
	if not mine:
		return
	ticket_replies.queue(act.incident, ReplyKind.CALLBACK, mine, outcome)
	text = _("Callback after power outage {0}: {1}").format(act.incident.name, _(outcome))
	later: list[str] = []
	for row in mine:
		desk = integrations.desk_of(row.ticket_type)
		if not desk:
			continue
		resolves = outcome == CallbackOutcome.REACHED and not row.keep_open and not row.ask_first
		asked = (
			_("Is the ticket about this outage alone? Then resolve it.")
			if outcome == CallbackOutcome.REACHED and not resolves
			else ""
		)
		with integrations.guarded(f"Outage callback not shown on ticket {row.ticket}"):
			desk.note(row.ticket, f"{text} {asked}".strip(), f"{callback.name} {attempt}")
		if resolves and not _is_resolved_at_once(desk, row.ticket):
			later.append(row.name)
	if later:
		bulk.update("Trouble Call", later, {"resolve_ticket": 1})
		frappe.db.after_commit.add(_ask_to_resolve)
	if nested := callback.nested_incident:
		bulk.update("Trouble Call", [row.name for row in mine], {"incident": nested})
		show_on_tickets(frappe.get_doc("Outage Incident", nested), mine)


def _calls_of_callee(incident: str, key: str) -> list[frappe._dict]:
	"""The linked calls of whom a callback is for (`whom_to_call_back`)."""
	calls = linked_calls(incident)
	keys = whom_to_call_back.keys_of(incident, calls)
	return [row for row, theirs in zip(calls, keys, strict=True) if theirs == key]


def _is_resolved_at_once(desk: ModuleType, ticket: str) -> bool:
	"""Does nothing have to be done about it later? A platform that would commit is asked by a job."""
	if not desk.is_open(ticket):
		return True
	return not desk.commits_when_resolved() and _resolve(desk, ticket)


def _ask_to_resolve() -> None:
	queues.ask(RESOLVE_JOB, job_id="outage_response.resolve_tickets", deduplicate=True)


def to_resolve() -> list[str]:
	"""Calls whose author was reached and whose ticket is still to be resolved; a platform that is off waits until it is on."""
	if same_site.is_muted():
		return []  # a platform may write to the resident
	desks = [desk.DOCTYPE for desk in integrations.desks()]
	filters = {"resolve_ticket": 1, "ticket_type": ("in", desks)}
	rows = listing.get_all(
		"Trouble Call",
		filters,
		fields=["name", "resolve_after"],
		order_by="resolve_after asc, name asc",
		limit=BATCH,
	)
	return [row.name for row in rows if not row.resolve_after or row.resolve_after <= now_datetime()]


def resolve(call_name: str) -> None:
	"""Resolve the ticket of one call, once: who opens it again afterwards is not overruled. What the platform refuses is tried
	again in an hour. The mark goes first, since the platform may commit on the way, and comes back where it refuses."""
	row = locks.row("Trouble Call", call_name)
	if not row or not row.resolve_ticket:
		return
	bulk.update("Trouble Call", [call_name], {"resolve_ticket": 0, "resolve_after": None})
	desk = row.ticket and integrations.desk_of(row.ticket_type)
	if desk and desk.is_open(row.ticket) and not _resolve(desk, row.ticket):
		again = now_datetime() + timedelta(minutes=RESOLVE_AGAIN_MINUTES)
		bulk.update("Trouble Call", [call_name], {"resolve_ticket": 1, "resolve_after": again})


def _resolve(desk: ModuleType, ticket: str) -> bool:
	"""Is it resolved now? What the platform refuses stands in the Error Log, and on the ticket for its agents."""
	with integrations.guarded(f"Outage ticket not resolved: {ticket}"):
		desk.resolve(ticket)
		return True
	with integrations.guarded(f"Outage ticket not resolved, and not said there: {ticket}"):
		desk.note(
			ticket,
			_(
				"The resident was reached, and the ticket could not be resolved. It is tried again each hour; the Error Log says why."
			),
			"not resolved",
		)
	return False
