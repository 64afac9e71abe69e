"""Rows of other properties are not there: one criterion for lists, forms and child rows of all that belongs to a property.

For which properties somebody works is said by User Permissions; whoever has none works for all. Frappe applies these by itself, but
not where a link field or a caller asks it to ignore them, and never to child rows. The criterion is asked of the doctypes and
child tables in hooks.py, which `tests/site/access/test_by_property.py` compares with all that there are.
"""

from collections.abc import Callable

import frappe
from frappe.model.document import Document

KEPT_APART = (
	"Duty Shift",
	"Elevator Entrapment",
	"Managed Property",
	"Notice Delivery",
	"Outage Affected Unit",
	"Outage Callback",
	"Outage Incident",
	"Outage Notice",
	"Outage Page",
	"Outage Proposal",
	"Outage Report",
	"Outage Task",
	"Outage Ticket Reply",
	"Paging Test",
	"Power Node",
	"Property Asset",
	"Property Building",
	"Property Unit",
	"Roster Absence",
	"Roster Pattern",
	"Timeline Entry",
	"Trouble Call",
)
THE_COMPANYS = (
	"Care Need",  # a property's; but read by nobody
	"Elevator Rescue Certificate",
	"Escalation Rule",
	"Outage Level",
	"Outage Notice Template",
	"Outage Plan",
	"Outage Response Settings",
	"Outage Site",
	"Paging Channel",
	"Response Department",
)
# What Frappe keeps about a document: the fields that say which one
ABOUT = {"Document Follow": ("ref_doctype", "ref_docname"), "Tag Link": ("document_type", "document_name")}


def properties_of(user: str | None, doctype: str) -> list[str] | None:
	"""Properties whose rows of a doctype the user may see; None: all. A User Permission may be for one doctype alone."""
	user = user or frappe.session.user
	if user == "Administrator":
		return None
	rows = frappe.permissions.get_user_permissions(user).get("Managed Property") or ()
	return [row.get("doc") for row in rows if row.get("applicable_for") in (None, "", doctype)] or None


def may(doc: Document, ptype: str = "read", user: str | None = None) -> bool:
	"""Is the document of a property for which the user works? It must be so before and after a change; and what a caller sends
	to have something done with it may say another property than the record, or that it is new."""
	mine = properties_of(user, doc.doctype)
	if mine is None:
		return True
	field = _field(doc.doctype)
	its = {doc.get(field)}
	if doc.name:
		its.add(frappe.db.get_value(doc.doctype, doc.name, field))
	return all(one in mine for one in its if one)


def _field(doctype: str) -> str:
	return "name" if doctype == "Managed Property" else "property"


def _condition(doctype: str, user: str | None) -> str:
	"""The same for a list, as SQL that an index serves; "" where nothing narrows it."""
	mine = properties_of(user, doctype)
	if mine is None:
		return ""
	column = f"`tab{doctype}`.`{_field(doctype)}`"
	# a call that nobody could place has no property and is everybody's
	names = ", ".join(frappe.db.escape(one, percent=False) for one in (*mine, ""))
	return f"({column} in ({names}) or {column} is null)"


def _rows_of(doctype: str) -> Callable[[str | None], str]:
	def rows(user: str | None = None) -> str:
		return _condition(doctype, user)

	return rows


def _rows_within(parent: str, child: str) -> Callable[[str | None], str]:
	"""Child rows go with the documents that they stand in."""

	def rows(user: str | None = None) -> str:
		condition = _condition(parent, user)
		if not condition:
			return ""
		within = f"`tab{child}`.parent in (select name from `tab{parent}` where {condition})"
		return f"(`tab{child}`.parenttype = {frappe.db.escape(parent)} and {within})"

	return rows


def _about(table: str, doctype_field: str, name_field: str) -> Callable[[str | None], str]:
	"""What Frappe keeps about a document of ours goes with it: an attachment, a tag with its title."""

	def rows(user: str | None = None) -> str:
		user = user or frappe.session.user
		if user == "Administrator":
			return ""
		reads = set(frappe.permissions.get_doctypes_with_read())  # of the session; Frappe has it for nobody else
		unread = [doctype for doctype in (*KEPT_APART, *THE_COMPANYS) if doctype not in reads]
		narrowed = {doctype: one for doctype in KEPT_APART if doctype in reads and (one := _condition(doctype, user))}
		which, name = f"`tab{table}`.`{doctype_field}`", f"`tab{table}`.`{name_field}`"
		apart = ", ".join(frappe.db.escape(doctype) for doctype in (*unread, *narrowed))
		if not apart:
			return ""
		mine = (
			f" or ({which} = {frappe.db.escape(doctype)} and {name} in (select name from `tab{doctype}` where {condition}))"
			for doctype, condition in narrowed.items()
		)
		return f"(ifnull({which}, '') not in ({apart}){''.join(mine)})"

	return rows


def may_see_about(doc: Document, ptype: str = "read", user: str | None = None) -> bool:
	"""The same of one row of theirs that somebody opens by its name. Rows about documents of others are Frappe's to judge."""
	which, name = ABOUT[doc.doctype]
	if doc.get(which) not in (*KEPT_APART, *THE_COMPANYS):
		return True
	return bool(frappe.has_permission(doc.get(which), "read", doc=doc.get(name), user=user))


def own_bell(doc: Document, ptype: str = "read", user: str | None = None) -> bool:
	"""A bell says what happens to others, and is numbered: it is for whom it rang."""
	return (user or frappe.session.user) in ("Administrator", doc.for_user)


# Frappe asks each by its path and does not say (before 15) which doctype it is for
duty_shift = _rows_of("Duty Shift")
elevator_entrapment = _rows_of("Elevator Entrapment")
managed_property = _rows_of("Managed Property")
notice_delivery = _rows_of("Notice Delivery")
outage_affected_unit = _rows_of("Outage Affected Unit")
outage_callback = _rows_of("Outage Callback")
outage_incident = _rows_of("Outage Incident")
outage_notice = _rows_of("Outage Notice")
outage_page = _rows_of("Outage Page")
outage_proposal = _rows_of("Outage Proposal")
outage_report = _rows_of("Outage Report")
outage_task = _rows_of("Outage Task")
outage_ticket_reply = _rows_of("Outage Ticket Reply")
paging_test = _rows_of("Paging Test")
power_node = _rows_of("Power Node")
property_asset = _rows_of("Property Asset")
property_building = _rows_of("Property Building")
property_unit = _rows_of("Property Unit")
roster_absence = _rows_of("Roster Absence")
roster_pattern = _rows_of("Roster Pattern")
timeline_entry = _rows_of("Timeline Entry")
trouble_call = _rows_of("Trouble Call")

outage_affected_node = _rows_within("Outage Incident", "Outage Affected Node")
outage_callback_attempt = _rows_within("Outage Callback", "Outage Callback Attempt")
outage_callback_unit = _rows_within("Outage Callback", "Outage Callback Unit")
outage_page_task = _rows_within("Outage Page", "Outage Page Task")
outage_task_check = _rows_within("Outage Task", "Outage Task Check")
outage_window = _rows_within("Outage Incident", "Outage Window")
property_holiday = _rows_within("Managed Property", "Property Holiday")
property_work_day = _rows_within("Managed Property", "Property Work Day")
roster_pattern_shift = _rows_within("Roster Pattern", "Roster Pattern Shift")
unit_resident = _rows_within("Property Unit", "Unit Resident")

document_follow = _about("Document Follow", *ABOUT["Document Follow"])
file = _about("File", "attached_to_doctype", "attached_to_name")
tag_link = _about("Tag Link", *ABOUT["Tag Link"])
