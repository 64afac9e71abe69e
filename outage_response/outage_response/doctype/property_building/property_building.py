from frappe.model.document import Document

from outage_response.flows import placing

exclude_from_linked_with = True  # see Care Need


class PropertyBuilding(Document):
	def validate(self):
		placing.require_own_name(self)
