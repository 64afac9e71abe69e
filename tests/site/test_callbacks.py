"""Callbacks: order, sample, attempts, calling hours, the record in the CRM (clause 5.3.3, invariant 7)."""

from datetime import timedelta

import frappe
from frappe.utils import get_datetime

from outage_response.flows import callback

from . import world as build
from .base import SiteTest, set_settings


class Callbacks(SiteTest):
	now = build.NIGHT.replace(hour=10)

	@classmethod
	def build_world(cls):
		world = build.make_community("Calling Community", buildings=2, units_each=4)
		build.make_roster(world["property"], cls.now)
		return world

	def restored(self, **kwargs) -> str:
		name = self.declare(nodes=self.panels, **kwargs)
		self.clock.move(20)
		self.do("operator", "supply_back", name)
		return name

	def rows(self, name: str) -> dict:
		return {row.contact: row for row in frappe.get_all("Outage Callback", {"incident": name}, ["*"])}

	def test_the_most_urgent_are_called_first(self):
		"""Trapped or hurt, care, reported, others."""
		with self.as_user("service"):
			from outage_response.flows.care import set_care_need

			set_care_need(self.units[4], self.contacts[4], "oxygen", 60)
		name = self.declare(nodes=self.panels)
		self.do("service", "record_call", self.property, unit=self.units[2], contact=self.contacts[2])
		self.do("service", "record_call", self.property, unit=self.units[6], contact=self.contacts[6], danger=True)
		self.clock.move(20)
		self.do("operator", "supply_back", name)
		rows = self.rows(name)
		self.assertEqual(
			[rows[self.contacts[index]].reason for index in (6, 4, 2, 0)],
			["Life safety", "Care", "Reported", "Standard"],
		)
		with self.as_user("service"):
			queue = [row.contact for row in callback.queue(name)]
		self.assertEqual(queue[:3], [self.contacts[6], self.contacts[4], self.contacts[2]])
		self.assertEqual(len(queue), 8)
		self.assertEqual([row["contact"] for row in self.post("service", "get_callback_queue", incident=name)], queue)

	def test_the_phone_number_is_the_contacts(self):
		name = self.restored()
		self.assertEqual(self.rows(name)[self.contacts[0]].phone, "13900001001")

	def test_a_sample_leaves_standard_ones_out_and_nobody_else(self):
		set_settings(callback_sample_percent=0)
		name = self.declare(nodes=self.panels)
		self.do("service", "record_call", self.property, unit=self.units[2], contact=self.contacts[2])
		self.do("operator", "supply_back", name)
		states = {contact: row.status for contact, row in self.rows(name).items()}
		self.assertEqual(states.pop(self.contacts[2]), "Pending")
		self.assertEqual(set(states.values()), {"Not Required"})

	def test_nobody_is_called_at_night_but_those_in_danger(self):
		self.clock.now = self.now.replace(hour=22)
		name = self.declare(nodes=self.panels)
		self.do("service", "record_call", self.property, unit=self.units[6], contact=self.contacts[6], danger=True)
		self.clock.move(20)
		self.do("operator", "supply_back", name)
		rows = self.rows(name)
		self.assertMoment(rows[self.contacts[6]].next_attempt_at, self.clock.now)
		self.assertMoment(rows[self.contacts[0]].next_attempt_at, self.now.replace(day=self.now.day + 1, hour=8))
		with self.as_user("service"):
			self.assertEqual([row.contact for row in callback.queue(name)], [self.contacts[6]])

	def test_attempts_their_gap_and_their_end(self):
		set_settings(callback_max_attempts=2, callback_retry_minutes=90)
		name = self.restored()
		row = self.rows(name)[self.contacts[0]].name
		first = self.do("service", "log_attempt", row, "No Answer")
		self.assertEqual(first["callback_status"], "No Answer")
		self.assertMoment(get_datetime(first["next_attempt_at"]), self.clock.now + timedelta(minutes=90))
		self.assertNotIn(row, [each["name"] for each in callback.queue(name)])
		self.clock.move(90)
		self.assertIn(row, [each["name"] for each in callback.queue(name)])
		second = self.do("service", "log_attempt", row, "No Answer")
		self.assertEqual((second["callback_status"], second["next_attempt_at"]), ("Exhausted", ""))
		with self.refused("Status"):
			self.do("service", "log_attempt", row, "Reached")

	def test_the_step_is_done_when_every_callback_has_ended(self):
		set_settings(callback_max_attempts=1)
		name = self.restored()
		outcomes = ["Reached", "Refused", "No Answer", "Reached", "Reached", "Reached", "Reached"]
		rows = [row.name for row in self.rows(name).values()]
		for row, outcome in zip(rows, outcomes, strict=False):
			self.do("service", "log_attempt", row, outcome)
			self.assertEqual(self.task(name, "call_back_residents").status, "Open")
		self.do("service", "log_attempt", rows[-1], "Reached", satisfaction=5)
		self.assertEqual(self.task(name, "call_back_residents").status, "Done")

	def test_the_step_is_not_ticked_off_by_hand(self):
		name = self.restored()
		with self.refused("round of callbacks"):
			self.do("service", "complete", self.task(name, "call_back_residents").name)

	def test_the_record_is_on_the_contacts_timeline(self):
		name = self.restored()
		row = self.rows(name)[self.contacts[0]].name
		record = self.do("service", "log_attempt", row, "Reached", note="<b>well</b> & happy")["crm_record"]
		doc = frappe.get_doc("Communication", record)
		self.assertEqual((doc.reference_doctype, doc.reference_name), ("Outage Callback", row))
		self.assertEqual(
			[(link.link_doctype, link.link_name) for link in doc.timeline_links], [("Contact", self.contacts[0])]
		)
		self.assertNotIn("<b>", doc.content)
		self.assertIn(name, doc.subject)

	def test_what_an_attempt_may_not_say(self):
		name = self.restored()
		row = self.rows(name)[self.contacts[0]].name
		for kwargs, word in (
			({"outcome": "Maybe"}, "Outcome"),
			({"outcome": "Reached", "satisfaction": 6}, "Satisfaction"),
			({"outcome": "Reached", "satisfaction": 0}, "Satisfaction"),
			({"outcome": "Reached", "occurred_at": str(self.clock.now + timedelta(hours=1))}, "Occurred At"),
		):
			with self.subTest(**kwargs), self.refused(word):
				self.do("service", "log_attempt", row, **kwargs)
		with self.refused("Callback", error=frappe.DoesNotExistError):
			self.do("service", "log_attempt", "nothing", "Reached")
		with self.refused(error=frappe.PermissionError):
			self.do("guard1", "log_attempt", row, "Reached")
