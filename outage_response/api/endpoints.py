"""What every endpoint has in common: retried after a deadlock, bounded, from this site; and how one is made of a verb."""

import functools
import inspect
import json
import operator
import random
import sys
import time
import types
import typing
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import frappe
from frappe import _

from outage_response import locks
from outage_response.compat import is_retriable, is_timeout

from .reached import discreet, reached

FLOWS = "outage_response.flows."
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
		held: Sequence[tuple[str, str | int]] = ()
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


def endpoint(function: Callable, *, but: Iterable[str] = ()) -> Callable:
	"""A whitelisted POST endpoint whose transaction is retried: of a function here, or of a verb, as in
	`confirm = endpoint(cause_and_level.confirm)`.

	but  arguments of the verb that are for other verbs alone
	"""
	if function.__module__.startswith(FLOWS):
		# an endpoint belongs to the module that it stands in, as one that is written out there does
		function = for_clients(function, sys._getframe(1).f_globals["__name__"], but)
	made = reached(discreet(from_this_site(bounded(retrying(function)))))
	# Frappe checks what is sent by them; from Python 3.14 on `wraps` no longer copies those that were put together here
	made.__annotations__ = function.__annotations__
	shown = frappe.whitelist(methods=["POST"])(made)
	# Frappe wraps it once more, and whoever asks for the types asks that one
	shown.__annotations__ = function.__annotations__
	return shown


def for_clients(verb: Callable, module: str, but: Iterable[str] = ()) -> Callable:
	"""The verb with arguments as a client can send them: texts for times, JSON for lists. Frappe checks the types that it shows."""
	own = inspect.signature(verb)
	shown, lists = [], set()
	for parameter in own.parameters.values():
		if parameter.name in but:
			continue
		kind, is_list = _of_client(parameter.annotation)
		shown.append(parameter.replace(annotation=kind, kind=inspect.Parameter.POSITIONAL_OR_KEYWORD))
		if is_list:
			lists.add(parameter.name)
	signature = own.replace(parameters=shown)

	@functools.wraps(verb)
	def run(*args, **kwargs):
		said = signature.bind(*args, **kwargs).arguments
		for name in lists & said.keys():
			said[name] = as_list(said[name])
		return verb(**said)

	vars(run)["__signature__"] = signature  # which `inspect` reads
	run.__module__ = module
	run.__annotations__ = {one.name: one.annotation for one in shown} | {"return": own.return_annotation}
	return run


def _of_client(annotation: Any) -> tuple[Any, bool]:
	"""(what a client may send for it, is it a list?)"""
	wanted = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
	found: dict[Any, None] = {}
	is_list = False
	for one in wanted:
		kind = typing.get_origin(one) or one
		if kind is datetime:
			found[str] = None
		elif kind is not str and isinstance(kind, type) and issubclass(kind, Iterable) and not issubclass(kind, dict):
			is_list = True
			found |= dict.fromkeys((list, str))
		else:
			found[one] = None
	return functools.reduce(operator.or_, found), is_list


def as_list(value: list | str | None) -> list | None:
	"""A list from a client: JSON, one plain word, or a list already; None stays None. Raises ValidationError for other JSON."""
	if not isinstance(value, str):
		return value
	text = value.strip()
	if not text:
		return []
	if text[:1] not in "[{":
		return [text]
	try:
		found = json.loads(text)
	except ValueError:
		found = None
	if not isinstance(found, list):
		frappe.throw(_("{0} is not a list. Send a JSON list.").format(text[:60]))
	return found
