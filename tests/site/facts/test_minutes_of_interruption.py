""" "Still out" opens a nested incident; a customer's minute is counted once (invariant 8)."""

from datetime import timedelta

import frappe

from ..small_worlds import CommunityTest


class MinutesCountOnce(CommunityTest):
	"""Invariant 8: "still out" opens a nested incident; a customer's minute is counted once."""

	def setUp(self):
		super().setUp()
		self.first = self.declare(nodes=self.panels)
		self.clock.move(60)
		self.first_minutes = self.do("operator", "supply_back", self.first)["customer_minutes"]
		self.clock.move(30)

	def nest(self, contact_index: int) -> str:
		row = self.callbacks(self.first, contact=self.contacts[contact_index])[0]
		return self.do("service", "log_attempt", row.name, "Still Out", note="dark in here")["nested_incident"]

	def test_still_out_opens_an_incident_under_the_first(self):
		nested = self.nest(1)
		doc = frappe.get_doc("Outage Incident", nested)
		self.assertEqual((doc.parent_incident, doc.level, doc.status), (self.first, "II", "Reported"))
		self.assertEqual([(row.power_node, row.unit) for row in doc.affected_nodes], [(self.panels[0], self.units[1])])
		self.assertEqual(doc.affected_units, 1)
		self.assertTrue(self.tasks(nested))
		self.assertIn("still_out", self.kinds(self.first))
		self.assertIn("nested_opened", self.kinds(nested))

	def test_the_nested_incident_counts_from_where_the_first_stopped(self):
		self.assertEqual(self.first_minutes, 60 * 4)
		nested = self.nest(1)
		self.clock.move(15)
		self.assertEqual(self.do("operator", "supply_back", nested)["customer_minutes"], 30 + 15)

	def test_a_second_household_on_the_node_joins_the_nested_incident(self):
		nested = self.nest(1)
		self.assertEqual(self.nest(0), nested)
		doc = frappe.get_doc("Outage Incident", nested)
		self.assertIn(self.units[0], [row.unit for row in doc.affected_nodes])

	def test_overlapping_incidents_share_no_minute(self):
		self.clock.move(600)
		start = self.clock.now
		one = self.declare(nodes=[self.panels[0]])
		self.clock.move(10)
		everything = self.declare(nodes=[self.room], all_the_same=True)
		self.clock.move(20)
		first = self.do("operator", "supply_back", one)["customer_minutes"]
		self.clock.move(30)
		second = self.do("operator", "supply_back", everything)["customer_minutes"]
		self.assertMoment(self.field("Outage Incident", one, "reported_at"), start)
		self.assertEqual(first, 2 * 30)
		# panel 1: dark 60 minutes in all, 30 of them counted already; panel 2: 50 minutes
		self.assertEqual(first + second, 2 * 60 + 2 * 50)

	def test_a_late_entry_takes_no_minute_from_what_is_counted(self):
		"""An older outage of the whole property is entered when a panel's is over: the panel's minutes are its own."""
		self.clock.move(600)
		panel = self.declare(nodes=[self.panels[0]])
		self.clock.move(30)
		counted = self.do("operator", "supply_back", panel)["customer_minutes"]
		self.assertEqual(counted, 2 * 30)
		earlier, now = self.clock.now - timedelta(minutes=60), self.clock.now
		whole = self.declare(nodes=[{"power_node": self.room, "out_since": str(earlier)}], occurred_at=str(earlier))
		self.assertEqual(self.do("operator", "supply_back", whole)["customer_minutes"], 4 * 60 - counted)
		past = frappe.get_doc(
			{
				"doctype": "Outage Incident",
				"property": self.property,
				"level": "I",
				"reported_at": str(earlier - timedelta(minutes=30)),
				"restored_at": str(now),
				"closed_at": str(now),
				"affected_nodes": [{"power_node": self.room}],
			}
		).insert(ignore_permissions=True)
		self.assertEqual(past.customer_minutes, 4 * 30)
