"""What all verbs have in common: who may, the lock, the replay, the time, and how a refusal reads."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import locks, permissions
from outage_response.domain import authority, lifecycle
from outage_response.domain.authority import CONTROL_ROOM, GENERAL_MANAGER
from outage_response.domain.errors import RuleError
from outage_response.domain.states import CheckKind
from outage_response.domain.who_gets_a_task import Department, Roster

from ..facts import plan_steps, power_and_assets, step_context, who_is_on_duty, who_was_rung
from . import timeline
from .changes import touch
from .events import StepsMayRing, happened
from .locking import lock_incident, lock_property
from .refusals import translated
from .times import is_by_phone, when

# What a verb is made of: function(act, **its own arguments), with what is added to the answer
Function = Callable[..., dict[str, Any] | None]
Keeper = TypeVar("Keeper", bound=Function)
P = ParamSpec("P")
R = TypeVar("R")

# Supply may be back in part of the area before anybody has reported the outage; that it went first is asked for each node
BEFORE_THE_REPORT = ("supply_back",)
# verb -> what keeps it where it can change nothing any more
KEPT_LATE: dict[str, Function] = {}


@dataclass
class Act:
	"""A verb being carried out. `at` is when it happened, `now` when it is recorded (naive site time).

	What it needs to know about the property is read when first asked for, and once.
	"""

	verb: str
	at: datetime
	now: datetime
	clock: str = ""  # what the timeline has to say of the clock that gave the time
	request_id: str | None = None
	incident: Any = None  # the document; None where people are in an elevator and no outage runs
	part: Any = (
		None  # the document of what the verb is about, where that is a part of the incident: task, callback, delivery
	)
	task: Any = None  # the part, where it is a task
	by_phone: bool = False  # a phone's clock gave `at`
	warnings: list[str] = field(default_factory=list)
	steps_added: list[timeline.Entry] = field(default_factory=list)

	@functools.cached_property
	def around(self) -> power_and_assets.Surroundings:
		"""The property's power tree, units and assets."""
		return power_and_assets.read(self.incident.property)

	@functools.cached_property
	def elevators_affected(self) -> tuple[Any, ...]:
		"""Elevators of the buildings in which anything is dark, as subjects of steps."""
		return step_context.elevators(self.incident, self.around)

	@functools.cached_property
	def departments(self) -> dict[str, Department]:
		"""key -> department."""
		return who_is_on_duty.departments()

	@functools.cached_property
	def roster(self) -> Roster:
		"""The people who are there now: what happened earlier is still for those who can act on it."""
		return who_is_on_duty.roster(self.incident.property, self.now, self.departments)

	def record(self, kind: str, data: Mapping[str, Any] | None = None, *, task: str | None = None) -> None:
		"""Write one entry on the incident's timeline."""
		timeline.record(self.incident, kind, data or {}, self.at, self.now, task=task)

	def warn(self, kind: str, data: Mapping[str, Any] | None = None) -> None:
		"""Something is not as it should be, and goes on all the same: on the timeline and in the answer."""
		self.record(kind, data)
		self.warnings.append(timeline.render(kind, data or {}))


def is_general_manager() -> bool:
	return GENERAL_MANAGER in permissions.roles_of()


class Target:
	"""What a verb is about, here an incident: what its first argument names, what is locked after the property and before anything is
	done, and what decides whether it may be done. Other targets are incidents' parts: they say what is different.

	argument  name of the verb's first argument
	doctype   of the part; "" where it is the incident itself
	"""

	argument = "incident"
	doctype = ""

	def require_role(self, verb: str) -> None:
		"""Before anything is read or locked. Raises NotAllowed."""
		permissions.require_verb(verb)

	def incident_of(self, name: Any) -> str:
		"""The incident that it belongs to, read without a lock: it never changes. Raises DoesNotExistError."""
		return name

	def lock_before(self, name: Any, said: Mapping[str, Any]) -> None:
		"""What is locked before the incident: the property, where something follows that is another incident's."""

	def require_may(self, verb: str, part: Any) -> None:
		"""What depends on the part itself. Raises NotAllowed."""

	def happened_at(self, occurred_at: Any, incident: Document, part: Any, said: Mapping[str, Any]) -> Any:
		"""When it happened, as it is said."""
		return occurred_at

	def require_time(self, act: Act) -> None:
		"""Raises RuleError for a time that fits no act of its kind, kept late or not."""

	def comes_late(self, act: Act) -> bool:
		"""Can it change nothing any more, so that it is only kept?"""
		return act.incident.status in lifecycle.ENDED and act.verb in lifecycle.KEPT_AFTER_THE_END

	def require_state(self, act: Act) -> None:
		"""Raises RuleError unless the verb fits where things stand."""
		lifecycle.require_incident_state(act.verb, act.incident.status)
		if act.verb not in BEFORE_THE_REPORT:
			require_after_report(act.incident, act.at)

	def answer(self, part: Any) -> dict[str, Any]:
		"""What is added to the answer when all is done."""
		return {}


class PartTarget(Target):
	"""A part of an incident that has states of its own, which the verb's function asks for."""

	def require_time(self, act: Act) -> None:
		require_after_report(act.incident, act.at)

	def comes_late(self, act: Act) -> bool:
		return False

	def require_state(self, act: Act) -> None:
		"""Asked for by the function."""


class TaskTarget(PartTarget):
	"""A task: the department's, or whoever may step in for it."""

	argument = "task"
	doctype = "Outage Task"

	def require_role(self, verb: str) -> None:
		"""Whose step it is decides, and is known when it is locked."""

	def incident_of(self, name: Any) -> str:
		return _incident_of(frappe.local.site, str(name))

	def require_may(self, verb: str, part: Any) -> None:
		require_task_authority(verb, part)

	def comes_late(self, act: Act) -> bool:
		return _comes_late(act)

	def require_state(self, act: Act) -> None:
		lifecycle.require_task_state(act.verb, act.task.status)

	def answer(self, part: Any) -> dict[str, Any]:
		return {"task": part.name, "task_status": part.status}


def verb(target: Target) -> Callable[[Function], Callable[..., dict[str, Any]]]:
	"""Make a verb out of `function(act, ...)`, whatever it is about.

	The verb takes the target's name, the function's own arguments, `occurred_at` and `request_id`. In this order: who may by their role;
	the locks, which are the transaction's first statements; may the user see it; was this request answered before, then that answer;
	when did it happen; does it come too late, or fit where things stand; the function; the finish. It answers with a dict (`incident`,
	`status`, `warnings`, and what function and target add).
	"""

	def make(function: Function) -> Callable[..., dict[str, Any]]:
		name, signature = function.__name__, signature_of(function, target.argument)

		@functools.wraps(function)
		def run(*args: Any, **kwargs: Any) -> dict[str, Any]:
			# an argument that is missing is noticed by the function: who may, and where things stand, comes before it
			said = signature.bind_partial(*args, **kwargs).arguments
			about, occurred_at, request_id = (
				said.pop(key, None) for key in (target.argument, "occurred_at", "request_id")
			)
			with translated():
				target.require_role(name)
				incident_name = target.incident_of(about)
				locks.begin()
				target.lock_before(about, said)
				incident = lock_incident(incident_name)
				part = locks.document(target.doctype, about) if target.doctype else None
				permissions.require_read("Outage Incident", incident)
				target.require_may(name, part)
				named = {"incident": incident.name, **({target.argument: part.name} if part else {})}
				if (first := timeline.first_result(request_id, name, **named)) is not None:
					return first
				occurred_at = target.happened_at(occurred_at, incident, part, said)
				at, now, clock = when(occurred_at, incident)
				act = Act(name, at, now, clock, request_id, incident, part, by_phone=is_by_phone(occurred_at))
				act.task = part if target.doctype == "Outage Task" else None
				target.require_time(act)
				if target.comes_late(act):
					result = _keep_late(act, said)
				else:
					target.require_state(act)
					result = function(act, **said) or {}
				return finish(act, {**result, **target.answer(part)})

		vars(run)["__signature__"] = signature  # which `inspect` reads
		return run

	return make


def signature_of(function: Callable[..., Any], argument: str = "") -> inspect.Signature:
	"""A verb's own: what it is about in place of the act, and after the function's arguments when it happened, and the request.

	argument  name of what it is about; "" where the function itself has it after the act
	"""
	own = inspect.signature(function)
	named = [inspect.Parameter(argument, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=str)] if argument else []
	more = [
		inspect.Parameter(
			"occurred_at", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=str | datetime | None
		),
		inspect.Parameter("request_id", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=str | None),
	]
	return own.replace(parameters=[*named, *list(own.parameters.values())[1:], *more], return_annotation=dict[str, Any])


incident_verb = verb(Target())
task_verb = verb(TaskTarget())


class PropertyTarget:
	"""What a verb is about where no outage runs yet: a property, or what stands for one.

	argument  name of the verb's first argument
	"""

	argument = "property"

	def property_of(self, name: Any) -> str:
		"""The property that it belongs to, read without a lock: it never changes. Raises ValidationError."""
		return name  # `lock_property` refuses what is none


def property_verb(target: PropertyTarget, right: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
	"""Make a verb out of `function(name, ...)` that is about a property and no outage: who may by their role; the property's lock,
	which is the transaction's first statement; may the user see it; the function. Replay and time are the function's own, since what
	it makes is no incident's part.

	right  the verb whose roles may, where it is another one's
	"""

	def make(function: Callable[P, R]) -> Callable[P, R]:
		signature = inspect.signature(function)

		@functools.wraps(function)
		def run(*args: P.args, **kwargs: P.kwargs) -> R:
			said = signature.bind(*args, **kwargs)
			with translated():
				permissions.require_verb(right or function.__name__)
				property_name = target.property_of(said.arguments[target.argument])
				lock_property(property_name)
				permissions.require_property(property_name)
				return function(*args, **kwargs)

		return run

	return make


def keeps_late(*verbs: str) -> Callable[[Keeper], Keeper]:
	"""Make of `function(act, **arguments of the verb)` what keeps these verbs where they can change nothing any more."""

	def register(function: Keeper) -> Keeper:
		KEPT_LATE.update(dict.fromkeys(verbs, function))
		return function

	return register


def _comes_late(act: Act) -> bool:
	task = act.task
	changed_at = timeline.last_moment(act.incident.name, task=task.name, kinds=lifecycle.CHANGED_HANDS)
	confirms = any(row.kind == CheckKind.CONFIRMATION for row in task.checks)
	return lifecycle.comes_late(
		act.verb, task.status, act.at, act.now, changed_at, confirms=confirms, by_phone=act.by_phone
	)


def _keep_late(act: Act, said: Mapping[str, Any]) -> dict[str, Any]:
	"""Added to the record as it happened, whatever became of it since. The answer says so: `late`."""
	result = KEPT_LATE[act.verb](act, **said) or {}
	act.warnings.append(_("Kept as a late note: it changes nothing that happened since."))
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


def finish(act: Act, result: dict[str, Any]) -> dict[str, Any]:
	"""Close a verb: answer, mark on the incident, the request's first result."""
	if act.clock:
		act.warn(act.clock, {})
	result = {
		"incident": act.incident.name,
		"status": act.incident.status,
		"warnings": act.warnings,
		**result,
	}
	timeline.record_many(act.incident, act.steps_added, act.at, act.now)
	happened(StepsMayRing(act.incident, act.now))
	touch(act.incident)
	timeline.keep_result(act.incident, act.verb, act.request_id, result, act.at, act.now)
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
