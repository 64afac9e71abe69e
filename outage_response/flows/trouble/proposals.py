"""Trouble calls that wait are placed: linked to the outage that explains them, or made into a proposal.

A proposal is never declared by itself: a false alarm wakes people. One touch of the control room declares it.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.query_builder.functions import Max, Sum
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk, listing, locks, settings
from outage_response.domain import which_outage_explains as rules
from outage_response.domain.errors import RuleError
from outage_response.domain.probable_location import Location, locate
from outage_response.domain.states import ProposalStatus

from ..callbacks import open_callbacks
from ..facts import power_and_assets, who_is_on_duty
from ..facts.language import listed
from ..incident import declaring
from ..verb import bells
from ..verb.changes import announce, save
from ..verb.engine import PropertyTarget, property_verb
from ..verb.locking import lock_property
from . import explaining_outage, ticket_linking

# ---------------------------------------------------------------- placing


def properties_with_waiting_calls() -> list[str]:
	"""Properties that have calls neither linked nor proposed, for the sweep."""
	return frappe.get_all(
		"Trouble Call",
		filters={"waiting": 1, "property": ("is", "set")},
		pluck="property",
		distinct=True,
		order_by="property",
	)


def place_calls(property_name: str) -> dict[str, int]:
	"""Under the property's lock: link each waiting call to the outage that explains it, propose one for the rest.

	Answers {"linked", "proposed"}: how many calls.
	"""
	lock_property(property_name)
	now = now_datetime()
	calls = frappe.get_all(
		"Trouble Call",
		filters={"property": property_name, "waiting": 1},
		fields=[
			"name",
			"unit",
			"power_node",
			"phone",
			"contact",
			"said_at",
			"danger",
			"ticket_type",
			"ticket",
			"proposal",
		],
		order_by="said_at asc, name asc",
	)
	if not calls:
		return {"linked": 0, "proposed": 0}
	around = power_and_assets.read(property_name)
	rest = _link(calls, property_name, around, now)
	proposed = _propose(rest, property_name, around, now)
	_end_explained_proposals(property_name)
	_let_go(rest, property_name, now)
	return {"linked": len(calls) - len(rest), "proposed": proposed}


def _let_go(calls: Sequence[frappe._dict], property_name: str, now: datetime) -> None:
	"""A call that nothing explains, and that too few others share, waits no longer when it is old; the control room is told
	whose."""
	oldest = now - timedelta(hours=settings.read().old_ticket_hours)
	gone = [call for call in calls if not call.proposal and get_datetime(call.said_at) < oldest]
	if not gone:
		return
	bulk.update("Trouble Call", [call.name for call in gone], {"waiting": 0})
	units = {call.unit for call in gone}
	unit_nos = listing.get_all("Property Unit", filters={"name": ("in", units)}, pluck="unit_no", order_by="unit_no")
	text = _("{0} calls at {1} wait no longer, no outage explained them: {2}. Phone them.").format(
		len(gone), property_name, listed(unit_nos) or _("place unknown")
	)
	people = who_is_on_duty.control_room(property_name, now)
	bells.ring(dict.fromkeys(people, text), "Trouble Call", gone[0].name, now)


def _end_explained_proposals(property_name: str) -> None:
	"""Somebody declared the outage without the proposal: all its calls are linked, so it asks for nothing any more."""
	proposal, call = frappe.qb.DocType("Outage Proposal"), frappe.qb.DocType("Trouble Call")
	rows = (
		frappe.qb.from_(proposal)
		.join(call)
		.on(call.proposal == proposal.name)
		.select(proposal.name, Max(call.incident).as_("incident"), Sum(call.waiting).as_("waiting"))
		.where(proposal.property == property_name)
		.where(proposal.status == ProposalStatus.OPEN)
		.groupby(proposal.name)
	).run(as_dict=True)
	for row in rows:
		if row.incident and not row.waiting:
			doc = locks.document("Outage Proposal", row.name)
			_end_proposal(doc, ProposalStatus.DECLARED, incident=row.incident)


def _link(
	calls: Sequence[frappe._dict], property_name: str, around: power_and_assets.Surroundings, now: datetime
) -> list[frappe._dict]:
	"""Link calls to what explains them; returns those that nothing explains."""
	known = explaining_outage.candidates(property_name)
	found = {
		call.name: explaining_outage.explain(around.tree, call.power_node, call.unit, call.said_at, known)
		for call in calls
	}
	fresh = _dark_again(calls, found)
	by_incident: dict[str, list[frappe._dict]] = defaultdict(list)
	rest = []
	for call in calls:
		why = found[call.name]
		if why and call.name not in fresh:
			by_incident[why.incident].append(call)
		else:
			rest.append(call)
	still_out = {name for name, why in found.items() if why and why.still_out}
	for name, linked in sorted(by_incident.items()):
		ticket_linking.attach(name, linked, now)
		again = [call.contact for call in linked if call.contact and call.name in still_out]
		open_callbacks.reported_again(name, again, around, now)
	return rest


def _dark_again(calls: Sequence[frappe._dict], found: dict[str, rules.Explanation | None]) -> set[str]:
	"""Calls that are no single homes left dark by an outage of hours ago, but a new one: as many as make a proposal."""
	known = settings.read()
	window = timedelta(minutes=known.call_window_minutes)
	late: dict[str, list[frappe._dict]] = defaultdict(list)
	for call in calls:
		why = found[call.name]
		if why and why.still_out and why.back_at and get_datetime(call.said_at) > why.back_at + window:
			late[why.incident].append(call)
	threshold = known.proposal_threshold
	return {
		call.name for group in late.values() if len({_caller(call) for call in group}) >= threshold for call in group
	}


def _caller(call: frappe._dict) -> str:
	"""Each home, else each person or number, counts once."""
	return call.unit or call.contact or call.phone or call.name


# ---------------------------------------------------------------- proposing


def _propose(
	calls: Sequence[frappe._dict], property_name: str, around: power_and_assets.Surroundings, now: datetime
) -> int:
	"""One open proposal per place that failed, from the threshold on; it grows with the calls that follow."""
	near = _close_together(calls, around, now)
	callers: dict[str, set[str]] = defaultdict(set)
	for call in near:
		callers[call.power_node].add(_caller(call))
	units_at: dict[str, int] = defaultdict(int)
	for row in around.unit_counts:
		units_at[row.power_node] += row.units
	threshold = settings.read().proposal_threshold
	places = locate(around.tree, {node: len(who) for node, who in callers.items()}, units_at, threshold)
	proposed = 0
	for place in places:
		if place.calls < threshold:
			continue
		inside = around.tree.under([place.node])
		its_calls = [call for call in near if call.power_node in inside]
		if all(call.proposal for call in its_calls):
			continue  # nothing new since the last time
		write_proposal(property_name, place, its_calls, inside, around, now)
		proposed += len(its_calls)
	return proposed


def _close_together(
	calls: Sequence[frappe._dict], around: power_and_assets.Surroundings, now: datetime
) -> list[frappe._dict]:
	"""Calls from known places that were made within the window before the latest one."""
	window = timedelta(minutes=settings.read().call_window_minutes)
	latest = max((get_datetime(call.said_at) for call in calls), default=now)
	return [
		call
		for call in calls
		if call.power_node in around.tree.parents and latest - get_datetime(call.said_at) <= window
	]


def write_proposal(
	property_name: str,
	place: Location,
	calls: Sequence[frappe._dict],
	inside: set[str],
	around: power_and_assets.Surroundings,
	now: datetime,
) -> None:
	same, *others = [one.name for one in open_around(property_name, place.node, inside, around)] or [None]
	doc = frappe.get_doc("Outage Proposal", same) if same else frappe.new_doc("Outage Proposal")
	doc.update(
		{
			"property": property_name,
			"power_node": place.node,
			"sureness": place.sureness,
			"callers": place.calls,
			"danger": int(any(call.danger for call in calls)),
			"first_call_at": min(call.said_at for call in calls),
			"last_call_at": max(call.said_at for call in calls),
			"status": ProposalStatus.OPEN,
		}
	)
	save(doc)
	announce("")
	its = [call.name for call in calls]
	if others:
		its += listing.get_all("Trouble Call", filters={"proposal": ("in", others)}, pluck="name")
	bulk.update("Trouble Call", its, {"proposal": doc.name})
	for name in others:
		_end_proposal(locks.document("Outage Proposal", name), ProposalStatus.MERGED, merged_into=doc.name)
	if not same:
		text = _("Power outage? {0} callers at {1}, {2}: declare or dismiss").format(
			place.calls, property_name, around.label(place.node)
		)
		bells.ring(
			dict.fromkeys(who_is_on_duty.control_room(property_name, now), text), "Outage Proposal", doc.name, now
		)


def open_around(
	property_name: str, node: str, inside: set[str], around: power_and_assets.Surroundings
) -> list[frappe._dict]:
	"""Open proposals (name, power_node) for places that hold the node or lie below it, the oldest first."""
	rows = frappe.get_all(
		"Outage Proposal",
		filters={"property": property_name, "status": ProposalStatus.OPEN},
		fields=["name", "power_node"],
		order_by="creation asc, name asc",
	)
	return [one for one in rows if one.power_node in inside or one.power_node in around.tree.path(node)]


class ProposalTarget(PropertyTarget):
	"""An outage that callers point to and nobody has declared."""

	argument = "proposal"

	def property_of(self, name: Any) -> str:
		found = isinstance(name, str) and frappe.db.get_value("Outage Proposal", name, "property")
		if not found:
			raise RuleError(_("Proposal: {name} does not exist. Choose one of the list."), name=str(name)[:140])
		return found


@property_verb(ProposalTarget(), right="declare")
def declare_proposal(proposal: str, request_id: str | None = None, *, all_the_same: bool = False) -> dict:
	"""One touch: declare what is proposed. Its calls, and those that came meanwhile, are linked in the same transaction.

	Answers as `declare` does, with "linked". Raises ValidationError when the proposal is not open any more.
	"""
	doc = _open_proposal(proposal)
	result = declaring.declare(
		doc.property,
		[doc.power_node],
		None,
		_("{0} callers, first at {1}").format(doc.callers, frappe.utils.format_time(doc.first_call_at)),
		all_the_same=all_the_same,
		occurred_at=doc.first_call_at,
		request_id=request_id or f"proposal {doc.name}",
	)
	_end_proposal(doc, ProposalStatus.DECLARED, incident=result["incident"])
	linked = place_calls(doc.property)["linked"]
	return {**result, "linked": linked}


@property_verb(ProposalTarget(), right="cancel")
def dismiss_proposal(proposal: str, reason: str) -> dict:
	"""It is no outage: the proposal ends, its calls wait no longer. The reason is kept."""
	if not (reason or "").strip():
		raise RuleError(_("Reason: say why this is no outage."))
	doc = _open_proposal(proposal, or_dismissed=True)
	_end_proposal(doc, ProposalStatus.DISMISSED, reason=reason.strip())
	table = frappe.qb.DocType("Trouble Call")
	bulk.change("Trouble Call", (table.proposal == doc.name) & (table.waiting == 1), {"waiting": 0})
	return {"proposal": doc.name}


def _open_proposal(name: str, *, or_dismissed: bool = False) -> Document:
	doc = locks.document("Outage Proposal", name)
	if doc.status == ProposalStatus.MERGED:
		return _open_proposal(doc.merged_into, or_dismissed=or_dismissed)
	if doc.status == ProposalStatus.DISMISSED and not or_dismissed:
		raise RuleError(_("Status: this proposal was dismissed. Declare the outage itself."))
	return doc


def _end_proposal(doc: Document, status: str, **values) -> None:
	if doc.status == ProposalStatus.OPEN:
		doc.update({"status": status, **values})
		save(doc)
		announce("")
		theirs = listing.get_all("Trouble Call", {"proposal": doc.name}, fields=["ticket_type", "ticket"])
		ticket_linking.tell_pages(theirs)
