"""Several workers answer tickets: each reply is sent once."""

import frappe

from .. import platforms
from ..live import LiveTest, end_processes
from .contract import DESKS

setUpModule = platforms.bring


def tearDownModule():
	end_processes()
	platforms.take_away()


class SeveralWorkers(LiveTest):
	"""The same household wanted at the same moment, and a worker that is killed: other processes, committed."""

	def setUp(self):
		super().setUp()
		platforms.only("HD Ticket", "Issue")
		frappe.db.commit()
		self.addCleanup(self.sweep_platforms)

	def sweep_platforms(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")
		names = {
			doctype: frappe.get_all(doctype, filters={"contact": ("in", self.contacts)}, pluck="name")
			for doctype in DESKS
		}
		for doctype, desk in DESKS.items():
			tickets = [str(name) for name in names[doctype]]
			for table in ("Communication", "Email Queue"):
				frappe.db.delete(table, {"reference_doctype": doctype, "reference_name": ("in", tickets)})
			for table in ("Outage Ticket Reply", "Trouble Call"):
				frappe.db.delete(table, {"ticket_type": doctype, "ticket": ("in", tickets)})
			frappe.db.delete(doctype, {"name": ("in", names[doctype])})
			customers = frappe.get_all(desk.CUSTOMER, filters={"outage_unit": ("in", self.units)}, pluck="name")
			frappe.db.delete("Dynamic Link", {"link_doctype": desk.CUSTOMER, "link_name": ("in", customers)})
			frappe.db.delete(desk.CUSTOMER, {"name": ("in", customers)})
		platforms.set_settings(use_helpdesk=1, use_erpnext=1, use_crm=1)
		frappe.db.commit()

	def test_four_at_once_make_one_household(self):
		for doctype, desk in DESKS.items():
			with self.subTest(doctype, real=platforms.is_real(doctype)):
				arguments = {"ticket_doctype": doctype, "unit": self.units[0]}
				answers = self.at_once(
					[("Administrator", "outage_response.flows.callbacks.households.make", arguments) for _n in range(4)]
				)
				names = {answer["answer"] for answer in answers if "answer" in answer}
				self.assertEqual(len(names), 1, answers)
				found = self.rows(desk.CUSTOMER, outage_unit=self.units[0])
				self.assertEqual([row.name for row in found], sorted(names))
				self.assertEqual(platforms.customers_of(self.contacts[0], desk.CUSTOMER), sorted(names))

	def queued_reply(self, ticket) -> str:
		"""An answer to send. Tried a moment ago, so that the site's own jobs leave it alone."""
		now = frappe.utils.now()
		row = {
			"name": f"killed-{ticket.name}",
			"creation": now,
			"modified": now,
			"ticket_type": ticket.doctype,
			"ticket": str(ticket.name),
			"property": self.property,
			"kind": "Known",
			"status": "Queued",
			"tries": 1,
			"message": "We know of the power outage.",
			"dedupe_key": f"killed-{ticket.name}",
		}
		frappe.db.bulk_insert("Outage Ticket Reply", list(row), [tuple(row.values())])
		frappe.db.commit()
		return row["name"]

	def test_a_worker_killed_between_sending_and_recording(self):
		for doctype in DESKS:
			with self.subTest(doctype, real=platforms.is_real(doctype)):
				ticket = platforms.make_ticket(doctype, "No power", contact=self.contacts[0])
				frappe.db.commit()
				reply = self.queued_reply(ticket)
				send = "outage_response.flows.trouble.ticket_replies.send"
				killed = self.extra_process().begin(
					"Administrator",
					send,
					acts=[("kill", "outage_response.flows.trouble.ticket_replies.now_datetime", 1)],
					name=reply,
				)
				self.assertEqual(killed.go().result(), {"killed": True})
				self.assertEqual(self.rows("Outage Ticket Reply", ("status",), name=reply)[0].status, "Queued")
				self.assertEqual(platforms.answers_on(ticket), [])
				for _again in range(2):
					self.call("Administrator", send, name=reply)
				self.assertEqual(self.rows("Outage Ticket Reply", ("status",), name=reply)[0].status, "Sent")
				self.assertEqual(len(platforms.answers_on(ticket)), 1)
				self.sweep_platforms()
				platforms.only("HD Ticket", "Issue")
				frappe.db.commit()
