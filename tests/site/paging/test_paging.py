"""Who may take what one was rung for, the control room for a department that sleeps, hand-over, test calls, the link's page."""

from datetime import timedelta
from unittest.mock import patch

import frappe

from outage_response import bulk
from outage_response.api import limits, paging
from outage_response.domain import lifecycle, phone_numbers
from outage_response.flows.paging import answer_links, gateway_replies, page_answers, page_rows, sweep, trial_calls
from outage_response.flows.residents import page_templates
from outage_response.flows.screens import who_knows
from outage_response.flows.tasks import handover, shift_end, task_verbs

from ..base import forget_caches
from ..world import make_contact, make_shift, make_tower, make_user, permit, user
from .people_rung import PagingTest


class Pages(PagingTest):
	def test_pages_are_written_with_the_verb(self):
		rows = self.pages(self.declare())
		self.assertIn(user("operator"), {row.user for row in rows})
		self.assertEqual({row.status for row in rows}, {"Queued"})
		self.assertFalse([row for row in rows if row.user == user("manager")])

	def test_steps_that_may_wait_or_be_left_out_ring_nobody(self):
		name = self.declare()
		quiet = self.tasks(name, optional=1) + self.tasks(name, priority=3)
		self.assertTrue(quiet)
		self.assertEqual({row.first_rung_at for row in quiet}, {None})

	def test_planned_work_rings_when_its_time_comes(self):
		name = self.declare("III")
		self.assertFalse(self.pages(name))
		due = [row for row in self.tasks(name) if row.ring_at]
		self.assertTrue(due)
		for row in due:
			self.assertGreater(row.ring_at, self.clock.now)
			self.assertLessEqual(row.ring_at, row.due_at)

	def planned(self) -> tuple[str, object]:
		"""Work of another day, whose first elevator is to be landed: (incident, step)."""
		name = self.declare("III")
		return name, self.task(name, "clear_elevators")

	def test_planned_work_that_changes_hands_rings_when_its_time_comes(self):
		name, step = self.planned()
		other = self.tasks(name, step_key="clear_elevators")[1]
		self.do("engineer", "acknowledge", step.name)
		for who, verb, *arguments in (
			("operator", "reassign", other.name, user("engineer")),
			("engineer", "hand_over", name, "the keys are in the office"),
		):
			self.do(who, verb, *arguments)
			ring_at = self.field("Outage Task", other.name if verb == "reassign" else step.name, "ring_at")
			self.assertMoment(ring_at, step.due_at - timedelta(minutes=30))
		self.assertEqual(self.field("Outage Task", step.name, "status"), "Open")
		self.assertFalse(self.pages(name))

	def test_planned_work_of_another_day_outlasts_the_shift(self):
		name, step = self.planned()
		self.do("engineer", "acknowledge", step.name)
		self.clock.move(60 * 24)
		self.assertNotIn(name, shift_end.due())
		self.assertEqual(shift_end.release(name), 0)
		self.clock.now = step.due_at - timedelta(minutes=30)
		make_shift(self.property, "engineering", "electrician", self.clock.now)
		self.assertEqual(shift_end.release(name), 1)
		row = frappe.get_doc("Outage Task", step.name)
		self.assertEqual((row.status, frappe.parse_json(row._assign)), ("Open", [user("electrician")]))
		self.assertMoment(row.first_rung_at, self.clock.now)

	def test_planned_work_that_was_taken_is_left_in_peace_until_it_is_due(self):
		name, step = self.planned()
		self.do("engineer", "acknowledge", step.name)
		for minutes in range(-30, 5, 5):
			self.clock.now = step.due_at + timedelta(minutes=minutes)
			sweep.sweep(name)
		self.assertFalse(self.field("Outage Task", step.name, "first_rung_at"))
		self.clock.move(5)
		sweep.sweep(name)
		self.assertMoment(self.field("Outage Task", step.name, "first_rung_at"), self.clock.now)

	def test_a_drill_rings_those_it_names_and_nobody_else(self):
		named = [user("engineer"), user("manager")]
		name = self.declare(is_drill=True, drill_participants="\n".join(named))
		for _round in range(6):
			self.clock.move(4)
			sweep.sweep(name)
		rung = {row.user or row.person for row in self.pages(name)}
		self.assertIn(named[0], rung)
		self.assertLessEqual(rung, set(named))
		with self.refused("Participants"):
			self.declare(is_drill=True, drill_participants="nobody@example.com")

	def test_ringing_can_be_switched_off(self):
		frappe.db.set_single_value("Outage Response Settings", "ring_people", 0)
		frappe.clear_document_cache("Outage Response Settings", "Outage Response Settings")
		name = self.declare()
		self.assertFalse(self.pages(name))
		self.assertFalse([row for row in self.tasks(name) if row.ring_at])

	def test_the_shipped_channels_speak_each_persons_language(self):
		person = {"name": ("in", ("Bell", "E-mail", "SMS", "Voice"))}
		self.assertEqual(set(frappe.get_all("Paging Channel", person, pluck="language")) - {"", None}, set())

	def test_who_knows(self):
		name = self.declare()
		step = self.task(name, "call_engineering")
		self.clock.move(1)
		self.do("operator", "acknowledge", step.name)
		self.clock.move(1)
		self.do("operator", "arrive", step.name)
		found = who_knows.who_knows(name)
		row = next(row for row in found["tasks"] if row["task"] == step.name)
		self.assertEqual((row["to_acknowledge"], row["on_scene_after"]), (60, 120))
		operator = next(row for row in found["people"] if row["user"] == user("operator"))
		self.assertTrue(operator["on_duty"])
		self.assertEqual(operator["answered_after"], 60)
		self.assertEqual(found["people"][-1]["user"], user("operator"))  # who has not answered comes first


class Sleeping(PagingTest):
	"""At night, with customer service in bed."""

	def test_the_control_room_does_the_steps_of_a_department_that_sleeps(self):
		step = self.task(self.declare(), "first_word").name
		self.do("operator", "complete", step)
		self.assertEqual(self.field("Outage Task", step, "status"), "Done")

	def test_it_does_not_when_they_are_there(self):
		make_shift(self.property, "customer_service", "service", self.now)
		step = self.task(self.declare(), "first_word").name
		with self.refused("another department", error=frappe.PermissionError):
			self.do("operator", "complete", step)

	def test_it_never_vouches_for_a_switch(self):
		frappe.db.delete("Duty Shift", {"property": self.property, "department": "engineering"})
		name = self.declare()
		step = next(row for row in self.tasks(name, department="engineering", gate="energise") if not row.life_safety)
		with self.refused("another department", error=frappe.PermissionError):
			self.do("operator", "complete", step.name, evidence="locked")

	def test_who_was_rung_may_take_it(self):
		name = self.declare()
		step = self.task(name, "first_word").name
		with self.refused("another department", error=frappe.PermissionError):
			self.do("manager", "acknowledge", step)
		for _minute in range(15):
			self.clock.move(1)
			sweep.sweep(name)
		self.do("manager", "acknowledge", step)
		self.assertEqual(self.field("Outage Task", step, "assigned_role"), "Outage General Manager")
		self.assertIn(user("manager"), self.field("Outage Task", step, "_assign"))

	def test_what_is_heard_on_the_radio(self):
		name = self.declare()
		step = self.task(name, "patrol_area").name
		with self.as_user("operator"), self.request():
			task_verbs.acknowledge_for(step, user("guard2"), "radio")
		self.assertEqual(self.field("Outage Task", step, "acknowledged_by"), user("guard2"))
		other = self.task(name, "dispatch_security").name
		with self.refused("How"), self.as_user("operator"), self.request():
			task_verbs.acknowledge_for(other, None, "smoke")


class Links(PagingTest):
	def test_a_link_shows_and_answers(self):
		page = next(row for row in self.pages(self.declare()) if row.user == user("guard1"))
		token = answer_links.of(page.name)
		with self.as_user("Guest"):
			self.assertTrue(page_answers.look(token)["open"])
			self.assertTrue(page_answers.by_link(token, True)["taken"])
			self.assertEqual(frappe.session.user, "Guest")
			self.assertFalse(page_answers.look(token)["open"])
			self.assertEqual(page_answers.by_link(token, True)["taken"], 0)
		self.assertEqual(frappe.db.get_value("Outage Page", page.name, "answer"), "Yes")

	def test_its_page_shows_names_as_text(self):
		bad = "<script>alert(1)</script>"
		name = self.declare()
		page = next(row for row in self.pages(name) if row.user == user("guard1"))
		table = frappe.qb.DocType("Outage Task")
		frappe.qb.update(table).set(table.subject_label, bad).set(table.title, bad).where(table.incident == name).run()
		shown = page_answers.look(answer_links.of(page.name))
		text = page_templates.render("rung.html", title="Outage", page=shown, here="/outage-page/t", answered="")
		self.assertNotIn(bad, text)
		self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", text)

	def test_a_guessed_or_an_old_link(self):
		page = self.pages(self.declare())[0].name
		for token in (f"{page}.", f"{page}.abcdef", "", "x.y", None):
			with self.assertRaises(frappe.PageDoesNotExistError):
				page_answers.look(token)
		self.clock.move(60 * 25)
		with self.assertRaises(frappe.PageDoesNotExistError):
			page_answers.look(answer_links.of(page))

	def test_a_link_is_worth_what_its_holder_is_worth(self):
		"""Somebody who may log in no more, has no role of the staff or none of this property's: neither their link nor their
		number answers, and the steps ring on."""
		name = self.declare()
		guard = user("guard1")
		page = next(row for row in self.pages(name) if row.user == guard)
		table = frappe.qb.DocType("Outage Page")
		heard = frappe.qb.update(table).set(table.phone, "13900001234").set(table.tries, 1)
		heard.set(table.phone_key, phone_numbers.key("13900001234")).where(table.name == page.name).run()
		channel = frappe._dict(name="Voice", accept_words="1", decline_words="2")
		open_steps = {row.name for row in self.tasks(name, status="Open")}

		def no_role():
			frappe.db.delete("Has Role", {"parent": guard})

		def elsewhere():
			frappe.db.delete("User Permission", {"user": guard})
			permit(guard, make_tower("Paging Elsewhere", floors=1)["property"])

		for what in (lambda: frappe.db.set_value("User", guard, "enabled", 0), no_role, elsewhere):
			frappe.db.savepoint("as_it_was")
			what()
			forget_caches()
			with self.as_user("Guest"):
				for act in (page_answers.look, lambda token: page_answers.by_link(token, True)):
					with self.assertRaises(frappe.PageDoesNotExistError):
						act(answer_links.of(page.name))
				self.assertFalse(gateway_replies.by_reply(channel, {"from": "13900001234", "text": "1"})["accepted"])
			self.assertEqual({row.name for row in self.tasks(name, status="Open") if row.ring_at} - open_steps, set())
			self.assertEqual({row.name for row in self.tasks(name, status="Open")}, open_steps)
			frappe.db.rollback(save_point="as_it_was")
			forget_caches()
		with self.as_user("Guest"):
			self.assertTrue(gateway_replies.by_reply(channel, {"from": "13900001234", "text": "1"})["taken"])

	def test_few_guesses_at_a_page_and_at_a_person(self):
		"""Each guess is another token, and counted by what it names: then the right one is refused as well."""
		frappe.cache.delete_keys("outage_portal:")
		self.addCleanup(frappe.cache.delete_keys, "outage_portal:")
		name = self.declare()
		mine = [row for row in self.pages(name) if row.user == user("guard1")]
		with patch.multiple(limits, WRONG=3, WRONG_OF_A_PERSON=5), self.as_user("Guest"):
			for guess in range(3):
				with self.assertRaises(frappe.PageDoesNotExistError), self.request():
					paging.look(token=f"{mine[0].name}.seal{guess}")
			with self.assertRaises(limits.TooMany), self.request():
				paging.look(token=answer_links.of(mine[0].name))
			(row,) = frappe.get_all(
				"Outage Page", {"name": mine[0].name}, ["incident", "property", "person", "user", "status"]
			)
			another = {**row, "name": "b2b2b2b2b2", "dedupe_key": "another page of theirs"}
			(others,) = bulk.insert("Outage Page", [another], self.clock.now)
			self.assertTrue(paging.look(token=answer_links.of(others))["property"])
			for guess in range(2):
				with self.assertRaises(frappe.PageDoesNotExistError), self.request():
					paging.answer(token=f"{others}.seal{guess}", yes=True)
			with self.assertRaises(limits.TooMany), self.request():
				paging.look(token=answer_links.of(others))

	def test_whoever_opens_old_links_again_and_again_guesses_at_nothing(self):
		frappe.cache.delete_keys("outage_portal:")
		self.addCleanup(frappe.cache.delete_keys, "outage_portal:")
		page = next(row for row in self.pages(self.declare()) if row.user == user("guard1"))
		self.clock.move(page_answers.LIVES_HOURS * 60 + 1)
		with patch.multiple(limits, WRONG=3, WRONG_OF_A_PERSON=5), self.as_user("Guest"):
			for _time in range(8):
				with self.assertRaises(frappe.PageDoesNotExistError), self.request():
					paging.look(token=answer_links.of(page.name))

	def test_a_no_is_not_rung_again(self):
		name = self.declare()
		page = next(row for row in self.pages(name) if row.user == user("guard1"))
		page_answers.by_link(answer_links.of(page.name), False)
		self.assertEqual(frappe.db.get_value("Outage Page", page.name, "answer"), "No")
		declined = page_rows.declined(name)
		self.assertTrue(declined)
		self.assertEqual(set().union(*declined.values()), {f"user:{user('guard1')}"})


class HandOver(PagingTest):
	def hand(self, who: str, incident: str, **arguments):
		with self.as_user(who), self.request():
			return handover.hand_over(incident, **arguments)

	def test_to_the_next_shift_and_nobody_s_until_taken(self):
		permit(user("service"), self.property)
		name = self.declare()
		step = self.task(name, "call_engineering").name
		self.do("operator", "acknowledge", step)
		relief = "relief@outage-test.example.com"
		make_user(relief, "Outage Control Room")
		permit(relief, self.property)
		make_shift(self.property, "control_room", None, self.now + timedelta(hours=12), user=relief)
		self.clock.move(30)
		answer = self.hand("operator", name, note="feeder is dead, supplier knows")
		self.assertTrue(answer["handed_over"])
		row = frappe.get_doc("Outage Task", step)
		self.assertEqual((row.status, row.acknowledged_by), ("Open", None))
		self.assertIn(relief, row._assign)
		self.assertIn("supplier knows", self.entry(name, "task_handed_over")["text"])
		self.assertIn(relief, {page.user for page in self.pages(name)})

	def test_life_safety_does_not_wait_for_the_next_shift(self):
		"""The last electricians go home, the next ones come in hours: the control room is there."""
		name = self.declare()
		self.do("engineer", "confirm", name, "Equipment Fault")
		check, switch = self.task(name, "check_elevator").name, self.task(name, "clear_to_energise").name
		frappe.db.delete("Duty Shift", {"property": self.property, "user": user("engineer")})
		make_shift(self.property, "engineering", "engineer", self.now + timedelta(hours=18))
		self.do("electrician", "acknowledge", check)
		self.hand("electrician", name, note="both cars unseen")
		row = frappe.get_doc("Outage Task", check)
		self.assertEqual(
			(row.assigned_role, frappe.parse_json(row._assign)), ("Outage Control Room", [user("operator")])
		)
		self.do("operator", "arrive", check)
		self.assertEqual(frappe.parse_json(self.field("Outage Task", switch, "_assign")), [user("engineer")])

	def test_a_post_is_not_handed_over(self):
		name = self.declare()
		post = next(row for row in self.tasks(name) if row.held_until and user("guard1") in (row._assign or ""))
		self.do("guard1", "arrive", post.name)
		answer = self.hand("guard1", name, note="going home")
		self.assertGreaterEqual(answer["posts_kept"], 1)
		self.assertEqual(self.field("Outage Task", post.name, "status"), "On Post")

	def left(self, *, arrived: bool = False, relieved_by: bool = True) -> tuple[str, str, str]:
		"""The operator took a step, and their shift has ended: (incident, step, who comes)."""
		name = self.declare()
		step = self.task(name, "call_engineering").name
		self.do("operator", "acknowledge", step)
		if arrived:
			self.do("operator", "arrive", step)
		relief = "relief@outage-test.example.com"
		make_user(relief, "Outage Control Room")
		permit(relief, self.property)
		mine = {"property": self.property, "user": user("operator")}
		ends = max(row.ends_at for row in frappe.get_all("Duty Shift", mine, ["ends_at"]))
		make_shift(self.property, "control_room", None, ends, user=relief if relieved_by else user("operator"))
		self.clock.now = ends + timedelta(minutes=lifecycle.HAND_OVER_MINUTES)
		return name, step, relief

	def test_what_nobody_took_over_rings_again(self):
		name, step, relief = self.left()
		self.assertIn(name, shift_end.due())
		self.assertGreaterEqual(shift_end.release(name), 1)
		row = frappe.get_doc("Outage Task", step)
		self.assertEqual((row.status, row.acknowledged_by), ("Open", None))
		self.assertIn(relief, row._assign)
		self.assertIn("is open again", self.entry(name, "shift_ended")["text"])
		self.assertIn(relief, {page.user for page in self.pages(name)})
		self.assertNotIn(name, shift_end.due())
		self.assertEqual(shift_end.release(name), 0)

	def test_what_is_under_way_stays(self):
		name, step, _relief = self.left(arrived=True)
		self.assertEqual(shift_end.release(name), 0)
		self.assertEqual(self.field("Outage Task", step, "status"), "In Progress")

	def test_whoever_stays_for_the_next_shift_keeps_it(self):
		name, step, _relief = self.left(relieved_by=False)
		self.assertEqual(shift_end.release(name), 0)
		self.assertEqual(self.field("Outage Task", step, "status"), "Acknowledged")

	def test_the_shift_has_not_ended(self):
		name, _step, _relief = self.left()
		self.clock.move(-2)
		self.assertNotIn(name, shift_end.due())

	def test_without_a_word_it_is_refused(self):
		name = self.declare()
		with self.refused("Note"):
			self.hand("operator", name, note=" ")


class TestCalls(PagingTest):
	def test_the_next_shift_is_rung_and_answers(self):
		make_shift(self.property, "security", "guard1", self.now + timedelta(hours=12))
		outsider = make_contact("Paging Tower Fitter", "13600000001")
		make_shift(self.property, "engineering", None, self.now + timedelta(hours=12), contact=outsider)
		with self.as_user("operator"):
			answer = trial_calls.test_call(self.property)
		self.assertEqual(
			answer["people"], 1
		)  # the guard; the fitter has a number, and no channel for numbers is set up
		self.assertEqual(answer["unreachable"], [outsider])
		page = frappe.get_all("Outage Page", {"test": answer["test"]}, pluck="name")[0]
		self.clock.move(1)
		self.assertTrue(page_answers.look(answer_links.of(page))["test"])
		page_answers.by_link(answer_links.of(page), True)
		found = trial_calls.result(answer["test"])
		self.assertEqual((found["answered"], found["people"][0]["answered_after"]), (1, 60))
