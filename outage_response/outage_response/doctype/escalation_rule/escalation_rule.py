import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.flows.paging.enabled_channels import names_in

exclude_from_linked_with = True  # see Care Need


class EscalationRule(Document):
	def validate(self):
		for field, (lowest, highest) in {"rounds": (1, 20), "start_minutes": (0, 600)}.items():
			if not lowest <= (self.get(field) or 0) <= highest:
				frappe.throw(_("{0}: a number from {1} to {2}.").format(_(self.meta.get_label(field)), lowest, highest))
		for row in self.steps:
			self._check_row(row)
		same = {"enabled": 1, "priority": self.priority, "department": self.department or ("is", "not set")}
		if self.enabled and frappe.db.exists("Escalation Rule", {**same, "name": ("!=", self.name)}):
			frappe.throw(
				_("Department, Priority: another rule that is enabled holds for the same steps. Change that one.")
			)

	def _check_row(self, row):
		for field, (lowest, highest) in {
			"after_minutes": (0, 600),
			"times": (1, 20),
			"every_minutes": (1, 120),
		}.items():
			if not lowest <= (row.get(field) or 0) <= highest:
				frappe.throw(
					_("Row {0}, {1}: a number from {2} to {3}.").format(
						row.idx, _(row.meta.get_label(field)), lowest, highest
					)
				)
		for name in names_in(row.channels):
			if not frappe.db.exists("Paging Channel", name):
				frappe.throw(_("Row {0}, Channels: {1} is not a Paging Channel.").format(row.idx, frappe.bold(name)))
