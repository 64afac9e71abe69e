"""People in elevators: reported by every road, by radio too, one record for each elevator and time, warned of."""

from datetime import timedelta

import frappe

from outage_response import jobs
from outage_response.flows.elevators import long_inside
from outage_response.flows.facts import people_in_elevators_shown
from outage_response.flows.screens import command_centre

from .. import world as build
from .entrapments import RESCUE, Entrapments


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
			told.append([long_inside.warn(name) for name in long_inside.to_warn()])
		self.assertEqual(told, [[], [True], [], [True]])
		self.do("operator", "note_entrapment", record, talked=True)
		self.clock.move(10)
		self.assertEqual(long_inside.to_warn(), [])

	def test_only_people_of_the_property_see_and_note_them(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first)
		record = self.entrapment(name, self.first).name
		stranger = build.make_user("stranger@outage-test.example.com", "Outage Engineering")
		build.permit(stranger, build.make_property("Elsewhere"))
		with self.as_user(stranger):
			self.assertEqual(people_in_elevators_shown.visible(self.clock.now), [])
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


class Warned(Entrapments):
	def test_at_sixty_and_ninety_minutes_each_once(self):
		name = self.declare()
		self.do("operator", "report_trapped", name, self.first, people=2)
		told = []
		for minutes in (59, 1, 1, 29, 1):
			self.clock.move(minutes)
			with self.request():
				told.append([long_inside.warn(record) for record in long_inside.to_warn()])
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
		self.assertEqual(long_inside.to_warn(), [])
		self.assertTrue(callable(jobs.every_minute))
