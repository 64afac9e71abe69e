import frappe
from frappe import _
from frappe.utils.nestedset import NestedSet

from outage_response.domain.power_topology import PowerTree
from outage_response.flows.verb.refusals import translated

exclude_from_linked_with = True  # see Care Need


class PowerNode(NestedSet):
	nsm_parent_field = "parent_power_node"

	def validate(self):
		if not self.parent_power_node:
			return
		parent_property = frappe.db.get_value("Power Node", self.parent_power_node, "property")
		if parent_property != self.property:
			frappe.throw(
				_("Parent Power Node: {0} belongs to another property. Choose one of {1}.").format(
					self.parent_power_node, self.property
				)
			)
		nodes = frappe.get_all(
			"Power Node", filters={"property": self.property}, fields=["name", "parent_power_node"], as_list=True
		)
		with translated():
			PowerTree({**dict(nodes), self.name: self.parent_power_node}).path(self.name)


def on_doctype_update():
	frappe.db.add_index("Power Node", ["lft", "rgt"])
