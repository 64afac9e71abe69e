from frappe.model.document import Document


class PlanStep(Document):
	pass
