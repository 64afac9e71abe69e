"""One contract for desks: each helpdesk keeps it, the real one where it is installed.

Here the platforms are asked one by one; what the flows make of them stands in trouble/test_tickets.py.
"""

import contextlib
import json
import unittest
from datetime import timedelta
from unittest.mock import patch

import frappe
from frappe import _

from outage_response.domain import triage
from outage_response.flows.facts import outage_in_words
from outage_response.flows.notices import resident_links
from outage_response.integrations import erpnext, helpdesk
from outage_response.patches import columns_of_issues, tickets_in_words
from outage_response.setup import custom_fields

from .. import platforms
from .. import world as build
from ..live import end_processes
from ..portal_pages import PortalTest, words_of
from .contract import DESKS, PlatformTest

setUpModule = platforms.bring


def tearDownModule():
	end_processes()
	platforms.take_away()


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
			# ERPNext's portal shows residents what is a column of the list: issue_list.js asks for ours on the Desk alone
			listed = int(doctype == "HD Ticket")
			self.assertEqual(
				[meta.get_field(f).in_list_view for f in ("outage_incident", "outage_state")], [listed] * 2
			)
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

	def test_columns_of_an_earlier_version_leave_the_portal(self):
		ours = {"dt": "Issue", "fieldname": ("in", ("outage_incident", "outage_state"))}
		frappe.db.set_value("Custom Field", ours, "in_list_view", 1)
		self.addCleanup(frappe.clear_cache, doctype="Issue")
		columns_of_issues.execute()
		meta = frappe.get_meta("Issue")
		self.assertEqual([meta.get_field(f).in_list_view for f in ("outage_incident", "outage_state")], [0, 0])

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
