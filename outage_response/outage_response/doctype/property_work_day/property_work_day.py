from frappe.model.document import Document


class PropertyWorkDay(Document):
	pass
