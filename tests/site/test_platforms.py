"""One contract for desks, one for call logs, one for customers: each platform keeps it, the real one where it is installed.

Here the platforms are asked one by one; what the flows make of them stands in test_tickets.py.
"""

import contextlib
import json
import unittest
from datetime import timedelta
from unittest.mock import patch

import frappe
from frappe import _

from outage_response import integrations
from outage_response.domain import triage
from outage_response.flows.callbacks import telephony
from outage_response.flows.facts import outage_in_words
from outage_response.flows.notices import resident_links
from outage_response.integrations import contacts, crm, erpnext, helpdesk
from outage_response.patches import tickets_in_words
from outage_response.setup import custom_fields, uninstall

from . import platforms
from . import world as build
from .base import SiteTest
from .live import LiveTest, end_processes
from .portal_pages import PortalTest, words_of

setUpModule = platforms.bring


def tearDownModule():
	end_processes()
	platforms.take_away()


DESKS = {"HD Ticket": helpdesk, "Issue": erpnext}
LOGS = {"CRM Call Log": crm, "Call Log": erpnext, "Communication": contacts}


class PlatformTest(SiteTest):
	"""A tower whose residents have addresses, and an outage in it."""

	@classmethod
	def build_world(cls):
		world = build.make_tower(cls.__name__, floors=3)
		build.make_roster(world["property"], cls.now)
		for contact in world["contacts"]:
			platforms.give_address(contact)
		return world

	def callback(self, index: int = 0):
		"""The callback of a resident after an outage that is over."""
		incident = self.declare(nodes=[self.switches[index]])
		self.do("engineer", "supply_back", incident)
		name = frappe.db.get_value("Outage Callback", {"incident": incident, "contact": self.contacts[index]})
		return frappe.get_doc("Outage Callback", name)


class Desks(PlatformTest):
	"""unread, reply, note, show, is_open, resolve."""

	def each(self):
		for doctype, desk in DESKS.items():
			platforms.only(doctype)
			with self.subTest(doctype, real=platforms.is_real(doctype)):
				yield doctype, desk

	def unread(self, desk, **kwargs):
		return desk.unread(self.real_now() - timedelta(minutes=5), kwargs.pop("limit", 500), **kwargs)

	def real_now(self):
		"""Frappe stamps documents with the machine's clock, whatever the app's stands at."""
		return frappe.utils.get_datetime(frappe.utils.now())

	def test_a_ticket_is_read_once_with_what_it_says(self):
		for doctype, desk in self.each():
			text = "<p>No power since 2 a.m.</p><p>Second line<br>third line</p>"
			doc = platforms.make_ticket(doctype, "No power in 1A", text, self.contacts[0])
			found = next(one for one in self.unread(desk) if one.name == str(doc.name))
			self.assertEqual((found.doctype, found.subject), (doctype, "No power in 1A"))
			self.assertEqual(found.description.split("\n")[0].strip(), "No power since 2 a.m.")
			self.assertIn("third line", found.description)
			self.assertNotIn("<", found.description)
			self.assertEqual(found.contact, self.contacts[0])
			self.assertEqual(found.email, platforms.address_of(self.contacts[0]))
			self.assertTrue(found.raised_at)
			frappe.get_doc({"doctype": "Trouble Call", "ticket_type": doctype, "ticket": str(doc.name)}).insert(
				ignore_permissions=True
			)
			self.assertNotIn(str(doc.name), [one.name for one in self.unread(desk)])

	def test_what_an_editor_wrote_is_read_as_its_author_saw_it(self):
		texts = {
			"<div>Good evening</div><div>no power in 12A</div>": "no power",
			"<p>there is no&nbsp;power</p>": "no power",
			"<div>the power&#39;s out</div>": "power's out",
			"<ul><li>Hello</li><li>no power</li></ul>": "no power",
			"<style>p { color: red }</style><p>停电</p>": "停电",
			"<p>A &lt;b&gt; and no<br>power</p>": "no power",
		}
		for doctype, desk in self.each():
			for text, word in texts.items():
				said = desk.from_document({"name": "x", "description": text}).description
				self.assertEqual(triage.read(said).outage, word, (doctype, text, said))
				self.assertNotIn("color", said)
			said = desk.from_document({"name": "x", "description": "<p>Help</p><p>trapped in lift</p>"}).description
			self.assertEqual(triage.read(said).danger, "trapped")

	def test_pages_follow_one_another_without_loss(self):
		for doctype, desk in self.each():
			names = [str(platforms.make_ticket(doctype, f"Ticket {n}").name) for n in range(5)]
			read, after = [], None
			while page := self.unread(desk, limit=2, after=after):
				read += [one.name for one in page]
				after = page[-1]
			self.assertEqual([name for name in read if name in names], names)
			self.assertEqual(len(read), len(set(read)))

	def test_what_is_imported_is_not_read(self):
		for doctype, desk in self.each():
			frappe.flags.in_import = True
			try:
				doc = platforms.make_ticket(doctype, "No power", contact=self.contacts[0])
			finally:
				frappe.flags.in_import = False
			self.assertNotIn(str(doc.name), [one.name for one in self.unread(desk)])

	def test_a_ticket_brought_over_is_as_old_as_it_says(self):
		for doctype, desk in self.each():
			doc = platforms.make_ticket(doctype, "No power", opening_date="2019-05-01", opening_time="03:04:05")
			found = next(one for one in self.unread(desk) if one.name == str(doc.name))
			self.assertEqual(str(found.raised_at), "2019-05-01 03:04:05")

	def test_an_answer_stands_on_the_ticket_and_is_no_agents(self):
		for doctype, desk in self.each():
			doc = platforms.make_ticket(doctype, "No power", contact=self.contacts[0])
			before = self.look(doc)
			desk.reply(str(doc.name), "First line.\nSecond <line>.", self.property)
			answers = platforms.answers_on(doc)
			self.assertEqual(len(answers), 1)
			self.assertIn("First line.", answers[0])
			self.assertIn("&lt;line&gt;", answers[0])
			self.assertEqual(self.look(doc), before)

	def look(self, doc) -> tuple:
		"""Status and service level clock of a ticket."""
		return frappe.db.get_value(doc.doctype, doc.name, ["status", "first_responded_on"])

	def test_an_answer_reopens_nothing(self):
		for doctype, desk in self.each():
			doc = platforms.make_ticket(doctype, "No power", contact=self.contacts[0])
			for status in ("Replied", "Resolved", "Closed"):
				frappe.db.set_value(doctype, doc.name, "status", status)
				desk.reply(str(doc.name), "Supply is back.", self.property)
				desk.note(str(doc.name), "Called back", f"x {status}")
				self.assertEqual(self.field(doctype, doc.name, "status"), status)

	def test_an_answer_goes_out_by_mail_where_the_site_sends(self):
		for doctype, desk in self.each():
			doc = platforms.make_ticket(doctype, "No power", contact=self.contacts[0])
			self.give_account()
			desk.reply(str(doc.name), "Supply is back.", self.property)
			if not platforms.is_real(doctype) and doctype == "HD Ticket":
				continue  # which account to send from is the helpdesk's own code
			queue = frappe.get_all(
				"Email Queue", filters={"reference_doctype": doctype, "reference_name": str(doc.name)}, pluck="name"
			)
			self.assertEqual(len(queue), 1)
			to = frappe.get_all("Email Queue Recipient", filters={"parent": queue[0]}, pluck="recipient")
			self.assertEqual(to, [platforms.address_of(self.contacts[0])])

	def give_account(self) -> None:
		"""An outgoing e-mail account, without asking its server."""
		if platforms.is_real("HD Ticket"):
			frappe.db.set_single_value("HD Settings", "skip_email_workflow", 0)
		if not frappe.db.exists("Email Account", "Outage Test"):
			frappe.get_doc(
				{
					"doctype": "Email Account",
					"name": "Outage Test",
					"email_account_name": "Outage Test",
					"email_id": "desk@example.com",
					"enable_outgoing": 1,
					"default_outgoing": 1,
					"smtp_server": "localhost",
					"service": "",
				}
			).db_insert()

	def test_a_note_is_for_the_staff_and_written_once(self):
		for doctype, desk in self.each():
			doc = platforms.make_ticket(doctype, "No power", contact=self.contacts[0])
			for _again in range(2):
				desk.note(str(doc.name), "Called back: Reached\nsecond <line>", "callback1 1")
			desk.note(str(doc.name), "Called back again", "callback1 2")
			notes = platforms.notes_on(doc)
			self.assertEqual(len(notes), 2)
			self.assertTrue(any("second &lt;line&gt;" in note for note in notes))
			self.assertEqual(platforms.answers_on(doc), [])

	def test_the_outage_shows_on_many_tickets_in_one_statement(self):
		for doctype, desk in self.each():
			docs = [platforms.make_ticket(doctype, f"No power {n}") for n in range(3)]
			modified = [str(self.field(doctype, doc.name, "modified")) for doc in docs]
			with self.statements() as said:
				desk.show(
					[str(doc.name) for doc in docs], {"outage_level": "II", "outage_state": "Active", "unheard_of": 1}
				)
			self.assertEqual(len([one for one in said if one.lower().startswith("update")]), 1)
			for doc, before in zip(docs, modified, strict=True):
				row = frappe.db.get_value(doctype, doc.name, ["outage_level", "outage_state", "modified"])
				self.assertEqual((row[0], row[1], str(row[2])), ("II", "Active", before))

	@contextlib.contextmanager
	def statements(self):
		"""What is said to the database meanwhile."""
		said, run = [], frappe.local.db.sql

		def sql(query, *args, **kwargs):
			said.append(str(query))
			return run(query, *args, **kwargs)

		with patch.object(frappe.local.db, "sql", sql):
			yield said

	def test_open_until_resolved_whoever_does_it(self):
		for doctype, desk in self.each():
			doc = platforms.make_ticket(doctype, "No power", contact=self.contacts[0])
			self.assertTrue(desk.is_open(str(doc.name)))
			with self.as_user("service"):
				desk.resolve(str(doc.name))
				self.assertEqual(frappe.session.user, build.user("service"))
			self.assertEqual(self.field(doctype, doc.name, "status"), "Resolved")
			self.assertFalse(desk.is_open(str(doc.name)))
		self.assertFalse(helpdesk.is_open("0"))


class SavedViews(unittest.TestCase):
	"""Helpdesk's views forget the app's fields on uninstall; what does not name them stays as it is written."""

	OURS = frozenset({"outage_state", "outage_etr"})

	def test_what_names_our_fields_goes(self):
		for text, left in (
			([{"key": "subject"}, {"key": "outage_state"}], [{"key": "subject"}]),
			(["name", "outage_etr"], ["name"]),
			({"status": "Open", "outage_state": ["=", "Active"]}, {"status": "Open"}),
			([["HD Ticket", "outage_state", "=", "Active"]], []),
		):
			self.assertEqual(json.loads(custom_fields._without(json.dumps(text), self.OURS)), left)
		self.assertEqual(custom_fields._without("outage_etr desc,modified desc", self.OURS), "modified desc")

	def test_what_does_not_stays(self):
		for text in (None, "", "modified desc", '[ "name" ]'):
			self.assertEqual(custom_fields._without(text, self.OURS), text)


class CallLogs(PlatformTest):
	"""log_call, recent_calls, take_call."""

	def each(self):
		for doctype, log in LOGS.items():
			platforms.only(doctype)
			self.assertIs(integrations.call_log(), log)
			with self.subTest(doctype, real=platforms.is_real(doctype)):
				yield doctype, log

	def test_an_attempt_is_kept_once_under_its_own_id(self):
		callback = self.callback()
		for doctype, log in self.each():
			first = log.log_call(callback, "Reached", "all <b>well</b>\nsecond line", self.clock.now, 1)
			self.assertEqual(first, log.log_call(callback, "Reached", "all well", self.clock.now, 1))
			second = log.log_call(callback, "No Answer", "", self.clock.now, 2)
			self.assertNotEqual(first, second)
			self.assertEqual((first[0], second[0]), (doctype, doctype))
			for _doctype, name in (first, second):
				self.assertTrue(name.upper().startswith(integrations.CALL_LOG_PREFIX))

	def test_it_says_who_was_called_when_and_what_came_of_it(self):
		callback = self.callback()
		for doctype, log in self.each():
			record = frappe.get_doc(*log.log_call(callback, "No Answer", "rang <8> times", self.clock.now, 1))
			number = record.get("to") or record.get("phone_no")
			self.assertEqual(number, callback.phone)
			self.assertMoment(record.get("start_time") or record.get("communication_date"), self.clock.now)
			if doctype != "Communication":
				self.assertEqual((record.type, record.status), ("Outgoing", "No Answer"))
			said = record.get("summary") or record.get("content")
			if doctype == "CRM Call Log":
				note = frappe.get_doc("FCRM Note", record.note)
				said = note.content
				self.assertEqual((note.reference_doctype, note.reference_docname), ("Contact", callback.contact))
				self.assertEqual(record.telephony_medium, "Manual")
			self.assertIn("times", said)

	def test_how_long_it_took(self):
		callback = self.callback()
		for doctype, log in self.each():
			how = integrations.How(seconds=125)
			record = frappe.get_doc(*log.log_call(callback, "Reached", "all well", self.clock.now, 1, how))
			if doctype == "Communication":
				self.assertIn("0:02:05", record.content)
				continue
			self.assertEqual(record.duration, 125)
			self.assertMoment(record.end_time, self.clock.now)
			self.assertMoment(record.start_time, self.clock.now - timedelta(seconds=125))

	def test_what_a_resident_answered_on_our_pages_is_no_call_of_ours(self):
		callback = self.callback()
		for doctype, log in self.each():
			how = integrations.How(by_resident=True)
			record = frappe.get_doc(*log.log_call(callback, "Reached", "answered", self.clock.now, 1, how))
			if doctype == "Communication":
				self.assertEqual((record.sent_or_received, record.communication_medium), ("Received", "Other"))
				continue
			self.assertEqual(
				(record.type, record.get("from"), record.status), ("Incoming", callback.phone, "Completed")
			)
			self.assertEqual(record.medium, "Web")
			self.assertFalse(record.get("caller") or record.get("employee_user_id"))
			self.assertIn(("Contact", callback.contact), platforms.links_of(record))

	def test_it_shows_on_the_contact_the_callback_and_the_ticket(self):
		for doctype, log in self.each():
			desk = "Issue" if platforms.SWITCHES.get(doctype) == "use_erpnext" else "HD Ticket"
			with self.subTest(desk=desk):
				frappe.db.savepoint("one_platform")
				callback = self.callback()
				ticket = platforms.make_ticket(desk, "No power", contact=callback.contact)
				frappe.get_doc(
					{
						"doctype": "Trouble Call",
						"ticket_type": desk,
						"ticket": str(ticket.name),
						"contact": callback.contact,
						"incident": callback.incident,
					}
				).insert(ignore_permissions=True)
				record = frappe.get_doc(*log.log_call(callback, "Reached", "", self.clock.now, 1))
				links = platforms.links_of(record)
				self.assertIn(("Contact", callback.contact), links)
				if doctype == "Communication":
					self.assertEqual(
						(record.reference_doctype, record.reference_name), ("Outage Callback", callback.name)
					)
				else:
					self.assertIn(("Outage Callback", callback.name), links)
					self.assertIn((desk, str(ticket.name)), links)
				self.assertEqual(self.field(desk, ticket.name, "status"), "Open")
				if doctype == "CRM Call Log":
					from frappe.desk.form.load import get_additional_timeline_content

					shown = get_additional_timeline_content("Contact", callback.contact)
					self.assertTrue(any("Reached" in str(one.get("content")) for one in shown))
				frappe.db.rollback(save_point="one_platform")

	def test_calls_of_telephony_are_found_by_the_other_sides_number(self):
		callback = self.callback()
		since = callback.creation
		for doctype, log in self.each():
			if doctype == "Communication":
				self.assertEqual(log.recent_calls(since), [])
				continue
			log.log_call(callback, "No Answer", "", self.clock.now, 1)
			platforms.log_by_telephony(doctype, "exo-out", "+86 138 0000 0001")
			platforms.log_by_telephony(doctype, "exo-in", "013800000001", incoming=True)
			found = {call.name: call.number for call in log.recent_calls(since) if call.name.startswith("exo")}
			self.assertEqual(found, {"exo-out": "+86 138 0000 0001", "exo-in": "013800000001"})
			self.assertFalse([c for c in log.recent_calls(since) if c.name.startswith(integrations.CALL_LOG_PREFIX)])

	def test_a_call_of_telephony_becomes_the_attempt_and_stays_what_it_was(self):
		callback = self.callback()
		for doctype, log in self.each():
			if doctype == "Communication":
				continue
			platforms.log_by_telephony(doctype, "exo-1", callback.phone)
			taken = log.take_call("exo-1", callback, "Reached", "all well", 1)
			self.assertEqual(taken, (doctype, "exo-1"))
			record = frappe.get_doc(*taken)
			self.assertEqual((record.duration, record.medium, record.status), (42, "Exotel", "Completed"))
			self.assertIn(("Contact", callback.contact), platforms.links_of(record))
			self.assertIn(("Outage Callback", callback.name), platforms.links_of(record))

	def test_a_platform_that_refuses_costs_no_attempt(self):
		callback = self.callback()
		for doctype, log in self.each():
			if doctype == "Communication":
				continue
			with patch.object(
				log, "log_call", side_effect=frappe.ValidationError("mandatory: colour of the telephone")
			):
				kept = integrations.log_call(callback, "Reached", "", self.clock.now, 1)
			self.assertEqual(kept[0], "Communication")
			frappe.delete_doc(*kept, force=True)


class Telephony(PlatformTest):
	"""A call that telephony logged is offered as the attempt."""

	LOGS = ("CRM Call Log", "Call Log")

	def each(self):
		for doctype in self.LOGS:
			platforms.only(doctype)
			with self.subTest(doctype, real=platforms.is_real(doctype)):
				frappe.db.savepoint("each_platform")
				yield doctype
				frappe.db.rollback(save_point="each_platform")

	def offered(self, callback) -> tuple:
		return frappe.db.get_value("Outage Callback", callback.name, ["offered_doctype", "offered_record"])

	def test_offered_and_taken_without_a_second_record(self):
		for doctype in self.each():
			callback, other = self.callback(), self.callback(1)
			number = f"+86 {callback.phone[:3]} {callback.phone[3:7]}-{callback.phone[7:]}"
			platforms.log_by_telephony(doctype, "exo-7", number, start_time=self.clock.now + timedelta(hours=8))
			self.assertEqual(telephony.offer_calls(), 1)
			self.assertEqual(telephony.offer_calls(), 0)
			self.assertEqual(self.offered(callback), (doctype, "exo-7"))
			self.assertEqual(self.offered(other), (None, None))
			before = frappe.db.count(doctype)
			answer = self.post(
				"service",
				"log_attempt",
				callback=callback.name,
				outcome="Reached",
				call_record="exo-7",
				request_id="r1",
			)
			self.assertEqual((answer["callback_status"], answer["crm_record"]), ("Reached", "exo-7"))
			again = self.post(
				"service",
				"log_attempt",
				callback=callback.name,
				outcome="Reached",
				call_record="exo-7",
				request_id="r1",
			)
			self.assertEqual(again["crm_record"], "exo-7")
			self.assertEqual(frappe.db.count(doctype), before)
			self.assertEqual(self.offered(callback), (None, None))
			self.assertEqual(telephony.offer_calls(), 0)

	def test_a_resident_who_calls_back_is_recognised(self):
		for doctype in self.each():
			callback = self.callback()
			platforms.log_by_telephony(doctype, "exo-8", f"0{callback.phone}", incoming=True)
			telephony.offer_calls()
			self.assertEqual(self.offered(callback), (doctype, "exo-8"))

	def test_another_number_is_no_attempt(self):
		for doctype in self.each():
			callback = self.callback()
			platforms.log_by_telephony(doctype, "exo-9", "13900009999")
			platforms.log_by_telephony(doctype, "exo-10", callback.phone[-5:])
			self.assertEqual(telephony.offer_calls(), 0)
			with self.refused("exo-9", "not offered"):
				self.post("service", "log_attempt", callback=callback.name, outcome="Reached", call_record="exo-9")

	def test_nothing_is_offered_when_the_callback_has_ended_or_the_platform_is_off(self):
		for doctype in self.each():
			callback = self.callback()
			platforms.log_by_telephony(doctype, "exo-11", callback.phone)
			platforms.only()
			self.assertEqual(telephony.offer_calls(), 0)
			platforms.only(doctype)
			self.do("service", "log_attempt", callback.name, "Reached")
			self.assertEqual(telephony.offer_calls(), 0)

	def test_the_hook_never_fails_the_telephony(self):
		for _doctype in self.each():
			self.callback()
			with patch.object(telephony.frappe.db, "exists", side_effect=RuntimeError("broken")):
				telephony.on_call_log(frappe._dict(name="exo-12"))
			with patch.object(telephony.frappe, "enqueue", side_effect=ConnectionError("no Redis")):
				telephony._ask_for_a_job()


class Presence(PlatformTest):
	"""What "is it here" means."""

	def test_switched_off_in_settings(self):
		platforms.only()
		self.assertEqual(list(integrations.desks()), [])
		self.assertIs(integrations.call_log(), contacts)
		platforms.only("HD Ticket", "Issue", "CRM Call Log")
		self.assertEqual(list(integrations.desks()), [helpdesk, erpnext])
		self.assertIs(integrations.call_log(), crm)
		platforms.only("Issue")
		self.assertIs(integrations.call_log(), erpnext)

	def test_a_platform_removed_by_half_counts_as_gone(self):
		for doctype in ("HD Ticket", "CRM Call Log", "Call Log"):
			with self.subTest(doctype):
				platforms.only(doctype)
				self.assertTrue(integrations.installed(doctype))
				with platforms.gone(doctype):
					self.assertFalse(integrations.installed(doctype))
					self.assertEqual(list(integrations.desks()), [])
					self.assertIs(integrations.call_log(), contacts)

	def test_without_the_comments_of_the_helpdesk_the_helpdesk_is_not_here(self):
		platforms.only("HD Ticket")
		frappe.db.set_value("DocType", "HD Ticket Comment", "module", "A Module That Is Gone", update_modified=False)
		self.assertFalse(helpdesk.is_on())

	def test_a_callback_is_kept_when_the_platform_goes(self):
		callback = self.callback()
		platforms.only("CRM Call Log")
		with platforms.gone("CRM Call Log"):
			answer = self.do("service", "log_attempt", callback.name, "No Answer")
		self.assertTrue(frappe.db.exists("Communication", answer["crm_record"]))
		answer = self.do("service", "log_attempt", callback.name, "Reached")
		self.assertTrue(frappe.db.exists("CRM Call Log", answer["crm_record"]))

	def test_the_fields_are_there_once_and_read_only(self):
		for doctype, fields in custom_fields.CUSTOM_FIELDS.items():
			meta = frappe.get_meta(doctype)
			for field in fields:
				found = [df for df in meta.fields if df.fieldname == field["fieldname"]]
				self.assertEqual(len(found), 1, (doctype, field["fieldname"]))
				self.assertTrue(found[0].read_only)


class WayBack(PortalTest):
	"""From residents' page to where they came from: their tickets, wherever those are, else their account."""

	def test_for_residents_who_are_logged_in(self):
		name = self.declare(nodes=[self.shafts[0]])
		self.do("service", "send_notice", name, "First Word")
		of_mine = {"incident": name, "contact": self.contacts[0]}
		(row,) = frappe.get_all("Notice Delivery", of_mine, ["name", "contact", "link_key"], limit=1)
		frappe.db.set_value("Managed Property", self.property, "public_status_page", 1, update_modified=False)
		frappe.clear_document_cache("Managed Property", self.property)
		for on, way in ((("HD Ticket", "Issue"), "/helpdesk/my-tickets"), (("Issue",), "/issues"), ((), "/me")):
			platforms.only(*on)
			with self.subTest(way):
				text = self.see(self.here, "/outages")
				self.assertIn(f'href="{way}"', text)
				self.assertIn("Back to my tickets" if on else "Back to my account", words_of(text))
				for path in (f"/outages/link/{resident_links.of_delivery(row)}", "/outage-status/Portal%20Tower"):
					text = self.see("Guest", path)
					self.assertNotIn(f'href="{way}"', text)
					self.assertNotIn("Back to my", text)

	def test_in_the_reader_s_language(self):
		platforms.only("Issue")
		frappe.local.lang = "zh"
		with patch.object(frappe, "set_user", lambda who: setattr(frappe.session, "user", who)):
			self.assertIn('<a href="/issues">返回我的工单</a>', self.see(self.here, "/outages"))


class InWords(PlatformTest):
	"""What a ticket shows of its outage is a word of the reader's language in the form, the list and the filter: the options of a Select,
	and the stored value stays the English key."""

	def test_of_a_select(self):
		platforms.only("HD Ticket", "Issue")
		for doctype in DESKS:
			meta = frappe.get_meta(doctype)
			for field, value in (("outage_state", "Active"), ("outage_level", "II")):
				df = meta.get_field(field)
				self.assertEqual(df.fieldtype, "Select")
				self.assertIn(value, df.options.split("\n"))
				self.assertEqual(df.options.split("\n")[0], "")
			self.assertEqual([meta.get_field(f).in_list_view for f in ("outage_incident", "outage_state")], [1, 1])
			# Helpdesk would show it to agents who may not read outages
			self.assertEqual(meta.get_field("outage_incident").in_standard_filter, int(doctype == "Issue"))
			self.assertEqual(_("Restored", "zh", doctype), "已恢复供电")
			self.assertEqual(_("II", "zh", doctype), "二级")
			doc = platforms.make_ticket(doctype, "No power", contact=self.contacts[0])
			DESKS[doctype].show([str(doc.name)], {"outage_state": "Stood Down", "outage_level": "II"})
			frappe.get_doc(doctype, doc.name).save(ignore_permissions=True)  # the values are among the options
			self.assertEqual(self.field(doctype, doc.name, "outage_state"), "Stood Down")

	def test_every_state_of_an_incident_is_an_option(self):
		states = frappe.get_meta("Outage Incident").get_options("status").split("\n")
		self.assertEqual(states, [*custom_fields.STATES])

	def test_a_level_of_ones_own_is_an_option_at_once_and_stays_one(self):
		frappe.get_doc({"doctype": "Outage Level", "level": "四级", "title": "Our own"}).insert()
		self.addCleanup(frappe.clear_cache, doctype="Issue")
		for _again in range(2):
			self.assertEqual(
				frappe.get_meta("Issue").get_options("outage_level").split("\n"), ["", "I", "II", "III", "四级"]
			)
			frappe.delete_doc("Outage Level", "四级", force=True)
			custom_fields.show_levels()

	def test_a_site_of_the_version_before(self):
		"""There they are texts; the patch changes what they are, and nothing that stands in them."""
		doc = platforms.make_ticket("Issue", "No power", contact=self.contacts[0])
		erpnext.show([doc.name], {"outage_state": "Restored", "outage_level": "I"})
		before = {"fieldtype": "Data", "options": None, "in_list_view": 0, "in_standard_filter": 0}
		ours = {"dt": "Issue", "fieldname": ("in", ("outage_state", "outage_level", "outage_incident"))}
		now = frappe.get_all(
			"Custom Field", ours, ["fieldname", "fieldtype", "options", "in_list_view", "in_standard_filter"]
		)
		for name in frappe.get_all("Custom Field", {**ours, "fieldtype": "Select"}, pluck="name"):
			frappe.db.set_value("Custom Field", name, before)
		frappe.clear_cache(doctype="Issue")
		self.addCleanup(frappe.clear_cache, doctype="Issue")
		with patch("frappe.db.updatedb"), patch.object(frappe.local.db, "commit", lambda: None):
			tickets_in_words.execute()
		again = frappe.get_all(
			"Custom Field", ours, ["fieldname", "fieldtype", "options", "in_list_view", "in_standard_filter"]
		)
		self.assertCountEqual(again, now)
		self.assertEqual(self.field("Issue", doc.name, "outage_state"), "Restored")
		self.assertEqual(self.field("Issue", doc.name, "outage_level"), "I")

	def test_the_headline_says_each_thing_once(self):
		incident = self.declare("II", nodes=[self.switches[0]])
		said = {}

		def look(state: str) -> None:
			said[state] = outage_in_words.headline(frappe.get_doc("Outage Incident", incident))

		look("Reported")
		self.do("engineer", "supply_back", incident)
		look("Restored")
		self.assertRegex(said["Reported"], r"^Outage level II: (Reported|Active), return time not known yet$")
		self.assertRegex(said["Restored"], r"^Outage level II: supply back \d\d:\d\d$")
		planned = frappe.get_doc("Outage Incident", self.declare("III", nodes=[self.switches[1]]))
		self.assertRegex(outage_in_words.headline(planned), r"^Outage level III: planned from [\d :-]+$")
		planned.status = "Cancelled"
		self.assertEqual(outage_in_words.headline(planned), "Outage level III: cancelled")


class Households(PlatformTest):
	"""A unit's household is a customer: theirs alone, made once, left by those who move out."""

	def each(self):
		for doctype, desk in DESKS.items():
			platforms.only(doctype)
			with self.subTest(desk.CUSTOMER, real=platforms.is_real(desk.CUSTOMER)):
				frappe.db.savepoint("each_platform")
				yield desk, desk.CUSTOMER
				frappe.db.rollback(save_point="each_platform")

	def move(self, unit: str, *residents: str) -> None:
		doc = frappe.get_doc("Property Unit", unit)
		doc.set("residents", [{"contact": contact} for contact in residents])
		doc.save(ignore_permissions=True)

	def customer(self, doctype: str, name: str, *people: str, **values) -> str:
		"""A customer that the property's staff has made."""
		doc = frappe.new_doc(doctype)
		doc.update({"customer_name": name, **values})
		doc.insert(ignore_permissions=True, ignore_mandatory=True)
		for contact in people:
			row = frappe.get_doc("Contact", contact)
			row.append("links", {"link_doctype": doctype, "link_name": doc.name})
			row.save(ignore_permissions=True)
		return doc.name

	def test_made_once_and_linked_to_all_who_live_there(self):
		for desk, doctype in self.each():
			partner = build.make_contact("A Partner", "13700000001")
			self.move(self.units[0], self.contacts[0], partner)
			name = desk.household(self.units[0])
			self.assertTrue(name)
			self.assertEqual(desk.household(self.units[0]), name)
			self.assertEqual(frappe.db.count(doctype, {"outage_unit": self.units[0]}), 1)
			for contact in (self.contacts[0], partner):
				self.assertEqual(platforms.customers_of(contact, doctype), [name])
			self.assertEqual(platforms.customers_of(self.contacts[1], doctype), [])
			self.assertNotEqual(desk.household(self.units[1]), name)

	def test_what_is_theirs_is_matched(self):
		for desk, doctype in self.each():
			theirs = self.customer(doctype, "The Lis of 1A", self.contacts[0])
			self.assertEqual(desk.household(self.units[0]), theirs)
			self.assertEqual(frappe.db.count(doctype, {"outage_unit": self.units[0]}), 1)

	def test_the_community_is_nobodys_household(self):
		for desk, doctype in self.each():
			community = self.customer(doctype, self.property, self.contacts[0])
			block = self.customer(doctype, "Block A", self.contacts[0], self.contacts[1])
			self.assertNotIn(desk.household(self.units[0]), (community, block))
			self.assertNotIn(desk.household(self.units[1]), (community, block))

	def test_a_landlord_with_two_units_shares_neither(self):
		for desk, doctype in self.each():
			own = self.customer(doctype, "The Landlord", self.contacts[0])
			self.move(self.units[1], self.contacts[0], self.contacts[1])
			found = {desk.household(self.units[0]), desk.household(self.units[1])}
			self.assertEqual(len(found), 2)
			self.assertNotIn(own, found)

	def test_a_customer_of_the_same_name_is_taken_only_when_it_is_empty(self):
		for desk, doctype in self.each():
			name = self.customer(doctype, f"{self.property} 1A")
			self.assertEqual(desk.household(self.units[0]), name)
			other = self.customer(doctype, f"{self.property} 2A")
			platforms.make_ticket(desk.DOCTYPE, "An old matter", customer=other)
			self.assertNotEqual(desk.household(self.units[1]), other)

	def test_who_moves_out_sees_it_no_longer_and_who_moves_in_does(self):
		for desk, doctype in self.each():
			partner, child = build.make_contact("A Partner"), build.make_contact("A Child")
			self.move(self.units[0], self.contacts[0], partner)
			name = desk.household(self.units[0])
			self.move(self.units[0], self.contacts[0], child)
			self.assertEqual(platforms.customers_of(partner, doctype), [])
			self.assertEqual(platforms.customers_of(child, doctype), [name])
			self.assertEqual(platforms.customers_of(self.contacts[0], doctype), [name])

	def test_moving_out_counts_when_the_platform_is_switched_off_too(self):
		for desk, doctype in self.each():
			partner = build.make_contact("A Partner")
			self.move(self.units[0], self.contacts[0], partner)
			desk.household(self.units[0])
			platforms.only()
			self.move(self.units[0], self.contacts[0])
			self.assertEqual(platforms.customers_of(partner, doctype), [])

	def test_the_next_household_does_not_inherit_the_last_ones_tickets(self):
		for desk, doctype in self.each():
			old = desk.household(self.units[0])
			ticket = platforms.make_ticket(desk.DOCTYPE, "Private matter", contact=self.contacts[0], customer=old)
			newcomer = build.make_contact("A Newcomer")
			self.move(self.units[0], newcomer)
			new = desk.household(self.units[0])
			self.assertNotEqual(old, new)
			self.assertEqual(platforms.customers_of(newcomer, doctype), [new])
			self.assertEqual(platforms.customers_of(self.contacts[0], doctype), [])
			self.assertEqual(self.field(desk.DOCTYPE, ticket.name, "customer"), old)

	def test_a_unit_without_residents_has_none_and_a_deleted_one_leaves_it(self):
		for desk, doctype in self.each():
			unit = build.make_unit(self.property, "99Z", self.switches[0])
			self.assertIsNone(desk.household(unit))
			name = desk.household(self.units[0])
			frappe.delete_doc("Property Unit", self.units[0], ignore_permissions=True)
			self.assertFalse(self.field(doctype, name, "outage_unit"))
			self.assertEqual(platforms.customers_of(self.contacts[0], doctype), [])

	def test_neighbours_and_former_residents_do_not_see_the_ticket(self):
		"""By the helpdesk's own rule where it is installed; its rule is who is linked to the customer."""
		for desk, _doctype in self.each():
			partner = build.make_contact("A Partner")
			platforms.give_address(partner)
			self.move(self.units[0], self.contacts[0], partner)
			name = desk.household(self.units[0])
			desk.household(self.units[1])
			ticket = platforms.make_ticket(desk.DOCTYPE, "No power", contact=self.contacts[0], customer=name)
			self.move(self.units[0], self.contacts[0])
			self.assertEqual(self.who_sees(ticket, self.contacts[0], partner, self.contacts[1]), [self.contacts[0]])

	def who_sees(self, ticket, *people: str) -> list[str]:
		seen = []
		for contact in people:
			if platforms.is_real("HD Ticket") and ticket.doctype == "HD Ticket":
				from helpdesk.helpdesk.doctype.hd_ticket.hd_ticket import has_permission

				user = build.make_user(platforms.address_of(contact))
				with self.as_user(user):
					sees = has_permission(ticket, user)
			else:
				sees = ticket.customer in platforms.customers_of(contact, platforms.CUSTOMER_OF[ticket.doctype])
			if sees:
				seen.append(contact)
		return seen

	def test_somebody_else_made_it_meanwhile(self):
		"""This transaction's view is older than the other one's customer: the unique unit tells."""
		from outage_response.integrations import households

		for desk, doctype in self.each():
			name = desk.household(self.units[0])
			# its own view, the first look: nobody has it; under lock: somebody has
			with (
				patch.object(households, "of_unit", side_effect=[None, name]),
				patch.object(households, "_own", return_value=None),
			):
				self.assertEqual(desk.household(self.units[0]), name)
			self.assertEqual(frappe.db.count(doctype, {"outage_unit": self.units[0]}), 1)


class Leaving(PlatformTest):
	"""What uninstalling takes out of the platforms' tables, and what it leaves."""

	OURS = ("Outage Callback", "Outage Incident", "Trouble Call")

	def test_calls_and_notes_go_tickets_answers_and_telephony_stay(self):
		callback = self.callback()
		kept, gone = [], []
		for doctype, desk in DESKS.items():
			ticket = platforms.make_ticket(doctype, "No power", contact=self.contacts[0])
			desk.reply(str(ticket.name), "Supply is back.", self.property)
			desk.note(str(ticket.name), "Called back", "callback 1")
			kept.append((doctype, ticket.name))
			kept.append((desk.CUSTOMER, desk.household(self.units[0])))
		for doctype, log in LOGS.items():
			made = log.log_call(callback, "Reached", "well", self.clock.now, 1)
			gone.append(made)
			if doctype != "Communication":
				platforms.log_by_telephony(doctype, "exo-stays", callback.phone)
				kept.append(log.take_call("exo-stays", callback, "Reached", "well", 2))
		notes = frappe.get_all("FCRM Note", filters={"name": ("like", "OUTAGE-%")}, pluck="name")
		self.assertTrue(notes)
		uninstall._calls_and_notes(list(self.OURS))
		for doctype, name in kept:
			self.assertTrue(frappe.db.exists(doctype, name), (doctype, name))
		for doctype, name in [*gone, *(("FCRM Note", name) for name in notes)]:
			self.assertFalse(frappe.db.exists(doctype, name), (doctype, name))
		for doctype in DESKS:
			ticket = frappe.get_doc(*next(one for one in kept if one[0] == doctype))
			self.assertEqual(platforms.notes_on(ticket), [])
			self.assertEqual(len(platforms.answers_on(ticket)), 1)
		for doctype in ("CRM Call Log", "Call Log"):
			record = frappe.get_doc(doctype, "exo-stays")
			self.assertNotIn("Outage Callback", {name for name, _link in platforms.links_of(record)})
			self.assertFalse(record.get("reference_docname"))
			self.assertFalse(record.get("note"))
		self.assertFalse(frappe.db.exists("Dynamic Link", {"link_doctype": ("in", self.OURS)}))


class SeveralWorkers(LiveTest):
	"""The same household wanted at the same moment, and a worker that is killed: other processes, committed."""

	def setUp(self):
		super().setUp()
		platforms.only("HD Ticket", "Issue")
		frappe.db.commit()
		self.addCleanup(self.sweep_platforms)

	def sweep_platforms(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")
		names = {
			doctype: frappe.get_all(doctype, filters={"contact": ("in", self.contacts)}, pluck="name")
			for doctype in DESKS
		}
		for doctype, desk in DESKS.items():
			tickets = [str(name) for name in names[doctype]]
			for table in ("Communication", "Email Queue"):
				frappe.db.delete(table, {"reference_doctype": doctype, "reference_name": ("in", tickets)})
			for table in ("Outage Ticket Reply", "Trouble Call"):
				frappe.db.delete(table, {"ticket_type": doctype, "ticket": ("in", tickets)})
			frappe.db.delete(doctype, {"name": ("in", names[doctype])})
			customers = frappe.get_all(desk.CUSTOMER, filters={"outage_unit": ("in", self.units)}, pluck="name")
			frappe.db.delete("Dynamic Link", {"link_doctype": desk.CUSTOMER, "link_name": ("in", customers)})
			frappe.db.delete(desk.CUSTOMER, {"name": ("in", customers)})
		platforms.set_settings(use_helpdesk=1, use_erpnext=1, use_crm=1)
		frappe.db.commit()

	def test_four_at_once_make_one_household(self):
		for doctype, desk in DESKS.items():
			with self.subTest(doctype, real=platforms.is_real(doctype)):
				arguments = {"ticket_doctype": doctype, "unit": self.units[0]}
				answers = self.at_once(
					[("Administrator", "outage_response.flows.callbacks.households.make", arguments) for _n in range(4)]
				)
				names = {answer["answer"] for answer in answers if "answer" in answer}
				self.assertEqual(len(names), 1, answers)
				found = self.rows(desk.CUSTOMER, outage_unit=self.units[0])
				self.assertEqual([row.name for row in found], sorted(names))
				self.assertEqual(platforms.customers_of(self.contacts[0], desk.CUSTOMER), sorted(names))

	def queued_reply(self, ticket) -> str:
		"""An answer to send. Tried a moment ago, so that the site's own jobs leave it alone."""
		now = frappe.utils.now()
		row = {
			"name": f"killed-{ticket.name}",
			"creation": now,
			"modified": now,
			"ticket_type": ticket.doctype,
			"ticket": str(ticket.name),
			"property": self.property,
			"kind": "Known",
			"status": "Queued",
			"tries": 1,
			"message": "We know of the power outage.",
			"dedupe_key": f"killed-{ticket.name}",
		}
		frappe.db.bulk_insert("Outage Ticket Reply", list(row), [tuple(row.values())])
		frappe.db.commit()
		return row["name"]

	def test_a_worker_killed_between_sending_and_recording(self):
		for doctype in DESKS:
			with self.subTest(doctype, real=platforms.is_real(doctype)):
				ticket = platforms.make_ticket(doctype, "No power", contact=self.contacts[0])
				frappe.db.commit()
				reply = self.queued_reply(ticket)
				send = "outage_response.flows.trouble.ticket_replies.send"
				killed = self.extra_process().begin(
					"Administrator",
					send,
					acts=[("kill", "outage_response.flows.trouble.ticket_replies.now_datetime", 1)],
					name=reply,
				)
				self.assertEqual(killed.go().result(), {"killed": True})
				self.assertEqual(self.rows("Outage Ticket Reply", ("status",), name=reply)[0].status, "Queued")
				self.assertEqual(platforms.answers_on(ticket), [])
				for _again in range(2):
					self.call("Administrator", send, name=reply)
				self.assertEqual(self.rows("Outage Ticket Reply", ("status",), name=reply)[0].status, "Sent")
				self.assertEqual(len(platforms.answers_on(ticket)), 1)
				self.sweep_platforms()
				platforms.only("HD Ticket", "Issue")
				frappe.db.commit()
