"""Who is dark is kept with the outage: records that change meanwhile, or afterwards, change nothing by themselves."""

from datetime import datetime

import frappe

from outage_response.flows.facts import affected_homes
from outage_response.flows.residents import resident_portal
from outage_response.flows.screens import units_by_floor
from outage_response.patches import keep_homes

from .. import world as build
from ..base import SiteTest


class HomesTest(SiteTest):
	"""One shaft of a tower is dark: eleven homes on eleven switches."""

	@classmethod
	def build_world(cls):
		world = build.make_tower("Kept Tower", floors=11)
		build.make_roster(world["property"], cls.now)
		world["lit"] = world["switches"][-1]
		return world

	def dark(self, **kwargs) -> str:
		return self.declare(nodes=[self.shafts[0]], **kwargs)

	def kinds(self, incident: str) -> list[str]:
		return frappe.get_all("Timeline Entry", {"incident": incident}, pluck="kind", order_by="creation")

	def callbacks(self, incident: str) -> int:
		return frappe.db.count("Outage Callback", {"incident": incident})

	def close(self, incident: str) -> None:
		"""Over and filed away, as far as the records go."""
		frappe.db.set_value("Outage Incident", incident, {"status": "Closed", "closed_at": self.clock.now})

	def move(self, unit: str, node: str) -> None:
		frappe.get_doc("Property Unit", unit).update({"power_node": node}).save()

	def force(self, doctype: str, name: str, **values) -> None:
		"""By a road that asks nobody."""
		frappe.db.set_value(doctype, name, values, update_modified=False)


class Running(HomesTest):
	def test_eleven_dark_homes_are_eleven_whatever_becomes_of_the_records(self):
		incident = self.dark()
		for doctype, name, values in (
			("Power Node", self.switches[0], {"parent_power_node": self.shafts[1]}),
			("Property Unit", self.units[1], {"power_node": self.lit}),
		):
			with self.refused(incident):
				frappe.get_doc(doctype, name).update(values).save()
		with self.refused(error=(frappe.ValidationError, frappe.LinkExistsError)):
			frappe.delete_doc("Power Node", self.switches[2])
		self.force("Property Unit", self.units[1], property="")  # it is on the record all the same
		self.clock.move(10)
		answer = self.do("engineer", "supply_back", incident, [self.switches[3]])
		self.assertEqual(answer["status"], "Reported", "one switch is not the shaft")
		self.assertEqual((answer["callbacks"], answer["customer_minutes"]), (1, 11 * 10))
		self.clock.move(10)
		answer = self.do("engineer", "supply_back", incident)
		self.assertEqual((answer["status"], answer["customer_minutes"]), ("Restored", 10 + 10 * 20))
		self.assertEqual(self.callbacks(incident), 11)

	def test_a_home_that_is_entered_meanwhile_counts_when_somebody_takes_it_over(self):
		incident = self.dark()
		build.make_unit(self.property, "99A", self.switches[0], 1, "T", [build.make_contact("Kept New", "1390000999")])
		build.make_unit(self.property, "98A", self.switches[0], 1, "T")
		self.assertEqual(self.kinds(incident).count("records_changed"), 1, "a file is one warning")
		self.assertEqual(units_by_floor.by_floor(incident)["count"], 11)
		self.clock.move(10)
		answer = self.do("operator", "take_over_changes", incident)
		self.assertEqual((answer["units"], answer["affected_units"]), (2, 13))
		self.assertIn(
			"99A",
			frappe.get_all("Timeline Entry", {"incident": incident, "kind": "changes_taken_over"}, pluck="data")[0],
		)
		self.do("engineer", "supply_back", incident)
		self.assertEqual(self.callbacks(incident), 12)
		self.assertEqual(self.field("Outage Incident", incident, "customer_minutes"), 13 * 10)
		with self.refused("nothing was changed"):
			self.do("operator", "take_over_changes", incident)

	def test_one_that_nobody_takes_over_does_not_count(self):
		incident = self.dark()
		build.make_unit(
			self.property, "99A", self.switches[0], 1, "T", [build.make_contact("Kept Other", "1390000998")]
		)
		self.clock.move(10)
		self.do("engineer", "supply_back", incident)
		self.assertEqual(self.callbacks(incident), 11)
		self.assertEqual(self.field("Outage Incident", incident, "customer_minutes"), 110)
		self.assertEqual(self.field("Outage Incident", incident, "affected_units"), 11)

	def test_what_one_outage_does_not_count_is_counted_by_the_next(self):
		"""Its record decides what an outage counts, not where a home hangs: a home entered meanwhile is dark in the second one only."""
		first = self.declare(nodes=[self.switches[0]])
		build.make_unit(self.property, "99A", self.switches[0], 1, "T")
		second = self.dark(all_the_same=True)
		self.clock.move(10)
		self.assertEqual(self.do("engineer", "supply_back", second)["customer_minutes"], 11 * 10, "of twelve homes")
		self.assertEqual(self.do("engineer", "supply_back", first)["customer_minutes"], 10)

	def test_it_may_be_taken_over_when_supply_is_back(self):
		incident = self.dark()
		build.make_unit(self.property, "99A", self.switches[0], 1, "T", [build.make_contact("Kept Late", "1390000997")])
		self.clock.move(10)
		self.do("engineer", "supply_back", incident)
		answer = self.do("service", "take_over_changes", incident)
		self.assertEqual((answer["callbacks"], self.callbacks(incident)), (1, 12))
		self.assertEqual(self.field("Outage Incident", incident, "customer_minutes"), 12 * 10)

	def test_whoever_lived_there_is_called_back(self):
		incident = self.dark()
		unit = frappe.get_doc("Property Unit", self.units[0])
		unit.set("residents", [{"contact": build.make_contact("Moved In", "1390000996"), "is_primary": 1}])
		unit.save()
		self.assertIn("records_changed", self.kinds(incident))
		self.do("engineer", "supply_back", incident)
		called = frappe.get_all("Outage Callback", {"incident": incident}, pluck="contact")
		self.assertIn(self.contacts[0], called)
		self.assertNotIn("Moved In", called)

	def test_other_residents_are_taken_over(self):
		incident = self.dark()
		unit = frappe.get_doc("Property Unit", self.units[0])
		unit.set("residents", [{"contact": build.make_contact("Moved In", "1390000996"), "is_primary": 1}])
		unit.save()
		self.assertEqual(self.do("manager", "take_over_changes", incident)["residents"], 1)
		self.do("engineer", "supply_back", incident)
		called = frappe.get_all("Outage Callback", {"incident": incident}, pluck="contact")
		self.assertEqual((len(called), "Moved In" in called, self.contacts[0] in called), (11, True, False))

	def test_what_is_elsewhere_or_says_nothing_is_no_warning(self):
		incident = self.dark()
		build.make_unit(self.property, "99B", self.lit, 1, "T")
		frappe.get_doc("Property Unit", self.units[0]).update({"floor": "2"}).save()
		build.make_node(self.property, "Switch B12", "Shaft Switch", self.shafts[1])
		self.assertFalse({"records_changed", "node_added"} & set(self.kinds(incident)))

	def test_a_node_below_a_dark_one_is_dark_and_said(self):
		incident = self.dark()
		build.make_node(self.property, "Switch A12", "Shaft Switch", self.shafts[0])
		self.assertIn("node_added", self.kinds(incident))
		for switch in self.switches[:11]:
			answer = self.do("engineer", "supply_back", incident, [switch])
		self.assertEqual(answer["status"], "Reported", "nobody has said that the new one is back")

	def test_more_that_is_dark_comes_onto_the_record(self):
		incident = self.dark()
		self.do("operator", "extend_scope", incident, [self.lit])
		self.assertEqual(self.field("Outage Incident", incident, "affected_units"), 12)
		self.assertEqual(len(affected_homes.residents(frappe.get_doc("Outage Incident", incident), None)), 12)

	def test_planned_work_goes_by_the_records_until_it_begins(self):
		incident = self.declare("III", nodes=[self.shafts[0]])
		self.assertFalse(frappe.db.exists(affected_homes.DOCTYPE, {"incident": incident}))
		self.move(self.units[0], self.lit)
		self.finish_steps(incident, gate="start")
		self.do("operator", "start", incident)
		self.assertEqual(self.field("Outage Incident", incident, "affected_units"), 10)
		self.assertEqual(frappe.db.count(affected_homes.DOCTYPE, {"incident": incident}), 10)


class Ended(HomesTest):
	"""Nothing of an outage that is over changes with the records of today."""

	def over(self) -> str:
		incident = self.dark()
		self.clock.move(30)
		self.do("engineer", "supply_back", incident)
		self.close(incident)
		return incident

	def seen(self, incident: str) -> dict:
		rows = units_by_floor.by_floor(incident)["floors"]
		doc = frappe.get_doc("Outage Incident", incident)
		return {
			"floors": [(row["floor"], str(row["out_since"]), str(row["back_at"]), row["units"][0][1]) for row in rows],
			"nodes": [row.units for row in doc.affected_nodes],
			"residents": [row.contact for row in affected_homes.residents(doc, None)],
			"figures": (doc.affected_units, doc.customer_minutes, self.callbacks(incident)),
		}

	def change_everything(self) -> None:
		frappe.get_doc("Power Node", self.switches[0]).update({"parent_power_node": self.shafts[1]}).save()
		self.move(self.units[1], self.lit)
		frappe.get_doc("Property Unit", self.units[2]).update({"floor": "40", "residents": []}).save()
		frappe.db.delete("Property Unit", {"name": self.units[3]})

	def test_units_times_and_figures(self):
		incident = self.over()
		before = self.seen(incident)
		self.assertEqual((len(before["floors"]), before["figures"]), (11, (11, 330, 11)))
		self.change_everything()
		self.assertEqual(self.seen(incident), before)

	def test_the_past_outages_of_a_home(self):
		incident = self.over()
		contact = self.contacts[1]
		homes_of = lambda unit: ({"unit": unit, "unit_no": unit, "property": self.property, "power_node": self.lit},)  # noqa: E731
		self.move(self.units[1], self.lit)
		cards = resident_portal.outages(resident_portal.Person((contact,), homes_of(self.units[1])))
		self.assertEqual(
			[(card["name"], card["since"], card["back"]) for card in cards],
			[(incident, "2026-03-11 02:00", "2026-03-11 02:30")],
		)
		self.assertEqual(
			resident_portal.outages(resident_portal.Person((contact,), homes_of(self.units[-1]))),
			[],
			"moved under that shaft or not",
		)

	def test_a_minute_is_counted_once_wherever_a_home_hangs_today(self):
		"""The same half hour, entered a second time after a home was moved: it has no minute left."""
		self.over()
		self.move(self.units[1], self.lit)
		past = {"reported_at": datetime(2026, 3, 11, 2, 0), "restored_at": self.clock.now, "closed_at": self.clock.now}
		doc = frappe.get_doc(
			{
				"doctype": "Outage Incident",
				"property": self.property,
				"level": "II",
				**past,
				"affected_nodes": [{"power_node": self.lit}],
			}
		).insert()
		self.assertEqual((doc.affected_units, doc.customer_minutes), (2, 30), "only the home that hung there before")
		self.assertEqual(frappe.db.count(affected_homes.DOCTYPE, {"incident": doc.name}), 2)

	def test_outages_of_an_older_version(self):
		incident = self.over()
		before = self.seen(incident)
		frappe.db.delete(affected_homes.DOCTYPE, {"incident": incident})
		for row in frappe.get_all("Outage Affected Node", {"parent": incident}, pluck="name"):
			self.force("Outage Affected Node", row, units=0)
		for _time in range(2):
			keep_homes.execute()
		self.assertEqual(self.seen(incident), before)
