"""HD Form Scripts: the helpdesk's own pages read them, and no `doctype_js`. The files are the app's; the records belong to
it as well: made when Helpdesk is here, brought up to date with the files, taken away on uninstall.

Helpdesk 1.14.0 picks a page's scripts by exactly these two flags. An administrator may switch a script off (Enabled).
"""

from pathlib import Path

import frappe

from outage_response.integrations import installed

DOCTYPE = "HD Form Script"
FILES = Path(__file__).resolve().parents[1] / "public" / "js"
# name -> file, and the flags of the page it is for
FORM_SCRIPTS = {
	"Outage Response Agent Ticket": ("hd_ticket_agent.js", {}),
	"Outage Response Resident Ticket": ("hd_ticket_portal.js", {"apply_to_customer_portal": 1}),
	"Outage Response New Ticket": ("hd_ticket_new.js", {"apply_on_new_page": 1}),
}


def create() -> None:
	"""Make or update the records; without Helpdesk nothing."""
	if not installed(DOCTYPE):
		return
	for name, (file, flags) in FORM_SCRIPTS.items():
		values = {
			"dt": "HD Ticket",
			"apply_to": "Form",
			"is_standard": 0,
			"apply_to_customer_portal": 0,
			"apply_on_new_page": 0,
			**flags,
			"script": (FILES / file).read_text(encoding="utf-8"),
		}
		if not frappe.db.exists(DOCTYPE, name):
			frappe.get_doc({"doctype": DOCTYPE, "name": name, "enabled": 1, **values}).insert(ignore_permissions=True)
			continue
		doc = frappe.get_doc(DOCTYPE, name)
		if any(doc.get(field) != value for field, value in values.items()):
			doc.update(values)
			doc.save(ignore_permissions=True)


def delete() -> None:
	"""Take the app's records away, and no others."""
	if frappe.db.exists("DocType", DOCTYPE) and frappe.db.table_exists(DOCTYPE, cached=False):
		for name in FORM_SCRIPTS:
			frappe.delete_doc(DOCTYPE, name, force=True, ignore_permissions=True, ignore_missing=True)
