"""What people, files and other programs write into a number field is read or refused with the field's name, never taken for 0."""

from pathlib import Path

import frappe

from .. import world as build
from ..base import SiteTest


class Numbers(SiteTest):
	@classmethod
	def build_world(cls):
		build.make_property("Numbered Tower")
		return {"property": "Numbered Tower", "room": build.make_node("Numbered Tower", "Room", "Distribution Room")}

	def asset(self, **fields):
		return frappe.get_doc(
			{
				"doctype": "Property Asset",
				"property": self.property,
				"asset_name": "Pump",
				"asset_type": "Critical Room",
				"power_node": self.room,
				**fields,
			}
		)

	def test_a_number_is_read(self):
		doc = self.asset(backup_minutes="４８０", weight=" 1,200 ").insert()
		self.assertEqual(frappe.db.get_value("Property Asset", doc.name, ["backup_minutes", "weight"]), (480, 1200))

	def test_a_text_is_refused_with_the_name_of_its_field(self):
		for doc, label in (
			(self.asset(backup_minutes="8小时"), "Backup Lasts (minutes)"),
			(self.asset(weight=1.5), "Weight"),
			(frappe.get_doc("Managed Property", self.property).update({"households": "about 20"}), "Households"),
			(frappe.get_doc("Outage Response Settings").update({"callback_max_attempts": "three"}), "Attempts"),
		):
			with self.subTest(label), self.refused(label):
				doc.save()

	def test_rows_of_a_record_too(self):
		plan = frappe.get_doc("Outage Plan", frappe.db.get_value("Outage Level", "II", "plan"))
		plan.steps[0].priority = "first"
		with self.refused("Priority"):
			plan.save()
		contact = build.make_contact("Numbered Resident")
		unit = {"doctype": "Property Unit", "property": self.property, "unit_no": "1", "power_node": self.room}
		doc = frappe.get_doc({**unit, "residents": [{"contact": contact, "is_primary": "是"}]}).insert()
		self.assertEqual(frappe.db.get_value("Unit Resident", {"parent": doc.name}, "is_primary"), 1)

	def test_a_file_says_which_cells_cannot_be_read(self):
		head = "Asset Name,Property,Asset Type,Backup Lasts (minutes),Weight"
		good = "B,Numbered Tower,Critical Room,480,"
		rows = ("A,Numbered Tower,Critical Room,8小时,5", good, 'C,Numbered Tower,Generator,"1,200",3')
		with self.assertRaises(frappe.ValidationError) as caught:
			self.attach("\n".join((head, *rows)))
		said = str(caught.exception)
		for word in ("Row 2", "8小时", "Row 4", "1200"):
			self.assertIn(word, said)
		self.assertNotIn("Row 3", said)
		self.attach("\n".join((head, good)))

	def attach(self, content: str):
		about = {"file_name": "numbers.csv", "content": content, "is_private": 1}
		file = frappe.get_doc({"doctype": "File", **about}).insert()
		self.addCleanup(Path(file.get_full_path()).unlink, missing_ok=True)
		doc = frappe.new_doc("Data Import")
		how = {"import_type": "Insert New Records", "import_file": file.file_url}
		doc.update({"reference_doctype": "Property Asset", **how})
		return doc.insert()
