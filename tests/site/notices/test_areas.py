"""What residents read of an outage: every area by its building, why, whom to ask, who says so and when; planned work once."""

from datetime import timedelta

import frappe

from outage_response.flows.facts import outage_in_words
from outage_response.flows.notices import automatic_notices, deliveries, notice_mails, notice_sms

from .. import world as build
from ..base import SiteTest

BUILDINGS = 9


class AreaTest(SiteTest):
	"""A community of nine buildings, each on its own panel; one resident of the first has an e-mail address."""

	now = build.NIGHT.replace(hour=14)

	@classmethod
	def build_world(cls) -> dict:
		world = build.make_community("Nine Gardens", buildings=BUILDINGS, units_each=1)
		frappe.db.set_value(
			"Managed Property",
			world["property"],
			{"service_phone": "0100 555 000", "management_company": "Green Hills Property Services"},
		)
		contact = frappe.get_doc("Contact", world["contacts"][0])
		contact.append("email_ids", {"email_id": "first@nine.example.com", "is_primary": 1})
		contact.save(ignore_permissions=True)
		return world

	def words(self, incident: str, kind: str) -> list[str]:
		return frappe.get_all(
			"Outage Notice", {"incident": incident, "kind": kind}, pluck="message", order_by="issued_at, creation"
		)

	def html(self, doctype: str, name: str, print_format: str) -> str:
		return frappe.get_print(doctype, name, print_format)

	def planned(self, start: int = 72, end: int = 76, **kwargs) -> dict:
		"""Planned work from `start` to `end` hours from now."""
		times = {"planned_start": self.now + timedelta(hours=start), "planned_end": self.now + timedelta(hours=end)}
		about = {"planned_by": "Property", "reason": "the transformer is maintained", **times, **kwargs}
		return self.do("engineer", "declare", self.property, about.pop("nodes", [self.room]), "III", **about)


class AllIsSaid(AreaTest):
	def test_every_area_by_its_building_in_what_is_sent_and_printed(self):
		name = self.declare(nodes=self.panels)
		self.do("operator", "confirm", name, "External Grid")
		(text,) = self.words(name, "Cause")
		every = ", ".join(f"Building {number}" for number in range(1, BUILDINGS + 1))
		sent = {row.channel: row for row in frappe.get_all("Notice Delivery", {"incident": name}, ["name", "channel"])}
		(row,) = deliveries.delivery_rows(frappe.qb.DocType("Notice Delivery").name == sent["E-mail"].name)
		poster = self.html("Outage Notice", row.notice, "Outage Notice Poster")
		for said in (
			every,
			"the supply from the city grid failed",
			"0100 555 000",
			"Green Hills Property Services",
			"2026-03-11 14:00",
		):
			with self.subTest(said=said):
				self.assertIn(said, text)
				self.assertIn(said, notice_mails._html(row))
				self.assertIn(said, notice_sms._plain(row))
				self.assertIn(said, poster)
		self.assertIn(every, outage_in_words.where(frappe.get_doc("Outage Incident", name)))

	def test_a_part_of_a_building_is_named_by_what_feeds_it(self):
		build.make_unit(self.property, "1-9", self.panels[1], building="1")
		build.make_node(self.property, "Street Lamps", "Panel", self.room)
		name = self.declare(nodes=[self.panels[1]])
		self.assertIn(
			"Building 1 (Panel 2), Building 2", outage_in_words.where(frappe.get_doc("Outage Incident", name))
		)
		lamps = frappe.db.get_value("Power Node", {"property": self.property, "node_name": "Street Lamps"})
		self.do("operator", "extend_scope", name, [lamps, self.panels[0]])
		self.assertIn(
			"Building 1, Building 2, Street Lamps", outage_in_words.where(frappe.get_doc("Outage Incident", name))
		)

	def test_those_who_turn_out_to_be_dark_later_read_of_their_own_building(self):
		name = self.declare(nodes=[self.panels[0]])
		self.do("service", "send_notice", name, "First Word")
		self.clock.move(1)
		self.do("operator", "extend_scope", name, [self.panels[1]])
		first, second = self.words(name, "First Word")
		self.assertNotIn("Building 2", first)
		self.assertIn("Building 1, Building 2", second)

	def test_what_is_back_is_not_said_to_be_dark(self):
		name = self.declare(nodes=[self.room])
		self.do("operator", "supply_back", name, [self.panels[0]])
		self.do("operator", "confirm", name, "Overload")
		(text,) = self.words(name, "Cause")
		self.assertIn("in: Building 2, ", text)

	def test_a_subject_that_does_not_fit_says_so(self):
		frappe.db.set_value("Outage Notice Template", "Cause-All-en", "subject", "No power in {area}: {area}")
		name = self.declare(nodes=self.panels)
		self.do("operator", "confirm", name, "Overload")
		subject = frappe.db.get_value("Outage Notice", {"incident": name}, "subject")
		self.assertTrue(subject.endswith("…"))
		self.do("service", "send_notice", name, "Cause", "our own words")
		own = next(text for text in self.words(name, "Cause") if "our own words" in text)
		self.assertIn("Green Hills", own)


class PlannedOnce(AreaTest):
	def test_the_reason_is_given_with_the_declaration_and_read_by_residents(self):
		with self.refused("Reason of the Work"):
			self.planned(reason=None)
		name = self.planned()["incident"]
		self.assertIn("Cause: the transformer is maintained.", self.words(name, "Planned")[0])
		page = self.html("Outage Incident", name, "Planned Outage Notice")
		for said in (
			f"Building {BUILDINGS}",
			"the transformer is maintained",
			"0100 555 000",
			"Green Hills",
			"2026-03-11 14:00",
		):
			self.assertIn(said, page)
		described = self.planned(200, 201, reason=None, description="a new meter")["incident"]
		self.assertIn("Cause: a new meter.", self.words(described, "Planned")[0])

	def test_two_windows_of_one_day_are_one_notice(self):
		window = {
			"planned_start": str(self.now + timedelta(hours=78)),
			"planned_end": str(self.now + timedelta(hours=79)),
		}
		answer = self.planned(windows=[window])
		first, (second,) = answer["incident"], answer["further"]
		(text,) = self.words(first, "Planned")
		self.assertIn(
			"from 2026-03-14 14:00 to 2026-03-14 18:00.\nPower will be switched off from 2026-03-14 20:00", text
		)
		self.assertEqual(self.words(second, "Planned"), [])
		page = self.html("Outage Incident", second, "Planned Outage Notice")
		self.assertIn("2026-03-14 14:00 – 2026-03-14 18:00", page)
		self.assertIn("2026-03-14 20:00 – 2026-03-14 21:00", page)
		self.assertTrue(self.tasks(second, step_key="clear_elevators"))  # its own checks before it begins
		paper = frappe.db.get_value("Outage Notice", {"incident": first}, "name")
		self.do("service", "prove_posting", first, paper, build.make_photo())
		for name in (first, second):
			frappe.db.set_value("Notice Delivery", {"incident": name}, {"state": "Sent", "phone_list": 0})
			with self.request():
				automatic_notices.tick(name)
			self.assertEqual(self.task(name, "notify_households").status, "Done", name)
		self.do("operator", "cancel", second, "not needed")
		(text,) = self.words(second, "Cancelled")
		self.assertIn("Cancelled: 2026-03-14 20:00 to 2026-03-14 21:00.\nStill planned: 2026-03-14 14:00", text)

	def test_the_windows_of_one_work_follow_one_another_and_say_the_same_of_other_work(self):
		def window(begin: int, end: int) -> dict:
			hours = [str(self.now + timedelta(hours=hour)) for hour in (begin, end)]
			return dict(zip(("planned_start", "planned_end"), hours, strict=True))

		with self.refused("Further Windows", "overlaps"):
			self.planned(windows=[window(100, 102), window(101, 103)])
		self.planned(**window(101, 103))
		with self.refused("Declare All the Same"):
			self.planned(windows=[window(102, 104)])
		answer = self.planned(windows=[window(102, 104)], all_the_same=True)
		self.assertEqual(len(answer["further"]), 1)

	def test_a_window_that_is_entered_after_the_notice_left_replaces_it(self):
		first = self.planned()["incident"]
		frappe.db.set_value("Notice Delivery", {"incident": first, "channel": "E-mail"}, "state", "Sent")
		self.clock.move(30)
		second = self.planned(78, 79)["incident"]
		old, new = self.words(first, "Planned")
		self.assertNotIn("20:00", old)
		self.assertIn("2026-03-14 20:00", new)
		self.assertIn("This notice replaces that of 2026-03-11 14:00.", new)
		self.assertEqual(self.field("Outage Incident", second, "announced_with"), first)
		elsewhere = self.planned(79.5, 80, nodes=[self.panels[0]])["incident"]
		self.assertEqual(len(self.words(elsewhere, "Planned")), 1)

	def test_the_same_work_entered_twice_is_said_first(self):
		first = self.planned()["incident"]
		with self.refused("Planned Start", first, "2026-03-14 14:00", "Declare All the Same"):
			self.planned(73, 75, nodes=[self.panels[0]])
		again = frappe.copy_doc(frappe.get_doc("Outage Incident", first))  # as Desk and Data Import insert it
		with self.refused("Planned Start", first):
			again.insert()
		again = frappe.copy_doc(frappe.get_doc("Outage Incident", first))
		again.all_the_same = 1
		again.insert()
		self.assertEqual((self.words(again.name, "Planned"), again.announced_with), ([], first))
		self.assertEqual(self.field("Outage Incident", first, "all_the_same"), 0)

	def test_what_cannot_be_a_window_is_refused(self):
		with self.refused("Planned End"):
			self.planned(windows=[{"planned_start": str(self.now)}])
		with self.refused("Further Windows"):
			self.planned(windows=["tomorrow"])
		with self.refused("Further Windows"):
			self.declare(windows=[{"planned_start": str(self.now), "planned_end": str(self.now)}])
