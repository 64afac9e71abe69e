"""Nobody who is to be rung waits behind what is not ringing: lines, slices, disks, people who are gone."""

import errno
import os
import time
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

import frappe
import redis
from frappe.utils.background_jobs import get_queue_list

from outage_response import bulk, error_log, jobs, queues, space
from outage_response.domain import notice_rules
from outage_response.domain.states import NoticeKind
from outage_response.domain.waiting_limits import SENDER_IS_DEAD_AFTER
from outage_response.flows.facts import who_was_rung
from outage_response.flows.notices import notice_mails, server_patience
from outage_response.flows.paging import (
	disabled_logins,
	gateway_replies,
	mail_queue,
	page_sending,
	standstill,
	sweep,
)
from outage_response.flows.site import same_site
from outage_response.flows.tasks import photos
from outage_response.flows.trouble import ticket_replies
from outage_response.integrations import messages, records

from ..live import LiveTest, end_processes
from ..notices.households import NoticeTest
from ..private_redis import Redis
from ..screens.pocket import JPEG, PhoneTest
from ..world import user

tearDownModule = end_processes


class Lines(LiveTest):
	def test_pages_are_asked_for_at_the_front_and_bulk_at_the_back_of_another_line(self):
		"""A bench without a queue for ringing; the Redis is the test's own, so that nobody takes the jobs."""
		there = Redis()
		self.addCleanup(there.stop)
		process = self.extra_process(redis_queue=there.url, workers={})
		process.call("Administrator", "outage_response.flows.trouble.ticket_intake.ask_for_a_job")
		answer = process.call("operator", "declare", property=self.property, nodes=[self.room])
		self.assertIn("answer", answer, answer.get("trace"))
		process.call("Administrator", "outage_response.integrations.messages.ask_for_sending")
		line = redis.Redis(port=there.port, decode_responses=True)

		def waits_in(queue: str) -> list[str]:
			(key,) = [key for key in line.keys("rq:queue:*") if key.endswith(f":{queue}")]
			jobs_there = [line.hget(f"rq:job:{job}", "description") for job in line.lrange(key, 0, -1)]
			return [text.split("method='")[1].split("'")[0] for text in jobs_there]

		short = waits_in("short")
		self.assertEqual(short[0], "outage_response.jobs.send_pages")
		self.assertIn("outage_response.jobs.read_tickets", short[1:])
		self.assertEqual(waits_in("default"), [messages.JOB])

	def test_a_line_for_ringing_is_used_where_there_is_one(self):
		self.assertEqual(queues.urgent(), "ringing" if "ringing" in get_queue_list() else "short")


class Slices(NoticeTest):
	def test_a_slice_hands_over_at_least_one_mail_and_no_further_one_after_its_time(self):
		if not messages.mail_is_on():
			self.skipTest("this site has no account to send from")
		name = self.declare()
		self.do("service", "send_notice", name, "First Word")
		self.assertEqual(notice_mails.hand_over_mails(0), 1)
		with (
			patch.object(space, "free_mb", lambda: space.RESERVE_MB - 1),
			patch.object(jobs, "_alone", run),
			patch.object(mail_queue, "waiting", list),
		):
			self.assertFalse(jobs._some_mails(time.monotonic() + 60))
			self.assertEqual(jobs._some_replies(time.monotonic() + 60), False)
		self.assertEqual(len([row for row in self.rows(name, channel="E-mail") if row.email_queue]), 1)

	def test_the_minutes_ringing_is_brought_to_the_front_when_it_is_late(self):
		self.declare()
		frappe.db.set_value("Scheduled Job Type", {"method": sweep.JOB}, "stopped", 0)
		asked = []
		with (
			patch.object(queues, "ask_first", lambda method, **_options: asked.append(method)),
			patch.object(sweep, "is_scheduler_inactive", lambda: False),
			patch.object(same_site, "is_muted", lambda: False),
		):
			for minutes, expected in ((1, 0), (2, 2)):
				# not written: the site's own sweep writes it at the same time
				before = self.clock.now - timedelta(minutes=minutes)
				with patch.object(who_was_rung, "last_sweep", lambda: before):  # noqa: B023
					jobs.after_any_job("frappe.ping")
					jobs.after_any_job(sweep.JOB)
					standstill.alarm()  # where no job ends: the one worker of another line is at a long one
				self.assertEqual(asked, [sweep.JOB] * expected)
		self.assertIn("outage_response.jobs.after_any_job", frappe.get_hooks("after_job"))
		entries = frappe.get_hooks("scheduler_events")["cron"]["* * * * *"]
		self.assertLessEqual({sweep.JOB, "outage_response.jobs.bulk_every_minute"}, set(entries))

	def test_bulk_is_asked_for_by_turns(self):
		"""A job that a dead worker had in hand keeps the place of its turn, and not of both."""
		asked = []
		with (
			patch.object(queues, "ask_for_a_slice", lambda *job: asked.append(job) or True),
			patch.object(jobs, "_alone", lambda *_anything: None),
		):
			jobs.bulk_every_minute()
			self.clock.move(1)
			jobs.bulk_every_minute()
		self.assertEqual({(method, turn) for method in (messages.JOB, jobs.REPLY_JOB) for turn in (0, 1)}, set(asked))

	def test_an_answer_to_a_ticket_whose_mail_fails_has_failed(self):
		ticket = frappe._dict(doctype="ToDo", name="T1", raised_by="resident@example.com", subject="No power")
		desk = SimpleNamespace(reply=lambda *_words: records.answer(ticket, "We know.", "Tower", "desk@example.com"))
		rows = [
			{"ticket_type": "ToDo", "ticket": "T1", "kind": "Known", "status": "Queued", "message": "We know."}
			| {"dedupe_key": f"reply {number}"}
			for number in range(4)
		]
		names = bulk.insert("Outage Ticket Reply", rows)
		with patch.object(ticket_replies.integrations, "desk_of", lambda _doctype: desk):
			for name in names:
				ticket_replies.send(name)
		mails = [frappe.db.get_value("Outage Ticket Reply", name, "email_queue") for name in names]
		for mail, status in zip(mails, ("Sent", "Error", "Sending", "Sending"), strict=True):
			frappe.db.set_value(
				"Email Queue", mail, {"status": status, "modified": self.clock.now}, update_modified=False
			)
		frappe.db.set_value("Email Queue", mails[3], "modified", self.clock.move(4), update_modified=False)
		self.assertEqual(ticket_replies.follow_mails(), 3)
		rows = [frappe.db.get_value("Outage Ticket Reply", name, ["status", "error"]) for name in names]
		self.assertEqual([row[0] for row in rows], ["Sent", "Failed", "Failed", "Sent"])
		self.assertIn("did not say whether", rows[2][1])
		self.assertEqual(ticket_replies.follow_mails(), 0)

	def test_a_number_is_found_among_many_pages(self):
		"""Ringing writes thousands of pages a night; who was rung before them answers all the same."""
		now = frappe.utils.now_datetime()
		page = {"property": self.property, "status": "Accepted", "tries": 1, "channel": "Bell"}
		names = ["name", "creation", "modified", *page, "person", "phone", "phone_key", "dedupe_key"]
		numbers = ["+86 139 0000 0001", *(f"1380{index:07d}" for index in range(5001))]
		rows = [
			(
				f"p{index}",
				now + timedelta(seconds=index / 100),
				now,
				*page.values(),
				"x",
				number,
				number[-7:],
				f"k{index}",
			)
			for index, number in enumerate(numbers)
		]
		rows[0] = (*rows[0][:-2], "0000001", "k0")
		frappe.db.bulk_insert("Outage Page", names, rows)
		self.assertEqual([row.name for row in gateway_replies._rung_at("13900000001")], ["p0"])


def run(_title, function, *args):
	"""Instead of a transaction of its own, which a test on this world may not commit."""
	return function(*args)


class NoRoom(PhoneTest):
	def setUp(self):
		super().setUp()
		self.addCleanup(frappe.cache.delete_value, space.KEY)

	def test_the_error_path_writes_no_row_on_a_full_disk(self):
		full = frappe.db.OperationalError(1114, "The table 'tabEmail Queue' is full")
		with patch.object(frappe, "log_error") as row:
			error_log.add("no room", full)
			row.assert_not_called()
			self.assertTrue(space.is_short())
			error_log.add("another", ValueError("x"))
			self.assertTrue(row.call_args.kwargs["defer_insert"])  # and nobody waits for a table of Error Log
		for error, expected in (
			(frappe.db.OperationalError(1021, "Disk full"), True),
			(frappe.db.OperationalError(1030, "Got error 28 from storage engine"), True),
			(frappe.db.OperationalError(1030, "Got error 168 from storage engine"), False),
			(OSError(errno.ENOSPC, "No space left on device"), True),
			(ValueError("no"), False),
		):
			self.assertEqual(space.is_full(error), expected, error)
		self.assertGreater(space.free_mb(), 0)

	def test_screens_say_that_space_is_short(self):
		self.assertEqual(standstill._of_what_is_short(self.clock.now), [])
		with patch.object(space, "free_mb", lambda: 7), self.as_user("guard1"):
			self.assertIn("Space on the server is short", self.read("guard1")["alarm"]["lines"][-1])
			self.assertIn("(7 MB)", standstill.alarm()["lines"][-1])
		for what in (server_patience.MAIL, server_patience.SMS):
			server_patience.failed(what)
		self.assertEqual(standstill._of_what_is_short(self.clock.now), [])
		for what in (server_patience.MAIL, server_patience.SMS):
			server_patience.failed(what)
		mail, sms = standstill._of_what_is_short(self.clock.now)
		self.assertIn("mail server does not answer", mail)
		self.assertIn("SMS gateway does not answer", sms)

	def test_a_photo_that_does_not_fit_leaves_nothing_behind(self):
		task = self.shown("electrician", "isolate_fault")["name"]
		folder = frappe.get_site_path("private", "files")
		before = set(os.listdir(folder))

		def half(file):
			with open(file.get_full_path(), "wb") as out:
				out.write(file._content[: len(file._content) // 2])
			raise OSError(errno.ENOSPC, "No space left on device")

		with patch("frappe.core.doctype.file.file.File.write_file", half), self.assertRaises(OSError):
			self.send_photo_straight(task)
		self.assertEqual(set(os.listdir(folder)), before)
		first = self.send_photo_straight(task)
		frappe.db.set_value("File", {"file_url": first["photo"]}, "file_name", "another layer's name.jpg")
		self.assertEqual(self.send_photo_straight(task), first)
		files = frappe.get_all("File", {"attached_to_name": task}, pluck="name")
		self.addCleanup(frappe.delete_doc, "File", files[0], ignore_permissions=True)
		self.assertEqual(len(files), 1)

	def send_photo_straight(self, task: str) -> dict:
		with self.as_user("electrician"):
			return photos.add_photo(task, "request-of-no-room", JPEG)


class Gone(PhoneTest):
	def test_the_steps_of_whoever_is_disabled_go_on_at_once(self):
		(task,) = self.tasks(self.incident, step_key="isolate_fault")
		self.do("electrician", "acknowledge", task.name)
		self.assertEqual(disabled_logins.due(), [])
		asked = []
		with patch.object(queues, "ask_first", lambda method, **_options: asked.append(method)):
			doc = frappe.get_doc("User", user("electrician"))
			doc._doc_before_save, doc.enabled = frappe.get_doc("User", user("electrician")), 0
			doc.db_update()
			doc.run_method("on_update")
			frappe.db.after_commit.run()
		self.assertIn(sweep.JOB, asked)
		self.assertEqual(disabled_logins.due(), [self.incident])
		self.assertEqual(disabled_logins.release(self.incident), 1)
		row = frappe.get_doc("Outage Task", task.name)
		self.assertEqual((row.status, row.acknowledged_by), ("Open", None))
		self.assertNotIn(user("electrician"), frappe.parse_json(row._assign or "[]"))
		self.assertTrue(row.ring_at)
		self.assertIn("login_ended", self.kinds(self.incident))
		self.assertEqual(disabled_logins.due(), [])


class Claims(NoticeTest):
	def test_a_page_is_in_a_senders_hands_for_as_long_as_its_gateways_may_take_twice(self):
		frappe.db.set_value("Paging Channel", {"name": ("is", "set")}, "timeout_seconds", 8)
		self.assertEqual(page_sending.taken_for(), timedelta(seconds=30))
		self.assertLess(SENDER_IS_DEAD_AFTER, timedelta(minutes=5))
		self.assertIn(NoticeKind.CAUSE, notice_rules.STEP_OF_ANCHOR["reported"])
