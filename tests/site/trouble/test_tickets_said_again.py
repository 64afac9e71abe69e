"""What is said again in a ticket whose outage is known: answers and comments, danger, still no power."""

import contextlib
from datetime import timedelta
from unittest.mock import patch

import frappe

from outage_response.domain import answer_without_quotes, triage
from outage_response.flows.residents import portal_verbs
from outage_response.flows.screens import command_centre
from outage_response.flows.trouble import agent_verbs, proposals, telephone_calls, ticket_intake, ticket_messages
from outage_response.flows.verb import engine, locking
from outage_response.integrations import records

from .. import platforms
from .places import PlaceTest

setUpModule = platforms.bring
tearDownModule = platforms.take_away


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
					engine,
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
