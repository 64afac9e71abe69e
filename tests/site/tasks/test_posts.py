"""A guard leaves a post on command, when relieved, or for danger (invariant 4)."""

import json

import frappe

from .. import world as build
from ..small_worlds import TowerTest


class GuardsLeaveOnCommand(TowerTest):
	"""Invariant 4: a guard leaves on command, when relieved, or for danger; a held task is not completed otherwise."""

	def manned(self) -> tuple[str, object]:
		name = self.declare()
		post = self.task(name, "guard_area")
		self.do("guard1", "arrive", post.name)
		return name, self.task(name, "guard_area")

	def test_a_held_post_is_not_completed_by_anybody(self):
		_name, post = self.manned()
		self.assertEqual(post.status, "On Post")
		for who in ("guard1", "guard2", "Administrator"):
			with self.refused():
				self.do(who, "complete", post.name)
		with self.refused("General Manager"):
			self.do("guard1", "skip", post.name, "cold")

	def test_an_unmanned_post_is_not_completed_either(self):
		name = self.declare()
		with self.refused("held post"):
			self.do("guard1", "complete", self.task(name, "guard_area").name)

	def test_on_post_stops_the_clock(self):
		name = self.declare()
		post = self.task(name, "guard_area")
		self.clock.move(4)
		self.do("guard1", "arrive", post.name)
		self.clock.move(300)
		from outage_response.flows.incident import incident_report

		self.assertNotIn("guard_area", _late_steps(incident_report, name))

	def test_relief_passes_the_post_on_and_the_first_may_leave(self):
		name, post = self.manned()
		self.do("guard1", "relieve", post.name, build.user("guard2"))
		after = self.task(name, "guard_area")
		self.assertEqual((after.status, json.loads(after._assign)), ("On Post", [build.user("guard2")]))
		self.assertEqual(after.started_by, build.user("guard2"))
		self.assertIn("task_relieved", self.kinds(name))

	def test_leaving_for_danger_is_always_allowed_and_alarms(self):
		name, post = self.manned()
		before = frappe.db.count("Notification Log", {"for_user": build.user("operator")})
		self.do("guard1", "withdraw", post.name, "smoke")
		self.assertEqual(self.task(name, "guard_area").status, "Open")
		self.assertIn("smoke", self.entry(name, "task_withdrawn")["text"])
		self.assertEqual(frappe.db.count("Notification Log", {"for_user": build.user("operator")}), before + 1)

	def test_a_guard_who_never_touched_anything_may_leave_too(self):
		name = self.declare()
		self.do("guard2", "withdraw", self.task(name, "staff_post").name, "crowd")
		self.assertIn("task_withdrawn", self.kinds(name))

	def test_stand_down_of_an_area_releases_that_post_only(self):
		name, post = self.manned()
		other = self.task(name, "staff_post")
		self.do("guard2", "arrive", other.name)
		self.do("operator", "confirm", name, "Equipment Fault")
		with self.refused("Areas"):
			self.do("operator", "stand_down", name, areas=["Nowhere"])
		self.do("operator", "stand_down", name, areas=[post.subject])
		self.assertEqual(self.task(name, "guard_area").status, "Done")
		self.assertEqual(self.task(name, "staff_post").status, "On Post")
		self.assertEqual(self.field("Outage Incident", name, "status"), "Active")
		self.assertIn("post_released", self.kinds(name))

	def test_stand_down_releases_every_post(self):
		name, _post = self.manned()
		self.do("operator", "supply_back", name)
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		held = {row.step_key: row.status for row in self.tasks(name) if row.held_until}
		self.assertEqual(held, {"guard_area": "Done", "staff_post": "Skipped"})
		self.assertEqual(self.field("Outage Incident", name, "status"), "Stood Down")


def _late_steps(report, name: str) -> set[str]:
	return {row.step_key for row in report._tasks(name) if report.is_late(row)}
