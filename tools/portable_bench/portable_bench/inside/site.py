"""Small jobs on one site, by the framework's own means.

Usage: python -m portable_bench.inside.site settle|wake|know SITE SITES_FOLDER TOLD      (see sites.py for TOLD)
"""

import json
import os
import sys

import frappe


def settle(told: dict) -> None:
	"""What a person does in the setup wizard: without it Desk shows nothing else."""
	settings = frappe.get_doc("System Settings")
	settings.update(
		{
			**told["settings"],
			"enable_scheduler": 1,
			"enable_telemetry": 0,
			"setup_complete": 1,
			# No tours of the framework before somebody can work.
			"enable_onboarding": 0,
			# Days without a login after which the scheduler takes a site for abandoned.
			"dormant_days": 3650,
		}
	)
	settings.flags.ignore_mandatory = True
	settings.save()
	frappe.db.set_default("desktop:home_page", "workspace")
	frappe.db.set_single_value("System Settings", "setup_complete", 1)


def wake(told: dict) -> None:
	"""A site just read from a dump: nothing of an earlier site of its name, and a scheduler that works as on a site in use."""
	from frappe.utils import now
	from frappe.utils.doctor import purge_pending_jobs

	purge_pending_jobs(site=frappe.local.site)
	# Without a recent entry here the scheduler takes the site for abandoned and works once a day.
	frappe.get_doc(doctype="Activity Log", subject="Set up", operation="Login", status="Success").insert()
	# Otherwise the first tick runs every daily, weekly and monthly job at once, in the way of the demo's own.
	jobs = frappe.qb.DocType("Scheduled Job Type")
	frappe.qb.update(jobs).set(jobs.last_execution, now()).run()
	know(told)


def know(told: dict) -> None:
	"""Tell the app that this site is what it takes itself for, although it was made from a dump or has stood still for days."""
	if told["call"] and told["app"] in frappe.get_installed_apps():
		frappe.get_attr(told["call"])(**told["arguments"])


def main(job: str, site: str, sites: str, told: str) -> None:
	"""Run one job on one site."""
	os.chdir(sites)
	frappe.init(site=site, sites_path=".")
	frappe.connect()
	try:
		{"settle": settle, "wake": wake, "know": know}[job](json.loads(told))
		frappe.db.commit()
		frappe.clear_cache()
	finally:
		frappe.destroy()


if __name__ == "__main__":
	main(*sys.argv[1:])
