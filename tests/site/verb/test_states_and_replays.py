"""For every verb: refused outside its states, and the same request again changes nothing."""

from datetime import timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import frappe

from outage_response.domain import lifecycle

from .. import world as build
from ..base import INCIDENT_VERBS, TASK_VERBS
from ..small_worlds import TowerTest


class StatesAndReplays(TowerTest):
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
