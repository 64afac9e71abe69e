"""The site as its server shows it, without a browser: logging in, and verbs through the API."""

import json
import urllib.error
import urllib.request
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

STAFF_API = "outage_response.api.staff."


class Refused(AssertionError):
	"""The server answered with an error; `status` and its words."""

	def __init__(self, status: int, text: str):
		super().__init__(f"{status}: {text}")
		self.status = status


class Web:
	"""One site at one address."""

	def __init__(self, address: str, secrets: dict[str, str] | None = None):
		self.address = address.rstrip("/")
		self.secrets = secrets or {}  # user -> key:secret

	def login(self, user: str, password: str) -> list[dict[str, str]]:
		"""Cookies of a new session, as Playwright takes them."""
		_text, headers = self._ask("/api/method/login", {"usr": user, "pwd": password})
		cookies = SimpleCookie()
		for line in headers.get_all("Set-Cookie") or ():
			cookies.load(line)
		return [{"name": name, "value": morsel.value, "url": self.address} for name, morsel in cookies.items()]

	def call(self, user: str, verb: str, **arguments: Any) -> Any:
		"""A verb of api/staff.py (or any dotted path) as this user. Raises Refused."""
		method = verb if "." in verb else STAFF_API + verb
		text, _headers = self._ask(f"/api/method/{method}", arguments, self.secrets[user])
		return json.loads(text).get("message")

	def _ask(self, path: str, body: dict, secret: str = ""):
		parts = urlsplit(self.address)
		host = parts.hostname or ""
		# Browsers know that *.localhost is this machine; the system's resolver need not.
		there = f"127.0.0.1:{parts.port or 80}" if host.endswith(".localhost") else parts.netloc
		headers = {"Host": parts.netloc, "Content-Type": "application/json", "Accept": "application/json"}
		if secret:
			headers["Authorization"] = f"token {secret}"
		request = urllib.request.Request(
			f"{parts.scheme}://{there}{path}", json.dumps(body, default=str).encode(), headers, method="POST"
		)
		opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
		try:
			with opener.open(request, timeout=60) as answer:
				return answer.read().decode(), answer.headers
		except urllib.error.HTTPError as error:
			raise Refused(error.code, error.read().decode(errors="replace")[:2000]) from None
