import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime


class DutyShift(Document):
	def validate(self):
		if get_datetime(self.ends_at) <= get_datetime(self.starts_at):
			frappe.throw(_("Ends At: must lie after Starts At. Correct one of the two."))
		if not self.user and not self.contact:
			frappe.throw(_("User, Contact: say who is on duty; a contact for people without a login."))


def on_doctype_update():
	frappe.db.add_index("Duty Shift", ["property", "starts_at", "ends_at"])
