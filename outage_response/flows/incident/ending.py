"""How an outage ends: guards stand down, the file is closed, or it was none."""

from collections.abc import Sequence
from typing import Any

from frappe import _

from outage_response.domain import gates, lifecycle
from outage_response.domain.errors import RuleError, _lt
from outage_response.domain.states import CallbackStatus, IncidentStatus, NoticeKind, TaskStatus

from ..callbacks import open_callbacks
from ..elevators import nobody_left_inside
from ..facts.language import listed
from ..facts.minutes_of_interruption import count_minutes
from ..notices import automatic_notices
from ..tasks import shared_tasks, task_set, tasks_at_once, tasks_on_record
from ..verb import timeline
from ..verb.changes import save
from ..verb.engine import Act, incident_verb
from .outages_that_share import settle_others
from .passing_gates import pass_gate


@incident_verb
def stand_down(act: Act, areas: Sequence[str] | None = None, override_reason: str | None = None) -> dict[str, Any]:
	"""The command on which guards leave: everywhere, or only the posts in `areas` (names of assets, or of the property)."""
	incident = act.incident
	rows = tasks_on_record.load(incident.name)
	posts = [task for task in rows if task.is_open and task.held_until == "stand_down"]
	if areas is not None:
		released = _release(act, posts, areas)
		settle_others(act)
		return released
	lifecycle.require_incident_state("stand_down_everywhere", incident.status)
	shared = shared_tasks.load_shared(incident, lambda: act.around)
	pass_gate(act, "stand_down", gates.blocking("stand_down", shared), override_reason)
	nobody_left_inside.require_nobody(incident)
	_release_posts(act, posts)
	incident.status, incident.stood_down_at = IncidentStatus.STOOD_DOWN, act.at
	save(incident)
	act.record("stood_down", {"areas": _lt("all")})
	settle_others(act)
	return {"released": len(posts), "added": len(task_set.sync(act).add)}


def _release(act: Act, posts: list, areas: Sequence[str]) -> dict[str, Any]:
	areas = [areas] if isinstance(areas, str) else areas
	held = [task.subject for task in posts]
	unknown = [str(area)[:140] for area in areas if area not in held]
	if unknown or not areas:
		raise RuleError(
			_("Areas: no post is held at {areas}. Choose among the held posts."),
			areas=listed(unknown) or "-",
		)
	chosen = [task for task in posts if task.subject in areas]
	_release_posts(act, chosen)
	act.record("stood_down", {"areas": [task.subject_label for task in chosen]})
	return {"released": len(chosen)}


def _release_posts(act: Act, posts: list) -> None:
	_release_guards(act, posts, _("Released by stand-down"))
	never = [task.name for task in posts if task.status != TaskStatus.ON_POST]
	tasks_at_once.end_many(act, never, TaskStatus.SKIPPED, _("Never manned before the stand-down"))


def _release_guards(act: Act, rows: list, reason: str) -> None:
	manned = [task for task in rows if task.status == TaskStatus.ON_POST]
	tasks_at_once.end_many(act, [task.name for task in manned], TaskStatus.DONE, reason)
	timeline.record_many(
		act.incident,
		[("post_released", {"subject": task.subject_label}, task.name) for task in manned],
		act.at,
		act.now,
	)


@incident_verb
def close(act: Act, override_reason: str | None = None) -> dict[str, Any]:
	"""The file is closed: callbacks and report as the plan asks for, no life-safety step open, no evidence owed."""
	incident = act.incident
	rows = tasks_on_record.load(incident.name)
	shared = shared_tasks.load_shared(incident, lambda: act.around)
	pass_gate(act, "close", gates.blocking_close(shared), override_reason)
	nobody_left_inside.require_nobody(incident)
	left = [task.name for task in rows if task.is_open]
	tasks_at_once.end_many(act, left, TaskStatus.SKIPPED, _("Still open when the incident was closed"))
	incident.status, incident.closed_at = IncidentStatus.CLOSED, act.at
	incident.customer_minutes = count_minutes(incident, act.around)
	save(incident)
	# passed over by the General Manager
	open_callbacks.end_waiting(act, CallbackStatus.EXHAUSTED, _("The incident was closed"))
	act.record("closed")
	automatic_notices.on_ended(act, NoticeKind.FOLLOW_UP)
	settle_others(act)
	return {"customer_minutes": incident.customer_minutes, "left_open": len(left)}


@incident_verb
def cancel(act: Act, reason: str) -> dict[str, Any]:
	"""It was no outage, or the work does not take place. Never with a life-safety step open, once it has begun."""
	if not (reason or "").strip():
		raise RuleError(_("Reason: say why the incident is cancelled."))
	incident = act.incident
	rows = tasks_on_record.load(incident.name)
	gates.require_cancellable(rows, incident.status)
	nobody_left_inside.require_nobody(incident)
	_release_guards(act, rows, reason)
	open_rows = [task.name for task in rows if task.is_open and task.status != TaskStatus.ON_POST]
	tasks_at_once.end_many(act, open_rows, TaskStatus.CANCELLED, reason)
	incident.status, incident.customer_minutes = IncidentStatus.CANCELLED, 0
	save(incident)
	open_callbacks.end_waiting(act, CallbackStatus.NOT_REQUIRED, _("The incident was cancelled"))
	act.record("cancelled", {"reason": reason})
	automatic_notices.on_ended(act, NoticeKind.CANCELLED)
	settle_others(act, tell=True)
	return {}
