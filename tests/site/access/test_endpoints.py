"""Who may call which endpoint (invariant 9), and that what they name is their property's: everything by everybody."""

import contextlib
import inspect
import json

import frappe

from outage_response.flows.callbacks import attempts
from outage_response.flows.incident import cause_and_level
from outage_response.flows.tasks import task_verbs

from .. import world as build
from ..world import user
from .endpoints import BOTH, ENDPOINTS, GUESTS, LISTERS, NO_TICKET, READING, STAND_INS, our_endpoints
from .people import PEOPLE, AccessTest


class Endpoints(AccessTest):
	"""Every endpoint by everybody."""

	def test_every_endpoint_has_a_row(self):
		self.assertEqual(sorted(our_endpoints()), sorted(ENDPOINTS))

	def test_everything_whitelisted_is_in_the_api(self):
		for function in our_endpoints().values():
			self.assertTrue(function.__module__.startswith("outage_response.api."), function)
		guests = {name for name, function in our_endpoints().items() if function in frappe.guest_methods}
		self.assertEqual(guests, GUESTS)

	def test_who_may(self):
		wrong = []
		for name, (allowed, arguments) in ENDPOINTS.items():
			if "operator" in allowed:
				allowed = allowed | {"everywhere"}
			method = "GET" if name in READING else "POST"
			frappe.cache.delete_keys("outage_portal:wrong")  # guesses of all of them
			for who in PEOPLE:
				may = self.may(who, f"outage_response.api.{name}", method, **arguments(self.world))
				if may != (who in allowed):
					wrong.append(f"{name}: {who} {'may' if may else 'may not'}")
		self.assertFalse(wrong)

	def test_a_refusal_for_want_of_permission_changes_nothing(self):
		for who in ("resident", "foreigner", "admin"):
			with self.refused(error=frappe.PermissionError), self.as_user(who), self.request():
				cause_and_level.reclassify(self.incident, "I", "because")
			with self.refused(error=frappe.PermissionError), self.as_user(who), self.request():
				task_verbs.acknowledge(self.guards_step)
			with self.refused(error=frappe.PermissionError), self.as_user(who), self.request():
				attempts.log_attempt(self.callback, "Reached")

	def test_lists_and_counts_hold_only_what_one_may_see(self):
		queue, count = "outage_response.api.staff.get_callback_queue", "frappe.client.get_count"
		self.assertEqual(self.ask("foreigner", queue, "GET"), [])
		running = "outage_response.api.agent.running"
		self.assertEqual(self.ask("foreigner", running, ticket_type="ToDo"), [])
		self.assertTrue(self.ask("operator", running, ticket_type="ToDo"))
		self.assertTrue(self.ask("resident", "outage_response.api.portal.known"))
		for who in ("moved", "agent", "operator", "admin"):
			self.assertEqual(self.ask(who, "outage_response.api.portal.known"), [])
		for who in ("resident", "operator", "admin"):
			self.assertFalse(self.ask(who, "outage_response.api.agent.look", **NO_TICKET))
		self.assertIn(self.callback, [row.name for row in self.ask("service", queue, "GET")])
		self.assertEqual(self.ask("foreigner", count, doctype="Outage Incident"), 0)
		here = {"property": ("in", [self.property, self.other["property"]])}
		self.assertEqual(self.ask("service", count, doctype="Outage Incident", filters=here), 3)
		planned = json.dumps({"level": "III", "property": self.property})
		self.assertEqual(self.ask("service", count, doctype="Outage Incident", filters=planned), 1)
		for who in ("resident", "service", "admin"):
			with self.assertRaises(frappe.PermissionError):
				self.ask(who, count, doctype="Care Need", filters={"what": ("like", "%oxygen%")})
		for who in ("resident", "service"):
			for theirs in ("Email Queue", "Error Log", "Version"):
				with self.subTest(who, doctype=theirs), self.assertRaises(frappe.PermissionError):
					self.ask(who, count, doctype=theirs)
			with contextlib.suppress(frappe.PermissionError):  # from 15 on everybody lists the contacts that they made
				self.assertEqual(self.ask(who, count, doctype="Contact"), 0)
		self.assertTrue(self.ask("admin", count, doctype="Contact"))

	def test_pages_are_let_into_the_room_of_a_list(self):
		"""Frappe 16's realtime server asks by one function for a document's room and, with an empty name, for a list's: whoever is
		kept out of a list's hears of no outage until the page is loaded anew."""
		for who in PEOPLE:
			with self.subTest(who):
				ask = {"doctype": "Outage Incident", "name": ""}
				may = self.may(who, "outage_response.api.doors.has_permission", **ask)
				self.assertEqual(may, who in LISTERS | {"everywhere"})

	def test_verbs_are_posted_and_readings_are_got(self):
		for name, (_allowed, arguments) in ENDPOINTS.items():
			wrong = ("POST",) if name in READING else ("GET", "PUT", "DELETE")
			if name in BOTH:
				continue
			for method in wrong:
				self.assertFalse(
					self.may("operator", f"outage_response.api.{name}", method, **arguments(self.world)),
					f"{method} {name}",
				)


NAMED_FIRST = {
	*("incident", "task", "callback", "call", "proposal", "entrapment", "shift", "test", "delivery", "doctype", "name"),
	*("ticket_type", "ticket", "tickets", "plan", "channel", "token", "parent", "form", "data_import_name"),
}
NAMED_BESIDE = {
	*("property", "unit", "power_node", "node", "nodes", "where", "contact", "elevator", "building", "areas"),
	*("user", "drill_participants", "to", "other", "notice", "photo", "call_record", "into"),
}
# Of the site, and no property's
OF_NO_PROPERTY = {"level", "department"}
SAID = {
	*("txt", "searchfield", "page_len"),
	*(
		"occurred_at",
		"request_id",
		"all_the_same",
		"description",
		"planned_by",
		"planned_start",
		"planned_end",
		"reason",
	),
	*("windows", "etr", "is_drill", "cause", "cause_type", "override_reason", "words", "people", "floor", "conditions"),
	*("phone", "danger", "trapped", "injured", "talked", "outcome", "who", "how", "source", "actions", "follow_ups"),
	*(
		"checks",
		"exceptions",
		"evidence",
		"evidence_later",
		"elevator_no",
		"read_back",
		"note",
		"satisfaction",
		"duration",
	),
	*("what", "equipment_minutes", "kind", "message", "seen", "resolve", "yes", "wanted", "start", "end", "filters"),
	*("is_root", "debug", "cache"),
}


def step(world: dict, **filters) -> str:
	return frappe.get_all("Outage Task", {"incident": world["incident"], **filters}, pluck="name", limit=1)[0]


def as_if(task: str, **values) -> str:
	frappe.db.set_value("Outage Task", task, values)
	return task


def manned(world: dict) -> str:
	return as_if(step(world, held_until=("is", "set")), status="On Post", started_by=user("guard1"))


def posting(world: dict) -> dict:
	frappe.db.set_value("Outage Notice", world["notice"], "mode", "Public")
	photo = {"doctype": "File", "file_name": "posted.txt", "content": "posted"}
	return {
		"incident": world["incident"],
		"notice": world["notice"],
		"photo": frappe.get_doc(photo).insert(ignore_permissions=True).file_url,
	}


# What somebody else must be right for, so that the argument is come to
BESIDE = {
	("staff.arrive", "user"): lambda w: {"task": w["guards_step"]},
	("staff.report_trapped", "building"): lambda w: {"incident": w["incident"]},
	("staff.record_call", "building"): lambda w: {"property": w["property"], "trapped": True},
	("staff.record_call", "power_node"): lambda w: {"property": w["property"]},
	("staff.complete_for", "user"): lambda w: {"task": step(w, step_key="check_elevator"), "outcome": "trapped"},
	("staff.add_evidence", "photo"): lambda w: {"task": as_if(w["guards_step"], status="Done"), "evidence": "later"},
	("staff.relieve", "user"): lambda w: {"task": manned(w), "user": user("guard2")},
	("staff.move", "to"): lambda w: {"task": manned(w), "to": w["guards_step"]},
	("staff.prove_posting", "photo"): lambda w: posting(w),
	("staff.prove_posting", "notice"): lambda w: posting(w),
	("staff.log_attempt", "call_record"): lambda w: {"callback": w["callback"], "outcome": "Reached"},
	("staff.declare", "drill_participants"): lambda w: {
		"property": w["property"],
		"nodes": [w["shafts"][1]],
		"is_drill": True,
	},
}
# What is no post of this outage is refused in the same words
SAME_WORDS = {("staff.move", "to")}
# A name that is only shown, or looked for among what is the caller's: others' are as if they were not there
NOTHING_THERE = {
	("screens.get_power_nodes", "property"),
	("agent.declare", "node"),  # here is no helpdesk: test_agent.py
	("agent.propose", "node"),
	("agent.log_callback", "call_record"),
}


class LinksOfCallers(AccessTest):
	"""What a caller names is their property's, whatever argument it comes in by."""

	def test_every_argument_is_told_apart(self):
		known = NAMED_FIRST | NAMED_BESIDE | OF_NO_PROPERTY | SAID
		arguments = {
			(name, argument)
			for name, function in our_endpoints().items()
			if not name.startswith(STAND_INS)
			for argument in inspect.signature(function).parameters
		}
		self.assertEqual(sorted(one for one in arguments if one[1] not in known), [])

	def test_nothing_of_another_property_is_taken(self):
		other = self.other
		photo = {"doctype": "File", "file_name": "theirs.txt", "content": "theirs", "is_private": 1}
		foreign = {
			"property": other["property"],
			"unit": other["units"][0],
			"power_node": other["room"],
			"node": other["room"],
			"nodes": [other["room"]],
			"where": other["room"],
			"contact": other["contacts"][0],
			"elevator": other["elevators"][0],
			"building": "Nowhere",
			"into": frappe.db.get_value("Property Unit", other["units"][0], "building"),
			"areas": [other["entrance"]],
			"user": user("foreigner"),
			"drill_participants": user("foreigner"),
			"to": frappe.get_all("Outage Task", {"incident": self.restored}, pluck="name")[0],
			"other": build.make_shift(other["property"], "control_room", "foreigner", self.clock.now),
			"notice": self.by_verb("Outage Notice", incident=self.restored, property=other["property"]),
			"photo": frappe.get_doc(photo).insert().file_url,
			"call_record": "nothing",
		}
		taken, tried = [], 0
		for name, function in our_endpoints().items():
			if name.startswith(STAND_INS):
				continue
			allowed, arguments = ENDPOINTS[name]
			for argument in set(inspect.signature(function).parameters) & NAMED_BESIDE:
				if (name, argument) in NOTHING_THERE:
					continue
				frappe.db.savepoint("one")
				base = BESIDE.get((name, argument), arguments)(self.world)
				who = next(one for one in ("operator", "guard1", "service", "engineer", "manager") if one in allowed)
				said = self.said(who, name, base)
				refusal = self.said(who, name, {**base, argument: foreign[argument]})
				tried += 1
				frappe.db.rollback(save_point="one")
				if not refusal or (refusal == said and (name, argument) not in SAME_WORDS):
					taken.append((name, argument, who, refusal))
		self.assertEqual(taken, [])
		self.assertGreater(tried, 30)

	def said(self, who: str, name: str, arguments: dict) -> str:
		"""Why it is refused; "" when it is not."""
		try:
			self.ask(who, f"outage_response.api.{name}", "GET" if name in READING else "POST", **arguments)
		except (frappe.ValidationError, frappe.PermissionError) as error:
			return f"{type(error).__name__}: {error}"
		return ""
