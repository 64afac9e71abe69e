"""Frappe's own worker, that has read the app's code before it begins.

It makes a child for each job, and a child that has to read the code of Frappe and of the app first is busy with that for
longer than with most jobs. And it comes back when Redis does: on a production bench supervisor or systemd sees to that.

Usage: python -m portable_bench.inside.worker SITES_FOLDER [QUEUE]     (without one, all queues)
"""

import contextlib
import importlib
import os
import pkgutil
import sys
import time

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


def read_code() -> None:
	"""Load the modules of Frappe that jobs use, and those of the app that are not run by hand."""
	import outage_response

	for name in FRAMEWORK:
		importlib.import_module(name)
	for folder in ("api", "domain", "flows"):
		path = [os.path.join(outage_response.__path__[0], folder)]
		for module in pkgutil.iter_modules(path, f"outage_response.{folder}."):
			importlib.import_module(module.name)
	importlib.import_module("outage_response.jobs")


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


if __name__ == "__main__":
	os.chdir(sys.argv[1])
	read_code()
	work(*sys.argv[2:3])
