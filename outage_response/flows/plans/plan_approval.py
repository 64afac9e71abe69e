"""A new version of a plan: stored, read by a second person where it loses life safety, and put in force."""

from collections.abc import Iterable
from typing import Any

import frappe
from frappe.model.document import Document

from outage_response import locks
from outage_response.domain import authority
from outage_response.domain.step_definitions import Step

from ..facts.language import title_of
from ..facts.plan_steps import check, fill, left_out, left_out_after, losses, read


def next_version(level: str, steps: Iterable[Step], replaced: str, *, second_person: bool = False) -> Document:
	"""Store changed steps as the level's next version and make it the one that new incidents run with.

	second_person  not where it loses what the replaced one guards: then it waits for somebody else to put it in force
	"""
	steps = list(steps)
	current = frappe.db.get_value("Outage Level", level, "plan") or replaced
	waits = second_person and bool(losses(current, steps))
	version = max(frappe.get_all("Outage Plan", filters={"level": level}, pluck="version") or [0]) + 1
	new = frappe.new_doc("Outage Plan")
	new.update({"level": level, "version": version, "enabled": int(not waits)})
	if second_person and not waits:
		new.flags.leaves_out = left_out_after(current, steps)
	fill(new, steps)
	new.insert()
	if current == replaced and not waits:
		_give_to_level(level, new.name)
	return new


def read_losses(plan: str) -> dict[str, Any]:
	"""What whoever puts a version in force reads before: titles of what it `leaves_out` against the level's present plan and
	earlier ones, and whether another person than its author is needed (`second_person`)."""
	doc = frappe.get_doc("Outage Plan", plan)
	current = frappe.db.get_value("Outage Level", doc.level, "plan")
	steps = read(doc)
	left = frappe.parse_json(left_out_after(current, steps))
	return {"leaves_out": [title_of(loss) for loss in left], "second_person": bool(losses(current, steps))}


def put_in_force(plan: str) -> dict[str, Any]:
	"""From now on new incidents of the level run with this version. Where it loses steps of life safety or gates, somebody
	else has written it. Answers `plan` and the titles of what it `leaves_out`."""
	doc = frappe.get_doc("Outage Plan", plan)
	check(doc)
	locks.row("Outage Level", doc.level)
	current = frappe.db.get_value("Outage Level", doc.level, "plan")
	steps = read(doc)
	if current != plan:
		if losses(current, steps):
			authority.require_second_of_two(doc.written_by or doc.owner, frappe.session.user, plan)
		doc.enabled = 1
		doc.flags.update(leaves_out=left_out_after(current, steps), confirmed_by=frappe.session.user)
		doc.save()
		_give_to_level(doc.level, plan)
		if current:
			frappe.db.set_value("Outage Plan", current, "enabled", 0)
			frappe.clear_document_cache("Outage Plan", current)
	return {"plan": plan, "leaves_out": [title_of(loss) for loss in left_out(plan)]}


def _give_to_level(level: str, plan: str) -> None:
	doc = frappe.get_doc("Outage Level", level)
	doc.plan = plan
	doc.flags.plan_put_in_force = True
	doc.save(ignore_permissions=True)
