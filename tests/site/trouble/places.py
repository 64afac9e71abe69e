"""Tickets by residents of two shafts, for tests of where a ticket belongs."""

from datetime import timedelta

import frappe

from .. import world as build
from .tickets import TicketTest


class PlaceTest(TicketTest):
	"""Residents 0 to 3 live on shaft A, floors 1 to 4; 4 to 7 on shaft B."""

	def bells(self, words: str, who: str = "operator") -> list[str]:
		said = frappe.get_all("Notification Log", filters={"for_user": build.user(who)}, pluck="subject")
		return [text for text in said if words in text]

	def written_at(self, ticket, minutes: float = 0):
		"""As if it was written that long after the test's clock."""
		moment = self.clock.now + timedelta(minutes=minutes)
		frappe.db.set_value(
			ticket.doctype, ticket.name, {"creation": moment, "modified": moment, "opening_date": None, "opening_time": None}
		)  # fmt: skip
		return ticket

	def proposals(self, **filters) -> list:
		return frappe.get_all(
			"Outage Proposal", filters={"property": self.property, **filters}, fields=["*"], order_by="creation, name"
		)

	def callback_of(self, incident: str, index: int):
		return frappe.db.get_value(
			"Outage Callback", {"incident": incident, "contact": self.contacts[index]}, ["status", "reason"]
		)
