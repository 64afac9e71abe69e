"""The drill's telephone exchange: an HTTP gateway on loopback that the app rings people through, and hears their answer from."""

import hashlib
import hmac
import json
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

CHANNEL = "Voice"
INBOUND_PATH = "/api/method/outage_response.api.paging.inbound"


BODY = (
	'{"to": {{ phone | tojson }}, "text": {{ text | tojson }}, "key": {{ key | tojson }}, '
	'"link": {{ link | tojson }}, "at": {{ timestamp }}}'
)


class Gateway:
	"""Takes calls (`calls`: to, text, at by the drill's clock in seconds), and knows a repeated one by its key, as a good gateway does."""

	def __init__(self, secret: str):
		self.secret = secret
		self.calls: list[dict] = []
		self._keys: set[str] = set()
		gateway = self

		class Handler(BaseHTTPRequestHandler):
			def do_POST(self):
				call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
				if call["key"] not in gateway._keys:
					gateway._keys.add(call["key"])
					gateway.calls.append(call)
				body = json.dumps({"id": f"call-{len(gateway._keys)}"}).encode()
				self.send_response(200)
				self.send_header("Content-Length", str(len(body)))
				self.end_headers()
				self.wfile.write(body)

			def log_message(self, *args) -> None:
				pass

		self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
		self.server.daemon_threads = True
		threading.Thread(target=self.server.serve_forever, daemon=True).start()

	@property
	def url(self) -> str:
		return f"http://127.0.0.1:{self.server.server_port}/call"

	def new_calls(self) -> list[dict]:
		"""Calls since last asked, by number: several go out at once, and the account is the same each time."""
		found, self.calls = self.calls, []
		return sorted(found, key=lambda call: (call["to"], call["text"]))

	def reply(self, number: str, text: str, moment: datetime, zone: str) -> tuple[bytes, dict[str, str]]:
		"""What the gateway tells the app when somebody presses a key: (body, headers), signed."""
		body = json.dumps({"from": number, "text": text}).encode()
		stamp = str(int(moment.replace(tzinfo=ZoneInfo(zone)).timestamp()))
		signed = f"{stamp}.{CHANNEL}.".encode() + body
		seal = hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
		return body, {
			"Content-Type": "application/json",
			"X-Outage-Timestamp": stamp,
			"X-Outage-Signature": seal,
		}

	def close(self) -> None:
		"""Take no more calls."""
		self.server.shutdown()
		self.server.server_close()


def connect(url: str, secret: str) -> None:
	"""Enter the gateway as the site's channel. Needs a connected frappe; the caller commits."""
	import frappe

	frappe.db.set_value("Paging Channel", {"name": ("in", ("E-mail", "SMS"))}, "enabled", 0)
	# the story's people say the words to residents themselves
	frappe.db.set_single_value("Outage Response Settings", "automatic_notices", 0)
	# the machine itself is asked only where that is written down
	frappe.db.set_single_value("Outage Response Settings", "inside_addresses", urlsplit(url).netloc)
	frappe.clear_document_cache("Outage Response Settings", "Outage Response Settings")
	channel = frappe.get_doc("Paging Channel", CHANNEL)
	channel.update(
		{
			"enabled": 1,
			"url": url,
			"body": BODY,
			"secret": secret,
			"idempotent": 1,
			"inbound_signature": "HMAC-SHA256",
			"inbound_secret": secret,
		}
	)
	channel.save()
