"""What a resident is told of their own home, and who else may know."""

from datetime import timedelta
from unittest.mock import patch

import frappe
import frappe.share

from outage_response.api import portal
from outage_response.flows.facts import homes_of_people

from .. import platforms
from .. import world as build
from ..trouble.tickets import TicketTest

setUpModule = platforms.bring
tearDownModule = platforms.take_away


class AtHome(TicketTest):
	"""Residents 0 to 3 live on shaft A, floors 1 to 4; 4 to 7 on shaft B."""

	def login(self, index: int) -> str:
		"""The login of a resident: by the address of their contact."""
		return build.make_user(platforms.address_of(self.contacts[index]))

	def known(self, index: int) -> list[dict]:
		with self.as_user(self.login(index)):
			return portal.known()

	def test_residents_are_told_of_their_own_home_alone(self):
		etr = self.clock.now + timedelta(hours=2)
		self.declare(nodes=[self.shafts[0]], etr=etr)
		[said] = self.known(0)
		self.assertEqual((said["kind"], said["units"], said["until"]), ("out", ["1A"], str(etr)))
		self.assertNotIn("2A", str(said))
		self.assertEqual(self.known(4), [])

	def test_the_contact_is_found_by_the_login_too(self):
		self.declare(nodes=[self.shafts[0]])
		address = build.make_user("another.address@residents.example.com")
		with self.as_user(address):
			self.assertEqual(portal.known(), [])
		frappe.db.set_value("Contact", self.contacts[0], "user", address)
		with self.as_user(address):
			self.assertEqual([row["units"] for row in portal.known()], [["1A"]])

	def test_visitors_are_told_nothing(self):
		self.declare()
		ticket = self.write("Issue", 0)
		with self.as_user("Guest"):
			for call in (
				portal.known,
				lambda: portal.of_ticket("Issue", str(ticket.name)),
				lambda: portal.want_updates("Issue", str(ticket.name)),
			):
				with self.assertRaises(frappe.PermissionError), self.request():
					call()

	def test_a_floor_that_is_back_reads_so_while_the_rest_is_dark(self):
		incident = self.declare(nodes=[self.shafts[0]])
		self.clock.move(10)
		self.do("engineer", "supply_back", incident, [self.switches[0]])
		self.assertEqual([row["kind"] for row in self.known(0)], ["back"])
		self.assertEqual([row["kind"] for row in self.known(1)], ["out"])
		self.clock.move(61)
		self.assertEqual(self.known(0), [])

	def test_planned_work_is_told_a_day_ahead(self):
		start = self.clock.now + timedelta(hours=23)
		self.declare("III", [self.shafts[0]], planned_start=start, planned_end=start + timedelta(hours=2))
		later = self.clock.now + timedelta(hours=30)
		self.declare("III", [self.shafts[1]], planned_start=later, planned_end=later + timedelta(hours=2))
		self.assertEqual([row["kind"] for row in self.known(0)], ["planned"])
		self.assertEqual(self.known(4), [])

	def test_drills_and_cancelled_outages_are_not_told(self):
		self.declare(nodes=[self.shafts[0]], is_drill=True)
		frappe.db.set_value("Outage Incident", self.declare(nodes=[self.shafts[1]]), "status", "Cancelled")
		self.assertEqual(self.known(0) + self.known(4), [])

	def test_a_passed_time_is_not_promised_again(self):
		self.declare(nodes=[self.shafts[0]], etr=self.clock.now + timedelta(minutes=30))
		self.clock.move(40)
		self.assertIn("was expected", self.known(0)[0]["text"])

	def test_one_home_that_stays_dark_is_told_and_its_neighbour_is_not(self):
		incident = self.declare(nodes=[self.switches[0]])
		self.restore(incident)
		self.log(incident, 0, "Still Out")
		self.assertEqual([row["kind"] for row in self.known(0)], ["out"])
		self.assertEqual(self.known(1), [])

	def test_the_own_ticket_and_no_other(self):
		for doctype in self.each():
			incident = self.declare(nodes=[self.shafts[0]])
			mine, other = self.write(doctype, 0), self.write(doctype, 1)
			self.read()
			who = self.login(0)
			for ticket in (mine, other):  # even where somebody may read a neighbour's ticket
				flags = {"ignore_share_permission": True}
				frappe.share.add_docshare(doctype, str(ticket.name), user=who, flags=flags)
			with self.as_user(who), self.may_read():
				self.assertIn("not known", portal.of_ticket(doctype, str(mine.name))["label"])
				self.assertEqual(portal.of_ticket(doctype, str(other.name)), {})
				with self.request():
					portal.want_updates(doctype, str(mine.name))
				with self.refused("Ticket"), self.request():
					portal.want_updates(doctype, str(other.name))
			self.assertEqual((self.call_of(mine).wants_updates, self.call_of(other).wants_updates), (1, 0))
			self.do("engineer", "set_etr", incident, self.clock.now + timedelta(hours=1))
			self.assertEqual((self.kinds_of(mine), self.kinds_of(other)), (["ETR", "Known"], ["Known"]))

	def may_read(self):
		"""Whatever the desk's own rule is: the stand-ins of the tests have none for residents."""
		return patch("frappe.has_permission", return_value=True)

	def test_so_many_requests_a_minute_and_no_more(self):
		who = self.login(0)
		request = frappe._dict(method="POST")
		counts = iter(range(1, 100))
		with self.as_user(who), patch.object(frappe.local, "request", request, create=True):
			with patch.object(portal, "count", lambda name, who: next(counts)):
				for _turn in range(portal.A_MINUTE):
					portal.known()
				with self.assertRaises(frappe.RateLimitExceededError):
					portal.known()
			with patch.object(type(frappe.cache), "incrby", side_effect=OSError, create=True):  # Redis is away
				self.assertEqual(portal.known(), [])

	def test_contacts_of_a_user_without_any(self):
		self.assertEqual(homes_of_people.homes_of(homes_of_people.contacts_of("Administrator")), [])
