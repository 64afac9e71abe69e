from frappe.model.document import Document

from outage_response.flows import levels, plans
from outage_response.flows.verbs import translated

exclude_from_linked_with = True  # see Care Need


class OutageLevel(Document):
	def validate(self):
		levels.check(self)
		with translated():
			plans.require_nothing_lost(self)
