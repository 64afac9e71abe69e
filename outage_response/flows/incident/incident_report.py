"""The incident report: facts compiled from the record; cause, actions and follow-ups in people's words (6.4, 8.2.9)."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response import settings
from outage_response.domain import lifecycle
from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import OPEN
from outage_response.domain.states import CallbackReason, CallbackStatus, TaskStatus

from ..facts import people_in_elevators, plan_steps, site_time
from ..tasks import completion, task_words
from ..verb import timeline
from ..verb.engine import Act, incident_verb


def figures(incident: str) -> dict[str, Any]:
	"""Counts of one incident: tasks by state, overdue, callbacks by result, customer minutes."""
	doc = frappe.get_cached_doc("Outage Incident", incident)
	rows = _tasks(incident)
	states = Counter(row.status for row in rows)
	callbacks = Counter(frappe.get_all("Outage Callback", filters={"incident": incident}, pluck="status"))
	return {
		"incident": incident,
		"level": doc.level,
		"status": doc.status,
		"tasks": len(rows),
		"done": states[TaskStatus.DONE],
		"skipped": states[TaskStatus.SKIPPED],
		"cancelled": states[TaskStatus.CANCELLED],
		"open": sum(states[state] for state in OPEN),
		"overdue": sum(1 for row in rows if is_late(row)),
		"callbacks": sum(callbacks.values()) - callbacks[CallbackStatus.NOT_REQUIRED],
		"reached": callbacks[CallbackStatus.REACHED],
		"not_reached": callbacks[CallbackStatus.EXHAUSTED] + callbacks[CallbackStatus.UNREACHED],
		"still_out": callbacks[CallbackStatus.STILL_OUT],
		"refused": callbacks[CallbackStatus.REFUSED],
		"affected_units": doc.affected_units or 0,
		"customer_minutes": doc.customer_minutes or 0,
	}


def _tasks(incident: str) -> list[frappe._dict]:
	return frappe.get_all(
		"Outage Task",
		filters={"incident": incident},
		fields=[
			"name",
			"plan",
			"step_key",
			"title",
			"title_zh",
			"subject_type",
			"subject",
			"subject_label",
			"department",
			"status",
			"due_at",
			"acknowledged_at",
			"started_at",
			"completed_at",
			"recorded_at",
			"completed_by",
			"held_until",
			"outcome",
			"evidence",
			"reason",
			"life_safety",
			"optional",
			"priority",
		],
		order_by="completed_at asc, priority asc, step_key asc, subject asc",
	)


def is_late(row: frappe._dict) -> bool:
	"""Was the step done, or the post manned, after it was due? What is still open is late once its time has passed."""
	if row.status in (TaskStatus.SKIPPED, TaskStatus.CANCELLED):
		return False
	met_at = row.started_at if row.held_until else row.completed_at
	return lifecycle.is_late(row.due_at, met_at, frappe.utils.now_datetime(), optional=bool(row.optional))


def compile_facts(incident: str) -> dict[str, Any]:
	"""Everything the record says: times, who did what when, overdue, skipped and back-entered steps, trapped persons,
	callbacks, customer minutes. Names units and staff, never a resident, and no unit because somebody there needs care:
	the report is kept and handed on, whatever they take back later."""
	doc = frappe.get_doc("Outage Incident", incident)
	rows = _tasks(incident)
	care = {row.name: row.subject_label or "" for row in rows if plan_steps.step_of(row).per == "care_unit"}
	entries = _without_care(timeline.entries(incident), care, rows)
	for row in rows:
		if row.name in care:
			row.subject_label = ""
	fast = settings.read().fast_clock_minutes
	times = ("reported_at", "confirmed_at", "started_at", "restored_at", "stood_down_at")
	return {
		**figures(incident),
		"property": doc.property,
		"cause_type": doc.cause_type or "",
		"is_drill": bool(doc.is_drill),
		"times": {field: str(doc.get(field) or "") for field in times},
		"affected": [_affected(row) for row in doc.affected_nodes],
		**_about_steps(rows, fast),
		"trapped": [_rescue(row) for row in people_in_elevators.of_incident(incident)],
		"timeline": [
			{"at": str(entry["occurred_at"]), **{key: entry[key] for key in ("kind", "data", "text")}}
			for entry in entries
		],
	}


def _affected(row: Document) -> dict[str, str]:
	return {
		"node": row.power_node,
		"unit": row.unit or "",
		"out_since": str(row.out_since),
		"back_at": str(row.back_at),
	}


def _about_steps(rows: Sequence[frappe._dict], fast: int) -> dict[str, list]:
	"""All steps, and which were late, skipped, or written down more than `fast` minutes after they were done."""
	return {
		"steps": [_step(row) for row in rows],
		"overdue_steps": [_name(row) for row in rows if is_late(row)],
		"skipped_steps": [
			{"step": _name(row), "reason": row.reason or ""} for row in rows if row.status == TaskStatus.SKIPPED
		],
		"back_entered_steps": [_name(row) for row in rows if _minutes_to_record(row) > fast],
	}


def _step(row: frappe._dict) -> dict[str, Any]:
	return {
		"step": row.step_key,
		"title": row.title,
		"title_zh": row.title_zh or "",
		"where": row.subject_label or "",
		"department": row.department,
		"status": row.status,
		"at": str(row.completed_at or ""),
		"by": row.completed_by or "",
		**task_words.about_outcome(plan_steps.step_of(row), row.outcome or ""),
		"late": is_late(row),
		"reason": row.reason or "",
	}


def _minutes_to_record(row: frappe._dict) -> float:
	"""How long after a step was done it was written down."""
	if not row.completed_at or not row.recorded_at:
		return 0
	return (get_datetime(row.recorded_at) - get_datetime(row.completed_at)).total_seconds() / 60


def _rescue(row: frappe._dict) -> dict[str, Any]:
	return {
		"elevator": row.elevator_label,
		"status": row.status,
		"people": row.people or 0,
		"floor": row.floor or "",
		"conditions": people_in_elevators.conditions(row),
		"since": str(row.since or ""),
		"locked_off_at": str(row.locked_off_at or ""),
		"contractor_called_at": str(row.contractor_called_at or ""),
		"contractor_arrived_at": str(row.contractor_arrived_at or ""),
		"services_called_at": str(row.services_called_at or ""),
		"at": str(row.ended_at or ""),
		"minutes": site_time.minutes_between(row, "since", "ended_at"),
		"how": row.how_ended or "",
		"released": row.released or 0,
		"injured": row.injured or 0,
	}


def _without_care(entries: Sequence[dict], care: dict[str, str], rows: list[frappe._dict]) -> list[dict]:
	"""Entries of the timeline without the homes where somebody needs care. `care`: task -> its home."""
	bare = {
		f"{title} {care[row.name]}": title for row in rows if row.name in care for title in (row.title, row.title_zh)
	}
	found: list[dict] = []
	for entry in entries:
		hidden: dict[str, Any] = {}
		if entry["task"] in care and "subject" in entry["data"]:
			hidden["subject"] = ""
		if entry["data"].get("reason") == CallbackReason.CARE and "units" in entry["data"]:
			hidden["units"] = "–"
		for key in ("steps", "steps_zh"):
			if bare.keys() & set(entry["data"].get(key) or ()):
				hidden[key] = [bare.get(title, title) for title in entry["data"][key]]
		data = {**entry["data"], **hidden}
		found.append({**entry, "data": data, "text": timeline.render(entry["kind"], data)} if hidden else entry)
	return found


def _name(row: frappe._dict) -> str:
	return f"{row.title} ({row.subject_label})" if row.subject_label else row.title


@incident_verb
def file_report(act: Act, cause: str, actions: str, follow_ups: str | None = None) -> dict[str, Any]:
	"""Compile the facts, add people's words, submit; the report cannot be changed after that."""
	incident = act.incident
	if not any(step.completes_with == "report" for step in plan_steps.steps_of_plan(incident.plan)):
		raise RuleError(_("The plan of this incident asks for no report."))
	if frappe.db.exists("Outage Report", {"incident": incident.name}):
		raise RuleError(_("The report of this incident is already filed."))
	for label, text in (("Cause", cause), ("Actions Taken", actions)):
		if not (text or "").strip():
			raise RuleError(_("{field}: cannot be empty."), field=_(label))
	completion.complete_by_flow(act, "report")
	still_open = figures(incident.name)["open"]
	report = frappe.new_doc("Outage Report")
	report.update(
		{
			"incident": incident.name,
			"property": incident.property,
			"level": incident.level,
			"cause": cause,
			"actions": actions,
			"follow_ups": follow_ups,
			"facts": frappe.as_json(compile_facts(incident.name)),
		}
	)
	_submit(report)
	if still_open:
		act.warn("report_with_open_steps", {"count": still_open})
	act.record("report_filed")
	return {"report": report.name}


def _submit(report: Document) -> None:
	report.flags.by_verb = True
	report.flags.ignore_permissions = True
	report.insert()
	report.flags.by_verb = True
	report.submit()
