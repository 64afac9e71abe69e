"""A storm of tickets, written and read by several processes at once."""

import frappe

from .. import platforms
from ..base import set_settings
from ..live import LiveTest, delete_rows, end_processes
from ..world import make_roster, make_tower

tearDownModule = end_processes
WRITE, READ = "tests.site.another_process.write_tickets", "tests.site.another_process.read_tickets"
SETTINGS = "Outage Response Settings"
SWITCHED = ("use_helpdesk", "use_erpnext", "use_crm", "read_tickets", "reply_to_tickets")


class Storm(LiveTest):
	"""Tickets of one tower, written and read by several processes while the outage is being declared."""

	CLERKS, EACH, READERS = 3, 4, 2

	@classmethod
	def setUpClass(cls):
		platforms.bring()
		cls.addClassCleanup(platforms.take_away)
		before = {field: frappe.db.get_single_value(SETTINGS, field) for field in SWITCHED}
		cls.addClassCleanup(cls.switch, before)
		super().setUpClass()
		cls.switch({**dict.fromkeys(SWITCHED, 0), "use_helpdesk": 1, "read_tickets": 1, "reply_to_tickets": 1})

	@staticmethod
	def switch(values: dict) -> None:
		frappe.db.rollback()
		set_settings(**values)
		frappe.db.commit()
		frappe.clear_cache()

	@classmethod
	def build_world(cls) -> dict:
		world = make_tower(cls.property_name, floors=cls.CLERKS * cls.EACH // 2)
		make_roster(cls.property_name)
		return world

	def setUp(self):
		super().setUp()
		self.addCleanup(self.sweep_tickets)

	def sweep_tickets(self) -> None:
		frappe.db.rollback()
		tickets = [row.ticket for row in self.rows("Trouble Call", ("ticket",), property=self.property) if row.ticket]
		if tickets:
			# the bench's own workers may have sent the answers meanwhile
			answers = self.rows("Communication", reference_doctype="HD Ticket", reference_name=("in", tickets))
			delete_rows("Communication Link", parent=[row.name for row in answers])
			delete_rows("Communication", name=[row.name for row in answers])
			frappe.db.delete("HD Ticket", {"name": ("in", tickets)})
		for doctype in ("Outage Ticket Reply", "Outage Proposal"):
			frappe.db.delete(doctype, {"property": self.property})
		frappe.db.commit()

	def test_none_is_lost_and_none_is_there_twice(self):
		early = [*self.contacts[:2], *self.contacts[-2:]]  # from both shafts
		shares = [self.contacts[2:-2][first :: self.CLERKS] for first in range(self.CLERKS)]
		first = self.at_once([("Administrator", WRITE, {"contacts": early})])
		self.at_once([("Administrator", READ, {"property_name": self.property, "rounds": 1})])
		self.assertIn("answer", first[0], first[0].get("trace"))
		[proposal] = self.rows("Outage Proposal", property=self.property)
		results = self.at_once(
			[
				*[("Administrator", WRITE, {"contacts": share}) for share in shares],
				*[("Administrator", READ, {"property_name": self.property, "rounds": 6})] * self.READERS,
				("operator", "declare_proposal", {"proposal": proposal.name}),
			]
		)
		for result in results:
			self.assertIn("answer", result, result.get("trace"))
		self.at_once([("Administrator", READ, {"property_name": self.property, "rounds": 2})])
		incident = results[-1]["answer"]["incident"]
		self.assertEqual(self.incidents(), [incident])
		calls = self.rows("Trouble Call", ("ticket", "contact", "incident", "waiting"), property=self.property)
		self.assertEqual(sorted(call.contact for call in calls), sorted(self.contacts))
		self.assertEqual(len({call.ticket for call in calls}), len(self.contacts))
		self.assertEqual({(call.incident, call.waiting) for call in calls}, {(incident, 0)})
		self.assertEqual(
			[row.status for row in self.rows("Outage Proposal", ("status",), property=self.property)], ["Declared"]
		)
		replies = self.rows("Outage Ticket Reply", ("ticket", "kind"), property=self.property)
		self.assertEqual(sorted(reply.ticket for reply in replies), sorted(call.ticket for call in calls))
		shown = frappe.get_all("HD Ticket", filters={"outage_incident": incident}, pluck="name")
		self.assertEqual(len(shown), len(self.contacts))
		self.assert_whole(incident)
