"""Files that people take out of the site and open in a spreadsheet: of our doctypes, nothing in them is run (`domain/spreadsheet_cells.py`).

Each stands in for an endpoint of Frappe's (hooks.py), and gives what that one gives, with its cells quoted.
"""

from typing import Any

import frappe
from frappe.core.doctype.data_export import exporter
from frappe.core.doctype.data_import import data_import as importing
from frappe.desk import query_report, reportview
from frappe.email.doctype.auto_email_report.auto_email_report import AutoEmailReport

from outage_response.domain import spreadsheet_cells
from outage_response.permissions import is_ours, require_read

from .reached import reached


@frappe.whitelist()
@reached
def of_list(**form: Any) -> None:
	"""Stands in for `frappe.desk.reportview.export_query`: lists and Report Builder."""
	_take(form)
	reportview.export_query()
	_quote(form.get("doctype"), form.get("csv_delimiter"))


@frappe.whitelist()
@reached
def of_report(**form: Any) -> None:
	"""Stands in for `frappe.desk.query_report.export_query`: reports."""
	_take(form)
	query_report.export_query()
	_quote(_of_report(form.get("report_name")), form.get("csv_delimiter"))


@frappe.whitelist()
@reached
def of_data(**form: Any) -> None:
	"""Stands in for `frappe.core.doctype.data_export.exporter.export_data`."""
	frappe.call(exporter.export_data, **form)
	chosen = form.get("doctype")
	_quote(chosen[0] if isinstance(chosen, list) else chosen)


@frappe.whitelist()
@reached
def of_import(**form: Any) -> None:
	"""Stands in for `frappe.core.doctype.data_import.data_import.download_template`, which gives out records as well."""
	frappe.call(importing.download_template, **form)
	_quote(form.get("doctype"))


@frappe.whitelist()
@reached
def of_refused_rows(data_import_name: str) -> None:
	"""Stands in for `frappe.core.doctype.data_import.data_import.download_errored_template`."""
	require_read("Data Import", data_import_name)  # Frappe gives it to whoever knows its name
	importing.download_errored_template(data_import_name)
	_quote(_imported(data_import_name))


@frappe.whitelist()
@reached
def of_import_log(data_import_name: str) -> None:
	"""Stands in for `frappe.core.doctype.data_import.data_import.download_import_log`."""
	require_read("Data Import", data_import_name)
	importing.download_import_log(data_import_name)
	_quote(_imported(data_import_name))


def _take(form: dict[str, Any]) -> None:
	"""Where Frappe's own functions read what was asked. Newer Frappe can mail the file instead, past this: it is given here."""
	frappe.local.form_dict.update(form)
	frappe.local.form_dict.pop("export_in_background", None)


class MailedReport(AutoEmailReport):
	"""A report that Frappe mails by itself, as a file (hooks.py)."""

	def get_report_content(self) -> str | bytes | None:
		"""As Frappe's, with its cells quoted where the report is of a doctype of ours."""
		content, doctype = super().get_report_content(), _of_report(self.report)
		if not content or not doctype or not is_ours(doctype):
			return content
		if self.format == "CSV":
			return spreadsheet_cells.quoted_csv(content)
		return spreadsheet_cells.quoted_xlsx(content) if self.format == "XLSX" else content


def _of_report(name: str | None) -> str | None:
	return frappe.db.get_value("Report", name, "ref_doctype")


def _imported(name: str) -> str | None:
	return frappe.db.get_value("Data Import", name, "reference_doctype")


def _quote(doctype: str | None, delimiter: str | None = None) -> None:
	"""The file that Frappe has just put into the response, as one in which nothing is run."""
	response = frappe.local.response
	if not doctype or not is_ours(doctype):
		return
	if response.get("type") == "csv":
		response["result"] = spreadsheet_cells.quoted_csv(response["result"])
	elif response.get("type") == "binary" and response["filename"].endswith(".csv"):
		text = response["filecontent"].decode("utf-8")
		response["filecontent"] = spreadsheet_cells.quoted_csv(text, (delimiter or ",")[0]).encode("utf-8")
	elif response.get("type") == "binary" and response["filename"].endswith(".xlsx"):
		response["filecontent"] = spreadsheet_cells.quoted_xlsx(response["filecontent"])
