"""One callback per contact and incident, after the last of their nodes (invariant 7)."""

from collections import Counter

import frappe
from frappe.utils import get_datetime

from outage_response.flows.verb.refusals import GateClosedError

from ..small_worlds import CommunityTest


class CalledBackOnce(CommunityTest):
	"""Invariant 7: one contact is called back once per incident, when the last of their affected nodes is back."""

	def test_a_contact_with_two_units_waits_for_the_last_and_is_called_once(self):
		name = self.declare(nodes=self.panels)
		self.clock.move(30)
		self.do("operator", "supply_back", name, [self.panels[0]])
		self.assertNotIn(self.landlord, [row.contact for row in self.callbacks(name)])
		self.assertEqual(len(self.callbacks(name)), 1)
		self.clock.move(30)
		self.do("operator", "supply_back", name)
		self.assertEqual(Counter(row.contact for row in self.callbacks(name))[self.landlord], 1)
		mine = self.callbacks(name, contact=self.landlord)[0]
		units = [row.unit for row in frappe.get_doc("Outage Callback", mine.name).units]
		self.assertEqual(sorted(units), sorted([self.units[0], self.units[2]]))
		self.assertEqual(len(self.callbacks(name)), 3)

	def test_the_database_refuses_a_second_callback(self):
		name = self.declare()
		self.do("operator", "supply_back", name)
		row = self.callbacks(name)[0]
		copy = frappe.get_doc("Outage Callback", row.name).as_dict()
		with self.assertRaises(Exception) as caught, self.request():
			doc = frappe.get_doc({**copy, "name": "second", "units": [], "attempts": []})
			doc.set("__islocal", True)
			doc.flags.by_verb = True
			doc.db_insert()
		self.assertIsInstance(caught.exception, (frappe.UniqueValidationError, frappe.DuplicateEntryError))

	def test_every_attempt_is_in_the_crm(self):
		name = self.declare()
		self.do("operator", "supply_back", name)
		row = self.callbacks(name, contact=self.landlord)[0]
		first = self.do("service", "log_attempt", row.name, "No Answer", note="rang long")
		self.clock.move(130)
		second = self.do("service", "log_attempt", row.name, "Reached", satisfaction=4)
		records = frappe.get_all(
			"Communication",
			{"reference_doctype": "Outage Callback", "reference_name": row.name},
			["name", "communication_medium"],
			order_by="creation",
		)
		self.assertEqual({record.name for record in records}, {first["crm_record"], second["crm_record"]})
		self.assertEqual({record.communication_medium for record in records}, {"Phone"})
		for record in records:
			links = frappe.get_all(
				"Communication Link", {"parent": record.name, "link_doctype": "Contact"}, pluck="link_name"
			)
			self.assertEqual(links, [self.landlord])
		attempts = frappe.get_doc("Outage Callback", row.name).attempts
		self.assertEqual([attempt.crm_record for attempt in attempts], [first["crm_record"], second["crm_record"]])

	def test_callbacks_and_report_exist_where_the_plan_asks_for_them(self):
		"""A planned outage has neither step: nobody is called back, no report can be filed, closing asks for neither."""
		name = self.declare("III")
		self.clock.now = get_datetime(self.field("Outage Incident", name, "planned_start"))
		self.finish_steps(name)
		self.do("engineer", "start", name)
		self.finish_steps(name)
		self.do("operator", "permit_energise", name)
		self.clock.move(120)
		self.do("operator", "supply_back", name)
		self.assertFalse(self.callbacks(name))
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		self.finish_steps(name)
		with self.refused("report"):
			self.do("engineer", "file_report", name, "work", "done")
		self.do("operator", "close", name)
		self.assertEqual(self.field("Outage Incident", name, "status"), "Closed")

	def test_close_waits_for_callbacks_and_report(self):
		name = self.declare("I")
		self.do("operator", "confirm", name, "External Grid")
		self.do("operator", "supply_back", name)
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		self.finish_steps(name)
		with self.refused(error=GateClosedError):
			self.do("operator", "close", name)
		for row in self.callbacks(name, status="Pending"):
			self.do("service", "log_attempt", row.name, "Reached")
		self.assertEqual(self.task(name, "call_back_residents").status, "Done")
		with self.refused(error=GateClosedError):
			self.do("operator", "close", name)
		self.do("engineer", "file_report", name, "the grid", "waited")
		self.do("operator", "close", name)
