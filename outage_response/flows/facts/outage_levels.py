"""The levels of the site, the company's own among them, and for what kind of outage each is."""

from collections.abc import Collection

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import LIVE
from outage_response.domain.states import OutageKind


def kind_of(level: str) -> str:
	"""Internal, External or Planned."""
	return frappe.get_cached_value("Outage Level", level, "kind") or OutageKind.INTERNAL


def check(level: Document) -> None:
	"""Raises ValidationError for another kind while outages of this level run: what they wait for and announce hangs on it."""
	before = level.get_doc_before_save()
	if before is None or before.kind == level.kind:
		return
	running = frappe.db.get_value("Outage Incident", {"level": level.name, "status": ("in", LIVE)}, "name")
	if running:
		frappe.throw(
			_("Kind of Outage: {0} is under way with this level. Change it when that outage is closed.").format(
				frappe.bold(running)
			)
		)


def is_planned(level: str) -> bool:
	"""Is it for work that is announced before supply is switched off?"""
	return kind_of(level) == OutageKind.PLANNED


def with_plan() -> list[frappe._dict]:
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


def default_of(kind: str = OutageKind.INTERNAL) -> str:
	"""The level that is meant where only the kind of outage is known. Raises RuleError where no unplanned level has a plan."""
	found = [row for row in with_plan() if row.kind != OutageKind.PLANNED]
	if not found:
		raise RuleError(_("Level: no level for unplanned outages has an enabled plan. Set one on the Outage Level."))
	return next((row.name for row in found if row.kind == kind), found[0].name)
