"""Rubbish in every argument of every endpoint is refused in words, and changes nothing."""

import inspect
import os
from typing import ClassVar

import frappe

from outage_response.api import staff
from outage_response.flows.verb.refusals import GateClosedError

from .. import world as build
from ..base import SiteTest, changes, snapshot
from .test_bad_input import REFUSALS


class Rubbish(SiteTest):
	"""Wrong types, long strings, nothing, SQL and script text in every argument of every endpoint."""

	# `OUTAGE_FUZZ=1` tries all of it, else what has something of everything
	RUBBISH: ClassVar[list] = [
		None,
		"x" * 70_000,
		"'; DROP TABLE `tabOutage Incident`; -- <script>alert(1)</script> {field} %s %(x)s {0} \x00\u202e😀",
		10**30,
		[None, 1, {}],
		{"name": ["like", "%"]},
		"",
		"[1, 2",
		'{"a": {"b": [null]}}',
		"\x00\u202e😀",
		-1,
		[],
		"9999-99-99 99:99:99",
	][: 13 if os.environ.get("OUTAGE_FUZZ") else 6]
	# read by the same few lines for every verb: tried with one verb of each kind
	COMMON = ("occurred_at", "request_id")
	ONE_OF_EACH_KIND = ("declare", "confirm", "arrive", "record_call", "log_attempt")

	@classmethod
	def build_world(cls):
		world = build.make_tower("Rubbish Tower", floors=1)
		build.make_roster(world["property"], cls.now)
		world["elsewhere"] = build.make_tower("Rubbish Elsewhere", floors=1)
		return world

	def arguments(self) -> dict[str, dict]:
		"""A call of each endpoint that would be accepted."""
		name = self.declare(nodes=[self.shafts[0]])
		task = self.task(name, "isolate_fault").name
		post = self.task(name, "guard_area").name
		self.do("guard1", "arrive", post)
		done = self.task(name, "call_engineering").name
		self.do("operator", "complete", done, evidence_later=True)
		over = self.do("operator", "declare", self.property, [self.shafts[1]], "I")["incident"]
		self.do("operator", "supply_back", over)
		callback = frappe.get_all("Outage Callback", {"incident": over}, pluck="name")[0]
		planned = self.declare("III")
		one = {"incident": name}
		kept = self.do(
			"operator", "record_call", self.elsewhere["property"], trapped=True, elevator=self.elsewhere["elevators"][0]
		)
		alone = kept["entrapments"][0]
		check, looked = (row.name for row in self.tasks(name, step_key="check_elevator"))
		self.do("electrician", "complete", looked, "empty", evidence="looked")
		self.do("guard1", "report_trapped", name, self.elevators[0])
		inside = self.entrapment(name, self.elevators[0]).name
		calls = {
			"declare": {"property": self.property, "nodes": [self.room], "level": "II"},
			"confirm": {**one, "cause_type": "Overload"},
			"start": {"incident": planned},
			"reclassify": {**one, "level": "I", "reason": "because"},
			"extend_scope": {**one, "nodes": [self.room]},
			"take_over_changes": one,
			"set_etr": one,
			"report_trapped": {**one, "elevator": self.elevators[0]},
			"note_entrapment": {"entrapment": inside, "people": 2},
			"report_empty": {
				"entrapment": alone,
				"outcome": "released_by_contractor",
				"who": "the fitter",
				"how": "door_open",
				"people": 1,
			},
			"read_back_empty": {"entrapment": inside},
			"take_call": {"call": kept["call"]},
			"take_danger": {"task": task},
			"complete_for": {"task": check, "outcome": "trapped"},
			"correct_outcome": {"task": looked, "outcome": "trapped"},
			"permit_energise": one,
			"supply_back": one,
			"stand_down": {"incident": over},
			"close": {"incident": over},
			"cancel": {**one, "reason": "because"},
			"file_report": {"incident": over, "cause": "c", "actions": "a"},
			"record_call": {"property": self.property},
			"read_back": {"task": task},
			"add_evidence": {"task": done, "evidence": "x"},
			"skip": {"task": self.task(name, "call_security_reserve").name, "reason": "enough"},
			"reassign": {"task": task, "user": build.user("engineer")},
			"relieve": {"task": post, "user": build.user("guard2")},
			"withdraw": {"task": task, "danger": "smoke"},
			"acknowledge": {"task": task},
			"arrive": {"task": task},
			"no_answer": {"task": self.task(name, "call_security_reserve").name},
			"move": {"task": post, "to": "nothing"},
			"send_notice": {**one, "kind": "First Word"},
			"prove_posting": {**one, "notice": "nothing", "photo": "/private/files/posted.png"},
			"complete": {"task": task, "evidence": "x"},
			"declare_proposal": {"proposal": "nothing"},
			"dismiss_proposal": {"proposal": "nothing", "reason": "because"},
			"log_attempt": {"callback": callback, "outcome": "Reached"},
			"give_up_callback": {"callback": callback, "reason": "because"},
			"read_care_needs": one,
			"set_care_need": {"unit": self.units[0], "contact": self.contacts[0], "what": "oxygen"},
			"get_timeline": one,
			"get_figures": one,
			"get_callback_queue": {},
		}
		return calls

	def endpoints(self) -> set[str]:
		return {
			name
			for name, function in vars(staff).items()
			if inspect.isfunction(function) and not name.startswith("_") and function in frappe.whitelisted
		}

	def test_rubbish_is_refused_in_words_or_taken_as_text(self):
		calls = self.arguments()
		tried = 0
		for verb in sorted(self.endpoints() & set(calls)):
			good = calls[verb]
			for parameter in inspect.signature(getattr(staff, verb)).parameters:
				if parameter in self.COMMON and verb not in self.ONE_OF_EACH_KIND:
					continue
				for rubbish in self.RUBBISH:
					tried += 1
					self.once(verb, parameter, rubbish, {**good, parameter: rubbish})
		self.assertGreater(tried, 350)

	def once(self, verb: str, parameter: str, rubbish, arguments: dict) -> None:
		"""One call: a refusal of a known kind leaves nothing behind; whatever else happens is a bug."""
		frappe.db.savepoint("once")
		frappe.local.message_log = []
		try:
			self.post("Administrator", verb, **arguments)
		except (*REFUSALS, frappe.exceptions.FrappeTypeError):
			pass
		except Exception as error:
			self.fail_later(verb, parameter, rubbish, error)
		finally:
			frappe.db.rollback(save_point="once")

	def fail_later(self, verb, parameter, rubbish, error) -> None:
		with self.subTest(verb=verb, parameter=parameter, rubbish=str(rubbish)[:40]):
			self.fail(f"{type(error).__module__}.{type(error).__name__}: {str(error)[:300]}")

	def test_every_endpoint_is_tried(self):
		self.assertEqual(self.endpoints() - set(self.arguments()), set())

	def test_a_refused_call_leaves_nothing_behind(self):
		calls = self.arguments()
		before = snapshot()
		for verb, good in sorted(calls.items()):
			key = next(iter(good), None)
			if key is None:
				continue
			for rubbish in ("'; DROP TABLE `tabOutage Task`; --", ["like", "%"]):
				with self.subTest(verb=verb), self.assertRaises((*REFUSALS, frappe.exceptions.FrappeTypeError)):
					self.post("Administrator", verb, **{**good, key: rubbish})
		self.assertEqual([], changes(before, snapshot()))

	def test_script_text_is_kept_as_text_and_shown_escaped(self):
		"""A gate's refusal is HTML: names in it are escaped."""
		frappe.db.set_value("Property Asset", self.elevators[0], "asset_name", "<img src=x onerror=alert(1)>")
		name = self.declare("I")
		self.do("operator", "supply_back", name)
		with self.assertRaises(GateClosedError) as caught:
			self.do("operator", "stand_down", name)
		self.assertNotIn("<img", str(caught.exception))

	def test_guests_and_residents_reach_no_endpoint(self):
		calls = sorted(self.arguments().items())
		before = snapshot()
		for verb, good in calls:
			for who in ("Guest", "resident"):
				if who == "Guest" and verb == "get_callback_queue":
					continue
				with self.subTest(verb=verb, who=who), self.assertRaises(frappe.PermissionError):
					self.post(who, verb, **good)
		self.assertEqual([], changes(before, snapshot()))

	def test_every_verb_is_a_post(self):
		for name in self.endpoints():
			methods = frappe.allowed_http_methods_for_whitelisted_func[getattr(staff, name)]
			self.assertEqual(methods, ["GET"] if name.startswith("get_") else ["POST"], name)
			self.assertNotIn(getattr(staff, name), frappe.guest_methods)
