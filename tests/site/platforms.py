"""The platforms that the app works with: the real ones where they are installed, else doctypes of the same names and fields, made
before a module's tests and taken away after them. Their fields are those of a version (`platform_fields/`, from its own files).

For a test module: `setUpModule = platforms.bring`, `tearDownModule = platforms.take_away`; `platforms.bring_newest` for the versions
that people install today.
"""

import contextlib
import json
import unittest
from collections.abc import Iterator, Sequence
from pathlib import Path

import frappe
from frappe.model.document import Document

from outage_response.setup import custom_fields

from .base import end_world, forget_caches, set_settings

DESKS = ("HD Ticket", "Issue")
CALL_LOGS = ("CRM Call Log", "Call Log", "Communication")
SWITCHES = {
	"HD Ticket": "use_helpdesk",
	"HD Customer": "use_helpdesk",
	"Issue": "use_erpnext",
	"Customer": "use_erpnext",
	"Call Log": "use_erpnext",
	"CRM Call Log": "use_crm",
	"TP Call Log": "use_helpdesk",
}
# What is brought stays until the last module that uses it has run: conftest.py lets those follow each other
staying = False
MEMBERS = "HD Customer Member"
CUSTOMER_OF = {"HD Ticket": "HD Customer", "Issue": "Customer"}

OLDER = ("helpdesk-1.14.0", "crm-1.40.2", "erpnext-15.65.1")
NEWEST = ("helpdesk-1.28.1", "telephony-0.0.1", "crm-1.73.1", "erpnext-15.65.1")
FIELDS = Path(__file__).with_name("platform_fields")
# What their own code names
NAMED_BY = {"Customer": "field:customer_name", "Issue": "ISS-.#####"}
# The states that Helpdesk comes with, and their categories
STATES = {"Open": "Open", "Replied": "Paused", "Resolved": "Resolved", "Closed": "Resolved"}
# Of no version's own files: the app writes it where Frappe has it, and the snapshot has moved it
OURS = {
	"SMS Log": {
		"autoname": "hash",
		"fields": {
			"message": ["Small Text"],
			"requested_numbers": ["Code"],
			"sent_to": ["Code"],
			"sent_on": ["Date"],
		},
	}
}


def doctypes(versions: Sequence[str]) -> dict[str, dict]:
	"""name -> {"autoname", "istable", "fields": name -> [type, options]}, in the order in which they can be made."""
	found: dict[str, dict] = {}
	for version in versions:
		found |= json.loads((FIELDS / f"{version}.json").read_text(encoding="utf-8"))
	return found | OURS


def bring() -> None:
	"""Make the doctypes that are not on the site, with the app's fields on them."""
	_bring(OLDER)


def bring_newest() -> None:
	"""The same of the versions that people install today."""
	_bring(NEWEST)


def bring_these(*versions: str) -> None:
	"""The same of these versions alone: "helpdesk-1.14.0"."""
	_bring(versions)


def _bring(versions: Sequence[str]) -> None:
	end_world()
	frappe.db.rollback()
	frappe.set_user("Administrator")
	frappe.flags.in_test = True
	if staying:
		return
	_sweep()
	wanted = doctypes(versions)
	for name, kind in wanted.items():
		if not frappe.db.exists("DocType", name):
			_make(name, kind, wanted)
	custom_fields.create()
	frappe.db.commit()
	frappe.clear_cache()
	forget_caches()


def take_away() -> None:
	"""The site as it was: only what `bring` made goes."""
	end_world()
	frappe.db.rollback()
	if staying:
		return
	_sweep()
	frappe.db.commit()
	frappe.clear_cache()
	forget_caches()


def is_real(doctype: str) -> bool:
	"""Is it the platform's own, and none of the tests'?"""
	return not frappe.db.get_value("DocType", doctype, "custom")


def needs(test: unittest.TestCase, doctype: str, fieldname: str, fieldtype: str) -> None:
	"""Skips the test where the site's own platform is an older one, without this field. The tests' stand-ins have it."""
	field = frappe.get_meta(doctype).get_field(fieldname)
	if is_real(doctype) and (not field or field.fieldtype != fieldtype):
		test.skipTest(f"the {doctype} of this site is older: it has no {fieldname} of the kind {fieldtype}")


def _make(name: str, kind: dict, wanted: dict[str, dict]) -> None:
	doc = frappe.new_doc("DocType")
	autoname = NAMED_BY.get(name) or kind["autoname"] or "hash"
	doc.update({"name": name, "module": "Custom", "custom": 1, "autoname": autoname, "istable": kind.get("istable", 0)})
	if autoname == "autoincrement":
		doc.naming_rule = "Autoincrement"
	for fieldname, (fieldtype, *options) in kind["fields"].items():
		text = options[0] if options else ""
		leads = fieldtype in ("Link", "Table", "Table MultiSelect")
		if leads and text not in wanted and text != name and not frappe.db.exists("DocType", text):
			if fieldtype != "Link":
				continue  # rows of what the app does not use
			fieldtype, text = "Data", ""
		row = {
			"fieldname": fieldname,
			"label": fieldname.replace("_", " ").title(),
			"fieldtype": fieldtype,
			"options": text,
		}
		if fieldtype == "Select":
			row["default"] = text.split("\n")[0]
		if text == "HD Ticket Status":
			row["default"] = next(iter(STATES))
		doc.append("fields", row)
	if not kind.get("istable"):
		doc.append("permissions", {"role": "System Manager", "read": 1, "write": 1, "create": 1})
	doc.insert()
	if name == "HD Ticket Status":
		for order, (state, category) in enumerate(STATES.items()):
			row = {"doctype": name, "label_agent": state, "category": category, "order": order, "enabled": 1}
			frappe.get_doc(row).insert()


def _sweep() -> None:
	"""Doctypes that tests have made, this run's or one's that crashed."""
	for name in reversed(doctypes(tuple(dict.fromkeys((*OLDER, *NEWEST))))):
		if frappe.db.get_value("DocType", name, "custom"):
			frappe.db.delete("Custom Field", {"dt": name})
			frappe.db.delete("Dynamic Link", {"parenttype": name})
			frappe.db.delete("Dynamic Link", {"link_doctype": name})
			for table in ("DocField", "DocPerm"):
				frappe.db.delete(table, {"parent": name})
			frappe.db.delete("DocType", {"name": name})
			frappe.db.commit()
			frappe.db.sql_ddl(f"DROP TABLE IF EXISTS `tab{name}`")
			frappe.db.sql_ddl(f"DROP SEQUENCE IF EXISTS `{frappe.scrub(name)}_id_seq`")
	frappe.db.commit()


# ---------------------------------------------------------------- for tests


def only(*doctypes: str) -> None:
	"""Switch on the platforms of these doctypes, and no other."""
	on = {SWITCHES[name] for name in doctypes if name in SWITCHES}
	set_settings(**{field: int(field in on) for field in sorted(set(SWITCHES.values()))})


@contextlib.contextmanager
def gone(doctype: str) -> Iterator[None]:
	"""For a while, the app that a doctype belongs to counts as uninstalled, with its tables still there."""
	module = frappe.db.get_value("DocType", doctype, "module")
	app = frappe.db.get_value("Module Def", module, "app_name")
	frappe.db.set_value("Module Def", module, "app_name", "an_app_that_was_removed", update_modified=False)
	try:
		yield
	finally:
		frappe.db.set_value("Module Def", module, "app_name", app, update_modified=False)


def make_ticket(doctype: str, subject: str, description: str = "", contact: str | None = None, **values) -> Document:
	"""A ticket that a resident writes; `contact` is whose it is."""
	doc = frappe.new_doc(doctype)
	doc.update(
		{
			"subject": subject,
			"description": description or subject,
			"contact": contact,
			"raised_by": values.pop("raised_by", None) or (address_of(contact) if contact else "stranger@example.com"),
			**values,
		}
	)
	doc.flags.ignore_permissions = True
	doc.insert(ignore_permissions=True, ignore_mandatory=True)
	return doc


def address_of(contact: str) -> str:
	"""The e-mail address that `give_address` gives a contact."""
	return f"{frappe.scrub(contact).replace('_', '.')}@residents.example.com"


def give_address(contact: str) -> str:
	"""A resident has an e-mail address."""
	doc = frappe.get_doc("Contact", contact)
	address = address_of(contact)
	doc.append("email_ids", {"email_id": address, "is_primary": 1})
	doc.save(ignore_permissions=True)
	return address


def log_by_telephony(doctype: str, name: str, number: str, *, incoming: bool = False, **values) -> Document:
	"""A call as telephony logs it: nothing in it points at a callback."""
	doc = frappe.new_doc(doctype)
	doc.update(
		{
			"id": name,
			"type": "Incoming" if incoming else "Outgoing",
			"from": number if incoming else "01088880000",
			"to": "01088880000" if incoming else number,
			"status": "Completed",
			"medium": "Exotel",
			"duration": 42,
			**values,
		}
	)
	doc.insert(ignore_permissions=True)
	return doc


def answers_on(ticket: Document) -> list[str]:
	"""What the ticket's author was answered, oldest first."""
	return frappe.get_all(
		"Communication",
		filters={
			"reference_doctype": ticket.doctype,
			"reference_name": str(ticket.name),
			"sent_or_received": "Sent",
			"communication_type": "Communication",
		},
		pluck="content",
		order_by="creation asc, name asc",
	)


def notes_on(ticket: Document) -> list[str]:
	"""What the staff reads on a ticket, and the resident does not."""
	if ticket.doctype == "HD Ticket":
		return frappe.get_all("HD Ticket Comment", filters={"reference_ticket": ticket.name}, pluck="content")
	return frappe.get_all(
		"Comment",
		filters={"reference_doctype": ticket.doctype, "reference_name": ticket.name, "comment_type": "Comment"},
		pluck="content",
	)


def links_of(record: Document) -> set[tuple[str, str]]:
	"""What a call log is linked to."""
	return {(row.link_doctype, str(row.link_name)) for row in record.get("links") or record.get("timeline_links")}


def customers_of(contact: str, doctype: str) -> list[str]:
	"""The customers of a doctype that a contact belongs to, by link and by table of members alike: whose tickets it sees."""
	linked = frappe.get_all(
		"Dynamic Link",
		filters={"parenttype": "Contact", "parent": contact, "link_doctype": doctype},
		pluck="link_name",
		order_by="link_name",
	)
	if frappe.db.exists("DocType", MEMBERS) and frappe.get_meta(doctype).get_field("contacts"):
		members = frappe.get_all(
			MEMBERS, {"contact_name": contact, "parenttype": doctype}, pluck="parent", order_by="parent"
		)
		assert members == linked, (members, linked)
	return linked
