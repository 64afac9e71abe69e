"""The platforms that the app works with: the real ones where they are installed, else doctypes of the same names and fields
(Helpdesk 1.14.0, CRM 1.40.2, ERPNext 15.65.1), made before a module's tests and taken away after them.

For a test module: `setUpModule = platforms.bring`, `tearDownModule = platforms.take_away`.
"""

import contextlib
from collections.abc import Iterator

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
}
# What is brought stays until the last module that uses it has run: conftest.py lets those follow each other
staying = False
CUSTOMER_OF = {"HD Ticket": "HD Customer", "Issue": "Customer"}

_TICKET = (
	"subject:Data raised_by:Data:Email status:Select:Open,Replied,{hold}Resolved,Closed priority:Data description:Text_Editor "
	"contact:Link:Contact customer:Link:{customer} email_account:Data via_customer_portal:Check "
	"opening_date:Date opening_time:Time resolution_details:Text_Editor first_responded_on:Datetime"
)
DOCTYPES = {
	"HD Customer": ("field:customer_name", "customer_name:Data domain:Data"),
	"HD Ticket": (
		"autoincrement",
		_TICKET.format(hold="", customer="HD_Customer") + " ticket_type:Data template:Data agent_group:Data key:Data",
	),
	"HD Ticket Comment": (
		"hash",
		"content:Text_Editor reference_ticket:Link:HD_Ticket commented_by:Link:User is_pinned:Check",
	),
	"FCRM Note": (
		"hash",
		"title:Data content:Text_Editor reference_doctype:Link:DocType reference_docname:Dynamic_Link:reference_doctype",
	),
	"CRM Call Log": (
		"field:id",
		"id:Data from:Data status:Select:Initiated,Ringing,In_Progress,Completed,Failed,Busy,No_Answer,Queued,Canceled "
		"start_time:Datetime medium:Data type:Select:Incoming,Outgoing to:Data duration:Duration recording_url:Data "
		"end_time:Datetime note:Link:FCRM_Note receiver:Link:User caller:Link:User reference_doctype:Link:DocType "
		"reference_docname:Dynamic_Link:reference_doctype links:Table:Dynamic_Link "
		"telephony_medium:Select:,Manual,Twilio,Exotel",
	),
	"Customer": (
		"field:customer_name",
		"customer_name:Data customer_type:Select:Company,Individual,Partnership customer_group:Data territory:Data",
	),
	"Issue": ("ISS-.#####", _TICKET.format(hold="On_Hold,", customer="Customer") + " issue_type:Data"),
	"Call Log": (
		"field:id",
		"id:Data from:Data to:Data status:Select:Ringing,In_Progress,Completed,Failed,Busy,No_Answer,Queued,Canceled "
		"duration:Duration recording_url:Data medium:Data type:Select:Incoming,Outgoing links:Table:Dynamic_Link "
		"summary:Small_Text start_time:Datetime end_time:Datetime customer:Link:Customer employee_user_id:Link:User",
	),
	"SMS Log": ("hash", "message:Small_Text requested_numbers:Code sent_to:Code sent_on:Date"),
	"HD Form Script": (
		"prompt",
		"dt:Data apply_to:Select:Form,List enabled:Check is_standard:Check apply_to_customer_portal:Check "
		"apply_on_new_page:Check script:Long_Text",
	),
}


def bring() -> None:
	"""Make the doctypes that are not on the site, with the app's fields on them."""
	end_world()
	frappe.db.rollback()
	frappe.set_user("Administrator")
	frappe.flags.in_test = True
	if staying:
		return
	_sweep()
	for name, (autoname, fields) in DOCTYPES.items():
		if not frappe.db.exists("DocType", name):
			_make(name, autoname, fields)
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


def _make(name: str, autoname: str, fields: str) -> None:
	doc = frappe.new_doc("DocType")
	doc.update({"name": name, "module": "Custom", "custom": 1, "autoname": autoname})
	if autoname == "autoincrement":
		doc.naming_rule = "Autoincrement"
	for field in fields.split():
		fieldname, fieldtype, *options = field.replace("_", " ").split(":")
		fieldname = field.partition(":")[0]
		text = options[0].replace(",", "\n") if options else ""
		if fieldtype == "Dynamic Link":
			text = field.rpartition(":")[2]
		row = {"fieldname": fieldname, "label": fieldname.title(), "fieldtype": fieldtype, "options": text}
		if fieldtype == "Select":
			row["default"] = text.split("\n")[0]
		doc.append("fields", row)
	doc.append("permissions", {"role": "System Manager", "read": 1, "write": 1, "create": 1})
	doc.insert()


def _sweep() -> None:
	"""Doctypes that tests have made, this run's or one's that crashed."""
	for name in reversed(DOCTYPES):
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
	"""The customers of a doctype that a contact is linked to: whose tickets it sees."""
	return frappe.get_all(
		"Dynamic Link",
		filters={"parenttype": "Contact", "parent": contact, "link_doctype": doctype},
		pluck="link_name",
		order_by="link_name",
	)
