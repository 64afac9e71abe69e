"""Care Needs: who depends on power. Read through here and nowhere else, and every look is recorded."""

from typing import Any

import frappe
from frappe import _
from frappe.utils import now_datetime

from outage_response import listing, locks, permissions
from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import RUNNING
from outage_response.domain.states import IncidentStatus

from ..facts import power_and_assets, step_context
from ..tasks import task_set
from ..verb.engine import Act, PropertyTarget, finish, property_verb
from ..verb.locking import lock_incident, lock_property
from ..verb.refusals import translated
from ..verb.times import when


def read_care_needs(incident: str) -> list[dict]:
	"""Care needs of an incident's affected units: unit, contact, phone, what, equipment_minutes; shortest first.

	For the control room and customer service while the incident runs. Each look is on the timeline and in the access log.
	"""
	with translated():
		permissions.require_verb("read_care_needs")
		locks.begin()
		doc = lock_incident(incident)
		permissions.require_read("Outage Incident", doc)
		if doc.status in (IncidentStatus.CLOSED, IncidentStatus.CANCELLED):
			raise RuleError(_("Status: care needs are shown while the incident runs."))
		at, now, _clock = when(None)
		around = power_and_assets.read(doc.property)
		units = [subject.name for subject in step_context.context(doc, [], around).subjects.get("care_unit", ())]
		care, contact, unit = (frappe.qb.DocType(name) for name in ("Care Need", "Contact", "Property Unit"))
		rows = (
			frappe.qb.from_(care)
			.join(unit)
			.on(unit.name == care.unit)
			.left_join(contact)
			.on(contact.name == care.contact)
			.select(
				unit.unit_no,
				unit.floor,
				contact.full_name,
				contact.mobile_no,
				contact.phone,
				care.what,
				care.equipment_minutes,
			)
			.where(listing.one_of(care.unit, units))
			.orderby(care.equipment_minutes)
			.orderby(unit.unit_no)
		).run(as_dict=True)
		log_look("Care Need", "read_care_needs", incident)
		act = Act("read_care_needs", at, now, incident=doc)
		act.record("care_looked_up")
		finish(act, {})
		return rows


# Under which names looks at personal data are logged
LOOKS = frozenset({"read_care_needs", "run_card", "export_resident_data", "erase_resident_data", "void_resident_links"})


def log_look(what: str, method: str, reference: str | None = None) -> None:
	"""Somebody looked at personal data: who, at what, by which road (one of LOOKS)."""
	frappe.get_doc(
		{
			"doctype": "Access Log",
			"export_from": what,
			"reference_document": reference,
			"method": method,
			"user": frappe.session.user,
			"timestamp": now_datetime(),
		}
	).insert(ignore_permissions=True)


class UnitTarget(PropertyTarget):
	"""A home."""

	argument = "unit"

	def property_of(self, name: Any) -> str:
		found = isinstance(name, str) and frappe.db.get_value("Property Unit", name, "property")
		if not found:
			raise RuleError(_("Unit: {unit} does not exist. Choose one of the list."), unit=str(name)[:140])
		return found


@property_verb(UnitTarget())
def set_care_need(unit: str, contact: str, what: str, equipment_minutes: int = 0) -> dict:
	"""Enter or change what a resident depends on. Raises ValidationError when the contact does not live there."""
	found = frappe.get_doc("Property Unit", unit)
	if contact not in {row.contact for row in found.residents}:
		raise RuleError(_("Contact: not a resident of {unit}. Enter them on the unit first."), unit=found.unit_no)
	if not (what or "").strip():
		raise RuleError(_("What Depends on Power: cannot be empty."))
	if not isinstance(equipment_minutes, int) or equipment_minutes < 0:
		raise RuleError(_("Equipment Lasts (minutes): a whole number, 0 if unknown."))
	keep(found.property, unit, contact, what.strip(), equipment_minutes)
	return {"unit": unit}


def keep(property_name: str, unit: str, contact: str, what: str, equipment_minutes: int) -> None:
	"""One record for each person and home; the caller has checked who says it."""
	name = frappe.db.get_value("Care Need", {"unit": unit, "contact": contact})
	doc = frappe.get_doc("Care Need", name) if name else frappe.new_doc("Care Need")
	doc.update(
		{
			"unit": unit,
			"property": property_name,
			"contact": contact,
			"what": what,
			"equipment_minutes": equipment_minutes,
		}
	)
	doc.save(ignore_permissions=True)
	_look_after(property_name, unit)


def _look_after(property_name: str, unit: str) -> None:
	"""Somebody who says so while it is dark there is looked after like those who had said it before (clause 1)."""
	lock_property(property_name)
	filters = {"property": property_name, "status": ("in", RUNNING)}
	for incident in frappe.get_all("Outage Incident", filters=filters, pluck="name", order_by="name"):
		at, now, _clock = when(None)
		act = Act("set_care_need", at, now, incident=lock_incident(incident))
		if task_set.sync(act).add:
			finish(act, {})
