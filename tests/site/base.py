"""What every test on a site stands on: one transaction per world, a savepoint per test, a clock that stands still.

Classes of one module that build the same world share it, where `tests/site/conftest.py` says when a module ends. Plain
unittest classes, so that pytest and `bench run-tests` run the same ones, on every supported Frappe version.
"""

import contextlib
import sys
import unittest
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import frappe
from frappe.query_builder import CustomFunction
from frappe.query_builder.functions import Concat_ws, Count
from frappe.utils import cstr, get_datetime, get_system_timezone

from outage_response.api import staff
from outage_response.flows.callbacks import attempts
from outage_response.flows.elevators import correction, entrapment_verbs, trapped_reports
from outage_response.flows.facts import site_time
from outage_response.flows.incident import (
	affected_area,
	cause_and_level,
	declaring,
	ending,
	expected_restoration,
	incident_report,
	switching,
)
from outage_response.flows.notices import notice_verbs
from outage_response.flows.site import same_site
from outage_response.flows.tasks import completion, handover, leaving_for_danger, reassignment, task_verbs
from outage_response.flows.trouble import telephone_calls
from outage_response.flows.verb import timeline

from . import world as build
from .world import NIGHT, user

INCIDENT_VERBS = {
	"declare": declaring.declare,
	"confirm": cause_and_level.confirm,
	"reclassify": cause_and_level.reclassify,
	"extend_scope": affected_area.extend_scope,
	"take_over_changes": affected_area.take_over_changes,
	"set_etr": expected_restoration.set_etr,
	"start": switching.start,
	"permit_energise": switching.permit_energise,
	"supply_back": switching.supply_back,
	"stand_down": ending.stand_down,
	"close": ending.close,
	"cancel": ending.cancel,
}
TASK_VERBS = {
	"acknowledge": task_verbs.acknowledge,
	"arrive": task_verbs.arrive,
	"complete": completion.complete,
	"complete_for": completion.complete_for,
	"take_danger": leaving_for_danger.take_danger,
	"no_answer": task_verbs.no_answer,
	"read_back": completion.read_back,
	"add_evidence": task_verbs.add_evidence,
	"skip": task_verbs.skip,
	"reassign": reassignment.reassign,
	"relieve": reassignment.relieve,
	"move": reassignment.move,
	"withdraw": leaving_for_danger.withdraw,
}
FLOWS = {
	**INCIDENT_VERBS,
	**TASK_VERBS,
	"log_attempt": attempts.log_attempt,
	"give_up_callback": attempts.give_up_callback,
	"file_report": incident_report.file_report,
	"record_call": telephone_calls.record_call,
	"report_trapped": trapped_reports.report_trapped,
	"note_entrapment": entrapment_verbs.note_entrapment,
	"read_back_empty": entrapment_verbs.read_back_empty,
	"report_empty": entrapment_verbs.report_empty,
	"correct_outcome": correction.correct_outcome,
	"take_call": telephone_calls.take_call,
	"send_notice": notice_verbs.send_notice,
	"prove_posting": notice_verbs.prove_posting,
	"hand_over": handover.hand_over,
}
BIT_XOR, CRC32 = CustomFunction("BIT_XOR", ["rows"]), CustomFunction("CRC32", ["text"])
# Tables that a verb may write to: what "changes nothing" is measured by
WATCHED = (
	"Outage Incident",
	"Outage Affected Node",
	"Outage Affected Unit",
	"Outage Task",
	"Outage Task Check",
	"Timeline Entry",
	"Trouble Call",
	"Elevator Entrapment",
	"Outage Callback",
	"Outage Callback Unit",
	"Outage Callback Attempt",
	"Outage Report",
	"Outage Notice",
	"Notice Delivery",
	"Outage Plan",
	"Plan Step",
	"Plan Outcome",
	"Outage Level",
	"Care Need",
	"ToDo",
	"Notification Log",
	"Communication",
	"Managed Property",
	"Power Node",
	"Property Unit",
	"Property Asset",
	"Access Log",
)


# What Frappe remembers of records, in the cache that all processes of a site share
REMEMBERED = ("document_cache::", "user_permissions", "roles", "user_doc", "bootinfo")

# and what it remembers of doctypes
OF_DOCTYPES = ("|doctype_meta", "|table_columns")

# [what decided it, the class attributes that came with it, what undoes the patches of a world], or empty
world_that_stands: list = []
worlds_are_shared = False


def end_world() -> None:
	"""Undo the world that stands, if one does."""
	if world_that_stands:
		patches = world_that_stands.pop()
		world_that_stands.clear()
		frappe.set_user("Administrator")
		frappe.db.rollback()
		forget_caches()
		patches.close()


def _own_cache() -> contextlib.AbstractContextManager:
	"""Records that are not committed are remembered apart from the site's.

	Else a worker that runs beside the tests reads a record as it is committed, and what it has read is what a test finds in
	the cache that both share; and the worker finds there what is never committed.
	"""
	make_key = frappe.cache.make_key

	def own_key(key: Any, user: Any = None, shared: bool = False) -> Any:
		ours = isinstance(key, str) and key.startswith(REMEMBERED) and not shared
		return make_key(f"uncommitted|{key}" if ours else key, user, shared)

	return patch.object(frappe.cache, "make_key", own_key)


class Clock:
	"""The app's own sense of now, at one seam: every `now_datetime` that its modules have imported."""

	def __init__(self, now: datetime):
		self.now = now
		self._patches = [
			patch.object(module, "now_datetime", self.read)
			for name, module in sorted(sys.modules.items())
			if name.startswith("outage_response.") and ".tests" not in name and hasattr(module, "now_datetime")
		] + [patch.object(frappe.utils, "now_datetime", self.read), patch.object(site_time, "utc_now", self.utc)]
		self.fold = 0  # 1: the hour that the clock shows for the second time, when summer time ends

	def read(self) -> datetime:
		return self.now

	def utc(self) -> datetime:
		zone = ZoneInfo(get_system_timezone())
		return self.now.replace(tzinfo=zone, fold=self.fold).astimezone(timezone.utc).replace(tzinfo=None)

	def move(self, minutes: float) -> datetime:
		"""Time passes."""
		self.now += timedelta(minutes=minutes)
		return self.now

	def start(self) -> None:
		for one in self._patches:
			one.start()

	def stop(self) -> None:
		for one in self._patches:
			one.stop()


class SiteTest(unittest.TestCase):
	"""A class builds its world once (`build_world`); each test starts from it, at `now`, as Administrator."""

	now = NIGHT
	maxDiff = None
	world: dict

	@classmethod
	def build_world(cls) -> dict:
		"""Names of what the tests need; by default nothing."""
		return {}

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.addClassCleanup(cls._leave)
		key = cls._world_key()
		if key and world_that_stands and world_that_stands[0] == key:
			for name, value in world_that_stands[1].items():
				setattr(cls, name, value)
			return
		end_world()
		# a verb before has had the connection see what others commit; a world stands still
		frappe.db.sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
		frappe.db.rollback()
		frappe.flags.in_test = True
		frappe.set_user("Administrator")
		frappe.local.lang = "en"
		# a site on which no job has run yet does not know itself: by the tests' clock it would be a restored backup, and silent
		same_site.know(muted_since=None)
		patches = contextlib.ExitStack()
		patches.enter_context(patch.object(frappe.local.db, "commit", _refuse_commit))
		patches.enter_context(_own_cache())
		world_that_stands[:] = [None, {}, patches]
		forget_caches()
		clock = Clock(cls.now)
		clock.start()
		before = set(vars(cls))
		try:
			cls.world = cls.build_world()
		finally:
			clock.stop()
		world_that_stands[0] = key
		world_that_stands[1] = {name: value for name, value in vars(cls).items() if name not in before}

	@classmethod
	def _world_key(cls) -> tuple | None:
		"""What decides the world; None for a class that adds to it in a `setUpClass` of its own."""
		ours = cls.setUpClass.__func__ is SiteTest.setUpClass.__func__
		return (cls.__module__, cls.build_world.__func__, cls.now) if ours else None

	@classmethod
	def _leave(cls) -> None:
		if not worlds_are_shared or not cls._world_key():
			end_world()

	def setUp(self):
		super().setUp()
		frappe.set_user("Administrator")
		frappe.local.lang = "en"
		frappe.local.response = frappe._dict()
		if getattr(frappe.local, "request", None) is None:
			with contextlib.suppress(AttributeError):
				del frappe.local.request  # one of None, as some tests leave it, is asked for its method
		frappe.clear_messages()
		frappe.db.savepoint("before_test")
		self.addCleanup(self._undo_test)
		self.clock = Clock(self.now)
		self.clock.start()
		self.addCleanup(self.clock.stop)
		for name, value in self.world.items():
			setattr(self, name, list(value) if isinstance(value, list) else value)

	def _undo_test(self):
		frappe.set_user("Administrator")
		frappe.local.lang = "en"
		frappe.db.rollback(save_point="before_test")
		forget_caches()

	# ---------------------------------------------------------------- doing

	@contextlib.contextmanager
	def as_user(self, name: str) -> Iterator[None]:
		"""Be one of `world.ROLES`, or a user given by address, for a while."""
		before = frappe.session.user
		become(name if "@" in name or name in ("Administrator", "Guest") else user(name))
		try:
			yield
		finally:
			become(before)

	def do(self, who: str, verb: str, /, *args: Any, **kwargs: Any) -> dict:
		"""A verb of the flows, by one of the people. What a refused verb had written is undone, as a request would be."""
		with self.as_user(who), self.request():
			return FLOWS[verb](*args, **kwargs)

	def post(self, who: str, verb: str, /, **arguments: Any) -> Any:
		"""The endpoint that a client calls: its arguments typed, its transaction its own."""
		with self.as_user(who), self.request():
			return getattr(staff, verb)(**arguments)

	@contextlib.contextmanager
	def request(self) -> Iterator[None]:
		"""What happens to one request: undone when it fails. Rollbacks inside go back to its beginning."""
		frappe.db.savepoint("request")
		roll_back = frappe.local.db.rollback

		def rollback(*, save_point: str | None = None) -> None:
			roll_back(save_point=save_point or "request")

		try:
			with patch.object(frappe.local.db, "rollback", rollback):
				yield
		except Exception:
			frappe.db.rollback(save_point="request")
			forget_documents()
			raise

	def declare(self, level: str = "II", nodes: list | None = None, who: str = "operator", **kwargs: Any) -> str:
		"""Declare an outage of the class's property and answer the incident's name."""
		if level == "III":
			kwargs = {
				"planned_by": "Property",
				"reason": "the switchgear is maintained",
				"planned_start": self.clock.now + timedelta(days=3),
				"planned_end": self.clock.now + timedelta(days=3, hours=4),
				**kwargs,
			}
		return self.do(who, "declare", self.property, nodes or [self.room], level, **kwargs)["incident"]

	def finish_task(self, name: str, who: str | None = None, **kwargs: Any) -> None:
		"""Whatever it takes to complete one step, by the people of its department."""
		from outage_response.flows.facts import plan_steps

		doc = frappe.get_doc("Outage Task", name)
		step = plan_steps.step_of(doc)
		who = who or self.doer_of(doc)
		kwargs.setdefault("outcome", next(iter(step.outcomes), None))
		kwargs.setdefault("checks", list(step.checks) or None)
		if step.rescue_part == "release":
			kwargs.setdefault("people", self.counted(doc))
		if step.evidence == "photo":
			kwargs.setdefault("photo", build.make_photo())
		elif step.evidence != "none":
			kwargs.setdefault("evidence", "done as written")
		if self.do(who, "complete", name, **kwargs)["waiting_for"] == "read_back":
			self.do("operator", "read_back", name)

	def counted(self, doc) -> int:
		"""How many are to be freed from the elevator of a task; one where nobody has counted."""
		there = {"incident": doc.incident, "elevator": doc.subject, "status": "Trapped"}
		return frappe.db.get_value("Elevator Entrapment", there, "people") or 1

	def entrapment(self, incident_name: str | None, elevator: str):
		"""The newest record of people in an elevator, whole."""
		where = {"incident": incident_name or ("is", "not set"), "elevator": elevator}
		names = frappe.get_all("Elevator Entrapment", where, pluck="name", order_by="creation desc", limit=1)
		self.assertTrue(names, f"nobody on record in {elevator}")
		return frappe.get_doc("Elevator Entrapment", names[0])

	def doer_of(self, doc) -> str:
		"""Who of `world.ROLES` may complete a task."""
		role = doc.assigned_role or frappe.db.get_value("Response Department", doc.department, "role")
		return next((who for who, its in build.ROLES.items() if its == role), "operator")

	def finish_steps(self, incident_name: str, keep: Callable = lambda task: False, **filters: Any) -> int:
		"""Complete every open step that a person can complete now, until none is left; `keep` leaves some out."""
		finished = 0
		while True:
			rows = [
				row
				for row in self.tasks(incident_name, status=("in", ("Open", "Acknowledged", "In Progress")), **filters)
				if not row.held_until and row.completes_with not in ("callbacks", "report") and not keep(row)
			]
			progress = 0
			for row in rows:
				if frappe.db.get_value("Outage Task", row.name, "status") not in (
					"Open",
					"Acknowledged",
					"In Progress",
				):
					continue
				try:
					self.finish_task(row.name)
				except frappe.ValidationError as refusal:
					if not any(
						later in str(refusal)
						for later in ("come first", "not been switched off yet", "may still be in an elevator")
					):
						raise
					continue
				progress += 1
			if not progress:
				return finished
			finished += progress

	# ---------------------------------------------------------------- looking

	def tasks(self, incident_name: str, **filters: Any) -> list:
		"""The incident's tasks, whole rows."""
		return frappe.get_all(
			"Outage Task",
			filters={"incident": incident_name, **filters},
			fields=["*"],
			order_by="step_key, subject_type, subject, round",
		)

	def task(self, incident_name: str, step_key: str, **filters: Any):
		"""The first task of one step."""
		rows = self.tasks(incident_name, step_key=step_key, **filters)
		self.assertTrue(rows, f"no task {step_key} in {incident_name}")
		return rows[0]

	def kinds(self, incident_name: str) -> list[str]:
		"""Kinds of the incident's timeline entries."""
		return [row["kind"] for row in timeline.entries(incident_name)]

	def entry(self, incident_name: str, kind: str) -> dict:
		"""The last timeline entry of a kind."""
		rows = [row for row in timeline.entries(incident_name) if row["kind"] == kind]
		self.assertTrue(rows, f"no {kind} on the timeline: {self.kinds(incident_name)}")
		return rows[-1]

	def field(self, doctype: str, name: str, fieldname: str) -> Any:
		"""One value as the database has it now."""
		return frappe.db.get_value(doctype, name, fieldname)

	def assertMoment(self, value: Any, expected: datetime) -> None:
		"""Two moments, whatever they are written as."""
		self.assertTrue(value, f"no moment, where {expected} was expected")
		self.assertEqual(get_datetime(value), expected)

	@contextlib.contextmanager
	def refused(self, *words: str, error: type | tuple = frappe.ValidationError) -> Iterator[Any]:
		"""Inside, something is refused with a message that has all `words` (of the field it is about); nothing changes."""
		before = snapshot()
		with self.assertRaises(error) as caught:
			yield caught
		for word in words:
			self.assertIn(word, str(caught.exception))
		self.assertEqual([], changes(before, snapshot()))


@contextlib.contextmanager
def as_in_use() -> Iterator[None]:
	"""Frappe does what it leaves out under test. It asks its flags, from 16 on its module."""
	with patch.dict(frappe.local.flags, {"in_test": False}), patch.object(frappe, "in_test", False, create=True):
		yield


def become(address: str) -> None:
	"""Be this user. What Frappe remembers of doctypes is nobody's own, so it is not read anew for each of them."""
	known = {key: value for key, value in frappe.local.cache.items() if cstr(key).endswith(OF_DOCTYPES)}
	frappe.set_user(address)
	frappe.local.cache.update(known)


def changes(before: dict[str, tuple], after: dict[str, tuple]) -> list[str]:
	"""What differs between two snapshots, in words."""
	return [
		f"{table}: {before[table][0]} rows before, {after[table][0]} after, some of them new or changed"
		for table in before
		if before[table] != after[table]
	]


def snapshot() -> dict[str, tuple]:
	"""Per table: how many rows, and a sum over each one's name and when it was last modified."""
	found = {}
	for doctype in WATCHED:
		table = frappe.qb.DocType(doctype)
		row = Concat_ws("|", table.name, table.modified)
		[found[doctype]] = frappe.qb.from_(table).select(Count("*"), BIT_XOR(CRC32(row))).run()
	table = frappe.qb.DocType("Singles")
	row = Concat_ws("|", table.field, table.value)
	ours = table.doctype == "Outage Response Settings"
	[found["Settings"]] = frappe.qb.from_(table).select(Count("*"), BIT_XOR(CRC32(row))).where(ours).run()
	return found


def set_settings(**values) -> None:
	"""Numbers and switches of the app's Settings, for the rest of the test."""
	name = "Outage Response Settings"
	for field, value in values.items():
		frappe.db.set_single_value(name, field, value, update_modified=False)
	frappe.clear_document_cache(name, name)


def forget_documents() -> None:
	"""Documents remembered from before a rollback."""
	frappe.cache.delete_keys("document_cache::")
	if hasattr(frappe, "client_cache"):
		frappe.client_cache.clear_cache()
	frappe.db.value_cache.clear()


def forget_caches() -> None:
	"""Everything remembered that a rollback has made untrue."""
	forget_documents()
	for key in REMEMBERED[1:]:
		frappe.cache.delete_value(key)
	frappe.local.role_permissions = {}
	frappe.local.user_perms = None


def _refuse_commit() -> None:
	raise AssertionError("a flow commits; the request or the job does that")
