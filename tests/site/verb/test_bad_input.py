"""Bad input: refused with a message that names the field, and nothing changed; or told on the timeline and gone on with."""

from datetime import timedelta

import frappe
from frappe.utils import get_datetime

from .. import world as build
from ..base import SiteTest

REFUSALS = (frappe.ValidationError, frappe.PermissionError, frappe.DoesNotExistError)


class BadInput(SiteTest):
	"""Line by line as the issue lists it."""

	@classmethod
	def build_world(cls):
		world = build.make_tower("Careful Tower", floors=2)
		other = build.make_community("Other Community", buildings=1, units_each=1)
		build.make_roster(world["property"], cls.now)
		return {**world, "other": other}

	def declared(self, level="II", nodes=None, **kwargs):
		return self.do("operator", "declare", self.property, nodes or [self.room], level, **kwargs)

	def test_unknown_or_foreign_node(self):
		for node in ("nowhere", self.other["room"], "", None, 7, {}):
			with self.subTest(node=node), self.refused("Node"):
				self.declared(nodes=[node])
		with self.refused("Affected Nodes"):
			self.do("operator", "declare", self.property, [], "II")
		name = self.declare(nodes=[self.switches[0]])
		for verb in ("extend_scope", "supply_back", "permit_energise"):
			for node in ("nowhere", self.other["room"]):
				with self.subTest(verb=verb, node=node), self.refused("Nodes", node):
					self.do("operator", verb, name, [node])

	def test_json_that_is_no_list_is_none(self):
		"""Its keys would be taken for what is listed."""
		name = self.declare(nodes=[self.switches[0]])
		for text in (f'{{"{self.switches[0]}": 0}}', "{}", "[1"):
			with self.subTest(text=text), self.refused("is not a list"):
				self.post("operator", "supply_back", incident=name, nodes=text)

	def test_unit_of_another_property(self):
		foreign = self.other["units"][0]
		with self.refused("Unit", foreign):
			self.declared(nodes=[{"power_node": self.room, "unit": foreign}])
		with self.refused("Unit", foreign):
			self.do("operator", "record_call", self.property, unit=foreign)
		with self.refused("Power Node"):
			self.declared(nodes=[{"power_node": self.room, "unit": self.units[0]}])
		with self.refused("Nodes"):
			self.do("operator", "record_call", self.property, power_node=self.other["room"])

	def test_planned_end_before_planned_start(self):
		start = self.now + timedelta(days=2)
		for end in (start, start - timedelta(hours=1)):
			with self.refused("Planned End"):
				self.declare("III", planned_start=start, planned_end=end)
		with self.refused("Planned Start"):
			self.declare("III", planned_start=None)
		with self.refused("Planned By"):
			self.declare("III", planned_by="Neighbour")
		with self.refused("Planned Start", "tomorrow"):
			self.declare("III", planned_start="tomorrow")

	def test_supply_back_before_it_went(self):
		name = self.declare()
		with self.refused("Occurred At"):
			self.do("operator", "supply_back", name, occurred_at=str(self.now - timedelta(minutes=1)))
		with self.refused("Occurred At", "before it went"):
			self.do("operator", "supply_back", name, [self.shafts[0]], occurred_at=str(self.now - timedelta(minutes=1)))
		planned = self.declare("III")
		self.clock.now = get_datetime(self.field("Outage Incident", planned, "planned_start"))
		self.finish_steps(planned, gate="start")
		self.do("engineer", "start", planned)
		with self.refused("Occurred At"):
			self.do("operator", "supply_back", planned, occurred_at=str(self.clock.now - timedelta(minutes=1)))

	def test_what_only_verbs_say_does_not_come_in_with_a_new_incident(self):
		"""By REST, or as a copy of an older one."""
		doc = frappe.get_doc(
			{
				"doctype": "Outage Incident",
				"property": self.property,
				"level": "II",
				"customer_minutes": 7,
				"affected_nodes": [
					{
						"power_node": self.room,
						"energise_permitted_at": str(self.now),
						"back_at": str(self.now),
						"back_source": "nobody",
					}
				],
			}
		)
		with self.as_user("operator"):
			doc.insert()
		row = frappe.get_doc("Outage Incident", doc.name).affected_nodes[0]
		self.assertEqual((row.energise_permitted_at, row.back_at, row.back_source), (None, None, None))
		self.assertEqual(self.field("Outage Incident", doc.name, "customer_minutes"), 0)
		self.clock.move(5)
		self.do("operator", "supply_back", doc.name)
		self.assertIn("back_without_permission", self.kinds(doc.name))

	def test_a_parent_of_another_property(self):
		with self.as_user("operator"):
			elsewhere = frappe.get_doc(
				{
					"doctype": "Outage Incident",
					"property": self.other["property"],
					"level": "II",
					"affected_nodes": [{"power_node": self.other["room"]}],
				}
			)
		elsewhere.insert(ignore_permissions=True)
		with self.refused("Parent Incident", elsewhere.name):
			self.declared(parent_incident=elsewhere.name)

	def test_a_fast_clock_is_fast_for_all_that_it_says(self):
		sent_at = self.now + timedelta(minutes=5)
		nodes = [{"power_node": self.room, "out_since": str(sent_at)}]
		name = self.declared(nodes=nodes, occurred_at=str(sent_at))["incident"]
		doc = frappe.get_doc("Outage Incident", name)
		self.assertMoment(doc.reported_at, self.now)
		self.assertMoment(doc.affected_nodes[0].out_since, self.now)
		with self.refused("Out Since"):
			self.declared(
				nodes=[{"power_node": self.shafts[0], "out_since": str(sent_at + timedelta(minutes=1))}],
				occurred_at=str(sent_at),
			)

	def test_supply_that_is_back_already(self):
		name = self.declare()
		self.do("operator", "supply_back", name)
		with self.refused("Status"):
			self.do("operator", "supply_back", name)

	def test_times_in_the_future(self):
		ahead = str(self.now + timedelta(hours=1))
		with self.refused("Occurred At"):
			self.declared(occurred_at=ahead)
		with self.refused("Out Since"):
			self.declared(nodes=[{"power_node": self.room, "out_since": ahead}])
		name = self.declare()
		task = self.task(name, "isolate_fault").name
		for verb, args in (
			("acknowledge", (task,)),
			("arrive", (task,)),
			("complete", (task, None, None, None, "done")),
			("confirm", (name, "Overload")),
			("supply_back", (name,)),
			("record_call", (self.property,)),
		):
			with self.subTest(verb=verb), self.refused("Occurred At"):
				self.do("Administrator", verb, *args, occurred_at=ahead)

	def test_before_the_outage_was_reported(self):
		name = self.declare()
		with self.refused("Occurred At", "reported"):
			self.do("operator", "confirm", name, "Overload", occurred_at=str(self.now - timedelta(hours=1)))

	def test_an_etr_in_the_past(self):
		past = str(self.now - timedelta(minutes=1))
		with self.refused("ETR"):
			self.declared(etr=past)
		name = self.declare()
		with self.refused("ETR"):
			self.do("operator", "set_etr", name, past)
		with self.refused("ETR"):
			self.do("operator", "confirm", name, "Overload", etr=past)
		at, self.clock.now = str(self.now), self.now + timedelta(minutes=50)
		with self.refused("ETR"):  # it lay ahead when it was said, and is over when it is written down
			self.do("operator", "set_etr", name, str(self.now + timedelta(minutes=30)), occurred_at=at)
		with self.refused("ETR", "soon"):
			self.do("operator", "set_etr", name, "soon")

	def test_a_level_without_a_plan(self):
		for level in ("IV", 2, "four"):
			with self.subTest(level=level), self.refused("Level"):
				self.declared(level=level)
		plan = frappe.db.get_value("Outage Level", "I", "plan")
		frappe.db.set_value("Outage Level", "I", "plan", None)
		with self.refused("Level", "I"):
			self.declared(level="I")
		frappe.db.set_value("Outage Level", "I", "plan", plan)
		frappe.db.set_value("Outage Plan", plan, "enabled", 0)
		with self.refused("Level", "I"):
			self.declared(level="I")
		name = self.declare("II")
		with self.refused("Level", "I"):
			self.do("operator", "reclassify", name, "I", "external")

	def test_reclassify_of_an_incident_that_is_over(self):
		name = self.declare()
		self.finish_steps(name, life_safety=1)
		self.do("operator", "cancel", name, "nothing")
		with self.refused("Status", "Cancelled"):
			self.do("operator", "reclassify", name, "I", "late")
		self.declare()
		with self.refused("Level"):
			self.do("operator", "reclassify", self.running(), "II", "the same")
		with self.refused("Reason"):
			self.do("operator", "reclassify", self.running(), "I", " ")
		with self.refused("Level"):
			self.do("operator", "reclassify", self.running(), "III", "planned after all")
		planned = self.declare("III")
		with self.refused("Level"):
			self.do("operator", "reclassify", planned, "I", "now")

	def running(self) -> str:
		return frappe.db.get_value("Outage Incident", {"property": self.property, "status": "Reported"})

	def test_completing_a_task_twice_or_somebody_elses(self):
		name = self.declare()
		task = self.task(name, "isolate_fault").name
		with self.refused("Outage Engineering", error=frappe.PermissionError):
			self.do("guard1", "complete", task, evidence="me")
		with self.refused(error=frappe.PermissionError):
			self.do("resident", "complete", task, evidence="me")
		with self.refused(error=frappe.PermissionError):
			self.do("Guest", "complete", task, evidence="me")
		self.finish_task(task)
		with self.refused("Status", "Done"):
			self.do("electrician", "complete", task, evidence="again")
		with self.refused("Task", error=frappe.DoesNotExistError):
			self.do("electrician", "complete", "nothing", evidence="x")

	def test_evidence_missing(self):
		name = self.declare()
		for step, who in (("isolate_fault", "electrician"), ("call_engineering", "operator")):
			for evidence in (None, "", "  "):
				with self.subTest(step=step, evidence=evidence), self.refused("Evidence"):
					self.do(who, "complete", self.task(name, step).name, evidence=evidence)
		planned = self.declare("III")
		with self.refused("photo"):
			self.do("service", "complete", self.task(planned, "notify_households").name, evidence="I put it up")
		foreign = build.make_photo("/private/files/payroll.png")
		frappe.db.set_value("File", {"file_url": foreign}, "is_private", 1)
		for photo in ("a photo", "/files/nobody-uploaded-this.png", foreign):
			with self.subTest(photo=photo), self.refused("Photo"):
				self.do("service", "complete", self.task(planned, "notify_households").name, photo=photo)

	def test_an_outcome_that_the_step_does_not_have(self):
		name = self.declare()
		with self.refused("Outcome", "Trapped"):
			self.do("electrician", "complete", self.task(name, "check_elevator").name, "fine", evidence="x")
		with self.refused("Outcome"):
			self.do("electrician", "complete", self.task(name, "isolate_fault").name, "fine", evidence="x")

	def test_a_power_tree_with_a_loop(self):
		with self.refused(error=REFUSALS), self.request():
			node = frappe.get_doc("Power Node", self.feeder)
			node.parent_power_node = self.shafts[0]
			node.save()
		with self.refused(error=REFUSALS), self.request():
			node = frappe.get_doc("Power Node", self.room)
			node.parent_power_node = self.room
			node.save()
		with self.refused("Parent Power Node"), self.request():
			node = frappe.get_doc("Power Node", self.room)
			node.parent_power_node = self.other["room"]
			node.save()

	def test_0_households(self):
		with self.refused("Households"), self.request():
			build.make_property("Empty Property", households=0)
		frappe.db.set_value("Managed Property", self.property, "households", 0)
		frappe.clear_document_cache("Managed Property", self.property)
		with self.refused("Households", self.property):
			self.declared()

	def test_foreign_rows_in_the_records(self):
		for action in (
			lambda: build.make_unit(self.property, "99", self.other["room"]),
			lambda: build.make_asset(self.property, "Foreign Elevator", "Elevator", power_node=self.other["room"]),
			lambda: build.make_unit(self.property, "98", self.room, contacts=[self.contacts[0], self.contacts[0]]),
			lambda: build.make_shift(self.property, "security", None),
			lambda: build.make_shift(self.property, "security", "guard1", ends_at=self.now - timedelta(days=9)),
		):
			with self.refused(), self.request():
				action()

	def test_an_elevator_that_is_none_or_elsewhere(self):
		name = self.declare()
		for elevator in (self.lobby, self.other["elevators"][0], "nothing", None):
			with self.subTest(elevator=elevator), self.refused("Elevator"):
				self.do("guard1", "report_trapped", name, elevator)

	def test_a_past_outage_is_entered_by_those_who_keep_the_figures(self):
		"""A guard's would be in the figures: nothing else on the site contradicts it."""
		past = {
			"doctype": "Outage Incident",
			"property": self.property,
			"level": "II",
			"reported_at": self.now - timedelta(days=2, hours=1),
			"restored_at": self.now - timedelta(days=2),
			"closed_at": self.now - timedelta(days=2),
			"affected_nodes": [{"power_node": self.room}],
		}
		for who in ("guard1", "service", "operator"):
			refused = self.refused("Closed At", error=frappe.PermissionError)
			with self.subTest(who), self.as_user(who), refused, self.request():
				frappe.get_doc(past).insert()
		for who in ("engineer", "manager"):
			with self.as_user(who):
				self.assertEqual(frappe.get_doc(past).insert().status, "Closed")

	def test_a_past_outage_whose_times_make_no_sense(self):
		past = {"reported_at": self.now - timedelta(days=2), "closed_at": self.now - timedelta(days=1)}
		for values, word in (
			(past, "Restored At"),
			({**past, "restored_at": self.now - timedelta(days=3)}, "Closed At"),
			({**past, "restored_at": self.now, "closed_at": self.now + timedelta(days=1)}, "Closed At"),
			({"stood_down_at": self.now}, "Stood Down"),
		):
			with self.subTest(**values), self.refused(word), self.request():
				frappe.get_doc(
					{
						"doctype": "Outage Incident",
						"property": self.property,
						"level": "II",
						"affected_nodes": [{"power_node": self.room}],
						**values,
					}
				).insert()

	def test_care_needs_of_somebody_else(self):
		from outage_response.flows.residents.who_depends_on_power import set_care_need

		for arguments, word in (
			((self.units[0], self.other["contacts"][0], "oxygen", 5), "Contact"),
			((self.units[0], self.contacts[0], " ", 5), "Depends"),
			((self.units[0], self.contacts[0], "oxygen", -1), "minutes"),
			(("nothing", self.contacts[0], "oxygen", 5), "Unit"),
		):
			with self.subTest(arguments=arguments), self.refused(word), self.as_user("service"), self.request():
				set_care_need(*arguments)

	def test_every_refusal_is_read_in_the_readers_language(self):
		"""In Chinese no refusal stays English."""
		frappe.local.lang = "zh"
		name = self.declare()
		for action in (
			lambda: self.declared(nodes=["nowhere"]),
			lambda: self.declared(level="IV"),
			lambda: self.do("operator", "set_etr", name, str(self.now)),
			lambda: self.do("operator", "supply_back", name, occurred_at=str(self.now - timedelta(hours=1))),
			lambda: self.do("operator", "permit_energise", name),
			lambda: self.do("guard1", "complete", self.task(name, "isolate_fault").name),
			lambda: self.do("electrician", "complete", self.task(name, "isolate_fault").name),
			lambda: self.do("guard1", "complete", self.task(name, "guard_area").name),
			lambda: self.do("operator", "close", name),
		):
			with self.assertRaises((frappe.ValidationError, frappe.PermissionError)) as caught:
				action()
			self.assertRegex(str(caught.exception), "[\u4e00-\u9fff]", str(caught.exception))


class GoesOn(SiteTest):
	"""A property without roster or contacts is served all the same, with warnings on the timeline."""

	@classmethod
	def build_world(cls):
		return build.make_community("Bare Community", buildings=1, units_each=2)

	def test_no_roster(self):
		answer = self.do("operator", "declare", self.property, [self.room], "II")
		self.assertIn("nobody_on_duty", self.kinds(answer["incident"]))
		self.assertTrue(any("nobody of Engineering is on duty" in warning for warning in answer["warnings"]))
		self.assertTrue(all(row._assign for row in self.tasks(answer["incident"])))

	def test_nobody_at_all(self):
		frappe.db.delete("User Permission", {"for_value": self.property})
		answer = self.do("Administrator", "declare", self.property, [self.room], "II")
		self.assertIn("nobody_at_all", self.kinds(answer["incident"]))
		self.assertTrue(self.tasks(answer["incident"]))

	def test_no_contacts(self):
		frappe.db.delete("Unit Resident", {"parent": ("in", self.units)})
		answer = self.do("operator", "declare", self.property, [self.room], "II")
		entry = self.entry(answer["incident"], "no_contacts")
		self.assertEqual(entry["data"]["units"], 2)
		self.assertEqual(self.do("operator", "supply_back", answer["incident"])["callbacks"], 0)

	def test_units_that_differ_from_the_registered_number(self):
		frappe.db.set_value("Managed Property", self.property, "households", 9)
		frappe.clear_document_cache("Managed Property", self.property)
		answer = self.do("operator", "declare", self.property, [self.room], "II")
		self.assertIn("units_differ", self.kinds(answer["incident"]))

	def test_an_elevator_without_a_firm(self):
		frappe.db.set_value("Property Asset", self.elevators[0], "contractor_name", None)
		answer = self.do("operator", "declare", self.property, [self.room], "II")
		self.assertIn("no_contractor", self.kinds(answer["incident"]))

	def test_no_units_at_all(self):
		frappe.db.delete("Property Unit", {"property": self.property})
		self.assertTrue(self.tasks(self.do("operator", "declare", self.property, [self.room], "II")["incident"]))
