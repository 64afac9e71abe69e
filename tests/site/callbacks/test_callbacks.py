"""Callbacks: order, sample, attempts, calling hours, the record in the CRM (clause 5.3.3, invariant 7)."""

from datetime import timedelta

import frappe
from frappe.utils import get_datetime

from outage_response.flows.callbacks import attempts, call_queue, open_callbacks
from outage_response.flows.facts import power_and_assets
from outage_response.flows.verb.engine import Act
from outage_response.flows.verb.locking import lock_incident

from .. import world as build
from ..base import SiteTest, set_settings


class Callbacks(SiteTest):
	now = build.NIGHT.replace(hour=10)

	@classmethod
	def build_world(cls):
		world = build.make_community("Calling Community", buildings=2, units_each=4)
		build.make_roster(world["property"], cls.now)
		return world

	def restored(self, **kwargs) -> str:
		name = self.declare(nodes=self.panels, **kwargs)
		self.clock.move(20)
		self.do("operator", "supply_back", name)
		return name

	def rows(self, name: str) -> dict:
		return {row.contact: row for row in frappe.get_all("Outage Callback", {"incident": name}, ["*"])}

	def test_the_most_urgent_are_called_first(self):
		"""Trapped or hurt, care, reported, others."""
		with self.as_user("service"):
			from outage_response.flows.residents.who_depends_on_power import set_care_need

			set_care_need(self.units[4], self.contacts[4], "oxygen", 60)
		name = self.declare(nodes=self.panels)
		self.do("service", "record_call", self.property, unit=self.units[2], contact=self.contacts[2])
		self.do("service", "record_call", self.property, unit=self.units[6], contact=self.contacts[6], danger=True)
		self.clock.move(20)
		self.do("operator", "supply_back", name)
		rows = self.rows(name)
		self.assertEqual(
			[rows[self.contacts[index]].reason for index in (6, 4, 2, 0)],
			["Life safety", "Care", "Reported", "Standard"],
		)
		with self.as_user("service"):
			queue = [row.contact for row in attempts.queue(name)]
		self.assertEqual(queue[:3], [self.contacts[6], self.contacts[4], self.contacts[2]])
		self.assertEqual(len(queue), 8)
		self.assertEqual([row["contact"] for row in self.post("service", "get_callback_queue", incident=name)], queue)

	def test_the_phone_number_is_the_contacts(self):
		name = self.restored()
		self.assertEqual(self.rows(name)[self.contacts[0]].phone, "13900001001")

	def test_a_sample_leaves_standard_ones_out_and_nobody_else(self):
		set_settings(callback_sample_percent=0)
		name = self.declare(nodes=self.panels)
		self.do("service", "record_call", self.property, unit=self.units[2], contact=self.contacts[2])
		self.do("operator", "supply_back", name)
		states = {contact: row.status for contact, row in self.rows(name).items()}
		self.assertEqual(states.pop(self.contacts[2]), "Pending")
		self.assertEqual(set(states.values()), {"Not Required"})

	def test_nobody_is_called_at_night_but_those_in_danger(self):
		self.clock.now = self.now.replace(hour=22)
		name = self.declare(nodes=self.panels)
		self.do("service", "record_call", self.property, unit=self.units[6], contact=self.contacts[6], danger=True)
		self.clock.move(20)
		self.do("operator", "supply_back", name)
		rows = self.rows(name)
		self.assertMoment(rows[self.contacts[6]].next_attempt_at, self.clock.now)
		self.assertMoment(rows[self.contacts[0]].next_attempt_at, self.now.replace(day=self.now.day + 1, hour=8))
		with self.as_user("service"):
			self.assertEqual([row.contact for row in attempts.queue(name)], [self.contacts[6]])

	def test_attempts_their_gap_and_their_end(self):
		set_settings(callback_max_attempts=2, callback_retry_minutes=90)
		name = self.restored()
		row = self.rows(name)[self.contacts[0]].name
		first = self.do("service", "log_attempt", row, "No Answer")
		self.assertEqual(first["callback_status"], "No Answer")
		self.assertMoment(get_datetime(first["next_attempt_at"]), self.clock.now + timedelta(minutes=90))
		self.assertNotIn(row, [each["name"] for each in attempts.queue(name)])
		self.clock.move(90)
		self.assertIn(row, [each["name"] for each in attempts.queue(name)])
		second = self.do("service", "log_attempt", row, "No Answer")
		self.assertEqual((second["callback_status"], second["next_attempt_at"]), ("Exhausted", ""))
		with self.refused("Status"):
			self.do("service", "log_attempt", row, "Reached")

	def test_the_step_is_done_when_every_callback_has_ended(self):
		set_settings(callback_max_attempts=1)
		name = self.restored()
		outcomes = ["Reached", "Refused", "No Answer", "Reached", "Reached", "Reached", "Reached"]
		rows = [row.name for row in self.rows(name).values()]
		for row, outcome in zip(rows, outcomes, strict=False):
			self.do("service", "log_attempt", row, outcome)
			self.assertEqual(self.task(name, "call_back_residents").status, "Open")
		self.do("service", "log_attempt", rows[-1], "Reached", satisfaction=5)
		self.assertEqual(self.task(name, "call_back_residents").status, "Done")

	def test_the_step_is_not_ticked_off_by_hand(self):
		name = self.restored()
		with self.refused("round of callbacks"):
			self.do("service", "complete", self.task(name, "call_back_residents").name)

	def test_the_record_is_on_the_contacts_timeline(self):
		name = self.restored()
		row = self.rows(name)[self.contacts[0]].name
		record = self.do("service", "log_attempt", row, "Reached", note="<b>well</b> & happy")["crm_record"]
		doc = frappe.get_doc("Communication", record)
		self.assertEqual((doc.reference_doctype, doc.reference_name), ("Outage Callback", row))
		self.assertEqual(
			[(link.link_doctype, link.link_name) for link in doc.timeline_links], [("Contact", self.contacts[0])]
		)
		self.assertNotIn("<b>", doc.content)
		self.assertIn(name, doc.subject)

	def test_two_contacts_that_are_one_person_become_one_callback(self):
		name = self.restored()
		old, new = self.contacts[0], self.contacts[1]
		before = self.rows(name)
		called = self.do("service", "log_attempt", before[old].name, "No Answer", note="rang out")
		self.do("service", "log_attempt", before[new].name, "Reached")
		frappe.rename_doc("Contact", old, new, merge=True, force=True)
		rows = self.rows(name)
		kept = frappe.get_doc("Outage Callback", rows[new].name)
		self.assertEqual((kept.name, kept.status), (before[old].name, "No Answer"), "the one still to be made")
		self.assertEqual({row.unit for row in kept.units}, {self.units[0], self.units[1]})
		self.assertEqual([row.outcome for row in kept.attempts], ["No Answer", "Reached"])
		self.assertEqual(frappe.db.count("Communication", {"reference_name": kept.name}), 2)
		self.assertTrue(called["crm_record"])
		other = frappe.get_doc("Outage Callback", before[new].name)
		self.assertEqual((other.contact, other.status, other.units, other.attempts), (None, "Not Required", [], []))
		self.assertIn(kept.name, other.outcome)
		self.assertEqual(self.do("service", "log_attempt", kept.name, "Reached")["callback_status"], "Reached")

	def test_a_contact_that_was_erased_by_force_does_not_keep_its_callback_open(self):
		name = self.restored()
		row = self.rows(name)[self.contacts[0]].name
		frappe.delete_doc("Contact", self.contacts[0], force=True, ignore_permissions=True)
		for outcome in ("No Answer", "Reached"):
			answer = self.do("service", "log_attempt", row, outcome)
			self.assertTrue(answer["crm_record"])
		self.assertEqual(answer["callback_status"], "Reached")

	def test_what_an_attempt_may_not_say(self):
		name = self.restored()
		row = self.rows(name)[self.contacts[0]].name
		for kwargs, word in (
			({"outcome": "Maybe"}, "Outcome"),
			({"outcome": "Reached", "satisfaction": 6}, "Satisfaction"),
			({"outcome": "Reached", "satisfaction": 0}, "Satisfaction"),
			({"outcome": "Reached", "duration": -1}, "Duration"),
			({"outcome": "Reached", "duration": 4 * 60 * 60 + 1}, "Duration"),
			({"outcome": "Reached", "occurred_at": str(self.clock.now + timedelta(hours=1))}, "Occurred At"),
			({"outcome": "Reached", "occurred_at": "1999-01-01 00:00:00"}, "before the outage was reported"),
		):
			with self.subTest(**kwargs), self.refused(word):
				self.do("service", "log_attempt", row, **kwargs)
		with self.refused("Callback", error=frappe.DoesNotExistError):
			self.do("service", "log_attempt", "nothing", "Reached")
		with self.refused(error=frappe.PermissionError):
			self.do("guard1", "log_attempt", row, "Reached")


class WhoIsCalled(Callbacks):
	"""By whom and about whom something was said, not by who happens to answer for the household."""

	def back(self, name: str) -> dict:
		self.clock.move(20)
		self.do("operator", "supply_back", name)
		return self.rows(name)

	def units_of(self, row) -> list[str]:
		return [unit.unit for unit in frappe.get_doc("Outage Callback", row.name).units]

	def test_the_household_of_somebody_who_depends_on_power(self):
		from outage_response.flows.residents.who_depends_on_power import set_care_need

		grandfather = build.make_contact("Grandfather")
		build.add_resident(self.units[0], grandfather)
		set_care_need(self.units[0], grandfather, "oxygen", 60)
		rows = self.back(self.declare(nodes=self.panels))
		self.assertEqual(rows[self.contacts[0]].reason, "Care")
		self.assertNotIn(grandfather, rows)

	def test_the_household_that_a_nameless_caller_spoke_of(self):
		set_settings(callback_sample_percent=0)
		name = self.declare(nodes=self.panels)
		self.do("service", "record_call", self.property, unit=self.units[0], phone="139")
		self.do("service", "record_call", self.property, unit=self.units[1], phone="139", danger=True)
		rows = self.back(name)
		self.assertEqual([rows[self.contacts[index]].reason for index in (0, 1)], ["Reported", "Life safety"])
		self.assertEqual(
			[rows[self.contacts[index]].status for index in (0, 1, 2)], ["Pending", "Pending", "Not Required"]
		)

	def test_a_visitor_who_was_trapped(self):
		"""No unit of theirs is known: they are called when supply is back everywhere."""
		visitor = build.make_contact("A visitor", "13900009999")
		name = self.declare(nodes=self.panels)
		self.do("operator", "report_trapped", name, self.elevators[0], "two people", visitor)
		self.clock.move(20)
		self.do("operator", "supply_back", name, [self.panels[0]])
		self.assertNotIn(visitor, self.rows(name))
		row = self.back(name)[visitor]
		self.assertEqual((row.reason, row.status, row.phone), ("Life safety", "Pending", "13900009999"))
		self.assertEqual(self.units_of(row), [])
		with self.refused("Outcome"):
			self.do("service", "log_attempt", row.name, "Still Out")
		self.do("service", "log_attempt", row.name, "Reached")

	def test_somebody_from_elsewhere_is_called_when_the_unit_they_spoke_of_is_back(self):
		daughter = build.make_contact("A daughter")
		name = self.declare(nodes=self.panels)
		self.do("service", "record_call", self.property, unit=self.units[4], contact=daughter)
		self.do("operator", "supply_back", name, [self.panels[0]])
		self.assertNotIn(daughter, self.rows(name))
		self.do("operator", "supply_back", name, [self.panels[1]])
		row = self.rows(name)[daughter]
		self.assertEqual((row.reason, self.units_of(row)), ("Reported", [self.units[4]]))

	def nameless(self, name: str) -> list:
		return [row for row in frappe.get_all("Outage Callback", {"incident": name}, ["*"]) if not row.contact]

	def test_a_caller_of_whom_only_the_number_is_known(self):
		"""Called back by that number, once, whatever they call about and however they write it; nobody invents a contact."""
		set_settings(callback_sample_percent=0)
		contacts = frappe.db.count("Contact")
		name = self.declare(nodes=self.panels)
		for number in ("+86 139-7777-8888", "13977778888"):
			self.do("service", "record_call", self.property, power_node=self.panels[0], phone=number, danger=False)
		self.do("operator", "supply_back", name, [self.panels[1]])
		self.assertEqual(self.nameless(name), [])
		self.do("operator", "supply_back", name, [self.panels[0]])
		(row,) = self.nameless(name)
		self.assertEqual((row.reason, row.status), ("Reported", "Pending"))
		self.assertIn(row.phone, ("+86 139-7777-8888", "13977778888"))
		self.assertEqual(frappe.db.count("Contact"), contacts)
		with self.as_user("service"):
			(line,) = [line for line in call_queue.queue(name) if line["name"] == row.name]
			self.assertEqual(call_queue.about(line["doctype"], line["name"])["phone"], row.phone)
		answer = self.do("service", "log_attempt", row.name, "Reached")
		self.assertEqual(answer["callback_status"], "Reached")
		self.assertFalse(frappe.get_doc("Communication", answer["crm_record"]).timeline_links)

	def test_a_caller_who_turns_out_to_be_a_contact_is_one_callback(self):
		name = self.declare(nodes=self.panels)
		for number in ("13977778888", "13966665555"):
			self.do("service", "record_call", self.property, power_node=self.panels[0], phone=number)
		self.do("operator", "supply_back", name)
		self.assertEqual(len(self.nameless(name)), 2)
		daughter = build.make_contact("A daughter", "13977778888")
		doc = frappe.get_doc("Contact", self.contacts[0])  # who is called already
		doc.append("phone_nos", {"phone": "13966665555"})
		doc.save(ignore_permissions=True)
		open_callbacks.open_ready(
			Act("attach_calls", self.clock.now, self.clock.now, incident=lock_incident(name)),
			power_and_assets.read(self.property),
		)
		self.assertEqual([row.status for row in self.nameless(name)], ["Not Required"])
		self.assertEqual(self.rows(name)[daughter].status, "Pending")
		self.assertEqual(len(self.rows(name)), 8 + 1 + 1)

	def test_whose_supply_goes_again_waits_until_it_is_back(self):
		name = self.declare(nodes=self.panels)
		self.clock.move(20)
		self.do("operator", "supply_back", name, [self.panels[0]])
		self.clock.move(5)
		self.do("engineer", "extend_scope", name, [self.panels[0]])
		with self.as_user("service"):
			self.assertEqual(attempts.queue(name), [])
		self.assertEqual({row.status for row in self.rows(name).values()}, {"Pending"})
		self.clock.move(15)
		self.do("operator", "supply_back", name, [self.panels[0]])
		with self.as_user("service"):
			self.assertEqual([row.contact for row in attempts.queue(name)], sorted(self.contacts[:4]))
		self.assertMoment(self.rows(name)[self.contacts[0]].next_attempt_at, self.clock.now)


class NotReached(Callbacks):
	"""Coverage: who was in danger or depends on power does not silently fall off the list."""

	def unanswered(self) -> tuple[str, str]:
		"""An incident in which only the callback of somebody in danger is left, and nobody answers."""
		set_settings(callback_max_attempts=1, callback_sample_percent=0)
		name = self.declare(nodes=self.panels)
		self.do("service", "record_call", self.property, unit=self.units[6], contact=self.contacts[6], danger=True)
		self.do("operator", "supply_back", name)
		row = self.rows(name)[self.contacts[6]].name
		answer = self.do("service", "log_attempt", row, "No Answer")
		self.assertEqual(answer["callback_status"], "Unreached")
		self.assertMoment(answer["next_attempt_at"], self.clock.now + timedelta(minutes=120))
		return name, row

	def bells(self, who: str) -> int:
		return frappe.db.count("Notification Log", {"for_user": build.user(who), "subject": ("like", "%Not reached%")})

	def test_it_stays_with_an_alarm_until_somebody_decides(self):
		name, row = self.unanswered()
		self.assertEqual(self.bells("operator"), 1)
		self.assertIn("callback_unreached", self.kinds(name))
		self.clock.move(120)
		with self.as_user("service"):
			self.assertIn(row, [each["name"] for each in attempts.queue(name)])
		self.do("service", "log_attempt", row, "No Answer")
		self.assertEqual(self.bells("operator"), 1)
		self.assertEqual(self.task(name, "call_back_residents").status, "Open")
		with self.refused("Reason"):
			self.do("operator", "give_up_callback", row, " ")
		with self.refused(error=frappe.PermissionError):
			self.do("guard1", "give_up_callback", row, "nobody there")
		with self.refused("before the outage was reported"):
			self.do("operator", "give_up_callback", row, "nobody there", occurred_at="1999-01-01 00:00:00")
		given = self.do("operator", "give_up_callback", row, "A guard went: the flat is empty", request_id="enough")
		self.assertEqual(given["callback_status"], "Exhausted")
		again = self.do("operator", "give_up_callback", row, "A guard went: the flat is empty", request_id="enough")
		self.assertEqual(again, given)
		self.assertEqual(self.task(name, "call_back_residents").status, "Done")
		self.assertEqual(self.field("Outage Callback", row, "outcome"), "A guard went: the flat is empty")
		self.assertNotIn("A guard went", self.entry(name, "callback_given_up")["text"])

	def test_who_is_reached_after_all_needs_no_decision(self):
		name, row = self.unanswered()
		self.do("service", "log_attempt", row, "Reached")
		self.assertEqual(self.task(name, "call_back_residents").status, "Done")

	def test_only_what_was_tried_in_vain_is_given_up(self):
		name = self.restored()
		with self.refused("Status"):
			self.do("operator", "give_up_callback", self.rows(name)[self.contacts[0]].name, "because")

	def test_shares_of_settings_hold_for_each_reason(self):
		set_settings(callback_reported_percent=0)
		name = self.declare(nodes=self.panels)
		self.do("service", "record_call", self.property, unit=self.units[2], contact=self.contacts[2])
		self.do("operator", "supply_back", name)
		self.assertEqual(self.rows(name)[self.contacts[2]].status, "Not Required")


class EndWithTheIncident(Callbacks):
	"""Nobody is called back about an incident that has ended."""

	def waiting(self, name: str) -> list[str]:
		with self.as_user("service"):
			return [row.name for row in attempts.queue(name)]

	def test_cancelled(self):
		name = self.declare(nodes=self.panels)
		self.do("operator", "supply_back", name, [self.panels[0]])
		self.assertTrue(self.waiting(name))
		self.finish_steps(name, life_safety=1)
		self.do("operator", "cancel", name, "a test of the alarm")
		self.assertFalse(self.waiting(name))
		self.assertEqual({row.status for row in self.rows(name).values()}, {"Not Required"})
		self.assertIn("callbacks_dropped", self.kinds(name))

	def test_closed_by_the_general_manager(self):
		name = self.restored()
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		self.finish_steps(name)
		self.do("manager", "close", name, "nobody is at home in the holidays")
		self.assertFalse(self.waiting(name))
		self.assertEqual({row.status for row in self.rows(name).values()}, {"Exhausted"})
		with self.refused("Status"):
			self.do("service", "log_attempt", next(iter(self.rows(name).values())).name, "Reached")


for one in (WhoIsCalled, NotReached, EndWithTheIncident):
	for inherited in [name for name in dir(Callbacks) if name.startswith("test_")]:
		setattr(one, inherited, None)  # the world is shared, the tests are not
