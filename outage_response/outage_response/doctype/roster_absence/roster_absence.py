import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response.flows.roster import shifts

exclude_from_linked_with = True  # see Care Need


class RosterAbsence(Document):
	def validate(self):
		if self.has_value_changed("contact"):
			shifts.require_not_elsewhere(self, [self.contact])
		if get_datetime(self.to_date) <= get_datetime(self.from_date):
			frappe.throw(_("Away Until: must lie after Away From. Correct one of the two."))
		if not self.user and not self.contact:
			frappe.throw(_("User, Contact: say who is away."))
		if self.substitute and self.substitute == self.user:
			frappe.throw(_("Substitute: choose somebody else."))

	def on_update(self):
		before = self.get_doc_before_save()
		if before:
			shifts.undo_absence(before)
		count = shifts.take_absence(self)
		if count and not self.substitute:
			frappe.msgprint(_("{0} shifts have nobody now: see the report Roster Gaps.").format(count), alert=True)

	def on_trash(self):
		shifts.undo_absence(self)
