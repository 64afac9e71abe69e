"""A newer shipped plan: by migrate where nobody edited, a notice with the difference where somebody did; and by a click."""

from dataclasses import replace
from unittest.mock import patch

import frappe

from outage_response.api import plans as api
from outage_response.domain.shipped_plan_marks import fingerprint
from outage_response.domain.step_definitions import Outcome, Step
from outage_response.flows.facts import plan_steps
from outage_response.flows.facts.language import in_language
from outage_response.flows.plans import newer_plans, plan_approval, plan_difference
from outage_response.setup import seed

from .. import world as build
from ..base import SiteTest, changes, snapshot
from ..world import user

LEVEL = "II"
GONE = "patrol_area"  # a step of the shipped plan that no other one names
OWN = "water_the_plants"


class Shipped(SiteTest):
	"""A company with a running outage, its keepers of plans, and the app with a version before the present one."""

	@classmethod
	def build_world(cls):
		world = build.make_community("Shipped Community", buildings=1, units_each=1)
		build.make_roster(world["property"], cls.now)
		build.make_user(user("admin"), "System Manager")
		build.make_user(user("keeper"), "Outage Administrator")
		build.make_user(user("left"), "Outage Administrator")
		frappe.db.set_value("User", user("left"), "enabled", 0)
		frappe.db.set_value("User", user("admin"), "language", "zh")
		frappe.db.set_value("User", user("keeper"), "language", "en")
		return world

	def setUp(self):
		super().setUp()
		self.shipped = newer_plans.steps_of(LEVEL)
		first, second, *rest = self.shipped
		self.older = [
			replace(first, minutes=99, evidence="note"),
			second,
			*(step for step in rest if step.key != GONE),
		]
		self.edited = [
			second,
			replace(first, title_en="Our own words", title_zh="本公司的说法"),
			*rest[:-1],
			replace(rest[-1], key=OWN, title_en="Water the plants", title_zh="浇花", after=(), gate=""),
		]
		listed = {level: [fingerprint(newer_plans.steps_of(level))] for level in seed.LEVELS}
		listed[LEVEL].insert(0, fingerprint(self.older))
		known = patch.object(newer_plans, "known", lambda: listed)
		known.start()
		self.addCleanup(known.stop)
		frappe.db.delete("Notification Log")
		for level in seed.LEVELS:
			self.company_has(level, newer_plans.steps_of(level), newer_plans.steps_of(level))

	def company_has(self, level: str, steps: list[Step], remembered: list[Step] | None) -> str:
		"""The level's plan has these steps; it was last given or offered the `remembered` ones of the app."""
		plan = plan_approval.next_version(level, steps, self.plan_of(level)).name
		value = fingerprint(remembered) if remembered else None
		frappe.db.set_value("Outage Level", level, {"plan": plan, "shipped_plan": value})
		return plan

	def plan_of(self, level: str = LEVEL) -> str:
		return frappe.db.get_value("Outage Level", level, "plan")

	def steps(self, plan: str) -> list[Step]:
		return list(plan_steps.read(frappe.get_doc("Outage Plan", plan)))

	def told(self) -> list:
		return frappe.get_all(
			"Notification Log",
			fields=["for_user", "subject", "email_content", "document_type", "document_name"],
			filters={"for_user": ("like", "%outage-test%"), "document_type": "Outage Plan"},
			order_by="for_user",
		)


class ByMigrate(Shipped):
	def test_migrate_seeds_first(self):
		hooks = frappe.get_hooks("after_migrate", app_name="outage_response")
		names = ["outage_response.setup.seed.seed", "outage_response.flows.plans.newer_plans.renew"]
		self.assertEqual([name for name in hooks if name in names], names)

	def test_a_plan_that_nobody_edited_is_renewed(self):
		for remembered in (self.older, None):
			with self.subTest(remembered=bool(remembered)):
				old = self.company_has(LEVEL, self.older, remembered)
				others = {level: self.plan_of(level) for level in ("I", "III")}
				newer_plans.renew()
				new = self.plan_of()
				self.assertNotEqual(new, old)
				self.assertEqual(self.steps(new), self.shipped)
				version = frappe.db.get_value("Outage Plan", old, "version")
				self.assertEqual(
					frappe.db.get_value("Outage Plan", new, ["level", "version", "enabled"]), (LEVEL, version + 1, 1)
				)
				self.assertEqual(self.steps(old), self.older)
				self.assertEqual({level: self.plan_of(level) for level in others}, others)
				self.assertEqual(self.told(), [])

	def test_a_plan_that_cannot_be_given_stops_no_update_and_its_keepers_are_told_why(self):
		old = self.company_has(LEVEL, self.older, self.older)
		frappe.db.set_value("Response Department", "engineering", "role", None)
		for _time in range(2):
			newer_plans.renew()
		self.assertEqual(self.plan_of(), old)
		(admin, keeper) = self.told()
		self.assertIn("在本站点无法启用", admin.subject)
		self.assertRegex(keeper.subject, "not in force here: .*Engineering")

	def test_twice_is_once(self):
		for steps in (self.older, self.edited, self.shipped):
			for remembered in (self.older, None):
				with self.subTest(first=steps[0].title_en, minutes=steps[0].minutes, remembered=bool(remembered)):
					self.company_has(LEVEL, steps, remembered)
					seed.seed()
					newer_plans.renew()
					before = snapshot()
					for _again in range(2):
						seed.seed()
						newer_plans.renew()
					self.assertEqual([], changes(before, snapshot()))

	def test_a_running_outage_keeps_its_plan(self):
		old = self.company_has(LEVEL, self.older, self.older)
		running = self.declare(LEVEL)
		tasks = self.tasks(running)
		newer_plans.renew()
		self.assertEqual(self.tasks(running), tasks)
		self.do("operator", "confirm", running, "Overload")
		self.assertEqual({row.plan for row in self.tasks(running)}, {old})
		self.assertFalse(self.tasks(running, step_key=GONE))
		self.do("operator", "supply_back", running)
		other = self.declare(LEVEL)
		self.assertEqual({row.plan for row in self.tasks(other)}, {self.plan_of()})
		self.assertTrue(self.tasks(other, step_key=GONE))

	def test_an_edited_plan_stays_and_its_keepers_are_told_the_difference(self):
		plan = self.company_has(LEVEL, self.edited, self.older)
		before = snapshot()
		newer_plans.renew()
		(admin, keeper) = self.told()
		self.assertEqual((admin.for_user, keeper.for_user), (user("admin"), user("keeper")))
		for row in (admin, keeper):
			self.assertEqual((row.document_type, row.document_name), ("Outage Plan", plan))
		for word in ("Level II", plan, "added: 1", "removed: 1", "changed: 1", "moved: 1"):
			self.assertIn(word, keeper.subject)
		for word in ("Steps that the shipped plan adds", self.shipped[-1].title_en, "Water the plants"):
			self.assertIn(word, keeper.email_content)
		self.assertIn(f"Title (English): Our own words → {self.shipped[0].title_en}", keeper.email_content)
		for word in ("二级", plan, "新增 1 项"):
			self.assertIn(word, admin.subject)
		for word in ("自带预案新增的步骤", self.shipped[-1].title_zh, "浇花"):
			self.assertIn(word, admin.email_content)
		self.assertEqual(["Notification Log"], [line.partition(":")[0] for line in changes(before, snapshot())])
		self.assertEqual(self.plan_of(), plan)

	def test_the_next_version_is_offered_again_but_once(self):
		self.company_has(LEVEL, self.edited, self.older)
		newer_plans.renew()
		newer = [replace(self.shipped[0], minutes=1), *self.shipped[1:]]
		steps_of = newer_plans.steps_of
		with patch.object(newer_plans, "steps_of", lambda level: newer if level == LEVEL else steps_of(level)):
			newer_plans.renew()
			newer_plans.renew()
		self.assertEqual(len(self.told()), 4)

	def test_what_was_made_of_the_only_version_there_was_is_offered_nothing(self):
		"""Sites from before the app remembered what it has shipped."""
		plan = self.company_has("I", self.edited, None)
		newer_plans.renew()
		self.assertEqual((self.told(), self.plan_of("I")), ([], plan))
		self.assertEqual(self.field("Outage Level", "I", "shipped_plan"), fingerprint(newer_plans.steps_of("I")))

	def test_edits_made_after_the_shipped_version_came_are_offered_nothing(self):
		self.company_has(LEVEL, self.edited, self.shipped)
		newer_plans.renew()
		self.assertEqual(self.told(), [])

	def test_a_company_that_goes_back_to_its_older_version_keeps_it(self):
		old = self.company_has(LEVEL, self.older, self.older)
		newer_plans.renew()
		frappe.db.set_value("Outage Level", LEVEL, "plan", old)
		newer_plans.renew()
		self.assertEqual((self.plan_of(), self.told()), (old, []))
		self.assertEqual(plan_steps.current_plan(LEVEL), old)

	def test_another_version_of_its_own_is_an_edited_one(self):
		self.company_has(LEVEL, self.older, self.older)
		own = self.company_has(LEVEL, self.edited, self.older)
		newer_plans.renew()
		self.assertEqual(self.plan_of(), own)
		self.assertEqual(len(self.told()), 2)

	def test_a_level_without_a_plan_is_left_alone(self):
		frappe.db.set_value("Outage Level", LEVEL, {"plan": None, "shipped_plan": None})
		before = snapshot()
		newer_plans.renew()
		self.assertEqual([], changes(before, snapshot()))

	def test_what_is_seeded_is_known_and_remembered(self):
		frappe.db.delete("Outage Plan")
		frappe.db.delete("Plan Step")
		frappe.db.delete("Plan Outcome")
		frappe.db.set_value("Outage Level", {"name": ("is", "set")}, {"plan": None, "shipped_plan": None})
		seed.seed()
		before = snapshot()
		for level in seed.LEVELS:
			steps = plan_steps.steps_of_plan(self.plan_of(level))
			self.assertEqual(fingerprint(steps), fingerprint(newer_plans.steps_of(level)))
			self.assertEqual(self.field("Outage Level", level, "shipped_plan"), fingerprint(steps))
		newer_plans.renew()
		self.assertEqual([], changes(before, snapshot()))


class OnTheForm(Shipped):
	def compare(self, who: str, plan: str) -> dict:
		with self.as_user(who), self.request():
			return api.get_plan_difference(plan=plan)

	def take_over(self, who: str, plan: str) -> dict:
		with self.as_user(who), self.request():
			return api.take_over_plan(plan=plan)

	def test_everybody_of_the_staff_reads_the_difference(self):
		plan = self.company_has(LEVEL, self.edited, self.shipped)
		for who in ("keeper", "admin", "manager", "operator", "guard1"):
			answer = self.compare(who, plan)
			self.assertEqual((answer["plan"], answer["same"]), (plan, False))
			self.assertEqual(answer["may_take_over"], who in ("keeper", "admin"))
			self.assertEqual([row["key"] for row in answer["difference"]["added"]], [self.shipped[-1].key])
			self.assertEqual([row["key"] for row in answer["difference"]["removed"]], [OWN])
		with self.assertRaises(frappe.PermissionError):
			self.compare("resident", plan)

	def test_the_shipped_plan_is_taken_over_by_who_may_write_plans(self):
		for who in ("keeper", "admin"):
			plan = self.company_has(LEVEL, self.edited, self.older)
			answer = self.take_over(who, plan)
			self.assertEqual(answer, {"plan": self.plan_of()})
			self.assertEqual(self.steps(answer["plan"]), self.shipped)
			self.assertEqual(self.steps(plan), self.edited)
			newer_plans.renew()
			self.assertEqual(self.told(), [])

	def test_nobody_else_takes_it_over(self):
		plan = self.company_has(LEVEL, self.edited, self.older)
		for who in ("manager", "operator", "engineer", "service", "guard1", "resident"):
			with self.subTest(who=who), self.refused(error=frappe.PermissionError):
				self.take_over(who, plan)

	def test_taken_over_twice_is_once(self):
		plan = self.company_has(LEVEL, self.edited, self.older)
		answer = self.take_over("keeper", plan)
		before = snapshot()
		self.assertEqual(self.take_over("keeper", plan), answer)
		self.assertEqual(self.take_over("keeper", answer["plan"]), answer)
		self.assertEqual([], changes(before, snapshot()))
		self.assertTrue(self.compare("keeper", answer["plan"])["same"])

	def test_a_version_that_was_replaced_is_compared_and_not_taken_over(self):
		old = self.company_has(LEVEL, self.older, self.older)
		own = self.company_has(LEVEL, self.edited, self.older)
		self.assertFalse(self.compare("keeper", old)["may_take_over"])
		with self.refused(own):
			self.take_over("keeper", old)

	def test_a_level_without_a_plan_gets_it(self):
		plan = self.company_has(LEVEL, self.edited, self.older)
		frappe.db.set_value("Outage Level", LEVEL, "plan", None)
		self.assertEqual(self.take_over("keeper", plan), {"plan": self.plan_of()})

	def test_a_level_of_ones_own_has_no_shipped_plan(self):
		frappe.get_doc({"doctype": "Outage Level", "level": "IV", "title": "Our own"}).insert()
		plan = self.company_has("IV", self.edited, None)
		with self.refused("IV"):
			self.compare("keeper", plan)
		with self.refused("IV"):
			self.take_over("keeper", plan)
		with self.refused(error=frappe.DoesNotExistError):
			self.compare("keeper", "IV-v99")

	def test_a_plan_that_somebody_just_replaced_is_looked_at_again(self):
		"""The row as locked says more than this transaction sees; the endpoint runs again."""
		answers = iter(("II-v1", "II-v2"))
		with (
			patch.object(frappe.db, "get_value", lambda *args, **kwargs: next(answers)),
			self.assertRaises(frappe.QueryDeadlockError),
		):
			newer_plans._lock(LEVEL)


class InWords(Shipped):
	def changed(self, before: Step, after: Step, language: str) -> dict[str, tuple[str, str]]:
		with in_language(language):
			(step,) = plan_difference.between([before], [after])["changed"]
		return {row["label"]: (row["before"], row["after"]) for row in step["fields"]}

	def test_values_are_words_of_the_reader(self):
		before = self.shipped[0]
		after = replace(
			before,
			minutes=None,
			phase="Repair",
			department="engineering",
			calls="account_manager",
			optional=True,
			gate="close",
			evidence="photo",
			outcomes={"trapped": Outcome((before.key,), "trapped"), "empty": Outcome(zh="无人", en="Empty")},
			after=(before.key,),
			checks=("earths_removed",),
			when_off_hours=True,
		)
		english = self.changed(before, after, "en")
		self.assertEqual(english["Minutes"], ("2", "–"))
		self.assertEqual(english["Department"], ("Control Room", "Engineering"))
		self.assertEqual(english["Calls"][1], "Supplier's Account Manager")
		self.assertEqual(english["Optional"], ("No", "Yes"))
		self.assertEqual(english["Outcomes"], ("–", f"Trapped (trapped) → {before.title_en}; Empty"))
		self.assertEqual(english["After"], ("–", before.title_en))
		chinese = self.changed(before, after, "zh")
		self.assertEqual(chinese["部门"], ("中控室", "工程部"))
		self.assertEqual(chinese["可选"], ("否", "是"))
		self.assertEqual(chinese["前置步骤"], ("–", before.title_zh))
		shown = " ".join(word for label, words in chinese.items() for word in (label, *words))
		self.assertNotRegex(shown, "[A-Za-z]{2}", "a word is not translated")

	def test_what_people_wrote_is_text(self):
		step = replace(self.shipped[0], title_en="<img src=x>")
		for before, after in (([], [step]), ([step], [self.shipped[0]])):
			html = plan_difference.as_html(plan_difference.between(before, after))
			self.assertIn("&lt;img", html)
			self.assertNotIn("<img", html)
