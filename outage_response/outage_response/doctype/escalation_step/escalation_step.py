from frappe.model.document import Document


class EscalationStep(Document):
	pass
