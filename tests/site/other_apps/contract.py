"""The platforms by name, and an outage in a tower whose residents have addresses."""

import frappe

from outage_response.integrations import contacts, crm, erpnext, helpdesk

from .. import platforms
from .. import world as build
from ..base import SiteTest

DESKS = {"HD Ticket": helpdesk, "Issue": erpnext}
LOGS = {"CRM Call Log": crm, "Call Log": erpnext, "Communication": contacts}


class PlatformTest(SiteTest):
	"""A tower whose residents have addresses, and an outage in it."""

	@classmethod
	def build_world(cls):
		world = build.make_tower(cls.__name__, floors=3)
		build.make_roster(world["property"], cls.now)
		for contact in world["contacts"]:
			platforms.give_address(contact)
		return world

	def callback(self, index: int = 0):
		"""The callback of a resident after an outage that is over."""
		incident = self.declare(nodes=[self.switches[index]])
		self.do("engineer", "supply_back", incident)
		name = frappe.db.get_value("Outage Callback", {"incident": incident, "contact": self.contacts[index]})
		return frappe.get_doc("Outage Callback", name)
