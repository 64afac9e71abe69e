"""A company that words its plan itself: other keys for every step and outcome, one language, and a level of its own. What the
app does with a plan hangs on what the plan means, so nothing of it is lost."""

from dataclasses import replace
from datetime import timedelta

import frappe

from outage_response.api import command as api
from outage_response.domain.shipped_plan_marks import fingerprint
from outage_response.domain.step_definitions import Outcome, Step
from outage_response.flows.facts import plan_steps, who_is_on_duty
from outage_response.flows.facts.language import in_language
from outage_response.flows.incident import incident_report
from outage_response.flows.plans import newer_plans
from outage_response.flows.residents import resident_portal
from outage_response.flows.screens import command_centre, printing, run_card
from outage_response.flows.verb import timeline
from outage_response.flows.verb.refusals import GateClosedError
from outage_response.patches import plan_meanings

from .. import world as build
from ..base import SiteTest
from ..world import user


def own_departments(property_name: str) -> dict[str, str]:
	"""The company's own departments in place of the shipped ones, with their people, posts and duties; shipped key -> own."""
	names = {}
	for number, row in enumerate(frappe.get_all("Response Department", fields=["*"], order_by="name"), start=1):
		own = frappe.copy_doc(frappe.get_doc("Response Department", row.name))
		own.department_key = own.department_name = names[row.name] = f"部门{number}"
		own.insert()
		frappe.db.set_value("Response Department", row.name, {"duty": None, "phone": None, "lead": None})
		for doctype in ("Duty Shift", "Property Asset"):
			frappe.db.set_value(doctype, {"property": property_name, "department": row.name}, "department", own.name)
	return names


def in_own_words(steps: list[Step], departments: dict[str, str]) -> list[Step]:
	"""The same plan under names that the app has never seen, in Chinese only."""
	key = {step.key: f"步骤{number}" for number, step in enumerate(steps, start=1)}
	return [
		replace(
			step,
			key=key[step.key],
			title_en="",
			title_zh=step.title_zh,
			residents_en="",
			department=departments.get(step.department, ""),
			calls=departments.get(step.calls, step.calls),
			read_back_by=departments.get(step.read_back_by, ""),
			after=tuple(key[other] for other in step.after),
			checks=tuple(f"确认{number}" for number, _check in enumerate(step.checks, start=1)),
			outcomes={
				f"结果{number}": replace(outcome, en="", adds=tuple(key[other] for other in outcome.adds))
				for number, outcome in enumerate(step.outcomes.values(), start=1)
			},
		)
		for step in steps
	]


def make_level(name: str, steps: list[Step], kind: str = "Internal") -> str:
	"""A level of the company's own with its plan."""
	frappe.get_doc({"doctype": "Outage Level", "level": name, "title": name, "kind": kind}).insert()
	plan = frappe.get_doc({"doctype": "Outage Plan", "level": name, "version": 1, "enabled": 1})
	plan_steps.fill(plan, steps)
	plan.insert()
	frappe.db.set_value("Outage Level", name, "plan", plan.name)
	return plan.name


class OwnWords(SiteTest):
	@classmethod
	def build_world(cls) -> dict:
		found = build.make_tower()
		build.make_roster(found["property"], cls.now)
		return found

	def own(self, incident: str, **about):
		"""The first open task of the step that is so: `rescue_part`, `means`, `per`, `completes_with`."""
		wanted = about.pop("means", None)
		for row in self.tasks(incident, status=("in", ("Open", "Acknowledged", "In Progress"))):
			step = plan_steps.step_of(row)
			if all(getattr(step, field) == value for field, value in about.items()) and (
				wanted is None or step.means(wanted)
			):
				return row, step
		self.fail(f"no open step {about} {wanted}")

	def test_rescue_gates_report_and_history_hang_on_no_word_of_the_app(self):
		shipped = newer_plans.steps_of("II")
		departments = own_departments(self.property)
		own = in_own_words(shipped, departments)
		names = {name for step in shipped for name in (step.key, *step.outcomes, *step.checks)}
		self.assertEqual(names & {name for step in own for name in (step.key, *step.outcomes, *step.checks)}, set())
		make_level("四级", own)
		frappe.get_doc(
			{
				"doctype": "Care Need",
				"unit": self.units[0],
				"contact": self.contacts[0],
				"what": "Oxygen",
				"equipment_minutes": 40,
			}
		).insert()
		name = self.declare("四级")
		self.assertEqual({row.department for row in self.tasks(name)} - set(departments.values()), set())
		self.assertEqual(self.field("Outage Incident", name, "guards_on_duty"), 2)
		self.assertNotIn("nobody_on_duty_life_safety", self.kinds(name))
		self.assertEqual(who_is_on_duty.control_room(self.property, self.clock.now), (user("operator"),))

		# A check that finds people starts their rescue
		check, step = self.own(name, means="trapped")
		elevator = check.subject
		self.do("electrician", "complete", check.name, step.named("trapped"), evidence="two voices", people=2)
		self.assertEqual(self.entrapment(name, elevator).people, 2)
		self.assertIn(
			user("operator"),
			frappe.get_all("Notification Log", {"subject": ("like", "%People trapped:%")}, pluck="for_user"),
		)
		parts = {plan_steps.step_of(row).rescue_part for row in self.tasks(name, subject=elevator, status="Open")}
		self.assertEqual(parts, {"talk", "lock_off", "release", "call_services"})
		# a phone that has no network knows the meaning
		second, step = self.own(name, means="trapped")
		self.do("electrician", "complete", second.name, "empty", evidence="door open")
		self.assertEqual(step.meaning(self.field("Outage Task", second.name, "outcome")), "empty")
		self.assertNotEqual(self.field("Outage Task", second.name, "outcome"), "empty")

		# Nobody switches on over them
		self.do("operator", "confirm", name, "Equipment Fault")
		for row in self.tasks(name, gate="energise", life_safety=0):
			self.finish_task(row.name)
		clear = self.tasks(name, gate="energise", life_safety=1)[0]
		with self.refused("elevator", error=GateClosedError):
			self.do(
				"electrician", "complete", clear.name, checks=list(plan_steps.step_of(clear).checks), evidence="called"
			)
		with self.refused(error=GateClosedError), self.request():
			self.do("operator", "permit_energise", name)

		# The rescue ends, and what was done for it stands on the record
		services, step = self.own(name, rescue_part="call_services")
		self.do("operator", "complete", services.name, step.named("services_called"), evidence="119")
		self.assertTrue(self.entrapment(name, elevator).services_called_at)
		self.do("electrician", "complete", self.own(name, rescue_part="lock_off")[0].name)
		release, step = self.own(name, rescue_part="release")
		freed = step.named("released_by_contractor")
		said = {"evidence": "out", "people": 2}
		self.do("electrician", "complete", release.name, freed, list(step.checks), **said)
		record = self.entrapment(name, elevator)
		self.assertEqual((record.status, record.released, record.how_ended), ("Released", 2, "released_by_contractor"))
		# and "inside after all" is said by its meaning
		self.do("guard1", "correct_outcome", release.name, "trapped")
		self.assertEqual(self.entrapment(name, elevator).status, "Trapped")

		# A backup that failed, a home that is cared for
		room, step = self.own(name, means="backup_failed")
		answer = self.finish_task(room.name, outcome=step.named("backup_failed"))
		self.assertTrue(self.own(name, per="critical_room", on_outcome=True), answer)
		home, step = self.own(name, means="cared_for")
		self.assertEqual(self.shown(name)["care"]["count"], 1)
		self.do("service", "complete", home.name, step.named("cared_for"), evidence="with her daughter")
		shown = self.shown(name)
		self.assertIsNone(shown["care"])
		self.assertEqual(shown["battery"]["until"], shown["since"])

		# Residents read of the work, and the report tells of the people, both in the company's words
		for row in self.tasks(name, status="Open"):
			if plan_steps.step_of(row).residents_zh:
				self.finish_task(row.name)
		told = {line["text"] for line in resident_portal.history(frappe.get_doc("Outage Incident", name))}
		self.assertLessEqual({"工程人员已到场。", "正在抢修。"}, told)
		facts = incident_report.compile_facts(name)
		self.assertEqual([row["people"] for row in facts["trapped"]], [2])
		with in_language("zh"):
			self.assertIn("由维保公司救出", [printing._outcome(step) for step in facts["steps"]])
			words = [row["text"] for row in timeline.entries(name) if row["kind"] == "task_done"]
		self.assertTrue(any("由维保公司救出" in text for text in words), words)

	def shown(self, name: str) -> dict:
		with self.as_user("operator"):
			(card,) = [one for one in command_centre.command_centre()["incidents"] if one["name"] == name]
		return card

	def test_a_level_of_ones_own_is_declared_from_the_dialog_and_stands_on_the_run_card(self):
		(step, *_rest) = newer_plans.steps_of("I")
		make_level("IV", [step], "External")
		with self.as_user("operator"), self.request():
			self.assertIn("IV", [level["name"] for level in api.get_levels()])
			answer = api.declare_seen(property=self.property, level="IV")
			self.assertEqual(self.field("Outage Incident", answer["incident"], "level"), "IV")
			self.assertIn("IV", run_card.of_property(self.property)["levels"])
		# the grid came back by itself: nobody had to be asked for permission
		self.do("operator", "supply_back", answer["incident"])
		self.assertNotIn("back_without_permission", self.kinds(answer["incident"]))

	def test_planned_work_of_ones_own_level_is_planned_work(self):
		make_level("计划检修", newer_plans.steps_of("III"), "Planned")
		with self.refused("Planned By"):
			self.declare("计划检修")
		times = {"planned_start": self.clock.now, "planned_end": self.clock.now}
		times["planned_start"] += timedelta(days=3)
		times["planned_end"] += timedelta(days=4)
		name = self.declare("计划检修", planned_by="Property", reason="检修", **times)
		self.assertEqual(self.field("Outage Incident", name, "status"), "Scheduled")
		other = self.declare()
		with self.refused("planned"):
			self.do("operator", "reclassify", other, "计划检修", "it was announced")

	def test_the_default_level_is_the_sites_own_where_the_three_have_no_plan(self):
		make_level("本项目故障", newer_plans.steps_of("II"))
		frappe.db.set_value("Outage Level", {"name": ("in", ("I", "II"))}, "plan", None)
		answer = self.do("operator", "declare", self.property, [self.room])
		self.assertEqual(answer["level"], "本项目故障")


class Keys(SiteTest):
	def plan(self, steps: list[dict], outcomes: list[dict] = ()):
		frappe.get_doc({"doctype": "Outage Level", "level": "IV", "title": "Our own"}).insert()
		rows = [
			{"phase": "Protect", "department": "engineering", "per": "once", "anchor": "reported", **row}
			for row in steps
		]
		plan = frappe.get_doc({"doctype": "Outage Plan", "level": "IV", "version": 1, "enabled": 1})
		plan.set("steps", rows)
		plan.set("outcomes", list(outcomes))
		return plan.insert()

	def test_keys_make_themselves_of_one_language_and_stay(self):
		plan = self.plan(
			[
				{"title_zh": "检查水泵（地下室）"},
				{"title_zh": "检查水泵 地下室"},
				{"title_en": "Call the pump firm", "on_outcome": 1, "after": "检查水泵（地下室）"},
			],
			[
				{"step": "检查水泵（地下室）", "word_zh": "不转", "adds": "ｃａｌｌ the pump firm"},
				{"step": "检查水泵 地下室", "word_zh": "不转"},
				{"step": "检查水泵 地下室", "word_zh": "不转！"},
			],
		)
		self.assertEqual(
			[row.step_key for row in plan.steps], ["检查水泵_地下室", "检查水泵_地下室_2", "call_the_pump_firm"]
		)
		self.assertEqual([row.outcome_key for row in plan.outcomes], ["不转", "不转", "不转_2"])
		first, second, third = plan_steps.read(frappe.get_doc("Outage Plan", plan.name))
		self.assertEqual(first.outcomes["不转"].adds, ("call_the_pump_firm",))
		self.assertEqual((third.after, list(second.outcomes)), (("检查水泵_地下室",), ["不转", "不转_2"]))
		plan.steps[0].title_zh, plan.outcomes[0].word_zh = "看水泵", "停了"
		plan.save()
		self.assertEqual((plan.steps[0].step_key, plan.outcomes[0].outcome_key), ("检查水泵_地下室", "不转"))

	def test_what_will_not_happen_is_said_at_save(self):
		frappe.clear_messages()
		self.plan([{"title_zh": "看一看", "per": "elevator"}])
		said = " ".join(str(message["message"]) for message in frappe.get_message_log())
		for word in ("starts no rescue", "nobody is called back", "history shows no work"):
			self.assertIn(word, said)

	def test_the_shipped_plans_lack_nothing(self):
		for level in ("I", "II", "III"):
			plan = frappe.get_doc("Outage Plan", plan_steps.current_plan(level))
			self.assertEqual(plan_steps.what_is_missing(plan), [], level)


class FromTheTextField(SiteTest):
	"""On a site of the version before, the outcomes of a step are a text of it."""

	def rows(self, steps: list[Step]) -> list[dict]:
		lines = (
			(
				step,
				"\n".join(f"{key}: {', '.join(one.adds)}" if one.adds else key for key, one in step.outcomes.items()),
			)
			for step in steps
		)
		return [
			{
				"parent": "a plan",
				"step_key": step.key,
				"per": step.per,
				"rescue_part": step.rescue_part,
				"outcomes": text,
			}
			for step, text in lines
		]

	def test_a_shipped_plan_becomes_the_shipped_plan_of_today(self):
		for level in ("I", "II"):
			steps = newer_plans.steps_of(level)
			plan = frappe.new_doc("Outage Plan")
			plan_steps.fill(plan, steps)
			plan.set("outcomes", plan_meanings.rows_of(self.rows(steps))["a plan"])
			self.assertEqual(list(plan_steps.read(plan)), steps)
			self.assertIn(fingerprint(steps), plan_meanings.SAME_PLAN.values())
		self.assertEqual(
			set(plan_meanings.RESIDENTS),
			{s.key for level in ["I", "II"] for s in newer_plans.steps_of(level) if s.residents_en},
		)

	def test_a_plan_of_before_the_record_of_people_keeps_how_a_rescue_ends(self):
		steps = [replace(step, rescue_part="") for step in newer_plans.steps_of("II")]
		found = plan_meanings.rows_of(self.rows(steps))["a plan"]
		ends = {row["outcome_key"]: row["meaning"] for row in found if row["step"] == "release_trapped"}
		self.assertEqual(ends, {key: key for key in ends})
		self.assertIn("released", ends)

	def test_a_plan_in_other_words_keeps_its_rescue(self):
		(check, *_others, part) = self.rows(
			[
				Step(
					"look",
					"Protect",
					0,
					"engineering",
					"elevator",
					"reported",
					outcomes={"有人": Outcome(("free",)), "trapped": Outcome()},
				),
				Step("room", "Protect", 0, "engineering", "critical_room", "reported", outcomes={"trapped": Outcome()}),
				Step(
					"free", "Protect", 0, "engineering", "elevator", "reported", rescue_part="release", on_outcome=True
				),
			]
		)
		check["outcomes"] = "有人：free\ntrapped"
		found = plan_meanings.rows_of([check, *_others, part])["a plan"]
		self.assertEqual(
			[(row["step"], row["outcome_key"], row["meaning"], row["adds"], row["word_zh"]) for row in found],
			[
				("look", "有人", "trapped", "free", "有人"),
				("look", "trapped", "trapped", "", "有人被困"),
				("room", "trapped", "", "", "有人被困"),
			],
		)
