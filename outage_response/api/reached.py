"""What an endpoint answers while the database cannot take anything: 503, and when to ask again.

A phone and a gateway keep what they have and ask again; an answer of 500 would look to them like a fault of what they sent.
"""

import functools
import json
from collections.abc import Callable

import frappe
from frappe import _
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable
from werkzeug.wrappers import Response

from outage_response import compat, error_log, space

RETRY_AFTER_SECONDS = 5
# As Frappe's answers name the kind of an error
EXC_TYPE = "NotNow"


def reached(function: Callable) -> Callable:
	"""Nothing was kept when the database is away, a disk full, a row locked by somebody for too long, or chose the request as a deadlock's
	victim each time: then raise werkzeug's ServiceUnavailable, which Frappe passes on as it is."""

	@functools.wraps(function)
	def run(*args, **kwargs):
		try:
			return function(*args, **kwargs)
		except Exception as error:
			if space.is_full(error):
				space.remember()
			elif not compat.is_out_of_reach(error):
				raise
			frappe.logger("outage_response").warning("not now: %s", error, exc_info=True)
			answer = _answer()
			_give_up_the_transaction()
			raise ServiceUnavailable(response=answer) from error

	return run


def is_a_fault(error: Exception) -> bool:
	"""Would Frappe answer a request with 500, and keep in its Error Log what every variable held: a link that is still good, or
	what a resident said?"""
	ours = not isinstance(error, (HTTPException, AssertionError)) and getattr(error, "http_status_code", 500) >= 500
	return ours and bool(getattr(frappe.local, "request", None))


def discreet(function: Callable) -> Callable:
	"""A fault of ours is written down without what the caller said, and passed on as InternalServerError."""

	@functools.wraps(function)
	def run(*args, **kwargs):
		try:
			return function(*args, **kwargs)
		except Exception as error:
			if compat.is_out_of_reach(error) or not is_a_fault(error):
				raise
			error_log.add(f"{function.__name__}: {type(error).__name__}", error)
			body = json.dumps({"exc_type": type(error).__name__})
			raise InternalServerError(response=Response(body, 500, content_type="application/json")) from error

	return run


def reading(function: Callable) -> Callable:
	"""A whitelisted GET endpoint."""
	return frappe.whitelist(methods=["GET"])(reached(function))


def _answer() -> Response:
	try:
		text = _("The database takes nothing just now. Nothing was done; ask again in some seconds.")
	except Exception:  # what people read is translated from the database, too
		text = "The database takes nothing just now. Nothing was done; ask again in some seconds."
	message = json.dumps({"message": text, "indicator": "red"})
	body = {"exc_type": EXC_TYPE, "_server_messages": json.dumps([message])}
	return Response(
		json.dumps(body),
		status=503,
		headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
		content_type="application/json",
	)


def _give_up_the_transaction() -> None:
	"""Frappe rolls back after each request; where there is no connection any more, that itself would end as a 500."""
	try:
		frappe.db.rollback()
	except Exception:
		frappe.local.db = None
