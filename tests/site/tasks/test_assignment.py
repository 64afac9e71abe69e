"""Who gets a step, and how it is given: Frappe's own assignment, written in bulk."""

import json
from collections import Counter
from datetime import timedelta
from unittest.mock import patch

import frappe
from frappe import client
from frappe.desk.form import assign_to

from outage_response.domain.who_gets_a_task import Assignment
from outage_response.flows.facts import who_is_on_duty
from outage_response.flows.tasks import assignment

from .. import base
from .. import world as build
from ..base import SiteTest

REFUSALS = (frappe.ValidationError, frappe.PermissionError)
PEOPLE = {name: build.user(name) for name in build.ROLES}


class Who(SiteTest):
	"""The people on duty, else everybody of the department, else the control room."""

	@classmethod
	def build_world(cls):
		return build.make_tower("Roster Tower", floors=1)

	def setUp(self):
		super().setUp()
		self.day = self.now.replace(hour=11)

	def shift(self, department: str, who: str | None = None, **fields) -> None:
		build.make_shift(self.property, department, who, self.clock.now, **fields)

	def given(self, incident: str, step: str) -> list[str]:
		return json.loads(self.task(incident, step)._assign or "[]")

	def test_the_shift_of_that_moment(self):
		self.clock.now = self.day
		self.shift("engineering", "engineer")
		build.make_shift(self.property, "engineering", "electrician", self.day - timedelta(hours=12))
		name = self.declare()
		self.assertEqual(self.given(name, "isolate_fault"), [PEOPLE["engineer"]])
		self.assertEqual(self.task(name, "isolate_fault").assigned_role, "Outage Engineering")

	def test_off_hours_in_a_tower_it_is_the_duty_electrician(self):
		"""Clause 6.1."""
		self.shift("engineering", "engineer")
		self.shift("engineering", "electrician", is_duty_electrician=1)
		name = self.declare()
		for step in ("arrive_on_site", "confirm_cause", "isolate_fault", "check_elevator", "start_backup_supply"):
			self.assertEqual(self.given(name, step), [PEOPLE["electrician"]], step)

	def test_in_working_time_it_is_the_whole_shift(self):
		self.clock.now = self.day
		self.shift("engineering", "engineer")
		self.shift("engineering", "electrician", is_duty_electrician=1)
		self.assertEqual(set(self.given(self.declare(), "isolate_fault")), {PEOPLE["engineer"], PEOPLE["electrician"]})

	def test_on_a_holiday_it_is_the_duty_electrician_again(self):
		self.clock.now = self.day
		doc = frappe.get_doc("Managed Property", self.property)
		doc.append("holidays", {"holiday_date": self.day.date()})
		doc.save()
		self.shift("engineering", "engineer")
		self.shift("engineering", "electrician", is_duty_electrician=1)
		self.assertEqual(self.given(self.declare(), "isolate_fault"), [PEOPLE["electrician"]])

	def test_the_working_day_has_begun_when_the_steps_are_given_out(self):
		"""Clause 6.1 is judged by the moment: what an outage of the night asks for by day is the whole shift's."""
		self.shift("engineering", "electrician", is_duty_electrician=1)
		name = self.declare()
		self.clock.now = self.day
		self.shift("engineering", "engineer")
		self.shift("engineering", "electrician", is_duty_electrician=1)
		self.do("operator", "supply_back", name)
		self.assertEqual(set(self.given(name, "check_switches")), {PEOPLE["engineer"], PEOPLE["electrician"]})

	def test_what_is_written_down_later_is_for_those_who_are_there_now(self):
		"""A phone without network sends at 08:20 what happened at 07:50: the night shift has gone home."""
		change = self.day.replace(hour=8)
		night = {"starts_at": change - timedelta(hours=12), "ends_at": change}
		self.shift("security", "guard1", phone="111", **night)
		self.shift("security", "guard2", phone="222", starts_at=change, ends_at=change + timedelta(hours=12))
		self.clock.now = change - timedelta(minutes=30)
		name = self.declare()
		self.assertEqual(self.given(name, "guard_area"), [PEOPLE["guard1"]])
		self.clock.now = change + timedelta(minutes=20)
		at = str(change - timedelta(minutes=10))
		self.do("operator", "supply_back", name, occurred_at=at)
		self.assertEqual(self.given(name, "check_fire_security"), [PEOPLE["guard2"]])

	def test_planned_work_is_the_whole_departments(self):
		self.shift("engineering", "engineer")
		self.shift("engineering", "electrician", is_duty_electrician=1)
		name = self.declare(
			"III", planned_start=self.now + timedelta(hours=3), planned_end=self.now + timedelta(hours=5)
		)
		self.assertEqual(set(self.given(name, "stop_equipment")), {PEOPLE["engineer"], PEOPLE["electrician"]})

	def test_without_a_shift_everybody_with_the_role_and_the_property(self):
		elsewhere = build.make_user("elsewhere@outage-test.example.com", "Outage Engineering")
		name = self.declare()
		self.assertEqual(set(self.given(name, "isolate_fault")), {PEOPLE["engineer"], PEOPLE["electrician"]})
		self.assertNotIn(elsewhere, self.given(name, "isolate_fault"))
		self.assertIn("nobody_on_duty", self.kinds(name))

	def test_nobody_in_the_department_the_control_room_with_a_warning(self):
		frappe.db.delete("User Permission", {"user": ("in", [PEOPLE["engineer"], PEOPLE["electrician"]])})
		self.shift("control_room", "operator")
		name = self.declare()
		task = self.task(name, "isolate_fault")
		self.assertEqual((json.loads(task._assign), task.assigned_role), ([PEOPLE["operator"]], "Outage Control Room"))
		self.assertIn("nobody_in_department", self.kinds(name))
		self.finish_task(task.name, "operator")

	def test_whoever_is_on_the_roster_without_the_role_does_not_count_as_there(self):
		"""They could neither see a step nor take it. Declaring says so; one guard left holds all posts."""
		self.shift("control_room", "operator")
		for who in ("guard1", "guard2"):
			self.shift("security", who)
		frappe.db.delete("Has Role", {"parent": PEOPLE["guard1"], "role": "Outage Security"})
		base.forget_caches()
		self.assertEqual(who_is_on_duty.guards_on_duty(self.property, self.clock.now), 1)
		result = self.do("operator", "declare", self.property, [self.room], "II")
		self.assertIn("on the roster of Security without its role", " ".join(result["warnings"]))
		self.assertIn("Guard1", " ".join(result["warnings"]))
		given = {name for row in self.tasks(result["incident"]) for name in frappe.parse_json(row._assign or "[]")}
		self.assertNotIn(PEOPLE["guard1"], given)
		self.assertIn(PEOPLE["guard2"], given)
		frappe.db.delete("Has Role", {"parent": PEOPLE["guard2"], "role": "Outage Security"})
		base.forget_caches()
		self.assertEqual(who_is_on_duty.unmanned(self.property, ["security"], self.clock.now), {"security"})

	def test_somebody_disabled_is_given_nothing(self):
		self.clock.now = self.day
		self.shift("engineering", "engineer")
		frappe.db.set_value("User", PEOPLE["engineer"], "enabled", 0)
		self.assertNotIn(PEOPLE["engineer"], self.given(self.declare(), "isolate_fault"))

	def test_customer_service_asleep_the_control_room_takes_its_life_safety_steps(self):
		with self.as_user("service"):
			from outage_response.flows.residents.who_depends_on_power import set_care_need

			set_care_need(self.units[0], self.contacts[0], "oxygen", 60)
		self.shift("control_room", "operator")
		name = self.declare()
		care = self.task(name, "check_care_unit")
		self.assertEqual((json.loads(care._assign), care.assigned_role), ([PEOPLE["operator"]], "Outage Control Room"))
		self.assertEqual(self.given(name, "first_word"), [PEOPLE["service"]])
		self.assertIn("nobody_on_duty_life_safety", self.kinds(name))
		self.finish_task(care.name, "operator")

	def test_an_outside_firms_step_goes_to_the_control_room_with_its_phone(self):
		self.shift("control_room", "operator")
		name = self.declare()
		task = self.task(name, "contractor_arrived")
		self.assertEqual((json.loads(task._assign), task.assigned_role), ([PEOPLE["operator"]], "Outage Control Room"))
		self.assertEqual((task.phone, task.subject_label), ("0100", "Up and Down Ltd"))
		self.finish_task(task.name, "operator")

	def test_somebody_on_duty_without_a_login_is_phoned(self):
		self.clock.now = self.day
		contact = build.make_contact("Night Electrician", "13712345678")
		self.shift("engineering", contact=contact)
		self.shift("control_room", "operator")
		name = self.declare()
		task = self.task(name, "isolate_fault")
		self.assertEqual((json.loads(task._assign), task.phone), ([PEOPLE["operator"]], "13712345678"))
		self.assertIn("13712345678", self.entry(name, "phone_only")["text"])

	def test_posts_are_spread_over_the_guards(self):
		for guard in ("guard1", "guard2"):
			self.shift("security", guard)
		name = self.declare()
		posts = [json.loads(row._assign) for row in self.tasks(name) if row.held_until]
		self.assertEqual(len(posts), 2)
		self.assertEqual(sorted(posts), [[PEOPLE["guard1"]], [PEOPLE["guard2"]]])
		self.assertEqual(set(self.given(name, "patrol_area")), {PEOPLE["guard1"], PEOPLE["guard2"]})

	def posts(self, incident: str) -> dict[str, list[str]]:
		return {
			row.subject_label or row.step_key: json.loads(row._assign) for row in self.tasks(incident) if row.held_until
		}

	def test_the_heaviest_post_first_whatever_its_kind(self):
		self.shift("security", "guard1")
		frappe.db.set_value("Property Asset", self.lobby, "weight", 1)
		frappe.db.set_value("Property Asset", self.entrance, "weight", 9)
		build.make_asset(self.property, "Yard", "Guarded Area", building="T", power_node=self.room, weight=1)
		self.shift("security", "guard2")
		posts = self.posts(self.declare())
		self.assertEqual(posts["Main Entrance"], [PEOPLE["guard1"]])
		self.assertEqual(sorted(map(len, posts.values())), [1, 1, 2])

	def test_posts_of_another_day_or_of_a_drill_keep_nobody_from_tonight_s(self):
		for guard in ("guard1", "guard2"):
			self.shift("security", guard)
		for other in (self.declare("III"), self.declare(is_drill=True)):
			self.assertEqual(sorted(map(len, self.posts(other).values())), [1, 1])
		tonight = self.declare()
		self.assertEqual(sorted(self.posts(tonight).values()), [[PEOPLE["guard1"]], [PEOPLE["guard2"]]])
		planned = self.declare("III", nodes=[self.shafts[0]], all_the_same=True)
		self.assertEqual([len(users) for users in self.posts(planned).values()], [1])

	def test_who_has_a_post_in_an_outage_that_runs_gets_no_second_one(self):
		for guard in ("guard1", "guard2"):
			self.shift("security", guard)
		self.declare()
		again = self.declare(nodes=[self.feeder], all_the_same=True)
		self.assertEqual(self.posts(again), {})  # they are held for both

	def test_more_posts_than_guards_makes_the_reserve_necessary(self):
		self.shift("security", "guard1")
		self.assertFalse(self.task(self.declare(), "call_security_reserve").optional)
		frappe.db.rollback(save_point="before_test")
		self.shift("security", "guard1")
		self.shift("security", "guard2")
		self.assertTrue(self.task(self.declare(), "call_security_reserve").optional)

	def assert_asked_for_only_now(self, incident: str) -> None:
		reserve = self.task(incident, "call_security_reserve")
		self.assertFalse(reserve.optional)
		self.assertMoment(reserve.first_rung_at, self.clock.now)
		self.assertMoment(reserve.due_at, self.clock.now + timedelta(minutes=15))

	def test_the_reserve_that_becomes_necessary_rings_and_is_late_only_from_then_on(self):
		for guard in ("guard1", "guard2"):
			self.shift("security", guard)
		build.make_asset(self.property, "Yard", "Guarded Area", building="T", power_node=self.room)
		name = self.declare(nodes=[self.shafts[0]])
		self.assertTrue(self.task(name, "call_security_reserve").optional)
		self.clock.move(40)
		self.do("operator", "extend_scope", name, [self.room])
		self.assert_asked_for_only_now(name)

	def test_likewise_where_another_level_does_not_leave_it_open(self):
		plan = frappe.get_doc("Outage Plan", frappe.db.get_value("Outage Level", "I", "plan"))
		next(step for step in plan.steps if step.step_key == "call_security_reserve").optional = 0
		plan.save()
		for guard in ("guard1", "guard2"):
			self.shift("security", guard)
		name = self.declare()
		self.clock.move(40)
		self.do("operator", "reclassify", name, "I", "the street is dark")
		self.assert_asked_for_only_now(name)


class How(SiteTest):
	"""The same rows as `frappe.desk.form.assign_to.add` writes, but for a list of differences."""

	# what add() writes and the bulk does not: the timeline tells of the assignment, people see tasks through their role,
	# and the notification is one per person and verb, on the incident
	NOT_WRITTEN = ("Comment", "DocShare", "Document Follow")

	@classmethod
	def build_world(cls):
		world = build.make_tower("Bulk Tower", floors=1)
		build.make_roster(world["property"], cls.now)
		return world

	def rows(self, task: str) -> tuple[dict, dict]:
		todo = frappe.get_all("ToDo", {"reference_name": task, "status": "Open"}, ["*"])
		self.assertEqual(len(todo), 1)
		return todo[0], frappe.db.get_value("Outage Task", task, ["_assign", "modified", "status"], as_dict=True)

	def test_equal_to_assign_to_add_but_for_the_known_differences(self):
		name = self.declare()
		ours, theirs = (row.name for row in self.tasks(name, step_key="check_elevator"))
		assignment.take_back([ours, theirs])
		frappe.db.delete("ToDo", {"reference_name": ("in", [ours, theirs])})
		task = frappe.get_doc("Outage Task", ours)
		counts = {doctype: frappe.db.count(doctype) for doctype in self.NOT_WRITTEN}
		who = Assignment("Outage Engineering", (PEOPLE["electrician"],))
		with self.as_user("operator"):
			assignment.give([(ours, task.title, task.priority, task.due_at, who)], self.clock.now)
		self.assertEqual(counts, {doctype: frappe.db.count(doctype) for doctype in self.NOT_WRITTEN})
		# nobody may give out a step by it: here it is compared
		with self.as_user("operator"), patch.object(assignment, "keep_todo", lambda *_args: None):
			assign_to.add(
				{
					"assign_to": [PEOPLE["electrician"]],
					"doctype": "Outage Task",
					"name": theirs,
					"description": task.title,
					"priority": "High",
					"date": task.due_at.date(),
				}
			)
		(our_todo, our_task), (their_todo, their_task) = self.rows(ours), self.rows(theirs)
		ignored = {"name", "creation", "modified", "reference_name"}
		differences = {
			field
			for field in their_todo
			if field not in ignored and (our_todo[field] or None) != (their_todo[field] or None)
		}
		# the role says for whom the step is meant; add() leaves it empty
		self.assertEqual(differences, {"role"})
		self.assertEqual(json.loads(our_task._assign), json.loads(their_task._assign))
		self.assertEqual((our_task.status, their_task.status), ("Open", "Open"))
		written = {doctype for doctype in self.NOT_WRITTEN if frappe.db.count(doctype) != counts[doctype]}
		self.assertEqual(
			written, {"Comment"}, "what add() writes besides; sharing and following are for people without access"
		)
		logs = frappe.get_all("Notification Log", {"document_name": theirs}, ["*"])
		self.assertEqual(len(logs), 1)
		mine = frappe.get_all("Notification Log", {"document_name": name, "for_user": PEOPLE["electrician"]}, ["*"])[0]
		same = ("for_user", "type", "read", "from_user")
		self.assertEqual({field: mine[field] for field in same}, {field: logs[0][field] for field in same})
		self.assertEqual((mine.document_type, logs[0].document_type), ("Outage Incident", "Outage Task"))

	def test_frappe_itself_reads_the_assignments(self):
		name = self.declare()
		task = self.task(name, "isolate_fault").name
		self.assertEqual(
			[row.owner for row in assign_to.get({"doctype": "Outage Task", "name": task})], [PEOPLE["electrician"]]
		)
		with self.as_user("electrician"):
			found = frappe.get_list("ToDo", {"reference_name": task, "allocated_to": PEOPLE["electrician"]})
			self.assertEqual(len(found), 1)
			listed = frappe.get_list("Outage Task", {"_assign": ("like", f"%{PEOPLE['electrician']}%")}, limit=0)
			self.assertIn(task, [row.name for row in listed])

	def test_every_open_step_has_its_todos(self):
		name = self.declare()
		for row in self.tasks(name):
			todos = frappe.get_all("ToDo", {"reference_name": row.name, "status": "Open"}, pluck="allocated_to")
			self.assertEqual(sorted(todos), sorted(json.loads(row._assign)), row.step_key)

	def test_one_notification_per_person_and_verb(self):
		name = self.declare()

		def told() -> Counter:
			return Counter(frappe.get_all("Notification Log", {"document_name": name}, pluck="for_user"))

		first = told()
		self.assertEqual(set(first.values()), {1})
		self.assertNotIn(PEOPLE["operator"], first, "not the one who did it")
		self.do("operator", "confirm", name, "Overload")
		second = told() - first
		self.assertEqual(set(second.values()), {1})
		self.assertIn(PEOPLE["electrician"], second)

	def test_a_todo_of_a_step_belongs_to_the_verbs(self):
		"""By no door of Frappe's is one made, closed, pointed elsewhere, worded anew or deleted, Administrator included."""
		name = self.declare()
		task, other = (row.name for row in self.tasks(name, step_key="check_elevator")[:2])
		name = frappe.db.get_value("ToDo", {"reference_name": task, "status": "Open"})
		holder = self.field("ToDo", name, "allocated_to")
		free = frappe.get_doc({"doctype": "ToDo", "description": "buy bulbs", "allocated_to": holder}).insert().name
		step = {"doctype": "Outage Task", "name": task}
		told = {"assign_to": json.dumps([PEOPLE["guard2"]]), "description": "Go home, it is over", **step}
		new = {"doctype": "ToDo", "reference_type": "Outage Task", "reference_name": task, "description": "mine"}

		def change(todo: str, **values):
			return lambda: client.set_value("ToDo", todo, values)

		acts = {
			"given out": lambda: assign_to.add(told),
			"inserted": lambda: frappe.get_doc(new).insert(ignore_permissions=True),
			"taken back": lambda: assign_to.remove("Outage Task", task, holder),
			"closed": change(name, status="Closed"),
			"cancelled": change(name, status="Cancelled"),
			"worded anew": change(name, description="not needed"),
			"given to another": change(name, allocated_to=PEOPLE["guard2"]),
			"of another step": change(name, reference_name=other),
			"of none": change(name, reference_type="", reference_name=""),
			"made one of a step": change(free, reference_type="Outage Task", reference_name=task),
			"deleted": lambda: frappe.delete_doc("ToDo", name),
		}
		said = ["name", "reference_type", "reference_name", "allocated_to", "status", "description"]
		before = frappe.get_all("ToDo", {"reference_name": ("in", (task, other))}, said, order_by="name")
		for who in ("electrician", "Administrator"):
			for what, act in acts.items():
				with self.subTest(f"{who}: {what}"), self.as_user(who), self.refused(error=REFUSALS):
					act()
		after = frappe.get_all("ToDo", {"reference_name": ("in", (task, other))}, said, order_by="name")
		self.assertEqual(before, after)
		self.assertEqual(json.loads(self.field("Outage Task", task, "_assign")), [holder])

	def test_a_todo_of_something_else_is_left_alone(self):
		todo = frappe.get_doc(
			{"doctype": "ToDo", "description": "buy bulbs", "allocated_to": PEOPLE["engineer"]}
		).insert()
		todo.status = "Closed"
		todo.save()
		self.assertEqual(self.field("ToDo", todo.name, "status"), "Closed")
