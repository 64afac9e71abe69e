"""A resident's own data, starting from the Contact: given out whole, or erased for good.

Frappe's tools for personal data begin at a User; most residents have none. What the outage needs as a record (units,
times, outcomes) names nobody and stays.
"""

import frappe
from frappe import _
from pypika.terms import Criterion

from outage_response import bulk, listing, permissions
from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import RUNNING
from outage_response.domain.states import IncidentStatus
from outage_response.integrations import CALL_LOG_PREFIX, contacts, crm, erpnext, installed

from ..callbacks import households
from ..facts import homes_of_people
from ..notices import resident_links
from ..verb.refusals import translated
from . import traces_in_frappe
from .who_depends_on_power import log_look

# doctype -> fields given out; each of them has a field `contact`
KEPT = {
	"Care Need": ("unit", "what", "equipment_minutes", "creation"),
	"Trouble Call": ("unit", "said_at", "words", "phone", "danger", "incident"),
	"Outage Affected Unit": ("incident", "unit", "times"),
	"Outage Callback": ("incident", "phone", "reason", "status", "outcome", "satisfaction", "next_attempt_at"),
	"Notice Delivery": ("incident", "kind", "unit", "channel", "state", "sent_at", "seen_at", "note"),
}


def export_resident_data(contact: str) -> dict[str, list[dict]]:
	"""Everything that the app keeps about a contact: doctype -> rows. The look is in the access log."""
	with translated():
		kept = _require(contact)
		found = {
			doctype: listing.get_all(
				doctype, filters={"name": ("in", kept[doctype])}, fields=list(fields), order_by="creation"
			)
			for doctype, fields in KEPT.items()
		}
		found["Unit Resident"] = frappe.get_all(
			"Unit Resident",
			filters={"contact": contact, "parenttype": "Property Unit"},
			fields=["parent as unit", "relation", "is_primary", "receives_notices"],
			order_by="parent",
		)
		found["Outage Callback Attempt"] = listing.get_all(
			"Outage Callback Attempt",
			filters={"parent": ("in", kept["Outage Callback"])},
			fields=["attempted_at", "outcome", "satisfaction", "note"],
			order_by="attempted_at",
		)
		log_look("Contact", "export_resident_data", contact)
		return found


def erase_resident_data(contact: str) -> dict[str, int]:
	"""Erase what the app keeps about a contact; answers doctype -> rows. The contact itself is the platform's.

	Raises ValidationError while an outage is open that concerns them: somebody may depend on what is kept.
	"""
	with translated():
		kept = _require(contact, erasing=True)
		_require_over(contact, kept)
		lived_in = _homes(contact)
		person = traces_in_frappe.of(contact, lived_in, kept)
		calls, callbacks, deliveries = (kept[one] for one in ("Trouble Call", "Outage Callback", "Notice Delivery"))
		homes = frappe.db.count("Unit Resident", {"contact": contact, "parenttype": "Property Unit"})
		care = frappe.db.count("Care Need", {"contact": contact})
		resident_links.revoke(contact)
		frappe.db.delete("Care Need", {"contact": contact})
		households.leave(contact, lived_in)
		frappe.db.delete("Unit Resident", {"contact": contact, "parenttype": "Property Unit"})
		bulk.update("Trouble Call", calls, {"contact": None, "phone": "", "words": ""})
		bulk.update("Outage Callback", callbacks, {"contact": None, "caller": None, "phone": "", "outcome": ""})
		bulk.update("Outage Affected Unit", kept["Outage Affected Unit"], {"contact": None})
		bulk.update("Notice Delivery", deliveries, {"contact": None, "note": "", "error": ""})
		_erase_attempts(callbacks)
		_erase_sms(deliveries)
		traces_in_frappe.erase(person)
		log_look("Contact", "erase_resident_data", contact)
		return {
			"Care Need": care,
			"Unit Resident": homes,
			"Trouble Call": len(calls),
			"Outage Affected Unit": len(kept["Outage Affected Unit"]),
			"Outage Callback": len(callbacks),
			"Notice Delivery": len(deliveries),
		}


def void_resident_links(contact: str) -> dict[str, int]:
	"""The links that a resident was sent open nothing any more: they phoned, because one was lost. Answers {"links"}."""
	with translated():
		_require(contact)
		count = resident_links.revoke(contact)
		log_look("Contact", "void_resident_links", contact)
		return {"links": count}


def _require(contact: str, *, erasing: bool = False) -> dict[str, list[str]]:
	"""What is kept about the contact, as `_kept` and `_calls_of_home`, for those who may have it. Raises RuleError or
	PermissionError."""
	permissions.require_verb("personal_data")
	if not isinstance(contact, str) or not frappe.db.exists("Contact", contact):
		raise RuleError(_("Contact: {contact} does not exist. Choose one of the list."), contact=str(contact)[:140])
	homes, kept = _homes(contact), _kept(contact)
	properties = listing.get_all("Property Unit", {"name": ("in", homes)}, pluck="property", distinct=True)
	for doctype, names in kept.items():
		properties += listing.get_all(doctype, filters={"name": ("in", names)}, pluck="property", distinct=True)
	for name in dict.fromkeys(one for one in properties if one):
		permissions.require_property(name)
	of_home = _calls_of_home(contact, homes, alone=not erasing)
	kept["Trouble Call"] = list(dict.fromkeys([*kept["Trouble Call"], *of_home]))
	return kept


def _kept(contact: str) -> dict[str, list[str]]:
	"""doctype -> rows about the contact, and about the caller of whom only a number was known, when it is this contact's
	and nobody else's."""
	kept = {doctype: frappe.get_all(doctype, filters={"contact": contact}, pluck="name") for doctype in KEPT}
	for doctype in ("Trouble Call", "Outage Callback"):
		table = frappe.qb.DocType(doctype)
		nameless = (table.contact.isnull() | (table.contact == "")) & (table.phone != "")
		nobodys = frappe.qb.from_(table).select(table.name, table.phone).where(nameless).run(as_dict=True)
		whose = contacts.of_numbers({row.phone for row in nobodys})
		kept[doctype] += [row.name for row in nobodys if whose.get(row.phone) == [contact]]
	return kept


def _homes(contact: str) -> list[str]:
	"""Units in which they live, and those in which outages found them."""
	lives = frappe.get_all("Unit Resident", {"contact": contact, "parenttype": "Property Unit"}, pluck="parent")
	lived = frappe.get_all("Outage Affected Unit", {"contact": contact}, pluck="unit", distinct=True)
	return sorted({*lives, *(one for one in lived if one)})


def _calls_of_home(contact: str, homes: list[str], *, alone: bool) -> list[str]:
	"""Calls that say where somebody called from, and not who, by no number of another contact: of homes where they live, and of
	the outages that found them in another. Erased with whoever of the home is erased, since they may be theirs; given out
	where the home is nobody else's as well (`alone`)."""
	calls = frappe.qb.DocType("Trouble Call")
	resident, found = frappe.qb.DocType("Unit Resident"), frappe.qb.DocType("Outage Affected Unit")
	now: set[str] = set()
	then: set[tuple[str, str]] = set()
	others_now: set[str] = set()
	others_then: set[tuple[str, str]] = set()
	for unit, who in (
		frappe.qb.from_(resident)
		.select(resident.parent, resident.contact)
		.where((resident.parenttype == "Property Unit") & listing.one_of(resident.parent, homes))
	).run():
		(now if who == contact else others_now).add(unit)
	for incident, unit, who in (
		frappe.qb.from_(found)
		.select(found.incident, found.unit, found.contact)
		.where(listing.one_of(found.unit, homes) & found.contact.isnotnull() & (found.contact != ""))
	).run():
		(then if who == contact else others_then).add((incident, unit))
	if alone:
		now, then = now - others_now, then - others_then
	rows = (
		frappe.qb.from_(calls)
		.select(calls.name, calls.incident, calls.unit, calls.phone)
		.where((calls.contact.isnull() | (calls.contact == "")) & listing.one_of(calls.unit, homes))
	).run(as_dict=True)
	whose = contacts.of_numbers({row.phone for row in rows if row.phone})
	return [
		row.name
		for row in rows
		if (row.unit in now or (row.incident, row.unit) in then) and whose.get(row.phone, []) in ([], [contact])
	]


def _require_over(contact: str, kept: dict[str, list[str]]) -> None:
	"""Raise RuleError while an outage is open that this contact wrote about, was told of, or is to be called about, or one
	runs at a home of theirs."""
	homes = homes_of_people.homes_of([contact])
	nodes = {node for path in homes_of_people.paths_of([home.power_node for home in homes]).values() for node in path}
	dark = [doc.name for doc in homes_of_people.about(nodes, [home.unit for home in homes]) if doc.status in RUNNING]
	incidents: set[str] = set(dark)
	for doctype in ("Trouble Call", "Outage Callback", "Notice Delivery"):
		incidents |= set(
			listing.get_all(doctype, filters={"name": ("in", kept[doctype])}, pluck="incident", distinct=True)
		)
	running = listing.get_all(
		"Outage Incident",
		filters={
			"name": ("in", list(incidents - {None})),
			"status": ("in", (*RUNNING, IncidentStatus.RESTORED, IncidentStatus.STOOD_DOWN)),
		},
		pluck="name",
		limit=1,
	)
	if running:
		raise RuleError(_("Contact: outage {incident} is not closed yet. Erase when it is."), incident=running[0])


def _erase_attempts(callbacks: list[str]) -> None:
	"""Notes of the calls, and the records that the app made of them on the contact and in the CRM."""
	rows = callbacks and listing.get_all(
		"Outage Callback Attempt",
		filters={"parent": ("in", callbacks)},
		fields=["name", "note", "crm_doctype", "crm_record"],
	)
	crm.erase_notes(callbacks)
	for row in rows or ():
		if (row.crm_record or "").upper().startswith(CALL_LOG_PREFIX) and frappe.db.exists(
			row.crm_doctype, row.crm_record
		):
			frappe.delete_doc(
				row.crm_doctype, row.crm_record, force=True, ignore_permissions=True, delete_permanently=True
			)
		elif row.note and row.crm_doctype == erpnext.CALL_LOG:
			erpnext.erase_note(row.crm_record, row.note)
	bulk.update("Outage Callback Attempt", [row.name for row in rows or ()], {"note": "", "crm_record": None})


def _erase_sms(deliveries: list[str]) -> None:
	"""What we wrote to them by SMS, with their number, where the site keeps a log of it; found by the link in it."""
	if deliveries and installed("SMS Log"):
		log = frappe.qb.DocType("SMS Log")
		ours = Criterion.any(
			[log.message.like(f"%/outages/link/{resident_links.PURPOSE}.{name}.%") for name in deliveries]
		)
		frappe.qb.from_(log).delete().where(ours).run()
