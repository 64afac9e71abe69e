"""A restored backup sends nothing, a site that slept rings at once, and ringing that stands still is said on every screen."""

import contextlib
import io
import json
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import frappe
from frappe.utils import scheduler

from outage_response import compat, jobs, locks
from outage_response.domain.site_identity import HOST
from outage_response.flows.facts import who_was_rung
from outage_response.flows.incident import declaring
from outage_response.flows.notices import deliveries, notice_mails, notice_sms, server_patience
from outage_response.flows.paging import (
	mail_queue,
	page_sending,
	restored_backup,
	standstill,
	sweep,
	trial_calls,
)
from outage_response.flows.site import same_site
from outage_response.flows.trouble import ticket_replies
from outage_response.flows.verb import timeline
from outage_response.integrations import messages
from outage_response.setup import clock, uninstall

from .. import world as build
from ..base import SiteTest
from ..world import user

SETTINGS = "Outage Response Settings"
NUMBERS = {"operator": "1700001", "electrician": "1700002"}


class SiteIdentityTest(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_tower("Identity Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		for index, contact in enumerate(world["contacts"]):
			doc = frappe.get_doc("Contact", contact)
			doc.append("email_ids", {"email_id": f"resident{index}@identity.example.com", "is_primary": 1})
			doc.save(ignore_permissions=True)
		for who, number in NUMBERS.items():
			frappe.db.set_value("User", user(who), "mobile_no", number)
		same_site.know(muted_since=None)
		world["incident"] = declaring.declare(world["property"], [world["room"]], "II")["incident"]
		return world

	def setUp(self):
		super().setUp()
		self.swept(0)

	def swept(self, minutes_ago: float) -> None:
		"""When the site's clock ran last. Not written: the site's own sweep writes it at the same time."""
		last = self.clock.now - timedelta(minutes=minutes_ago)
		said = patch.object(who_was_rung, "last_sweep", lambda: last)
		said.start()
		self.addCleanup(said.stop)

	def tell(self, kind: str = "First Word") -> None:
		self.do("service", "send_notice", self.incident, kind)

	def states(self) -> dict[str, set]:
		rows = frappe.get_all("Notice Delivery", {"incident": self.incident}, ["kind", "state", "phone_list"])
		found: dict[str, set] = {}
		for row in rows:
			found.setdefault(row.kind, set()).add((row.state, row.phone_list))
		return found

	def alarm(self, who: str, incident: str | None = None) -> dict:
		with self.as_user(who):
			return standstill.alarm(incident)

	def mine(self, names: list[str]) -> set[str]:
		"""Of these pages those of this test."""
		return set(names) & set(frappe.get_all("Outage Page", {"incident": self.incident}, pluck="name"))


class Copies(SiteIdentityTest):
	def test_another_site_sends_nothing_and_one_button_ends_it(self):
		self.tell()
		notice_mails.hand_over_mails()
		mails = {"reference_doctype": "Notice Delivery", "status": "Not Sent"}
		handed = frappe.get_all("Email Queue", mails, pluck="name")
		self.assertTrue(handed)
		frappe.db.set_value("Email Queue", handed[0], "send_after", None)  # by an earlier version: left to Frappe's job
		self.tell("ETR")
		same_site.write(site_name="the.real.site", database_name="_real")
		self.assertTrue(same_site.is_muted())
		restored_backup.look()
		restored_backup.look()  # once is enough

		self.clock.move(1)
		self.assertEqual((page_sending.take(True), page_sending.take(False)), ([], []))
		self.assertEqual(sweep.due(), [])
		self.assertEqual(
			(notice_mails.hand_over_mails(), notice_sms.waiting_sms(), ticket_replies.queued()), (0, [], [])
		)
		with self.refused("silent"):
			self.call_a_shift()
		kept = {row.send_after for row in frappe.get_all("Email Queue", {"name": ("in", handed)}, ["send_after"])}
		self.assertEqual(kept, {messages.HELD})  # as all of ours: they are sent by a job of ours
		self.assertEqual(self.kinds(self.incident).count("site_changed"), 1)
		frappe.db.savepoint("uninstalled")
		uninstall._mails(copy=True)  # the app is taken off the copy: Frappe's own job finds nothing to send
		self.assertEqual(set(frappe.get_all("Email Queue", {"name": ("in", handed)}, pluck="status")), {"Error"})
		frappe.db.rollback(save_point="uninstalled")

		for who in ("operator", "guard1"):
			seen = self.alarm(who)
			self.assertIn("silent since 02:00", seen["lines"][0])
			self.assertIn("it was the site the.real.site", seen["lines"][1])
			self.assertTrue(seen["may_confirm"])
			self.assertIn(NUMBERS["electrician"], {row["phone"] for row in seen["people"]})

		with self.as_user("resident"), self.assertRaises(frappe.PermissionError):
			restored_backup.confirm_site()
		self.assertTrue(same_site.is_muted())
		with self.as_user("guard1"):
			said = restored_backup.confirm_site()
		with self.as_user("operator"):
			self.assertEqual(restored_backup.confirm_site(), said)  # the first one stands
		self.assertEqual(said["confirmed_by"], user("guard1"))
		self.assertEqual(self.alarm("operator")["lines"], [])
		self.assertTrue(self.mine([*page_sending.take(True), *page_sending.take(False)]))
		self.assertTrue(notice_mails.hand_over_mails())
		self.assertEqual(self.kinds(self.incident).count("site_confirmed"), 1)

	def call_a_shift(self):
		with self.as_user("operator"), self.request():
			trial_calls.test_call(self.property)

	def test_a_backup_of_an_earlier_version_is_asked_too(self):
		same_site.write(site_name=None)
		self.assertFalse(same_site.is_muted())
		self.swept(5 * 60)
		self.assertTrue(same_site.is_muted())
		self.assertIn("nobody knows which site it was", self.alarm("operator")["lines"][1])
		with patch.object(who_was_rung, "is_waiting", lambda: False):
			self.assertFalse(same_site.is_muted())  # nobody is to be rung: it has slept at leisure
		restored_backup.look()
		self.minute()
		self.swept(0)  # its clock runs now
		self.assertTrue(same_site.is_muted())
		restored_backup.look()
		self.assertTrue(frappe.db.get_singles_dict("Outage Site").muted_since)
		same_site.write(muted_since=None)
		restored_backup.look()  # a site at work gets to know itself
		self.swept(5 * 60)
		self.assertFalse(same_site.is_muted())

	def minute(self) -> None:
		"""The minute's jobs, without transactions of their own."""
		with (
			patch.object(jobs, "_alone", lambda _title, function, *args: function(*args)),
			patch.object(jobs.queues, "ask_for_a_slice", return_value=True),
		):
			jobs.ring()
			jobs.bulk_every_minute()

	def test_what_waits_on_a_copy_stays_as_it_is(self):
		self.tell()
		notice_mails.hand_over_mails()
		self.assertTrue(
			self.mine([*page_sending.take(True), *page_sending.take(False)])
		)  # by a sender that the backup caught
		frappe.db.set_value("Email Queue", {"reference_doctype": "Notice Delivery"}, "creation", self.now)
		same_site.write(site_name="the.real.site")
		restored_backup.look()
		self.clock.move(13 * 60)
		before = self.all_that_waits()
		with patch.object(messages, "is_suspended", lambda: False):
			self.minute()
			self.assertEqual(self.all_that_waits(), before)
			frappe.db.set_default(messages.SUSPENDED, 0)  # somebody lets the mails of the site go on
			self.addCleanup(frappe.clear_cache)
			self.assertEqual(mail_queue.give_up_old(), 0)
			frappe.db.set_value("DefaultValue", {"defkey": messages.SUSPENDED}, "creation", self.now)
			self.assertTrue(mail_queue.give_up_old())

	def all_that_waits(self) -> list:
		mails = {"reference_doctype": ("in", ("Notice Delivery", "Outage Page"))}
		return [
			self.states(),
			frappe.get_all("Email Queue", mails, ["name", "status", "send_after"], order_by="name"),
			frappe.get_all("Outage Page", {"incident": self.incident}, ["name", "status"], order_by="name"),
			frappe.get_all("Outage Task", {"incident": self.incident}, ["name", "ring_level"], order_by="name"),
		]

	def test_a_difference_that_goes_away_ends_the_silence(self):
		word = frappe.db.get_singles_dict("Outage Site").folder_word
		same_site.write(folder_word="the word of a folder that is mounted late")
		with (
			patch.object(timeline, "record", side_effect=ValueError("no room")),
			patch.object(restored_backup, "error_log"),
		):
			restored_backup.look()  # what cannot be told keeps no site from falling silent
		self.assertTrue(frappe.db.get_singles_dict("Outage Site").muted_since)
		same_site.write(folder_word=word)
		restored_backup.look()
		self.assertFalse(frappe.db.get_singles_dict("Outage Site").muted_since)
		self.assertEqual(self.alarm("operator")["lines"], [])
		with patch.object(frappe.local.db, "set_single_value") as written:
			restored_backup.look()
		written.assert_not_called()

	def test_of_two_first_jobs_both_know_the_same_word(self):
		with patch.object(same_site, "WORD_FILE", f"outage_response_site_test_{frappe.generate_hash(length=6)}"):
			file = same_site._file()
			self.addCleanup(file.unlink)
			file.touch()  # an empty one says nothing
			seen = replace(same_site.compare()[1], word="", inode="")
			same_site.know(seen)
			first = frappe.db.get_singles_dict("Outage Site").folder_word
			same_site.know(seen)  # saw none, too
			self.assertTrue(first)
			self.assertEqual(frappe.db.get_singles_dict("Outage Site").folder_word, first)
			self.assertEqual([one.name for one in file.parent.glob(f"{file.name}*")], [file.name])
			same_site.write(folder_word=None)
			restored_backup.look()  # where none could be written at first
			self.assertEqual(frappe.db.get_singles_dict("Outage Site").folder_word, first)

	def test_a_look_changes_nothing_for_the_jobs_of_other_apps_and_stops_none(self):
		with (
			patch.object(locks, "new_transaction") as begun,
			patch.object(jobs.error_log, "add") as noted,
			patch.object(frappe.local.db, "commit") as committed,
			patch.object(frappe.local.db, "rollback") as undone,
		):
			jobs.before_job()
			self.assertEqual((committed.call_count, undone.call_count), (1, 0))
			with patch.object(restored_backup, "look", side_effect=ValueError):
				jobs.before_job()
			self.assertEqual((committed.call_count, undone.call_count, noted.call_count), (1, 1, 1))
			begun.assert_not_called()

	def test_a_container_started_anew_is_the_same_site_and_followed(self):
		same_site.write(host="3f9c1d2e4b5a")
		self.assertFalse(same_site.is_muted())
		restored_backup.look()
		self.assertNotEqual(frappe.db.get_singles_dict("Outage Site").host, "3f9c1d2e4b5a")
		same_site.write(host="3f9c1d2e4b5a", inode="1")
		self.assertEqual(same_site.compare()[2], (HOST,))
		with patch.dict(frappe.local.conf, {same_site.SHARED_FOLDER: 1}):
			self.assertFalse(same_site.is_muted())
			restored_backup.look()
		self.assertFalse(frappe.db.get_singles_dict("Outage Site").inode)

	def test_a_folder_made_anew_is_another_site(self):
		same_site.write(folder_word="the word of the real folder")
		self.assertIn("made anew", self.alarm("operator")["lines"][1])

	def test_settings_that_were_open_put_nothing_back(self):
		doc = frappe.get_doc(SETTINGS)
		server_patience.failed(server_patience.MAIL)
		doc.save()
		self.assertEqual(server_patience.left_alone(server_patience.MAIL), [""])


class Slept(SiteIdentityTest):
	def test_a_site_that_slept_rings_at_once_and_spares_residents_old_news(self):
		self.tell()
		notice_mails.hand_over_mails()  # in Frappe's queue, and not sent when the site went to sleep
		planned = self.declare("III", [self.shafts[0]])
		self.clock.move(5 * 60)
		restored_backup.look()
		self.assertFalse(same_site.is_muted())
		self.assertIn(self.incident, sweep.due())
		sweep.sweep(self.incident, 300)
		self.tell("ETR")
		states = self.states()
		self.assertEqual(states["First Word"], {("Superseded", 0)})
		self.assertEqual(states["ETR"], {("Queued", 0)})
		old = frappe.get_all(
			"Notice Delivery", {"incident": self.incident, "kind": "First Word"}, ["name", "email_queue", "error"]
		)
		self.assertTrue(all("120 minutes" in row.error for row in old))
		in_the_queue = {"name": ("in", [row.email_queue for row in old])}
		self.assertEqual(set(frappe.get_all("Email Queue", in_the_queue, pluck="status")), {"Error"})
		still_true = frappe.get_all("Notice Delivery", {"incident": planned, "channel": "E-mail"}, pluck="state")
		self.assertEqual(set(still_true), {"Queued"})

		taken = [name for name in (*page_sending.take(True), *page_sending.take(False)) if self.mine([name])]
		self.assertEqual(frappe.db.get_value("Outage Page", taken[0], "priority"), 0)

	def test_whoever_a_person_must_confirm_is_phoned_instead(self):
		table = frappe.qb.DocType("Notice Delivery")
		self.tell()
		frappe.qb.update(table).set(table.must_confirm, 1).where(table.incident == self.incident).run()
		self.clock.move(121)
		self.assertTrue(deliveries.settle_too_old())
		self.assertEqual(self.states()["First Word"], {("Failed", 1)})


class StandsStill(SiteIdentityTest):
	def test_pages_that_wait_are_said_with_whom_to_phone(self):
		self.assertEqual(self.alarm("operator")["lines"], [])
		self.clock.move(3)
		self.swept(0)  # the clock runs, the worker does not
		seen = self.alarm("operator", self.incident)
		self.assertIn("Nobody is being rung since 02:00", seen["lines"][0])
		people = {row["phone"]: row for row in seen["people"]}
		self.assertTrue(people[NUMBERS["electrician"]]["what"])
		self.assertNotIn(NUMBERS["operator"], people)  # oneself
		self.assertIn(NUMBERS["operator"], {row["phone"] for row in self.alarm("electrician")["people"]})
		self.assertFalse(seen["may_confirm"])
		build.make_user(user("foreigner"), "Outage Control Room")
		build.permit(user("foreigner"), build.make_property("Identity Elsewhere"))
		stranger = self.alarm("foreigner")
		self.assertTrue(stranger["lines"])
		self.assertEqual(stranger["people"], [])

	def test_a_clock_that_stands_names_whom_it_would_ring(self):
		table = frappe.qb.DocType("Outage Page")
		frappe.qb.update(table).set(table.status, "Accepted").where(table.incident == self.incident).run()
		self.clock.move(10)
		self.swept(10)
		seen = self.alarm("operator")
		self.assertIn("clock stands still since 02:00", seen["lines"][0])
		self.assertIn(NUMBERS["electrician"], {row["phone"] for row in seen["people"]})
		self.swept(1)
		self.assertEqual(self.alarm("operator")["lines"], [])

	def test_a_step_that_does_not_ring_is_no_reason_to_phone_anybody(self):
		pages, steps = frappe.qb.DocType("Outage Page"), frappe.qb.DocType("Outage Task")
		frappe.qb.update(pages).set(pages.status, "Accepted").where(pages.incident == self.incident).run()
		frappe.qb.update(steps).set(steps.ring_at, None).where(steps.incident == self.incident).run()
		self.clock.move(10)
		self.swept(10)
		seen = self.alarm("operator")
		self.assertTrue(seen["lines"])
		self.assertEqual(seen["people"], [])


class LooksRarely(SiteIdentityTest):
	"""The scheduler of Frappe 16 looks only every four minutes where the bench says nothing else."""

	def bench(self, **common) -> contextlib.AbstractContextManager:
		"""The settings of the whole bench are these."""
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		Path(folder.name, "common_site_config.json").write_text(json.dumps(common), encoding="utf-8")
		return patch.object(frappe.local, "sites_path", folder.name)

	def test_it_is_said_to_whoever_can_do_something_with_the_way_out(self):
		with self.bench(scheduler_tick_interval=240):
			(text,) = self.alarm("operator")["lines"]
			self.assertEqual(self.alarm("guard1")["lines"], [])
			with contextlib.redirect_stdout(io.StringIO()) as console:
				clock.warn()
		for word in (
			"every 4 minutes",
			"scheduler_tick_interval to 60",
			"sites/common_site_config.json",
			"bench restart",
		):
			self.assertIn(word, text)
			self.assertIn(word, console.getvalue())
		self.assertIn("outage_response.setup.clock.warn", frappe.get_hooks("after_migrate"))
		with self.bench(scheduler_tick_interval="60"):  # as a command line writes it
			self.assertEqual(self.alarm("operator")["lines"], [])
			with contextlib.redirect_stdout(io.StringIO()) as console:
				clock.warn()
			self.assertEqual(console.getvalue(), "")

	def test_what_the_site_says_does_not_count_for_the_scheduler_does_not_read_it(self):
		with patch.dict(frappe.local.conf, {"scheduler_tick_interval": 60}), self.bench(scheduler_tick_interval=240):
			self.assertEqual(compat.scheduler_tick(), timedelta(minutes=4))
		with self.bench():
			self.assertEqual(
				compat.scheduler_tick(), timedelta(seconds=getattr(scheduler, "DEFAULT_SCHEDULER_TICK", 60))
			)

	def test_between_two_looks_the_clock_does_not_stand_still(self):
		table = frappe.qb.DocType("Outage Page")
		frappe.qb.update(table).set(table.status, "Accepted").where(table.incident == self.incident).run()
		self.clock.move(10)
		with self.bench(scheduler_tick_interval=240):
			self.swept(5)
			self.assertNotIn("stands still", " ".join(self.alarm("operator")["lines"]))
			# not written, as above
			with patch.object(frappe.local.db, "set_single_value", lambda *_anything, **_more: None):
				self.assertEqual(sweep.since_last(), 0)
			self.swept(6)
			self.assertIn("stands still", " ".join(self.alarm("operator")["lines"]))
		self.swept(5)
		self.assertIn("stands still", " ".join(self.alarm("operator")["lines"]))
