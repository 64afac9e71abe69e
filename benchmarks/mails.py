"""How long a page waits for its sender, with and without thousands of mails to residents: percentiles and what they come to.

	OUTAGE_BENCH=/path/to/bench OUTAGE_SITE=name <bench>/env/bin/python -m benchmarks.mails [--pages 100] [--mails 6000]

Workers, Redis, mail server and gateway are its own, on loopback; the site's scheduler stands still meanwhile. Pages are written
one after the other as a verb writes them, and the minute's jobs are asked for as the scheduler does. A page's delay is from
its row to the gateway's answer. Four runs: one worker without mail and with mails; a worker for ringing beside it without mail,
and with a mail server that takes the line and says nothing. What it makes is swept at the end.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import frappe
import tomllib
from frappe.utils import now_datetime

from tests.site import live
from tests.site import world as build
from tests.site.gateway import Gateway
from tests.site.letterbox import Letterbox
from tests.site.private_redis import Redis
from tests.site.ringing import BODY

from .declare import site

ROOT = Path(__file__).resolve().parents[1]
PROPERTY, CHANNEL = "Benchmark Mails", "Benchmark Gateway"
MOST_SECONDS_MORE, MOST_TIMES_MORE = 3.0, 2.0
APART_SECONDS = 1.5
WARM_UP = 9999
# What the scheduler asks for each minute, at the back of a line; here more often, as the runs are short
MINUTE_JOBS = ("ring_every_minute", "every_minute", "bulk_every_minute")
EACH_SECONDS = 10


def ring_somebody(incident: str, number: int) -> None:
	"""One page to one person, as a verb writes it; runs in the process whose Redis is the benchmark's."""
	from outage_response.domain.escalation import ASSIGNED, Person
	from outage_response.flows.paging import page_rows

	doc = frappe.get_doc("Outage Incident", incident)
	task = frappe.get_all(
		"Outage Task", {"incident": incident, "status": "Open"}, ["name", "priority", "department"], limit=1
	)
	person = Person(f"benchmark:{number}", name=f"Benchmark {number}", phone=f"1390000{number:04d}")
	page_rows.write(doc, [page_rows.Call(person, CHANNEL, ASSIGNED, task)], now_datetime())


def ask_for_the_minutes_jobs() -> None:
	"""As Frappe's scheduler: at the back of `default`, none twice."""
	for name in MINUTE_JOBS:
		job = f"outage_response.jobs.{name}"
		frappe.enqueue(job, queue="default", job_id=f"scheduled_job::{job}", deduplicate=True)


def wait_to_be_told(incident: str, contact: str, how_many: int) -> None:
	"""So many mails to residents that nobody has handed to Frappe's queue yet."""
	from outage_response import bulk

	system = {"incident": incident, "property": PROPERTY, "kind": "First Word"}
	notice = bulk.insert(
		"Outage Notice",
		[{**system, "mode": "Individual", "language": "en", "subject": "No power", "message": "We know."}],
	)[0]
	row = {**system, "notice": notice, "contact": contact, "channel": "E-mail", "state": "Queued", "priority": 3}
	for first in range(0, how_many, 1000):
		rows = [
			{**row, "link_key": frappe.generate_hash(length=20), "dedupe_key": f"benchmark {incident} {number}"}
			for number in range(first, min(first + 1000, how_many))
		]
		bulk.insert("Notice Delivery", rows)
	frappe.db.commit()


@contextlib.contextmanager
def workers(sites: Path, *queues: str) -> Iterator[None]:
	"""One worker for each: "" works at all queues."""
	loads = ",".join(tomllib.loads((ROOT / "bench.toml").read_text(encoding="utf-8"))["worker_loads"])
	command = [sys.executable, "-m", "portable_bench.inside.worker", sites, "--load", loads]
	running = [
		subprocess.Popen(
			[str(part) for part in (*command, *filter(None, (queue,)))],
			cwd=ROOT,
			env={**os.environ, "PYTHONPATH": str(ROOT / "tools" / "portable_bench")},
			stdout=subprocess.DEVNULL,
			stderr=subprocess.DEVNULL,
		)
		for queue in queues
	]
	try:
		yield
	finally:
		for one in running:
			one.terminate()
		for one in running:
			with contextlib.suppress(subprocess.TimeoutExpired):
				one.wait(timeout=15)
			one.kill()


def run(
	title: str, wanted: argparse.Namespace, mails: int = 0, *, hangs: bool = False, own_line: bool = False
) -> list[float]:
	"""Delays in seconds of so many pages, in order."""
	undo = contextlib.ExitStack()
	with undo:
		there, letterbox, gateway = Redis(), Letterbox(), Gateway()
		for end in (there.stop, letterbox.shutdown, gateway.close):
			undo.callback(end)
		letterbox.hangs = hangs
		undo.callback(letterbox.released.set)
		gateway.allow()
		frappe.db.set_value("Paging Channel", CHANNEL, "url", gateway.url)
		_forget_the_mail_server()
		frappe.db.commit()
		frappe.clear_cache()
		settings = {
			"redis_queue": there.url,
			"workers": {"ringing": {}} if own_line else {},
			"mail_server": "127.0.0.1",
			"mail_port": letterbox.port,
			"disable_mail_smtp_authentication": 1,
			"mute_emails": 0,
		}
		sites = live.LiveTest._sites_with(settings, undo.callback)
		process = live.Process(sites)
		undo.callback(process.end)
		incident = process.call(
			"operator", "declare", property=PROPERTY, nodes=[frappe.flags.benchmark_room], request_id=title
		)
		incident = incident["answer"]["incident"]
		frappe.db.rollback()
		if mails:
			wait_to_be_told(incident, frappe.flags.benchmark_contact, mails)
		undo.enter_context(workers(sites, *(("", "ringing") if own_line else ("",))))
		process.call("Administrator", "benchmarks.mails.ask_for_the_minutes_jobs")
		# workers have read the code, and the first mails are on their way
		process.call("Administrator", "benchmarks.mails.ring_somebody", incident=incident, number=WARM_UP)
		_delays(incident, 1)
		while mails and not (letterbox.received or letterbox.asked.is_set()):
			time.sleep(0.1)
		letterbox.received.clear()
		began = asked = time.monotonic()
		for number in range(wanted.pages):
			process.call("Administrator", "benchmarks.mails.ring_somebody", incident=incident, number=number)
			if time.monotonic() - asked > EACH_SECONDS:
				asked = time.monotonic()
				process.call("Administrator", "benchmarks.mails.ask_for_the_minutes_jobs")
			time.sleep(wanted.apart)
		delays = sorted(_delays(incident, wanted.pages + 1)[1:])  # without the one that warmed up
		seconds = time.monotonic() - began
		left = sum(letterbox.received.values())
		p50, p90, p99 = _of(delays, 50), _of(delays, 90), _of(delays, 99)
		print(f"  {title:42s} p50 {p50:6.2f}  p90 {p90:6.2f}  p99 {p99:6.2f}  longest {delays[-1]:6.2f} s", end="")
		_forget_the_mail_server()
		frappe.db.commit()
		print(f"    {len(delays)} pages and {left} mails in {seconds:.0f} s", flush=True)
	live.sweep_incidents(PROPERTY)
	return delays


def _delays(incident: str, pages: int, patience: int = 120) -> list[float]:
	page = frappe.qb.DocType("Outage Page")
	query = (
		frappe.qb.from_(page)
		.select(page.creation, page.sent_at)
		.where(page.incident == incident)
		.where(page.person.like("benchmark:%"))
		.where(page.sent_at.isnotnull())
		.orderby(page.creation)
	)
	until = time.monotonic() + patience
	while True:
		frappe.db.rollback()
		rows = query.run()
		if len(rows) >= pages or time.monotonic() > until:
			break
		time.sleep(0.5)
	if len(rows) < pages:
		print(f"  {pages - len(rows)} pages had not left after {patience} s")
	return [(sent - written).total_seconds() for written, sent in rows] or [float("inf")]


def _of(delays: list[float], percent: int) -> float:
	return statistics.quantiles(delays, n=100, method="inclusive")[percent - 1] if len(delays) > 1 else delays[0]


def _forget_the_mail_server() -> None:
	from outage_response.flows.notices import server_patience

	server_patience.answered(server_patience.MAIL)


@contextlib.contextmanager
def world() -> Iterator[None]:
	"""A property with a roster and one channel that rings; the site's clock stands still."""
	with contextlib.ExitStack() as undo:
		live.stand_still(undo.callback)
		live.sweep(PROPERTY)
		undo.callback(live.sweep_people)
		undo.callback(live.sweep, PROPERTY)
		tower = build.make_tower(PROPERTY, floors=2)
		build.make_roster(PROPERTY)
		frappe.flags.benchmark_room = tower["room"]
		contact = frappe.get_doc({"doctype": "Contact", "first_name": f"{PROPERTY} Resident"})
		contact.append("email_ids", {"email_id": "resident@benchmark.example.com", "is_primary": 1})
		contact.insert(ignore_permissions=True)
		frappe.db.set_value("Contact", contact.name, "email_id", "resident@benchmark.example.com")
		frappe.flags.benchmark_contact = contact.name
		undo.callback(frappe.delete_doc, "Contact", contact.name, force=True, ignore_permissions=True)
		enabled = frappe.get_all("Paging Channel", {"enabled": 1, "name": ("!=", CHANNEL)}, pluck="name")
		channels = frappe.qb.DocType("Paging Channel")
		frappe.qb.update(channels).set(channels.enabled, 0).where(channels.name.isin(enabled or [""])).run()

		def channels_back() -> None:
			frappe.db.rollback()
			frappe.qb.update(channels).set(channels.enabled, 1).where(channels.name.isin(enabled or [""])).run()
			frappe.db.delete("Paging Channel", {"name": CHANNEL})
			frappe.db.commit()
			frappe.clear_cache()

		undo.callback(channels_back)
		frappe.db.delete("Paging Channel", {"name": CHANNEL})
		values = {"doctype": "Paging Channel", "channel_name": CHANNEL, "kind": "HTTP", "enabled": 1, "body": BODY}
		frappe.get_doc({**values, "url": "http://127.0.0.1:9/"}).insert()
		frappe.db.commit()
		yield


def main(arguments: list[str] | None = None) -> None:
	parser = argparse.ArgumentParser(prog="python -m benchmarks.mails", description=__doc__.splitlines()[0])
	parser.add_argument("--pages", type=int, default=100)
	parser.add_argument("--mails", type=int, default=6000)
	parser.add_argument("--apart", type=float, default=APART_SECONDS, help="seconds between two pages")
	wanted = parser.parse_args(arguments)
	with site(), world():
		print(f"{wanted.pages} pages, {wanted.apart:.1f} s apart; {wanted.mails} mails to residents wait")
		alone = run("one worker, no mail", wanted)
		mails = run(f"one worker, {wanted.mails} mails wait", wanted, wanted.mails)
		own = run("a worker for ringing, no mail", wanted, own_line=True)
		hangs = run("a worker for ringing, mail server hangs", wanted, wanted.mails, hangs=True, own_line=True)
	more = _of(mails, 99) - _of(alone, 99)
	times = _of(hangs, 99) / _of(own, 99)
	print(f"p99 with mails: {more:+.2f} s (at most {MOST_SECONDS_MORE:.0f} s above without)")
	print(
		f"p99 with a mail server that hangs: {times:.2f} times that without mail (at most {MOST_TIMES_MORE:.0f} times)"
	)
	if more > MOST_SECONDS_MORE or times > MOST_TIMES_MORE:
		print("an aim is MISSED")
		sys.exit(1)


if __name__ == "__main__":
	main()
