"""Callbacks: one per contact and incident, tracked in the platform's own CRM (clause 5.3.3, invariant 7)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk, integrations, permissions
from outage_response.domain import callbacks, topology
from outage_response.domain.errors import RuleError
from outage_response.integrations import contacts

from . import households, plans, surroundings, task, tasks, telephony, tickets, timeline
from .verbs import Call, finish, lock_incident, lock_property, save, touch, translated, when


def policy() -> callbacks.Policy:
	"""The callback numbers of Settings."""
	settings = frappe.get_cached_doc("Outage Response Settings")
	default = callbacks.Policy()

	def number(field: str, otherwise: int) -> int:
		value = settings.get(field)
		return otherwise if value in (None, "") else int(value)

	return callbacks.Policy(
		sample_percent=number("callback_sample_percent", default.sample_percent),
		max_attempts=number("callback_max_attempts", default.max_attempts) or 1,
		retry_minutes=number("callback_retry_minutes", default.retry_minutes),
		calling_from=frappe.utils.get_time(settings.calling_from or default.calling_from),
		calling_to=frappe.utils.get_time(settings.calling_to or default.calling_to),
	)


def asked_for(incident: Document) -> bool:
	"""Does the incident's plan call residents back? A drill never does (invariant 6)."""
	return not incident.is_drill and any(
		step.completes_with == "callbacks" for step in plans.steps_of_plan(incident.plan)
	)


def open_ready(call: Call, around: surroundings.Surroundings) -> int:
	"""Open the callbacks of contacts whose last affected unit is back now; complete the step when none is left to make."""
	incident = call.incident
	if not asked_for(incident):
		if incident.is_drill and incident.status == "Restored":
			task.complete_by_flow(call, "callbacks")
		return 0
	units_of = _contacts_back(incident, around, call.at)
	existing = set(frappe.get_all("Outage Callback", filters={"incident": incident.name}, pluck="contact"))
	new = {contact: units for contact, units in units_of.items() if contact not in existing}
	if new:
		_insert(call, new)
	complete_if_done(call)
	return len(new)


def reported_again(incident_name: str, people: Sequence[str], around: surroundings.Surroundings, now: datetime) -> None:
	"""Supply is back, and these people write that theirs is not: they are called, sampled or not, and the control room
	knows at once."""
	incident = lock_incident(incident_name)
	if incident.status not in ("Restored", "Stood Down") or not people:
		return
	call = Call("attach_calls", now, now, incident=incident)
	table = frappe.qb.DocType("Outage Callback")
	(
		frappe.qb.update(table)
		.set(table.status, "Pending")
		.set(table.reason, "Reported")
		.set(table.priority, callbacks.REASONS.index("Reported"))
		.set(table.next_attempt_at, callbacks.attempt_at("Reported", now, policy()))
		.where(table.incident == incident_name)
		.where(table.contact.isin(list(people)))
		.where(table.status == "Not Required")
	).run()
	call.around = around
	open_ready(call, around)
	units = frappe.get_all(
		"Trouble Call",
		filters={"incident": incident_name, "contact": ("in", list(people))},
		pluck="unit",
		distinct=True,
	)
	unit_nos = frappe.get_all(
		"Property Unit", filters={"name": ("in", [unit for unit in units if unit])}, pluck="unit_no", order_by="unit_no"
	)
	text = _("Still without power after restoration: {0}").format(", ".join(unit_nos))
	task.tell_department(call, "control_room", text)
	touch(incident)


def _residents(incident: Document, around: surroundings.Surroundings) -> list[dict]:
	"""(unit, power_node, contact, is_primary) of the affected units, one query."""
	unit, resident = frappe.qb.DocType("Property Unit"), frappe.qb.DocType("Unit Resident")
	rows = (
		frappe.qb.from_(unit)
		.left_join(resident)
		.on((resident.parent == unit.name) & (resident.parenttype == "Property Unit"))
		.select(unit.name, unit.power_node, resident.contact, resident.is_primary)
		.where(unit.property == incident.property)
		.orderby(unit.name)
		.orderby(resident.is_primary, order=frappe.qb.desc)
		.orderby(resident.idx)
	).run(as_dict=True)
	return _affected(incident, around, rows)


def _affected(incident: Document, around: surroundings.Surroundings, units: Sequence[dict]) -> list[dict]:
	"""Those of `units` (rows with name and power_node) that the incident is about."""
	dark = around.tree.under(row.power_node for row in incident.affected_nodes if not row.unit)
	single = {row.unit for row in incident.affected_nodes if row.unit}
	return [row for row in units if row.power_node in dark or row.name in single]


def units_without_contact(incident: Document, around: surroundings.Surroundings) -> int:
	"""How many affected units have nobody who could be called."""
	unit, resident = frappe.qb.DocType("Property Unit"), frappe.qb.DocType("Unit Resident")
	rows = (
		frappe.qb.from_(unit)
		.left_join(resident)
		.on((resident.parent == unit.name) & (resident.parenttype == "Property Unit"))
		.select(unit.name, unit.power_node)
		.where(unit.property == incident.property)
		.where(resident.contact.isnull() | (resident.contact == ""))
	).run(as_dict=True)
	return len({row.name for row in _affected(incident, around, rows)})


def _contacts_back(incident: Document, around: surroundings.Surroundings, at: datetime) -> dict[str, list[str]]:
	"""contact -> their affected units, for contacts all of whose units have supply again.

	A household is called once, through its primary contact; whoever called in about it is called too.
	"""
	rows = _residents(incident, around)
	callers = _callers(incident)
	first: dict[str, str] = {}
	units_of: dict[str, list[str]] = defaultdict(list)
	node_of = {row.name: row.power_node for row in rows}
	for row in rows:
		if row.contact and (first.setdefault(row.name, row.contact) == row.contact or row.contact in callers):
			units_of[row.contact].append(row.name)
	dark = surroundings.dark_rows(incident)
	still_out: dict[tuple[str, str], bool] = {}
	singled_out = {row.unit for row in dark if row.unit}

	def is_out(unit: str) -> bool:
		key = (node_of[unit], unit if unit in singled_out else "")
		if key not in still_out:
			still_out[key] = topology.is_out(around.tree.path(node_of[unit]), unit, dark)
		return still_out[key]

	return {contact: units for contact, units in units_of.items() if not any(is_out(unit) for unit in units)}


def _callers(incident: Document) -> dict[str, bool]:
	"""contact -> did they speak of danger, for everybody who called in about this incident."""
	found: dict[str, bool] = {}
	for row in frappe.get_all(
		"Trouble Call",
		filters={"incident": incident.name, "contact": ("is", "set")},
		fields=["contact", "danger", "elevator"],
	):
		found[row.contact] = found.get(row.contact, False) or bool(row.danger or row.elevator)
	return found


def _insert(call: Call, units_of: dict[str, list[str]]) -> None:
	incident = call.incident
	rules, callers = policy(), _callers(incident)
	care = set(frappe.get_all("Care Need", filters={"contact": ("in", list(units_of))}, pluck="contact"))
	phones = contacts.phones(list(units_of))
	rows, unit_rows, required = [], [], 0
	for contact, units in units_of.items():
		why = callbacks.reason(danger=callers.get(contact, False), care=contact in care, reported=contact in callers)
		wanted = callbacks.required(why, contact, incident.name, rules)
		required += wanted
		name = frappe.generate_hash(length=10)
		rows.append(
			{
				"name": name,
				"incident": incident.name,
				"property": incident.property,
				"contact": contact,
				"phone": phones.get(contact, ""),
				"reason": why,
				"priority": callbacks.REASONS.index(why),
				"status": "Pending" if wanted else "Not Required",
				"next_attempt_at": callbacks.attempt_at(why, call.at, rules) if wanted else None,
			}
		)
		unit_rows += [
			{**bulk.child_of("Outage Callback", name, "units", index), "unit": unit}
			for index, unit in enumerate(units, start=1)
		]
	bulk.insert("Outage Callback", rows, call.now)
	bulk.insert("Outage Callback Unit", unit_rows, call.now)
	call.record("callbacks_opened", {"count": len(rows), "required": required})


def complete_if_done(call: Call) -> None:
	"""The callback step completes when supply is back everywhere and every callback has ended."""
	if call.incident.status not in ("Restored", "Stood Down"):
		return
	statuses = frappe.get_all("Outage Callback", filters={"incident": call.incident.name}, pluck="status")
	if callbacks.all_ended(statuses):
		task.complete_by_flow(call, "callbacks")


@lru_cache(maxsize=4096)
def _belongs_to(_site: str, callback: str) -> tuple[str, str]:
	"""(incident, property) of a callback, which never change: a retried verb begins with its locks."""
	found = frappe.db.get_value("Outage Callback", callback, ["incident", "property"])
	if not found:
		frappe.throw(
			_("Callback: {0} does not exist. Choose one of the list.").format(frappe.bold(callback[:140])),
			frappe.DoesNotExistError,
		)
	return found


def log_attempt(
	callback: str,
	outcome: str,
	*,
	note: str | None = None,
	satisfaction: int | None = None,
	occurred_at: str | datetime | None = None,
	request_id: str | None = None,
	call_record: str | None = None,
) -> dict:
	"""One attempt to reach a contact: Reached, No Answer, Still Out or Refused.

	satisfaction 1 (bad) to 5 (good). Still Out opens the nested incident on the units that stay dark. `call_record`: the
	call that telephony logged and that is offered on the callback is this attempt; no second record is made. Answers
	{"incident", "callback_status", "next_attempt_at", "nested_incident", "crm_record"}.
	Raises ValidationError for an unknown outcome, an ended callback, a rating out of range, a call that is not offered.
	"""
	with translated():
		permissions.require_verb("log_attempt")
		incident_name, property_name = _belongs_to(frappe.local.site, str(callback))
		if outcome == "Still Out":
			lock_property(property_name)  # a nested incident may follow; the property is always locked first
		incident = lock_incident(incident_name)
		doc = frappe.get_doc("Outage Callback", callback, for_update=True)
		permissions.require_read("Outage Incident", incident)
		if (first := timeline.first_result(request_id, incident_name)) is not None:
			return first
		if call_record and doc.get("offered_at") and occurred_at in (None, ""):
			occurred_at = min(get_datetime(doc.offered_at), now_datetime())  # telephony may have a clock of its own
		at, now, fast = when(occurred_at)
		callbacks.require_open(doc.status)
		call = Call("log_attempt", at, now, fast, request_id, incident=incident)
		return attempt(call, doc, outcome, note=note, satisfaction=satisfaction, call_record=call_record)


def attempt(
	call: Call,
	doc: Document,
	outcome: str,
	*,
	note: str | None = None,
	satisfaction: int | None = None,
	call_record: str | None = None,
) -> dict:
	"""One attempt, whoever made it: incident and callback are locked. A resident's own answer is one too."""
	if satisfaction is not None and satisfaction not in range(1, 6):
		raise RuleError(_("Satisfaction: a number from 1 (bad) to 5 (good), or none."))
	at, made = call.at, len(doc.attempts) + 1
	doc.status, doc.next_attempt_at = callbacks.after_attempt(doc.reason, outcome, made, at, policy())
	doc.outcome = (note or outcome)[:500]
	doc.satisfaction = satisfaction or doc.satisfaction
	doc.claimed_by = doc.claimed_until = None
	households.of_units([row.unit for row in doc.units])
	crm_doctype, crm_record = _record(doc, outcome, note or "", at, made, call_record)
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
			"request_id": call.request_id or None,
		},
	)
	unit_nos = _unit_nos(doc)
	if outcome == "Still Out":
		doc.nested_incident = _open_nested(call, doc, unit_nos)
	tickets.on_callback(call, doc.contact, outcome, doc.nested_incident, doc.name, made)
	save(doc)
	call.record("callback_attempt", {"reason": doc.reason, "units": unit_nos, "outcome": outcome})
	complete_if_done(call)
	return finish(
		call,
		{
			"callback": doc.name,
			"callback_status": doc.status,
			"next_attempt_at": str(doc.next_attempt_at or ""),
			"nested_incident": doc.nested_incident or "",
			"crm_record": crm_record,
		},
	)


def _record(
	doc: Document, outcome: str, note: str, at: datetime, attempt: int, call_record: str | None
) -> tuple[str, str]:
	"""The attempt where the site keeps its calls: the one that telephony logged, or a new one."""
	if not call_record:
		if doc.status in callbacks.ENDED:
			telephony.forget(doc)
		return integrations.log_call(doc, outcome, note, at, attempt)
	try:
		return telephony.take(doc, str(call_record), outcome, note, attempt)
	except LookupError:
		raise RuleError(
			_("Call: {call} is not offered for this callback. Log the attempt without it."), call=str(call_record)[:140]
		) from None


def _unit_nos(doc: Document) -> list[str]:
	return frappe.get_all(
		"Property Unit", filters={"name": ("in", [row.unit for row in doc.units])}, pluck="unit_no", order_by="unit_no"
	)


def _open_nested(call: Call, doc: Document, unit_nos: list[str]) -> str:
	"""The incident of what stayed dark, under the first one; minutes go on from where the first stopped counting."""
	parent = call.incident
	around = surroundings.read(parent.property)
	units = frappe.get_all(
		"Property Unit", filters={"name": ("in", [row.unit for row in doc.units])}, fields=["name", "power_node"]
	)
	dark = surroundings.dark_rows(parent)
	rows = []
	for unit in units:
		found = topology.intervals(around.tree.path(unit.power_node), unit.name, dark, call.at)
		rows.append({"power_node": unit.power_node, "unit": unit.name, "out_since": found[-1][1] if found else call.at})
	name = _running_nested(parent.name, {unit.power_node for unit in units})
	if name:
		nested = lock_incident(name)
		listed = {row.unit for row in nested.affected_nodes if not row.back_at}
		for row in rows:
			if row["unit"] not in listed:  # somebody else of the flat may have said so already
				nested.append("affected_nodes", row)
		nested.affected_units = sum(surroundings.affected_units(nested, around).values())
		save(nested)
		nested_call = Call("extend_scope", call.at, call.now, incident=nested)
		tasks.sync(nested_call)
		nested_call.record("scope_extended", {"nodes": unit_nos, "added": 0})
	else:
		nested = frappe.new_doc("Outage Incident")
		nested.update(
			{
				"property": parent.property,
				"level": "II",
				"parent_incident": parent.name,
				"reported_at": call.at,
				"is_drill": parent.is_drill,
				"affected_nodes": rows,
			}
		)
		nested.insert(ignore_permissions=True)
		Call("declare", call.at, call.now, incident=nested).record(
			"nested_opened", {"unit": unit_nos, "parent": parent.name}
		)
	call.record("still_out", {"units": unit_nos, "nested": nested.name})
	task.tell_department(
		call, "control_room", _("Still without power after restoration: {0}").format(", ".join(unit_nos))
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
		.where(other.status.isin(("Reported", "Active")))
		.where(node.power_node.isin(list(nodes)))
		.orderby(other.name)
		.limit(1)
	).run()
	return found[0][0] if found else None


def queue(incident: str | None = None) -> list[dict]:
	"""Callbacks to make now, the most urgent first: danger, care, reported, others; then the one waiting longest.

	Outside calling hours only those in danger are called.
	"""
	now = frappe.utils.now_datetime()
	filters: dict = {"status": ("in", callbacks.WAITING), "next_attempt_at": ("<=", now)}
	if callbacks.within_calling_hours(now, policy()) != now:
		filters["reason"] = "Life safety"
	if incident:
		filters["incident"] = incident
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
		limit_page_length=200,
	)
