"""What a gateway hands over: a reply to a page, signed as its channel says."""

import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, now_datetime

from outage_response.domain import phone_numbers
from outage_response.domain.states import InboundSignature
from outage_response.integrations.channels.post import dig

from .page_answers import FIELDS, LIVES_HOURS, _said, _stands, answer

SIGNED_WITHIN_SECONDS = 300
SHORTEST_NUMBER = 3


class Forged(frappe.PermissionError):
	"""A message that is not signed as it should be."""


def require_signed(channel: Document, body: bytes, headers: Mapping[str, str], values: Mapping[str, str]) -> None:
	"""Raise Forged unless the message carries what the channel asks for.

	HMAC-SHA256: headers X-Outage-Timestamp (seconds, not older than five minutes) and X-Outage-Signature, the hexadecimal
	HMAC of "timestamp.channel.body". Shared Token: header X-Outage-Token or the parameter token.
	"""
	secret = channel.get_password("inbound_secret", raise_exception=False) or ""
	if not secret or not channel.inbound_signature or not channel.enabled:
		raise Forged(_("This channel takes no answers."))
	if channel.inbound_signature == InboundSignature.TOKEN:
		given, wanted = headers.get("X-Outage-Token") or values.get("token") or "", secret
	else:
		stamp = headers.get("X-Outage-Timestamp") or ""
		if abs(time.time() - cint(stamp)) > SIGNED_WITHIN_SECONDS:
			raise Forged(_("The time of the message is too far from now."))
		given = headers.get("X-Outage-Signature") or ""
		signed = f"{stamp}.{channel.name}.".encode() + body
		wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
	if not hmac.compare_digest(str(given).encode(), wanted.encode()):
		raise Forged(_("The signature does not fit."))


def by_reply(channel: Document, values: Mapping[str, str], stamp: str = "") -> dict:
	"""A word that somebody sent back, or a key they pressed. It answers everything they were rung for lately.

	stamp  what tells a message from another one where the gateway gives no number: its signature

	Answers {"accepted", "taken"}; a number that was not rung, a word that means nothing, and a message that came before
	change nothing: what was rung for since the first time it came, nobody has read.
	"""
	number = _said_in(channel.from_field or "from", values)
	word = _said_in(channel.text_field or "text", values).strip().casefold()
	yes, no = (word in _words(channel.get(field)) for field in ("accept_words", "decline_words"))
	rung = [page for page in _rung_at(number) if _stands(page)]
	if not rung:
		frappe.logger("outage_response").warning("an answer from a number that was not rung: ...%s", number[-4:])
		return {"accepted": False, "taken": 0, "why": "number"}
	if not yes and not no:
		return {"accepted": False, "taken": 0, "why": "word"}
	marks = _marks(channel, _said_in(channel.reply_id_field or "id", values), stamp)
	if any(marks & set((page.replies or "").split()) for page in rung):
		return {"accepted": True, "taken": 0, "why": "repeated"}
	taken = _answer_all(rung, yes)
	if marks:
		heard = " ".join([rung[0].replies or "", *sorted(marks)]).strip()
		frappe.db.set_value("Outage Page", rung[0].name, "replies", heard, update_modified=False)
	return {"accepted": True, "taken": taken}


def _said_in(field: str, values: Mapping[str, str]) -> str:
	return str(dig(dict(values), field) or "")


def _marks(channel: Document, *known_by: str) -> set[str]:
	"""What a message that comes again is known by, as it is kept with the page that it answered."""
	return {hashlib.sha256(f"{channel.name}:{one}".encode()).hexdigest()[:16] for one in known_by if one}


def _answer_all(pages: Sequence[frappe._dict], yes: bool) -> int:
	"""Answer each page; how many steps were taken."""
	taken = 0
	for page in pages:
		try:
			taken += answer(page, yes, "reply")["taken"]
		except frappe.PermissionError:  # they have left this property since they were rung
			frappe.clear_messages()
	return taken


def _words(text: str | None) -> set[str]:
	return {word.strip().casefold() for word in (text or "").splitlines() if word.strip()}


def _rung_at(number: str) -> list[frappe._dict]:
	"""Pages of the last hours that rang this number, the newest first."""
	digits = phone_numbers.digits(number)
	if len(digits) < SHORTEST_NUMBER:
		return []
	page = frappe.qb.DocType("Outage Page")
	rows = (
		frappe.qb.from_(page)
		.select(*(page[field] for field in (*FIELDS, "creation", "replies")))
		.where(page.phone_key == phone_numbers.key(number))
		.where(page.creation > now_datetime() - timedelta(hours=LIVES_HOURS))
		.where(page.tries > 0)  # a gateway that rang may have said that it did not
		.orderby(page.creation, order=frappe.qb.desc)
	).run(as_dict=True)
	return [row for row in rows if phone_numbers.digits(row.phone) == digits or phone_numbers.same(row.phone, number)]


def inbound(channel_name: str | None, request) -> dict:
	"""A gateway's request: JSON or a form. Where it is signed, nothing counts that the signature does not cover: neither the
	address's parameters nor another channel's name. Raises Forged for an unknown channel as for a wrong signature."""
	body = request.get_data(cache=True)
	said = _said(request)
	channel_name = channel_name or said.get("channel")
	if not isinstance(channel_name, str) or not frappe.db.exists("Paging Channel", channel_name):
		raise Forged(_("This channel takes no answers."))
	channel = frappe.get_doc("Paging Channel", channel_name)
	signed = channel.inbound_signature == InboundSignature.HMAC
	values = said if signed else {**request.args, **said}
	require_signed(channel, body, request.headers, values)
	return by_reply(channel, values, (request.headers.get("X-Outage-Signature") or "") if signed else "")
