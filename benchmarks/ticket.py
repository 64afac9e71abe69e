"""What the app's hook costs a ticket that has nothing to do with power.

	OUTAGE_BENCH=/path/to/bench OUTAGE_SITE=name <bench>/env/bin/python -m benchmarks.ticket [--rounds 60]

Inserts tickets in one transaction, alternately with the app's hook and without it, and rolls everything back. The ratio
is taken pair by pair; the median counts. Where a machine is so busy that the ratio says little, see what the hook itself
took inside these inserts. Run it on a site with Frappe Helpdesk or ERPNext.
"""

import argparse
import os
import statistics
import sys
import time
from contextlib import contextmanager

import frappe

from .declare import site, undone

GOAL = 1.10
TEXTS = {
	"not about power": (
		"Leaking tap",
		"The tap in the kitchen has been dripping since Monday. Could somebody come by this week? I am at home after six.",
	),
	"about power": (
		"No power on the whole floor",
		"The lights went out ten minutes ago, my neighbours are dark as well.",
	),
}


@contextmanager
def without_the_hook(doctype: str):
	"""The site as it would be without the app's lines for tickets."""
	events = frappe.get_doc_hooks()[doctype]
	before = {event: list(handlers) for event, handlers in events.items()}
	for handlers in events.values():
		handlers[:] = [handler for handler in handlers if not handler.startswith("outage_response.")]
	try:
		yield
	finally:
		for event, handlers in before.items():
			events[event][:] = handlers


@contextmanager
def watched():
	"""A list that gets the seconds spent in the hook of each insert."""
	from outage_response.flows.trouble import ticket_intake

	spent: list[float] = []

	def timed(hook):
		def run(doc, method=None):
			began = time.perf_counter()
			hook(doc, method)
			spent[-1] += time.perf_counter() - began

		return run

	hooks = {name: getattr(ticket_intake, name) for name in ("before_ticket", "on_ticket")}
	for name, hook in hooks.items():
		setattr(ticket_intake, name, timed(hook))
	try:
		yield spent
	finally:
		for name, hook in hooks.items():
			setattr(ticket_intake, name, hook)


def insert(doctype: str, subject: str, description: str) -> float:
	"""Seconds that one insert takes."""
	values = {"doctype": doctype, "subject": subject, "description": description, "raised_by": "benchmark@example.com"}
	with undone():
		began = time.perf_counter()
		frappe.get_doc(values).insert(ignore_permissions=True)
		return time.perf_counter() - began


def compare(doctype: str, kind: str, rounds: int) -> None:
	pairs = []
	with watched() as spent:
		for number in range(rounds):
			spent.append(0.0)
			if number % 2:  # whoever goes second finds warm caches
				with_hook = insert(doctype, *TEXTS[kind])
				with without_the_hook(doctype):
					plain = insert(doctype, *TEXTS[kind])
			else:
				with without_the_hook(doctype):
					plain = insert(doctype, *TEXTS[kind])
				with_hook = insert(doctype, *TEXTS[kind])
			pairs.append((with_hook, plain))
	ratios = sorted(a / b for a, b in pairs)
	with_hook, plain = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
	quarter = len(ratios) // 4
	verdict = "" if kind != "not about power" else ("reached" if statistics.median(ratios) <= GOAL else "MISSED")
	print(
		f"  {doctype}, {kind:16} with hook {with_hook:6.1f} ms, without {plain:6.1f} ms, "
		f"ratio {statistics.median(ratios):.3f} (middle half {ratios[quarter]:.3f} to {ratios[-quarter - 1]:.3f}), "
		f"hook itself {statistics.median(spent) * 1000:.2f} ms"
		+ (f"; the aim of {GOAL} is {verdict}" if verdict else "")
	)


def main(arguments: list[str] | None = None) -> None:
	parser = argparse.ArgumentParser(prog="python -m benchmarks.ticket", description=__doc__.splitlines()[0])
	parser.add_argument("--rounds", type=int, default=60)
	rounds = parser.parse_args(arguments).rounds
	with site():
		from outage_response.integrations import desks

		here = [desk.DOCTYPE for desk in desks()]
		if not here:
			sys.exit("This site has neither Frappe Helpdesk nor ERPNext, or they are switched off.")
		print(f"Frappe {frappe.__version__}, {os.cpu_count()} cores, {rounds} pairs each")
		for doctype in here:
			for kind in TEXTS:
				insert(doctype, *TEXTS[kind])
				compare(doctype, kind, rounds)


if __name__ == "__main__":
	main()
