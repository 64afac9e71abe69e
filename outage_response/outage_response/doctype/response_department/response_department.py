from frappe.model.document import Document


class ResponseDepartment(Document):
	pass
