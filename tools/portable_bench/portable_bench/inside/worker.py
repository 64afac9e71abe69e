"""Frappe's own worker, that has read the app's code before it begins.

It makes a child for each job, and a child that has to read the code of Frappe and of the app first is busy with that for
longer than with most jobs. And it comes back when Redis does: on a production bench supervisor or systemd sees to that.

Usage: python -m portable_bench.inside.worker SITES_FOLDER [QUEUE] [--load PACKAGE,MODULE]     (without a queue, all of them)
"""

import argparse
import contextlib
import importlib
import os
import pkgutil
import sys
import time
from collections.abc import Iterable, Sequence

SECONDS_BETWEEN_TRIES = 1
# What jobs use of Frappe and what it loads late
FRAMEWORK = (
	"frappe.core.doctype.communication.communication",
	"frappe.core.doctype.scheduled_job_type.scheduled_job_type",
	"frappe.core.doctype.user.user",
	"frappe.desk.doctype.notification_log.notification_log",
	"frappe.email.doctype.email_queue.email_queue",
	"frappe.email.queue",
	"frappe.model.db_query",
	"frappe.model.meta",
	"frappe.monitor",
	"frappe.recorder",
	"frappe.utils.jinja",
	"premailer",  # each mail's HTML
	"frappe.utils.scheduler",
)


def read_code(names: Iterable[str]) -> None:
	"""Load the modules of Frappe that jobs use, and these of the app: a module, or a package with all that lies directly in it."""
	for name in (*FRAMEWORK, *names):
		loaded = importlib.import_module(name)
		if name not in FRAMEWORK:
			for module in pkgutil.iter_modules(getattr(loaded, "__path__", ()), f"{name}."):
				importlib.import_module(module.name)


def work(queue: str | None = None) -> None:
	"""Work at one queue, or at all, until asked to stop. Frappe's worker ends where Redis goes away at the wrong moment; then the next one begins."""
	from frappe.utils import background_jobs
	from redis.exceptions import ConnectionError as RedisAway
	from rq.worker import StopRequested

	class Worker(background_jobs.Worker):
		max_connection_wait_time = SECONDS_BETWEEN_TRIES
		asked_to_stop = False

		def request_stop(self, signum, frame):
			Worker.asked_to_stop = True
			super().request_stop(signum, frame)

	background_jobs.Worker = Worker
	with contextlib.suppress(StopRequested):  # asked between two workers
		while not Worker.asked_to_stop:
			with contextlib.suppress(RedisAway):
				background_jobs.start_worker(queue)
			if not Worker.asked_to_stop:
				time.sleep(SECONDS_BETWEEN_TRIES)


def told(words: Sequence[str]) -> argparse.Namespace:
	"""What it is called with; the queue may stand before or after --load."""
	parser = argparse.ArgumentParser()
	parser.add_argument("sites")
	parser.add_argument("queue", nargs="?")
	parser.add_argument("--load", default="")
	return parser.parse_intermixed_args(words)


if __name__ == "__main__":
	options = told(sys.argv[1:])
	os.chdir(options.sites)
	read_code(filter(None, options.load.split(",")))
	work(options.queue)
