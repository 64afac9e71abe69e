"""A gateway on loopback, for tests: it does what a real one may do to us, and remembers what it was asked."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANG_SECONDS = 20


class Gateway:
	"""`mood` says how it answers: fine, broken (500), refuses (200 with an error), slow, hangs, hangs up, redirects."""

	def __init__(self, mood: str = "fine"):
		self.mood = mood
		self.asked: list[dict] = []
		self.released = threading.Event()
		gateway = self

		class Handler(BaseHTTPRequestHandler):
			def do_POST(self):
				body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
				gateway.asked.append(
					{"path": self.path, "headers": dict(self.headers), "body": body, "at": time.monotonic()}
				)
				gateway.answer(self)

			do_GET = do_POST

			def log_message(self, *args):
				pass

		self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
		self.server.daemon_threads = True
		threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

	@property
	def url(self) -> str:
		return f"http://127.0.0.1:{self.server.server_port}/call"

	def allow(self, *, commit: bool = False) -> None:
		"""The house has this gateway: without that, nobody asks the machine itself.

		commit  for tests whose records other processes read, and so remember
		"""
		import frappe

		before = frappe.db.get_single_value("Outage Response Settings", "inside_addresses") or ""
		mine = f"127.0.0.1:{self.server.server_port}"
		frappe.db.set_single_value("Outage Response Settings", "inside_addresses", f"{before}\n{mine}".strip())
		if commit:
			frappe.db.commit()
		frappe.clear_document_cache("Outage Response Settings", "Outage Response Settings")

	def answer(self, request: BaseHTTPRequestHandler) -> None:
		if self.mood == "hangs":
			self.released.wait(HANG_SECONDS)
			return
		if self.mood == "hangs up":
			request.connection.close()
			return
		if self.mood == "slow":
			time.sleep(0.7)
		status = {"broken": 500, "forbids": 403, "redirects": 302}.get(self.mood, 200)
		said = {"code": 7 if self.mood == "refuses" else 0, "id": f"call-{len(self.asked)}"}
		body = json.dumps(said).encode()
		try:
			request.send_response(status)
			request.send_header("Content-Length", str(len(body)))
			request.end_headers()
			request.wfile.write(body)
		except OSError:
			pass

	def rang(self) -> list[str]:
		"""The numbers it was asked to ring, in order."""
		return [json.loads(one["body"])["to"] for one in self.asked]

	def texts(self) -> list[str]:
		return [json.loads(one["body"])["text"] for one in self.asked]

	def close(self) -> None:
		self.released.set()
		self.server.shutdown()
		self.server.server_close()
