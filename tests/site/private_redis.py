"""A Redis on loopback that a test may stop and start; nothing else uses it."""

import shutil
import socket
import subprocess
import tempfile
import time


class Redis:
	"""Runs from the beginning, on a free port, and keeps nothing."""

	def __init__(self):
		with socket.create_server(("127.0.0.1", 0)) as free:
			self.port = free.getsockname()[1]
		self.folder = tempfile.TemporaryDirectory()
		self.child = None
		self.start()

	@property
	def url(self) -> str:
		return f"redis://127.0.0.1:{self.port}"

	def start(self) -> None:
		"""Waits until it answers."""
		program = shutil.which("redis-server") or shutil.which("valkey-server")
		self.child = subprocess.Popen(
			[program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder.name],
			stdout=subprocess.DEVNULL,
		)
		for _try in range(100):
			with socket.socket() as line:
				if not line.connect_ex(("127.0.0.1", self.port)):
					return
			time.sleep(0.05)
		raise TimeoutError("the test's Redis does not answer")

	def stop(self) -> None:
		"""At once, as when it is killed. Stopped twice, it stays stopped."""
		if self.child:
			self.child.kill()
			self.child.wait(timeout=10)
			self.child = None
