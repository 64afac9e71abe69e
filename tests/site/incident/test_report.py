"""The incident report: facts from the record, words from people, submitted, then immutable (clauses 6.4 and 8.2.9)."""

from datetime import timedelta

import frappe

from outage_response.flows.incident import incident_report

from .. import world as build
from ..base import SiteTest


class Report(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_tower("Report Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		return world

	def stood_down(self) -> str:
		name = self.declare("I")
		self.clock.move(7)
		late = self.task(name, "arrive_on_site").name
		self.do("electrician", "complete", late)
		self.do(
			"electrician", "complete", self.tasks(name, step_key="check_elevator")[0].name, "trapped", evidence="two"
		)
		self.do("operator", "skip", self.task(name, "call_security_reserve").name, "enough guards")
		self.clock.move(30)
		self.do(
			"operator",
			"complete",
			self.task(name, "call_engineering").name,
			evidence="told them",
			occurred_at=str(self.now + timedelta(minutes=1)),
		)
		self.finish_steps(name)
		self.do("operator", "supply_back", name)
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		return name

	def filed(self) -> tuple[str, dict]:
		name = self.stood_down()
		self.do("engineer", "file_report", name, "The supplier's cable", "Waited, released two people", "A second feed")
		return name, frappe.parse_json(self.field("Outage Report", {"incident": name}, "facts"))

	def test_the_facts_come_from_the_record(self):
		name, facts = self.filed()
		self.assertEqual((facts["incident"], facts["level"], facts["property"]), (name, "I", self.property))
		rows = self.tasks(name)
		self.assertEqual(facts["tasks"], len(rows))
		self.assertEqual(facts["done"], sum(row.status == "Done" for row in rows))
		self.assertEqual(facts["skipped"], 3)
		self.assertEqual(
			sorted(step["reason"] for step in facts["skipped_steps"]),
			[*["Never manned before the stand-down"] * 2, "enough guards"],
		)
		self.assertEqual(facts["customer_minutes"], 37 * len(self.units))
		self.assertEqual(facts["times"]["reported_at"], str(self.now))
		self.assertTrue(any("distribution room" in step for step in facts["overdue_steps"]), facts["overdue_steps"])
		self.assertTrue(any("Phone the distribution-room" in step for step in facts["back_entered_steps"]))
		self.assertEqual(len(facts["trapped"]), 1)
		self.assertEqual(facts["trapped"][0]["elevator"], "Elevator 1")
		self.assertEqual(len(facts["steps"]), len(rows))
		done = next(step for step in facts["steps"] if step["step"] == "arrive_on_site")
		self.assertEqual((done["by"], done["at"]), (build.user("electrician"), str(self.now + timedelta(minutes=7))))
		self.assertTrue(facts["timeline"])

	def test_the_words_are_as_typed_and_the_step_is_done_with_it(self):
		name, _facts = self.filed()
		doc = frappe.get_doc("Outage Report", {"incident": name})
		self.assertEqual((doc.docstatus, doc.cause, doc.follow_ups), (1, "The supplier's cable", "A second feed"))
		self.assertEqual(self.task(name, "write_report").status, "Done")
		self.assertIn("report_filed", self.kinds(name))

	def test_it_is_filed_once_with_cause_and_actions(self):
		name = self.stood_down()
		for cause, actions, field in (("", "done", "Cause"), ("grid", " ", "Actions Taken")):
			with self.refused(field):
				self.do("engineer", "file_report", name, cause, actions)
		self.do("engineer", "file_report", name, "grid", "waited")
		with self.refused("already filed"):
			self.do("engineer", "file_report", name, "grid", "waited")

	def test_a_filed_report_is_neither_changed_nor_cancelled_nor_amended_nor_deleted(self):
		name, _facts = self.filed()
		report_name = self.field("Outage Report", {"incident": name}, "name")

		def change(field, value):
			doc = frappe.get_doc("Outage Report", report_name)
			doc.set(field, value)
			doc.save(ignore_permissions=True)

		refusals = (frappe.PermissionError, frappe.ValidationError)
		for action in (
			lambda: change("cause", "something else"),
			lambda: change("facts", "{}"),
			lambda: change("docstatus", 0),
			lambda: frappe.get_doc("Outage Report", report_name).cancel(),
			lambda: frappe.get_doc("Outage Report", report_name).db_set("cause", "x"),
			lambda: frappe.get_doc("Outage Report", report_name).db_set("docstatus", 0),
			lambda: frappe.copy_doc(frappe.get_doc("Outage Report", report_name)).insert(ignore_permissions=True),
			lambda: frappe.delete_doc("Outage Report", report_name, force=True, ignore_permissions=True),
			lambda: frappe.rename_doc("Outage Report", report_name, "other", force=True),
		):
			with self.refused(error=refusals), self.request():
				action()

	def test_the_figures_of_an_incident_that_runs(self):
		name = self.declare("I")
		self.clock.move(20)
		figures = incident_report.figures(name)
		self.assertEqual(figures["open"], figures["tasks"])
		self.assertGreater(figures["overdue"], 3)
		self.assertEqual(self.post("operator", "get_figures", incident=name), figures)
