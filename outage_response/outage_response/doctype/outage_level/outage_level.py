from frappe.model.document import Document

from outage_response.flows import levels


class OutageLevel(Document):
	def validate(self):
		levels.check(self)
