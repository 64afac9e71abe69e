"""What is kept about a resident: erased wherever the app wrote it, found from the Contact alone, and not in what lasts."""

import frappe
from frappe.website.doctype.personal_data_download_request.personal_data_download_request import get_user_data

from outage_response.flows.incident import incident_report
from outage_response.flows.notices import resident_links
from outage_response.flows.residents import personal_data, who_depends_on_power

from .. import platforms
from .. import world as build
from ..base import SiteTest
from ..world import user

SECRET = "sleeps by the window"


setUpModule = platforms.bring
tearDownModule = platforms.take_away


class PersonalTest(SiteTest):
	now = build.NIGHT.replace(hour=14)

	@classmethod
	def build_world(cls):
		world = build.make_tower("Personal Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		return world

	def setUp(self):
		super().setUp()
		self.contact = self.contacts[0]

	def over(self, incident: str) -> None:
		table = frappe.qb.DocType("Outage Incident")
		frappe.qb.update(table).set(table.status, "Closed").where(table.name == incident).run()

	def erase(self, who: str = "manager") -> None:
		with self.as_user(who):
			personal_data.erase_resident_data(self.contact)


class Erasing(PersonalTest):
	def called_back(self) -> str:
		"""An outage that is over; the name of the resident's callback."""
		name = self.declare(nodes=[self.room])
		self.do("service", "send_notice", name, "First Word")
		self.do("operator", "supply_back", name)
		self.over(name)
		return frappe.db.get_value("Outage Callback", {"incident": name, "contact": self.contact})

	def said(self, callback: str, **about) -> None:
		table = frappe.qb.DocType("Outage Incident")
		name = frappe.db.get_value("Outage Callback", callback, "incident")
		frappe.qb.update(table).set(table.status, "Restored").where(table.name == name).run()
		self.do("service", "log_attempt", callback, "Reached", note=SECRET, **about)
		self.over(name)

	def test_notes_in_the_crm(self):
		platforms.only("CRM Call Log")
		callback = self.called_back()
		self.said(callback)
		self.assertTrue(frappe.get_all("FCRM Note", {"content": ("like", f"%{SECRET}%")}))
		self.erase()
		self.assertFalse(frappe.get_all("FCRM Note", {"content": ("like", f"%{SECRET}%")}))

	def test_notes_in_calls_that_telephony_logged(self):
		for index, doctype in enumerate(("CRM Call Log", "Call Log")):
			self.contact = self.contacts[index]
			platforms.only(doctype)
			callback = self.called_back()
			number = frappe.db.get_value("Outage Callback", callback, "phone")
			log = platforms.log_by_telephony(doctype, f"exo-{doctype}", number)
			frappe.db.set_value("Outage Callback", callback, {"offered_doctype": doctype, "offered_record": log.name})
			self.said(callback, call_record=log.name)
			with self.subTest(doctype):
				self.assertEqual(
					frappe.get_all("Outage Callback Attempt", {"parent": callback}, pluck="crm_record"), [log.name]
				)
				self.erase()
				log.reload()  # the call itself is the telephony's
				self.assertNotIn(SECRET, log.as_json())
				self.assertFalse(log.get("note"))

	def test_sms_that_the_site_keeps(self):
		self.called_back()
		row = frappe.get_all("Notice Delivery", {"contact": self.contact}, ["name", "contact", "link_key"])[0]
		for name, text in (
			("ours", f"/outages/link/{resident_links.of_delivery(row)}"),
			("another", "your parcel is here"),
		):
			frappe.get_doc({"doctype": "SMS Log", "message": text}).insert(set_name=name)
		self.erase()
		self.assertFalse(frappe.db.exists("SMS Log", "ours"))
		self.assertTrue(frappe.db.exists("SMS Log", "another"))

	def test_the_access_log_says_whose_data(self):
		with self.as_user("service"):
			personal_data.export_resident_data(self.contact)
		self.erase()
		for method in ("export_resident_data", "erase_resident_data"):
			self.assertTrue(
				frappe.get_all("Access Log", {"method": method, "reference_document": self.contact}), method
			)

	def test_what_was_said_before_the_number_had_a_name(self):
		"""Theirs once the number is theirs alone; a number that two contacts share gives nobody the other's words."""
		name = self.declare(nodes=[self.room])
		for number, words in (("13955550001", SECRET), ("13955550002", "somebody else")):
			self.do(
				"operator",
				"record_call",
				self.property,
				power_node=self.shafts[0],
				phone=number,
				words=words,
				danger=False,
			)
		self.do("operator", "supply_back", name)
		callback = frappe.db.get_value("Outage Callback", {"incident": name, "phone": "13955550001"})
		attempt = self.do("service", "log_attempt", callback, "Reached", note=SECRET)
		doc = frappe.get_doc("Contact", self.contact)
		for number in ("+86 139 5555 0001", "139-5555-0002"):
			doc.append("phone_nos", {"phone": number})
		doc.save(ignore_permissions=True)
		build.make_contact("Shares a telephone", "13955550002")
		with self.assertRaises(frappe.ValidationError):
			self.erase()
		self.over(name)
		with self.as_user("manager"):
			found = personal_data.export_resident_data(self.contact)
		self.assertEqual([row.words for row in found["Trouble Call"]], [SECRET])
		self.assertEqual([row.note for row in found["Outage Callback Attempt"]], [SECRET])
		self.erase()
		self.assertFalse(frappe.db.exists("Communication", attempt["crm_record"]))
		self.assertEqual(
			frappe.db.get_value("Outage Callback", callback, ["phone", "caller", "outcome"]), ("", None, "")
		)
		rows = frappe.get_all("Trouble Call", {"incident": name}, ["phone", "words"], order_by="phone")
		self.assertEqual(rows, [{"phone": "", "words": ""}, {"phone": "13955550002", "words": "somebody else"}])

	def test_not_while_an_outage_is_open_that_they_only_wrote_about(self):
		name = self.declare(nodes=[self.shafts[0]])
		stranger = build.make_contact("Personal Stranger")
		call = self.do("operator", "record_call", self.property, words="dark")["call"]
		frappe.db.set_value("Trouble Call", call, {"incident": name, "contact": stranger})
		self.contact = stranger
		with self.assertRaises(frappe.ValidationError):
			self.erase()
		self.over(name)
		self.erase()

	def test_not_while_it_is_dark_at_home(self):
		name = self.declare(nodes=[self.room])
		with self.assertRaises(frappe.ValidationError):
			self.erase()
		self.over(name)
		self.erase()

	def test_of_another_property_not_even_a_call(self):
		other = build.make_property("Personal Other")
		build.make_user(user("foreigner"), "Outage Customer Service")
		build.permit(user("foreigner"), other)
		stranger = build.make_contact("Personal Caller")
		call = self.do("operator", "record_call", self.property, words="dark")["call"]
		frappe.db.set_value("Trouble Call", call, "contact", stranger)
		with self.as_user("foreigner"), self.assertRaises(frappe.PermissionError):
			personal_data.export_resident_data(stranger)


class WhereItStands(PersonalTest):
	def test_frappes_own_download_gives_nobody_the_calls_they_wrote_down(self):
		self.do("guard1", "record_call", self.property, unit=self.units[0], contact=self.contact, words=SECRET)
		self.assertNotIn(SECRET, get_user_data(user("guard1")))

	def test_a_report_names_no_home_because_somebody_needs_care(self):
		who_depends_on_power.set_care_need(self.units[0], self.contact, "oxygen", 30)
		name = self.declare(nodes=[self.shafts[0]])
		step = self.task(name, "check_care_unit")
		home = step.subject_label
		self.do("service", "complete", step.name, "safe", evidence="all is well")
		self.do("operator", "supply_back", name)
		callback = frappe.db.get_value("Outage Callback", {"incident": name, "contact": self.contact})
		self.do("service", "log_attempt", callback, "No Answer")
		facts = incident_report.compile_facts(name)
		steps = [row for row in facts["steps"] if row["step"] == "check_care_unit"]
		self.assertEqual([row["where"] for row in steps], [""])
		self.assertIn("task_done", [row["kind"] for row in facts["timeline"]])
		for part in ("steps", "overdue_steps", "skipped_steps", "back_entered_steps", "timeline"):
			self.assertNotIn(home, frappe.as_json(facts[part]), part)
