"""People in an elevator are reported: in an outage, and while none runs there; what was said is kept as a Trouble Call."""

from collections.abc import Mapping, Sequence
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain import entrapment_rules as rules
from outage_response.domain import gates
from outage_response.domain.errors import RuleError
from outage_response.domain.states import Duty

from ..facts import homes_of_people, people_in_elevators, plan_steps, who_is_on_duty
from ..facts.people_in_elevators import DOCTYPE, latest
from ..tasks import task_set
from ..verb import bells
from ..verb.engine import Act, incident_verb
from .entrapment_records import as_conditions, cars, open_record


@incident_verb
def report_trapped(
	act: Act,
	elevator: str | None = None,
	words: str | None = None,
	contact: str | None = None,
	building: str | None = None,
	people: int | None = None,
	floor: str | None = None,
	conditions: Sequence[str] | None = None,
	phone: str | None = None,
) -> dict[str, Any]:
	"""People are in an elevator (the intercom rang): comfort, lock-off and release start at once, whoever still has to check it.

	building    where nobody knows in which elevator: every one of the building is asked and made safe
	people      how many; none: not counted yet
	conditions  of `children, elderly, pregnant, unwell, heat, smoke` those that hold

	Answers {"added", "entrapments": [names]}.
	"""
	homes_of_people.require_at(contact, act.incident.property)
	found = cars(act.incident.property, elevator, building)
	affected = {subject.name for subject in act.elevators_affected}
	outside = [car.asset_name for car in found if car.name not in affected]
	if elevator and outside:
		raise RuleError(
			_("Elevator: {elevator} is not in a building that is dark in this incident. Extend the scope first."),
			elevator=outside[0],
		)
	found = [car for car in found if car.name in affected]
	if not found:
		raise RuleError(
			_("Building: {building} is not dark in this incident. Extend the scope first."), building=building or "-"
		)
	return report_in(
		act,
		found,
		certain=bool(elevator),
		building=building,
		words=words,
		contact=contact,
		phone=phone,
		people=people,
		floor=floor,
		conditions=conditions,
	)


def report_in(
	act: Act,
	found: Sequence[Mapping[str, Any]],
	*,
	certain: bool,
	building: str | None = None,
	words: str | None = None,
	contact: str | None = None,
	phone: str | None = None,
	people: int | None = None,
	floor: str | None = None,
	conditions: Sequence[str] | None = None,
	said: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
	"""The same for elevators that are known to be in the incident's area. `said`: more fields of the Trouble Call."""
	incident = act.incident
	count, how_they_are = rules.require_people(people), as_conditions(conditions)
	doc = keep_call(
		act,
		found,
		certain=certain,
		building=building,
		words=words,
		contact=contact,
		phone=phone,
		incident=incident.name,
		said=said,
	)
	records = [
		open_record(
			act,
			car,
			certain=certain,
			people=count if certain else None,
			floor=floor,
			conditions=how_they_are if certain else None,
		)
		for car in found
	]
	place = found[0]["asset_name"] if certain else building or incident.property
	act.record("trapped_reported" if certain else "trapped_somewhere", {"subject": place, "people": count or "?"})
	diff = task_set.sync(act)
	if not gates.knows_rescues(plan_steps.steps_of_plan(incident.plan)):
		act.warn("trapped_without_steps", {"subject": place, "level": plan_steps.level_with_rescues() or "?"})
	text = (
		people_in_elevators.in_words(records[0], act.now)
		if certain
		else _("People trapped in {0}, not known where").format(place)
	)
	bells.tell_those_for(act, Duty.CONTROL_ROOM, _("People trapped: {0}").format(text))
	return {"added": len(diff.add), "entrapments": [record.name for record in records], "call": doc.name}


def keep_call(
	act: Act,
	found: Sequence[Mapping[str, Any]],
	*,
	certain: bool,
	building: str | None,
	words: str | None,
	contact: str | None,
	phone: str | None,
	incident: str | None,
	said: Mapping[str, Any] | None = None,
) -> Document:
	"""What was said, as a Trouble Call."""
	doc = frappe.new_doc("Trouble Call")
	doc.update(
		{
			"property": found[0]["property"],
			"elevator": found[0]["name"] if certain else None,
			"trapped": 1,
			"building": None if certain else found[0]["building"],
			"contact": contact,
			"phone": phone,
			"danger": 1,
			"words": words,
			"said_at": act.at,
			"incident": incident,
			**(said or {}),
		}
	)
	return doc.insert(ignore_permissions=True)


def of_call(call: Mapping[str, Any]) -> list[str]:
	"""Names of the newest records of the elevators that a Trouble Call was about."""
	found = cars(call["property"], call["elevator"], call["building"] or "")
	records = [latest(call["incident"], car["name"]) for car in found]
	return [record.name for record in records if record]


def report_alone(act: Act, found: Sequence[Mapping[str, Any]], *, certain: bool, text: str, **known: Any) -> list[str]:
	"""People in an elevator while no outage runs there: the records, and the control room is rung. The caller has the
	property's lock."""
	records = [open_record(act, car, certain=certain, **known) for car in found]
	people = who_is_on_duty.control_room(found[0]["property"], act.now)
	words = people_in_elevators.in_words(records[0], act.now) if certain else text
	ring = _("DANGER at {0}: {1}").format(found[0]["property"], words)
	bells.ring(dict.fromkeys(people, ring), DOCTYPE, records[0].name, act.now)
	return [record.name for record in records]
