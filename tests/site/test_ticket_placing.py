"""Which outage a ticket belongs to when it is not simply dark: planned, partly back, cancelled, still out, said again."""

import contextlib
from datetime import timedelta
from unittest.mock import patch

import frappe

from outage_response import jobs
from outage_response.domain import answer_without_quotes, triage
from outage_response.flows.incident import incident_verbs
from outage_response.flows.residents import portal_verbs
from outage_response.flows.screens import command_centre
from outage_response.flows.trouble import agent_verbs, proposals, telephone_calls, ticket_intake, ticket_messages
from outage_response.flows.verb import locking
from outage_response.integrations import records

from . import platforms
from . import world as build
from .test_tickets import TicketTest

setUpModule = platforms.bring
tearDownModule = platforms.take_away


class PlaceTest(TicketTest):
	"""Residents 0 to 3 live on shaft A, floors 1 to 4; 4 to 7 on shaft B."""

	def bells(self, words: str, who: str = "operator") -> list[str]:
		said = frappe.get_all("Notification Log", filters={"for_user": build.user(who)}, pluck="subject")
		return [text for text in said if words in text]

	def written_at(self, ticket, minutes: float = 0):
		"""As if it was written that long after the test's clock."""
		moment = self.clock.now + timedelta(minutes=minutes)
		frappe.db.set_value(
			ticket.doctype, ticket.name, {"creation": moment, "modified": moment, "opening_date": None, "opening_time": None}
		)  # fmt: skip
		return ticket

	def proposals(self, **filters) -> list:
		return frappe.get_all(
			"Outage Proposal", filters={"property": self.property, **filters}, fields=["*"], order_by="creation, name"
		)

	def callback_of(self, incident: str, index: int):
		return frappe.db.get_value(
			"Outage Callback", {"incident": incident, "contact": self.contacts[index]}, ["status", "reason"]
		)


class Standing(PlaceTest):
	def test_in_its_window_it_explains_and_outside_it_does_not(self):
		for doctype in self.each():
			start = self.clock.now + timedelta(hours=1)
			times = {"planned_by": "Property", "planned_start": start, "planned_end": start + timedelta(hours=2)}
			incident = self.declare("III", [self.shafts[0]], **times)
			early = self.written_at(self.write(doctype, 0))
			self.read()
			self.assertFalse(self.call_of(early).incident)
			self.clock.move(70)
			inside = self.written_at(self.write(doctype, 1))
			other = self.written_at(self.write(doctype, 5))
			self.read()
			self.assertEqual(self.call_of(inside).incident, incident)
			self.assertFalse(self.call_of(other).incident)
			self.assertIn("planned outage", self.replies(inside)[0].message)

	def test_its_tickets_wait_again_for_the_right_one(self):
		for doctype in self.each():
			wrong = self.declare(nodes=[self.shafts[0]])
			ticket = self.write(doctype, 0)
			said = self.do("service", "record_call", self.property, unit=self.units[1])
			self.read()
			self.assertEqual(self.call_of(ticket).incident, wrong)
			self.finish_steps(wrong, life_safety=1)
			with self.after_commit() as asked:
				self.do("operator", "cancel", wrong, "the other shaft")
			self.assertIn(ticket_intake.ask_for_a_job, asked)
			call = self.call_of(ticket)
			self.assertEqual((call.incident, call.waiting), (None, 1))
			self.assertFalse(self.field(doctype, ticket.name, "outage_incident"))
			right = self.declare(nodes=[self.room])
			self.read()
			self.assertEqual(self.call_of(ticket).incident, right)
			self.assertEqual(self.field("Trouble Call", said["call"], "incident"), right)
			self.assertEqual(self.field(doctype, ticket.name, "outage_incident"), right)
			self.assertEqual(self.kinds_of(ticket), ["Known", "Known"])

	def test_each_author_hears_when_their_own_home_is_back(self):
		for doctype in self.each():
			incident = self.declare(nodes=[self.room])
			first, last = self.write(doctype, 0), self.write(doctype, 5)
			self.read()
			self.clock.move(10)
			self.do("engineer", "supply_back", incident, [self.shafts[0]])
			self.assertEqual((self.kinds_of(first), self.kinds_of(last)), (["Known", "Restored"], ["Known"]))
			self.do("engineer", "set_etr", incident, self.clock.now + timedelta(hours=2))
			self.clock.move(60)
			self.restore(incident)
			self.assertEqual((self.kinds_of(first), self.kinds_of(last)), (["Known", "Restored"],) * 2)

	def test_a_new_time_is_told_to_those_who_are_dark(self):
		for doctype in self.each():
			incident = self.declare(nodes=[self.room])
			back, dark = self.write(doctype, 0), self.write(doctype, 5)
			self.read()
			for ticket in (back, dark):
				frappe.db.set_value("Trouble Call", self.call_of(ticket).name, "wants_updates", 1)
			self.clock.move(10)
			self.do("engineer", "supply_back", incident, [self.shafts[0]])
			self.do("engineer", "set_etr", incident, self.clock.now + timedelta(hours=2))
			self.assertNotIn("ETR", self.kinds_of(back))
			self.assertIn("ETR", self.kinds_of(dark))

	def test_still_out_while_the_rest_is_dark(self):
		for doctype in self.each():
			platforms.set_settings(callback_sample_percent=0)
			incident = self.declare(nodes=[self.room])
			self.do("engineer", "confirm", incident, "Overload")
			self.clock.move(10)
			self.do("engineer", "supply_back", incident, [self.shafts[0]])
			self.assertEqual(self.field("Outage Incident", incident, "status"), "Active")
			self.assertEqual(self.callback_of(incident, 0)[0], "Not Required")
			self.clock.move(10)
			ticket = self.written_at(self.write(doctype, 0, "Still no power"))
			self.read()
			self.assertEqual(self.call_of(ticket).incident, incident)
			self.assertEqual(self.callback_of(incident, 0), ("Pending", "Reported"))
			self.assertEqual(len(self.bells("Still without power after restoration: 1A")), 1)
			self.assertIn("still out", self.replies(ticket)[0].message)

	def test_written_before_the_return_and_read_after_it(self):
		for doctype in self.each():
			platforms.set_settings(callback_sample_percent=0)
			incident = self.declare(nodes=[self.shafts[0]])
			ticket = self.written_at(self.write(doctype, 0))
			self.clock.move(10)
			self.restore(incident)
			self.read()
			self.assertEqual(self.call_of(ticket).incident, incident)
			self.assertEqual(self.bells("Still without power"), [])
			self.assertEqual(self.kinds_of(ticket), ["Restored"])
			self.assertEqual(self.callback_of(incident, 0)[0], "Not Required")

	def back_since(self, hours: float, doctype: str) -> str:
		platforms.set_settings(callback_sample_percent=0)
		incident = self.declare(nodes=[self.shafts[0]])
		self.clock.move(10)
		self.restore(incident)
		self.clock.move(60 * hours)
		return incident

	def test_hours_later_it_still_belongs_there(self):
		for doctype in self.each():
			incident = self.back_since(5, doctype)
			ticket = self.written_at(self.write(doctype, 0, "No power since last night"))
			self.read()
			self.assertEqual(self.call_of(ticket).incident, incident)
			self.assertEqual(self.callback_of(incident, 0), ("Pending", "Reported"))

	def test_many_hours_later_are_a_new_outage(self):
		for doctype in self.each():
			self.back_since(5, doctype)
			written = [self.written_at(self.write(doctype, index)) for index in range(3)]
			self.read()
			[proposal] = self.proposals()
			self.assertEqual((proposal.callers, proposal.power_node), (3, self.shafts[0]))
			self.assertEqual({self.call_of(ticket).incident for ticket in written}, {None})

	def test_the_setting(self):
		for doctype in self.each():
			platforms.set_settings(still_out_hours=4)
			self.back_since(5, doctype)
			ticket = self.written_at(self.write(doctype, 0))
			self.read()
			self.assertFalse(self.call_of(ticket).incident)
			self.assertTrue(self.call_of(ticket).waiting)


class Merging(PlaceTest):
	@classmethod
	def build_world(cls):
		"""Eight shafts on one room, a home on each."""
		world = super().build_world()
		for number in range(6):
			shaft = build.make_node(world["property"], f"Shaft {number}", "Shaft", world["room"])
			contact = build.make_contact(f"{world['property']} Neighbour {number}")
			platforms.give_address(contact)
			world["units"].append(build.make_unit(world["property"], f"N{number}", shaft, contacts=[contact]))
			world["contacts"].append(contact)
			world["shafts"].append(shaft)
		return world

	def test_a_place_that_grows_takes_in_the_others(self):
		for doctype in self.each():
			platforms.set_settings(proposal_threshold=1)
			first, second = self.write(doctype, 8), self.write(doctype, 9)
			self.read()
			self.assertEqual([row.power_node for row in self.proposals()], [self.shafts[2], self.shafts[3]])
			merged = self.call_of(second).proposal
			for index in (10, 11):
				self.write(doctype, index)
			self.read()
			[kept] = self.proposals(status="Open")
			self.assertEqual((kept.power_node, kept.callers), (self.room, 4))
			self.assertEqual({self.call_of(one).proposal for one in (first, second)}, {kept.name})
			other = {"name": next(name for name in (self.call_of(first).proposal, merged) if name)}
			self.assertEqual([row.merged_into for row in self.proposals(status="Merged")], [kept.name])
			with self.as_user("operator"):
				answer = proposals.declare_proposal(self.proposals(status="Merged")[0].name)
			self.assertEqual(answer["linked"], 4)
			self.read()
			self.assertEqual(self.proposals(status="Open"), [], other)


class SaidAgain(PlaceTest):
	def answer(self, ticket, text: str, minutes: float = 0):
		"""The resident answers on the ticket."""
		doc = frappe.get_doc(
			{
				"doctype": "Communication",
				"communication_type": "Communication",
				"communication_medium": "Email",
				"sent_or_received": "Received",
				"subject": f"Re: {ticket.subject}",
				"sender": ticket.raised_by,
				"content": text,
				"reference_doctype": ticket.doctype,
				"reference_name": str(ticket.name),
			}
		)
		with self.after_commit() as asked:
			doc.insert(ignore_permissions=True)
		moment = self.clock.now + timedelta(minutes=minutes)
		frappe.db.set_value("Communication", doc.name, {"creation": moment, "modified": moment}, update_modified=False)
		return asked

	def read_answers(self) -> int:
		names = ticket_messages.unread()
		for name, doctype in names:
			ticket_messages.act(ticket_messages.understood(name, doctype))
		return len(names)

	def linked(self, doctype: str):
		incident = self.declare(nodes=[self.shafts[0]])
		ticket = self.write(doctype, 0)
		self.read()
		self.clock.move(10)
		return incident, ticket

	def test_of_a_mail_without_end_the_beginning_leaves_the_database(self):
		"""A page of tickets is in memory at once, and a mail is as long as its author likes."""
		longest = answer_without_quotes.LONGEST_HTML
		for doctype in self.each():
			text = "<p>No power, smoke in the corridor</p>" + "x" * (3 * longest)
			_incident, ticket = self.linked(doctype)
			self.answer(ticket, "Fire")
			name, kind = ticket_messages.unread()[0]
			frappe.db.set_value(kind, name, "content", text)
			self.assertEqual(len(ticket_messages._message(name, kind).content), longest)
			self.assertTrue(ticket_messages.understood(name, kind).danger)
			other = self.write(doctype, 1)
			frappe.db.set_value(doctype, other.name, "description", text)
			with patch.object(records, "clear", side_effect=records.clear) as cleared:
				self.read()
			self.assertEqual({len(one.args[0]) for one in cleared.call_args_list}, {longest})
			self.assertTrue(self.call_of(other).danger)

	def test_an_answer_that_is_deleted_before_it_is_read_or_acted_on_is_none(self):
		for doctype in self.each():
			_incident, ticket = self.linked(doctype)
			self.answer(ticket, "Now there is smoke in the corridor")
			[(name, kind)] = ticket_messages.unread()
			said = ticket_messages.understood(name, kind)
			frappe.delete_doc(kind, name, force=True)
			self.assertIsNone(ticket_messages.understood(name, kind))
			ticket_messages.act(said)
			self.assertFalse(self.call_of(ticket).danger)

	def test_danger_in_an_answer_rings_at_once_and_once(self):
		for doctype in self.each():
			incident, ticket = self.linked(doctype)
			self.assertIn(ticket_intake.ask_for_a_job, self.answer(ticket, "<p>Now there is smoke in the corridor</p>"))
			self.assertEqual(self.read_answers(), 1)
			self.assertEqual(self.read_answers(), 0)
			self.assertEqual(len(self.bells("DANGER in a ticket")), 1)
			self.assertEqual(self.call_of(ticket).danger, 1)
			self.assertTrue(frappe.db.exists("Timeline Entry", {"incident": incident, "kind": "danger_reported"}))

	def test_still_no_power_after_the_return(self):
		for doctype in self.each():
			platforms.set_settings(callback_sample_percent=0)
			incident, ticket = self.linked(doctype)
			self.restore(incident)
			self.clock.move(120)
			self.answer(ticket, "Thank you!<blockquote>No power</blockquote>")
			self.read_answers()
			self.assertEqual(self.bells("Still without power"), [])
			self.answer(ticket, "<div>我家没有</div>", minutes=1)
			self.clock.move(2)
			self.read_answers()
			self.assertEqual(self.call_of(ticket).incident, incident)
			self.assertEqual(self.callback_of(incident, 0)[0], "Pending")
			self.assertEqual(len(self.bells("Still without power after restoration: 1A")), 1)
			self.assertEqual(self.kinds_of(ticket), ["Known", "Known", "Restored"])

	def test_what_cannot_be_read_from_a_dark_home_rings(self):
		for doctype in self.each():
			incident, ticket = self.linked(doctype)
			unclear = "A message from a home without power cannot be read"
			photo, russian = '<img src="/files/a.jpg">', "Помогите, пожалуйста, очень темно"
			for number, text in enumerate(("Thank you", photo, russian), start=1):
				self.answer(ticket, text, minutes=number)
				self.clock.move(2)
				self.read_answers()
				self.assertEqual(len(self.bells(unclear)), max(number - 1, 0), text)
			written = platforms.make_ticket(doctype, "???", "", self.contacts[1])
			elsewhere = platforms.make_ticket(doctype, "???", "", self.contacts[3])
			frappe.db.set_value(doctype, elsewhere.name, "creation", written.creation, update_modified=False)
			self.restore(incident)
			self.declare(nodes=[self.switches[1]])
			self.read()
			self.assertEqual((self.call_of(written).waiting, self.call_of(written).keep_open), (0, 1))
			self.assertFalse(frappe.db.exists("Trouble Call", {"ticket": str(elsewhere.name), "ticket_type": doctype}))
			self.assertEqual(len(self.bells(unclear)), 3)

	def test_no_text_is_read_under_a_lock(self):
		"""A reader that were slow would keep everybody of the property waiting."""
		locked = []

		def lock_and_note(name):
			lock_property(name)
			locked.append(name)

		def reading(text, words=None):
			self.assertFalse(locked, text)
			return read(text, words)

		read, lock_property = triage.read, locking.lock_property
		for doctype in self.each():
			_incident, ticket = self.linked(doctype)
			with contextlib.ExitStack() as patches:
				for module in (
					agent_verbs,
					ticket_messages,
					incident_verbs,
					telephone_calls,
					portal_verbs,
					proposals,
				):
					patches.enter_context(patch.object(module, "lock_property", lock_and_note))
				patches.enter_context(patch.object(telephone_calls, "lock_property_if_free", lock_and_note))
				patches.enter_context(patch.object(triage, "read", reading))
				self.answer(ticket, "No power at all")
				self.read_answers()
				self.assertTrue(locked)
				locked.clear()
				self.do("operator", "record_call", self.property, unit=self.units[0], words="smoke")
				self.assertTrue(locked)
				for verb, index in (("propose", 3), ("declare", 5)):
					locked.clear()
					other = self.write(doctype, index, "Please look")
					with self.as_user("Administrator"):
						getattr(agent_verbs, verb)(doctype, str(other.name))
					self.assertTrue(locked)
				locked.clear()

	def test_still_no_power_while_it_is_known_changes_nothing(self):
		for doctype in self.each():
			incident, ticket = self.linked(doctype)
			self.answer(ticket, "Still no power!")
			self.read_answers()
			self.assertEqual(self.call_of(ticket).incident, incident)
			self.assertEqual(self.kinds_of(ticket), ["Known"])

	def test_long_after_the_file_is_closed_it_waits_again(self):
		for doctype in self.each():
			incident, ticket = self.linked(doctype)
			self.restore(incident)
			frappe.db.set_value("Outage Incident", incident, "status", "Closed")
			self.clock.move(60)
			self.answer(ticket, "No power again")
			self.read_answers()
			call = self.call_of(ticket)
			self.assertEqual((call.incident, call.waiting), (None, 1))
			self.assertIn(call.name, [row["name"] for row in command_centre.command_centre()["waiting"]])

	def comment(self, ticket, owner: str, published: int = 1):
		"""As the portal's form writes one."""
		with self.after_commit() as asked:
			doc = ticket.add_comment("Comment", "Updates please")
		moment = self.clock.now + timedelta(minutes=1)
		values = {"creation": moment, "modified": moment, "owner": owner, "published": published}
		frappe.db.set_value("Comment", doc.name, values, update_modified=False)
		return asked

	def test_comments_of_the_portal_are_read_when_they_are_the_authors(self):
		platforms.only("Issue")
		_incident, ticket = self.linked("Issue")
		author = frappe.db.get_value("Issue", ticket.name, "raised_by") or ticket.owner
		self.comment(ticket, "somebody@example.com")
		self.comment(ticket, author, published=0)
		self.assertEqual(ticket_messages.unread(), [])
		self.assertIn(ticket_intake.ask_for_a_job, self.comment(ticket, author))
		self.assertEqual(self.read_answers(), 1)
		self.assertTrue(self.call_of(ticket).wants_updates)
		self.assertEqual(ticket_messages.unread(), [])

	def test_asking_for_every_update(self):
		for doctype in self.each():
			incident, ticket = self.linked(doctype)
			self.answer(ticket, "<p>Updates please</p><blockquote>We know of the outage</blockquote>")
			self.read_answers()
			self.do("engineer", "set_etr", incident, self.clock.now + timedelta(hours=2))
			self.assertEqual(self.kinds_of(ticket), ["ETR", "Known"])

	def test_what_the_hook_leaves_alone(self):
		for doctype in self.each():
			_incident, ticket = self.linked(doctype)
			platforms.set_settings(read_tickets=0)
			self.assertNotIn(ticket_intake.ask_for_a_job, self.answer(ticket, "smoke"))
			self.assertEqual(ticket_messages.unread(), [])
			platforms.set_settings(read_tickets=1)
			with patch.object(frappe, "get_cached_doc", side_effect=RuntimeError("broken")):
				ticket_messages.on_communication(
					frappe._dict(sent_or_received="Received", communication_type="Communication", reference_doctype=doctype)
				)  # fmt: skip


class Waiting(PlaceTest):
	"""A single call is seen by the control room, and is there when the outage is declared."""

	def waiting(self, who: str = "operator") -> list[dict]:
		with self.as_user(who):
			return [row for row in command_centre.command_centre()["waiting"] if row["property"] == self.property]

	def test_a_call_before_the_outage_is_seen_and_linked(self):
		before = len(self.bells("No power at"))
		said = self.do("service", "record_call", self.property, unit=self.units[0], words="dark", phone="138")
		[row] = self.waiting()
		self.assertEqual((row["name"], row["place"], row["words"]), (said["call"], "1A", "dark"))
		self.assertEqual(self.waiting("guard1"), [])
		self.assertEqual(len(self.bells("No power at 1A")), 1)
		self.do("service", "record_call", self.property, unit=self.units[1], words="dark too")
		self.assertEqual(len(self.bells("No power at")) - before, 1)
		incident = self.declare(nodes=[self.shafts[0]])
		proposals.place_calls(self.property)
		self.assertEqual(self.field("Trouble Call", said["call"], "incident"), incident)
		self.assertEqual(self.waiting(), [])

	def test_the_call_sheet_shows_those_of_its_property(self):
		incident = self.declare(nodes=[self.shafts[1]])
		self.do("service", "record_call", self.property, unit=self.units[0], words="dark")
		with self.as_user("operator"):
			from outage_response.flows.screens.operator_call_sheet import call_sheet

			self.assertEqual([row["place"] for row in call_sheet(incident)["waiting"]], ["1A"])

	def test_calls_become_a_proposal_without_any_ticket(self):
		for index in range(3):
			self.do("service", "record_call", self.property, unit=self.units[index])
		proposals.place_calls(self.property)
		self.assertEqual([row.callers for row in self.proposals()], [3])
		self.assertEqual(self.waiting(), [])

	def test_none_lapses_unseen(self):
		self.do("service", "record_call", self.property, unit=self.units[0])
		self.clock.move(60 * 7)
		proposals.place_calls(self.property)
		self.assertEqual(self.waiting(), [])
		[text] = self.bells("wait no longer")
		self.assertIn("1A", text)

	def test_a_real_call_during_a_drill_is_a_real_call(self):
		self.declare(nodes=[self.room], is_drill=True)
		said = self.do("service", "record_call", self.property, unit=self.units[0], words="no power, hurt", danger=True)
		self.assertEqual(said["incident"], "")
		self.assertEqual(len(self.bells("DANGER at 1A")), 1)

	def test_a_neighbour_is_not_of_the_outage_of_one_home(self):
		nested = self.declare(nodes=[{"power_node": self.switches[0], "unit": self.units[0]}])
		neighbour = build.make_unit(self.property, "1Z", self.switches[0])
		self.assertEqual(self.do("service", "record_call", self.property, unit=neighbour)["incident"], "")
		self.assertEqual(self.do("service", "record_call", self.property, unit=self.units[0])["incident"], nested)

	def test_a_caller_who_is_still_out_is_told_of(self):
		incident = self.declare(nodes=[self.shafts[0]])
		self.restore(incident)
		self.clock.move(30)
		self.do("service", "record_call", self.property, unit=self.units[0], words="still dark")
		proposals.place_calls(self.property)
		self.assertEqual(len(self.bells("Still without power after restoration: 1A")), 1)

	def test_a_job_for_each_property_and_none_without_a_queue(self):
		self.do("service", "record_call", self.property, unit=self.units[0])
		with patch.object(jobs, "_alone", side_effect=lambda _title, function, *args: function(*args)):
			with patch.object(jobs.frappe, "enqueue") as enqueue, patch.object(jobs.frappe, "set_user"):
				jobs.read_tickets()
			told = [call.kwargs for call in enqueue.call_args_list]
			ids = {one["job_id"] for one in told if one.get("property_name") == self.property}
			self.assertEqual(ids, {f"outage_response.place_calls:{self.property}"})
			self.declare(nodes=[self.shafts[0]])
			with (
				patch.object(jobs.frappe, "enqueue", side_effect=ConnectionError),
				patch.object(jobs.frappe, "set_user"),
			):
				jobs.read_tickets()
		self.assertFalse(frappe.db.exists("Trouble Call", {"property": self.property, "waiting": 1}))
