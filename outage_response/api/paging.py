"""Being rung and answering: the link in a message, a gateway's replies, and what the control room sees of it."""

from typing import Any

import frappe

from outage_response.flows.paging import gateway_replies, page_answers, restored_backup, standstill, trial_calls
from outage_response.flows.roster import shifts
from outage_response.flows.screens import who_knows
from outage_response.flows.tasks import handover
from outage_response.flows.tasks import task_verbs as task_flow
from outage_response.flows.verb.refusals import translated
from outage_response.permissions import require_list, require_read, require_verb

from .endpoints import bounded, endpoint, retrying
from .limits import guessing, sparing
from .reached import reached, reading

acknowledge_for = endpoint(task_flow.acknowledge_for)
hand_over = endpoint(handover.hand_over)
test_call = endpoint(trial_calls.test_call)
test_channel = endpoint(trial_calls.test_channel)


@reading
def get_test(test: str) -> dict[str, Any]:
	"""Who answered a test call."""
	require_read("Paging Test", test)
	return trial_calls.result(test)


@reading
def get_alarm(incident: str | None = None) -> dict[str, Any]:
	"""See `flows.paging.standstill.alarm`."""
	require_list("Outage Site")
	if incident:
		require_read("Outage Incident", incident)
	return standstill.alarm(incident)


confirm_site = endpoint(restored_backup.confirm_site)


@endpoint
def swap_shifts(shift: str, other: str, request_id: str | None = None) -> None:
	"""Two people exchange their shifts."""
	with translated():
		require_verb("swap_shifts")
		require_read("Duty Shift", shift)
		require_read("Duty Shift", other)
		shifts.swap(shift, other, request_id)


@reading
def get_who_knows(incident: str) -> dict[str, Any]:
	"""Who was rung, who answered, who is where; and each step from its first ring to somebody on the spot."""
	require_read("Outage Incident", incident)
	return who_knows.who_knows(incident)


@frappe.whitelist(allow_guest=True, methods=["GET"])
@reached
def look(token: str) -> dict[str, Any]:
	"""What the holder of a link was rung for. Looking changes nothing: mail scanners open every link."""
	with guessing("look", page_answers.whose(token), page_answers.is_genuine(token), frappe.PageDoesNotExistError):
		return page_answers.look(token)


@frappe.whitelist(allow_guest=True, methods=["POST"])
@reached
@bounded
def answer(token: str, yes: bool = True) -> dict[str, Any]:
	"""The holder of a link says yes or no."""
	with guessing("answer", page_answers.whose(token), page_answers.is_genuine(token), frappe.PageDoesNotExistError):
		return retrying(page_answers.by_link)(token, bool(yes))


@frappe.whitelist(allow_guest=True, methods=["POST"])
@reached
@sparing()
@retrying
def inbound() -> dict[str, Any]:
	"""A gateway hands over what somebody replied. Signed as the Paging Channel says; everything else is refused."""
	return gateway_replies.inbound(frappe.request.args.get("channel"), frappe.request)


@reading
def get_shifts(start: str, end: str, filters: str | list | None = None) -> list[dict[str, Any]]:
	"""Duty Shifts for Frappe's calendar, of properties that the reader may see."""
	return shifts.calendar(start, end, filters)
