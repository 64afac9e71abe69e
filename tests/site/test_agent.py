"""In the agent's hands: who sees what at a ticket, who may do what there; what a resident is told of their own home; the
scripts that put it on the helpdesk's pages."""

import contextlib
import csv
import json
import re
from datetime import timedelta
from unittest.mock import patch

import frappe
import frappe.share

from outage_response.api import agent, portal
from outage_response.flows.facts import homes_of_people
from outage_response.flows.screens import operator_call_sheet
from outage_response.setup import form_scripts, ticket_views

from . import platforms
from . import world as build
from .base import SiteTest
from .test_tickets import DESKS, TicketTest

setUpModule = platforms.bring
tearDownModule = platforms.take_away

ROLE = {"HD Ticket": "Agent", "Issue": "Support Team"}
NO_POWER_WORDS = "The display shows strange signs"


class AtTheTicket(TicketTest):
	def asked(self, who: str, verb: str, ticket, api=agent, **arguments):
		"""What a ticket's page calls, by one of the people; everybody of the staff may read the ticket."""
		frappe.share.add_docshare(
			ticket.doctype, str(ticket.name), user=self.address(who), flags={"ignore_share_permission": True}
		)
		with self.as_user(who), self.request():
			return getattr(api, verb)(ticket_type=ticket.doctype, ticket=str(ticket.name), **arguments)

	def address(self, who: str) -> str:
		return who if "@" in who else build.user(who)

	def agent_of(self, doctype: str) -> str:
		"""A user who works on tickets and has no outage role."""
		return build.make_user(f"{frappe.scrub(doctype)}@agents.example.com", ROLE[doctype])

	def forbidden(self):
		return self.refused(error=frappe.PermissionError)

	def proposals(self, **filters) -> list:
		return frappe.get_all("Outage Proposal", filters={"property": self.property, **filters}, fields=["*"])

	# ------------------------------------------------------------ who

	def test_strangers_and_residents_call_nothing(self):
		for doctype in self.each():
			ticket = self.write(doctype, 0)
			plain = build.make_user("plain@agents.example.com", "Desk User")
			incident = self.declare()
			for who in ("resident", plain):
				for verb, arguments in {
					"look": {},
					"running": {},
					"declare": {},
					"propose": {},
					"attach": {"incident": incident},
					"log_callback": {"outcome": "Reached"},
				}.items():
					with self.subTest(who=who, verb=verb), self.forbidden():
						self.asked(who, verb, ticket, **arguments)
			with self.as_user("Guest"), self.assertRaises(frappe.PermissionError):
				agent.look(doctype, str(ticket.name))

	def test_an_agent_looks_and_tells_and_commands_nothing(self):
		for doctype in self.each():
			ticket, who = self.write(doctype, 0), self.agent_of(doctype)
			seen = self.asked(who, "look", ticket)
			self.assertEqual(seen["may"], {"declare": False, "propose": True, "attach": False, "log_callback": False})
			self.assertEqual(seen["places"][0]["node"], self.switches[0])
			self.assertEqual(seen["places"][-1]["node"], self.feeder)
			incident = self.declare(nodes=[self.switches[5]])
			for verb, arguments in {
				"declare": {},
				"attach": {"incident": incident},
				"log_callback": {"outcome": "Reached"},
			}.items():
				with self.subTest(verb=verb), self.forbidden():
					self.asked(who, verb, ticket, **arguments)

	def test_an_agent_of_one_desk_is_none_of_the_other(self):
		for doctype in self.each():
			other = self.agent_of(next(name for name in DESKS if name != doctype))
			ticket = self.write(doctype, 0)
			with self.forbidden():
				self.asked(other, "look", ticket)

	def test_a_ticket_that_one_may_not_read_tells_nothing(self):
		for doctype in self.each():
			ticket = self.write(doctype, 0)
			deny = patch("frappe.has_permission", return_value=False)
			with deny, self.as_user("service"), self.assertRaises(frappe.PermissionError):
				agent.look(doctype, str(ticket.name))

	def test_the_staff_may_do_what_their_role_does(self):
		for doctype in self.each():
			ticket = self.write(doctype, 0)
			for who, attach in {"operator": True, "service": True, "engineer": False, "guard1": False}.items():
				with self.subTest(who=who):
					may = self.asked(who, "look", ticket)["may"]
					self.assertEqual((may["declare"], may["attach"]), (True, attach))

	def test_what_is_switched_off_shows_nothing(self):
		for doctype in self.each():
			ticket = self.write(doctype, 0)
			platforms.only()
			self.assertEqual(self.asked("operator", "look", ticket), {})
			with self.refused("Ticket"):
				self.asked("operator", "declare", ticket)

	# ------------------------------------------------------------ telling

	def test_telling_makes_one_proposal_and_rings_the_control_room(self):
		for doctype in self.each():
			who = self.agent_of(doctype)
			first = self.write(doctype, 0, "Something is wrong", NO_POWER_WORDS)
			answer = self.asked(who, "propose", first)
			[proposal] = self.proposals()
			self.assertEqual(answer["proposal"], proposal.name)
			self.assertEqual((proposal.power_node, proposal.callers, proposal.status), (self.switches[0], 1, "Open"))
			bell = {"for_user": build.user("operator"), "document_name": proposal.name}
			self.assertTrue(frappe.db.exists("Notification Log", bell))
			self.assertFalse(self.asked(who, "look", first)["may"]["propose"])
			self.asked(who, "propose", self.write(doctype, 1), node=self.shafts[0])
			self.read()
			[proposal] = self.proposals()
			self.assertEqual(proposal.callers, 2)

	def test_telling_of_what_runs_links_the_ticket(self):
		for doctype in self.each():
			incident = self.declare()
			ticket = self.write(doctype, 0)
			self.assertEqual(self.asked(self.agent_of(doctype), "propose", ticket)["incident"], incident)
			self.assertEqual(self.call_of(ticket).incident, incident)
			self.assertEqual(self.proposals(), [])

	def test_telling_of_a_home_that_is_back_tells_the_control_room(self):
		for doctype in self.each():
			platforms.set_settings(callback_sample_percent=0)
			incident, who = self.declare(nodes=[self.shafts[0]]), self.agent_of(doctype)
			ticket = self.write(doctype, 0)
			self.read()
			self.assertFalse(self.asked(who, "look", ticket)["may"]["propose"])
			self.clock.move(10)
			self.restore(incident)
			self.clock.move(60 * 5)
			self.assertTrue(self.asked(who, "look", ticket)["may"]["propose"])
			answer = self.asked(who, "propose", ticket)
			self.assertEqual(answer["incident"], incident)
			self.assertIn("Supply is back there", answer["message"])
			said = frappe.get_all("Notification Log", {"for_user": build.user("operator")}, pluck="subject")
			self.assertIn("Still without power after restoration: 1A", said)

	def test_telling_of_an_outage_whose_file_is_closed_proposes_anew(self):
		for doctype in self.each():
			incident, who = self.declare(nodes=[self.shafts[0]]), self.agent_of(doctype)
			ticket = self.write(doctype, 0)
			self.read()
			frappe.db.set_value("Outage Incident", incident, "status", "Closed")
			self.clock.move(60 * 30)
			self.assertTrue(self.asked(who, "propose", ticket)["proposal"])
			call = self.call_of(ticket)
			self.assertEqual((call.incident, call.waiting), (None, 1))

	def test_why_somebody_is_called_is_for_those_who_call(self):
		for doctype in self.each():
			ticket = self.write(doctype, 0, "No power, my mother needs oxygen")
			incident = self.declare()
			self.read()
			self.restore(incident)
			self.assertTrue(self.asked("service", "look", ticket)["callback"]["reason"])
			seen = self.asked(self.agent_of(doctype), "look", ticket)
			self.assertIsNone(seen["callback"])
			self.assertFalse(seen["may"]["log_callback"])

	def test_an_unknown_home_rings_the_control_room_with_the_ticket(self):
		for doctype in self.each():
			ticket = platforms.make_ticket(doctype, "No power")
			who = self.agent_of(doctype)
			self.assertFalse(self.asked("operator", "look", ticket)["may"]["declare"])
			self.assertEqual(self.asked(who, "propose", ticket)["proposal"], "")
			bell = {"for_user": build.user("operator"), "document_name": str(ticket.name)}
			self.assertTrue(frappe.db.exists("Notification Log", bell))
			told = self.asked(who, "look", ticket)["told"]
			self.assertIn("The control room was told at", told)
			self.assertIn(frappe.utils.get_fullname(who), told)

	def test_pages_on_which_a_ticket_is_open_read_it_anew(self):
		"""When the control room is told, when it dismisses, and when level, state or time change."""
		for doctype in self.each():
			ticket, who = self.write(doctype, 0, "Something is wrong", NO_POWER_WORDS), self.agent_of(doctype)
			with self.pages_told() as told:
				proposal = self.asked(who, "propose", ticket)["proposal"]
				self.assertIn((doctype, str(ticket.name)), told)
				told.clear()
				self.post("operator", "dismiss_proposal", proposal=proposal, reason="a single fuse")
				self.assertEqual(set(told), {(doctype, str(ticket.name))})
				incident = self.declare()
				self.asked("service", "attach", ticket, incident=incident)
				told.clear()
				self.do("operator", "set_etr", incident, str(self.clock.now + timedelta(hours=2)))
				self.assertEqual(told, [(doctype, str(ticket.name))])

	@contextlib.contextmanager
	def pages_told(self):
		told = []

		def of(doctype: str):
			return lambda names: told.extend((doctype, str(name)) for name in names)

		with contextlib.ExitStack() as stack:
			for doctype, desk in DESKS.items():
				stack.enter_context(patch.object(desk, "tell_pages", of(doctype)))
			yield told

	# ------------------------------------------------------------ declaring, attaching

	def test_declaring_links_the_ticket_and_those_that_wait(self):
		for doctype in self.each():
			waiting = self.write(doctype, 1)
			self.read()
			ticket = self.write(doctype, 0, "Something is wrong", NO_POWER_WORDS)
			with self.refused("Nodes"):
				self.asked("operator", "declare", ticket, node=self.shafts[1])
			result = self.asked("operator", "declare", ticket, node=self.shafts[0], request_id="once")
			again = self.asked("operator", "declare", ticket, node=self.shafts[0], request_id="once")
			self.assertEqual(result["incident"], again["incident"])
			for one in (ticket, waiting):
				self.assertEqual(self.call_of(one).incident, result["incident"])
				self.assertEqual(self.field(doctype, one.name, "outage_level"), "II")
			self.assertNotIn(NO_POWER_WORDS, str(frappe.get_doc("Outage Incident", result["incident"]).as_dict()))

	def test_declaring_ends_the_proposal_and_begins_with_its_first_call(self):
		for doctype in self.each():
			written = [self.write(doctype, index) for index in (0, 1, 2)]
			self.read()
			[proposal] = self.proposals()
			seen = self.asked("operator", "look", written[0])
			self.assertEqual([row["node"] for row in seen["places"] if row["chosen"]], [proposal.power_node])
			result = self.asked("operator", "declare", written[0], node=proposal.power_node)
			[ended] = self.proposals()
			self.assertEqual((ended.status, ended.incident), ("Declared", result["incident"]))
			self.assertMoment(self.field("Outage Incident", result["incident"], "reported_at"), proposal.first_call_at)

	def test_attaching_links_moves_and_refuses(self):
		for doctype in self.each():
			ticket = self.write(doctype, 0, "Something is wrong", NO_POWER_WORDS)
			one, two = self.declare(nodes=[self.switches[6]]), self.declare(nodes=[self.switches[7]])
			for incident in (one, two, two):
				self.asked("service", "attach", ticket, incident=incident)
				self.assertEqual(self.call_of(ticket).incident, incident)
				self.assertEqual(self.field(doctype, ticket.name, "outage_incident"), incident)
			self.assertEqual(self.kinds_of(ticket), ["Known", "Known"])
			drill = self.declare(nodes=[self.switches[5]], is_drill=True)
			cancelled = self.declare(nodes=[self.switches[4]])
			frappe.db.set_value("Outage Incident", cancelled, "status", "Cancelled")
			for incident in (drill, cancelled, "no such incident"):
				with self.subTest(incident), self.refused("Incident", error=frappe.ValidationError):
					self.asked("service", "attach", ticket, incident=incident)
			listed = [row["incident"] for row in self.asked("service", "running", ticket)]
			self.assertEqual(sorted(listed), sorted([one, two]))

	def test_many_are_attached_at_once_or_none(self):
		elsewhere = build.make_tower("Another Tower", floors=1)
		for doctype in self.each():
			home, unknown = self.write(doctype, 0, "Odd", NO_POWER_WORDS), platforms.make_ticket(doctype, "Odd", "Odd")
			away = platforms.make_ticket(doctype, "Odd", "Odd", elsewhere["contacts"][0])
			incident = self.declare(nodes=[self.switches[6]])
			arguments = {"ticket_type": doctype, "incident": incident}

			def attach(who, *chosen, given=arguments):
				for ticket in chosen:
					frappe.share.add_docshare(
						ticket.doctype,
						str(ticket.name),
						user=self.address(who),
						flags={"ignore_share_permission": True},
					)
				with self.as_user(who), self.request():
					return agent.attach_many(tickets=[str(ticket.name) for ticket in chosen], **given)

			with self.refused(f"{away.name} (Another Tower)"):
				attach("service", home, away, unknown)
			self.assertFalse(frappe.db.exists("Trouble Call", {"incident": incident}))
			with self.refused("0 are chosen"):
				attach("service")
			with self.forbidden():
				attach(self.agent_of(doctype), home)
			self.assertEqual(attach("service", home, unknown)["attached"], 2)
			for ticket in (home, unknown):
				self.assertEqual(self.call_of(ticket).incident, incident)
				self.assertEqual(self.call_of(ticket).property, self.property)
				self.assertEqual(self.field(doctype, ticket.name, "outage_incident"), incident)
			self.assertEqual(attach("service", home, unknown)["attached"], 0)
			with self.as_user("service"), self.request():
				self.assertTrue(agent.may_attach(doctype))
			with self.as_user(self.agent_of(doctype)), self.request():
				self.assertFalse(agent.may_attach(doctype))

	# ------------------------------------------------------------ steps, and who was called

	def test_steps_are_those_that_the_reader_may_do(self):
		for doctype in self.each():
			ticket = self.write(doctype, 0)
			incident = self.declare()
			self.read()
			seen = self.asked("service", "look", ticket)
			theirs = frappe.get_all(
				"Outage Task",
				{"incident": incident, "department": "customer_service", "status": "Open"},
				pluck="name",
			)
			self.assertTrue(theirs)
			self.assertEqual(sorted(step["name"] for step in seen["steps"]), sorted(theirs))
			self.assertEqual({step["status_label"] for step in seen["steps"]}, {"Open"})
			self.assertEqual(self.asked(self.agent_of(doctype), "look", ticket)["steps"], [])
			done = next(step for step in seen["steps"] if not step.get("asks", {}).get("outcomes"))
			self.do("service", "complete", done["name"], evidence_later=True)
			left = self.asked("service", "look", ticket)["steps"]
			self.assertNotIn(done["name"], [step["name"] for step in left])

	def test_who_was_called(self):
		for doctype in self.each():
			ticket = self.write(doctype, 0)
			incident = self.declare(level="I")
			self.read()
			call = next(row for row in self.sheet(incident) if row["open"] and row["kind"] == "call" and row["callee"])
			self.do("operator", "no_answer", call["task"])
			self.do("operator", "complete", call["task"], evidence="95598")
			seen = self.asked(self.agent_of(doctype), "look", ticket)
			said = [text for _when, text in seen["called"]]
			self.assertEqual(said.count(f"{call['callee']}: No Answer"), 1, said)
			self.assertEqual(said.count(f"{call['callee']}: Reached"), 1, said)
			self.restore(incident)
			self.log(incident, 0, "Reached")
			self.assertNotIn("Author of the ticket", str(self.asked(self.agent_of(doctype), "look", ticket)["called"]))
			self.assertIn("Author of the ticket: Reached", str(self.asked("service", "look", ticket)["called"]))

	def sheet(self, incident: str) -> list[dict]:
		with self.as_user("operator"):
			return operator_call_sheet.call_sheet(incident)["calls"]

	def test_the_expected_return_reads_in_words(self):
		for doctype in self.each():
			ticket = self.write(doctype, 0)
			incident = self.declare()
			self.read()
			for minutes, words in ((130, "in 2 h 10 min"), (45, "in 45 min"), (120, "in 2 h")):
				frappe.db.set_value("Outage Incident", incident, "etr", self.clock.now + timedelta(minutes=minutes))
				facts = dict(self.asked("service", "look", ticket)["outage"]["facts"])
				self.assertTrue(facts["Expected back"].endswith(f"· {words}"), facts["Expected back"])
			self.clock.move(120 + 40)
			facts = dict(self.asked("service", "look", ticket)["outage"]["facts"])
			self.assertTrue(facts["Expected back"].endswith("· 40 min ago"), facts["Expected back"])

	def test_who_is_attached_after_the_return_is_called_back(self):
		for doctype in self.each():
			platforms.set_settings(callback_sample_percent=0)
			incident = self.declare(nodes=[self.switches[0]])
			self.restore(incident)
			callback = {"incident": incident, "contact": self.contacts[0]}
			self.assertEqual(self.field("Outage Callback", callback, "status"), "Not Required")
			ticket = self.write(doctype, 0, "Something is wrong", NO_POWER_WORDS)
			created = self.clock.now + timedelta(minutes=5)
			frappe.db.set_value(doctype, ticket.name, {"creation": created, "opening_date": None})
			self.clock.move(10)
			self.asked("service", "attach", ticket, incident=incident)
			self.assertEqual(self.field("Outage Callback", callback, "status"), "Pending")
			self.assertTrue(self.asked("service", "look", ticket)["may"]["log_callback"])

	# ------------------------------------------------------------ the callback

	def test_the_callback_from_the_ticket(self):
		for doctype in self.each():
			reached, still_out = self.write(doctype, 0), self.write(doctype, 1)
			ticked = self.write(doctype, 2, "No power", "The fridge is warm too")
			incident = self.declare()
			self.read()
			with self.refused("Callback"):
				self.asked("service", "log_callback", reached, outcome="Reached")
			self.restore(incident)
			seen = self.asked("service", "look", reached)
			self.assertTrue(seen["may"]["log_callback"])
			self.assertTrue(seen["callback"]["phone"])
			values = {"outcome": "Reached", "note": "fine", "satisfaction": 5, "request_id": f"{doctype} once"}
			first = self.asked("service", "log_callback", reached, **values)
			self.assertEqual(self.status(reached), "Resolved")
			self.assertEqual(self.asked("service", "log_callback", reached, **values), first)
			self.assertEqual(self.asked("service", "look", reached)["callback"], None)
			self.assertTrue(self.asked("service", "look", ticked)["callback"]["resolves"] is False)
			self.asked("service", "log_callback", ticked, outcome="Reached", resolve=True)
			self.assertEqual(self.status(ticked), "Resolved")
			nested = self.asked("service", "log_callback", still_out, outcome="Still Out")["nested_incident"]
			self.assertEqual(self.status(still_out), "Open")
			self.assertEqual(self.asked("service", "look", still_out)["outage"]["incident"], nested)

	def test_the_callback_of_a_caller_of_whom_the_ticket_says_only_the_number(self):
		"""As where a desk's tickets have a field for it; the number is nobody's, or a contact's by now."""
		stranger, number = "13955557777", frappe.db.get_value("Contact", self.contacts[0], "mobile_no")
		for doctype in self.each():
			incident = self.declare(nodes=[self.shafts[0]])
			tickets = []
			for phone in (stranger, number):
				ticket = platforms.make_ticket(doctype, "No power", raised_by="who@example.com")
				self.read()
				said = {"contact": None, "phone": phone, "power_node": self.shafts[0], "property": self.property}
				frappe.db.set_value("Trouble Call", self.call_of(ticket).name, said)
				self.asked("service", "attach", ticket, incident=incident)
				tickets.append(ticket)
			self.restore(incident)
			for ticket, phone in zip(tickets, (stranger, number), strict=True):
				self.assertEqual(self.asked("service", "look", ticket)["callback"]["phone"], phone)
				self.asked("service", "log_callback", ticket, outcome="Reached")
				self.resolve()
				self.assertEqual(self.status(ticket), "Resolved")


class AtHome(TicketTest):
	"""Residents 0 to 3 live on shaft A, floors 1 to 4; 4 to 7 on shaft B."""

	def login(self, index: int) -> str:
		"""The login of a resident: by the address of their contact."""
		return build.make_user(platforms.address_of(self.contacts[index]))

	def known(self, index: int) -> list[dict]:
		with self.as_user(self.login(index)):
			return portal.known()

	def test_residents_are_told_of_their_own_home_alone(self):
		etr = self.clock.now + timedelta(hours=2)
		self.declare(nodes=[self.shafts[0]], etr=etr)
		[said] = self.known(0)
		self.assertEqual((said["kind"], said["units"], said["until"]), ("out", ["1A"], str(etr)))
		self.assertNotIn("2A", str(said))
		self.assertEqual(self.known(4), [])

	def test_the_contact_is_found_by_the_login_too(self):
		self.declare(nodes=[self.shafts[0]])
		address = build.make_user("another.address@residents.example.com")
		with self.as_user(address):
			self.assertEqual(portal.known(), [])
		frappe.db.set_value("Contact", self.contacts[0], "user", address)
		with self.as_user(address):
			self.assertEqual([row["units"] for row in portal.known()], [["1A"]])

	def test_visitors_are_told_nothing(self):
		self.declare()
		ticket = self.write("Issue", 0)
		with self.as_user("Guest"):
			for call in (
				portal.known,
				lambda: portal.of_ticket("Issue", str(ticket.name)),
				lambda: portal.want_updates("Issue", str(ticket.name)),
			):
				with self.assertRaises(frappe.PermissionError), self.request():
					call()

	def test_a_floor_that_is_back_reads_so_while_the_rest_is_dark(self):
		incident = self.declare(nodes=[self.shafts[0]])
		self.clock.move(10)
		self.do("engineer", "supply_back", incident, [self.switches[0]])
		self.assertEqual([row["kind"] for row in self.known(0)], ["back"])
		self.assertEqual([row["kind"] for row in self.known(1)], ["out"])
		self.clock.move(61)
		self.assertEqual(self.known(0), [])

	def test_planned_work_is_told_a_day_ahead(self):
		start = self.clock.now + timedelta(hours=23)
		self.declare("III", [self.shafts[0]], planned_start=start, planned_end=start + timedelta(hours=2))
		later = self.clock.now + timedelta(hours=30)
		self.declare("III", [self.shafts[1]], planned_start=later, planned_end=later + timedelta(hours=2))
		self.assertEqual([row["kind"] for row in self.known(0)], ["planned"])
		self.assertEqual(self.known(4), [])

	def test_drills_and_cancelled_outages_are_not_told(self):
		self.declare(nodes=[self.shafts[0]], is_drill=True)
		frappe.db.set_value("Outage Incident", self.declare(nodes=[self.shafts[1]]), "status", "Cancelled")
		self.assertEqual(self.known(0) + self.known(4), [])

	def test_a_passed_time_is_not_promised_again(self):
		self.declare(nodes=[self.shafts[0]], etr=self.clock.now + timedelta(minutes=30))
		self.clock.move(40)
		self.assertIn("was expected", self.known(0)[0]["text"])

	def test_one_home_that_stays_dark_is_told_and_its_neighbour_is_not(self):
		incident = self.declare(nodes=[self.switches[0]])
		self.restore(incident)
		self.log(incident, 0, "Still Out")
		self.assertEqual([row["kind"] for row in self.known(0)], ["out"])
		self.assertEqual(self.known(1), [])

	def test_the_own_ticket_and_no_other(self):
		for doctype in self.each():
			incident = self.declare(nodes=[self.shafts[0]])
			mine, other = self.write(doctype, 0), self.write(doctype, 1)
			self.read()
			who = self.login(0)
			for ticket in (mine, other):  # even where somebody may read a neighbour's ticket
				flags = {"ignore_share_permission": True}
				frappe.share.add_docshare(doctype, str(ticket.name), user=who, flags=flags)
			with self.as_user(who), self.may_read():
				self.assertIn("not known", portal.of_ticket(doctype, str(mine.name))["label"])
				self.assertEqual(portal.of_ticket(doctype, str(other.name)), {})
				with self.request():
					portal.want_updates(doctype, str(mine.name))
				with self.refused("Ticket"), self.request():
					portal.want_updates(doctype, str(other.name))
			self.assertEqual((self.call_of(mine).wants_updates, self.call_of(other).wants_updates), (1, 0))
			self.do("engineer", "set_etr", incident, self.clock.now + timedelta(hours=1))
			self.assertEqual((self.kinds_of(mine), self.kinds_of(other)), (["ETR", "Known"], ["Known"]))

	def may_read(self):
		"""Whatever the desk's own rule is: the stand-ins of the tests have none for residents."""
		return patch("frappe.has_permission", return_value=True)

	def test_so_many_requests_a_minute_and_no_more(self):
		who = self.login(0)
		request = frappe._dict(method="POST")
		counts = iter(range(1, 100))
		with self.as_user(who), patch.object(frappe.local, "request", request, create=True):
			with patch.object(portal, "count", lambda name, who: next(counts)):
				for _turn in range(portal.A_MINUTE):
					portal.known()
				with self.assertRaises(frappe.RateLimitExceededError):
					portal.known()
			with patch.object(type(frappe.cache), "incrby", side_effect=OSError, create=True):  # Redis is away
				self.assertEqual(portal.known(), [])

	def test_contacts_of_a_user_without_any(self):
		self.assertEqual(homes_of_people.homes_of(homes_of_people.contacts_of("Administrator")), [])


class FormScripts(SiteTest):
	FIELDS = ("name", "dt", "apply_to", "enabled", "apply_to_customer_portal", "apply_on_new_page", "script")

	def scripts(self) -> dict:
		rows = frappe.get_all(form_scripts.DOCTYPE, fields=list(self.FIELDS))
		return {row.name: row for row in rows}

	@contextlib.contextmanager
	def others(self):
		frappe.get_doc(
			{"doctype": form_scripts.DOCTYPE, "name": "Somebody's script", "dt": "HD Ticket", "script": "mine"}
		).insert()
		before = {name: row for name, row in self.scripts().items() if name not in form_scripts.FORM_SCRIPTS}
		yield
		after = {name: row for name, row in self.scripts().items() if name not in form_scripts.FORM_SCRIPTS}
		self.assertEqual(before, after)

	def test_made_updated_and_taken_away_and_others_left_alone(self):
		with self.others():
			form_scripts.delete()
			self.assertFalse(set(form_scripts.FORM_SCRIPTS) & set(self.scripts()))
			form_scripts.create()
			made = self.scripts()
			flags = {
				(made[name].apply_to_customer_portal, made[name].apply_on_new_page)
				for name in form_scripts.FORM_SCRIPTS
			}
			self.assertEqual(flags, {(0, 0), (1, 0), (0, 1)})
			self.assertTrue(all("function setupForm" in made[name].script for name in form_scripts.FORM_SCRIPTS))
			for name in form_scripts.FORM_SCRIPTS:
				frappe.db.set_value(form_scripts.DOCTYPE, name, {"script": "old", "enabled": 0})
			form_scripts.create()
			again = self.scripts()
			for name in form_scripts.FORM_SCRIPTS:
				self.assertEqual(again[name], {**made[name], "enabled": 0})
			form_scripts.delete()
			self.assertFalse(set(form_scripts.FORM_SCRIPTS) & set(self.scripts()))

	def test_without_helpdesk_nothing_happens(self):
		form_scripts.delete()
		with platforms.gone(form_scripts.DOCTYPE):
			form_scripts.create()
		self.assertFalse(set(form_scripts.FORM_SCRIPTS) & set(self.scripts()))

	def test_every_text_of_the_scripts_has_its_chinese_line(self):
		with (form_scripts.FILES.parents[1] / "translations" / "zh.csv").open(encoding="utf-8", newline="") as file:
			lines = {row[0] for row in csv.reader(file) if len(row) > 1 and row[1]}
		for path in sorted(form_scripts.FILES.glob("*.js")):
			for text in re.findall(r'__\(\s*"((?:[^"\\]|\\.)*)"', path.read_text(encoding="utf-8")):
				with self.subTest(path.name, text=text):
					self.assertIn(text, lines)


class TicketView(SiteTest):
	def test_made_once_kept_as_it_was_changed_and_taken_away(self):
		ticket_views.delete()
		ticket_views.create()
		view = frappe.get_doc(ticket_views.DOCTYPE, ticket_views.NAME)
		self.assertEqual((view.dt, view.public, view.route_name), ("HD Ticket", 1, "TicketsAgent"))
		frappe.db.set_value(ticket_views.DOCTYPE, ticket_views.NAME, "public", 0)
		ticket_views.create()
		self.assertEqual(frappe.db.get_value(ticket_views.DOCTYPE, ticket_views.NAME, "public"), 0)
		ticket_views.delete()
		self.assertFalse(frappe.db.exists(ticket_views.DOCTYPE, ticket_views.NAME))
		with platforms.gone(ticket_views.DOCTYPE):
			ticket_views.create()
		self.assertFalse(frappe.db.exists(ticket_views.DOCTYPE, ticket_views.NAME))

	def test_its_list_holds_one_outages_tickets_after_the_others(self):
		"""As Helpdesk asks for it: the view's own columns, filters and order."""
		ticket_views.create()
		view = frappe.get_doc(ticket_views.DOCTYPE, ticket_views.NAME)
		columns, rows = json.loads(view.columns), json.loads(view.rows)
		meta = frappe.get_meta("HD Ticket")
		for column in columns:
			self.assertTrue(column["key"] in ("name", "creation") or meta.has_field(column["key"]), column)
			self.assertTrue(column["label"])
		outages = ("OUT-2026-00001", "OUT-2026-00002", "OUT-2026-00001", None)
		made = [platforms.make_ticket("HD Ticket", "No power") for _outage in outages]
		for ticket, outage in zip(made, outages, strict=True):
			frappe.db.set_value("HD Ticket", ticket.name, "outage_incident", outage)
		ours = [["name", "in", [ticket.name for ticket in made]]]
		filters = [[field, *value] for field, value in json.loads(view.filters).items()]
		found = frappe.get_list("HD Ticket", filters=[*filters, *ours], fields=rows, order_by=view.order_by)
		self.assertEqual([str(row.name) for row in found], [str(made[index].name) for index in (1, 0, 2)])
