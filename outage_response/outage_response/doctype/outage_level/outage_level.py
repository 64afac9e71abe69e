from frappe.model.document import Document


class OutageLevel(Document):
	pass
