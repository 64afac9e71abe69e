"""Buildings are records: however somebody writes one, its elevators are checked; what cannot be placed counts as affected."""

import frappe

from outage_response.flows.facts import power_and_assets
from outage_response.flows.master_data import building_placing
from outage_response.patches import buildings_of_texts

from .. import world as build
from ..base import SiteTest


class BuildingsTest(SiteTest):
	@classmethod
	def build_world(cls):
		name = "Spelled Court"
		build.make_people()
		build.make_property(name, "Residential Community", households=2)
		build.make_people(name)
		room = build.make_node(name, "Room", "Distribution Room")
		panels = [build.make_node(name, f"Panel {number}", "Panel", room) for number in (3, 4)]
		units = [
			build.make_unit(name, f"{number}-101", panel, 1, f"{number}号楼")
			for number, panel in zip((3, 4), panels, strict=True)
		]
		build.make_roster(name, cls.now)
		return {"property": name, "room": room, "panels": panels, "units": units}

	def elevator(self, name: str = "Lift", building: str = "3号楼", **fields) -> str:
		return build.make_asset(
			self.property, name, "Elevator", building=building, contractor_name="Lifts & Co", **fields
		)

	def building(self, name: str, **fields):
		doc = frappe.get_doc(
			{"doctype": "Property Building", "property": self.property, "building_name": name, **fields}
		)
		return doc.insert().name

	def of(self, doctype: str, name: str) -> str:
		return frappe.db.get_value(doctype, name, "building")

	def spelled_otherwise(self, name: str = "3栋") -> str:
		"""A building as the update makes it of a text: beside another one of the same meaning, and nobody has decided."""
		return buildings_of_texts._building(self.property, name)

	def entries(self, incident: str, kind: str) -> list:
		return frappe.get_all("Timeline Entry", filters={"incident": incident, "kind": kind}, pluck="data")

	def checked(self, incident: str) -> set[str]:
		return {row.subject_label for row in self.tasks(incident, step_key="check_elevator")}


class Written(BuildingsTest):
	def test_what_is_written_alike_is_the_building_on_record(self):
		for number, written in enumerate(("3号楼", "３号楼", " 3 号楼 ")):
			lift = self.elevator(f"Lift {number}", written)
			self.assertEqual(self.of("Property Asset", lift), self.of("Property Unit", self.units[0]), written)

	def test_another_name_is_proposed_and_a_person_decides(self):
		for written in ("3栋", "3#", "3幢", "Building 3", "三号楼", "3"):
			with self.subTest(written), self.refused("did you mean 3号楼", "Building"):
				self.elevator(building=written)
		with self.refused("did you mean 3号楼"):
			self.building("3栋")
		other = self.building("3栋", stands_apart=1)
		self.assertEqual(self.of("Property Asset", self.elevator(building="3 栋")), other)

	def test_a_building_that_nobody_knew_is_made(self):
		lift = self.elevator(building="5号楼", power_node=self.panels[0])
		self.assertEqual(
			frappe.db.get_value("Property Building", self.of("Property Asset", lift), "building_name"), "5号楼"
		)

	def test_a_building_is_of_its_own_property(self):
		build.make_property("Other Court")
		doc = frappe.get_doc({"doctype": "Property Building", "property": "Other Court", "building_name": "9"}).insert()
		with self.refused("Building", "no building of"):
			frappe.get_doc("Property Unit", self.units[0]).update({"building": doc.name}).save()

	def test_its_name_may_change_and_its_key_stays(self):
		lift = self.elevator()
		building = frappe.get_doc("Property Building", self.of("Property Asset", lift))
		building.update({"building_name": "桂园"}).save()
		self.assertEqual(self.checked(self.declare(nodes=[self.panels[0]])), {"Lift"})
		self.assertFalse(frappe.get_meta("Property Building").allow_rename)


class SpelledOtherwise(BuildingsTest):
	"""Homes say 3号楼 and the elevator says 3栋, as files of an older version did."""

	def test_its_elevator_is_checked_and_its_firm_is_called(self):
		lift = self.elevator()
		other = self.spelled_otherwise()
		frappe.db.set_value("Property Asset", lift, "building", other)
		for nodes, expected in (([self.panels[0]], {"Lift"}), ([self.panels[1]], set())):
			incident = self.declare(nodes=nodes)
			self.assertEqual(self.checked(incident), expected)
			calls = self.tasks(incident, step_key="call_elevator_contractor")
			self.assertEqual(bool(calls), bool(expected))
			self.assertTrue(self.entries(incident, "buildings_alike"), "said until somebody decides")

	def test_a_person_says_that_it_is_one(self):
		lift, other = self.elevator(), self.spelled_otherwise()
		frappe.db.set_value("Property Asset", lift, "building", other)
		kept = self.of("Property Unit", self.units[0])
		self.assertEqual([one["name"] for one in building_placing.may_be_one(other)], [kept])
		building_placing.merge_buildings(other, kept)
		self.assertEqual(self.of("Property Asset", lift), kept)
		self.assertFalse(frappe.db.exists("Property Building", other))
		self.assertFalse(self.entries(self.declare(nodes=[self.panels[0]]), "buildings_alike"))

	def test_a_person_says_that_it_is_another_one(self):
		lift, other = self.elevator(), self.spelled_otherwise()
		frappe.db.set_value("Property Asset", lift, {"building": other, "power_node": self.panels[1]})
		frappe.get_doc("Property Building", other).update({"stands_apart": 1}).save()
		self.assertEqual(self.checked(self.declare(nodes=[self.panels[0]])), set())

	def test_nobody_decides_while_an_outage_runs(self):
		other, kept = self.spelled_otherwise(), self.of("Property Unit", self.units[0])
		incident = self.declare(nodes=[self.panels[0]])
		with self.refused(incident):
			building_placing.merge_buildings(other, kept)
		with self.refused(incident):
			frappe.get_doc("Property Building", other).update({"stands_apart": 1}).save()

	def test_people_in_one_of_its_elevators(self):
		"""Reported by either name, every elevator that may be meant is asked."""
		lift, other = self.elevator(), self.spelled_otherwise()
		self.elevator("Lift 2", "3号楼")
		frappe.db.set_value("Property Asset", lift, "building", other)
		incident = self.declare(nodes=[self.panels[0]])
		answer = self.do("operator", "report_trapped", incident, None, "somebody shouts", building="3幢")
		self.assertEqual(len(answer["entrapments"]), 2)


class Unplaced(BuildingsTest):
	def test_an_elevator_of_a_building_without_homes_counts_and_is_said(self):
		frappe.clear_messages()
		self.elevator("Far Lift", "8号楼")
		self.assertIn("Far Lift", str(frappe.get_message_log()))
		incident = self.declare(nodes=[self.panels[0]], is_drill=True)
		self.assertEqual(self.checked(incident), {"Far Lift"})
		self.assertIn("Far Lift", str(self.entries(incident, "unplaced")))

	def test_a_home_in_no_building_makes_every_elevator_count(self):
		self.elevator("Lift 4", "4号楼")
		frappe.clear_messages()
		build.make_unit(self.property, "Kiosk", self.panels[0], 1)
		self.assertIn("no building", str(frappe.get_message_log()))
		incident = self.declare(nodes=[self.panels[0]])
		self.assertEqual(self.checked(incident), {"Lift 4"})
		self.assertTrue(self.entries(incident, "in_no_building"))

	def test_what_is_placed_elsewhere_does_not_count(self):
		self.elevator("Lift 4", "4号楼")
		self.elevator("Fed Lift", "9号楼", power_node=self.panels[1])
		incident = self.declare(nodes=[self.panels[0]])
		self.assertEqual(self.checked(incident), set())
		self.assertFalse(self.entries(incident, "unplaced"))


class Firms(BuildingsTest):
	def test_a_firm_that_is_written_alike_is_called_once(self):
		for number, firm in enumerate(("Swift Lifts", "ＳＷＩＦＴ  Lifts ", "swift lifts")):
			lift = build.make_asset(self.property, f"Lift {number}", "Elevator", building="3号楼", contractor_name=firm)
			self.assertEqual(frappe.db.get_value("Property Asset", lift, "contractor_name"), "Swift Lifts")
		frappe.db.set_value("Property Asset", lift, "contractor_name", "swift  lifts")  # by an older version
		incident = self.declare(nodes=[self.panels[0]])
		self.assertEqual(len(self.tasks(incident, step_key="call_elevator_contractor")), 1)


class Updated(BuildingsTest):
	def test_texts_become_records_and_nobody_is_merged_by_the_update(self):
		lifts = [self.elevator(f"Lift {number}") for number in range(3)]
		for lift, text in zip(lifts, ("3 号楼", "3栋", "Building 3"), strict=True):
			frappe.db.set_value("Property Asset", lift, "building", text, update_modified=False)
		frappe.db.set_value("Property Unit", self.units[0], {"building": "3号楼", "floor": "0"}, update_modified=False)
		frappe.db.set_value("Property Unit", self.units[1], "floor", "-2", update_modified=False)
		for _time in range(2):
			buildings_of_texts.execute()
		self.assertEqual(frappe.db.get_value("Property Unit", self.units[1], "floor"), "B2")
		keys = [self.of("Property Asset", lift) for lift in lifts]
		self.assertEqual(keys[0], self.of("Property Unit", self.units[0]))
		self.assertEqual(len(set(keys)), 3)
		self.assertFalse(frappe.db.get_value("Property Unit", self.units[0], "floor"))
		self.assertEqual(
			power_and_assets.read(self.property).same(keys[1]), power_and_assets.read(self.property).same(keys[0])
		)
		self.assertEqual(self.checked(self.declare(nodes=[self.panels[0]])), {"Lift 0", "Lift 1", "Lift 2"})


class Floors(BuildingsTest):
	def test_what_people_write_for_a_floor_is_read_or_refused(self):
		for written, kept in (("5层", "5"), ("6F", "6"), ("十二楼", "12"), ("负一层", "B1"), ("G层", "G"), (7, "7")):
			unit = build.make_unit(self.property, f"F{written}", self.panels[0], written, "3号楼")
			self.assertEqual(frappe.db.get_value("Property Unit", unit, "floor"), kept)
		with self.refused("Floor", "高层"):
			build.make_unit(self.property, "F", self.panels[0], "高层", "3号楼")
