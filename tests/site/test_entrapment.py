"""People in elevators on a site: reported by every road, one record for each elevator and time, freed, corrected, warned of."""

from datetime import timedelta

import frappe

from outage_response import jobs
from outage_response.flows.elevators import entrapment_verbs
from outage_response.flows.facts import people_in_elevators
from outage_response.flows.screens import (
	command_centre,
	figures,
	incident_form,
	operator_call_sheet,
	phone_page,
	printing,
)
from outage_response.flows.verb.refusals import GateClosedError
from outage_response.patches import fill_entrapments

from . import world as build
from .base import SiteTest, set_settings

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


class Reported(Entrapments):
	def test_one_record_for_each_elevator_and_time(self):
		name = self.declare()
		answer = self.do("guard1", "report_trapped", name, self.first, "we are two", people=2)
		record = self.entrapment(name, self.first)
		self.assertEqual(answer["entrapments"], [record.name])
		self.assertEqual((record.status, record.people), ("Trapped", 2))
		self.assertMoment(record.since, self.clock.now)
		self.clock.move(3)
		self.do("operator", "report_trapped", name, self.first, people=3, floor="11", conditions=["children"])
		again = self.entrapment(name, self.first)
		self.assertEqual((again.name, again.people, again.floor, again.children), (record.name, 3, "11", 1))
		self.assertMoment(again.since, record.since)
		self.free(name, self.first, 3)
		ended = self.entrapment(name, self.first)
		self.assertEqual((ended.status, ended.released, ended.how_ended), ("Released", 3, "released"))
		self.assertTrue(ended.locked_off_at)
		self.clock.move(30)
		self.do("operator", "report_trapped", name, self.first)
		self.assertNotEqual(self.entrapment(name, self.first).name, record.name)
		self.assertEqual(self.open_parts(name, self.first), sorted(RESCUE))

	def test_where_nobody_knows_which_every_elevator_of_the_building_is_asked_and_made_safe(self):
		name = self.declare()
		check = self.task(name, "check_elevator", subject=self.first)
		self.do("electrician", "complete", check.name, "empty", evidence="looked")
		self.clock.move(5)
		self.do("operator", "report_trapped", name, None, "somebody shouts", building="T")
		for elevator in self.elevators:
			self.assertEqual(self.entrapment(name, elevator).status, "Possible")
			self.assertEqual(self.open_parts(name, elevator), ["comfort_trapped", "lock_off_elevator"])
		again = self.task(name, "check_elevator", subject=self.first, status="Open")
		self.assertEqual(again.round, 2, "a car that was found empty before is looked at once more")
		self.do("electrician", "complete", again.name, "empty", evidence="looked again")
		self.assertEqual(self.entrapment(name, self.first).status, "Nobody Inside")
		self.assertEqual(self.open_parts(name, self.first), [])
		other = self.task(name, "check_elevator", subject=self.second, status="Open")
		self.do("electrician", "complete", other.name, "trapped", evidence="two voices", people=2)
		self.assertEqual(self.entrapment(name, self.second).status, "Trapped")
		self.assertEqual(self.open_parts(name, self.second), sorted(RESCUE))

	def test_the_caller_names_the_building_or_the_elevator(self):
		name = self.declare()
		for arguments, word in (
			({}, "Elevator"),
			({"building": "Z"}, "Building"),
			({"elevator": self.lobby}, "Elevator"),
			({"elevator": self.first, "people": -1}, "People"),
			({"elevator": self.first, "conditions": ["bored"]}, "How They Are"),
		):
			with self.subTest(arguments), self.refused(word):
				self.do("operator", "report_trapped", name, **arguments)

	def test_the_call_line_has_a_switch_for_it(self):
		name = self.declare()
		answer = self.do("service", "record_call", self.property, unit=self.units[0], trapped=True, elevator=self.first)
		self.assertEqual((answer["incident"], answer["danger"]), (name, True))
		self.assertEqual(self.entrapment(name, self.first).status, "Trapped")
		call = frappe.get_doc("Trouble Call", answer["call"])
		self.assertEqual((call.trapped, call.unit, call.elevator), (1, self.units[0], self.first))
		self.do("service", "record_call", self.property, trapped=True, building="T", words="they do not know which")
		self.assertEqual(self.entrapment(name, self.second).status, "Possible")

	def test_the_same_call_twice_is_one(self):
		self.declare()
		arguments = {"trapped": True, "elevator": self.first, "people": 2, "request_id": "call-of-the-night-1"}
		first = self.do("operator", "record_call", self.property, **arguments)
		again = self.do("operator", "record_call", self.property, **arguments)
		self.assertEqual((first["call"], first["entrapments"]), (again["call"], again["entrapments"]))
		self.assertEqual(frappe.db.count("Trouble Call", {"property": self.property, "trapped": 1}), 1)

	def test_before_anything_is_declared_it_is_on_record_and_belongs_to_the_outage_that_follows(self):
		answer = self.do("service", "record_call", self.property, trapped=True, elevator=self.first, people=2)
		self.assertEqual(answer["incident"], "")
		self.assertEqual(self.entrapment(None, self.first).people, 2)
		self.assertTrue(
			frappe.get_all(
				"Notification Log", {"document_name": answer["entrapments"][0], "subject": ("like", "%2 inside%")}
			)
		)
		with self.as_user("operator"):
			self.assertEqual([one["label"] for one in command_centre.command_centre()["trapped"]], ["Elevator 1"])
		self.clock.move(2)
		name = self.declare()
		record = self.entrapment(name, self.first)
		self.assertMoment(record.since, self.clock.now - timedelta(minutes=2))
		self.assertEqual(self.open_parts(name, self.first), sorted(RESCUE))
		self.assertEqual(self.field("Trouble Call", answer["call"], "incident"), name)
		self.assertEqual(self.field("Trouble Call", answer["call"], "waiting"), 0)

	def test_a_drill_takes_over_nobody_who_is_really_inside(self):
		self.do("operator", "record_call", self.property, trapped=True, elevator=self.first)
		self.declare(is_drill=True)
		self.assertEqual(self.entrapment(None, self.first).status, "Trapped")

	def test_an_elevator_that_failed_alone_ends_without_an_outage(self):
		self.do("operator", "record_call", self.property, trapped=True, elevator=self.first, people=2)
		record = self.entrapment(None, self.first).name
		self.do("operator", "note_entrapment", record, talked=True, conditions=["elderly"])
		proof = {"who": "the fitter", "how": "door_open"}
		for arguments, word in (
			({"outcome": "released_by_contractor", **proof, "who": ""}, "Who Looked"),
			({"outcome": "released_by_contractor", **proof, "how": "camera"}, "How Seen"),
			({"outcome": "gone", **proof}, "Outcome"),
			({"outcome": "released", **proof}, "certificate"),
			({"outcome": "released_by_contractor", **proof, "people": 1}, "People"),
		):
			with self.subTest(arguments), self.refused(word):
				self.do("operator", "report_empty", record, **{"people": 2, **arguments})
		self.do("operator", "report_empty", record, outcome="released_by_contractor", people=2, **proof)
		self.assertEqual(self.entrapment(None, self.first).status, "Released")
		with self.refused("has ended"):
			self.do("operator", "note_entrapment", record, talked=True)
		self.do("operator", "note_entrapment", record, injured=1)

	def test_nobody_inside_waits_for_a_second_person_without_an_outage_too(self):
		self.do("operator", "record_call", self.property, trapped=True, elevator=self.first, people=2)
		record = self.entrapment(None, self.first).name
		said = {"outcome": "nobody_inside", "who": "Tom", "how": "door_open"}
		self.assertEqual(self.do("guard1", "report_empty", record, **said)["waiting_for"], "read_back")
		with self.refused("Read Back", error=frappe.PermissionError):
			self.do("guard1", "read_back_empty", record)
		self.do("operator", "read_back_empty", record)
		self.assertEqual(self.entrapment(None, self.first).status, "Nobody Inside")

	def test_the_control_room_hears_of_them_every_few_minutes_until_somebody_has_talked_to_them(self):
		self.do("service", "record_call", self.property, trapped=True, elevator=self.first)
		record = self.entrapment(None, self.first).name
		told = []
		for minutes in (2, 1, 1, 2):
			self.clock.move(minutes)
			told.append([entrapment_verbs.warn(name) for name in entrapment_verbs.to_warn()])
		self.assertEqual(told, [[], [True], [], [True]])
		self.do("operator", "note_entrapment", record, talked=True)
		self.clock.move(10)
		self.assertEqual(entrapment_verbs.to_warn(), [])

	def test_only_people_of_the_property_see_and_note_them(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		record = self.entrapment(name, self.first).name
		stranger = build.make_user("stranger@outage-test.example.com", "Outage Engineering")
		build.permit(stranger, build.make_property("Elsewhere"))
		with self.as_user(stranger):
			self.assertEqual(people_in_elevators.visible(self.clock.now), [])
			self.assertEqual(frappe.get_list("Elevator Entrapment"), [])
		with self.refused(error=frappe.PermissionError):
			self.do(stranger, "note_entrapment", record, talked=True)
		with self.refused(error=frappe.PermissionError):
			self.do("resident", "note_entrapment", record, talked=True)

	def test_nobody_changes_a_record_by_hand(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		record = self.entrapment(name, self.first)
		with self.refused(error=frappe.PermissionError):
			record.people = 9
			record.save()
		with self.refused(error=frappe.PermissionError):
			frappe.delete_doc("Elevator Entrapment", record.name)


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


class ByRadio(Entrapments):
	def test_people_inside_are_written_down_at_once(self):
		name = self.declare()
		check = self.task(name, "check_elevator", subject=self.first)
		self.do("operator", "complete_for", check.name, "trapped", people=2)
		self.assertEqual(self.entrapment(name, self.first).people, 2)
		done = frappe.get_doc("Outage Task", check.name)
		self.assertEqual((done.status, done.recorded_by), ("Done", build.user("operator")))

	def test_an_empty_car_with_its_number_who_looked_how_and_a_read_back(self):
		name = self.declare()
		check = self.task(name, "check_elevator", subject=self.first).name
		proof = {"who": "Ida", "how": "door_open", "elevator_no": "A-0417", "read_back": True}
		for missing, word in (
			("who", "Who Looked"),
			("how", "How Seen"),
			("elevator_no", "Elevator Number"),
			("read_back", "Read Back"),
		):
			with self.subTest(missing), self.refused(word):
				self.do("operator", "complete_for", check, "empty", **{**proof, missing: None})
		with self.refused("Elevator Number", "2"):
			self.do("operator", "complete_for", check, "empty", **{**proof, "elevator_no": "2"})
		self.do("operator", "complete_for", check, "empty", **proof)
		self.assertEqual(self.field("Outage Task", check, "outcome"), "empty")
		self.assertIn("Ida", self.field("Outage Task", check, "evidence"))

	def test_what_lets_supply_back_is_written_down_for_nobody(self):
		name = self.declare("I")
		self.finish_task(self.task(name, "isolate_incoming").name)
		clear = self.task(name, "clear_to_reclose").name
		with self.refused(error=frappe.PermissionError):
			self.do("operator", "complete_for", clear, who="Ida", checks=["people_clear"])
		with self.refused("Step"):
			self.do("operator", "complete_for", self.task(name, "arrive_on_site").name, who="Ida")
		with self.refused(error=frappe.PermissionError):
			self.do("guard1", "complete_for", self.task(name, "check_elevator").name, "trapped")


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


class OnEveryScreen(Entrapments):
	def test_known_people_come_before_routine_checks_and_in_order(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.second, people=1)
		self.clock.move(6)
		self.do("operator", "report_trapped", name, self.first, people=2)
		with self.as_user("electrician"):
			mine = phone_page.my_tasks(build.user("electrician"))
			places = [row.get("where") for row in mine["tasks"] if row.get("inside")]
			self.assertEqual([row["where"] for row in mine["tasks"][: len(places)]], places)
			self.assertEqual(places, sorted(places))
			self.assertEqual(mine["tasks"][0]["inside"]["people"], 2)
			self.assertEqual({row["priority"] for row in mine["tasks"] if row.get("life_safety")}, {0, 1} & {0})
		with self.as_user("operator"):
			for seen in (command_centre.command_centre()["trapped"], incident_form.get(name)["trapped"]):
				self.assertEqual(
					[(one["label"], one["people"]) for one in seen], [("Elevator 1", 2), ("Elevator 2", 1)]
				)

	def test_a_zero_reaches_the_phone(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		with self.as_user("electrician"):
			tasks = phone_page.my_tasks(build.user("electrician"))["tasks"]
		self.assertTrue(all("priority" in row for row in tasks))
		self.assertEqual(next(row for row in tasks if row.get("inside"))["inside"]["people"], 0)

	def test_the_ringing_names_them_first_with_how_many_and_since_when(self):
		name = self.declare()
		self.clock.move(12)
		self.do(
			"operator",
			"report_trapped",
			name,
			self.second,
			people=2,
			occurred_at=self.clock.now - timedelta(minutes=12),
		)
		incident = frappe.get_doc("Outage Incident", name)
		rows = frappe.get_all(
			"Outage Task", {"incident": name, "priority": 0}, ["name", "incident", "subject", "subject_label"]
		)
		first = people_in_elevators.people_first(rows, {name}, self.clock.now)[0]
		self.assertEqual(first.subject, self.second)
		record = people_in_elevators.of_incident(incident.name)[0]
		self.assertEqual(people_in_elevators.in_words(record, self.clock.now), "Elevator 2 | 2 inside | 12 min")
		self.assertEqual(people_in_elevators.in_words(record, self.clock.now, "zh"), "Elevator 2｜困2人｜已12分钟")

	def seen_by(self, who: str) -> dict:
		with self.as_user(who):
			(row,) = command_centre.command_centre()["trapped"]
		return row

	def test_what_may_be_done_at_them(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		self.assertEqual(
			self.seen_by("operator")["verbs"],
			["acknowledge_for", "note_entrapment", "complete_for", "report_empty"],
			"by radio",
		)
		self.assertEqual(self.seen_by("guard1")["verbs"], ["note_entrapment", "report_empty"])
		self.do("electrician", "acknowledge", self.part(name, "release_trapped", self.first).name)
		self.assertEqual(self.seen_by("manager")["verbs"], ["note_entrapment", "complete_for", "report_empty"])

	def test_without_an_outage_they_are_taken_with_their_call(self):
		self.do("service", "record_call", self.property, trapped=True, elevator=self.first, words="help")
		row = self.seen_by("operator")
		self.assertEqual((row["taken"], row["words"]), (False, "help"))
		self.assertEqual(row["verbs"], ["note_entrapment", "take_call", "declare", "report_empty"])
		self.do("operator", "take_call", row["call"])
		for who in ("operator", "guard1"):
			self.assertEqual((self.seen_by(who)["taken"], self.seen_by(who)["who"]), (True, "Operator"))
		self.assertNotIn("take_call", self.seen_by("operator")["verbs"])
		guard = self.seen_by("guard1")
		self.assertEqual((guard["call"], guard["words"]), ("", ""), "calls are not for guards")

	def test_a_danger_rings_until_somebody_takes_it(self):
		name = self.declare()
		answer = self.do("service", "record_call", self.property, unit=self.units[0], words="smoke here")
		post = self.task(name, "guard_area").name
		self.do("guard1", "withdraw", post, "Smoke or fire")
		with self.as_user("operator"):
			dangers = command_centre.command_centre()["dangers"]
		self.assertEqual([one["taken"] for one in dangers], [False, False])
		with self.refused(error=frappe.PermissionError):
			self.do("guard1", "take_call", answer["call"])
		self.do("operator", "take_call", answer["call"])
		self.do("operator", "take_danger", post)
		with self.as_user("manager"):
			self.assertEqual([one["taken"] for one in command_centre.command_centre()["dangers"]], [True, True])
		self.clock.move(1)
		self.do("guard2", "withdraw", post, "Smoke or fire")
		with self.as_user("operator"):
			self.assertIn(
				False, [one["taken"] for one in command_centre.command_centre()["dangers"]], "a new danger is a new one"
			)

	def test_the_report_and_the_months_have_them(self):
		name = self.declare("I")
		self.do("operator", "report_trapped", name, self.first, people=2)
		self.clock.move(25)
		self.free(name, self.first, 2)
		self.do("operator", "confirm", name, "External Grid")
		self.do("operator", "supply_back", name)
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		report = self.do("engineer", "file_report", name, "cause", "actions")["report"]
		facts = frappe.parse_json(self.field("Outage Report", report, "facts"))
		(row,) = facts["trapped"]
		self.assertEqual(
			(row["elevator"], row["people"], row["released"], row["how"]), ("Elevator 1", 2, 2, "released")
		)
		(printed,) = printing.outage_report_print(frappe.get_doc("Outage Report", report))["trapped"]
		self.assertEqual((printed[0], printed[1], printed[6]), ("Elevator 1", "2 / 2", "25"))
		month = figures.by_month()[-1]
		self.assertEqual((month["people_trapped"], month["longest_trapped"]), (2, 25))

	def test_their_steps_stand_first_on_form_and_centre(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.second, people=1)
		with self.as_user("operator"):
			rows = incident_form.get(name)["tasks"]
			(card,) = [one for one in command_centre.command_centre()["incidents"] if one["name"] == name]
		theirs = len([row for row in rows if row["where"] == "Elevator 2" and row["priority"] == 0])
		self.assertGreaterEqual(theirs, 5)
		self.assertEqual({row["where"] for row in rows[:theirs]}, {"Elevator 2"})
		self.assertEqual(card["life"][0]["subject"], "Elevator 2")


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


class Warned(Entrapments):
	def test_at_sixty_and_ninety_minutes_each_once(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first, people=2)
		told = []
		for minutes in (59, 1, 1, 29, 1):
			self.clock.move(minutes)
			with self.request():
				told.append([entrapment_verbs.warn(record) for record in entrapment_verbs.to_warn()])
		self.assertEqual(told, [[], [True], [], [True], []])
		text = self.entry(name, "long_inside")["text"]
		self.assertIn("90 minutes", text)
		self.assertTrue(
			frappe.get_all(
				"Notification Log", {"for_user": build.user("manager"), "subject": ("like", "%authorities%")}
			)
		)

	def test_nothing_is_asked_of_the_past(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first, people=1)
		self.free(name, self.first, 1)
		self.clock.move(200)
		self.assertEqual(entrapment_verbs.to_warn(), [])
		self.assertTrue(callable(jobs.every_minute))


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
