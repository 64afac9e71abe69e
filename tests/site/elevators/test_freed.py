"""People in elevators: freed and counted, lost by nobody, and supply waits for them."""

from datetime import timedelta

import frappe

from outage_response.flows.facts import people_in_elevators
from outage_response.flows.screens import (
	command_centre,
	operator_call_sheet,
)
from outage_response.flows.verb.refusals import GateClosedError

from .. import world as build
from ..base import set_settings
from .entrapments import CHECKS, RESCUE, Entrapments


class Freed(Entrapments):
	def test_as_many_are_out_as_were_counted(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first, people=3)
		self.do("electrician", "complete", self.part(name, "lock_off_elevator", self.first).name)
		release = self.part(name, "release_trapped", self.first).name
		for people, words in ((2, ("3", "2")), (4, ("3", "4")), (None, ())):
			with self.refused("People", *words):
				self.do("electrician", "complete", release, "released", CHECKS, evidence="wound", people=people)
		self.do("electrician", "complete", release, "released", CHECKS, evidence="wound", people=3)
		self.assertEqual(
			self.open_parts(name, self.first), [], "with the rescue end the steps that were asked for by it"
		)
		row = self.task(name, "call_rescue_service", subject=self.first)
		self.assertEqual(row.status, "Done")

	def test_the_elevator_is_locked_off_before_the_rescue(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		self.do("operator", "report_trapped", name, self.second)
		release = self.part(name, "release_trapped", self.first).name
		with self.refused("come first", error=GateClosedError):
			self.do("electrician", "complete", release, "released", CHECKS, evidence="wound", people=1)
		self.do("electrician", "complete", self.part(name, "lock_off_elevator", self.first).name)
		self.do("electrician", "complete", release, "released", CHECKS, evidence="wound", people=1)

	def test_only_holders_of_the_certificate_free_people_themselves(self):
		frappe.db.set_value(
			"Elevator Rescue Certificate",
			build.user("electrician"),
			"valid_until",
			(self.clock.now - timedelta(days=1)).date(),
		)
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		release = self.part(name, "release_trapped", self.first)
		self.assertEqual(frappe.parse_json(release._assign), [build.user("engineer")])
		self.do("electrician", "complete", self.part(name, "lock_off_elevator", self.first).name)
		with self.refused("certificate"):
			self.do("electrician", "complete", release.name, "released", CHECKS, evidence="wound", people=1)
		with self.refused("certificate"):
			self.do("operator", "reassign", release.name, build.user("electrician"))
		self.do(
			"electrician", "complete", release.name, "released_by_contractor", CHECKS, evidence="the fitter", people=1
		)

	def test_with_nobody_certified_on_duty_the_firm_is_phoned_and_the_control_room_records_it(self):
		frappe.db.delete("Elevator Rescue Certificate")
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		release = self.part(name, "release_trapped", self.first)
		self.assertEqual(release.assigned_role, "Outage Control Room")
		self.assertEqual(release.phone, "0100", "the number of that elevator's own maintenance company")
		self.assertIn("certificate", self.entry(name, "nobody_certified")["text"])
		lock = self.part(name, "lock_off_elevator", self.first)
		self.assertIn(build.user("electrician"), frappe.parse_json(lock._assign), "whoever is there makes it safe")

	def test_what_the_contractor_does_stands_on_the_record(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		self.finish_task(self.task(name, "call_elevator_contractor").name)
		self.assertTrue(self.entrapment(name, self.first).contractor_called_at)
		self.finish_task(self.task(name, "contractor_arrived").name)
		self.assertTrue(self.entrapment(name, self.first).contractor_arrived_at)
		services = self.task(name, "call_rescue_service", subject=self.first)
		self.assertEqual((services.status, services.outcome), ("Done", "contractor_there"))

	def test_who_cannot_wait_has_the_services_called_though_the_contractor_is_there(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first, conditions=["unwell"])
		self.finish_task(self.task(name, "contractor_arrived").name)
		self.assertEqual(self.task(name, "call_rescue_service", subject=self.first).status, "Open")

	def test_the_services_have_a_clock_and_no_clock_for_a_child(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		services = self.part(name, "call_rescue_service", self.first)
		self.assertMoment(services.due_at, self.clock.now + timedelta(minutes=15))
		self.assertMoment(services.ring_at, self.clock.now + timedelta(minutes=15))
		self.clock.move(4)
		self.do("service", "note_entrapment", self.entrapment(name, self.first).name, conditions=["children"])
		services = self.part(name, "call_rescue_service", self.first)
		self.assertMoment(services.due_at, self.clock.now + timedelta(minutes=2))
		self.assertTrue(frappe.get_all("Outage Page Task", {"task": services.name}), "and rings at once")

	def test_the_call_sheet_has_their_numbers_first(self):
		set_settings(elevator_hotline="96196")
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		with self.as_user("operator"):
			sheet = operator_call_sheet.call_sheet(name)
		self.assertEqual([one["phone"] for one in sheet["calls"][0]["who"]], ["119", "120", "96196"])
		self.assertEqual([one["label"] for one in sheet["trapped"]], ["Elevator 1"])

	def test_talked_to_and_when(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		self.clock.move(2)
		self.finish_task(self.part(name, "comfort_trapped", self.first).name)
		self.assertMoment(self.entrapment(name, self.first).talked_at, self.clock.now)
		self.clock.move(5)
		self.do("operator", "note_entrapment", self.entrapment(name, self.first).name, talked=True)
		self.assertMoment(self.entrapment(name, self.first).talked_at, self.clock.now)


class NobodyIsLost(Entrapments):
	def test_that_nobody_was_inside_is_no_answer_to_who_says_that_people_are(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, None, building="T")
		self.clock.move(5)
		check = self.task(name, "check_elevator", subject=self.first, status="Open").name
		self.do("electrician", "complete", check, "empty", evidence="by camera")
		self.clock.move(5)
		said_at = self.clock.now - timedelta(minutes=7)
		self.do("guard1", "report_trapped", name, self.first, "I spoke to them", occurred_at=said_at)
		self.assertEqual(self.entrapment(name, self.first).status, "Trapped")
		self.assertEqual(self.open_parts(name, self.first), sorted(RESCUE))

	def test_an_answer_that_did_not_come_is_no_empty_car(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first, people=2)
		check = self.task(name, "check_elevator", subject=self.first).name
		proof = {"elevator_no": "1", "who": "Ida", "how": "intercom", "read_back": True}
		answer = self.do("operator", "complete_for", check, "empty", **proof)
		self.assertIn("on record there", answer["warnings"][0])
		record = self.entrapment(name, self.first)
		self.assertEqual((record.status, record.claim or ""), ("Trapped", ""))
		with self.refused("Read Back"):
			self.do("manager", "read_back_empty", record.name)
		said = {"outcome": "nobody_inside", "who": "Ida", "how": "door_open"}
		self.do("electrician", "report_empty", record.name, **said)
		self.do("operator", "read_back_empty", record.name)
		self.assertEqual(self.open_parts(name, self.first), [])

	def test_who_talks_to_them_takes_back_that_nobody_is_inside(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		record = self.entrapment(name, self.first).name
		self.do("electrician", "report_empty", record, outcome="nobody_inside", who="Ida", how="door_open")
		self.do("service", "note_entrapment", record, talked=True)
		with self.refused("Read Back"):
			self.do("operator", "read_back_empty", record)

	def test_one_callers_smaller_number_makes_less_of_nobody(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first, people=3, conditions=["children"])
		self.do("guard1", "report_trapped", name, self.first, people=1, conditions=["heat"])
		record = self.entrapment(name, self.first)
		self.assertEqual((record.people, record.children, record.heat), (3, 1, 1))
		self.do("operator", "note_entrapment", record.name, people=2, conditions=["heat"])
		record.reload()
		self.assertEqual((record.people, record.children, record.heat), (2, 0, 1), "who knows better corrects it")

	def test_the_lock_is_asked_for_anew_when_they_are_inside_after_all(self):
		name = self.declare("I")
		self.do("operator", "report_trapped", name, self.first, people=1)
		self.free(name, self.first, 1)
		self.clock.move(2)
		self.do("guard1", "correct_outcome", self.task(name, "release_trapped", subject=self.first).name, "trapped")
		self.assertEqual(people_in_elevators.locked_off(name), set())
		with self.refused(error=GateClosedError):
			self.do("operator", "permit_energise", name)

	def test_where_the_plan_knows_no_rescue_the_record_keeps_the_gates(self):
		name = self.declare("III")
		self.finish_steps(name, gate="start")
		self.clock.move(3 * 24 * 60)
		self.do("engineer", "start", name)
		self.do("operator", "report_trapped", name, self.first, people=1)
		self.finish_steps(name)
		for verb, arguments in (("permit_energise", ()), ("cancel", ("nothing was done",))):
			with self.subTest(verb), self.refused("Elevator 1"):
				self.do("operator", verb, name, *arguments)
		self.do("operator", "supply_back", name)
		self.finish_steps(name)
		with self.refused("Elevator 1"):
			self.do("operator", "stand_down", name)
		record = self.entrapment(name, self.first).name
		said = {"outcome": "released_otherwise", "who": "Tom", "how": "door_open", "people": 1}
		self.do("guard1", "report_empty", record, **said)
		self.do("operator", "stand_down", name)

	def test_another_outage_in_the_same_building_does_not_move_their_car(self):
		first = self.declare(nodes=[self.shafts[0]])
		second = self.declare("I", nodes=[self.shafts[1]])
		self.do("operator", "report_trapped", first, self.first, people=1)
		self.finish_steps(second)
		with self.refused("Elevator 1"):
			self.do("operator", "permit_energise", second)
		answer = self.do("operator", "supply_back", second, source="by itself")
		self.assertIn("DANGER", answer["warnings"][0])
		self.do("electrician", "complete", self.part(first, "lock_off_elevator", self.first).name)

	def test_somebody_turns_unwell_after_the_contractor_came(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		self.finish_task(self.task(name, "contractor_arrived").name)
		self.clock.move(4)
		self.do("operator", "note_entrapment", self.entrapment(name, self.first).name, conditions=["unwell"])
		services = self.part(name, "call_rescue_service", self.first)
		self.assertEqual(services.round, 2)
		self.assertMoment(services.due_at, self.clock.now + timedelta(minutes=2))

	def test_a_call_with_smoke_before_the_outage_is_declared_waits_for_nobody_afterwards(self):
		self.do("service", "record_call", self.property, trapped=True, elevator=self.first, conditions=["smoke"])
		name = self.declare()
		services = self.part(name, "call_rescue_service", self.first)
		self.assertMoment(services.due_at, self.clock.now + timedelta(minutes=2))

	def test_one_fitter_works_on_one_car(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first, people=2)
		self.do("operator", "report_trapped", name, self.second, people=1)
		self.finish_task(self.task(name, "contractor_arrived").name)
		self.assertEqual(self.task(name, "call_rescue_service", subject=self.first).status, "Done")
		self.assertEqual(self.task(name, "call_rescue_service", subject=self.second).status, "Open")

	def test_a_guard_may_be_who_saw_them(self):
		name = self.declare()
		check = self.task(name, "check_elevator", subject=self.first).name
		self.do("operator", "complete_for", check, "trapped", user=build.user("guard1"))
		self.assertEqual(self.entrapment(name, self.first).status, "Trapped")

	def test_the_timeline_names_nobody_who_looked(self):
		name = self.declare()
		check = self.task(name, "check_elevator", subject=self.first).name
		self.do("electrician", "complete", check, "trapped", evidence="voices", people=1)
		self.do("electrician", "correct_outcome", check, "empty", who="Resident Zhou", how="door_open")
		rows = frappe.get_all("Timeline Entry", {"incident": name}, pluck="data")
		self.assertFalse([row for row in rows if "Zhou" in (row or "")])

	def test_before_the_cause_is_known_nothing_is_permitted(self):
		"""What must be safe follows from the cause: a cause that was told and not confirmed opened the gate."""
		name = self.declare()
		self.finish_steps(name)
		with self.refused("Cause"):
			self.do("operator", "permit_energise", name)

	def test_real_people_come_before_those_of_a_drill(self):
		drill = self.declare(nodes=[self.shafts[0]], is_drill=True)
		self.do("operator", "report_trapped", drill, self.first, people=9)
		name = self.declare(nodes=[self.shafts[1]])
		self.do("operator", "report_trapped", name, self.second, people=1)
		with self.as_user("operator"):
			seen = command_centre.command_centre()["trapped"]
		self.assertEqual(
			[(one["label"], one["is_drill"]) for one in seen], [("Elevator 2", False), ("Elevator 1", True)]
		)


class TheGateAtLevelOne(Entrapments):
	def test_it_is_closed_from_the_beginning(self):
		name = self.declare("I")
		self.finish_task(self.task(name, "confirm_cause").name)
		with self.refused(error=GateClosedError):
			self.do("operator", "permit_energise", name)
		self.assertIn("clear_to_reclose", [row["step"] for row in frappe.local.response["blocking"]])

	def test_it_opens_when_all_is_said_and_read_back_by_a_second_person(self):
		name = self.declare("I")
		self.finish_steps(name, keep=lambda row: row.step_key == "clear_to_reclose")
		clear = self.task(name, "clear_to_reclose").name
		checks = ["people_clear", "earths_removed", "generator_disconnected", "elevator_rescue_finished_or_isolated"]
		with self.refused("Checks"):
			self.do("electrician", "complete", clear, checks=checks[:3], evidence="operator")
		self.do("electrician", "complete", clear, checks=checks, evidence="operator")
		with self.refused(error=GateClosedError):
			self.do("operator", "permit_energise", name)
		self.do("operator", "read_back", clear)
		self.do("operator", "permit_energise", name)

	def test_people_inside_keep_it_closed_until_their_elevator_is_locked_off(self):
		name = self.declare("I")
		self.finish_steps(name, keep=lambda row: row.step_key == "clear_to_reclose")
		self.do("operator", "report_trapped", name, self.first, people=1)
		clear = self.task(name, "clear_to_reclose").name
		checks = ["people_clear", "earths_removed", "generator_disconnected", "elevator_rescue_finished_or_isolated"]
		with self.refused("elevator", error=GateClosedError):
			self.do("electrician", "complete", clear, checks=checks, evidence="operator")
		self.do("electrician", "complete", self.part(name, "lock_off_elevator", self.first).name)
		self.do("electrician", "complete", clear, checks=checks, evidence="operator")
		self.do("operator", "read_back", clear)
		self.do("operator", "permit_energise", name)

	def test_supply_that_returns_by_itself_is_told_at_level_one_loudest_with_people_inside(self):
		name = self.declare("I")
		self.do("operator", "report_trapped", name, self.first, people=2)
		answer = self.do("operator", "supply_back", name, source="by itself")
		self.assertIn("DANGER", answer["warnings"][0])
		self.assertIn("Elevator 1", answer["warnings"][0])
		self.assertIn("back_with_open_steps", self.kinds(name))
		self.assertNotIn("back_without_permission", self.kinds(name))
		self.assertTrue(
			frappe.get_all(
				"Notification Log", {"for_user": build.user("electrician"), "subject": ("like", "DANGER%may move%")}
			)
		)

	def test_a_false_alarm_is_still_cancelled(self):
		name = self.declare("I")
		self.finish_steps(name, step_key="check_elevator")
		self.do("operator", "cancel", name, "a lamp")
