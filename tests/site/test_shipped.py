"""What the app ships for Desk is run as Desk runs it, by everybody whom it is for: number cards, charts, reports, workspaces, the
desktop of Frappe 16, print formats. What there is, is read from the app's folders: a new record is run without being named here.
"""

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
from frappe.query_builder.functions import Count
from frappe.utils import add_months, cint, cstr, now_datetime, nowdate, strip_html
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from outage_response.domain.authority import STAFF

from . import world as build
from .base import SiteTest
from .world import user

APP = Path(frappe.get_app_path("outage_response"))
# What is run here, and what has tests of its own (doctypes, pages) or is data, not a screen (roles)
RUN_HERE = {
	"Dashboard Chart",
	"Desktop Icon",
	"Number Card",
	"Print Format",
	"Report",
	"Workspace",
	"Workspace Sidebar",
}
RUN_ELSEWHERE = {"DocType", "Page", "Role"}
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
WORDS_OF_A_PAGE = 10
HAN = re.compile(r"[\u4e00-\u9fff]")
ENDED = ("Closed", "Cancelled")
NOT_DONE = ("Open", "Acknowledged", "In Progress", "On Post")


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


class AllIsKnown(DeskTest):
	def test_a_kind_that_nobody_runs_is_not_shipped(self):
		self.assertEqual({row["doctype"] for row in _records()} - RUN_HERE - RUN_ELSEWHERE, set())
		for kind in RUN_HERE:
			self.assertTrue(shipped(kind), f"no {kind} found: are they looked for in the right place?")

	def test_what_is_shipped_is_on_the_site(self):
		for kind in RUN_HERE - (set() if HAS_DESKTOP else {"Workspace Sidebar", "Desktop Icon"}):
			for record in shipped(kind):
				self.assertTrue(frappe.db.exists(kind, record["name"]), f"{kind} {record['name']}")


class Figures(DeskTest):
	"""A night in which there is something to be counted."""

	def setUp(self):
		super().setUp()
		self.report = self.filed()
		back = self.declare(nodes=[self.shafts[0]])
		self.do("operator", "confirm", back, "Overload", "a joint burned through")
		self.do("operator", "record_call", self.property, unit=self.units[0], contact=self.contacts[0])
		self.clock.move(20)
		self.do("operator", "supply_back", back)
		dark = self.declare(nodes=[self.shafts[1]])
		self.do("operator", "acknowledge", self.task(dark, "call_engineering").name)
		self.do("service", "send_notice", dark, "First Word")
		self.declare("III", nodes=[self.shafts[1]])
		proposal = frappe.get_doc(
			{"doctype": "Outage Proposal", "property": self.property, "power_node": self.room, "status": "Open"}
		)
		proposal.update({"callers": 4, "first_call_at": self.clock.now, "last_call_at": self.clock.now})
		proposal.flags.by_verb = True
		proposal.insert(ignore_permissions=True)
		self.clock.move(240)

	def filed(self) -> str:
		"""The report of an outage that was seen to its end."""
		name = self.declare(nodes=[self.shafts[0]])
		self.do("operator", "confirm", name, "Overload", "a joint burned through")
		self.finish_steps(name)
		self.clock.move(45)
		self.do("operator", "supply_back", name)
		self.finish_steps(name)
		self.do("manager", "stand_down", name)
		return self.do("engineer", "file_report", name, "a burned joint", "replaced")["report"]

	def test_every_number_card_is_what_the_database_counts(self):
		for record in shipped("Number Card"):
			expected = self.counted_by_database(record)
			self.assertGreater(expected, 0, f"{record['name']}: the night has nothing for it; add it to setUp")
			shown_to = [role for role, who in PEOPLE.items() if self.is_shown(who, "number_cards", record["name"])]
			self.assertTrue(shown_to, record["name"])
			for role in shown_to:
				with self.about(record["name"], role):
					self.assertEqual(self.figure(PEOPLE[role], record["name"]), expected)

	def is_shown(self, who: str, kind: str, name: str) -> bool:
		key = {"number_cards": "number_card_name", "charts": "chart_name"}[kind]
		return any(row[key] == name for one in shipped("Workspace") for row in self.page(who, one["name"])[kind])

	def figure(self, who: str, name: str) -> float:
		"""As `number_card_widget.js` asks for it."""
		with self.as_user(who):
			card = frappe.get_doc("Number Card", name)
			card.check_permission("read")
		filters = json.loads(card.filters_json or "[]")
		if card.type == "Custom":
			answer = self.ask(who, card.method, filters=filters)
			self.assertEqual(answer["fieldtype"], "Int")
			return answer["value"]
		self.assertEqual(card.type, "Document Type", "how such a card is asked for is not known here")
		return self.ask(
			who,
			"frappe.desk.doctype.number_card.number_card.get_result",
			doc=json.loads(frappe.as_json(card)),
			filters=filters,
		)

	def counted_by_database(self, record: dict) -> int:
		"""Of the one property for which everybody here works."""
		table = frappe.qb.DocType(record["document_type"])
		query = frappe.qb.from_(table).select(Count("*")).where(table.property == self.property)
		if record["type"] == "Custom":
			incident = frappe.qb.DocType("Outage Incident")
			query = (
				query.join(incident)
				.on(incident.name == table.incident)
				.where(incident.is_drill == 0)
				.where(incident.status.notin(ENDED))
				.where(table.status.isin(NOT_DONE))
			)
			query = query.where(self.of_custom_card(record["method"], table))
		else:
			for _doctype, field, operator, value in json.loads(record["filters_json"]):
				query = query.where(
					{"=": lambda f, v: f == v, "in": lambda f, v: f.isin(v)}[operator](table[field], value)
				)
		return query.run()[0][0]

	def of_custom_card(self, method: str, task):
		"""A new card with a method of its own is to be counted here, too."""
		return {
			"outage_response.api.screens.count_life_safety": task.life_safety == 1,
			"outage_response.api.screens.count_overdue": (task.due_at < self.clock.now)
			& (task.status != "On Post")
			& (task.optional == 0),
		}[method]

	def test_every_chart_has_bars(self):
		for record in shipped("Dashboard Chart"):
			shown_to = [role for role, who in PEOPLE.items() if self.is_shown(who, "charts", record["name"])]
			self.assertTrue(shown_to, record["name"])
			for role in shown_to:
				with self.about(record["name"], role):
					labels, values = self.drawn(PEOPLE[role], record["name"])
					self.assertIn(f"{self.now:%Y-%m}", labels)
					self.assertTrue(any(values), values)

	def drawn(self, who: str, name: str) -> tuple[list, list]:
		"""Labels and values, as `chart_widget.js` asks for them."""
		with self.as_user(who):
			chart = frappe.get_doc("Dashboard Chart", name)
			chart.check_permission("read")
		filters = json.loads(chart.filters_json or "{}")
		if chart.chart_type != "Report":
			data = self.ask(
				who,
				"frappe.desk.doctype.dashboard_chart.dashboard_chart.get",
				chart_name=name,
				filters=filters,
				refresh=1,
			)
		else:
			found = self.run_report(who, chart.report_name, filters)
			if not chart.use_report_chart:
				columns = {column["fieldname"] for column in found["columns"]}
				fields = [row.y_field for row in chart.y_axis]
				self.assertLessEqual({chart.x_field, *fields}, columns)
				rows = found["result"]
				return [row[chart.x_field] for row in rows], [row[field] for row in rows for field in fields]
			data = found["chart"]["data"]
		return data["labels"], [value for one in data["datasets"] for value in one["values"]]

	def test_every_report_has_rows_for_whoever_may_read_it(self):
		for record in shipped("Report"):
			readers = self.roles(record)
			for role, who in PEOPLE.items():
				with self.about(record["name"], role):
					if role not in readers:
						with self.assertRaises(frappe.PermissionError):
							self.run_report(who, record["name"])
						continue
					found = self.run_report(who, record["name"])
					self.assertTrue(found["result"])
					self.assertFalse(found.get("message"))
					for column in found["columns"]:
						self.assertTrue(column["label"])
						self.assertTrue(all(column["fieldname"] in row for row in found["result"]), column)

	def test_every_print_format_in_both_languages_for_whoever_may_print(self):
		for record in shipped("Print Format"):
			doctype = record["doc_type"]
			key = "name" if doctype == "Managed Property" else "property"
			names = frappe.get_all(doctype, {key: self.property}, pluck="name", order_by="creation")
			self.assertTrue(names, f"{record['name']}: the night has no {doctype}; add it to setUp")
			may = {row.role for row in frappe.get_meta(doctype).permissions if row.print and not row.permlevel}
			self.assertTrue(may & set(STAFF), record["name"])
			for role in sorted(may & set(PEOPLE)):
				for name in names:
					with self.about(record["name"], role, name):
						self.look_at(PEOPLE[role], doctype, name, record["name"])
			for role in sorted(set(PEOPLE) - may):
				with self.about(record["name"], role), self.assertRaises(frappe.PermissionError):
					self.preview(PEOPLE[role], doctype, names[0], record["name"])

	def look_at(self, who: str, doctype: str, name: str, print_format: str) -> None:
		english, chinese = (self.preview(who, doctype, name, print_format, lang) for lang in ("en", "zh"))
		for html in (english, chinese):
			self.assertGreater(len(strip_html(html).split()), WORDS_OF_A_PAGE, html)
			self.assertNotIn("Traceback", html)
			self.assertNotIn("{{", html)
		self.assertTrue(HAN.search(chinese))
		self.assertGreater(len(set(HAN.findall(chinese))), len(set(HAN.findall(english))))
		# the page that is sent to the printer, and a PDF is made of
		page = self.printed(who, doctype, name, print_format)
		self.assertGreater(len(strip_html(page).split()), WORDS_OF_A_PAGE, page)

	def preview(self, who: str, doctype: str, name: str, print_format: str, lang: str = "en") -> str:
		frappe.local.lang = lang
		try:
			return self.ask(
				who,
				"frappe.www.printview.get_html_and_style",
				doc=doctype,
				name=name,
				print_format=print_format,
				no_letterhead=1,
			)["html"]
		finally:
			frappe.local.lang = "en"

	def printed(self, who: str, doctype: str, name: str, print_format: str) -> str:
		# not by GET, of which Frappe commits at once that somebody has printed
		with self.as_user(who), self.browser("POST", "/printview"):
			return frappe.get_print(doctype, name, print_format, no_letterhead=1)


class Workspaces(DeskTest):
	def test_what_it_shows_is_what_it_has(self):
		for record in shipped("Workspace"):
			has = {
				"card": [row["label"] for row in record["links"] if row["type"] == "Card Break"],
				"shortcut": [row["label"] for row in record["shortcuts"]],
				"chart": [row["chart_name"] for row in record["charts"]],
				"number_card": [row["number_card_name"] for row in record["number_cards"]],
			}
			blocks = json.loads(record["content"])
			self.assertLessEqual({block["type"] for block in blocks}, {*has, "spacer", "header"})
			for kind, names in has.items():
				with self.about(record["name"], kind):
					shown = [block["data"][f"{kind}_name"] for block in blocks if block["type"] == kind]
					self.assertEqual(sorted(shown), sorted(names))
			cards = [row for row in record["links"] if row["type"] == "Card Break"]
			self.assertEqual(sum(row["link_count"] for row in cards), len(record["links"]) - len(cards))

	def test_everything_it_leads_to_is_there(self):
		for record in shipped("Workspace"):
			for kind, name in leads_to(record):
				with self.about(record["name"], name):
					self.assertTrue(frappe.db.exists(kind, name))
			for row in record["shortcuts"]:
				with self.about(record["name"], row["label"]):
					self.assertTrue(self.has_view(row))

	def has_view(self, shortcut: dict) -> bool:
		"""Can what the shortcut leads to be shown as it says?"""
		view, doctype = shortcut.get("doc_view"), shortcut["link_to"]
		if view == "Kanban":
			board = frappe.db.get_value("Kanban Board", shortcut["kanban_board"], "reference_doctype")
			return board == doctype
		if view in ("Calendar", "Tree"):
			self.ask("operator", "frappe.desk.form.load.getdoctype", doctype=doctype)
			(meta,) = [doc for doc in json.loads(frappe.as_json(frappe.local.response.docs)) if doc["name"] == doctype]
			return bool(meta[f"__{view.lower()}_js"])
		return view in (None, "", "List")

	def test_everybody_whom_it_is_for_opens_what_it_shows_them(self):
		for record in shipped("Workspace"):
			seen = set()
			for role in self.roles(record):
				who = PEOPLE[role]
				with self.about(record["name"], role):
					page = self.page(who, record["name"])
					links = [(row["link_type"], row["link_to"]) for card in page["cards"] for row in card["links"]]
					links += [(row["type"], row["link_to"]) for row in page["shortcuts"]]
					self.assertTrue(links)
					seen |= {*links, *(("Dashboard Chart", row["chart_name"]) for row in page["charts"])}
					seen |= {("Number Card", row["number_card_name"]) for row in page["number_cards"]}
				for kind, name in sorted(set(links)):
					with self.about(record["name"], role, name):
						self.open(who, kind, name)
			self.assertEqual(set(leads_to(record)) - seen, set(), "shown to nobody whom the workspace is for")


class Desktop(DeskTest):
	"""The sidebar and the icon of Frappe 16: what they name is there in every version, and is seen where there is a desktop."""

	def test_everything_a_sidebar_leads_to_is_there(self):
		for record in shipped("Workspace Sidebar"):
			links = [row for row in record["items"] if row["type"] == "Link"]
			self.assertTrue(links)
			for row in links:
				with self.about(record["name"], row["label"]):
					self.assertTrue(frappe.db.exists(row["link_type"], row["link_to"]))

	def test_an_icon_leads_to_a_page_and_has_a_picture(self):
		for record in shipped("Desktop Icon"):
			with self.about(record["name"]):
				route = record["link"].removeprefix("/desk/")
				self.assertTrue(frappe.db.exists("Page", route), record["link"])
				picture = record["logo_url"].removeprefix("/assets/outage_response/")
				self.assertTrue((APP / "public" / picture).is_file(), record["logo_url"])

	def test_a_workspace_has_its_sidebar(self):
		"""And nothing that the one has is missing in the other."""
		for record in shipped("Workspace"):
			(sidebar,) = [one for one in shipped("Workspace Sidebar") if one["title"] == record["title"]]
			theirs = {(row.get("link_type"), row.get("link_to")) for row in sidebar["items"]}
			ours = {(kind, name) for kind, name in leads_to(record) if kind in ("DocType", "Page", "Report")}
			self.assertEqual(ours - theirs, set())

	def test_everybody_sees_the_icon_and_opens_what_the_sidebar_shows_them(self):
		if not HAS_DESKTOP:
			self.assertFalse(frappe.db.exists("DocType", "Workspace Sidebar Item"))
			return
		seen = set()
		for role, who in PEOPLE.items():
			boot = self.boot(who)
			with self.about(role):
				icons = {icon["name"] for icon in boot.desktop_icons if not cint(icon["hidden"])}
				if role != "System Manager":
					self.assertLessEqual({one["name"] for one in shipped("Desktop Icon")}, icons)
			for record in shipped("Workspace Sidebar"):
				items = boot.workspace_sidebar_item[record["title"].lower()]["items"]
				links = {(row["link_type"], row["link_to"]) for row in items if row["type"] == "Link"}
				seen |= {(record["name"], *link) for link in links}
				for kind, name in sorted(links):
					with self.about(record["name"], role, name):
						self.open(who, kind, name)
		every = {
			(record["name"], row["link_type"], row["link_to"])
			for record in shipped("Workspace Sidebar")
			for row in record["items"]
			if row["type"] == "Link"
		}
		self.assertEqual(every - seen, set(), "shown to nobody")

	def boot(self, who: str) -> frappe._dict:
		"""What the page Desk is sent with, made anew."""
		from frappe.boot import get_bootinfo

		with self.as_user(who), self.browser("GET", "/desk"):
			return get_bootinfo()


def leads_to(record: dict) -> list[tuple[str, str]]:
	"""(doctype, name) of all that a workspace's file names."""
	return [
		*((row["link_type"], row["link_to"]) for row in record["links"] if row["type"] == "Link"),
		*((row["type"], row["link_to"]) for row in record["shortcuts"]),
		*(("Dashboard Chart", row["chart_name"]) for row in record["charts"]),
		*(("Number Card", row["number_card_name"]) for row in record["number_cards"]),
	]
