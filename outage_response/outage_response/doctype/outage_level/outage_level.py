from frappe.model.document import Document

from outage_response.flows import levels

exclude_from_linked_with = True  # see Care Need


class OutageLevel(Document):
	def validate(self):
		levels.check(self)
