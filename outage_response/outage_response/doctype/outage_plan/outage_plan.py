import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.flows import plans
from outage_response.flows.verbs import translated


class OutagePlan(Document):
	def validate(self):
		with translated():
			plans.check(self)
			if not self.is_new() and self._steps_changed() and plans.is_used(self.name):
				plans.require_current(self.name, self.level)
				self._keep_as_it_was()

	def _steps_changed(self) -> bool:
		before = self.get_doc_before_save()
		return [plans.from_row(row) for row in before.steps] != [plans.from_row(row) for row in self.steps]

	def _keep_as_it_was(self):
		"""An incident ran with this version: the changes become the next one, this one stays for the record."""
		new = plans.next_version(self.level, self.steps, self.name)
		before = self.get_doc_before_save()
		self.set("steps", [row.as_dict() for row in before.steps])
		self.enabled = 0
		frappe.msgprint(
			_("An incident has used this version. Your changes are stored as {0}; new incidents run with it.").format(
				frappe.utils.get_link_to_form("Outage Plan", new.name)
			)
		)

	def on_trash(self):
		if plans.is_used(self.name):
			frappe.throw(_("An incident has used this version of the plan; it is kept for the record."))
