"""Rings people until somebody says "mine": pages are rows first, written with the verb or by the minute's sweep.

How far a step has come stands on the step itself (`ring_at`, `ring_level`, `ring_times`, `ring_round`), so that the sweep
asks one indexed question and what is closed costs nothing. What is rung for stands on the page.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import frappe
from frappe.model.document import Document
from frappe.query_builder.functions import Coalesce
from frappe.utils import get_datetime

from outage_response import bulk, compat, listing
from outage_response.domain import escalation
from outage_response.domain.escalation import Person, Row, Rule, State
from outage_response.domain.lifecycle import LIVE
from outage_response.domain.states import RungPerson, TaskStatus

from ..facts import people_in_elevators
from ..facts.reachable_people import People
from ..tasks.ring_state import due_at, is_planned
from ..verb import timeline
from . import enabled_channels, page_rows

FIELDS = (
	"name",
	"incident",
	"subject",
	"title",
	"title_zh",
	"subject_label",
	"status",
	"department",
	"priority",
	"phone",
	"plan",
	"step_key",
	"due_at",
	"acknowledged_at",
	"acknowledged_by",
	"counts_from",
	"ring_at",
	"ring_level",
	"ring_times",
	"ring_round",
	"last_rung_at",
	"_assign",
)


def rules() -> list[Rule]:
	"""The Escalation Rules that are enabled: two queries."""
	heads = frappe.get_all(
		"Escalation Rule",
		filters={"enabled": 1},
		fields=["name", "department", "priority", "rounds", "start_minutes"],
	)
	rows = defaultdict(list)
	for row in heads and listing.get_all(
		"Escalation Step",
		filters={"parent": ("in", [head.name for head in heads]), "parenttype": "Escalation Rule"},
		fields=["parent", "whom", "together", "after_minutes", "times", "every_minutes", "channels"],
		order_by="idx asc",
	):
		names = enabled_channels.names_in(row.channels)
		rows[row.parent].append(
			Row(row.whom, row.after_minutes or 0, row.times or 1, row.every_minutes or 1, names, bool(row.together))
		)
	return [
		Rule(
			head.department or "", int(head.priority), tuple(rows[head.name]), head.rounds or 1, head.start_minutes or 0
		)
		for head in heads
	]


def due_incidents(now: datetime) -> list[str]:
	"""Incidents with a step that rings now."""
	task = frappe.qb.DocType("Outage Task")
	turned_back = task.last_rung_at > now + timedelta(minutes=1)
	return (
		frappe.qb.from_(task)
		.select(task.incident)
		.distinct()
		.where(task.ring_at.isnotnull())  # by which the database finds the few that ring
		.where((task.ring_at <= now) | turned_back)
		.orderby(task.incident)
		.run(pluck=True)
	)


@dataclass
class Round:
	"""What one look at an incident comes to, collected before anything is written.

	declined  task -> keys of people who said that they cannot
	left      task -> users who left it for danger; they are rung only when it is given to them again
	steps  (ring_at, level, times, round, rang now?) -> tasks      calls  (person, channel) -> the tasks rung for
	"""

	incident: Document
	now: datetime
	people: People
	working: Mapping[str, Document]
	declined: Mapping[str, set[str]] = field(default_factory=dict)
	left: Mapping[str, set[str]] = field(default_factory=dict)
	steps: dict[tuple, list[str]] = field(default_factory=lambda: defaultdict(list))
	calls: dict[tuple[str, str], page_rows.Call] = field(default_factory=dict)
	chosen: dict[tuple, list[Document]] = field(default_factory=dict)
	told: Counter = field(default_factory=Counter)
	first: dict[tuple, frappe._dict] = field(default_factory=dict)

	def wanted(self, row: Row) -> list[Document]:
		"""The channels of a row."""
		if row.channels not in self.chosen:
			self.chosen[row.channels] = enabled_channels.chosen(row.channels, self.working)
		return self.chosen[row.channels]

	def reachable(self, row: Row, task: frappe._dict, assigned: Sequence[str]) -> list[Person]:
		"""Whom a row means, as far as one of its channels reaches them; a drill stays among those who take part: the people
		it names, else whoever is on duty."""
		taking_part = enabled_channels.names_in(self.incident.drill_participants) if self.incident.is_drill else ()
		if self.incident.is_drill and not taking_part and row.whom not in escalation.WHOM_IN_DRILL:
			return []
		wanted = self.wanted(row)
		found = self.people.of(row.whom, task.department, assigned, task.phone or "")
		if self.incident.is_drill:
			found = [person for person in found if self._takes_part(person, taking_part)]
		found = [
			person
			for person in self._without_those_gone(found, task, assigned)
			if enabled_channels.reaching(person, wanted)
		]
		if not found and not self.incident.is_drill and row.channels and enabled_channels.only_groups(wanted):
			return [Person(page_rows.GROUP)]
		return found

	def _takes_part(self, person: Person, named: Collection[str]) -> bool:
		"""In a drill: is somebody named, or, where nobody is, on duty?"""
		return person.user in named if named else self.people.is_on_duty(person.user)

	def _without_those_gone(self, found: Iterable[Person], task: frappe._dict, assigned: Sequence[str]) -> list[Person]:
		"""Without those who said that they cannot, or left the step for danger."""
		gone = self.declined.get(task.name, ())
		left = self.left.get(task.name, set()).difference(assigned)
		return [person for person in found if person.key not in gone and person.user not in left]

	def call(self, person: Person, row: Row, task: frappe._dict) -> None:
		"""Ring somebody for a task, by every channel of the row."""
		wanted = self.wanted(row)
		for channel in enabled_channels.reaching(person, wanted):
			self._add(person, channel.name, row.whom, task)
		self.call_groups(wanted, row.whom, task)

	def call_groups(self, wanted: Iterable[Document], whom: str, task: frappe._dict) -> None:
		"""One message for each chat group; a drill says nothing there."""
		for channel in wanted:
			if enabled_channels.is_group(channel) and not self.incident.is_drill:
				self._add(None, channel.name, whom, task)

	def _add(self, person: Person | None, channel: str, whom: str, task: frappe._dict) -> None:
		key = (person.key if person else page_rows.GROUP, channel)
		call = self.calls.setdefault(key, page_rows.Call(person, channel, whom))
		if task not in call.tasks:
			call.tasks.append(task)

	def tell(self, kind: str, task: frappe._dict, **data) -> None:
		"""One line of the timeline for all steps alike, naming the first."""
		key = (kind, task.department, *sorted(data.items()))
		self.told[key] += 1
		self.first.setdefault(key, task)

	def set(self, task: frappe._dict, state: State, ring_at: datetime | None, *, rang: bool = False) -> None:
		self.steps[ring_at, state.level, state.times, state.round, rang].append(task.name)


def advance(incident: Document, now: datetime, people: People | None = None) -> int:
	"""Ring what is due in one incident, whose row the caller has locked. Answers how many pages were written.

	Safe to repeat: what has rung is due later.
	"""
	due = _due(incident.name, now)
	if not due:
		return 0
	if incident.status not in LIVE:
		task = frappe.qb.DocType("Outage Task")
		bulk.change("Outage Task", (task.incident == incident.name) & task.ring_at.isnotnull(), {"ring_at": None})
		return 0
	found = Round(
		incident,
		now,
		people or People(incident.property, now),
		enabled_channels.working(),
		page_rows.declined(incident.name),
		timeline.actors(incident.name, "task_withdrawn"),
	)
	known = rules()
	for task in due:
		rule = escalation.rule_for(known, task.department, task.priority)
		if task.status == TaskStatus.OPEN and rule:
			_ring(found, task, rule)
		elif task.status == TaskStatus.ACKNOWLEDGED and rule:
			_wait_for_start(found, task, rule)
		else:
			found.set(task, State(), None)
	_write_steps(found.steps, now)
	_write_timeline(found)
	return page_rows.write(incident, list(found.calls.values()), now)


def _due(incident: str, now: datetime) -> list[frappe._dict]:
	task = frappe.qb.DocType("Outage Task")
	rows = (
		frappe.qb.from_(task)
		.select(*(task[name] for name in FIELDS))
		.where(task.incident == incident)
		.where(task.ring_at.isnotnull())
		.orderby(task.priority)
		.orderby(task.due_at)
		.orderby(task.name)
	).run(as_dict=True)
	rows = people_in_elevators.people_first(rows, {incident}, now)
	return [
		row
		for row in rows
		if escalation.is_due(get_datetime(row.ring_at), row.last_rung_at and get_datetime(row.last_rung_at), now)
	]


def _ring(found: Round, task: frappe._dict, rule: Rule) -> None:
	assigned = frappe.parse_json(task._assign or "[]")
	state = State(task.ring_level, task.ring_times, task.ring_round)
	ring = escalation.ring(
		rule, state, found.now, lambda row: found.reachable(row, task, assigned), get_datetime(task.ring_at)
	)
	for person, row in ring.calls:
		found.call(person, row, task)
	if ring.gave_up:
		found.call_groups(found.working.values(), "", task)  # the last who may know somebody
		found.tell("nobody_answered", task)
	elif state != State():
		whom = tuple(dict.fromkeys(row.whom for _person, row in ring.calls))
		found.tell("rung_on", task, whom=whom)
	found.set(task, ring.state, ring.next_at, rang=bool(ring.calls))


def _wait_for_start(found: Round, task: frappe._dict, rule: Rule) -> None:
	"""Somebody said "mine" and is not there yet: they are rung again, and then the control room with them."""
	times = escalation.times_made_up(rule, task.ring_times, get_datetime(task.ring_at), found.now)
	planned_for = due_at(task) if is_planned(task) else None
	rings, next_at = escalation.starts_again(
		rule, get_datetime(task.counts_from or task.acknowledged_at), found.now, times, planned_for
	)
	if not rings:
		found.set(task, State(), next_at)
		return
	if times > escalation.PATIENCE:
		found.tell("not_started", task)
		found.set(task, State(), None)
		return
	whom = [RungPerson.ASSIGNED] if times < escalation.PATIENCE else [RungPerson.ASSIGNED, RungPerson.CONTROL_ROOM]
	mine = [task.acknowledged_by] if task.acknowledged_by else frappe.parse_json(task._assign or "[]")
	rung = [name for name in whom if _call_all(found, name, rule, task, mine)]
	if not rung and _call_all(found, RungPerson.CONTROL_ROOM, rule, task, mine):
		rung = [RungPerson.CONTROL_ROOM]
	if rung:
		found.tell("rung_to_start", task, whom=tuple(rung))
	found.set(task, State(0, times + 1, 0), next_at, rang=bool(rung))


def _call_all(found: Round, whom: str, rule: Rule, task: frappe._dict, mine: Sequence[str]) -> bool:
	row = Row(whom, channels=rule.rows[0].channels if rule.rows else ())
	people = found.reachable(row, task, mine)
	for person in people:
		found.call(person, row, task)
	return bool(people)


def _write_steps(steps: Mapping[tuple, Sequence[str]], now: datetime) -> None:
	"""One statement for all steps alike."""
	task = frappe.qb.DocType("Outage Task")
	for (ring_at, level, times, rounds, rang), names in steps.items():
		values = {"ring_at": ring_at, "ring_level": level, "ring_times": times, "ring_round": rounds}
		if rang:
			first = Coalesce(task.first_rung_at, now)
			values |= {"last_rung_at": now, "first_rung_at": first, "rings": task.rings + 1}
		bulk.update("Outage Task", names, values)


def _write_timeline(found: Round) -> None:
	entries: list[timeline.Entry] = []
	for key, count in found.told.items():
		kind, department, *data = key
		task = found.first[key]
		about = {"title": task.title, "title_zh": task.title_zh, "subject": task.subject_label or ""}
		row = found.people.departments.get(department)
		name = row.department_name if row else department
		entries.append((kind, {**about, "department": name, "count": count, **dict(data)}, None))
	timeline.record_many(found.incident, entries, found.now, found.now)


def hurry(incident: str, tasks: Iterable[str], now: datetime) -> list[str]:
	"""Steps for which everybody rung last was not reached, or said no: the next level rings now, not when its time comes.

	The caller has locked the incident. Answers the steps that hurry.
	"""
	rung = page_rows.last_rung(incident, list(tasks))
	task = frappe.qb.DocType("Outage Task")
	rows = (
		frappe.qb.from_(task)
		.select(task.name, task.ring_level, task.ring_times)
		.where(listing.one_of(task.name, [name for name, hope in rung.items() if not hope]))
		.where(task.status == TaskStatus.OPEN)
		.where(task.ring_at > now)
	).run(as_dict=True)
	for row in rows:
		level = row.ring_level + (1 if row.ring_times else 0)
		frappe.qb.update(task).set(task.ring_at, now).set(task.ring_level, level).set(task.ring_times, 0).where(
			task.name == row.name
		).run()
	return [row.name for row in rows]


def stay_awake(now: datetime) -> None:
	"""A new outage wakes a site that Frappe considers dormant, now and not when it looks again after an hour."""
	note_activity(now)
	frappe.db.after_commit.add(_wake)


def _wake() -> None:
	try:
		compat.forget_dormancy()
	except Exception:
		frappe.logger("outage_response").warning("no cache to be told that the site is at work", exc_info=True)


def note_activity(now: datetime) -> None:
	"""Frappe runs the jobs of a site only once a day when nobody has logged in for some days. An outage is activity: it is
	written down as such, once a day, so that the minute's sweep goes on."""
	last = compat.last_activity()
	if last and now - last < timedelta(hours=20):
		return
	compat.note_activity(now, "Outage Response is at work")
