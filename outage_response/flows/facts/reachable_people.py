"""Who can be rung at a property: those on duty, the next shift, leads, managers, firms. Read once, in a fixed number of
queries, when first asked for."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property

import frappe

from outage_response import listing
from outage_response.domain import phone_numbers
from outage_response.domain.authority import CONTROL_ROOM, GENERAL_MANAGER
from outage_response.domain.escalation import Person
from outage_response.domain.states import Duty, RungPerson
from outage_response.domain.who_gets_a_task import OnDuty

from . import who_is_on_duty

NEXT_SHIFT_WITHIN_HOURS = 24


class People:
	"""The people of one property at one moment."""

	def __init__(self, property_name: str, at: datetime):
		self.property, self.at = property_name, at

	@cached_property
	def departments(self) -> dict[str, frappe._dict]:
		"""key -> row with department_name, role, phone, lead, is_external, coverage."""
		rows = frappe.get_all(
			"Response Department",
			fields=["name", "department_name", "role", "phone", "lead", "is_external", "coverage"],
		)
		return {row.name: row for row in rows}

	@cached_property
	def on_duty(self) -> list[OnDuty]:
		"""Who is there now."""
		return who_is_on_duty.on_duty(self.property, self.at)

	@cached_property
	def _here(self) -> dict[str, list[OnDuty]]:
		"""department -> those on duty."""
		found: dict[str, list[OnDuty]] = {}
		for person in self.on_duty:
			found.setdefault(person.department, []).append(person)
		return found

	@cached_property
	def _on_duty_users(self) -> dict[str, OnDuty]:
		return {person.user: person for person in self.on_duty if person.user}

	@cached_property
	def _everybody(self) -> Mapping[str, list[str]]:
		return who_is_on_duty.everybody(self.property, [row.role for row in self.departments.values() if row.role])

	@cached_property
	def next_shift(self) -> dict[str, list[OnDuty]]:
		"""department -> those of its next shift that begins within a day."""
		found: dict[str, list[OnDuty]] = {}
		begins: dict[str, datetime] = {}
		for starts_at, person in who_is_on_duty.coming(
			self.property, self.at, self.at + timedelta(hours=NEXT_SHIFT_WITHIN_HOURS)
		):
			if begins.setdefault(person.department, starts_at) == starts_at:
				found.setdefault(person.department, []).append(person)
		return found

	@cached_property
	def _users(self) -> dict[str, Person]:
		"""Every enabled user of the staff here."""
		names = {user for users in self._everybody.values() for user in users}
		names |= {person.user for person in self.on_duty if person.user}
		names |= {person.user for some in self.next_shift.values() for person in some if person.user}
		return self.as_persons(names)

	def as_persons(self, names: Iterable[str]) -> dict[str, Person]:
		"""user -> person, for users that are enabled."""
		rows = listing.get_all(
			"User",
			filters={"name": ("in", list(names)), "enabled": 1},
			fields=["name", "full_name", "email", "mobile_no", "phone", "language"],
		)
		return {
			row.name: Person(
				f"user:{row.name}",
				user=row.name,
				name=row.full_name or row.name,
				phone=row.mobile_no or row.phone or "",
				email=row.email or "",
				language=row.language or "",
			)
			for row in rows
		}

	def person(self, somebody: OnDuty) -> Person | None:
		"""Somebody of a shift; the number entered there comes before the user's own."""
		if somebody.user:
			known = self._users.get(somebody.user)
			if known and somebody.phone and known.phone != somebody.phone:
				return Person(**{**known.__dict__, "phone": somebody.phone})
			return known
		if not somebody.phone:
			return None
		return Person(
			f"contact:{somebody.contact}", contact=somebody.contact, name=somebody.contact, phone=somebody.phone
		)

	def of(self, whom: str, department: str, assigned: Iterable[str], phone: str = "") -> list[Person]:
		"""Whom a row of a rule means, for a step of `department` that is given to the users `assigned`."""
		assigned = list(assigned)
		here = self._here.get(department, [])
		if whom == RungPerson.ASSIGNED:
			return self._who_has_it(assigned, here)
		if whom == RungPerson.NEXT_ON_DUTY:
			return _known(self.person(person) for person in here if person.user and person.user not in assigned)
		if whom == RungPerson.NEXT_SHIFT:
			return _known(
				self.person(person) for person in self.next_shift.get(department, ()) if person.user not in assigned
			)
		if whom == RungPerson.LEAD:
			lead = self.departments[department].lead
			return _known([self._users.get(lead)]) if lead else []
		if whom == RungPerson.CONTROL_ROOM:
			return self._of_role(Duty.CONTROL_ROOM, CONTROL_ROOM)
		if whom == RungPerson.MANAGER:
			return self._of_role(Duty.MANAGEMENT, GENERAL_MANAGER)
		return self._by_number(department, phone)

	def _who_has_it(self, assigned: Sequence[str], here: Iterable[OnDuty]) -> list[Person]:
		"""Those of `assigned` who are on duty, else all of them; and whoever of the department is `here` without a login."""
		on_duty = self._on_duty_users
		users = [user for user in assigned if user in on_duty] or assigned
		outside = [person for person in here if not person.user and person.contact]
		found = [self.person(on_duty[user]) if user in on_duty else self._users.get(user) for user in users]
		return _known([*found, *(self.person(one) for one in outside)])

	def _by_number(self, department: str, phone: str) -> list[Person]:
		"""A department outside, by the number of the step or its own."""
		row = self.departments[department]
		number = phone or row.phone
		return (
			[Person(f"tel:{phone_numbers.identity(number)}", name=row.department_name, phone=number)] if number else []
		)

	def _of_role(self, duty: str, role: str) -> list[Person]:
		there = _known(self.person(person) for person in self.on_duty if person.duty == duty)
		return there or _known(self._users.get(user) for user in self._everybody.get(role, ()))

	def is_on_duty(self, user: str | None) -> bool:
		"""Is the user on a shift here now?"""
		return user in self._on_duty_users


def holders(roles: Collection[str]) -> dict[str, str]:
	"""Enabled users who hold one of `roles`, wherever they work -> their language."""
	role, user = frappe.qb.DocType("Has Role"), frappe.qb.DocType("User")
	rows = (
		frappe.qb.from_(role)
		.join(user)
		.on(role.parent == user.name)
		.select(user.name, user.language)
		.distinct()
		.where(role.parenttype == "User")
		.where(role.role.isin(roles))
		.where(user.enabled == 1)
	).run()
	otherwise = frappe.db.get_single_value("System Settings", "language") or "en"
	return {name: language or otherwise for name, language in rows}


def _known(people: Iterable[Person | None]) -> list[Person]:
	return list({person.key: person for person in people if person}.values())


def full_names(users: Iterable[str | None]) -> dict[str, str]:
	return dict(
		listing.get_all(
			"User",
			filters={"name": ("in", [user for user in users if user])},
			fields=["name", "full_name"],
			as_list=True,
		)
	)
