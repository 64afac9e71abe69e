"""From ticket to incident, on every desk: found, placed, proposed, linked; whose home it is."""

import time
from datetime import timedelta
from unittest.mock import patch

import frappe

from outage_response.flows.callbacks import households
from outage_response.flows.trouble import proposals, ticket_intake
from outage_response.integrations import contacts, records, telephones
from outage_response.patches import times_nobody_noted

from .. import platforms
from .. import world as build
from .tickets import DESKS, TicketTest

setUpModule = platforms.bring
tearDownModule = platforms.take_away


class Reading(TicketTest):
	def test_settings_that_were_saved_before_the_first_reading(self):
		"""Frappe casts what is not there to the year 1; no time can be made of it."""
		for year_one_stands_there in (False, True):
			with self.subTest(year_one_stands_there):
				frappe.db.savepoint("settings")
				noted = {"doctype": "Outage Response Settings", "field": ("in", ("tickets_read_until", "rang_until"))}
				frappe.db.delete("Singles", noted)
				if year_one_stands_there:
					frappe.db.set_single_value("Outage Response Settings", "tickets_read_until", "0001-01-01 00:00:00")
					times_nobody_noted.execute()
				frappe.clear_document_cache("Outage Response Settings", "Outage Response Settings")
				for _save in range(2):
					frappe.get_doc("Outage Response Settings").save()
				platforms.only("HD Ticket", "Issue")
				ticket = self.write("HD Ticket", 0)
				self.read()
				self.assertEqual(self.call_of(ticket).unit, self.units[0])
				frappe.db.rollback(save_point="settings")

	def test_the_resident_is_found_whichever_way(self):
		for doctype in self.each():
			desk = DESKS[doctype]
			customer = desk.household(self.units[1])
			number = frappe.db.get_value("Contact", self.contacts[3], "mobile_no")
			spaced = f"+86 {number[:3]} {number[3:7]} {number[7:]}"
			stranger = build.make_contact("A Stranger")
			written = {
				0: self.write(doctype, 0),
				1: platforms.make_ticket(doctype, "No power", customer=customer, contact=stranger),
				2: platforms.make_ticket(
					doctype, "No power", raised_by=f"Li <{platforms.address_of(self.contacts[2])}>"
				),
				3: platforms.make_ticket(doctype, "No power", f"Call me: {spaced}", raised_by="x@example.com"),
			}
			frappe.db.set_value(doctype, written[2].name, "contact", None)
			self.read()
			for index, ticket in written.items():
				call = self.call_of(ticket)
				self.assertEqual((call.unit, call.power_node), (self.units[index], self.switches[index]), index)
			self.assertEqual(self.call_of(written[2]).contact, self.contacts[2])
			nobody = platforms.make_ticket(doctype, "No power", raised_by="who@example.com")
			self.read()
			self.assertFalse(self.call_of(nobody).unit)

	def test_an_unknown_writer_is_placed_by_the_home_they_name(self):
		for doctype in self.each():
			home = build.make_unit(self.property, "3-2-502", self.switches[1])
			number = frappe.db.get_value("Contact", self.contacts[3], "mobile_no")
			named = platforms.make_ticket(doctype, "3栋2单元502室没电", raised_by="who@example.com")
			of_two = platforms.make_ticket(doctype, "3-2-502和1A都没电", raised_by="who@example.com")
			numbered = platforms.make_ticket(doctype, f"停电 3-2-999 {number}", raised_by="who@example.com")
			ordered = platforms.make_ticket(doctype, f"停电，订单号{number}", raised_by="who@example.com")
			self.read()
			self.assertEqual((self.call_of(named).unit, self.call_of(named).power_node), (home, self.switches[1]))
			self.assertFalse(self.call_of(of_two).unit)
			self.assertEqual(self.call_of(numbered).contact, self.contacts[3])
			self.assertFalse(self.call_of(ordered).contact)

	def test_telephones_in_a_text(self):
		found = {
			"3-2-502 13800000102": ("13800000102",),
			"停电 电话 138 0000 0001 或 +86-10-65551234": ("138 0000 0001", "+86-10-65551234"),
			"订单 20261129123456，电表号0012345678901，flat 12, 380 V": (),
			"call 010-65551234 ext 801": ("010-65551234 ext 801",),
			"打 010-65551234转801": ("010-65551234 ext 801",),
		}
		for text, numbers in found.items():
			self.assertEqual(telephones.numbers_in(text), numbers, text)
		began = time.process_time()
		for piece in ("1", "1-", "1 (", "+", "13800000102 ", "电话1"):
			telephones.numbers_in(piece * 300_000)
			records.clear(piece * 300_000)
		for piece in ("<style ", "<!--", "<div ", "<", "<script></script "):
			records.clear(piece * 200_000)
		self.assertLess(time.process_time() - began, 4)
		self.assertEqual(
			records.clear("<head><p>x</head><style>p {}</style><p>No<br>power &lt; 1<!-- <b>no</b> -->"),
			"No\npower < 1",
		)

	def test_a_number_with_an_extension_is_found_and_dialled(self):
		contact = build.make_contact("Of A Switchboard")
		frappe.get_doc("Contact", contact).append("phone_nos", {"phone": "010-65551234 ext 801"}).db_insert()
		self.assertEqual(contacts.of_numbers(["+86 10 6555 1234"]), {"+86 10 6555 1234": [contact]})
		self.assertEqual(contacts.of_numbers(["01065551234转802"]), {"01065551234转802": []})

	def test_of_several_units_the_one_named(self):
		for doctype in self.each():
			owner = build.make_contact("An Owner")
			units = [build.make_unit(self.property, no, self.switches[0], contacts=[owner]) for no in ("1C", "21C")]
			named = platforms.make_ticket(doctype, "No power in 21C", contact=owner)
			unnamed = platforms.make_ticket(doctype, "No power", contact=owner)
			self.read()
			self.assertEqual(self.call_of(named).unit, units[1])
			self.assertEqual(self.call_of(unnamed).unit, units[0])

	def test_what_is_not_about_power_is_left_alone(self):
		for doctype in self.each():
			self.write(doctype, 0, "Power bank lost in the lobby")
			self.write(doctype, 1, "The tap drips")
			self.read()
			self.assertTrue(self.no_calls())

	def test_danger_without_a_word_of_power_rings_and_proposes_nothing(self):
		for doctype in self.each():
			platforms.set_settings(proposal_threshold=1)
			with self.after_commit() as asked:
				ticket = self.write(doctype, 0, "Help we are stuck in the elevator")
			self.assertIn(ticket_intake.ask_for_a_job, asked)
			before = frappe.db.count("Notification Log", {"for_user": build.user("operator")})
			self.read()
			call = self.call_of(ticket)
			self.assertEqual((call.danger, call.waiting, call.incident, call.keep_open), (1, 0, None, 1))
			self.assertGreater(frappe.db.count("Notification Log", {"for_user": build.user("operator")}), before)
			self.assertFalse(frappe.db.exists("Outage Proposal", {"property": self.property, "status": "Open"}))

	def test_a_ticket_split_off_another_shows_no_outage_of_its_own(self):
		for doctype in self.each():
			incident = self.declare(nodes=[self.room])
			first = self.write(doctype, 0)
			self.read()
			copied = frappe.copy_doc(frappe.get_doc(doctype, first.name), ignore_no_copy=False)
			copied.update(
				{"outage_incident": incident, "outage_state": "Active", "subject": "The tap", "description": "x"}
			)
			copied.insert(ignore_permissions=True, ignore_mandatory=True)
			row = frappe.db.get_value(doctype, copied.name, ["outage_incident", "outage_state"])
			self.assertFalse(any(row), row)
			self.assertEqual(self.field(doctype, first.name, "outage_incident"), incident)

	def test_a_ticket_can_be_deleted_and_the_call_stays(self):
		for doctype in self.each():
			if doctype == "HD Ticket":
				platforms.only("HD Ticket", "CRM Call Log")
			incident = self.declare(nodes=[self.room])
			ticket = self.write(doctype, 0)
			self.read()
			call = self.call_of(ticket).name
			self.restore(incident)
			self.log(incident, 0, "Reached")
			self.send()
			frappe.delete_doc(doctype, ticket.name, ignore_permissions=True)
			row = frappe.db.get_value("Trouble Call", call, ["incident", "ticket_type", "ticket"])
			self.assertEqual(row, (incident, None, None))
			self.assertFalse(
				frappe.db.count("Outage Ticket Reply", {"ticket_type": doctype, "ticket": str(ticket.name)})
			)
			self.assertFalse(frappe.db.count("Dynamic Link", {"link_doctype": doctype, "link_name": str(ticket.name)}))

	def test_type_before_words(self):
		for doctype in self.each():
			platforms.set_settings(ticket_types="Dark\nOther")
			with patch.object(DESKS[doctype], "from_document", wraps=DESKS[doctype].from_document):
				one = DESKS[doctype].from_document(
					{"name": "x", "subject": "Please come", "ticket_type": "dark", "issue_type": "dark"}
				)
				self.assertTrue(ticket_intake.understood([one])[0].is_about_power)

	def test_many_other_tickets_hide_none(self):
		for doctype in self.each():
			with patch.object(ticket_intake, "BATCH", 3):
				for number in range(7):
					self.write(doctype, 0, f"The tap drips {number}")
				wanted = self.write(doctype, 1)
				for number in range(3):
					self.write(doctype, 0, f"The door squeaks {number}")
				self.read()
				self.call_of(wanted)

	def test_read_twice_is_one_call(self):
		for doctype in self.each():
			ticket = self.write(doctype, 0)
			self.read()
			self.read()
			self.call_of(ticket)

	def test_imported_and_old_tickets_propose_nothing(self):
		for doctype in self.each():
			frappe.flags.in_import = True
			try:
				for index in range(4):
					self.write(doctype, index)
			finally:
				frappe.flags.in_import = False
			for index in range(4):
				self.write(doctype, index, opening_date=(self.now - timedelta(days=40)).date())
			self.read()
			self.assertTrue(self.no_calls())
			self.assertFalse(frappe.db.exists("Outage Proposal", {"property": self.property}))

	def test_the_ticket_is_saved_whatever_the_hook_does(self):
		for doctype in self.each():
			with self.after_commit() as asked:
				self.write(doctype, 0, "The tap drips")
				self.assertNotIn(ticket_intake.ask_for_a_job, asked)
				self.write(doctype, 0)
				self.assertIn(ticket_intake.ask_for_a_job, asked)
			with patch.object(ticket_intake, "concerns_us", side_effect=RuntimeError("broken")):
				broken = self.write(doctype, 0)
			with patch.object(ticket_intake.frappe, "enqueue", side_effect=ConnectionError("no Redis")):
				ticket_intake.ask_for_a_job()
			self.read()
			self.call_of(broken)

	def test_switched_off_nothing_is_read_and_nothing_fails(self):
		for doctype in self.each():
			platforms.only()
			with self.after_commit() as asked:
				self.write(doctype, 0)
			self.assertNotIn(ticket_intake.ask_for_a_job, asked)
			self.read()
			self.assertTrue(self.no_calls())
			platforms.only(doctype)
			platforms.set_settings(read_tickets=0)
			self.read()
			self.assertTrue(self.no_calls())

	def test_danger_rings_at_once(self):
		for doctype in self.each():
			self.write(doctype, 0, "No power, my mother needs oxygen")
			platforms.make_ticket(doctype, "No power and smoke in the shaft", raised_by="who@example.com")
			ticket_intake.read_unread()
			said = frappe.get_all(
				"Notification Log",
				filters={"for_user": build.user("operator"), "document_type": doctype},
				pluck="subject",
			)
			self.assertEqual(len([text for text in said if "DANGER" in text]), 2)
			self.assertTrue(any("1A" in text for text in said))


class Placing(TicketTest):
	def test_calls_become_one_proposal_and_one_touch_one_incident(self):
		for doctype in self.each():
			written = [self.write(doctype, index) for index in range(4)]
			self.read()
			found = frappe.get_all("Outage Proposal", filters={"property": self.property}, fields=["*"])
			self.assertEqual(
				[(row.status, row.callers, row.power_node) for row in found], [("Open", 4, self.shafts[0])]
			)
			self.assertEqual(frappe.db.count("Outage Incident", {"property": self.property}), 0)
			self.read()
			with self.as_user("operator"):
				answer = proposals.declare_proposal(found[0].name)
				again = proposals.declare_proposal(found[0].name)
			self.assertEqual((answer["linked"], again["incident"]), (4, answer["incident"]))
			self.assertEqual(frappe.db.count("Outage Incident", {"property": self.property}), 1)
			for ticket in written:
				self.assertEqual(self.call_of(ticket).incident, answer["incident"])
				self.assertEqual(self.field(doctype, ticket.name, "outage_incident"), answer["incident"])
				self.assertEqual(self.kinds_of(ticket), ["Known"])

	def test_open_screens_hear_of_a_proposal_and_of_its_end(self):
		for doctype in self.each():
			for index in range(3):
				self.write(doctype, index)
			ticket_intake.read_unread()
			with patch("frappe.publish_realtime") as told:
				proposals.place_calls(self.property)
			(proposal,) = frappe.get_all("Outage Proposal", filters={"property": self.property}, pluck="name")
			self.assert_told(told)
			with self.as_user("operator"), patch("frappe.publish_realtime") as told:
				proposals.dismiss_proposal(proposal, "A test of the generator")
			self.assert_told(told)

	def assert_told(self, told) -> None:
		"""Whoever looks at the command centre, and no one of a single outage."""
		said = [(call.args[1], call.kwargs["room"]) for call in told.call_args_list if call.args[0] == "outage_changed"]
		self.assertIn(({"incident": ""}, "doctype:Outage Incident"), said)

	def test_declared_by_hand_the_proposal_asks_no_more(self):
		for doctype in self.each():
			for index in range(3):
				self.write(doctype, index)
			self.read()
			incident = self.declare(nodes=[self.room])
			self.read()
			found = frappe.get_all(
				"Outage Proposal", filters={"property": self.property}, fields=["status", "incident"]
			)
			self.assertEqual([(row.status, row.incident) for row in found], [("Declared", incident)])

	def test_under_a_running_outage_it_is_linked(self):
		for doctype in self.each():
			incident = self.declare(nodes=[self.shafts[0]])
			inside, outside = self.write(doctype, 0), self.write(doctype, 5)
			self.read()
			self.assertEqual(self.call_of(inside).incident, incident)
			self.assertFalse(self.call_of(outside).incident)

	def test_who_is_still_out_after_restoration_is_called_even_if_not_sampled(self):
		for doctype in self.each():
			platforms.set_settings(callback_sample_percent=0)
			incident = self.declare(nodes=[self.shafts[0]])
			self.restore(incident)
			values = {"incident": incident, "contact": self.contacts[0]}
			self.assertEqual(frappe.db.get_value("Outage Callback", values, "status"), "Not Required")
			ticket = self.write(doctype, 0, "Still no power")
			frappe.db.set_value(doctype, ticket.name, "creation", self.clock.move(1), update_modified=False)
			self.read()
			self.assertEqual(self.call_of(ticket).incident, incident)
			self.assertEqual(
				frappe.db.get_value("Outage Callback", values, ["status", "reason"]), ("Pending", "Reported")
			)

	def test_what_nobody_shares_waits_no_longer_when_it_is_old(self):
		for doctype in self.each():
			ticket = self.write(doctype, 0)
			self.read()
			self.assertTrue(self.call_of(ticket).waiting)
			self.clock.move(60 * 7)
			self.read()
			self.assertFalse(self.call_of(ticket).waiting)


class Customers(TicketTest):
	def missing(self) -> list:
		return [row for row in households.missing() if row[1] in self.units]

	def test_the_sweep_makes_the_household_of_who_wrote(self):
		for doctype in self.each():
			desk, customer = DESKS[doctype], platforms.CUSTOMER_OF[doctype]
			ticket = self.write(doctype, 0)
			self.read()
			self.assertEqual(self.missing(), [(doctype, self.units[0])])
			name = households.make(*self.missing()[0])
			self.assertEqual(self.missing(), [])
			households.show_on_tickets()
			self.assertEqual(self.field(doctype, ticket.name, "customer"), name)
			self.assertEqual(households.show_on_tickets(), 0)
			self.assertEqual(platforms.customers_of(self.contacts[0], customer), [name])
			self.assertEqual(desk.household(self.units[0]), name)

	def test_a_callback_makes_it_too_and_its_refusal_costs_nothing(self):
		for doctype in self.each():
			desk, customer = DESKS[doctype], platforms.CUSTOMER_OF[doctype]
			incident = self.declare(nodes=[self.room])
			self.restore(incident)
			with patch.object(desk, "household", side_effect=frappe.ValidationError("mandatory: tax id")):
				self.log(incident, 0, "Reached")
			self.log(incident, 1, "Reached")
			self.assertEqual(platforms.customers_of(self.contacts[0], customer), [])
			self.assertEqual(len(platforms.customers_of(self.contacts[1], customer)), 1)

	def test_an_old_ticket_is_not_given_to_the_next_household(self):
		for doctype in self.each():
			ticket = self.write(doctype, 0)
			self.read()
			unit = frappe.get_doc("Property Unit", self.units[0])
			unit.set("residents", [{"contact": build.make_contact("A Newcomer")}])
			unit.save(ignore_permissions=True)
			self.assertEqual(self.missing(), [])
			DESKS[doctype].household(self.units[0])
			households.show_on_tickets()
			self.assertFalse(self.field(doctype, ticket.name, "customer"))
