"""Base classes of the doctypes that belong to the verbs: nobody writes them by another road, Administrator included."""

from frappe.model.document import Document

from outage_response.flows.facts import site_time
from outage_response.flows.verb.guard import refuse_delete, refuse_outside_verbs, refuse_row

from .rows import Row


class VerbOwned(Document):
	"""A document that only verbs make, change and keep. `free_fields` may be edited by hand."""

	free_fields: tuple[str, ...] = ()

	def validate(self):
		refuse_outside_verbs(self, self.free_fields)

	def before_save(self):
		site_time.keep_instants(self)

	def before_change(self):
		"""Frappe calls this from `db_set`, which validates nothing."""
		refuse_outside_verbs(self, self.free_fields)

	def before_rename(self, old, new, merge=False):
		refuse_delete(self)

	def on_trash(self):
		refuse_delete(self)

	def get_invalid_links(self, is_submittable=False):
		invalid, cancelled = super().get_invalid_links(is_submittable=is_submittable)
		return _put_in_anew(self, self.get_doc_before_save(), invalid), cancelled


class VerbOwnedRow(Row):
	"""A row of such a document. Saved with its parent it is not validated by itself; alone it is not saved at all."""

	def validate(self):
		refuse_row(self)

	def before_change(self):
		refuse_row(self)

	def before_rename(self, old, new, merge=False):
		refuse_row(self)

	def on_trash(self):
		refuse_row(self)

	def get_invalid_links(self, is_submittable=False):
		invalid, cancelled = super().get_invalid_links(is_submittable=is_submittable)
		parent = invalid and self.parent_doc and self.parent_doc.get_doc_before_save()
		rows = parent.get(self.parentfield) if parent else []
		return _put_in_anew(self, next((row for row in rows if row.name == self.name), None), invalid), cancelled


def _put_in_anew(doc: Document, before: Document | None, invalid: list[tuple]) -> list[tuple]:
	"""Of the links that lead nowhere those that this save brings in. What a record has linked to before may have been deleted by
	force since: that keeps nobody from going on with an outage, and the record keeps the name."""
	old = [link for link in invalid if before and before.get(link[0]) == link[1]]
	for field, name, _message in old:
		doc.set(field, name)  # Frappe has emptied it
	return [link for link in invalid if link not in old]
