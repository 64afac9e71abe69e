"""A newer plan comes with the app: who has edited nothing gets it by migrate, who has is told what is different.

`shipped_plan` of an Outage Level holds the fingerprint of the newest shipped plan that it was given or offered, so that each
is given or offered once: a company that goes back to an older version afterwards has decided so.
"""

from pathlib import Path
from typing import Any

import frappe
import yaml
from frappe import _
from frappe.utils import now_datetime

from outage_response import locks, permissions
from outage_response.domain.authority import OF_THE_SITE
from outage_response.domain.errors import RuleError
from outage_response.domain.shipped_plan_marks import fingerprint
from outage_response.domain.step_definitions import Step, steps_for_level
from outage_response.integrations import notifications

from ..facts import plan_steps
from ..facts.language import in_language
from ..facts.reachable_people import holders
from ..verb.refusals import translated
from . import plan_approval, plan_difference

SHIPPED = Path(__file__).parents[2] / "setup" / "shipped_plans.yaml"


def known() -> dict[str, list[str]]:
	"""level -> fingerprints of every plan that the app has shipped for it, the oldest first."""
	data = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
	return {level: [row["fingerprint"] for row in rows] for level, rows in data.items()}


def steps_of(level: str) -> list[Step]:
	"""The plan that this version of the app ships for a level; none for a level of the company's own."""
	return steps_for_level(plan_steps.procedure()["steps"], level)


def remember(level: str, steps: list[Step]) -> None:
	"""The level was given or offered these steps of the app."""
	frappe.db.set_value("Outage Level", level, "shipped_plan", fingerprint(steps), update_modified=False)


# ---------------------------------------------------------------- by migrate


def renew() -> None:
	"""After every migrate: each level gets, or is offered, a shipped plan that is new to it."""
	for level, fingerprints in known().items():
		_renew(level, steps_of(level), fingerprints)


def _renew(level: str, steps: list[Step], fingerprints: list[str]) -> None:
	shipped = fingerprint(steps)
	row = frappe.db.get_value("Outage Level", level, ["plan", "shipped_plan"], as_dict=True)
	if not row or row.shipped_plan == shipped or not (row.plan and frappe.db.exists("Outage Plan", row.plan)):
		return
	current = fingerprint(plan_steps.steps_of_plan(row.plan))
	if current != shipped:
		if current in fingerprints:
			if refusal := _refused(level, steps, row.plan):
				_tell(level, steps, row.plan, refusal)
		elif (
			row.shipped_plan or shipped != fingerprints[0]
		):  # nothing remembered, nothing newer: it was made of this one
			_tell(level, steps, row.plan)
	remember(level, steps)


def _give(level: str, steps: list[Step], replaced: str, *, second_person: bool = False) -> str:
	return plan_approval.next_version(level, steps, replaced, second_person=second_person).name


def _refused(level: str, steps: list[Step], replaced: str) -> str:
	"""Give the plan; why it cannot be given here, as for a department that has lost its role: an update goes on without it."""
	frappe.db.savepoint("shipped_plan")
	try:
		_give(level, steps, replaced)
	except frappe.ValidationError as refusal:
		frappe.db.rollback(save_point="shipped_plan")
		return str(refusal)
	return ""


def _tell(level: str, steps: list[Step], plan: str, refusal: str = "") -> None:
	"""One notification for each who keeps the plans, in their language: that there is a newer one, why it is not in force (it
	was edited here, or the `refusal`), and the difference."""
	users = holders(OF_THE_SITE)
	said = {language: _words(level, steps, plan, language, refusal) for language in set(users.values())}
	notifications.write(
		{user: said[language][0] for user, language in users.items()},
		"Outage Plan",
		plan,
		now_datetime(),
		"Alert",
		{user: said[language][1] for user, language in users.items()},
	)


def _words(level: str, steps: list[Step], plan: str, language: str, refusal: str) -> tuple[str, str]:
	with in_language(language):
		found = plan_difference.between(plan_steps.steps_of_plan(plan), steps)
		title = _(frappe.db.get_value("Outage Level", level, "title"))
		if refusal:
			subject = _(
				"The app ships a newer plan ({level}), which is not in force here: {refusal} Put that right, then take the plan over on the form of {plan}."
			).format(level=title, refusal=refusal, plan=plan)
		else:
			subject = _(
				"The app ships a newer plan ({level}). {plan} was edited here and stays as it is. "
				"Steps added: {added}, removed: {removed}, changed: {changed}, moved: {moved}."
			).format(level=title, plan=plan, **{kind: len(rows) for kind, rows in found.items()})
		return subject, plan_difference.as_html(found)


# ---------------------------------------------------------------- on the form of a plan


def compare(plan: str) -> dict[str, Any]:
	"""A plan of the site beside the one that the app ships for its level: `plan`, `same`, `difference`
	(`plan_difference.between`), `may_take_over`."""
	with translated():
		level = frappe.db.get_value("Outage Plan", plan, "level")
		steps = _shipped(level)
		difference = plan_difference.between(plan_steps.steps_of_plan(plan), steps)
	same = not any(difference.values())
	current = frappe.db.get_value("Outage Level", level, "plan")
	return {
		"plan": plan,
		"same": same,
		"difference": difference,
		"may_take_over": not same and current in (None, plan) and permissions.may_write("Outage Plan", plan),
	}


def take_over(plan: str) -> dict[str, str | int]:
	"""Make the shipped plan the level's next version in place of `plan`, which stays; answers with `plan`, the level's plan
	now. Where it is the shipped one already, nothing is made. Where it lacks what `plan` guards, it `waits` for a second person."""
	with translated():
		level = frappe.db.get_value("Outage Plan", plan, "level")
		steps = _shipped(level)
		current = _lock(level)
		if current and fingerprint(plan_steps.steps_of_plan(current)) == fingerprint(steps):
			return {"plan": current}
		if current and current != plan:
			raise RuleError(
				_("New incidents run with {current}. Compare that one with the shipped plan."), current=current
			)
		if waiting := _waiting(level, current, steps):
			return {"plan": waiting, "waits": 1}
		new = _give(level, steps, plan, second_person=True)
		remember(level, steps)
		waits = frappe.db.get_value("Outage Level", level, "plan") != new
		return {"plan": new, **({"waits": 1} if waits else {})}


def _waiting(level: str, current: str | None, steps: list[Step]) -> str | None:
	"""The level's newest version, where it says the same and waits for a second person since."""
	newest = frappe.get_all("Outage Plan", {"level": level}, pluck="name", order_by="version desc", limit=1)
	same = newest and newest[0] != current and fingerprint(plan_steps.steps_of_plan(newest[0])) == fingerprint(steps)
	return newest[0] if same and not frappe.db.get_value("Outage Plan", newest[0], "enabled") else None


def _shipped(level: str) -> list[Step]:
	steps = steps_of(level)
	if not steps:
		raise RuleError(_("Level: the app ships no plan for {level}. It is the company's own."), level=level)
	return steps


def _lock(level: str) -> str | None:
	"""The level's plan, with the level's row locked. Raises QueryDeadlockError (the caller retries) when somebody has just
	given it another one: this transaction does not see that plan yet."""
	seen = frappe.db.get_value("Outage Level", level, "plan")
	current = locks.known_row("Outage Level", level).plan
	if seen != current:
		locks.stale("Outage Level")
	return current
