"""What must hold after the night, asked of the database. Each check answers with sentences about what does not."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import frappe

from .acts import alike

# an incident's whole minutes against a sum to the second
ROUNDED = 0.501
OPEN = ("Open", "Acknowledged", "In Progress", "On Post")
ENDED = ("Closed", "Cancelled")
# doctype, and the fields of which no two rows may have the same
ONCE = (
	("Outage Task", ("dedupe_key",)),
	("Outage Task", ("incident", "step_key", "subject_type", "subject", "contractor", "round")),
	("Outage Callback", ("incident", "contact")),
	("Outage Incident", ("request_id",)),
	("Trouble Call", ("request_id",)),
	("Timeline Entry", ("request_id",)),
	("Outage Page", ("page_key",)),
)


def failures(properties: Sequence[str], log: Sequence[dict[str, Any]], began: datetime) -> list[str]:
	"""All that does not hold."""
	checks: Sequence[Callable[[], Iterable[str]]] = (
		lambda: broken(log),
		lambda: answers(log),
		lambda: once(properties),
		lambda: belonging(properties),
		lambda: task_sets(properties),
		lambda: todos(properties),
		lambda: callbacks(properties),
		lambda: ended(properties),
		lambda: minutes(properties),
		lambda: declared(properties),
		lambda: errors(began),
	)
	return [line for check in checks for line in check()]


def broken(log: Sequence[dict[str, Any]]) -> Iterable[str]:
	"""No request ends otherwise than with an answer or a refusal in words."""
	for kind, lines in _grouped(log, "broken").items():
		yield f"{len(lines)} x {kind}, first: {lines[0].get('trace', '')[-1500:]}"


def _grouped(log: Sequence[dict[str, Any]], event: str) -> dict[str, list[dict[str, Any]]]:
	found: dict[str, list[dict[str, Any]]] = defaultdict(list)
	for line in log:
		if line["event"] == event:
			found[f"{line.get('method')}: {line.get('error')}: {line.get('text', '')[:200]}"].append(line)
	return found


# What a repeated report of a call may say otherwise: to which outage the call has been found to belong meanwhile
FOUND_LATER = {"record_call": ("incident", "known"), "report": ("incident", "known")}


def answers(log: Sequence[dict[str, Any]]) -> Iterable[str]:
	"""The same request has one answer, however often and by whomever it was sent."""
	first: dict[str, Any] = {}
	for line in log:
		request_id = line.get("arguments", {}).get("request_id")
		if line["event"] != "answered" or not request_id:
			continue
		later = FOUND_LATER.get(line["method"].rpartition(".")[2], ())
		answer = {key: value for key, value in line["answer"].items() if key not in later}
		if not alike(first.setdefault(request_id, answer), answer):
			yield f"{request_id} ({line['method']}): {json.dumps(first[request_id])} and {json.dumps(answer)}"


def once(properties: Sequence[str]) -> Iterable[str]:
	"""Nothing is there twice."""
	for doctype, fields in ONCE:
		columns = [field for field in fields if frappe.db.has_column(doctype, field)]
		if len(columns) < len(fields):
			continue
		rows = frappe.get_all(doctype, {"property": ("in", properties)}, columns)
		seen = Counter(tuple(str(row[field] or "") for field in fields) for row in rows if any(row[f] for f in fields))
		for values, times in seen.items():
			if times > 1:
				yield f"{doctype}: {times} rows with {dict(zip(fields, values, strict=True))}"


def belonging(properties: Sequence[str]) -> Iterable[str]:
	"""Nothing is left of what is not there."""
	incidents = set(frappe.get_all("Outage Incident", {"property": ("in", properties)}, pluck="name"))
	for doctype in ("Outage Task", "Outage Callback", "Timeline Entry", "Outage Notice", "Outage Page"):
		field = "incident" if frappe.get_meta(doctype).has_field("incident") else None
		for row in (field and frappe.get_all(doctype, {"property": ("in", properties)}, ["name", field])) or ():
			if row[field] and row[field] not in incidents:
				yield f"{doctype} {row.name} belongs to {row[field]}, which is not there"


def task_sets(properties: Sequence[str]) -> Iterable[str]:
	"""Invariant 1: plan and context ask for nothing that is not there."""
	from outage_response.domain.plan_expansion import difference, expand
	from outage_response.flows.facts import plan_steps, power_and_assets, step_context
	from outage_response.flows.tasks import shared_tasks, tasks_on_record

	running = {"property": ("in", properties), "status": ("in", ("Scheduled", "Reported", "Active"))}
	for name in frappe.get_all("Outage Incident", running, pluck="name"):
		doc = frappe.get_doc("Outage Incident", name)
		there = tasks_on_record.load(name)
		around = power_and_assets.read(doc.property)
		context = step_context.context(doc, there, around)
		own = {row.name for row in there}
		kept = {
			row.key[:3] for row in shared_tasks.load_shared(doc, lambda around=around: around) if row.name not in own
		}
		wanted = difference(expand(plan_steps.steps_of_plan(doc.plan), context), there).add
		missing = [spec for spec in wanted if spec.key[:3] not in kept]
		if missing:
			yield f"{name} ({doc.status}): {len(missing)} steps are missing, first {missing[0].step.key} {missing[0].subject}"


def todos(properties: Sequence[str]) -> Iterable[str]:
	"""Whoever a step is with has one open ToDo of it, nobody else has, and a step that ended leaves none."""
	rows = frappe.get_all("Outage Task", {"property": ("in", properties)}, ["name", "status", "_assign"])
	given: dict[str, Counter] = defaultdict(Counter)
	for todo in frappe.get_all(
		"ToDo",
		{"reference_type": "Outage Task", "reference_name": ("in", [row.name for row in rows]), "status": "Open"},
		["reference_name", "allocated_to"],
	):
		given[todo.reference_name][todo.allocated_to] += 1
	for row in rows:
		wanted = Counter(frappe.parse_json(row._assign or "[]")) if row.status in OPEN else Counter()
		if given[row.name] != wanted:
			yield f"Outage Task {row.name} ({row.status}): with {dict(wanted)}, ToDos of {dict(given[row.name])}"


def callbacks(properties: Sequence[str]) -> Iterable[str]:
	"""Nobody is called who was reached, and every attempt is on record once."""
	names = frappe.get_all("Outage Callback", {"property": ("in", properties)}, pluck="name")
	reached: Counter = Counter()
	ids: Counter = Counter()
	for row in frappe.get_all(
		"Outage Callback Attempt", {"parent": ("in", names)}, ["parent", "outcome", "request_id"]
	):
		reached[row.parent] += row.outcome == "Reached"
		ids[row.request_id] += bool(row.request_id)
	yield from (f"Outage Callback {name}: reached {times} times" for name, times in reached.items() if times > 1)
	yield from (f"Callback attempt {key}: {times} times" for key, times in ids.items() if times > 1)


def ended(properties: Sequence[str]) -> Iterable[str]:
	"""What is closed has nothing open."""
	names = frappe.get_all("Outage Incident", {"property": ("in", properties), "status": ("in", ENDED)}, pluck="name")
	for row in frappe.get_all("Outage Task", {"incident": ("in", names), "status": ("in", OPEN)}, ["name", "incident"]):
		yield f"{row.incident} has ended, and its step {row.name} is open"
	waiting = {"incident": ("in", names), "status": ("in", ("Pending", "No Answer"))}
	for row in frappe.get_all("Outage Callback", waiting, ["name", "incident"]):
		yield f"{row.incident} has ended, and its callback {row.name} waits"


def declared(properties: Sequence[str]) -> Iterable[str]:
	"""Each incident begins once, by one word on its timeline."""
	for name in frappe.get_all("Outage Incident", {"property": ("in", properties)}, pluck="name"):
		begins = frappe.db.count("Timeline Entry", {"incident": name, "kind": "declared"})
		if begins != 1:
			yield f"{name} begins {begins} times on its timeline"


def errors(began: datetime) -> Iterable[str]:
	"""Nothing was written to the error log on the way."""
	rows = frappe.get_all("Error Log", {"creation": (">", began)}, ["method", "error"], order_by="creation")
	ours = [row for row in rows if "outage" in f"{row.method} {row.error}".lower()]
	for method, times in Counter(str(row.method).partition("OUT-")[0] for row in ours).items():
		text = next(row.error for row in ours if str(row.method).startswith(method))
		yield f"Error Log: {times} x {method}: {str(text)[-800:]}"


# ---------------------------------------------------------------- minutes, worked out otherwise than the app does


def minutes(properties: Sequence[str]) -> Iterable[str]:
	"""Invariant 8: what each restored incident counts is its homes' time in the dark, less what an earlier one counts.

	Each home is followed through time, event by event, without the app's own rules.
	"""
	for place in properties:
		yield from _minutes_at(place)


def _minutes_at(place: str) -> Iterable[str]:
	parents = dict(frappe.get_all("Power Node", {"property": place}, ["name", "parent_power_node"], as_list=True))
	incidents = frappe.get_all(
		"Outage Incident",
		{"property": place, "status": ("not in", ("Scheduled", "Cancelled")), "is_drill": 0},
		["name", "status", "customer_minutes", "restored_at", "creation"],
		order_by="creation, name",
	)
	counted: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
	for incident in incidents:
		rows = frappe.get_all(
			"Outage Affected Node",
			filters={"parent": incident.name},
			fields=["power_node", "unit", "out_since_utc as out_since", "back_at_utc as back_at"],
		)
		homes = frappe.get_all(
			"Outage Affected Unit",
			filters={"incident": incident.name},
			fields=["unit", "power_node"],
			distinct=True,
			as_list=True,
			order_by=None,
		)
		total = timedelta()
		for home, node in homes:
			spans = _dark(_path(node, parents), home, rows)
			total += _length([*counted[home], *spans]) - _length(counted[home])
			counted[home] += spans
		own = total.total_seconds() / 60
		if not incident.restored_at or not all(row.back_at for row in rows):
			continue
		# until its file is closed an incident's figure is provisional: an earlier one may still grow into its minutes
		its = incident.customer_minutes if incident.status == "Closed" else _counted_now(incident.name)
		if abs(own - (its or 0)) > ROUNDED:
			before = [_in_words(other) for other in incidents[: incidents.index(incident)]]
			yield (
				f"{incident.name}: {its} customer minutes, by the independent sum {own:.2f}. By UTC: "
				f"{_in_words(incident)}; homes {homes}; before it {before}"
			)


def _in_words(incident: Any) -> str:
	fields = ["power_node", "unit", "out_since_utc", "back_at_utc"]
	rows = frappe.get_all("Outage Affected Node", {"parent": incident.name}, fields)
	dark = [f"{row.power_node} {row.unit or ''} {row.out_since_utc} to {row.back_at_utc}" for row in rows]
	return f"{incident.name} {incident.status} {dark}"


def _counted_now(incident: str) -> int:
	from outage_response.flows.facts import minutes_of_interruption, power_and_assets

	doc = frappe.get_doc("Outage Incident", incident)
	return minutes_of_interruption.count_minutes(doc, power_and_assets.read(doc.property))


def _path(node: str, parents: dict[str, str]) -> list[str]:
	"""The node and what feeds it, nearest first."""
	found: list[str] = []
	while node and node not in found:
		found.append(node)
		node = parents.get(node) or ""
	return found


def _dark(path: list[str], home: str, rows: Sequence[Any]) -> list[tuple[datetime, datetime]]:
	"""When a home was dark: while a loss that reaches it lasts. A return ends the loss it is written with and what was lost
	further up; what was lost nearer to the home goes on."""
	events = []
	for number, row in enumerate(rows):
		if row.unit == home if row.unit else row.power_node in path:
			far = -1 if row.unit else path.index(row.power_node)
			if not row.back_at or row.back_at >= row.out_since:
				events.append((row.out_since, 1, "out", far, number))
			events.append((row.back_at or datetime.max, 0 if row.back_at != row.out_since else 2, "back", far, number))
	spans, since = [], datetime.min
	lost: dict[int, int] = {}
	for at, _order, what, far, number in sorted(events):
		if what == "out":
			since = since if lost else at
			lost[number] = far
		elif lost:
			lost = {other: its for other, its in lost.items() if other != number and its <= far}
			if not lost:
				spans.append((since, at))
	return spans


def _length(spans: Sequence[tuple[datetime, datetime]]) -> timedelta:
	total, end = timedelta(), datetime.min
	for start, stop in sorted(spans):
		total += max(timedelta(), stop - max(start, end))
		end = max(end, stop)
	return total
