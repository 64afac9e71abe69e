"""Every verb keeps the rules that all have in common: role, read permission, lock, replay, time, state, finish.

One night is walked through with all of them; a verb that is in no table of the rules, or is not walked, fails. Whose rule
something is, and for whom, stands in access/endpoints.py; states in test_states_and_replays.py.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from unittest.mock import patch

import frappe
from frappe.query_builder.functions import Count, Max

from outage_response.api import paging
from outage_response.domain import authority, lifecycle
from outage_response.flows.callbacks import call_queue
from outage_response.flows.paging import restored_backup, trial_calls
from outage_response.flows.residents import personal_data, who_depends_on_power
from outage_response.flows.tasks import task_verbs
from outage_response.flows.verb.times import BY_PHONE

from .. import world as build
from ..base import FLOWS, WATCHED, SiteTest, forget_documents

OTHERS = {
	"acknowledge_for": task_verbs.acknowledge_for,
	"log_told": call_queue.log_told,
	"claim_call": call_queue.claim_call,
	"see_unreached": call_queue.unreached,
	"personal_data": personal_data.export_resident_data,
	"read_care_needs": who_depends_on_power.read_care_needs,
	"set_care_need": who_depends_on_power.set_care_need,
	"test_call": trial_calls.test_call,
	"swap_shifts": paging.swap_shifts,
	"confirm_site": restored_backup.confirm_site,
}
ROLE, READ, LOCK, REPLAY, TIME, STATE, FINISH = "role", "read", "lock", "replay", "time", "state", "finish"
# verb -> the rules that it does not ask for, and why
LEFT_OUT: dict[str, tuple[set[str], str]] = {
	"declare": ({STATE}, "makes the outage"),
	"record_call": ({STATE, FINISH}, "a call is kept whatever runs"),
	"log_attempt": ({STATE}, "a callback has states of its own (domain/callback_rules.py)"),
	"give_up_callback": ({STATE}, "the same"),
	"log_told": ({STATE}, "a line of the phone list has states of its own (domain/notice_rules.py)"),
	"take_call": ({REPLAY, TIME, STATE, FINISH}, "who was first stays; locks the call"),
	"claim_call": (
		{LOCK, REPLAY, TIME, STATE, FINISH},
		"holds one line for some minutes, and changes nothing of the outage",
	),
	"see_unreached": ({LOCK, REPLAY, TIME, STATE, FINISH}, "reads"),
	"personal_data": ({LOCK, REPLAY, TIME, STATE, FINISH}, "reads, and logs the look"),
	"read_care_needs": ({REPLAY, TIME, STATE}, "each look is recorded, and what it answers is stored nowhere"),
	"set_care_need": ({REPLAY, TIME, STATE, FINISH}, "the same again writes the same record"),
	"test_call": ({LOCK, REPLAY, TIME, STATE, FINISH}, "no outage; a second test is another test"),
	"swap_shifts": ({TIME, STATE, FINISH}, "no outage; locks the two shifts"),
	"confirm_site": ({READ, LOCK, REPLAY, TIME, STATE, FINISH}, "of the site; confirmed twice, the first one stands"),
	"attach_ticket": ({ROLE, READ, LOCK, REPLAY, TIME, STATE, FINISH}, "needs a helpdesk: test_agent.py"),
}
AFTER_THE_WALK = {"attach_ticket"}
# What a verb may lock first: whatever else it locks comes after one of these
FIRST_LOCKS = ("Outage Incident", "Managed Property", "Trouble Call", "Duty Shift")


class EveryVerb(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_tower("Every Tower", floors=1)
		build.make_roster(world["property"], cls.now)
		# all our roles, and another property
		build.make_property("Every Elsewhere")
		foreigner = build.make_user(build.user("foreigner"), "Outage Control Room")
		doc = frappe.get_doc("User", foreigner)
		for role in authority.STAFF[1:]:
			doc.append("roles", {"role": role}).db_insert()
		build.permit(foreigner, "Every Elsewhere")
		return world

	def setUp(self):
		super().setUp()
		self.walked: set[str] = set()

	# ---------------------------------------------------------------- one verb

	def call(self, who: str, verb: str, /, *args, **kwargs):
		with self.as_user(who), self.request():
			return self.verb(verb)(*args, **kwargs)

	def plainly(self, who: str, verb: str, /, *args, **kwargs):
		"""What is refused before it writes anything leaves nothing to undo."""
		if verb == "swap_shifts":  # an endpoint: begins with a transaction of its own
			return self.call(who, verb, *args, **kwargs)
		with self.as_user(who):
			return self.verb(verb)(*args, **kwargs)

	@staticmethod
	def verb(name: str) -> Callable:
		return OTHERS.get(name) or FLOWS[name]

	@contextlib.contextmanager
	def undone(self) -> Iterator[None]:
		frappe.db.savepoint("one_rule")
		now = self.clock.now
		try:
			yield
		finally:
			frappe.db.rollback(save_point="one_rule")
			forget_documents()
			self.clock.now = now

	@contextlib.contextmanager
	def locks(self, found: list[str]) -> Iterator[None]:
		"""The tables of locking reads, in their order."""
		run = frappe.local.db.sql

		def sql(query, *args, **kwargs):
			if re.search(r"for update", str(query), re.IGNORECASE):
				found.append(re.search(r"from `tab([^`]+)`", str(query), re.IGNORECASE)[1])
			return run(query, *args, **kwargs)

		with patch.object(frappe.local.db, "sql", sql):
			yield

	def marks(self) -> dict[str, tuple]:
		"""Of each table that a verb may write to: how many rows, and when one was changed last."""
		found = {}
		for doctype in WATCHED:
			table = frappe.qb.DocType(doctype)
			found[doctype] = frappe.qb.from_(table).select(Count("*"), Max(table.modified)).run()[0]
		return found

	def asks_for(self, verb: str, rule: str) -> bool:
		return rule not in LEFT_OUT.get(verb, (set(), ""))[0]

	def walk(self, who: str, verb: str, /, *args, **kwargs):
		"""The verb as it is used, after each of the rules was tried on it. Answers what it answers."""
		first_time = verb not in self.walked
		self.walked.add(verb)
		if first_time:
			with self.subTest(verb):
				self.try_rules(who, verb, args, kwargs)
		key = {"request_id": f"{verb}-{frappe.generate_hash(length=6)}"} if self.asks_for(verb, REPLAY) else {}
		locked: list[str] = []
		before = self.marks()
		with self.locks(locked):
			answer = self.call(who, verb, *args, **kwargs, **key)
		if not first_time:
			return answer
		with self.subTest(verb):
			if self.asks_for(verb, LOCK):
				self.assertTrue(locked, "locks nothing")
				self.assertIn(locked[0], FIRST_LOCKS)
			if self.asks_for(verb, FINISH):
				self.assertNotEqual(before["Outage Incident"], self.marks()["Outage Incident"], "leaves no mark")
			if key:
				done, now = self.marks(), self.clock.now
				self.clock.move(1)
				again = self.call(who, verb, *args, **kwargs, **key)
				self.clock.now = now
				self.assertEqual(frappe.parse_json(frappe.as_json(again)), frappe.parse_json(frappe.as_json(answer)))
				self.assertEqual(done, self.marks())
		return answer

	def try_rules(self, who: str, verb: str, args: tuple, kwargs: dict) -> None:
		for rule, stranger in ((ROLE, "resident"), (READ, "foreigner")):
			if self.asks_for(verb, rule):
				with self.assertRaises(frappe.PermissionError, msg=rule):
					self.plainly(stranger, verb, *args, **kwargs)
		if self.asks_for(verb, TIME):
			for typed in ("1999-01-01 00:00:00", str(self.clock.now + timedelta(hours=2))):
				with self.assertRaisesRegex(frappe.ValidationError, "Occurred At", msg=typed):
					self.plainly(who, verb, *args, **kwargs, occurred_at=typed)
		with self.undone():  # the site's clock is put back, and a phone's is hours ahead of it
			self.clock.move(-120)
			given = f"{BY_PHONE}{self.clock.now + timedelta(hours=7):%Y-%m-%d %H:%M:%S}"
			self.call(who, verb, *args, **kwargs, **({"occurred_at": given} if self.asks_for(verb, TIME) else {}))
		if self.asks_for(verb, STATE):
			self.assertIn(verb, {*lifecycle.INCIDENT_VERBS, *lifecycle.TASK_VERBS})

	# ---------------------------------------------------------------- a night

	def test_every_verb_keeps_every_rule(self):
		walk: Callable = self.walk
		name = walk("operator", "declare", self.property, [self.room], "II")["incident"]
		call = walk("operator", "record_call", self.property, unit=self.units[0], contact=self.contacts[0])["call"]
		walk("operator", "take_call", call)
		walk("operator", "confirm", name, "Overload")
		walk("operator", "set_etr", name, str(self.clock.now + timedelta(hours=9)))
		walk("operator", "extend_scope", name, [self.shafts[0]])
		build.make_unit(self.property, "9A", self.switches[0], 9, "T")
		walk("operator", "take_over_changes", name)
		walk("operator", "reclassify", name, "I", "external")
		walk("service", "send_notice", name, "First Word")
		walk("service", "set_care_need", self.units[0], self.contacts[0], "concentrator", 60)
		walk("service", "read_care_needs", name)
		walk("manager", "see_unreached", name)
		walk("service", "personal_data", self.contacts[0])
		walk("operator", "test_call", self.property)
		walk("guard1", "confirm_site")
		self.shifts_swapped()
		self.elevators_emptied(name)
		self.steps_taken(name)
		self.supply_returned(name)
		self.residents_called(name)
		walk("engineer", "file_report", name, "cause", "actions")
		self.finish_steps(name)
		walk("manager", "close", name, "some are not reached")
		self.planned_work()
		known = {*authority.VERB_ROLES, *lifecycle.TASK_VERBS, *lifecycle.INCIDENT_VERBS} - {"stand_down_everywhere"}
		self.assertEqual(known - self.walked, AFTER_THE_WALK)
		self.assertEqual(set(LEFT_OUT) - known, set())

	def shifts_swapped(self) -> None:
		where = {"property": self.property, "department": "security", "ends_at": (">", self.clock.now)}
		one, other = frappe.get_all("Duty Shift", where, pluck="name", order_by="name")[:2]
		self.walk("operator", "swap_shifts", one, other)

	def elevators_emptied(self, name: str) -> None:
		walk = self.walk
		walk("guard1", "report_trapped", name, self.elevators[0], people=1)
		record = self.entrapment(name, self.elevators[0]).name
		walk("guard1", "note_entrapment", entrapment=record, people=2)
		walk("guard1", "report_empty", entrapment=record, outcome="nobody_inside", who="the fitter", how="door_open")
		walk("operator", "read_back_empty", entrapment=record)
		check = self.task(name, "check_elevator", subject=self.elevators[1]).name
		plate = self.field("Property Asset", self.elevators[1], "asset_name")
		walk("operator", "acknowledge_for", check, build.user("electrician"))
		how = {"who": "Li", "how": "intercom", "elevator_no": plate, "read_back": True}
		walk("operator", "complete_for", check, "empty", **how)
		walk("engineer", "correct_outcome", check, "trapped", people=1)

	def steps_taken(self, name: str) -> None:
		walk = self.walk
		arrive = self.task(name, "arrive_on_site").name
		walk("electrician", "acknowledge", arrive)
		walk("electrician", "arrive", arrive)
		walk("operator", "reassign", arrive, build.user("engineer"))
		walk("engineer", "complete", arrive)
		engineering = self.task(name, "call_engineering").name
		walk("operator", "no_answer", engineering)
		walk("operator", "complete", engineering, evidence_later=True)
		walk("operator", "add_evidence", engineering, "told them")
		walk("operator", "skip", self.task(name, "call_security_reserve").name, "enough")
		walk("engineer", "hand_over", name, "all quiet")
		posts = [row.name for row in self.tasks(name, held_until="stand_down", status="Open")]
		self.clock.move(1)
		self.do("guard1", "arrive", posts[0])
		walk("operator", "relieve", posts[0], build.user("guard2"))
		walk("guard2", "move", posts[0], posts[1])
		walk("guard2", "withdraw", posts[1], "smoke")
		walk("operator", "take_danger", posts[1])

	def supply_returned(self, name: str) -> None:
		self.finish_steps(name, keep=lambda row: row.step_key == "clear_to_reclose")
		clear = self.task(name, "clear_to_reclose").name
		checks = [row.item for row in frappe.get_doc("Outage Task", clear).checks]
		self.do("electrician", "complete", clear, checks=checks, evidence="operator")
		self.walk("operator", "read_back", clear)
		self.finish_steps(name)
		self.walk("operator", "permit_energise", name)
		self.clock.move(5)
		self.walk("operator", "supply_back", name)
		self.finish_steps(name)
		self.walk("operator", "stand_down", name)

	def residents_called(self, name: str) -> None:
		self.clock.now = self.clock.now.replace(hour=11)
		rows = frappe.get_all("Outage Callback", {"incident": name}, pluck="name", order_by="name")
		self.walk("service", "claim_call", "Outage Callback", rows[0])
		self.walk("service", "log_attempt", rows[0], "Reached")
		frappe.db.set_value("Outage Callback", rows[1], "status", "Unreached")
		self.walk("service", "give_up_callback", rows[1], "the flat is empty")
		line = frappe.get_all("Notice Delivery", {"incident": name}, pluck="name")[0]
		frappe.db.set_value("Notice Delivery", line, {"phone_list": 1, "state": "Queued", "channel": "Phone"})
		self.walk("service", "log_told", line, "Reached")

	def planned_work(self) -> None:
		self.walk("operator", "cancel", self.declare("III"), "put off")
		frappe.db.set_value("Managed Property", self.property, "notice_mode", "Public")
		planned = self.declare("III")
		notice = frappe.get_all("Outage Notice", {"incident": planned, "mode": "Public"}, pluck="name")[0]
		self.walk("service", "prove_posting", planned, notice, build.make_photo())
		self.finish_steps(planned, gate="start")
		self.walk("engineer", "start", planned)
