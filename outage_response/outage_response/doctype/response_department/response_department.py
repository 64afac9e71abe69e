import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain.states import Duty
from outage_response.flows.facts import plan_steps
from outage_response.flows.master_data import own_departments

exclude_from_linked_with = True  # see Care Need


class ResponseDepartment(Document):
	def validate(self):
		own_departments.check(self)
		if self.duty != Duty.CONTROL_ROOM and self.has_value_changed("duty"):
			self._require_another_control_room()

	def on_update(self):
		own_departments.give_roles()

	def after_delete(self):
		own_departments.give_roles()

	def on_trash(self):
		"""Those of the procedure are made again by every update."""
		if self.name in plan_steps.procedure()["departments"]:
			frappe.throw(
				_("{0} is a department of the procedure and stays. Give it another Department Name instead.").format(
					frappe.bold(self.department_name or self.name)
				)
			)
		self._require_another_control_room()

	def _require_another_control_room(self):
		before = self.get_doc_before_save() or self
		others = {"duty": Duty.CONTROL_ROOM, "name": ("!=", self.name)}
		if before.duty == Duty.CONTROL_ROOM and not frappe.db.exists("Response Department", others):
			frappe.throw(_("Duty: one department is the Control Room. Give the duty to another one first."))
