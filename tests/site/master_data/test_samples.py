"""The sample files of the docs go in through Frappe's Data Import as they stand, in the order of the docs."""

import re
from pathlib import Path
from unittest import SkipTest
from unittest.mock import patch

import frappe
from frappe.core.doctype.data_import.importer import Importer

from ..base import SiteTest

DOCS = Path(__file__).resolve().parents[3] / "docs"
# | 1 | [contact.csv](samples/contact.csv) | Contact | ...
ROW = re.compile(
	r"^\|[ \d]*\| \[(\w+\.csv)\]\(samples/\w+\.csv\) \| ([\w ]+?)(, \*(Update Existing Records)\*)? \|", re.M
)


class Samples(SiteTest):
	def files(self) -> list[tuple[str, str, str]]:
		"""(file, doctype, import type) as the docs list them."""
		text = (DOCS / "setting-up-a-property.md").read_text(encoding="utf-8")
		return [(name, doctype, update or "Insert New Records") for name, doctype, _, update in ROW.findall(text)]

	def bring_in(self, name: str, doctype: str, how: str) -> None:
		content = (DOCS / "samples" / name).read_text(encoding="utf-8")
		file = frappe.get_doc({"doctype": "File", "file_name": name, "content": content, "is_private": 1}).insert()
		self.addCleanup(Path(file.get_full_path()).unlink, missing_ok=True)
		document = frappe.new_doc("Data Import")
		document.update({"reference_doctype": doctype, "import_type": how, "import_file": file.file_url})
		document.insert()
		try:
			Importer(doctype, data_import=document).import_data()
		finally:
			frappe.flags.in_import = False
		failed = frappe.get_all(
			"Data Import Log", {"data_import": document.name, "success": 0}, ["messages", "exception"]
		)
		self.assertEqual((document.status, failed), ("Success", []), name)

	def test_each_file_in_the_order_of_the_docs(self):
		if frappe.db.exists("Managed Property", "Jade Tower"):
			raise SkipTest("somebody has imported the samples on this site")
		files = self.files()
		self.assertEqual({name for name, *_ in files}, {path.name for path in (DOCS / "samples").glob("*.csv")})
		with patch.object(frappe.local.db, "commit", lambda: None):
			for row in files:
				self.bring_in(*row)
		self.assertEqual(frappe.db.count("Property Unit", {"property": "Jade Tower"}), 6)
		self.assertEqual(
			frappe.db.get_value("Power Node", "Jade Tower-Shaft A", "parent_power_node"), "Jade Tower-Distribution Room"
		)
		home = frappe.db.get_value("Property Unit", "Riverside Community-1-101", ["building", "floor"], as_dict=True)
		self.assertEqual(home.floor, "1")
		self.assertEqual(
			home.building, frappe.db.get_value("Property Asset", "Riverside Community-Elevator 1", "building")
		)
		self.assertTrue(frappe.db.count("Duty Shift", {"property": "Jade Tower"}))
		past = frappe.get_all("Outage Incident", {"property": "Jade Tower"}, ["status", "customer_minutes"])
		self.assertEqual([(row.status, row.customer_minutes) for row in past], [("Closed", 90 * 6)])
