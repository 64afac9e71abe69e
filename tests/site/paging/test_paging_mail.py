"""The mail server is away while people are rung: the ladder goes on by the other channels, and each mail leaves once."""

import contextlib
import time
from unittest.mock import patch

import frappe
from frappe.email.queue import get_queue

from outage_response import jobs
from outage_response.flows.notices import server_patience
from outage_response.flows.paging import answer_links, mail_queue, standstill
from outage_response.integrations import mail_server, messages

from ..base import as_in_use
from ..letterbox import Letterbox
from ..live import DEAD_REDIS, end_processes
from ..ringing import RingingTest
from ..world import user

tearDownModule = end_processes


class MailServerAway(RingingTest):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.letterbox = Letterbox()
		cls.addClassCleanup(cls.letterbox.server_close)
		cls.addClassCleanup(cls.letterbox.shutdown)
		frappe.db.set_value("Paging Channel", "E-mail", "enabled", 1)
		frappe.db.commit()
		frappe.clear_cache()
		cls.addClassCleanup(frappe.db.commit)
		cls.addClassCleanup(frappe.db.set_value, "Paging Channel", "E-mail", "enabled", 0)
		# A process whose mails really leave, through this mail server; nobody else takes the jobs
		cls.sender = cls.process_of_the_class(
			redis_queue=DEAD_REDIS["redis_queue"],
			mail_server="127.0.0.1",
			mail_port=cls.letterbox.port,
			disable_mail_smtp_authentication=1,
			mute_emails=0,
		)

	def setUp(self):
		super().setUp()
		frappe.db.delete("Email Queue", {"reference_doctype": "Outage Page"})
		server_patience.answered(server_patience.MAIL)
		frappe.db.commit()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(server_patience.answered, server_patience.MAIL)
		self.addCleanup(frappe.db.delete, "Email Queue", {"reference_doctype": "Outage Page"})
		self.letterbox.letters.clear()

	def run_in(self, method: str, who: str = "Administrator", ahead: int = 0, **arguments):
		result = self.sender.begin(who, method, ahead=ahead, **arguments).go().result()
		self.assertIn("answer", result, result.get("trace"))
		return result["answer"]

	def rings(self, ahead: int, flushes: int = 1) -> None:
		"""The minute's sweep and Frappe's mail queue, so many minutes later."""
		self.run_in("outage_response.jobs.ring", ahead=ahead)
		self.run_in("__main__.send_mails", ahead=ahead, times=flushes)

	def declared(self) -> tuple[str, str]:
		name = self.run_in("declare", "operator", property=self.property, nodes=[self.room])["incident"]
		task = self.settle_all_but(name, "call_engineering")
		self.run_in("outage_response.jobs.send_pages")
		return name, task

	def mails(self) -> dict[str, str]:
		"""page -> state of its mail in Frappe's queue."""
		rows = self.rows("Email Queue", ["reference_name", "status"], reference_doctype="Outage Page")
		return {row.reference_name: row.status for row in rows}

	def test_each_mail_leaves_once_and_the_ladder_went_on(self):
		self.letterbox.refuses = True
		name, _task = self.declared()
		(first,) = self.pages(name, channel="E-mail", user=user("operator"))
		self.assertEqual(first.status, "Accepted")
		rang = len(self.gateway.asked)
		self.assertTrue(rang)
		self.rings(1, flushes=6)
		self.assertEqual(self.mails()[first.name], "Not Sent")  # a server that is away costs it no try
		self.rings(4)
		self.assertFalse(self.letterbox.letters)
		self.assertGreater(len(self.gateway.asked), rang)  # the ladder did not wait for the mail server
		self.letterbox.refuses = False
		self.rings(5)
		self.rings(6)
		mails = self.mails()
		self.assertIn(first.name, mails)
		self.assertEqual(set(mails.values()), {"Sent"})
		for page in mails:
			self.assertEqual(sum(answer_links.of(page) in letter for letter in self.letterbox.letters), 1, page)

	def test_what_is_settled_meanwhile_does_not_leave(self):
		self.letterbox.refuses = True
		name, task = self.declared()
		self.rings(1)
		self.run_in("acknowledge", "operator", task=task)
		self.letterbox.refuses = False
		self.rings(2)
		self.assertEqual(self.letterbox.letters, [])
		self.assertEqual({row.status for row in self.pages(name, channel="E-mail")}, {"Not Needed"})

	def test_a_mail_server_that_hangs_holds_up_nobody(self):
		"""Whoever sends the mail waits for it; the sweep, the next level and the acknowledgement do not."""
		_name, task = self.declared()
		self.letterbox.hangs = True
		self.addCleanup(setattr, self.letterbox, "hangs", False)
		self.addCleanup(self.letterbox.released.set)
		waiting = self.sender.begin("Administrator", "__main__.send_mails").go()
		self.assertTrue(self.letterbox.asked.wait(20))
		rang, began = len(self.gateway.asked), time.monotonic()
		self.minute(4)
		self.verb("operator", "acknowledge", task=task)
		self.assertLess(time.monotonic() - began, 15)
		self.assertGreater(len(self.gateway.asked), rang)
		self.letterbox.hangs = False
		self.letterbox.released.set()
		waiting.result()
		mails = [one for one in self.mails().items() if one[1] == "Sent"]
		self.assertEqual(len(self.letterbox.letters), len(mails))


class ThisMailServer(MailServerAway):
	"""The same server, asked from here, with a tenth of the patience."""

	test_each_mail_leaves_once_and_the_ladder_went_on = None
	test_what_is_settled_meanwhile_does_not_leave = None
	test_a_mail_server_that_hangs_holds_up_nobody = None

	def setUp(self):
		super().setUp()
		account = {"mail_server": "127.0.0.1", "mail_port": self.letterbox.port, "mute_emails": 0}
		changes = contextlib.ExitStack()
		changes.enter_context(patch.dict(frappe.local.conf, {**account, "disable_mail_smtp_authentication": 1}))
		changes.enter_context(patch.object(mail_server, "ANSWER_SECONDS", 0.3))
		changes.enter_context(as_in_use())
		self.addCleanup(changes.close)
		self.addCleanup(setattr, frappe.local, "outgoing_email_account", {})
		frappe.local.outgoing_email_account = {}
		self.letterbox.lines, self.letterbox.released = 0, type(self.letterbox.released)()
		self.addCleanup(self.letterbox.released.set)
		for mood in ("hangs", "swallows", "balks"):
			self.addCleanup(setattr, self.letterbox, mood, False)
		frappe.db.delete("Email Queue", {"send_after": messages.HELD})
		frappe.db.commit()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Email Queue", {"send_after": messages.HELD})

	def test_staffs_mail_goes_first_and_frappes_own_job_leaves_ours_alone(self):
		messages.queue_mail("a delivery", "resident@example.com", "resident", "dark")
		messages.queue_page("a page", "guard@example.com", "guard", "come")
		frappe.db.commit()
		first, second = messages.waiting_mails()
		self.assertEqual(frappe.db.get_value("Email Queue", first, "reference_name"), "a page")
		self.assertFalse({first, second} & {row.name for row in get_queue()})
		# and in Frappe's own order, too
		frappe.db.set_value("Email Queue", {"name": ("in", (first, second))}, "send_after", None)
		self.assertEqual([row.name for row in get_queue() if row.name in (first, second)], [first, second])
		frappe.db.set_value("Email Queue", {"name": ("in", (first, second))}, "send_after", messages.HELD)
		frappe.db.commit()
		jobs.send_mails()
		self.assertEqual(["come" in letter for letter in self.letterbox.letters], [True, False])
		self.assertEqual(self.letterbox.lines, 1)

	def test_a_mail_that_another_job_has_in_hand_is_left_to_it(self):
		messages.queue_mail("a delivery", "resident@example.com", "resident", "dark")
		frappe.db.commit()
		(name,) = messages.waiting_mails()
		frappe.db.set_value("Email Queue", name, "status", "Sending")
		frappe.db.commit()
		with mail_server.Sender() as sender:
			self.assertEqual(sender.send(name), mail_server.SENT)
		self.assertEqual(self.letterbox.letters, [])

	def test_a_server_that_does_not_answer_twice_is_left_alone_for_some_minutes(self):
		self.letterbox.hangs = True
		for number in range(4):
			messages.queue_mail(f"delivery {number}", "resident@example.com", "resident", "dark")
		frappe.db.commit()
		began = time.monotonic()
		for minutes, asked in ((0, 1), (0, 1), (1, 2), (4, 2), (2, 3), (1, 3)):
			self.clock.move(minutes)
			jobs.send_mails()
			self.assertEqual(self.letterbox.lines, asked)
		self.assertLess(time.monotonic() - began, 4)
		self.letterbox.hangs = False
		self.clock.move(6)
		jobs.send_mails()
		self.assertEqual(mail_queue.waiting(), [])

	def test_an_account_that_fails_keeps_no_other_ones_mails(self):
		for number in range(3):
			messages.queue_page(f"page {number}", "guard@example.com", "guard", "come")
		failing = {"reference_doctype": "Outage Page", "reference_name": ("like", "page %")}
		frappe.db.set_value("Email Queue", failing, "email_account", "Closed Account")
		messages.queue_mail("a delivery", "resident@example.com", "resident", "dark")
		frappe.db.commit()
		self.addCleanup(server_patience.answered, server_patience.MAIL, "Closed Account")
		with patch.object(messages.waiting_mails, "__defaults__", ((), 2)):  # more than fit into one go
			jobs.send_mails()
		self.assertEqual(["dark" in letter for letter in self.letterbox.letters], [True])
		waiting = frappe.get_all("Email Queue", failing, ["status", "retry"])
		self.assertEqual([(row.status, row.retry) for row in waiting], [("Not Sent", 0)] * 3)
		self.assertEqual(standstill._of_what_is_short(self.clock.now), [])
		self.clock.move(1)
		jobs.send_mails()
		(line,) = standstill._of_what_is_short(self.clock.now)
		self.assertIn("account Closed Account wait", line)
		self.clock.move(6)  # nobody has tried since: nothing waits
		self.assertEqual(standstill._of_what_is_short(self.clock.now), [])
		messages.stop_mails(frappe.get_all("Email Queue", failing, pluck="name"), "the test is over")

	def test_what_the_server_has_is_not_sent_again_and_what_it_has_not_is(self):
		messages.queue_mail("a delivery", "resident@example.com", "resident", "dark")
		frappe.db.commit()
		(name,) = messages.waiting_mails()
		self.letterbox.balks = True
		with mail_server.Sender() as sender:
			self.assertEqual(sender.send(name), mail_server.REFUSED)
		self.letterbox.balks = False
		context = "frappe.email.doctype.email_queue.email_queue.SendMailContext.update_recipient_status_to_sent"
		with patch(context, side_effect=frappe.QueryTimeoutError), mail_server.Sender() as sender:
			self.assertEqual(sender.send(name), mail_server.UNKNOWN)
		mail_queue.note(name, mail_server.UNKNOWN, "")
		frappe.db.commit()
		server_patience.answered(server_patience.MAIL)
		jobs.send_mails()
		self.assertEqual(len(self.letterbox.letters), 1)
		self.assertEqual(frappe.db.get_value("Email Queue", name, "status"), "Error")

	def test_a_site_whose_mails_an_app_sends_its_own_way_opens_no_line(self):
		messages.queue_mail("a delivery", "resident@example.com", "resident", "dark")
		frappe.db.commit()
		sent = []
		with (
			patch.object(mail_server, "get_hook_method", lambda _name: sent.append),
			patch(
				"frappe.email.doctype.email_queue.email_queue.get_hook_method",
				lambda _name: lambda _mail, _sender, to, _text: sent.append(to),
			),
		):
			jobs.send_mails()
		self.assertEqual((sent, self.letterbox.lines), (["resident@example.com"], 0))

	def test_a_mail_that_was_taken_without_a_word_is_not_sent_again(self):
		"""Nobody can know: the page is Unknown, and whoever is next is rung."""
		name = self.declare()
		self.settle_all_but(name, "call_engineering")
		self.letterbox.swallows = True
		self.send()
		before = len(self.gateway.asked)
		jobs.send_mails()
		jobs.send_mails()
		pages = self.pages(name, channel="E-mail", status="Unknown")
		self.assertTrue(pages)
		self.assertGreaterEqual(len(self.gateway.asked), before)
		self.letterbox.swallows = False
		self.clock.move(6)
		jobs.ring()
		jobs.send_mails()
		for page in pages:
			self.assertEqual(sum(answer_links.of(page.name) in letter for letter in self.letterbox.letters), 1)
