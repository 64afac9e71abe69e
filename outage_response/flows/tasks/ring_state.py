"""When a step rings: first, anew, after it was taken, or not at all."""

from datetime import datetime

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response import settings
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain import escalation
from outage_response.domain.plan_expansion import TaskSpec

from ..facts import plan_steps


def begins_at(spec: TaskSpec, due: datetime | None, now: datetime) -> datetime | None:
	"""When a new step rings first: at once; what is planned, a while before it is due; what may be left out, never."""
	if not _rings() or spec.optional:
		return None
	if spec.step.rescue_part == rescues.CALL_SERVICES:
		return due and max(now, due)  # the maintenance company is waited for first, for so long
	return _begins_at(spec.step.planned_anchor, due, now)


def anew(task: Document | frappe._dict, now: datetime) -> dict:
	"""Values with which a step rings from the beginning: now, or when the time of planned work comes."""
	return from_the_beginning(_begins_at(is_planned(task), due_at(task), now))


def from_the_beginning(ring_at: datetime | None) -> dict:
	"""The same for a step of which it is known when it rings first."""
	return {"ring_at": ring_at if _rings() else None, "ring_level": 0, "ring_times": 0, "ring_round": 0}


def lies_ahead(task: Document | frappe._dict, now: datetime) -> bool:
	"""Is the step planned work for which nobody is rung yet?"""
	begins = _begins_at(is_planned(task), due_at(task), now)
	return begins is not None and begins > now


def _rings() -> bool:
	return settings.read().ring_people


def _begins_at(planned: bool, due: datetime | None, now: datetime) -> datetime | None:
	return escalation.begins_at(planned, due, now, settings.read().ring_ahead_minutes)


def is_planned(task: Document | frappe._dict) -> bool:
	return bool(task.plan) and plan_steps.step_of(task).planned_anchor


def due_at(task: Document | frappe._dict) -> datetime | None:
	return get_datetime(task.due_at) if task.due_at else None


def taken(task: Document | frappe._dict, now: datetime) -> dict:
	"""Values with which a step that somebody has taken rings again if they do not begin; a ladder that had come to its end
	included. One that is to ring later (planned work) does not ring sooner."""
	if not task.get("ring_at") and not task.get("first_rung_at"):
		return {}
	later = task.get("ring_at") and not task.get("first_rung_at")
	return from_the_beginning(max(now, get_datetime(task.get("ring_at"))) if later else now)
