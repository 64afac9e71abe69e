"""A tower at night with people in its elevators."""

import frappe

from .. import world as build
from ..base import SiteTest

RESCUE = ("comfort_trapped", "lock_off_elevator", "release_trapped", "call_rescue_service")
CHECKS = ["main_switch_locked_off", "two_people_if_wound_by_hand", "landing_doors_closed_and_locked"]


class Entrapments(SiteTest):
	"""A tower with two elevators; both engineers hold the certificate."""

	@classmethod
	def build_world(cls) -> dict:
		found = build.make_tower()
		build.make_roster(found["property"], cls.now)
		frappe.db.set_value("Property Asset", found["elevators"][0], "plate_no", "A-0417")
		return found

	def setUp(self):
		super().setUp()
		self.first, self.second = self.elevators

	def open_parts(self, name: str, elevator: str) -> list[str]:
		rows = self.tasks(name, subject=elevator, step_key=("in", RESCUE), status=("in", ("Open", "Acknowledged")))
		return sorted(row.step_key for row in rows)

	def part(self, name: str, step_key: str, elevator: str):
		return self.task(name, step_key, subject=elevator, status=("in", ("Open", "Acknowledged", "In Progress")))

	def free(self, name: str, elevator: str, people: int, who: str = "electrician", outcome: str = "released") -> dict:
		self.do(who, "complete", self.part(name, "lock_off_elevator", elevator).name)
		return self.do(
			who,
			"complete",
			self.part(name, "release_trapped", elevator).name,
			outcome,
			CHECKS,
			evidence="wound down",
			people=people,
		)
