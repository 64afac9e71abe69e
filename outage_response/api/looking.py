"""Frappe writes a row of the Access Log for whoever asks, about whatever they name. The rows by which the app keeps who looked at
residents' data are evidence, so nobody writes one that way."""

from typing import Any

import frappe
from frappe import _
from frappe.core.doctype.access_log import access_log

from outage_response import permissions
from outage_response.flows.residents.who_depends_on_power import LOOKS

from .reached import reached


@frappe.whitelist()
@reached
def make_access_log(
	doctype: str | None = None,
	document: str | None = None,
	method: str | None = None,
	file_type: str | None = None,
	report_name: str | None = None,
	filters: Any = None,
	page: str | None = None,
	columns: Any = None,
) -> None:
	"""Stands in for Frappe's own (hooks.py): what is printed or exported is logged as before. Refused: the names under which the
	app logs, and a doctype or document that the caller may not read."""
	if str(method or "").strip().casefold() in LOOKS:
		frappe.throw(_("Method: a look at residents' data is logged by the app itself."), frappe.PermissionError)
	if doctype and permissions.is_ours(doctype):
		permissions.require_list(doctype)
		if document:
			permissions.require_read(doctype, str(document))
	access_log.make_access_log(doctype, document, method, file_type, report_name, filters, page, columns)
