"""What is kept of notices is a resident's own data: exported and erased."""

import frappe

from outage_response.domain import notice_rules as rules
from outage_response.flows.notices import resident_links
from outage_response.flows.residents import personal_data, who_depends_on_power

from ..notices.households import NoticeTest


class PersonalData(NoticeTest):
	def test_given_out_and_erased(self):
		contact = self.contacts[0]
		who_depends_on_power.set_care_need(self.units[0], contact, "oxygen tent", 30)
		name = self.declare(nodes=[self.shafts[0]])
		self.do("operator", "record_call", self.property, unit=self.units[0], contact=contact, words="secret words")
		self.do("service", "send_notice", name, "First Word")
		row = self.rows(name, contact=contact)[0]
		token = resident_links.of_delivery(row)
		self.do("operator", "supply_back", name)
		done = frappe.db.get_value("Outage Callback", {"incident": name, "contact": contact})
		self.do("service", "log_attempt", done, "Reached", note="secret note")
		with self.as_user("manager"):
			data = personal_data.export_resident_data(contact)
			self.assertEqual(data["Care Need"][0]["what"], "oxygen tent")
			self.assertEqual(data["Outage Callback Attempt"][0]["note"], "secret note")
			with self.assertRaises(frappe.ValidationError):
				personal_data.erase_resident_data(contact)  # the outage is not closed
		table = frappe.qb.DocType("Outage Incident")
		frappe.qb.update(table).set(table.status, "Closed").where(table.name == name).run()
		with self.as_user("manager"):
			personal_data.erase_resident_data(contact)
			left = personal_data.export_resident_data(contact)
		self.assertEqual({doctype: rows for doctype, rows in left.items() if rows}, {})
		self.assertIsNone(frappe.db.get_value("Trouble Call", {"words": ("like", "%secret%")}))
		self.assertFalse(frappe.db.exists("Communication", {"content": ("like", "%secret note%")}))
		with self.assertRaises(rules.RuleError):
			resident_links.holder(token)

	def test_who_may(self):
		for who in ("operator", "engineer", "guard1", "resident"):
			with self.as_user(who), self.assertRaises(frappe.PermissionError):
				personal_data.export_resident_data(self.contacts[0])
