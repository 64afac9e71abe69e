"""Clocks that are wrong: put back, ahead, slow. Nobody is refused for a time that they did not give."""

import os
import time
from datetime import datetime, timedelta
from unittest.mock import patch

import frappe

from outage_response.flows.facts import people_in_elevators, site_time
from outage_response.flows.incident import clock_put_back

from .. import base
from .. import world as build
from ..base import SiteTest

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

	def test_what_was_to_be_done_in_ten_minutes_is_to_be_done_in_ten_minutes(self):
		incident = self.declare()
		self.do("operator", "report_trapped", incident, self.elevators[0], people=1)
		record = self.entrapment(incident, self.elevators[0]).name
		self.clock.move(10)
		call = self.task(incident, "arrive_on_site").name
		self.do("electrician", "acknowledge", call)
		site_time.look()
		before = {row.name: (row.due_at, row.ring_at) for row in self.tasks(incident)}
		self.clock.move(-120)
		for name, *back in site_time.look():
			clock_put_back.follow(name, *back)
		self.assertEqual(site_time.look(), [])
		for row in self.tasks(incident):
			due, ring = before[row.name]
			self.assertEqual(row.due_at, due and due - timedelta(hours=2), row.step_key)
			self.assertEqual(row.ring_at, ring and ring - timedelta(hours=2), row.step_key)
		self.assertIn("clock_followed", self.kinds(incident))
		self.assertMoment(self.field("Outage Task", call, "counts_from"), self.clock.now)
		self.clock.move(10)
		inside = people_in_elevators.as_rule(frappe.get_doc("Elevator Entrapment", record))
		self.assertEqual(inside.minutes(self.clock.now), 20)
		self.do("engineer", "confirm", incident, "Equipment Fault")
		self.assertLessEqual(
			self.task(incident, "organise_repair").due_at, self.clock.now + timedelta(hours=1), "due two hours late"
		)
		self.do("engineer", "supply_back", incident)
		self.assertEqual(self.field("Outage Incident", incident, "customer_minutes"), 20 * len(self.units))

	def test_minutes_stay_when_the_file_is_closed_by_a_clock_that_was_put_back(self):
		incident = self.declare()
		self.clock.move(130)
		self.do("engineer", "confirm", incident, "Equipment Fault")
		self.do("engineer", "supply_back", incident)
		counted = self.field("Outage Incident", incident, "customer_minutes")
		self.assertEqual(counted, 130 * len(self.units))
		self.clock.move(-120)
		self.finish_steps(incident)
		self.do("operator", "stand_down", incident)
		self.do("engineer", "file_report", incident, cause="a cable", actions="mended")
		self.do("manager", "close", incident, "seen by myself")
		self.assertEqual(self.field("Outage Incident", incident, "customer_minutes"), counted)

	def test_minutes_of_what_came_back_before_the_clock_was_put_back_are_not_cut_short(self):
		incident = self.declare()
		self.clock.move(120)
		self.do("engineer", "supply_back", incident, nodes=[self.switches[0]])
		counted = self.field("Outage Incident", incident, "customer_minutes")
		self.clock.move(-119)
		self.do("engineer", "supply_back", incident)
		self.assertGreaterEqual(self.field("Outage Incident", incident, "customer_minutes"), counted // len(self.units))


class SummerTime(ClocksTest):
	"""Minutes are counted from moments: what the clock shows twice, or not at all, makes them neither more nor fewer."""

	def setUp(self):
		super().setUp()
		for module in (base, site_time):
			zone = patch.object(module, "get_system_timezone", lambda: "Europe/Berlin")
			zone.start()
			self.addCleanup(zone.stop)

	def dark(self, since: str, until: str, *, fold: int = 0) -> tuple[int, int]:
		"""Minutes of one unit, and of people in an elevator, from one time of the clock to another."""
		self.clock.now, self.clock.fold = datetime.fromisoformat(since), 0
		incident = self.declare()
		self.do("operator", "report_trapped", incident, self.elevators[0], people=1)
		record = self.entrapment(incident, self.elevators[0]).name
		self.clock.now, self.clock.fold = datetime.fromisoformat(until), fold
		inside = people_in_elevators.as_rule(frappe.get_doc("Elevator Entrapment", record)).minutes(self.clock.now)
		self.do("engineer", "supply_back", incident)
		self.do("engineer", "report_empty", entrapment=record, outcome="nobody_inside", who="Li", how="door_open")
		self.do("operator", "read_back_empty", entrapment=record)
		doc = frappe.get_doc("Elevator Entrapment", record)
		self.assertEqual(site_time.minutes_between(doc, "since", "ended_at"), inside)
		return self.field("Outage Incident", incident, "customer_minutes") / len(self.units), inside

	def test_over_its_end_and_its_beginning(self):
		for since, until, fold, minutes in (
			("2026-10-25 01:30", "2026-10-25 03:30", 0, 180),  # three hours in two of the clock
			("2026-10-25 02:50", "2026-10-25 02:10", 1, 20),  # the clock shows an earlier time
			("2026-10-25 02:10", "2026-10-25 02:20", 1, 70),
			("2026-03-29 01:50", "2026-03-29 03:10", 0, 20),
			("2026-12-31 23:50", "2027-01-01 00:10", 0, 20),
		):
			with self.subTest(since=since, until=until):
				frappe.db.savepoint("one_night")
				self.assertEqual(self.dark(since, until, fold=fold), (minutes, minutes))
				frappe.db.rollback(save_point="one_night")
				base.forget_documents()


class ServersZone(ClocksTest):
	def test_the_zone_of_the_server_is_nobody_s(self):
		"""Minutes and times are the site's, wherever the server thinks that it stands."""
		at = self.clock.now - timedelta(hours=1)
		here = site_time.instant(at)
		before = os.environ.get("TZ")
		self.addCleanup(time.tzset)
		self.addCleanup(lambda: os.environ.pop("TZ") if before is None else os.environ.update(TZ=before))
		os.environ["TZ"] = "America/St_Johns"
		time.tzset()
		self.assertEqual(site_time.instant(at), here)
		self.clock.stop()
		apart = frappe.utils.now_datetime() - site_time.as_the_clock_shows({"since_utc": site_time.utc_now()}, "since")
		self.clock.start()
		self.assertLess(abs(apart), timedelta(seconds=5))


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
