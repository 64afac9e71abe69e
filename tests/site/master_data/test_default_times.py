"""Times of day that nobody filled in: Frappe puts the present time there, the app's defaults must hold."""

import frappe
from frappe.utils import get_time

from ..base import SiteTest


class TestDefaultTimes(SiteTest):
	def test_a_property_made_without_hours_works_from_nine_to_six(self):
		values = {"property_name": "Default Hours", "property_type": "Tower", "households": 1}
		doc = frappe.get_doc({"doctype": "Managed Property", **values}).insert()
		self.assertEqual(["09:00:00", "18:00:00"], [str(get_time(doc.work_start)), str(get_time(doc.work_end))])

	def test_hours_that_were_given_stay(self):
		doc = frappe.new_doc("Managed Property")
		doc.update(
			{"property_name": "Given Hours", "property_type": "Tower", "households": 1, "work_start": "07:30:00"}
		)
		doc.insert()
		self.assertEqual(["07:30:00", "18:00:00"], [str(get_time(doc.work_start)), str(get_time(doc.work_end))])

	def test_calling_hours_left_empty_are_eight_to_nine(self):
		settings = frappe.get_doc("Outage Response Settings")
		settings.update({"calling_from": frappe.utils.nowtime(), "calling_to": None})
		settings.run_method("validate")
		self.assertEqual(
			["08:00:00", "21:00:00"], [str(get_time(settings.calling_from)), str(get_time(settings.calling_to))]
		)
