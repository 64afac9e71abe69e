"""Callbacks are made: each attempt, tracked in the platform's own CRM, and what follows from it (clause 5.3.3, invariant 7).

Which callbacks there are: open_callbacks.py.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import integrations, listing
from outage_response.domain import callback_rules, power_topology
from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import RUNNING
from outage_response.domain.states import CallbackOutcome, CallbackReason, CallbackStatus, Duty

from ..facts import affected_homes, outage_levels, power_and_assets
from ..facts.language import listed
from ..notices import automatic_notices
from ..tasks import task_set
from ..verb import bells
from ..verb.changes import save
from ..verb.engine import Act, PartTarget, finish, verb
from ..verb.events import CallbackMade, StillDark, happened
from ..verb.locking import lock_incident, lock_property
from . import households, open_callbacks, telephony


@lru_cache(maxsize=4096)
def _belongs_to(_site: str, callback: str) -> tuple[str, str]:
	"""(incident, property) of a callback, which never change."""
	found = frappe.db.get_value("Outage Callback", callback, ["incident", "property"])
	if not found:
		frappe.throw(
			_("Callback: {0} does not exist. Choose one of the list.").format(frappe.bold(callback[:140])),
			frappe.DoesNotExistError,
		)
	return found


class CallbackTarget(PartTarget):
	"""A callback: for whoever phones residents, as long as somebody waits for it."""

	argument = "callback"
	doctype = "Outage Callback"

	def incident_of(self, name: Any) -> str:
		return _belongs_to(frappe.local.site, str(name))[0]

	def lock_before(self, name: Any, said: Mapping[str, Any]) -> None:
		if said.get("outcome") == CallbackOutcome.STILL_OUT:  # a nested incident may follow
			lock_property(_belongs_to(frappe.local.site, str(name))[1])

	def happened_at(self, occurred_at: Any, incident: Document, part: Document, said: Mapping[str, Any]) -> Any:
		if said.get("call_record") and part.get("offered_at") and occurred_at in (None, ""):
			# telephony may have a clock of its own
			return max(min(get_datetime(part.offered_at), now_datetime()), get_datetime(incident.reported_at))
		return occurred_at

	def answer(self, part: Document) -> dict[str, Any]:
		return {"callback": part.name, "callback_status": part.status}


callback_verb = verb(CallbackTarget())


@callback_verb
def log_attempt(
	act: Act,
	outcome: str,
	*,
	note: str | None = None,
	satisfaction: int | None = None,
	call_record: str | None = None,
	duration: int | None = None,
) -> dict[str, Any]:
	"""One attempt to reach a contact: Reached, No Answer, Still Out or Refused.

	satisfaction 1 (bad) to 5 (good). Still Out opens the nested incident on the units that stay dark. `call_record`: the
	call that telephony logged and that is offered on the callback is this attempt; no second record is made, and its own
	length stands. `duration`: seconds. Answers
	{"incident", "callback_status", "next_attempt_at", "nested_incident", "crm_record"}.
	Raises ValidationError for an unknown outcome, an ended callback, a rating or a duration out of range, a call that is
	not offered.
	"""
	doc = act.part
	if outcome == CallbackOutcome.STILL_OUT and doc.status in callback_rules.ENDED and doc.units:
		return _keep_after_the_end(act, doc, note or "")
	callback_rules.require_open(doc.status)
	callback_rules.require_duration(duration)
	how = integrations.How(duration or 0)
	return attempt(act, doc, outcome, note=note, satisfaction=satisfaction, call_record=call_record, how=how)


def attempt(
	act: Act,
	doc: Document,
	outcome: str,
	*,
	note: str | None = None,
	satisfaction: int | None = None,
	call_record: str | None = None,
	how: integrations.How = integrations.BY_PHONE,
) -> dict[str, Any]:
	"""One attempt, whoever made it: incident and callback are locked. A resident's own answer is one too. The caller finishes the act."""
	if satisfaction is not None and satisfaction not in range(1, 6):
		raise RuleError(_("Satisfaction: a number from 1 (bad) to 5 (good), or none."))
	if outcome == CallbackOutcome.STILL_OUT and not doc.units:
		raise RuleError(
			_("Outcome: no unit of this outage is known for this person. Record a call that names the unit instead.")
		)
	at, made, before = act.at, len(doc.attempts) + 1, doc.status
	doc.status, doc.next_attempt_at = callback_rules.after_attempt(
		doc.reason, outcome, made, at, open_callbacks.policy()
	)
	doc.outcome = (note or outcome)[:500]
	doc.satisfaction = satisfaction or doc.satisfaction
	doc.claimed_by = doc.claimed_until = None
	households.of_units([row.unit for row in doc.units])
	crm_doctype, crm_record = _record(doc, outcome, note or "", at, made, call_record, how)
	doc.append(
		"attempts",
		{
			"attempted_at": at,
			"attempted_by": frappe.session.user,
			"outcome": outcome,
			"satisfaction": satisfaction,
			"note": note,
			"crm_doctype": crm_doctype,
			"crm_record": crm_record,
			"request_id": act.request_id or None,
		},
	)
	unit_nos = _unit_nos(doc)
	if outcome == CallbackOutcome.STILL_OUT:
		doc.nested_incident = _open_nested(act, doc, unit_nos)
	happened(CallbackMade(act, doc, outcome, made))
	save(doc)
	act.record("callback_attempt", {"reason": doc.reason, "units": unit_nos, "outcome": outcome})
	if doc.status == CallbackStatus.UNREACHED != before:
		_alarm_unreached(act, doc, unit_nos)
	open_callbacks.complete_if_done(act)
	return {
		"next_attempt_at": str(doc.next_attempt_at or ""),
		"nested_incident": doc.nested_incident or "",
		"crm_record": crm_record,
	}


def _keep_after_the_end(act: Act, doc: Document, note: str) -> dict[str, Any]:
	"""Nobody waits for this callback any more, and the home is dark: what was said is kept as a call of its own, which the
	control room places. The callback, and what was counted, stay as they were. Answers as `log_attempt`, and {"call"}."""
	said = {"unit": doc.units[0].unit, "contact": doc.contact, "phone": doc.phone, "words": note}
	kept = happened(StillDark(doc.property, {**said, "occurred_at": min(act.at, act.now)}))
	unit_nos = _unit_nos(doc)
	act.record("late_act", {"said_kind": "call_received", "unit": unit_nos})
	if not kept["incident"]:
		text = _("No power at {0}, after the outage {1}").format(listed(unit_nos), act.incident.name)
		bells.tell_those_for(act, Duty.CONTROL_ROOM, text)
	act.warnings.append(_("This callback has ended: kept as a new trouble call, and the control room was told."))
	return {
		"next_attempt_at": "",
		"nested_incident": doc.nested_incident or "",
		"crm_record": "",
		"call": kept["call"],
	}


def _alarm_unreached(act: Act, doc: Document, unit_nos: list[str]) -> None:
	"""Somebody was in danger, or depends on power, and does not answer: said once, and the callback stays."""
	act.warn("callback_unreached", {"reason": doc.reason, "units": unit_nos})
	text = _("Not reached ({0}): {1}. Send somebody, or decide that nobody is called any more").format(
		_(doc.reason), listed(unit_nos) or act.incident.property
	)
	bells.tell_those_for(act, (Duty.CONTROL_ROOM, Duty.RESIDENTS), text)


@callback_verb
def give_up_callback(act: Act, reason: str) -> None:
	"""Somebody decides that a person who was not reached is called no more; `reason` stays with the callback.

	Answers {"incident", "callback", "callback_status"}. Raises ValidationError without a reason, or for a callback that is
	not Unreached.
	"""
	doc = act.part
	callback_rules.require_decision(doc.status, reason or "")
	doc.update({"status": CallbackStatus.EXHAUSTED, "next_attempt_at": None, "outcome": reason.strip()[:500]})
	doc.claimed_by = doc.claimed_until = None
	save(doc)
	act.record("callback_given_up", {"reason": doc.reason, "units": _unit_nos(doc)})
	open_callbacks.complete_if_done(act)


def _record(
	doc: Document,
	outcome: str,
	note: str,
	at: datetime,
	attempt: int,
	call_record: str | None,
	how: integrations.How,
) -> tuple[str, str]:
	"""The attempt where the site keeps its calls: the one that telephony logged, or a new one."""
	if not call_record:
		if doc.status in callback_rules.ENDED:
			telephony.forget(doc)
		return integrations.log_call(doc, outcome, note, at, attempt, how)
	try:
		return telephony.take(doc, str(call_record), outcome, note, attempt)
	except LookupError:
		raise RuleError(
			_("Call: {call} is not offered for this callback. Log the attempt without it."), call=str(call_record)[:140]
		) from None


def _unit_nos(doc: Document) -> list[str]:
	units = [row.unit for row in doc.units]
	return units and listing.get_all(
		"Property Unit", filters={"name": ("in", units)}, pluck="unit_no", order_by="unit_no"
	)


def _open_nested(act: Act, doc: Document, unit_nos: list[str]) -> str:
	"""The incident of what stayed dark, under the first one; minutes go on from where the first stopped counting."""
	parent = act.incident
	around = power_and_assets.read(parent.property)
	units = listing.get_all(
		"Property Unit", filters={"name": ("in", [row.unit for row in doc.units])}, fields=["name", "power_node"]
	)
	dark = power_and_assets.dark_rows(parent)
	rows = []
	for unit in units:
		last = affected_homes.last_time(parent.name, unit.name)  # as it was then, wherever it hangs today
		found = [last] if last else power_topology.intervals(around.tree.path(unit.power_node), unit.name, dark, act.at)
		rows.append({"power_node": unit.power_node, "unit": unit.name, "out_since": found[-1][1] if found else act.at})
	name = _running_nested(parent.name, {unit.power_node for unit in units})
	if name:
		nested = lock_incident(name)
		named = {row.unit for row in nested.affected_nodes if not row.back_at}
		for row in rows:
			if row["unit"] not in named:  # somebody else of the flat may have said so already
				nested.append("affected_nodes", row)
		affected_homes.keep(nested, around, act.now)
		affected_homes.count(nested, around)
		save(nested)
		nested_call = Act("extend_scope", act.at, act.now, incident=nested)
		added = task_set.sync(nested_call).add
		nested_call.record("scope_extended", {"nodes": unit_nos, "added": len(added)})
		automatic_notices.on_extended(nested_call)
		finish(nested_call, {})
	else:
		nested = frappe.new_doc("Outage Incident")
		nested.update(
			{
				"property": parent.property,
				"level": outage_levels.default_of(),
				"parent_incident": parent.name,
				"reported_at": act.at,
				"is_drill": parent.is_drill,
				"affected_nodes": rows,
			}
		)
		nested.insert(ignore_permissions=True)
		Act("declare", act.at, act.now, incident=nested).record(
			"nested_opened", {"unit": unit_nos, "parent": parent.name}
		)
	act.record("still_out", {"units": unit_nos, "nested": nested.name})
	bells.tell_those_for(
		act, Duty.CONTROL_ROOM, _("Still without power after restoration: {0}").format(listed(unit_nos))
	)
	return nested.name


def _running_nested(parent: str, nodes: set[str]) -> str | None:
	"""A nested incident that is already running on one of these nodes."""
	other, node = frappe.qb.DocType("Outage Incident"), frappe.qb.DocType("Outage Affected Node")
	found = (
		frappe.qb.from_(other)
		.join(node)
		.on(node.parent == other.name)
		.select(other.name)
		.where(other.parent_incident == parent)
		.where(other.status.isin(RUNNING))
		.where(node.power_node.isin(list(nodes)))
		.orderby(other.name)
		.limit(1)
	).run()
	return found[0][0] if found else None


def queue(incident: str | None = None) -> list[frappe._dict]:
	"""Callbacks to make now, the most urgent first: danger, care, reported, others; then the one waiting longest.

	Outside calling hours only those in danger are called.
	"""
	now = frappe.utils.now_datetime()
	filters: list = [
		["status", "in", callback_rules.WAITING],
		["next_attempt_at", "is", "set"],  # not held because it is dark there again
		["next_attempt_at", "<=", now],
	]
	if callback_rules.within_calling_hours(now, open_callbacks.policy()) != now:
		filters.append(["reason", "=", CallbackReason.LIFE_SAFETY])
	if incident:
		filters.append(["incident", "=", incident])
	return frappe.get_list(
		"Outage Callback",
		filters=filters,
		fields=[
			"name",
			"incident",
			"property",
			"contact",
			"phone",
			"reason",
			"status",
			"next_attempt_at",
			"offered_doctype",
			"offered_record",
			"offered_at",
		],
		order_by="priority asc, next_attempt_at asc, contact asc",
		limit=200,
	)
