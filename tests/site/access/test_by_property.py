"""Rows of other properties are not there, for every doctype and child table that belongs to one: permissions of the app's own."""

import frappe
from frappe.desk.form import linked_with

from outage_response import by_property

from .. import world as build
from ..base import forget_caches
from ..world import user
from .doctypes import our_doctypes
from .people import AccessTest


def _links_to_a_property(doctype: str) -> bool:
	return doctype == "Managed Property" or any(
		df.options == "Managed Property" for df in frappe.get_meta(doctype).get_link_fields()
	)


class ByProperty(AccessTest):
	def hooked(self, hook: str) -> set[str]:
		ours = set(our_doctypes())
		return {
			doctype
			for doctype, paths in frappe.get_hooks(hook, {}).items()
			if doctype in ours and any(path.startswith("outage_response.") for path in paths)
		}

	def test_every_doctype_is_a_property_s_or_the_company_s(self):
		of_one = {doctype for doctype in our_doctypes(istable=0) if _links_to_a_property(doctype)}
		self.assertEqual(of_one, {*by_property.KEPT_APART, "Care Need"})
		self.assertEqual(set(our_doctypes(istable=0)) - of_one, set(by_property.THE_COMPANYS) - {"Care Need"})
		self.assertEqual(of_one, self.hooked("has_permission"))

	def test_child_rows_go_with_what_they_stand_in(self):
		tables = frappe.get_all(
			"DocField", {"fieldtype": "Table", "parent": ("in", by_property.KEPT_APART)}, pluck="options"
		)
		self.assertEqual(self.hooked("permission_query_conditions"), {*by_property.KEPT_APART, *tables, "Care Need"})

	def test_of_no_other_property_whatever_a_caller_asks_for(self):
		theirs = {"property": self.property}
		residents = {
			"doctype": "Unit Resident",
			"parent": "Property Unit",
			"fields": '["parent"]',
			"limit_page_length": 0,
		}
		build.make_user(user("far_service"), "Outage Customer Service")
		build.permit(user("far_service"), self.other["property"])
		seen = {row.parent for row in self.ask("far_service", "frappe.client.get_list", "GET", **residents)}
		self.assertEqual(seen, set(self.other["units"]))
		search = {"doctype": "Outage Task", "txt": "", "ignore_user_permissions": 1, "filters": theirs}
		self.ask_and_look("foreigner", "frappe.desk.search.search_widget", search, [])
		found = self.ask_and_look("operator", "frappe.desk.search.search_widget", {**search, "page_length": 500})
		self.assertIn(self.guards_step, found)

	def ask_and_look(self, who: str, command: str, arguments: dict, expected: list | None = None) -> list:
		with self.as_user(who):
			frappe.local.form_dict = frappe._dict(arguments)
			frappe.local.request = frappe._dict(method="POST")
			found = frappe.handler.execute_cmd(command)
			if found is None:  # before 15
				found = frappe.response["values"]
			found = [row[0] for row in found]
			frappe.local.request = None
		if expected is not None:
			self.assertEqual(found, expected)
		return found

	def test_what_a_caller_sends_is_not_the_record(self):
		"""A method of a document is run on what its caller says the document is."""
		now = str(frappe.db.get_value("Outage Task", self.guards_step, "modified"))
		said = {"doctype": "Outage Task", "name": self.guards_step, "modified": now}
		for its, new in ((self.other["property"], 0), ("", 0), (None, 0), (self.other["property"], 1)):
			with self.subTest(its, new=new), self.as_user("foreigner"):
				doc = frappe.get_doc({**said, "property": its, "__islocal": new})
				self.assertFalse(frappe.has_permission("Outage Task", "read", doc=doc))

	def test_a_document_is_not_pulled_over(self):
		"""Frappe asks of what is about to be saved, which may say one's own property already."""
		unit = {
			"doctype": "Property Asset",
			"name": self.entrance,
			"fieldname": "property",
			"value": self.other["property"],
		}
		build.make_user(user("far_manager"), "Outage General Manager")
		build.permit(user("far_manager"), self.other["property"])
		self.assertFalse(self.may("far_manager", "frappe.client.set_value", **unit))
		doc = {**frappe.get_doc("Property Asset", self.entrance).as_dict(), "property": self.other["property"]}
		self.assertFalse(self.may("far_manager", "frappe.client.save", doc=frappe.as_json(doc)))

	def test_a_permission_for_one_doctype_binds_that_one(self):
		frappe.db.set_value("User Permission", {"user": user("foreigner")}, "applicable_for", "Outage Task")
		forget_caches()
		self.assertEqual(by_property.properties_of(user("foreigner"), "Outage Task"), [self.other["property"]])
		self.assertIsNone(by_property.properties_of(user("foreigner"), "Trouble Call"))

	def test_frappe_s_links_name_nothing_of_ours(self):
		for doctype in our_doctypes():
			self.assertTrue(frappe.get_meta_module(doctype).exclude_from_linked_with, doctype)
		frappe.cache.delete_value("linked_doctypes")
		for doctype in ("Managed Property", "Contact", "User", "Outage Incident"):
			linked = linked_with.get_linked_doctypes(doctype)
			self.assertFalse(set(linked) & set(our_doctypes()), doctype)
