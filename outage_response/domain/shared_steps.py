"""Outages that make the same places dark at the same time: which step of one stands in for a step that the other asks for."""

from collections.abc import Collection
from datetime import datetime

from .lifecycle import TaskRow
from .plan_expansion import CONTRACTOR, TaskSpec
from .states import TaskStatus

# What a step may be about to be the same work whoever asks for it; the rest (the property, the outage) is each outage's own
SHARED = ("Property Asset", "Property Unit", "Power Node", CONTRACTOR)
AFTER_THE_RETURN = ("node_restored", "restored", "stand_down")


def stands_in(spec: TaskSpec, task: TaskRow, went_at: datetime, dark_before: bool) -> bool:
	"""Does a step of the other outage do for what `spec` asks for?

	went_at      when the place went dark in the outage that asks
	dark_before  was the place already without supply then, by the other outage's record: what was found there still holds

	An open one does, whoever has it. A post does only while somebody holds it. A done one does if it was done after the loss; else a
	car that was looked into before it stopped would count as looked into.
	"""
	if task.is_open:
		return True
	if task.status != TaskStatus.DONE or task.ended_at is None or spec.step.held_until:
		return False
	if spec.step.anchor in AFTER_THE_RETURN:
		return task.ended_at >= spec.anchor_at
	since = max(one for one in (went_at, spec.since) if one)
	return task.ended_at >= since or (dark_before and spec.since is None)


def latest(rows: Collection[TaskRow]) -> dict[tuple[str, str, str], TaskRow]:
	"""(step key, subject type, subject) -> its last round, of steps about a place."""
	found: dict[tuple[str, str, str], TaskRow] = {}
	for row in sorted(rows, key=lambda row: row.round):
		if row.subject_type in SHARED and row.status not in (TaskStatus.SKIPPED, TaskStatus.CANCELLED):
			found[row.key[:3]] = row
	return found
