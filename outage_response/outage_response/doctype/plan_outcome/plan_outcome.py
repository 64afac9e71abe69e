from frappe.model.document import Document


class PlanOutcome(Document):
	pass
