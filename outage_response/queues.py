"""Asking for background jobs. What is to be done is a row before; where no queue answers, the minute's sweep does it.

Three lines, so that nobody who is to be woken waits behind those who read in the morning:

	ringing   pages and the minute's ringing, before everything else: the queue `ringing` where the bench's `workers` name
	          it (a worker of its own then waits behind nothing), else the front of `short`
	short     what somebody waits for at a screen
	default   bulk (mails, answers to tickets): in slices of about a second, each a job of its own at the back
"""

import socket
from urllib.parse import urlsplit

import frappe
from frappe.utils.background_jobs import get_queue_list

ANSWERS_WITHIN_SECONDS = 1
REDIS_PORT = 6379
# A slice that has not ended by then hangs somewhere
SLICE_TIMEOUT_SECONDS = 60
RINGING, SOON, BULK = "ringing", "short", "default"


def answers() -> bool:
	"""Does anybody listen where the queue should be? Frappe would try five times, a second apart, before it says no: whoever
	has just taken a step, and a sweep that has many mails to write, would wait for that each time."""
	try:
		place = urlsplit(frappe.conf.redis_queue or "")
		if place.hostname:
			socket.create_connection((place.hostname, place.port or REDIS_PORT), ANSWERS_WITHIN_SECONDS).close()
	except (OSError, ValueError):
		return False
	return True


def ask(method: str, queue: str = SOON, **options) -> bool:
	"""Have a job run soon. Answers whether the queue took it; raises nothing."""
	try:
		if answers():
			frappe.enqueue(method, queue=queue, **options)
			return True
	except Exception:
		frappe.logger("outage_response").warning("no queue for %s", method, exc_info=True)
		return False
	frappe.logger("outage_response").warning("no queue for %s", method)
	return False


def ask_first(method: str, **options) -> bool:
	"""Have a job of ringing run before all others; as `ask`."""
	return ask(method, urgent(), at_front=True, **options)


def ask_for_a_slice(method: str, turn: int = 0) -> bool:
	"""Have a slice of bulk done, behind what waits in its line; as `ask`. There is one job of each turn (0 and 1)."""
	job = f"{method}:{turn}"
	return ask(method, BULK, job_id=job, deduplicate=True, timeout=SLICE_TIMEOUT_SECONDS, turn=turn)


def urgent() -> str:
	"""The queue of ringing on this bench."""
	return RINGING if RINGING in get_queue_list() else SOON
