"""Ringing that stands still is said, and whom to phone by hand: the site's clock or its worker is away, Redis is, or the site is
silent because it is another one than it was. So is a clock that ticks too rarely, a disk that is nearly full, and a mail server
that does not answer."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_datetime, now_datetime

from outage_response import compat, listing, space
from outage_response.domain import authority, escalation
from outage_response.domain import waiting_limits as limits
from outage_response.domain.lifecycle import LIVE
from outage_response.domain.phone_numbers import digits
from outage_response.domain.states import PageStatus, TaskStatus
from outage_response.permissions import roles_of

from ..facts.language import in_clauses, title_of
from ..facts.reachable_people import People
from ..notices import server_patience
from ..site import same_site
from . import ringing, sweep

MOST_PEOPLE = 20
MOST_COUNTED = 1000
SHOWN = ("incident", "property", "title", "title_zh", "subject_label", "priority")
# Who is told that the bench is set up so that ringing is late; nobody else can do anything about it
TOLD_OF_SETTINGS = {authority.CONTROL_ROOM, authority.GENERAL_MANAGER, *authority.OF_THE_SITE}
TASK_FIELDS = [*SHOWN, "name", "department", "phone", "ring_level", "_assign"]


def alarm(incident: str | None = None) -> dict:
	"""What stands on every screen while nobody is rung; of one incident, or of all that the reader may see.

	lines        what is the matter, in the reader's language: nothing to say is all well
	people       whom to phone by hand, the most urgent first: name, phone, what, where, incident, property
	may_confirm  the site is silent because it is another one than it was, and the reader may say that it is the site
	"""
	now = now_datetime()
	muted, still = same_site.state(), _still(now, sweep.bring_forward())
	short = [*_of_a_slow_clock(), *_of_what_is_short(now)]
	if muted:
		lines = _of_silence(muted, now)
	elif still:
		lines = _of_standing(*still, now)
	else:
		return {"lines": short, "people": [], "may_confirm": False}
	return {
		"lines": [*lines, *short],
		"people": _people(_incidents(incident), now),
		"may_confirm": bool(muted and muted["may_confirm"]),
	}


def slow_clock() -> str:
	"""What is to be said, and done, where the bench's scheduler looks more rarely than once a minute; else nothing."""
	minutes = limits.minutes_late(compat.scheduler_tick())
	if not minutes:
		return ""
	return _(
		"The scheduler of this bench looks only every {0} minutes: whoever does not answer, the next one is rung up to {0} minutes late. An administrator of the bench sets scheduler_tick_interval to 60 in sites/common_site_config.json (bench set-config -g scheduler_tick_interval 60) and restarts the scheduler (bench restart)."
	).format(minutes)


def _of_a_slow_clock() -> list[str]:
	return [text for text in (slow_clock(),) if text and TOLD_OF_SETTINGS & set(roles_of())]


def _of_what_is_short(now: datetime) -> list[str]:
	"""Room on the disk, and a mail server that answers: without them people are rung all the same, and residents are not told."""
	lines = []
	if space.is_short():
		free = space.free_mb()
		text = _(
			"Space on the server is short: what cannot wait goes on, mails to residents wait. Tell your administrator."
		)
		lines.append(f"{text} ({free} MB)" if free is not None else text)
	for what, account, until in server_patience.to_be_said():
		if what == server_patience.SMS:
			text = _("The SMS gateway does not answer: SMS to residents wait, and it is asked again at {0}.")
		elif account:
			text = _(
				"Mails of the account {1} wait, it cannot send them; it is tried again at {0}. Tell your administrator."
			)
		else:
			text = _("The mail server does not answer: mails wait, and it is asked again at {0}.")
		lines.append(text.format(_moment(until, now), account))
	return lines


def _of_silence(muted: dict, now: datetime) -> list[str]:
	since = muted["since"] and get_datetime(muted["since"])
	return [
		_("This site has been silent since {0}: it rings nobody and mails nobody.").format(_moment(since, now))
		if since
		else _("This site is silent: it rings nobody and mails nobody."),
		_("It is another one than it was: {0}.").format(in_clauses(muted["reasons"])),
		_("If this is the site that people rely on, say so. If it is a copy, leave it silent."),
	]


def _of_standing(since: datetime, waiting: int, now: datetime) -> list[str]:
	at = _moment(since, now)
	if waiting:
		return [_("Nobody is being rung since {0}: messages that wait: {1}.").format(at, waiting)]
	return [_("The site's clock stands still since {0}: whoever does not answer, nobody else is rung.").format(at)]


def _moment(at: datetime, now: datetime) -> str:
	"""02:15, with the date when it is another day's."""
	return at.strftime("%H:%M" if at.date() == now.date() else "%m-%d %H:%M")


def _still(now: datetime, last: datetime | None) -> tuple[datetime, int] | None:
	"""(since when nobody is rung, how many pages wait), or None. `last`: when the minute's ringing ran last."""
	page = frappe.qb.DocType("Outage Page")
	waiting = (
		frappe.qb.from_(page)
		.select(page.send_after)
		.where(page.status == PageStatus.QUEUED)
		.where(page.send_after < now - limits.PAGE_WAITS_AFTER)
		.orderby(page.send_after)
		.limit(MOST_COUNTED)
	).run(pluck=True)
	stands = bool(limits.minutes_away(last, now, compat.scheduler_tick()))
	if not waiting and not stands:
		return None
	return min(get_datetime(moment) for moment in (*waiting[:1], *([last] if stands else ()))), len(waiting)


def _incidents(incident: str | None) -> list[str]:
	"""Running ones; the caller has checked the right to read one that is named."""
	filters = {"status": ("in", LIVE)}
	if incident:
		return frappe.get_all("Outage Incident", filters={**filters, "name": incident}, pluck="name")
	if not frappe.has_permission("Outage Incident", "read"):
		return []
	return frappe.get_list("Outage Incident", filters=filters, pluck="name", limit=0)


def _people(incidents: Sequence[str], now: datetime) -> list[dict]:
	"""Those whose page waits, and those whom the clock would ring by now; each once, with what is most urgent."""
	if not incidents:
		return []
	waiting = _waiting_pages(incidents, now)
	told = {row.task for row in waiting}
	due = [task for task in _due(incidents, now) if task.name not in told]
	found: dict[str, dict] = {}
	rows = [(row.priority, _shape(row, row.person_name, row.phone)) for row in waiting]
	rows += [(task.priority, _shape(task, *who)) for task, who in _next_ones(due, now)]
	for _priority, row in sorted(rows, key=lambda one: one[0]):
		known = found.setdefault(digits(row["phone"]) or row["name"], row)
		known["phone"] = known["phone"] or row["phone"]
	return list(found.values())[:MOST_PEOPLE]


def _shape(row: frappe._dict, name: str, phone: str | None) -> dict[str, Any]:
	return {
		"name": name,
		"phone": phone or "",
		"what": title_of(row),
		"where": row.subject_label or "",
		"incident": row.incident,
		"property": row.property,
	}


def _waiting_pages(incidents: Sequence[str], now: datetime) -> list[frappe._dict]:
	"""A row for each page and step; chat groups are nobody to be phoned, nor does anybody phone themselves."""
	page, link, task = (frappe.qb.DocType(name) for name in ("Outage Page", "Outage Page Task", "Outage Task"))
	return (
		frappe.qb.from_(page)
		.join(link)
		.on(link.parent == page.name)
		.join(task)
		.on(task.name == link.task)
		.select(page.person_name, page.phone, task.name.as_("task"), *(task[name] for name in SHOWN))
		.where(page.status == PageStatus.QUEUED)
		.where(page.send_after <= now)
		.where(page.incident.isin(list(incidents)))
		.where(page.person_name.isnotnull())
		.where(page.user.isnull() | (page.user != frappe.session.user))
		.where(task.status.isin((TaskStatus.OPEN, TaskStatus.ACKNOWLEDGED)))
		.orderby(task.priority)
		.orderby(page.send_after)
		.orderby(page.name)
		.limit(500)
	).run(as_dict=True)


def _due(incidents: Sequence[str], now: datetime) -> list[frappe._dict]:
	"""Steps whose next ring the clock has missed. Not by a list of Frappe's, which takes a step that does not ring for one whose time
	came long ago."""
	task = frappe.qb.DocType("Outage Task")
	return (
		frappe.qb.from_(task)
		.select(*(task[name] for name in TASK_FIELDS))
		.where(listing.one_of(task.incident, incidents))
		.where(task.status == TaskStatus.OPEN)
		.where(task.ring_at <= now)
		.orderby(task.priority)
		.orderby(task.due_at)
		.orderby(task.name)
		.limit(200)
	).run(as_dict=True)


def _next_ones(tasks: Sequence[frappe._dict], now: datetime) -> Iterable[tuple[frappe._dict, tuple[str, str]]]:
	"""(step, (name, number)) of those whom its rule would ring next; where none of them has a number, of the next row that has."""
	rules = ringing.rules() if tasks else []
	of_property: dict[str, People] = {}
	for task in tasks:
		rule = escalation.rule_for(rules, task.department, task.priority)
		people = of_property.setdefault(task.property, People(task.property, now))
		if rule and rule.levels:
			level = min(task.ring_level or 0, len(rule.levels) - 1)
			there = _first_with_a_number(rule.levels[level:], people, task)
			yield from ((task, (one.name, one.phone)) for one in there)


def _first_with_a_number(
	levels: Sequence[Sequence[escalation.Row]], people: People, task: frappe._dict
) -> list[escalation.Person]:
	"""Whom the first of these levels means that can be phoned at all; the reader does not phone themselves."""
	assigned = frappe.parse_json(task._assign or "[]")
	for rows in levels:
		there = [one for row in rows for one in people.of(row.whom, task.department, assigned, task.phone or "")]
		there = [one for one in there if one.user != frappe.session.user]
		if any(one.phone for one in there):
			return there
	return []
