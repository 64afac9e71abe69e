"""Plans as the site keeps them <-> steps as the rules read them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import frappe
import yaml
from frappe import _
from frappe.model.document import Document

from outage_response import listing
from outage_response.domain import plan_safeguards, who_gets_a_task
from outage_response.domain.errors import RuleError
from outage_response.domain.gates import knows_rescues
from outage_response.domain.plan_checks import check_plan
from outage_response.domain.plan_gaps import gaps
from outage_response.domain.states import OutageKind, PlannedBy
from outage_response.domain.step_definitions import Outcome, Step, new_key, read_keys, typed

from . import outage_levels, who_is_on_duty
from .language import listed

PROCEDURE = Path(__file__).parents[2] / "setup" / "procedure.yaml"

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
	"residents_en",
	"residents_zh",
)
# Plan Outcome fields that carry an outcome's field under the same name
SAME_OF_OUTCOMES = ("meaning", "residents_en", "residents_zh")
NUMBERS = ("priority", "when_min_households", "repeat_minutes")
FLAGS = ("at_least_once", "when_unprotected", "due_at_etr", "life_safety", "optional", "on_outcome")
LISTS = ("clauses", "after", "checks")


def procedure() -> dict[str, Any]:
	"""The procedure file: departments, assignment, steps."""
	return yaml.safe_load(PROCEDURE.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def duty_rules() -> tuple[who_gets_a_task.DutyRule, ...]:
	"""Clause 6.1 as the procedure file says it. It is no step, so that no plan of the site carries it."""
	return who_gets_a_task.duty_rules(procedure()["assignment"])


def to_row(step: Step) -> dict[str, Any]:
	"""A step as the fields of a Plan Step."""
	row: dict[str, Any] = {"step_key": step.key}
	row.update({field: getattr(step, field) for field in (*SAME, *NUMBERS)})
	row.update({field: int(getattr(step, field)) for field in FLAGS})
	row.update({field: ", ".join(getattr(step, field)) for field in LISTS})
	row["minutes"] = "" if step.minutes is None else str(step.minutes)
	row["minutes_supplier"] = str(step.minutes_by_planner.get(PlannedBy.SUPPLIER, ""))
	row["minutes_property"] = str(step.minutes_by_planner.get(PlannedBy.PROPERTY, ""))
	row["when_off_hours"] = {None: "", True: "Yes", False: "No"}[step.when_off_hours]
	return row


def outcome_rows(step: Step) -> list[dict[str, Any]]:
	"""The outcomes of a step as the fields of Plan Outcomes."""
	return [
		{
			"step": step.key,
			"outcome_key": key,
			"word_en": outcome.en,
			"word_zh": outcome.zh,
			"adds": ", ".join(outcome.adds),
			**{field: getattr(outcome, field) for field in SAME_OF_OUTCOMES},
		}
		for key, outcome in step.outcomes.items()
	]


def fill(plan: Document, steps: Iterable[Step]) -> None:
	"""Put steps and their outcomes into the tables of a plan, in place of what is there."""
	steps = list(steps)
	plan.set("steps", [to_row(step) for step in steps])
	plan.set("outcomes", [row for step in steps for row in outcome_rows(step)])


def read(plan: Document) -> tuple[Step, ...]:
	"""The steps of a plan with their outcomes, in order. Raises RuleError naming what cannot be read."""
	outcomes: dict[str, dict[str, Outcome]] = defaultdict(dict)
	for row in plan.outcomes:
		outcomes[row.step][row.outcome_key] = Outcome(
			adds=read_keys(row.adds),
			en=row.word_en or "",
			zh=row.word_zh or "",
			**{field: row.get(field) or "" for field in SAME_OF_OUTCOMES},
		)
	return tuple(from_row(row, outcomes.get(row.step_key, {})) for row in plan.steps)


def from_row(row: Document, outcomes: Mapping[str, Outcome]) -> Step:
	"""A Plan Step and its outcomes as the rules read them. Raises RuleError naming the step and the field that cannot be read."""
	said: dict[str, Any] = {
		**{field: "" if row.get(field) is None else row.get(field) for field in SAME},
		**{field: int(row.get(field) or 0) for field in NUMBERS},
		**{field: bool(row.get(field)) for field in FLAGS},
		**{field: read_keys(row.get(field)) for field in LISTS},
	}
	return Step(
		key=row.step_key,
		**said,
		minutes=_minutes(row, "minutes"),
		minutes_by_planner={
			planner: minutes
			for planner, field in ((PlannedBy.SUPPLIER, "minutes_supplier"), (PlannedBy.PROPERTY, "minutes_property"))
			if (minutes := _minutes(row, field)) is not None
		},
		when_off_hours={"Yes": True, "No": False}.get(row.when_off_hours),
		outcomes=outcomes,
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
	steps = list(read(plan))
	check_plan(steps, known)
	_require_people(steps)


def _require_people(steps: Iterable[Step]) -> None:
	"""A department's step is given to somebody who may open it. Raises RuleError naming the step."""
	by_department: dict[str, str] = {}
	for step in steps:
		for name in (one for one in (step.department, step.read_back_by) if one):
			by_department.setdefault(name, step.key)
	for row in listing.get_all(
		"Response Department",
		filters={"name": ("in", list(by_department))},
		fields=["name", "department_name", "role", "is_external"],
	):
		try:
			who_is_on_duty.require_people(row)
		except RuleError as refusal:
			raise RuleError(
				_("Step {key}, Department: {why}"), key=by_department[row.name], why=refusal.rendered(_)
			) from None


def make_keys(plan: Document) -> None:
	"""Before a plan is checked: who has no key gets one of its own words, and keeps it; what is named by its title is named
	by its key. Raises RuleError for outcomes that would belong to nothing."""
	for row in plan.steps:
		row.step_key = typed(row.step_key)
		if row.get("outcomes"):
			raise RuleError(
				_("Step {key}, Outcomes: they have a table of their own below the steps. Write them there."),
				key=row.step_key or row.title_en or row.title_zh,
			)
	taken = {row.step_key for row in plan.steps}
	for row in plan.steps:
		if not row.step_key:
			row.step_key = new_key(row.title_en or row.title_zh, taken)
			taken.add(row.step_key)
	titles = _keys_by_title(plan)

	def key_of(text: str) -> str:
		by_title = titles.get(text.casefold(), ())
		return next(iter(by_title)) if text not in taken and len(by_title) == 1 else text

	for row in plan.steps:
		row.after = ", ".join(key_of(key) for key in read_keys(row.after))
	for row in plan.outcomes:
		row.step = key_of(typed(row.step))
		row.adds = ", ".join(key_of(key) for key in read_keys(row.adds))
	_outcome_keys(plan, taken)


def _keys_by_title(plan: Document) -> dict[str, set[str]]:
	titles: dict[str, set[str]] = defaultdict(set)
	for row in plan.steps:
		for title in (one for one in (row.title_en, row.title_zh) if one):
			titles[typed(title).casefold()].add(row.step_key)
	return titles


def _outcome_keys(plan: Document, steps: Collection[str]) -> None:
	taken: dict[str, set[str]] = defaultdict(set)
	for row in sorted(plan.outcomes, key=lambda row: not row.outcome_key):
		word, key = row.word_en or row.word_zh or row.outcome_key, typed(row.outcome_key)
		if not word:
			raise RuleError(_("Outcomes, row {row}: write its words, in English or in Chinese."), row=row.idx)
		if row.step not in steps:
			raise RuleError(
				_("Outcomes, {word}: there is no step {step} in this plan. Correct the key or add the step."),
				word=word,
				step=row.step,
			)
		row.outcome_key = key or new_key(word, taken[row.step])
		if row.outcome_key in taken[row.step]:
			raise RuleError(
				_("Outcomes, {word}: step {step} has this one twice. Give each a key of its own, or take one out."),
				word=word,
				step=row.step,
			)
		taken[row.step].add(row.outcome_key)


def what_is_missing(plan: Document) -> list[str]:
	"""What will not happen with this plan, in the reader's language."""
	found = gaps(read(plan), planned=outage_levels.is_planned(plan.level))
	return [_(text).format(step=title) for text, title in found]


def steps_of_plan(plan: str) -> tuple[Step, ...]:
	"""The steps of one plan version, in order."""
	return _parsed(frappe.local.site, plan, str(frappe.get_cached_doc("Outage Plan", plan).modified))


@lru_cache(maxsize=64)
def _parsed(_site: str, plan: str, _modified: str) -> tuple[Step, ...]:
	"""Reading thirty rows anew for each task of an outage would take longer than writing the tasks."""
	return read(frappe.get_cached_doc("Outage Plan", plan))


def step_of(task: Any) -> Step:
	"""The step that a task was made from (of the plan version it was made with)."""
	return next(step for step in steps_of_plan(task.plan) if step.key == task.step_key)


def current_plan(level: str) -> str:
	"""Name of the enabled plan of a level. Raises RuleError when the level is unknown or has none."""
	if not isinstance(level, str) or not frappe.db.exists("Outage Level", level):
		raise RuleError(
			_("Level: {level} does not exist. Choose one of: {allowed}."),
			level=str(level)[:60],
			allowed=listed(row.name for row in outage_levels.with_plan()),
		)
	plan = frappe.db.get_value("Outage Level", level, "plan")
	if not plan or not frappe.db.get_value("Outage Plan", plan, "enabled"):
		raise RuleError(_("Level: {level} has no enabled plan. Set one on the Outage Level."), level=level)
	return plan


def level_with_rescues() -> str:
	"""The level to change to where people are trapped and the plan says nothing of it; "" where no level's does."""
	knowing = [
		row.name
		for row in outage_levels.with_plan()
		if row.kind != OutageKind.PLANNED and knows_rescues(steps_of_plan(current_plan(row.name)))
	]
	internal = [name for name in knowing if outage_levels.kind_of(name) == OutageKind.INTERNAL]
	return next(iter([*internal, *knowing]), "")


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


def losses(plan: str | None, steps: Sequence[Step]) -> tuple[plan_safeguards.Loss, ...]:
	"""What `steps` lack of what `plan` guards; nothing where there is no plan to lose anything of."""
	return plan_safeguards.lost(_stored(plan), steps) if plan else ()


def _stored(plan: str) -> tuple[Step, ...]:
	"""The steps as they stand in the database: while a plan is saved, Frappe's cache may hold what is about to be saved."""
	return read(frappe.get_doc("Outage Plan", plan))


def left_out(plan: str | None) -> list[dict[str, str]]:
	"""What a plan lacks of what earlier versions guarded, as `plan_safeguards.lost` says it."""
	return frappe.parse_json((plan and frappe.db.get_value("Outage Plan", plan, "leaves_out")) or "[]")


def left_out_after(plan: str | None, steps: Sequence[Step]) -> str:
	"""What `leaves_out` says of the plan that follows on `plan`."""
	found = plan_safeguards.lost(_stored(plan), steps, left_out(plan)) if plan else ()
	return frappe.as_json(list(found), indent=None)


def require_nothing_lost(level: Document) -> None:
	"""Another plan is entered at a level by hand: not one that loses what the present one guards, and not none. Raises RuleError."""
	before = level.get_doc_before_save()
	if level.flags.plan_put_in_force or not (before and before.plan) or before.plan == level.plan:
		return
	if not level.plan:
		raise RuleError(_("Plan: a level keeps its plan until it has another one. Choose that one."))
	if losses(before.plan, steps_of_plan(level.plan)):
		raise RuleError(
			_(
				"Plan: {plan} leaves out steps of life safety or gates that {current} has. A second person puts it in force, on its form."
			),
			plan=level.plan,
			current=before.plan,
		)
