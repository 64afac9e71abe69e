"""What leaves by SMS and by HTTP, as a gateway on loopback gets it: parameters, headers, signatures, and limits to waiting."""

import base64
import hashlib
import json
import re
import time
from pathlib import Path
from unittest.mock import patch
from urllib.parse import parse_qs, quote, unquote, urlsplit

import frappe

from outage_response import jobs
from outage_response.flows.paging import enabled_channels as working_channels
from outage_response.flows.paging import page_sending
from outage_response.integrations.channels import Letter, http, sms
from outage_response.integrations.channels.post import post

from ..gateway import Gateway
from ..live import end_processes
from ..ringing import CHANNEL, RingingTest
from ..world import user
from .channels import DoorTest, make_channel

tearDownModule = end_processes

ROOT = Path(__file__).resolve().parents[3]
LETTER = Letter(key="k-1", text="停电 & dark", link="https://example.com/outage-page?t=a.b", phone="13900000001")


def hmac_by_hand(key: bytes, message: bytes) -> bytes:
	"""HMAC-SHA256 written out from RFC 2104, so that the app is not checked against the library it uses."""
	key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
	inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
	return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()


class DriverTest(DoorTest):
	def setUp(self):
		super().setUp()
		self.gateway = Gateway()
		self.addCleanup(self.gateway.close)
		self.gateway.allow()

	def asked(self) -> dict:
		"""The last request that the gateway got."""
		return self.gateway.asked[-1]


class TextMessages(DriverTest):
	"""SMS by the gateway of Frappe's SMS Settings."""

	def settings(self, *parameters: tuple[str, str, int], **values) -> None:
		doc = frappe.get_doc("SMS Settings")
		doc.update(
			{
				"sms_gateway_url": self.gateway.url,
				"message_parameter": "msg",
				"receiver_parameter": "to",
				"use_post": 0,
				"parameters": [
					{"parameter": name, "value": value, "header": header} for name, value, header in parameters
				],
				**values,
			}
		)
		doc.save()

	def channel(self, **values):
		channel = frappe.get_doc("Paging Channel", "SMS")
		channel.update({"enabled": 1, "timeout_seconds": 1, **values})
		channel.save()
		return channel

	def sent(self, channel=None):
		return post(sms.request(channel or self.channel(), LETTER))

	def test_as_parameters_of_the_address(self):
		self.settings(("user", "tower", 0), ("X-Key", "sesame", 1))
		self.assertEqual(self.sent().status, "Accepted")
		values = parse_qs(urlsplit(self.asked()["path"]).query)
		self.assertEqual(values, {"msg": [f"{LETTER.text} {LETTER.link}"], "to": [LETTER.phone], "user": ["tower"]})
		self.assertEqual(self.asked()["headers"]["X-Key"], "sesame")

	def test_as_a_form(self):
		self.settings(use_post=1)
		self.assertEqual(self.sent().status, "Accepted")
		self.assertEqual(parse_qs(self.asked()["body"])["to"], [LETTER.phone])

	def test_as_json(self):
		self.settings(("Content-Type", "application/json", 1))
		self.assertEqual(self.sent().status, "Accepted")
		self.assertEqual(json.loads(self.asked()["body"])["msg"], f"{LETTER.text} {LETTER.link}")

	def test_a_200_that_means_no_and_a_gateway_that_hangs(self):
		self.settings()
		self.gateway.mood = "refuses"
		self.assertEqual(self.sent(self.channel(accepted_field="code", accepted_value="0")).status, "Again")
		self.gateway.mood = "hangs"
		began = time.monotonic()
		self.assertEqual(self.sent().status, "Unknown")  # Frappe's own sender would wait for ever
		self.assertLess(time.monotonic() - began, 10)

	def test_somebody_on_duty_is_rung_by_it(self):
		self.settings()
		self.channel()
		self.only("SMS")
		name, _step = self.rung()
		self.assertIn("SMS", working_channels.working())
		names = [row.name for row in self.mine(name, channel="SMS")]
		self.mark(self.mine(name), status="Sending")
		((_name, letter, request, _outcome),) = page_sending.letters(names)
		self.assertEqual(post(request).status, "Accepted")
		self.assertIn(quote(letter.phone), self.asked()["path"])


class Signatures(DriverTest):
	"""Requests checked as the receivers' documentation says that they check them (docs/sources.md)."""

	SECRET = "SEC-0f5e"

	def sent(self, **values) -> dict:
		channel = make_channel("Test Robot", audience="Group", secret=self.SECRET, **values)
		self.assertEqual(post(http.request(channel, LETTER)).status, "Accepted")
		return self.asked()

	def test_the_yardstick(self):
		"""RFC 4231, test case 2."""
		self.assertEqual(
			hmac_by_hand(b"Jefe", b"what do ya want for nothing?").hex(),
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		)

	def test_dingtalk(self):
		url = self.gateway.url + "?access_token=t&timestamp={{ timestamp }}&sign={{ sign }}"
		query = urlsplit(self.sent(signature="DingTalk", url=url)["path"]).query
		values = dict(pair.split("=", 1) for pair in query.split("&"))
		stamp = values["timestamp"]
		self.assertLess(abs(time.time() * 1000 - int(stamp)), 60_000)
		wanted = base64.b64encode(hmac_by_hand(self.SECRET.encode(), f"{stamp}\n{self.SECRET}".encode()))
		self.assertEqual(unquote(values["sign"]).encode(), wanted)
		self.assertFalse(set("+/=") & set(values["sign"]))

	def test_feishu(self):
		body = '{"timestamp": {{ timestamp | tojson }}, "sign": {{ sign | tojson }}, "text": {{ text | tojson }}}'
		said = json.loads(self.sent(signature="Feishu", url=self.gateway.url, body=body)["body"])
		self.assertLess(abs(time.time() - int(said["timestamp"])), 60)
		wanted = base64.b64encode(hmac_by_hand(f"{said['timestamp']}\n{self.SECRET}".encode(), b""))
		self.assertEqual(said["sign"].encode(), wanted)
		self.assertEqual(said["text"], LETTER.text)

	def test_wecom_has_its_key_in_the_address(self):
		self.assertTrue(self.sent(url=self.gateway.url + "?key={{ secret }}")["path"].endswith(f"?key={self.SECRET}"))

	def test_a_service_of_ones_own(self):
		headers = '{"X-Time": "{{ timestamp }}", "X-Sign": "{{ sign }}"}'
		got = self.sent(signature="HMAC-SHA256", url=self.gateway.url, headers=headers)
		message = f"{got['headers']['X-Time']}.{got['body']}".encode()
		self.assertEqual(got["headers"]["X-Sign"], hmac_by_hand(self.SECRET.encode(), message).hex())

	def test_what_the_manual_says_to_enter(self):
		"""The forms of docs/paging.md, followed to the letter but for the address; and the robots as they are shipped."""
		text = (ROOT / "docs" / "paging.md").read_text(encoding="utf-8")
		voice = dict(rows_of(text, "### Voice"))
		self.sent(
			url=self.gateway.url,
			headers=code(voice["Headers"]),
			body=code(voice["Body"]),
			id_field=code(voice["Field with the Message's Number"]),
		)
		self.assertEqual(self.asked()["headers"]["Authorization"], f"Bearer {self.SECRET}")
		self.assertEqual(json.loads(self.asked()["body"])["to"], LETTER.phone)
		for column, (name, path) in enumerate(
			(("WeCom", "text.content"), ("DingTalk", "text.content"), ("Feishu", "content.text")), 1
		):
			robot = {row[0]: row[column] for row in rows_of(text, "### Group robots") if len(row) > 3}
			signature = robot["Signature"].replace("none", "")
			url = f"{self.gateway.url}?{urlsplit(code(robot['URL'])).query}"
			made = make_channel(
				f"Manual {name}",
				audience="Group",
				secret=self.SECRET,
				signature=signature,
				url=url,
				body=code(robot["Body"]),
				headers='{"Content-Type": "application/json"}',
			)
			shipped = frappe.get_doc("Paging Channel", {"channel_name": ("like", f"{name}%")})
			shipped.update({"url": shipped.url or url, "secret": self.SECRET})
			self.assertEqual(post(http.request(made, LETTER)).status, "Accepted")
			for body in (self.asked()["body"], http.request(shipped, LETTER).body):
				said = json.loads(body)
				for key in path.split("."):
					said = said[key]
				self.assertEqual(said, f"{LETTER.text}\n{LETTER.link}", name)


def rows_of(text: str, heading: str) -> list[list[str]]:
	"""The rows of the table below a heading of a manual."""
	table = text.partition(heading)[2].partition("\n| ")[2].partition("\n\n")[0]
	return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip("| "))] for row in table.splitlines()]


def code(cell: str) -> str:
	"""What stands in a cell as code, its pipes without the table's backslash."""
	return cell.strip("`").replace("\\|", "|")


class AHundredHang(RingingTest):
	def test_the_sweep_goes_on_without_them(self):
		"""A gateway hangs with a hundred calls to make; another one rings its own at once, and nothing is lost."""
		other = Gateway()
		self.addCleanup(other.close)
		other.allow(commit=True)
		frappe.db.delete("Paging Channel", {"name": "Test Other"})
		make_channel("Test Other", url=other.url)
		frappe.db.commit()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Paging Channel", {"name": "Test Other"})
		self.gateway.mood = "hangs"
		name = self.declare()
		self.settle_all_but(name, "call_engineering")
		page = next(row for row in self.pages(name, channel=CHANNEL) if row.user == user("operator"))
		for number in range(99):
			again = {**page, "name": f"hundred{number}", "dedupe_key": f"hundred{number}", "priority": 0}
			frappe.get_doc({"doctype": "Outage Page", **again}).db_insert()
			link = {"parent": again["name"], "parenttype": "Outage Page", "parentfield": "tasks", "task": page.task}
			frappe.get_doc({"doctype": "Outage Page Task", "idx": 1, **link}).db_insert()
		frappe.db.commit()
		began = time.monotonic()
		with patch.object(jobs, "SWEEP_SENDS_SECONDS", 0.5):
			jobs.ring()
		self.assertLess(time.monotonic() - began, 15)
		self.assertLessEqual(len(self.gateway.asked), 2 * page_sending.OF_A_CHANNEL)
		self.assertTrue(other.asked)
		self.assertLess(other.asked[0]["at"] - began, 10)
		states = [row.status for row in self.pages(name, channel=CHANNEL)]
		self.assertFalse(set(states) - {"Unknown", "Queued", "Not Needed"}, states)
		self.assertIn("Queued", states)
