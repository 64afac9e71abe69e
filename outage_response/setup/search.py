"""Which of our records Desk's search (Ctrl+G) looks through. Frappe reads the hook when a site is set up, and never again."""

import frappe

SETTINGS = "Global Search Settings"


def doctypes() -> list[str]:
	"""Those that hooks.py names, in its order."""
	found = frappe.get_hooks("global_search_doctypes", app_name="outage_response")
	return [row["doctype"] for row in found["Default"]]


def create() -> None:
	"""Add those that the site does not search yet, behind what it does; once, so that what an administrator takes away stays away."""
	known = frappe.get_all("Global Search DocType", {"parent": SETTINGS}, pluck="document_type")
	missing = [doctype for doctype in doctypes() if doctype not in known]
	for idx, doctype in enumerate(missing, start=len(known) + 1):
		row = {"parent": SETTINGS, "parenttype": SETTINGS, "parentfield": "allowed_in_global_search", "idx": idx}
		frappe.get_doc({"doctype": "Global Search DocType", "document_type": doctype, **row}).insert(
			ignore_permissions=True
		)
	_forget()


def delete(ours: list[str]) -> None:
	"""What stands of our doctypes in the index; the rows of the settings go with all that names them."""
	frappe.db.delete("__global_search", {"doctype": ("in", ours)})
	_forget()


def _forget() -> None:
	frappe.cache.hdel("global_search", "search_priorities")
