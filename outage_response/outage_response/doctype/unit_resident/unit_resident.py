from frappe.model.document import Document


class UnitResident(Document):
	pass
