"""The verbs for the staff. Every one is a POST; what it may be called by stands in `domain/authority.py`.

`occurred_at` is when it happened (site time, default now); `request_id` a client's own unique word for this request:
sent again, it gets the first answer.
"""

import functools
import json
import random
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import frappe
from frappe import _

from outage_response import locks
from outage_response.compat import is_retriable, is_timeout
from outage_response.flows.callbacks import attempts as callback_flow
from outage_response.flows.elevators import correction
from outage_response.flows.elevators import entrapment_verbs as entrapment_flow
from outage_response.flows.incident import incident_report
from outage_response.flows.incident import incident_verbs as incident_flow
from outage_response.flows.notices import issuing as notice_flow
from outage_response.flows.residents import who_depends_on_power
from outage_response.flows.tasks import task_verbs as task_flow
from outage_response.flows.trouble import proposals, telephone_calls
from outage_response.flows.verb import timeline
from outage_response.permissions import require_read

from .reached import discreet, reached, reading

ATTEMPTS = 5
LONGEST_ID, LONGEST_TEXT = 140, 10_000


def retrying(function: Callable) -> Callable:
	"""Run the whole transaction again when the database chose it as a deadlock's victim, or somebody was first. Not after a
	wait for a lock that the database has ended: a phone has given up by then, and asks again by itself.

	Begins with a new transaction, so that the verb reads what is there after it has its lock. One that read before it came to
	a lock begins the next time with that lock.
	"""

	@functools.wraps(function)
	def run(*args, **kwargs):
		held = ()
		for attempt in range(1, ATTEMPTS + 1):
			try:
				locks.new_transaction(held)
				return function(*args, **kwargs)
			except Exception as error:
				if attempt == ATTEMPTS or not is_retriable(error) or is_timeout(error):
					raise
				held = locks.held()
				frappe.clear_messages()
				time.sleep(random.uniform(0.02, 0.08) * 2**attempt)

	return run


def bounded(function: Callable) -> Callable:
	"""Refuse a text that no column holds, naming the field, before anything else is done."""

	@functools.wraps(function)
	def run(*args, **kwargs):
		for field, value in kwargs.items():
			limit = LONGEST_ID if field == "request_id" else LONGEST_TEXT
			if isinstance(value, str) and len(value) > limit:
				frappe.throw(_("{0}: at most {1} characters.").format(_(frappe.unscrub(field)), limit))
		return function(*args, **kwargs)

	return run


def from_this_site(function: Callable) -> Callable:
	"""Refuse what a page of another site has a browser send. Frappe asks for a session's token only where one was made already;
	until then a browser's word of where a request comes from is what there is, and other clients send none."""

	@functools.wraps(function)
	def run(*args, **kwargs):
		request = getattr(frappe.local, "request", None)
		if request and "sid" in (getattr(request, "cookies", None) or ()) and not frappe.session.data.get("csrf_token"):
			origin = request.headers.get("Origin") or request.headers.get("Referer")
			ours = {request.host, urlsplit(frappe.utils.get_url()).netloc}
			if origin and urlsplit(origin).netloc not in ours:
				frappe.throw(_("This was sent from another site. Log in here, and do it here."), frappe.PermissionError)
		return function(*args, **kwargs)

	return run


def endpoint(function: Callable) -> Callable:
	"""A whitelisted POST endpoint whose transaction is retried."""
	return frappe.whitelist(methods=["POST"])(reached(discreet(from_this_site(bounded(retrying(function))))))


# ---------------------------------------------------------------- incident


@endpoint
def declare(
	property: str,
	nodes: list | str,
	level: str | None = None,
	description: str | None = None,
	planned_by: str | None = None,
	planned_start: str | None = None,
	planned_end: str | None = None,
	reason: str | None = None,
	windows: list | str | None = None,
	all_the_same: bool = False,
	etr: str | None = None,
	is_drill: bool = False,
	drill_participants: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.incident.incident_verbs.declare`."""
	return incident_flow.declare(
		property,
		as_list(nodes),
		level,
		description,
		planned_by=planned_by,
		planned_start=planned_start,
		planned_end=planned_end,
		reason=reason,
		windows=as_list(windows),
		all_the_same=all_the_same,
		etr=etr,
		is_drill=is_drill,
		drill_participants=drill_participants,
		occurred_at=occurred_at,
		request_id=request_id,
	)


@endpoint
def confirm(
	incident: str,
	cause_type: str,
	cause: str | None = None,
	level: str | None = None,
	etr: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.incident.incident_verbs.confirm`."""
	return incident_flow.confirm(
		incident, cause_type, cause, level, etr, occurred_at=occurred_at, request_id=request_id
	)


@endpoint
def start(
	incident: str,
	override_reason: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.incident.incident_verbs.start`."""
	return incident_flow.start(incident, override_reason, occurred_at=occurred_at, request_id=request_id)


@endpoint
def reclassify(
	incident: str, level: str, reason: str, occurred_at: str | None = None, request_id: str | None = None
) -> dict[str, Any]:
	"""See `flows.incident.incident_verbs.reclassify`."""
	return incident_flow.reclassify(incident, level, reason, occurred_at=occurred_at, request_id=request_id)


@endpoint
def extend_scope(
	incident: str, nodes: list | str, occurred_at: str | None = None, request_id: str | None = None
) -> dict[str, Any]:
	"""See `flows.incident.incident_verbs.extend_scope`."""
	return incident_flow.extend_scope(incident, as_list(nodes), occurred_at=occurred_at, request_id=request_id)


@endpoint
def take_over_changes(incident: str, occurred_at: str | None = None, request_id: str | None = None) -> dict[str, Any]:
	"""See `flows.incident.incident_verbs.take_over_changes`."""
	return incident_flow.take_over_changes(incident, occurred_at=occurred_at, request_id=request_id)


@endpoint
def set_etr(
	incident: str, etr: str | None = None, occurred_at: str | None = None, request_id: str | None = None
) -> dict[str, Any]:
	"""See `flows.incident.incident_verbs.set_etr`."""
	return incident_flow.set_etr(incident, etr, occurred_at=occurred_at, request_id=request_id)


@endpoint
def report_trapped(
	incident: str,
	elevator: str | None = None,
	words: str | None = None,
	contact: str | None = None,
	building: str | None = None,
	people: int | None = None,
	floor: str | None = None,
	conditions: list | str | None = None,
	phone: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.elevators.entrapment_verbs.report_trapped`."""
	return entrapment_flow.report_trapped(
		incident,
		elevator,
		words,
		contact,
		building=building,
		people=people,
		floor=floor,
		conditions=as_list(conditions),
		phone=phone,
		occurred_at=occurred_at,
		request_id=request_id,
	)


@endpoint
def note_entrapment(
	entrapment: str,
	people: int | None = None,
	floor: str | None = None,
	conditions: list | str | None = None,
	injured: int | None = None,
	talked: bool = False,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.elevators.entrapment_verbs.note_entrapment`."""
	return entrapment_flow.note_entrapment(
		entrapment,
		people=people,
		floor=floor,
		conditions=as_list(conditions),
		injured=injured,
		talked=talked,
		occurred_at=occurred_at,
		request_id=request_id,
	)


@endpoint
def report_empty(
	entrapment: str,
	outcome: str,
	who: str,
	how: str | None = None,
	people: int | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.elevators.entrapment_verbs.report_empty`."""
	return entrapment_flow.report_empty(
		entrapment, outcome=outcome, who=who, how=how, people=people, occurred_at=occurred_at, request_id=request_id
	)


@endpoint
def read_back_empty(entrapment: str, occurred_at: str | None = None, request_id: str | None = None) -> dict[str, Any]:
	"""See `flows.elevators.entrapment_verbs.read_back_empty`."""
	return entrapment_flow.read_back_empty(entrapment, occurred_at=occurred_at, request_id=request_id)


@endpoint
def permit_energise(
	incident: str, nodes: list | str | None = None, occurred_at: str | None = None, request_id: str | None = None
) -> dict[str, Any]:
	"""See `flows.incident.incident_verbs.permit_energise`."""
	return incident_flow.permit_energise(incident, as_list(nodes), occurred_at=occurred_at, request_id=request_id)


@endpoint
def supply_back(
	incident: str,
	nodes: list | str | None = None,
	source: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.incident.incident_verbs.supply_back`."""
	return incident_flow.supply_back(incident, as_list(nodes), source, occurred_at=occurred_at, request_id=request_id)


@endpoint
def stand_down(
	incident: str,
	areas: list | str | None = None,
	override_reason: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.incident.incident_verbs.stand_down`."""
	return incident_flow.stand_down(
		incident, as_list(areas), override_reason, occurred_at=occurred_at, request_id=request_id
	)


@endpoint
def close(
	incident: str,
	override_reason: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.incident.incident_verbs.close`."""
	return incident_flow.close(incident, override_reason, occurred_at=occurred_at, request_id=request_id)


@endpoint
def cancel(incident: str, reason: str, occurred_at: str | None = None, request_id: str | None = None) -> dict[str, Any]:
	"""See `flows.incident.incident_verbs.cancel`."""
	return incident_flow.cancel(incident, reason, occurred_at=occurred_at, request_id=request_id)


@endpoint
def file_report(
	incident: str,
	cause: str,
	actions: str,
	follow_ups: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.incident.incident_report.file_report`."""
	return incident_report.file_report(
		incident, cause, actions, follow_ups, occurred_at=occurred_at, request_id=request_id
	)


@endpoint
def record_call(
	property: str,
	unit: str | None = None,
	power_node: str | None = None,
	contact: str | None = None,
	phone: str | None = None,
	words: str | None = None,
	danger: bool = False,
	trapped: bool = False,
	elevator: str | None = None,
	building: str | None = None,
	people: int | None = None,
	floor: str | None = None,
	conditions: list | str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.trouble.telephone_calls.record_call`."""
	return telephone_calls.record_call(
		property,
		unit=unit,
		power_node=power_node,
		contact=contact,
		phone=phone,
		words=words,
		danger=danger,
		trapped=trapped,
		elevator=elevator,
		building=building,
		people=people,
		floor=floor,
		conditions=as_list(conditions),
		occurred_at=occurred_at,
		request_id=request_id,
	)


@endpoint
def take_call(call: str) -> dict[str, Any]:
	"""See `flows.trouble.telephone_calls.take_call`."""
	return telephone_calls.take_call(call)


@endpoint
def declare_proposal(proposal: str, all_the_same: bool = False, request_id: str | None = None) -> dict[str, Any]:
	"""See `flows.trouble.proposals.declare_proposal`."""
	return proposals.declare_proposal(proposal, request_id, all_the_same=all_the_same)


@endpoint
def dismiss_proposal(proposal: str, reason: str) -> dict[str, Any]:
	"""See `flows.trouble.proposals.dismiss_proposal`."""
	return proposals.dismiss_proposal(proposal, reason)


# ---------------------------------------------------------------- task


@endpoint
def acknowledge(task: str, occurred_at: str | None = None, request_id: str | None = None) -> dict[str, Any]:
	"""See `flows.tasks.task_verbs.acknowledge`."""
	return task_flow.acknowledge(task, occurred_at=occurred_at, request_id=request_id)


@endpoint
def arrive(
	task: str, user: str | None = None, occurred_at: str | None = None, request_id: str | None = None
) -> dict[str, Any]:
	"""See `flows.tasks.task_verbs.arrive`."""
	return task_flow.arrive(task, user, occurred_at=occurred_at, request_id=request_id)


@endpoint
def complete(
	task: str,
	outcome: str | None = None,
	checks: list | str | None = None,
	exceptions: list | str | None = None,
	evidence: str | None = None,
	photo: str | None = None,
	evidence_later: bool = False,
	people: int | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.tasks.task_verbs.complete`."""
	return task_flow.complete(
		task,
		outcome,
		as_list(checks),
		as_list(exceptions),
		evidence,
		photo,
		evidence_later,
		people,
		occurred_at=occurred_at,
		request_id=request_id,
	)


@endpoint
def complete_for(
	task: str,
	outcome: str | None = None,
	who: str | None = None,
	user: str | None = None,
	how: str | None = None,
	elevator_no: str | None = None,
	read_back: bool = False,
	people: int | None = None,
	checks: list | str | None = None,
	evidence: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.tasks.task_verbs.complete_for`."""
	return task_flow.complete_for(
		task,
		outcome,
		who,
		user,
		how,
		elevator_no,
		read_back,
		people,
		as_list(checks),
		evidence,
		occurred_at=occurred_at,
		request_id=request_id,
	)


@endpoint
def correct_outcome(
	task: str,
	outcome: str,
	who: str | None = None,
	how: str | None = None,
	people: int | None = None,
	note: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.elevators.correction.correct_outcome`."""
	return correction.correct_outcome(
		task, outcome, who, how, people, note, occurred_at=occurred_at, request_id=request_id
	)


@endpoint
def take_danger(task: str, occurred_at: str | None = None, request_id: str | None = None) -> dict[str, Any]:
	"""See `flows.tasks.task_verbs.take_danger`."""
	return task_flow.take_danger(task, occurred_at=occurred_at, request_id=request_id)


@endpoint
def no_answer(
	task: str, note: str | None = None, occurred_at: str | None = None, request_id: str | None = None
) -> dict[str, Any]:
	"""See `flows.tasks.task_verbs.no_answer`."""
	return task_flow.no_answer(task, note, occurred_at=occurred_at, request_id=request_id)


@endpoint
def read_back(task: str, occurred_at: str | None = None, request_id: str | None = None) -> dict[str, Any]:
	"""See `flows.tasks.task_verbs.read_back`."""
	return task_flow.read_back(task, occurred_at=occurred_at, request_id=request_id)


@endpoint
def add_evidence(
	task: str,
	evidence: str | None = None,
	photo: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.tasks.task_verbs.add_evidence`."""
	return task_flow.add_evidence(task, evidence, photo, occurred_at=occurred_at, request_id=request_id)


@endpoint
def skip(task: str, reason: str, occurred_at: str | None = None, request_id: str | None = None) -> dict[str, Any]:
	"""See `flows.tasks.task_verbs.skip`."""
	return task_flow.skip(task, reason, occurred_at=occurred_at, request_id=request_id)


@endpoint
def reassign(task: str, user: str, occurred_at: str | None = None, request_id: str | None = None) -> dict[str, Any]:
	"""See `flows.tasks.task_verbs.reassign`."""
	return task_flow.reassign(task, user, occurred_at=occurred_at, request_id=request_id)


@endpoint
def relieve(task: str, user: str, occurred_at: str | None = None, request_id: str | None = None) -> dict[str, Any]:
	"""See `flows.tasks.task_verbs.relieve`."""
	return task_flow.relieve(task, user, occurred_at=occurred_at, request_id=request_id)


@endpoint
def move(task: str, to: str, occurred_at: str | None = None, request_id: str | None = None) -> dict[str, Any]:
	"""See `flows.tasks.task_verbs.move`."""
	return task_flow.move(task, to, occurred_at=occurred_at, request_id=request_id)


@endpoint
def withdraw(task: str, danger: str, occurred_at: str | None = None, request_id: str | None = None) -> dict[str, Any]:
	"""See `flows.tasks.task_verbs.withdraw`."""
	return task_flow.withdraw(task, danger, occurred_at=occurred_at, request_id=request_id)


# ---------------------------------------------------------------- callbacks and care


@endpoint
def log_attempt(
	callback: str,
	outcome: str,
	note: str | None = None,
	satisfaction: int | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
	call_record: str | None = None,
	duration: int | None = None,
) -> dict[str, Any]:
	"""See `flows.callbacks.attempts.log_attempt`."""
	return callback_flow.log_attempt(
		callback,
		outcome,
		note=note,
		satisfaction=satisfaction,
		occurred_at=occurred_at,
		request_id=request_id,
		call_record=call_record,
		duration=duration,
	)


@endpoint
def give_up_callback(
	callback: str, reason: str, occurred_at: str | None = None, request_id: str | None = None
) -> dict[str, Any]:
	"""See `flows.callbacks.attempts.give_up_callback`."""
	return callback_flow.give_up_callback(callback, reason, occurred_at=occurred_at, request_id=request_id)


@endpoint
def read_care_needs(incident: str) -> list[dict[str, Any]]:
	"""See `flows.residents.who_depends_on_power.read_care_needs`. A POST, since each look is recorded."""
	return who_depends_on_power.read_care_needs(incident)


@endpoint
def set_care_need(unit: str, contact: str, what: str, equipment_minutes: int = 0) -> dict[str, Any]:
	"""See `flows.residents.who_depends_on_power.set_care_need`."""
	return who_depends_on_power.set_care_need(unit, contact, what, equipment_minutes)


# ---------------------------------------------------------------- notices


@endpoint
def send_notice(
	incident: str,
	kind: str,
	message: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.notices.issuing.send_notice`."""
	return notice_flow.send_notice(incident, kind, message, occurred_at=occurred_at, request_id=request_id)


@endpoint
def prove_posting(
	incident: str, notice: str, photo: str, occurred_at: str | None = None, request_id: str | None = None
) -> dict[str, Any]:
	"""See `flows.notices.issuing.prove_posting`."""
	return notice_flow.prove_posting(incident, notice, photo, occurred_at=occurred_at, request_id=request_id)


# ---------------------------------------------------------------- reading


@reading
def get_timeline(incident: str) -> list[dict[str, Any]]:
	"""The incident's timeline in the reader's language."""
	require_read("Outage Incident", incident)
	return timeline.entries(incident)


@reading
def get_figures(incident: str) -> dict[str, Any]:
	"""Counts of one incident."""
	require_read("Outage Incident", incident)
	return incident_report.figures(incident)


@reading
def get_callback_queue(incident: str | None = None) -> list[dict[str, Any]]:
	"""Callbacks to make now, most urgent first, of those the reader may see."""
	return callback_flow.queue(incident)


def as_list(value: list | str | None) -> list | None:
	"""A list from a client: JSON, one plain word, or a list already; None stays None."""
	if isinstance(value, str):
		text = value.strip()
		if not text:
			return []
		if text[:1] not in "[{":
			return [text]
		try:
			value = json.loads(text)
		except ValueError:
			frappe.throw(_("{0} is not a list. Send a JSON list.").format(text[:60]))
	return value
