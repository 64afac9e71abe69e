"""What comes in and goes out of paging: a no and who else may answer, replies, secrets, groups, and the minute's message."""

from datetime import timedelta
from unittest.mock import patch

import frappe

from outage_response import compat
from outage_response.flows.facts import who_was_rung
from outage_response.flows.paging import (
	enabled_channels,
	gateway_replies,
	page_mails,
	page_rows,
	page_sending,
	ringing,
	trial_calls,
)
from outage_response.flows.screens import who_knows
from outage_response.flows.tasks import shift_end
from outage_response.integrations.channels import http
from outage_response.integrations.channels.post import post
from outage_response.outage_response.report.response_times import response_times

from ..gateway import Gateway
from ..world import user
from .channels import NUMBER, DoorTest, channel_letter, make_channel


class Minutes(DoorTest):
	def test_a_page_that_is_tried_again_does_not_stand_in_the_way(self):
		"""The gateway said 500, its second try comes in the next minute; the same person is rung for something else."""
		name, step = self.rung()
		first = self.mine(name, channel="Bell")
		self.mark(first, tries=1, send_after=self.clock.now + timedelta(seconds=31))
		self.again(name, step)
		self.assertEqual(len(self.mine(name, channel="Bell")), 2)

	def test_the_clock_is_set_back_a_few_minutes(self):
		"""The minutes that come again have their pages, sent already; somebody is rung all the same, and soon."""
		name, step = self.rung()
		for _minute in range(3):
			self.mark(self.mine(name), status="Accepted", tries=1)
			self.clock.move(1)
			self.again(name, step)
		self.mark(self.mine(name), status="Accepted", tries=1)
		self.clock.move(-2)
		before = len(self.mine(name))
		self.again(name, step)
		new = self.mine(name, status="Queued")
		self.assertEqual(len(self.mine(name)), before + len(new))
		self.assertTrue(new)
		self.assertLessEqual(max(row.send_after for row in new), self.clock.now + timedelta(minutes=1))


class Hope(DoorTest):
	def hurries(self, incident: str, step: str) -> bool:
		return not page_rows.last_rung(incident, [step])[step]

	def test_a_no_holds_for_all_channels_of_the_person(self):
		make_channel("Test Voice")
		self.only("Bell", "Test Voice")
		name, step = self.rung()
		mine = frappe.get_all("Outage Page Task", {"task": step}, pluck="parent")
		rows = self.pages(name, name=("in", mine))
		self.mark(rows, status="Accepted")
		for person in {row.person for row in rows}:
			self.assertFalse(self.hurries(name, step))
			self.mark([row for row in rows if row.person == person][:1], answer="No")
		self.assertTrue(self.hurries(name, step))
		self.assertTrue(ringing.hurry(name, [step], self.clock.now))

	def test_a_dead_gateway_is_not_made_good_by_a_bell(self):
		make_channel("Test Voice")
		self.only("Bell", "Test Voice")
		name, step = self.rung()
		self.mark(self.pages(name), status="Accepted")
		self.mark(self.pages(name, channel="Test Voice"), status="Failed")
		loud = {row.person for row in self.pages(name, channel="Test Voice")}
		quiet = [row for row in self.pages(name) if row.person not in loud]
		self.mark(quiet, answer="No")
		self.assertTrue(self.hurries(name, step))

	def test_a_step_added_to_a_page_of_the_same_minute_hurries_with_it(self):
		make_channel("Test Voice")
		self.only("Test Voice")
		name, _step = self.rung()
		later = self.task(name, "notify_gm_outage").name
		frappe.db.set_value("Outage Task", later, "status", "Open")
		self.clock.now += timedelta(seconds=40)
		self.again(name, later)
		self.mark(self.pages(name), status="Failed")
		self.assertTrue(self.hurries(name, later))
		self.assertEqual(ringing.hurry(name, [later], self.clock.now), [later])

	def test_who_has_nothing_but_a_bell_may_still_answer(self):
		self.only("Bell")
		name, step = self.rung()
		self.mark(self.pages(name), status="Accepted")
		self.assertFalse(self.hurries(name, step))


class Replies(DoorTest):
	def setUp(self):
		super().setUp()
		self.voice = make_channel("Test Voice")
		self.only("Test Voice")
		self.incident, self.step = self.rung()
		self.mark(self.mine(self.incident), tries=1, status="Accepted")

	def reply(self, stamp: str = "", **values) -> dict:
		return gateway_replies.by_reply(self.voice, {"from": NUMBER, "text": "1", **values}, stamp)

	def test_a_yes_counts_although_the_gateway_said_that_it_did_not_ring(self):
		for status in ("Queued", "Failed"):
			self.mark(self.mine(self.incident), status=status)
			self.assertEqual(len(gateway_replies._rung_at(NUMBER)), 1, status)
		self.assertTrue(self.reply()["accepted"])
		self.assertEqual(self.field("Outage Task", self.step, "status"), "Acknowledged")

	def test_a_number_that_was_not_tried_yet_was_not_rung(self):
		self.mark(self.mine(self.incident), tries=0, status="Queued")
		self.assertEqual(self.reply()["why"], "number")

	def test_a_message_delivered_again_does_not_take_what_came_later(self):
		for first, again, anew in (
			({"id": "m-1"}, {"id": "m-1", "stamp": "other"}, {"id": "m-2"}),
			({"stamp": "s-1"}, {"stamp": "s-1"}, {"stamp": "s-2"}),
		):
			self.assertEqual(self.reply(**first)["taken"], 1)
			frappe.db.set_value("Outage Task", self.step, {"status": "Open", "acknowledged_by": None})
			self.clock.move(20)
			self.again(self.incident, self.step)
			self.mark(self.mine(self.incident), tries=1)
			answer = self.reply(**again)
			self.assertEqual((answer["taken"], answer["why"]), (0, "repeated"))
			self.assertEqual(self.field("Outage Task", self.step, "status"), "Open")
			self.assertEqual(self.reply(**anew)["taken"], 1)
			frappe.db.set_value("Outage Task", self.step, {"status": "Open", "acknowledged_by": None})


class GatewayWords(DoorTest):
	"""What a channel's form may ask for, and what of it stands where all staff read."""

	SECRET = "TOPSECRET"

	def setUp(self):
		super().setUp()
		self.gateway = Gateway()
		self.addCleanup(self.gateway.close)
		self.gateway.allow()

	def channel(self, **values):
		return make_channel("Test Voice", secret=self.SECRET, **values)

	def test_errors_carry_no_secret_and_nothing_of_the_answer(self):
		url = self.gateway.url
		frappe.db.set_single_value(
			"Outage Response Settings", "inside_addresses", f"127.0.0.1:1\n127.0.0.1:{self.gateway.server.server_port}"
		)
		frappe.clear_document_cache("Outage Response Settings", "Outage Response Settings")
		for mood, address, accepted in (
			("hangs up", f"{url}?key={{{{ secret }}}}", {}),
			("fine", "http://127.0.0.1:1/call?key={{ secret }}", {}),
			("refuses", url, {"accepted_field": "code", "accepted_value": "0"}),
		):
			self.gateway.mood = mood
			channel = self.channel(url=address, **accepted)
			outcome = post(http.request(channel, channel_letter()))
			self.assertNotEqual(outcome.status, "Accepted")
			self.assertIn("127.0.0.1", outcome.error)
			self.assertNotIn(self.SECRET, outcome.error)
			self.assertNotIn("call-", outcome.error)  # of the answer
			channel.delete()

	def test_an_address_may_end_like_a_file(self):
		for ending in ("Calls.json", "send.xml", "hook.js"):
			channel = self.channel(url=f"{self.gateway.url}/{ending}")
			self.assertEqual(post(http.request(channel, channel_letter())).status, "Accepted")
			channel.delete()
		self.assertTrue(self.gateway.asked[0]["path"].endswith("/Calls.json"))

	def test_templates_see_nothing_of_the_site(self):
		for words in (
			"{{ frappe.session.user }}",
			"{{ get_all('User') }}",
			"{{ text.__class__.__mro__ }}",
			"{{ phnoe }}",
			"{% x",
		):
			with self.assertRaises(frappe.ValidationError, msg=words):
				self.channel(body=words)

	def test_only_the_web(self):
		for url in ("file:///etc/passwd", "ftp://example.com", "gateway.example.com/call"):
			with self.assertRaises(frappe.ValidationError, msg=url):
				self.channel(url=url)

	def test_a_test_of_one_channel(self):
		group = make_channel("Test Group", audience="Group", url=self.gateway.url, id_field="id", enabled=0)
		self.assertEqual(trial_calls.test_channel(group.name)["status"], "Accepted")
		person = make_channel("Test Person", url=self.gateway.url)
		with self.refused("Phone"):
			trial_calls.test_channel(person.name)
		self.assertEqual(trial_calls.test_channel(person.name, NUMBER)["status"], "Accepted")
		self.assertEqual(self.gateway.rang()[-1], NUMBER)
		self.assertIn("TEST", self.gateway.texts()[0])
		with self.as_user("manager"), self.assertRaises(frappe.PermissionError):
			trial_calls.test_channel(group.name)


class Groups(DoorTest):
	def setUp(self):
		super().setUp()
		self.robot = make_channel("Test Robot", audience="Group")

	def test_it_rings_beside_persons_by_default(self):
		name, _step = self.rung()
		self.assertEqual({row.channel for row in self.pages(name, person="group")}, {"Test Robot"})

	def test_a_row_that_names_only_a_robot_is_not_empty(self):
		name, step = self.rung()
		frappe.db.delete("Outage Page", {"incident": name})
		with patch.object(enabled_channels, "names_in", lambda text: ("Test Robot",)):
			self.again(name, step)
		self.assertEqual([row.person for row in self.pages(name)], ["group"])
		self.assertIsNotNone(self.field("Outage Task", step, "ring_at"))

	def test_where_nobody_can_be_reached_the_group_hears_it(self):
		self.only("Test Robot")
		name, _step = self.rung()
		self.assertEqual({row.person for row in self.pages(name)}, {"group"})

	def test_it_reads_no_number_of_a_home(self):
		"""The title of such a step says that somebody there depends on power."""
		name, step = self.rung()
		home = {"subject_type": "Property Unit", "subject": self.units[0], "subject_label": "Home 2A"}
		frappe.db.set_value("Outage Task", step, home)
		said = {
			letter.name: letter.text
			for _page, letter, *_rest in page_sending.letters([row.name for row in self.pages(name)])
		}
		self.assertGreater(len(said), 1)
		self.assertEqual([who for who, text in said.items() if "Home 2A" not in text], [""])

	def test_a_drill_says_nothing_there(self):
		name = self.declare(is_drill=True)
		self.assertFalse(self.pages(name, person="group"))


class Unreached(DoorTest):
	def person(self, incident: str) -> dict:
		return next(row for row in who_knows.who_knows(incident)["people"] if row["user"] == user("operator"))

	def test_a_bell_or_a_mail_that_waits_is_not_reached(self):
		make_channel("Test Voice")
		self.only("Bell", "Test Voice")
		name, step = self.rung()
		voice = self.mine(name, channel="Test Voice")
		self.assertIsNone(self.person(name)["reached"])  # under way
		self.mark(self.mine(name, channel="Bell"), status="Accepted")
		self.mark(voice, status="Failed")
		self.assertIs(self.person(name)["reached"], False)
		self.mark(voice, channel="E-mail", status="Accepted")
		mail = frappe.get_doc(
			{
				"doctype": "Email Queue",
				"reference_doctype": "Outage Page",
				"reference_name": voice[0].name,
				"status": "Not Sent",
				"sender": "a@example.com",
			}
		)
		mail.db_insert()
		self.assertIsNone(self.person(name)["reached"])  # the queue sends once a minute
		self.clock.move(3)
		self.assertIs(self.person(name)["reached"], False)
		frappe.db.set_value("Email Queue", mail.name, "status", "Sent")
		self.assertIs(self.person(name)["reached"], True)
		self.mark(voice, channel="Test Voice", status="Failed")
		self.do("operator", "acknowledge", step)
		self.assertIs(self.person(name)["reached"], True)


class NotBegun(DoorTest):
	def test_taken_after_the_ladder_gave_up_it_still_rings(self):
		_name, step = self.rung()
		frappe.db.set_value("Outage Task", step, {"ring_at": None, "ring_times": 2})
		self.do("operator", "acknowledge", step)
		self.assertIsNotNone(self.field("Outage Task", step, "ring_at"))
		self.assertEqual(self.field("Outage Task", step, "ring_times"), 0)

	def test_a_call_that_nobody_answered_waits_for_its_start(self):
		"""The ring count of before does not make it late at once."""
		name, step = self.rung()
		frappe.db.set_value("Outage Task", step, "ring_times", 1)
		self.do("operator", "no_answer", step)
		rings = self.field("Outage Task", step, "rings")
		ringing.advance(frappe.get_doc("Outage Incident", name), self.clock.now)
		self.assertEqual(self.field("Outage Task", step, "rings"), rings)

	def test_nobody_reachable_is_not_written_down_as_rung(self):
		name, step = self.rung()
		self.do("operator", "acknowledge", step)
		self.only()
		self.clock.move(30)
		rings = self.field("Outage Task", step, "rings")
		ringing.advance(frappe.get_doc("Outage Incident", name), self.clock.now)
		self.assertEqual(self.field("Outage Task", step, "rings"), rings)
		self.assertFalse(frappe.db.exists("Timeline Entry", {"incident": name, "kind": "rung_to_start"}))

	def test_after_a_hand_over_the_time_counts_anew(self):
		name, step = self.rung()
		self.clock.move(1)
		self.do("operator", "acknowledge", step)
		self.clock.move(360)
		self.do("operator", "hand_over", name, note="home")
		rung = self.field("Outage Task", step, "first_rung_at")
		self.assertTrue(rung is None or rung >= self.clock.now)


class Limits(DoorTest):
	def test_a_gateway_that_hangs_does_not_take_all_of_a_round(self):
		name, _step = self.rung()
		make_channel("Test Voice")
		page = self.pages(name)[0]
		keep = {key: page[key] for key in ("incident", "property", "person", "task", "send_after", "status")}
		frappe.db.delete("Outage Page", {})
		for number in range(page_sending.OF_A_CHANNEL + 5):
			frappe.get_doc(
				{"doctype": "Outage Page", **keep, "channel": "Test Voice", "priority": 0, "dedupe_key": f"v{number}"}
			).db_insert()
		frappe.get_doc(
			{"doctype": "Outage Page", **keep, "channel": "Bell", "priority": 2, "dedupe_key": "bell"}
		).db_insert()
		out, here = (
			frappe.get_all("Outage Page", {"name": ("in", page_sending.take(here))}, pluck="channel")
			for here in (False, True)
		)
		self.assertEqual(out, ["Test Voice"] * page_sending.OF_A_CHANNEL)
		self.assertEqual(here, ["Bell"])

	def test_a_page_that_kills_its_sender_is_not_sent_for_ever(self):
		make_channel("Test Voice", idempotent=1, tries=2)
		name, _step = self.rung()
		rows = self.pages(name)
		self.mark(
			rows, status="Sending", channel="Test Voice", tries=2, claimed_at=self.clock.now - timedelta(minutes=5)
		)
		self.assertEqual(len(page_sending.give_up_lost()), len(rows))
		self.assertEqual({row.status for row in self.pages(name)}, {"Unknown"})

	def test_a_new_outage_has_frappe_look_again_whether_the_site_is_at_work(self):
		frappe.db.after_commit.reset()
		self.declare()
		with patch.object(compat, "forget_dormancy") as forget:
			frappe.db.after_commit.run()
		forget.assert_called_once()
		with patch.object(compat.scheduler, "schedule_jobs_based_on_activity") as cached:
			compat.forget_dormancy()
		cached.clear_cache.assert_called_once()

	def test_planned_work_keeps_a_quiet_site_awake(self):
		self.declare("III")
		others = {"name": ("not in", frappe.get_all("Outage Incident", {"property": self.property}, pluck="name"))}
		frappe.db.set_value("Outage Incident", others, "status", "Closed")
		self.assertTrue(who_was_rung.is_waiting())

	def test_closed_outages_cost_the_sweep_no_query(self):
		name, step = self.rung()

		def queries() -> int:
			with patch.object(frappe.local.db, "sql", wraps=frappe.local.db.sql) as asked:
				shift_end.due()
				ringing.due_incidents(self.clock.now)
				self.again(name, step)
				page_sending.give_up_lost()
				page_mails.follow()
			return asked.call_count

		queries()
		self.clock.move(1)
		before = queries()
		page = self.pages(name)[0]
		for number in range(5):
			past = {**page, "name": f"past{number}", "dedupe_key": f"past{number}", "incident": f"OUT-{number}"}
			frappe.get_doc({"doctype": "Outage Page", **past, "status": "Accepted"}).db_insert()
		self.clock.move(1)
		self.assertLessEqual(queries(), before)


class Figures(DoorTest):
	def lost(self) -> int:
		rows = response_times.figures([self.property], self.now.date(), self.now.date())
		return sum(row["lost"] for row in rows)

	def test_people_are_counted_whom_nothing_reached(self):
		make_channel("Test Voice")
		self.only("Bell", "Test Voice")
		name, step = self.rung()
		self.mark(self.pages(name), status="Accepted")
		others = [row for row in self.pages(name) if row.user != user("operator")]
		self.mark(others, answer="Yes")
		self.assertEqual(self.lost(), 0)
		self.mark(self.mine(name, channel="Test Voice"), status="Failed")
		self.assertEqual(self.lost(), 1)  # one person, however many messages
		self.do("operator", "acknowledge", step)
		self.assertEqual(self.lost(), 0)

	def test_the_chart_shows_every_month(self):
		rows = [
			{"month": month, "department": "Security", "to_acknowledge": minutes, "on_scene": None}
			for month, minutes in (("2026-02", 3.0), ("2026-03", 5.0))
		]
		data = response_times.chart(rows)["data"]
		self.assertEqual((data["labels"], data["datasets"][0]["values"]), (["2026-02", "2026-03"], [3.0, 5.0]))
