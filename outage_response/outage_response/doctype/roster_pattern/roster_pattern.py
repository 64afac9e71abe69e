import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import getdate

from outage_response.flows.roster import shifts

exclude_from_linked_with = True  # see Care Need


class RosterPattern(Document):
	def validate(self):
		shifts.require_not_elsewhere(self, (row.contact for row in self.shifts))
		if not 1 <= (self.cycle_days or 0) <= 60:
			frappe.throw(_("{0}: a number from {1} to {2}.").format(_(self.meta.get_label("cycle_days")), 1, 60))
		if self.ends_on and getdate(self.ends_on) < getdate(self.starts_on):
			frappe.throw(_("Ends On: must not lie before Starts On."))
		for row in self.shifts:
			if not 0 <= (row.day or 0) <= self.cycle_days:
				frappe.throw(_("Row {0}, Day of the Cycle: a number from 0 to {1}.").format(row.idx, self.cycle_days))
			if not row.user and not row.contact:
				frappe.throw(_("Row {0}: say who is on duty; a contact for people without a login.").format(row.idx))

	def on_update(self):
		shifts.remake(self)

	def on_trash(self):
		frappe.db.set_value("Duty Shift", {"pattern": self.name}, "pattern", None)
