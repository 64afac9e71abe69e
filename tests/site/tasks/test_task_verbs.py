"""Every verb of a task: its good path, the states it needs, when it happened."""

import json
from datetime import timedelta
from unittest.mock import patch

import frappe

from outage_response import jobs
from outage_response.api import command
from outage_response.flows.residents import who_depends_on_power
from outage_response.flows.tasks import recurring_steps

from .. import world as build
from ..small_worlds import TowerTest


class Working(TowerTest):
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
