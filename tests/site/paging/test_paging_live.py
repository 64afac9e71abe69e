"""Ringing with a real gateway on loopback: from the verb's rows to the call, the answer, the next one, and silence."""

import contextlib
import hashlib
import hmac
import json
import time
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

import frappe
from frappe.utils import now_datetime

from outage_response import compat, jobs
from outage_response.flows.paging import answer_links, gateway_replies, page_answers, sweep

from ..live import end_processes
from ..private_redis import Redis
from ..ringing import CHANNEL, PHONES, RingingTest
from ..world import user

tearDownModule = end_processes


class FromEndToEnd:
	def test_rung_next_acknowledged_silent(self):
		name = self.declare()
		self.send()
		self.assertIn(PHONES["electrician"], self.gateway.rang())
		self.assertEqual(len(self.gateway.rang()), len(set(self.gateway.rang())))  # one message for each person
		task = self.settle_all_but(name, "call_engineering")
		for _round in range(8):
			self.minute(2)
			if PHONES["manager"] in self.gateway.rang():
				break
		self.assertIn(PHONES["manager"], self.gateway.rang())
		page = self.page_of(name, "operator")
		answer = page_answers.by_link(answer_links.of(page.name), True)
		frappe.db.commit()
		self.assertEqual(answer["taken"] + answer["too_late"], len(self.rows("Outage Page Task", parent=page.name)))
		self.assertEqual(self.status(task), "Acknowledged")
		rang = len(self.gateway.asked)
		self.minute()
		self.minute()
		self.assertEqual(len(self.gateway.asked), rang)
		self.assertEqual(frappe.db.get_value("Outage Task", task, "acknowledged_by"), user("operator"))


class GatewayFaults:
	"""What a gateway may do to us: nothing is lost, the next one rings, and nobody is rung twice for one page."""

	def rung(self, mood: str) -> str:
		self.gateway.mood = mood
		name = self.declare()
		self.settle_all_but(name, "call_engineering")
		self.send()
		return name

	def states(self, incident: str) -> set[str]:
		"""Of what was tried and is needed still."""
		return {row.status for row in self.pages(incident) if row.tries and row.status != "Not Needed"}

	def first(self, incident: str, who: str = "operator"):
		"""The first page of somebody; of two that were made in the same moment, the one that was tried."""
		mine = [row for row in self.pages(incident) if row.user == user(who)]
		return min(mine, key=lambda row: (row.creation, not row.tries))

	def later(self, rounds: int, minutes: int) -> None:
		for _round in range(rounds):
			self.minute(minutes)

	def test_answers_500(self):
		"""Not taken: tried again, and when it stays so the next level rings without waiting."""
		name = self.rung("broken")
		self.assertEqual(self.states(name), {"Queued"})
		page = self.page_of(name, "operator")
		self.assertIn("500", page.error)
		self.gateway.mood = "fine"
		self.minute()
		self.assertEqual(frappe.db.get_value("Outage Page", page.name, "status"), "Accepted")
		keys = [one["headers"]["Idempotency-Key"] for one in self.gateway.asked]
		self.assertEqual(keys.count(page.name), 2)

	def test_stays_broken(self):
		name = self.rung("broken")
		self.later(4, minutes=2)
		failed = [row for row in self.pages(name) if row.status == "Failed"]
		self.assertTrue(failed)
		self.assertTrue(all(row.tries == 3 for row in failed))
		self.assertIn("General Manager", {row.whom for row in self.pages(name)})  # nobody was waited for

	def test_says_200_and_means_no(self):
		name = self.rung("refuses")
		self.assertEqual(self.states(name), {"Queued"})
		self.assertIn("not accepted", self.page_of(name, "operator").error)

	def test_forbids(self):
		"""Another try would be answered alike: the next level rings now."""
		name = self.rung("forbids")
		self.assertEqual(self.first(name).status, "Failed")
		self.assertGreater(len({row.whom for row in self.pages(name)}), 1)

	def test_hangs(self):
		"""It may have rung: not sent again; the next level rings at once, and twenty hanging calls wait side by side."""
		began = time.monotonic()
		name = self.rung("hangs")
		self.assertLess(time.monotonic() - began, 12)
		self.assertEqual(self.states(name), {"Unknown"})
		asked = [one["headers"]["Idempotency-Key"] for one in self.gateway.asked]
		self.assertEqual(len(asked), len(set(asked)))
		self.assertGreater(len({row.whom for row in self.pages(name)}), 1)

	def test_hangs_up(self):
		name = self.rung("hangs up")
		self.assertEqual(self.states(name), {"Unknown"})

	def test_hangs_but_knows_a_repeated_message(self):
		frappe.db.set_value("Paging Channel", CHANNEL, "idempotent", 1)
		frappe.db.commit()
		frappe.clear_cache()
		name = self.rung("hangs")
		self.assertEqual(self.states(name), {"Queued"})
		self.gateway.mood = "fine"
		self.minute()
		self.assertEqual(self.page_of(name, "operator").status, "Accepted")

	def test_is_slow(self):
		name = self.rung("slow")
		self.assertEqual(self.states(name), {"Accepted"})

	def test_is_not_there(self):
		self.gateway.close()
		name = self.rung("fine")
		self.assertEqual(self.states(name), {"Queued"})
		self.assertIn("Connection", self.page_of(name, "operator").error)

	def test_does_not_follow_elsewhere(self):
		name = self.rung("redirects")
		self.assertEqual(self.states(name), {"Failed"})


class OurFaults:
	"""Workers, schedulers, clocks, Redis."""

	def kill(self, place: str) -> None:
		process = self.some_processes(1)[0].begin(
			"Administrator", "outage_response.jobs.send_pages", acts=[("kill", place, 1)]
		)
		self.assertEqual(process.go().result(), {"killed": True}, f"never came to {place}")

	def one_page(self) -> str:
		name = self.declare()
		task = self.settle_all_but(name, "call_engineering")
		frappe.db.delete("Outage Page", {"incident": name, "user": ("!=", user("operator"))})
		frappe.db.commit()
		self.assertTrue(task)
		return name

	def test_a_worker_killed_before_the_send(self):
		"""Taken and not sent: nobody can know that, so it counts as unknown, and the step rings on."""
		name = self.one_page()
		self.kill("outage_response.jobs.post_all")
		self.assertEqual([row.status for row in self.pages(name)], ["Sending"])
		self.send()
		self.assertEqual(self.gateway.asked, [])  # somebody has it
		self.minute(3)
		self.assertIn("Unknown", {row.status for row in self.pages(name)})
		self.assertTrue(self.gateway.asked)  # the next ring

	def test_a_worker_killed_after_the_send(self):
		name = self.one_page()
		(page,) = self.pages(name)
		self.kill("outage_response.flows.paging.page_sending.note")
		self.minute(3)
		keys = [one["headers"]["Idempotency-Key"] for one in self.gateway.asked]
		self.assertEqual(keys.count(page.name), 1)
		self.assertEqual(frappe.db.get_value("Outage Page", page.name, "status"), "Unknown")

	def test_a_worker_killed_while_it_sends(self):
		name = self.one_page()
		(page,) = self.pages(name)
		self.kill("outage_response.integrations.channels.post.read")
		self.minute(3)
		keys = [one["headers"]["Idempotency-Key"] for one in self.gateway.asked]
		self.assertEqual(keys.count(page.name), 1)

	def test_a_worker_killed_with_a_gateway_that_knows_repeats(self):
		frappe.db.set_value("Paging Channel", CHANNEL, "idempotent", 1)
		frappe.db.commit()
		frappe.clear_cache()
		name = self.one_page()
		(page,) = self.pages(name)
		self.kill("outage_response.flows.paging.page_sending.note")
		self.minute(3)
		self.assertEqual(frappe.db.get_value("Outage Page", page.name, "status"), "Accepted")
		keys = [one["headers"]["Idempotency-Key"] for one in self.gateway.asked]
		self.assertEqual(keys.count(page.name), 2)

	def test_a_worker_killed_before_it_takes_any(self):
		name = self.one_page()
		self.kill("outage_response.flows.paging.page_sending.take")
		self.assertEqual([row.status for row in self.pages(name)], ["Queued"])
		self.send()
		self.assertEqual([row.status for row in self.pages(name)], ["Accepted"])

	def test_two_senders_and_two_schedulers(self):
		self.gateway.mood = "slow"
		name = self.declare()
		results = self.at_once([("Administrator", "outage_response.jobs.ring", {"ahead": 2})] * 2)
		self.assertTrue(all("answer" in result for result in results), results)
		keys = [one["headers"]["Idempotency-Key"] for one in self.gateway.asked]
		self.assertEqual(len(keys), len(set(keys)))
		tasks = self.rows("Outage Task", ["rings", "step_key"], incident=name, step_key="call_engineering")
		self.assertEqual([row.rings for row in tasks], [2])  # the first ring and one more, not two

	def test_redis_is_restarted_between_commit_and_enqueue(self):
		"""A Redis of the test's own goes after the commit, before the job is asked for: the rows are there, the sweep sends
		them."""
		redis = Redis()
		self.addCleanup(redis.stop)
		process = self.extra_process(redis_queue=redis.url)
		process.begin(
			"operator",
			"declare",
			acts=[("pause", "outage_response.flows.paging.page_rows._enqueue", 1)],
			property=self.property,
			nodes=[self.room],
		).go().expect("paused")
		self.assertTrue(self.rows("Outage Page", property=self.property))  # it is committed
		redis.stop()
		result = process.go_on().result()
		redis.start()
		self.assertIn("answer", result, result.get("trace"))
		name = result["answer"]["incident"]
		self.assertEqual({row.status for row in self.pages(name)}, {"Queued"})
		self.minute()
		self.assertLessEqual({row.status for row in self.pages(name)}, {"Accepted", "Not Needed"})
		self.assertTrue(self.gateway.asked)

	def test_the_clock_is_turned_back(self):
		name = self.declare()
		self.settle_all_but(name, "call_engineering")
		self.send()
		rang = len(self.gateway.asked)
		self.minute(-60)
		self.assertGreater(len(self.gateway.asked), rang)
		self.assertFalse([row for row in self.pages(name) if row.status == "Queued"])

	def test_the_clock_jumps_ahead(self):
		"""One ring for each, not all that would have been."""
		name = self.declare()
		self.settle_all_but(name, "call_engineering")
		self.send()
		rang = len(self.gateway.rang())
		self.minute(90)
		numbers = self.gateway.rang()[rang:]
		self.assertTrue(numbers)
		self.assertEqual(len(numbers), len(set(numbers)))

	def test_the_scheduler_stood_still_for_ten_minutes(self):
		"""What was settled meanwhile stays quiet, the rest rings once, and the timeline says why it came late."""
		name = self.declare()
		task = self.settle_all_but(name, "call_engineering")
		jobs.ring()
		rang = len(self.gateway.asked)
		self.minute(10)
		self.assertGreater(len(self.gateway.asked), rang)
		self.assertEqual(self.entries(name, "ringing_resumed"), 1)
		self.verb("operator", "complete", task=task, evidence="reached them")
		rang = len(self.gateway.asked)
		self.minute(10)
		self.assertEqual(len(self.gateway.asked), rang)

	def test_a_site_that_frappe_considers_dormant(self):
		from frappe.utils import scheduler

		self.addCleanup(frappe.db.commit)
		settings = frappe.get_system_settings

		def wakeful(key):
			return 4 if key == "dormant_days" else settings(key)

		old = now_datetime() - timedelta(days=9)
		log, user = frappe.qb.DocType("Activity Log"), frappe.qb.DocType("User")
		frappe.qb.update(log).set(log.creation, old).set(log.modified, old).run()
		frappe.qb.update(user).set(user.last_active, old).run()
		frappe.db.commit()
		compat.forget_dormancy()
		with contextlib.ExitStack() as frappe_looks:
			frappe_looks.enter_context(patch.dict(frappe.conf, {"developer_mode": 0}))
			frappe_looks.enter_context(patch.object(frappe, "get_system_settings", wakeful))
			with contextlib.suppress(ImportError, AttributeError):  # 16 lets sleep only what Frappe Cloud hosts
				frappe_looks.enter_context(patch("frappe.utils.frappecloud.on_frappecloud", lambda: True))
			self.assertTrue(scheduler.is_dormant(now_datetime()))
			self.declare()
			self.assertFalse(scheduler.is_dormant(now_datetime()))


class Answers:
	def ringing(self) -> tuple[str, str]:
		name = self.declare()
		task = self.settle_all_but(name, "call_engineering")
		self.send()
		return name, task

	def reply(self, number: str, text: str, *, secret: str = "sesame", stamp: float | None = None):
		"""What a gateway sends us when somebody answers."""
		body = json.dumps({"from": number, "text": text}).encode()
		stamp = str(int(stamp or time.time()))
		signed = f"{stamp}.{CHANNEL}.".encode() + body
		signature = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
		request = SimpleNamespace(
			get_data=lambda cache: body,
			headers={"X-Outage-Timestamp": stamp, "X-Outage-Signature": signature},
			is_json=True,
			get_json=lambda silent: json.loads(body),
			args={},
		)
		frappe.set_user("Guest")
		try:
			answer = gateway_replies.inbound(CHANNEL, request)
			frappe.db.commit()
			return answer
		finally:
			frappe.db.rollback()
			frappe.set_user("Administrator")

	def test_a_reply_is_an_acknowledgement(self):
		_name, task = self.ringing()
		answer = self.reply("+86 139-0000-0001", "1")
		self.assertTrue(answer["accepted"])
		self.assertEqual(self.status(task), "Acknowledged")
		self.assertEqual(frappe.db.get_value("Outage Task", task, "acknowledged_by"), user("operator"))

	def test_the_same_reply_twice(self):
		name, _task = self.ringing()
		self.reply(PHONES["operator"], "收到")
		before = self.entries(name, "task_acknowledged")
		self.assertEqual(self.reply(PHONES["operator"], "收到")["taken"], 0)
		self.assertEqual(self.entries(name, "task_acknowledged"), before)

	def test_a_reply_from_an_unknown_number(self):
		_name, task = self.ringing()
		self.assertEqual(self.reply("13800009999", "1"), {"accepted": False, "taken": 0, "why": "number"})
		self.assertEqual(self.status(task), "Open")

	def test_a_word_that_means_nothing(self):
		_name, task = self.ringing()
		self.assertEqual(self.reply(PHONES["operator"], "who is this?")["why"], "word")
		self.assertEqual(self.status(task), "Open")

	def test_a_forged_or_old_reply(self):
		_name, task = self.ringing()
		with self.assertRaises(frappe.PermissionError):
			self.reply(PHONES["operator"], "1", secret="guess")
		with self.assertRaises(frappe.PermissionError):
			self.reply(PHONES["operator"], "1", stamp=time.time() - 600)
		self.assertEqual(self.status(task), "Open")

	def test_no_rings_the_next_one_now(self):
		name, task = self.ringing()
		pages_of = [row for row in self.pages(name) if row.user == user("operator")]
		rang = len(self.gateway.asked)
		page_answers.by_link(answer_links.of(pages_of[0].name), False)
		frappe.db.commit()
		self.send()
		self.assertGreater(len(self.gateway.asked), rang)
		self.assertEqual(self.status(task), "Open")

	def test_acknowledged_while_the_next_level_is_rung(self):
		"""The page that is not sent yet is not needed; what the gateway has is not called back."""
		name, task = self.ringing()
		self.clock.move(4)
		sweep.sweep(name)
		frappe.db.commit()
		waiting = self.pages(name, status="Queued")
		self.assertTrue(waiting)
		rang = len(self.gateway.asked)
		self.verb("operator", "acknowledge", task=task)
		self.send()
		self.assertEqual(len(self.gateway.asked), rang)
		self.assertEqual(
			{row.status for row in self.pages(name) if row.name in {w.name for w in waiting}}, {"Not Needed"}
		)

	def test_an_outage_that_is_over_rings_nobody(self):
		name = self.declare()
		table = frappe.qb.DocType("Outage Incident")
		frappe.qb.update(table).set(table.status, "Closed").where(table.name == name).run()
		frappe.db.commit()
		self.minute()
		self.assertEqual(self.gateway.asked, [])
		self.assertEqual({row.status for row in self.pages(name)}, {"Not Needed"})
		self.assertFalse(self.rows("Outage Task", incident=name, ring_at=("is", "set")))

	def test_taken_and_not_begun_rings_again(self):
		_name, task = self.ringing()
		self.verb("operator", "acknowledge", task=task)
		rang = len(self.gateway.asked)
		self.minute(5)
		self.assertEqual(len(self.gateway.asked), rang)
		self.minute(6)
		self.assertGreater(len(self.gateway.asked), rang)
		self.verb("operator", "arrive", task=task)
		rang = len(self.gateway.asked)
		self.minute(30)
		self.assertEqual(len(self.gateway.asked), rang)


class Drills:
	def test_a_drill_says_so_and_wakes_nobody(self):
		name = self.declare(is_drill=True)
		for _round in range(5):
			self.minute(4)
		self.assertTrue(self.gateway.asked)
		self.assertEqual([text for text in self.gateway.texts() if not text.startswith("DRILL")], [])
		self.assertNotIn(PHONES["manager"], self.gateway.rang())
		self.assertLessEqual({row.whom for row in self.pages(name)}, {"Assigned", "Next on Duty", "Control Room"})


class Storm:
	def test_one_message_for_a_minute_the_most_urgent_first(self):
		name = self.declare()
		for elevator in self.elevators:
			self.verb("operator", "report_trapped", incident=name, elevator=elevator)
		jobs.ring()
		frappe.set_user("Administrator")
		minutes = [
			(row.person, row.channel, row.send_after.replace(second=0, microsecond=0)) for row in self.pages(name)
		]
		self.assertEqual(len(minutes), len(set(minutes)))
		self.assertEqual(len(self.gateway.rang()), len(set(self.gateway.rang())))
		operator = next(
			text
			for text, number in zip(self.gateway.texts(), self.gateway.rang(), strict=True)
			if number == PHONES["operator"]
		)
		self.assertIn("more", operator)


class Ringing(FromEndToEnd, GatewayFaults, OurFaults, Answers, Drills, Storm, RingingTest):
	"""All of them on one property."""
