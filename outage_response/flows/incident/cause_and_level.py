"""What caused an outage, and of which level it is: confirmed, or judged anew."""

from datetime import datetime
from typing import Any

from frappe import _
from frappe.model.document import Document

from outage_response.domain.errors import RuleError
from outage_response.domain.states import IncidentStatus

from ..callbacks import open_callbacks
from ..facts import outage_levels, plan_steps
from ..notices import automatic_notices
from ..tasks import task_set
from ..verb.changes import save
from ..verb.engine import Act, incident_verb
from . import new_incident, overruled
from .expected_restoration import write_etr
from .outages_that_share import settle_others


@incident_verb
def confirm(
	act: Act,
	cause_type: str,
	cause: str | None = None,
	level: str | None = None,
	etr: str | datetime | None = None,
) -> dict[str, Any]:
	"""The cause is known; with `level`, the outage turns out to be of another level (8.2.1, 8.2.2)."""
	incident = act.incident
	_require_option(incident, "cause_type", cause_type)
	incident.cause_type, incident.cause = cause_type, cause
	if incident.status == IncidentStatus.REPORTED:
		incident.status = IncidentStatus.ACTIVE
	incident.confirmed_at = incident.confirmed_at or act.at
	before = incident.level
	if level and level != before:
		_change_level(act, level)
	if etr:
		write_etr(act, etr)
	save(incident)
	overruled.say(act, "confirmed", cause_type=cause_type, cause=cause or "")
	act.record("confirmed", {"cause_type": cause_type, "cause": cause or ""})
	diff = task_set.sync(act, reclassify=incident.level != before)
	if incident.level != before:
		_record_reclassified(act, before, cause or cause_type, diff)
		new_incident.warn_of_what_is_left_out(act)
		open_callbacks.open_ready(act, act.around)
		settle_others(act)
	if incident.status == IncidentStatus.ACTIVE:
		automatic_notices.on_confirmed(act)
	return {"level": incident.level, "added": len(diff.add), "cancelled": len(diff.cancel)}


@incident_verb
def reclassify(act: Act, level: str, reason: str) -> dict[str, Any]:
	"""Another level from now on: keeps what is done, carries over what both ask for, cancels the rest, adds the new."""
	incident = act.incident
	if not (reason or "").strip():
		raise RuleError(_("Reason: say why the level changes."))
	if level == incident.level:
		raise RuleError(_("Level: the incident already has level {level}."), level=level)
	before = incident.level
	_change_level(act, level)
	save(incident)
	diff = task_set.sync(act, reclassify=True)
	_record_reclassified(act, before, reason, diff)
	new_incident.warn_of_what_is_left_out(act)
	open_callbacks.open_ready(act, act.around)
	settle_others(act)
	return {
		"level": level,
		"added": len(diff.add),
		"cancelled": len(diff.cancel),
		"reopened": len(diff.reopen),
		"kept": len(diff.keep),
	}


def _change_level(act: Act, level: str) -> None:
	incident = act.incident
	plan = plan_steps.current_plan(level)
	if outage_levels.is_planned(level):
		raise RuleError(
			_("Level: an outage that is running does not become a planned one. Choose a level for unplanned outages.")
		)
	if incident.status == IncidentStatus.SCHEDULED:
		raise RuleError(_("Level: planned work that has not begun is cancelled, not reclassified."))
	if outage_levels.is_planned(
		incident.level
	):  # planned work that went wrong: who is there now counts, not who was to be there
		new_incident.note_circumstances(incident, act.at)
	incident.level, incident.plan = level, plan


def _record_reclassified(act: Act, before: str, reason: str, diff: Any) -> None:
	overruled.say(act, "reclassified", after=act.incident.level, before=before, reason=reason)
	act.record(
		"reclassified",
		{
			"before": before,
			"after": act.incident.level,
			"reason": reason,
			"added": len(diff.add),
			"cancelled": len(diff.cancel),
			"reopened": len(diff.reopen),
		},
	)


def _require_option(doc: Document, field: str, value: str | None) -> None:
	options = [option for option in doc.meta.get_field(field).options.split("\n") if option]
	if value not in options:
		raise RuleError(_("{field}: choose one of: {allowed}."), field=_(doc.meta.get_label(field)), allowed=options)
