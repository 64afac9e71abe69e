"""Clocks that are wrong: put back, ahead, slow. Nobody is refused for a time that they did not give."""

from datetime import timedelta

import frappe

from . import world as build
from .base import SiteTest

PUT_BACK = "clock_put_back"


class ClocksTest(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_tower("Clock Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		build.make_roster(world["property"], cls.now - timedelta(hours=2))
		return world

	def moments(self, incident: str) -> list:
		rows = frappe.get_all(
			"Timeline Entry", {"incident": incident}, ["occurred_at"], order_by="creation asc, name asc"
		)
		return [row.occurred_at for row in rows]


class PutBack(ClocksTest):
	"""The server had booted with a wrong clock, or summer time ends: it is two hours earlier than it was."""

	def test_a_whole_outage_goes_on(self):
		incident = self.declare()
		reported = self.clock.now
		self.clock.move(5)
		self.do("engineer", "acknowledge", self.task(incident, "arrive_on_site").name)
		last = self.clock.now
		self.clock.move(-120)
		post = self.task(incident, "guard_area")
		self.do("guard1", "arrive", post.name)
		self.do("guard1", "withdraw", post.name, "smoke")
		self.do("operator", "report_trapped", incident, self.elevators[0])
		self.do("engineer", "confirm", incident, "Equipment Fault")
		self.do("operator", "extend_scope", incident, [self.feeder])
		self.do("operator", "set_etr", incident, self.clock.now + timedelta(hours=5))
		self.finish_steps(incident, gate="energise")
		answer = self.do("engineer", "supply_back", incident)
		self.assertIn(PUT_BACK, self.kinds(incident))
		self.assertTrue([text for text in answer["warnings"] if "put back" in text])
		# when somebody was rung is what the clock says, whatever happened
		early = {"incident": incident, "occurred_at": ("<", reported), "kind": ("!=", "rung_on")}
		self.assertEqual(frappe.get_all("Timeline Entry", early, pluck="kind"), [])
		self.assertMoment(self.field("Outage Incident", incident, "restored_at"), last)
		self.assertGreaterEqual(self.field("Outage Incident", incident, "customer_minutes"), 0)
		self.finish_steps(incident)
		self.do("operator", "stand_down", incident)

	def test_every_verb_of_a_task_and_of_the_outage(self):
		incident = self.declare()
		self.clock.move(-120)
		rows = {row.step_key: row.name for row in self.tasks(incident, status="Open")}
		task = rows["arrive_on_site"]
		self.do("electrician", "acknowledge", task)
		self.do("electrician", "arrive", task)
		self.do("electrician", "complete", task, evidence="at the room")
		self.do("engineer", "reclassify", incident, "I", "the grid is out")
		self.do("operator", "record_call", self.property, unit=self.units[0], words="still dark")
		self.do("operator", "supply_back", incident, nodes=[self.room])

	def test_it_is_not_said_when_it_is_right_again(self):
		incident = self.declare()
		self.clock.move(-120)
		self.do("engineer", "confirm", incident, "Equipment Fault")
		said = self.kinds(incident).count(PUT_BACK)
		self.clock.move(125)
		self.do("electrician", "acknowledge", self.task(incident, "arrive_on_site").name)
		self.assertEqual(self.kinds(incident).count(PUT_BACK), said)
		self.assertMoment(self.moments(incident)[-1], self.clock.now)

	def test_what_is_new_rings_by_the_clock_as_it_is_now(self):
		incident = self.declare()
		self.clock.move(-120)
		self.do("operator", "report_trapped", incident, self.elevators[0])
		release = self.task(incident, "comfort_trapped")
		self.assertLessEqual(release.ring_at, self.clock.now + timedelta(minutes=5))


class Given(ClocksTest):
	def test_a_phones_time_before_the_report_is_held_there_and_flagged(self):
		incident = self.declare()
		reported = self.clock.now
		self.clock.move(10)
		task = self.task(incident, "arrive_on_site").name
		self.do("electrician", "acknowledge", task, occurred_at="phone:1999-01-01 00:00:00")
		self.assertIn("clock_slow", self.kinds(incident))
		self.assertMoment(self.field("Outage Task", task, "acknowledged_at"), reported)

	def test_a_phones_time_hours_ahead_is_now_and_flagged(self):
		incident = self.declare()
		task = self.task(incident, "arrive_on_site").name
		self.do("electrician", "acknowledge", task, occurred_at=f"phone:{self.clock.now + timedelta(hours=7)}")
		self.assertIn("clock_fast", self.kinds(incident))
		self.assertMoment(self.field("Outage Task", task, "acknowledged_at"), self.clock.now)

	def test_a_time_that_a_person_typed_may_be_refused(self):
		incident = self.declare()
		task = self.task(incident, "arrive_on_site").name
		with self.refused("Occurred At", "reported"):
			self.do("electrician", "acknowledge", task, occurred_at=self.clock.now - timedelta(minutes=5))
		with self.refused("Occurred At", "future"):
			self.do("electrician", "acknowledge", task, occurred_at=self.clock.now + timedelta(hours=7))
		with self.refused("Occurred At", "not a time"):
			self.do("electrician", "acknowledge", task, occurred_at="phone:soon")
