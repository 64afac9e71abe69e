"""The timeline is append-only, and names no resident (invariant 5)."""

import frappe

from ..small_worlds import TowerTest


class TimelineIsAppendOnly(TowerTest):
	"""Invariant 5: append-only for everyone through Frappe; units and roles, never a resident."""

	def row(self) -> str:
		return frappe.get_all("Timeline Entry", {"incident": self.declare()}, pluck="name")[0]

	def test_nobody_inserts_an_entry(self):
		name = self.declare()
		for who in ("operator", "manager", "Administrator"):
			with self.refused(error=frappe.PermissionError), self.as_user(who):
				frappe.get_doc({"doctype": "Timeline Entry", "incident": name, "kind": "closed", "data": "{}"}).insert(
					ignore_permissions=who == "Administrator"
				)

	def test_nobody_changes_an_entry(self):
		row = self.row()
		for who in ("operator", "Administrator"):
			for field, value in (("kind", "closed"), ("data", "{}"), ("occurred_at", "2020-01-01"), ("actor", "Guest")):
				refused = self.refused(error=frappe.PermissionError)
				with self.subTest(who=who, field=field), refused, self.as_user(who), self.request():
					doc = frappe.get_doc("Timeline Entry", row)
					doc.set(field, value)
					doc.save(ignore_permissions=who == "Administrator")

	def test_nobody_changes_an_entry_by_db_set(self):
		row = self.row()
		with self.refused(error=frappe.PermissionError):
			frappe.get_doc("Timeline Entry", row).db_set("data", "{}")

	def test_nobody_changes_an_entry_through_the_client_api(self):
		from frappe.client import delete, set_value

		row = self.row()
		for action in (
			lambda: set_value("Timeline Entry", row, "kind", "closed"),
			lambda: delete("Timeline Entry", row),
			lambda: frappe.rename_doc("Timeline Entry", row, "another", force=True),
		):
			with self.refused(error=(frappe.PermissionError, frappe.ValidationError)), self.request():
				action()

	def test_nobody_deletes_an_entry(self):
		row = self.row()
		for options in ({}, {"ignore_permissions": True}, {"force": True, "ignore_permissions": True}):
			with self.refused(error=frappe.PermissionError), self.request():
				frappe.delete_doc("Timeline Entry", row, **options)
		with self.refused(error=frappe.PermissionError), self.request():
			frappe.get_doc("Timeline Entry", row).delete()

	def test_the_verbs_documents_are_theirs(self):
		"""No field of an incident, task or callback changes by hand, Administrator included; nothing is deleted."""
		name = self.declare()
		task = self.task(name, "guard_area").name
		for doctype, docname, field, value in (
			("Outage Incident", name, "status", "Closed"),
			("Outage Incident", name, "level", "I"),
			("Outage Incident", name, "is_drill", 1),
			("Outage Task", task, "status", "Done"),
			("Outage Task", task, "due_at", "2030-01-01"),
		):
			with self.subTest(field=field):
				with self.refused(error=frappe.PermissionError), self.request():
					doc = frappe.get_doc(doctype, docname)
					doc.set(field, value)
					doc.save()
				with self.refused(error=frappe.PermissionError), self.request():
					frappe.delete_doc(doctype, docname, force=True)
		with self.refused(error=frappe.PermissionError), self.request():
			doc = frappe.get_doc("Outage Incident", name)
			doc.affected_nodes[0].back_at = "2030-01-01"
			doc.save()
		with self.refused(error=frappe.PermissionError), self.request():
			row = frappe.get_doc("Outage Incident", name).affected_nodes[0].name
			frappe.get_doc("Outage Affected Node", row).db_set("back_at", "2030-01-01")
		with self.refused(error=frappe.PermissionError), self.request():
			frappe.get_doc("Outage Incident", name).db_set("status", "Closed")
		with self.refused(error=frappe.PermissionError), self.request():
			frappe.rename_doc("Outage Task", task, "another", force=True)

	def test_no_residents_name_or_number_after_a_whole_run(self):
		contact = frappe.get_doc("Contact", self.contacts[0])
		name = self.whole_run(contact.name)
		secrets = [self.SECRET_NAME, self.SECRET_PHONE, contact.name, contact.first_name, contact.mobile_no]
		rows = frappe.get_all("Timeline Entry", {"incident": name}, ["kind", "data", "result"])
		self.assertGreater(len(rows), 60)
		for row in rows:
			for secret in filter(None, secrets):
				self.assertNotIn(secret, f"{row.data} {row.result}", row.kind)
		facts = frappe.db.get_value("Outage Report", {"incident": name}, "facts")
		for secret in filter(None, secrets):
			self.assertNotIn(secret, facts)

	SECRET_NAME, SECRET_PHONE = "Aunt Rosamund Quill", "13911112222"

	def whole_run(self, contact: str) -> str:
		"""A tower outage in which everything is said about a resident that can be said."""
		with self.as_user("service"):
			from outage_response.flows.residents.who_depends_on_power import read_care_needs, set_care_need

			set_care_need(self.units[0], contact, "oxygen concentrator", 90)
		name = self.declare("II")
		self.do(
			"service",
			"record_call",
			self.property,
			unit=self.units[0],
			contact=contact,
			phone=self.SECRET_PHONE,
			words=f"{self.SECRET_NAME} needs oxygen",
			danger=True,
		)
		self.do("operator", "report_trapped", name, self.elevators[0], f"{self.SECRET_NAME} is inside", contact)
		with self.as_user("operator"):
			self.assertEqual(len(read_care_needs(name)), 1)
		self.do("operator", "confirm", name, "Equipment Fault")
		self.finish_steps(name)
		self.do("operator", "permit_energise", name)
		self.clock.move(60)
		self.do("operator", "supply_back", name)
		self.clock.now = self.clock.now.replace(hour=10)
		for row in frappe.get_all("Outage Callback", {"incident": name, "status": "Pending"}, ["name", "contact"]):
			self.do("service", "log_attempt", row.name, "Reached", note=f"{self.SECRET_NAME} is well", satisfaction=5)
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		self.finish_steps(name)
		self.do("engineer", "file_report", name, "a cable", "replaced it")
		self.do("operator", "close", name)
		return name
