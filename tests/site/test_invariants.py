"""Invariants 1 to 8 of the design, on a site. Each test here was seen to fail with its rule broken."""

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import frappe
from frappe.utils import get_datetime

from outage_response.domain.plan_expansion import dedupe_key, expand
from outage_response.flows.facts import plan_steps, power_and_assets, step_context
from outage_response.flows.tasks import recurring_steps, task_set
from outage_response.flows.verb.engine import Act
from outage_response.flows.verb.locking import lock_incident
from outage_response.flows.verb.refusals import GateClosedError

from . import world as build
from .base import SiteTest

OPEN = ("Open", "Acknowledged", "In Progress", "On Post")


class TowerTest(SiteTest):
	"""A tower of two floors, at night, with its roster."""

	@classmethod
	def build_world(cls):
		world = build.make_tower("Invariant Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		return world

	def wanted_keys(self, incident: str) -> Counter:
		"""What plan and context ask for, worked out anew."""
		doc = frappe.get_doc("Outage Incident", incident)
		context = step_context.context(doc, task_set.load(incident), power_and_assets.read(doc.property))
		return Counter(spec.key for spec in expand(plan_steps.steps_of_plan(doc.plan), context))

	def active_keys(self, incident: str) -> Counter:
		return Counter(row.key for row in task_set.load(incident) if row.status != "Cancelled")


class TaskSetIsAFunction(TowerTest):
	"""Invariant 1: the task set is a function of plan and context; running it twice adds nothing twice."""

	def test_the_tasks_are_those_that_plan_and_context_ask_for(self):
		for level in ("I", "II", "III"):
			with self.subTest(level=level):
				name = self.declare(level, is_drill=level == "I")
				self.assertEqual(self.active_keys(name), self.wanted_keys(name))
				self.assertGreater(len(self.tasks(name)), 10)

	def test_the_same_request_twice_is_one_incident(self):
		first = self.do("operator", "declare", self.property, [self.room], "II", request_id="declare-1")
		before = len(self.tasks(first["incident"])), frappe.db.count("Outage Incident"), frappe.db.count("ToDo")
		self.assertEqual(
			self.do("operator", "declare", self.property, [self.room], "II", request_id="declare-1"), first
		)
		after = len(self.tasks(first["incident"])), frappe.db.count("Outage Incident"), frappe.db.count("ToDo")
		self.assertEqual(before, after)

	def test_the_same_outage_twice_is_one_incident(self):
		first = self.declare()
		with self.refused("Affected Nodes", first):
			self.do("guard1", "declare", self.property, [self.switches[0]], "I")

	def test_sync_twice_adds_nothing_twice(self):
		name = self.declare()
		before = sorted(row.name for row in self.tasks(name)), frappe.db.count("ToDo")
		for _again in range(2):
			diff = task_set.sync(Act("declare", self.clock.now, self.clock.now, incident=lock_incident(name)))
			self.assertEqual((diff.add, diff.reopen, diff.cancel), ([], [], []))
		self.assertEqual(before, (sorted(row.name for row in self.tasks(name)), frappe.db.count("ToDo")))

	def test_the_database_itself_refuses_a_second_row_of_one_step(self):
		name = self.declare()
		row = self.task(name, "arrive_on_site")
		self.assertEqual(row.dedupe_key, dedupe_key(name, "arrive_on_site", "", "", 1))
		with self.assertRaises(Exception) as caught, self.request():
			act = Act("declare", self.clock.now, self.clock.now, incident=lock_incident(name))
			with patch.object(task_set, "load", lambda _incident: []):  # a worker that cannot see the other's rows
				task_set.sync(act)
		self.assertTrue(frappe.db.is_duplicate_entry(caught.exception), caught.exception)

	def test_the_minute_clock_twice_adds_one_round(self):
		name = self.declare()
		self.finish_task(self.task(name, "patrol_area").name, "guard1")
		self.clock.move(61)
		self.assertEqual(recurring_steps.tick(name), 1)
		self.assertEqual(recurring_steps.tick(name), 0)
		self.assertEqual(len(self.tasks(name, step_key="patrol_area")), 2)

	def insert_by_hand(self, **fields):
		return frappe.get_doc(
			{
				"doctype": "Outage Incident",
				"property": self.property,
				"level": "II",
				"affected_nodes": [{"power_node": self.room}],
				**fields,
			}
		)

	def test_an_insert_by_desk_or_rest_creates_the_same_tasks(self):
		"""One doc_events line: whatever road an incident comes in by."""
		by_verb = self.declare()
		expected = self.active_keys(by_verb)
		frappe.db.rollback(save_point="before_test")
		with self.as_user("operator"):
			by_hand = self.insert_by_hand().insert()
		self.assertEqual(self.active_keys(by_hand.name), expected)
		self.assertEqual(by_hand.status, "Reported")
		self.assertIn("declared", self.kinds(by_hand.name))

	def test_an_insert_through_the_client_api_creates_the_tasks(self):
		from frappe.client import insert

		with self.as_user("operator"):
			name = insert(json.dumps(self.insert_by_hand().as_dict(), default=str)).get("name")
		self.assertEqual(self.active_keys(name), self.wanted_keys(name))

	def test_saving_an_incident_again_in_desk_adds_nothing(self):
		name = self.declare()
		before = len(self.tasks(name))
		with patch.object(frappe.permissions, "has_permission", return_value=True):
			doc = frappe.get_doc("Outage Incident", name)
			doc.description = "heard on the phone"
			doc.save(ignore_permissions=True)
		self.assertEqual(len(self.tasks(name)), before)

	def test_data_import_creates_the_tasks(self):
		from frappe.core.doctype.data_import.importer import Importer

		rows = (("Property", "Level", "Power Node (Affected Nodes)"), (self.property, "II", self.room))
		content = "\n".join(",".join(row) for row in rows)
		with patch.object(frappe.local.db, "commit", lambda: None):
			file = frappe.get_doc({"doctype": "File", "file_name": "outages.csv", "content": content, "is_private": 1})
			file.insert()
			self.addCleanup(Path(file.get_full_path()).unlink, missing_ok=True)
			document = frappe.new_doc("Data Import")
			document.update(
				{
					"reference_doctype": "Outage Incident",
					"import_type": "Insert New Records",
					"import_file": file.file_url,
				}
			)
			document.insert()
			Importer("Outage Incident", data_import=document).import_data()
		frappe.flags.in_import = False
		name = frappe.db.get_value("Outage Incident", {"property": self.property})
		self.assertTrue(name, frappe.get_all("Data Import Log", fields=["messages", "exception"]))
		self.assertEqual(self.active_keys(name), self.wanted_keys(name))


class ReclassifyKeeps(TowerTest):
	"""Invariant 2: what is done stays, what both ask for is carried over, the rest is cancelled, the new is added."""

	def test_there_and_back_again_ends_with_the_tasks_of_the_level(self):
		name = self.declare("II")
		original = {row.dedupe_key: row for row in self.tasks(name)}
		self.clock.move(5)
		self.do("operator", "reclassify", name, "I", "the whole street is dark")
		self.assertEqual(self.active_keys(name), self.wanted_keys(name))
		self.clock.move(5)
		self.do("operator", "reclassify", name, "II", "the neighbours have light again")
		# The own clearance of the level comes with its cause; until then the gate keeps the one it had
		kept = self.active_keys(name) - self.wanted_keys(name)
		self.assertEqual([key[0] for key in kept], ["clear_to_reclose"])
		self.do("operator", "confirm", name, "Equipment Fault")
		self.assertEqual(self.active_keys(name), self.wanted_keys(name))
		rows = self.tasks(name)
		self.assertEqual(len({row.dedupe_key for row in rows}), len(rows))
		back = {row.dedupe_key: row for row in rows if row.status != "Cancelled"}
		self.assertLessEqual(set(original), set(back))
		self.assertLessEqual({row.name for row in original.values()}, {row.name for row in back.values()})

	def test_carried_over_steps_keep_people_and_clock(self):
		name = self.declare("II")
		before = {row.name: row for row in self.tasks(name)}
		self.clock.move(10)
		self.do("operator", "reclassify", name, "I", "external")
		for row in self.tasks(name, status="Open"):
			if row.name in before:
				self.assertEqual((row.due_at, row._assign), (before[row.name].due_at, before[row.name]._assign))
				self.assertEqual(row.plan, self.field("Outage Incident", name, "plan"))

	def test_what_is_done_stays_done_and_what_nobody_asks_for_is_cancelled(self):
		name = self.declare("II")
		done = self.task(name, "isolate_fault").name
		self.finish_task(done)
		started = self.task(name, "arrive_on_site").name
		self.do("electrician", "arrive", started)
		result = self.do("operator", "reclassify", name, "I", "external")
		self.assertEqual(self.field("Outage Task", done, "status"), "Done")
		self.assertEqual(self.field("Outage Task", started, "status"), "In Progress")
		self.assertEqual({row.step_key for row in self.tasks(name, status="Cancelled")}, set())
		self.assertTrue(self.task(name, "isolate_incoming"))
		self.assertGreater(result["added"], 0)
		self.do("operator", "reclassify", name, "II", "internal after all")
		cancelled = {row.step_key for row in self.tasks(name, status="Cancelled")}
		self.assertEqual(cancelled, {"isolate_incoming", "call_supplier"})
		# the cause is not known: level II has no clearance of its own yet, and the gate keeps the one that there is
		self.assertEqual(self.task(name, "clear_to_reclose").status, "Open")
		self.assertEqual(self.field("Outage Task", done, "status"), "Done")

	def test_a_step_asked_for_again_is_the_same_row_with_the_same_person_and_a_new_clock(self):
		name = self.declare("II")
		row = self.task(name, "isolate_fault")
		self.do("operator", "reclassify", name, "I", "external")
		self.assertEqual(self.field("Outage Task", row.name, "status"), "Cancelled")
		self.assertFalse(frappe.get_all("ToDo", {"reference_name": row.name, "status": "Open"}))
		self.clock.move(20)
		result = self.do("operator", "reclassify", name, "II", "internal")
		self.assertGreaterEqual(result["reopened"], 1)
		again = self.task(name, "isolate_fault")
		self.assertEqual((again.name, again.status, again._assign), (row.name, "Open", row._assign))
		self.assertMoment(again.due_at, self.clock.now + timedelta(minutes=15))
		todos = frappe.get_all("ToDo", {"reference_name": row.name, "status": "Open"}, pluck="allocated_to")
		self.assertEqual(todos, json.loads(row._assign))

	def test_open_life_safety_steps_survive_every_change_of_level(self):
		name = self.declare("II")
		self.do("operator", "confirm", name, "Equipment Fault")
		rescue = {"life_safety": 1, "status": "Open", "gate": ("!=", "energise")}
		life = {row.name for row in self.tasks(name, **rescue)}
		self.do("operator", "reclassify", name, "I", "external")
		self.assertEqual(life, {row.name for row in self.tasks(name, **rescue)})

	def test_a_clearance_gives_way_only_to_that_of_the_new_level(self):
		"""The gate is never without one, and II -> I -> II ends with one row each."""
		name = self.declare("II")
		self.do("operator", "confirm", name, "Equipment Fault")
		own = self.task(name, "clear_to_energise", status="Open").name
		self.do("operator", "reclassify", name, "I", "external")
		self.assertEqual(self.field("Outage Task", own, "status"), "Cancelled")
		other = self.task(name, "clear_to_reclose", status="Open").name
		self.do("operator", "reclassify", name, "II", "internal after all")
		self.assertEqual(self.field("Outage Task", own, "status"), "Open")
		self.assertEqual(self.field("Outage Task", other, "status"), "Cancelled")


class GatesHold(TowerTest):
	"""Invariant 3: a gate is refused with what is open and with whom; life safety and energising are overridden by nobody."""

	def blocked(self, who, verb, *args, **kwargs) -> list[dict]:
		frappe.local.response.pop("blocking", None)
		with self.refused(error=GateClosedError):
			self.do(who, verb, *args, **kwargs)
		return frappe.local.response["blocking"]

	def restored(self, level="I") -> str:
		name = self.declare(level)
		self.do("operator", "confirm", name, "External Grid")
		self.do("operator", "supply_back", name)
		return name

	def test_the_refusal_lists_what_is_open_and_with_whom(self):
		name = self.declare()
		rows = self.blocked("operator", "permit_energise", name)
		keepers = {row.step_key for row in self.tasks(name, gate="energise", status="Open")}
		self.assertEqual({row["step"] for row in rows}, keepers | {"check_elevator"})
		for row in rows:
			self.assertIn(row["with"], row["text"])
			self.assertIn("Electrician", row["with"])

	def test_nobody_permits_energising_over_an_open_step(self):
		name = self.declare()
		self.do("operator", "confirm", name, "Equipment Fault")
		self.finish_steps(name, keep=lambda row: row.step_key == "clear_to_energise")
		for who in ("operator", "manager", "Administrator"):
			with self.as_user(who):
				frappe.get_doc("User", frappe.session.user)
			if who == "manager":
				with self.refused(error=frappe.PermissionError):
					self.do(who, "permit_energise", name)
			else:
				rows = self.blocked(who, "permit_energise", name)
				self.assertEqual({row["step"] for row in rows}, {"clear_to_energise"})
		self.finish_task(self.task(name, "clear_to_energise").name, "electrician")
		self.do("operator", "permit_energise", name)
		self.assertTrue(frappe.get_doc("Outage Incident", name).affected_nodes[0].energise_permitted_at)

	def test_life_safety_is_overridden_skipped_or_cancelled_by_nobody(self):
		name = self.restored()
		elevator = self.task(name, "check_elevator").name
		for who in ("manager", "Administrator"):
			rows = self.blocked(who, "stand_down", name, override_reason="everybody is tired")
			self.assertIn("check_elevator", {row["step"] for row in rows})
			self.assertTrue(all(row["life_safety"] for row in rows[:2]), "the gravest first")
			with self.refused("life-safety"):
				self.do(who, "skip", elevator, "no time")
		fresh = self.declare(nodes=[self.switches[0]], is_drill=True)
		with self.refused("life-safety", error=GateClosedError):
			self.do("manager", "cancel", fresh, "false alarm")
		with self.refused("Status"):
			self.do("manager", "cancel", name, "false alarm")

	def test_an_elevator_step_ends_by_an_outcome_also_by_handing_it_over(self):
		name = self.declare()
		first, second = self.tasks(name, step_key="check_elevator")
		with self.refused("Outcome"):
			self.do("electrician", "complete", first.name, evidence="looked")
		self.finish_task(first.name, outcome="isolated_and_handed_to_contractor")
		self.finish_task(second.name, outcome="empty")
		self.assertFalse(self.tasks(name, life_safety=1, status=("in", OPEN)))

	def test_other_gates_are_passed_by_the_manager_with_a_reason_on_the_timeline(self):
		name = self.restored()
		self.finish_steps(name, life_safety=1)
		self.assertTrue(self.blocked("operator", "stand_down", name))
		self.assertTrue(self.blocked("operator", "stand_down", name, override_reason="late"))
		self.assertTrue(self.blocked("manager", "stand_down", name))
		self.assertTrue(self.blocked("manager", "stand_down", name, override_reason="  "))
		open_steps = [row.title for row in self.tasks(name, gate="stand_down", status=("in", OPEN))]
		self.do("manager", "stand_down", name, override_reason="the doors are guarded by the police")
		entry = self.entry(name, "gate_overridden")
		self.assertEqual(entry["data"]["reason"], "the doors are guarded by the police")
		self.assertEqual(entry["actor"], build.user("manager"))
		self.assertEqual(entry["data"]["count"], len(open_steps))
		for title in open_steps:
			self.assertIn(title, entry["text"])

	def test_a_gate_step_is_skipped_by_the_manager_only(self):
		name = self.restored()
		row = self.task(name, "check_fire_security")
		with self.refused("General Manager"):
			self.do("guard1", "skip", row.name, "raining")
		self.do("manager", "skip", row.name, "the fire brigade has checked it")
		self.assertEqual(self.field("Outage Task", row.name, "status"), "Skipped")
		energise = self.task(name, "confirm_cause")
		with self.refused("energising"):
			self.do("manager", "skip", energise.name, "no time")

	def test_planned_work_does_not_start_with_an_elevator_unchecked(self):
		name = self.declare("III")
		self.clock.now = get_datetime(self.field("Outage Incident", name, "planned_start"))
		rows = self.blocked("engineer", "start", name)
		self.assertIn("clear_elevators", {row["step"] for row in rows})
		self.assertTrue(self.blocked("Administrator", "start", name, "must go on"))
		self.finish_steps(name, gate="start")
		self.do("engineer", "start", name)
		self.assertEqual(self.field("Outage Incident", name, "status"), "Active")

	def test_supply_that_is_back_is_a_fact_and_never_refused(self):
		name = self.declare()
		self.clock.move(3)
		answer = self.do("operator", "supply_back", name, source="by itself")
		self.assertEqual(answer["status"], "Restored")
		self.assertIn("back_with_open_steps", self.kinds(name))
		self.assertIn("back_without_permission", self.kinds(name))
		self.assertEqual(len(answer["warnings"]), 2)
		self.assertTrue(self.tasks(name, step_key="check_elevator", status="Open"))

	def test_close_asks_for_what_the_plan_asks_for(self):
		name = self.restored()
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		keys = {row["step"] for row in self.blocked("operator", "close", name)}
		self.assertTrue({"write_report", "call_back_residents", "notify_gm_restored"} <= keys, keys)


class GuardsLeaveOnCommand(TowerTest):
	"""Invariant 4: a guard leaves on command, when relieved, or for danger; a held task is not completed otherwise."""

	def manned(self) -> tuple[str, object]:
		name = self.declare()
		post = self.task(name, "guard_area")
		self.do("guard1", "arrive", post.name)
		return name, self.task(name, "guard_area")

	def test_a_held_post_is_not_completed_by_anybody(self):
		_name, post = self.manned()
		self.assertEqual(post.status, "On Post")
		for who in ("guard1", "guard2", "Administrator"):
			with self.refused():
				self.do(who, "complete", post.name)
		with self.refused("General Manager"):
			self.do("guard1", "skip", post.name, "cold")

	def test_an_unmanned_post_is_not_completed_either(self):
		name = self.declare()
		with self.refused("held post"):
			self.do("guard1", "complete", self.task(name, "guard_area").name)

	def test_on_post_stops_the_clock(self):
		name = self.declare()
		post = self.task(name, "guard_area")
		self.clock.move(4)
		self.do("guard1", "arrive", post.name)
		self.clock.move(300)
		from outage_response.flows.incident import incident_report

		self.assertNotIn("guard_area", _late_steps(incident_report, name))

	def test_relief_passes_the_post_on_and_the_first_may_leave(self):
		name, post = self.manned()
		self.do("guard1", "relieve", post.name, build.user("guard2"))
		after = self.task(name, "guard_area")
		self.assertEqual((after.status, json.loads(after._assign)), ("On Post", [build.user("guard2")]))
		self.assertEqual(after.started_by, build.user("guard2"))
		self.assertIn("task_relieved", self.kinds(name))

	def test_leaving_for_danger_is_always_allowed_and_alarms(self):
		name, post = self.manned()
		before = frappe.db.count("Notification Log", {"for_user": build.user("operator")})
		self.do("guard1", "withdraw", post.name, "smoke")
		self.assertEqual(self.task(name, "guard_area").status, "Open")
		self.assertIn("smoke", self.entry(name, "task_withdrawn")["text"])
		self.assertEqual(frappe.db.count("Notification Log", {"for_user": build.user("operator")}), before + 1)

	def test_a_guard_who_never_touched_anything_may_leave_too(self):
		name = self.declare()
		self.do("guard2", "withdraw", self.task(name, "staff_post").name, "crowd")
		self.assertIn("task_withdrawn", self.kinds(name))

	def test_stand_down_of_an_area_releases_that_post_only(self):
		name, post = self.manned()
		other = self.task(name, "staff_post")
		self.do("guard2", "arrive", other.name)
		self.do("operator", "confirm", name, "Equipment Fault")
		with self.refused("Areas"):
			self.do("operator", "stand_down", name, areas=["Nowhere"])
		self.do("operator", "stand_down", name, areas=[post.subject])
		self.assertEqual(self.task(name, "guard_area").status, "Done")
		self.assertEqual(self.task(name, "staff_post").status, "On Post")
		self.assertEqual(self.field("Outage Incident", name, "status"), "Active")
		self.assertIn("post_released", self.kinds(name))

	def test_stand_down_releases_every_post(self):
		name, _post = self.manned()
		self.do("operator", "supply_back", name)
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		held = {row.step_key: row.status for row in self.tasks(name) if row.held_until}
		self.assertEqual(held, {"guard_area": "Done", "staff_post": "Skipped"})
		self.assertEqual(self.field("Outage Incident", name, "status"), "Stood Down")


def _late_steps(report, name: str) -> set[str]:
	return {row.step_key for row in report._tasks(name) if report.is_late(row)}


class TimelineIsAppendOnly(TowerTest):
	"""Invariant 5: append-only for everyone through Frappe; units and roles, never a resident."""

	def row(self) -> str:
		return frappe.get_all("Timeline Entry", {"incident": self.declare()}, pluck="name")[0]

	def test_nobody_inserts_an_entry(self):
		name = self.declare()
		for who in ("operator", "manager", "Administrator"):
			with self.refused(error=frappe.PermissionError), self.as_user(who):
				frappe.get_doc({"doctype": "Timeline Entry", "incident": name, "kind": "closed", "data": "{}"}).insert(
					ignore_permissions=who == "Administrator"
				)

	def test_nobody_changes_an_entry(self):
		row = self.row()
		for who in ("operator", "Administrator"):
			for field, value in (("kind", "closed"), ("data", "{}"), ("occurred_at", "2020-01-01"), ("actor", "Guest")):
				refused = self.refused(error=frappe.PermissionError)
				with self.subTest(who=who, field=field), refused, self.as_user(who), self.request():
					doc = frappe.get_doc("Timeline Entry", row)
					doc.set(field, value)
					doc.save(ignore_permissions=who == "Administrator")

	def test_nobody_changes_an_entry_by_db_set(self):
		row = self.row()
		with self.refused(error=frappe.PermissionError):
			frappe.get_doc("Timeline Entry", row).db_set("data", "{}")

	def test_nobody_changes_an_entry_through_the_client_api(self):
		from frappe.client import delete, set_value

		row = self.row()
		for action in (
			lambda: set_value("Timeline Entry", row, "kind", "closed"),
			lambda: delete("Timeline Entry", row),
			lambda: frappe.rename_doc("Timeline Entry", row, "another", force=True),
		):
			with self.refused(error=(frappe.PermissionError, frappe.ValidationError)), self.request():
				action()

	def test_nobody_deletes_an_entry(self):
		row = self.row()
		for options in ({}, {"ignore_permissions": True}, {"force": True, "ignore_permissions": True}):
			with self.refused(error=frappe.PermissionError), self.request():
				frappe.delete_doc("Timeline Entry", row, **options)
		with self.refused(error=frappe.PermissionError), self.request():
			frappe.get_doc("Timeline Entry", row).delete()

	def test_the_verbs_documents_are_theirs(self):
		"""No field of an incident, task or callback changes by hand, Administrator included; nothing is deleted."""
		name = self.declare()
		task = self.task(name, "guard_area").name
		for doctype, docname, field, value in (
			("Outage Incident", name, "status", "Closed"),
			("Outage Incident", name, "level", "I"),
			("Outage Incident", name, "is_drill", 1),
			("Outage Task", task, "status", "Done"),
			("Outage Task", task, "due_at", "2030-01-01"),
		):
			with self.subTest(field=field):
				with self.refused(error=frappe.PermissionError), self.request():
					doc = frappe.get_doc(doctype, docname)
					doc.set(field, value)
					doc.save()
				with self.refused(error=frappe.PermissionError), self.request():
					frappe.delete_doc(doctype, docname, force=True)
		with self.refused(error=frappe.PermissionError), self.request():
			doc = frappe.get_doc("Outage Incident", name)
			doc.affected_nodes[0].back_at = "2030-01-01"
			doc.save()
		with self.refused(error=frappe.PermissionError), self.request():
			row = frappe.get_doc("Outage Incident", name).affected_nodes[0].name
			frappe.get_doc("Outage Affected Node", row).db_set("back_at", "2030-01-01")
		with self.refused(error=frappe.PermissionError), self.request():
			frappe.get_doc("Outage Incident", name).db_set("status", "Closed")
		with self.refused(error=frappe.PermissionError), self.request():
			frappe.rename_doc("Outage Task", task, "another", force=True)

	def test_no_residents_name_or_number_after_a_whole_run(self):
		contact = frappe.get_doc("Contact", self.contacts[0])
		name = self.whole_run(contact.name)
		secrets = [self.SECRET_NAME, self.SECRET_PHONE, contact.name, contact.first_name, contact.mobile_no]
		rows = frappe.get_all("Timeline Entry", {"incident": name}, ["kind", "data", "result"])
		self.assertGreater(len(rows), 60)
		for row in rows:
			for secret in filter(None, secrets):
				self.assertNotIn(secret, f"{row.data} {row.result}", row.kind)
		facts = frappe.db.get_value("Outage Report", {"incident": name}, "facts")
		for secret in filter(None, secrets):
			self.assertNotIn(secret, facts)

	SECRET_NAME, SECRET_PHONE = "Aunt Rosamund Quill", "13911112222"

	def whole_run(self, contact: str) -> str:
		"""A tower outage in which everything is said about a resident that can be said."""
		with self.as_user("service"):
			from outage_response.flows.residents.who_depends_on_power import read_care_needs, set_care_need

			set_care_need(self.units[0], contact, "oxygen concentrator", 90)
		name = self.declare("II")
		self.do(
			"service",
			"record_call",
			self.property,
			unit=self.units[0],
			contact=contact,
			phone=self.SECRET_PHONE,
			words=f"{self.SECRET_NAME} needs oxygen",
			danger=True,
		)
		self.do("operator", "report_trapped", name, self.elevators[0], f"{self.SECRET_NAME} is inside", contact)
		with self.as_user("operator"):
			self.assertEqual(len(read_care_needs(name)), 1)
		self.do("operator", "confirm", name, "Equipment Fault")
		self.finish_steps(name)
		self.do("operator", "permit_energise", name)
		self.clock.move(60)
		self.do("operator", "supply_back", name)
		self.clock.now = self.clock.now.replace(hour=10)
		for row in frappe.get_all("Outage Callback", {"incident": name, "status": "Pending"}, ["name", "contact"]):
			self.do("service", "log_attempt", row.name, "Reached", note=f"{self.SECRET_NAME} is well", satisfaction=5)
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		self.finish_steps(name)
		self.do("engineer", "file_report", name, "a cable", "replaced it")
		self.do("operator", "close", name)
		return name


class DrillStaysInside(TowerTest):
	"""Invariant 6: nothing reaches residents from a drill, and a drill never enters a figure."""

	def test_a_drill_calls_nobody_back_and_counts_nothing(self):
		name = self.declare(is_drill=True)
		self.do("operator", "confirm", name, "Equipment Fault")
		self.clock.move(45)
		answer = self.do("operator", "supply_back", name)
		self.assertEqual((answer["callbacks"], answer["customer_minutes"]), (0, 0))
		self.assertFalse(frappe.get_all("Outage Callback", {"incident": name}))
		self.assertFalse(frappe.get_all("Communication", {"reference_doctype": "Outage Callback"}))
		self.assertEqual(self.task(name, "call_back_residents").status, "Done")
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		self.finish_steps(name)
		self.do("engineer", "file_report", name, "exercise", "none")
		self.assertEqual(self.do("operator", "close", name)["customer_minutes"], 0)

	def test_a_drill_takes_no_minute_from_an_outage(self):
		drill = self.declare(is_drill=True)
		self.clock.move(5)
		real = self.declare()
		self.clock.move(60)
		self.do("operator", "supply_back", drill)
		minutes = self.do("operator", "supply_back", real)["customer_minutes"]
		self.assertEqual(minutes, 60 * len(self.units))

	def test_a_drill_says_so_to_the_staff(self):
		name = self.declare(is_drill=True)
		subjects = frappe.get_all("Notification Log", {"document_name": name}, pluck="subject")
		self.assertTrue(subjects)
		self.assertTrue(all(subject.startswith("DRILL") for subject in subjects), subjects)

	def test_still_out_of_a_drill_would_be_a_drill(self):
		self.assertFalse(frappe.get_meta("Outage Incident").get_field("is_drill").read_only)
		name = self.declare(is_drill=True)
		with self.refused(error=frappe.PermissionError):
			doc = frappe.get_doc("Outage Incident", name)
			doc.is_drill = 0
			doc.save()
		self.do("operator", "supply_back", name)
		row = frappe.get_doc(
			{
				"doctype": "Outage Callback",
				"incident": name,
				"property": self.property,
				"contact": self.contacts[0],
				"reason": "Standard",
				"units": [{"unit": self.units[0]}],
			}
		)
		row.flags.by_verb = True
		row.insert(ignore_permissions=True)
		nested = self.do("service", "log_attempt", row.name, "Still Out")["nested_incident"]
		self.assertEqual(self.field("Outage Incident", nested, "is_drill"), 1)
		self.clock.move(30)
		self.assertEqual(self.do("operator", "supply_back", nested)["customer_minutes"], 0)


class CalledBackOnce(SiteTest):
	"""Invariant 7: one contact is called back once per incident, when the last of their affected nodes is back."""

	now = build.NIGHT.replace(hour=10)

	@classmethod
	def build_world(cls):
		world = build.make_community("Callback Community", buildings=2, units_each=2)
		build.make_roster(world["property"], cls.now)
		# one person with a flat in each building, one flat with nobody
		world["landlord"] = world["contacts"][0]
		unit = frappe.get_doc("Property Unit", world["units"][2])
		unit.residents = []
		unit.append("residents", {"contact": world["landlord"], "is_primary": 1})
		unit.save()
		return world

	def callbacks(self, incident: str, **filters) -> list:
		return frappe.get_all("Outage Callback", {"incident": incident, **filters}, ["*"], order_by="contact")

	def test_a_contact_with_two_units_waits_for_the_last_and_is_called_once(self):
		name = self.declare(nodes=self.panels)
		self.clock.move(30)
		self.do("operator", "supply_back", name, [self.panels[0]])
		self.assertNotIn(self.landlord, [row.contact for row in self.callbacks(name)])
		self.assertEqual(len(self.callbacks(name)), 1)
		self.clock.move(30)
		self.do("operator", "supply_back", name)
		self.assertEqual(Counter(row.contact for row in self.callbacks(name))[self.landlord], 1)
		mine = self.callbacks(name, contact=self.landlord)[0]
		units = [row.unit for row in frappe.get_doc("Outage Callback", mine.name).units]
		self.assertEqual(sorted(units), sorted([self.units[0], self.units[2]]))
		self.assertEqual(len(self.callbacks(name)), 3)

	def test_the_database_refuses_a_second_callback(self):
		name = self.declare()
		self.do("operator", "supply_back", name)
		row = self.callbacks(name)[0]
		copy = frappe.get_doc("Outage Callback", row.name).as_dict()
		with self.assertRaises(Exception) as caught, self.request():
			doc = frappe.get_doc({**copy, "name": "second", "units": [], "attempts": []})
			doc.set("__islocal", True)
			doc.flags.by_verb = True
			doc.db_insert()
		self.assertIsInstance(caught.exception, (frappe.UniqueValidationError, frappe.DuplicateEntryError))

	def test_every_attempt_is_in_the_crm(self):
		name = self.declare()
		self.do("operator", "supply_back", name)
		row = self.callbacks(name, contact=self.landlord)[0]
		first = self.do("service", "log_attempt", row.name, "No Answer", note="rang long")
		self.clock.move(130)
		second = self.do("service", "log_attempt", row.name, "Reached", satisfaction=4)
		records = frappe.get_all(
			"Communication",
			{"reference_doctype": "Outage Callback", "reference_name": row.name},
			["name", "communication_medium"],
			order_by="creation",
		)
		self.assertEqual({record.name for record in records}, {first["crm_record"], second["crm_record"]})
		self.assertEqual({record.communication_medium for record in records}, {"Phone"})
		for record in records:
			links = frappe.get_all(
				"Communication Link", {"parent": record.name, "link_doctype": "Contact"}, pluck="link_name"
			)
			self.assertEqual(links, [self.landlord])
		attempts = frappe.get_doc("Outage Callback", row.name).attempts
		self.assertEqual([attempt.crm_record for attempt in attempts], [first["crm_record"], second["crm_record"]])

	def test_callbacks_and_report_exist_where_the_plan_asks_for_them(self):
		"""A planned outage has neither step: nobody is called back, no report can be filed, closing asks for neither."""
		name = self.declare("III")
		self.clock.now = get_datetime(self.field("Outage Incident", name, "planned_start"))
		self.finish_steps(name)
		self.do("engineer", "start", name)
		self.finish_steps(name)
		self.do("operator", "permit_energise", name)
		self.clock.move(120)
		self.do("operator", "supply_back", name)
		self.assertFalse(self.callbacks(name))
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		self.finish_steps(name)
		with self.refused("report"):
			self.do("engineer", "file_report", name, "work", "done")
		self.do("operator", "close", name)
		self.assertEqual(self.field("Outage Incident", name, "status"), "Closed")

	def test_close_waits_for_callbacks_and_report(self):
		name = self.declare("I")
		self.do("operator", "confirm", name, "External Grid")
		self.do("operator", "supply_back", name)
		self.finish_steps(name)
		self.do("operator", "stand_down", name)
		self.finish_steps(name)
		with self.refused(error=GateClosedError):
			self.do("operator", "close", name)
		for row in self.callbacks(name, status="Pending"):
			self.do("service", "log_attempt", row.name, "Reached")
		self.assertEqual(self.task(name, "call_back_residents").status, "Done")
		with self.refused(error=GateClosedError):
			self.do("operator", "close", name)
		self.do("engineer", "file_report", name, "the grid", "waited")
		self.do("operator", "close", name)


class MinutesCountOnce(CalledBackOnce):
	"""Invariant 8: "still out" opens a nested incident; a customer's minute is counted once."""

	def setUp(self):
		super().setUp()
		self.first = self.declare(nodes=self.panels)
		self.clock.move(60)
		self.first_minutes = self.do("operator", "supply_back", self.first)["customer_minutes"]
		self.clock.move(30)

	def nest(self, contact_index: int) -> str:
		row = self.callbacks(self.first, contact=self.contacts[contact_index])[0]
		return self.do("service", "log_attempt", row.name, "Still Out", note="dark in here")["nested_incident"]

	def test_still_out_opens_an_incident_under_the_first(self):
		nested = self.nest(1)
		doc = frappe.get_doc("Outage Incident", nested)
		self.assertEqual((doc.parent_incident, doc.level, doc.status), (self.first, "II", "Reported"))
		self.assertEqual([(row.power_node, row.unit) for row in doc.affected_nodes], [(self.panels[0], self.units[1])])
		self.assertEqual(doc.affected_units, 1)
		self.assertTrue(self.tasks(nested))
		self.assertIn("still_out", self.kinds(self.first))
		self.assertIn("nested_opened", self.kinds(nested))

	def test_the_nested_incident_counts_from_where_the_first_stopped(self):
		self.assertEqual(self.first_minutes, 60 * 4)
		nested = self.nest(1)
		self.clock.move(15)
		self.assertEqual(self.do("operator", "supply_back", nested)["customer_minutes"], 30 + 15)

	def test_a_second_household_on_the_node_joins_the_nested_incident(self):
		nested = self.nest(1)
		self.assertEqual(self.nest(0), nested)
		doc = frappe.get_doc("Outage Incident", nested)
		self.assertIn(self.units[0], [row.unit for row in doc.affected_nodes])

	def test_overlapping_incidents_share_no_minute(self):
		self.clock.move(600)
		start = self.clock.now
		one = self.declare(nodes=[self.panels[0]])
		self.clock.move(10)
		everything = self.declare(nodes=[self.room], all_the_same=True)
		self.clock.move(20)
		first = self.do("operator", "supply_back", one)["customer_minutes"]
		self.clock.move(30)
		second = self.do("operator", "supply_back", everything)["customer_minutes"]
		self.assertMoment(self.field("Outage Incident", one, "reported_at"), start)
		self.assertEqual(first, 2 * 30)
		# panel 1: dark 60 minutes in all, 30 of them counted already; panel 2: 50 minutes
		self.assertEqual(first + second, 2 * 60 + 2 * 50)

	def test_a_late_entry_takes_no_minute_from_what_is_counted(self):
		"""An older outage of the whole property is entered when a panel's is over: the panel's minutes are its own."""
		self.clock.move(600)
		panel = self.declare(nodes=[self.panels[0]])
		self.clock.move(30)
		counted = self.do("operator", "supply_back", panel)["customer_minutes"]
		self.assertEqual(counted, 2 * 30)
		earlier, now = self.clock.now - timedelta(minutes=60), self.clock.now
		whole = self.declare(nodes=[{"power_node": self.room, "out_since": str(earlier)}], occurred_at=str(earlier))
		self.assertEqual(self.do("operator", "supply_back", whole)["customer_minutes"], 4 * 60 - counted)
		past = frappe.get_doc(
			{
				"doctype": "Outage Incident",
				"property": self.property,
				"level": "I",
				"reported_at": str(earlier - timedelta(minutes=30)),
				"restored_at": str(now),
				"closed_at": str(now),
				"affected_nodes": [{"power_node": self.room}],
			}
		).insert(ignore_permissions=True)
		self.assertEqual(past.customer_minutes, 4 * 30)


for inherited in [name for name in dir(CalledBackOnce) if name.startswith("test_")]:
	setattr(MinutesCountOnce, inherited, None)  # the world is shared, the tests are not
