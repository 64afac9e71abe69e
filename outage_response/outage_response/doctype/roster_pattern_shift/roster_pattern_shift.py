from frappe.model.document import Document


class RosterPatternShift(Document):
	pass
