"""The control room's screens: command centre, declaring in three words, call sheet."""

from datetime import timedelta
from unittest.mock import patch

import frappe

from outage_response.api import command
from outage_response.flows.elevators import trapped_reports
from outage_response.flows.incident import declaring, incident_report
from outage_response.flows.residents import who_depends_on_power
from outage_response.flows.screens import figures

from .. import world as build
from ..base import SiteTest
from ..world import NIGHT, user


class CommandTest(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_tower("Command Tower", floors=3)
		build.make_roster(world["property"], NIGHT)
		for index, who in enumerate(build.ROLES):
			frappe.db.set_value("User", user(who), "mobile_no", f"000 7000 {index:02d}")
		frappe.db.set_value("Managed Property", world["property"], "supplier_hotline", "95598")
		frappe.db.set_value("Property Asset", world["critical_room"], "backup_minutes", 120)
		cls.other = build.make_community("Command Court")
		frappe.db.delete("User Permission", {"for_value": cls.other["property"]})
		build.make_user(user("court"), "Outage Control Room")
		build.permit(user("court"), cls.other["property"])
		return world

	def centre(self, who: str = "operator") -> dict:
		with self.as_user(who):
			return command.centre()

	def shown(self, name: str, who: str = "operator") -> dict:
		return next(one for one in self.centre(who)["incidents"] if one["name"] == name)

	def mine(self, who: str = "operator") -> list[str]:
		"""Incidents of the two properties of this class: a site for trying may hold others."""
		return [
			one["name"]
			for one in self.centre(who)["incidents"]
			if one["property"] in (self.property, self.other["property"])
		]


class Centre(CommandTest):
	def test_each_sees_the_running_incidents_of_their_properties(self):
		ours = self.declare(nodes=[self.shafts[0]])
		with self.as_user("Administrator"):
			theirs = declaring.declare(self.other["property"], [self.other["room"]], "II")["incident"]
		ended = self.declare(nodes=[self.shafts[1]])
		self.finish_steps(ended, life_safety=1)
		self.do("operator", "cancel", ended, "a mistake")
		self.assertEqual(self.mine(), [ours])
		self.assertEqual(self.mine("court"), [theirs])
		self.assertCountEqual(self.mine("Administrator"), [ours, theirs])

	def test_residents_and_visitors_see_nothing(self):
		self.declare()
		for who in ("resident", "Guest"):
			with self.assertRaises(frappe.PermissionError):
				self.centre(who)

	def queries(self) -> int:
		counted = []
		sql = frappe.local.db.sql

		def counting(*args, **kwargs):
			counted.append(args[0])
			return sql(*args, **kwargs)

		self.centre()  # what is remembered between requests is remembered
		with patch.object(frappe.local.db, "sql", counting):
			self.centre()
		return len(counted)

	def test_as_many_queries_for_five_incidents_as_for_one(self):
		self.declare(nodes=[self.switches[0]])
		one = self.queries()
		for switch in self.switches[1:5]:
			self.declare(nodes=[switch])
		self.do("operator", "record_call", self.property, unit=self.units[0], words="smoke")
		self.assertEqual(len(self.mine()), 5)
		self.assertLessEqual(self.queries(), one + 3)  # the danger call, the names of its unit and elevator
		self.assertLess(one, 30)

	def test_what_a_card_says(self):
		name = self.declare("I", [self.room])
		self.do("operator", "set_etr", name, NIGHT + timedelta(hours=1))
		self.do("operator", "set_etr", name, NIGHT + timedelta(hours=2))
		card = self.shown(name)
		self.assertEqual((card["level"], card["units"], card["units_out"]), ("I", 6, 6))
		self.assertEqual((card["etr_moves"], card["etr_overdue"]), (1, False))
		self.assertEqual(card["since"][:16], "2026-03-11 02:00")
		self.assertEqual({row["subject"] for row in card["life"]}, {"Elevator 1", "Elevator 2", ""})
		self.assertEqual(card["posts"], len(card["bare"]))
		self.assertEqual(card["battery"], {"label": "Telephone Room", "until": "2026-03-11 04:00:00", "read": False})
		self.assertEqual(card["overdue"], [])
		self.clock.move(125)
		card = self.shown(name)
		self.assertTrue(card["etr_overdue"])
		self.assertIn("engineering", {row["key"] for row in card["overdue"]})

	def test_what_is_not_needed_so_far_is_not_overdue(self):
		name = self.declare("II", [self.room])
		reserve = self.task(name, "call_security_reserve")
		others = [row.name for row in self.tasks(name) if row.name != reserve.name]
		frappe.db.set_value("Outage Task", {"name": ("in", others)}, "due_at", NIGHT + timedelta(hours=9))
		self.assertTrue(reserve.optional)
		self.clock.move(60)
		with self.as_user("operator"):
			sheet = {row["task"]: row for row in command.call_sheet(name)["calls"]}
			before = figures.overdue_steps()
		self.assertEqual(self.shown(name)["overdue"], [])
		self.assertFalse(sheet[reserve.name]["overdue"])
		self.assertEqual(incident_report.figures(name)["overdue"], 0)
		frappe.db.set_value("Outage Task", reserve.name, "optional", 0)  # as when posts outnumber guards
		self.assertEqual(self.shown(name)["overdue"][0]["first"]["task"], reserve.name)
		self.assertEqual(incident_report.figures(name)["overdue"], 1)
		with self.as_user("operator"):
			self.assertEqual(figures.overdue_steps(), before + 1)

	def test_units_that_are_back_are_not_out(self):
		name = self.declare(nodes=[self.room])
		self.do("operator", "supply_back", name, [self.switches[0]], "by itself")
		self.assertEqual(self.shown(name)["units_out"], 5)
		self.do("operator", "supply_back", name, None, "by itself")
		card = self.shown(name)
		self.assertEqual((card["units_out"], card["status"], card["battery"]), (0, "Restored", None))
		self.assertGreater(card["callbacks"], 0)

	def test_a_post_is_bare_until_somebody_stands_there(self):
		name = self.declare(nodes=[self.room])
		post = self.task(name, "guard_area")
		self.assertIn(post.name, [row["task"] for row in self.shown(name)["bare"]])
		self.do("guard1", "arrive", post.name)
		self.assertNotIn(post.name, [row["task"] for row in self.shown(name)["bare"]])
		self.do("guard1", "withdraw", post.name, "smoke in the lobby")
		self.assertIn(post.name, [row["task"] for row in self.shown(name)["bare"]])
		(left,) = [row for row in self.centre()["dangers"] if row["incident"] == name]
		self.assertEqual((left["place"], left["words"], left["left"]), ("Lobby", "smoke in the lobby", True))

	def test_a_danger_that_the_phone_offers_is_read_in_one_s_own_language(self):
		name = self.declare(nodes=[self.room])
		frappe.local.lang = "zh"
		self.do("guard1", "withdraw", self.task(name, "guard_area").name, "Smoke or fire")
		(left,) = [row for row in self.centre()["dangers"] if row["incident"] == name]
		self.assertEqual(left["words"], "烟或火")
		alarms = frappe.get_all("Notification Log", {"for_user": user("operator")}, pluck="subject")
		self.assertEqual(len([text for text in alarms if "烟或火" in text]), 1)
		self.assertIn("烟或火", self.entry(name, "task_withdrawn")["text"])

	def test_who_has_not_answered(self):
		name = self.declare(nodes=[self.room])
		self.assertIn("Electrician", [row["name"] for row in self.shown(name)["silent"]])
		self.do("electrician", "acknowledge", self.task(name, "arrive_on_site").name)
		silent = self.shown(name)["silent"]
		self.assertNotIn("Electrician", [row["name"] for row in silent])
		self.assertIn(("Guard1", "000 7000 04"), [(row["name"], row["phone"]) for row in silent])

	def test_a_reading_says_how_long_the_battery_lasts(self):
		name = self.declare(nodes=[self.room])
		self.clock.move(10)
		check = self.task(name, "check_backup_power").name
		self.do("electrician", "complete", check, "switched_over", evidence="40 min left")
		self.assertEqual(self.shown(name)["battery"]["until"], "2026-03-11 02:50:00")

	def test_care_is_a_number_of_minutes_and_nobodys_name(self):
		who_depends_on_power.set_care_need(self.units[0], self.contacts[0], "oxygen concentrator", 45)
		name = self.declare(nodes=[self.room])
		card = self.shown(name)
		self.assertEqual(card["care"], {"count": 1, "until": "2026-03-11 02:45:00"})
		text = frappe.as_json(self.centre())
		self.assertNotIn("oxygen", text)
		self.assertNotIn(self.contacts[0], text)
		self.do(
			"service", "complete", self.task(name, "check_care_unit").name, "moved_to_supply", evidence="with her son"
		)
		self.assertIsNone(self.shown(name)["care"])

	def test_danger_calls_come_first_and_only_to_those_who_may_read_calls(self):
		name = self.declare(nodes=[self.room])
		self.do("service", "record_call", self.property, unit=self.units[0], words="smoke in the corridor")
		self.do("service", "record_call", self.property, unit=self.units[1], words="when is it back?")
		(danger,) = [row for row in self.centre()["dangers"] if row["property"] == self.property]
		self.assertEqual((danger["place"], danger["words"], danger["incident"]), ("1A", "smoke in the corridor", name))
		self.assertEqual(self.centre("guard1")["dangers"], [])

	def test_a_drill_is_marked_as_one(self):
		self.assertTrue(self.shown(self.declare(is_drill=True))["is_drill"])
		self.assertFalse(self.shown(self.declare())["is_drill"])

	def test_proposals_wait_to_be_declared_or_dismissed(self):
		doc = frappe.get_doc(
			{"doctype": "Outage Proposal", "property": self.property, "power_node": self.room, "status": "Open"}
		)
		doc.update({"callers": 4, "first_call_at": NIGHT, "last_call_at": NIGHT})
		doc.flags.by_verb = True
		doc.insert(ignore_permissions=True)
		for who, seen in (("operator", True), ("court", False), ("guard1", False)):
			self.assertIs(doc.name in [one["name"] for one in self.centre(who)["proposals"]], seen, who)
		self.assertEqual(
			self.centre("service")["may"], {"declare": True, "dismiss": False, "call": True, "take": False}
		)
		self.post("operator", "declare_proposal", proposal=doc.name)
		self.assertNotIn(doc.name, [one["name"] for one in self.centre()["proposals"]])

	def test_elevators_are_looked_into_in_counting_order_and_counted_once(self):
		for number in (10, 3):
			build.make_asset(self.property, f"Elevator {number}", "Elevator", building="T")
		name = self.declare(nodes=[self.room])
		card = self.shown(name)
		checks = [row["subject"] for row in card["life"] if row["check"]]
		self.assertEqual(checks, ["Elevator 1", "Elevator 2", "Elevator 3", "Elevator 10"])
		self.assertEqual(card["checks"], {"of": 4, "done": 0})
		check = self.task(name, "check_elevator", subject=self.elevators[0]).name
		self.do("electrician", "complete", check, "empty", evidence="looked")
		self.assertEqual(self.shown(name)["checks"], {"of": 4, "done": 1})
		self.clock.move(5)
		self.do("operator", "report_trapped", name, None, "somebody shouts", building="T")
		card = self.shown(name)
		self.assertEqual(card["checks"], {"of": 4, "done": 0}, "it is looked into once more")
		self.assertEqual(len([row for row in card["life"] if row["check"]]), 4)


class SomebodyCalls(CommandTest):
	def seen_elevators(self, who: str) -> list[dict]:
		with self.as_user(who):
			return command.elevators()

	def homes(self, phone: str, who: str = "operator", property_name: str = "") -> list[str]:
		with self.as_user(who):
			found = command.homes_of_number(property=property_name or self.property, phone=phone)
		return [one["unit_no"] for one in found]

	def test_elevators_of_one_s_own_properties_in_counting_order(self):
		build.make_asset(self.property, "Elevator 10", "Elevator", building="T")
		build.make_asset(self.property, "Goods Elevator", "Elevator")
		mine = [one for one in self.seen_elevators("guard1") if one["property"] == self.property]
		self.assertEqual([one["building"] for one in mine], ["", "T"])
		self.assertEqual([label for _name, label in mine[1]["elevators"]], ["Elevator 1", "Elevator 2", "Elevator 10"])
		self.assertNotIn(self.property, [one["property"] for one in self.seen_elevators("court")])
		with self.assertRaises(frappe.PermissionError):
			self.seen_elevators("resident")

	def test_a_number_proposes_the_homes_of_whoever_has_it(self):
		number = frappe.db.get_value("Contact", self.contacts[1], "mobile_no")
		build.add_resident(self.units[0], self.contacts[1])
		self.assertEqual(self.homes(f"+86 {number}"), ["1A", "2A"])
		self.assertEqual(self.homes("139 0000 9999"), [])
		self.assertEqual(self.homes("12"), [])

	def test_whose_number_it_is_is_told_to_those_who_may_read_units_there(self):
		number = frappe.db.get_value("Contact", self.contacts[1], "mobile_no")
		for who in ("guard1", "engineer", "court", "resident"):
			with self.subTest(who), self.assertRaises(frappe.PermissionError):
				self.homes(number, who)
		self.assertEqual(self.homes(number, "court", self.other["property"]), [], "and of this property alone")


class DeclareSeen(CommandTest):
	def declare_seen(self, **words) -> dict:
		with self.as_user("guard1"), self.request():
			return command.declare_seen(property=self.property, **words)

	def test_the_level_follows_from_what_was_seen_and_the_whole_property_is_meant(self):
		answer = self.declare_seen(seen="The street around is dark too")
		doc = frappe.get_doc("Outage Incident", answer["incident"])
		self.assertEqual((doc.level, doc.description), ("I", "The street around is dark too"))
		self.assertEqual([row.power_node for row in doc.affected_nodes], [self.feeder])

	def test_one_place_and_nothing_seen(self):
		answer = self.declare_seen(where=self.shafts[0], request_id="seen-1")
		doc = frappe.get_doc("Outage Incident", answer["incident"])
		self.assertEqual((doc.level, [row.power_node for row in doc.affected_nodes]), ("II", [self.shafts[0]]))
		self.assertEqual(self.declare_seen(where=self.shafts[0], request_id="seen-1"), answer)

	def test_in_chinese(self):
		frappe.local.lang = "zh"
		self.assertEqual(self.declare_seen(seen=frappe._("The power supplier reports a failure"))["level"], "I")

	def test_a_place_elsewhere_is_refused(self):
		with self.refused("Nodes"):
			self.declare_seen(where=self.other["room"])


class CallSheet(CommandTest):
	def sheet(self, name: str, who: str = "operator") -> list[dict]:
		with self.as_user(who):
			return command.call_sheet(name)["calls"]

	def row(self, name: str, callee: str) -> dict:
		return next(one for one in self.sheet(name) if one["callee"] == callee)

	def test_the_calls_of_the_plan_in_order_each_with_its_own_number(self):
		name = self.declare("I", [self.room])
		found = [(one["callee"], one["who"][0]["phone"] if one["who"] else "") for one in self.sheet(name)]
		self.assertEqual(
			found,
			[
				("Engineering", "000 7000 02"),  # the duty electrician first
				("Security", "000 7000 04"),
				("Up and Down Ltd", "0100"),
				("General Manager", "000 7000 06"),
				("Power Supplier", "95598"),
				("Security Reserve", ""),
				("Up and Down Ltd", "0100"),  # on site: recorded for the firm
			],
		)
		self.assertEqual(self.sheet(name)[-1]["kind"], "arrival")

	def test_what_is_not_needed_so_far_comes_after_what_is(self):
		name = self.declare("II", [self.room])
		self.clock.move(12)  # the supplier's call is due after the reserve's, which the guards on duty make optional
		self.do("operator", "reclassify", name, "I", "the street is dark too")
		found = [one["callee"] for one in self.sheet(name)]
		self.assertLess(found.index("Power Supplier"), found.index("Security Reserve"))

	def test_the_task_itself_carries_the_number_to_phone(self):
		name = self.declare("I", [self.room])
		for step, phone in (("call_supplier", "95598"), ("call_engineering", "000 7000 02")):
			self.assertEqual(self.task(name, step).phone, phone)

	def test_who_is_absent_is_not_phoned(self):
		electrician = frappe.db.get_value("Duty Shift", {"property": self.property, "is_duty_electrician": 1})
		frappe.db.set_value("Duty Shift", electrician, "is_absent", 1)
		name = self.declare("I", [self.room])
		self.assertNotIn("000 7000 02", [who["phone"] for who in self.row(name, "Engineering")["who"]])
		self.assertNotEqual(self.task(name, "call_engineering").phone, "000 7000 02")

	def test_the_account_manager_by_their_own_number(self):
		frappe.db.set_value("Managed Property", self.property, {"households": 60, "account_manager": self.contacts[0]})
		name = self.declare("I", [self.room])
		row = self.row(name, "Supplier's Account Manager")
		self.assertEqual(row["who"][0]["phone"], frappe.db.get_value("Contact", self.contacts[0], "mobile_no"))

	def test_one_touch_answered(self):
		name = self.declare()
		row = self.row(name, "Engineering")
		self.assertTrue(row["open"] and row["may"] and row["comes"])
		self.clock.move(2)
		self.post("operator", "complete", task=row["task"], evidence="Engineering: answered, coming")
		row = self.row(name, "Engineering")
		self.assertEqual((row["open"], row["done_at"][:16]), (False, "2026-03-11 02:02"))
		self.post("operator", "add_evidence", task=row["task"], evidence="ten minutes")
		self.assertEqual(self.row(name, "Engineering")["evidence"], "Engineering: answered, coming\nten minutes")

	def test_no_answer_is_counted_and_leaves_the_call_open(self):
		name = self.declare()
		task = self.row(name, "Security")["task"]
		self.assertEqual(self.post("operator", "no_answer", task=task)["attempts"], 1)
		self.clock.move(1)
		self.assertEqual(self.post("operator", "no_answer", task=task, note="mailbox")["attempts"], 2)
		row = self.row(name, "Security")
		self.assertEqual((row["open"], row["attempts"], row["last_attempt"][:16]), (True, 2, "2026-03-11 02:01"))
		self.assertIn("mailbox", self.entry(name, "call_unanswered")["text"])

	def test_a_step_that_is_no_call_has_no_answer(self):
		name = self.declare()
		with self.refused("nobody is phoned"):
			self.do("electrician", "no_answer", self.task(name, "arrive_on_site").name)

	def test_others_look_and_do_not_touch(self):
		name = self.declare()
		self.assertFalse([one for one in self.sheet(name, "guard1") if one["may"]])
		with self.assertRaises(frappe.PermissionError):
			self.sheet(name, "court")

	def test_a_residents_words_say_whether_it_is_danger(self):
		name = self.declare()
		for words, danger in (("smoke from the socket", True), ("no smoke, only dark", False)):
			answer = self.post("operator", "record_call", property=self.property, unit=self.units[0], words=words)
			self.assertEqual((answer["incident"], answer["danger"]), (name, danger))
		self.assertIn("danger_reported", self.kinds(name))

	def test_trapped_people_are_on_top_until_they_are_out(self):
		name = self.declare()
		with self.as_user("operator"):
			trapped_reports.report_trapped(name, self.elevators[0], "two people")
		self.assertEqual(["Elevator 1"], [row["label"] for row in self.centre()["trapped"]])
		self.assertEqual("two people", self.centre()["trapped"][0]["words"])
		self.assertEqual([], self.centre()["dangers"], "they stand on record of their own, not twice")
		for step in ("check_elevator", "lock_off_elevator", "release_trapped"):
			self.finish_task(self.task(name, step, subject=self.elevators[0]).name)
		self.assertEqual([], self.centre()["trapped"])
