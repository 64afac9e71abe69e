"""A gateway hands over answers by HTTP, through a real socket and Frappe's own application: who is believed, and how often."""

import hashlib
import hmac
import json
import threading
import time
from unittest.mock import patch

import frappe
import requests
from werkzeug.serving import make_server

from outage_response.api import limits
from outage_response.flows.paging import answer_links

from ..live import DEAD_REDIS, end_processes
from ..ringing import CHANNEL, PHONES, RingingTest
from ..world import user

tearDownModule = end_processes

SECRET = "sesame"


class Inbound(RingingTest):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		from frappe.app import application

		server = make_server("127.0.0.1", 0, application, threaded=True)
		server.daemon_threads = True
		threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
		cls.addClassCleanup(server.server_close)
		cls.addClassCleanup(server.shutdown)
		cls.url = f"http://127.0.0.1:{server.server_port}/api/method/outage_response.api.paging."

	def setUp(self):
		super().setUp()
		frappe.cache.delete_keys("outage_portal:inbound")
		frappe.cache.delete_keys("outage_portal:answer")
		self.name = self.declare()
		self.task = self.settle_all_but(self.name, "call_engineering")
		self.send()

	def asks(self, path: str, method: str = "POST", **options) -> tuple[int, dict]:
		headers = {"X-Frappe-Site-Name": frappe.local.site, "Accept": "application/json", **options.pop("headers", {})}
		answer = requests.request(method, self.url + path, headers=headers, timeout=30, **options)
		return answer.status_code, (answer.json() if answer.ok else {}).get("message")

	def replies(
		self,
		number: str | None = PHONES["operator"],
		secret: str = SECRET,
		late: int = 0,
		channel: str = CHANNEL,
		signed_for: str = "",
		query: dict | None = None,
		stamp: str = "",
		**more,
	):
		said = {"from": number, "text": "1"} if number else {}
		body = json.dumps({**said, **more}).encode()
		stamp = stamp or str(int(time.time()) - late)
		seal = hmac.new(
			secret.encode(), f"{stamp}.{signed_for or channel}.".encode() + body, hashlib.sha256
		).hexdigest()
		headers = {"X-Outage-Timestamp": stamp, "X-Outage-Signature": seal, "Content-Type": "application/json"}
		return self.asks("inbound", params={"channel": channel, **(query or {})}, data=body, headers=headers)

	def test_a_signed_answer_counts_once_and_a_forged_one_never(self):
		for forged in (
			{"secret": "guess"},
			{"late": 600},
			{"channel": "Bell"},
			{"channel": "nowhere"},
			{"signed_for": "Bell"},  # a message to another channel of the same secret
		):
			self.assertEqual(self.replies(**forged)[0], 403, forged)
		self.assertEqual(self.asks("inbound", "GET", params={"channel": CHANNEL})[0], 403)
		self.assertEqual(self.replies("13800009999"), (200, {"accepted": False, "taken": 0, "why": "number"}))
		self.assertEqual(self.status(self.task), "Open")
		self.assertEqual(self.replies(id="m-1"), (200, {"accepted": True, "taken": 1}))
		self.assertEqual(self.status(self.task), "Acknowledged")
		self.assertEqual(frappe.db.get_value("Outage Task", self.task, "acknowledged_by"), user("operator"))
		self.assertEqual(self.replies(id="m-1")[1], {"accepted": True, "taken": 0, "why": "repeated"})
		self.assertEqual(self.entries(self.name, "task_acknowledged"), 1)

	def test_nothing_counts_that_is_not_signed(self):
		"""Parameters of the address, which anybody can add to a signed message, say neither who answers nor that it is another
		message than the last one."""
		asked = {"from": PHONES["operator"], "text": "1"}
		self.assertEqual(
			self.replies(None, note="ping", query=asked)[1], {"accepted": False, "taken": 0, "why": "number"}
		)
		self.assertEqual(self.status(self.task), "Open")
		stamp = str(int(time.time()))
		self.assertEqual(self.replies(stamp=stamp)[1]["taken"], 1)
		self.assertEqual(
			self.replies(stamp=stamp, query={"id": "another"})[1], {"accepted": True, "taken": 0, "why": "repeated"}
		)

	def test_a_shared_token(self):
		frappe.db.set_value("Paging Channel", CHANNEL, "inbound_signature", "Shared Token")
		frappe.db.commit()
		frappe.clear_cache()
		said = {"from": PHONES["operator"], "text": "1"}
		for values in ({}, {"token": "guess"}):
			self.assertEqual(self.asks("inbound", params={"channel": CHANNEL}, data={**said, **values})[0], 403)
		headers = {"X-Outage-Token": SECRET}
		status, answer = self.asks("inbound", params={"channel": CHANNEL}, data=said, headers=headers)
		self.assertEqual((status, answer["taken"]), (200, 1))
		status, answer = self.asks("inbound", data={**said, "channel": CHANNEL, "token": SECRET})
		self.assertEqual((status, answer["taken"]), (200, 0))

	def test_nobody_asks_without_end(self):
		with patch.object(limits, "OF_AN_ADDRESS", 2):
			self.assertEqual([self.replies("13800009999")[0] for _time in range(3)], [200, 200, 429])
		token = answer_links.of(self.page_of(self.name, "operator").name)
		with patch.object(limits, "A_MINUTE", 2):
			answers = [self.asks("answer", json={"token": token, "yes": True}) for _time in range(3)]
		self.assertEqual([status for status, _answer in answers], [200, 200, 429])
		self.assertEqual([answer["taken"] for _status, answer in answers[:2]], [1, 0])

	def test_an_answer_counts_while_redis_is_away(self):
		"""Nobody can be counted then, so nobody is refused."""
		token = answer_links.of(self.page_of(self.name, "operator").name)
		process = self.extra_process(**DEAD_REDIS)
		answer = process.call("Guest", "outage_response.api.paging.answer", token=token, yes=True)
		self.assertEqual(answer.get("answer", answer)["taken"], 1, answer)
		self.assertEqual(self.status(self.task), "Acknowledged")

	def test_taken_while_a_sender_has_the_page(self):
		"""Until the moment at which the letters are written, a step that is taken rings nobody any more."""
		self.clock.move(4)
		from outage_response.flows.paging import sweep

		sweep.sweep(self.name)
		frappe.db.commit()
		rang = len(self.gateway.asked)
		sender = self.some_processes(1)[0].begin(
			"Administrator",
			"outage_response.jobs.send_pages",
			acts=[("pause", "outage_response.flows.paging.page_sending.letters", 1)],
			ahead=4,
		)
		sender.go().expect("paused")
		self.assertTrue(self.pages(self.name, status="Sending"))
		self.verb("operator", "acknowledge", task=self.task)
		sender.go_on().result()
		self.assertEqual(len(self.gateway.asked), rang)
		self.assertFalse(self.pages(self.name, status=("in", ("Sending", "Queued"))))
