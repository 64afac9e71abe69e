"""Before uninstall: take away what the app left in Frappe's own tables; Frappe drops the app's doctypes itself."""

import json
from pathlib import Path

import frappe

from outage_response.flows.site import same_site
from outage_response.integrations import CALL_LOG_PREFIX, messages, records

from . import core_indexes, custom_fields, form_scripts, leftovers, search, ticket_views

MODULE = "Outage Response"
ROLES = Path(__file__).resolve().parents[1] / "fixtures" / "role.json"


def before_uninstall() -> None:
	"""Leave the site as it was before the install."""
	copy = same_site.is_muted()  # known from what is deleted here
	core_indexes.delete()
	custom_fields.delete()
	form_scripts.delete()
	ticket_views.delete()
	custom_fields.forget_in_views()
	ours = frappe.get_all("DocType", filters={"module": MODULE}, pluck="name")
	leftovers.delete_about(ours)
	search.delete(ours)
	_calls_and_notes(ours)
	leftovers.delete_of_app("outage_response")
	_mails(copy)
	_roles()
	frappe.flags.outage_uninstall_began, frappe.flags.outage_doctypes = leftovers.moment(), ours


def after_uninstall() -> None:
	"""Frappe keeps a copy of each doctype it has dropped; the commands commit nothing after this."""
	leftovers.empty_waste_basket(frappe.flags.outage_uninstall_began, frappe.flags.outage_doctypes)
	frappe.db.commit()  # nosemgrep: frappe-manual-commit


def _mails(copy: bool) -> None:
	"""Answers to tickets that wait for a job of ours are Frappe's to send from now on; those of a copy of the site, nobody's."""
	queue = frappe.qb.DocType("Email Queue")
	query = frappe.qb.update(queue).where(queue.send_after == messages.HELD)
	if copy:
		query = query.set(queue.status, "Error").where(queue.status.isin(("Not Sent", "Partially Sent")))
	query.set(queue.send_after, None).run()


def _calls_and_notes(ours: list[str]) -> None:
	"""What was written for callbacks into call logs and onto tickets. A call that telephony logged itself stays, without
	what points at us; so do residents' tickets, the answers on them, and the customers."""
	for doctype in ("CRM Call Log", "Call Log"):
		if not _has_table(doctype):
			continue
		made = frappe.get_all(doctype, filters={"name": ("like", f"{CALL_LOG_PREFIX}%")}, pluck="name")
		frappe.db.delete("Dynamic Link", {"parenttype": doctype, "parent": ("in", made)})
		frappe.db.delete("DocShare", {"share_doctype": doctype, "share_name": ("in", made)})
		frappe.db.delete("Comment", {"reference_doctype": doctype, "reference_name": ("in", made)})
		frappe.db.delete(doctype, {"name": ("in", made)})
	if _has_table("CRM Call Log"):
		log = frappe.qb.DocType("CRM Call Log")
		frappe.qb.update(log).set(log.note, None).where(log.note.like(f"{CALL_LOG_PREFIX}%")).run()
		frappe.qb.update(log).set(log.reference_doctype, None).set(log.reference_docname, None).where(
			log.reference_doctype.isin(ours)
		).run()
	for doctype in ("FCRM Note", "Communication"):
		if _has_table(doctype):
			frappe.db.delete(doctype, {"name": ("like", f"{CALL_LOG_PREFIX}%")})
	frappe.db.delete("Communication Link", {"parent": ("like", f"{CALL_LOG_PREFIX}%")})
	frappe.db.delete("Dynamic Link", {"link_name": ("like", f"{CALL_LOG_PREFIX}%")})
	frappe.db.delete("Dynamic Link", {"link_doctype": ("in", ours)})
	for doctype in ("HD Ticket Comment", "Comment"):
		if _has_table(doctype):
			frappe.db.delete(doctype, {"name": ("like", f"{records.ticket_notes_of_app()}%")})


def _has_table(doctype: str) -> bool:
	"""A platform may have been removed by half."""
	return bool(frappe.db.exists("DocType", doctype)) and frappe.db.table_exists(doctype, cached=False)


def _roles() -> None:
	"""The roles, and who had them."""
	names = [row["name"] for row in json.loads(ROLES.read_text(encoding="utf-8"))]
	for doctype in ("Has Role", "Custom DocPerm"):
		frappe.db.delete(doctype, {"role": ("in", names)})
	for name in names:
		if frappe.db.exists("Role", name):
			frappe.delete_doc("Role", name, force=True, ignore_permissions=True, delete_permanently=True)
	frappe.clear_cache()
