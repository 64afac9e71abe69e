import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.flows import departments, plans


class ResponseDepartment(Document):
	def validate(self):
		departments.check(self)

	def on_update(self):
		departments.give_roles()

	def after_delete(self):
		departments.give_roles()

	def on_trash(self):
		"""Those of the procedure are known to the rules by their key: who is told, phoned, and stands in for whom."""
		if self.name in plans.procedure()["departments"]:
			frappe.throw(
				_("{0} is a department of the procedure and stays. Give it another Department Name instead.").format(
					frappe.bold(self.department_name or self.name)
				)
			)
