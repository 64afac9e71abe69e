"""Outage Pages as rows: one message for each person, channel, incident and minute, whatever rings meanwhile."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe.model.document import Document
from pypika import Interval

from outage_response import bulk, listing, locks, queues
from outage_response.domain import phone_numbers
from outage_response.domain.escalation import Person, minute_of
from outage_response.domain.plan_expansion import dedupe_key
from outage_response.domain.states import ChannelKind, PageAnswer, PageStatus

JOB = "outage_response.jobs.send_pages"
# Nobody was reached by it
NO_HOPE = (PageStatus.FAILED, PageStatus.UNKNOWN)
GROUP = "group"
# What a screen or a mailbox shows wakes nobody; it counts only for people who have nothing else
QUIET_KINDS = (ChannelKind.BELL, ChannelKind.EMAIL)


@dataclass
class Call:
	"""One person (None: a chat group) to be rung by one channel for some tasks, the most urgent first."""

	person: Person | None
	channel: str
	whom: str
	tasks: list[frappe._dict] = field(default_factory=list)


def write(incident: Document, calls: Sequence[Call], now: datetime) -> int:
	"""Write pages, or add to those of this minute that nobody has sent yet. Answers how many were written or added to.

	The rows that are added to are locked: a sender that takes one waits, and reads all that is in it. Where this minute's
	page has been tried already, and after the clock was turned back, it is the first minute that has none yet; but it leaves
	in the next minute at the latest.
	"""
	if not calls:
		return 0
	minute = minute_of(now)
	known = _from_minute(incident.name, minute)
	rows, links = [], []
	for call in calls:
		key = call.person.key if call.person else GROUP
		at = minute
		while (page := known.get((key, call.channel, at))) and (page.status != PageStatus.QUEUED or page.tries):
			at += timedelta(minutes=1)
		if page:
			name, has = page.name, page.tasks
			_raise_priority(page, call)
		else:
			name, has = frappe.generate_hash(length=10), ()
			send_after = now if at == minute else minute + timedelta(minutes=1)
			rows.append(_row(name, incident, call, key, at, send_after))
		links += [
			{**bulk.child_of("Outage Page", name, "tasks", 1), "task": task.name}
			for task in call.tasks
			if task.name not in has
		]
	bulk.insert("Outage Page", rows, now)
	bulk.insert("Outage Page Task", links, now)
	ask_for_a_job()
	return len(calls)


def _row(name: str, incident: Document, call: Call, key: str, minute: datetime, send_after: datetime) -> dict[str, Any]:
	first = call.tasks[0]
	return {
		"name": name,
		"incident": incident.name,
		"task": first.name,
		"priority": first.priority,
		"is_drill": int(bool(incident.is_drill)),
		"digest_minute": minute,
		"dedupe_key": dedupe_key(incident.name, key, call.channel, str(minute)),
		**addressed(incident.property, first.department, call.whom, call.person, call.channel, send_after),
	}


def addressed(
	property_name: str, department: str, whom: str, person: Person | None, channel: str, at: datetime
) -> dict[str, Any]:
	"""What a page of an outage and one of a test call have in common: to whom, by what, when. No person: a chat group."""
	return {
		"property": property_name,
		"department": department,
		"whom": whom,
		"person": person.key if person else GROUP,
		"user": (person.user or None) if person else None,
		"contact": (person.contact or None) if person else None,
		"person_name": person.name if person else None,
		"phone": (person.phone or None) if person else None,
		"phone_key": phone_numbers.key(person.phone if person else "") or None,
		"channel": channel,
		"status": PageStatus.QUEUED,
		"send_after": at,
	}


def _raise_priority(page: frappe._dict, call: Call) -> None:
	"""What is added may be more urgent than what is there."""
	first = call.tasks[0]
	if first.priority < page.priority:
		table = frappe.qb.DocType("Outage Page")
		frappe.qb.update(table).set(table.priority, first.priority).set(table.task, first.name).set(
			table.department, first.department
		).where(table.name == page.name).run()


def _from_minute(incident: str, minute: datetime) -> dict[tuple, frappe._dict]:
	"""(person, channel, minute) -> page with the names of its tasks, of this minute and all later ones; locked.

	The minute a page was written for stays when another try moves `send_after`. New ones come only under the incident's lock.
	"""
	table, row = frappe.qb.DocType("Outage Page"), frappe.qb.DocType("Outage Page Task")
	names = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.incident == incident)
		.where(table.digest_minute >= minute)
		.run(pluck=True)
	)
	fields = ("name", "person", "channel", "status", "tries", "digest_minute", "priority")
	found = locks.rows("Outage Page", names, fields)
	if not found:
		return {}
	tasks = defaultdict(set)
	for link in (
		frappe.qb.from_(row)
		.select(row.parent, row.task)
		.where(row.parent.isin([page.name for page in found]))
		.run(as_dict=True)
	):
		tasks[link.parent].add(link.task)
	return {
		(page.person, page.channel, page.digest_minute): frappe._dict(page, tasks=tasks[page.name]) for page in found
	}


def last_rung(incident: str, tasks: Sequence[str]) -> dict[str, bool]:
	"""task -> is there hope that somebody rung last for it answers?

	A no holds for all pages of that person. Bell and mail are hope only for people who were rung by nothing else, a chat
	group only where nobody else was rung. What counts is the minute: a step may have been added to a page that was there.
	"""
	page, row, task, channel = (
		frappe.qb.DocType(name) for name in ("Outage Page", "Outage Page Task", "Outage Task", "Paging Channel")
	)
	found = (
		frappe.qb.from_(row)
		.join(page)
		.on(row.parent == page.name)
		.join(task)
		.on(row.task == task.name)
		.left_join(channel)
		.on(page.channel == channel.name)
		.select(row.task, page.person, page.status, page.answer, channel.kind)
		.where(page.incident == incident)
		.where(listing.one_of(row.task, tasks))
		.where(page.digest_minute > task.last_rung_at - Interval(minutes=1))
	).run(as_dict=True)
	rung: dict[str, dict[str, list]] = defaultdict(lambda: defaultdict(list))
	for one in found:
		rung[one.task][one.person].append(one)
	return {name: _hope(people) for name, people in rung.items()}


def _hope(people: dict[str, list]) -> bool:
	persons = [some for key, some in people.items() if key != GROUP] or list(people.values())
	for some in persons:
		if any(one.answer == PageAnswer.NO for one in some):
			continue
		loud = [one for one in some if one.kind not in QUIET_KINDS]
		if any(one.status not in NO_HOPE for one in loud or some):
			return True
	return False


def declined(incident: str) -> dict[str, set[str]]:
	"""task -> keys of the people who said that they cannot."""
	page, row = frappe.qb.DocType("Outage Page"), frappe.qb.DocType("Outage Page Task")
	found = defaultdict(set)
	for one in (
		frappe.qb.from_(page)
		.join(row)
		.on(row.parent == page.name)
		.select(row.task, page.person)
		.where(page.incident == incident)
		.where(page.answer == PageAnswer.NO)
	).run(as_dict=True):
		found[one.task].add(one.person)
	return found


def ask_for_a_job() -> None:
	"""Have the pages sent after the commit; where no queue answers, the minute's sweep does it."""
	frappe.db.after_commit.add(_enqueue)


def _enqueue() -> None:
	queues.ask_first(JOB)
