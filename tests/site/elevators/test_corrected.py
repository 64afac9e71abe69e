"""What was said of an elevator is corrected; records of an older version are filled in."""

from datetime import timedelta

import frappe

from outage_response.flows.verb.refusals import GateClosedError
from outage_response.patches import fill_entrapments

from .. import world as build
from .entrapments import RESCUE, Entrapments


class Corrected(Entrapments):
	def checked(self, name: str, outcome: str, **more) -> str:
		check = self.task(name, "check_elevator", subject=self.first, status="Open").name
		self.do("electrician", "complete", check, outcome, evidence="looked", **more)
		return check

	def test_empty_to_trapped_by_anybody_at_once(self):
		name = self.declare()
		check = self.checked(name, "empty")
		self.clock.move(3)
		answer = self.do("guard1", "correct_outcome", check, "trapped", people=2)
		self.assertEqual(answer["added"], 4)
		since = self.entrapment(name, self.first).since
		self.assertMoment(since, self.clock.now - timedelta(minutes=3))
		self.assertEqual(self.open_parts(name, self.first), sorted(RESCUE))
		self.assertEqual(self.field("Outage Task", check, "status"), "Done", "what is done stays done")
		text = self.entry(name, "outcome_corrected")["text"]
		self.assertIn("Trapped, not Empty", text)
		self.assertEqual([one["kind"] for one in self.timeline_of(check)].count("task_done"), 1)

	def timeline_of(self, task: str) -> list:
		return frappe.get_all("Timeline Entry", {"task": task}, ["kind"])

	def test_trapped_to_empty_says_who_saw_the_open_car_and_waits_for_a_second_person(self):
		name = self.declare()
		check = self.checked(name, "trapped", people=2)
		for arguments, word in (({"how": "door_open"}, "Who Looked"), ({"who": "Ida", "how": "intercom"}, "How Seen")):
			with self.refused(word):
				self.do("electrician", "correct_outcome", check, "empty", **arguments)
		answer = self.do("electrician", "correct_outcome", check, "empty", who="Ida", how="door_open")
		self.assertEqual(answer["waiting_for"], "read_back")
		self.assertEqual(self.open_parts(name, self.first), sorted(RESCUE), "until then the rescue goes on")
		record = self.entrapment(name, self.first)
		with self.refused("Read Back", error=frappe.PermissionError):
			self.do("electrician", "read_back_empty", record.name)
		self.do("operator", "read_back_empty", record.name)
		self.assertEqual(self.entrapment(name, self.first).status, "Nobody Inside")
		self.assertEqual(self.open_parts(name, self.first), [])
		with self.refused("Read Back"):
			self.do("manager", "read_back_empty", record.name)

	def test_who_wrote_it_down_reads_nothing_back(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first, people=1)
		check = self.task(name, "check_elevator", subject=self.first).name
		proof = {"elevator_no": "1", "user": build.user("engineer"), "how": "door_open", "read_back": True}
		self.do("operator", "complete_for", check, "empty", **proof)
		record = self.entrapment(name, self.first)
		self.assertEqual(
			(record.status, record.claim), ("Trapped", "empty"), "people were reported: one look ends nothing"
		)
		for reader in ("operator", "engineer"):
			with self.refused("Read Back", error=frappe.PermissionError):
				self.do(reader, "read_back_empty", record.name)
		self.do("electrician", "read_back_empty", record.name)
		self.assertEqual(self.entrapment(name, self.first).status, "Nobody Inside")

	def test_released_and_still_inside_after_all(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first, people=2)
		self.clock.move(10)
		self.free(name, self.first, 2)
		since = self.entrapment(name, self.first).since
		release = self.task(name, "release_trapped", subject=self.first).name
		self.clock.move(2)
		self.do("guard2", "correct_outcome", release, "trapped")
		record = self.entrapment(name, self.first)
		self.assertEqual((record.status, record.people), ("Trapped", 2))
		self.assertMoment(record.since, since)
		self.assertEqual(self.open_parts(name, self.first), sorted(RESCUE))
		self.assertEqual(self.part(name, "release_trapped", self.first).round, 2)

	def test_until_the_incident_is_closed(self):
		name = self.declare("I")
		check = self.checked(name, "empty")
		self.do("operator", "confirm", name, "External Grid")
		self.do("operator", "supply_back", name)
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		self.do("guard1", "correct_outcome", check, "trapped")
		with self.refused(error=GateClosedError):
			self.do("manager", "close", name, "people inside")

	def test_not_of_an_outage_that_has_ended(self):
		name = self.declare()
		check = self.checked(name, "empty")
		self.finish_steps(name, step_key="check_elevator")
		self.do("operator", "cancel", name, "a lamp")
		with self.refused("record a call"):
			self.do("operator", "correct_outcome", check, "empty")
		elevator = self.field("Outage Task", check, "subject")
		self.do("guard1", "correct_outcome", check, "trapped")  # never refused: on record by itself, and rung
		self.assertEqual(self.entrapment(None, elevator).status, "Trapped")
		self.assertEqual(self.field("Outage Task", check, "outcome"), "empty")

	def test_other_outcomes_are_corrected_by_their_department_and_the_control_room(self):
		name = self.declare()
		room = self.task(name, "check_backup_power").name
		self.do("electrician", "complete", room, "switched_over", evidence="60 minutes")
		with self.refused(error=frappe.PermissionError):
			self.do("guard1", "correct_outcome", room, "failed")
		self.do("operator", "correct_outcome", room, "failed", note="dead after a minute")
		self.assertTrue(self.task(name, "repair_backup"))
		with self.refused("Outcome"):
			self.do("operator", "correct_outcome", room, "trapped")


class Updated(Entrapments):
	def test_who_is_inside_while_the_app_is_updated_gets_a_record(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		check = self.task(name, "check_elevator", subject=self.second).name
		self.do("electrician", "complete", check, "trapped", evidence="two voices")
		self.free(name, self.second, 1)
		frappe.db.delete("Elevator Entrapment")
		fill_entrapments.execute()
		self.assertEqual(self.entrapment(name, self.first).status, "Trapped")
		self.assertEqual(self.entrapment(name, self.second).status, "Released")
		fill_entrapments.execute()
		self.assertEqual(frappe.db.count("Elevator Entrapment", {"incident": name}), 2, "twice is once")
		self.free(name, self.first, 1)
		self.assertEqual(self.entrapment(name, self.first).status, "Released")
