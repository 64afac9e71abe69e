"""The minute's look at people in elevators: who is told when they have been inside for long, or no outage's steps ring for them."""

from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from outage_response import settings
from outage_response.domain import entrapment_rules as rules
from outage_response.domain.authority import GENERAL_MANAGER
from outage_response.domain.states import Duty

from ..facts import people_in_elevators, who_is_on_duty
from ..facts.people_in_elevators import DOCTYPE
from ..verb import bells
from ..verb.changes import save, touch
from ..verb.engine import Act
from ..verb.locking import lock_incident, lock_property
from .entrapment_records import belongs_to, locked_record


def warn(name: str) -> bool:
	"""People have been inside for long: the general manager and the control room are told, once for each threshold. Where no
	outage runs, no step rings for them: the control room is told every few minutes, until somebody has talked to them.

	Answers whether anybody was told.
	"""
	incident, property_name = belongs_to(name)
	now = now_datetime()
	if incident:
		act = Act("tick", now, now, incident=lock_incident(incident))
	else:
		lock_property(property_name)
		act = Act("tick", now, now)
	record = locked_record(act, name)
	if record.status not in rules.OPEN:
		return False
	minutes = rules.warnings_due(people_in_elevators.as_rule(record), now, record.warned_minutes or 0, thresholds())
	if minutes:
		record.warned_minutes = minutes
		_tell_of_long(act, record, minutes)
	elif act.incident or not people_in_elevators.is_to_ring(record, now):
		return False
	else:
		text = _("People trapped: {0}").format(people_in_elevators.in_words(record, now))
		bells.ring(dict.fromkeys(who_is_on_duty.control_room(property_name, now), text), DOCTYPE, name, now)
	record.rung_at = now
	save(record)
	if act.incident:
		touch(act.incident)
	return True


def _tell_of_long(act: Act, record: Document, minutes: int) -> None:
	text = _("{0}: a report to the authorities may become due; the general manager decides").format(
		people_in_elevators.in_words(record, act.now)
	)
	if act.incident:
		act.warn("long_inside", {"subject": record.elevator_label, "minutes": minutes})
		bells.tell_those_for(act, (Duty.MANAGEMENT, Duty.CONTROL_ROOM), text)
		return
	managers = who_is_on_duty.everybody(record.property, [GENERAL_MANAGER]).get(GENERAL_MANAGER, [])
	people = (*who_is_on_duty.control_room(record.property, act.now), *managers)
	bells.ring(dict.fromkeys(people, text), DOCTYPE, record.name, act.now)


def thresholds() -> tuple[int, int]:
	"""Minutes inside at which somebody is warned."""
	known = settings.read()
	return (known.first_entrapment_warning, known.second_entrapment_warning)


def to_warn() -> list[str]:
	"""Records of which somebody is to be warned now."""
	return people_in_elevators.to_warn(now_datetime(), thresholds())
