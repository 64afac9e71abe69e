import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response.flows.roster import shifts

exclude_from_linked_with = True  # see Care Need

OF_THE_PATTERN = ("department", "user", "contact", "phone", "is_duty_electrician", "starts_at", "ends_at")


class DutyShift(Document):
	def validate(self):
		if self.has_value_changed("contact"):
			shifts.require_not_elsewhere(self, [self.contact])
		if get_datetime(self.ends_at) <= get_datetime(self.starts_at):
			frappe.throw(_("Ends At: must lie after Starts At. Correct one of the two."))
		if not self.user and not self.contact:
			frappe.throw(_("User, Contact: say who is on duty; a contact for people without a login."))
		if self.pattern and not self.is_new() and any(self.has_value_changed(one) for one in OF_THE_PATTERN):
			self.changed_by_hand = 1  # the pattern does not make it anew


def on_doctype_update():
	frappe.db.add_index("Duty Shift", ["property", "ends_at"])  # who is there now: what has ended is not looked at
	frappe.db.add_index("Duty Shift", ["user", "ends_at"])
