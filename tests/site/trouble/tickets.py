"""Tickets of every desk, from a tower whose residents have logins."""

import contextlib
from datetime import timedelta
from unittest.mock import patch

import frappe

from outage_response.flows.trouble import proposals, ticket_intake, ticket_replies, tickets_follow
from outage_response.integrations import erpnext, helpdesk

from .. import platforms
from .. import world as build
from ..base import SiteTest

DESKS = {"HD Ticket": helpdesk, "Issue": erpnext}


class TicketTest(SiteTest):
	"""A tower whose residents have addresses. The clock stands near the machine's, by which Frappe stamps tickets: ahead of it
	by more than a class takes, so that none comes from the future, and by less than the reader looks back."""

	@classmethod
	def setUpClass(cls):
		cls.now = frappe.utils.now_datetime().replace(microsecond=0) + timedelta(minutes=10)
		super().setUpClass()

	@classmethod
	def build_world(cls):
		world = build.make_tower(cls.__name__, floors=4)
		build.make_roster(world["property"], cls.now)
		for contact in world["contacts"]:
			platforms.give_address(contact)
		return world

	def setUp(self):
		super().setUp()
		platforms.set_settings(
			read_tickets=1, reply_to_tickets=1, proposal_threshold=3, call_window_minutes=60, old_ticket_hours=6,
			tickets_read_until=self.now,
		)  # fmt: skip

	def each(self):
		for doctype in DESKS:
			platforms.only(doctype)
			with self.subTest(doctype, real=platforms.is_real(doctype)):
				frappe.db.savepoint("each_desk")
				self.clock.now = self.now
				yield doctype
				frappe.db.rollback(save_point="each_desk")

	def write(self, doctype: str, index: int, subject: str = "No power", text: str = "", **values):
		"""A resident writes a ticket."""
		return platforms.make_ticket(doctype, subject, text, self.contacts[index], **values)

	def read(self) -> None:
		"""What the job does, in this transaction."""
		cursor = None
		while True:
			cursor = ticket_intake.read_unread(cursor)
			if self.property in proposals.properties_with_waiting_calls():
				proposals.place_calls(self.property)
			if not cursor:
				return

	def send(self) -> None:
		for name in ticket_replies.queued(1000):
			if frappe.db.get_value("Outage Ticket Reply", name, "property") == self.property:
				ticket_replies.send(name)

	def resolve(self) -> None:
		for name in tickets_follow.to_resolve():
			tickets_follow.resolve(name)

	def call_of(self, ticket):
		"""The trouble call that a ticket became."""
		found = frappe.get_all(
			"Trouble Call", filters={"ticket_type": ticket.doctype, "ticket": str(ticket.name)}, fields=["*"]
		)
		self.assertEqual(len(found), 1, f"{ticket.doctype} {ticket.name}: {len(found)} calls")
		return found[0]

	def no_calls(self) -> bool:
		return not frappe.db.count("Trouble Call", {"property": self.property})

	@contextlib.contextmanager
	def after_commit(self):
		"""What is asked for after the commit."""
		asked = []
		with patch.object(frappe.local.db, "after_commit", frappe._dict(add=asked.append)):
			yield asked

	def replies(self, ticket, **filters) -> list:
		return frappe.get_all(
			"Outage Ticket Reply",
			filters={"ticket_type": ticket.doctype, "ticket": str(ticket.name), **filters},
			fields=["name", "kind", "status", "tries", "message", "error"],
			order_by="creation asc, name asc",
		)

	def kinds_of(self, ticket) -> list[str]:
		"""Sorted: the clock stands still, so that nothing tells which was first."""
		return sorted(row.kind for row in self.replies(ticket))

	def status(self, ticket) -> str:
		return self.field(ticket.doctype, ticket.name, "status")

	def restore(self, incident: str) -> None:
		self.do("engineer", "supply_back", incident)

	def log(self, incident: str, index: int, outcome: str) -> dict:
		name = frappe.db.get_value("Outage Callback", {"incident": incident, "contact": self.contacts[index]})
		return self.do("service", "log_attempt", name, outcome)
