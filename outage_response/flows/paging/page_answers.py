"""What comes back from somebody who was rung: yes or no, by link, by reply, by the control room. A yes is the ordinary
verb `acknowledge`, done as the person who was rung."""

from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import format_datetime, now_datetime

from outage_response import listing, permissions
from outage_response.domain import authority, phone_numbers
from outage_response.domain.lifecycle import LIVE
from outage_response.domain.states import PageAnswer, TaskStatus
from outage_response.integrations import acting_as

from ..facts.language import title_of
from ..tasks import task_verbs
from ..verb.locking import lock_incident
from . import answer_links, sweep

LIVES_HOURS = 24
FIELDS = ("name", "incident", "test", "property", "user", "contact", "phone", "channel", "person", "is_drill", "answer")


def look(token: str | None) -> dict:
	"""What a link shows: `property`, `drill`, `test`, `since`, `answer`, and the steps that are open or taken by whom.

	Raises PageDoesNotExistError for a link that nobody gave out, that is too old, or whose holder is nobody any more who would
	be rung.
	"""
	page = _page(token)
	rows = _steps(page.name)
	return {
		"property": page.property,
		"drill": bool(page.is_drill),
		"test": bool(page.test),
		"since": format_datetime(page.creation, "yyyy-MM-dd HH:mm"),
		"answer": page.answer or "",
		"steps": [
			{
				"title": title_of(row),
				"where": row.subject_label or "",
				"status": row.status,
				"mine": bool(page.user) and row.acknowledged_by == page.user,
			}
			for row in rows
		],
		"open": sum(row.status == TaskStatus.OPEN for row in rows),
	}


def by_link(token: str | None, yes: bool) -> dict:
	"""The person who holds the link answers."""
	return answer(_page(token), yes, "link")


def answer(page: frappe._dict, yes: bool, how: str) -> dict:
	"""Yes: every step of the page that is still open is theirs. No: where nobody else was rung, the next one is, now.

	Answers {"taken", "too_late"}: how many steps, and how many somebody else had taken. Said twice, it changes nothing, also
	when both come at once: a finger touches a button twice.
	"""
	if page.incident:
		lock_incident(page.incident)
	rows = _steps(page.name)
	over = page.incident and frappe.db.get_value("Outage Incident", page.incident, "status") not in LIVE
	wanted = [] if over else [row for row in rows if row.status == TaskStatus.OPEN]
	taken = 0
	if yes:
		for row in wanted:
			_take(page, row, how)
			taken += 1
	_note(page, yes, how)
	if not yes and wanted and page.incident:
		sweep.hurry(page.incident, [page.name])
	mine = sum(bool(page.user) and row.acknowledged_by == page.user for row in rows)
	return {"taken": taken, "too_late": len(rows) - len(wanted) - mine, "test": bool(page.test)}


def _take(page: frappe._dict, row: frappe._dict, how: str) -> None:
	if page.user:
		with acting_as(page.user):
			task_verbs.acknowledge(row.name, how=how)
	else:
		with acting_as("Administrator"):  # an outside firm's people have no login
			task_verbs.acknowledge_for(row.name, None, how)


def _note(page: frappe._dict, yes: bool, how: str) -> None:
	"""The first answer stands, unless a no becomes a yes."""
	if page.answer == PageAnswer.YES or (page.answer == PageAnswer.NO and not yes):
		return
	table, now = frappe.qb.DocType("Outage Page"), now_datetime()
	frappe.qb.update(table).set(table.answer, PageAnswer.YES if yes else PageAnswer.NO).set(table.answered_at, now).set(
		table.answered_by, how
	).set(table.modified, now).where(table.name == page.name).run()


def _page(token: str | None) -> frappe._dict:
	name = answer_links.page_of(token)
	page = name and frappe.db.get_value("Outage Page", name, [*FIELDS, "creation"], as_dict=True)
	if not page or page.creation < now_datetime() - timedelta(hours=LIVES_HOURS) or not _stands(page):
		frappe.throw(
			_("This link is not valid any more. Phone the control room, or log in."), frappe.PageDoesNotExistError
		)
	return page


def whose(token: str | None) -> list[str]:
	"""What a guess at a link is counted by: the page that it names, and whoever that page is for."""
	name = answer_links.named(token)
	person = name and frappe.db.get_value("Outage Page", name, "person")
	return [f"page {name}", *([f"rung {person}"] if person else ())]


def is_genuine(token: str | None) -> bool:
	"""Did we give this link out, whether it still opens something or not?"""
	return bool(answer_links.page_of(token))


def _stands(page: frappe._dict) -> bool:
	"""Is whoever was rung still worth asking? A login that is switched on, has a role of the staff and may see the property; of
	an outside firm somebody who stands on its shift there, or the number that is still entered for the step. A link, and a number
	that answers, is worth no more than that; what it can no longer take rings on."""
	if page.user:
		return bool(
			frappe.db.get_value("User", page.user, "enabled")
			and set(authority.STAFF) & set(permissions.roles_of(page.user))
			and permissions.may_read("Managed Property", page.property, page.user)
		)
	if page.contact:
		return bool(
			frappe.db.exists(
				"Duty Shift",
				{
					"property": page.property,
					"contact": page.contact,
					"ends_at": (">=", page.creation),
					"starts_at": ("<=", page.creation + timedelta(hours=LIVES_HOURS)),
				},
			)
		)
	tasks = frappe.get_all("Outage Page Task", filters={"parent": page.name}, pluck="task")
	theirs = listing.get_all("Outage Task", filters={"name": ("in", tasks)}, fields=["phone", "department"])
	firms = listing.get_all(
		"Response Department", filters={"name": ("in", [row.department for row in theirs])}, pluck="phone"
	)
	return any(number and phone_numbers.same(number, page.phone) for number in [*(row.phone for row in theirs), *firms])


def _steps(page: str) -> list[frappe._dict]:
	row, table = frappe.qb.DocType("Outage Page Task"), frappe.qb.DocType("Outage Task")
	return (
		frappe.qb.from_(row)
		.join(table)
		.on(row.task == table.name)
		.select(
			table.name,
			table.title,
			table.title_zh,
			table.subject_label,
			table.status,
			table.acknowledged_by,
			table.priority,
		)
		.where(row.parent == page)
		.orderby(table.priority)
		.orderby(table.due_at)
		.orderby(table.name)
	).run(as_dict=True)


# ---------------------------------------------------------------- replies through a gateway


def _said(request) -> dict:
	"""What the body says: a JSON object, or a form."""
	if request.is_json:
		found = request.get_json(silent=True)
		return found if isinstance(found, dict) else {}
	return dict(request.form)
