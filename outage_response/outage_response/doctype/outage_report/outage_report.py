import frappe
from frappe import _

from outage_response.outage_response.verb_owned import VerbOwned

exclude_from_linked_with = True  # see Care Need


class OutageReport(VerbOwned):
	def before_cancel(self):
		frappe.throw(_("A filed report is neither cancelled nor amended."), frappe.PermissionError)
