"""The levels of the site, the company's own among them, and for what kind of outage each is."""

from collections.abc import Collection

import frappe
from frappe import _

from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import INTERNAL, PLANNED


def kind_of(level: str) -> str:
	"""Internal, External or Planned."""
	return frappe.get_cached_value("Outage Level", level, "kind") or INTERNAL


def is_planned(level: str) -> bool:
	"""Is it for work that is announced before supply is switched off?"""
	return kind_of(level) == PLANNED


def with_plan() -> list[dict]:
	"""The levels that an outage can be declared with: `name`, `title` in the reader's language, `kind`; in order."""
	level, plan = frappe.qb.DocType("Outage Level"), frappe.qb.DocType("Outage Plan")
	rows = (
		frappe.qb.from_(level)
		.join(plan)
		.on(level.plan == plan.name)
		.select(level.name, level.title, level.kind)
		.where(plan.enabled == 1)
		.orderby(level.name)
	).run(as_dict=True)
	return [frappe._dict(row, title=_(row.title)) for row in rows]


def choices(kinds: Collection[str]) -> list[list[str]]:
	"""The same as [name, title], of these kinds only."""
	return [[row.name, row.title] for row in with_plan() if row.kind in kinds]


def default_of(kind: str = INTERNAL) -> str:
	"""The level that is meant where only the kind of outage is known. Raises RuleError where no unplanned level has a plan."""
	found = [row for row in with_plan() if row.kind != PLANNED]
	if not found:
		raise RuleError(_("Level: no level for unplanned outages has an enabled plan. Set one on the Outage Level."))
	return next((row.name for row in found if row.kind == kind), found[0].name)
