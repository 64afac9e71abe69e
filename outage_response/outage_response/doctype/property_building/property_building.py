from frappe.model.document import Document

from outage_response.flows.master_data import building_placing

exclude_from_linked_with = True  # see Care Need


class PropertyBuilding(Document):
	def validate(self):
		building_placing.require_own_name(self)
