"""A process of its own that serves calls as a web worker does: each with a fresh connection, user and transaction.

Speaks JSON lines: told a call, it connects and says "ready"; told "go", it runs the call, commits or rolls back, and
answers. Started by `live.Process` with the bench's Python in the folder of its sites.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
import time
from datetime import timedelta
from unittest.mock import patch

import frappe

MARK = "@outage "


def say(event: str, **words) -> None:
	"""One line to the parent."""
	sys.stdout.write(f"{MARK}{json.dumps({'event': event, **words}, default=str)}\n")
	sys.stdout.flush()


def heard() -> dict:
	"""One line from the parent; ends the process when the parent is gone."""
	line = b""
	while not line.endswith(
		b"\n"
	):  # byte by byte: what is read ahead would be lost to the process that comes after a fork
		byte = os.read(0, 1)
		if not byte:
			os._exit(0)
		line += byte
	return json.loads(line)


def step_in(path: str, times: int, act) -> contextlib.AbstractContextManager:
	"""Call `act` before the function at `path` runs for the `times`-th time; 0: each time."""
	module, _dot, name = path.rpartition(".")
	owner = attribute(module) if module.rpartition(".")[2][:1].isupper() else importlib.import_module(module)
	original, calls = getattr(owner, name), []

	def instead(*args, **kwargs):
		calls.append(1)
		if times in (0, len(calls)):
			act()
		return original(*args, **kwargs)

	return patch.object(owner, name, instead)


def die() -> None:
	"""As a machine that loses power."""
	os.kill(os.getpid(), signal.SIGKILL)


def wait() -> None:
	"""Stand still until the parent says go on."""
	say("paused")
	heard()


def deadlock() -> None:
	"""What the database says to a deadlock's victim, whose transaction it has rolled back."""
	frappe.db.rollback()
	raise frappe.QueryDeadlockError("Deadlock found when trying to get lock; try restarting transaction")


def forget() -> None:
	"""As where nothing is remembered: what was cached of people and doctypes is away, and read from the database again."""
	frappe.cache.flushall()
	frappe.local.role_permissions = {}
	frappe.get_meta("Outage Incident", cached=False)


def attribute(path: str):
	"""What a dotted path names, of this program too."""
	module, _dot, name = path.rpartition(".")
	return getattr(importlib.import_module(module), name)


def redis_answers() -> bool:
	"""Whether this process reaches the Redis of its settings."""
	try:
		return bool(frappe.cache.ping())
	except Exception:
		return False


def send_mails(times: int = 1) -> int:
	"""Send what waits for the mail server, as the job does; how many waited."""
	from outage_response import jobs
	from outage_response.flows.paging import mail_queue

	waited = 0
	for _time in range(times):
		waited += len(mail_queue.waiting())
		jobs.send_mails()
	return waited


def send_bulk() -> None:
	"""The minute's bulk, in one slice however slow the machine is: in the next one the first mail that the server refuses would
	end the handing over."""
	from outage_response import jobs

	jobs.SLICE_SECONDS = 60.0
	jobs.bulk_every_minute()


def write_tickets(contacts: list[str]) -> int:
	"""One ticket of each, in a transaction of its own; written again where the platform's own counters collide."""
	for contact in contacts:
		for _try in range(10):
			try:
				doc = frappe.new_doc("HD Ticket")
				doc.update({"subject": "No power", "description": "It is dark", "contact": contact})
				doc.insert(ignore_permissions=True, ignore_mandatory=True)
				frappe.db.commit()
				break
			except frappe.QueryDeadlockError:
				frappe.db.rollback()
	return len(contacts)


def read_tickets(property_name: str, rounds: int) -> int:
	"""What the worker does, again and again."""
	from outage_response import jobs

	for _round in range(rounds):
		jobs.sweep_tickets()
		time.sleep(0.1)
	return frappe.db.count("Trouble Call", {"property": property_name})


def committed() -> None:
	"""The moment between the commit and the answer."""


ACTS = {"kill": die, "pause": wait, "deadlock": deadlock, "forget": forget}


def run(call: dict) -> dict:
	"""One call, committed or rolled back."""
	with contextlib.ExitStack() as changes:
		for act, path, times in call["acts"]:
			changes.enter_context(step_in(path, times, ACTS[act]))
		if call["ahead"]:
			base = importlib.import_module("tests.site.base")
			clock = base.Clock(frappe.utils.now_datetime() + timedelta(minutes=call["ahead"]))
			clock.start()
			changes.callback(clock.stop)
		try:
			answer = attribute(call["method"])(**call["arguments"])
			frappe.db.commit()
			committed()
			return {"answer": answer}
		except Exception as error:
			frappe.db.rollback()
			return {"error": type(error).__name__, "text": str(error), "trace": frappe.get_traceback()}


def serve(site: str, call: dict) -> dict:
	"""Connect, wait for "go", run one call."""
	frappe.init(site=site, sites_path=".", force=True)
	frappe.connect()
	for statement in call["session"]:
		frappe.db.sql(statement)
	frappe.set_user(call["user"])
	frappe.db.commit()
	say("ready")
	heard()
	result = run(call)
	frappe.destroy()
	return result


def know_the_app() -> None:
	"""Load what nearly every call needs, once, before a child is made for each call that ends in a kill."""
	for module in ("outage_response.jobs", "outage_response.api.staff", "frappe.core.doctype.user.user"):
		importlib.import_module(module)


def serve_in_a_child(site: str, call: dict) -> dict:
	"""For calls that end in a kill: this process stays. The child dies with its connection and whatever it had open."""
	child = os.fork()
	if not child:
		say("done", **serve(site, call))
		os._exit(0)
	_pid, status = os.waitpid(child, 0)
	return {"killed": True} if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL else {}


def main(site: str) -> None:
	"""Serve calls until the parent closes the line."""
	know_the_app()
	while True:
		call = heard()
		if any(act == "kill" for act, _path, _times in call["acts"]):
			result = serve_in_a_child(site, call)
			if not result:
				continue
		else:
			result = serve(site, call)
		say("done", **result)


if __name__ == "__main__":
	main(sys.argv[1])
