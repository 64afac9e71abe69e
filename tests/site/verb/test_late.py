"""A late act is applied to the moment at which it happened, not to the state of now; what comes after the end is added."""

from datetime import datetime, timedelta

import frappe

from outage_response.flows.facts import homes_of_people
from outage_response.flows.residents import portal_verbs, resident_portal
from outage_response.flows.screens import command_centre, printing

from .. import world as build
from ..base import SiteTest


def phone(at: datetime) -> str:
	"""A time as the phone page sends it."""
	return f"phone:{at:%Y-%m-%d %H:%M:%S}"


class LateTest(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_tower("Late Tower", floors=1)
		build.make_roster(world["property"], cls.now)
		return world

	def status(self, task: str) -> tuple:
		return frappe.db.get_value("Outage Task", task, ["status", "started_by"])

	def told(self, words: str) -> set[str]:
		return set(frappe.get_all("Notification Log", {"subject": ("like", f"%{words}%")}, pluck="for_user"))

	def end(self, incident: str, status: str) -> None:
		"""The short way to an outage that is over: its posts were never manned, its steps are done."""
		self.do("engineer", "confirm", incident, "Equipment Fault")
		self.finish_steps(incident)
		self.do("operator", "supply_back", incident)
		self.finish_steps(incident)
		self.do("operator", "stand_down", incident)
		if status == "Closed":
			self.do("engineer", "file_report", incident, "a cable", "mended")
			self.do("manager", "close", incident, "the callbacks are for tomorrow")


class WhileItRuns(LateTest):
	def setUp(self):
		super().setUp()
		self.incident = self.declare()
		self.post = self.task(self.incident, "guard_area").name
		self.began = self.clock.now

	def minutes(self, minutes: int) -> datetime:
		return self.began + timedelta(minutes=minutes)

	def test_danger_of_one_guard_leaves_the_other_at_the_post_and_tells_them_first(self):
		self.clock.move(20)
		self.do("guard2", "arrive", self.post)
		self.clock.move(140)
		answer = self.do("guard1", "withdraw", self.post, "smoke", occurred_at=phone(self.minutes(10)))
		self.assertEqual(answer["late"], 1)
		self.assertEqual(self.status(self.post), ("On Post", build.user("guard2")))
		self.assertEqual(self.told("smoke"), {build.user("guard2"), build.user("operator")})
		entry = self.entry(self.incident, "late_act")
		self.assertMoment(entry["occurred_at"], self.minutes(10))
		self.assertIn("smoke", entry["text"])
		shown = [row for row in command_centre.command_centre()["dangers"] if "smoke" in row["words"]]
		self.assertEqual([row["taken"] for row in shown], [False])
		self.do("operator", "take_call", shown[0]["call"])

	def test_the_same_from_a_colleague_who_never_was_there(self):
		self.do("guard2", "arrive", self.post)
		self.clock.move(5)
		self.do("guard1", "withdraw", self.post, "water")
		self.assertEqual(self.status(self.post), ("On Post", build.user("guard2")))
		self.assertEqual(self.told("water"), {build.user("guard2"), build.user("operator")})

	def test_an_older_arrival_puts_nobody_back(self):
		self.clock.move(20)
		for verb, who, arguments in (
			("withdraw", "guard1", ("smoke",)),
			("reassign", "operator", (build.user("guard2"),)),
		):
			with self.subTest(verb):
				self.do(who, verb, self.post, *arguments)
				before = self.field("Outage Task", self.post, "_assign")
				self.do("guard1", "arrive", self.post, occurred_at=phone(self.minutes(10)))
				self.assertEqual(self.status(self.post), ("Open", None))
				self.assertEqual(self.field("Outage Task", self.post, "_assign"), before)
				self.assertIn("On post", self.entry(self.incident, "late_act")["text"])
		self.do("guard2", "arrive", self.post)
		self.clock.move(10)
		self.do("operator", "relieve", self.post, build.user("guard1"))
		self.do("guard2", "arrive", self.post, occurred_at=phone(self.minutes(25)))
		self.assertEqual(self.status(self.post), ("On Post", build.user("guard1")))

	def test_what_was_done_before_others_said_mine_counts(self):
		self.clock.move(20)
		self.do("guard2", "acknowledge", self.post)
		self.clock.move(20)
		self.do("guard1", "arrive", self.post, occurred_at=phone(self.minutes(15)))
		self.assertEqual(self.status(self.post), ("On Post", build.user("guard1")))
		self.assertMoment(self.field("Outage Task", self.post, "started_at"), self.minutes(15))

	def test_checks_of_somebody_who_left_since_are_not_read_back(self):
		self.do("engineer", "confirm", self.incident, "Equipment Fault")
		self.finish_steps(self.incident, step_key=("in", ("check_elevator", "organise_repair")))
		clear = self.task(self.incident, "clear_to_energise")
		self.clock.move(20)
		self.do("electrician", "withdraw", clear.name, "water")
		self.clock.move(20)
		checks = [row.item for row in frappe.get_doc("Outage Task", clear.name).checks]
		self.do(
			"electrician",
			"complete",
			clear.name,
			checks=checks,
			evidence="clear",
			occurred_at=phone(self.minutes(15)),
		)
		doc = frappe.get_doc("Outage Task", clear.name)
		self.assertEqual((doc.status, {row.result or "" for row in doc.checks}), ("Open", {""}))

	def test_a_slip_of_the_finger_is_refused_as_ever(self):
		self.do("guard1", "acknowledge", self.post)
		self.clock.move(1)
		with self.refused("Status"):
			self.do("guard2", "acknowledge", self.post)


class AfterTheEnd(LateTest):
	"""A phone that was without network for three hours: nothing of it is lost, nothing that was counted changes."""

	def test_a_closed_outage_keeps_it_and_danger_rings(self):
		incident = self.declare()
		self.clock.move(10)
		self.end(incident, "Closed")
		post, other = (row.name for row in self.tasks(incident, held_until="stand_down"))
		elevator = self.task(incident, "check_elevator")
		figures = frappe.get_doc("Outage Incident", incident).as_dict()
		facts = self.field("Outage Report", {"incident": incident}, "facts")
		before = {row.name: (row.status, row.outcome, row.completed_at) for row in self.tasks(incident)}
		self.assertIn("Never manned", self.field("Outage Task", post, "reason"))
		then = self.clock.now
		self.clock.move(180)

		def late(who: str, verb: str, task: str, *arguments, **more) -> dict:
			answer = self.do(
				who,
				verb,
				task,
				*arguments,
				occurred_at=phone(then - timedelta(minutes=5)),
				request_id=f"{verb}{task}",
				**more,
			)
			self.assertEqual(answer["late"], 1, verb)
			self.assertIn("late note", answer["warnings"][-1])
			self.assertEqual(
				answer,
				self.do(who, verb, task, *arguments, occurred_at=phone(then), request_id=f"{verb}{task}", **more),
			)
			return answer

		late("guard1", "acknowledge", post)
		late("guard1", "arrive", post)
		late("guard1", "withdraw", post, "smoke on floor 3")
		late("guard2", "relieve", other, build.user("guard1"))
		late("engineer", "complete", elevator.name, "trapped", people=2)
		late("guard2", "add_evidence", other, "they came")
		self.assertIn("on post", self.field("Outage Task", post, "reason"))
		for words in ("smoke on floor 3", "People trapped"):
			self.assertIn(build.user("operator"), self.told(words))
			self.assertTrue([row for row in command_centre.command_centre()["dangers"] if words in row["words"]], words)
		self.do("guard1", "report_trapped", incident, self.elevators[1], occurred_at=phone(then))
		self.assertEqual(self.entrapment(None, self.elevators[1]).status, "Trapped")
		answer = self.do("engineer", "correct_outcome", elevator.name, "trapped", people=2)
		self.assertEqual(self.entrapment(None, elevator.subject).name, answer["entrapments"][0])
		self.do("guard1", "hand_over", incident, "switch 4 is open", occurred_at=phone(then))

		now = frappe.get_doc("Outage Incident", incident).as_dict()
		self.assertEqual({**now, "modified": 0, "modified_by": 0}, {**figures, "modified": 0, "modified_by": 0})
		self.assertEqual(facts, self.field("Outage Report", {"incident": incident}, "facts"))
		self.assertEqual(
			before, {row.name: (row.status, row.outcome, row.completed_at) for row in self.tasks(incident)}
		)
		added = [text for _at, text in self.printed(incident)["added"]]
		for words in ("On post", "smoke on floor 3", "they came", "switch 4 is open", "Elevator 2"):
			self.assertTrue([text for text in added if words in text], (words, added))

	def printed(self, incident: str) -> dict:
		return printing.outage_report_print(frappe.get_doc("Outage Report", {"incident": incident}))

	def test_stood_down_while_the_phone_was_silent(self):
		incident = self.declare()
		self.clock.move(10)
		self.end(incident, "Stood Down")
		post = self.tasks(incident, held_until="stand_down")[0].name
		self.do("guard1", "arrive", post, occurred_at=phone(self.clock.now - timedelta(seconds=30)))
		self.assertEqual(self.status(post)[0], "Skipped")
		self.assertNotIn("Never manned", self.field("Outage Task", post, "reason"))
		self.do("guard1", "withdraw", post, "gas")
		self.assertIn(build.user("operator"), self.told("gas"))
		with self.refused("Status"):
			self.do("guard1", "arrive", post)

	def test_still_out_after_the_end_is_kept_and_told(self):
		incident = self.declare()
		self.clock.move(10)
		self.end(incident, "Closed")
		where = {"incident": incident, "contact": self.contacts[0]}
		callback = frappe.get_all("Outage Callback", where, ["name", "status", "contact"])[0]
		with self.subTest("the staff hears it"):
			answer = self.do("service", "log_attempt", callback.name, "Still Out", note="dark again")
			self.assertEqual(answer["callback_status"], callback.status)
			self.assert_kept(answer["call"])
		with self.subTest("the holder of a link"):
			person = resident_portal.Person(
				(callback.contact,), tuple(homes_of_people.homes_of([callback.contact])), incident
			)
			self.assertEqual(resident_portal.outage(person, incident)["kind"], "past")
			for _time in range(2):
				portal_verbs.answer(person, incident, "still_out", note="all dark")
			calls = frappe.get_all("Trouble Call", {"words": "all dark"}, pluck="name")
			self.assertEqual(len(calls), 1)
			self.assert_kept(calls[0])
		self.assertEqual(self.field("Outage Callback", callback.name, "status"), callback.status)

	def assert_kept(self, call: str) -> None:
		doc = frappe.get_doc("Trouble Call", call)
		self.assertEqual((doc.unit, doc.waiting, doc.incident), (self.units[0], 1, None))
		self.assertIn(build.user("operator"), self.told("after the outage"))
