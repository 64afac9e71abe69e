"""Nothing reaches residents from a drill, and a drill enters no figure (invariant 6)."""

import frappe

from ..small_worlds import TowerTest


class DrillStaysInside(TowerTest):
	"""Invariant 6: nothing reaches residents from a drill, and a drill never enters a figure."""

	def test_a_drill_calls_nobody_back_and_counts_nothing(self):
		name = self.declare(is_drill=True)
		self.do("operator", "confirm", name, "Equipment Fault")
		self.clock.move(45)
		answer = self.do("operator", "supply_back", name)
		self.assertEqual((answer["callbacks"], answer["customer_minutes"]), (0, 0))
		self.assertFalse(frappe.get_all("Outage Callback", {"incident": name}))
		self.assertFalse(frappe.get_all("Communication", {"reference_doctype": "Outage Callback"}))
		self.assertEqual(self.task(name, "call_back_residents").status, "Done")
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		self.finish_steps(name)
		self.do("engineer", "file_report", name, "exercise", "none")
		self.assertEqual(self.do("operator", "close", name)["customer_minutes"], 0)

	def test_a_drill_takes_no_minute_from_an_outage(self):
		drill = self.declare(is_drill=True)
		self.clock.move(5)
		real = self.declare()
		self.clock.move(60)
		self.do("operator", "supply_back", drill)
		minutes = self.do("operator", "supply_back", real)["customer_minutes"]
		self.assertEqual(minutes, 60 * len(self.units))

	def test_a_drill_says_so_to_the_staff(self):
		name = self.declare(is_drill=True)
		subjects = frappe.get_all("Notification Log", {"document_name": name}, pluck="subject")
		self.assertTrue(subjects)
		self.assertTrue(all(subject.startswith("DRILL") for subject in subjects), subjects)

	def test_still_out_of_a_drill_would_be_a_drill(self):
		self.assertFalse(frappe.get_meta("Outage Incident").get_field("is_drill").read_only)
		name = self.declare(is_drill=True)
		with self.refused(error=frappe.PermissionError):
			doc = frappe.get_doc("Outage Incident", name)
			doc.is_drill = 0
			doc.save()
		self.do("operator", "supply_back", name)
		row = frappe.get_doc(
			{
				"doctype": "Outage Callback",
				"incident": name,
				"property": self.property,
				"contact": self.contacts[0],
				"reason": "Standard",
				"units": [{"unit": self.units[0]}],
			}
		)
		row.flags.by_verb = True
		row.insert(ignore_permissions=True)
		nested = self.do("service", "log_attempt", row.name, "Still Out")["nested_incident"]
		self.assertEqual(self.field("Outage Incident", nested, "is_drill"), 1)
		self.clock.move(30)
		self.assertEqual(self.do("operator", "supply_back", nested)["customer_minutes"], 0)
