"""How long people wait for `declare`, and what it saves over inserting the same documents one by one.

	OUTAGE_BENCH=/path/to/bench OUTAGE_SITE=name <bench>/env/bin/python -m benchmarks.declare [--rounds 5]

Builds towers inside one transaction, measures in that transaction and rolls it back: the site is as before, and nobody
is told anything. While it runs, nobody else can declare an outage on that site. Refuses a site that does not allow tests.

The rounds are interleaved (verb, loop, verb, loop, ...), so that a noisy machine disturbs both alike; a ratio is taken
per round, and the median of the rounds is what counts. Times are without the commit. Each measured call starts as a new
request does: with nothing remembered from the one before. `declare` also writes the incident itself; the loop does not.
"""

import argparse
import gc
import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import frappe

from .tower import Size, Tower, build

GOAL = 0.25
AS_WRITTEN = ("Outage Task", "ToDo", "Notification Log", "Timeline Entry")
# set by Frappe when a document is inserted
OWN_FIELDS = (
	"name",
	"owner",
	"creation",
	"modified",
	"modified_by",
	"docstatus",
	"idx",
	"_assign",
	"_seen",
	"_comments",
)
_numbers = itertools.count(1)


class Measured:
	"""Times in seconds of several runs of the same thing, and how many queries a run needs."""

	def __init__(self):
		self.seconds: list[float] = []
		self.queries = 0

	@property
	def median(self) -> float:
		return statistics.median(self.seconds)

	def __str__(self) -> str:
		low, high = min(self.seconds) * 1000, max(self.seconds) * 1000
		return f"{self.median * 1000:8.0f} ms  ({low:.0f} to {high:.0f})  {self.queries:6d} queries"

	def run(self, function: Callable, *args, **kwargs):
		"""Call once, and add it to the record."""
		_forget()
		gc.collect()
		with _counting() as count:
			began = time.perf_counter()
			result = function(*args, **kwargs)
			self.seconds.append(time.perf_counter() - began)
		self.queries = count()
		return result


@contextmanager
def _counting():
	plain, number = frappe.local.db.sql, 0

	def counted(*args, **kwargs):
		nonlocal number
		number += 1
		return plain(*args, **kwargs)

	frappe.local.db.sql = counted
	try:
		yield lambda: number
	finally:
		del frappe.local.db.sql


def _forget() -> None:
	"""As at the start of a request: nothing cached in the process, nothing waiting for the commit."""
	for cache in ("cache", "document_cache", "meta_cache", "role_permissions", "new_doc_templates"):
		setattr(frappe.local, cache, {})
	frappe.local._realtime_log = []
	frappe.db.after_commit.reset()


@contextmanager
def undone():
	"""Whatever is written inside is rolled back."""
	name = f"round_{next(_numbers)}"
	frappe.db.savepoint(name)
	try:
		yield
	finally:
		frappe.db.rollback(save_point=name)


# ---------------------------------------------------------------- the two roads


def declare(tower: Tower) -> dict:
	from outage_response.flows.incident import declaring

	return declaring.declare(tower.property, [tower.feeder], "II", "the whole tower is dark", request_id="benchmark")


def confirm(incident_name: str) -> None:
	from outage_response.flows.incident import cause_and_level

	cause_and_level.confirm(incident_name, "Equipment Fault", "the benchmark")


def supply_back(incident_name: str) -> dict:
	from outage_response.flows.incident import switching

	at = frappe.utils.now_datetime() + timedelta(minutes=1)
	return switching.supply_back(incident_name, source="benchmark", occurred_at=at)


def written(incident_name: str) -> dict[str, list[dict]]:
	"""The documents of an incident, as a client that inserts one by one would hand them in. They are deleted."""
	tasks = {"incident": incident_name}
	names = frappe.get_all("Outage Task", filters=tasks, pluck="name")
	where = {
		"Outage Task": tasks,
		"ToDo": {"reference_type": "Outage Task", "reference_name": ("in", names)},
		"Notification Log": {"document_type": "Outage Incident", "document_name": incident_name},
		"Timeline Entry": tasks,
		"Outage Callback": tasks,
	}
	rows = {"Outage Task": ("Outage Task Check", "checks"), "Outage Callback": ("Outage Callback Unit", "units")}
	found = {}
	for doctype, filters in where.items():
		documents = frappe.get_all(doctype, filters=filters, fields=["*"], order_by="creation asc, name asc")
		found[doctype] = documents
		if doctype in rows:
			child, field = rows[doctype]
			by_parent: dict[str, list] = {document.name: [] for document in documents}
			for row in frappe.get_all(
				child,
				filters={"parent": ("in", list(by_parent)), "parenttype": doctype},
				fields=["*"],
				order_by="idx asc",
			):
				by_parent[row.parent].append(_plain(row, child))
			for document in documents:
				document[field] = by_parent[document.name]
			if by_parent:
				frappe.db.delete(child, {"parent": ("in", list(by_parent)), "parenttype": doctype})
		if documents:
			frappe.db.delete(doctype, {"name": ("in", [document.name for document in documents])})
	return {
		doctype: [(document.name, _plain(document, doctype)) for document in documents]
		for doctype, documents in found.items()
	}


def _plain(row: dict, doctype: str) -> dict:
	row = {key: value for key, value in row.items() if key not in OWN_FIELDS and not key.startswith("parent")}
	return {"doctype": doctype, **row}


def one_by_one(documents: dict[str, list], doctypes: tuple[str, ...]) -> None:
	"""The same documents by `frappe.get_doc(...).insert()`."""
	for doctype in doctypes:
		for name, values in documents[doctype]:
			doc = frappe.get_doc(values)
			doc.flags.by_verb = True
			doc.insert(ignore_permissions=True, set_name=name)


def by_assign_to(documents: dict[str, list]) -> None:
	"""The same with Frappe's `assign_to.add` for each ToDo. Its own notifications go to a worker and are not counted."""
	from frappe.desk.form import assign_to

	notify, assign_to.enqueue_create_notification = assign_to.enqueue_create_notification, lambda *args, **kwargs: None
	try:
		one_by_one(documents, ("Outage Task",))
		for _name, todo in documents["ToDo"]:
			assign_to.add(
				{
					"assign_to": [todo["allocated_to"]],
					"doctype": todo["reference_type"],
					"name": todo["reference_name"],
					"description": todo["description"],
				}
			)
		one_by_one(documents, ("Notification Log", "Timeline Entry"))
	finally:
		assign_to.enqueue_create_notification = notify


# ---------------------------------------------------------------- what is measured


def compare(tower: Tower, rounds: int) -> None:
	"""`declare`, and an outage up to the return of supply, against their loops."""
	verbs, loops = (Measured(), Measured()), (Measured(), Measured(), Measured())
	for _round in range(rounds):
		with undone():
			name = verbs[0].run(declare, tower)["incident"]
			documents = written(name)
			for loop, how in ((loops[0], _plain_loop), (loops[1], by_assign_to)):
				with undone():
					loop.run(how, documents)
	print("\nThe whole tower goes dark, level II")
	_documents(documents, AS_WRITTEN)
	print(f"  declare (and the incident itself)   {verbs[0]}")
	print(f"  loop, a plain insert per ToDo       {loops[0]}")
	print(f"  loop, assign_to.add per ToDo        {loops[1]}")
	_ratio("declare : plain loop", verbs[0], loops[0], GOAL)
	_ratio("declare : loop with assign_to.add", verbs[0], loops[1], GOAL)

	for _round in range(rounds):
		with undone():
			name = verbs[1].run(_until_supply_is_back, tower)
			documents = written(name)
			with undone():
				loops[2].run(_plain_loop, documents)
	print("\nThe same, confirmed, and supply back everywhere: the switches of all shafts are to be checked")
	_documents(documents, (*AS_WRITTEN, "Outage Callback"))
	print(f"  declare + confirm + supply_back     {verbs[1]}")
	print(f"  loop, without any callback          {loops[2]}")
	_ratio("three verbs : plain loop", verbs[1], loops[2], GOAL)


def _plain_loop(documents: dict[str, list]) -> None:
	one_by_one(documents, AS_WRITTEN)


def _until_supply_is_back(tower: Tower) -> str:
	name = declare(tower)["incident"]
	confirm(name)
	supply_back(name)
	return name


def growth(towers: dict[str, Tower], rounds: int) -> None:
	"""The verbs on towers that differ in one thing."""
	figures = {label: (Measured(), Measured(), Measured()) for label in towers}
	counts = {}
	for _round in range(rounds):
		for label, tower in towers.items():
			_as(tower)
			with undone():
				declaring, confirming, returning = figures[label]
				name = declaring.run(declare, tower)["incident"]
				confirming.run(confirm, name)
				result = returning.run(supply_back, name)
				counts[label] = (frappe.db.count("Outage Task", {"incident": name}), result["callbacks"])
	print("\nHow the verbs grow: median ms / queries")
	print(f"  {'':28}{'declare':>16}{'confirm':>16}{'supply_back':>16}   tasks  callbacks")
	for label, measured in figures.items():
		cells = "".join(f"{one.median * 1000:9.0f} /{one.queries:4d} " for one in measured)
		print(f"  {label:28}{cells}{counts[label][0]:8d}{counts[label][1]:11d}")


def syncing(tower: Tower, rounds: int) -> None:
	"""The step that every verb ends with, when there is much to compare and nothing to add."""
	from outage_response.flows.tasks import task_set
	from outage_response.flows.verb.engine import Act

	_as(tower)
	measured = Measured()
	with undone():
		name = declare(tower)["incident"]
		for _round in range(rounds):
			now = frappe.utils.now_datetime()
			act = Act("confirm", now, now, incident=frappe.get_doc("Outage Incident", name))
			measured.run(task_set.sync, act)
		number = frappe.db.count("Outage Task", {"incident": name})
	print(f"\nsync of {number} tasks, nothing to add  {measured}")


def _documents(documents: dict[str, list], doctypes: tuple[str, ...]) -> None:
	parts = [f"{len(documents[doctype])} {doctype}" for doctype in doctypes]
	checks = sum(len(values["checks"]) for _name, values in documents["Outage Task"])
	print(f"  documents: {', '.join(parts)}; {checks} checklist rows")


def _ratio(label: str, verb: Measured, loop: Measured, goal: float) -> None:
	ratios = [a / b for a, b in zip(verb.seconds, loop.seconds, strict=True)]
	ratio = statistics.median(ratios)
	verdict = "reached" if ratio <= goal else "MISSED"
	print(f"  ratio {label}: {ratio:.3f}  ({min(ratios):.3f} to {max(ratios):.3f}); the aim of {goal} is {verdict}")


# ---------------------------------------------------------------- the run


def _as(tower: Tower) -> None:
	frappe.set_user(tower.operator)


@contextmanager
def site():
	"""A connection to the site that OUTAGE_BENCH and OUTAGE_SITE name. It rolls back, and forgets in Redis what the rolled back
	documents left there. Ends the program with one line where there is none, or none that allows tests."""
	missing = [name for name in ("OUTAGE_BENCH", "OUTAGE_SITE") if not os.environ.get(name)]
	if missing:
		sys.exit(f"Set {' and '.join(missing)}: the bench's folder and the name of a site that allows tests.")
	sites, name = Path(os.environ["OUTAGE_BENCH"]).resolve() / "sites", os.environ["OUTAGE_SITE"]
	if not (sites / name / "site_config.json").exists():
		sys.exit(f"OUTAGE_SITE: {sites} has no site {name}.")
	os.chdir(sites)
	frappe.init(site=name, sites_path=str(sites))
	if not frappe.conf.allow_tests:
		sys.exit(
			f"{name} does not allow tests. Use a site for trying out: bench --site {name} set-config allow_tests true"
		)
	frappe.connect()
	if "outage_response" not in frappe.get_installed_apps():
		sys.exit(f"{name} has no outage_response: bench --site {name} install-app outage_response")
	try:
		yield
	finally:
		frappe.set_user("Administrator")
		frappe.db.rollback()
		frappe.clear_cache()
		frappe.destroy()


def main(arguments: list[str] | None = None) -> None:
	parser = argparse.ArgumentParser(prog="python -m benchmarks.declare", description=__doc__.splitlines()[0])
	parser.add_argument("--rounds", type=int, default=5)
	rounds = parser.parse_args(arguments).rounds
	with site():
		print(f"Frappe {frappe.__version__}, {os.cpu_count()} cores, {rounds} rounds")
		print(f"tower: {Size()}")
		tower = build("Benchmark Tower", Size())
		_as(tower)
		with undone():
			_until_supply_is_back(tower)  # the first call in a new process reads code and forms
		compare(tower, rounds)
		growth(
			{
				**{f"{units} units": build(f"Benchmark {units}", Size(units=units)) for units in (100, 1000, 10_000)},
				"2000 units": tower,
				"  ten times the switches": build("Benchmark Switches", Size(switches_per_shaft=300)),
				"  ten times the people": build("Benchmark People", Size(crew=10)),
				"  five times the assets": build(
					"Benchmark Assets",
					Size(elevators=60, critical_rooms=100, security_points=200, guarded_areas=60, generators=10),
				),
			},
			rounds,
		)
		syncing(build("Benchmark Posts", Size(security_points=440)), rounds)


if __name__ == "__main__":
	main()
