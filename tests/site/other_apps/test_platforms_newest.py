"""The contracts of this folder with the versions that people install today: what they name, and whom they count as members,
is in other fields there."""

import frappe

from outage_response.flows.callbacks import telephony
from outage_response.flows.residents import personal_data
from outage_response.integrations import helpdesk, households

from .. import platforms, world
from . import test_call_logs, test_desks, test_households
from .contract import PlatformTest
from .test_desks import tearDownModule  # noqa: F401  pytest calls it

setUpModule = platforms.bring_newest


class Desks(test_desks.Desks):
	pass


class CallLogs(test_call_logs.CallLogs):
	pass


class Households(test_households.Households):
	pass


class Telephony(test_call_logs.Telephony):
	LOGS = (*test_call_logs.Telephony.LOGS, "TP Call Log")

	def test_a_call_of_helpdesks_telephony_says_whom_and_what_it_was_about(self):
		platforms.only("TP Call Log")
		callback = self.callback()
		log = platforms.log_by_telephony("TP Call Log", "exo-13", callback.phone)
		telephony.offer_calls()
		self.do("service", "log_attempt", callback.name, "Reached", call_record="exo-13")
		links = {("Contact", callback.contact), ("Outage Callback", callback.name)}
		log.reload()
		self.assertLessEqual(links, platforms.links_of(log))
		self.assertEqual((log.status, log.duration, log.get("from")), ("Completed", 42, "01088880000"))


class OwnStates(PlatformTest):
	"""A company names the states of its tickets; each has a category."""

	def setUp(self):
		super().setUp()
		platforms.only("HD Ticket")
		platforms.needs(self, "HD Ticket", "status", "Link")
		self.ticket = platforms.make_ticket("HD Ticket", "No power in 1A", "No power", self.contacts[0])

	def state(self, name: str, category: str, **more) -> str:
		row = {"doctype": helpdesk.STATUS, "label_agent": name, "label_customer": name, "category": category}
		return frappe.get_doc({**row, "enabled": 1, "order": 9, **more}).insert(ignore_permissions=True).name

	def put(self, state: str) -> None:
		frappe.db.set_value("HD Ticket", self.ticket.name, "status", state)

	def test_open_by_category(self):
		for name, category, still in (
			("In Progress", "Open", True),
			("Waits for Us", "Paused", True),
			("Done", "Resolved", False),
		):
			self.put(self.state(name, category))
			self.assertEqual(helpdesk.is_open(str(self.ticket.name)), still, name)

	def test_resolved_has_another_name(self):
		frappe.db.delete(helpdesk.STATUS, {"name": "Resolved"})
		self.state("Geloest", "Resolved", order=1)
		helpdesk.resolve(str(self.ticket.name))
		self.assertEqual(self.field("HD Ticket", self.ticket.name, "status"), "Geloest")
		self.assertEqual(self.field("HD Ticket", self.ticket.name, "status_category"), "Resolved")

	def test_what_is_disabled_is_not_taken(self):
		frappe.db.set_value(helpdesk.STATUS, "Resolved", "enabled", 0)
		helpdesk.resolve(str(self.ticket.name))
		self.assertEqual(self.field("HD Ticket", self.ticket.name, "status"), "Closed")
		self.put("Open")
		frappe.db.set_value(helpdesk.STATUS, "Closed", "enabled", 0)
		with self.refused("category Resolved"):
			helpdesk.resolve(str(self.ticket.name))


class Members(PlatformTest):
	"""Who belongs to a household stands in the customer's own table as well."""

	def setUp(self):
		super().setUp()
		platforms.only("HD Ticket")
		platforms.needs(self, "HD Customer", "contacts", "Table")

	def test_who_moves_out_is_taken_out_of_both(self):
		unit = self.units[0]
		customer = helpdesk.household(unit)
		self.assertEqual(platforms.customers_of(self.contacts[0], "HD Customer"), [customer])
		doc = frappe.get_doc("Property Unit", unit)
		doc.append("residents", {"contact": self.contacts[1]})
		doc.save()
		self.assertEqual(platforms.customers_of(self.contacts[1], "HD Customer"), [customer])
		doc.residents = [row for row in doc.residents if row.contact != self.contacts[1]]
		doc.save()
		self.assertEqual(platforms.customers_of(self.contacts[1], "HD Customer"), [])
		self.assertEqual(platforms.customers_of(self.contacts[0], "HD Customer"), [customer])

	def test_whose_data_are_erased_is_taken_out_of_both(self):
		helpdesk.household(self.units[0])
		self.assertTrue(platforms.customers_of(self.contacts[0], "HD Customer"))
		with self.as_user("manager"):
			personal_data.erase_resident_data(self.contacts[0])
		self.assertEqual(platforms.customers_of(self.contacts[0], "HD Customer"), [])

	def test_a_customer_of_others_is_no_household(self):
		"""Whose tickets they would see: a customer with a member who lives elsewhere."""
		other = frappe.get_doc({"doctype": "HD Customer", "customer_name": "Two Families"})
		for contact in (self.contacts[0], self.contacts[1]):
			other.append("contacts", {"contact_name": contact})
		other.insert(ignore_permissions=True)
		self.assertNotEqual(helpdesk.household(self.units[0]), other.name)
		self.assertEqual(households.of_contact("HD Customer", self.contacts[0])[-1], "Two Families")

	def test_nobody_chooses_a_home_before_a_cry_for_help(self):
		"""Helpdesk refuses a ticket of its portal that names none of several customers."""
		world.make_user(world.user("two_homes"))
		# the one contact of this login: Frappe may have made one with it
		frappe.db.set_value("Contact", {"user": world.user("two_homes")}, "user", None)
		contact = frappe.get_doc("Contact", self.contacts[0])
		contact.user = world.user("two_homes")
		# else Frappe makes a second contact when it is given its role for the portal
		contact.append("email_ids", {"email_id": contact.user})
		contact.save(ignore_permissions=True)
		second = frappe.get_doc("Property Unit", self.units[1])
		second.append("residents", {"contact": self.contacts[0]})
		second.save()
		first, other = helpdesk.household(self.units[0]), helpdesk.household(self.units[1])
		for text, customer in (
			("No power at all", min(first, other)),
			(f"No power in {frappe.db.get_value('Property Unit', self.units[1], 'unit_no')}", other),
			(f"No power in {frappe.db.get_value('Property Unit', self.units[0], 'unit_no')}", first),
		):
			with self.subTest(text):
				frappe.set_user(world.user("two_homes"))
				ticket = platforms.make_ticket("HD Ticket", "Help", text, self.contacts[0])
				frappe.set_user("Administrator")
				self.assertEqual(ticket.customer, customer)

	def test_a_residents_login_may_use_the_portal(self):
		"""Whichever comes first: moving in, or the login."""
		if not frappe.db.exists("Role", helpdesk.PORTAL_ROLE):
			frappe.get_doc({"doctype": "Role", "role_name": helpdesk.PORTAL_ROLE, "desk_access": 0}).insert()
		logins = {}
		for name in ("first", "second", "stranger"):
			logins[name] = world.make_user(world.user(f"portal_{name}"))
			frappe.db.set_value("User", logins[name], "user_type", "Website User")
			frappe.db.set_value("Contact", {"user": logins[name]}, "user", None)
		contact = frappe.get_doc("Contact", self.contacts[0])
		contact.user = logins["first"]
		contact.save(ignore_permissions=True)
		other = world.make_contact("Moves in with a login", "13955550077")
		frappe.db.set_value("Contact", other, "user", logins["second"])
		self.assertNotIn(helpdesk.PORTAL_ROLE, frappe.get_roles(logins["second"]))
		unit = frappe.get_doc("Property Unit", self.units[2])
		unit.append("residents", {"contact": other})
		unit.save()
		alone = frappe.get_doc("Contact", world.make_contact("Lives nowhere here", "13955550078"))
		alone.user = logins["stranger"]
		alone.save(ignore_permissions=True)
		for name, may in (("first", True), ("second", True), ("stranger", False)):
			frappe.clear_cache(user=logins[name])
			self.assertEqual(helpdesk.PORTAL_ROLE in frappe.get_roles(logins[name]), may, name)
