"""Numbers and ticks that people, files and other programs write into our records: read, or refused with the field's name.

Frappe takes a text that is no number for 0, in a document and in Data Import alike. A document is read before Frappe looks at it;
a file of Data Import is looked through when it is attached, since Frappe has made 0 of it before there is a document.
"""

from collections.abc import Iterator
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, cstr, flt

from outage_response.domain import spreadsheet_cells, typed_numbers
from outage_response.domain.errors import RuleError

from ..verb.refusals import translated

MODULE = "Outage Response"
WHOLE, DECIMAL, TICK = ("Int",), ("Float", "Percent", "Currency"), ("Check",)
# So many cells of a file are named; the rest is the same mistake
MOST = 20


def read(doc: Document, _event: str | None = None) -> None:
	"""Before a record of ours is validated: texts in its number fields, and in those of its rows, become numbers."""
	if doc.meta.module != MODULE:
		return
	with translated():
		for row in (doc, *doc.get_all_children()):
			for df in row.meta.fields:
				value = row.get(df.fieldname)
				if isinstance(value, str) and frappe.flags.in_import:
					value = spreadsheet_cells.unquoted(value)  # from a file that was exported here
					row.set(df.fieldname, value)
				if isinstance(value, (str, float)):
					row.set(df.fieldname, _read(df, value))


def _read(df: Any, value: Any) -> Any:
	label = _(df.label or df.fieldname)
	if df.fieldtype in WHOLE:
		return typed_numbers.number(cstr(value), label, whole=True)
	if df.fieldtype in DECIMAL:
		return typed_numbers.number(value, label, whole=False) if isinstance(value, str) else value
	return typed_numbers.tick(cstr(value), label) if df.fieldtype in TICK else value


def require_file(doc: Document, _event: str | None = None) -> None:
	"""When a file of ours is attached to Data Import: raises with the cells that Frappe would take for another number."""
	attached = doc.import_file or doc.google_sheets_url
	ours = attached and frappe.db.get_value("DocType", doc.reference_doctype, "module") == MODULE
	wrong = list(_misread(doc.get_importer().import_file)) if ours else []
	if wrong:
		more = [_("and {0} more").format(len(wrong) - MOST)] if len(wrong) > MOST else []
		frappe.throw("<br>".join([*wrong[:MOST], *more]), title=_("Numbers that cannot be read"))


def _misread(file: Any) -> Iterator[str]:
	for row in file.data:
		for column, value in zip(file.header.columns, row.data, strict=False):
			if column.skip_import or not column.df or column.df.get("fieldtype") not in (*WHOLE, *DECIMAL, *TICK):
				continue
			if value is None or cstr(value).strip() == "":
				continue
			try:
				meant = _read(column.df, value)
			except RuleError as refusal:
				yield _("Row {0}: {1}").format(row.row_number, frappe.utils.escape_html(refusal.rendered(_)))
				continue
			if meant != _taken(column.df.fieldtype, value):
				yield _("Row {0}: {1}: write {2} as {3}.").format(
					row.row_number, _(column.df.label), frappe.utils.escape_html(cstr(value)), cstr(meant)
				)


def _taken(fieldtype: str, value: Any) -> Any:
	"""What Data Import makes of a cell."""
	text = cstr(value)
	if fieldtype in TICK and text.lower().strip() in ("t", "true", "y", "yes", "f", "false", "n", "no"):
		return int(text.lower().strip()[0] in "ty")
	return flt(text) if fieldtype in DECIMAL else cint(text)
