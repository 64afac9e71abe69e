from frappe.model.document import Document

exclude_from_linked_with = True  # see Care Need


class UnitResident(Document):
	pass
