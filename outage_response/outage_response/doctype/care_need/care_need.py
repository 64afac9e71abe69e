from frappe.model.document import Document

# Frappe's list of linked documents shows the fields of whatever points at a contact or a unit
exclude_from_linked_with = True


class CareNeed(Document):
	pass
