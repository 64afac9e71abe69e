"""The run card: what is printed beforehand, for whom, and what is entered from it afterwards."""

import frappe
from frappe.www.printview import get_html_and_style

from outage_response.api import command
from outage_response.flows.residents import who_depends_on_power
from outage_response.flows.screens import run_card

from .. import world as build
from ..base import SiteTest
from ..master_data.own_department import MOPPING, make_department, make_level, make_role
from ..world import NIGHT, user


class RunCard(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_tower("Card Tower", floors=3)
		build.make_roster(world["property"], NIGHT)
		build.make_user(user("court"), "Outage Control Room")
		frappe.db.set_value("User", user("guard1"), "mobile_no", "000 7000 04")
		frappe.db.set_value("Managed Property", world["property"], "supplier_hotline", "95598")
		who_depends_on_power.set_care_need(world["units"][2], world["contacts"][2], "oxygen concentrator", 45)
		return world

	def printed(self, who: str = "operator", lang: str = "en") -> str:
		with self.as_user(who):
			frappe.local.lang = lang
			return get_html_and_style(
				doc="Managed Property", name=self.property, print_format="Outage Run Card", no_letterhead=True
			)["html"]

	def test_numbers_nodes_elevators_and_the_first_page_of_the_plan(self):
		html = self.printed()
		for text in (
			"95598",
			"000 7000 04",
			"Up and Down Ltd",
			"Elevator 2",
			"Shaft B",
			"switches: 3",
			"Lobby",
			"Phone the distribution-room crew of Engineering",
			"Secure the incoming switchgear",
			"Work finished: tell the control room before supply returns",
		):
			self.assertIn(text, html)
		self.assertNotIn("Finance Room", html)  # it survives an outage

	def test_printed_by_day_it_serves_the_night(self):
		frappe.db.set_value("Response Department", "security", "phone", "000 9000 01")
		self.clock.move(-600)  # nobody of the night is on duty yet
		with self.as_user("operator"):
			rows = [(row["name"], row["phone"]) for row in run_card.of_property(self.property)["numbers"]]
		numbers = [phone for _name, phone in rows]
		self.assertLess(numbers.index("000 9000 01"), numbers.index("000 7000 04"))
		self.assertIn(("on duty tonight:", ""), rows)

	def test_a_level_of_the_company_s_own_is_not_left_out(self):
		make_role()
		make_department()
		make_level("IV", MOPPING)
		html = " ".join(self.printed().split())
		self.assertIn("I · II · III · IV", html)
		self.assertIn("Dry the lobby", html)

	def test_in_the_readers_language(self):
		html = self.printed(lang="zh")
		self.assertIn("电话通知工程部配电室人员前去处理", html)
		self.assertIn("应急卡", html)
		self.assertNotIn("Phone the distribution-room crew", html)

	def test_floors_of_those_who_depend_on_power_and_nobodys_name(self):
		before = frappe.db.count("Access Log", {"method": "run_card"})
		html = self.printed()
		self.assertIn("Building T, Floor 3", " ".join(html.split()))
		for secret in ("oxygen", self.contacts[2], "1380000"):
			self.assertNotIn(secret, html)
		self.assertEqual(frappe.db.count("Access Log", {"method": "run_card"}), before + 1)

	def test_others_are_told_whom_to_ask(self):
		before = frappe.db.count("Access Log", {"method": "run_card"})
		html = self.printed("guard1")
		self.assertIn("The control room knows the floors.", html)
		self.assertNotIn("Floor 3", html)
		self.assertEqual(frappe.db.count("Access Log", {"method": "run_card"}), before)

	def test_not_for_people_of_another_property(self):
		other = build.make_property("Card Tower B")
		build.permit(user("court"), other)
		for who in ("court", "resident"):
			with self.assertRaises(frappe.PermissionError), self.as_user(who):
				run_card.of_property(self.property)

	def test_a_large_property_says_what_is_left_out(self):
		for number in range(30):
			build.make_asset(self.property, f"Gate {number:02d}", "Security Point", power_node=self.room)
		with self.as_user("operator"):
			card = run_card.of_property(self.property)
		self.assertEqual(len(card["posts"]), run_card.MOST["posts"])
		self.assertEqual(card["more"]["posts"], 32 - run_card.MOST["posts"])

	# ---------------------------------------------------------------- afterwards

	def lines(self, name: str, who: str = "operator") -> list[dict]:
		with self.as_user(who):
			return command.run_card_lines(name)["lines"]

	def test_lines_carry_the_numbers_of_the_card(self):
		name = self.declare()
		numbers = {row["key"]: row["no"] for row in run_card.printed_steps()}
		for line in self.lines(name):
			self.assertEqual(line["no"], numbers.get(frappe.db.get_value("Outage Task", line["task"], "step_key")))
		mine = {line["no"] for line in self.lines(name) if line["may"]}
		self.assertIn(numbers["call_engineering"], mine)
		self.assertNotIn(numbers["check_elevator"], mine)
		self.assertIn(
			numbers["check_elevator"], {line["no"] for line in self.lines(name, "electrician") if line["may"]}
		)

	def test_the_control_room_enters_the_lines_of_a_department_that_is_asleep(self):
		frappe.db.set_value("Duty Shift", {"property": self.property, "department": "engineering"}, "is_absent", 1)
		name = self.declare()
		may = {frappe.db.get_value("Outage Task", line["task"], "step_key"): line["may"] for line in self.lines(name)}
		self.assertTrue(may["arrive_on_site"])
		self.assertFalse(may["confirm_cause"])  # permits switching on
		self.assertFalse(next(line["may"] for line in self.lines(name) if line["held"]))

	def test_a_checklist_is_entered_with_its_exceptions(self):
		name = self.declare()
		self.do("operator", "supply_back", name)
		line = next(line for line in self.lines(name, "electrician") if line["may"] and line["items"])
		first, second = (item["value"] for item in line["items"][:2])
		self.do(
			"electrician", "complete", line["task"], exceptions=[{"item": first, "note": "loose lug"}], evidence="seen"
		)
		rows = frappe.get_all("Outage Task Check", {"parent": line["task"]}, ["item", "result", "note"])
		found = {row.item: (row.result, row.note or "") for row in rows}
		self.assertEqual((found[first], found[second]), (("Defect", "loose lug"), ("Normal", "")))

	def test_who_stood_on_a_post_is_whoever_stands_on_the_paper(self):
		name = self.declare()
		line = next(line for line in self.lines(name, "guard1") if line["held"] and line["may"])
		self.assertIn(user("guard2"), [one["value"] for one in line["people"]])
		self.do("guard1", "arrive", line["task"], user("guard2"))
		task = frappe.get_doc("Outage Task", line["task"])
		self.assertEqual((task.status, task.started_by), ("On Post", user("guard2")))
		self.assertEqual(frappe.parse_json(task._assign), [user("guard2")])
		other = next(line for line in self.lines(name, "guard1") if line["held"] and line["may"])
		with self.refused("User"):
			self.do("guard1", "arrive", other["task"], user("engineer"))

	def test_nodes_of_the_card_come_back_one_by_one(self):
		name = self.declare()
		with self.as_user("operator"):
			data = command.run_card_lines(name)
		self.assertEqual([one["label"] for one in data["nodes"]], ["Distribution Room", "Shaft A", "Shaft B"])
		self.assertEqual([one["value"] for one in data["levels"]], ["I", "II"])
		self.assertTrue(data["may"]["stand_down"])
		self.do("operator", "supply_back", name, [self.shafts[0]])
		with self.as_user("operator"):
			labels = [one["label"] for one in command.run_card_lines(name)["nodes"]]
		self.assertNotIn("Shaft A", labels)

	def test_entered_as_it_happened(self):
		name = self.declare()
		self.clock.move(300)
		line = next(line for line in self.lines(name) if line["may"] and line["evidence"] == "call")
		words = {"task": line["task"], "evidence": "Ida: on her way", "occurred_at": "2026-03-11 02:04:00"}
		first = self.post("operator", "complete", request_id="card-1", **words)
		again = self.post("operator", "complete", request_id="card-1", **words)
		self.assertEqual(frappe.as_json(first), frappe.as_json(again))
		self.assertMoment(self.field("Outage Task", line["task"], "completed_at"), NIGHT.replace(minute=4))
		self.assertMoment(self.field("Outage Task", line["task"], "recorded_at"), self.clock.now)
		self.assertNotIn(line["task"], [one["task"] for one in self.lines(name)])

	def test_what_happened_before_the_report_is_refused_by_itself(self):
		name = self.declare()
		line = next(line for line in self.lines(name) if line["may"])
		with self.refused("Occurred At"):
			self.do("operator", "complete", line["task"], evidence="x", occurred_at="2026-03-11 01:00:00")

	def test_a_night_that_was_not_declared_is_declared_as_it_happened(self):
		self.clock.move(400)
		with self.as_user("operator"), self.request():
			name = command.declare_seen(property=self.property, occurred_at="2026-03-11 02:01:00")["incident"]
		self.assertMoment(self.field("Outage Incident", name, "reported_at"), NIGHT.replace(minute=1))
