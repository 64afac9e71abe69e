"""What the print formats show, in the reader's language. Templates only lay it out; no resident is named."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import listing
from outage_response.domain.entrapment_rules import RELEASED
from outage_response.domain.errors import spoken
from outage_response.domain.states import EntrapmentStatus, IncidentStatus, NoticeKind, PlannedBy, TaskStatus

from ..facts import extent_in_words, power_and_assets
from ..facts.language import in_words, title_of
from ..facts.outage_in_words import clock_time
from ..notices import planned_windows, wording
from ..verb import timeline

# What may come in when a report is filed
ADDED_LATE = ("late_act", "task_evidence", "outcome_corrected", "danger_told")


def outage_report_print(report: Document) -> dict[str, Any]:
	"""An Outage Report: `facts` as [label, value], `affected`, `late`, `skipped`, `trapped`, `steps`, `timeline`;
	`added`: what came in after it was filed, in which nothing is changed by it."""
	facts = frappe.parse_json(report.facts or "{}")
	steps = facts.get("steps") or []
	who = _names({step["by"] for step in steps if step.get("by")})
	rows = _facts(report, facts)
	return {
		"drill": bool(facts.get("is_drill")),
		"facts": [[label, value] for label, value in rows if value not in (None, "")],
		"affected": [
			[_node(row), clock_time(row["out_since"]), clock_time(_moment(row["back_at"]))]
			for row in facts.get("affected") or []
		],
		**_about_steps(steps, who),
		"trapped": [
			_rescue(row) for row in facts.get("trapped") or [] if row["status"] != EntrapmentStatus.NOBODY_INSIDE
		],
		"timeline": list(_lines(facts.get("timeline") or [])),
		"added": _added(report.incident),
	}


def _facts(report: Document, facts: dict[str, Any]) -> list[tuple[str, Any]]:
	"""(label, value) of what stands at the head; some have no value."""
	times = {
		"reported_at": _("Reported At"),
		"confirmed_at": _("Confirmed At"),
		"started_at": _("Started At"),
		"restored_at": _("Restored At"),
		"stood_down_at": _("Stood Down At"),
	}
	return [
		(_("Incident"), report.incident),
		(_("Property"), report.property),
		(_("Level"), _(frappe.get_cached_value("Outage Level", report.level, "title"))),
		(_("Cause Type"), facts.get("cause_type") and _(facts["cause_type"])),
		*((label, clock_time((facts.get("times") or {}).get(field))) for field, label in times.items()),
		(_("Affected Units"), facts.get("affected_units")),
		(_("Customer Minutes of Interruption"), facts.get("customer_minutes")),
		(
			_("Steps"),
			_("{0} done, {1} skipped, {2} late").format(*(facts.get(k, 0) for k in ("done", "skipped", "overdue"))),
		),
		(
			_("Callbacks"),
			_("{0} reached, {1} not reached").format(facts.get("reached", 0), facts.get("not_reached", 0)),
		),
	]


def _about_steps(steps: Sequence[dict], who: dict[str, str]) -> dict[str, list]:
	"""Which were late, which skipped and why, and all that were wanted; what nobody has done comes last."""
	in_order = sorted(steps, key=lambda step: not _moment(step["at"]))
	return {
		"late": [_step_and_place(step) for step in steps if step.get("late")],
		"skipped": [
			[_step_and_place(step), _(step.get("reason") or "")]
			for step in steps
			if step["status"] == TaskStatus.SKIPPED
		],
		"steps": [_line_of_step(step, who) for step in in_order if step["status"] != TaskStatus.CANCELLED],
	}


def _line_of_step(step: dict, who: dict[str, str]) -> list[str]:
	return [
		_step_and_place(step),
		_department(step["department"]),
		_(step["status"], context="Outage Task"),
		clock_time(_moment(step["at"])),
		who.get(step.get("by") or "", ""),
		_outcome(step),
	]


def _step_and_place(step: dict) -> str:
	title = title_of(step)
	return f"{title} ({step['where']})" if step.get("where") else title


def _added(incident: str) -> list[list[str]]:
	"""[time at which it happened, text] of what came in after the report was filed."""
	filed_at = timeline.recorded_at(incident, "report_filed")
	if not filed_at:
		return []
	rows = timeline.entries(incident, recorded_after=filed_at)
	return [[clock_time(row["occurred_at"]), row["text"]] for row in rows if row["kind"] in ADDED_LATE]


def _rescue(row: dict) -> list[str]:
	"""Elevator, people inside and out, since when, locked off, maintenance on site, out at, how it ended. Reports that were
	filed before there was a record of the people have only the first and the last two."""
	since, out = _moment(row.get("since", "")), _moment(row["at"])
	minutes = row.get("minutes")  # reports that were filed before they stood there have only the times
	if minutes is None and since and out:
		minutes = int((get_datetime(out) - get_datetime(since)).total_seconds() // 60)
	how = spoken(row["how"], _) if row.get("how") in RELEASED else _(row["status"], context="Elevator Entrapment")
	return [
		row["elevator"],
		f"{row['people'] or '?'} / {row.get('released') or '–'}" if "people" in row else "",
		clock_time(since),
		clock_time(_moment(row.get("locked_off_at", ""))),
		clock_time(_moment(row.get("contractor_arrived_at", ""))),
		clock_time(out),
		str("" if minutes is None else minutes),
		how,
	]


def _lines(rows: Sequence[dict]) -> Iterator[list[str]]:
	"""The timeline as [time, text]. Callbacks that follow each other are one line for each reason and outcome: after a
	tower there are more than a hundred."""
	for are_callbacks, run in groupby(rows, key=lambda row: row.get("kind") == "callback_attempt"):
		if not are_callbacks:
			yield from ([clock_time(row["at"]), _said(row)] for row in run)
			continue
		alike: dict[tuple, list[dict]] = defaultdict(list)
		for row in run:
			alike[row["data"].get("reason"), row["data"].get("outcome")].append(row)
		for some in alike.values():
			units = [unit for row in some for unit in _as_list(row["data"].get("units"))]
			first, last = (clock_time(row["at"]) for row in (some[0], some[-1]))
			said = timeline.render("callback_attempt", {**some[0]["data"], "units": list(dict.fromkeys(units))})
			when = first if first == last else f"{first} – {last.removeprefix(first[:11])}"
			yield [when, said if len(some) == 1 else f"{said} ({len(some)})"]


def _as_list(units: list | str | None) -> list[str]:
	return [units] if isinstance(units, str) else units or []


def _names(users: set[str]) -> dict[str, str]:
	return dict(
		listing.get_all("User", filters={"name": ("in", sorted(users))}, fields=["name", "full_name"], as_list=True)
	)


def _moment(text: str) -> str:
	return "" if text in ("", "None") else text


def _outcome(step: dict) -> str:
	"""In the plan's words, as they were when the report was compiled; reports of before have the key only."""
	words = in_words(step.get("outcome_en") or "", step.get("outcome_zh") or "")
	return words or (spoken(step["outcome"], _) if step.get("outcome") else "")


def _department(key: str) -> str:
	return _(frappe.get_cached_value("Response Department", key, "department_name") or key)


def _node(row: dict) -> str:
	if row.get("unit"):
		return frappe.get_cached_value("Property Unit", row["unit"], "unit_no") or row["unit"]
	return frappe.get_cached_value("Power Node", row["node"], "node_name") or row["node"]


def _said(row: dict) -> str:
	"""An entry in the reader's language; reports filed before the entries were kept whole have only their text."""
	if "kind" in row and row["kind"] in timeline.TEXTS:
		return timeline.render(row["kind"], row.get("data") or {})
	return row["text"]


def planned_notice_print(incident: Document) -> dict[str, Any]:
	"""A notice of planned work, as it was sent: `property`, `areas` (all of them), `windows` ([from, to] of each of that day), `why`,
	`by`, `phone`, `issuer`, `issued`."""
	around = power_and_assets.read(incident.property)
	planners = {PlannedBy.SUPPLIER: _("the power supplier"), PlannedBy.PROPERTY: _("the property management")}
	windows = (
		planned_windows.windows_of_the_day(incident) if incident.status == IncidentStatus.SCHEDULED else [incident]
	)
	its = [incident.name, incident.announced_with] if incident.announced_with else [incident.name]
	issued = listing.get_all(
		"Outage Notice",
		{"incident": ("in", its), "kind": NoticeKind.PLANNED},
		pluck="issued_at",
		order_by="issued_at desc",
		limit=1,
	)
	return {
		"property": incident.property,
		"areas": extent_in_words.of_incident(incident, around),
		"windows": [[clock_time(one.planned_start), clock_time(one.planned_end)] for one in windows],
		"why": wording.cause_of(incident),
		"by": planners.get(incident.planned_by, ""),
		"phone": wording.telephone(incident.property),
		"issuer": wording.issuer(incident.property),
		"issued": clock_time(issued[0] if issued else now_datetime()),
		"planned": bool(incident.planned_start and incident.planned_end),
	}
