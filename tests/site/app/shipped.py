"""What the app ships for Desk, read from its folders, and how Desk runs it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import frappe
from frappe.handler import execute_cmd
from frappe.utils import add_months, cstr, now_datetime, nowdate
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from .. import world as build
from ..base import SiteTest
from ..world import user

APP = Path(frappe.get_app_path("outage_response"))
# A person of each role for whom something may be, by the role
PEOPLE = {role: who for who, role in reversed(build.ROLES.items())} | {
	"Outage Department": "department",
	"Outage Administrator": "administrator",
	"System Manager": "system",
}
# The desktop of 16; what these two doctypes are named before is something else
HAS_DESKTOP = bool(frappe.db.exists("DocType", "Workspace Sidebar"))
# What a default filter may say in the script of a report, as the browser understands it
SAYS = {
	"frappe.datetime.get_today()": lambda: nowdate(),
	"frappe.datetime.add_months(frappe.datetime.get_today(), -6)": lambda: cstr(add_months(nowdate(), -6)),
}
FILTER = re.compile(r'fieldname: "(?P<fieldname>\w+)"(?P<more>.*?)(?=fieldname:|\n\};)', re.S)
DEFAULT = re.compile(r"default: (?P<default>.+?)\s*,?\s*\}?,?\s*$", re.M)
KIND = re.compile(r'fieldtype: "(\w+)"(?:, options: "([^"]+)")?')


def shipped(doctype: str) -> list[dict]:
	"""The records of a kind that the app's folders hold, as their files have them."""
	return [record for record in _records() if record["doctype"] == doctype]


def _records() -> list[dict]:
	found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(APP.rglob("*.json"))]
	rows = [row for one in found for row in (one if isinstance(one, list) else [one])]
	return [row for row in rows if isinstance(row, dict) and row.get("doctype")]


class DeskTest(SiteTest):
	# by the site's own clock it was lately: some of what is run asks Frappe for today's date
	now = (now_datetime() - timedelta(days=1)).replace(hour=2, minute=0, second=0, microsecond=0)

	@classmethod
	def build_world(cls) -> dict:
		world = build.make_tower("Shipped Tower")
		build.make_roster(world["property"], cls.now)
		for role, who in PEOPLE.items():
			build.make_user(user(who), role)
			build.permit(user(who), world["property"])
		return world

	def setUp(self):
		super().setUp()
		self.wrong: list[str] = []
		self.addCleanup(lambda: self.assertEqual(self.wrong, []))

	@contextmanager
	def about(self, *what: str) -> Iterator[None]:
		"""What is wrong with one record does not hide what is wrong with the next: all of it is said at the end."""
		try:
			yield
		except Exception as error:
			self.wrong.append(f"{', '.join(what)}: {type(error).__name__}: {str(error)[:300]}")

	def ask(self, who: str, command: str, **arguments: Any) -> Any:
		"""What Desk is answered, by the same road: hooks decide what answers. A message to the user is not an answer."""
		form = {key: value if isinstance(value, str) else json.dumps(value) for key, value in arguments.items()}
		with self.as_user(who), self.browser("POST", f"/api/method/{command}"):
			frappe.local.response = frappe._dict(docs=[])
			frappe.local.form_dict = frappe._dict(form, cmd=command)
			frappe.clear_messages()
			try:
				answer = execute_cmd(command)
			finally:
				frappe.local.form_dict = frappe._dict()
			self.assertEqual(frappe.local.message_log, [], f"{who} asks {command}")
			return json.loads(frappe.as_json(answer))

	@contextmanager
	def browser(self, method: str, path: str) -> Iterator[None]:
		path, _sep, query = path.partition("?")
		request = Request(EnvironBuilder(method=method, path=path, query_string=query).get_environ())
		with patch.object(frappe.local, "request", request, create=True):
			frappe.local.request_ip = "127.0.0.1"
			yield

	def run_report(self, who: str, name: str, filters: dict | None = None) -> dict:
		"""Desk reads a report's script first; of its filters only those with a default are filled in."""
		with self.as_user(who):
			script = self.ask(who, "frappe.desk.query_report.get_script", report_name=name)["script"]
		fields = [match.groupdict() for match in FILTER.finditer(script)]
		kinds = [(field["fieldname"], KIND.search(field["more"])) for field in fields]
		self.assertTrue(all(kind for _name, kind in kinds), f"filters of {name}: not understood here")
		defaults = {field["fieldname"]: DEFAULT.search(field["more"]) for field in fields}
		given = {key: self.evaluated(found["default"]) for key, found in defaults.items() if found}
		return self.ask(
			who,
			"frappe.desk.query_report.run",
			report_name=name,
			filters=given if filters is None else filters,
			ignore_prepared_report=1,
			are_default_filters=1,
			js_filters=[{"fieldname": key, "fieldtype": kind[1], "options": kind[2]} for key, kind in kinds if kind[2]],
		)

	def evaluated(self, words: str) -> Any:
		"""A default as JavaScript has it."""
		if words in SAYS:
			return SAYS[words]()
		return json.loads(words)  # whatever else it says is to be taught to `SAYS`

	def open(self, who: str, kind: str, name: str) -> None:
		"""As when a link to it is pressed; raises what refuses it."""
		if kind == "DocType":
			self.ask(who, "frappe.desk.form.load.getdoctype", doctype=name)
			if frappe.get_meta(name).issingle:
				self.ask(who, "frappe.desk.form.load.getdoc", doctype=name, name=name)
			else:
				self.ask(who, "frappe.desk.reportview.get", doctype=name, fields=[f"`tab{name}`.`name`"])
		elif kind == "Page":
			self.ask(who, "frappe.desk.desk_page.getpage", name=name)
			self.assertTrue(frappe.local.response.docs, name)
		elif kind == "Report":
			self.run_report(who, name)
		elif kind == "Workspace":
			self.page(who, name)
		else:
			self.fail(f"How a {kind} is opened is not known here.")

	def page(self, who: str, name: str) -> dict[str, list]:
		"""What a workspace shows to this person, by kind."""
		page = {"name": name, "title": name, "public": 1}
		answer = self.ask(who, "frappe.desk.desktop.get_desktop_page", page=page)
		return {kind: part["items"] for kind, part in answer.items()}

	def roles(self, record: dict) -> list[str]:
		"""Whom a record names; everybody of the app's roles where it names nobody."""
		named = [row["role"] for row in record.get("roles") or ()]
		unknown = [role for role in named if role not in PEOPLE]
		self.assertFalse(unknown, "nobody here has this role")
		return named or list(PEOPLE)


def leads_to(record: dict) -> list[tuple[str, str]]:
	"""(doctype, name) of all that a workspace's file names."""
	return [
		*((row["link_type"], row["link_to"]) for row in record["links"] if row["type"] == "Link"),
		*((row["type"], row["link_to"]) for row in record["shortcuts"]),
		*(("Dashboard Chart", row["chart_name"]) for row in record["charts"]),
		*(("Number Card", row["number_card_name"]) for row in record["number_cards"]),
	]
