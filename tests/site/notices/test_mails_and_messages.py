"""Notices by mail and by SMS: sent once, failed, and what is on the phone list then."""

from datetime import timedelta
from unittest.mock import patch
from urllib.parse import parse_qs

import frappe

from outage_response import jobs
from outage_response.flows.callbacks import call_queue
from outage_response.flows.notices import notice_mails, notice_sms, resident_links
from outage_response.flows.residents import portal_verbs, resident_portal
from outage_response.integrations import messages

from ..gateway import Gateway
from .households import NoticeTest


class Mails(NoticeTest):
	"""What becomes of a mail, whatever Frappe's queue says of it."""

	def setUp(self):
		super().setUp()
		if not messages.mail_is_on():
			self.skipTest("this site has no account to send from")
		self.incident = self.declare()
		self.do("service", "send_notice", self.incident, "First Word")
		notice_mails.hand_over_mails()
		self.mails = self.rows(self.incident, channel="E-mail")

	def set_mail(self, row, status: str, recipient: str = "Not Sent", minutes_old: int = 0) -> None:
		frappe.db.set_value(
			"Email Queue",
			row.email_queue,
			{"status": status, "modified": self.clock.now - timedelta(minutes=minutes_old)},
			update_modified=False,
		)
		frappe.db.set_value("Email Queue Recipient", {"parent": row.email_queue}, "status", recipient)

	def test_handed_over_once(self):
		self.assertTrue(all(row.email_queue for row in self.mails))
		self.assertEqual(notice_mails.hand_over_mails(), 0)
		self.assertEqual(
			frappe.db.count(
				"Email Queue",
				{"reference_doctype": "Notice Delivery", "reference_name": ("in", [row.name for row in self.mails])},
			),
			len(self.mails),
		)

	def test_what_becomes_of_each(self):
		sent, recorded, dead, error = self.mails
		self.set_mail(sent, "Sent", "Sent")
		self.set_mail(recorded, "Sending", "Sent")  # the worker died after the server had taken it
		self.set_mail(dead, "Sending", "Not Sent", minutes_old=11)  # nobody can know
		self.set_mail(error, "Error")
		notice_mails.follow_mails()
		states = {row.name: (row.state, row.phone_list) for row in self.rows(self.incident)}
		self.assertEqual(states[sent.name], ("Sent", 0))
		self.assertEqual(states[recorded.name], ("Sent", 0))
		self.assertEqual(states[dead.name], ("Queued", 1))
		self.assertEqual(states[error.name], ("Queued", 0))
		self.assertEqual(self.field("Email Queue", error.email_queue, "status"), "Not Sent")  # tried again

	def test_patience_ends_on_the_phone_list_and_the_mail_leaves_no_more(self):
		self.clock.move(31)
		notice_mails.follow_mails()
		for row in self.rows(self.incident, channel="E-mail"):
			self.assertEqual((row.state, row.phone_list), ("Failed", 1))
			self.assertEqual(self.field("Email Queue", row.email_queue, "status"), "Error")


class TextMessages(NoticeTest):
	"""SMS: claimed, asked for once, written down; what certainly did not leave is tried again, what nobody can know is phoned."""

	def setUp(self):
		super().setUp()
		self.gateway = Gateway()
		self.addCleanup(self.gateway.close)
		self.gateway.allow()
		for field, value in {
			"sms_gateway_url": self.gateway.url,
			"message_parameter": "text",
			"receiver_parameter": "to",
			"use_post": 1,
		}.items():
			frappe.db.set_single_value("SMS Settings", field, value)
		self.incident = self.declare(nodes=[self.shafts[1]])  # those without an e-mail address
		self.do("service", "send_notice", self.incident, "First Word")

	def send(self) -> list[str]:
		"""As the job does; the names of those that were sent."""
		names = [name for name in notice_sms.waiting_sms() if notice_sms.claim_sms(name)]
		for name in names:
			notice_sms.note_sms(name, notice_sms.ask_gateway(name))
		return names

	def states(self) -> set:
		return {(row.state, row.phone_list) for row in self.rows(self.incident)}

	def test_sent_once(self):
		self.assertEqual(len(self.send()), 4)
		self.assertEqual(self.send(), [])
		for row in self.rows(self.incident):
			self.assertFalse(notice_sms.claim_sms(row.name))
			self.assertIsNone(notice_sms.ask_gateway(row.name))
		self.assertEqual(len(self.gateway.asked), 4)
		self.assertEqual(self.states(), {("Sent", 0)})
		body = parse_qs(self.gateway.asked[0]["body"])
		self.assertIn("/outages/link/", body["text"][0])
		self.assertTrue(body["to"][0])

	def test_a_gateway_that_is_away_or_refuses_is_tried_again_and_then_phoned(self):
		for minutes, mood in ((0, "away"), (1, "forbids"), (5, "forbids"), (15, "away")):
			self.clock.move(minutes)
			self.gateway.mood = mood
			url = "http://127.0.0.1:9/sms" if mood == "away" else self.gateway.url
			frappe.db.set_single_value("SMS Settings", "sms_gateway_url", url)
			self.assertEqual(len(self.send()), 4, mood)
		self.assertEqual(self.states(), {("Failed", 1)})
		self.assertEqual(len(self.gateway.asked), 8)

	def test_what_nobody_can_know_is_not_sent_again(self):
		"""The gateway may have taken it before it hung up, failed or did not answer in time."""
		for mood in ("hangs up", "broken", "hangs"):
			with self.subTest(mood), patch.object(messages, "ANSWER_SECONDS", 0.3):
				self.gateway.mood, before = mood, len(self.gateway.asked)
				(name, *_rest) = notice_sms.waiting_sms()
				notice_sms.claim_sms(name)
				outcome = notice_sms.ask_gateway(name)
				self.assertTrue(outcome.is_unknown)
				notice_sms.note_sms(name, outcome)
				self.clock.move(20)
				self.assertNotIn(name, notice_sms.waiting_sms())
				self.assertEqual(len(self.gateway.asked), before + 1)
				self.assertEqual(self.field("Notice Delivery", name, "phone_list"), 1)

	def test_a_deadlock_while_it_is_written_down_sends_nothing_twice(self):
		(name, *_rest) = notice_sms.waiting_sms()
		failures = iter((frappe.QueryDeadlockError, frappe.QueryTimeoutError))

		def note(*args):
			if error := next(failures, None):
				raise error("Deadlock found when trying to get lock")
			return noted(*args)

		noted = notice_sms.note_sms
		with (
			patch.object(notice_sms, "waiting_sms", lambda: [name]),
			patch.object(notice_sms, "note_sms", note),
			patch.object(frappe.db, "commit"),
			patch.object(frappe.db, "rollback"),
		):
			self.assertTrue(jobs._send_some_sms())
		self.assertEqual(len(self.gateway.asked), 1)
		self.assertEqual(self.field("Notice Delivery", name, "state"), "Sent")

	def test_a_worker_that_died_while_sending(self):
		for name in notice_sms.waiting_sms():
			notice_sms.claim_sms(name)
		self.assertEqual(notice_sms.bury_the_dead(), 0)
		self.clock.move(11)
		self.assertEqual(notice_sms.bury_the_dead(), 4)
		self.assertEqual(self.states(), {("Queued", 1)})  # one thing, which is a line on the phone list
		row = self.rows(self.incident)[0]
		self.assertEqual((row.channel, row.email_queue), ("Phone", None))
		with self.as_user("service"):
			self.assertIn("not known whether", str(call_queue.about("Notice Delivery", row.name)["history"]))
		person = resident_portal.of_link(resident_links.of_delivery(row))
		portal_verbs.answer(person, person.only, "still_out")
		self.assertEqual(self.field("Notice Delivery", row.name, "state"), "Seen")  # it had arrived: nobody phones

	def test_those_whose_turn_never_came_are_phoned(self):
		self.clock.move(29)
		self.assertEqual(notice_sms.bury_the_dead(), 0)
		self.clock.move(2)
		self.assertEqual(notice_sms.bury_the_dead(), 4)
		self.assertEqual(self.send(), [])

	def test_instead_of_a_mail_that_does_not_leave(self):
		if not messages.mail_is_on():
			self.skipTest("this site has no account to send from")
		name = self.declare(nodes=[self.switches[0]])  # with an e-mail address and a mobile number
		self.do("service", "send_notice", name, "First Word")
		notice_mails.hand_over_mails()
		(row,) = self.rows(name)
		self.assertEqual(row.channel, "E-mail")
		self.clock.move(31)
		notice_mails.follow_mails()
		self.assertEqual(self.field("Email Queue", row.email_queue, "status"), "Error")
		self.assertIn(row.name, self.send())
		(row,) = self.rows(name)
		self.assertEqual((row.channel, row.state, row.phone_list), ("SMS", "Sent", 0))
