"""What all verbs have in common: who may, the lock, the replay, the time, and how a refusal reads."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import locks, permissions
from outage_response.domain import authority, lifecycle
from outage_response.domain.authority import CONTROL_ROOM, GENERAL_MANAGER
from outage_response.domain.errors import RuleError
from outage_response.domain.roster import Department, Roster

from ..facts import plan_steps, power_and_assets, who_is_on_duty, who_was_rung
from . import timeline
from .changes import touch
from .events import StepsMayRing, happened
from .locking import lock_incident
from .refusals import translated
from .times import is_by_phone, when

# Supply may be back in part of the area before anybody has reported the outage; that it went first is asked for each node
BEFORE_THE_REPORT = ("supply_back",)
# verb -> what keeps it where it can change nothing any more
KEPT_LATE: dict[str, Callable] = {}


@dataclass
class Call:
	"""One call of a verb. `at` is when it happened, `now` when it is recorded (naive site time).

	What it needs to know about the property is read when first asked for, and once.
	"""

	verb: str
	at: datetime
	now: datetime
	clock: str = ""  # what the timeline has to say of the clock that gave the time
	request_id: str | None = None
	incident: Document | None = None
	task: Document | None = None
	by_phone: bool = False  # a phone's clock gave `at`
	warnings: list[str] = field(default_factory=list)
	steps_added: list[tuple] = field(default_factory=list)

	@functools.cached_property
	def around(self) -> power_and_assets.Surroundings:
		"""The property's power tree, units and assets."""
		return power_and_assets.read(self.incident.property)

	@functools.cached_property
	def elevators_affected(self) -> tuple[Any, ...]:
		"""Elevators of the buildings in which anything is dark, as subjects of steps."""
		return power_and_assets.elevators(self.incident, self.around)

	@functools.cached_property
	def departments(self) -> dict[str, Department]:
		"""key -> department."""
		return who_is_on_duty.departments()

	@functools.cached_property
	def roster(self) -> Roster:
		"""The people who are there now: what happened earlier is still for those who can act on it."""
		return who_is_on_duty.roster(self.incident.property, self.now, self.departments)

	def record(self, kind: str, data: dict | None = None, *, task: str | None = None) -> None:
		"""Write one entry on the incident's timeline."""
		timeline.record(self.incident, kind, data or {}, self.at, self.now, task=task)

	def warn(self, kind: str, data: dict | None = None) -> None:
		"""Something is not as it should be, and goes on all the same: on the timeline and in the answer."""
		self.record(kind, data)
		self.warnings.append(timeline.render(kind, data or {}))


def is_general_manager() -> bool:
	return GENERAL_MANAGER in permissions.roles_of()


def incident_verb(function: Callable) -> Callable:
	"""Make a verb of an incident out of `function(call, ...)`.

	The verb takes the incident's name, the function's own arguments, `occurred_at` and `request_id`; it answers with a
	dict (`incident`, `status`, `warnings`, and what the function adds). The same request_id again gives the first answer.
	"""
	verb = function.__name__

	@functools.wraps(function)
	def run(incident: str, *args, occurred_at=None, request_id: str | None = None, **kwargs) -> dict:
		with translated():
			permissions.require_verb(verb)
			locks.begin()
			doc = lock_incident(incident)
			permissions.require_read("Outage Incident", doc)
			if (first := timeline.first_result(request_id, verb, incident=doc.name)) is not None:
				return first
			at, now, clock = when(occurred_at, doc)
			call = Call(verb, at, now, clock, request_id, incident=doc, by_phone=is_by_phone(occurred_at))
			if doc.status in lifecycle.ENDED and verb in lifecycle.KEPT_AFTER_THE_END:
				return finish(call, _keep_late(call, function, args, kwargs))
			lifecycle.require_incident_state(verb, doc.status)
			if verb not in BEFORE_THE_REPORT:
				require_after_report(doc, at)
			result = function(call, *args, **kwargs) or {}
			return finish(call, result)

	return run


def task_verb(function: Callable) -> Callable:
	"""The same for a verb of a task: locks the incident, then the task (always in this order)."""
	verb = function.__name__

	@functools.wraps(function)
	def run(task: str, *args, occurred_at=None, request_id: str | None = None, **kwargs) -> dict:
		with translated():
			incident_name = _incident_of(frappe.local.site, str(task))
			locks.begin()
			incident = lock_incident(incident_name)
			doc = locks.document("Outage Task", task)
			permissions.require_read("Outage Incident", incident)
			require_task_authority(verb, doc)
			if (first := timeline.first_result(request_id, verb, incident=incident_name, task=doc.name)) is not None:
				return first
			at, now, clock = when(occurred_at, incident)
			require_after_report(incident, at)
			call = Call(
				verb, at, now, clock, request_id, incident=incident, task=doc, by_phone=is_by_phone(occurred_at)
			)
			if _comes_late(call):
				result = _keep_late(call, function, args, kwargs)
			else:
				lifecycle.require_task_state(verb, doc.status)
				result = function(call, *args, **kwargs) or {}
			result.update(task=doc.name, task_status=doc.status)
			return finish(call, result)

	return run


def keeps_late(*verbs: str) -> Callable:
	"""Make of `function(call, **arguments of the verb)` what keeps these verbs where they can change nothing any more."""

	def register(function: Callable) -> Callable:
		KEPT_LATE.update(dict.fromkeys(verbs, function))
		return function

	return register


def _comes_late(call: Call) -> bool:
	task = call.task
	changed_at = timeline.last_moment(call.incident.name, task=task.name, kinds=lifecycle.CHANGED_HANDS)
	confirms = any(row.kind == "Confirmation" for row in task.checks)
	return lifecycle.comes_late(
		call.verb, task.status, call.at, call.now, changed_at, confirms=confirms, by_phone=call.by_phone
	)


def _keep_late(call: Call, function: Callable, args: tuple, kwargs: dict) -> dict:
	"""Added to the record as it happened, whatever became of it since. The answer says so: `late`."""
	said = inspect.signature(function).bind(call, *args, **kwargs).arguments
	said.pop(next(iter(said)))  # the call itself
	result = KEPT_LATE[call.verb](call, **said) or {}
	call.warnings.append(_("Kept as a late note: it changes nothing that happened since."))
	return {"late": 1, **result}


@functools.lru_cache(maxsize=4096)
def _incident_of(_site: str, task: str) -> str:
	"""A task's incident never changes."""
	incident = frappe.db.get_value("Outage Task", task, "incident")
	if not incident:
		frappe.throw(
			_("Task: {0} does not exist. Choose one of the list.").format(frappe.bold(task[:140])),
			frappe.DoesNotExistError,
		)
	return incident


def require_task_authority(verb: str, task: Document, outcome: str | None = None) -> None:
	"""Raise NotAllowed unless the session's user may do `verb` on this task.

	outcome  of a correction; before it is known, everybody on the staff may correct: that people are inside after all
	"""
	if verb == "correct_outcome" and outcome is None:
		authority.require_staff(permissions.roles_of())
		return
	department = frappe.get_cached_doc("Response Department", task.department)
	role = authority.own_role(department)
	if verb == "read_back":
		step = plan_steps.step_of(task)
		role = frappe.get_cached_value("Response Department", step.read_back_by, "role") or ""
		authority.require_task(verb, permissions.roles_of(), role, role)
		return
	roles = permissions.roles_of()
	unmanned = (
		CONTROL_ROOM in roles
		and authority.may_step_in(verb, task.gate or "")
		and bool(who_is_on_duty.unmanned(task.property, [task.department], now_datetime()))
	)
	if verb == "acknowledge" and who_was_rung.rang(task.name, frappe.session.user):
		return  # whoever was rung for it may say "mine"
	authority.require_task(verb, roles, role, task.assigned_role or "", unmanned=unmanned)


def finish(call: Call, result: dict) -> dict:
	"""Close a verb: answer, mark on the incident, the request's first result."""
	if call.clock:
		call.warn(call.clock, {})
	result = {
		"incident": call.incident.name,
		"status": call.incident.status,
		"warnings": call.warnings,
		**result,
	}
	timeline.record_many(call.incident, call.steps_added, call.at, call.now)
	happened(StepsMayRing(call.incident, call.now))
	touch(call.incident)
	timeline.keep_result(call.incident, call.verb, call.request_id, result, call.at, call.now)
	return result


def require_after_report(incident: Document, at: datetime) -> None:
	"""Nothing about an outage happens before somebody reported it."""
	reported_at = get_datetime(incident.reported_at) if incident.reported_at else None
	if reported_at and at < reported_at:
		raise RuleError(
			_("Occurred At: {time} lies before the outage was reported ({reported}). Correct the time."),
			time=at.strftime("%Y-%m-%d %H:%M"),
			reported=reported_at.strftime("%Y-%m-%d %H:%M"),
		)
