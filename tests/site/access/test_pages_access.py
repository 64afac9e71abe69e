"""Who sees which page of ours, and what bad input does there. A page without a row fails: whoever adds one says who it
is for."""

import inspect
import itertools
import os
from contextlib import contextmanager
from unittest.mock import patch

import frappe
from frappe.auth import CookieManager

from outage_response.api import pages, staff
from outage_response.flows.notices import resident_links
from outage_response.flows.paging import answer_links

from .. import world as build
from ..base import changes, snapshot
from ..portal_pages import PortalTest
from ..world import user
from .endpoints import STAND_INS, our_endpoints
from .people import role_of_agents

# the resident of the unit, next door, one who moved out, a user without a home; the staff; a helpdesk agent
RESIDENTS = ("here", "next_door", "moved", "resident")
PEOPLE = ("Guest", *RESIDENTS, "operator", "engineer", "service", "guard1", "manager", "foreigner", "agent")
OWN = frozenset({"here"})
LOGGED_IN = frozenset(PEOPLE[1:])
# page -> (who is shown it, path). Visitors are sent to the login; everybody else is refused.
PAGES = {
	"outages": (LOGGED_IN, lambda t: "/outages"),
	"report": (LOGGED_IN, lambda t: "/outages/report"),
	"care": (LOGGED_IN, lambda t: "/outages/care"),
	"outage": (OWN, lambda t: f"/outages/{t.incident}"),
	"calendar": (OWN, lambda t: f"/outages/{t.planned}/calendar.ics"),
	"link": (frozenset(PEOPLE), lambda t: f"/outages/link/{t.token}"),
	"link_calendar": (frozenset(PEOPLE), lambda t: f"/outages/link/{t.planned_token}/calendar.ics"),
	"page": (frozenset(PEOPLE), lambda t: f"/outage-page/{t.rung}"),
	"old_page": (frozenset(PEOPLE), lambda t: f"/outage-page?t={t.rung}"),
	"status": (frozenset(PEOPLE), lambda t: "/outage-status/Portal%20Tower"),
	"calls": (frozenset({"operator", "service", "foreigner"}), lambda t: "/outage-calls"),
	"unreached": (frozenset({"operator", "service", "manager"}), lambda t: f"/outage-calls/{t.incident}"),
}
# page -> forms; who may not see a page may not post to it either
FORMS = {
	"outages": {"void": "links"},
	"outage": {"said": "call_me"},
	"link": {"said": "call_me"},
	"page": {"answer": "yes"},
	"report": {"unit": "Portal Tower-1A", "danger": "no"},
	"care": {"unit": "Portal Tower-1A", "what": "oxygen tent"},
	"calls": {"go_on": "1"},
}
# page -> what else its form may say
MORE_FIELDS = {
	"outage": ("note", "satisfaction"),
	"link": ("note", "satisfaction", "void"),
	"report": ("words", "part", "once"),
	"care": ("minutes", "withdraw"),
	"calls": ("outcome", "kind", "call", "note", "satisfaction", "once"),
}
ADDRESSES = itertools.count()
# `OUTAGE_FUZZ=1` tries each of these by itself; else the first few, which have something of all
EVERYTHING = bool(os.environ.get("OUTAGE_FUZZ"))
NASTY = (
	"<script>alert(1)</script>' OR 1=1; DROP TABLE tabUser; -- {{ 7*7 }} ../../etc/passwd \x00😀",
	"x" * 100_000,
	"-1",
	"<script>alert(1)</script>",
	"' OR 1=1; DROP TABLE tabUser; --",
	"\x00\x01\x02",
	"😀" * 50,
	"99999999999999999999",
	"{{ 7*7 }}",
	"../../etc/passwd",
	"null",
	"[]",
)
OF_OTHER_TYPES = (None, 10**20, {"a": 1}, [{"power_node": {}}], 7, -1, 3.5, True, [], {}, ["x"])
if not EVERYTHING:
	NASTY, OF_OTHER_TYPES = NASTY[:3], OF_OTHER_TYPES[:4]


class PagesOfOurs(PortalTest):
	"""One home is dark, planned work is announced, everybody is there."""

	@classmethod
	def build_world(cls):
		world = super().build_world()
		build.make_user(user("foreigner"), "Outage Control Room")
		build.make_user(user("agent"), role_of_agents())
		world["other"] = build.make_property("Other Tower")
		build.permit(user("foreigner"), world["other"])
		frappe.db.set_value("Managed Property", world["property"], "public_status_page", 1)
		return world

	def setUp(self):
		super().setUp()
		self.incident = self.declare(nodes=[self.switches[0]])
		self.planned = self.declare("III", nodes=[self.switches[0]])
		self.do("service", "send_notice", self.incident, "First Word")
		row = frappe.get_all("Notice Delivery", {"incident": self.incident}, ["name", "contact", "link_key"])[0]
		self.token = resident_links.of_delivery(row)
		row = frappe.get_all("Notice Delivery", {"incident": self.planned}, ["name", "contact", "link_key"])[0]
		self.planned_token = resident_links.of_delivery(row)
		rung = {"incident": self.incident, "user": user("guard1")}
		self.rung = answer_links.of(frappe.get_all("Outage Page", rung, pluck="name", limit=1)[0])

	def name_of(self, who: str) -> str:
		return {"here": self.here, "next_door": self.next_door, "moved": self.moved, "Guest": "Guest"}.get(
			who, user(who)
		)

	def test_every_page_has_a_row(self):
		self.assertEqual(sorted(PAGES), sorted(route.name for route in pages.ROUTES))
		self.assertEqual(sorted(FORMS), sorted(route.name for route in pages.ROUTES if route.post))

	def test_who_is_shown_what(self):
		wrong = []
		for page, (allowed, path) in PAGES.items():
			for who in PEOPLE:
				response = self.ask(self.name_of(who), path(self))
				if response.status_code != (200 if who in allowed else 303 if who == "Guest" else 403):
					wrong.append(f"{page}: {who} {response.status_code}")
		self.assertFalse(wrong)

	def test_what_every_page_says_of_itself(self):
		"""Nothing may frame it, no link in it tells where it came from, nothing is kept by anybody on the way."""
		for page, (_allowed, path) in PAGES.items():
			for where in (path(self), path(self).replace(self.rung, "a.b")):
				response = self.ask(self.name_of("here" if page != "calls" else "operator"), where)
				headers = response.headers
				if headers.get("Content-Type", "").startswith("text/html"):
					self.assertEqual(headers["Referrer-Policy"], "no-referrer", page)
					self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"], page)
					self.assertEqual(
						"no-store" in headers["Cache-Control"], page not in ("outages", "outage", "status"), page
					)
		self.assertEqual(self.ask("Guest", "/outage-page/a.b").status_code, 404)
		self.assertEqual(self.ask("Guest", "/outage-page?t=a.b").status_code, 404)
		self.assertEqual(self.ask("Guest", "/outage-page").status_code, 404)

	def test_what_anybody_may_keep_gives_nobody_a_session(self):
		frappe.local.cookie_manager = CookieManager()
		frappe.local.cookie_manager.set_cookie("sid", "a session")
		self.assertIn("public", self.ask(self.here, PAGES["status"][1](self)).headers["Cache-Control"])
		self.assertFalse(frappe.local.cookie_manager.cookies)

	def test_a_form_that_was_not_got_from_us(self):
		"""A session that has no token yet was shown none of our forms."""
		cookie = {"Cookie": "sid=a-session"}
		for known, given, taken in (
			("", "", False),
			("", "made up", False),
			("t0ken", "other", False),
			("t0ken", "t0ken", True),
		):
			form = {"unit": self.units[0], "danger": "no", "words": "", "csrf_token": given}
			status = self.sent_in_a_session(known, form, cookie)
			self.assertEqual(status == 303, taken, (known, given, status))

	def test_a_verb_that_a_page_of_another_site_sends(self):
		for origin, refused in (
			("https://elsewhere.example", True),
			("null", True),
			("http://localhost", False),
			("", False),
		):
			headers = {"Cookie": "sid=a-session", **({"Origin": origin} if origin else {})}
			with self.as_user("operator"), self.browser("POST", "/api/method/x", {}, headers):
				frappe.local.session.data = frappe._dict()
				try:
					with self.request():
						staff.take_call(call="none")
				except frappe.DoesNotExistError:
					self.assertFalse(refused, origin)
				except frappe.PermissionError:
					self.assertTrue(refused, origin)

	def sent_in_a_session(self, token: str, form: dict, cookie: dict) -> int:
		def become(address):
			frappe.set_user(address)
			frappe.local.session.data = frappe._dict(csrf_token=token or None)

		with patch("tests.site.base.become", become):
			return self.ask(self.here, "/outages/report", form, cookie).status_code

	def test_who_may_answer(self):
		wrong = []
		for page, form in FORMS.items():
			allowed, path = PAGES[page]
			for who in PEOPLE:
				frappe.db.savepoint("form")
				before = snapshot()
				status = self.ask(self.name_of(who), path(self), form).status_code
				mine = who in allowed if page not in ("report", "care") else who == "here"
				leads_on = status == 303 and (who != "Guest" or page in ("link", "page"))
				if leads_on is not mine:
					wrong.append(f"{page}: {who} {status}")
				if not mine and changes(before, snapshot()):
					wrong.append(f"{page}: {who} changed something")
				frappe.db.rollback(save_point="form")
		self.assertFalse(wrong)

	def test_nothing_of_a_neighbour_stands_on_any_page(self):
		"""Neither a name nor a number nor a home of anybody else."""
		for path in ("/outages", "/outages/report", "/outages/care", "/outage-status/Portal%20Tower"):
			for who in ("here", "next_door", "moved"):
				text = self.see(self.name_of(who), path)
				for index, contact in enumerate(self.contacts):
					if (who, index) not in (("here", 0), ("next_door", 1)):
						self.assertNotIn(contact, text)
						self.assertNotIn(frappe.db.get_value("Contact", contact, "mobile_no"), text)

	def test_every_form_has_the_session_s_token(self):
		"""Whoever is logged in is refused a form without it, also where a link would do without a login."""
		for page, (allowed, path) in PAGES.items():
			for who in allowed & {"here", "service"}:
				text = self.ask(self.name_of(who), path(self)).get_data(as_text=True)
				with self.subTest(page=page, who=who):
					for form in text.split("<form")[1:]:
						self.assertIn('name="csrf_token" value="token"', form.partition("</form>")[0])

	def test_bad_words_in_every_field_of_every_form(self):
		for page, form in FORMS.items():
			who = self.here if page not in ("calls", "link") else user("service") if page == "calls" else "Guest"
			for field in (*form, *MORE_FIELDS.get(page, ())):
				for value in NASTY:
					frappe.cache.delete_keys("outage_portal")
					frappe.db.savepoint("fuzz")
					response = self.ask(who, PAGES[page][1](self), {**form, field: value})
					text = response.get_data(as_text=True)
					with self.subTest(page=page, field=field, value=value[:20]):
						self.assertIn(response.status_code, (303, 403, 417))
						self.assertNotIn("<script>", text)
						self.assertNotIn("Traceback", text)
					frappe.db.rollback(save_point="fuzz")

	def test_bad_words_in_every_path(self):
		for path in (
			"/outages/{}",
			"/outages/{}/calendar.ics",
			"/outages/link/{}",
			"/outage-status/{}",
			"/outage-calls/{}",
		):
			for value in NASTY:
				from urllib.parse import quote

				frappe.cache.delete_keys("outage_portal")
				response = self.ask(self.here, path.format(quote(value[:3000], safe="")))
				with self.subTest(path=path, value=value[:20]):
					self.assertIn(response.status_code, (200, 403, 404, 417))
					self.assertNotIn("<script>", response.get_data(as_text=True))

	def test_what_was_typed_is_shown_as_typed(self):
		self.send(self.here, "/outages/care", unit=self.units[0], what="<b>oxygen</b>")
		text = self.see(self.here, "/outages/care")
		self.assertIn("&lt;b&gt;oxygen&lt;/b&gt;", text)
		self.assertNotIn("<b>oxygen", text)


@contextmanager
def unlimited():
	"""No request is one too many: else most of what is tried is refused for that before it is looked at."""
	frappe.local.request_ip = f"address {next(ADDRESSES)}"
	with patch("outage_response.api.portal.count", return_value=0):
		yield


class EveryEndpoint(PortalTest):
	"""Every endpoint with wrong types, long strings, script and SQL in every field: refused, or taken as plain text.

	Those of the staff are tried deeper, with arguments that are otherwise good, in verb/test_rubbish.py.
	"""

	def test_fuzz(self):
		incident = self.declare()
		plain = {"incident": incident, "property": self.property, "nodes": [self.room], "unit": self.units[0]}
		failed, tried = [], 0
		for name, function in sorted(our_endpoints().items()):
			if name.startswith("staff.") and not EVERYTHING:
				continue
			parameters = inspect.signature(function).parameters
			needed = {
				field: plain.get(field, "nothing")
				for field, parameter in parameters.items()
				if parameter.default is inspect.Parameter.empty and parameter.kind != parameter.VAR_KEYWORD
			}
			for field in parameters:
				for value in (*NASTY, *OF_OTHER_TYPES):
					tried += 1
					if problem := self.problem(name, {**needed, field: value}):
						failed.append(f"{name}({field}={str(value)[:30]!r}): {problem}")
		self.assertGreater(tried, 500)
		self.assertEqual([], failed, "\n".join(failed))

	def test_each_shows_frappe_the_types_it_takes(self):
		"""Frappe reads them of the function that it was given to whitelist; without them it checks nothing."""
		bare = [
			name
			for name, function in our_endpoints().items()
			if not set(function.__wrapped__.__annotations__)
			>= {
				one.name
				for one in inspect.signature(function).parameters.values()
				if one.annotation is not one.empty and one.kind != one.VAR_KEYWORD
			}
		]
		self.assertEqual(bare, [])

	def of_frappe_s_own(self, name: str, arguments: dict) -> set[type]:
		"""How the functions that this one stands in for break at the same arguments."""
		found = set()
		for path, ours in frappe.get_hooks("override_whitelisted_methods").items():
			if ours[-1] != f"outage_response.api.{name}":
				continue
			frappe.db.rollback(save_point="fuzz")
			frappe.local.form_dict = frappe._dict(arguments)
			try:
				frappe.call(frappe.get_attr(path), **arguments)
			except Exception as error:
				found.add(type(error))
		return found

	def problem(self, name: str, arguments: dict) -> str:
		frappe.set_user("Administrator")
		frappe.local.form_dict = frappe._dict(arguments)
		frappe.db.savepoint("fuzz")
		fine = (
			frappe.ValidationError,
			frappe.PermissionError,
			frappe.DoesNotExistError,
			frappe.AuthenticationError,
			frappe.exceptions.FrappeTypeError if hasattr(frappe.exceptions, "FrappeTypeError") else TypeError,
		)
		try:
			with self.browser("POST", f"/api/method/{name}", {}), self.request(), unlimited():
				frappe.call(f"outage_response.api.{name}", **arguments)
		except frappe.RateLimitExceededError:
			return "not looked at: too many requests"
		except fine:
			pass
		except Exception as error:
			if not name.startswith(STAND_INS) or type(error) not in self.of_frappe_s_own(name, arguments):
				return f"{type(error).__name__}: {str(error)[:120]}"
		finally:
			frappe.local.form_dict = frappe._dict()
			frappe.local.response = frappe._dict()
			frappe.set_user("Administrator")
			frappe.db.rollback(save_point="fuzz")
			frappe.clear_messages()
		return ""
