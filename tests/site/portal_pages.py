"""For tests of residents' pages: residents with a login, and pages asked for as a browser would."""

import re
from contextlib import contextmanager
from unittest.mock import patch

import frappe
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from outage_response.api.pages import OutagePage

from . import world as build
from .base import SiteTest


def give_login(contact: str, address: str) -> str:
	"""A website user whose contact this is."""
	build.make_user(address)
	doc = frappe.get_doc("Contact", contact)
	doc.user = address
	doc.append("email_ids", {"email_id": address, "is_primary": 1})
	doc.save(ignore_permissions=True)
	return address


class PortalTest(SiteTest):
	"""A tower with residents who log in: `here` lives in unit 0, `next_door` in unit 1, `moved` lived in unit 0."""

	now = build.NIGHT.replace(hour=14)

	@classmethod
	def build_world(cls):
		world = build.make_tower("Portal Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		for name, contact in (("here", world["contacts"][0]), ("next_door", world["contacts"][1])):
			world[name] = give_login(contact, build.user(name))
		world["moved"] = give_login(build.make_contact("Portal Moved"), build.user("moved"))
		frappe.db.set_value("Managed Property", world["property"], "service_phone", "0100 555 000")
		return world

	def setUp(self):
		super().setUp()
		self.renew()  # what an earlier test has kept of this class's world
		frappe.cache.delete_keys("outage_portal")

	def do(self, who: str, verb: str, *args, **kwargs) -> dict:
		"""As ever; and pages are made anew, as after the commit that a test never does."""
		try:
			return super().do(who, verb, *args, **kwargs)
		finally:
			self.renew()

	def renew(self) -> None:
		from outage_response.flows.residents import page_cache

		page_cache._renew(self.property)

	@contextmanager
	def browser(self, method: str, path: str, form: dict | None = None, headers: dict | None = None):
		path, _sep, query = path.partition("?")
		builder = EnvironBuilder(method=method, path=path, query_string=query, data=form, headers=headers)
		before = getattr(frappe.local, "request", None)
		frappe.local.request = Request(builder.get_environ())
		frappe.local.request_ip = "127.0.0.1"
		try:
			yield
		finally:
			frappe.local.request = before

	def ask(self, who: str, path: str, form: dict | None = None, headers: dict | None = None):
		"""A GET, or a POST when there is a form; the response."""
		method = "GET" if form is None else "POST"
		token = patch("outage_response.api.answers.csrf", lambda: "token")
		with self.as_user(who), self.browser(method, path, form, headers), self.request(), token:
			page = OutagePage(path.partition("?")[0])
			assert page.can_render(), path
			return page.render()

	def see(self, who: str, path: str) -> str:
		"""The text of a page that is shown."""
		response = self.ask(who, path)
		text = response.get_data(as_text=True)
		self.assertEqual(response.status_code, 200, text[-900:])
		self.assertLess(len(response.get_data()), 60_000)
		return text

	def send(self, who: str, path: str, **form) -> str:
		"""A form that is taken; where it leads."""
		response = self.ask(who, path, {name: str(value) for name, value in form.items()})
		self.assertEqual(response.status_code, 303, response.get_data(as_text=True)[-900:])
		self.renew()
		return response.headers["Location"]


def words_of(html: str) -> str:
	"""What a reader reads."""
	html = re.sub(r"<style.*?</style>", "", html, flags=re.S)
	return " ".join(re.sub(r"<[^>]+>", " ", html).split())


__all__ = ["PortalTest", "give_login", "words_of"]
