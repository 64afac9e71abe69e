"""What the Desk's screens read: an incident in one answer, the power tree, and figures without drills."""

from datetime import timedelta
from unittest.mock import patch

import frappe
from frappe.www.printview import get_html_and_style

from outage_response.api import screens
from outage_response.flows.screens import figures, incident_residents, printing
from outage_response.flows.verb import timeline
from outage_response.setup import board

from .. import world as build
from ..base import SiteTest
from ..world import user


class ScreensTest(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_tower("Screen Tower")
		build.make_roster(world["property"], cls.now)
		return world

	def seen(self, who: str, name: str) -> dict:
		with self.as_user(who):
			return screens.get_incident(name)


class Situation(ScreensTest):
	def test_a_reported_outage_at_a_glance(self):
		name = self.declare(etr=self.clock.now + timedelta(hours=2))
		self.clock.move(25)
		seen = self.seen("operator", name)
		about = seen["incident"]
		self.assertEqual(
			(about["status"], about["minutes_out"], about["units_out"], about["affected_units"], about["etr_moves"]),
			("Reported", 25, 8, 8, 0),
		)
		self.assertEqual(seen["leads_on"], "confirm")
		self.assertEqual(seen["gate"]["gate"], "energise")
		self.assertIn("confirm_cause", [row["step"] for row in seen["gate"]["open"]])
		self.assertEqual(len(seen["tasks"]), seen["figures"]["tasks"])

	def test_how_often_the_expected_time_moved(self):
		name = self.declare()
		for hours, moves in ((2, 0), (3, 1), (5, 2)):
			self.do("operator", "set_etr", name, self.clock.now + timedelta(hours=hours))
			self.assertEqual(self.seen("operator", name)["incident"]["etr_moves"], moves)
		other = self.declare(nodes=[self.shafts[0]], etr=self.clock.now + timedelta(hours=1), is_drill=True)
		self.do("operator", "set_etr", other)
		self.assertEqual(self.seen("operator", other)["incident"]["etr_moves"], 1)

	def test_units_still_out_follow_the_nodes(self):
		name = self.declare()
		self.clock.move(30)
		self.do("operator", "supply_back", name, [self.switches[0]])
		seen = self.seen("operator", name)
		self.assertEqual(seen["incident"]["units_out"], 7)
		self.assertNotIn(self.switches[0], [node for node, _path in seen["choices"]["inside"]])
		self.do("operator", "supply_back", name)
		self.assertEqual(self.seen("operator", name)["incident"]["units_out"], 0)

	def test_verbs_are_those_of_the_person(self):
		name = self.declare()
		self.assertIn("permit_energise", self.seen("operator", name)["verbs"])
		self.assertNotIn("permit_energise", self.seen("engineer", name)["verbs"])
		self.assertEqual(self.seen("guard1", name)["verbs"], ["report_trapped", "record_call", "hand_over"])
		of = {
			who: {row["department"] for row in self.seen(who, name)["tasks"] if "complete" in row["verbs"]}
			for who in ("guard1", "engineer")
		}
		self.assertEqual(of["guard1"], {"security"})
		self.assertEqual(of["engineer"], {"engineering"})

	def test_of_a_department_that_is_asleep_the_control_room_is_offered_the_steps(self):
		frappe.db.set_value("Duty Shift", {"property": self.property, "department": "security"}, "is_absent", 1)
		name = self.declare()

		def offered(who: str) -> set[str]:
			rows = self.seen(who, name)["tasks"]
			return {row["department"] for row in rows if "complete" in row["verbs"] or "arrive" in row["verbs"]}

		self.assertIn("security", offered("operator"))
		self.assertNotIn("engineering", offered("operator"))
		self.assertNotIn("security", offered("service"))
		row = next(row for row in self.seen("operator", name)["tasks"] if row["step"] == "guard_area")
		self.do("operator", "arrive", row["name"], user=user("guard1"))

	def test_what_is_offered_is_taken(self):
		"""Every verb without a rule of its own in the way succeeds when the screen offers it."""
		name = self.declare()
		row = next(row for row in self.seen("engineer", name)["tasks"] if "arrive" in row["verbs"])
		self.do("engineer", "arrive", row["name"])
		row = next(one for one in self.seen("engineer", name)["tasks"] if one["name"] == row["name"])
		self.assertEqual(row["status"], "In Progress")
		self.assertNotIn("arrive", row["verbs"])

	def test_keys_are_shown_as_words(self):
		name = self.declare()
		self.do("operator", "confirm", name, "Overload")
		rows = self.seen("engineer", name)["tasks"]
		clear = next(row for row in rows if row["checks"])
		self.assertIn(["earths_removed", "Earths removed"], clear["checks"])
		frappe.local.lang = "zh"
		rows = self.seen("engineer", name)["tasks"]
		clear = next(row for row in rows if row["checks"])
		self.assertIn(["earths_removed", "接地线已拆除"], clear["checks"])

	def test_residents_data_only_for_those_who_may_read_it(self):
		name = self.declare()
		self.do("operator", "record_call", self.property, unit=self.units[0], contact=self.contacts[0], phone="138")
		self.clock.move(30)
		self.do("operator", "supply_back", name)
		self.assertEqual(len(self.seen("service", name)["calls"]), 1)
		self.assertTrue(self.seen("service", name)["callbacks"])
		text = frappe.as_json(self.seen("guard1", name))
		self.assertNotIn(self.contacts[0], text)
		self.assertEqual(self.seen("guard1", name)["callbacks"], [])

	def test_units_floor_by_floor_with_their_times_and_nobodys_name(self):
		name = self.declare()
		self.clock.move(30)
		self.do("operator", "supply_back", name, [self.switches[0]])
		with self.as_user("guard1"):
			answer = screens.get_units(name)
		rows = answer["floors"]
		self.assertEqual((answer["count"], answer["may_open"]), (8, False))
		self.assertEqual([row["floor"] for row in rows], sorted(row["floor"] for row in rows))
		(back,) = [row for row in rows if row["back_at"]]
		self.assertEqual([unit for unit, _no in back["units"]], [self.units[0]])
		self.assertMoment(back["back_at"], self.clock.now)
		self.assertEqual(sum(len(row["units"]) for row in rows), 8)
		text = frappe.as_json(answer)
		self.assertFalse([contact for contact in self.contacts if contact in text])
		with self.as_user("service"):
			self.assertTrue(screens.get_units(name)["may_open"])
			self.assertLessEqual(self.queries(lambda: screens.get_units(name)), 13)

	def test_a_long_queue_of_callbacks_says_how_many_there_are(self):
		name = self.declare()
		self.clock.move(30)
		self.do("operator", "supply_back", name)
		full = self.seen("service", name)
		with patch.object(incident_residents, "SHOWN", 1):
			seen = self.seen("service", name)
		self.assertEqual((len(seen["callbacks"]), seen["callbacks_count"]), (1, len(full["callbacks"])))
		last = full["callbacks"][-1]
		with self.as_user("service"):
			self.assertTrue(screens.get_callback(last["name"])["may_log"])

	def test_what_is_open_says_in_which_part_of_the_property(self):
		name = self.declare()
		rows = self.seen("operator", name)["gate"]["open"]
		areas = {row["step"]: row["area"] for row in rows}
		self.assertEqual(areas["confirm_cause"], "")
		self.do("operator", "supply_back", name)
		rows = self.seen("manager", name)["gate"]["open"]
		self.assertEqual({row["area"] for row in rows if row["step"] == "check_elevator"}, {"Building T"})

	def test_a_notice_is_read_before_it_goes_out(self):
		name = self.declare()
		with self.as_user("service"):
			answer = screens.preview_notice(name, "First Word")
		self.assertFalse(answer["public"])
		self.assertGreater(answer["people"], 0)
		self.assertIn(self.property, answer["texts"][0]["message"] + answer["texts"][0]["subject"])
		self.assertEqual(self.seen("service", name)["notices"], [])
		self.do("service", "send_notice", name, "First Word")
		(notice,) = self.seen("service", name)["notices"]
		self.assertEqual((notice["kind"], notice["subject"]), ("First Word", answer["texts"][0]["subject"]))
		with self.refused("Kind"), self.as_user("service"):
			screens.preview_notice(name, "Restored it")
		self.assertNotIn("Planned", [kind for kind, _word in self.seen("service", name)["choices"]["notice_kinds"]])

	def test_who_may_not_read_the_incident(self):
		name = self.declare()
		for who in ("Guest", "resident"):
			with self.assertRaises(frappe.PermissionError):
				self.seen(who, name)

	def test_it_takes_the_same_number_of_queries_for_more_tasks(self):
		few, many = self.declare(nodes=[self.switches[0]]), self.declare(nodes=[self.shafts[1]])
		counts = []
		for name in (few, many):
			self.seen("operator", name)  # what is cached is cached
			counts.append(self.queries(lambda name=name: self.seen("operator", name)))
		self.assertLessEqual(counts[1], counts[0] + 3)

	def queries(self, run) -> int:
		count = 0
		sql = frappe.local.db.sql

		def counting(*args, **kwargs):
			nonlocal count
			count += 1
			return sql(*args, **kwargs)

		frappe.local.db.sql = counting
		try:
			run()
		finally:
			frappe.local.db.sql = sql
		return count


class Board(ScreensTest):
	def test_it_shows_the_steps_of_outages_that_run(self):
		(filters,) = frappe.parse_json(frappe.db.get_value("Kanban Board", board.NAME, "filters"))
		ended, running = self.declare(nodes=[self.shafts[0]]), self.declare(nodes=[self.shafts[1]])
		for task in frappe.get_all("Outage Task", {"incident": ended, "life_safety": 1}, pluck="name"):
			self.finish_task(task)
		self.do("manager", "cancel", ended, "a fuse")
		with self.as_user("engineer"):
			shown = set(frappe.get_list("Outage Task", filters=[filters], pluck="incident", limit=0))
		self.assertIn(running, shown)
		self.assertNotIn(ended, shown)


class WorkspaceOfOutages(ScreensTest):
	def test_it_leads_to_what_the_manuals_name(self):
		doc = frappe.get_doc("Workspace", "Outage Response")
		leads_to = {row.link_to for row in (*doc.links, *doc.shortcuts)}
		for target in (
			"outage-run-card",
			"Escalation Rule",
			"Outage Notice Template",
			"Paging Channel",
			"Paging Test",
			"Response Times",
			"Roster Gaps",
			"Roster Pattern",
		):
			self.assertIn(target, leads_to)


class Tree(ScreensTest):
	def test_what_hangs_on_each_node(self):
		with self.as_user("operator"):
			(feeder,) = screens.get_power_nodes("Power Node", "All", self.property, is_root=True)
			(room,) = screens.get_power_nodes("Power Node", feeder["value"])
			shafts = screens.get_power_nodes("Power Node", room["value"])
		self.assertEqual((feeder["value"], feeder["units"], feeder["expandable"]), (self.feeder, 8, 1))
		self.assertEqual(room["assets"], 5)  # elevators hang on no node
		self.assertEqual([row["units"] for row in shafts], [4, 4])


class Figures(ScreensTest):
	def test_a_drill_enters_no_figure(self):
		with self.as_user("operator"):
			before = (
				figures.open_life_safety_steps(),
				figures.overdue_steps(),
				figures.by_month(property_name=self.property),
			)
		self.declare(is_drill=True)
		self.clock.move(600)
		with self.as_user("operator"):
			after = (
				figures.open_life_safety_steps(),
				figures.overdue_steps(),
				figures.by_month(property_name=self.property),
			)
		self.assertEqual(before, after)
		self.assertEqual(after[2], [])

	def test_a_month_in_figures(self):
		name = self.declare()
		self.clock.move(60)
		self.do("operator", "supply_back", name)
		with self.as_user("operator"):
			(row,) = figures.by_month(property_name=self.property)
		self.assertEqual(
			(row["month"], row["level_II"], row["level_I"], row["customer_minutes"]), ("2026-03", 1, 0, 480)
		)
		self.assertGreater(row["steps"], 0)
		self.assertTrue(0 <= row["on_time"] <= 100)

	def test_another_property_is_not_counted(self):
		self.declare()
		other = build.make_property("Screen Other")
		build.make_user(build.user("stranger"), "Outage Control Room")
		build.permit(build.user("stranger"), other)
		with self.as_user(build.user("stranger")):
			self.assertEqual(figures.running(), [])
			self.assertEqual(figures.open_life_safety_steps(), 0)


class Prints(ScreensTest):
	def html(self, doctype: str, name: str, print_format: str) -> str:
		return get_html_and_style(doc=doctype, name=name, print_format=print_format)["html"]

	def filed(self) -> str:
		name = self.declare()
		self.do("operator", "confirm", name, "Overload", "a joint burned through")
		self.do("operator", "record_call", self.property, unit=self.units[0], contact=self.contacts[0])
		self.finish_steps(name)
		self.clock.move(45)
		self.do("operator", "supply_back", name)
		self.finish_steps(name)
		self.do("manager", "stand_down", name)
		return self.do("engineer", "file_report", name, "a burned <b>joint", "replaced")["report"]

	def test_the_report_in_both_languages_names_no_resident(self):
		report = self.filed()
		english = self.html("Outage Report", report, "Outage Incident Report")
		self.assertIn("Incident report", english)
		self.assertIn("a burned &lt;b&gt;joint", english)
		self.assertIn("Isolate the faulty section", english)
		self.assertIn(f"<td>{frappe.utils.get_fullname(build.user('engineer'))}</td>", english)
		frappe.local.lang = "zh"
		chinese = self.html("Outage Report", report, "Outage Incident Report")
		self.assertIn("事故报告", chinese)
		self.assertIn("隔离故障区段", chinese)
		self.assertNotIn("Isolate the faulty section", chinese)
		for contact in self.contacts:
			self.assertNotIn(contact, english + chinese)

	def test_callbacks_that_follow_each_other_are_one_line(self):
		def row(minute: int, kind: str, **data) -> dict:
			return {"at": f"2026-03-11 08:{minute:02}:00", "kind": kind, "data": data, "text": "?"}

		def attempt(minute: int, units, outcome: str, reason: str = "Standard") -> dict:
			return row(minute, "callback_attempt", reason=reason, units=units, outcome=outcome)

		rows = [
			attempt(0, "–", "Reached", "Care"),
			attempt(1, ["101"], "Reached"),
			attempt(2, ["102", "103"], "No Answer"),
			attempt(3, ["104"], "Reached"),
			row(4, "report_filed"),
			attempt(5, ["102", "103"], "Reached"),
		]
		report = frappe.new_doc("Outage Report")
		report.update({"level": "I", "facts": frappe.as_json({"timeline": rows})})
		self.assertEqual(
			printing.outage_report_print(report)["timeline"],
			[
				["2026-03-11 08:00", "Callback Care, –: Reached"],
				["2026-03-11 08:01 – 08:03", "Callback Standard, 101, 104: Reached (2)"],
				["2026-03-11 08:02", "Callback Standard, 102, 103: No Answer"],
				["2026-03-11 08:04", "Incident report filed"],
				["2026-03-11 08:05", "Callback Standard, 102, 103: Reached"],
			],
		)

	def test_the_notice_of_planned_work(self):
		name = self.declare("III", reason=None, description="new switchgear")
		html = self.html("Outage Incident", name, "Planned Outage Notice")
		for words in ("Notice of a planned power outage", "2026-03-14 02:00", "new switchgear", self.property):
			self.assertIn(words, html)
		frappe.local.lang = "zh"
		self.assertIn("计划停电通知", self.html("Outage Incident", name, "Planned Outage Notice"))
		frappe.local.lang = "en"
		html = self.html("Outage Incident", self.declare(), "Planned Outage Notice")
		self.assertIn("This outage is not planned", html)


class Words(ScreensTest):
	def test_a_long_list_of_nodes_is_cut_in_a_sentence(self):
		text = timeline.render(
			"declared", {"level": "II", "nodes": [f"Switch {n}" for n in range(30)], "units": 30, "tasks": 9}
		)
		self.assertIn("Switch 7 (+22)", text)
		self.assertNotIn("Switch 8", text)

	def test_outcomes_and_checks_are_words(self):
		self.assertIn(
			"Isolated and handed to contractor",
			timeline.render("task_done", {"title": "x", "outcome": "isolated_and_handed_to_contractor"}),
		)
