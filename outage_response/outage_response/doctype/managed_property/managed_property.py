import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import getdate

from outage_response.compat import fill_times
from outage_response.flows.screens import run_card

exclude_from_linked_with = True  # see Care Need

MONDAY_TO_FRIDAY = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


class ManagedProperty(Document):
	def validate(self):
		fill_times(self)
		if not self.work_days:
			for day in MONDAY_TO_FRIDAY:
				self.append("work_days", {"day": day})
		days = [getdate(row.holiday_date) for row in self.holidays]
		if twice := next((day for day in days if days.count(day) > 1), None):
			frappe.throw(_("Holidays: {0} stands there twice. Keep one: a day is worked or it is not.").format(twice))
		if (self.households or 0) < 1:
			frappe.throw(_("Households: enter the registered number, at least 1."))

	def run_card(self) -> dict:
		"""For the print format Outage Run Card; see `flows.screens.run_card.of_property`."""
		return run_card.of_property(self.name)
