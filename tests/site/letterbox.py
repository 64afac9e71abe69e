"""A mail server on loopback that keeps who was written to, and what."""

import email
import re
import socketserver
import threading
from collections import Counter


class Letterbox(socketserver.ThreadingTCPServer):
	"""`received` counts letters per address that ends with `ending`; `letters` are their texts, decoded. `refuses`: it says
	to whoever comes that it is not working. `hangs`: it takes the line (`lines` counts them) and says nothing until
	`released` is set. `swallows`: it takes a letter, and never says so. `balks`: it hangs up when it is to take one."""

	allow_reuse_address = daemon_threads = True

	def __init__(self, ending: str = ""):
		self.ending, self.refuses, self.refused = ending, False, 0
		self.lines, self.swallows, self.balks = 0, False, False
		self.hangs, self.asked, self.released = False, threading.Event(), threading.Event()
		self.received: Counter = Counter()
		self.letters: list[str] = []
		super().__init__(("127.0.0.1", 0), _Conversation)
		threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

	@property
	def port(self) -> int:
		return self.server_address[1]

	def keep(self, recipients: list[str], lines: list[bytes]) -> None:
		wanted = [one for one in recipients if one.endswith(self.ending)]
		self.received.update(wanted)
		parts = email.message_from_bytes(b"".join(lines)).walk()
		text = "".join(
			part.get_payload(decode=True).decode() for part in parts if part.get_content_type() == "text/html"
		)
		self.letters += [text] * bool(wanted)


class _Conversation(socketserver.StreamRequestHandler):
	def handle(self):
		self.server.lines += 1
		if self.server.refuses:
			self.server.refused += 1
			self.answer("421 not now")
			return
		if self.server.hangs:
			self.server.asked.set()
			self.server.released.wait(20)
		self.answer("220 letterbox")
		recipients = []
		while line := self.rfile.readline():
			word = line.decode(errors="replace").strip()
			if word.upper().startswith("RCPT"):
				recipients += re.findall(r"<([^>]+)>", word)
				self.answer("250 ok")
			elif word.upper() == "DATA":
				if self.server.balks:
					return
				self.answer("354 go on")
				lines = []
				while (line := self.rfile.readline()) not in (b".\r\n", b""):
					lines.append(line[line.startswith(b".") :])  # a leading dot is doubled on the way (RFC 5321, 4.5.2)
				self.server.keep(recipients, lines)
				recipients = []
				if self.server.swallows:
					self.server.released.wait(20)
					return
				self.answer("250 kept")
			elif word.upper() == "QUIT":
				self.answer("221 bye")
				return
			else:
				self.answer("250 ok")

	def answer(self, text: str) -> None:
		self.wfile.write(f"{text}\r\n".encode())
