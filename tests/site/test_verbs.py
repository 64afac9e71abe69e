"""Every verb: its good path, the states it needs, the same request again, when it happened."""

import json
from datetime import timedelta
from typing import ClassVar
from unittest.mock import patch
from zoneinfo import ZoneInfo

import frappe
from frappe.utils import get_datetime

from outage_response import jobs
from outage_response.api import command
from outage_response.domain import lifecycle
from outage_response.flows.facts import plan_steps
from outage_response.flows.residents import who_depends_on_power
from outage_response.flows.tasks import recurring_steps
from outage_response.flows.verb import timeline
from outage_response.flows.verb.refusals import GateClosedError

from . import world as build
from .base import INCIDENT_VERBS, TASK_VERBS, SiteTest


class VerbTest(SiteTest):
	"""A small tower at night, with its roster."""

	@classmethod
	def build_world(cls):
		world = build.make_tower("Verb Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		return world

	def planned(self) -> str:
		name = self.declare("III")
		self.clock.now = get_datetime(self.field("Outage Incident", name, "planned_start"))
		build.make_roster(self.property, self.clock.now)
		return name

	def status(self, name: str) -> str:
		return self.field("Outage Incident", name, "status")


class Declaring(VerbTest):
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


class Judging(VerbTest):
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


class Switching(VerbTest):
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


class Ending(VerbTest):
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


class Working(VerbTest):
	def test_acknowledge_arrive_complete(self):
		name = self.declare()
		task = self.task(name, "isolate_fault").name
		for verb, status, stamp in (
			("acknowledge", "Acknowledged", "acknowledged"),
			("arrive", "In Progress", "started"),
		):
			self.clock.move(1)
			self.assertEqual(self.do("electrician", verb, task)["task_status"], status)
			self.assertMoment(self.field("Outage Task", task, f"{stamp}_at"), self.clock.now)
			self.assertEqual(self.field("Outage Task", task, f"{stamp}_by"), build.user("electrician"))
		self.clock.move(5)
		answer = self.do(
			"electrician",
			"complete",
			task,
			evidence="breaker 4 open and locked",
			occurred_at=str(self.clock.now - timedelta(minutes=3)),
		)
		self.assertEqual((answer["task_status"], answer["waiting_for"]), ("Done", ""))
		doc = frappe.get_doc("Outage Task", task)
		self.assertMoment(doc.completed_at, self.clock.now - timedelta(minutes=3))
		self.assertMoment(doc.recorded_at, self.clock.now)
		self.assertEqual(
			(doc.evidence, doc.completed_by, doc._assign),
			("breaker 4 open and locked", build.user("electrician"), "[]"),
		)
		self.assertEqual(frappe.get_all("ToDo", {"reference_name": task}, pluck="status"), ["Closed"])

	def test_an_outcome_adds_the_steps_it_asks_for(self):
		name = self.declare()
		elevator = self.tasks(name, step_key="check_elevator")[0]
		answer = self.do("electrician", "complete", elevator.name, "trapped", evidence="two people, calm")
		self.assertEqual(answer["added"], 4)
		rescue = ("comfort_trapped", "lock_off_elevator", "release_trapped", "call_rescue_service")
		added = {row.step_key: row for row in self.tasks(name, step_key=("in", rescue))}
		self.assertEqual(set(added), set(rescue))
		self.assertEqual({row.subject for row in added.values()}, {elevator.subject})
		self.assertMoment(added["comfort_trapped"].due_at, self.clock.now + timedelta(minutes=3))
		room = self.task(name, "check_backup_power")
		self.do("electrician", "complete", room.name, "failed", evidence="0 minutes")
		self.assertTrue(self.tasks(name, step_key="repair_backup"))

	def test_trapped_people_are_reported_before_anybody_has_looked(self):
		name = self.declare()
		answer = self.do("guard1", "report_trapped", name, self.elevators[1], "the intercom rings")
		self.assertEqual(answer["added"], 4)
		self.assertEqual(self.do("guard2", "report_trapped", name, self.elevators[1])["added"], 0)
		self.assertEqual(self.task(name, "release_trapped").subject, self.elevators[1])
		self.assertTrue(
			frappe.get_all("Notification Log", {"for_user": build.user("operator"), "subject": ("like", "%trapped%")})
		)

	def test_people_trapped_during_planned_work(self):
		"""Its plan knows no rescue: the control room is told the way to one, and sees the call until there is one."""
		name = self.planned()
		self.finish_steps(name, gate="start")
		self.do("engineer", "start", name)
		answer = self.do("operator", "report_trapped", name, self.elevators[0], "two of us")
		self.assertIn("level II", answer["warnings"][0])
		with self.as_user("operator"):
			places = [row["label"] for row in command.centre()["trapped"] if row["incident"] == name]
		self.assertEqual(places, ["Elevator 1"])
		self.do("manager", "reclassify", name, "II", "people are trapped")
		self.assertTrue(self.task(name, "release_trapped"))

	def test_somebody_who_depends_on_power_says_so_while_it_is_dark(self):
		name = self.declare()
		elsewhere = self.declare(nodes=[self.switches[-1]], is_drill=True)
		self.clock.move(10)
		with self.as_user("service"):
			who_depends_on_power.set_care_need(self.units[0], self.contacts[0], "oxygen", 40)
		(step,) = self.tasks(name, step_key="check_care_unit")
		self.assertEqual((step.subject, step.status), (self.units[0], "Open"))
		self.assertMoment(step.last_rung_at, self.clock.now)
		self.assertGreater(step.due_at, self.clock.now)
		self.assertIn("task_added", self.kinds(name))
		with self.as_user("service"):
			who_depends_on_power.set_care_need(self.units[0], self.contacts[0], "oxygen", 30)
		self.assertEqual(len(self.tasks(name, step_key="check_care_unit")), 1)
		self.assertFalse(self.tasks(elsewhere, step_key="check_care_unit"))

	def test_checks_are_confirmed_and_read_back_by_a_second_person(self):
		name = self.declare()
		self.do("operator", "confirm", name, "Equipment Fault")
		self.finish_steps(name, keep=lambda row: row.step_key == "clear_to_energise")
		task = self.task(name, "clear_to_energise").name
		checks = ["people_clear", "earths_removed", "elevator_rescue_finished_or_isolated"]
		with self.refused("Checks", "Earths removed"):
			self.do("electrician", "complete", task, checks=checks[:1], evidence="operator")
		self.do("electrician", "arrive", task)
		with self.refused("Checks"):
			self.do("operator", "read_back", task)
		answer = self.do("electrician", "complete", task, checks=checks, evidence="operator")
		self.assertEqual((answer["waiting_for"], answer["task_status"]), ("read_back", "In Progress"))
		with self.refused(error=frappe.PermissionError):
			self.do("electrician", "read_back", task)
		frappe.get_doc("User", build.user("operator")).append("roles", {"role": "Outage Engineering"}).db_insert()
		frappe.cache.hdel("roles", build.user("operator"))
		self.do("operator", "complete", task, checks=checks, evidence="myself")
		with self.refused("somebody else", error=frappe.PermissionError):
			self.do("operator", "read_back", task)
		self.do("electrician", "complete", task, checks=checks, evidence="operator")
		answer = self.do("operator", "read_back", task)
		self.assertEqual(answer["task_status"], "Done")
		doc = frappe.get_doc("Outage Task", task)
		self.assertEqual({row.read_back_by for row in doc.checks}, {build.user("operator")})

	def restored(self) -> str:
		name = self.declare("I")
		self.do("operator", "supply_back", name)
		return name

	def test_a_checklist_is_all_normal_except(self):
		"""Per shaft one task with all its switches; one touch says all normal."""
		name = self.restored()
		task = self.task(name, "check_shaft").name
		self.assertEqual(len(frappe.get_doc("Outage Task", task).checks), 2)
		self.assertEqual(self.do("electrician", "complete", task)["task_status"], "Done")
		self.assertEqual({row.result for row in frappe.get_doc("Outage Task", task).checks}, {"Normal"})

	def test_a_defect_keeps_the_step_open_and_the_stand_down_closed(self):
		name = self.restored()
		task = self.task(name, "check_shaft")
		items = frappe.get_doc("Outage Task", task.name).checks
		with self.refused("Exceptions", "Switch Z9"):
			self.do("electrician", "complete", task.name, exceptions=[{"item": "Switch Z9", "note": "burnt"}])
		answer = self.do(
			"electrician", "complete", task.name, exceptions=[{"item": items[0].item_label, "note": "contact burnt"}]
		)
		self.assertEqual((answer["waiting_for"], answer["task_status"]), ("defects", "In Progress"))
		self.finish_steps(name, keep=lambda row: row.step_key == "check_shaft")
		with self.refused():
			self.do("operator", "stand_down", name)
		answer = self.do("electrician", "complete", task.name)
		self.assertEqual(answer["task_status"], "Done")
		self.assertEqual([row.result for row in frappe.get_doc("Outage Task", task.name).checks], ["Fixed", "Normal"])
		self.do("operator", "stand_down", name)

	def test_evidence_may_follow_and_is_owed_until_then(self):
		name = self.restored()
		task = self.task(name, "call_engineering").name
		self.do("operator", "complete", task, evidence_later=True)
		self.assertEqual(self.field("Outage Task", task, "evidence_pending"), 1)
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		self.finish_steps(name)
		for row in frappe.get_all("Outage Callback", {"incident": name}, pluck="name"):
			self.do("service", "log_attempt", row, "Reached")
		self.do("engineer", "file_report", name, "grid", "waited")
		with self.refused():
			self.do("operator", "close", name)
		self.do("operator", "add_evidence", task, "told Mr Li at 02:03")
		self.assertEqual(self.field("Outage Task", task, "evidence"), "told Mr Li at 02:03")
		self.assertIn("task_evidence", self.kinds(name))
		self.do("operator", "add_evidence", task, "he came at 02:20")
		self.assertEqual(self.field("Outage Task", task, "evidence"), "told Mr Li at 02:03\nhe came at 02:20")
		self.do("operator", "close", name)

	def test_a_reading_is_never_put_off(self):
		name = self.declare()
		with self.refused("reading"):
			self.do(
				"electrician",
				"complete",
				self.task(name, "check_backup_power").name,
				"switched_over",
				evidence_later=True,
			)

	def test_one_step_waits_for_another(self):
		name = self.declare()
		with self.refused("come first"):
			self.do("electrician", "complete", self.task(name, "start_backup_supply").name, evidence="400 litres")
		self.finish_task(self.task(name, "isolate_fault").name)
		self.finish_task(self.task(name, "start_backup_supply").name)

	def test_skip_with_a_reason(self):
		name = self.declare()
		task = self.task(name, "call_security_reserve").name
		with self.refused("Reason"):
			self.do("operator", "skip", task, "")
		self.do("operator", "skip", task, "enough guards")
		self.assertEqual(self.field("Outage Task", task, "status"), "Skipped")
		self.assertIn("enough guards", self.entry(name, "task_skipped")["text"])

	def test_reassign_asks_for_a_new_yes(self):
		name = self.declare()
		task = self.task(name, "isolate_fault").name
		self.do("electrician", "acknowledge", task)
		for wrong in ("nobody@example.com", build.user("guard1"), build.user("resident")):
			with self.refused("User"):
				self.do("operator", "reassign", task, wrong)
		self.do("operator", "reassign", task, build.user("engineer"))
		doc = self.task(name, "isolate_fault")
		self.assertEqual(
			(doc.status, json.loads(doc._assign), doc.acknowledged_by), ("Open", [build.user("engineer")], None)
		)
		todos = {
			row.allocated_to: row.status
			for row in frappe.get_all("ToDo", {"reference_name": task}, ["allocated_to", "status"])
		}
		self.assertEqual(todos, {build.user("electrician"): "Cancelled", build.user("engineer"): "Open"})

	def test_repeats_come_round_by_the_minute_clock(self):
		name = self.declare("I")
		self.finish_task(self.task(name, "call_supplier").name)
		self.clock.move(29)
		self.assertEqual(recurring_steps.tick(name), 0)
		self.clock.move(1)
		self.assertEqual(recurring_steps.tick(name), 1)
		second = self.tasks(name, step_key="call_supplier", round=2)[0]
		self.assertMoment(second.due_at, self.clock.now + timedelta(minutes=10))
		self.assertTrue(second._assign)
		self.finish_task(second.name)
		self.do("operator", "set_etr", name, str(self.clock.now + timedelta(hours=3)))
		self.clock.move(60)
		self.assertEqual(recurring_steps.tick(name), 0, "known until the ETR")
		self.clock.move(180)
		self.assertEqual(recurring_steps.tick(name), 1, "the ETR has passed")

	def test_nothing_comes_round_after_restoration(self):
		name = self.declare("I")
		self.finish_task(self.task(name, "patrol_area").name)
		self.do("operator", "supply_back", name)
		self.clock.move(120)
		self.assertEqual(recurring_steps.tick(name), 0)

	def test_the_scheduler_entry_ticks_every_running_incident(self):
		name = self.declare("I")
		self.finish_task(self.task(name, "patrol_area").name)
		self.clock.move(61)
		self.assertIn(name, recurring_steps.ticking_incidents())
		(entry,) = set(frappe.get_hooks("scheduler_events")["cron"]["* * * * *"]) & {
			"outage_response.jobs.every_minute"
		}

		def only_the_clock(about: str, function, *arguments):
			return function(*arguments) if about.startswith("Outage clock: ") else None

		with patch.object(jobs, "_alone", only_the_clock):
			frappe.get_attr(entry)()
		self.assertTrue(self.tasks(name, step_key="patrol_area", round=2))

	def test_a_trouble_call_finds_its_incident(self):
		name = self.declare(nodes=[self.shafts[0]])
		answer = self.do("service", "record_call", self.property, unit=self.units[0], words="dark", request_id="c1")
		self.assertEqual(answer["incident"], name)
		self.assertEqual(self.do("service", "record_call", self.property, unit=self.units[0], request_id="c1"), answer)
		self.assertEqual(self.do("service", "record_call", self.property, unit=self.units[-1])["incident"], "")
		self.assertIn("call_received", self.kinds(name))


class NestedIncident(VerbTest):
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


class TwoJudge(VerbTest):
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


class StatesAndReplays(VerbTest):
	"""For every verb: refused outside its states. What else holds for every one: test_every_verb.py."""

	def in_state(self, wanted: str) -> str:
		if wanted == "Scheduled":
			return self.declare("III")
		name = self.declare("I")
		if wanted == "Reported":
			return name
		self.do("operator", "confirm", name, "External Grid")
		if wanted == "Active":
			return name
		if wanted == "Cancelled":
			self.finish_steps(name, step_key="isolate_incoming")
			self.finish_steps(name, life_safety=1)
			self.do("operator", "cancel", name, "no outage")
			return name
		self.do("operator", "supply_back", name)
		if wanted == "Restored":
			return name
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		if wanted == "Stood Down":
			return name
		self.do("manager", "close", name, "for the test")
		return name

	ARGUMENTS: ClassVar[dict] = {
		"confirm": ("Overload",),
		"reclassify": ("II", "because"),
		"set_etr": (),
		"cancel": ("because",),
		"file_report": ("cause", "actions"),
	}

	def arguments(self, verb: str) -> tuple:
		return {
			"extend_scope": ([self.room],),
			"report_trapped": (self.elevators[0],),
			"send_notice": ("First Word",),
			"prove_posting": ("none", "/files/posted.png"),
			"hand_over": ("the shift ends",),
		}.get(verb, self.ARGUMENTS.get(verb, ()))

	def test_every_incident_verb_is_refused_outside_its_states(self):
		verbs = (*(verb for verb in INCIDENT_VERBS if verb != "declare"), "report_trapped", "file_report")
		verbs += ("send_notice", "prove_posting", "hand_over")
		named_by_their_record = {"note_entrapment", "report_empty", "read_back_empty"}
		self.assertEqual(set(verbs), set(lifecycle.INCIDENT_VERBS) - {"stand_down_everywhere"} - named_by_their_record)
		tried = 0
		for state in ("Scheduled", "Reported", "Restored", "Closed", "Cancelled"):
			frappe.db.savepoint("state")
			name = self.in_state(state)
			self.assertEqual(self.status(name), state)
			for verb in verbs:
				kept = state in lifecycle.ENDED and verb in lifecycle.KEPT_AFTER_THE_END
				if state not in lifecycle.INCIDENT_VERBS[verb] and not kept:
					tried += 1
					with self.subTest(state=state, verb=verb), self.refused("Status"):
						self.do("Administrator", verb, name, *self.arguments(verb))
			frappe.db.rollback(save_point="state")
		self.assertGreater(tried, 30)

	def test_every_task_verb_is_refused_outside_its_states(self):
		name = self.declare()
		arguments = {
			"complete": (None, None, None, "x"),
			"add_evidence": ("x",),
			"skip": ("because",),
			"reassign": (build.user("electrician"),),
			"relieve": (build.user("electrician"),),
			"correct_outcome": ("trapped",),
		}
		done, skipped = self.task(name, "isolate_fault").name, self.task(name, "call_security_reserve").name
		self.finish_task(done)
		self.do("operator", "skip", skipped, "enough")
		waiting = self.task(name, "arrive_on_site").name
		for task, state in ((done, "Done"), (skipped, "Skipped"), (waiting, "Open")):
			for verb in TASK_VERBS:
				if state not in lifecycle.TASK_VERBS[verb] and verb != "withdraw":  # danger is always told
					with self.subTest(state=state, verb=verb), self.refused("Status"):
						self.do("Administrator", verb, task, *arguments.get(verb, ()))

	def test_an_id_belongs_to_one_request(self):
		first = self.declare(nodes=[self.shafts[0]])
		second = self.declare(nodes=[self.shafts[1]])
		self.do("operator", "confirm", first, "Overload", request_id="same")
		with self.refused("Request ID"):
			self.do("operator", "confirm", second, "Overload", request_id="same")
		with self.refused("Request ID", "same"):
			self.do("operator", "supply_back", first, request_id="same")
		one, other = (row.name for row in self.tasks(first, step_key="check_elevator")[:2])
		self.do("electrician", "arrive", one, request_id="one touch")
		self.assertEqual(self.do("electrician", "arrive", one, request_id="one touch")["task"], one)
		with self.refused("Request ID", "one touch"):
			self.do("electrician", "arrive", other, request_id="one touch")
		said = {"unit": self.units[0], "request_id": "one call"}
		call = self.do("service", "record_call", self.property, **said)["call"]
		self.assertEqual(self.do("service", "record_call", self.property, **said)["call"], call)
		with self.refused("Request ID", "one call"):
			self.do("service", "record_call", self.property, **said | {"unit": self.units[1]})

	def test_a_time_with_a_zone_is_put_into_the_sites(self):
		name = self.declare()
		self.clock.move(20)
		zone = ZoneInfo(frappe.utils.get_system_timezone())
		at = self.clock.now - timedelta(minutes=5)
		elsewhere = at.replace(tzinfo=zone).astimezone(ZoneInfo("America/St_Johns"))
		self.do("operator", "confirm", name, "Overload", occurred_at=elsewhere.isoformat())
		self.assertMoment(self.field("Outage Incident", name, "confirmed_at"), at)

	def test_a_phone_clock_a_little_fast_is_taken_and_flagged(self):
		name = self.declare()
		answer = self.do(
			"operator", "confirm", name, "Overload", occurred_at=str(self.clock.now + timedelta(minutes=9))
		)
		self.assertTrue(answer["warnings"])
		self.assertIn("clock_fast", self.kinds(name))
		self.assertMoment(self.field("Outage Incident", name, "confirmed_at"), self.clock.now)
		with self.refused("Occurred At"):
			self.do("operator", "confirm", name, "Overload", occurred_at=str(self.clock.now + timedelta(minutes=11)))
		task = self.task(name, "arrive_on_site").name
		self.assertTrue(
			self.do("electrician", "arrive", task, occurred_at=str(self.clock.now + timedelta(minutes=2)))["warnings"]
		)
