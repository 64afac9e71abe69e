"""In the agent's hands: who sees what at a ticket, and who may do what there."""

import contextlib
from datetime import timedelta
from unittest.mock import patch

import frappe
import frappe.share

from outage_response.api import agent
from outage_response.flows.screens import operator_call_sheet

from .. import platforms
from .. import world as build
from .tickets import DESKS, TicketTest

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
			self.assertEqual(
				seen["may"],
				{"declare": False, "propose": True, "attach": False, "log_callback": False, "follow": False},
			)
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
			may = self.asked("service", "look", ticket)["may"]
			self.assertTrue(may["log_callback"] and may["follow"])

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
