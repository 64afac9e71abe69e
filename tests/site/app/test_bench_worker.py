"""The portable bench's own worker, on a Redis that a test may take away."""

import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

import frappe
from redis import Redis as Client
from rq import Queue

from ..private_redis import Redis

TOOL = Path(__file__).resolve().parents[3] / "tools" / "portable_bench"


class ComesBack(unittest.TestCase):
	def test_the_worker_comes_back_when_redis_does(self):
		redis = Redis()
		self.addCleanup(redis.stop)
		worker = subprocess.Popen(
			[sys.executable, "-c", "from portable_bench.inside import worker; worker.work()"],
			cwd=frappe.local.sites_path,
			env={**os.environ, "PYTHONPATH": str(TOOL), "FRAPPE_REDIS_QUEUE": redis.url},
			stdout=subprocess.DEVNULL,
			stderr=subprocess.DEVNULL,
		)
		self.addCleanup(lambda: (worker.kill(), worker.wait(10)))
		self.assertTrue(self.done(redis))
		job = self.ask(redis, 1)
		self.wait(lambda: job.get_status() == "started")
		redis.stop()  # in the middle of a job
		time.sleep(1)
		self.assertIsNone(worker.poll(), "it ended with Redis")
		redis.start()
		self.assertTrue(self.done(redis), "it did not come back")
		worker.terminate()
		self.assertEqual(worker.wait(10), 0, "asked to stop, it stops")

	def ask(self, redis: Redis, seconds: float = 0):
		from frappe.utils.background_jobs import generate_qname

		return Queue(generate_qname("short"), connection=Client.from_url(redis.url)).enqueue("time.sleep", seconds)

	def done(self, redis: Redis) -> bool:
		"""Does somebody do a job soon?"""
		job = self.ask(redis)
		return self.wait(lambda: job.get_status() == "finished")

	def wait(self, ready, seconds: float = 30) -> bool:
		end = time.monotonic() + seconds
		while not ready():
			if time.monotonic() > end:
				return False
			time.sleep(0.1)
		return True
