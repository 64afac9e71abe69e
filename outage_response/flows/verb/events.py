"""What happened, said once, in the transaction in which it happened. Who follows stands in one table, `flows/reactions.py`.

So a room tells of what it did without knowing the rooms above it. Other apps may follow as well, by the hook `outage_happened`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import frappe
from frappe.model.document import Document

from outage_response.domain.step_definitions import Step

FOLLOW = "outage_response.flows.reactions.follow"


@dataclass(frozen=True)
class Changed:
	"""An incident is another one than it was: what was made of it is made anew."""

	incident: Document


@dataclass(frozen=True)
class StepsMayRing:
	"""Steps were made, given to others or let go: whoever is to be rung for them is rung now.

	people  who can be rung there (`facts.reachable_people.People`), where it is known already
	"""

	incident: Document
	now: datetime
	people: Any = None


@dataclass(frozen=True)
class StepDone:
	"""A step was done, before the incident's steps are made anew.

	act     the act by which it was done (`verb.engine.Act`)
	people  how many are out of an elevator, where the outcome says so
	by      who did it; who: their name, where they have no login; how: how they know that a car is empty, where they said so
	"""

	act: Any
	task: Document
	step: Step
	outcome: str
	people: int | None
	by: str
	who: str = ""
	how: str | None = None


@dataclass(frozen=True)
class CallbackMade:
	"""The `attempt`-th call of a callback was made, before the callback is saved."""

	act: Any
	callback: Document
	outcome: str
	attempt: int


@dataclass(frozen=True)
class StillDark:
	"""A home is dark after its callback had ended; `said`: arguments of `trouble.telephone_calls.keep_call`. Answers what it does."""

	property: str
	said: Mapping[str, Any]


@dataclass(frozen=True)
class TrappedAfterTheEnd:
	"""People are in an elevator although the outage has ended. Answers as `trouble.telephone_calls.trapped_after_the_end`."""

	act: Any
	elevator: str
	people: int | None
	words: str | None


def happened(event: Any) -> dict[str, Any]:
	"""Everybody follows who has to, in their order, under the locks of whoever says it; nobody commits. Answers what the table's own
	reactions answer. Functions of other apps come after them; what they answer is not looked at, and what they raise refuses the act.

	The table is found by its name, since it stands above this room, and not through the hook: a site whose cache still holds the hooks
	of an older version goes on ringing.
	"""
	answer: dict[str, Any] = frappe.get_attr(FOLLOW)(event)
	for path in frappe.get_hooks("outage_happened"):
		frappe.get_attr(path)(event)
	return answer
