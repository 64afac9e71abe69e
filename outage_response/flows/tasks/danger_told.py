"""Danger at the spot of a step: who is told of it, and what keeps it before the control room."""

from collections.abc import Sequence

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain import lifecycle
from outage_response.domain.errors import RuleError
from outage_response.domain.states import Duty

from ..facts import who_is_on_duty
from ..facts.outage_in_words import short_time
from ..verb import bells
from ..verb.engine import Act
from . import assignment


def named_danger(danger: str | None) -> str:
	said = (danger or "").strip()
	if not said:
		raise RuleError(_("Danger: say in a word what it is (smoke, water, crowd)."))
	return said


def others_there(task: Document) -> tuple[str, ...]:
	"""Who is at a step, or has it, where that is not whoever speaks."""
	at_it = task.started_by or task.acknowledged_by
	there = (at_it,) if at_it else tuple(assignment.assignees(task.name))
	return () if frappe.session.user in there else there


def tell_of_danger(act: Act, danger: str, others: Sequence[str]) -> None:
	"""Whoever is there first, then the control room, also of an outage that has ended."""
	where = act.task.subject_label or act.incident.property
	told = who_is_on_duty.users_of(act.departments.values(), act.roster, Duty.CONTROL_ROOM)
	text = _("DANGER at {0}: {1}").format(where, _(danger))
	bells.tell(act.incident, dict.fromkeys((*others, *told), text), act.now)


def keep_danger(act: Act, danger: str) -> None:
	"""Danger of which no open step tells: it stands on the command centre until somebody there takes it."""
	task, incident = act.task, act.incident
	where = task.subject_label or incident.property
	doc = frappe.new_doc("Trouble Call")
	doc.update(
		{
			"property": incident.property,
			"power_node": task.subject if task.subject_type == "Power Node" else None,
			"danger": 1,
			"words": _("{0}, {1}: {2}").format(where, short_time(act.at), danger),
			"said_at": act.now,
			"incident": incident.name if incident.status in lifecycle.RUNNING else None,
		}
	)
	if not incident.is_drill:
		doc.insert(ignore_permissions=True)
