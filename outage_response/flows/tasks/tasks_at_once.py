"""Several tasks change at once: passed on to others, confirmed anew, ended, taken off the board."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import frappe
from frappe.model.document import Document

from outage_response import bulk, listing
from outage_response.domain.lifecycle import ENDED
from outage_response.domain.states import CheckKind, TaskStatus
from outage_response.domain.who_gets_a_task import Assignment

from ..verb.engine import Act
from . import assignment, ring_state
from .task_words import about_task

# steps that end without being done -> what the timeline calls it
ENDED_BY_COMMAND: Mapping[str, str] = {TaskStatus.SKIPPED: "task_skipped", TaskStatus.CANCELLED: "task_cancelled"}
# a step that nobody is at any more
NOBODY = {
	"status": TaskStatus.OPEN,
	"acknowledged_at": None,
	"acknowledged_by": None,
	"started_at": None,
	"started_by": None,
	"counts_from": None,
	# how long it takes counts from the first ring of the one who is to have it now
	"first_rung_at": None,
	"rings": 0,
}
# a confirmation that nobody has given
UNCONFIRMED = {"result": "", "checked_by": None, "checked_at": None, "read_back_by": None, "read_back_at": None}


def pass_on(act: Act, given: Sequence[tuple[frappe._dict, Assignment]]) -> None:
	"""Nobody is at these steps any more: they go to others, are open, ring from the beginning, and are confirmed anew."""
	names = [row.name for row, _who in given]
	assignment.take_back(names, status="Cancelled")
	assignment.give([(row.name, row.title, row.priority, row.due_at, who) for row, who in given], act.now)
	alike: dict[tuple, list[str]] = defaultdict(list)
	for row, who in given:
		values = {"assigned_role": who.role, "phone": who.phone, **ring_state.anew(row, act.now)}
		alike[tuple(values.items())].append(row.name)
	for pairs, some in alike.items():
		set_many(act, some, {**NOBODY, **dict(pairs)})
	forget_confirmations(names)


def forget_confirmations(names: Sequence[str]) -> None:
	"""What somebody confirmed was true for them and then; whoever has the steps now confirms anew."""
	if names:
		table = frappe.qb.DocType("Outage Task Check")
		bulk.change("Outage Task Check", table.parent.isin(names) & (table.kind == CheckKind.CONFIRMATION), UNCONFIRMED)


def set_many(act: Act, names: Sequence[str], values: Mapping[str, Any]) -> None:
	"""The same change to several tasks in one statement."""
	bulk.update("Outage Task", names, {**values, "modified": act.now, "modified_by": frappe.session.user})


def end_many(act: Act, names: Sequence[str], status: str, reason: str) -> None:
	"""End several tasks at once: `status` is Done, Skipped or Cancelled."""
	if not names:
		return
	values: dict[str, Any] = {"status": status, "reason": reason}
	if status == TaskStatus.DONE:
		values.update(completed_at=act.at, completed_by=frappe.session.user, recorded_at=act.now, counts_from=None)
	set_many(act, names, values)
	assignment.take_back(names, "Cancelled" if status == TaskStatus.CANCELLED else "Closed")
	if status in ENDED_BY_COMMAND:
		_record_ended(act, names, ENDED_BY_COMMAND[status], reason)


def _record_ended(act: Act, names: Sequence[str], kind: str, reason: str) -> None:
	rows = listing.get_all(
		"Outage Task",
		filters={"name": ("in", names)},
		fields=["name", "title", "title_zh", "subject_label"],
		order_by="priority asc, step_key asc, subject asc",
	)
	act.steps_added += [(kind, {**about_task(row), "reason": reason}, row.name) for row in rows]


def leave_board(incident: Document) -> None:
	"""The board shows the steps of outages that run; those of one that has ended are marked, with one query."""
	if incident.status in ENDED:
		task = frappe.qb.DocType("Outage Task")
		bulk.change("Outage Task", task.incident == incident.name, {"incident_ended": 1})
