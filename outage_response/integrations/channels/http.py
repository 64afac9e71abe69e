"""A voice gateway, a chat group's robot, any web service: one request made from the channel's templates."""

import base64
import hashlib
import hmac
import time
from typing import Any
from urllib.parse import quote

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain.phone_numbers import dialled
from outage_response.domain.states import ChannelAudience, ChannelSignature

from . import Letter, Request, inside
from .template import render

SCHEMES = ("http://", "https://")


def is_on(channel: Document) -> bool:
	"""Has it an address?"""
	return bool((channel.url or "").strip())


def reaches(person) -> bool:
	"""Whoever has a number; a group needs none."""
	return bool(person.phone)


def request(channel: Document, letter: Letter) -> Request:
	"""The templates filled in. Raises ValidationError for headers that are not a JSON object, for a template that cannot be
	filled in, and for an address that is not one of the web."""
	secret = channel.get_password("secret", raise_exception=False) or ""
	stamp, signed = signature(channel.signature or "", secret)
	values = {
		"text": letter.text,
		"link": letter.link,
		"key": letter.key,
		"phone": letter.phone,
		"dial": dialled(letter.phone),
		"name": letter.name,
		"property": letter.property,
		"urgent": int(letter.urgent),
		"drill": int(letter.drill),
		"group": int(channel.audience == ChannelAudience.GROUP),
		"secret": secret,
		"timestamp": stamp,
		"sign": signed,
	}
	body = render(channel.body, values) if channel.body and channel.method != "GET" else None
	if channel.signature == ChannelSignature.HMAC:
		values["sign"] = hmac_hex(secret, stamp, body or "")
	headers = _headers(channel, values)
	url = render(channel.url, values).strip()
	if not url.lower().startswith(SCHEMES):
		frappe.throw(_("URL: write an address that begins with https:// or http://."))
	return Request(
		channel.method or "POST",
		url,
		headers,
		body=body,
		timeout=channel.timeout_seconds or 8,
		accepted_field=channel.accepted_field or "",
		accepted_value=channel.accepted_value or "",
		id_field=channel.id_field or "",
		inside=inside(),
	)


def _headers(channel: Document, values: dict[str, Any]) -> dict[str, str]:
	headers: Any
	try:
		headers = frappe.parse_json(render(channel.headers, values)) if channel.headers else {}
	except ValueError:
		headers = None
	if not isinstance(headers, dict):
		frappe.throw(_("Headers: write a JSON object, like {0}.").format('{"Content-Type": "application/json"}'))
	return {str(name): str(value) for name, value in headers.items()}


def signature(kind: str, secret: str) -> tuple[str, str]:
	"""(timestamp, sign) as the robots want them. DingTalk: milliseconds, the secret is the key; Feishu: seconds, the secret
	is part of the key and the message is empty."""
	now = time.time()
	if kind == ChannelSignature.DINGTALK:
		stamp = str(round(now * 1000))
		return stamp, quote(_base64(secret, f"{stamp}\n{secret}"), safe="")
	stamp = str(int(now))
	if kind == ChannelSignature.FEISHU:
		return stamp, _base64(f"{stamp}\n{secret}", "")
	return stamp, ""


def hmac_hex(secret: str, stamp: str, body: str) -> str:
	"""HMAC-SHA256 of "timestamp.body", as hexadecimal digits."""
	return hmac.new(secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()


def _base64(key: str, message: str) -> str:
	return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()
