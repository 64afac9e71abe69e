"""What all verbs have in common: who may, the lock, the replay, the time, and how a refusal reads."""

import functools
import inspect
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.realtime import get_doc_room, get_doctype_room
from frappe.utils import get_datetime, get_system_timezone, now_datetime

from outage_response import listing, locks, permissions
from outage_response.domain import authority, lifecycle
from outage_response.domain.authority import CONTROL_ROOM, GENERAL_MANAGER
from outage_response.domain.clock import happened_at
from outage_response.domain.errors import GateClosed, NotAllowed, Overlaps, RuleError
from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.roster import Department, Roster

from ..facts import place_names, plan_steps, power_and_assets, who_is_on_duty
from ..facts.language import listed, title_of
from ..paging import page_rows, ringing
from ..residents import page_cache
from . import timeline

# Supply may be back in part of the area before anybody has reported the outage; that it went first is asked for each node
BEFORE_THE_REPORT = ("supply_back",)
# Stands before a time that a phone's clock gave and nobody has looked at: `phone:2026-01-31 02:15:00`
BY_PHONE = "phone:"
# verb -> what keeps it where it can change nothing any more
KEPT_LATE: dict[str, Callable] = {}


class GateClosedError(frappe.ValidationError):
	"""A gate is closed. The response carries the open steps in `blocking`."""


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


@contextmanager
def translated():
	"""Turn a broken rule into the error that Frappe shows, in the reader's language."""
	try:
		yield
	except GateClosed as refusal:
		rows = describe(refusal.blocking)
		frappe.local.response["blocking"] = rows
		lines = "".join(f"<li>{frappe.utils.escape_html(row['text'])}</li>" for row in rows)
		frappe.throw(f"{refusal.rendered(_)}<ul>{lines}</ul>", GateClosedError, title=_("Still open"))
	except Overlaps as refusal:
		may_extend = authority.may("extend_scope", permissions.roles_of())
		frappe.local.response["overlapping"] = refusal.running if may_extend else []
		frappe.local.response["may_declare_all_the_same"] = True
		frappe.throw(refusal.rendered(_), frappe.ValidationError)
	except NotAllowed as refusal:
		frappe.throw(refusal.rendered(_), frappe.PermissionError)
	except RuleError as refusal:
		frappe.throw(refusal.rendered(_), frappe.ValidationError)


def describe(tasks: Sequence[TaskRow]) -> list[dict[str, Any]]:
	"""Open steps as people read them: what, where (`area`: "" for the property as a whole), with whom."""
	rows = listing.get_all(
		"Outage Task",
		filters={"name": ("in", [task.name for task in tasks])},
		fields=["name", "title", "title_zh", "_assign"],
	)
	about = {row.name: row for row in rows}
	users = {row.name: frappe.parse_json(row._assign or "[]") for row in rows}
	full_names = dict(
		listing.get_all(
			"User",
			filters={"name": ("in", list({user for some in users.values() for user in some}))},
			fields=["name", "full_name"],
			as_list=True,
		)
	)
	places = place_names.of_subjects((task.subject_type, task.subject) for task in tasks)
	found = []
	for task in tasks:
		row = about[task.name]
		title = title_of(row)
		who = listed(full_names.get(user) or user for user in users[task.name]) or _(
			task.assigned_role or task.department
		)
		where = f" ({task.subject_label})" if task.subject_label else ""
		found.append(
			{
				"task": task.name,
				"step": task.step_key,
				"subject": task.subject,
				"area": places.get((task.subject_type, task.subject), ""),
				"department": task.department,
				"department_name": _(
					frappe.get_cached_value("Response Department", task.department, "department_name")
				),
				"life_safety": bool(task.life_safety),
				"with": who,
				"text": f"{title}{where}: {_(task.status)}, {who}",
			}
		)
	return found


def is_general_manager() -> bool:
	return GENERAL_MANAGER in permissions.roles_of()


def lock_property(property_name: str) -> None:
	"""Declaring is one at a time per property. Raises RuleError for an unknown property."""
	locks.begin()
	if not isinstance(property_name, str) or not locks.rows("Managed Property", [property_name]):
		_refuse_property(property_name)


def lock_property_if_free(property_name: str) -> bool:
	"""The same without waiting: False while somebody else holds the property. For what cannot wait."""
	locks.begin()
	if isinstance(property_name, str) and locks.rows("Managed Property", [property_name], wait=False):
		return True
	if not isinstance(property_name, str) or not frappe.db.exists("Managed Property", property_name):
		_refuse_property(property_name)
	return False


def _refuse_property(name: Any) -> NoReturn:
	raise RuleError(_("Property: {property} does not exist. Choose one of the list."), property=str(name)[:140])


def lock_incident(name: str) -> Document:
	"""The incident with its row locked until the transaction ends: a verb's first query, where it can be.

	Raises QueryDeadlockError (the caller retries) when this transaction's view of the database is older than the lock; see
	`locks.document`.
	"""
	try:
		return locks.document("Outage Incident", name)
	except frappe.DoesNotExistError:
		frappe.throw(
			_("Incident: {0} does not exist. Choose one of the list.").format(frappe.bold(str(name)[:140])),
			frappe.DoesNotExistError,
		)


def touch(incident: Document) -> None:
	"""Every verb leaves its mark on the incident's row, so that a transaction with an older view notices."""
	incident.modified = frappe.utils.now()
	frappe.db.set_value("Outage Incident", incident.name, "modified", incident.modified, update_modified=False)
	announce(incident.name)
	page_cache.bump(incident.property)


def announce(incident: str) -> None:
	"""Tell open screens, after the commit, to read this incident again; "": calls that belong to none yet.

	The message says which one and nothing else: what a reader may see is decided when they ask. It goes to the room of
	the document (its form) and of the doctype (lists, the command centre); Frappe lets nobody into either without the
	right to read.
	"""
	rooms = [get_doctype_room("Outage Incident"), *([get_doc_room("Outage Incident", incident)] if incident else [])]
	for room in rooms:
		frappe.publish_realtime("outage_changed", {"incident": incident}, room=room, after_commit=True)


def save(doc: Document) -> None:
	"""Save a document that belongs to the verbs."""
	doc.flags.by_verb = True
	doc.flags.ignore_permissions = True
	doc.save()


def refuse_outside_verbs(doc: Document, free_fields: tuple[str, ...] = ()) -> None:
	"""For `validate` of verb-owned doctypes: nobody changes them outside a verb, Administrator included."""
	if doc.flags.by_verb:
		return
	before = doc.get_doc_before_save()
	if before is None or before.docstatus != doc.docstatus:
		refuse_row(doc)
	for df in doc.meta.fields:
		if df.fieldname in free_fields:
			continue
		if df.fieldtype in frappe.model.table_fields:
			changed = _rows(before.get(df.fieldname)) != _rows(doc.get(df.fieldname))
		elif df.fieldtype in frappe.model.no_value_fields:  # layout; tables are among them
			continue
		else:
			changed = str(before.get(df.fieldname) or "") != str(doc.get(df.fieldname) or "")
		if changed:
			frappe.throw(
				_("{0}: changed only by the outage verbs (buttons), not by hand.").format(frappe.bold(_(df.label))),
				frappe.PermissionError,
			)


def _rows(rows: list[Document] | None) -> list[dict]:
	skip = {"modified", "modified_by", "docstatus", "creation", "owner"}
	return [
		{key: str(value or "") for key, value in row.as_dict().items() if key not in skip and not key.startswith("_")}
		for row in rows or []
	]


def refuse_row(doc: Document) -> None:
	"""For what is not made or saved by hand at all."""
	frappe.throw(_("{0} is made by the outage verbs, not by hand.").format(_(doc.doctype)), frappe.PermissionError)


def refuse_delete(doc: Document) -> None:
	"""For `on_trash`: the record of an outage stays."""
	if not doc.flags.by_verb:
		frappe.throw(_("{0}: the record of an outage is not deleted.").format(_(doc.doctype)), frappe.PermissionError)


def as_time(value: str | datetime | None, label: str) -> datetime | None:
	"""A moment from a client, in site time, in which one without a zone is meant. Raises RuleError naming the field."""
	if value in (None, ""):
		return None
	try:
		moment = get_datetime(value)
	except Exception:
		moment = None
	if moment is None:
		raise RuleError(
			_("{field}: {value} is not a time. Write it as 2026-01-31 02:15:00."), field=label, value=str(value)[:60]
		)
	if moment.tzinfo:
		moment = moment.astimezone(ZoneInfo(get_system_timezone()))
	return moment.replace(tzinfo=None)


def is_by_phone(occurred_at: str | datetime | None) -> bool:
	"""Did a phone's clock give this time?"""
	return isinstance(occurred_at, str) and occurred_at.startswith(BY_PHONE)


def said_at(occurred_at: str | datetime | None) -> datetime | None:
	"""The moment that a client names, by whatever clock. Raises RuleError for what is none."""
	return as_time(occurred_at.removeprefix(BY_PHONE) if is_by_phone(occurred_at) else occurred_at, "Occurred At")


def when(occurred_at: str | datetime | None, incident: Document | None = None) -> tuple[datetime, datetime, str]:
	"""(when it happened, now, what the timeline has to say of the clock); see `domain.clock.happened_at`.

	incident  what happened belongs to its record
	"""
	now = now_datetime()
	fast = frappe.db.get_single_value("Outage Response Settings", "fast_clock_minutes")
	by_phone = is_by_phone(occurred_at)
	moment = happened_at(
		said_at(occurred_at),
		now,
		10 if fast is None else fast,
		by_phone=by_phone,
		reported_at=get_datetime(incident.reported_at) if incident and incident.reported_at else None,
		last_at=timeline.last_moment(incident.name) if incident else None,
	)
	return moment.at, now, moment.said


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
	if verb == "acknowledge" and page_rows.rang(task.name, frappe.session.user):
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
	ringing.advance(call.incident, call.now)
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
