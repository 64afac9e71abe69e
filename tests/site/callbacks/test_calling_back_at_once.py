"""Several people call the same household back: one attempt, one record (invariant 7)."""

from ..live import LiveTest, end_processes
from ..world import make_community, make_roster

tearDownModule = end_processes


class CallingBack(LiveTest):
	"""Two operators ring the same resident (invariant 7)."""

	@classmethod
	def build_world(cls) -> dict:
		world = make_community(cls.property_name, buildings=1, units_each=2)
		make_roster(cls.property_name)
		return world

	def open_callbacks(self) -> tuple[str, list[str]]:
		name = self.declare()
		self.call("engineer", "supply_back", incident=name, source="Engineering")
		found = [row.name for row in self.rows("Outage Callback", incident=name, status="Pending")]
		self.assertEqual(len(found), 2)
		return name, found

	def crm_records(self, callback: str) -> int:
		return len(self.rows("Communication", reference_doctype="Outage Callback", reference_name=callback))

	def test_the_same_attempt_sent_twice(self):
		name, (callback, _other) = self.open_callbacks()
		results = self.at_once(
			[
				("service", "log_attempt", {"callback": callback, "outcome": "Reached", "request_id": "attempt-1"})
				for _ in range(4)
			]
		)
		answers = [result.get("answer") for result in results]
		self.assertTrue(answers[0] and all(answer == answers[0] for answer in answers), results)
		self.assertEqual(len(self.rows("Outage Callback Attempt", parent=callback)), 1)
		self.assertEqual(self.crm_records(callback), 1)
		self.assertEqual(self.entries(name, "callback_attempt"), 1)

	def test_two_people_reach_the_same_contact(self):
		_name, (callback, _other) = self.open_callbacks()
		results = self.at_once(
			[
				(who, "log_attempt", {"callback": callback, "outcome": "Reached", "request_id": f"reached-{who}"})
				for who in ("service", "operator")
			]
		)
		self.assertEqual(sum("answer" in result for result in results), 1, results)
		self.assertEqual({result["error"] for result in results if "error" in result}, {"ValidationError"})
		self.assertEqual(len(self.rows("Outage Callback Attempt", parent=callback)), 1)
		self.assertEqual(self.crm_records(callback), 1)

	def test_two_people_reach_nobody(self):
		"""Two attempts were made: both count, neither overwrites the other."""
		_name, (callback, _other) = self.open_callbacks()
		results = self.at_once(
			[
				(who, "log_attempt", {"callback": callback, "outcome": "No Answer", "request_id": f"nobody-{who}"})
				for who in ("service", "operator")
			]
		)
		self.assertTrue(all("answer" in result for result in results), results)
		self.assertEqual(len(self.rows("Outage Callback Attempt", parent=callback)), 2)
		self.assertEqual(self.crm_records(callback), 2)

	def test_supply_back_twice_at_once_opens_each_callback_once(self):
		name = self.declare()
		results = self.at_once(
			[("engineer", "supply_back", {"incident": name, "request_id": f"back-{n}"}) for n in range(4)]
		)
		self.assertEqual(sum("answer" in result for result in results), 1, results)
		self.assertEqual(len(self.rows("Outage Callback", incident=name)), 2)

	def test_two_residents_are_still_out(self):
		"""Both hang on one panel: one nested incident takes both (invariant 8)."""
		name, callbacks = self.open_callbacks()
		results = self.at_once(
			[
				(
					"service",
					"log_attempt",
					{"callback": callback, "outcome": "Still Out", "request_id": f"out-{callback}"},
				)
				for callback in callbacks
			]
		)
		self.assertTrue(all("answer" in result for result in results), [result.get("trace") for result in results])
		nested = {result["answer"]["nested_incident"] for result in results}
		self.assertEqual(len(nested), 1)
		self.assertEqual(self.incidents(), sorted([name, *nested]))
		units = self.rows("Outage Affected Node", ("unit",), parent=next(iter(nested)))
		self.assertEqual({row.unit for row in units}, set(self.units))
		self.assert_whole(next(iter(nested)))

	def test_last_attempts_complete_the_step(self):
		"""Two people end the last two callbacks at the same moment: the step that completes with them is done once."""
		name, callbacks = self.open_callbacks()
		results = self.at_once(
			[
				(
					"service",
					"log_attempt",
					{"callback": callback, "outcome": "Reached", "request_id": f"last-{callback}"},
				)
				for callback in callbacks
			]
		)
		self.assertTrue(all("answer" in result for result in results), results)
		steps = self.rows("Outage Task", ("status",), incident=name, completes_with="callbacks")
		self.assertEqual([step.status for step in steps], ["Done"])
