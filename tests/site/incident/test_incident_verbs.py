"""Every verb of an incident: its good path, the states it needs, when it happened."""

import json
from datetime import timedelta
from unittest.mock import patch

import frappe
from frappe.utils import get_datetime

from outage_response.domain import lifecycle
from outage_response.flows.facts import plan_steps
from outage_response.flows.verb import timeline
from outage_response.flows.verb.refusals import GateClosedError

from .. import world as build
from ..small_worlds import TowerTest


class Declaring(TowerTest):
	def test_the_answer_and_the_record(self):
		answer = self.do("guard1", "declare", self.property, [self.room], "II", "all dark")
		name = answer["incident"]
		doc = frappe.get_doc("Outage Incident", name)
		self.assertEqual((answer["status"], doc.status, doc.level), ("Reported", "Reported", "II"))
		self.assertEqual((answer["tasks"], doc.affected_units), (len(self.tasks(name)), len(self.units)))
		self.assertEqual((doc.off_hours, doc.guards_on_duty, doc.description), (1, 2, "all dark"))
		entry = self.entry(name, "declared")
		self.assertEqual(entry["actor"], build.user("guard1"))
		self.assertIn("Distribution Room", entry["text"])

	def test_a_part_of_the_tower_brings_only_what_hangs_on_it(self):
		name = self.declare(nodes=[self.switches[0]])
		self.assertEqual(self.field("Outage Incident", name, "affected_units"), 1)
		self.assertFalse(self.tasks(name, step_key="check_backup_power"))
		self.assertEqual(len(self.tasks(name, step_key="check_elevator")), 2, "every elevator of the building")

	def test_open_screens_are_told_which_incident_and_nothing_else(self):
		with patch("frappe.publish_realtime") as told:
			name = self.declare()
		rooms = {call.kwargs["room"] for call in told.call_args_list if call.args[0] == "outage_changed"}
		self.assertEqual(rooms, {f"doc:Outage Incident/{name}", "doctype:Outage Incident"})
		for call in told.call_args_list:
			if call.args[0] == "outage_changed":
				self.assertEqual(call.args[1], {"incident": name})
				self.assertTrue(call.kwargs["after_commit"])

	def test_it_happened_before_it_was_recorded(self):
		self.clock.move(30)
		name = self.declare(occurred_at=str(build.NIGHT))
		entry = self.entry(name, "declared")
		self.assertMoment(entry["occurred_at"], build.NIGHT)
		self.assertMoment(entry["recorded_at"], self.clock.now)
		self.assertMoment(self.field("Outage Incident", name, "reported_at"), build.NIGHT)
		due = self.task(name, "arrive_on_site").due_at
		self.assertMoment(due, self.clock.now + timedelta(minutes=5))

	def test_one_unit_alone(self):
		name = self.declare(nodes=[{"power_node": self.switches[0], "unit": self.units[0]}])
		self.assertEqual(self.field("Outage Incident", name, "affected_units"), 1)

	def test_a_planned_outage_knows_its_steps_beforehand(self):
		name = self.declare("III")
		self.assertEqual(self.status(name), "Scheduled")
		start = get_datetime(self.field("Outage Incident", name, "planned_start"))
		for key, minutes in (("clear_elevators", -10), ("announce_schedule", -2880), ("stop_equipment", -15)):
			self.assertMoment(self.task(name, key).due_at, start + timedelta(minutes=minutes))
		self.assertFalse(self.tasks(name, step_key="inspect_supply"))

	def test_the_supplier_announces_earlier_than_the_property(self):
		name = self.declare(
			"III",
			planned_by="Supplier",
			reason="the switchgear is maintained",
			planned_start=self.now + timedelta(days=30),
			planned_end=self.now + timedelta(days=31),
		)
		start = self.now + timedelta(days=30)
		self.assertMoment(self.task(name, "announce_schedule").due_at, start - timedelta(minutes=11520))

	def test_a_planned_and_a_sudden_outage_may_meet(self):
		self.declare("III")
		self.declare("II")

	def test_through_the_endpoint_with_json(self):
		answer = self.post(
			"operator",
			"declare",
			property=self.property,
			nodes=json.dumps([self.shafts[0]]),
			level="I",
			request_id="d1",
		)
		self.assertEqual(self.status(answer["incident"]), "Reported")
		self.assertEqual(
			self.post("operator", "declare", property=self.property, nodes=[self.shafts[0]], request_id="d1"), answer
		)

	def test_a_past_outage_creates_no_tasks_and_alarms_nobody(self):
		"""Historical import: closed times are given."""
		before = frappe.db.count("Notification Log"), frappe.db.count("ToDo")
		doc = frappe.get_doc(
			{
				"doctype": "Outage Incident",
				"property": self.property,
				"level": "II",
				"affected_nodes": [{"power_node": self.room}],
				"reported_at": self.now - timedelta(days=10),
				"restored_at": self.now - timedelta(days=10) + timedelta(minutes=90),
				"closed_at": self.now - timedelta(days=9),
			}
		)
		with self.as_user("engineer"):
			doc.insert()
		self.assertEqual((doc.status, doc.customer_minutes), ("Closed", 90 * len(self.units)))
		self.assertFalse(self.tasks(doc.name))
		self.assertEqual(before, (frappe.db.count("Notification Log"), frappe.db.count("ToDo")))
		self.assertEqual(self.kinds(doc.name), ["imported"])


class Judging(TowerTest):
	def test_confirm_activates_and_brings_the_steps_of_the_repair(self):
		name = self.declare()
		etr = self.clock.now + timedelta(hours=2)
		answer = self.do("engineer", "confirm", name, "Overload", "too many heaters", etr=str(etr))
		doc = frappe.get_doc("Outage Incident", name)
		self.assertEqual((doc.status, doc.cause_type, doc.cause), ("Active", "Overload", "too many heaters"))
		self.assertMoment(doc.confirmed_at, self.clock.now)
		self.assertEqual(answer["added"], 4)
		self.assertEqual(
			{row.step_key for row in self.tasks(name)}
			& {"organise_repair", "clear_to_energise", "explain_cause", "assist_repair"},
			{"organise_repair", "clear_to_energise", "explain_cause", "assist_repair"},
		)
		self.assertMoment(self.task(name, "clear_to_energise").due_at, etr)

	def test_confirm_may_change_the_level(self):
		"""Taken as II, it turns out to be external."""
		name = self.declare()
		answer = self.do("operator", "confirm", name, "External Grid", "cable of the supplier", level="I")
		self.assertEqual((answer["level"], self.field("Outage Incident", name, "level")), ("I", "I"))
		self.assertTrue(self.tasks(name, step_key="inspect_own_supply", status="Open"))
		self.assertTrue(self.tasks(name, step_key="isolate_fault", status="Cancelled"))
		self.assertIn("reclassified", self.kinds(name))

	def test_confirming_again_keeps_the_first_time(self):
		name = self.declare()
		self.do("operator", "confirm", name, "Unknown")
		first = self.field("Outage Incident", name, "confirmed_at")
		self.clock.move(10)
		self.do("operator", "confirm", name, "Overload")
		self.assertEqual(self.field("Outage Incident", name, "confirmed_at"), first)
		self.assertEqual(self.field("Outage Incident", name, "cause_type"), "Overload")

	def test_reclassify_answers_with_what_changed(self):
		name = self.declare()
		answer = self.do("manager", "reclassify", name, "I", "the street is dark")
		self.assertEqual(answer["level"], "I")
		self.assertEqual(
			answer["added"],
			len(self.tasks(name, step_key=("in", ("isolate_incoming", "call_supplier", "clear_to_reclose")))),
		)
		self.assertIn("the street is dark", self.entry(name, "reclassified")["text"])

	def test_extend_scope_adds_what_is_newly_dark(self):
		name = self.declare(nodes=[self.switches[0]])
		before = {row.name for row in self.tasks(name)}
		answer = self.do("engineer", "extend_scope", name, [self.room])
		self.assertEqual(answer["affected_units"], len(self.units))
		self.assertTrue(self.tasks(name, step_key="check_backup_power"))
		self.assertTrue(before < {row.name for row in self.tasks(name)})
		again = self.do("engineer", "extend_scope", name, [self.room])
		self.assertEqual(again["added"], 0)

	def test_a_node_inside_gets_a_line_of_its_own(self):
		name = self.declare()
		self.clock.move(5)
		self.do("engineer", "extend_scope", name, [self.shafts[0]])
		rows = frappe.get_doc("Outage Incident", name).affected_nodes
		self.assertEqual([row.power_node for row in rows], [self.room, self.shafts[0]])
		self.assertMoment(rows[1].out_since, build.NIGHT)
		self.assertEqual(self.field("Outage Incident", name, "affected_units"), len(self.units))

	def test_set_etr_moves_what_is_due_at_it_and_may_be_taken_back(self):
		name = self.declare()
		self.do("engineer", "confirm", name, "Overload")
		etr = self.clock.now + timedelta(hours=1)
		self.do("service", "set_etr", name, str(etr))
		self.assertMoment(self.task(name, "clear_to_energise").due_at, etr)
		self.clock.move(1)
		self.do("service", "set_etr", name)
		self.assertIsNone(self.task(name, "clear_to_energise").due_at)
		kinds = self.kinds(name)
		self.assertLess(kinds.index("etr_set"), kinds.index("etr_cleared"))


class Switching(TowerTest):
	def test_planned_work_from_start_to_end(self):
		name = self.planned()
		with self.refused("Status"):
			self.do("operator", "supply_back", name)
		self.finish_steps(name)
		self.do("engineer", "start", name)
		doc = frappe.get_doc("Outage Incident", name)
		self.assertEqual(doc.status, "Active")
		self.assertMoment(doc.affected_nodes[0].out_since, self.clock.now)
		self.finish_steps(name)
		self.clock.move(240)
		self.do("operator", "permit_energise", name)
		answer = self.do("engineer", "supply_back", name)
		self.assertEqual((answer["status"], answer["warnings"]), ("Restored", []))
		self.assertEqual(answer["customer_minutes"], 240 * len(self.units))
		self.assertTrue(self.tasks(name, step_key="inspect_supply"))

	def test_work_is_not_finished_before_it_has_begun(self):
		"""What permission to energise waits for is seen when the work is over, and not written down beforehand."""
		name = self.planned()
		self.finish_steps(name, gate="start")
		(step,) = self.tasks(name, gate="energise")
		checks = {"checks": list(plan_steps.step_of(step).checks), "evidence": "all out"}
		with self.refused("Status"):
			self.do("engineer", "complete", step.name, **checks)
		before = self.clock.now
		self.clock.move(5)
		self.do("engineer", "start", name)
		with self.refused("Occurred At"):
			self.do("engineer", "complete", step.name, **checks, occurred_at=str(before))
		with self.refused(error=GateClosedError):
			self.do("operator", "permit_energise", name)

	def test_planned_work_that_went_wrong_is_called_back(self):
		name = self.planned()
		self.finish_steps(name, gate="start")
		self.do("engineer", "start", name)
		self.clock.move(30)
		self.do("engineer", "supply_back", name)
		self.assertFalse(frappe.db.count("Outage Callback", {"incident": name}))
		self.do("manager", "reclassify", name, "II", "a cable burned")
		self.assertEqual(frappe.db.count("Outage Callback", {"incident": name}), len(self.units))

	def test_partial_restoration_node_by_node(self):
		name = self.declare()
		self.clock.move(30)
		first = self.do("engineer", "supply_back", name, [self.shafts[0]], "night shift")
		self.assertEqual((first["status"], first["still_out"]), ("Reported", [self.room]))
		self.assertEqual(first["callbacks"], 2)
		self.assertEqual(first["customer_minutes"], 30 * 4)
		self.assertEqual(len(self.tasks(name, step_key="check_switches")), 1)
		self.clock.move(30)
		with self.refused("Nodes"):
			self.do("engineer", "supply_back", name, [self.shafts[0]])
		second = self.do("engineer", "supply_back", name, [self.shafts[1]])
		self.assertEqual((second["status"], second["still_out"]), ("Restored", []))
		self.assertEqual(second["customer_minutes"], 2 * 30 + 2 * 60)
		self.assertMoment(self.field("Outage Incident", name, "restored_at"), self.clock.now)
		self.assertEqual(len(self.tasks(name, step_key="check_shaft")), 2)
		self.assertIn("night shift", [row["data"].get("source") for row in timeline.entries(name)])

	def test_supply_that_came_back_earlier_than_it_was_noticed(self):
		name = self.declare()
		self.clock.move(60)
		answer = self.do("operator", "supply_back", name, occurred_at=str(build.NIGHT + timedelta(minutes=20)))
		self.assertEqual(answer["customer_minutes"], 20 * len(self.units))

	def test_returns_that_are_entered_in_another_order_than_they_happened(self):
		name = self.declare()

		def back(shaft: str, minutes: int) -> dict:
			at = str(build.NIGHT + timedelta(minutes=minutes))
			return self.do("engineer", "supply_back", name, [shaft], occurred_at=at)

		self.clock.move(60)
		self.assertEqual(back(self.shafts[1], 30)["customer_minutes"], 2 * 30 + 2 * 60, "one shaft is dark until now")
		last = back(self.shafts[0], 10)
		self.assertEqual((last["status"], last["customer_minutes"]), ("Restored", 2 * 30 + 2 * 10))
		self.assertMoment(self.field("Outage Incident", name, "restored_at"), build.NIGHT + timedelta(minutes=30))

	def test_supply_that_came_back_before_the_outage_was_reported(self):
		since = str(build.NIGHT - timedelta(minutes=30))
		name = self.declare(nodes=[{"power_node": self.room, "out_since": since}])
		at = str(build.NIGHT - timedelta(minutes=15))
		answer = self.do("engineer", "supply_back", name, [self.shafts[0]], occurred_at=at)
		self.assertEqual(answer["still_out"], [self.room])
		self.assertEqual(answer["customer_minutes"], 2 * 15 + 2 * 30)
		with self.refused("Occurred At", "reported"):
			self.do("operator", "confirm", name, "Overload", occurred_at=at)

	def test_permission_for_one_shaft_waits_for_its_own_steps_only(self):
		name = self.declare(nodes=self.shafts)
		self.do("operator", "confirm", name, "Equipment Fault")
		steps = self.tasks(name, step_key="clear_to_energise")
		self.assertEqual({row.subject for row in steps}, set(self.shafts))
		self.finish_steps(name, keep=lambda row: row.step_key == "clear_to_energise" and row.subject == self.shafts[1])
		self.do("operator", "permit_energise", name, [self.shafts[0]])
		with self.refused():
			self.do("operator", "permit_energise", name, [self.shafts[1]])


class Ending(TowerTest):
	def test_cancel_where_it_was_no_outage(self):
		name = self.declare()
		self.finish_steps(name, life_safety=1)
		self.do("operator", "cancel", name, "a breaker of one flat")
		self.assertEqual(self.status(name), "Cancelled")
		self.assertFalse(self.tasks(name, status=("in", lifecycle.OPEN)))
		self.assertFalse(
			frappe.get_all("ToDo", {"reference_name": ("in", [row.name for row in self.tasks(name)]), "status": "Open"})
		)

	def test_close_by_the_manager_over_what_may_be_overridden(self):
		name = self.declare("I")
		self.do("operator", "supply_back", name)
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		self.do("manager", "close", name, "report follows by letter")
		self.assertEqual(self.status(name), "Closed")
		self.assertFalse(self.tasks(name, status=("in", lifecycle.OPEN)))

	def test_stand_down_brings_the_last_steps(self):
		name = self.declare("I")
		self.do("operator", "supply_back", name)
		self.finish_steps(name)
		self.assertFalse(self.tasks(name, step_key="write_report"))
		self.do("operator", "stand_down", name)
		self.assertTrue(self.tasks(name, step_key="write_report"))
		self.assertMoment(self.task(name, "notify_gm_restored").due_at, self.clock.now + timedelta(minutes=10))


class NestedIncident(TowerTest):
	def test_a_parent_is_named_and_the_child_runs_by_itself(self):
		name = self.declare()
		child = self.do(
			"operator",
			"declare",
			self.property,
			[{"power_node": self.switches[0], "unit": self.units[0]}],
			"II",
			parent_incident=name,
		)["incident"]
		self.assertEqual(self.field("Outage Incident", child, "parent_incident"), name)
		self.do("operator", "supply_back", name)
		self.assertEqual(self.status(child), "Reported")


class TwoJudge(TowerTest):
	"""Two operators say different things at once: each hears of the other."""

	def test_two_causes(self):
		name = self.declare()
		self.do("engineer", "confirm", name, "Equipment Fault", "the breaker")
		self.clock.move(1)
		answer = self.do("operator", "confirm", name, "Overload", "too many heaters")
		self.assertTrue([text for text in answer["warnings"] if "Equipment Fault" in text and "1 minutes" in text])
		self.assertIn("Equipment Fault", self.entry(name, "overruled")["text"])
		where = {"for_user": build.user("engineer"), "subject": ("like", "%too many heaters%")}
		self.assertTrue(frappe.db.exists("Notification Log", where))
		self.clock.move(1)
		again = self.do("engineer", "confirm", name, "Overload", "too many heaters")
		self.assertFalse([text for text in again["warnings"] if "otherwise" in text])

	def test_two_times_of_return(self):
		name, etr = self.declare(), self.clock.now + timedelta(hours=2)
		self.do("engineer", "set_etr", name, str(etr))
		self.clock.move(1)
		again = self.do("engineer", "set_etr", name, str(etr + timedelta(hours=1)))
		self.clock.move(1)
		other = self.do("service", "set_etr", name, str(etr))
		self.clock.move(6)
		later = self.do("engineer", "set_etr", name, str(etr + timedelta(hours=1)))
		said = [bool([text for text in one["warnings"] if "otherwise" in text]) for one in (again, other, later)]
		self.assertEqual(said, [False, True, False])
