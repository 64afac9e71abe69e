import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain import typed_numbers
from outage_response.flows.verb.refusals import translated

exclude_from_linked_with = True  # see Care Need


class PropertyUnit(Document):
	def validate(self):
		if frappe.db.get_value("Power Node", self.power_node, "property") != self.property:
			frappe.throw(
				_("Power Node: {0} does not belong to {1}. Choose a node of its power tree.").format(
					self.power_node, self.property
				)
			)
		with translated():
			self.floor = typed_numbers.floor(self.get("floor"), _("Floor"))
		contacts = [row.contact for row in self.residents]
		if len(contacts) != len(set(contacts)):
			frappe.throw(_("Residents: each contact is entered once."))
