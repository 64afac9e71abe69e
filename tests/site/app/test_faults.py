"""What fails around us loses nothing (invariant 10): a killed process, Redis away, the mail server away, the minute clock."""

from datetime import timedelta
from unittest.mock import patch

import frappe
from frappe.deferred_insert import save_to_db
from frappe.utils import now_datetime

from outage_response import jobs
from outage_response.flows.facts import plan_steps
from outage_response.flows.paging import page_rows
from outage_response.flows.tasks import recurring_steps

from ..base import Clock
from ..live import DEAD_REDIS, STAFF, STANDING_STILL, LiveTest, end_processes, stand_still, wait_for_workers
from ..world import user

tearDownModule = end_processes

CLOCK = "outage_response.jobs.every_minute"
LATER = 12 * 60
# The tables that a verb writes, each with the field that says whose row it is
WRITTEN = {
	"Outage Incident": "property",
	"Outage Task": "property",
	"Timeline Entry": "property",
	"Outage Callback": "property",
	"Trouble Call": "property",
	"ToDo": "reference_type",
	"Notification Log": "document_type",
	"Communication": "reference_doctype",
}


class FaultTest(LiveTest):
	"""What is there, row by row, so that "nothing happened" can be said of it. The clock is the tests' own: to the site's, a
	step that a test has rung hours ahead was rung in the future, which it takes for a clock that was turned back.
	"""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		stand_still(cls.addClassCleanup)

	def written(self) -> dict[str, list]:
		"""Every row that belongs to the property's incidents, with the moment it last changed."""
		frappe.db.rollback()
		incidents = frappe.get_all("Outage Incident", {"property": self.property}, pluck="name")
		tasks = frappe.get_all("Outage Task", {"property": self.property}, pluck="name")
		filters = {
			"ToDo": {"reference_name": ("in", tasks)},
			# not the bells of paging, which a worker rings for what another process declared
			"Notification Log": {"document_name": ("in", incidents), "type": "Assignment"},
			"Communication": {"reference_doctype": "Outage Callback"},
		}
		rows = {
			doctype: frappe.get_all(
				doctype,
				filters.get(doctype, {"property": self.property}),
				["name", "modified"],
				as_list=True,
				order_by="name",
			)
			for doctype in WRITTEN
		}
		nodes = frappe.get_all(
			"Outage Affected Node", {"parent": ("in", incidents)}, ["name", "back_at"], as_list=True, order_by="name"
		)
		return {**rows, "Outage Affected Node": nodes}


class Killed(FaultTest):
	"""A worker is killed in the middle: nothing half done, and the same request again completes."""

	def kill(self, place: str, who: str, method: str, **arguments) -> None:
		process = self.some_processes(1)[0].begin(who, method, acts=[("kill", place, 1)], **arguments)
		self.assertEqual(process.go().result(), {"killed": True}, f"{method} never came to {place}")

	def test_in_the_middle_of_declare(self):
		request = {"property": self.property, "nodes": [self.room], "request_id": "killed-declare"}
		before = self.written()
		for place in (
			"outage_response.flows.tasks.task_set.insert",
			"outage_response.flows.tasks.assignment.give",
			"outage_response.flows.verb.timeline.keep_result",
		):
			with self.subTest(place):
				self.kill(place, "operator", "declare", **request)
				self.assertEqual(self.written(), before)
		answer = self.call("operator", "declare", **request)
		self.assertEqual(self.incidents(), [answer["incident"]])
		self.assert_whole(answer["incident"])
		self.assertEqual(len(self.tasks(answer["incident"])), answer["tasks"])

	def test_after_the_commit_of_declare(self):
		"""The answer was lost on its way: asked again, it is the same answer, and nothing is there twice."""
		request = {"property": self.property, "nodes": [self.room], "request_id": "killed-answer"}
		self.kill("__main__.committed", "operator", "declare", **request)
		(name,) = self.incidents()
		before = self.written()
		answer = self.call("operator", "declare", **request)
		self.assertEqual(answer["incident"], name)
		self.assertEqual(answer["tasks"], len(self.tasks(name)))
		self.assertEqual(self.written(), before)

	def test_in_the_middle_of_supply_back(self):
		name = self.declare()
		request = {"incident": name, "source": "Engineering", "request_id": "killed-back"}
		before = self.written()
		for place in (
			"outage_response.flows.callbacks.open_callbacks._insert",
			"outage_response.flows.tasks.task_set.insert",
			"outage_response.flows.verb.timeline.keep_result",
		):
			with self.subTest(place):
				self.kill(place, "engineer", "supply_back", **request)
				self.assertEqual(self.written(), before)
		answer = self.call("engineer", "supply_back", **request)
		self.assertEqual(answer["status"], "Restored")
		self.assert_whole(name)
		self.assertEqual(len(self.rows("Outage Callback", incident=name)), len(self.contacts))
		self.assertEqual(self.call("engineer", "supply_back", **request), answer)
		self.assertEqual(self.entries(name, "restored"), 1)

	def test_in_the_middle_of_the_minute_clock(self):
		name = self.declare()
		done_once(name)
		before = self.written()
		process = self.some_processes(1)[0].begin(
			"Administrator",
			CLOCK,
			acts=[("kill", "outage_response.flows.tasks.told_of_new_tasks.announce", 1)],
			ahead=LATER,
		)
		self.assertEqual(process.go().result(), {"killed": True})
		self.assertEqual(self.written(), before)
		self.call("Administrator", CLOCK, ahead=LATER)
		self.assertTrue(self.tasks(name, round=2))
		self.assert_one_row_per_task(name)

	def test_a_killed_process_holds_no_lock(self):
		name = self.declare()
		task = self.tasks(name, department="control_room")[0].name
		self.kill("outage_response.flows.verb.timeline.record", "operator", "acknowledge", task=task)
		self.call("operator", "acknowledge", task=task)


class RedisAway(FaultTest):
	"""Redis does not answer: the verb goes on, everything it has to say is a row."""

	def cut_off(self):
		process = self.extra_process(**DEAD_REDIS)
		self.assertEqual(process.call("Administrator", "__main__.redis_answers"), {"answer": False})
		return process

	def done(self, process, who: str, method: str, **arguments):
		result = process.call(who, method, **arguments)
		self.assertIn("answer", result, result.get("trace"))
		return result["answer"]

	def test_an_outage_is_handled_without_redis(self):
		process = self.cut_off()
		declared = self.done(
			process, "operator", "declare", property=self.property, nodes=[self.room], request_id="no-redis"
		)
		name = declared["incident"]
		self.assertEqual(declared["tasks"], len(self.tasks(name)))
		self.assert_whole(name)
		told = self.rows("Notification Log", ("for_user",), document_name=name)
		self.assertIn(user("electrician"), {row.for_user for row in told})
		task = next(task for task in self.tasks(name, department="control_room") if task.step_key)
		self.done(process, "operator", "acknowledge", task=task.name)
		done = self.done(process, "operator", "complete", task=task.name, **what_it_takes(task))
		self.assertEqual(done["task_status"], "Done")
		self.done(process, "engineer", "supply_back", incident=name, source="Engineering")
		callback = self.rows("Outage Callback", incident=name, status="Pending")[0].name
		self.done(process, "service", "log_attempt", callback=callback, outcome="Reached", request_id="no-redis-call")
		self.assertEqual(
			len(self.rows("Communication", reference_doctype="Outage Callback", reference_name=callback)), 1
		)
		self.assert_whole(name)

	def test_the_same_request_when_redis_is_there_again(self):
		request = {"property": self.property, "nodes": [self.room], "request_id": "redis-comes-back"}
		first = self.done(self.cut_off(), "operator", "declare", **request)
		self.assertEqual(self.call("operator", "declare", **request), first)
		self.assertEqual(self.incidents(), [first["incident"]])

	def test_the_minute_clock_without_redis(self):
		name = self.declare()
		done_once(name)
		self.done(self.cut_off(), "Administrator", CLOCK, ahead=LATER)
		self.assertTrue(self.tasks(name, round=2))
		self.assert_one_row_per_task(name)

	def test_only_the_queue_is_away(self):
		process = self.extra_process(redis_queue=DEAD_REDIS["redis_queue"], redis_socketio=DEAD_REDIS["redis_queue"])
		self.assertEqual(
			self.done(process, "operator", "declare", property=self.property, nodes=[self.room])["status"], "Reported"
		)


class MailAway(FaultTest):
	"""The mail server does not answer: no verb waits for it."""

	def test_an_outage_is_handled_without_mail(self):
		process = self.extra_process(mail_server="127.0.0.1", mail_port=9, mail_login=None, mail_password=None)
		result = process.call("operator", "declare", property=self.property, nodes=[self.room])
		self.assertIn("answer", result, result.get("trace"))
		name = result["answer"]["incident"]
		result = process.call("engineer", "supply_back", incident=name, source="Engineering")
		self.assertIn("answer", result, result.get("trace"))
		self.assert_whole(name)


class MinuteClock(FaultTest):
	"""Steps that come round again, looked after once a minute for every running incident."""

	def run_clock(self) -> None:
		frappe.db.rollback()
		wait_for_workers()  # a page that a worker has in hand now would be a lost one hours ahead
		clock = Clock(now_datetime() + timedelta(minutes=LATER))
		clock.start()
		try:
			with patch.object(page_rows, "_enqueue", lambda: None):  # what is due is sent here
				jobs.every_minute()
		finally:
			clock.stop()
			frappe.db.rollback()

	def two_incidents(self) -> list[str]:
		names = [self.declare(nodes=[shaft]) for shaft in self.shafts]
		for name in names:
			done_once(name)
		return names

	def test_the_sites_own_clock_stands_still(self):
		running = self.rows("Scheduled Job Type", method=("in", STANDING_STILL), stopped=0)
		self.assertFalse(running)

	def test_a_second_run_adds_nothing(self):
		(name, _other) = self.two_incidents()
		self.run_clock()
		self.assertTrue(self.tasks(name, round=2))
		before = self.written()
		self.run_clock()
		self.assertEqual(self.written(), before)

	def test_two_clocks_at_once_add_each_round_once(self):
		names = self.two_incidents()
		results = self.at_once([("Administrator", CLOCK, {"ahead": LATER})] * 3)
		self.assertTrue(all("answer" in result for result in results), results)
		for name in names:
			second = self.tasks(name, round=2)
			self.assertTrue(second)
			self.assertFalse(self.tasks(name, round=3))
			self.assertEqual(self.entries(name, "task_round"), len(second))
			self.assert_one_row_per_task(name)

	def test_one_that_fails_stops_no_other(self):
		broken, sound = self.two_incidents()
		tick = recurring_steps.tick

		def fail(name):
			if name == broken:
				tick(name)  # half of the work is done
				raise RuntimeError("this incident cannot be read")
			return tick(name)

		title = f"Outage clock: {broken}"
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Error Log", {"method": title})
		with patch.object(recurring_steps, "tick", fail):
			self.run_clock()
		save_to_db()  # as Frappe's scheduler does
		self.assertFalse(self.tasks(broken, round=2))
		self.assertTrue(self.tasks(sound, round=2))
		self.assertEqual(len(self.rows("Error Log", method=title)), 1)
		self.run_clock()
		self.assertTrue(self.tasks(broken, round=2))
		self.assert_one_row_per_task(broken)

	def test_a_verb_meets_the_clock(self):
		(name, _other) = self.two_incidents()
		results = self.at_once(
			[
				("Administrator", CLOCK, {"ahead": LATER}),
				("operator", STAFF + "reclassify", {"incident": name, "level": "I", "reason": "the street is dark"}),
				("Administrator", CLOCK, {"ahead": LATER}),
			]
		)
		self.assertTrue(all("answer" in result for result in results), results)
		self.assert_whole(name)


def what_it_takes(task) -> dict:
	"""Arguments that complete a step."""
	step = plan_steps.step_of(task)
	return {
		"outcome": next(iter(step.outcomes), None),
		"checks": list(step.checks) or None,
		"evidence": "done as written" if step.evidence not in ("none", "photo") else None,
		"photo": "/files/notice.png" if step.evidence == "photo" else None,
	}


def done_once(incident: str) -> None:
	"""Every repeating step of an incident has been done just now: due again LATER, and not before.

	So that a scheduler that works on this site meanwhile finds nothing to do.
	"""
	frappe.db.rollback()
	repeating = [
		task.name
		for task in frappe.get_all("Outage Task", {"incident": incident}, ["name", "plan", "step_key"])
		if plan_steps.step_of(task).repeat_minutes
	]
	if not repeating:
		raise AssertionError("this incident has no repeating step")
	table = frappe.qb.DocType("Outage Task")
	frappe.qb.update(table).set(table.status, "Done").set(table.completed_at, now_datetime()).where(
		table.name.isin(repeating)
	).run()
	todo = frappe.qb.DocType("ToDo")
	frappe.qb.update(todo).set(todo.status, "Closed").where(todo.reference_name.isin(repeating)).run()
	frappe.db.commit()
