"""Supply that was back goes again, and people are trapped again: what was cleared and released before does not count."""

from datetime import timedelta

import frappe
from frappe.utils import get_datetime

from outage_response.flows.tasks import recurring_steps, task_set
from outage_response.flows.verb.engine import Act
from outage_response.flows.verb.locking import lock_incident
from outage_response.flows.verb.refusals import GateClosedError

from .. import world as build
from ..base import SiteTest

# what must be done before supply may be switched on
NEEDED = ("check_elevator", "confirm_cause", "isolate_fault", "organise_repair")
CLEARED = ("in", (*NEEDED, "clear_to_energise"))
RESCUE = ("comfort_trapped", "lock_off_elevator", "release_trapped", "call_rescue_service")
ALL_CHECKS = ["people_clear", "earths_removed", "elevator_rescue_finished_or_isolated"]


class SecondLoss(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_tower("Trip Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		return world

	def cleared_and_back(self) -> str:
		"""Both shafts dark and cleared; the first one is back after forty minutes."""
		name = self.declare(nodes=self.shafts)
		self.do("engineer", "confirm", name, "Equipment Fault")
		self.finish_steps(name, step_key=CLEARED)
		self.clock.move(40)
		self.do("operator", "permit_energise", name, [self.shafts[0]])
		self.do("engineer", "supply_back", name, [self.shafts[0]])
		self.finish_steps(name, step_key="check_switches")
		self.clock.move(10)
		return name

	def further(self, name: str) -> set[tuple[str, str]]:
		return {(row.step_key, row.subject_label or "") for row in self.tasks(name, round=2)}

	def test_a_shaft_that_trips_again_is_cleared_again(self):
		name = self.cleared_and_back()
		answer = self.do("engineer", "extend_scope", name, [self.shafts[0]])
		further = self.further(name)
		self.assertEqual(answer["added"], len(further))
		self.assertLessEqual(
			{("clear_to_energise", "Shaft A"), ("check_elevator", "Elevator 1"), ("check_elevator", "Elevator 2")},
			further,
		)
		self.assertNotIn(("clear_to_energise", "Shaft B"), further)
		self.assertNotIn("confirm_cause", {step for step, _where in further})
		with self.refused(error=GateClosedError):
			self.do("operator", "permit_energise", name, [self.shafts[0]])
		act = Act("declare", self.clock.now, self.clock.now, incident=lock_incident(name))
		self.assertEqual(task_set.sync(act).add, [], "twice adds nothing twice")
		self.clock.move(1)
		self.finish_steps(name, step_key=CLEARED)
		self.do("operator", "permit_energise", name, [self.shafts[0]])
		self.do("engineer", "supply_back", name)
		rows = frappe.get_doc("Outage Incident", name).affected_nodes
		self.assertEqual(len(rows), 3)
		self.assertTrue(
			all(row.back_at and row.energise_permitted_at for row in rows if row.power_node != self.shafts[1])
		)
		self.assertEqual(len(self.tasks(name, step_key="check_switches", subject=self.shafts[0])), 2)
		self.assertEqual(self.field("Outage Incident", name, "customer_minutes"), 2 * 40 + 2 * 1 + 2 * 51)

	def test_a_return_without_permission_is_not_held_against_the_next_one(self):
		name = self.declare(nodes=self.shafts)
		self.clock.move(5)
		first = self.do("engineer", "supply_back", name, [self.shafts[0]], "by itself")
		self.assertTrue(any("permission" in text for text in first["warnings"]), first["warnings"])
		self.clock.move(5)
		self.do("engineer", "extend_scope", name, [self.shafts[0]])
		self.do("engineer", "confirm", name, "Equipment Fault")
		self.clock.move(1)
		self.finish_steps(name, step_key=("in", NEEDED))
		self.finish_steps(name, step_key=CLEARED)
		self.do("operator", "permit_energise", name, [self.shafts[0]])
		self.clock.move(1)
		second = self.do("engineer", "supply_back", name, [self.shafts[0]])
		self.assertEqual(second["warnings"], [])

	def test_a_floor_that_went_again_inside_a_dark_area_was_light_in_between(self):
		name = self.declare()
		self.clock.move(30)
		self.do("engineer", "supply_back", name, [self.switches[0]])
		self.clock.move(30)
		self.do("engineer", "extend_scope", name, [self.switches[0]])
		rows = [
			row for row in frappe.get_doc("Outage Incident", name).affected_nodes if row.power_node == self.switches[0]
		]
		self.assertMoment(rows[1].out_since, self.clock.now)
		self.clock.move(10)
		self.do("engineer", "supply_back", name)
		self.assertEqual(self.field("Outage Incident", name, "status"), "Restored")
		self.assertEqual(self.field("Outage Incident", name, "customer_minutes"), 30 + 10 + 3 * 70)

	def test_checks_that_wait_to_be_read_back_are_made_once_more(self):
		"""Back by itself before the read-back, and gone again: what the engineer saw is not so any more."""
		name = self.declare(nodes=self.shafts)
		self.do("engineer", "confirm", name, "Equipment Fault")
		self.finish_steps(name, step_key=("in", NEEDED))
		first, second = (self.task(name, "clear_to_energise", subject=shaft).name for shaft in self.shafts)
		for task in (first, second):
			self.do("engineer", "complete", task, checks=ALL_CHECKS, evidence="told the control room")
		self.clock.move(1)
		self.do("operator", "supply_back", name, [self.shafts[0]], "by itself")
		self.clock.move(5)
		self.do("engineer", "extend_scope", name, [self.shafts[0]])
		self.assertFalse(self.tasks(name, step_key="clear_to_energise", round=2), "the open one serves")
		self.clock.move(2)
		self.finish_steps(name, step_key="check_elevator")
		with self.refused("Checks"):
			self.do("operator", "read_back", first)
		early = str(self.clock.now - timedelta(minutes=3))
		with self.refused("Occurred At"):
			self.do("engineer", "complete", first, checks=ALL_CHECKS, evidence="seen", occurred_at=early)
		self.do("operator", "read_back", second)
		self.finish_steps(name, step_key=CLEARED)
		self.do("operator", "permit_energise", name)

	def test_people_trapped_again_are_released_again(self):
		name = self.declare()
		elevator = self.elevators[0]
		self.assertEqual(self.do("guard1", "report_trapped", name, elevator)["added"], 4)
		self.clock.move(2)
		self.assertEqual(self.do("guard1", "report_trapped", name, elevator)["added"], 0, "they are on their way")
		self.clock.move(10)
		self.finish_steps(name, step_key=("in", RESCUE))
		self.clock.move(5)
		check = self.task(name, "check_elevator", subject=elevator).name
		self.assertEqual(self.field("Outage Task", check, "outcome"), "trapped", "the check ended with the rescue")
		with self.refused():
			self.do("electrician", "complete", check, "trapped", evidence="two people")
		self.clock.move(5)
		self.assertEqual(self.do("guard1", "report_trapped", name, elevator)["added"], 4)
		self.assertEqual(self.further(name), {(step, "Elevator 1") for step in RESCUE})

	def test_who_depends_on_power_is_not_visited_where_it_is_back(self):
		"""Care visits come round while the flat is dark, not while the incident is."""
		for unit, contact in zip(self.units[:3:2], self.contacts[:3:2], strict=True):
			frappe.get_doc({"doctype": "Care Need", "unit": unit, "contact": contact, "what": "oxygen"}).insert()
		name = self.declare(nodes=self.shafts)
		self.finish_steps(name, step_key="check_care_unit")
		self.clock.move(61)
		self.do("engineer", "supply_back", name, [self.shafts[0]])
		recurring_steps.tick(name)
		again = [row.subject for row in self.tasks(name, step_key="check_care_unit", round=2)]
		self.assertEqual(again, [self.units[2]])
		self.clock.move(5)
		self.do("engineer", "extend_scope", name, [self.shafts[0]])
		self.assertEqual(
			{row.subject for row in self.tasks(name, step_key="check_care_unit", round=2)},
			{self.units[0], self.units[2]},
		)

	def test_two_lines_of_one_flat_are_both_back(self):
		name = self.declare(nodes=[{"power_node": self.switches[0], "unit": self.units[0]}])
		doc = frappe.get_doc("Outage Incident", name)
		row = doc.affected_nodes[0]
		doc.append("affected_nodes", {"power_node": row.power_node, "unit": row.unit, "out_since": row.out_since})
		doc.flags.by_verb = True
		doc.save()
		self.clock.move(10)
		self.assertEqual(self.do("engineer", "supply_back", name)["status"], "Restored")
		for row in frappe.get_doc("Outage Incident", name).affected_nodes:
			self.assertMoment(row.back_at, get_datetime(self.clock.now))


class Rescue(SiteTest):
	"""Nobody switches on while people may be in an elevator, however late that is known."""

	@classmethod
	def build_world(cls):
		world = build.make_tower("Rescue Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		return world

	def setUp(self):
		super().setUp()
		self.name = self.declare()
		self.do("engineer", "confirm", self.name, "Equipment Fault")
		self.finish_steps(self.name, step_key=("in", NEEDED))
		self.clear = self.task(self.name, "clear_to_energise").name
		self.do("engineer", "complete", self.clear, checks=ALL_CHECKS, evidence="told the control room")
		self.clock.move(2)

	def trapped(self) -> None:
		self.do("guard1", "report_trapped", self.name, self.elevators[0])

	def test_checks_are_not_read_back_while_people_are_trapped(self):
		self.trapped()
		with self.refused("Checks", error=GateClosedError):
			self.do("operator", "read_back", self.clear)
		self.finish_steps(self.name, step_key=("in", RESCUE))
		self.do("operator", "read_back", self.clear)

	def test_switching_on_is_not_permitted_while_people_are_trapped(self):
		self.do("operator", "read_back", self.clear)
		self.trapped()
		with self.refused("Free the people", error=GateClosedError):
			self.do("operator", "permit_energise", self.name)
		self.assertEqual({row["step"] for row in frappe.local.response["blocking"]}, set(RESCUE))
		answer = self.do("operator", "supply_back", self.name)
		self.assertIn("Free the people", " ".join(answer["warnings"]))
