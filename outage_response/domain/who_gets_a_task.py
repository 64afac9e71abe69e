"""Who gets a task: the people on duty, else everybody of the department, else the control room."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .authority import CONTROL_ROOM
from .states import Duty

DUTY_ELECTRICIAN = "duty_electrician"


@dataclass(frozen=True)
class OnDuty:
	"""One person on a Duty Shift. A contact without a user has a name and phone but no login; `duty` is the department's."""

	department: str
	user: str = ""
	contact: str = ""
	phone: str = ""
	is_duty_electrician: bool = False
	duty: str = ""


@dataclass(frozen=True)
class Department:
	key: str
	role: str = ""
	is_external: bool = False
	phone: str = ""
	duty: str = ""


def of_duty(departments: Iterable[Any], *duties: str) -> list[Any]:
	"""Those of the departments that are there for one of these duties, in the order given."""
	return [department for department in departments if department.duty in duties]


@dataclass(frozen=True)
class Roster:
	"""The people of one property at one moment.

	everybody  role -> users who hold it and may see this property
	off_hours  is the moment outside the property's working time?
	"""

	on_duty: Sequence[OnDuty] = ()
	everybody: Mapping[str, Sequence[str]] = field(default_factory=dict)
	off_hours: bool = False

	def without(self, user: str) -> "Roster":
		"""The others, for what `user` is not to get."""
		return replace(
			self,
			on_duty=[person for person in self.on_duty if person.user != user],
			everybody={role: [one for one in users if one != user] for role, users in self.everybody.items()},
		)


@dataclass(frozen=True)
class Assignment:
	"""`role` and `users` that a task goes to; `warning` says why it is not who it should be ("" if it is)."""

	role: str
	users: tuple[str, ...] = ()
	phone: str = ""
	warning: str = ""


@dataclass(frozen=True)
class DutyRule:
	"""The steps of which duty go to one person of the shift, and when (a row of `assignment` in `setup/procedure.yaml`,
	clause 6.1). `kinds`: of level."""

	duty: str
	to: str
	kinds: tuple[str, ...]
	property_type: str = ""
	off_hours: bool | None = None

	def applies(self, duty: str, kind: str, property_type: str, off_hours: bool) -> bool:
		"""Does the rule hold for a step that is given out at a moment that is `off_hours` or not?"""
		return (
			duty == self.duty
			and kind in self.kinds
			and self.property_type in ("", property_type)
			and self.off_hours in (None, off_hours)
		)


def duty_rules(rows: Iterable[Mapping[str, Any]]) -> tuple[DutyRule, ...]:
	"""The rules from the rows of the procedure file."""
	return tuple(
		DutyRule(
			row["duty"],
			row["to"],
			tuple(row["kinds"]),
			row["when"].get("property_type", ""),
			row["when"].get("off_hours"),
		)
		for row in rows
	)


def to_duty_electrician(rules: Iterable[DutyRule], duty: str, kind: str, property_type: str, off_hours: bool) -> bool:
	"""Clause 6.1: do the steps of a department with this duty go to the duty electrician now, in an outage of this kind?"""
	return any(rule.to == DUTY_ELECTRICIAN and rule.applies(duty, kind, property_type, off_hours) for rule in rules)


def assign(
	department: Department,
	roster: Roster,
	*,
	life_safety: bool = False,
	duty_electrician: bool = False,
	certified: Collection[str] | None = None,
) -> Assignment:
	"""Choose who a department's task goes to.

	`duty_electrician`: clause 6.1 applies (off-hours, unplanned, tower), those of the department for repairs go to the duty electrician.
	An outside firm's step goes to the control room, with the firm's phone. A life-safety step does not wait for people
	who are asleep: when others are on duty and the department is not, the control room takes it at once.
	`certified`: users who may do it at all. Where none of them is there, the control room has it done by an outside firm.
	"""
	if department.is_external:
		taken = _control_room(roster, "")
		return Assignment(taken.role, taken.users, department.phone, taken.warning)
	shift = [person for person in roster.on_duty if person.department == department.key]
	if certified is not None:
		return _certified(department, roster, shift, certified)
	if shift:
		return _to_the_shift(department, roster, shift, duty_electrician=duty_electrician)
	return _to_whoever_is_not_on_duty(department, roster, life_safety=life_safety)


def _to_the_shift(
	department: Department, roster: Roster, shift: Sequence[OnDuty], *, duty_electrician: bool
) -> Assignment:
	warning = ""
	if duty_electrician and department.duty == Duty.REPAIRS:
		electricians = [person for person in shift if person.is_duty_electrician]
		warning = "" if electricians else "no_duty_electrician"
		shift = electricians or shift
	users = tuple(dict.fromkeys(person.user for person in shift if person.user))
	phone = next((person.phone for person in shift if person.phone), "")
	if users:
		return Assignment(department.role, users, phone, warning)
	taken = _control_room(roster, "")
	return Assignment(taken.role, taken.users, phone, "phone_only")


def _to_whoever_is_not_on_duty(department: Department, roster: Roster, *, life_safety: bool) -> Assignment:
	if life_safety and roster.on_duty and department.duty != Duty.CONTROL_ROOM:
		return _control_room(roster, "nobody_on_duty_life_safety")
	users = tuple(roster.everybody.get(department.role, ()))
	if users:
		return Assignment(department.role, users, department.phone, "nobody_on_duty")
	if department.duty == Duty.CONTROL_ROOM:
		return Assignment(department.role, (), department.phone, "nobody_at_all")
	return _control_room(roster, "nobody_in_department")


def _certified(
	department: Department, roster: Roster, shift: Sequence[OnDuty], certified: Collection[str]
) -> Assignment:
	"""Holders of a certificate on duty; where no roster is kept, all who hold one; else the control room, with a warning."""
	there = shift or not roster.on_duty
	holders = [person.user for person in shift] if shift else roster.everybody.get(department.role, ()) if there else ()
	users = tuple(dict.fromkeys(user for user in holders if user in certified))
	if users:
		return Assignment(department.role, users, warning="" if shift else "nobody_on_duty")
	return _control_room(roster, "nobody_certified")


def _control_room(roster: Roster, warning: str) -> Assignment:
	users = tuple(
		dict.fromkeys(person.user for person in roster.on_duty if person.duty == Duty.CONTROL_ROOM and person.user)
	) or tuple(roster.everybody.get(CONTROL_ROOM, ()))
	return Assignment(CONTROL_ROOM, users, warning=warning if users else "nobody_at_all")


def spread_posts(weights: Sequence[int], guards: Sequence[str], busy: Collection[str] = ()) -> list[tuple[str, ...]]:
	"""Who holds which post, in the order of `weights`, of which each is one post's: the heaviest are manned first, whatever
	kind of post they are. Each guard who has none yet gets one, so that everybody knows where to stand. What is left over is
	everybody's until the reserve comes."""
	free = (guard for guard in guards if guard not in busy)
	heaviest_first = sorted(range(len(weights)), key=lambda index: -weights[index])
	own = dict(zip(heaviest_first, free, strict=False))
	return [(own[index],) if index in own else tuple(guards) for index in range(len(weights))]
