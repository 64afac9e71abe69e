"""A whole tower is told while the mail server is away and workers die (invariant 10): for each contact and update one
message, or one line on the phone list; never two messages.

`OUTAGE_NOTICE_CONTACTS=2000` runs it at the size of a large property, with a round of the queue in each minute; it then
prints its figures.
"""

import os
import time
from collections import Counter

import frappe

from outage_response.flows.notices import server_patience

from ..letterbox import Letterbox
from ..live import DEAD_REDIS, LiveTest, end_processes, stand_still

tearDownModule = end_processes

AWAY = 10  # minutes for which the mail server is away
CONTACTS = int(os.environ.get("OUTAGE_NOTICE_CONTACTS") or 20)
MINUTES = range(1, AWAY + 1) if CONTACTS > 100 else (1, AWAY)  # of them, those in which the queue is tried
PATIENCE = 60 + CONTACTS  # seconds for one step
SEND = "__main__.send_bulk"
MAIL = "frappe.email.doctype.email_queue.email_queue.SendMailContext"


class Storm(LiveTest):
	"""Four of five have an e-mail address; the others are phoned."""

	@classmethod
	def build_world(cls) -> dict:
		world = super().build_world()
		cls.people = add_households(cls.property_name, world["switches"], CONTACTS)
		return world

	def setUp(self):
		super().setUp()
		stand_still(self.addCleanup)
		server_patience.answered(server_patience.MAIL)  # the site's own mail server may be away while this one is there
		frappe.db.commit()
		self.letterbox = Letterbox("@storm.example.com")  # the staff are rung by mail as well: another matter
		self.addCleanup(self.letterbox.server_close)
		self.addCleanup(self.letterbox.shutdown)
		queue = {"redis_queue": DEAD_REDIS["redis_queue"]}  # nobody else takes the jobs
		mail = {"mail_server": "127.0.0.1", "disable_mail_smtp_authentication": 1, "mute_emails": 0}
		self.working = self.extra_process(**queue, **mail, mail_port=self.letterbox.port)

	def run_in(self, process, method: str, who: str = "Administrator", ahead: int = 0, **arguments):
		result = process.begin(who, method, ahead=ahead, **arguments).go().expect("done", PATIENCE)
		self.assertIn("answer", result, result.get("trace"))
		return result["answer"]

	def kill_in(self, process, method: str, place: str, times: int) -> None:
		result = process.begin("Administrator", method, acts=[("kill", place, times)]).go().expect("done", PATIENCE)
		self.assertEqual(result, {"killed": True}, f"{method} never came to {place}")

	def deliveries(self) -> list:
		return self.rows(
			"Notice Delivery",
			("contact", "kind", "channel", "state", "phone_list", "email_queue"),
			property=self.property,
		)

	def test_one_message_or_one_line_for_each_contact(self):
		times, begun = {}, time.monotonic()

		def lap(name: str) -> None:
			nonlocal begun
			times[name], begun = round(time.monotonic() - begun, 1), time.monotonic()

		name = self.run_in(self.working, "declare", "operator", property=self.property, nodes=[self.room])["incident"]
		lap("declare")
		self.run_in(self.working, "send_notice", "service", incident=name, kind="First Word")
		lap("rows")
		with_mail = {person for person, address in self.people if address}
		# the mail server is away, and the first worker dies while it hands mails over: what it had not committed is not in
		# the queue
		self.letterbox.refuses = True
		self.kill_in(self.working, SEND, "outage_response.integrations.messages.queue_mail", len(with_mail) // 2)
		self.run_in(self.working, SEND)
		lap("handed over, one worker killed")
		self.assertTrue(all(row.email_queue for row in self.deliveries() if row.channel == "E-mail"))
		# the mail server stays away for ten minutes of the clock
		for minute in MINUTES:
			self.run_in(self.working, "__main__.send_mails", ahead=minute)
			self.run_in(self.working, SEND, ahead=minute)
		self.assertGreaterEqual(self.letterbox.refused, len(MINUTES))
		self.assertFalse(self.letterbox.received)
		self.letterbox.refuses = False
		lap("mail server away")
		# it is back, and the second worker dies between the server's word and its record
		self.kill_in(
			self.working, "__main__.send_mails", f"{MAIL}.update_recipient_status_to_sent", len(with_mail) // 4
		)
		for _round in range(12):
			self.run_in(self.working, SEND, ahead=AWAY)
			if not self.run_in(self.working, "__main__.send_mails", ahead=AWAY):
				break
		self.run_in(self.working, SEND, ahead=AWAY)
		lap("sent, one worker killed")
		result = self.working.begin("Administrator", SEND, ahead=AWAY + 12).go().result()  # the dead are found
		self.assertIn("answer", result, result.get("trace"))
		self.assert_each_once(name, with_mail)
		states = Counter((row.channel, row.state, row.phone_list) for row in self.deliveries())
		if CONTACTS > 100:
			print(
				f"\n{CONTACTS} contacts: {dict(states)}\nmails received: {sum(self.letterbox.received.values())}, twice: 0\nseconds: {times}"
			)

	def assert_each_once(self, name: str, with_mail: set) -> None:
		rows = [row for row in self.deliveries() if row.kind == "First Word"]
		per_contact = Counter(row.contact for row in rows)
		self.assertEqual(set(per_contact.values()), {1})
		self.assertEqual(len(rows), len(self.people) + len(self.contacts))
		self.assertEqual([one for one, count in self.letterbox.received.items() if count > 1], [])
		by_address = {address: person for person, address in self.people if address}
		got = {by_address[address] for address in self.letterbox.received}
		lines = {row.contact for row in rows if row.phone_list}
		self.assertEqual(got | lines, {row.contact for row in rows})  # everybody, by one of the two
		unknown = (
			got & lines
		)  # a worker died between the server's word and its record: the line says so, nobody can know
		self.assertLessEqual(len(unknown), 1)
		# each delivery is one thing: a message that was sent, or a line on the phone list
		self.assertEqual(
			{(row.channel, row.state, row.phone_list) for row in rows}, {("E-mail", "Sent", 0), ("Phone", "Queued", 1)}
		)
		self.assertEqual(len(self.rows("Outage Notice", incident=name, kind="First Word")), 1)


def add_households(property_name: str, nodes: list[str], count: int) -> list[tuple[str, str]]:
	"""(contact, e-mail or empty) of that many more homes; written in bulk."""
	now = frappe.utils.now_datetime()
	system = ("Administrator", "Administrator", now, now)
	people, contacts, units, residents = [], [], [], []
	for index in range(count):
		contact = f"{property_name} Household {index}"
		email = f"household{index}@storm.example.com" if index % 5 else ""
		people.append((contact, email))
		contacts.append((contact, *system, contact, email or None, f"139{index:08d}"))
		unit = f"{property_name}-H{index}"
		units.append((unit, *system, property_name, f"H{index}", index // 8 + 1, nodes[index % len(nodes)]))
		residents.append(
			(frappe.generate_hash(length=12), *system, unit, "Property Unit", "residents", 1, contact, 1, 1)
		)
	system_fields = ["name", "owner", "modified_by", "creation", "modified"]
	frappe.db.bulk_insert("Contact", [*system_fields, "first_name", "email_id", "mobile_no"], contacts)
	frappe.db.bulk_insert("Property Unit", [*system_fields, "property", "unit_no", "floor", "power_node"], units)
	frappe.db.bulk_insert(
		"Unit Resident",
		[*system_fields, "parent", "parenttype", "parentfield", "idx", "contact", "is_primary", "receives_notices"],
		residents,
	)
	return people
