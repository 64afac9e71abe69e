"""The pages of residents, of those who phone them and of those who are rung, made on the server: no script, no bundle, a few
kilobytes.

Frappe asks `OutagePage` for every path (hook `page_renderer`); it answers those in ROUTES. A GET only shows. A POST does
something, in a transaction that is retried like a verb's, and sends the reader back to what they see next.
"""

import functools
import hashlib
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from urllib.parse import quote, unquote

import frappe
from frappe import _
from frappe.website.page_renderers.template_page import TemplatePage
from werkzeug.wrappers import Response

from outage_response import compat, error_log, integrations
from outage_response.domain.errors import NotAllowed, RuleError
from outage_response.flows.notices import resident_links
from outage_response.flows.paging import page_answers
from outage_response.flows.residents import (
	outage_as_calendar_file,
	page_cache,
	page_templates,
	portal_verbs,
	public_status_page,
	resident_portal,
)
from outage_response.integrations import helpdesk
from outage_response.setup.form_scripts import FILES

from . import call_pages
from .answers import done, field, guard, number, own_page, page, redirect, require_own_form, sorry, with_token
from .endpoints import retrying
from .limits import TooMany, TooManyWrong, guessing, require_sparing
from .reached import is_a_fault

PHONE_POLICY = (
	"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; "
	"media-src 'self' data: blob:; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Route:
	"""A path and what answers it. `readers` is for the access matrix: guest, link, resident, staff."""

	name: str
	pattern: re.Pattern
	get: Callable
	post: Callable | None
	readers: str


class OutagePage:
	"""A page renderer as Frappe wants one."""

	def __init__(self, path: str | None = None, http_status_code: int | None = None):
		self.path = (path or frappe.local.request.path).strip("/ ")

	def can_render(self) -> bool:
		return self.path.split("/", 1)[0] in FIRST_WORDS

	def render(self) -> Response:
		"""One of ROUTES, or a page that says what is wrong."""
		for route in ROUTES:
			if found := route.pattern.fullmatch(self.path):
				return answer(route, found.groupdict())
		return sorry(_("There is no such page."), 404)


class PhonePage(TemplatePage):
	"""My outage tasks, with the headers of the other pages; its scripts and pictures are its own."""

	def can_render(self) -> bool:
		return self.path == "my-outage-tasks" and super().can_render()

	def render(self) -> Response:
		response = super().render()
		guard(response, PHONE_POLICY)
		response.headers["Cache-Control"] = "private, no-store"
		return response


class HelpdeskPage(TemplatePage):
	"""Helpdesk's own page, with a script of ours for its lists of tickets: they take no form script."""

	def can_render(self) -> bool:
		is_theirs = self.path == "helpdesk" and frappe.session.user != "Guest"
		return is_theirs and helpdesk.is_on() and super().can_render()

	def render_template(self) -> str:
		html = super().render_template()
		before, end, after = html.rpartition("</body>")
		script = f'<script src="{_script_of_lists()}" defer></script>'
		return f"{before}{script}{end}{after}" if end else html + script


@functools.lru_cache
def _script_of_lists() -> str:
	"""Its address; a browser keeps what stands there until the file is another one."""
	content = (FILES / "hd_lists.js").read_bytes()
	return f"/assets/outage_response/js/hd_lists.js?v={hashlib.sha256(content).hexdigest()[:8]}"


def answer(route: Route, words: dict[str, str]) -> Response:
	"""The page, or a refusal as a page: what a rule says, never a trace."""
	request = frappe.local.request
	words = {name: unquote(value) for name, value in words.items()}
	try:
		with _sparing(route, words.get("token")):
			if request.method == "POST":
				if not route.post:
					return _sorry(route, _("This page only shows."), 405)
				require_own_form()
				return redirect(retrying(route.post)(**words))
			return route.get(**words)
	except TooManyWrong:
		return _sorry(route, _("This link was tried too often with a wrong ending. Log in, or phone us."), 429)
	except TooMany:
		return _sorry(route, _("Too many requests. Wait a minute."), 429)
	except frappe.PageDoesNotExistError as refusal:
		frappe.db.rollback()
		return _sorry(route, str(refusal), 404)
	except (RuleError, frappe.PermissionError) as refusal:
		frappe.db.rollback()
		return _refused(route, refusal)
	except frappe.ValidationError as refusal:
		frappe.db.rollback()
		return _sorry(route, frappe.utils.strip_html(str(refusal)), 417)
	except Exception as error:
		if compat.is_out_of_reach(error) or not is_a_fault(error):
			raise
		error_log.add(f"Outage page {route.name}: {type(error).__name__}", error)
		frappe.db.rollback()
		return _sorry(route, _("Something went wrong here, and is written down. Try again, or phone us."), 500)
	finally:
		frappe.clear_messages()


def _refused(route: Route, refusal: Exception) -> Response:
	"""What a rule says; to a visitor who might be somebody the login."""
	refused = isinstance(refusal, (frappe.PermissionError, NotAllowed))
	if refused and frappe.session.user == "Guest" and route.readers not in ("guest", "link"):
		return redirect(f"/login?redirect-to=/{quote(frappe.local.request.path.strip('/'))}")
	text = refusal.rendered(_) if isinstance(refusal, RuleError) else str(refusal)
	return _sorry(route, text, 403 if refused else 417)


def _sparing(route: Route, token: str | None) -> AbstractContextManager:
	"""How often one may ask; and how often one may guess at a link."""
	if route.get is show_page:
		token = token or frappe.local.request.args.get("t")
		return guessing(
			route.name, page_answers.whose(token), page_answers.is_genuine(token), frappe.PageDoesNotExistError
		)
	if token:
		return guessing(
			route.name, resident_links.whose(token), resident_links.is_genuine(token), resident_links.NoLink
		)
	require_sparing(route.name)
	return nullcontext()


def _sorry(route: Route, text: str, status: int) -> Response:
	"""Those who phone residents go back to their calls, with the note that they had typed; who was rung, to their tasks."""
	if route.get is show_page:
		return sorry(text, status, back=("/my-outage-tasks", _("My outage tasks")))
	if route.readers != "staff":
		return sorry(text, status)
	return sorry(text, status, back=call_pages.way_back(), note=frappe.local.request.form.get("note") or "")


# ---------------------------------------------------------------- a resident's own


def show_outages() -> Response:
	person = resident_portal.of_user(frappe.session.user)
	said, back = done(), _way_back()

	def make() -> str:
		return page_templates.render(
			"outages.html",
			title=_("Power at your home"),
			person=person,
			cards=resident_portal.outages(person),
			said=said,
			back=back,
		)

	return own_page(f"list:{said}:{back[0]}", person, make)


def _way_back() -> tuple[str, str]:
	"""(address, text) of where residents are at home on this site: their tickets, else their account."""
	desk = next(iter(integrations.desks()), None)
	return (desk.PORTAL, _("Back to my tickets")) if desk else ("/me", _("Back to my account"))


def post_outages() -> str:
	"""The links in messages to this person are void: one was lost, or given to somebody."""
	if field("void", 10) != "links":
		raise RuleError(_("{field}: choose what is to be done."), field="void")
	portal_verbs.void_links(resident_portal.of_user(frappe.session.user))
	return "/outages?done=links_void"


def show_outage(name: str) -> Response:
	person = resident_portal.of_user(frappe.session.user)
	said = done()

	def make() -> str:
		card = resident_portal.outage(person, name)
		return page_templates.render(
			"outage.html", title=card["title"], card=card, said=said, home="/outages", here=_path(name)
		)

	return own_page(f"one:{name[:140]}:{said}", person, make)


def post_outage(name: str) -> str:
	person = resident_portal.of_user(frappe.session.user)
	said = portal_verbs.answer(person, name, field("said"), number("satisfaction"), field("note"))["said"]
	return f"{_path(name)}?done={said}"


def _path(name: str) -> str:
	return f"/outages/{quote(name, safe='')}"


def show_calendar(name: str) -> Response:
	return _calendar(resident_portal.of_user(frappe.session.user), name)


def show_link_calendar(token: str) -> Response:
	person = resident_portal.of_link(token)
	return _calendar(person, person.only)


def _calendar(person: resident_portal.Person, name: str) -> Response:
	response = Response(outage_as_calendar_file.calendar(person, name), mimetype="text/calendar")
	response.headers["Content-Disposition"] = "attachment; filename=outage.ics"
	response.headers["Cache-Control"] = "private, no-store"
	return response


def show_report() -> Response:
	text = page_templates.render(
		"report.html",
		title=_("No power here"),
		person=resident_portal.of_user(frappe.session.user),
		parts=portal_verbs.PARTS,
		once=frappe.generate_hash(length=12),  # this form, sent twice, is one report
	)
	return page(with_token(text))


def post_report() -> str:
	person = resident_portal.of_user(frappe.session.user)
	danger = field("danger", 10)
	if danger not in ("yes", "no"):
		raise RuleError(_("Is anybody in danger? Choose yes or no."))
	result = portal_verbs.report(
		person, field("unit"), field("part"), danger == "yes", field("words"), field("once", 40)
	)
	return "/outages?done=" + ("danger" if result["danger"] else "known" if result["known"] else "reported")


def show_care() -> Response:
	person = resident_portal.of_user(frappe.session.user)
	text = page_templates.render(
		"care.html",
		title=_("Somebody here depends on power"),
		person=person,
		needs=portal_verbs.care_needs(person),
		said=done(),
	)
	return page(with_token(text))


def post_care() -> str:
	person = resident_portal.of_user(frappe.session.user)
	if field("withdraw", 10):
		portal_verbs.withdraw_care_need(person, field("unit"))
		return "/outages/care?done=care_withdrawn"
	portal_verbs.say_care_need(person, field("unit"), field("what"), number("minutes") or 0)
	return "/outages/care?done=care_kept"


# ---------------------------------------------------------------- by a link


def show_link(token: str) -> Response:
	person = resident_portal.of_link(token)
	card = resident_portal.outage(person, person.only)
	here = f"/outages/link/{quote(token)}"
	text = page_templates.render("outage.html", title=card["title"], card=card, said=done(), home="", here=here)
	return page(with_token(text))


def post_link(token: str) -> str:
	person = resident_portal.of_link(token)
	if field("void", 10):
		resident_links.revoke_one(token)
		return f"/outages/link/{quote(token)}"  # which now says that it is not valid any more
	said = portal_verbs.answer(person, person.only, field("said"), number("satisfaction"), field("note"))["said"]
	return f"/outages/link/{quote(token)}?done={said}"


def show_page(token: str = "") -> Response:
	"""What somebody is rung for, and two buttons. Opening it answers nothing: mail scanners open every link."""
	token = token or (frappe.local.request.args.get("t") or "")[:80]
	said = frappe.local.request.args.get("done") or ""
	text = page_templates.render(
		"rung.html",
		title=_("Outage"),
		page=page_answers.look(token),
		here=f"/outage-page/{quote(token)}",
		answered=said if said in ("yes", "no", "late") else "",
	)
	return page(with_token(text))


def post_page(token: str) -> str:
	answer = field("answer", 10)
	if answer not in ("yes", "no"):
		raise RuleError(_("{field}: choose what is to be done."), field="answer")
	result = page_answers.by_link(token, answer == "yes")
	late = answer == "yes" and result["too_late"] and not result["taken"] and not result["test"]
	return f"/outage-page/{quote(token)}?done={'late' if late else answer}"


# ---------------------------------------------------------------- everybody's


def show_status(property: str) -> Response:
	version, key = page_cache.of([property[:140]]), f"status:{frappe.local.lang}"
	text = page_cache.page(key, version)
	if text is None:
		status = public_status_page.status_of(property)
		if not status:
			return sorry(_("There is no such page."), 404)
		text = page_templates.render("status.html", title=_("Power at {0}").format(property), status=status)
		page_cache.keep(key, version, text)
	return page(text, cache="public, max-age=15", etag=True)


def _route(name: str, pattern: str, get: Callable, post: Callable | None, readers: str) -> Route:
	return Route(name, re.compile(pattern), get, post, readers)


ROUTES = (
	_route("outages", r"outages", show_outages, post_outages, "resident"),
	_route("report", r"outages/report", show_report, post_report, "resident"),
	_route("care", r"outages/care", show_care, post_care, "resident"),
	_route("link", r"outages/link/(?P<token>[^/]+)", show_link, post_link, "link"),
	_route("link_calendar", r"outages/link/(?P<token>[^/]+)/calendar\.ics", show_link_calendar, None, "link"),
	_route("calendar", r"outages/(?P<name>[^/]+)/calendar\.ics", show_calendar, None, "resident"),
	_route("outage", r"outages/(?P<name>[^/]+)", show_outage, post_outage, "resident"),
	_route("calls", r"outage-calls", call_pages.show_calls, call_pages.post_calls, "staff"),
	_route("unreached", r"outage-calls/(?P<name>[^/]+)", call_pages.show_unreached, None, "staff"),
	_route("page", r"outage-page/(?P<token>[^/]+)", show_page, post_page, "link"),
	_route("old_page", r"outage-page", show_page, None, "link"),  # as links were before
	_route("status", r"outage-status/(?P<property>[^/]+)", show_status, None, "guest"),
)
FIRST_WORDS = {"outages", "outage-status", "outage-calls", "outage-page"}
