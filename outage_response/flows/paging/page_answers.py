"""What comes back from somebody who was rung: yes or no, by link, by reply, by the control room. A yes is the ordinary
verb `acknowledge`, done as the person who was rung."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from datetime import timedelta

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, format_datetime, now_datetime

from outage_response import listing, permissions
from outage_response.domain import authority, phones
from outage_response.domain.lifecycle import LIVE
from outage_response.integrations import acting_as
from outage_response.integrations.channels.post import dig

from ..facts.language import title_of
from ..tasks import task_verbs
from ..verb.locking import lock_incident
from . import answer_links, sweep

LIVES_HOURS = 24
SIGNED_WITHIN_SECONDS = 300
SHORTEST_NUMBER = 3
FIELDS = ("name", "incident", "test", "property", "user", "contact", "phone", "channel", "person", "is_drill", "answer")


class Forged(frappe.PermissionError):
	"""A message that is not signed as it should be."""


def look(token: str | None) -> dict:
	"""What a link shows: `property`, `drill`, `test`, `since`, `answer`, and the steps that are open or taken by whom.

	Raises PageDoesNotExistError for a link that nobody gave out, that is too old, or whose holder is nobody any more who would
	be rung.
	"""
	page = _page(token)
	rows = _steps(page.name)
	return {
		"property": page.property,
		"drill": bool(page.is_drill),
		"test": bool(page.test),
		"since": format_datetime(page.creation, "yyyy-MM-dd HH:mm"),
		"answer": page.answer or "",
		"steps": [
			{
				"title": title_of(row),
				"where": row.subject_label or "",
				"status": row.status,
				"mine": bool(page.user) and row.acknowledged_by == page.user,
			}
			for row in rows
		],
		"open": sum(row.status == "Open" for row in rows),
	}


def by_link(token: str | None, yes: bool) -> dict:
	"""The person who holds the link answers."""
	return answer(_page(token), yes, "link")


def answer(page: dict, yes: bool, how: str) -> dict:
	"""Yes: every step of the page that is still open is theirs. No: where nobody else was rung, the next one is, now.

	Answers {"taken", "too_late"}: how many steps, and how many somebody else had taken. Said twice, it changes nothing, also
	when both come at once: a finger touches a button twice.
	"""
	if page.incident:
		lock_incident(page.incident)
	rows = _steps(page.name)
	over = page.incident and frappe.db.get_value("Outage Incident", page.incident, "status") not in LIVE
	wanted = [] if over else [row for row in rows if row.status == "Open"]
	taken = 0
	if yes:
		for row in wanted:
			_take(page, row, how)
			taken += 1
	_note(page, yes, how)
	if not yes and wanted and page.incident:
		sweep.hurry(page.incident, [page.name])
	mine = sum(bool(page.user) and row.acknowledged_by == page.user for row in rows)
	return {"taken": taken, "too_late": len(rows) - len(wanted) - mine, "test": bool(page.test)}


def _take(page: dict, row: dict, how: str) -> None:
	if page.user:
		with acting_as(page.user):
			task_verbs.acknowledge(row.name, how=how)
	else:
		with acting_as("Administrator"):  # an outside firm's people have no login
			task_verbs.acknowledge_for(row.name, None, how)


def _note(page: dict, yes: bool, how: str) -> None:
	"""The first answer stands, unless a no becomes a yes."""
	if page.answer == "Yes" or (page.answer == "No" and not yes):
		return
	table, now = frappe.qb.DocType("Outage Page"), now_datetime()
	frappe.qb.update(table).set(table.answer, "Yes" if yes else "No").set(table.answered_at, now).set(
		table.answered_by, how
	).set(table.modified, now).where(table.name == page.name).run()


def _page(token: str | None) -> dict:
	name = answer_links.page_of(token)
	page = name and frappe.db.get_value("Outage Page", name, [*FIELDS, "creation"], as_dict=True)
	if not page or page.creation < now_datetime() - timedelta(hours=LIVES_HOURS) or not _stands(page):
		frappe.throw(
			_("This link is not valid any more. Phone the control room, or log in."), frappe.PageDoesNotExistError
		)
	return page


def whose(token: str | None) -> list[str]:
	"""What a guess at a link is counted by: the page that it names, and whoever that page is for."""
	name = answer_links.named(token)
	person = name and frappe.db.get_value("Outage Page", name, "person")
	return [f"page {name}", *([f"rung {person}"] if person else ())]


def is_genuine(token: str | None) -> bool:
	"""Did we give this link out, whether it still opens something or not?"""
	return bool(answer_links.page_of(token))


def _stands(page: dict) -> bool:
	"""Is whoever was rung still worth asking? A login that is switched on, has a role of the staff and may see the property; of
	an outside firm somebody who stands on its shift there, or the number that is still entered for the step. A link, and a number
	that answers, is worth no more than that; what it can no longer take rings on."""
	if page.user:
		return bool(
			frappe.db.get_value("User", page.user, "enabled")
			and set(authority.STAFF) & set(permissions.roles_of(page.user))
			and permissions.may_read("Managed Property", page.property, page.user)
		)
	if page.contact:
		return bool(
			frappe.db.exists(
				"Duty Shift",
				{
					"property": page.property,
					"contact": page.contact,
					"ends_at": (">=", page.creation),
					"starts_at": ("<=", page.creation + timedelta(hours=LIVES_HOURS)),
				},
			)
		)
	tasks = frappe.get_all("Outage Page Task", filters={"parent": page.name}, pluck="task")
	theirs = listing.get_all("Outage Task", filters={"name": ("in", tasks)}, fields=["phone", "department"])
	firms = listing.get_all(
		"Response Department", filters={"name": ("in", [row.department for row in theirs])}, pluck="phone"
	)
	return any(number and phones.same(number, page.phone) for number in [*(row.phone for row in theirs), *firms])


def _steps(page: str) -> list[dict]:
	row, table = frappe.qb.DocType("Outage Page Task"), frappe.qb.DocType("Outage Task")
	return (
		frappe.qb.from_(row)
		.join(table)
		.on(row.task == table.name)
		.select(
			table.name,
			table.title,
			table.title_zh,
			table.subject_label,
			table.status,
			table.acknowledged_by,
			table.priority,
		)
		.where(row.parent == page)
		.orderby(table.priority)
		.orderby(table.due_at)
		.orderby(table.name)
	).run(as_dict=True)


# ---------------------------------------------------------------- replies through a gateway


def require_signed(channel: Document, body: bytes, headers: Mapping[str, str], values: Mapping[str, str]) -> None:
	"""Raise Forged unless the message carries what the channel asks for.

	HMAC-SHA256: headers X-Outage-Timestamp (seconds, not older than five minutes) and X-Outage-Signature, the hexadecimal
	HMAC of "timestamp.channel.body". Shared Token: header X-Outage-Token or the parameter token.
	"""
	secret = channel.get_password("inbound_secret", raise_exception=False) or ""
	if not secret or not channel.inbound_signature or not channel.enabled:
		raise Forged(_("This channel takes no answers."))
	if channel.inbound_signature == "Shared Token":
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
	number = str(dig(dict(values), channel.from_field or "from") or "")
	word = str(dig(dict(values), channel.text_field or "text") or "").strip().casefold()
	yes, no = (word in _words(channel.get(field)) for field in ("accept_words", "decline_words"))
	rung = [page for page in _rung_at(number) if _stands(page)]
	if not rung:
		frappe.logger("outage_response").warning("an answer from a number that was not rung: ...%s", number[-4:])
		return {"accepted": False, "taken": 0, "why": "number"}
	if not yes and not no:
		return {"accepted": False, "taken": 0, "why": "word"}
	known = [str(dig(dict(values), channel.reply_id_field or "id") or ""), stamp]
	marks = {hashlib.sha256(f"{channel.name}:{one}".encode()).hexdigest()[:16] for one in known if one}
	if any(marks & set((page.replies or "").split()) for page in rung):
		return {"accepted": True, "taken": 0, "why": "repeated"}
	taken = 0
	for page in rung:
		try:
			taken += answer(page, yes, "reply")["taken"]
		except frappe.PermissionError:  # they have left this property since they were rung
			frappe.clear_messages()
	if marks:
		heard = " ".join([rung[0].replies or "", *sorted(marks)]).strip()
		frappe.db.set_value("Outage Page", rung[0].name, "replies", heard, update_modified=False)
	return {"accepted": True, "taken": taken}


def _words(text: str | None) -> set[str]:
	return {word.strip().casefold() for word in (text or "").splitlines() if word.strip()}


def _rung_at(number: str) -> list[dict]:
	"""Pages of the last hours that rang this number, the newest first."""
	digits = phones.digits(number)
	if len(digits) < SHORTEST_NUMBER:
		return []
	page = frappe.qb.DocType("Outage Page")
	rows = (
		frappe.qb.from_(page)
		.select(*(page[field] for field in (*FIELDS, "creation", "replies")))
		.where(page.phone_key == phones.key(number))
		.where(page.creation > now_datetime() - timedelta(hours=LIVES_HOURS))
		.where(page.tries > 0)  # a gateway that rang may have said that it did not
		.orderby(page.creation, order=frappe.qb.desc)
	).run(as_dict=True)
	return [row for row in rows if phones.digits(row.phone) == digits or phones.same(row.phone, number)]


def inbound(channel_name: str | None, request) -> dict:
	"""A gateway's request: JSON or a form. Where it is signed, nothing counts that the signature does not cover: neither the
	address's parameters nor another channel's name. Raises Forged for an unknown channel as for a wrong signature."""
	body = request.get_data(cache=True)
	said = _said(request)
	channel_name = channel_name or said.get("channel")
	if not isinstance(channel_name, str) or not frappe.db.exists("Paging Channel", channel_name):
		raise Forged(_("This channel takes no answers."))
	channel = frappe.get_doc("Paging Channel", channel_name)
	signed = channel.inbound_signature == "HMAC-SHA256"
	values = said if signed else {**request.args, **said}
	require_signed(channel, body, request.headers, values)
	return by_reply(channel, values, (request.headers.get("X-Outage-Signature") or "") if signed else "")


def _said(request) -> dict:
	"""What the body says: a JSON object, or a form."""
	if request.is_json:
		found = request.get_json(silent=True)
		return found if isinstance(found, dict) else {}
	return dict(request.form)
