"""Desk's search (Ctrl+G) finds records of ours by what people know them by, for those who may list them."""

import frappe
from frappe.utils import global_search

from outage_response.api import doors_of_global_search
from outage_response.setup import search

from .. import world as build
from ..base import SiteTest
from ..live import LiveTest, end_processes
from ..world import user

tearDownModule = end_processes

SEARCH = "frappe.utils.global_search.search"


class ByName(SiteTest):
	"""Names and parts of names: the index alone knows no word of fewer than four letters, and no part of a Chinese one."""

	@classmethod
	def build_world(cls):
		world = build.make_tower("Qx Tower")
		build.make_roster(world["property"], cls.now)
		build.make_node(world["property"], "地下配电室", "Distribution Room", world["room"])
		build.make_unit(world["property"], "3-101", world["switches"][0])
		build.make_user(user("far"), "Outage Control Room")
		build.permit(user("far"), build.make_property("Qx Elsewhere"))
		return world

	def found(self, who: str, text: str, **more) -> list[tuple[str, str]]:
		with self.as_user(who):
			rows = frappe.call(frappe.get_hooks("override_whitelisted_methods")[SEARCH][-1], text=text, **more)
		return [(row["doctype"], row["name"]) for row in rows]

	def test_by_what_somebody_types_at_the_phone(self):
		incident = self.declare()
		plan = self.field("Outage Incident", incident, "plan")
		for text, one in (
			(incident, ("Outage Incident", incident)),
			("3-101", ("Property Unit", f"{self.property}-3-101")),
			("配电", ("Power Node", f"{self.property}-地下配电室")),
			("nothing & 配电", ("Power Node", f"{self.property}-地下配电室")),
			(plan, ("Outage Plan", plan)),
			(self.field("Property Asset", self.entrance, "asset_name"), ("Property Asset", self.entrance)),
		):
			with self.subTest(text):
				self.assertIn(one, self.found("operator", text))
				of_property = one[0] != "Outage Plan"
				self.assertEqual(one in self.found("far", text), not of_property)
				self.assertNotIn(one, self.found("resident", text))
				self.assertIn(one, self.found("operator", text, doctype=one[0]))
				self.assertNotIn(one, self.found("operator", text, doctype="Contact"))
		# a role that may not read units
		self.assertNotIn(("Property Unit", f"{self.property}-3-101"), self.found("guard1", "3-101"))

	def test_a_page_after_the_other(self):
		everything = self.found("operator", "Qx Tower", limit=100)
		self.assertGreater(len(everything), 4)
		self.assertEqual(len(set(everything)), len(everything))
		pages = [
			one
			for start in range(0, len(everything), 2)
			for one in self.found("operator", "Qx Tower", start=start, limit=2)
		]
		self.assertEqual(pages, everything)

	def test_nothing_is_found_for_nothing(self):
		for text in ("", " ", "&", " & "):
			self.assertEqual(self.found("operator", text), [])

	def test_what_an_administrator_takes_away_is_not_searched(self):
		frappe.db.delete("Global Search DocType", {"document_type": "Property Unit"})
		search._forget()
		self.addCleanup(search._forget)
		self.assertNotIn(("Property Unit", f"{self.property}-3-101"), self.found("operator", "3-101"))

	def test_all_that_the_hook_names_is_searched(self):
		searched = frappe.get_all("Global Search DocType", pluck="document_type")
		self.assertLessEqual(set(search.doctypes()), set(searched))
		before = len(searched)
		search.create()
		self.assertEqual(frappe.db.count("Global Search DocType"), before)

	def test_a_doctype_that_is_gone_stops_nobody(self):
		row = {"doctype": "Global Search DocType", "document_type": "A Doctype That Is Gone", "idx": 99}
		row |= {"parent": search.SETTINGS, "parenttype": search.SETTINGS, "parentfield": "allowed_in_global_search"}
		frappe.get_doc(row).db_insert()
		search._forget()
		self.addCleanup(search._forget)
		self.assertTrue(self.found("operator", "3-101"))
		rows = [frappe._dict(doctype="A Doctype That Is Gone", name="x", rank=1.0)]
		self.assertEqual(doors_of_global_search._may_list(rows), [])


class InTheIndex(LiveTest):
	"""Frappe's own index, which is written when a record is committed and asks nobody who is looking."""

	# in another order than in the name, so that the name alone does not find it
	TEXT = "Qxbeta Qxalpha"

	@classmethod
	def build_world(cls) -> dict:
		world = super().build_world()
		world["node"] = build.make_node(world["property"], "Qxalpha Qxbeta", "Distribution Room", world["room"])
		build.make_user(user("far"), "Outage Control Room")
		build.permit(user("far"), build.make_property(f"{cls.property_name} Elsewhere"))
		frappe.db.commit()
		global_search.rebuild_for_doctype("Power Node")
		frappe.db.commit()
		cls.addClassCleanup(cls.leave_nothing)
		return world

	@classmethod
	def leave_nothing(cls) -> None:
		global_search.rebuild_for_doctype("Power Node")
		frappe.db.commit()

	def test_what_the_index_knows_is_found_by_those_who_may_list_it(self):
		self.assertIn(self.node, [row["name"] for row in global_search.search(self.TEXT)])
		for who, seen in (("operator", [self.node]), ("far", []), ("resident", [])):
			rows = self.call(who, "outage_response.api.doors_of_global_search.search_everywhere", text=self.TEXT)
			self.assertEqual([row["name"] for row in rows], seen, who)
