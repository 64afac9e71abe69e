"""A department of the company's own: its people get its steps and can work them."""

import frappe

from outage_response.flows.facts import who_is_on_duty
from outage_response.flows.roster import shifts
from outage_response.flows.screens import phone_page

from .. import world as build
from ..access.doctypes import DOCTYPES, LETTERS
from ..base import SiteTest
from .own_department import MOPPING, ROLE, add_step, make_department, make_level, make_role


class OwnDepartment(SiteTest):
	@classmethod
	def build_world(cls) -> dict:
		world = build.make_tower("Clean Tower", floors=1)
		build.make_roster(world["property"], cls.now)
		build.make_user(
			"somebody@outage-test.example.com", "System Manager"
		)  # else Frappe makes the next one it saves that
		make_role()
		cleaner = build.make_user(build.user("cleaner"))
		frappe.get_doc("User", cleaner).add_roles(ROLE)  # by hand, as an administrator does; nothing else by hand
		build.permit(cleaner, world["property"])
		make_department()
		build.make_shift(world["property"], "cleaning", "cleaner", cls.now)
		add_step("II", MOPPING)
		make_level("IV", MOPPING)
		return {**world, "cleaner": cleaner}

	def roles(self, who: str = "cleaner") -> set[str]:
		return {row.role for row in frappe.get_doc("User", build.user(who)).roles} & {ROLE, "Outage Department"}

	def test_its_step_is_theirs_from_the_first_ring_to_done(self):
		for level in ("II", "IV"):
			with self.subTest(level=level):
				name = self.declare(level, nodes=[self.shafts[level == "II"]])
				task = self.task(name, MOPPING.key)
				self.assertEqual(frappe.parse_json(task._assign), [self.cleaner])
				self.assertTrue(frappe.db.exists("Outage Page", {"task": task.name, "user": self.cleaner}))
				with self.as_user("cleaner"):
					shown = phone_page.my_tasks(self.cleaner)
				self.assertIn(task.name, [row["name"] for row in shown["tasks"]])
				self.post("cleaner", "acknowledge", task=task.name)
				self.post("cleaner", "arrive", task=task.name)
				self.post("cleaner", "complete", task=task.name, evidence="dry again")
				self.assertEqual(self.field("Outage Task", task.name, "status"), "Done")

	def test_they_see_and_do_what_guards_do_and_no_more(self):
		name = self.declare()
		with self.as_user("cleaner"):
			may = {
				doctype: "".join(letter for right, letter in LETTERS.items() if frappe.has_permission(doctype, right))
				for doctype in DOCTYPES
			}
		with self.as_user("guard1"):
			guards = {
				doctype: "".join(letter for right, letter in LETTERS.items() if frappe.has_permission(doctype, right))
				for doctype in DOCTYPES
			}
		self.assertEqual(may, guards)
		others = self.task(name, "isolate_fault").name
		with self.refused("another department", error=frappe.PermissionError):
			self.post("cleaner", "acknowledge", task=others)
		with self.refused("", error=frappe.PermissionError):
			self.post("cleaner", "confirm", incident=name, cause_type="Overload")
		with self.refused("another department", error=frappe.PermissionError):
			self.post("guard1", "complete", task=self.task(name, MOPPING.key).name)

	def test_the_roster_counts_them(self):
		self.assertEqual(who_is_on_duty.unmanned(self.property, ["cleaning"], self.now), set())
		frappe.db.delete("Duty Shift", {"department": "cleaning"})
		self.assertEqual(who_is_on_duty.unmanned(self.property, ["cleaning"], self.now), {"cleaning"})
		gaps = shifts.gaps([self.property], self.now, self.now.replace(hour=5))
		self.assertIn("Cleaning", [row["department"] for row in gaps])

	def test_the_additional_role_follows_by_whatever_road(self):
		self.assertEqual(self.roles(), {ROLE, "Outage Department"})
		department = frappe.get_doc("Response Department", "cleaning")
		department.role = make_role("Night Cleaners")
		department.save()
		self.assertEqual(self.roles(), {ROLE})
		build.make_user(build.user("keeper"), "Outage Administrator")
		with self.as_user("keeper"):  # who may change departments and no users
			department.reload()
			department.role = ROLE
			department.save()
		self.assertEqual(self.roles(), {ROLE, "Outage Department"})
		frappe.get_doc("User", self.cleaner).remove_roles(ROLE)
		self.assertEqual(self.roles(), set())

	def test_a_department_whose_steps_nobody_could_open_is_refused(self):
		website = make_role("Neighbours", desk_access=0)
		for role, says in (
			(None, "Role: Cleaning has none"),
			("All", "does not say who belongs"),
			("Outage Department", "does not say who belongs"),
			("System Manager", "brings rights of its own"),
			("Website Manager", "brings rights of its own"),
			("Outage Administrator", "brings rights of its own"),
			(website, "tick Desk Access"),
		):
			with self.subTest(role=role), self.refused(says):
				make_department("second", role)
		make_department("firm", None, is_external=1)

	def test_a_role_that_is_needed_stays_in_use(self):
		role = frappe.get_doc("Role", ROLE)
		role.disabled = 1
		with self.refused("Cleaning", "open their steps, so it keeps Desk Access"):
			role.save()
		with self.refused("keeps its name"):
			frappe.rename_doc("Role", "Outage Security", "Guards", force=True)

	def test_a_duty_of_the_procedure_asks_for_the_role_that_its_verbs_hang_on(self):
		doc = frappe.get_doc("Response Department", "cleaning")
		doc.duty = "Residents"
		with self.refused("Duty", "Outage Customer Service"):
			doc.save()

	def test_a_plan_is_refused_for_a_department_from_before_the_rule(self):
		frappe.db.set_value("Response Department", "cleaning", "role", None)
		plan = frappe.get_doc("Outage Plan", frappe.db.get_value("Outage Level", "IV", "plan"))
		plan.steps[0].minutes = "12"
		with self.refused("Step mop_the_lobby, Department: Role: Cleaning has none"):
			plan.save()
