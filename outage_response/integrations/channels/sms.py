"""SMS by the gateway of Frappe's SMS Settings. Frappe's own sender waits for ever when the gateway hangs, and takes every
answer from 200 to 299 for a yes; so the request is made here from the same settings."""

import frappe
from frappe.model.document import Document

from . import Letter, Request, inside


def is_on(channel: Document) -> bool:
	"""Is a gateway entered in SMS Settings?"""
	return bool(frappe.db.get_single_value("SMS Settings", "sms_gateway_url"))


def reaches(person) -> bool:
	"""Whoever has a number."""
	return bool(person.phone)


def request(channel: Document, letter: Letter) -> Request:
	"""As `frappe.core.doctype.sms_settings` sends it, with a limit to waiting."""
	settings = frappe.get_cached_doc("SMS Settings")
	headers = {"Accept": "text/plain, text/html, */*"}
	values = {settings.message_parameter: f"{letter.text} {letter.link}", settings.receiver_parameter: letter.phone}
	for row in settings.parameters:
		(headers if row.header else values)[row.parameter] = row.value
	as_json = headers.get("Content-Type") == "application/json"
	post = bool(settings.use_post) or as_json
	return Request(
		"POST" if post else "GET",
		settings.sms_gateway_url,
		headers,
		body=frappe.as_json(values) if as_json else None,
		params=None if as_json else values,
		timeout=channel.timeout_seconds or 8,
		accepted_field=channel.accepted_field or "",
		accepted_value=channel.accepted_value or "",
		id_field=channel.id_field or "",
		inside=inside(),
	)
