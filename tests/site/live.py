"""For tests with several processes: a world that is committed, processes of their own, and the broom at the end.

Whatever these tests leave hangs on a property of theirs, so a crashed run is swept by the next one.
"""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import frappe
from frappe.utils.background_jobs import get_queue, get_queue_list, get_workers

from . import base
from . import world as build

PROGRAM = Path(__file__).resolve().with_name("another_process.py")
ROOT = PROGRAM.parents[2]
STAFF = "outage_response.api.staff."
AT_A_PROPERTY = (
	"Care Need",
	"Property Unit",
	"Property Asset",
	"Power Node",
	"Property Building",
	"Duty Shift",
	"Roster Pattern",
	"Roster Absence",
)
# What the site does by itself every minute
STANDING_STILL = (
	"frappe.email.queue.flush",
	"outage_response.jobs.ring_every_minute",
	"outage_response.jobs.every_minute",
	"outage_response.jobs.bulk_every_minute",
)
# Nobody listens on the discard port
DEAD_REDIS = dict.fromkeys(("redis_cache", "redis_queue", "redis_socketio"), "redis://127.0.0.1:9")


class Process:
	"""One other process. `begin` makes it connect, `go` lets it run, `result` waits for its answer."""

	def __init__(self, sites: str | Path | None = None, site: str | None = None):
		self.complaints = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `end`)
		self.child = subprocess.Popen(
			[sys.executable, str(PROGRAM), site or frappe.local.site],
			stdin=subprocess.PIPE,
			stdout=subprocess.PIPE,
			stderr=self.complaints,
			cwd=sites or frappe.local.sites_path,
			env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))},
		)
		os.set_blocking(self.child.stdout.fileno(), False)
		self._rest = b""

	def begin(
		self,
		who: str,
		method: str,
		*,
		acts: Sequence[tuple] = (),
		session: Sequence[str] = (),
		ahead: int = 0,
		**arguments: Any,
	) -> "Process":
		"""ahead: by how many minutes the app's clock is ahead there. acts: (kill | pause | deadlock, path of a function, at which of its calls; 0: at each)."""
		self._tell(
			{
				"user": who if who in ("Administrator", "Guest") else build.user(who),
				"method": method if "." in method else STAFF + method,
				"arguments": arguments,
				"acts": list(acts),
				"session": list(session),
				"ahead": ahead,
			}
		)
		return self

	def go(self) -> "Process":
		self.expect("ready")
		self._tell({})
		return self

	def go_on(self) -> "Process":
		"""After a pause."""
		self._tell({})
		return self

	def result(self) -> dict:
		"""{"answer"}, {"error", "text"}, or {"killed": True}."""
		return self.expect("done")

	def call(self, who: str, method: str, **arguments: Any) -> dict:
		"""Begin, go, result."""
		return self.begin(who, method, **arguments).go().result()

	def expect(self, event: str, seconds: float = 90) -> dict:
		"""The next word from the process, which must be `event`."""
		while b"\n" not in self._rest:
			if not select.select([self.child.stdout], [], [], seconds)[0]:
				raise TimeoutError(f"no {event!r} from the other process within {seconds} s")
			piece = os.read(self.child.stdout.fileno(), 65536)
			if not piece:
				self.complaints.seek(0)
				raise EOFError(f"no {event!r}: {self.complaints.read().decode(errors='replace')[-2000:]}")
			self._rest += piece
		line, self._rest = self._rest.split(b"\n", 1)
		if not line.startswith(b"@outage "):
			return self.expect(event, seconds)
		said = json.loads(line.removeprefix(b"@outage "))
		if said.pop("event") != event:
			raise AssertionError(f"expected {event!r}: {said}")
		return said

	def hears_nothing(self, seconds: float) -> bool:
		"""Is it still at work (waiting for a lock) after a while?"""
		return not select.select([self.child.stdout], [], [], seconds)[0]

	def end(self) -> None:
		self.child.stdin.close()
		if self.child.poll() is None:
			self.child.kill()
		self.child.wait(timeout=10)
		self.child.stdout.close()
		self.complaints.close()

	def _tell(self, words: dict) -> None:
		self.child.stdin.write((json.dumps(words, default=str) + "\n").encode())
		self.child.stdin.flush()


def stand_still(add_cleanup: Callable) -> None:
	"""Until the cleanup only the test's own processes ring and send: the site's clock and its queue of mails stand still, and
	its workers have done what they had. A killed run leaves them so; the next one starts them at its end.
	"""
	jobs = frappe.qb.DocType("Scheduled Job Type")

	def stop(stopped: int) -> None:
		frappe.db.rollback()
		frappe.qb.update(jobs).set(jobs.stopped, stopped).where(jobs.method.isin(STANDING_STILL)).run()
		frappe.db.commit()

	add_cleanup(stop, 0)
	stop(1)
	wait_for_workers()


def wait_for_workers(seconds: float = 120) -> None:
	"""Until the bench's own workers have done what was queued for this site: a busy one may hold jobs of a clock that now
	stands still. Longer than RQ keeps a job as running of which a killed worker says nothing any more (90 s).

	Raises TimeoutError where jobs remain. Where there are no workers, nobody takes the jobs: then nothing is waited for.
	"""
	deadline = time.monotonic() + seconds
	while get_workers() and (left := waiting_jobs()):
		if time.monotonic() > deadline:
			raise TimeoutError(f"the bench's workers have not done these jobs within {seconds} s: {', '.join(left)}")
		time.sleep(0.2)


def waiting_jobs() -> list[str]:
	"""Jobs of this site that are queued or running; those of dead workers are put away by the registry itself."""
	queues = [get_queue(name) for name in get_queue_list()]
	found = [job for queue in queues for job in (*queue.job_ids, *queue.started_job_registry.get_job_ids())]
	return [job for job in found if job.startswith(frappe.local.site)]


class LiveTest(unittest.TestCase):
	"""A class has its own committed property; each test begins without incidents. Processes are started once per module,
	which ends them: `tearDownModule = end_processes`."""

	processes: ClassVar[list[Process]] = []
	maxDiff = None

	@classmethod
	def build_world(cls) -> dict:
		"""Makes the property `cls.property_name`."""
		world = build.make_tower(cls.property_name)
		build.make_roster(cls.property_name)
		return world

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		base.end_world()
		frappe.db.rollback()
		frappe.set_user("Administrator")
		frappe.local.lang = "en"
		cls.property_name = f"Live {cls.__name__}"
		cls._sweep_all()
		cls.addClassCleanup(cls._sweep_all)
		cls.world = cls.build_world()
		frappe.db.commit()

	@classmethod
	def _sweep_all(cls) -> None:
		"""The class's properties, whose names begin alike, and the tests' people."""
		frappe.db.rollback()
		frappe.set_user("Administrator")
		names = frappe.get_all("Managed Property", {"name": ("like", f"{cls.property_name}%")}, pluck="name")
		for name in names:
			sweep(name)
		sweep_people()

	def setUp(self):
		super().setUp()
		frappe.db.rollback()
		frappe.set_user("Administrator")
		for name, value in self.world.items():
			setattr(self, name, list(value) if isinstance(value, list) else value)
		self.addCleanup(sweep_incidents, self.property)

	# ---------------------------------------------------------------- doing

	def some_processes(self, how_many: int) -> list[Process]:
		"""The first of the module's processes, started when first needed."""
		while len(self.processes) < how_many:
			self.processes.append(Process())
		return self.processes[:how_many]

	def extra_process(self, **settings: Any) -> Process:
		"""A process whose bench has other common settings than this one."""
		return _process_with(settings, self.addCleanup)

	@classmethod
	def process_of_the_class(cls, **settings: Any) -> Process:
		"""The same, for all tests of the class: to start one takes seconds."""
		return _process_with(settings, cls.addClassCleanup)

	@staticmethod
	def _sites_with(settings: dict, add_cleanup: Callable) -> Path:
		"""A folder of sites that is like this bench's but for some of the common settings."""
		here = Path(frappe.local.sites_path).resolve()
		folder = tempfile.TemporaryDirectory()
		add_cleanup(folder.cleanup)
		(Path(folder.name) / "logs").mkdir()
		there = Path(folder.name) / "sites"
		there.mkdir()
		for path in here.iterdir():
			(there / path.name).symlink_to(path)
		common = there / "common_site_config.json"
		common.unlink()
		common.write_text(json.dumps({**json.loads((here / common.name).read_text(encoding="utf-8")), **settings}))
		return there

	def at_once(self, calls: Sequence[tuple[str, str, dict]]) -> list[dict]:
		"""(who, method, arguments) in as many processes, let go together."""
		used = self.some_processes(len(calls))
		for process, (who, method, arguments) in zip(used, calls, strict=True):
			process.begin(who, method, **arguments)
		for process in used:
			process.expect("ready")
		for process in used:
			process.go_on()
		return [process.result() for process in used]

	def call(self, who: str, method: str, **arguments: Any) -> dict:
		"""A verb in another process that must succeed."""
		result = self.some_processes(1)[0].call(who, method, **arguments)
		self.assertIn("answer", result, result.get("trace"))
		return result["answer"]

	def declare(self, level: str = "II", nodes: list | None = None, **arguments: Any) -> str:
		"""A running incident of the class's property."""
		return self.call(
			"operator", "declare", property=self.property, nodes=nodes or [self.room], level=level, **arguments
		)["incident"]

	# ---------------------------------------------------------------- looking

	def rows(self, doctype: str, fields: Sequence[str] = ("name",), **filters: Any) -> list:
		"""What is committed now."""
		frappe.db.rollback()
		return frappe.get_all(doctype, filters=filters, fields=list(fields), order_by="name")

	def incidents(self) -> list[str]:
		"""All incidents of the class's property."""
		return [row.name for row in self.rows("Outage Incident", property=self.property)]

	def tasks(self, incident: str, **filters: Any) -> list:
		"""The incident's tasks."""
		fields = [
			"name",
			"step_key",
			"subject",
			"round",
			"status",
			"dedupe_key",
			"department",
			"plan",
			"_assign",
			"outcome",
		]
		return self.rows("Outage Task", fields, incident=incident, **filters)

	def assert_one_row_per_task(self, incident: str) -> list:
		"""Invariant 1: a step of a subject is there once, and every open one is with somebody once."""
		tasks = self.tasks(incident)
		identities = [(task.step_key, task.subject, task.round) for task in tasks]
		self.assertEqual(len(identities), len(set(identities)))
		todos = self.rows(
			"ToDo",
			("reference_name", "allocated_to"),
			reference_type="Outage Task",
			reference_name=("in", [task.name for task in tasks]),
			status="Open",
		)
		given = [(todo.reference_name, todo.allocated_to) for todo in todos]
		self.assertEqual(len(given), len(set(given)))
		expected = {
			(task.name, who)
			for task in tasks
			if task.status in ("Open", "Acknowledged", "In Progress", "On Post")
			for who in frappe.parse_json(task._assign or "[]")
		}
		self.assertEqual(set(given), expected)
		return tasks

	def assert_whole(self, incident: str) -> None:
		"""Nothing is half done: the tasks are those that plan and context ask for, and each verb is on the timeline."""
		from outage_response.domain.plan_expansion import difference, expand
		from outage_response.flows.facts import plan_steps, power_and_assets, step_context
		from outage_response.flows.tasks import tasks_on_record

		self.assert_one_row_per_task(incident)
		doc = frappe.get_doc("Outage Incident", incident)
		existing = tasks_on_record.load(incident)
		context = step_context.context(doc, existing, power_and_assets.read(doc.property))
		wanted = difference(expand(plan_steps.steps_of_plan(doc.plan), context), existing)
		self.assertFalse(wanted.add)
		self.assertTrue(self.rows("Timeline Entry", incident=incident, kind=("in", ("declared", "nested_opened"))))

	def entries(self, incident: str, kind: str) -> int:
		"""How often something is on the timeline."""
		return len(self.rows("Timeline Entry", incident=incident, kind=kind))


def _process_with(settings: dict, add_cleanup: Callable) -> Process:
	process = Process(LiveTest._sites_with(settings, add_cleanup))
	add_cleanup(process.end)
	return process


def end_processes() -> None:
	"""For `tearDownModule`."""
	while LiveTest.processes:
		LiveTest.processes.pop().end()


def sweep_incidents(property_name: str) -> None:
	"""Take away all that happened at a property."""
	frappe.db.rollback()
	named = {
		doctype: frappe.get_all(doctype, filters={"property": property_name}, pluck="name")
		for doctype in (
			"Outage Incident",
			"Outage Task",
			"Outage Callback",
			"Outage Report",
			"Trouble Call",
			"Elevator Entrapment",
			"Outage Notice",
			"Notice Delivery",
		)
	}
	incidents, tasks, callbacks = (named[name] for name in ("Outage Incident", "Outage Task", "Outage Callback"))
	calls = frappe.get_all(
		"Communication",
		filters={"reference_doctype": "Outage Callback", "reference_name": ("in", callbacks)},
		pluck="name",
	)
	delete_rows("Communication Link", parent=calls)
	delete_rows("Communication", name=calls)
	mails = frappe.get_all(
		"Email Queue", {"reference_doctype": "Notice Delivery", "reference_name": ("in", named["Notice Delivery"])}
	)
	delete_rows("Email Queue Recipient", parent=[mail.name for mail in mails])
	delete_rows("Email Queue", name=[mail.name for mail in mails])
	delete_rows("ToDo", reference_name=tasks)
	delete_rows("Notification Log", document_name=incidents)
	delete_rows("Access Log", reference_document=incidents)
	for rows in ("Outage Affected Node", "Outage Window", "Overlapping Outage"):
		delete_rows(rows, parent=incidents)
	delete_rows("Outage Task Check", parent=tasks)
	delete_rows("Outage Callback Unit", parent=callbacks)
	delete_rows("Outage Callback Attempt", parent=callbacks)
	delete_rows("Timeline Entry", property=[property_name])
	delete_rows("Outage Page Task", parent=frappe.get_all("Outage Page", {"property": property_name}, pluck="name"))
	delete_rows("Outage Page", property=[property_name])
	delete_rows("Outage Affected Unit", property=[property_name])
	delete_rows("Outage Proposal", property=[property_name])
	delete_rows("Paging Test", property=[property_name])
	for doctype, names in named.items():
		delete_rows(doctype, name=names)
	frappe.db.commit()
	frappe.clear_messages()


def sweep(property_name: str) -> None:
	"""Take away a property with everything at it."""
	sweep_incidents(property_name)
	units = frappe.get_all("Property Unit", filters={"property": property_name}, pluck="name")
	contacts = frappe.get_all("Contact", filters={"name": ("like", f"{property_name}%")}, pluck="name")
	delete_rows("Unit Resident", parent=units)
	delete_rows("Contact Phone", parent=contacts)
	delete_rows("Contact Email", parent=contacts)
	delete_rows("Contact", name=contacts)
	for doctype in AT_A_PROPERTY:
		delete_rows(doctype, property=[property_name])
	frappe.db.delete("__global_search", {"doctype": ("in", AT_A_PROPERTY), "name": ("like", f"{property_name}-%")})
	delete_rows("User Permission", allow=["Managed Property"], for_value=[property_name])
	for doctype in ("Property Work Day", "Property Holiday"):
		delete_rows(doctype, parent=[property_name])
	delete_rows("Managed Property", name=[property_name])
	frappe.db.commit()


def sweep_people() -> None:
	"""Take away the tests' people, and commit."""
	users = frappe.get_all("User", {"name": ("like", f"%{build.user('')}")}, pluck="name")
	_delete_people(users)
	frappe.db.commit()
	forget(users)


def forget(users: Sequence[str] = ()) -> None:
	"""Caches hold nothing of these people and of the tests' properties. All of them, cleared, would be filled anew for seconds,
	by every process of the site: the fields of each doctype, translations, what Desk is told first.
	"""
	for user in users:
		frappe.clear_cache(user=user)
	for doctype in ("User", "Contact", *AT_A_PROPERTY, "Managed Property"):
		frappe.clear_document_cache(doctype)


def _delete_people(users: list[str]) -> None:
	for table in frappe.get_meta("User").get_table_fields():
		delete_rows(table.options, parent=users)
	delete_rows("Contact Email", email_id=users)
	delete_rows("Contact", email_id=users)
	for doctype in ("Notification Settings", "User"):
		delete_rows(doctype, name=users)
	delete_rows("User Permission", user=users)
	delete_rows("Notification Log", for_user=users)
	delete_rows("Elevator Rescue Certificate", user=users)
	delete_rows("__Auth", doctype=["User"], name=users)


def delete_rows(doctype: str, /, **filters: list[str]) -> None:
	if all(filters.values()):
		frappe.db.delete(doctype, {field: ("in", values) for field, values in filters.items()})
