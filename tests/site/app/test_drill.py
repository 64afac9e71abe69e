"""The drill keeps off sites that are in use, and its clock off people who do not have its secret."""

import os
from datetime import datetime
from unittest.mock import patch

import frappe

from drill import __main__ as drill
from drill import load, people, places
from drill.load import Refused, require_throwaway_site
from drill.scenes import common, tower
from drill.server import Application, minutes_between
from outage_response.flows.facts import plan_steps

from ..base import SiteTest


class DrillSite(SiteTest):
	def refusal(self) -> str:
		with self.assertRaises(Refused) as raised:
			require_throwaway_site()
		text = str(raised.exception)
		self.assertNotIn("\n", text)
		return text

	def test_refuses_a_site_that_does_not_allow_tests(self):
		with patch.dict(frappe.local.conf, {"allow_tests": 0}):
			self.assertIn("does not allow tests", self.refusal())

	def test_refuses_a_site_with_incidents(self):
		with patch.object(frappe.db, "count", return_value=3):
			self.assertIn("has 3 Outage Incidents already", self.refusal())

	def test_refuses_a_site_with_a_property_of_the_same_name(self):
		with patch.object(frappe.db, "count", return_value=0), patch.object(frappe.db, "exists", return_value="it"):
			self.assertIn("has a property Cypress Tower already", self.refusal())

	def test_takes_a_throwaway_site(self):
		with patch.object(frappe.db, "count", return_value=0), patch.object(frappe.db, "exists", return_value=None):
			require_throwaway_site()

	def test_without_bench_and_site_it_ends_with_2(self):
		with patch.dict(os.environ):
			os.environ.pop("OUTAGE_BENCH", None)
			self.assertEqual(drill.main(), 2)


class DrillStory(SiteTest):
	"""What the account tells is what the shipped plans ask for."""

	def checks(self, level: str, step: str) -> list[str]:
		plan = plan_steps.steps_of_plan(frappe.db.get_value("Outage Level", level, "plan"))
		return list(next(one.checks for one in plan if one.key == step))

	def test_the_checks_are_those_of_the_plan(self):
		for level in ("I", "II"):
			self.assertEqual(self.checks(level, "release_trapped"), common.RESCUE_CHECKS)
		self.assertEqual(self.checks("I", "clear_to_reclose"), tower.RECLOSE_CHECKS)

	def test_whoever_frees_people_holds_a_certificate_and_is_of_engineering(self):
		self.assertTrue(people.CERTIFICATES)
		for key in people.CERTIFICATES:
			self.assertEqual(people.BY_KEY[key].role, people.ENGINEERING)

	def test_each_elevator_says_its_number_where_its_key_is_and_how_people_are_freed(self):
		for place in (places.tower(), places.community()):
			cars = [row for row in place.assets if row["asset_type"] == "Elevator"]
			self.assertEqual(len({row["plate_no"] for row in cars}), len(cars))
			self.assertTrue(all(row["key_place"] and row["rescue_instructions"] for row in cars))


class DrillServer(SiteTest):
	def test_nobody_without_the_secret_sets_the_clock(self):
		application = Application.__new__(Application)
		application.secret = "right"
		for given in ({}, {"HTTP_X_DRILL_SECRET": "wrong"}):
			said = []
			application(
				{"PATH_INFO": "/drill/minutes", **given}, lambda status, _headers, said=said: said.append(status)
			)
			self.assertEqual(said, ["403 Forbidden"])

	def test_the_minute_clock_runs_right_before_what_happens_next(self):
		def times(after: str, until: str) -> list[str]:
			day = "2026-03-11 "
			return [
				f"{minute:%H:%M:%S}"
				for minute in minutes_between(datetime.fromisoformat(day + after), datetime.fromisoformat(day + until))
			]

		self.assertEqual(times("02:00:20", "02:00:40"), [])
		self.assertEqual(times("02:00:20", "02:01:00"), ["02:01:00"])
		self.assertEqual(times("02:03:10", "02:11:30"), ["02:05:00", "02:10:00", "02:11:00"])


class DrillPeople(SiteTest):
	def test_an_administrator_comes_first_and_nobody_else_is_one(self):
		"""Frappe makes the first user of a site a System Manager, whoever it is."""
		frappe.db.delete("Has Role", {"role": "System Manager", "parent": ("not in", frappe.STANDARD_USERS)})
		load.administrator()
		operator = people.BY_KEY["operator"]
		load._user(operator, operator.role)
		self.assertEqual({row.role for row in frappe.get_doc("User", operator.user).roles}, {operator.role})
		self.assertIn("System Manager", frappe.get_roles(people.ADMINISTRATOR["user"]))
