"""Notices: who is told, by which means, once; communities; the phone list; what completes the steps."""

from collections import Counter
from datetime import timedelta
from unittest.mock import patch

import frappe

from outage_response.flows.callbacks import call_queue
from outage_response.flows.facts import affected_homes, power_and_assets
from outage_response.flows.residents import who_depends_on_power
from outage_response.integrations import messages

from .. import world as build
from ..world import user
from .households import NoticeTest, address


class WhoIsTold(NoticeTest):
	def test_the_first_word_goes_out_by_itself_before_its_deadline(self):
		name = self.declare()
		self.assertEqual(self.tick(name), 0)
		self.assertEqual(self.rows(name), [])
		self.clock.move(5)
		self.assertEqual(self.tick(name), 8)
		self.assertEqual(self.tick(name), 0)
		found = {(row.channel, row.phone_list) for row in self.rows(name, kind="First Word")}
		self.assertEqual(found, {("E-mail", 0), ("Phone", 1)})
		self.assertEqual(self.task(name, "first_word").status, "Done")
		self.assertIn("notice_issued", self.kinds(name))

	def test_one_for_each_contact_however_many_homes(self):
		doc = frappe.get_doc("Property Unit", self.units[1])
		doc.append("residents", {"contact": self.contacts[0]})
		doc.save(ignore_permissions=True)
		name = self.declare()
		self.do("service", "send_notice", name, "First Word")
		self.assertEqual(len(self.rows(name, contact=self.contacts[0])), 1)

	def test_only_those_who_are_dark_and_wish_to_know(self):
		doc = frappe.get_doc("Property Unit", self.units[0])
		doc.residents[0].receives_notices = 0
		doc.save(ignore_permissions=True)
		name = self.declare(nodes=[self.shafts[0]])
		self.do("service", "send_notice", name, "First Word")
		self.assertEqual({row.contact for row in self.rows(name)}, set(self.contacts[1:4]))

	def test_a_drill_tells_nobody(self):
		name = self.declare(is_drill=True)
		self.clock.move(60)
		self.tick(name)
		self.do("operator", "confirm", name, "Overload")
		self.do("operator", "supply_back", name)
		with self.refused("drill"):
			self.do("service", "send_notice", name, "Restored")
		self.assertEqual(frappe.db.count("Outage Notice", {"incident": name}), 0)
		self.assertEqual(self.rows(name), [])

	def test_the_cause_the_time_and_the_return(self):
		name = self.declare()
		self.do("operator", "confirm", name, "Overload", etr=self.now + timedelta(hours=2))
		text = frappe.db.get_value("Outage Notice", {"incident": name, "kind": "Cause"}, "message")
		self.assertIn("more power was drawn", text)
		self.assertIn("2026-03-11 16:00", text)
		self.assertIn("0100 555 000", text)
		self.do("operator", "set_etr", name, self.now + timedelta(hours=2))  # the same time: nothing to say
		self.assertEqual(len(self.rows(name, kind="ETR")), 0)
		self.do("operator", "set_etr", name, self.now + timedelta(hours=3))
		self.assertEqual(len(self.rows(name, kind="ETR")), 8)
		self.do("operator", "supply_back", name, [self.shafts[0]])
		self.assertEqual({row.contact for row in self.rows(name, kind="Restored")}, set(self.contacts[:4]))
		self.do("operator", "supply_back", name)
		self.assertEqual(len(self.rows(name, kind="Restored")), 8)
		still = [row for row in self.rows(name) if row.kind != "Restored" and row.phone_list]
		self.assertEqual(still, [])  # nobody is phoned about a time that is over

	def test_whose_supply_goes_again_hears_of_it_and_of_its_return(self):
		name = self.declare(nodes=self.shafts)
		self.do("service", "send_notice", name, "First Word")
		self.clock.move(10)
		self.do("operator", "supply_back", name, [self.shafts[0]])
		self.clock.move(10)
		self.do("engineer", "extend_scope", name, [self.shafts[0]])
		old = self.rows(name, kind="Restored")
		self.assertEqual({row.phone_list for row in old}, {0})  # nobody is phoned that it is back
		self.clock.move(10)
		self.do("operator", "supply_back", name)
		told = Counter(row.contact for row in self.rows(name, kind="Restored"))
		self.assertEqual([told[contact] for contact in self.contacts], [2] * 4 + [1] * 4)
		told = Counter(row.contact for row in self.rows(name, kind="First Word"))
		self.assertEqual([told[contact] for contact in self.contacts], [2] * 4 + [1] * 4)

	def test_a_word_before_the_expected_time_passes_in_silence(self):
		name = self.declare(etr=self.now + timedelta(hours=2))
		self.clock.move(6)
		self.tick(name)
		self.clock.move(60)
		self.tick(name)
		self.assertEqual(len(self.rows(name, kind="In Writing")), 8)
		self.assertEqual(len(self.rows(name, kind="ETR Passing")), 0)
		self.clock.move(40)
		self.tick(name)
		self.tick(name)
		self.assertEqual(len(self.rows(name, kind="ETR Passing")), 8)

	def test_a_time_that_was_named_just_now_is_not_taken_back_a_minute_later(self):
		name = self.declare()
		self.do("operator", "set_etr", name, self.now + timedelta(minutes=10))
		self.clock.move(1)
		self.tick(name)
		self.assertEqual(len(self.rows(name, kind="ETR Passing")), 0)
		self.clock.move(9)
		self.tick(name)
		self.tick(name)
		self.assertEqual(len(self.rows(name, kind="ETR Passing")), 8)

	def test_planned_work_that_overruns_does_not_do_so_in_silence(self):
		name = self.declare(
			"III", planned_start=self.now + timedelta(hours=1), planned_end=self.now + timedelta(hours=3)
		)
		self.clock.move(60)
		table, node = frappe.qb.DocType("Outage Incident"), frappe.qb.DocType("Outage Affected Node")
		frappe.qb.update(table).set(table.status, "Active").set(table.started_at, self.clock.now).where(
			table.name == name
		).run()
		frappe.qb.update(node).set(node.out_since, self.clock.now).where(node.parent == name).run()
		affected_homes.keep(
			frappe.get_doc("Outage Incident", name), power_and_assets.read(self.property), self.clock.now
		)
		self.clock.move(100)
		self.tick(name)
		self.assertEqual(set(frappe.get_all("Outage Notice", {"incident": name}, pluck="kind")), {"Planned"})
		self.clock.move(5)
		self.tick(name)
		self.tick(name)
		self.assertEqual(len(self.rows(name, kind="ETR Passing")), 8)
		self.assertIn(
			"2026-03-11 17:00",
			frappe.db.get_value("Outage Notice", {"incident": name, "kind": "ETR Passing"}, "message"),
		)

	def test_planned_work_is_announced_at_once_and_late_is_said(self):
		with self.as_user("operator"):
			from outage_response.flows.incident import declaring

			answer = declaring.declare(
				self.property,
				[self.room],
				"III",
				planned_by="Supplier",
				reason="the switchgear is maintained",
				planned_start=self.now + timedelta(days=3),
				planned_end=self.now + timedelta(days=3, hours=2),
			)
		self.assertTrue([line for line in answer["warnings"] if "7 days" in line])
		self.assertEqual(len(self.rows(answer["incident"], kind="Planned")), 8)
		self.finish_steps(answer["incident"], life_safety=1)
		self.do("manager", "cancel", answer["incident"], "the supplier moved it")
		self.assertEqual(len(self.rows(answer["incident"], kind="Cancelled")), 8)

	def test_switched_off_nothing_goes_by_itself(self):
		settings = frappe.get_doc("Outage Response Settings")
		settings.automatic_notices = 0
		settings.save()
		name = self.declare()
		self.clock.move(60)
		self.tick(name)
		self.do("operator", "confirm", name, "Overload")
		self.do("operator", "supply_back", name)
		self.assertEqual(self.rows(name), [])

	def test_in_the_reader_s_language(self):
		address_of = build.make_user(user("reader"))
		frappe.db.set_value("User", address_of, "language", "zh")
		frappe.db.set_value("Contact", self.contacts[0], "user", address_of)
		name = self.declare()
		self.do("service", "send_notice", name, "First Word")
		texts = dict(frappe.get_all("Outage Notice", {"incident": name}, ["language", "message"], as_list=True))
		self.assertEqual(set(texts), {"en", "zh"})
		self.assertIn("预计恢复时间", texts["zh"])


class Communities(NoticeTest):
	@classmethod
	def build_world(cls):
		world = build.make_community("Notice Community", buildings=1, units_each=3)
		build.make_roster(world["property"], cls.now)
		address(world["contacts"][0], "resident@community.example.com")
		return world

	def test_a_public_notice_with_messages_beside_it_and_proof(self):
		name = self.declare()
		self.do("operator", "confirm", name, "Overload")
		self.assertEqual({row.channel for row in self.rows(name)}, {"E-mail"} if messages.mail_is_on() else set())
		(posted,) = frappe.get_all("Outage Notice", {"incident": name, "kind": "Cause"}, ["name", "mode"])
		self.assertEqual(posted.mode, "Public")
		self.tick(name)
		self.assertEqual(self.task(name, "explain_cause").status, "Open")
		with self.refused("Photo"):
			self.do("guard1", "prove_posting", name, posted.name, "javascript:alert(1)")
		with self.refused("Photo"):
			self.do("guard1", "prove_posting", name, posted.name, "/files/posted.jpg")
		self.do("guard1", "prove_posting", name, posted.name, build.make_photo("/files/posted.jpg"))
		task = self.task(name, "explain_cause")
		self.assertEqual((task.status, task.photo), ("Done", "/files/posted.jpg"))

	def test_who_depends_on_power_is_confirmed_by_a_person(self):
		who_depends_on_power.set_care_need(self.units[2], self.contacts[2], "oxygen", 30)
		name = self.declare()
		self.do("service", "send_notice", name, "First Word")
		(row,) = self.rows(name, contact=self.contacts[2])
		self.assertEqual((row.channel, row.phone_list, row.must_confirm), ("Phone", 1, 1))
		with self.as_user("service"):
			self.assertEqual(call_queue.queue()[0]["name"], row.name)
			self.assertEqual(call_queue.queue()[0]["reason"], "Care")


class PhoneList(NoticeTest):
	def setUp(self):
		super().setUp()
		self.incident = self.declare()
		self.do("service", "send_notice", self.incident, "First Word")

	def test_two_people_never_make_the_same_call(self):
		with self.as_user("service"):
			first = call_queue.take_next()
		with self.as_user("operator"):
			(line,) = [line for line in call_queue.queue() if line["name"] == first["name"]]
			self.assertEqual(line["held_by"], user("service"))
			with self.assertRaises(frappe.ValidationError):
				call_queue.claim_call(first["doctype"], first["name"])
			self.clock.move(11)
			self.assertEqual(call_queue.take_next()["name"], first["name"])

	def test_one_person_is_phoned_by_one_about_all_their_outages(self):
		other = self.declare("III", nodes=[self.switches[-1]])
		with self.as_user("service"):
			contact = self.rows(other)[0].contact
			self.assertEqual([line["contact"] for line in call_queue.queue()].count(contact), 1)
			held = self.rows(self.incident, contact=contact)[0]
			call_queue.claim_call("Notice Delivery", held.name)
		with self.as_user("operator"):
			(line,) = [line for line in call_queue.queue() if line["contact"] == contact]
			self.assertEqual(line["held_by"], user("service"))

	def test_whoever_comes_second_takes_the_next_call(self):
		with self.as_user("service"):
			lines = call_queue.queue()
			first = call_queue.take_next()
		with self.as_user("operator"), patch.object(call_queue, "queue", lambda: lines):
			self.assertEqual(
				call_queue.take_next()["name"], lines[1]["name"]
			)  # their list was read before the other's claim
		with self.as_user("service"):
			call_queue.log_told(first["name"], "Reached")
			with self.assertRaises(frappe.ValidationError):
				call_queue.claim_call(first["doctype"], first["name"])

	def test_whom_a_person_must_confirm_stays_on_the_list_until_one_has(self):
		who_depends_on_power.set_care_need(self.units[-1], self.contacts[-1], "oxygen", 30)
		self.clock.move(1)
		self.do("service", "send_notice", self.incident, "First Word")
		(row,) = self.rows(self.incident, contact=self.contacts[-1], must_confirm=1)
		with self.as_user("service"):
			for outcome in ("No Answer", "No Answer", "No Answer", "Wrong Number"):
				call_queue.log_told(row.name, outcome)
				self.clock.move(125)
		told = frappe.get_all("Notification Log", {"for_user": user("operator")}, pluck="subject")
		self.assertEqual(len([line for line in told if "Send somebody" in line]), 2)
		with self.as_user("service"):
			self.assertIn(row.name, [line["name"] for line in call_queue.queue()])
			with self.refused("before the outage was reported"):
				call_queue.log_told(row.name, "Reached", occurred_at="1999-01-01 00:00:00")
			self.assertEqual(call_queue.log_told(row.name, "Reached")["state"], "Seen")

	def test_told_by_phone(self):
		row = self.rows(self.incident, channel="Phone")[0]
		with self.as_user("service"):
			self.assertEqual(call_queue.log_told(row.name, "No Answer")["state"], "Queued")
			self.assertNotIn(row.name, [line["name"] for line in call_queue.queue()])
			self.clock.move(125)
			self.assertIn(row.name, [line["name"] for line in call_queue.queue()])
			self.assertEqual(call_queue.log_told(row.name, "Reached")["state"], "Seen")
			with self.assertRaises(frappe.ValidationError):
				call_queue.log_told(row.name, "Reached")
			with self.assertRaises(frappe.ValidationError):
				call_queue.log_told(self.rows(self.incident, channel="Phone")[1].name, "Perhaps")
		self.assertEqual(self.field("Notice Delivery", row.name, "told_by"), user("service"))
		text = self.entry(self.incident, "told_by_phone")["text"]
		self.assertNotIn(row.contact, text)

	def test_the_step_is_done_when_nobody_is_left_to_be_told(self):
		self.do("operator", "confirm", self.incident, "Overload")
		self.tick(self.incident)
		self.assertEqual(self.task(self.incident, "explain_cause").status, "Open")
		table = frappe.qb.DocType("Notice Delivery")
		frappe.qb.update(table).set(table.state, "Sent").where(table.channel == "E-mail").run()
		lines = self.rows(self.incident, kind="Cause", phone_list=1)
		with self.as_user("service"):
			for row in lines:
				call_queue.log_told(row.name, "Reached")
		self.assertEqual(self.task(self.incident, "explain_cause").status, "Done")

	def test_who_has_not_been_reached_by_floor(self):
		with self.as_user("service"):
			floors = call_queue.unreached(self.incident)
		self.assertEqual([row["floor"] for row in floors], ["4", "3", "2", "1"])
		with self.as_user("guard1"), self.assertRaises(frappe.PermissionError):
			call_queue.unreached(self.incident)
