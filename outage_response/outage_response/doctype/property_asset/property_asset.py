import frappe
from frappe import _
from frappe.model.document import Document

exclude_from_linked_with = True  # see Care Need


class PropertyAsset(Document):
	def validate(self):
		if self.power_node and frappe.db.get_value("Power Node", self.power_node, "property") != self.property:
			frappe.throw(
				_("Power Node: {0} does not belong to {1}. Choose a node of its power tree.").format(
					self.power_node, self.property
				)
			)
