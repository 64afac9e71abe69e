"""What the app ships for Desk is run as Desk runs it, by everybody whom it is for: number cards, charts, reports, print formats.
What there is, is read from the app's folders: a new record is run without being named here.
"""

import json
import re

import frappe
from frappe.query_builder.functions import Count
from frappe.utils import strip_html

from outage_response.domain.authority import STAFF

from .shipped import HAS_DESKTOP, PEOPLE, DeskTest, _records, shipped

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
WORDS_OF_A_PAGE = 10
HAN = re.compile(r"[\u4e00-\u9fff]")
ENDED = ("Closed", "Cancelled")
NOT_DONE = ("Open", "Acknowledged", "In Progress", "On Post")


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
