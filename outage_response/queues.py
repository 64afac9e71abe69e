"""Asking for background jobs. What is to be done is a row before; where no queue answers, the minute's sweep does it."""

import socket
from urllib.parse import urlsplit

import frappe

ANSWERS_WITHIN_SECONDS = 1
REDIS_PORT = 6379


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


def ask(method: str, **options) -> bool:
	"""Have a job run soon. Answers whether the queue took it; raises nothing."""
	try:
		if answers():
			frappe.enqueue(method, queue="short", **options)
			return True
	except Exception:
		frappe.logger("outage_response").warning("no queue for %s", method, exc_info=True)
		return False
	frappe.logger("outage_response").warning("no queue for %s", method)
	return False
