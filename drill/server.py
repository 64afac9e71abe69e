"""The site's own web application on loopback, with a clock that the drill sets. It lives as long as the drill does.

Usage: python -m drill.server SITES_FOLDER SITE TIME_ZONE, with the secret in OUTAGE_DRILL_SECRET. The first line on
standard output is the port. A request without the secret gets nothing, so nobody else can turn the clock.
"""

import json
import os
import sys
from datetime import datetime, timedelta
from hmac import compare_digest
from pathlib import Path
from zoneinfo import ZoneInfo

CLOCK_HEADER, SECRET_HEADER = "X-Drill-Clock", "X-Drill-Secret"
MINUTES_PATH = "/drill/minutes"
MINUTE = "* * * * *"
FORMAT = "%Y-%m-%d %H:%M:%S"


def forget_checkout() -> None:
	"""The app that runs is the bench's: what lies beside this package must not be found first."""
	root = Path(__file__).resolve().parents[1]
	sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != root]


def stopped_at(moment: datetime, zone: str):
	"""A context in which it is `moment`, site time, and goes on from there."""
	import time_machine

	return time_machine.travel(moment.replace(tzinfo=ZoneInfo(zone)).timestamp(), tick=True)


def minutes_between(after: datetime, until: datetime) -> list[datetime]:
	"""Every fifth full minute of a quiet stretch, and the last one: what comes round is there before the next thing happens."""
	last = until.replace(second=0)
	minute = after.replace(second=0) + timedelta(minutes=1)
	found = []
	while minute <= last:
		if minute.minute % 5 == 0 or minute == last:
			found.append(minute)
		minute += timedelta(minutes=1)
	return found


class Application:
	"""WSGI: each request runs at the time it names."""

	def __init__(self, site: str, zone: str, secret: str):
		import frappe.app

		frappe.app._site = site
		self.framework = frappe.app.application
		self.site, self.zone, self.secret = site, zone, secret
		self.rang = datetime.min
		from outage_response.flows.paging import page_rows

		page_rows._enqueue = lambda: None  # a worker of the bench has another clock: this process sends

	def __call__(self, environ, start_response):
		if not compare_digest(environ.get("HTTP_X_DRILL_SECRET", ""), self.secret):
			start_response("403 Forbidden", [("Content-Type", "text/plain")])
			return [b"This server belongs to a drill."]
		if environ["PATH_INFO"] == MINUTES_PATH:
			return self._minutes(environ, start_response)
		environ["HTTP_X_FRAPPE_SITE_NAME"] = self.site
		with stopped_at(datetime.strptime(environ["HTTP_X_DRILL_CLOCK"], FORMAT), self.zone):
			answer = self.framework(environ, start_response)
			body = b"".join(answer)
			if hasattr(answer, "close"):
				answer.close()
			if environ["REQUEST_METHOD"] == "POST":
				self._ring()
		return [body]

	def _ring(self) -> None:
		"""What a worker of the bench would do a moment later, by its own clock: send the pages that the request wrote."""
		import frappe

		from outage_response import jobs

		frappe.init(site=self.site, sites_path=".")
		try:
			frappe.connect()
			jobs.send_pages()
		finally:
			frappe.destroy()

	def _minutes(self, environ, start_response):
		wanted = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
		done = self.run_minutes(*(datetime.strptime(wanted[key], FORMAT) for key in ("after", "until")))
		start_response("200 OK", [("Content-Type", "application/json")])
		return [json.dumps({"minutes": done}).encode()]

	def run_minutes(self, after: datetime, until: datetime) -> int:
		"""What the scheduler runs each minute, between `after` and `until`. Answers how often it ran."""
		import frappe

		done = 0
		frappe.init(site=self.site, sites_path=".")
		try:
			frappe.connect()
			frappe.set_user("Administrator")
			jobs = frappe.get_hooks("scheduler_events", app_name="outage_response")["cron"][MINUTE]
			from outage_response.flows.tasks.recurring_steps import ticking_incidents

			if not ticking_incidents():  # only a verb can change that, and none runs in between
				return 0
			for minute in minutes_between(after, until):
				done += self._ring_before(minute)
				self._at(minute, jobs)
				done += 1
		finally:
			frappe.destroy()
		return done

	def _ring_before(self, until: datetime) -> int:
		"""The minutes in between in which somebody is to be rung. Answers how many."""
		import frappe

		done = 0
		while True:
			frappe.db.rollback()
			task, page = (
				frappe.get_all(doctype, filters, [field], order_by=f"{field} asc", limit=1, pluck=field)
				for doctype, field, filters in (
					("Outage Task", "ring_at", {"ring_at": ("is", "set")}),
					("Outage Page", "send_after", {"status": "Queued"}),
				)
			)
			if not (task or page):
				return done
			due = min(task + page)
			minute = due.replace(second=0, microsecond=0)
			minute += timedelta(minutes=int(minute < due))
			minute = max(minute, self.rang + timedelta(minutes=1))
			if minute >= until:
				return done
			self._at(minute, ["outage_response.jobs.ring"])
			done += 1

	def _at(self, minute: datetime, jobs: list[str]) -> None:
		import frappe

		with stopped_at(minute, self.zone):
			# the quiet minutes are left out, and are no standstill
			frappe.db.set_single_value("Outage Response Settings", "rang_until", minute - timedelta(minutes=1))
			for job in jobs:
				frappe.get_attr(job)()
				frappe.db.commit()
		self.rang = minute


def main(sites: str, site: str, zone: str) -> None:
	"""Serve until ended."""
	secret = os.environ.pop("OUTAGE_DRILL_SECRET")
	forget_checkout()
	os.chdir(sites)

	from werkzeug.serving import WSGIRequestHandler, make_server

	class Quiet(WSGIRequestHandler):
		def log_request(self, *args) -> None:
			pass

	server = make_server("127.0.0.1", 0, Application(site, zone, secret), request_handler=Quiet)
	print(server.server_port, flush=True)
	server.serve_forever()


if __name__ == "__main__":
	main(*sys.argv[1:])
