"""Who depends on power is read by one road, which records the look."""

import json

import frappe

from outage_response.flows.residents import who_depends_on_power

from ..world import user
from .people import PEOPLE, SECRET, AccessTest, a_request


class CareNeeds(AccessTest):
	"""Who depends on power is read through one endpoint that records the look, and by no other road."""

	def roads(self) -> dict:
		name, unit, contact = self.samples["Care Need"], self.units[0], self.contacts[0]
		fields = json.dumps(["name", "what", "contact", "unit"])
		listing = {"doctype": "Care Need", "fields": fields}
		return {
			"list": ("frappe.client.get_list", listing),
			"get": ("frappe.client.get", {"doctype": "Care Need", "name": name}),
			"value": ("frappe.client.get_value", {"doctype": "Care Need", "fieldname": "what", "filters": name}),
			"single field": ("frappe.client.get_value", {"doctype": "Care Need", "fieldname": "what", "filters": "{}"}),
			"count": ("frappe.client.get_count", {"doctype": "Care Need"}),
			"report": ("frappe.desk.reportview.get", listing),
			"report rows": ("frappe.desk.reportview.get_list", listing),
			"report count": ("frappe.desk.reportview.get_count", {"doctype": "Care Need", "fields": "[]"}),
			"export": ("frappe.desk.reportview.export_query", {**listing, "file_format_type": "CSV", "title": "x"}),
			"group": (
				"frappe.desk.listview.get_group_by_count",
				{"doctype": "Care Need", "current_filters": "[]", "field": "what"},
			),
			"search": ("frappe.desk.search.search_link", {"doctype": "Care Need", "txt": ""}),
			"search in a form": (
				"frappe.desk.search.search_link",
				{"doctype": "Care Need", "txt": "", "reference_doctype": "Outage Task"},
			),
			"link": (
				"frappe.client.validate_link",
				{"doctype": "Care Need", "docname": name, "fields": json.dumps(["what"])},
			),
			"form": ("frappe.desk.form.load.getdoc", {"doctype": "Care Need", "name": name}),
			"links of the contact": ("frappe.desk.form.linked_with.get", {"doctype": "Contact", "docname": contact}),
			"links of the unit": ("frappe.desk.form.linked_with.get", {"doctype": "Property Unit", "docname": unit}),
			"data export": (
				"frappe.core.doctype.data_export.exporter.export_data",
				{"doctype": "Care Need", "with_data": "1", "all_doctypes": "1", "select_columns": "{}"},
			),
			"print": ("frappe.www.printview.get_html_and_style", {"doc": "Care Need", "name": name}),
			"global search": ("frappe.utils.global_search.search", {"text": "oxygen"}),
			"joined": (
				"frappe.client.get_list",
				{"doctype": "Property Unit", "fields": json.dumps(["name", "`tabCare Need`.what"])},
			),
		}

	def shown(self, who: str, command: str, arguments: dict) -> str:
		"""Everything that a request gives back, as text."""
		for method in ("GET", "POST"):
			try:
				frappe.local.response = frappe._dict(docs=[])
				frappe.set_user(self.person(who))
				frappe.local.form_dict = frappe._dict(arguments)
				frappe.local.form_dict.cmd = command
				frappe.local.request = a_request(method)
				frappe.local.request_ip = "127.0.0.1"
				answer = frappe.handler.execute_cmd(command)
				return f"{frappe.as_json(answer)} {frappe.as_json(frappe.local.response)}"
			except frappe.PermissionError as error:
				if not str(error) or "method" in str(error).lower():
					continue  # the other method
				return f"refused: {error}"
			except Exception as error:
				return f"refused: {error!r}"
			finally:
				frappe.local.form_dict, frappe.local.request = frappe._dict(), None
				frappe.local.response = frappe._dict()
				frappe.set_user("Administrator")
				frappe.clear_messages()
		return "refused"

	def assert_unseen(self, who: str) -> None:
		for road, (command, arguments) in self.roads().items():
			text = self.shown(who, command, arguments)
			with self.subTest(f"{who}: {road}"):
				self.assertNotIn(SECRET, text)
				if road not in ("form", "get", "link"):  # those repeat the name they were given
					self.assertNotIn(f'"{self.samples["Care Need"]}"', text)
				if "count" in road:
					self.assertNotIn("1", text.split("refused")[0])

	def test_nobody_sees_them_by_another_road(self):
		for who in PEOPLE:
			self.assert_unseen(who)

	def test_the_roads_lead_somewhere(self):
		"""Else the test above would pass on a typing error."""
		seen = {
			road
			for road, (command, arguments) in self.roads().items()
			if SECRET in self.shown("Administrator", command, arguments)
		}
		self.assertLessEqual({"list", "get", "value", "report", "form"}, seen)

	def test_nor_when_a_role_is_given_the_right(self):
		"""A System Manager may add permissions in Desk; the rule of the app stands above them."""
		for role in ("System Manager", "Outage Control Room", "All"):
			frappe.get_doc(
				{
					"doctype": "Custom DocPerm",
					"parent": "Care Need",
					"role": role,
					"permlevel": 0,
					**dict.fromkeys(
						("read", "write", "create", "delete", "select", "report", "export", "print", "share"), 1
					),
				}
			).db_insert()
		frappe.clear_cache(doctype="Care Need")
		self.addCleanup(frappe.clear_cache, doctype="Care Need")
		for who in ("admin", "operator", "resident"):
			self.assert_unseen(who)
			self.assertFalse(frappe.has_permission("Care Need", "write", doc=self.samples["Care Need"], user=user(who)))

	def test_the_one_road_shows_them_and_is_recorded(self):
		with self.as_user("service"):
			rows = who_depends_on_power.read_care_needs(self.incident)
		self.assertIn(SECRET, [row["what"] for row in rows])
		self.assertIn("care_looked_up", self.kinds(self.incident))
