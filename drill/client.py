"""A client of the app, as a phone or a browser is one: HTTP, a login, JSON."""

import html
import json
import re
from datetime import datetime

import requests

from .gateway import CHANNEL, INBOUND_PATH
from .people import Staff
from .server import CLOCK_HEADER, FORMAT, MINUTES_PATH, SECRET_HEADER

STAFF_API = "/api/method/outage_response.api.staff."


class Refused(Exception):
	"""The app said no; `words` is what the person reads, `items` the open steps that are in the way."""

	def __init__(self, words: str, items: list[str]):
		self.words, self.items = words, items
		super().__init__(" | ".join([words, *items]))


class Broken(Exception):
	"""The app answered with something a client cannot make sense of."""


class Server:
	"""The drill's server, and the clock that all requests run at."""

	def __init__(self, url: str, secret: str, now: datetime, gateway=None, zone: str = "UTC"):
		self.url, self.now, self.requests = url, now, 0
		self.gateway, self.zone = gateway, zone
		self.rung: list[dict] = []  # calls that the account has not told yet
		self.asleep: set[str] = set()  # numbers that nobody picks up
		self.ticking = True  # may there be an outage that the minute clock looks after?
		self.session = requests.Session()
		self.session.trust_env = False  # loopback: no proxy
		self.session.headers[SECRET_HEADER] = secret

	def move_to(self, moment: datetime) -> None:
		"""Let time pass, with what the minute clock does meanwhile."""
		if moment < self.now:
			raise ValueError(f"time runs forward: {self.now} -> {moment}")
		if self.ticking and moment.replace(second=0) > self.now.replace(second=0):
			span = {"after": self.now.strftime(FORMAT), "until": moment.strftime(FORMAT)}
			answer = self.session.post(self.url + MINUTES_PATH, json=span, timeout=300)
			answer.raise_for_status()
			self.ticking = answer.json()["minutes"] > 0
		self.now = moment
		self.pick_up()

	def send(self, http: str, path: str, token: str, **options) -> dict:
		"""One request at the drill's time. Raises Refused with the words the person would read."""
		self.requests += 1
		headers = {
			"Authorization": f"token {token}",
			CLOCK_HEADER: self.now.strftime(FORMAT),
			"Accept": "application/json",
		}
		answer = self.session.request(http, self.url + path, headers=headers, timeout=60, **options)
		try:
			body = answer.json()
		except ValueError:
			raise Broken(f"{path}: {answer.status_code} {answer.text[:300]}") from None
		if answer.ok:
			return body
		messages = [json.loads(message) for message in json.loads(body.get("_server_messages") or "[]")]
		if answer.status_code >= 500 or not messages:
			raise Broken(f"{path}: {answer.status_code} {body.get('exception') or str(body)[:600]}")
		words, items = _plain(messages[-1]["message"])
		raise Refused(words, items)

	def pick_up(self) -> None:
		"""Whoever is awake presses 1 when the telephone rings: theirs."""
		calls = self.gateway.new_calls()
		self.rung += [{**call, "taken": call["to"] not in self.asleep} for call in calls]
		for number in sorted({call["to"] for call in calls} - self.asleep, reverse=True):  # the control room last
			if not self.press(number, "1")["accepted"]:
				raise Broken(f"{number} was rung, pressed 1, and was not understood")

	def press(self, number: str, key: str) -> dict:
		"""Somebody who is rung presses a key: the gateway tells the app."""
		body, headers = self.gateway.reply(number, key, self.now, self.zone)
		headers[CLOCK_HEADER] = self.now.strftime(FORMAT)
		path = f"{self.url}{INBOUND_PATH}?channel={CHANNEL}"
		answer = self.session.post(path, data=body, headers=headers, timeout=60)
		if not answer.ok:
			raise Broken(f"{INBOUND_PATH}: {answer.status_code} {answer.text[:300]}")
		return answer.json()["message"]


class Person:
	"""Somebody with a login."""

	def __init__(self, server: Server, staff: Staff, token: str):
		self.server, self.staff, self.token = server, staff, token

	@property
	def label(self) -> str:
		return self.staff.label

	@property
	def user(self) -> str:
		return self.staff.user

	def post(self, verb: str, **arguments) -> dict:
		"""Use a verb of the staff API."""
		if verb != "log_attempt" or arguments["outcome"] == "Still Out":  # an ordinary callback starts nothing
			self.server.ticking = True
		answer = self.server.send("POST", STAFF_API + verb, self.token, json=arguments)["message"]
		self.server.pick_up()
		return answer

	def ask(self, question: str, **arguments):
		"""Read from the staff API."""
		return self.server.send("GET", STAFF_API + question, self.token, params=arguments)["message"]

	def list(self, doctype: str, fields: list[str], order_by: str = "name asc", **filters) -> list[dict]:
		"""Rows of a doctype, as far as this person may see them."""
		params = {
			"fields": json.dumps(fields),
			"filters": json.dumps(filters),
			"order_by": order_by,
			"limit_page_length": 0,
		}
		return self.server.send("GET", f"/api/resource/{doctype}", self.token, params=params)["data"]

	def upload(self, name: str, content: bytes) -> str:
		"""Send a private file; its address."""
		answer = self.server.send(
			"POST",
			"/api/method/upload_file",
			self.token,
			files={"file": (name, content)},
			data={"is_private": 1, "folder": "Home"},
		)
		return answer["message"]["file_url"]


def _plain(message: str) -> tuple[str, list[str]]:
	"""A message with its list as plain text: (sentence, items)."""
	items = [_text(item) for item in re.findall(r"<li>(.*?)</li>", message, re.DOTALL)]
	return _text(re.sub(r"<ul>.*?</ul>", "", message, flags=re.DOTALL)), items


def _text(fragment: str) -> str:
	return html.unescape(re.sub(r"<[^>]+>", "", fragment)).strip()
