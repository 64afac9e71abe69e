from frappe.model.document import Document

from outage_response.flows.facts import outage_levels, plan_steps
from outage_response.flows.verb.refusals import translated

exclude_from_linked_with = True  # see Care Need


class OutageLevel(Document):
	def validate(self):
		outage_levels.check(self)
		with translated():
			plan_steps.require_nothing_lost(self)
