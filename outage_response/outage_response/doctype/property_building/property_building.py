from frappe.model.document import Document

from outage_response.flows import placing


class PropertyBuilding(Document):
	def validate(self):
		placing.require_own_name(self)
