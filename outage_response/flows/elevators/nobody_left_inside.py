"""No outage is ended, and no supply returns, over people in an elevator."""

from collections.abc import Sequence

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain import entrapment_rules as rules
from outage_response.domain.errors import RuleError

from ..facts import people_in_elevators
from ..facts.language import listed
from ..verb.engine import Act


def require_nobody(incident: Document) -> None:
	"""Raise RuleError while people are on record in an elevator of this outage, whatever its steps say: nobody stands down,
	closes or cancels over them."""
	_refuse_over(
		list(people_in_elevators.open_of([incident.name]).values()),
		_(
			"People are still on record in {elevators}. Say who saw the open, empty car and how many are out, then go on."
		),
	)


def require_still(act: Act) -> None:
	"""Raise RuleError while a car with people in it would move when supply returns: of this outage, of another one in the same
	building, or of none."""
	cars = {subject.name for subject in act.elevators_affected}
	rows = [row for row in people_in_elevators.open_at(act.incident, cars) if not row.locked_off_at]
	_refuse_over(
		rows,
		_(
			"People may be in {elevators}. Have the main switch locked off, or record that the car is empty, before supply may return."
		),
	)


def _refuse_over(rows: Sequence[frappe._dict], text: str) -> None:
	if rows:
		raise RuleError(text, elevators=listed(sorted({row.elevator_label for row in rows}, key=rules.natural)))
