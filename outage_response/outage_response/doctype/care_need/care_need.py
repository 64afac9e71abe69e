from frappe.model.document import Document

# Frappe's list of linked documents shows fields of whatever points at a contact, a property, an outage; before 15 to anybody
exclude_from_linked_with = True


class CareNeed(Document):
	pass
