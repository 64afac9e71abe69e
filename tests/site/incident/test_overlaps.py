"""A wider outage over one that runs: said first; whoever declares all the same shares what is under way there."""

from collections import Counter

import frappe

from outage_response.domain.states import CallbackStatus
from outage_response.flows.facts import nested_outages, power_and_assets
from outage_response.flows.screens import command_centre, incident_form
from outage_response.flows.tasks import shared_tasks

from .. import world as build
from ..base import SiteTest


class OverlapTest(SiteTest):
	"""A tower in which one shaft is dark; the second elevator hangs on that shaft, of the first nobody knows."""

	now = build.NIGHT.replace(hour=14)

	@classmethod
	def build_world(cls) -> dict:
		world = build.make_tower("Wide Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		frappe.db.set_value("Property Asset", world["elevators"][1], "power_node", world["shafts"][0])
		frappe.db.set_value("Property Asset", world["lobby"], "power_node", world["shafts"][0])
		return world

	def setUp(self):
		super().setUp()
		self.part = self.declare(nodes=[self.shafts[0]])
		self.clock.move(10)

	def checks(self, name: str) -> dict[str, str]:
		"""elevator -> status of its check."""
		return {row.subject: row.status for row in self.tasks(name, step_key="check_elevator")}

	def wide(self, **kwargs) -> str:
		return self.declare(nodes=[self.feeder], all_the_same=True, **kwargs)

	def callbacks(self) -> Counter:
		rows = frappe.get_all("Outage Callback", {"property": self.property, "status": ("!=", "Not Required")}, ["*"])
		return Counter(row.contact for row in rows)


class SaidFirst(OverlapTest):
	def test_the_running_one_is_offered_to_be_extended(self):
		with self.refused("already running as", self.part, "More is dark", "Declare All the Same"):
			self.declare(nodes=[self.feeder])
		offered = frappe.local.response["overlapping"]
		self.assertEqual(offered, [{"incident": self.part, "nodes": [self.feeder]}])
		with self.refused("already running"):
			self.declare(nodes=[self.shafts[0]], all_the_same=True)  # the same outage is no other one
		self.do("operator", "extend_scope", self.part, offered[0]["nodes"])
		self.assertEqual(len(self.checks(self.part)), 2)
		with self.refused("already running"):
			self.declare(nodes=[self.feeder])

	def test_by_every_road(self):
		doc = frappe.new_doc("Outage Incident")  # as Desk, REST and Data Import insert it
		doc.update({"property": self.property, "level": "II", "affected_nodes": [{"power_node": self.room}]})
		with self.refused("already running as", self.part):
			doc.insert()
		doc.all_the_same = 1
		doc.insert()
		self.assertIn("shares", self.kinds(doc.name))
		self.assertIn("shares", self.kinds(self.part))

	def test_what_is_elsewhere_or_a_drill_is_no_overlap(self):
		self.assertTrue(self.declare(nodes=[self.shafts[1]]))
		self.assertTrue(self.declare(nodes=[self.feeder], is_drill=True))


class NothingIsLeftOut(OverlapTest):
	def test_every_dark_place_and_every_waiting_call_stand_in_the_command_centre(self):
		self.do("operator", "supply_back", self.part)
		for number in range(25):
			self.do("operator", "record_call", self.property, words=f"dark {number}", phone=f"1390000{number:04d}")
		nodes = [build.make_node(self.property, f"Panel {number}", "Panel", self.room) for number in range(8)]
		name = self.declare(nodes=nodes)
		with self.as_user("operator"):
			data = command_centre.command_centre()
		card = next(one for one in data["incidents"] if one["name"] == name)
		self.assertEqual(len(card["where"]), 8)
		self.assertEqual(
			len(data["waiting"]), frappe.db.count("Trouble Call", {"property": self.property, "waiting": 1})
		)
		self.assertGreater(len(data["waiting"]), 20)


class Shared(OverlapTest):
	def test_nobody_is_checked_twice(self):
		known, unknown = self.elevators[1], self.elevators[0]
		self.assertEqual(set(self.checks(self.part)), {known, unknown})
		wide = self.wide()
		self.assertEqual(self.checks(wide), {})
		gate = [row["task"] for row in incident_form.get(wide)["gate"]["open"]]
		theirs = {row.name for row in self.tasks(self.part, step_key="check_elevator")}
		self.assertLessEqual(theirs, set(gate))  # they keep its gate closed all the same
		for task in theirs:
			self.finish_task(task)
		doc = frappe.get_doc("Outage Incident", wide)
		rows = shared_tasks.load_shared(doc, lambda: power_and_assets.read(self.property))
		self.assertEqual({row.status for row in rows if row.name in theirs}, {"Done"})
		self.do("operator", "confirm", wide, "Overload")
		self.assertEqual(self.checks(wide), {})

	def test_a_car_that_was_looked_into_before_it_stopped_is_looked_into_again(self):
		for row in self.tasks(self.part, step_key="check_elevator"):
			self.finish_task(row.name)
		self.clock.move(10)
		wide = self.wide()
		# the one on the dark shaft has stood still since; the other may have run until now
		self.assertEqual(set(self.checks(wide)), {self.elevators[0]})

	def test_what_ends_there_undone_is_taken_over(self):
		wide = self.wide()
		self.assertEqual(self.tasks(wide, step_key="guard_area"), [])
		for row in self.tasks(self.part, life_safety=1, status="Open"):
			self.finish_task(row.name)
		self.do("operator", "cancel", self.part, "was none")
		self.assertEqual(len(self.tasks(wide, step_key="guard_area")), 1)
		self.assertEqual(set(self.checks(wide)), set(self.elevators))

	def test_nobody_is_called_or_told_twice(self):
		frappe.db.set_single_value("Outage Response Settings", "callback_sample_percent", 100)
		frappe.clear_document_cache("Outage Response Settings", "Outage Response Settings")
		self.do("service", "send_notice", self.part, "First Word")
		wide = self.wide()
		self.do("service", "send_notice", wide, "First Word")
		self.clock.move(10)
		self.do("operator", "supply_back", self.part)  # while the feeder is dark, nobody's supply is back
		self.assertEqual(self.callbacks(), Counter())
		self.assertFalse(frappe.db.exists("Notice Delivery", {"property": self.property, "kind": "Restored"}))
		self.clock.move(10)
		self.do("operator", "supply_back", wide)
		self.assertEqual(self.callbacks(), Counter(self.contacts))
		for kind in ("First Word", "Restored"):
			told = frappe.get_all("Notice Delivery", {"property": self.property, "kind": kind}, pluck="contact")
			self.assertEqual(Counter(told), Counter(self.contacts), kind)

	def test_whom_nobody_phoned_when_the_other_was_closed_has_not_been_called(self):
		wide = self.wide()
		self.do("operator", "supply_back", wide)
		self.do("operator", "supply_back", self.part)
		name = frappe.get_all("Outage Callback", {"property": self.property, "status": "Pending"}, pluck="incident")[0]
		other = frappe.get_doc("Outage Incident", wide if name == self.part else self.part)
		keys = frappe.get_all("Outage Callback", {"incident": name, "status": "Pending"}, pluck="contact")
		self.assertEqual(nested_outages.called_by_others(other, keys), set(keys))
		rows = frappe.get_all("Outage Callback", {"incident": name, "status": "Pending"}, pluck="name", order_by="name")
		table = frappe.qb.DocType("Outage Callback")
		frappe.qb.update(table).set(table.status, CallbackStatus.EXHAUSTED).where(table.incident == name).run()
		self.assertEqual(nested_outages.called_by_others(other, keys), set())
		tried = frappe.get_doc("Outage Callback", rows[0])
		frappe.get_doc(
			{
				"doctype": "Outage Callback Attempt",
				"parent": tried.name,
				"parenttype": "Outage Callback",
				"parentfield": "attempts",
				"idx": 1,
				"outcome": "No Answer",
			}
		).db_insert()
		self.assertEqual(nested_outages.called_by_others(other, keys), {tried.contact})

	def test_whoever_is_dark_by_the_first_one_still_is_called_by_it(self):
		frappe.db.set_single_value("Outage Response Settings", "callback_sample_percent", 100)
		frappe.clear_document_cache("Outage Response Settings", "Outage Response Settings")
		wide = self.wide()
		self.do("operator", "supply_back", wide)
		self.assertEqual(self.callbacks(), Counter(self.contacts[2:]))
		self.do("operator", "supply_back", self.part)
		self.assertEqual(self.callbacks(), Counter(self.contacts))

	def test_one_that_grows_over_another_shares_as_well(self):
		other = self.declare(nodes=[self.shafts[1]])
		self.do("operator", "extend_scope", other, [self.feeder])
		self.assertIn("shares", self.kinds(other))
