"""The timeline of an incident: append-only, units and roles but never a resident, read in the reader's language."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.query_builder.functions import Max
from frappe.utils import now_datetime

from outage_response import bulk
from outage_response.domain.errors import _lt, spoken

from ..facts.language import in_chinese, listed

# kind, data, task name or None
Entry = tuple[str, Mapping[str, Any], str | None]

MOST_NAMES = 8  # a whole building's nodes would hide the sentence; the entry's data has them all

# kind -> what people read; {placeholders} come from the entry's data
TEXTS = {
	"declared": _lt("Outage declared: level {level}, {nodes}; units: {units}; steps given out: {tasks}"),
	"imported": _lt("Past outage entered: level {level}, {nodes}"),
	"confirmed": _lt("Cause confirmed: {cause_type}. {cause}"),
	"started": _lt("Planned outage started: supply switched off"),
	"reclassified": _lt(
		"Level changed from {before} to {after}: {reason}. Steps added: {added}, cancelled: {cancelled}, reopened: {reopened}"
	),
	"scope_extended": _lt("More is affected: {nodes}. Steps added: {added}"),
	"records_changed": _lt(
		"Warning: the records were changed while it is dark, {what}: {subject}. That counts in this outage when somebody takes it over"
	),
	"node_added": _lt(
		"Warning: a power node was added below one that is dark: {subject}. It counts as dark until it is back"
	),
	"changes_taken_over": _lt(
		"Changes of the records taken over. Units added: {units}; other residents: {residents}. Steps added: {added}"
	),
	"etr_set": _lt("Expected restoration: {etr}"),
	"etr_cleared": _lt("Expected restoration is no longer known"),
	"trapped_reported": _lt("People trapped in {subject}, how many: {people}"),
	"trapped_somewhere": _lt(
		"People trapped in {subject}, nobody knows in which elevator: every one is asked and made safe"
	),
	"entrapment_noted": _lt("People in {subject}: {people}. {conditions} {floor}"),
	"entrapment_talked": _lt("Talked to the people in {subject}"),
	"entrapment_ended": _lt("People out of {subject}: {people}, {outcome}"),
	"entrapment_mistaken": _lt("Nobody was inside {subject}"),
	"empty_said": _lt(
		"Warning: somebody says that nobody is in {subject} any more, while people are on record there. The rescue goes on until a second person has read it back"
	),
	"empty_heard": _lt(
		"Warning: {subject} is said to be empty, while people are on record there. The rescue goes on; who saw the open, empty car says so"
	),
	"empty_read_back": _lt("Read back by a second person: nobody is in {subject} any more"),
	"long_inside": _lt(
		"Warning: people have been in {subject} for {minutes} minutes; a report to the authorities may become due, the general manager decides"
	),
	"back_with_people_inside": _lt("DANGER: supply came back while people are in {subject}; the car may move"),
	"danger_taken": _lt("The control room has taken the danger at {title} {subject}"),
	"trapped_without_steps": _lt(
		"Warning: the plan has no steps for people trapped ({subject}). Make it level {level}: the rescue is then given out at once"
	),
	"calls_linked": _lt("More calls of residents about this outage: {count}"),
	"call_received": _lt("Somebody reports no power: {unit}"),
	"danger_reported": _lt("DANGER reported: {unit} {words}"),
	"energise_permitted": _lt("Permission given to switch on: {nodes}"),
	"supply_back": _lt("Supply is back: {nodes} ({source})"),
	"back_with_open_steps": _lt("Supply came back while these steps were open: {steps}"),
	"back_without_permission": _lt("Supply came back without a permission to switch on: {nodes}"),
	"restored": _lt("Supply is back everywhere; {minutes} customer minutes"),
	"stood_down": _lt("Stand-down: posts released: {areas}"),
	"post_released": _lt("Post released: {subject}"),
	"gate_overridden": _lt("General manager overrides open steps ({count}): {reason}. {steps}"),
	"closed": _lt("Incident closed"),
	"cancelled": _lt("Incident cancelled: {reason}"),
	"task_added": _lt("Step added: {title} {subject}"),
	"task_acknowledged": _lt("Acknowledged: {title} {subject} {how}"),
	"task_started": _lt("On the spot: {title} {subject}"),
	"task_on_post": _lt("On post: {title} {subject}"),
	"call_unanswered": _lt("No answer: {title} {subject}. {note}"),
	"task_done": _lt("Done: {title} {subject} {outcome}"),
	"task_done_for": _lt("Written down by radio: {title} {subject} {outcome} {how}"),
	"task_settled": _lt("Settled: {title} {subject}: {reason}"),
	"outcome_corrected": _lt("Corrected: {title} {subject}: {outcome}, not {was}. {note}"),
	"task_checks_given": _lt("Checks confirmed, waiting to be read back: {title} {subject}"),
	"task_read_back": _lt("Read back: {title} {subject}"),
	"task_defect": _lt("Defect found: {title} {subject}: {items}"),
	"task_evidence": _lt("Evidence added later: {title} {subject}"),
	"task_skipped": _lt("Skipped: {title} {subject}: {reason}"),
	"task_cancelled": _lt("No longer asked for: {title} {subject}: {reason}"),
	"task_reopened": _lt("Asked for again: {title} {subject}"),
	"task_reassigned": _lt("Given to {to}: {title} {subject}"),
	"task_relieved": _lt("Relieved by {to}: {title} {subject}"),
	"task_moved": _lt("Moved to {to}, post open again: {title} {subject}"),
	"task_withdrawn": _lt("DANGER, left the spot: {title} {subject}: {danger}"),
	"overruled": _lt("Warning: {minutes} minutes before somebody else had said otherwise: {said}"),
	"asset_learned": _lt("Warning: put right during the outage: {subject}: {fields}. Steps added: {added}"),
	"late_act": _lt("Added late, changes nothing: {said}. {note}"),
	"danger_told": _lt("DANGER said of {title} {subject}: {danger}. Whoever stands there now was told first"),
	"task_round": _lt("Due again (round {round}): {title} {subject}"),
	"nobody_on_duty": _lt("Warning: nobody of {department} is on duty; everybody of the department was told"),
	"nobody_on_duty_life_safety": _lt(
		"Warning: nobody of {department} is on duty; the control room takes its life-safety steps, for the rest the whole department was told"
	),
	"no_duty_electrician": _lt("Warning: no duty electrician is on duty; the engineers on duty take the steps"),
	"roster_without_role": _lt(
		"Warning: on the roster of {department} without its role, so nobody counts on them: {people}. Give them the role or correct the roster"
	),
	"nobody_in_department": _lt("Warning: {department} has nobody for this property; the control room takes its steps"),
	"nobody_at_all": _lt(
		"Warning: nobody can be given the steps of {department}; enter a roster or give people the role"
	),
	"nobody_certified": _lt(
		"Warning: nobody of {department} on duty holds an elevator rescue certificate; the maintenance company frees the people, and the control room records it. Phone {phone}"
	),
	"phone_only": _lt("{department} is on duty without a login: the control room phones {phone}"),
	"no_contractor": _lt("Warning: no maintenance company is recorded for {subject}"),
	"unplaced": _lt(
		"Warning: nobody can say where these get their supply: {subject}. They have no power node, and no home or node stands in their building; they count as affected in every outage"
	),
	"in_no_building": _lt(
		"Warning: units in no building: {units}. While one of them is dark, every elevator without a power node counts as affected"
	),
	"buildings_alike": _lt(
		"Warning: these may be one building: {subject}. They count as one until somebody decides (Property Building)"
	),
	"no_contacts": _lt(
		"Warning: affected units without a resident on record: {units}; nobody can be called back there"
	),
	"units_differ": _lt("Warning: {loaded} units are on record, the registered number is {registered}"),
	"plan_leaves_out": _lt(
		"Warning: the plan {plan} leaves out steps of life safety or gates that it had before: {steps}"
	),
	"clock_fast": _lt("The sender's clock was ahead; the time of arrival was taken"),
	"clock_slow": _lt("The phone's clock was behind; the time of the report was taken"),
	"clock_put_back": _lt("The site's clock was put back; the time of the last entry was taken"),
	"clock_followed": _lt(
		"The site's clock was put back by {minutes} minutes; open steps keep the minutes that they had"
	),
	"callbacks_opened": _lt("Callbacks to make: {count}, required: {required}"),
	"callback_attempt": _lt("Callback {reason}, {units}: {outcome}"),
	"callback_unreached": _lt(
		"Warning: nobody answers a callback that must reach somebody ({reason}), {units}; it stays until a person decides"
	),
	"callback_given_up": _lt("Callback {reason}, {units}: not reached; given up by decision"),
	"callbacks_dropped": _lt("Callbacks that are not made any more: {count}"),
	"still_out": _lt("Still without power after restoration: {units}; incident {nested} opened"),
	"nested_opened": _lt("Opened because {units} is still without power after incident {parent}"),
	"report_with_open_steps": _lt(
		"Warning: the report was filed with steps still open ({count}); they are in it as open"
	),
	"report_filed": _lt("Incident report filed"),
	"rung_on": _lt("No answer yet, {department}: now ringing {whom} for {title} {subject} ({count} steps)"),
	"rung_to_start": _lt("Taken but not begun: ringing {whom} again for {title} {subject} ({count} steps)"),
	"not_started": _lt("Warning: taken but not begun, and nobody answers: {title} {subject} ({count} steps)"),
	"nobody_answered": _lt(
		"Warning: nobody answered for {department}: {title} {subject} ({count} steps). Ringing has ended; reach somebody"
	),
	"ringing_resumed": _lt(
		"Nobody was rung for {minutes} minutes, since the site's clock stood still; ringing goes on"
	),
	"site_changed": _lt(
		"Warning: this site is another one than it was ({before}; now {after}). Nobody is rung and no mail leaves until somebody on duty confirms that it is the site"
	),
	"site_confirmed": _lt("Confirmed that this is the site ({before}; now {after}); ringing and mails go on"),
	"login_ended": _lt("The login of whoever had it was taken away: {title} {subject} is open again and rings"),
	"shift_ended": _lt("Shift ended and nobody took over: {title} {subject} is open again and rings"),
	"task_handed_over": _lt("Handed over at the end of the shift: {title} {subject}: {note}"),
	"notice_issued": _lt("Residents are told ({kind}, {mode}): {people} messages and calls"),
	"shares": _lt("Shares what is under way at the same places with {incidents}"),
	"notice_shared": _lt("Residents are told of this and of {incident} by one notice"),
	"notice_posted": _lt("Public notice posted, with a photo: {kind}"),
	"announced_late": _lt(
		"Warning: residents are to hear of planned work {days} days before it begins; it is later than that"
	),
	"told_by_phone": _lt("A resident of {unit} was phoned: {outcome}"),
	"resident_says_back": _lt("A resident of {unit} says that power is back"),
	"resident_wants_call": _lt("A resident of {unit} asks to be called"),
	"care_looked_up": _lt("Care needs of the affected units were looked up"),
}


def record(
	incident: Document,
	kind: str,
	data: Mapping[str, Any],
	at: datetime,
	now: datetime,
	*,
	task: str | None = None,
) -> None:
	"""Append one entry. `data` holds names of units, nodes, roles and figures, never a resident's name or number."""
	record_many(incident, [(kind, data, task)], at, now)


def record_many(incident: Document, entries: Sequence[Entry], at: datetime, now: datetime) -> None:
	"""Append several entries of the same moment in one statement."""
	_insert(
		[_row(incident, kind, data, at, now, task=task, request_id=None, result=None) for kind, data, task in entries]
	)


def last_moment(incident: str, *, task: str | None = None, kinds: Sequence[str] = ()) -> datetime | None:
	"""The latest time at which anything happened, by the incident's record; of one task and of some kinds of entry only."""
	entry = frappe.qb.DocType("Timeline Entry")
	query = frappe.qb.from_(entry).select(Max(entry.occurred_at)).where(entry.incident == incident)
	if task:
		query = query.where(entry.task == task)
	if kinds:
		query = query.where(entry.kind.isin(kinds))
	return query.run()[0][0]


def keep_result(
	incident: Document, verb: str, request_id: str | None, result: dict[str, Any], at: datetime, now: datetime
) -> None:
	"""Remember a request's first answer. The unique request_id makes a second one of two at once fail and retry."""
	if request_id:
		_insert([_row(incident, f"request:{verb}", {}, at, now, task=None, request_id=request_id, result=result)])


def first_result(request_id: str | None, verb: str, **about: str) -> dict[str, Any] | None:
	"""What the first request with this id was answered, or None. `about`: what the request is about (incident, task,
	callback, delivery), as its answer names it.

	Raises ValidationError when the id was used for another verb or thing: an id belongs to one request, and the answer
	to another would look like success while nothing is done.
	"""
	if not request_id:
		return None
	found = frappe.db.get_value("Timeline Entry", {"request_id": request_id}, ["kind", "result"], as_dict=True)
	if not found:
		return None
	result = frappe.parse_json(found.result or "{}")
	if found.kind != f"request:{verb}" or any(result.get(key) != value for key, value in about.items()):
		refuse_used(request_id)
	return result


def refuse_used(request_id: str) -> None:
	"""Raise ValidationError: the id belongs to another request."""
	frappe.throw(
		_("Request ID: {0} was already used for another request. Send a new one with each request.").format(
			str(request_id)[:140]
		)
	)


def recorded_at(incident: str, kind: str) -> datetime | None:
	"""When an entry of this kind was last written."""
	entry = frappe.qb.DocType("Timeline Entry")
	query = frappe.qb.from_(entry).select(Max(entry.recorded_at)).where(entry.incident == incident)
	return query.where(entry.kind == kind).run()[0][0]


def last_entry(incident: str, kind: str) -> frappe._dict | None:
	"""The newest entry of a kind: actor, recorded_at, data."""
	rows = frappe.get_all(
		"Timeline Entry",
		filters={"incident": incident, "kind": kind},
		fields=["actor", "recorded_at", "data"],
		order_by="creation desc, name desc",
		limit=1,
	)
	return frappe._dict(rows[0], data=frappe.parse_json(rows[0].data or "{}")) if rows else None


def count(kind: str, task: str) -> int:
	"""How many entries of a kind a task has."""
	return frappe.db.count("Timeline Entry", {"kind": kind, "task": task})


def actors(incident: str, kind: str) -> dict[str, set[str]]:
	"""task -> who did what such entries tell of."""
	found: dict[str, set[str]] = defaultdict(set)
	for row in frappe.get_all("Timeline Entry", {"incident": incident, "kind": kind}, ["task", "actor"]):
		found[row.task].add(row.actor)
	return found


def _row(
	incident: Document,
	kind: str,
	data: Mapping[str, Any],
	at: datetime,
	now: datetime,
	*,
	task: str | None,
	request_id: str | None,
	result: dict[str, Any] | None,
) -> dict[str, Any]:
	return {
		"incident": incident.name,
		"property": incident.property,
		"task": task,
		"kind": kind,
		"occurred_at": at,
		"recorded_at": now,
		"actor": frappe.session.user,
		"data": frappe.as_json(data, indent=None),
		"request_id": request_id,
		"result": frappe.as_json(result, indent=None) if result is not None else None,
	}


def _insert(rows: list[dict[str, Any]]) -> None:
	"""Written later than `now`, which is when the verb began: keeps a verb's entries in their order."""
	bulk.insert("Timeline Entry", rows, now_datetime())


def render(kind: str, data: Mapping[str, Any]) -> str:
	"""One entry as a sentence in the session's language."""
	values = {key: _value(value) for key, value in data.items()}
	for key in ("outcome", "was"):
		values[key] = spoken(data.get(f"{key}_en") or data.get(key) or "", _)
	values |= _listed_words(data)
	if data.get("said_kind") in TEXTS:  # what came late reads as it would have read in time
		values["said"] = render(data["said_kind"], {**data, "said_kind": None})
	if in_chinese():
		values.update({key[:-3]: value for key, value in values.items() if key.endswith("_zh") and value})
	return " ".join(_(TEXTS[kind]).format_map(_Blank(values)).split())


def _listed_words(data: Mapping[str, Any]) -> dict[str, str]:
	"""What is a list of keys, each in words; and no more nodes than leave the sentence readable."""
	found = {}
	if isinstance(data.get("how"), list):
		found["how"] = listed(_(str(word)).replace("_", " ") for word in data["how"])
	if isinstance(data.get("conditions"), list):
		found["conditions"] = listed(_(str(word)) for word in data["conditions"])
	if len(data.get("nodes") or ()) > MOST_NAMES:
		found["nodes"] = f"{_value(data['nodes'][:MOST_NAMES])} (+{len(data['nodes']) - MOST_NAMES})"
	return found


def _value(value: Any) -> str:
	if isinstance(value, (list, tuple)):
		return listed(_(str(item)) for item in value)
	return _(value) if isinstance(value, str) and value else str("" if value is None else value)


class _Blank(dict[str, str]):
	def __missing__(self, key: str) -> str:
		return ""


def entries(incident: str, *, recorded_after: datetime | None = None) -> list[frappe._dict]:
	"""The whole timeline, oldest first: occurred_at, recorded_at, actor, kind, text, task; or what was recorded later."""
	later = {"recorded_at": (">", recorded_after)} if recorded_after else {}
	rows = frappe.get_all(
		"Timeline Entry",
		filters={"incident": incident, "kind": ("not like", "request:%"), **later},
		fields=["occurred_at", "recorded_at", "actor", "kind", "data", "task", "creation"],
		order_by="occurred_at asc, creation asc, name asc",
	)
	for row in rows:
		row["data"] = frappe.parse_json(row["data"] or "{}")
		row["text"] = render(row["kind"], row["data"])
	return rows
