"""Who may do what with the rows of every doctype, through Frappe's own doors (invariant 9)."""

import json

import frappe

from ..world import user
from .doctypes import DOCTYPES, LETTERS, NOT_OF_A_PROPERTY, OWNED, our_doctypes
from .people import PEOPLE, AccessTest


class Doctypes(AccessTest):
	"""Every doctype by everybody, through Frappe's own doors."""

	def test_every_doctype_has_a_row_and_a_sample(self):
		self.assertEqual(our_doctypes(istable=0), sorted(DOCTYPES))
		self.assertEqual(sorted(self.samples), sorted(DOCTYPES))

	def expected(self, doctype: str, who: str, right: str) -> bool:
		if who == "foreigner" and doctype not in NOT_OF_A_PROPERTY:
			return False
		who = {"everywhere": "operator", "foreigner": "operator"}.get(who, who)
		return LETTERS[right] in DOCTYPES[doctype].get(who, "")

	def test_what_each_may(self):
		wrong = []
		for doctype, sample in self.samples.items():
			doc = frappe.get_doc(doctype, sample)
			for who in PEOPLE:
				for right in LETTERS:
					may = frappe.has_permission(doctype, right, doc=doc, user=self.person(who))
					if may is not self.expected(doctype, who, right):
						wrong.append(f"{doctype}: {who} {right}: {may!r}")
		self.assertFalse(wrong)

	def listed(self, doctype: str, who: str) -> bool:
		try:
			rows = self.ask(who, "frappe.client.get_list", "GET", doctype=doctype, limit_page_length=0)
		except frappe.PermissionError:
			return False
		return self.samples[doctype] in [row["name"] for row in rows]

	def test_lists_show_what_forms_show(self):
		"""One criterion for both: what may not be opened is not listed, and the other way round."""
		wrong = [
			f"{doctype}: {who}"
			for doctype in self.samples
			if doctype not in ("Outage Response Settings", "Outage Site")
			for who in PEOPLE
			if self.listed(doctype, who) is not self.expected(doctype, who, "read")
		]
		self.assertFalse(wrong)

	def test_reading_by_rest(self):
		wrong = []
		for doctype, sample in self.samples.items():
			for who in PEOPLE:
				may = self.may(who, "frappe.client.get", "GET", doctype=doctype, name=sample)
				if may is not self.expected(doctype, who, "read"):
					wrong.append(f"{doctype}: {who} {'may' if may else 'may not'}")
		self.assertFalse(wrong)

	def test_child_rows_follow_their_parent(self):
		for child in our_doctypes(istable=1):
			parents = frappe.get_all("DocField", {"fieldtype": "Table", "options": child}, pluck="parent")
			# rows that no form shows are read by nobody
			parent = parents[0] if parents else "Outage Incident"
			for who in PEOPLE:
				frappe.set_user(self.person(who))
				reads = bool(parents) and frappe.has_permission(parent, "read")
				frappe.set_user("Administrator")
				may = self.may(who, "frappe.client.get_list", "GET", doctype=child, parent=parent)
				self.assertIs(may, reads, f"{child}: {who}")

	def test_nobody_writes_what_the_verbs_own(self):
		"""By any of the doors that write, Administrator included."""
		fields = {
			"Outage Incident": ("status", "Closed"),
			"Outage Task": ("status", "Done"),
			"Outage Callback": ("status", "Reached"),
			"Outage Report": ("cause", "nothing at all"),
			"Timeline Entry": ("kind", "closed"),
			"Outage Notice": ("message", "all is well"),
			"Notice Delivery": ("state", "Seen"),
			"Elevator Entrapment": ("people", 9),
		}
		for doctype in OWNED:
			sample, (field, value) = self.samples[doctype], fields[doctype]
			doc = frappe.get_doc(doctype, sample).as_dict()
			saved = json.dumps({**doc, field: value}, default=str)
			fresh = json.dumps(
				{**doc, "name": None, "__islocal": 1, "dedupe_key": None, "request_id": None}, default=str
			)
			doors = {
				"set_value": (
					"frappe.client.set_value",
					{"doctype": doctype, "name": sample, "fieldname": field, "value": value},
				),
				"save": ("frappe.client.save", {"doc": saved}),
				"bulk_update": (
					"frappe.client.bulk_update",
					{"docs": json.dumps([{"doctype": doctype, "docname": sample, field: value}])},
				),
				"desk_save": ("frappe.desk.form.save.savedocs", {"doc": saved, "action": "Save"}),
				"delete": ("frappe.client.delete", {"doctype": doctype, "name": sample}),
				"rename": ("frappe.client.rename_doc", {"doctype": doctype, "old_name": sample, "new_name": "another"}),
				"cancel": ("frappe.client.cancel", {"doctype": doctype, "name": sample}),
			}
			if doctype != "Outage Incident":  # that is declaring, which staff may
				doors["insert"] = ("frappe.client.insert", {"doc": fresh})
			before = frappe.db.get_value(doctype, sample, ["modified", field])
			for who in ("Guest", "resident", "guard1", "operator", "manager", "admin", "Administrator"):
				for door, (command, arguments) in doors.items():
					with self.subTest(f"{doctype} {who} {door}"):
						self.assert_refused(who, command, arguments, doctype)
			self.assertEqual(frappe.db.get_value(doctype, sample, ["modified", field]), before)

	def assert_refused(self, who: str, command: str, arguments: dict, doctype: str) -> None:
		"""Refused, or answered with a list of what failed; nothing is written while it lasts."""
		count, frappe.local.message_log = frappe.db.count(doctype), []
		sample = self.samples[doctype]
		before = frappe.db.get_value(doctype, sample, "modified")
		try:
			answer = self.stay(who, command, **arguments)
		except (frappe.PermissionError, frappe.ValidationError):
			pass
		else:
			self.assertTrue(
				isinstance(answer, dict) and answer.get("failed_docs"), f"{command} was not refused: {answer}"
			)
		finally:
			self.assertEqual(frappe.db.count(doctype), count)
			self.assertEqual(frappe.db.get_value(doctype, sample, "modified"), before)

	def stay(self, who: str, command: str, **arguments):
		"""As `ask`, but what a request that succeeded has written can be looked at."""
		frappe.set_user(self.person(who))
		frappe.local.form_dict = frappe._dict(arguments)
		frappe.local.request = frappe._dict(method="POST")
		try:
			with self.request():
				return frappe.handler.execute_cmd(command)
		finally:
			frappe.local.form_dict, frappe.local.request = frappe._dict(), None
			frappe.local.response = frappe._dict()
			frappe.set_user("Administrator")

	def test_no_role_has_a_right_to_write_what_the_verbs_own(self):
		for doctype in OWNED:
			for row in frappe.get_meta(doctype).permissions:
				for right in ("write", "delete", "submit", "cancel", "amend", "share"):
					self.assertFalse(row.get(right), f"{doctype}: {row.role} {right}")

	def test_inserting_an_incident_of_another_property_is_refused(self):
		doc = {
			"doctype": "Outage Incident",
			"property": self.other["property"],
			"level": "II",
			"affected_nodes": [{"power_node": self.other["room"]}],
		}
		for who in ("Guest", "resident", "operator", "engineer", "service", "guard1", "manager"):
			self.assertFalse(self.may(who, "frappe.client.insert", doc=json.dumps(doc)), who)
		self.assertTrue(self.may("foreigner", "frappe.client.insert", doc=json.dumps(doc)))

	def test_properties_keep_apart(self):
		"""By User Permission on Managed Property, in lists and forms alike."""
		of_theirs = {
			"Managed Property": self.other["property"],
			"Power Node": self.other["room"],
			"Property Unit": self.other["units"][0],
			"Property Asset": self.other["entrance"],
		}
		for doctype, theirs in of_theirs.items():
			for who, mine, not_mine in (
				("operator", self.samples[doctype], theirs),
				("foreigner", theirs, self.samples[doctype]),
			):
				frappe.set_user(user(who))
				names = frappe.get_list(doctype, pluck="name", limit=0)
				self.assertIn(mine, names)
				self.assertNotIn(not_mine, names)
				self.assertTrue(frappe.has_permission(doctype, "read", doc=mine))
				self.assertFalse(frappe.has_permission(doctype, "read", doc=not_mine))
				frappe.set_user("Administrator")

	def test_permission_functions_answer_yes_or_no(self):
		"""What None means differs between Frappe's versions."""
		ours = set(our_doctypes())
		for doctype, functions in frappe.get_hooks("has_permission", {}).items():
			for path in functions:
				if doctype not in ours or not path.startswith("outage_response."):
					continue
				doc = frappe.get_doc(doctype, self.samples[doctype])
				for who in (*PEOPLE, "Administrator"):
					for right in ("read", "write", "create", "delete", "report", "export", "print", "share", "select"):
						answer = frappe.call(path, doc=doc, ptype=right, user=self.person(who))
						self.assertIsInstance(answer, bool, f"{path} {who} {right}")

	def test_of_ours_only_names_are_in_global_search(self):
		"""Frappe's index knows no permission (`doors_of_global_search` asks for it), so nothing of a person stands in it."""
		indexed = {}
		for doctype in our_doctypes():
			meta = frappe.get_meta(doctype)
			fields = ["name"] if meta.show_name_in_global_search else []
			fields += [df.fieldname for df in meta.fields if df.in_global_search]
			if fields:
				indexed[doctype] = fields
			self.assertFalse(meta.get("index_web_pages_for_search") and meta.get("has_web_view"), doctype)
		self.assertEqual(
			indexed,
			{
				"Outage Incident": ["name"],
				"Outage Plan": ["name"],
				"Power Node": ["node_name"],
				"Property Asset": ["asset_name"],
				"Property Unit": ["unit_no"],
			},
		)
		listed = {row.document_type for row in frappe.get_doc("Global Search Settings").allowed_in_global_search}
		self.assertEqual(listed & set(our_doctypes()), set(indexed))
