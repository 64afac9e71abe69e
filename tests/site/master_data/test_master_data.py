"""Names and places that a running outage goes by: not changed under it; and a gate that cannot place a step stays closed."""

import frappe

from outage_response.flows.residents import who_depends_on_power
from outage_response.flows.tasks import task_set
from outage_response.flows.verb.engine import Act
from outage_response.flows.verb.locking import lock_incident
from outage_response.flows.verb.refusals import GateClosedError
from outage_response.patches import firms_of_tasks

from .. import world as build
from ..base import SiteTest

MAY_BE_RENAMED = {"Managed Property", "Power Node", "Property Asset", "Property Unit"}
# Constants of the code, or of plans and rules, that are records
FIXED = (
	"Response Department",
	"Outage Level",
	"Outage Plan",
	"Outage Notice Template",
	"Escalation Rule",
	"Paging Channel",
)


class MasterDataTest(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_tower("Named Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		return world

	def one_of_each(self) -> list[tuple[str, str]]:
		return [
			("Power Node", self.shafts[0]),
			("Property Unit", self.units[0]),
			("Property Asset", self.elevators[0]),
			("Managed Property", self.property),
		]

	def rename(self, doctype: str, name: str, new: str) -> str:
		"""As Desk does, by a manager."""
		with self.as_user("manager"), self.request():
			from frappe.model.rename_doc import update_document_title

			return update_document_title(doctype=doctype, docname=name, name=new)

	def change(self, doctype: str, name: str, **values) -> None:
		with self.request():
			doc = frappe.get_doc(doctype, name)
			doc.update(values)
			doc.save()

	def synced(self, incident: str) -> list:
		"""What a verb would add now."""
		return task_set.sync(Act("declare", self.clock.now, self.clock.now, incident=lock_incident(incident))).add


class Renamed(MasterDataTest):
	def test_nothing_that_an_outage_goes_by_is_renamed_under_it(self):
		incident = self.declare()
		for doctype, name in self.one_of_each():
			with self.subTest(doctype), self.refused(incident, "Rename"):
				self.rename(doctype, name, f"{name} New")

	def test_everything_that_may_be_renamed_is_known_here(self):
		ours = frappe.get_all("DocType", filters={"module": "Outage Response", "allow_rename": 1}, pluck="name")
		self.assertEqual(set(ours), MAY_BE_RENAMED)

	def test_what_the_code_knows_by_name_keeps_it(self):
		for doctype in FIXED:
			name = frappe.get_all(doctype, pluck="name", limit=1)[0]
			with self.subTest(doctype), self.refused(error=(frappe.ValidationError, frappe.PermissionError)):
				self.rename(doctype, name, "guards")
		for name in frappe.get_all("Response Department", pluck="name"):
			with self.subTest(name), self.refused():
				frappe.delete_doc("Response Department", name)

	def test_the_gate_stays_closed_whatever_the_clearance_is_called(self):
		incident = self.declare(nodes=[self.shafts[0]])
		self.do("engineer", "confirm", incident, "Equipment Fault")
		self.finish_steps(incident, keep=lambda task: task.step_key == "clear_to_energise", gate="energise")
		self.finish_steps(incident, step_key="check_elevator")
		with self.refused(error=GateClosedError):
			self.do("operator", "permit_energise", incident, [self.shafts[0]])
		lost = self.task(incident, "clear_to_energise")
		frappe.db.set_value("Outage Task", lost.name, "subject", "a shaft that is nowhere", update_modified=False)
		with self.refused(error=GateClosedError):
			self.do("operator", "permit_energise", incident, [self.shafts[0]])

	def test_work_of_another_day_goes_by_the_new_name(self):
		incident = self.declare("III")
		before = {(row.step_key, row.subject_label) for row in self.tasks(incident)}
		for doctype, name in self.one_of_each():
			new = self.rename(doctype, name, f"{name} New")
			self.assertFalse(frappe.db.exists("Outage Task", {"subject_type": doctype, "subject": name}))
			self.assertFalse(frappe.db.exists("Outage Task Check", {"item": name}))
			if doctype == "Managed Property":
				self.assertEqual(self.field("Outage Incident", incident, "property"), new)
		added = self.synced(incident)
		self.assertFalse([spec for spec in added if (spec.step.key, spec.subject.label) in before], "twice")

	def test_after_the_end_it_may_be_called_otherwise(self):
		incident = self.declare()
		frappe.db.set_value("Outage Incident", incident, "status", "Closed", update_modified=False)
		for doctype, name in self.one_of_each():
			self.rename(doctype, name, f"{name} New")


class Changed(MasterDataTest):
	"""Supply comes from elsewhere, a building is spelled otherwise: not while it decides who is dark."""

	def test_what_decides_who_is_dark_stays(self):
		lit = build.make_node(self.property, "Lit Shaft", "Shaft", self.feeder)
		annex = frappe.get_doc(
			{"doctype": "Property Building", "property": self.property, "building_name": "Annex"}
		).insert()
		incident = self.declare(nodes=[self.shafts[0]])
		for doctype, name, values in (
			("Power Node", self.switches[0], {"parent_power_node": lit}),
			("Power Node", self.shafts[0], {"node_type": "Panel"}),
			("Property Unit", self.units[0], {"power_node": lit}),
			("Property Unit", self.units[0], {"building": annex.name}),
			("Property Asset", self.elevators[0], {"building": annex.name}),
			("Property Asset", self.elevators[0], {"asset_type": "Generator"}),
			("Property Asset", self.elevators[0], {"contractor_name": "Others Ltd"}),
			("Property Asset", self.elevators[0], {"contractor_name": ""}),
			("Property Asset", self.lobby, {"department": "engineering"}),
			("Property Asset", self.entrance, {"survives_outage": "Yes"}),
			("Property Asset", self.critical_room, {"power_node": lit}),
			("Property Building", annex.name, {"building_name": "Annexe"}),
			("Managed Property", self.property, {"property_type": "Residential Community"}),
		):
			label = frappe.get_meta(doctype).get_label(next(iter(values)))
			with self.subTest(values), self.refused(incident, label):
				self.change(doctype, name, **values)

	def test_nothing_of_it_is_deleted(self):
		incident = self.declare(nodes=[self.shafts[0]])
		for doctype, name in (
			("Property Asset", self.elevators[0]),
			("Property Unit", self.units[0]),
			("Power Node", self.switches[-1]),
		):
			with self.subTest(doctype), self.refused(error=(frappe.ValidationError, frappe.LinkExistsError)):
				frappe.delete_doc(doctype, name)
		self.assertTrue(incident)

	def test_the_rest_may_be_put_right(self):
		self.declare(nodes=[self.shafts[0]])
		self.change("Property Asset", self.elevators[0], plate_no="A-17")
		self.change("Power Node", self.shafts[0], node_name="Shaft A, east")
		new = build.make_unit(self.property, "9A", self.switches[0], 9, "T", [])
		self.assertTrue(frappe.db.exists("Property Unit", new))

	def test_of_another_property_everything_may(self):
		other = build.make_tower("Named Tower Beside", floors=1)
		self.declare()
		self.change("Property Asset", other["elevators"][0], building_name="B")
		frappe.delete_doc("Property Asset", other["elevators"][1])
		self.rename("Power Node", other["switches"][0], "Named Tower Beside-Switch 9")

	def test_an_asset_of_an_outage_that_has_ended_may_go(self):
		incident = self.declare()
		frappe.db.set_value("Outage Incident", incident, "status", "Closed", update_modified=False)
		frappe.delete_doc("Property Asset", self.elevators[0])
		self.assertEqual(self.task(incident, "check_elevator").subject_label, "Elevator 1")


class Learned(MasterDataTest):
	"""What only adds steps, or puts a number right, goes into the outage that runs, and is said there."""

	def test_a_firm_a_number_a_post_and_an_asset(self):
		frappe.db.set_value("Property Asset", self.elevators[1], {"contractor_name": "", "contractor_phone": ""})
		incident = self.declare()
		firm = self.task(incident, "call_elevator_contractor", contractor="Up and Down Ltd").name
		self.change("Property Asset", self.elevators[0], contractor_phone="0111")
		self.assertEqual(self.field("Outage Task", firm, "phone"), "0111")
		self.assertIn("Contractor Phone", self.entry(incident, "asset_learned")["text"])
		self.change("Property Asset", self.elevators[1], contractor_name="Lifts & Co", contractor_phone="0222")
		new = self.task(incident, "call_elevator_contractor", contractor="Lifts & Co")
		self.assertEqual((new.phone, new.status), ("0222", "Open"))
		before = len(self.tasks(incident))
		self.change("Property Asset", self.vault, survives_outage="No")
		third = build.make_asset(self.property, "Elevator 3", "Elevator", building="T")
		added = {row.subject for row in self.tasks(incident)[:]} & {self.vault, third}
		self.assertEqual(added, {self.vault, third})
		self.assertGreater(len(self.tasks(incident)), before)

	def test_an_outage_that_is_over_learns_nothing(self):
		incident = self.declare()
		frappe.db.set_value("Outage Incident", incident, "status", "Closed", update_modified=False)
		before = self.tasks(incident)
		self.change("Property Asset", self.elevators[0], contractor_phone="0111")
		self.assertEqual(self.tasks(incident), before)


class Gone(MasterDataTest):
	"""What was deleted by force keeps nobody from going on."""

	def test_a_step_at_a_home_that_is_no_longer_there(self):
		incident = self.declare()
		name = self.task(incident, "check_elevator").name
		frappe.db.delete("Property Asset", {"name": self.elevators[0]})
		self.do("engineer", "acknowledge", name)
		self.assertEqual(self.field("Outage Task", name, "subject"), self.elevators[0])

	def test_a_callback_of_somebody_who_is_no_longer_known(self):
		incident = self.declare()
		self.do("engineer", "supply_back", incident)
		where = {"incident": incident, "contact": self.contacts[0]}
		name = frappe.db.get_value("Outage Callback", where)
		frappe.db.delete("Contact", {"name": self.contacts[0]})
		self.do("service", "log_attempt", name, "No Answer")
		self.do("service", "log_attempt", name, "Reached")
		self.assertEqual(self.field("Outage Callback", name, "status"), "Reached")
		self.assertEqual(self.field("Outage Callback", name, "contact"), self.contacts[0])

	def test_what_a_verb_puts_in_must_be_there(self):
		incident = self.declare()
		doc = frappe.get_doc("Outage Incident", incident)
		doc.flags.by_verb = True
		doc.append("affected_nodes", {"power_node": "nowhere", "out_since": self.clock.now})
		with self.assertRaises(frappe.LinkValidationError):
			doc.save()


class Firms(MasterDataTest):
	def test_a_firm_is_no_record(self):
		incident = self.declare()
		firm = self.task(incident, "call_elevator_contractor", contractor=("is", "set"))
		self.assertEqual((firm.subject_type or "", firm.subject or "", firm.contractor), ("", "", "Up and Down Ltd"))
		self.assertEqual(self.synced(incident), [])

	def test_tasks_of_an_older_version(self):
		incident = self.declare()
		firm = self.task(incident, "call_elevator_contractor", contractor=("is", "set"))
		old = {"subject_type": "Contractor", "subject": firm.contractor, "contractor": ""}
		frappe.db.set_value("Outage Task", firm.name, old, update_modified=False)
		for _time in range(2):
			firms_of_tasks.execute()
		self.assertEqual(self.task(incident, firm.step_key, name=firm.name).contractor, "Up and Down Ltd")
		self.assertEqual(self.synced(incident), [])


class Merged(MasterDataTest):
	"""Two records of one thing, after an outage and under one that runs."""

	def merge(self, doctype: str, old: str, new: str) -> None:
		with self.request():
			frappe.rename_doc(doctype, old, new, merge=True, force=True)

	def test_a_home_keeps_who_lived_in_either(self):
		first, second = self.units[:2]
		build.add_resident(second, self.contacts[0])
		who_depends_on_power.set_care_need(first, self.contacts[0], "oxygen", 30)
		who_depends_on_power.set_care_need(second, self.contacts[0], "oxygen", 30)
		frappe.db.set_single_value("Outage Response Settings", "callback_sample_percent", 100)
		name = self.declare(nodes=[self.room])
		self.refused_merge("Property Unit", first, second, "not while outage")
		self.finish_steps(name, life_safety=1)
		self.do("operator", "supply_back", name)
		frappe.db.set_value("Outage Incident", name, "status", "Closed")
		self.merge("Property Unit", first, second)
		home = frappe.get_doc("Property Unit", second)
		self.assertEqual({row.contact for row in home.residents}, set(self.contacts[:2]))
		self.assertEqual([row.is_primary for row in home.residents].count(1), 1)
		self.assertEqual(frappe.db.count("Care Need", {"unit": second}), 1)
		rows = frappe.get_all("Outage Callback Unit", {"unit": second}, pluck="parent")
		self.assertEqual(len(rows), len(set(rows)))

	def refused_merge(self, doctype: str, old: str, new: str, says: str) -> None:
		with self.subTest(doctype=doctype, says=says), self.refused(says):
			self.merge(doctype, old, new)

	def test_what_is_not_the_same_is_not_merged(self):
		other = build.make_tower("Other Tower", floors=1)
		self.refused_merge("Property Unit", self.units[0], other["units"][0], "Property")
		self.refused_merge("Property Asset", self.elevators[0], other["elevators"][0], "Property")
		self.refused_merge("Property Asset", self.elevators[0], self.generator, "Asset Type")
		self.refused_merge("Power Node", self.switches[0], other["switches"][0], "Property")
		self.declare()
		self.refused_merge("Managed Property", other["property"], self.property, "not while outage")

	def test_a_login_that_is_renamed_keeps_ringing(self):
		name = self.declare(nodes=[self.shafts[0]])
		task = self.task(name, "isolate_fault").name
		old, new = build.user("electrician"), build.user("night.electrician")
		self.assertIn(old, frappe.parse_json(self.field("Outage Task", task, "_assign")))
		with self.request():
			frappe.rename_doc("User", old, new, force=True)
		self.assertIn(new, frappe.parse_json(self.field("Outage Task", task, "_assign")))
		self.do(new, "acknowledge", task)
