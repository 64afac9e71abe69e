from frappe.model.document import Document


class PropertyHoliday(Document):
	pass
