from frappe.model.document import Document

exclude_from_linked_with = True  # see Care Need


class RosterPatternShift(Document):
	pass
