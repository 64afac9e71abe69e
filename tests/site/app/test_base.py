"""The tests' own footing: a world is gone after its module, and a test leaves nothing to the next."""

from unittest.mock import patch

import frappe

from outage_response import bulk

from .. import base, live, ringing
from .. import world as build
from ..base import SiteTest, snapshot

SETTINGS = "Outage Response Settings"


class FootingTest(SiteTest):
	built = 0

	@classmethod
	def build_world(cls):
		FootingTest.built += 1
		cls.beside = build.make_property("Footing Beside")
		world = build.make_tower("Footing Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		return world


class Footing(FootingTest):
	"""What a test writes is undone; a flow that commits is caught."""

	def test_a_verb_writes_and_the_next_test_starts_anew(self):
		self.assertFalse(frappe.get_all("Outage Incident", filters={"property": self.property}))
		self.declare()

	def test_a_verb_writes_and_the_next_test_starts_anew_again(self):
		self.test_a_verb_writes_and_the_next_test_starts_anew()

	def test_a_refused_request_leaves_nothing(self):
		before = snapshot()
		with self.assertRaises(frappe.ValidationError):
			self.do("operator", "declare", self.property, ["nowhere"], "II")
		self.assertEqual(before, snapshot())

	def test_a_commit_is_caught(self):
		with self.assertRaises(AssertionError):
			frappe.db.commit()

	def test_what_another_process_remembers_is_not_what_a_test_reads(self):
		asked = {"doctype": SETTINGS, "name": SETTINGS, "fieldname": "callback_sample_percent"}
		other = live.Process()
		self.addCleanup(other.end)
		committed = other.call("Administrator", "frappe.get_cached_value", **asked)["answer"]
		base.set_settings(callback_sample_percent=committed + 1)
		other.call("Administrator", "frappe.get_cached_value", **asked)
		frappe.local.cache.clear()
		self.assertEqual(frappe.get_cached_value(**asked), committed + 1)
		frappe.local.cache.clear()
		self.assertEqual(other.call("Administrator", "frappe.get_cached_value", **asked)["answer"], committed)

	def test_the_clock_stands_still_for_the_app(self):
		name = self.declare()
		self.assertMoment(self.field("Outage Incident", name, "reported_at"), self.now)
		self.clock.move(7)
		self.do("operator", "set_etr", name, self.clock.now.replace(hour=6))
		self.assertMoment(self.entry(name, "etr_set")["occurred_at"], self.clock.now)

	def test_jobs_that_workers_do_not_end_are_told(self):
		with patch.object(live, "waiting_jobs", lambda: ["a job"]), patch.object(live, "get_workers") as workers:
			workers.return_value = ["a worker"]
			with self.assertRaisesRegex(TimeoutError, "a job"):
				live.wait_for_workers(0)
			workers.return_value = []
			live.wait_for_workers(0)  # nobody takes it

	def test_channels_that_a_killed_run_switched_off_ring_again(self):
		channels = frappe.get_all("Paging Channel", pluck="name")
		bulk.update("Paging Channel", channels, {"enabled": 0})
		self.assertEqual(ringing.channels_of_the_site(), ["Bell", "E-mail", "SMS"])
		bulk.update("Paging Channel", ["Bell"], {"enabled": 1})
		self.assertEqual(ringing.channels_of_the_site(), ["Bell"])

	def test_many_rows_are_found_by_their_names(self):
		"""Left to itself the database reads the whole table for so many, and waits for whoever writes any row of it."""
		names = frappe.get_all("Role", pluck="name")
		with patch.object(frappe.db, "sql", wraps=frappe.db.sql) as asked:
			bulk.update("Role", names[1:], {"desk_access": 1})
		query, *values = asked.call_args.args
		plan = frappe.db.sql(f"EXPLAIN {query}", *values, as_dict=True)[0]
		self.assertEqual((plan.type, plan.key), ("range", "PRIMARY"))


class FootingOfAnother(FootingTest):
	"""A class of the same module that builds the same world."""

	def test_it_stands_in_that_world(self):
		self.assertFalse(frappe.get_all("Outage Incident", filters={"property": self.property}))
		self.assertTrue(frappe.db.exists("Managed Property", self.beside))
		self.assertEqual(FootingTest.built, 1 if base.worlds_are_shared else 2)
