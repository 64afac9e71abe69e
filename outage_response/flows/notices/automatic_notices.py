"""Notices that go out by themselves: with the verbs, and by the clock."""

from collections.abc import Sequence
from datetime import datetime

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk
from outage_response.domain import notice_rules as rules
from outage_response.domain.lifecycle import LIVE, OPEN, RUNNING
from outage_response.domain.plan_expansion import dedupe_key
from outage_response.domain.states import DeliveryState, IncidentStatus, NoticeKind, NoticeMode

from ..facts import outage_levels, plan_steps
from ..facts.outage_in_words import expected_back
from ..verb.changes import touch
from ..verb.engine import Act
from ..verb.locking import lock_incident
from .issuing import issue, issued, notice_words
from .notice_settings import by_themselves, numbers
from .steps_done_by_notices import complete_steps, steps_done


def on_declared(act: Act) -> None:
	"""Planned work is announced with its declaration; too late for its deadline is said."""
	incident = act.incident
	if incident.status != IncidentStatus.SCHEDULED or incident.is_drill:
		return
	start = get_datetime(incident.planned_start)
	steps = plan_steps.steps_of_plan(incident.plan)
	if days := rules.announced_too_late(steps, incident.planned_by, start, act.now):
		act.warn("announced_late", {"days": days})
	if by_themselves():
		_announce(act)


def _announce(act: Act) -> None:
	"""A notice of its own, or, where other work on the same day makes the same homes dark, one that names both times."""
	incident = act.incident
	if not incident.announced_with:
		issue(act, NoticeKind.PLANNED)
		return
	first = lock_incident(incident.announced_with)  # the property is locked: nobody else declares there
	other = Act("send_notice", act.at, act.now, incident=first)
	rows = frappe.get_all(
		"Outage Notice", {"incident": first.name, "kind": NoticeKind.PLANNED}, ["*"], order_by="issued_at"
	)
	if not rows:
		issue(act, NoticeKind.PLANNED)
		return
	if _have_left(rows):
		issue(other, NoticeKind.PLANNED, f"again {act.now}", instead_of=rows[-1].issued_at)
	else:
		for row in rows:
			subject, text = notice_words(other, NoticeKind.PLANNED, row.language)
			bulk.update("Outage Notice", [row.name], {"subject": subject, "message": text, "modified": act.now})
	act.record("notice_shared", {"incident": first.name})
	touch(first)


def _have_left(notices: Sequence[frappe._dict]) -> bool:
	"""Does anybody know of these notices by now?"""
	if any(row.posted_at for row in notices):
		return True
	names = ("in", [row.name for row in notices])
	known = {"notice": names, "state": ("in", (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.SEEN))}
	return bool(
		frappe.db.exists("Notice Delivery", known)
		or frappe.db.exists("Notice Delivery", {"notice": names, "email_queue": ("is", "set")})
	)


def on_confirmed(act: Act) -> None:
	"""The cause, and what is expected."""
	if by_themselves():
		issue(act, NoticeKind.CAUSE, _once(act, NoticeKind.CAUSE))


def on_etr(act: Act, before: datetime | None) -> None:
	"""Another expected time than residents were told."""
	etr = get_datetime(act.incident.etr) if act.incident.etr else None
	if by_themselves() and etr != before and act.incident.status != IncidentStatus.SCHEDULED:
		issue(act, NoticeKind.ETR, _once(act, NoticeKind.ETR))


def _once(act: Act, kind: str) -> str:
	"""What makes an update of this kind another one than the last."""
	incident = act.incident
	if kind == NoticeKind.CAUSE:
		return f"{incident.cause_type} {incident.cause} {incident.etr}"
	return f"{get_datetime(incident.etr) if incident.etr else None} {act.now}" if kind == NoticeKind.ETR else ""


def on_extended(act: Act) -> None:
	"""Those who are newly affected hear what the others were told."""
	told = issued(act.incident.name)
	planned = NoticeKind.PLANNED if NoticeKind.PLANNED in told else ""
	kind = planned if act.incident.status == IncidentStatus.SCHEDULED else rules.for_those_who_join(told)
	if by_themselves() and kind:
		issue(act, kind, _once(act, kind))


def on_supply_back(act: Act) -> None:
	"""To everybody whose last unit has supply again."""
	if by_themselves():
		issue(act, NoticeKind.RESTORED)


def on_ended(act: Act, kind: str) -> None:
	"""Cancelled or closed: to those who were told of the outage."""
	told = issued(act.incident.name) or (act.incident.announced_with and issued(act.incident.announced_with))
	if by_themselves() and told:
		issue(act, kind)


def waiting_for_the_clock() -> list[str]:
	"""Incidents that a notice may be due for, or whose step a notice may complete by now."""
	running = frappe.get_all(
		"Outage Incident",
		filters={"status": ("in", RUNNING), "is_drill": 0},
		pluck="name",
	)
	task, incident = frappe.qb.DocType("Outage Task"), frappe.qb.DocType("Outage Incident")
	steps = (
		frappe.qb.from_(task)
		.join(incident)
		.on(incident.name == task.incident)
		.select(task.incident)
		.distinct()
		.where(task.completes_with == "notices")
		.where(task.status.isin(OPEN))
		.where(incident.status.isin(LIVE))
	).run(pluck=True)
	return sorted({*running, *steps})


def tick(name: str) -> int:
	"""What goes out by itself at this minute; steps that are done by now. Answers how many people are told."""
	if not _anything_to_do(name):
		return 0
	incident = lock_incident(name)
	now = now_datetime()
	act = Act("send_notice", now, now, incident=incident)
	told = 0
	for kind in _due(incident, now):
		once = f"{expected_back(incident)}" if kind == NoticeKind.ETR_PASSING else ""
		told += issue(act, kind, once)
	complete_steps(act)
	touch(incident)
	return told


def _anything_to_do(name: str) -> bool:
	"""Asked before the lock: a minute in which nothing happens holds up no verb."""
	incident = frappe.get_doc("Outage Incident", name)
	return bool(_due(incident, now_datetime()) or steps_done(name))


def _due(incident: Document, now: datetime) -> list[str]:
	if not by_themselves() or incident.is_drill:
		return []
	known = issued(incident.name)
	due = rules.due_by_itself(
		incident.status,
		get_datetime(incident.reported_at) if incident.reported_at else None,
		expected_back(incident),
		known,
		now,
		numbers(),
		planned=outage_levels.is_planned(incident.level),
	)
	if NoticeKind.ETR_PASSING in due and _said_of_this_etr(incident):
		due.remove(NoticeKind.ETR_PASSING)
	return due


def _said_of_this_etr(incident: Document) -> bool:
	"""A word before the expected time passes goes out once for each expected time."""
	key = f"{NoticeKind.ETR_PASSING} {expected_back(incident)}"
	keys = [
		dedupe_key(incident.name, key, mode, language)
		for mode in (NoticeMode.PUBLIC, NoticeMode.INDIVIDUAL)
		for language in ("en", "zh")
	]
	return bool(frappe.db.exists("Outage Notice", {"dedupe_key": ("in", keys)}))
