"""A mail server that delivers nothing and keeps everything: each mail becomes a file.

Usage: python -m portable_bench.inside.mail_sink FOLDER PORT
"""

import asyncio
import itertools
import re
import sys
from datetime import datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Keep:
	"""Writes each mail to a file named by time and first recipient."""

	def __init__(self, folder: Path):
		self.folder = folder
		self.count = itertools.count(1)

	async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
		"""Called by the server for each mail."""
		to = re.sub(r"[^\w.@+-]", "_", envelope.rcpt_tos[0] if envelope.rcpt_tos else "nobody")
		name = f"{datetime.now():%Y%m%d-%H%M%S}-{next(self.count):04d}-{to}.eml"
		recipients = ", ".join(envelope.rcpt_tos)
		head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {recipients}\r\n".encode()
		(self.folder / name).write_bytes(head + (envelope.original_content or b""))
		return "250 Kept"


async def main(folder: str, port: str) -> None:
	"""Listen until ended."""
	Path(folder).mkdir(parents=True, exist_ok=True)
	keep = Keep(Path(folder))
	server = await asyncio.get_running_loop().create_server(
		lambda: SMTP(keep, hostname="localhost", enable_SMTPUTF8=True), "127.0.0.1", int(port)
	)
	async with server:
		await server.serve_forever()


if __name__ == "__main__":
	asyncio.run(main(*sys.argv[1:]))
