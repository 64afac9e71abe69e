"""Small jobs on one site, by the framework's own means.

Usage, from the folder of the sites: python -m portable_bench.inside.site settle|wake|know SITE
"""

import os
import sys

import frappe

# The community and the tower of the drill stand in China; a site can say otherwise in System Settings.
COUNTRY, TIME_ZONE, LANGUAGE = "China", "Asia/Shanghai", "en"


def settle() -> None:
	"""What a person does in the setup wizard: without it Desk shows nothing else."""
	settings = frappe.get_doc("System Settings")
	settings.update(
		{
			"country": COUNTRY,
			"time_zone": TIME_ZONE,
			"language": LANGUAGE,
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


def wake() -> None:
	"""A site just read from a dump: nothing of an earlier site of its name, and a scheduler that works as on a site in use."""
	from frappe.utils import now
	from frappe.utils.doctor import purge_pending_jobs

	purge_pending_jobs(site=frappe.local.site)
	# Without a recent entry here the scheduler takes the site for abandoned and works once a day.
	frappe.get_doc(doctype="Activity Log", subject="Set up", operation="Login", status="Success").insert()
	# Otherwise the first tick runs every daily, weekly and monthly job at once, in the way of the drill's own.
	jobs = frappe.qb.DocType("Scheduled Job Type")
	frappe.qb.update(jobs).set(jobs.last_execution, now()).run()
	know()


def know() -> None:
	"""A site of this bench that was made from a dump, or has stood still for days, is no restored backup: it asks nobody."""
	if "outage_response" in frappe.get_installed_apps():
		from outage_response.flows.site import same_site

		same_site.know(muted_since=None)


def main(job: str, site: str) -> None:
	"""Run one job on one site."""
	sites = os.environ["OUTAGE_SITES"]
	os.chdir(sites)
	frappe.init(site=site, sites_path=".")
	frappe.connect()
	try:
		{"settle": settle, "wake": wake, "know": know}[job]()
		frappe.db.commit()
		frappe.clear_cache()
	finally:
		frappe.destroy()


if __name__ == "__main__":
	main(*sys.argv[1:])
