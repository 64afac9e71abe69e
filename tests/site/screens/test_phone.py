"""My outage tasks: what the phone reads, and what it sends late, twice, or for somebody else."""

import resource
import struct
import time
import zlib
from datetime import timedelta
from unittest.mock import patch

import frappe

from outage_response.flows.facts import who_was_rung
from outage_response.flows.tasks import photos

from .. import world as build
from ..world import user
from .pocket import JPEG, PhoneTest


def one_colour(width: int, height: int) -> bytes:
	"""A PNG, made row by row: nobody holds its points at once."""

	def part(kind: bytes, data: bytes) -> bytes:
		return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

	packer, row = zlib.compressobj(9), bytes(width + 1)
	packed = b"".join([*(packer.compress(row) for _row in range(height)), packer.flush()])
	head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
	return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", packed) + part(b"IEND", b"")


class WhatIsShown(PhoneTest):
	def test_each_sees_what_is_given_to_them_most_urgent_first(self):
		for who in ("operator", "electrician", "guard1", "guard2", "service"):
			ours = [row.name for row in self.tasks(self.incident)]
			given = frappe.get_all(
				"ToDo",
				{"allocated_to": user(who), "status": "Open", "reference_name": ("in", ours)},
				pluck="reference_name",
			)
			shown = [task["name"] for task in self.read(who)["tasks"]]
			self.assertTrue(given)
			self.assertEqual(sorted(shown), sorted(given))
		electrician = self.read("electrician")["tasks"]
		self.assertEqual([task["where"] for task in electrician[:2]], ["Elevator 1", "Elevator 2"])
		self.assertTrue(electrician[0]["life_safety"])
		self.assertEqual(electrician[-1]["waiting"], [self.task(self.incident, "isolate_fault").title])

	def test_what_is_done_goes_and_what_is_owed_stays(self):
		task = self.shown("electrician", "isolate_fault")
		self.do("electrician", "complete", task["name"], evidence_later=True)
		page = self.read("electrician")
		self.assertNotIn(task["name"], [one["name"] for one in page["tasks"]])
		self.assertEqual([one["name"] for one in page["owed"]], [task["name"]])
		self.do("electrician", "add_evidence", task["name"], evidence="breaker 3 pulled")
		self.assertFalse(self.read("electrician")["owed"])
		self.assertIn("task_evidence", self.kinds(self.incident))

	def test_title_and_states_in_the_readers_language(self):
		frappe.local.lang = "zh"
		task = self.shown("electrician", "check_elevator")
		self.assertEqual(task["what"], self.task(self.incident, "check_elevator").title_zh)
		self.assertIn(["empty", "无人", "empty"], task["asks"]["outcomes"])

	def test_phones_of_the_control_room_and_the_supplier(self):
		numbers = [number for _who, number in self.read("guard1")["phones"]]
		self.assertIn("0100", numbers)
		self.assertIn("95598", numbers)

	def test_nobody_is_told_to_phone_themselves(self):
		task = self.read("guard1")["tasks"][0]["name"]
		frappe.db.set_value("Duty Shift", {"user": user("guard1")}, "phone", "000 7000 06")
		for number, shown in (("000 7000 07", "000 7000 07"), ("000-7000-06", None)):
			frappe.db.set_value("Outage Task", task, "phone", number)
			mine = next(one for one in self.read("guard1")["tasks"] if one["name"] == task)
			self.assertEqual(shown, mine.get("phone"))

	def test_who_can_take_a_post_and_where_one_can_go(self):
		post = next(task for task in self.read("guard1")["tasks"] if task.get("held"))
		self.do("guard1", "arrive", post["name"])
		page = self.read("guard1")
		self.assertEqual([who for who, _name in page["colleagues"][post["name"]]], [user("guard2")])
		free = {row.name for row in self.tasks(self.incident, held_until="stand_down", status="Open")}
		self.assertTrue(free)
		self.assertEqual({name for name, _where in page["posts"][post["name"]]}, free)

	def test_nothing_left_tells_of_the_stand_down(self):
		self.finish_steps(self.incident)
		self.do("operator", "supply_back", self.incident)
		self.finish_steps(self.incident)
		for row in self.tasks(self.incident, held_until="stand_down", status="Open"):
			self.do("guard1", "arrive", row.name)
		self.do("operator", "stand_down", self.incident)
		page = self.read("guard1")
		self.assertEqual([task for task in page["tasks"] if task["incident"] == self.incident], [])
		self.assertEqual(page["incidents"][self.incident]["stood_down"], str(self.clock.now))

	def test_the_control_room_is_shown_to_the_command_centre_and_guards_are_not(self):
		self.assertTrue(self.read("operator")["command_centre"])
		self.assertTrue(self.read("manager")["command_centre"])
		self.assertFalse(self.read("guard1")["command_centre"])

	def test_no_resident_is_named(self):
		page = frappe.as_json([self.read(who) for who in build.ROLES])
		for contact in self.contacts:
			self.assertNotIn(contact, page)

	def test_somebody_without_access_to_the_property_any_more_sees_nothing_of_it(self):
		self.assertTrue(self.read("guard1")["incidents"])
		other = build.make_property("Elsewhere")
		frappe.db.set_value("User Permission", {"user": user("guard1")}, "for_value", other)
		frappe.cache.hdel("user_permissions", user("guard1"))
		page = self.read("guard1")
		self.assertEqual((page["tasks"], page["incidents"]), ([], {}))

	def test_who_may_not(self):
		for who in ("resident", "Guest"):
			with self.refused(error=frappe.PermissionError):
				self.read(who)


class HowItIsRead(PhoneTest):
	def queries(self, who: str) -> int:
		self.read(who)  # plans and departments are remembered after the first time
		real, count = frappe.db.sql, []
		runs = patch.object(who_was_rung, "last_sweep", self.clock.read)  # the minute's ringing
		with runs, patch.object(frappe.local.db, "sql", lambda *a, **k: (count.append(a[0]), real(*a, **k))[1]):
			self.read(who)
		return len(count)

	def test_the_number_of_queries_does_not_grow_with_the_tasks(self):
		few = self.queries("electrician")
		for elevator in range(3, 13):
			build.make_asset(self.property, f"Elevator {elevator}", "Elevator", building="T")
		self.do("operator", "extend_scope", self.incident, [self.feeder])
		self.declare("I", [{"power_node": self.switches[0], "unit": self.units[0]}])
		self.assertGreater(len(self.read("electrician")["tasks"]), 15)
		self.assertLessEqual(self.queries("electrician"), few)
		self.assertLess(few, 28)

	def test_what_the_phone_has_is_not_sent_again(self):
		first = self.read("guard1")
		self.clock.move(1)
		again = self.read("guard1", seen=first["digest"])
		self.assertNotIn("tasks", again)
		self.assertEqual(again["now"], str(self.clock.now))
		self.assertLess(len(frappe.as_json(again)), 400)
		self.do("guard1", "acknowledge", first["tasks"][0]["name"])
		self.assertIn("tasks", self.read("guard1", seen=first["digest"]))


class WhatIsSentLate(PhoneTest):
	def test_what_was_sent_twice_happened_once_and_when_it_happened(self):
		post = next(task for task in self.read("guard1")["tasks"] if task.get("held"))
		happened = self.clock.move(3)
		self.clock.move(40)
		sent = {"task": post["name"], "occurred_at": f"{happened}.250", "request_id": "phone-arrive"}
		first = self.post("guard1", "arrive", **sent)
		self.clock.move(1)
		self.assertEqual(self.post("guard1", "arrive", **sent), first)
		self.assertEqual(self.kinds(self.incident).count("task_on_post"), 1)
		self.assertMoment(
			self.field("Outage Task", post["name"], "started_at"), happened + timedelta(microseconds=250000)
		)
		self.assertFalse(first["warnings"])

	def test_a_photo_that_was_sent_twice_is_kept_once_and_not_for_the_public(self):
		task = self.shown("electrician", "isolate_fault")["name"]
		first = self.send_photo("electrician", task)
		self.assertEqual(self.send_photo("electrician", task), first)
		files = frappe.get_all(
			"File",
			{"attached_to_doctype": "Outage Task", "attached_to_name": task},
			["name", "file_url", "is_private"],
		)
		self.addCleanup(frappe.delete_doc, "File", files[0].name, ignore_permissions=True)
		self.assertEqual([(row.file_url, row.is_private) for row in files], [(first["photo"], 1)])
		self.do("electrician", "complete", task, photo=first["photo"], evidence_later=True)
		self.assertEqual(self.field("Outage Task", task, "photo"), first["photo"])
		file = frappe.get_doc("File", files[0].name)
		for who, sees in (("operator", True), ("guard1", True), ("resident", False)):
			with self.as_user(who):
				self.assertEqual(bool(frappe.has_permission("File", "read", doc=file)), sees, who)

	def test_a_picture_is_measured_before_it_is_unpacked(self):
		"""13,300 × 13,300 points of one colour are 177 MB in 172 kB."""
		task = self.shown("electrician", "isolate_fault")["name"]
		content = one_colour(13_300, 13_300)
		self.assertLess(len(content), photos.LARGEST_PHOTO)
		before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
		with self.refused("13300 × 13300"):
			self.send_photo("electrician", task, content=content)
		self.assertLess(time.monotonic() - began, 1)
		self.assertLess(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, 20_000)  # kB

	def test_what_is_no_picture_too_large_or_another_departments_is_refused(self):
		task = self.shown("electrician", "isolate_fault")["name"]
		for content, word in (
			(b"<script>", "Photo:"),
			(b"", "Photo:"),
			(JPEG[:-100], "Photo:"),
			(JPEG + b"x" * photos.LARGEST_PHOTO, "Photo:"),
		):
			with self.refused(word):
				self.send_photo("electrician", task, content=content)
		with self.refused("Request ID:"):
			self.send_photo("electrician", task, request_id="../../x")
		with self.refused(error=frappe.PermissionError):
			self.send_photo("guard1", task)
		with self.refused("does not exist", error=frappe.DoesNotExistError):
			self.send_photo("electrician", "nothing")


class Moved(PhoneTest):
	def setUp(self):
		super().setUp()
		posts = self.tasks(self.incident, held_until="stand_down")
		own = next(task["name"] for task in self.read("guard1")["tasks"] if task.get("held"))
		self.post_here = own
		self.free = next(row.name for row in posts if row.name != own)
		self.do("guard1", "arrive", own)

	def names(self, who: str) -> list[str]:
		return [task["name"] for task in self.read(who)["tasks"]]

	def test_a_guard_who_was_sent_elsewhere_is_there_and_the_first_post_is_open_for_the_others(self):
		at = self.clock.move(5)
		self.do("guard1", "move", self.post_here, self.free)
		here, there = (frappe.get_doc("Outage Task", name) for name in (self.post_here, self.free))
		self.assertEqual((here.status, here.started_by), ("Open", None))
		self.assertEqual((there.status, there.started_by), ("On Post", user("guard1")))
		self.assertMoment(there.started_at, at)
		self.assertEqual(frappe.parse_json(here._assign), [user("guard2")])
		self.assertEqual(frappe.parse_json(there._assign), [user("guard1")])
		self.assertIn(self.post_here, self.names("guard2"))
		self.assertNotIn(self.post_here, self.names("guard1"))
		self.assertNotIn(self.free, self.names("guard2"))
		self.assertIn("task_moved", self.kinds(self.incident))
		bells = frappe.get_all("Notification Log", {"for_user": user("operator")}, pluck="subject")
		self.assertTrue([text for text in bells if "Post without a guard" in text], bells)

	def test_only_from_where_one_stands_to_where_nobody_does(self):
		patrol = self.task(self.incident, "patrol_area").name
		for to in (patrol, self.post_here, "nothing"):
			with self.refused("To:"):
				self.do("guard1", "move", self.post_here, to)
		with self.refused("Status:"):
			self.do("guard1", "move", self.free, self.post_here)
		self.do("guard2", "arrive", self.free)
		with self.refused("To:", "On Post"):
			self.do("guard1", "move", self.post_here, self.free)
		with self.refused(error=frappe.PermissionError):
			self.do("engineer", "move", self.post_here, self.free)
