"""A gate is refused with what is open and with whom (invariant 3)."""

import frappe
from frappe.utils import get_datetime

from outage_response.flows.verb.refusals import GateClosedError

from .. import world as build
from ..small_worlds import TowerTest

OPEN = ("Open", "Acknowledged", "In Progress", "On Post")


class GatesHold(TowerTest):
	"""Invariant 3: a gate is refused with what is open and with whom; life safety and energising are overridden by nobody."""

	def blocked(self, who, verb, *args, **kwargs) -> list[dict]:
		frappe.local.response.pop("blocking", None)
		with self.refused(error=GateClosedError):
			self.do(who, verb, *args, **kwargs)
		return frappe.local.response["blocking"]

	def restored(self, level="I") -> str:
		name = self.declare(level)
		self.do("operator", "confirm", name, "External Grid")
		self.do("operator", "supply_back", name)
		return name

	def test_the_refusal_lists_what_is_open_and_with_whom(self):
		name = self.declare()
		rows = self.blocked("operator", "permit_energise", name)
		keepers = {row.step_key for row in self.tasks(name, gate="energise", status="Open")}
		self.assertEqual({row["step"] for row in rows}, keepers | {"check_elevator"})
		for row in rows:
			self.assertIn(row["with"], row["text"])
			self.assertIn("Electrician", row["with"])

	def test_nobody_permits_energising_over_an_open_step(self):
		name = self.declare()
		self.do("operator", "confirm", name, "Equipment Fault")
		self.finish_steps(name, keep=lambda row: row.step_key == "clear_to_energise")
		for who in ("operator", "manager", "Administrator"):
			with self.as_user(who):
				frappe.get_doc("User", frappe.session.user)
			if who == "manager":
				with self.refused(error=frappe.PermissionError):
					self.do(who, "permit_energise", name)
			else:
				rows = self.blocked(who, "permit_energise", name)
				self.assertEqual({row["step"] for row in rows}, {"clear_to_energise"})
		self.finish_task(self.task(name, "clear_to_energise").name, "electrician")
		self.do("operator", "permit_energise", name)
		self.assertTrue(frappe.get_doc("Outage Incident", name).affected_nodes[0].energise_permitted_at)

	def test_life_safety_is_overridden_skipped_or_cancelled_by_nobody(self):
		name = self.restored()
		elevator = self.task(name, "check_elevator").name
		for who in ("manager", "Administrator"):
			rows = self.blocked(who, "stand_down", name, override_reason="everybody is tired")
			self.assertIn("check_elevator", {row["step"] for row in rows})
			self.assertTrue(all(row["life_safety"] for row in rows[:2]), "the gravest first")
			with self.refused("life-safety"):
				self.do(who, "skip", elevator, "no time")
		fresh = self.declare(nodes=[self.switches[0]], is_drill=True)
		with self.refused("life-safety", error=GateClosedError):
			self.do("manager", "cancel", fresh, "false alarm")
		with self.refused("Status"):
			self.do("manager", "cancel", name, "false alarm")

	def test_an_elevator_step_ends_by_an_outcome_also_by_handing_it_over(self):
		name = self.declare()
		first, second = self.tasks(name, step_key="check_elevator")
		with self.refused("Outcome"):
			self.do("electrician", "complete", first.name, evidence="looked")
		self.finish_task(first.name, outcome="isolated_and_handed_to_contractor")
		self.finish_task(second.name, outcome="empty")
		self.assertFalse(self.tasks(name, life_safety=1, status=("in", OPEN)))

	def test_other_gates_are_passed_by_the_manager_with_a_reason_on_the_timeline(self):
		name = self.restored()
		self.finish_steps(name, life_safety=1)
		self.assertTrue(self.blocked("operator", "stand_down", name))
		self.assertTrue(self.blocked("operator", "stand_down", name, override_reason="late"))
		self.assertTrue(self.blocked("manager", "stand_down", name))
		self.assertTrue(self.blocked("manager", "stand_down", name, override_reason="  "))
		open_steps = [row.title for row in self.tasks(name, gate="stand_down", status=("in", OPEN))]
		self.do("manager", "stand_down", name, override_reason="the doors are guarded by the police")
		entry = self.entry(name, "gate_overridden")
		self.assertEqual(entry["data"]["reason"], "the doors are guarded by the police")
		self.assertEqual(entry["actor"], build.user("manager"))
		self.assertEqual(entry["data"]["count"], len(open_steps))
		for title in open_steps:
			self.assertIn(title, entry["text"])

	def test_a_gate_step_is_skipped_by_the_manager_only(self):
		name = self.restored()
		row = self.task(name, "check_fire_security")
		with self.refused("General Manager"):
			self.do("guard1", "skip", row.name, "raining")
		self.do("manager", "skip", row.name, "the fire brigade has checked it")
		self.assertEqual(self.field("Outage Task", row.name, "status"), "Skipped")
		energise = self.task(name, "confirm_cause")
		with self.refused("energising"):
			self.do("manager", "skip", energise.name, "no time")

	def test_planned_work_does_not_start_with_an_elevator_unchecked(self):
		name = self.declare("III")
		self.clock.now = get_datetime(self.field("Outage Incident", name, "planned_start"))
		rows = self.blocked("engineer", "start", name)
		self.assertIn("clear_elevators", {row["step"] for row in rows})
		self.assertTrue(self.blocked("Administrator", "start", name, "must go on"))
		self.finish_steps(name, gate="start")
		self.do("engineer", "start", name)
		self.assertEqual(self.field("Outage Incident", name, "status"), "Active")

	def test_supply_that_is_back_is_a_fact_and_never_refused(self):
		name = self.declare()
		self.clock.move(3)
		answer = self.do("operator", "supply_back", name, source="by itself")
		self.assertEqual(answer["status"], "Restored")
		self.assertIn("back_with_open_steps", self.kinds(name))
		self.assertIn("back_without_permission", self.kinds(name))
		self.assertEqual(len(answer["warnings"]), 2)
		self.assertTrue(self.tasks(name, step_key="check_elevator", status="Open"))

	def test_close_asks_for_what_the_plan_asks_for(self):
		name = self.restored()
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		keys = {row["step"] for row in self.blocked("operator", "close", name)}
		self.assertTrue({"write_report", "call_back_residents", "notify_gm_restored"} <= keys, keys)
