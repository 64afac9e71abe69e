"""No query looks through history: what runs by clock, by poll or by verb reads its answer, and little beyond it.

All of them are here by name. A job, an endpoint or a verb that is not in the lists fails `Complete`.
"""

import unittest
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import frappe

from outage_response import hooks
from outage_response.api import agent, calls, command, doors, paging, phone, plans, portal, screens
from outage_response.api.pages import ROUTES
from outage_response.domain import authority, lifecycle
from outage_response.domain.errors import RuleError
from outage_response.flows.callbacks import call_queue as call_flow
from outage_response.flows.incident import affected_area
from outage_response.flows.notices import resident_links
from outage_response.flows.paging import answer_links, page_answers, restored_backup, trial_calls
from outage_response.flows.residents import (
	outage_as_calendar_file,
	personal_data,
	portal_verbs,
	public_status_page,
	who_depends_on_power,
)
from outage_response.flows.residents import resident_portal as portal_flow
from outage_response.flows.roster import shifts
from outage_response.flows.tasks import task_verbs
from outage_response.flows.trouble import agent_verbs as agent_flow

from ..base import FLOWS, SiteTest
from ..world import make_roster, make_tower, user
from . import history

# Rows that one query may look at beyond those it answers: what joins and groups take of one outage
BEYOND = 400
MODULES = (agent, calls, command, paging, phone, plans, portal, screens)
READS = "Handler_read_first", "Handler_read_key", "Handler_read_last", "Handler_read_next", "Handler_read_prev"
READS += "Handler_read_rnd", "Handler_read_rnd_next", "Handler_icp_attempts"


class Meter:
	"""What each query reads: rows looked at by the database's own count, and rows answered."""

	def __init__(self):
		self.queries: list[tuple[int, int, str]] = []

	@contextmanager
	def running(self):
		db = frappe.local.db
		plain = db.sql

		def sql(query, *args, **kwargs):
			if not str(query).lstrip().lower().startswith(("select", "update", "delete", "insert")):
				return plain(query, *args, **kwargs)
			before = self._reads(db)
			found = plain(query, *args, **kwargs)
			answered = max(db._cursor.rowcount, 0)
			self.queries.append((self._reads(db) - before - self.own, answered, str(query)))
			return found

		self.own = 0
		first = self._reads(db)
		self.own = self._reads(db) - first
		with patch.object(db, "sql", sql):
			yield self

	@staticmethod
	def _reads(db) -> int:
		db._cursor.execute("SHOW SESSION STATUS LIKE 'Handler_%'")
		return sum(int(value) for name, value in db._cursor.fetchall() if name in READS)

	@property
	def worst(self) -> tuple[int, int, str]:
		return max(self.queries, key=lambda one: one[0] - one[1], default=(0, 0, ""))


class RowsRead(SiteTest):
	"""One running outage of a tower, and what years have left behind."""

	@classmethod
	def build_world(cls) -> dict:
		world = make_tower("Rows Tower")
		make_roster("Rows Tower")
		frappe.db.set_value("Contact", world["contacts"][0], "user", user("resident"))
		return world

	def setUp(self):
		super().setUp()
		self.incident = self.declare("I")
		self.do("operator", "report_trapped", self.incident, elevator=self.elevators[0], people=2)
		self.do("operator", "record_call", self.property, unit=self.units[0], words="a fire", danger=True)
		self.do("engineer", "supply_back", self.incident, nodes=[self.shafts[1]])
		frappe.db.savepoint("history")
		stack = ExitStack()
		self.addCleanup(stack.close)
		stack.enter_context(history.of_years())
		self.figures: dict[str, tuple] = {}

	def callback(self) -> str:
		return frappe.get_all("Outage Callback", {"incident": self.incident}, pluck="name", limit=1)[0]

	def page(self) -> str:
		return frappe.get_all("Outage Page", {"incident": self.incident}, pluck="name", limit=1)[0]

	def trial(self) -> str:
		return trial_calls.test_call(self.property)["test"]

	def plan(self) -> str:
		return frappe.db.get_value("Outage Incident", self.incident, "plan")

	def link(self) -> str:
		line = frappe.get_all("Notice Delivery", {"incident": self.incident}, ["name", "contact", "link_key"], limit=1)[
			0
		]
		return resident_links.of_delivery(line)

	def measure(self, name: str, work: Callable, *args: Any, **kwargs: Any) -> Any:
		"""Run it; what a query of it read too much of is told at the end of the test. A refusal has asked as well."""
		meter = Meter()
		with meter.running():
			try:
				result = work(*args, **kwargs)
			except (frappe.ValidationError, RuleError):
				result = None
				frappe.clear_messages()
		self.figures[name] = (len(meter.queries), sum(one[0] for one in meter.queries), meter.worst)
		return result

	def tearDown(self):
		too_many = {name: worst for name, (_n, _all, worst) in self.figures.items() if worst[0] - worst[1] > BEYOND}
		told = "\n".join(
			f"{name}: {rows} rows for {found}: {query[:600]}" for name, (rows, found, query) in too_many.items()
		)
		self.assertFalse(too_many, f"\n{told}")
		super().tearDown()

	def test_by_clock(self):
		db, fails = frappe.local.db, AssertionError("a piece of the job failed")
		with (
			patch.object(db, "commit"),
			patch.object(db, "rollback"),
			patch.object(frappe, "log_error", side_effect=fails),
		):
			for name, job in JOBS.items():
				self.measure(name, job)

	def test_by_poll(self):
		for name, (who, ask) in POLLS.items():
			with self.as_user(who):
				self.measure(name, ask, self)

	def test_by_verb(self):
		done = set()
		for name, who, args, more in self.verbs():
			with self.as_user(who):
				self.measure(name, FLOWS.get(name) or OTHER_VERBS[name], *args, **more)
			done.add(name)
		self.assertEqual(VERBS - done, set(), "a verb that is not measured")

	def verbs(self):
		"""Each verb once: (verb, who, arguments). What is looked up between two of them is not counted."""
		name, here = self.incident, self.property
		plan = {
			"planned_by": "Property",
			"reason": "maintenance",
			"planned_start": "2099-01-01 10:00",
			"planned_end": "2099-01-01 12:00",
		}
		yield "declare", "operator", (here, [self.feeder], "III"), plan
		planned = frappe.get_all("Outage Incident", {"property": here, "status": "Scheduled"}, pluck="name")[0]
		yield "record_call", "operator", (here,), {"unit": self.units[1], "words": "no power", "phone": "13800001001"}
		yield "report_trapped", "guard1", (name,), {"elevator": self.elevators[1]}
		inside = self.entrapment(name, self.elevators[1]).name
		yield "note_entrapment", "operator", (inside,), {"people": 1}
		yield "report_empty", "guard1", (inside,), {"outcome": "nobody_inside", "who": "the guard", "how": "open_car"}
		yield "read_back_empty", "operator", (inside,), {}
		call = frappe.get_all("Trouble Call", {"property": here, "danger": 1}, pluck="name")[0]
		yield "take_call", "operator", (call,), {}
		yield "confirm", "engineer", (name, "Equipment Fault"), {"cause": "a fuse"}
		yield "reclassify", "manager", (name, "II", "only the tower"), {}
		yield "extend_scope", "engineer", (name, [self.feeder]), {}
		yield "set_etr", "operator", (name, "2026-03-11 04:00"), {}
		phoned, other, third, fourth, fifth = self.tasks(name, department="control_room", status="Open")[:5]
		yield "acknowledge", "operator", (phoned.name,), {}
		yield "no_answer", "operator", (phoned.name,), {"note": "nobody"}
		yield "arrive", "operator", (other.name,), {}
		yield "complete", "operator", (other.name,), {"evidence": "done", "evidence_later": True}
		yield "add_evidence", "operator", (other.name,), {"evidence": "done"}
		yield "complete_for", "operator", (third.name,), {"who": "the guard", "how": "radio", "evidence": "done"}
		yield "acknowledge_for", "operator", (fourth.name,), {"how": "radio"}
		yield "take_danger", "operator", (fifth.name,), {}
		yield "read_back", "operator", (fifth.name,), {}
		yield "reassign", "operator", (fourth.name, user("operator")), {}
		yield "skip", "manager", (fourth.name, "not needed"), {}
		check = self.tasks(name, subject=self.elevators[1])[0].name
		yield "correct_outcome", "guard1", (check, "trapped"), {}
		post, free = self.tasks(name, held_until=("is", "set"), department="security")[:2]
		yield "arrive", "guard1", (post.name,), {}
		yield "relieve", "guard2", (post.name, user("guard2")), {}
		yield "move", "guard2", (post.name, free.name), {}
		yield "withdraw", "guard2", (free.name, "smoke"), {}
		yield "hand_over", "operator", (name, "all is told"), {}
		yield "send_notice", "service", (name, "Update", "we are at work"), {}
		notice = frappe.get_all("Outage Notice", {"incident": name}, pluck="name")[:1]
		yield "prove_posting", "guard1", (name, *(notice or ("none",)), "/files/notice.png"), {}
		yield "read_care_needs", "operator", (name,), {}
		yield "set_care_need", "service", (self.units[0], self.contacts[0], "ventilator", 60), {}
		yield "take_over_changes", "operator", (name,), {}
		yield "permit_energise", "operator", (name,), {}
		yield "supply_back", "engineer", (name,), {}
		back = frappe.get_all("Outage Callback", {"incident": name}, pluck="name")
		yield "claim_call", "service", (call_flow.CALLBACK, back[0]), {}
		yield "log_attempt", "service", (back[0], "No Answer"), {}
		yield "log_attempt", "service", (back[1], "Still Out"), {}
		yield "give_up_callback", "service", (back[0], "moved out"), {}
		line = frappe.get_all("Notice Delivery", {"incident": name}, pluck="name")
		yield "log_told", "service", (line[0], "Reached"), {}
		yield "see_unreached", "service", (name,), {}
		yield "stand_down", "manager", (name,), {"override_reason": "all is well"}
		yield "file_report", "engineer", (name, "a fuse", "a new fuse", "none"), {}
		yield "close", "manager", (name,), {"override_reason": "all is well"}
		yield "start", "engineer", (planned,), {}
		yield "cancel", "operator", (planned, "not today"), {}
		# of a home from which not half of all calls came: those it answers
		yield "personal_data", "service", (self.contacts[3],), {}
		yield "attach_ticket", "service", ("Issue", "none", name), {}
		yield "test_call", "operator", (here,), {}
		yield "confirm_site", "operator", (), {}
		one, two = frappe.get_all("Duty Shift", {"property": here, "department": "security"}, pluck="name")[:2]
		yield "swap_shifts", "manager", (one, two), {}


def _only_reads(function: Callable) -> bool:
	return "GET" in frappe.allowed_http_methods_for_whitelisted_func.get(function, ())


def _job(path: str) -> Callable:
	return frappe.get_attr(path)


JOBS = {
	path: _job(path)
	for when in hooks.scheduler_events.values()
	for paths in (when.values() if isinstance(when, dict) else [when])
	for path in paths
}
VERBS = {*authority.VERB_ROLES, *lifecycle.TASK_VERBS}
OTHER_VERBS: dict[str, Callable] = {
	"acknowledge_for": task_verbs.acknowledge_for,
	"claim_call": call_flow.claim_call,
	"confirm_site": restored_backup.confirm_site,
	"log_told": call_flow.log_told,
	"see_unreached": call_flow.unreached,
	"read_care_needs": who_depends_on_power.read_care_needs,
	"set_care_need": who_depends_on_power.set_care_need,
	"personal_data": personal_data.export_resident_data,
	"attach_ticket": agent_flow.attach,
	"take_over_changes": affected_area.take_over_changes,
	"test_call": trial_calls.test_call,
	"swap_shifts": shifts.swap,
}


def _person(test: RowsRead) -> portal_flow.Person:
	return portal_flow.of_user(user("resident"))


# What screens and pages ask for again and again, or once when somebody opens them: whose eyes, and the question
POLLS: dict[str, tuple[str, Callable[[RowsRead], Any]]] = {
	"phone.get_my_tasks": ("electrician", lambda test: phone.get_my_tasks()),
	"command.centre": ("operator", lambda test: command.centre()),
	"command.elevators": ("operator", lambda test: command.elevators()),
	"command.get_levels": ("operator", lambda test: command.get_levels()),
	"command.homes_of_number": ("operator", lambda test: command.homes_of_number(test.property, "13800000001")),
	"command.call_sheet": ("operator", lambda test: command.call_sheet(test.incident)),
	"command.run_card_lines": ("operator", lambda test: command.run_card_lines(test.incident)),
	"calls.get_calls": ("service", lambda test: calls.get_calls()),
	"calls.get_unreached": ("service", lambda test: calls.get_unreached(test.incident)),
	"screens.get_incident": ("operator", lambda test: screens.get_incident(test.incident)),
	"screens.get_units": ("operator", lambda test: screens.get_units(test.incident)),
	"screens.get_callback": ("service", lambda test: screens.get_callback(test.callback())),
	"screens.preview_notice": ("service", lambda test: screens.preview_notice(test.incident, "Update")),
	"screens.get_verbs": ("operator", lambda test: screens.get_verbs()),
	"screens.get_power_nodes": (
		"operator",
		lambda test: screens.get_power_nodes("Power Node", test.room, property=test.property),
	),
	"screens.count_life_safety": ("operator", lambda test: screens.count_life_safety()),
	"screens.count_overdue": ("operator", lambda test: screens.count_overdue()),
	"screens.get_planned": ("operator", lambda test: screens.get_planned("2026-03-01", "2026-04-01")),
	"portal.known": ("resident", lambda test: portal.known()),
	"portal.of_ticket": ("resident", lambda test: portal.of_ticket("Issue", "none")),
	"agent.look": ("service", lambda test: agent.look("Issue", "none")),
	"agent.may_attach": ("service", lambda test: agent.may_attach("Issue")),
	"agent.running": ("service", lambda test: agent.running("Issue")),
	"paging.get_alarm": ("operator", lambda test: paging.get_alarm()),
	"paging.get_test": ("operator", lambda test: paging.get_test(test.trial())),
	"paging.get_who_knows": ("operator", lambda test: paging.get_who_knows(test.incident)),
	"paging.look": ("Guest", lambda test: page_answers.look(answer_links.of(test.page()))),
	"paging.get_shifts": ("manager", lambda test: paging.get_shifts("2026-03-10", "2026-03-12")),
	"plans.get_plan_difference": ("Administrator", lambda test: plans.get_plan_difference(test.plan())),
	"plans.get_plan_losses": ("Administrator", lambda test: plans.get_plan_losses(test.plan())),
	# counts above lists
	"doors.get_count": ("operator", lambda test: doors.get_count("Outage Task", {"status": "Open"})),
	# pages made on the server, by the names of their routes
	"outages": ("resident", lambda test: portal_flow.outages(_person(test))),
	"outage": ("resident", lambda test: portal_flow.outage(_person(test), test.incident)),
	"report": ("resident", _person),
	"care": ("resident", lambda test: portal_verbs.care_needs(_person(test))),
	"calendar": ("resident", lambda test: outage_as_calendar_file.calendar(_person(test), test.incident)),
	"link": ("Guest", lambda test: portal_flow.outage(portal_flow.of_link(test.link()), test.incident)),
	"link_calendar": (
		"Guest",
		lambda test: outage_as_calendar_file.calendar(portal_flow.of_link(test.link()), test.incident),
	),
	"calls": ("service", lambda test: call_flow.about(call_flow.CALLBACK, test.callback())),
	"unreached": ("service", lambda test: call_flow.unreached(test.incident)),
	"page": ("Guest", lambda test: page_answers.look(answer_links.of(test.page()))),
	"old_page": ("Guest", lambda test: page_answers.look(answer_links.of(test.page()))),
	"status": ("Guest", lambda test: public_status_page.status_of(test.property)),
}


class Complete(unittest.TestCase):
	"""The lists are whole."""

	def test_every_endpoint_that_reads_is_measured(self):
		found = {
			f"{module.__name__.rpartition('.')[2]}.{name}"
			for module in MODULES
			for name, function in vars(module).items()
			if callable(function) and getattr(function, "__module__", "") == module.__name__ and _only_reads(function)
			# of Frappe's own, narrowed: the one that is asked for numbers again and again
			if module is not doors or name == "get_count"
		}
		self.assertEqual(found - set(POLLS), set())

	def test_every_page_is_measured(self):
		self.assertEqual({route.name for route in ROUTES} - set(POLLS), set())
