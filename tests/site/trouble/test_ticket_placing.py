"""Which outage a ticket belongs to when it is not simply dark: planned, partly back, cancelled, still out; merged, waiting."""

from datetime import timedelta
from unittest.mock import patch

import frappe

from outage_response import jobs
from outage_response.flows.screens import command_centre
from outage_response.flows.trouble import proposals, ticket_intake

from .. import platforms
from .. import world as build
from .places import PlaceTest

setUpModule = platforms.bring
tearDownModule = platforms.take_away


class Standing(PlaceTest):
	def test_in_its_window_it_explains_and_outside_it_does_not(self):
		for doctype in self.each():
			start = self.clock.now + timedelta(hours=1)
			times = {"planned_by": "Property", "planned_start": start, "planned_end": start + timedelta(hours=2)}
			incident = self.declare("III", [self.shafts[0]], **times)
			early = self.written_at(self.write(doctype, 0))
			self.read()
			self.assertFalse(self.call_of(early).incident)
			self.clock.move(70)
			inside = self.written_at(self.write(doctype, 1))
			other = self.written_at(self.write(doctype, 5))
			self.read()
			self.assertEqual(self.call_of(inside).incident, incident)
			self.assertFalse(self.call_of(other).incident)
			self.assertIn("planned outage", self.replies(inside)[0].message)

	def test_its_tickets_wait_again_for_the_right_one(self):
		for doctype in self.each():
			wrong = self.declare(nodes=[self.shafts[0]])
			ticket = self.write(doctype, 0)
			said = self.do("service", "record_call", self.property, unit=self.units[1])
			self.read()
			self.assertEqual(self.call_of(ticket).incident, wrong)
			self.finish_steps(wrong, life_safety=1)
			with self.after_commit() as asked:
				self.do("operator", "cancel", wrong, "the other shaft")
			self.assertIn(ticket_intake.ask_for_a_job, asked)
			call = self.call_of(ticket)
			self.assertEqual((call.incident, call.waiting), (None, 1))
			self.assertFalse(self.field(doctype, ticket.name, "outage_incident"))
			right = self.declare(nodes=[self.room])
			self.read()
			self.assertEqual(self.call_of(ticket).incident, right)
			self.assertEqual(self.field("Trouble Call", said["call"], "incident"), right)
			self.assertEqual(self.field(doctype, ticket.name, "outage_incident"), right)
			self.assertEqual(self.kinds_of(ticket), ["Known", "Known"])

	def test_each_author_hears_when_their_own_home_is_back(self):
		for doctype in self.each():
			incident = self.declare(nodes=[self.room])
			first, last = self.write(doctype, 0), self.write(doctype, 5)
			self.read()
			self.clock.move(10)
			self.do("engineer", "supply_back", incident, [self.shafts[0]])
			self.assertEqual((self.kinds_of(first), self.kinds_of(last)), (["Known", "Restored"], ["Known"]))
			self.do("engineer", "set_etr", incident, self.clock.now + timedelta(hours=2))
			self.clock.move(60)
			self.restore(incident)
			self.assertEqual((self.kinds_of(first), self.kinds_of(last)), (["Known", "Restored"],) * 2)

	def test_a_new_time_is_told_to_those_who_are_dark(self):
		for doctype in self.each():
			incident = self.declare(nodes=[self.room])
			back, dark = self.write(doctype, 0), self.write(doctype, 5)
			self.read()
			for ticket in (back, dark):
				frappe.db.set_value("Trouble Call", self.call_of(ticket).name, "wants_updates", 1)
			self.clock.move(10)
			self.do("engineer", "supply_back", incident, [self.shafts[0]])
			self.do("engineer", "set_etr", incident, self.clock.now + timedelta(hours=2))
			self.assertNotIn("ETR", self.kinds_of(back))
			self.assertIn("ETR", self.kinds_of(dark))

	def test_still_out_while_the_rest_is_dark(self):
		for doctype in self.each():
			platforms.set_settings(callback_sample_percent=0)
			incident = self.declare(nodes=[self.room])
			self.do("engineer", "confirm", incident, "Overload")
			self.clock.move(10)
			self.do("engineer", "supply_back", incident, [self.shafts[0]])
			self.assertEqual(self.field("Outage Incident", incident, "status"), "Active")
			self.assertEqual(self.callback_of(incident, 0)[0], "Not Required")
			self.clock.move(10)
			ticket = self.written_at(self.write(doctype, 0, "Still no power"))
			self.read()
			self.assertEqual(self.call_of(ticket).incident, incident)
			self.assertEqual(self.callback_of(incident, 0), ("Pending", "Reported"))
			self.assertEqual(len(self.bells("Still without power after restoration: 1A")), 1)
			self.assertIn("still out", self.replies(ticket)[0].message)

	def test_written_before_the_return_and_read_after_it(self):
		for doctype in self.each():
			platforms.set_settings(callback_sample_percent=0)
			incident = self.declare(nodes=[self.shafts[0]])
			ticket = self.written_at(self.write(doctype, 0))
			self.clock.move(10)
			self.restore(incident)
			self.read()
			self.assertEqual(self.call_of(ticket).incident, incident)
			self.assertEqual(self.bells("Still without power"), [])
			self.assertEqual(self.kinds_of(ticket), ["Restored"])
			self.assertEqual(self.callback_of(incident, 0)[0], "Not Required")

	def back_since(self, hours: float, doctype: str) -> str:
		platforms.set_settings(callback_sample_percent=0)
		incident = self.declare(nodes=[self.shafts[0]])
		self.clock.move(10)
		self.restore(incident)
		self.clock.move(60 * hours)
		return incident

	def test_hours_later_it_still_belongs_there(self):
		for doctype in self.each():
			incident = self.back_since(5, doctype)
			ticket = self.written_at(self.write(doctype, 0, "No power since last night"))
			self.read()
			self.assertEqual(self.call_of(ticket).incident, incident)
			self.assertEqual(self.callback_of(incident, 0), ("Pending", "Reported"))

	def test_many_hours_later_are_a_new_outage(self):
		for doctype in self.each():
			self.back_since(5, doctype)
			written = [self.written_at(self.write(doctype, index)) for index in range(3)]
			self.read()
			[proposal] = self.proposals()
			self.assertEqual((proposal.callers, proposal.power_node), (3, self.shafts[0]))
			self.assertEqual({self.call_of(ticket).incident for ticket in written}, {None})

	def test_the_setting(self):
		for doctype in self.each():
			platforms.set_settings(still_out_hours=4)
			self.back_since(5, doctype)
			ticket = self.written_at(self.write(doctype, 0))
			self.read()
			self.assertFalse(self.call_of(ticket).incident)
			self.assertTrue(self.call_of(ticket).waiting)


class Merging(PlaceTest):
	@classmethod
	def build_world(cls):
		"""Eight shafts on one room, a home on each."""
		world = super().build_world()
		for number in range(6):
			shaft = build.make_node(world["property"], f"Shaft {number}", "Shaft", world["room"])
			contact = build.make_contact(f"{world['property']} Neighbour {number}")
			platforms.give_address(contact)
			world["units"].append(build.make_unit(world["property"], f"N{number}", shaft, contacts=[contact]))
			world["contacts"].append(contact)
			world["shafts"].append(shaft)
		return world

	def test_a_place_that_grows_takes_in_the_others(self):
		for doctype in self.each():
			platforms.set_settings(proposal_threshold=1)
			first, second = self.write(doctype, 8), self.write(doctype, 9)
			self.read()
			self.assertEqual([row.power_node for row in self.proposals()], [self.shafts[2], self.shafts[3]])
			merged = self.call_of(second).proposal
			for index in (10, 11):
				self.write(doctype, index)
			self.read()
			[kept] = self.proposals(status="Open")
			self.assertEqual((kept.power_node, kept.callers), (self.room, 4))
			self.assertEqual({self.call_of(one).proposal for one in (first, second)}, {kept.name})
			other = {"name": next(name for name in (self.call_of(first).proposal, merged) if name)}
			self.assertEqual([row.merged_into for row in self.proposals(status="Merged")], [kept.name])
			with self.as_user("operator"):
				answer = proposals.declare_proposal(self.proposals(status="Merged")[0].name)
			self.assertEqual(answer["linked"], 4)
			self.read()
			self.assertEqual(self.proposals(status="Open"), [], other)


class Waiting(PlaceTest):
	"""A single call is seen by the control room, and is there when the outage is declared."""

	def waiting(self, who: str = "operator") -> list[dict]:
		with self.as_user(who):
			return [row for row in command_centre.command_centre()["waiting"] if row["property"] == self.property]

	def test_a_call_before_the_outage_is_seen_and_linked(self):
		before = len(self.bells("No power at"))
		said = self.do("service", "record_call", self.property, unit=self.units[0], words="dark", phone="138")
		[row] = self.waiting()
		self.assertEqual((row["name"], row["place"], row["words"]), (said["call"], "1A", "dark"))
		self.assertEqual(self.waiting("guard1"), [])
		self.assertEqual(len(self.bells("No power at 1A")), 1)
		self.do("service", "record_call", self.property, unit=self.units[1], words="dark too")
		self.assertEqual(len(self.bells("No power at")) - before, 1)
		incident = self.declare(nodes=[self.shafts[0]])
		proposals.place_calls(self.property)
		self.assertEqual(self.field("Trouble Call", said["call"], "incident"), incident)
		self.assertEqual(self.waiting(), [])

	def test_the_call_sheet_shows_those_of_its_property(self):
		incident = self.declare(nodes=[self.shafts[1]])
		self.do("service", "record_call", self.property, unit=self.units[0], words="dark")
		with self.as_user("operator"):
			from outage_response.flows.screens.operator_call_sheet import call_sheet

			self.assertEqual([row["place"] for row in call_sheet(incident)["waiting"]], ["1A"])

	def test_calls_become_a_proposal_without_any_ticket(self):
		for index in range(3):
			self.do("service", "record_call", self.property, unit=self.units[index])
		proposals.place_calls(self.property)
		self.assertEqual([row.callers for row in self.proposals()], [3])
		self.assertEqual(self.waiting(), [])

	def test_none_lapses_unseen(self):
		self.do("service", "record_call", self.property, unit=self.units[0])
		self.clock.move(60 * 7)
		proposals.place_calls(self.property)
		self.assertEqual(self.waiting(), [])
		[text] = self.bells("wait no longer")
		self.assertIn("1A", text)

	def test_a_real_call_during_a_drill_is_a_real_call(self):
		self.declare(nodes=[self.room], is_drill=True)
		said = self.do("service", "record_call", self.property, unit=self.units[0], words="no power, hurt", danger=True)
		self.assertEqual(said["incident"], "")
		self.assertEqual(len(self.bells("DANGER at 1A")), 1)

	def test_a_neighbour_is_not_of_the_outage_of_one_home(self):
		nested = self.declare(nodes=[{"power_node": self.switches[0], "unit": self.units[0]}])
		neighbour = build.make_unit(self.property, "1Z", self.switches[0])
		self.assertEqual(self.do("service", "record_call", self.property, unit=neighbour)["incident"], "")
		self.assertEqual(self.do("service", "record_call", self.property, unit=self.units[0])["incident"], nested)

	def test_a_caller_who_is_still_out_is_told_of(self):
		incident = self.declare(nodes=[self.shafts[0]])
		self.restore(incident)
		self.clock.move(30)
		self.do("service", "record_call", self.property, unit=self.units[0], words="still dark")
		proposals.place_calls(self.property)
		self.assertEqual(len(self.bells("Still without power after restoration: 1A")), 1)

	def test_a_job_for_each_property_and_none_without_a_queue(self):
		self.do("service", "record_call", self.property, unit=self.units[0])
		with patch.object(jobs, "_alone", side_effect=lambda _title, function, *args: function(*args)):
			with patch.object(jobs.frappe, "enqueue") as enqueue, patch.object(jobs.frappe, "set_user"):
				jobs.read_tickets()
			told = [call.kwargs for call in enqueue.call_args_list]
			ids = {one["job_id"] for one in told if one.get("property_name") == self.property}
			self.assertEqual(ids, {f"outage_response.place_calls:{self.property}"})
			self.declare(nodes=[self.shafts[0]])
			with (
				patch.object(jobs.frappe, "enqueue", side_effect=ConnectionError),
				patch.object(jobs.frappe, "set_user"),
			):
				jobs.read_tickets()
		self.assertFalse(frappe.db.exists("Trouble Call", {"property": self.property, "waiting": 1}))
