"""Plans as the site keeps them <-> steps as the rules read them."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import frappe
import yaml
from frappe import _
from frappe.model.document import Document

from outage_response import listing
from outage_response.domain import roster
from outage_response.domain.errors import RuleError
from outage_response.domain.steps import Step, check_plan, read_keys, read_outcomes

from . import departments

PROCEDURE = Path(__file__).parents[1] / "setup" / "procedure.yaml"

# Plan Step fields that carry a step's field under the same name and in the same shape
SAME = (
	"title_en",
	"title_zh",
	"origin",
	"phase",
	"per",
	"checklist",
	"when_property_type",
	"when_planned_by",
	"anchor",
	"gate",
	"defect_gate",
	"held_until",
	"required_when",
	"repeat_until",
	"completes_with",
	"evidence",
	"department",
	"read_back_by",
	"calls",
	"rescue_part",
)
NUMBERS = ("priority", "when_min_households", "repeat_minutes")
FLAGS = ("at_least_once", "when_unprotected", "due_at_etr", "life_safety", "optional", "on_outcome")
LISTS = ("clauses", "after", "checks")


def procedure() -> dict:
	"""The procedure file: departments, assignment, steps."""
	return yaml.safe_load(PROCEDURE.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def duty_rules() -> tuple[roster.DutyRule, ...]:
	"""Clause 6.1 as the procedure file says it. It is no step, so that no plan of the site carries it."""
	return roster.duty_rules(procedure()["assignment"])


def to_row(step: Step) -> dict[str, Any]:
	"""A step as the fields of a Plan Step."""
	row: dict[str, Any] = {"step_key": step.key}
	row.update({field: getattr(step, field) for field in (*SAME, *NUMBERS)})
	row.update({field: int(getattr(step, field)) for field in FLAGS})
	row.update({field: ", ".join(getattr(step, field)) for field in LISTS})
	row["minutes"] = "" if step.minutes is None else str(step.minutes)
	row["minutes_supplier"] = str(step.minutes_by_planner.get("Supplier", ""))
	row["minutes_property"] = str(step.minutes_by_planner.get("Property", ""))
	row["when_off_hours"] = {None: "", True: "Yes", False: "No"}[step.when_off_hours]
	row["outcomes"] = "\n".join(
		f"{outcome}: {', '.join(adds)}" if adds else outcome for outcome, adds in step.outcomes.items()
	)
	return row


def from_row(row: Document) -> Step:
	"""A Plan Step as the rules read it. Raises RuleError naming the step and the field that cannot be read."""
	return Step(
		key=row.step_key,
		**{field: "" if row.get(field) is None else row.get(field) for field in SAME},
		**{field: int(row.get(field) or 0) for field in NUMBERS},
		**{field: bool(row.get(field)) for field in FLAGS},
		**{field: read_keys(row.get(field)) for field in LISTS},
		minutes=_minutes(row, "minutes"),
		minutes_by_planner={
			planner: minutes
			for planner, field in (("Supplier", "minutes_supplier"), ("Property", "minutes_property"))
			if (minutes := _minutes(row, field)) is not None
		},
		when_off_hours={"Yes": True, "No": False}.get(row.when_off_hours),
		outcomes=read_outcomes(row.outcomes),
	)


def _minutes(row: Document, field: str) -> int | None:
	text = str(row.get(field) if row.get(field) is not None else "").strip()
	if not text:
		return None
	try:
		return int(text)
	except ValueError:
		raise RuleError(
			_("Step {key}, {field}: {value} is not a whole number of minutes."),
			key=row.step_key,
			field=row.meta.get_label(field),
			value=text,
		) from None


def check(plan: Document) -> None:
	"""Refuse a plan that could not be carried out. Raises RuleError."""
	known = frappe.get_all("Response Department", pluck="name", order_by="name")
	steps = [from_row(row) for row in plan.steps]
	check_plan(steps, known)
	_require_people(steps)


def _require_people(steps: Iterable[Step]) -> None:
	"""A department's step is given to somebody who may open it. Raises RuleError naming the step."""
	by_department: dict[str, str] = {}
	for step in steps:
		for name in filter(None, (step.department, step.read_back_by)):
			by_department.setdefault(name, step.key)
	for row in listing.get_all(
		"Response Department",
		filters={"name": ("in", list(by_department))},
		fields=["name", "department_name", "role", "is_external"],
	):
		try:
			departments.require_people(row)
		except RuleError as refusal:
			raise RuleError(
				_("Step {key}, Department: {why}"), key=by_department[row.name], why=refusal.rendered(_)
			) from None


def steps_of_plan(plan: str) -> tuple[Step, ...]:
	"""The steps of one plan version, in order."""
	return _parsed(frappe.local.site, plan, str(frappe.get_cached_doc("Outage Plan", plan).modified))


@lru_cache(maxsize=64)
def _parsed(_site: str, plan: str, _modified: str) -> tuple[Step, ...]:
	"""Reading thirty rows anew for each task of an outage would take longer than writing the tasks."""
	return tuple(from_row(row) for row in frappe.get_cached_doc("Outage Plan", plan).steps)


def step_of(task: Any) -> Step:
	"""The step that a task was made from (of the plan version it was made with)."""
	return next(step for step in steps_of_plan(task.plan) if step.key == task.step_key)


def current_plan(level: str) -> str:
	"""Name of the enabled plan of a level. Raises RuleError when the level is unknown or has none."""
	if not isinstance(level, str) or not frappe.db.exists("Outage Level", level):
		raise RuleError(_("Level: {level} does not exist. Choose I, II or III."), level=str(level)[:60])
	plan = frappe.db.get_value("Outage Level", level, "plan")
	if not plan or not frappe.db.get_value("Outage Plan", plan, "enabled"):
		raise RuleError(_("Level: {level} has no enabled plan. Set one on the Outage Level."), level=level)
	return plan


def is_used(plan: str) -> bool:
	"""Has an incident run, or does one run, with this version?"""
	return bool(frappe.db.exists("Outage Incident", {"plan": plan}) or frappe.db.exists("Outage Task", {"plan": plan}))


def require_current(plan: str, level: str) -> None:
	"""Raise RuleError when new incidents of the level run with another version: a change of this one would reach nobody."""
	current = frappe.db.get_value("Outage Level", level, "plan")
	if current and current != plan:
		raise RuleError(
			_("An incident has used this version, and new ones run with {current}. Make your changes there."),
			current=current,
		)


def next_version(level: str, steps: Iterable[Document], replaced: str) -> Document:
	"""Store changed steps as the level's next version and make it the one that new incidents run with."""
	version = max(frappe.get_all("Outage Plan", filters={"level": level}, pluck="version") or [0]) + 1
	new = frappe.new_doc("Outage Plan")
	new.update({"level": level, "version": version, "enabled": 1})
	for row in steps:
		new.append("steps", to_row(from_row(row)))
	new.insert()
	if (frappe.db.get_value("Outage Level", level, "plan") or replaced) == replaced:
		frappe.db.set_value("Outage Level", level, "plan", new.name)
	return new
