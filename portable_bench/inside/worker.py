"""Frappe's own worker, that has read the app's code before it begins.

It makes a child for each job, and a child that has to read the code of Frappe and of the app first is busy with that for
longer than with most jobs.

Usage: python -m portable_bench.inside.worker SITES_FOLDER
"""

import importlib
import os
import pkgutil
import sys

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


if __name__ == "__main__":
	os.chdir(sys.argv[1])
	read_code()
	from frappe.utils.background_jobs import start_worker

	start_worker()
