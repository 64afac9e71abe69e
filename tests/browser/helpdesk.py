"""A page that stands for Frappe Helpdesk's own in a browser (`helpdesk_host/`), in front of the real site: what the app's scripts
call is answered by the server, what Helpdesk's own functions would answer is read from the database by the test's process.

Helpdesk itself is on no site of the tests: its doctypes are stand-ins (`tests/site/platforms.py`), unless the bench has the real
ones, and its pages would have to be built from sources that need a network.
"""

import contextvars
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import frappe
from frappe.translate import get_all_translations
from frappe.website.page_renderers.template_page import TemplatePage

from outage_response.api.pages import HelpdeskPage
from outage_response.setup.form_scripts import DOCTYPE as FORM_SCRIPT

HOST = Path(__file__).with_name("helpdesk_host")
PHONE = 640  # px; below that Helpdesk shows an agent its page for phones
API = "/api/method/helpdesk."


class _Page(TemplatePage):
	"""A page whose text is given."""

	text = ""

	def render_template(self) -> str:
		return self.text


class _WithOurScript(HelpdeskPage, _Page):
	"""The same as the app's page renderer sends it."""


class Helpdesk:
	"""Helpdesk of one version (1.14.0, 1.28.1, or another between) in front of a site.

	`pages.open(page, "/helpdesk/tickets/7", user)` opens one of its pages. `tokens` (user -> the token of their session) is
	filled before each person's first page, and may be shared.
	"""

	def __init__(self, version: str, address: str, tokens: dict[str, str]):
		self.version = version
		self.address = address
		self.tokens = tokens

	def open(self, page, path: str, user: str, *, is_resident: bool = False) -> None:
		"""Until the page shows what it has; `user` is who is logged in there."""
		self._serve(page, user, is_resident)
		# What a route answers came from no address of this machine, in the browser's eyes; the realtime server has another port
		page.context.grant_permissions(["local-network-access"], origin=self.address)
		if user not in self.tokens:
			self.tokens[user] = self._token(page, "/outages/report" if is_resident else "/app")
		page.goto(path)
		self.settled(page)

	def _token(self, page, where: str) -> str:
		"""Of the session, from a page of the site that says it. Helpdesk's own page makes it before its scripts ask for several
		things at once: one of these would keep the session as it was without."""
		page.goto("/api/method/ping")
		text = page.evaluate("where => fetch(where).then((answer) => answer.text())", where)
		return re.search(r'csrf_token"?\s*(?:=|value=)\s*"([0-9a-f]{16,})"', text).group(1)

	def settled(self, page) -> None:
		"""After a page was opened, or has opened itself anew."""
		page.wait_for_function("window.host && window.host.is_ready")

	def hears_of_outages(self, page) -> None:
		"""Until the page's script is let into the room where the server tells of them."""
		page.evaluate("() => host.socket.on('is_heard', () => { window.is_heard = true; })")
		deadline = time.monotonic() + 60
		while not page.evaluate("window.is_heard"):
			assert time.monotonic() < deadline, f"{page.url} hears nothing"
			frappe.publish_realtime("is_heard", {}, room="doctype:Outage Incident")
			page.wait_for_timeout(50)

	def _serve(self, page, user: str, is_resident: bool) -> None:
		# Playwright answers a request in a greenlet of its own, which has none of this one's context: no site, no database
		here = contextvars.copy_context()

		def fulfil(answer: Callable) -> Callable:
			def handle(route) -> None:
				kind, body = here.copy().run(answer, route.request)
				route.fulfill(status=200, content_type=f"{kind}; charset=utf-8", body=body)

			return handle

		def document(request) -> tuple[str, str]:
			path = request.url.removeprefix(self.address)
			boot = self._boot(path.split("?")[0], page.viewport_size["width"], is_resident)
			return "text/html", self._html({**boot, "csrf_token": self.tokens[user]})

		def method(request) -> tuple[str, str]:
			return "application/json", frappe.as_json({"message": self._answer(request, user, is_resident)})

		page.route(f"{self.address}/helpdesk/**", fulfil(document))
		page.route(f"{self.address}{API}**", fulfil(method))

	def _boot(self, path: str, width: int, is_resident: bool) -> dict:
		ticket = path.rstrip("/").split("/")[-1]
		kind = "customer" if is_resident else "phone" if width < PHONE else "agent"
		kind = {"new": "new", "tickets": "list", "my-tickets": "list"}.get(ticket, kind)
		return {
			"version": self.version,
			"kind": kind,
			"ticket": ticket,
			"site": frappe.local.site,
			"port": frappe.conf.socketio_port,
		}

	def _html(self, boot: dict) -> str:
		scheme, _sep, host = self.address.partition("://")
		name, _sep, port = host.partition(":")
		# The realtime server hands out the client of its own version
		realtime = f"{scheme}://{name}:{boot['port']}" if port else self.address
		page = _WithOurScript("helpdesk")
		page.text = (
			(HOST / "page.html")
			.read_text(encoding="utf-8")
			.replace("@@socket.io@@", f"{realtime}/socket.io/socket.io.min.js")
			.replace("@@boot@@", json.dumps(boot))
			.replace("@@page.js@@", (HOST / "page.js").read_text(encoding="utf-8"))
		)
		return page.render_template()

	def _answer(self, request, user: str, is_resident: bool) -> object:
		"""What Helpdesk's own functions answer, as far as the page reads it."""
		frappe.db.rollback()  # what was committed since
		asked = json.loads(request.post_data or "{}")
		name = request.url.split(API)[1]
		if name == "helpdesk.doctype.hd_ticket.api.get_one":
			ticket = frappe.db.get_value("HD Ticket", asked["name"], ["name", "subject", "status"], as_dict=True)
			return {**ticket, "_form_script": scripts(is_resident=is_resident)}
		if name == "helpdesk.doctype.hd_ticket.api.get_ticket_customizations":
			return {"custom_fields": [], "_form_script": scripts()}
		if name == "helpdesk.doctype.hd_ticket_template.api.get_one":
			return {"about": "", "fields": [], "_form_script": scripts(on_new_page=True)}
		if name == "api.general.get_translations":
			return get_all_translations(frappe.db.get_value("User", user, "language") or "en")
		if name == "api.doc.get_list_data":
			return frappe.get_all("HD Ticket", fields=["name", "subject"], order_by="name")
		raise AssertionError(f"the page asks Helpdesk for {request.url}")


def scripts(*, is_resident: bool = False, on_new_page: bool = False) -> list[str]:
	"""The form scripts of a page, which every version picks by these flags."""
	flags = {"apply_to_customer_portal": int(is_resident), "apply_on_new_page": int(on_new_page)}
	filters = {"dt": "HD Ticket", "apply_to": "Form", "enabled": 1, **flags}
	return frappe.get_all(FORM_SCRIPT, filters=filters, pluck="script")
