"""A small property and what may befall it, in the words of the procedure; and the procedure itself, as shipped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import yaml

from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.plan_expansion import Context, Difference, Subject, TaskSpec
from outage_response.domain.step_definitions import Step, steps_for_level

PROCEDURE = Path(__file__).resolve().parents[2] / "outage_response/setup/procedure.yaml"
LEVELS = ("I", "II", "III")
MIDNIGHT = datetime(2026, 1, 5)  # a Monday
PROPERTY = Subject("Managed Property", "The Property")
TYPES = {
	"affected_node": "Power Node",
	"shaft": "Power Node",
	"elevator": "Property Asset",
	"elevator_contractor": "Contractor",
	"critical_room": "Property Asset",
	"security_point": "Property Asset",
	"guarded_area": "Property Asset",
	"generator": "Property Asset",
	"care_unit": "Property Unit",
}
EVERYTHING = {kind: (f"{kind} 1", f"{kind} 2") for kind in TYPES}
SWITCHES = tuple(Subject("Power Node", f"switch {floor}") for floor in (1, 2, 3))


def minute(number: float) -> datetime:
	return MIDNIGHT + timedelta(minutes=number)


@cache
def procedure() -> dict:
	return yaml.safe_load(PROCEDURE.read_text(encoding="utf-8"))


@cache
def plan(level: str) -> tuple[Step, ...]:
	return tuple(steps_for_level(procedure()["steps"], level))


def step(level: str, key: str) -> Step:
	return next(step for step in plan(level) if step.key == key)


@dataclass(frozen=True)
class Situation:
	"""One outage at one moment.

	affected  kind -> names of the affected ones
	reached   anchor -> minute at which it happened (planned ones: is to happen)
	back      power node -> minute at which its supply came back
	kept      security points that survive an outage
	called    (step key, subject name) that an outcome has called for
	again     (kind, name, minute) of what went dark a second time
	"""

	property_type: str = "Tower"
	off_hours: bool = False
	households: int = 50
	planned_by: str = ""
	affected: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EVERYTHING)
	kept: tuple[str, ...] = ()
	reached: Mapping[str, int] = field(default_factory=lambda: {"reported": 0})
	back: Mapping[str, int] = field(default_factory=dict)
	called: tuple[tuple[str, str], ...] = ()
	guards: int = 99
	again: tuple[tuple[str, str, int], ...] = ()

	def names(self, kind: str) -> tuple[str, ...]:
		return self.affected.get(kind, ())

	def context(self) -> Context:
		"""The same in the form that the rules take."""
		subjects = {
			kind: tuple(
				Subject(
					TYPES[kind],
					name,
					# rooms belong to somebody: the first one to security, the others to nobody in particular
					department="security" if name == "critical_room 1" else "",
					unprotected=name not in self.kept,
				)
				for name in names
			)
			for kind, names in self.affected.items()
		}
		return Context(
			property=PROPERTY,
			property_type=self.property_type,
			off_hours=self.off_hours,
			households=self.households,
			planned_by=self.planned_by,
			subjects=subjects,
			switches={"shaft 1": SWITCHES},
			anchors={anchor: minute(at) for anchor, at in self.reached.items()},
			nodes_back={node: minute(at) for node, at in self.back.items()},
			added={
				(key, TYPES["critical_room" if key == "repair_backup" else "elevator"], name): MIDNIGHT
				for key, name in self.called
			},
			again={(TYPES[kind], name): minute(at) for kind, name, at in self.again},
			guards=self.guards,
			repairs="engineering",
		)


def task_for(spec: TaskSpec, level: str = "", **values) -> TaskRow:
	"""The row that a flow would write for `spec`."""
	return TaskRow(
		name="/".join(map(str, spec.key)),
		step_key=spec.step.key,
		subject_type=spec.subject.type,
		subject=spec.subject.name,
		round=spec.round,
		department=spec.department,
		priority=spec.step.priority,
		gate=spec.step.gate,
		defect_gate=spec.step.defect_gate,
		life_safety=spec.step.life_safety,
		optional=spec.optional,
		held_until=spec.step.held_until,
		plan=level,
		**{"status": "Open", **values},
	)


def carry_out(change: Difference, tasks: list[TaskRow], level: str = "") -> list[TaskRow]:
	"""What a flow does with a difference."""
	for task in change.cancel:
		task.status = "Cancelled"
	for task, _spec in change.reopen:
		task.status = "Open"
	return tasks + [task_for(spec, level) for spec in change.add]
