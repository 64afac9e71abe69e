"""What the app's own pages answer with, and how they read their forms."""

import hashlib
import hmac
import re
from collections.abc import Callable

import frappe
from frappe import _
from frappe.auth import CookieManager
from frappe.sessions import get_csrf_token
from werkzeug.wrappers import Response

from outage_response.domain.errors import RuleError
from outage_response.flows.residents import page_cache, page_templates, resident_portal

CSRF = "@@csrf_token@@"
LONGEST_FIELD = 2000
POLICY = (
	"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'"
)


def page(text: str, status: int = 200, *, cache: str = "private, no-store", etag: bool = False) -> Response:
	"""An HTML answer. Nothing may frame it, nothing of others runs in it, and no link in it tells where it came from."""
	response = Response(text, status=status, mimetype="text/html")
	headers = response.headers
	headers["Cache-Control"] = cache
	guard(response, POLICY)
	headers["Vary"] = "Accept-Language, Cookie"
	if cache.startswith("public"):
		# what anybody may keep gives nobody a session
		frappe.local.cookie_manager = CookieManager()
	if etag:
		response.set_etag(hashlib.sha256(text.encode()).hexdigest()[:20], weak=True)
		response.make_conditional(frappe.local.request)
	return response


def guard(response: Response, policy: str) -> None:
	"""What every page of ours says of itself to a browser. `policy`: what may load and run in it."""
	headers = response.headers
	headers["Content-Security-Policy"] = policy
	headers["Referrer-Policy"] = "no-referrer"
	headers["X-Content-Type-Options"] = "nosniff"
	headers["X-Frame-Options"] = "DENY"
	headers["X-Robots-Tag"] = "noindex"


def redirect(location: str) -> Response:
	"""After a POST, so that reloading repeats nothing."""
	response = Response(status=303)
	response.headers["Location"] = location
	response.headers["Cache-Control"] = "no-store"
	response.headers["Referrer-Policy"] = "no-referrer"
	return response


def sorry(text: str, status: int, *, back: tuple[str, str] | None = None, note: str = "") -> Response:
	"""What is wrong, the way back (address, text), and the `note` that was typed, which would be lost else."""
	back = back or ("/outages", _("All outages at my home"))
	title = _("This did not work")
	return page(
		page_templates.render("sorry.html", text=text, title=title, back=back, note=note[:LONGEST_FIELD]), status
	)


def own_page(key: str, person: resident_portal.Person, make: Callable[[], str]) -> Response:
	"""A resident's page: kept for their homes and the state of their properties; the form's token is of the session."""
	version = page_cache.of(sorted({home["property"] for home in person.homes}))
	who = hashlib.sha256(repr((person.contacts, person.units, person.only)).encode()).hexdigest()[:24]
	key = f"{key}:{who}:{frappe.local.lang}"
	text = page_cache.page(key, version)
	if text is None:
		text = make()
		page_cache.keep(key, version, text)
	return page(with_token(text), cache="private, no-cache", etag=True)


def with_token(text: str) -> str:
	"""The page with the session's token in its forms."""
	return text.replace(CSRF, csrf())


def require_own_form() -> None:
	"""Raise PermissionError for a form that somebody who is logged in by a cookie did not get from us. Frappe asks for the
	token of a session only where there is one already; whoever has been shown one of our forms has."""
	request = frappe.local.request
	if frappe.session.user == "Guest" or "Authorization" in request.headers or "sid" not in request.cookies:
		return
	token = frappe.session.data.get("csrf_token")
	given = request.form.get("csrf_token") or request.headers.get("X-Frappe-CSRF-Token") or ""
	if not token or not hmac.compare_digest(given.encode(), token.encode()):
		raise frappe.PermissionError(_("This form has expired. Open the page again and send it once more."))


def csrf() -> str:
	return get_csrf_token() if frappe.session.user != "Guest" else ""


def field(name: str, longest: int = LONGEST_FIELD) -> str:
	"""A text of the form; an empty one where there is none. Raises RuleError for one that is too long."""
	value = frappe.local.request.form.get(name) or ""
	if len(value) > longest:
		raise RuleError(_("{field}: at most {limit} characters."), field=name, limit=longest)
	return value.strip()


def number(name: str) -> int | None:
	"""A whole number of the form, or None."""
	text = field(name, 12)
	if not text:
		return None
	if not re.fullmatch(r"\d{1,6}", text):
		raise RuleError(_("{field}: a whole number."), field=name)
	return int(text)


def done() -> str:
	"""What was done just now, for the line on top of a page; one of the words that templates know."""
	word = frappe.local.request.args.get("done") or ""
	return word if word in page_templates.DONE else ""
