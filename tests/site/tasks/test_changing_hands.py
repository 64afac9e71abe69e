"""Steps and posts that change hands, are taken back or ended by a command: who is at them, what still counts, what is said."""

from datetime import timedelta

import frappe
from frappe.utils import get_datetime

from outage_response.domain import lifecycle
from outage_response.flows.paging import sweep

from .. import world as build
from ..base import SiteTest, forget_caches

ALL_CHECKS = ["people_clear", "earths_removed", "elevator_rescue_finished_or_isolated"]


class HandsTest(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_tower("Hands Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		return world

	def status_of(self, task: str) -> str:
		return self.field("Outage Task", task, "status")


class Confirmations(HandsTest):
	"""What one person confirmed is not read back when the step is somebody else's, or was left for danger."""

	def confirm_checks(self, who: str) -> None:
		self.do(who, "complete", self.clear, checks=ALL_CHECKS, evidence="told the control room")

	def given(self) -> set[str]:
		return {row.result or "" for row in frappe.get_doc("Outage Task", self.clear).checks}

	def assert_given_anew(self, who: str) -> None:
		self.assertEqual((self.status_of(self.clear), self.given()), ("Open", {""}))
		self.do(who, "arrive", self.clear)
		with self.refused("Checks"):
			self.do("operator", "read_back", self.clear)
		self.confirm_checks(who)
		self.do("operator", "read_back", self.clear)

	def test_not_after_danger_another_person_or_the_end_of_the_shift(self):
		self.name = self.declare()
		self.do("engineer", "confirm", self.name, "Equipment Fault")
		self.finish_steps(self.name, step_key=("in", ("check_elevator", "organise_repair")))
		self.clear = self.task(self.name, "clear_to_energise").name
		self.confirm_checks("electrician")
		engineer = build.user("engineer")
		frappe.db.savepoint("confirmed")
		for verb, arguments, by, whose in (
			("withdraw", (self.clear, "smoke"), "electrician", "electrician"),
			("reassign", (self.clear, engineer), "operator", "engineer"),
			("hand_over", (self.name, "switch 4 is open", engineer), "electrician", "engineer"),
		):
			with self.subTest(verb):
				self.do(by, verb, *arguments)
				self.assert_given_anew(whose)
			frappe.db.rollback(save_point="confirmed")
			forget_caches()


class GivenAway(HandsTest):
	def test_a_manned_post_is_relieved_instead(self):
		name = self.declare()
		post = self.task(name, "guard_area").name
		self.do("guard1", "arrive", post)
		with self.refused("relieved"):
			self.do("operator", "reassign", post, build.user("guard2"))
		self.do("operator", "relieve", post, build.user("guard2"))

	def test_a_step_under_way_rings_for_the_new_person(self):
		name = self.declare()
		task = self.task(name, "isolate_fault").name
		self.do("electrician", "arrive", task)
		self.do("operator", "reassign", task, build.user("engineer"))
		doc = frappe.get_doc("Outage Task", task)
		self.assertEqual((doc.status, doc.started_by, doc.acknowledged_by), ("Open", None, None))
		self.assertTrue(doc.ring_at)


class LeftForDanger(HandsTest):
	"""Who had to leave is not sent back."""

	def setUp(self):
		super().setUp()
		self.name = self.declare()
		self.post = self.task(self.name, "guard_area").name
		self.do("guard1", "arrive", self.post)

	def given(self) -> list[str]:
		return frappe.parse_json(self.field("Outage Task", self.post, "_assign"))

	def rung(self) -> set[str]:
		"""Who is rung for the post until the ladder has been gone through."""
		for _round in range(6):
			self.clock.move(5)
			sweep.sweep(self.name)
		page, row = frappe.qb.DocType("Outage Page"), frappe.qb.DocType("Outage Page Task")
		query = frappe.qb.from_(row).join(page).on(row.parent == page.name).select(page.user).distinct()
		since = self.now + timedelta(minutes=1)
		return set(query.where(row.task == self.post).where(page.creation >= since).run(pluck=True))

	def test_the_post_is_the_other_guard_s(self):
		self.clock.move(1)
		self.do("guard1", "withdraw", self.post, "smoke")
		self.assertEqual(self.given(), [build.user("guard2")])
		told = {"document_name": self.name, "subject": ("like", "%smoke%")}
		self.assertEqual(
			set(frappe.get_all("Notification Log", told, pluck="for_user")),
			{build.user("guard2"), build.user("operator")},
		)
		self.assertEqual(self.rung(), {build.user("guard2"), build.user("operator")})
		self.do("operator", "reassign", self.post, build.user("guard1"))
		self.assertIn(build.user("guard1"), self.rung())

	def test_with_nobody_else_there_it_is_the_control_room_s(self):
		frappe.db.delete("Duty Shift", {"property": self.property, "user": build.user("guard2")})
		self.clock.move(1)
		self.do("guard1", "withdraw", self.post, "smoke")
		self.assertEqual(self.given(), [build.user("operator")])
		self.assertEqual(self.rung(), {build.user("operator")})
		self.do("operator", "acknowledge", self.post)
		self.do("operator", "reassign", self.post, build.user("guard2"))
		self.assertEqual(self.field("Outage Task", self.post, "assigned_role"), "Outage Security")

	def test_what_permits_switching_on_stays_engineering_s(self):
		step = self.task(self.name, "isolate_fault").name
		frappe.db.delete("Duty Shift", {"property": self.property, "user": build.user("engineer")})
		self.do("electrician", "withdraw", step, "water")
		self.assertEqual(frappe.parse_json(self.field("Outage Task", step, "_assign")), [build.user("engineer")])


class PostsStayManned(HandsTest):
	"""Invariant 4: a guard leaves on command; no change of level takes a post away under somebody."""

	def planned_under_way(self) -> str:
		name = self.declare("III")
		self.clock.now = get_datetime(self.field("Outage Incident", name, "planned_start"))
		build.make_roster(self.property, self.clock.now)
		self.finish_steps(name, gate="start")
		self.do("engineer", "start", name)
		return name

	def test_planned_work_that_goes_wrong_keeps_its_guards(self):
		name = self.planned_under_way()
		posts = [row.name for row in self.tasks(name, held_until="stand_down")]
		self.assertEqual(len(posts), 2)
		for who, post in zip(("guard1", "guard2"), posts, strict=True):
			self.do(who, "arrive", post)
		self.do("operator", "reclassify", name, "II", "a cable burnt")
		self.assertEqual([self.status_of(post) for post in posts], ["On Post", "On Post"])
		self.assertFalse(self.tasks(name, step_key="staff_post"), "that door has its guard")
		self.assertTrue(self.tasks(name, step_key="guard_area", status="Open"))
		self.do("guard2", "withdraw", posts[1], "smoke")
		self.do("operator", "confirm", name, "Equipment Fault")
		self.assertFalse(self.tasks(name, step_key="staff_post"))

	def test_a_post_that_was_released_is_not_asked_for_again_by_another_level(self):
		name = self.declare()
		self.do("engineer", "confirm", name, "Equipment Fault")
		post = self.task(name, "staff_post")
		self.do("operator", "stand_down", name, areas=[post.subject])
		self.assertEqual(self.status_of(post.name), "Skipped")
		self.assertEqual(self.entry(name, "task_skipped")["task"], post.name)
		self.do("operator", "reclassify", name, "I", "the street is dark")
		self.assertEqual(self.status_of(post.name), "Skipped")

	def test_cancelling_releases_the_guards(self):
		name = self.declare()
		post = self.task(name, "guard_area").name
		self.do("guard1", "arrive", post)
		self.finish_steps(name, life_safety=1)
		self.do("operator", "cancel", name, "a breaker of one flat")
		self.assertEqual(self.status_of(post), "Done")
		self.assertIn("post_released", self.kinds(name))


class Ended(HandsTest):
	def test_planned_work_that_has_not_begun_is_cancelled_freely(self):
		name = self.declare("III")
		self.assertTrue(self.tasks(name, life_safety=1, status="Open"))
		with self.refused(error=frappe.PermissionError):
			self.do("guard1", "cancel", name, "put off")
		self.do("operator", "cancel", name, "put off to next week")
		self.assertEqual(self.field("Outage Incident", name, "status"), "Cancelled")
		self.assertFalse(self.tasks(name, status=("in", lifecycle.OPEN)))
		self.assertIn("put off to next week", self.entry(name, "task_cancelled")["text"])

	def test_what_a_change_of_level_takes_away_and_brings_back_is_said(self):
		name = self.declare()
		task = self.task(name, "isolate_fault").name
		self.do("operator", "reclassify", name, "I", "the street is dark")
		self.assertIn(task, self.said_of(name, "task_cancelled"))
		self.do("operator", "reclassify", name, "II", "the neighbours have light")
		self.assertIn(task, self.said_of(name, "task_reopened"))

	def test_what_was_open_at_the_end_is_said(self):
		name = self.declare("I")
		self.do("operator", "supply_back", name)
		self.finish_steps(name, life_safety=1)
		self.do("manager", "stand_down", name, override_reason="the police are here")
		left = self.task(name, "notify_gm_restored").name
		self.do("manager", "close", name, "told in person")
		self.assertEqual(self.status_of(left), "Skipped")
		self.assertIn(left, self.said_of(name, "task_skipped"))

	def said_of(self, name: str, kind: str) -> list[str]:
		return frappe.get_all("Timeline Entry", {"incident": name, "kind": kind}, pluck="task")

	def test_once_supply_is_back_another_level_asks_for_nothing_of_the_dark(self):
		name = self.declare()
		self.clock.move(30)
		self.do("operator", "supply_back", name)
		self.do("operator", "confirm", name, "External Grid", level="I")
		self.assertFalse(self.tasks(name, step_key=("in", ("isolate_incoming", "call_supplier")), status="Open"))


class OneFlatTwoVoices(SiteTest):
	"""Two people of one flat say that it is still dark: one flat, one line, and it comes back."""

	@classmethod
	def build_world(cls):
		world = build.make_community("Voices Community", buildings=1, units_each=2)
		second = build.make_contact("Voices 1-1 second", "13900009999")
		unit = frappe.get_doc("Property Unit", world["units"][0])
		unit.append("residents", {"contact": second})
		unit.save(ignore_permissions=True)
		return {**world, "second": second}

	def test_the_flat_is_listed_once_and_the_incident_ends(self):
		name = self.declare(nodes=self.panels)
		self.do("service", "record_call", self.property, unit=self.units[0], contact=self.second, words="dark")
		self.clock.move(60)
		self.do("operator", "supply_back", name)
		self.clock.move(600)
		nested = {
			self.do("service", "log_attempt", row, "Still Out")["nested_incident"]
			for row in frappe.get_all(
				"Outage Callback", {"incident": name, "contact": ("in", [self.second, self.contacts[0]])}, pluck="name"
			)
		}
		self.assertEqual(len(nested), 1)
		(nested,) = nested
		doc = frappe.get_doc("Outage Incident", nested)
		self.assertEqual(([row.unit for row in doc.affected_nodes], doc.affected_units), ([self.units[0]], 1))
		self.clock.move(10)
		self.assertEqual(self.do("operator", "supply_back", nested)["status"], "Restored")
