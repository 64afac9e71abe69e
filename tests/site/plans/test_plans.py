"""Plans on a site: carried whole, edited by people, kept as they were by the incidents that ran with them."""

from datetime import time

import frappe
from frappe.utils import get_time

from outage_response.domain.step_definitions import Outcome, Step, steps_for_level
from outage_response.flows.facts import plan_steps
from outage_response.flows.plans import plan_approval
from outage_response.setup import seed

from .. import world as build
from ..base import SiteTest


def default_plan(level: str) -> str:
	return frappe.db.get_value("Outage Level", level, "plan")


class Seeded(SiteTest):
	def test_every_column_of_the_procedure_is_carried(self):
		data = plan_steps.procedure()
		for level in seed.LEVELS:
			for step in steps_for_level(data["steps"], level):
				with self.subTest(level=level, step=step.key):
					plan = frappe.new_doc("Outage Plan")
					plan_steps.fill(plan, [step])
					self.assertEqual(plan_steps.read(plan), (step,))
					for doctype, rows in (
						("Plan Step", [plan_steps.to_row(step)]),
						("Plan Outcome", plan_steps.outcome_rows(step)),
					):
						known = {df.fieldname for df in frappe.get_meta(doctype).fields}
						self.assertEqual([set(row) - known for row in rows if set(row) - known], [])

	def test_the_seeded_plans_are_the_procedure(self):
		"""As stored and read back from the database."""
		data = plan_steps.procedure()
		frappe.db.delete("Outage Plan")
		frappe.db.delete("Plan Step")
		frappe.db.delete("Plan Outcome")
		frappe.db.set_value("Outage Level", {"name": ("is", "set")}, "plan", None)
		seed.seed()
		for level in seed.LEVELS:
			steps = plan_steps.steps_of_plan(default_plan(level))
			self.assertEqual(list(steps), steps_for_level(data["steps"], level))
			self.assertTrue(all(isinstance(step, Step) and step.title_zh and step.clauses for step in steps))

	def test_departments_are_those_of_the_procedure(self):
		for key, row in plan_steps.procedure()["departments"].items():
			doc = frappe.get_doc("Response Department", key)
			self.assertEqual((doc.role or None, bool(doc.is_external)), (row.get("role"), row.get("external", False)))

	def test_seeding_again_keeps_what_users_edited(self):
		plan = frappe.get_doc("Outage Plan", default_plan("I"))
		plan.steps[0].minutes = "7"
		plan.steps = plan.steps[:-1]
		plan.save()
		frappe.db.set_value("Outage Level", "I", "title", "Our own words")
		frappe.db.set_value("Response Department", "control_room", "phone", "110")
		frappe.db.set_single_value("Outage Response Settings", "callback_max_attempts", 9)
		before = [(row.name, row.minutes) for row in frappe.get_doc("Outage Plan", plan.name).steps]
		counts = {
			name: frappe.db.count(name) for name in ("Outage Plan", "Outage Level", "Response Department", "Plan Step")
		}
		seed.seed()
		seed.seed()
		self.assertEqual(before, [(row.name, row.minutes) for row in frappe.get_doc("Outage Plan", plan.name).steps])
		self.assertEqual(counts, {name: frappe.db.count(name) for name in counts})
		self.assertEqual(self.field("Outage Level", "I", "title"), "Our own words")
		self.assertEqual(self.field("Response Department", "control_room", "phone"), "110")
		self.assertEqual(frappe.db.get_single_value("Outage Response Settings", "callback_max_attempts"), 9)

	def test_calling_hours_and_working_hours_are_the_defaults_and_not_the_present_time(self):
		frappe.db.delete("Singles", {"doctype": "Outage Response Settings"})
		frappe.clear_document_cache("Outage Response Settings", "Outage Response Settings")
		seed.seed()
		settings = frappe.get_doc("Outage Response Settings")
		self.assertEqual((get_time(settings.calling_from), get_time(settings.calling_to)), (time(8), time(21)))
		property_doc = frappe.new_doc("Managed Property")
		property_doc.update({"property_name": "Hours", "property_type": "Tower", "households": 1})
		property_doc.insert()
		property_doc.reload()
		self.assertEqual((get_time(property_doc.work_start), get_time(property_doc.work_end)), (time(9), time(18)))


class Edited(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_community("Plan Community", buildings=1, units_each=1)
		build.make_roster(world["property"], cls.now)
		return world

	def edit(self, plan: str, **fields):
		doc = frappe.get_doc("Outage Plan", plan)
		doc.steps[0].update(fields)
		doc.save()
		return doc

	def test_an_unused_plan_is_edited_in_place(self):
		plan = default_plan("I")
		used = plan_steps.is_used(plan)
		if used:  # a site in use: go by a fresh version
			plan = plan_approval.next_version("I", plan_steps.steps_of_plan(plan), plan).name
		self.edit(plan, minutes="9")
		self.assertEqual(frappe.get_doc("Outage Plan", plan).steps[0].minutes, "9")

	def test_a_used_plan_is_kept_and_a_new_version_made(self):
		plan = default_plan("II")
		running = self.declare("II")
		first = frappe.get_doc("Outage Plan", plan).steps[0]
		doc = self.edit(plan, minutes="9")
		self.assertEqual(frappe.get_doc("Outage Plan", plan).steps[0].minutes, first.minutes)
		self.assertEqual(doc.enabled, 0)
		new = default_plan("II")
		self.assertNotEqual(new, plan)
		self.assertEqual(frappe.get_doc("Outage Plan", new).steps[0].minutes, "9")
		self.assertEqual(self.field("Outage Incident", running, "plan"), plan)
		self.do("operator", "confirm", running, "Overload")
		self.assertEqual({row.plan for row in self.tasks(running)}, {plan})
		self.do("operator", "supply_back", running)
		other = self.declare("II")
		self.assertEqual(self.field("Outage Incident", other, "plan"), new)

	def test_a_version_that_was_replaced_is_not_edited_any_more(self):
		"""The change would reach no incident."""
		plan = default_plan("II")
		self.declare("II")
		self.edit(plan, minutes="9")
		current = default_plan("II")
		with self.refused("used this version", current), self.request():
			self.edit(plan, minutes="11")
		frappe.get_doc("Outage Plan", plan).save()  # no step was changed
		self.assertEqual(default_plan("II"), current)

	def test_a_level_without_a_plan_gets_the_next_version(self):
		plan = default_plan("II")
		self.declare("II")
		frappe.db.set_value("Outage Level", "II", "plan", None)
		self.edit(plan, minutes="9")
		self.assertEqual(frappe.get_doc("Outage Plan", default_plan("II")).steps[0].minutes, "9")

	def test_a_used_plan_is_not_deleted(self):
		plan = default_plan("II")
		self.declare("II")
		with self.refused("version"), self.request():
			frappe.delete_doc("Outage Plan", plan, force=True)

	def test_the_kind_of_a_level_stays_while_an_outage_of_it_runs(self):
		name = self.declare("II")
		level = frappe.get_doc("Outage Level", "II")
		level.kind = "Planned"
		with self.refused("Kind of Outage", name):
			level.save()

	def test_a_change_of_level_takes_the_version_in_force_then(self):
		plan = default_plan("II")
		name = self.declare("II")
		self.edit(plan, minutes="9")
		self.do("operator", "reclassify", name, "I", "external")
		self.do("operator", "reclassify", name, "II", "internal")
		self.assertEqual(self.field("Outage Incident", name, "plan"), default_plan("II"))
		# The clearance of level I stays until the cause is confirmed and that of level II takes its place
		self.do("operator", "confirm", name, "Equipment Fault")
		self.assertEqual({row.plan for row in self.tasks(name, status="Open")}, {default_plan("II")})

	def refused_plan(self, *words: str, **fields) -> None:
		plan = default_plan("I")
		with self.subTest(**fields), self.refused(*words), self.request():
			self.edit(plan, **fields)

	def refused_outcome(self, *words: str, **fields) -> None:
		"""The first outcome of the plan is that the elevator is empty."""
		plan = frappe.get_doc("Outage Plan", default_plan("I"))
		plan.outcomes[0].update(fields)
		with self.subTest(**fields), self.refused(*words), self.request():
			plan.save()

	def test_a_plan_typed_with_a_chinese_keyboard_is_carried_out(self):
		plan = frappe.get_doc("Outage Plan", default_plan("I"))
		(row,) = [row for row in plan.outcomes if row.meaning == "trapped"]
		meant = plan_steps.read(plan)
		row.adds = row.adds.replace(", ", "，")
		row.step, row.outcome_key = "ｃｈｅｃｋ＿ｅｌｅｖａｔｏｒ", "　trapped"
		self.assertIn("，", row.adds)
		plan.save()
		self.assertEqual(plan_steps.steps_of_plan(plan.name), meant)

	def test_a_plan_that_could_not_be_carried_out_is_refused(self):
		self.refused_plan("Department", department="ghosts")
		self.refused_plan("After", after="no_such_step")
		self.refused_plan("Outcomes", "table of their own", outcomes="yes: no_such_step")
		self.refused_outcome("Outcomes", "no_such_step", adds="no_such_step")
		self.refused_outcome("Outcomes", "call_engineering", adds="call_engineering")
		self.refused_outcome("there is no step", "ghost", step="ghost")
		self.refused_outcome("write its words", word_en="", word_zh="", outcome_key="")
		self.refused_outcome("twice", outcome_key="trapped")
		self.refused_outcome("cannot mean", meaning="backup_failed", outcome_key="nobody")
		self.refused_plan("Minutes", minutes="soon")
		self.refused_plan("Minutes", minutes="-5")
		self.refused_plan("Repeat Until", repeat_minutes=5, repeat_until="")
		self.refused_plan("Phase", phase="Party")
		self.refused_plan("Gate", gate="heaven")
		self.refused_plan("Read Back", read_back_by="ghosts")
		self.refused_plan("Per", anchor="node_restored", per="once")
		self.refused_plan("Step Key", step_key=frappe.get_doc("Outage Plan", default_plan("I")).steps[1].step_key)

	def test_a_cycle_in_after_is_refused_and_named(self):
		plan = frappe.get_doc("Outage Plan", default_plan("I"))
		one, two = plan.steps[0], plan.steps[1]
		with self.refused("After", one.step_key, two.step_key), self.request():
			one.after, two.after = two.step_key, one.step_key
			plan.save()

	def test_a_plan_needs_steps(self):
		with self.refused(), self.request():
			frappe.get_doc({"doctype": "Outage Plan", "level": "I", "version": 99, "steps": []}).insert()

	def test_an_outcome_asks_for_a_step_at_each_thing_and_a_thing_for_one_of_the_whole(self):
		frappe.get_doc({"doctype": "Outage Level", "level": "IV", "title": "Our own"}).insert()
		plan = frappe.get_doc({"doctype": "Outage Plan", "level": "IV", "version": 1, "enabled": 1})
		engineering = ("Assess", 1, "engineering")
		steps = (
			Step(
				"ask",
				*engineering,
				"once",
				"reported",
				title_en="Ask",
				outcomes={"有人": Outcome(("look",))},
				minutes=5,
			),
			Step(
				"look",
				*engineering,
				"elevator",
				"reported",
				title_en="Look",
				on_outcome=True,
				outcomes={"bad": Outcome(("tell",))},
			),
			Step("tell", *engineering, "once", "reported", title_en="Tell", on_outcome=True, minutes=5),
		)
		plan_steps.fill(plan, steps)
		plan.insert()
		frappe.db.set_value("Outage Level", "IV", "plan", plan.name)
		name = self.declare("IV")
		self.do("electrician", "complete", self.task(name, "ask").name, "有人")
		looks = self.tasks(name, step_key="look")
		self.assertEqual({row.subject for row in looks}, set(self.elevators))
		for row in looks:
			self.do("electrician", "complete", row.name, "bad")
		self.assertEqual(len(self.tasks(name, step_key="tell")), 1)

	def test_a_level_of_ones_own_with_its_plan(self):
		frappe.get_doc({"doctype": "Outage Level", "level": "IV", "title": "Our own"}).insert()
		with self.refused("Level", "IV"):
			self.declare("IV")
		steps = [row.as_dict() for row in frappe.get_doc("Outage Plan", default_plan("I")).steps[:5]]
		plan = frappe.get_doc({"doctype": "Outage Plan", "level": "IV", "version": 1, "enabled": 1})
		for step in steps:
			plan.append("steps", {key: value for key, value in step.items() if key not in ("name", "parent", "idx")})
		plan.insert()
		frappe.db.set_value("Outage Level", "IV", "plan", plan.name)
		self.assertEqual(len({row.step_key for row in self.tasks(self.declare("IV"))}), 5)
