import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.flows import plans
from outage_response.flows.verbs import translated

exclude_from_linked_with = True  # see Care Need


class OutagePlan(Document):
	def validate(self):
		with translated():
			plans.make_keys(self)
			plans.check(self)
			if not self.is_new() and self._steps_changed() and plans.is_used(self.name):
				plans.require_current(self.name, self.level)
				self._keep_as_it_was()
			else:
				self._say_what_is_missing()

	def _steps_changed(self) -> bool:
		return plans.read(self.get_doc_before_save()) != plans.read(self)

	def _say_what_is_missing(self):
		if missing := plans.what_is_missing(self):
			frappe.msgprint(missing, title=_("With this plan"), as_list=True, indicator="orange")

	def _keep_as_it_was(self):
		"""An incident ran with this version: the changes become the next one, this one stays for the record."""
		new = plans.next_version(self.level, plans.read(self), self.name)
		before = self.get_doc_before_save()
		for table in ("steps", "outcomes"):
			self.set(table, [row.as_dict() for row in before.get(table)])
		self.enabled = 0
		frappe.msgprint(
			_("An incident has used this version. Your changes are stored as {0}; new incidents run with it.").format(
				frappe.utils.get_link_to_form("Outage Plan", new.name)
			)
		)

	def on_trash(self):
		if plans.is_used(self.name):
			frappe.throw(_("An incident has used this version of the plan; it is kept for the record."))
