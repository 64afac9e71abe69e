"""A storm: a thousand tickets for one tower, entered by sixteen processes at once while the outage is being declared.

	OUTAGE_BENCH=/path/to/bench OUTAGE_SITE=name <bench>/env/bin/python -m benchmarks.storm [--tickets 1000] [--clerks 16]

It must end as one proposal and one incident with every ticket linked once. Everything is committed, since other
processes have to see it, and deleted at the end. One process stands for the worker. Refuses a site that does not allow
tests; needs Frappe Helpdesk or ERPNext.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import frappe

from .declare import site
from .tower import Size, build

NAME = "Storm Tower"
MAIL = "storm{}@example.com"
READY_SECONDS = 120
OURS = ("Outage Incident", "Outage Task", "Timeline Entry", "Trouble Call", "Outage Proposal", "Outage Ticket Reply")
MASTERS = ("Managed Property", "Power Node", "Property Unit", "Property Asset", "Duty Shift")


def ticket_doctype() -> str:
	from outage_response.integrations import desks

	found = [desk.DOCTYPE for desk in desks()]
	return (
		found[0] if found else sys.exit("This site has neither Frappe Helpdesk nor ERPNext, or they are switched off.")
	)


# ---------------------------------------------------------------- the parts that run in processes of their own


def enter(first: int, last: int, start: Path) -> None:
	"""A clerk: enters tickets first..last-1, each in its own transaction."""
	doctype = ticket_doctype()
	frappe.set_user("Administrator")
	_is_ready(start.parent)
	while not start.exists():
		time.sleep(0.02)
	for number in range(first, last):
		values = {
			"doctype": doctype,
			"subject": "No power",
			"description": f"It is dark here since a while, message {number}.",
			"raised_by": MAIL.format(number),
			"contact": f"{NAME} resident {number + 1:05d}",
		}
		for _attempt in range(10):
			try:
				frappe.get_doc(values).insert(ignore_permissions=True)
				frappe.db.commit()
				break
			except frappe.QueryDeadlockError:  # the platform's own counters; a web client would try again too
				frappe.db.rollback()
		else:
			sys.exit(f"ticket {number} could not be entered")


def work(stop: Path) -> None:
	"""The worker: reads tickets and places calls until told to stop."""
	from outage_response import jobs

	_is_ready(stop.parent)
	while not stop.exists():
		jobs.sweep_tickets()
		time.sleep(0.05)
	jobs.sweep_tickets()


def declare(start: Path) -> None:
	"""The operator: declares the first proposal that appears."""
	from outage_response.api.staff import declare_proposal

	frappe.set_user(f"control_room-1@{NAME.lower().replace(' ', '-')}.example.com")
	_is_ready(start.parent)
	while True:
		frappe.db.rollback()
		found = frappe.get_all("Outage Proposal", filters={"property": NAME, "status": "Open"}, pluck="name")
		if found:
			began = time.perf_counter()
			result = declare_proposal(found[0])
			frappe.db.commit()
			print(
				f"  declared {result['incident']} in {time.perf_counter() - began:.2f} s, with {result['linked']} calls"
			)
			return
		time.sleep(0.05)


def _is_ready(folder: Path) -> None:
	"""This process has read its code and waits for the start."""
	(folder / f"ready-{os.getpid()}").touch()


# ---------------------------------------------------------------- the run


def storm(tickets: int, clerks: int) -> bool:
	sweep()
	build(NAME, Size(units=tickets, shafts=4, switches_per_shaft=25))
	frappe.db.commit()
	with tempfile.TemporaryDirectory() as folder:
		start, stop = Path(folder) / "start", Path(folder) / "stop"
		share = -(-tickets // clerks)
		workers = [
			_process("--enter", str(first), str(min(first + share, tickets)), str(start))
			for first in range(0, tickets, share)
		]
		others = [_process("--work", str(stop)), _process("--declare", str(start))]
		try:
			_wait_until_ready(Path(folder), [*workers, *others])
			began = time.perf_counter()
			start.touch()
			failed = [worker.wait() for worker in workers]
			entered = time.perf_counter() - began
			others[1].wait(timeout=120)
			while _waiting() and time.perf_counter() - began < 300:
				time.sleep(0.1)
			linked = time.perf_counter() - began
			stop.touch()
			others[0].wait(timeout=60)
		finally:
			for process in (*workers, *others):
				process.kill()  # does nothing to one that has ended
				process.wait()
	frappe.db.rollback()
	doctype = ticket_doctype()
	calls = frappe.get_all("Trouble Call", filters={"property": NAME}, fields=["ticket", "incident"])
	incidents = frappe.get_all("Outage Incident", filters={"property": NAME}, pluck="name")
	proposals = frappe.get_all("Outage Proposal", filters={"property": NAME}, pluck="status")
	replies = frappe.db.count("Outage Ticket Reply", {"property": NAME})
	shown = frappe.db.count(doctype, {"outage_incident": ("in", incidents or [""])})
	print(
		f"  {tickets} tickets ({doctype}) entered by {len(workers)} processes in {entered:.1f} s; all linked after {linked:.1f} s"
	)
	print(
		f"  proposals {proposals}, incidents {len(incidents)}, calls {len(calls)}, "
		f"different tickets {len({call.ticket for call in calls})}, linked {sum(bool(call.incident) for call in calls)}, "
		f"tickets that show it {shown}, answers queued {replies}"
	)
	return (
		not any(failed)
		and proposals == ["Declared"]
		and len(incidents) == 1
		and len(calls) == len({call.ticket for call in calls}) == tickets
		and {call.incident for call in calls} == set(incidents)
		and shown == replies == tickets
	)


def _process(*arguments: str) -> subprocess.Popen:
	root = Path(__file__).resolve().parents[1]
	return subprocess.Popen([sys.executable, "-W", "ignore", "-m", "benchmarks.storm", *arguments], cwd=root)


def _wait_until_ready(folder: Path, processes: list[subprocess.Popen]) -> None:
	"""Until every process has read its code. Exits where one has ended, or they take longer than READY_SECONDS."""
	end = time.monotonic() + READY_SECONDS
	while len(list(folder.glob("ready-*"))) < len(processes):
		if time.monotonic() > end or any(process.poll() is not None for process in processes):
			sys.exit("The clerks did not come to their desks: read what they say above.")
		time.sleep(0.05)


def _waiting() -> bool:
	frappe.db.rollback()
	linked = frappe.db.count("Trouble Call", {"property": NAME, "incident": ("is", "set")})
	return linked < frappe.db.count("Property Unit", {"property": NAME})


def sweep() -> None:
	"""Delete all that a run leaves."""
	doctype = ticket_doctype()
	incidents = frappe.get_all("Outage Incident", filters={"property": NAME}, pluck="name") or [""]
	tasks = frappe.get_all("Outage Task", filters={"property": NAME}, pluck="name") or [""]
	calls = frappe.get_all("Trouble Call", filters={"property": NAME}, pluck="ticket") or [""]
	people = frappe.get_all("User Permission", filters={"for_value": NAME}, pluck="user") or [""]
	for child, parents in (("Outage Affected Node", incidents), ("Outage Task Check", tasks)):
		frappe.db.delete(child, {"parent": ("in", parents)})
	frappe.db.delete("ToDo", {"reference_name": ("in", tasks)})
	frappe.db.delete("Notification Log", {"document_name": ("in", [*incidents, *calls])})
	frappe.db.delete("Communication", {"reference_doctype": doctype, "reference_name": ("in", calls)})
	frappe.db.delete(doctype, {"raised_by": ("like", MAIL.format("%"))})
	frappe.db.delete("Unit Resident", {"contact": ("like", f"{NAME} resident%")})
	frappe.db.delete("Dynamic Link", {"parent": ("like", f"{NAME} resident%")})
	frappe.db.delete("Contact", {"name": ("like", f"{NAME} resident%")})
	for ours in (*OURS, *MASTERS):
		frappe.db.delete(ours, {"property" if ours != "Managed Property" else "name": NAME})
	frappe.db.delete("Has Role", {"parent": ("in", people)})
	frappe.db.delete("User Permission", {"for_value": NAME})
	for name in ("User", "Notification Settings"):
		frappe.db.delete(name, {"name": ("in", people)})
	frappe.db.commit()


def main(arguments: list[str] | None = None) -> None:
	parser = argparse.ArgumentParser(prog="python -m benchmarks.storm", description=__doc__.splitlines()[0])
	parser.add_argument("--tickets", type=int, default=1000)
	parser.add_argument("--clerks", type=int, default=16)
	parser.add_argument("--enter", nargs=3, help=argparse.SUPPRESS)
	parser.add_argument("--work", help=argparse.SUPPRESS)
	parser.add_argument("--declare", help=argparse.SUPPRESS)
	options = parser.parse_args(arguments)
	with site():
		if options.enter:
			enter(int(options.enter[0]), int(options.enter[1]), Path(options.enter[2]))
		elif options.work:
			work(Path(options.work))
		elif options.declare:
			declare(Path(options.declare))
		else:
			print(f"Frappe {frappe.__version__}, {os.cpu_count()} cores")
			try:
				good = storm(options.tickets, options.clerks)
			finally:
				frappe.db.rollback()
				sweep()
			print("  one proposal, one incident, none lost, none twice" if good else "  NOT AS IT SHOULD BE")
			sys.exit(0 if good else 1)


if __name__ == "__main__":
	main()
