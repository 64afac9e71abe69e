"""Records that belong to the verbs: nobody changes or deletes them by hand."""

import frappe
from frappe import _
from frappe.model.document import Document


def refuse_outside_verbs(doc: Document, free_fields: tuple[str, ...] = ()) -> None:
	"""For `validate` of verb-owned doctypes: nobody changes them outside a verb, Administrator included."""
	if doc.flags.by_verb:
		return
	before = doc.get_doc_before_save()
	if before is None or before.docstatus != doc.docstatus:
		refuse_row(doc)
	for df in doc.meta.fields:
		if df.fieldname in free_fields:
			continue
		if df.fieldtype in frappe.model.table_fields:
			changed = _rows(before.get(df.fieldname)) != _rows(doc.get(df.fieldname))
		elif df.fieldtype in frappe.model.no_value_fields:  # layout; tables are among them
			continue
		else:
			changed = str(before.get(df.fieldname) or "") != str(doc.get(df.fieldname) or "")
		if changed:
			frappe.throw(
				_("{0}: changed only by the outage verbs (buttons), not by hand.").format(frappe.bold(_(df.label))),
				frappe.PermissionError,
			)


def _rows(rows: list[Document] | None) -> list[dict[str, str]]:
	skip = {"modified", "modified_by", "docstatus", "creation", "owner"}
	return [
		{key: str(value or "") for key, value in row.as_dict().items() if key not in skip and not key.startswith("_")}
		for row in rows or []
	]


def refuse_row(doc: Document) -> None:
	"""For what is not made or saved by hand at all."""
	frappe.throw(_("{0} is made by the outage verbs, not by hand.").format(_(doc.doctype)), frappe.PermissionError)


def refuse_delete(doc: Document) -> None:
	"""For `on_trash`: the record of an outage stays."""
	if not doc.flags.by_verb:
		frappe.throw(_("{0}: the record of an outage is not deleted.").format(_(doc.doctype)), frappe.PermissionError)
