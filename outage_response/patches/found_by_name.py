"""Records of ours are found by their names in Desk's search; Frappe takes up what an app says of that only when a site is set up."""

from frappe.utils import global_search

from outage_response.setup import search


def execute() -> None:
	search.create()
	for doctype in search.doctypes():
		global_search.rebuild_for_doctype(doctype)
