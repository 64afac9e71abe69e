"""Who knows of an outage: per person rung, answered, where; per step from the first ring to somebody on the spot."""

from collections import defaultdict
from datetime import datetime, timedelta

import frappe
from frappe.utils import get_datetime, now_datetime, time_diff_in_seconds

from outage_response import listing
from outage_response.domain.lifecycle import OPEN
from outage_response.domain.states import ChannelKind, PageAnswer, PageStatus, TaskStatus
from outage_response.integrations.messages import PAGE

from ..facts.language import title_of
from ..facts.reachable_people import People
from ..paging import enabled_channels

PAGE_FIELDS = [
	"name",
	"person",
	"user",
	"person_name",
	"department",
	"channel",
	"status",
	"answer",
	"answered_at",
	"answered_by",
	"creation",
	"sent_at",
	"error",
]
TASK_FIELDS = [
	"name",
	"title",
	"title_zh",
	"subject_label",
	"department",
	"priority",
	"status",
	"first_rung_at",
	"last_rung_at",
	"rings",
	"ring_at",
	"acknowledged_at",
	"acknowledged_by",
	"started_at",
	"started_by",
	"_assign",
]
# It may still arrive
UNDER_WAY = (PageStatus.QUEUED, PageStatus.SENDING)
# So long a mail is taken to be under way in Frappe's queue, which sends once a minute
MAIL_QUEUE = timedelta(minutes=3)
WAITING = ("Not Sent", "Sending")


def who_knows(incident: str) -> dict:
	"""For the command centre and the incident's form. The caller has checked the right to read the incident.

	people  name, user, department, on_duty, rung (times), first_rung_at, last_channel, last_status, answered_at,
	        answered_after (seconds), answered_by, doing (title), where, reached (True: answered, or a message left for
	        them; None: not rung, or under way; False: nothing got through, or nothing but a bell that sounds on an open
	        screen, or there is no channel for them)
	tasks   task, title, where, department, priority, status, rings, first_rung_at, rings_next_at, acknowledged_at,
	        acknowledged_by, on_scene_at, to_acknowledge, on_scene_after (seconds from the first ring)
	"""
	doc = frappe.db.get_value("Outage Incident", incident, ["property"], as_dict=True)
	people = People(doc.property, now_datetime())
	pages = frappe.get_all(
		"Outage Page", filters={"incident": incident}, fields=PAGE_FIELDS, order_by="creation asc, name asc"
	)
	tasks = frappe.get_all(
		"Outage Task", filters={"incident": incident}, fields=TASK_FIELDS, order_by="priority asc, due_at asc, name asc"
	)
	_see_what_arrived(pages)
	return {"people": _people(people, pages, tasks), "tasks": [_task(row) for row in tasks if row.first_rung_at]}


def _see_what_arrived(pages: list) -> None:
	"""Set `arrived` of each page: True, False, or None while it may still come. A mail that waits for its server for
	longer than MAIL_QUEUE has not."""
	kinds = dict(frappe.get_all("Paging Channel", fields=["name", "kind"], as_list=True))
	mails = [
		page.name
		for page in pages
		if kinds.get(page.channel) == ChannelKind.EMAIL and page.status == PageStatus.ACCEPTED
	]
	sent = dict(
		mails
		and listing.get_all(
			"Email Queue",
			filters={"reference_doctype": PAGE, "reference_name": ("in", mails)},
			fields=["reference_name", "status"],
			as_list=True,
		)
	)
	now = now_datetime()
	for page in pages:
		if page.status in UNDER_WAY:
			page.arrived = None
		elif kinds.get(page.channel) == ChannelKind.EMAIL:
			page.arrived = page.status == PageStatus.ACCEPTED and sent.get(page.name, "Sent") == "Sent"
			if sent.get(page.name) in WAITING and now - (page.sent_at or page.creation) < MAIL_QUEUE:
				page.arrived = None
		else:
			page.arrived = page.status == PageStatus.ACCEPTED and kinds.get(page.channel) != ChannelKind.BELL


def _people(people: People, pages: list, tasks: list) -> list[dict]:
	rung: dict[str, list] = defaultdict(list)
	for page in pages:
		if page.person != "group":
			rung[page.person].append(page)
	on_duty = {person.user: person for person in people.on_duty if person.user}
	keys = {f"user:{user}" for user in on_duty} | set(rung)
	known = people.as_persons({key.partition(":")[2] for key in keys if key.startswith("user:")})
	doing = _doing(tasks)
	working = list(enabled_channels.working().values())
	found = [_person(key, rung.get(key, []), on_duty, known, doing, people) for key in keys]
	for row in found:
		person = row["user"] in on_duty and people.person(on_duty[row["user"]])
		if (
			person
			and not row["rung"]
			and not any(enabled_channels.goes_out(one) for one in enabled_channels.reaching(person, working))
		):
			row["reached"] = False
	return sorted(found, key=lambda row: (row["answered_at"] is not None, row["first_rung_at"] is None, row["name"]))


def _person(key: str, pages: list, on_duty: dict, known: dict, doing: dict, people: People) -> dict:
	user = key.partition(":")[2] if key.startswith("user:") else ""
	last = pages[-1] if pages else None
	step = doing.get(user) or {}
	department = on_duty[user].department if user in on_duty else (last.department if last else "")
	row = people.departments.get(department)
	return {
		"name": known[user].name if user in known else (last.person_name if last else user),
		"user": user,
		"department": row.department_name if row else department,
		"on_duty": user in on_duty,
		"rung": len(pages),
		"last_channel": last.channel if last else None,
		"last_status": last.status if last else None,
		**_answered(pages, step.get("at")),
		"doing": step.get("title"),
		"where": step.get("where"),
	}


def _answered(pages: list, known_at: datetime | None) -> dict:
	"""When somebody was first rung and when they answered: a page, else, `known_at`, in the app; and whether anything reached them."""
	rung_at = pages[0].creation if pages else None
	first_yes = next((page for page in pages if page.answer == PageAnswer.YES), None)
	answered_at = first_yes.answered_at if first_yes else known_at
	by_app = "app" if answered_at else None
	return {
		"first_rung_at": rung_at,
		"answered_at": answered_at,
		"answered_after": _seconds(rung_at, answered_at),
		"answered_by": first_yes.answered_by if first_yes else by_app,
		"reached": _reached(pages, answered_at),
	}


def _reached(pages: list, answered_at) -> bool | None:
	if answered_at or any(page.answer for page in pages):
		return True
	arrived = {page.arrived for page in pages}
	return True if True in arrived else None if not pages or None in arrived else False


def _doing(tasks: list) -> dict[str, dict]:
	"""user -> what they have in hand now, the one begun last, and since when they are known to know."""
	found: dict[str, dict] = {}
	for row in tasks:
		for user in {row.acknowledged_by, row.started_by} - {None}:
			at = get_datetime(row.acknowledged_at or row.started_at)
			mine = found.setdefault(user, {"at": at, "title": None, "where": None, "since": None})
			mine["at"] = min(mine["at"], at)
			since = get_datetime(row.started_at or row.acknowledged_at)
			if row.status in OPEN and (mine["since"] is None or since >= mine["since"]):
				mine.update(since=since, title=title_of(row), where=row.subject_label)
	return found


def _task(row: frappe._dict) -> dict:
	return {
		"task": row.name,
		"title": title_of(row),
		"where": row.subject_label,
		"department": row.department,
		"priority": row.priority,
		"status": row.status,
		"rings": row.rings,
		"first_rung_at": row.first_rung_at,
		"rings_next_at": row.ring_at if row.status in (TaskStatus.OPEN, TaskStatus.ACKNOWLEDGED) else None,
		"acknowledged_at": row.acknowledged_at,
		"acknowledged_by": row.acknowledged_by,
		"on_scene_at": row.started_at,
		"to_acknowledge": _seconds(row.first_rung_at, row.acknowledged_at),
		"on_scene_after": _seconds(row.first_rung_at, row.started_at),
	}


def _seconds(start, end) -> int | None:
	return max(0, int(time_diff_in_seconds(end, start))) if start and end else None
