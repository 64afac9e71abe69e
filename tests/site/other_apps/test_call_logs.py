"""One contract for call logs: each platform keeps it; calls by telephony are found; who is at the telephone."""

from datetime import timedelta
from unittest.mock import patch

import frappe

from outage_response import integrations
from outage_response.flows.callbacks import telephony
from outage_response.integrations import contacts, crm, erpnext, helpdesk
from outage_response.setup import custom_fields

from .. import platforms
from ..live import end_processes
from .contract import LOGS, PlatformTest

setUpModule = platforms.bring


def tearDownModule():
	end_processes()
	platforms.take_away()


class CallLogs(PlatformTest):
	"""log_call, recent_calls, take_call."""

	def each(self):
		for doctype, log in LOGS.items():
			platforms.only(doctype)
			self.assertIs(integrations.call_log(), log)
			with self.subTest(doctype, real=platforms.is_real(doctype)):
				yield doctype, log

	def test_an_attempt_is_kept_once_under_its_own_id(self):
		callback = self.callback()
		for doctype, log in self.each():
			first = log.log_call(callback, "Reached", "all <b>well</b>\nsecond line", self.clock.now, 1)
			self.assertEqual(first, log.log_call(callback, "Reached", "all well", self.clock.now, 1))
			second = log.log_call(callback, "No Answer", "", self.clock.now, 2)
			self.assertNotEqual(first, second)
			self.assertEqual((first[0], second[0]), (doctype, doctype))
			for _doctype, name in (first, second):
				self.assertTrue(name.upper().startswith(integrations.CALL_LOG_PREFIX))

	def test_it_says_who_was_called_when_and_what_came_of_it(self):
		callback = self.callback()
		for doctype, log in self.each():
			record = frappe.get_doc(*log.log_call(callback, "No Answer", "rang <8> times", self.clock.now, 1))
			number = record.get("to") or record.get("phone_no")
			self.assertEqual(number, callback.phone)
			self.assertMoment(record.get("start_time") or record.get("communication_date"), self.clock.now)
			if doctype != "Communication":
				self.assertEqual((record.type, record.status), ("Outgoing", "No Answer"))
			said = record.get("summary") or record.get("content")
			if doctype == "CRM Call Log":
				note = frappe.get_doc("FCRM Note", record.note)
				said = note.content
				self.assertEqual((note.reference_doctype, note.reference_docname), ("Contact", callback.contact))
				self.assertEqual(record.telephony_medium, "Manual")
			self.assertIn("times", said)

	def test_how_long_it_took(self):
		callback = self.callback()
		for doctype, log in self.each():
			how = integrations.How(seconds=125)
			record = frappe.get_doc(*log.log_call(callback, "Reached", "all well", self.clock.now, 1, how))
			if doctype == "Communication":
				self.assertIn("0:02:05", record.content)
				continue
			self.assertEqual(record.duration, 125)
			self.assertMoment(record.end_time, self.clock.now)
			self.assertMoment(record.start_time, self.clock.now - timedelta(seconds=125))

	def test_what_a_resident_answered_on_our_pages_is_no_call_of_ours(self):
		callback = self.callback()
		for doctype, log in self.each():
			how = integrations.How(by_resident=True)
			record = frappe.get_doc(*log.log_call(callback, "Reached", "answered", self.clock.now, 1, how))
			if doctype == "Communication":
				self.assertEqual((record.sent_or_received, record.communication_medium), ("Received", "Other"))
				continue
			self.assertEqual(
				(record.type, record.get("from"), record.status), ("Incoming", callback.phone, "Completed")
			)
			self.assertEqual(record.medium, "Web")
			self.assertFalse(record.get("caller") or record.get("employee_user_id"))
			self.assertIn(("Contact", callback.contact), platforms.links_of(record))

	def test_it_shows_on_the_contact_the_callback_and_the_ticket(self):
		for doctype, log in self.each():
			desk = "Issue" if platforms.SWITCHES.get(doctype) == "use_erpnext" else "HD Ticket"
			with self.subTest(desk=desk):
				frappe.db.savepoint("one_platform")
				callback = self.callback()
				ticket = platforms.make_ticket(desk, "No power", contact=callback.contact)
				frappe.get_doc(
					{
						"doctype": "Trouble Call",
						"ticket_type": desk,
						"ticket": str(ticket.name),
						"contact": callback.contact,
						"incident": callback.incident,
					}
				).insert(ignore_permissions=True)
				record = frappe.get_doc(*log.log_call(callback, "Reached", "", self.clock.now, 1))
				links = platforms.links_of(record)
				self.assertIn(("Contact", callback.contact), links)
				if doctype == "Communication":
					self.assertEqual(
						(record.reference_doctype, record.reference_name), ("Outage Callback", callback.name)
					)
				else:
					self.assertIn(("Outage Callback", callback.name), links)
					self.assertIn((desk, str(ticket.name)), links)
				self.assertEqual(self.field(desk, ticket.name, "status"), "Open")
				if doctype == "CRM Call Log":
					from frappe.desk.form.load import get_additional_timeline_content

					shown = get_additional_timeline_content("Contact", callback.contact)
					self.assertTrue(any("Reached" in str(one.get("content")) for one in shown))
				frappe.db.rollback(save_point="one_platform")

	def test_calls_of_telephony_are_found_by_the_other_sides_number(self):
		callback = self.callback()
		since = callback.creation
		for doctype, log in self.each():
			if doctype == "Communication":
				self.assertEqual(log.recent_calls(since), [])
				continue
			log.log_call(callback, "No Answer", "", self.clock.now, 1)
			platforms.log_by_telephony(doctype, "exo-out", "+86 138 0000 0001")
			platforms.log_by_telephony(doctype, "exo-in", "013800000001", incoming=True)
			found = {call.name: call.number for call in log.recent_calls(since) if call.name.startswith("exo")}
			self.assertEqual(found, {"exo-out": "+86 138 0000 0001", "exo-in": "013800000001"})
			self.assertFalse([c for c in log.recent_calls(since) if c.name.startswith(integrations.CALL_LOG_PREFIX)])

	def test_a_call_of_telephony_becomes_the_attempt_and_stays_what_it_was(self):
		callback = self.callback()
		for doctype, log in self.each():
			if doctype == "Communication":
				continue
			platforms.log_by_telephony(doctype, "exo-1", callback.phone)
			taken = log.take_call("exo-1", callback, "Reached", "all well", 1)
			self.assertEqual(taken, (doctype, "exo-1"))
			record = frappe.get_doc(*taken)
			self.assertEqual((record.duration, record.medium, record.status), (42, "Exotel", "Completed"))
			self.assertIn(("Contact", callback.contact), platforms.links_of(record))
			self.assertIn(("Outage Callback", callback.name), platforms.links_of(record))

	def test_a_platform_that_refuses_costs_no_attempt(self):
		callback = self.callback()
		for doctype, log in self.each():
			if doctype == "Communication":
				continue
			with patch.object(
				log, "log_call", side_effect=frappe.ValidationError("mandatory: colour of the telephone")
			):
				kept = integrations.log_call(callback, "Reached", "", self.clock.now, 1)
			self.assertEqual(kept[0], "Communication")
			frappe.delete_doc(*kept, force=True)


class Telephony(PlatformTest):
	"""A call that telephony logged is offered as the attempt."""

	LOGS = ("CRM Call Log", "Call Log")

	def each(self):
		for doctype in self.LOGS:
			platforms.only(doctype)
			with self.subTest(doctype, real=platforms.is_real(doctype)):
				frappe.db.savepoint("each_platform")
				yield doctype
				frappe.db.rollback(save_point="each_platform")

	def offered(self, callback) -> tuple:
		return frappe.db.get_value("Outage Callback", callback.name, ["offered_doctype", "offered_record"])

	def test_offered_and_taken_without_a_second_record(self):
		for doctype in self.each():
			callback, other = self.callback(), self.callback(1)
			number = f"+86 {callback.phone[:3]} {callback.phone[3:7]}-{callback.phone[7:]}"
			platforms.log_by_telephony(doctype, "exo-7", number, start_time=self.clock.now + timedelta(hours=8))
			self.assertEqual(telephony.offer_calls(), 1)
			self.assertEqual(telephony.offer_calls(), 0)
			self.assertEqual(self.offered(callback), (doctype, "exo-7"))
			self.assertEqual(self.offered(other), (None, None))
			before = frappe.db.count(doctype)
			answer = self.post(
				"service",
				"log_attempt",
				callback=callback.name,
				outcome="Reached",
				call_record="exo-7",
				request_id="r1",
			)
			self.assertEqual((answer["callback_status"], answer["crm_record"]), ("Reached", "exo-7"))
			again = self.post(
				"service",
				"log_attempt",
				callback=callback.name,
				outcome="Reached",
				call_record="exo-7",
				request_id="r1",
			)
			self.assertEqual(again["crm_record"], "exo-7")
			self.assertEqual(frappe.db.count(doctype), before)
			self.assertEqual(self.offered(callback), (None, None))
			self.assertEqual(telephony.offer_calls(), 0)

	def test_a_resident_who_calls_back_is_recognised(self):
		for doctype in self.each():
			callback = self.callback()
			platforms.log_by_telephony(doctype, "exo-8", f"0{callback.phone}", incoming=True)
			telephony.offer_calls()
			self.assertEqual(self.offered(callback), (doctype, "exo-8"))

	def test_another_number_is_no_attempt(self):
		for doctype in self.each():
			callback = self.callback()
			platforms.log_by_telephony(doctype, "exo-9", "13900009999")
			platforms.log_by_telephony(doctype, "exo-10", callback.phone[-5:])
			self.assertEqual(telephony.offer_calls(), 0)
			with self.refused("exo-9", "not offered"):
				self.post("service", "log_attempt", callback=callback.name, outcome="Reached", call_record="exo-9")

	def test_nothing_is_offered_when_the_callback_has_ended_or_the_platform_is_off(self):
		for doctype in self.each():
			callback = self.callback()
			platforms.log_by_telephony(doctype, "exo-11", callback.phone)
			platforms.only()
			self.assertEqual(telephony.offer_calls(), 0)
			platforms.only(doctype)
			self.do("service", "log_attempt", callback.name, "Reached")
			self.assertEqual(telephony.offer_calls(), 0)

	def test_the_hook_never_fails_the_telephony(self):
		for _doctype in self.each():
			self.callback()
			with patch.object(telephony.frappe.db, "exists", side_effect=RuntimeError("broken")):
				telephony.on_call_log(frappe._dict(name="exo-12"))
			with patch.object(telephony.frappe, "enqueue", side_effect=ConnectionError("no Redis")):
				telephony._ask_for_a_job()


class Presence(PlatformTest):
	"""What "is it here" means."""

	def test_switched_off_in_settings(self):
		platforms.only()
		self.assertEqual(list(integrations.desks()), [])
		self.assertIs(integrations.call_log(), contacts)
		platforms.only("HD Ticket", "Issue", "CRM Call Log")
		self.assertEqual(list(integrations.desks()), [helpdesk, erpnext])
		self.assertIs(integrations.call_log(), crm)
		platforms.only("Issue")
		self.assertIs(integrations.call_log(), erpnext)

	def test_a_platform_removed_by_half_counts_as_gone(self):
		for doctype in ("HD Ticket", "CRM Call Log", "Call Log"):
			with self.subTest(doctype):
				platforms.only(doctype)
				self.assertTrue(integrations.installed(doctype))
				with platforms.gone(doctype):
					self.assertFalse(integrations.installed(doctype))
					self.assertEqual(list(integrations.desks()), [])
					self.assertIs(integrations.call_log(), contacts)

	def test_without_the_comments_of_the_helpdesk_the_helpdesk_is_not_here(self):
		platforms.only("HD Ticket")
		frappe.db.set_value("DocType", "HD Ticket Comment", "module", "A Module That Is Gone", update_modified=False)
		self.assertFalse(helpdesk.is_on())

	def test_a_callback_is_kept_when_the_platform_goes(self):
		callback = self.callback()
		platforms.only("CRM Call Log")
		with platforms.gone("CRM Call Log"):
			answer = self.do("service", "log_attempt", callback.name, "No Answer")
		self.assertTrue(frappe.db.exists("Communication", answer["crm_record"]))
		answer = self.do("service", "log_attempt", callback.name, "Reached")
		self.assertTrue(frappe.db.exists("CRM Call Log", answer["crm_record"]))

	def test_the_fields_are_there_once_and_read_only(self):
		for doctype, fields in custom_fields.CUSTOM_FIELDS.items():
			meta = frappe.get_meta(doctype)
			for field in fields:
				found = [df for df in meta.fields if df.fieldname == field["fieldname"]]
				self.assertEqual(len(found), 1, (doctype, field["fieldname"]))
				self.assertTrue(found[0].read_only)
