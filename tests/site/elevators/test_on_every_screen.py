"""People in elevators stand on every screen, before all routine."""

from datetime import timedelta

import frappe

from outage_response.flows.facts import people_in_elevators
from outage_response.flows.screens import (
	command_centre,
	figures,
	incident_form,
	phone_page,
	printing,
)

from .. import world as build
from .entrapments import Entrapments


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
