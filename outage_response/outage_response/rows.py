"""Base class of the rows of our documents."""

import frappe
from frappe.model.document import Document


class Row(Document):
	"""A row goes with the document that it stands in. Where Frappe (15 and later) has forgotten which one that is, because the row was
	opened by its own name, it would ask only whether documents of that kind may be read at all."""

	if isinstance(held := getattr(Document, "parent_doc", None), property):

		def _parent_doc(self) -> Document | None:
			known = super().parent_doc
			if known is None and self.get("parent") and self.get("parenttype") and not self.is_new():
				known = self.parent_doc = frappe.get_doc(self.parenttype, self.parent)
			return known

		parent_doc = property(_parent_doc, held.fset, held.fdel)
	del held
