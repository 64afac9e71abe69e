"""Several people at once (invariants 1 and 2, "Writing and locking"): real processes, each with its own connection."""

import time
from unittest.mock import patch

import frappe
from werkzeug.exceptions import ServiceUnavailable

from outage_response import compat
from outage_response.api import staff
from outage_response.flows.paging import answer_links
from outage_response.flows.trouble import proposals

from ..live import LiveTest, end_processes, sweep_incidents
from ..world import make_roster, make_tower, user

tearDownModule = end_processes

LOCK = "outage_response.flows.verb.engine.lock_incident"
FIRST, TOUCH = "outage_response.permissions.require_verb", "outage_response.flows.verb.engine.touch"
AT_A_PROPERTY = (
	"Outage Incident",
	"Outage Task",
	"Timeline Entry",
	"Outage Callback",
	"Notice Delivery",
	"Outage Page",
	"Outage Notice",
	"Property Unit",
	"Power Node",
)


class Commanding(LiveTest):
	"""Verbs on one incident from several sides."""

	def assert_done(self, results: list[dict]) -> list[dict]:
		for result in results:
			self.assertIn("answer", result, result.get("trace"))
		return [result["answer"] for result in results]

	def test_reclassify_and_extend_at_once(self):
		name = self.declare(nodes=[self.switches[0]])
		self.assert_done(
			self.at_once(
				[
					("operator", "reclassify", {"incident": name, "level": "I", "reason": "the street is dark"}),
					("engineer", "extend_scope", {"incident": name, "nodes": [self.shafts[0]]}),
					("engineer", "extend_scope", {"incident": name, "nodes": [self.shafts[1]]}),
					("operator", "extend_scope", {"incident": name, "nodes": [self.room]}),
				]
			)
		)
		self.assert_whole(name)
		self.assertEqual(self.entries(name, "scope_extended"), 3)
		self.assertEqual(len(self.rows("Outage Affected Node", parent=name, power_node=self.room)), 1)

	def test_the_same_extension_twice_at_once(self):
		name = self.declare(nodes=[self.switches[0]])
		self.assert_done(
			self.at_once([("engineer", "extend_scope", {"incident": name, "nodes": [self.room]}) for _ in range(4)])
		)
		self.assertEqual(len(self.rows("Outage Affected Node", parent=name, power_node=self.room)), 1)
		self.assert_whole(name)

	def test_there_and_back_under_contention(self):
		"""II -> I -> II while others acknowledge and extend: the tasks that II asks for, one row each (invariant 2)."""
		name = self.declare()
		self.call("operator", "confirm", incident=name, cause_type="Overload")
		asked_for = {(task.step_key, task.subject) for task in self.tasks(name)}
		waiting = [task.name for task in self.tasks(name, department="control_room", status="Open")]
		for level in ("I", "II"):
			results = self.at_once(
				[
					("operator", "reclassify", {"incident": name, "level": level, "reason": "heard otherwise"}),
					("manager", "reclassify", {"incident": name, "level": level, "reason": "heard otherwise"}),
					("engineer", "extend_scope", {"incident": name, "nodes": [self.shafts[0 if level == "I" else 1]]}),
					("engineer", "set_etr", {"incident": name, "etr": "2099-01-01 06:00"}),
					("operator", "acknowledge", {"task": waiting.pop()}),
				]
			)
			changed = [result for result in results[:2] if "answer" in result]
			self.assertEqual(len(changed), 1, results)
			refused = next(result for result in results[:2] if "error" in result)
			self.assertIn(f"already has level {level}", refused["text"])
			self.assert_done(results[2:4])
			self.assert_whole(name)
		open_now = {
			(task.step_key, task.subject) for task in self.tasks(name) if task.status not in ("Cancelled", "Skipped")
		}
		self.assertLessEqual(asked_for, open_now)
		self.assertEqual(self.entries(name, "reclassified"), 2)

	def test_ten_acknowledge_at_once(self):
		"""Each step by its own people, all at the same moment: every one is on the record, none is lost."""
		name = self.declare()
		who_of = {
			"control_room": "operator",
			"engineering": "engineer",
			"security": "guard1",
			"customer_service": "service",
		}
		mine = [(who_of[task.department], task.name) for task in self.tasks(name) if task.department in who_of][:10]
		self.assertEqual(len(mine), 10)
		self.assert_done(self.at_once([(who, "acknowledge", {"task": task}) for who, task in mine]))
		acknowledged = self.rows("Outage Task", ("name", "acknowledged_by"), incident=name, status="Acknowledged")
		self.assertEqual({row.name for row in acknowledged}, {task for _who, task in mine})
		self.assertEqual(
			{row.name: row.acknowledged_by for row in acknowledged}, {task: user(who) for who, task in mine}
		)
		self.assertEqual(self.entries(name, "task_acknowledged"), 10)

	def test_a_finger_touches_the_button_of_a_link_twice(self):
		name = self.declare()
		page = self.rows("Outage Page", ("name",), incident=name, user=user("guard1"))[0].name
		touch = ("Administrator", "outage_response.api.paging.answer", {"token": answer_links.of(page), "yes": True})
		results = self.at_once([touch] * 4)
		self.assert_done(results)
		self.assertEqual({result["answer"]["too_late"] for result in results}, {0})
		mine = self.rows("Outage Task", ("name",), incident=name, acknowledged_by=user("guard1"))
		self.assertEqual(sorted(result["answer"]["taken"] for result in results), [0, 0, 0, len(mine)])
		self.assertTrue(mine)

	def test_eight_acknowledge_the_same_step(self):
		name = self.declare()
		task = self.tasks(name, department="control_room")[0].name
		results = self.at_once([("operator", "acknowledge", {"task": task}) for _ in range(8)])
		self.assertEqual(sum("answer" in result for result in results), 1, results)
		self.assertEqual({result["error"] for result in results if "error" in result}, {"ValidationError"})
		self.assertEqual(self.entries(name, "task_acknowledged"), 1)

	def test_supply_comes_back_while_the_level_changes(self):
		name = self.declare()
		results = self.at_once(
			[
				("engineer", "supply_back", {"incident": name, "source": "by itself"}),
				("operator", "reclassify", {"incident": name, "level": "I", "reason": "the street is dark"}),
				("operator", "supply_back", {"incident": name, "nodes": [self.shafts[0]], "source": "a guard"}),
			]
		)
		self.assertIn("answer", results[0], results[0].get("trace"))
		for result in results:
			self.assertTrue("answer" in result or result["error"] == "ValidationError", result)
		self.assertEqual(frappe.db.get_value("Outage Incident", name, "status"), "Restored")
		self.assertFalse(self.rows("Outage Affected Node", parent=name, back_at=("is", "not set")))
		self.assertEqual(self.entries(name, "restored"), 1)
		self.assert_whole(name)

	def test_a_deadlock_is_run_again(self):
		"""Nothing of the first attempt stays, nothing is there twice, whichever row the database stopped at."""
		for place in (
			"outage_response.flows.tasks.assignment.give",
			"outage_response.flows.verb.timeline.keep_result",
			"outage_response.flows.verb.timeline.record",
			"frappe.model.document.Document.insert",
		):
			with self.subTest(place):
				request = f"deadlock {place}"
				result = (
					self.some_processes(1)[0]
					.begin(
						"operator",
						"declare",
						acts=[("deadlock", place, 1), ("deadlock", place, 2)],
						property=self.property,
						nodes=[self.room],
						request_id=request,
					)
					.go()
					.result()
				)
				self.assertIn("answer", result, result.get("trace"))
				name = result["answer"]["incident"]
				self.assertEqual(self.incidents(), [name])
				self.assert_whole(name)
				self.assertEqual(self.entries(name, "declared"), 1)
				self.assertEqual(len(self.rows("Timeline Entry", request_id=request)), 1)
				sweep_incidents(self.property)

	def test_a_deadlock_without_end_is_told(self):
		name = self.declare()
		result = (
			self.some_processes(1)[0]
			.begin(
				"operator",
				"reclassify",
				acts=[("deadlock", "outage_response.flows.verb.timeline.record", 0)],
				incident=name,
				level="I",
				reason="the street is dark",
			)
			.go()
			.result()
		)
		self.assertEqual(result["error"], "ServiceUnavailable")
		self.assertEqual(frappe.db.get_value("Outage Incident", name, "level"), "II")
		self.assert_whole(name)

	def test_a_lock_that_somebody_keeps_is_answered_with_ask_again(self):
		"""A phone keeps what it has at a 503, and gives it up at a refusal. Nothing is tried again meanwhile: nobody listens."""
		name = self.declare()
		frappe.db.rollback()
		holder = frappe.db.get_connection()
		self.addCleanup(holder.close)
		holder.cursor().execute("SELECT name FROM `tabOutage Incident` WHERE name = %s FOR UPDATE", (name,))
		frappe.db.sql("SET SESSION innodb_lock_wait_timeout = 1")
		self.addCleanup(frappe.db.sql, "SET SESSION innodb_lock_wait_timeout = 50")
		began = time.monotonic()
		with self.assertRaises(ServiceUnavailable) as caught:
			staff.extend_scope(name, [self.shafts[0]])
		self.assertLess(time.monotonic() - began, 3)
		answer = caught.exception.get_response()
		self.assertEqual((answer.status_code, answer.headers["Retry-After"]), (503, "5"))
		self.assertIn("ask again", frappe.parse_json(frappe.parse_json(answer.json["_server_messages"])[0])["message"])

	def test_what_a_full_or_lost_database_says_is_no_refusal(self):
		for code in (1114, 1040, 2006, 2013, 1205, 1213):
			self.assertTrue(compat.is_out_of_reach(frappe.db.OperationalError(code, "said by the driver")), code)
		for error in (frappe.db.OperationalError(1054, "Unknown column"), KeyError(2006), frappe.ValidationError("no")):
			self.assertFalse(compat.is_out_of_reach(error), error)

	def test_a_real_deadlock(self):
		"""We hold the task and want the incident; the verb holds the incident and wants the task. The database stops one."""
		name = self.declare()
		task = self.tasks(name, department="control_room")[0].name
		tasks = frappe.qb.DocType("Outage Task")
		# A heavy transaction, so that the verb is the one to be stopped
		frappe.qb.update(tasks).set(tasks.reason, "held by the test").where(tasks.incident == name).run()
		process = self.some_processes(1)[0].begin("operator", "acknowledge", task=task).go()
		self.assertTrue(process.hears_nothing(1.5), "the verb did not wait for the task")
		frappe.get_doc("Outage Incident", name, for_update=True)
		frappe.db.rollback()
		result = process.result()
		self.assertIn("answer", result, result.get("trace"))
		self.assertEqual(self.entries(name, "task_acknowledged"), 1)
		self.assertEqual(frappe.db.get_value("Outage Task", task, "status"), "Acknowledged")


class StaleView(LiveTest):
	"""A transaction that read before it waited for the lock must not decide on what it saw (repeatable read)."""

	def overtaken(self, session: tuple = ()) -> tuple[str, dict]:
		"""One verb has begun to read; another one ends before the first has its lock."""
		name = self.declare()
		slow = self.some_processes(2)[1].begin(
			"operator",
			"reclassify",
			acts=[("pause", LOCK, 1)],
			session=session,
			incident=name,
			level="I",
			reason="the street is dark",
		)
		slow.go().expect("paused")
		self.call("engineer", "extend_scope", incident=name, nodes=[self.shafts[0]])
		return name, slow.go_on().result()

	def test_the_verb_runs_on_what_is_there_now(self):
		name, result = self.overtaken()
		self.assertIn("answer", result, result.get("trace"))
		self.assert_whole(name)
		self.assertEqual(len(self.rows("Outage Affected Node", parent=name)), 2)

	def test_a_gate_in_a_hook_sees_what_was_declared_a_moment_ago(self):
		frappe.db.sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
		frappe.db.rollback()
		unit = frappe.get_doc("Property Unit", self.units[0])  # from here on this view is what it is
		name = self.declare()
		unit.power_node = self.switches[1]
		with self.assertRaisesRegex(frappe.ValidationError, f"not while outage {name} runs"):
			unit.save()
		frappe.db.rollback()

	def test_what_is_read_before_the_lock_costs_no_second_try(self):
		"""Where roles and metadata come from the database at every turn (a developer's server, no cache), they are read before
		the wait for the lock. What is read after it is as new as the lock all the same."""
		name = self.declare()
		tasks = [row.name for row in self.tasks(name, department="control_room")]
		holder, waiting = self.some_processes(2)
		for verb, arguments in (
			("set_etr", {"incident": name, "etr": "2099-01-01 10:00"}),
			("acknowledge", {"task": tasks[0]}),
		):
			with self.subTest(verb):
				holder.begin("operator", "acknowledge", acts=[("pause", TOUCH, 1)], task=tasks.pop()).go().expect(
					"paused"
				)
				forgetful = [("forget", FIRST, 0), ("deadlock", "outage_response.api.endpoints.is_retriable", 0)]
				waiting.begin("operator", verb, acts=forgetful, **arguments).go()
				self.assertTrue(waiting.hears_nothing(0.5))
				holder.go_on().result()
				said = waiting.result()
				self.assertIn("answer", said, said.get("trace"))

	def setUp(self):
		super().setUp()
		# as where the database cannot do otherwise: a verb before may have had this connection see what others commit
		frappe.db.sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")

	def test_the_flow_itself_notices(self):
		"""Without the endpoint's retry the stale view is an error, not a wrong decision; whatever the other verb wrote."""
		from outage_response.flows.verb.locking import lock_incident

		name = self.declare()
		task = self.tasks(name, department="control_room")[0].name
		for who, verb, arguments in (
			("engineer", "extend_scope", {"incident": name, "nodes": [self.shafts[0]]}),
			("operator", "acknowledge", {"task": task}),
		):
			frappe.db.rollback()
			frappe.db.get_value("Outage Incident", name, "status")  # our view of the database begins here
			self.call(who, verb, **arguments)
			with self.subTest(verb), self.assertRaises(frappe.QueryDeadlockError):
				lock_incident(name)
		frappe.db.rollback()
		self.assertEqual(lock_incident(name).name, name)

	def test_a_database_that_refuses_stale_locks(self):
		"""MariaDB 11.6.2 and later answer a locking read of a changed row with error 1020; that too is run again."""
		try:
			frappe.db.sql("SET SESSION innodb_snapshot_isolation = 1")
		except Exception as error:
			self.skipTest(f"this database does not know the setting: {error}")
		name = self.declare()
		frappe.db.rollback()
		frappe.db.get_value("Outage Incident", name, "status")
		self.call("engineer", "extend_scope", incident=name, nodes=[self.shafts[0]])
		from outage_response.compat import is_retriable

		with self.assertRaises(Exception) as caught:
			frappe.get_doc("Outage Incident", name, for_update=True)
		frappe.db.rollback()
		frappe.db.sql("SET SESSION innodb_snapshot_isolation = 0")
		self.assertTrue(is_retriable(caught.exception), repr(caught.exception))


class OnlyItsOwn(LiveTest):
	"""A lock is no wider than its words: while one property's work stands still in the middle of its transaction, nobody
	at another property waits, and no row of theirs is locked."""

	# where a verb, a job stands still: all is locked and written, nothing committed
	AT_THE_END = "outage_response.flows.verb.timeline.keep_result"

	@classmethod
	def build_world(cls) -> dict:
		here = make_tower(cls.property_name, floors=2)
		there = make_tower(f"{cls.property_name} Elsewhere", floors=2)
		for world in (here, there):
			make_roster(world["property"])
		return {**here, "there": there}

	def test_nobody_elsewhere_waits(self):
		other = self.there["property"]
		self.addCleanup(sweep_incidents, other)
		theirs = self.call("operator", "declare", property=other, nodes=[self.there["feeder"]], level="I")["incident"]
		self.call("operator", "supply_back", incident=theirs, nodes=[self.there["shafts"][0]])
		name = self.stands_still("operator", "declare", property=self.property, nodes=[self.shafts[0]])["incident"]
		task = self.tasks(name, department="control_room")[0].name
		self.stands_still("operator", "acknowledge", task=task)
		self.stands_still("engineer", "extend_scope", incident=name, nodes=[self.shafts[1]])
		self.stands_still("engineer", "confirm", incident=name, cause_type="Equipment Fault", level="I")
		self.stands_still("operator", "supply_back", incident=name)
		first, last = (row.name for row in self.rows("Outage Callback", incident=name)[:2])
		self.stands_still("service", "log_attempt", callback=first, outcome="No Answer")
		self.stands_still("service", "log_attempt", callback=last, outcome="Still Out")

	def stands_still(self, who: str, verb: str, **arguments) -> dict:
		process = self.some_processes(1)[0]
		acts = [("pause", self.AT_THE_END, 1)]
		process.begin(who, verb, acts=acts, request_id=frappe.generate_hash(length=12), **arguments).go()
		process.expect("paused")
		try:
			with self.subTest(verb):
				self.assert_free_elsewhere(declares=verb != "declare" and arguments.get("outcome") != "Still Out")
		finally:
			result = process.go_on().result()
		self.assertIn("answer", result, result.get("trace"))
		return result["answer"]

	@staticmethod
	def held(doctype: str, property_name: str) -> set[str]:
		"""The property's rows that somebody has locked."""
		frappe.db.rollback()
		table = frappe.qb.DocType(doctype)
		query = frappe.qb.from_(table).select(table.name).where(table.property == property_name)
		return set(query.run(pluck=True)) - set(query.for_update(skip_locked=True).run(pluck=True))

	def assert_free_elsewhere(self, declares: bool) -> None:
		"""Frappe numbers incidents in the order in which they commit: one that is being declared keeps the next one waiting."""
		other = self.there["property"]
		for doctype in AT_A_PROPERTY:
			deadline = time.monotonic() + 5  # the site's own workers may be at a page for a moment
			while (held := self.held(doctype, other)) and time.monotonic() < deadline:
				time.sleep(0.2)
			self.assertFalse(held, doctype)
		frappe.db.rollback()
		frappe.db.sql("SET SESSION innodb_lock_wait_timeout = 1")
		try:
			for last in (False, False, False, False, True):
				try:
					return self.act_elsewhere(other, declares)
				except ServiceUnavailable:  # a worker again; whoever pauses here does so until the end
					if last:
						raise
		finally:
			frappe.db.rollback()
			frappe.db.sql("SET SESSION innodb_lock_wait_timeout = 50")

	def act_elsewhere(self, other: str, declares: bool) -> None:
		frappe.db.rollback()
		with patch.object(frappe.local.db, "commit"):
			if declares:
				staff.declare(other, [self.there["feeder"]], "II", is_drill=True)
			theirs = frappe.get_all("Outage Incident", {"property": other, "is_drill": 0}, pluck="name")[0]
			staff.set_etr(theirs, "2099-01-01 11:00")
			staff.supply_back(theirs)

	def test_danger_waits_for_nobody(self):
		"""Somebody has property or outage: a word of danger rings the control room all the same, and is linked later."""
		name = self.declare(nodes=[self.shafts[0]])
		task = self.tasks(name, department="control_room")[0].name
		holders = (
			("declare", {"property": self.property, "nodes": [self.shafts[1]]}),
			("acknowledge", {"task": task}),
		)
		holder, caller = self.some_processes(2)
		for verb, arguments in holders:
			with self.subTest(verb):
				holder.begin("operator", verb, acts=[("pause", TOUCH, 1)], **arguments)
				holder.go().expect("paused")
				words = {"property": self.property, "unit": self.units[0], "words": "there is a fire"}
				caller.begin("service", "record_call", session=["SET SESSION innodb_lock_wait_timeout = 1"], **words)
				said = caller.go().result()
				holder.go_on().result()
				self.assertIn("answer", said, said.get("trace"))
				self.assertTrue(said["answer"]["danger"])
				call = said["answer"]["call"]
				rung = self.rows("Notification Log", document_type="Trouble Call", document_name=call)
				self.assertTrue(rung, "nobody was rung")
				self.addCleanup(_forget_bells, call)
				proposals.place_calls(self.property)
				frappe.db.commit()
				self.assertEqual(self.rows("Trouble Call", ("incident",), name=call)[0].incident, name)


def _forget_bells(call: str) -> None:
	frappe.db.delete("Notification Log", {"document_name": call})
	frappe.db.commit()
