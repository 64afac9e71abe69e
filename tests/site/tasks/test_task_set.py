"""The task set is a function of plan and context (invariant 1); reclassifying keeps what is done (invariant 2)."""

import json
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import frappe

from outage_response.domain.plan_expansion import dedupe_key
from outage_response.flows.tasks import recurring_steps, task_set
from outage_response.flows.verb.engine import Act
from outage_response.flows.verb.locking import lock_incident

from ..small_worlds import TowerTest


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
