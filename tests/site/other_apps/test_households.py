"""One contract for customers: who belongs to a household, who moves, and what is taken along on leaving."""

from unittest.mock import patch

import frappe

from outage_response.setup import uninstall

from .. import platforms
from .. import world as build
from ..live import end_processes
from .contract import DESKS, LOGS, PlatformTest

setUpModule = platforms.bring


def tearDownModule():
	end_processes()
	platforms.take_away()


class Households(PlatformTest):
	"""A unit's household is a customer: theirs alone, made once, left by those who move out."""

	def each(self):
		for doctype, desk in DESKS.items():
			platforms.only(doctype)
			with self.subTest(desk.CUSTOMER, real=platforms.is_real(desk.CUSTOMER)):
				frappe.db.savepoint("each_platform")
				yield desk, desk.CUSTOMER
				frappe.db.rollback(save_point="each_platform")

	def move(self, unit: str, *residents: str) -> None:
		doc = frappe.get_doc("Property Unit", unit)
		doc.set("residents", [{"contact": contact} for contact in residents])
		doc.save(ignore_permissions=True)

	def customer(self, doctype: str, name: str, *people: str, **values) -> str:
		"""A customer that the property's staff has made."""
		doc = frappe.new_doc(doctype)
		doc.update({"customer_name": name, **values})
		doc.insert(ignore_permissions=True, ignore_mandatory=True)
		for contact in people:
			row = frappe.get_doc("Contact", contact)
			row.append("links", {"link_doctype": doctype, "link_name": doc.name})
			row.save(ignore_permissions=True)
		return doc.name

	def test_made_once_and_linked_to_all_who_live_there(self):
		for desk, doctype in self.each():
			partner = build.make_contact("A Partner", "13700000001")
			self.move(self.units[0], self.contacts[0], partner)
			name = desk.household(self.units[0])
			self.assertTrue(name)
			self.assertEqual(desk.household(self.units[0]), name)
			self.assertEqual(frappe.db.count(doctype, {"outage_unit": self.units[0]}), 1)
			for contact in (self.contacts[0], partner):
				self.assertEqual(platforms.customers_of(contact, doctype), [name])
			self.assertEqual(platforms.customers_of(self.contacts[1], doctype), [])
			self.assertNotEqual(desk.household(self.units[1]), name)

	def test_what_is_theirs_is_matched(self):
		for desk, doctype in self.each():
			theirs = self.customer(doctype, "The Lis of 1A", self.contacts[0])
			self.assertEqual(desk.household(self.units[0]), theirs)
			self.assertEqual(frappe.db.count(doctype, {"outage_unit": self.units[0]}), 1)

	def test_the_community_is_nobodys_household(self):
		for desk, doctype in self.each():
			community = self.customer(doctype, self.property, self.contacts[0])
			block = self.customer(doctype, "Block A", self.contacts[0], self.contacts[1])
			self.assertNotIn(desk.household(self.units[0]), (community, block))
			self.assertNotIn(desk.household(self.units[1]), (community, block))

	def test_a_landlord_with_two_units_shares_neither(self):
		for desk, doctype in self.each():
			own = self.customer(doctype, "The Landlord", self.contacts[0])
			self.move(self.units[1], self.contacts[0], self.contacts[1])
			found = {desk.household(self.units[0]), desk.household(self.units[1])}
			self.assertEqual(len(found), 2)
			self.assertNotIn(own, found)

	def test_a_customer_of_the_same_name_is_taken_only_when_it_is_empty(self):
		for desk, doctype in self.each():
			name = self.customer(doctype, f"{self.property} 1A")
			self.assertEqual(desk.household(self.units[0]), name)
			other = self.customer(doctype, f"{self.property} 2A")
			platforms.make_ticket(desk.DOCTYPE, "An old matter", customer=other)
			self.assertNotEqual(desk.household(self.units[1]), other)

	def test_who_moves_out_sees_it_no_longer_and_who_moves_in_does(self):
		for desk, doctype in self.each():
			partner, child = build.make_contact("A Partner"), build.make_contact("A Child")
			self.move(self.units[0], self.contacts[0], partner)
			name = desk.household(self.units[0])
			self.move(self.units[0], self.contacts[0], child)
			self.assertEqual(platforms.customers_of(partner, doctype), [])
			self.assertEqual(platforms.customers_of(child, doctype), [name])
			self.assertEqual(platforms.customers_of(self.contacts[0], doctype), [name])

	def test_moving_out_counts_when_the_platform_is_switched_off_too(self):
		for desk, doctype in self.each():
			partner = build.make_contact("A Partner")
			self.move(self.units[0], self.contacts[0], partner)
			desk.household(self.units[0])
			platforms.only()
			self.move(self.units[0], self.contacts[0])
			self.assertEqual(platforms.customers_of(partner, doctype), [])

	def test_the_next_household_does_not_inherit_the_last_ones_tickets(self):
		for desk, doctype in self.each():
			old = desk.household(self.units[0])
			ticket = platforms.make_ticket(desk.DOCTYPE, "Private matter", contact=self.contacts[0], customer=old)
			newcomer = build.make_contact("A Newcomer")
			self.move(self.units[0], newcomer)
			new = desk.household(self.units[0])
			self.assertNotEqual(old, new)
			self.assertEqual(platforms.customers_of(newcomer, doctype), [new])
			self.assertEqual(platforms.customers_of(self.contacts[0], doctype), [])
			self.assertEqual(self.field(desk.DOCTYPE, ticket.name, "customer"), old)

	def test_a_unit_without_residents_has_none_and_a_deleted_one_leaves_it(self):
		for desk, doctype in self.each():
			unit = build.make_unit(self.property, "99Z", self.switches[0])
			self.assertIsNone(desk.household(unit))
			name = desk.household(self.units[0])
			frappe.delete_doc("Property Unit", self.units[0], ignore_permissions=True)
			self.assertFalse(self.field(doctype, name, "outage_unit"))
			self.assertEqual(platforms.customers_of(self.contacts[0], doctype), [])

	def test_neighbours_and_former_residents_do_not_see_the_ticket(self):
		"""By the helpdesk's own rule where it is installed; its rule is who is linked to the customer."""
		for desk, _doctype in self.each():
			partner = build.make_contact("A Partner")
			platforms.give_address(partner)
			self.move(self.units[0], self.contacts[0], partner)
			name = desk.household(self.units[0])
			desk.household(self.units[1])
			ticket = platforms.make_ticket(desk.DOCTYPE, "No power", contact=self.contacts[0], customer=name)
			self.move(self.units[0], self.contacts[0])
			self.assertEqual(self.who_sees(ticket, self.contacts[0], partner, self.contacts[1]), [self.contacts[0]])

	def who_sees(self, ticket, *people: str) -> list[str]:
		seen = []
		for contact in people:
			if platforms.is_real("HD Ticket") and ticket.doctype == "HD Ticket":
				from helpdesk.helpdesk.doctype.hd_ticket.hd_ticket import has_permission

				user = build.make_user(platforms.address_of(contact))
				with self.as_user(user):
					sees = has_permission(ticket, user)
			else:
				sees = ticket.customer in platforms.customers_of(contact, platforms.CUSTOMER_OF[ticket.doctype])
			if sees:
				seen.append(contact)
		return seen

	def test_somebody_else_made_it_meanwhile(self):
		"""This transaction's view is older than the other one's customer: the unique unit tells."""
		from outage_response.integrations import households

		for desk, doctype in self.each():
			name = desk.household(self.units[0])
			# its own view, the first look: nobody has it; under lock: somebody has
			with (
				patch.object(households, "of_unit", side_effect=[None, name]),
				patch.object(households, "_own", return_value=None),
			):
				self.assertEqual(desk.household(self.units[0]), name)
			self.assertEqual(frappe.db.count(doctype, {"outage_unit": self.units[0]}), 1)


class Leaving(PlatformTest):
	"""What uninstalling takes out of the platforms' tables, and what it leaves."""

	OURS = ("Outage Callback", "Outage Incident", "Trouble Call")

	def test_calls_and_notes_go_tickets_answers_and_telephony_stay(self):
		callback = self.callback()
		kept, gone = [], []
		for doctype, desk in DESKS.items():
			ticket = platforms.make_ticket(doctype, "No power", contact=self.contacts[0])
			desk.reply(str(ticket.name), "Supply is back.", self.property)
			desk.note(str(ticket.name), "Called back", "callback 1")
			kept.append((doctype, ticket.name))
			kept.append((desk.CUSTOMER, desk.household(self.units[0])))
		for doctype, log in LOGS.items():
			made = log.log_call(callback, "Reached", "well", self.clock.now, 1)
			gone.append(made)
			if doctype != "Communication":
				platforms.log_by_telephony(doctype, "exo-stays", callback.phone)
				kept.append(log.take_call("exo-stays", callback, "Reached", "well", 2))
		notes = frappe.get_all("FCRM Note", filters={"name": ("like", "OUTAGE-%")}, pluck="name")
		self.assertTrue(notes)
		uninstall._calls_and_notes(list(self.OURS))
		for doctype, name in kept:
			self.assertTrue(frappe.db.exists(doctype, name), (doctype, name))
		for doctype, name in [*gone, *(("FCRM Note", name) for name in notes)]:
			self.assertFalse(frappe.db.exists(doctype, name), (doctype, name))
		for doctype in DESKS:
			ticket = frappe.get_doc(*next(one for one in kept if one[0] == doctype))
			self.assertEqual(platforms.notes_on(ticket), [])
			self.assertEqual(len(platforms.answers_on(ticket)), 1)
		for doctype in ("CRM Call Log", "Call Log"):
			record = frappe.get_doc(doctype, "exo-stays")
			self.assertNotIn("Outage Callback", {name for name, _link in platforms.links_of(record)})
			self.assertFalse(record.get("reference_docname"))
			self.assertFalse(record.get("note"))
		self.assertFalse(frappe.db.exists("Dynamic Link", {"link_doctype": ("in", self.OURS)}))
