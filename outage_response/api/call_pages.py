"""The page of those who phone residents: the next call on top, one touch for what came of it."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import frappe
from frappe import _
from werkzeug.wrappers import Response

from outage_response.domain import authority, callback_rules, notice_rules
from outage_response.domain.errors import RuleError
from outage_response.domain.plan_expansion import dedupe_key
from outage_response.flows.callbacks import attempts, call_queue
from outage_response.flows.paging import restored_backup, standstill
from outage_response.flows.residents import page_templates
from outage_response.permissions import roles_of

from .answers import done, field, number, page, with_token

OUTCOMES: Mapping[str, Sequence[str]] = {
	call_queue.CALLBACK: callback_rules.OUTCOMES,
	call_queue.DELIVERY: notice_rules.PHONE_OUTCOMES,
}


def show_calls() -> Response:
	"""The call that is mine, or the next one, and those after it."""
	lines = call_queue.queue()
	args = frappe.local.request.args
	chosen = (args.get("kind") or "", args.get("call") or "")
	mine = call_queue.about(*chosen) if chosen[1] else None
	text = page_templates.render(
		"calls.html",
		title=_("Calls to residents"),
		alarm=standstill.alarm(),
		lines=[line for line in lines if (line["doctype"], line["name"]) != chosen],  # what waits behind this one
		mine=mine,
		outcomes=OUTCOMES.get(mine["doctype"], ()) if mine else (),
		incidents=sorted({line["incident"] for line in lines}),
		once=frappe.generate_hash(length=12),  # this form, sent twice, is one attempt
		said="" if mine and mine["over"] else done(),
	)
	return page(with_token(text))


def post_calls() -> str:
	"""Take the next call, or say what came of one and take the next."""
	if field("confirm_site", 10):
		restored_backup.confirm_site()
		return "/outage-calls"
	if outcome := field("outcome", 40):
		doctype, name = field("kind", 40), field("call", 140)
		if outcome not in OUTCOMES.get(doctype, ()):
			raise RuleError(_("Outcome: choose one of: {allowed}."), allowed=OUTCOMES.get(doctype, ()))
		if doctype == call_queue.CALLBACK:
			attempts.log_attempt(
				name, outcome, note=field("note"), satisfaction=number("satisfaction"), request_id=_id(name, outcome)
			)
		else:
			call_queue.log_told(name, outcome, field("note"), request_id=_id(name, outcome))
		if not field("go_on", 10):
			return "/outage-calls?done=told"
	line = call_queue.take_next()
	if not line:
		return "/outage-calls?done=told" if outcome else "/outage-calls"
	return f"/outage-calls?kind={quote(line['doctype'])}&call={quote(line['name'])}&done={'told' if outcome else 'claimed'}"


def way_back() -> tuple[str, str] | None:
	"""Where somebody goes on after a refusal: address and text. None: a resident, or nobody."""
	roles = roles_of()
	if authority.may("claim_call", roles):
		return "/outage-calls", _("Calls to residents")
	return ("/my-outage-tasks", _("My outage tasks")) if set(authority.STAFF) & set(roles) else None


def _id(call: str, outcome: str) -> str | None:
	"""A button pressed twice is one attempt; another button of the same form is an attempt of its own."""
	once = field("once", 40)
	return dedupe_key("call page", f"{call} {outcome}", frappe.session.user, once) if once else None


def show_unreached(name: str) -> Response:
	"""Who has not been reached, by floor."""
	text = page_templates.render(
		"unreached.html", title=_("Not reached yet: {0}").format(name[:140]), floors=call_queue.unreached(name)
	)
	return page(text)
