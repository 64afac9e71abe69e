"""Several people declare at once: one outage, one answer for each request."""

import frappe

from ..live import LiveTest, end_processes

tearDownModule = end_processes


class Declaring(LiveTest):
	"""One outage, several people who pick up the phone."""

	def declare_at_once(self, how_many: int, request_ids: list[str | None], level: str = "II") -> list[dict]:
		people = ["operator", "engineer", "service", "guard1", "manager", "electrician", "guard2", "operator"]
		when = {
			"planned_by": "Property",
			"reason": "upkeep",
			"planned_start": "2099-01-01 10:00",
			"planned_end": "2099-01-01 12:00",
		}
		return self.at_once(
			[
				(
					people[index],
					"declare",
					{
						"property": self.property,
						"nodes": [self.room],
						"level": level,
						"request_id": request_ids[index],
						**(when if level == "III" else {}),
					},
				)
				for index in range(how_many)
			]
		)

	def assert_one_answer(self, results: list[dict]) -> None:
		"""Everybody hears of the same incident, and it is there once with one row per task."""
		answers = [result.get("answer") for result in results]
		self.assertNotIn(None, answers, [result.get("trace") for result in results])
		self.assertTrue(all(answer == answers[0] for answer in answers), answers)
		self.assertEqual(self.incidents(), [answers[0]["incident"]])
		self.assert_whole(answers[0]["incident"])
		self.assertEqual(len(self.tasks(answers[0]["incident"])), answers[0]["tasks"])
		self.assertEqual(self.entries(answers[0]["incident"], "declared"), 1)

	def test_two_send_the_same_request(self):
		self.assert_one_answer(self.declare_at_once(2, ["same-2"] * 2))

	def test_eight_send_the_same_request(self):
		self.assert_one_answer(self.declare_at_once(8, ["same-8"] * 8))

	def test_eight_send_the_same_request_for_planned_work(self):
		self.assert_one_answer(self.declare_at_once(8, ["same-planned"] * 8, level="III"))

	def test_eight_send_the_same_request_with_cold_caches(self):
		"""The roles are then read from the database, before the lock: what was seen before the wait does not count."""
		frappe.clear_cache()
		self.assert_one_answer(self.declare_at_once(8, ["same-cold"] * 8))

	def test_eight_requests_of_their_own(self):
		self.assert_one_incident(self.declare_at_once(8, [f"own-{index}" for index in range(8)]))

	def test_two_requests_without_an_id(self):
		self.assert_one_incident(self.declare_at_once(2, [None] * 2))

	def assert_one_incident(self, results: list[dict]) -> None:
		"""One declares; the others are told which incident it is."""
		names = [result["answer"]["incident"] for result in results if "answer" in result]
		self.assertEqual(len(names), 1, results)
		self.assertEqual(self.incidents(), names)
		for result in results:
			if "answer" not in result:
				self.assertEqual(result["error"], "ValidationError", result)
				self.assertIn(names[0], result["text"])
				self.assertIn("already running", result["text"])
		self.assert_whole(names[0])

	def test_one_at_a_time_per_property(self):
		first, second = self.some_processes(2)
		first.begin(
			"operator",
			"declare",
			acts=[("pause", "outage_response.flows.incident.new_incident.take_rows", 1)],
			property=self.property,
			nodes=[self.room],
		)
		first.go().expect("paused")
		when = {
			"planned_by": "Property",
			"reason": "upkeep",
			"planned_start": "2099-01-01 10:00",
			"planned_end": "2099-01-01 12:00",
		}
		second.begin("engineer", "declare", property=self.property, nodes=[self.room], level="III", **when).go()
		self.assertTrue(second.hears_nothing(1.5), "it did not wait for the first")
		self.assertIn("answer", first.go_on().result())
		self.assertIn("answer", second.result())
		self.assertEqual(len(self.incidents()), 2)

	def test_two_parts_at_once_are_two_incidents(self):
		results = self.at_once(
			[
				("operator", "declare", {"property": self.property, "nodes": [shaft], "request_id": shaft})
				for shaft in self.shafts
			]
		)
		self.assertEqual(len({result["answer"]["incident"] for result in results}), 2, results)
		for result in results:
			self.assert_whole(result["answer"]["incident"])
