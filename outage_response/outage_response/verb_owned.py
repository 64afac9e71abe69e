"""Base classes of the doctypes that belong to the verbs: nobody writes them by another road, Administrator included."""

from frappe.model.document import Document

from outage_response.flows.verbs import refuse_delete, refuse_outside_verbs, refuse_row


class VerbOwned(Document):
	"""A document that only verbs make, change and keep. `free_fields` may be edited by hand."""

	free_fields: tuple[str, ...] = ()

	def validate(self):
		refuse_outside_verbs(self, self.free_fields)

	def before_change(self):
		"""Frappe calls this from `db_set`, which validates nothing."""
		refuse_outside_verbs(self, self.free_fields)

	def before_rename(self, old, new, merge=False):
		refuse_delete(self)

	def on_trash(self):
		refuse_delete(self)


class VerbOwnedRow(Document):
	"""A row of such a document. Saved with its parent it is not validated by itself; alone it is not saved at all."""

	def validate(self):
		refuse_row(self)

	def before_change(self):
		refuse_row(self)

	def before_rename(self, old, new, merge=False):
		refuse_row(self)

	def on_trash(self):
		refuse_row(self)
