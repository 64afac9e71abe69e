"""Rows of tasks, of shipped steps and of none, for tests of what may happen to them."""

from outage_response.domain.lifecycle import OPEN, TaskRow
from outage_response.domain.plan_expansion import expand

from .world import Situation, plan, task_for

STATES = ("Scheduled", "Reported", "Active", "Restored", "Stood Down", "Closed", "Cancelled")
TASK_STATES = (*OPEN, "Done", "Skipped", "Cancelled")


def task(key: str = "a_step", status: str = "Open", **values) -> TaskRow:
	return TaskRow(key, key, values.pop("subject_type", ""), values.pop("subject", ""), 1, status, **values)


def of_step(level: str, key: str, **values) -> TaskRow:
	"""The row of a shipped step."""
	everything = Situation(
		reached=dict.fromkeys(
			("reported", "confirmed", "planned_start", "planned_end", "stand_down"), 5
		),  # supply is still away
		called=(
			("release_trapped", "elevator 1"),
			("comfort_trapped", "elevator 1"),
			("lock_off_elevator", "elevator 1"),
			("call_rescue_service", "elevator 1"),
			("repair_backup", "critical_room 1"),
		),
	)
	specs = expand(plan(level), everything.context())
	return task_for(next(spec for spec in specs if spec.step.key == key), level, **values)
