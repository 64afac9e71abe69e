"""Shifts that come round, people who are away, and what nobody covers."""

from datetime import datetime, timedelta

import frappe

from outage_response.domain.errors import RuleError
from outage_response.flows.facts import who_is_on_duty
from outage_response.flows.roster import shifts
from outage_response.outage_response.report.response_times import response_times
from outage_response.outage_response.report.roster_gaps import roster_gaps

from ..base import SiteTest
from ..world import make_contact, make_roster, make_shift, make_tower, user


class RosterTest(SiteTest):
	now = frappe.utils.now_datetime().replace(hour=10, minute=0, second=0, microsecond=0)

	@classmethod
	def build_world(cls):
		return make_tower("Roster Tower", floors=1)

	def pattern(self, **values):
		return frappe.get_doc(
			{
				"doctype": "Roster Pattern",
				"title": "Day and night",
				"property": self.property,
				"department": "security",
				"cycle_days": 7,
				"starts_on": str(self.now.date()),
				"shifts": [
					{"start_time": "08:00:00", "end_time": "20:00:00", "user": user("guard1")},
					{"start_time": "20:00:00", "end_time": "08:00:00", "user": user("guard2")},
				],
				**values,
			}
		).insert()

	def shifts(self, **filters):
		return frappe.get_all("Duty Shift", {"property": self.property, **filters}, ["*"], order_by="starts_at, user")


class Calendar(RosterTest):
	def test_a_worked_weekend_counts_in_off_hours_and_rosters(self):
		saturday = datetime(2026, 2, 14, 10)
		doc = frappe.get_doc("Managed Property", self.property)
		self.assertTrue(who_is_on_duty.off_hours(self.property, saturday))
		doc.append("holidays", {"holiday_date": "2026-02-14", "is_worked": 1})
		doc.append("holidays", {"holiday_date": "2026-02-16"})
		doc.save()
		self.assertFalse(who_is_on_duty.off_hours(self.property, saturday))
		self.assertTrue(who_is_on_duty.off_hours(self.property, saturday + timedelta(days=2)))
		self.clock.now = saturday
		day = {"start_time": "08:00:00", "end_time": "20:00:00", "user": user("guard1"), "days": "Working Days"}
		self.pattern(starts_on="2026-02-14", ends_on="2026-02-17", shifts=[day])
		self.assertEqual([row.starts_at.day for row in self.shifts()], [14, 17])
		doc.append("holidays", {"holiday_date": "2026-02-14"})
		with self.refused("Holidays", "twice"):
			doc.save()


class Patterns(RosterTest):
	def test_four_weeks_are_made_once(self):
		doc = self.pattern()
		made = len(self.shifts())
		self.assertEqual(made, 2 * (shifts.DAYS_AHEAD + 1))
		self.assertEqual(shifts.fill(doc.name), 0)
		doc.save()
		self.assertEqual(len(self.shifts()), made)

	def test_they_begin_on_the_day_that_it_is(self):
		self.clock.move(3 * 24 * 60)
		self.pattern()
		self.assertEqual(self.shifts()[0].starts_at.date(), self.now.date() + timedelta(days=3))

	def test_what_was_changed_stays(self):
		doc = self.pattern()
		one = self.shifts(user=user("guard2"))[3]
		frappe.db.set_value("Duty Shift", one.name, "is_absent", 1)
		doc.shifts[0].start_time = "07:00:00"
		doc.save()
		self.assertEqual(frappe.db.get_value("Duty Shift", one.name, "is_absent"), 1)
		self.assertEqual(self.shifts(user=user("guard1"))[5].starts_at.hour, 7)

	def test_away_with_and_without_a_substitute(self):
		self.pattern()
		first = self.now + timedelta(days=2)
		values = {"doctype": "Roster Absence", "property": self.property, "user": user("guard2")}
		frappe.get_doc({**values, "from_date": first, "to_date": first + timedelta(days=1)}).insert()
		absent = self.shifts(is_absent=1)
		self.assertTrue(absent)
		self.assertFalse(
			[one for one in who_is_on_duty.on_duty(self.property, absent[-1].starts_at) if one.user == user("guard2")]
		)
		later = first + timedelta(days=5)
		frappe.get_doc(
			{**values, "from_date": later, "to_date": later + timedelta(days=1), "substitute": user("guard1")}
		).insert()
		self.assertTrue(self.shifts(replaced_user=user("guard2"), user=user("guard1")))

	def away(self, first, hours, **values):
		return frappe.get_doc(
			{
				"doctype": "Roster Absence",
				"property": self.property,
				"user": user("guard1"),
				"from_date": first,
				"to_date": first + timedelta(hours=hours),
				**values,
			}
		).insert()

	def spans(self, **filters):
		return [(row.starts_at, row.ends_at) for row in self.shifts(**filters)]

	def test_away_for_an_hour_is_there_for_the_rest(self):
		make_shift(self.property, "security", "guard1", self.now + timedelta(days=1))
		before = self.spans()
		noon = self.now + timedelta(days=1)
		doc = self.away(noon, 1)
		self.assertEqual(self.spans(is_absent=1), [(noon, noon + timedelta(hours=1))])
		self.assertEqual(len(self.spans(is_absent=0)), 2)
		doc.to_date = noon + timedelta(hours=2)
		doc.save()
		self.assertEqual(self.spans(is_absent=1), [(noon, noon + timedelta(hours=2))])
		doc.delete()
		self.assertEqual(self.spans(is_absent=0), before)

	def test_an_absence_with_a_substitute_is_taken_back(self):
		make_shift(self.property, "security", "guard1", self.now + timedelta(days=1))
		before = self.spans()
		doc = self.away(self.now, 48, substitute=user("guard2"))
		self.assertEqual(self.spans(user=user("guard2")), before)
		doc.delete()
		self.assertEqual(self.spans(user=user("guard1")), before)
		self.assertFalse(self.shifts(replaced_user=("is", "set")))

	def test_what_was_edited_by_hand_is_not_made_anew(self):
		doc = self.pattern()
		one = frappe.get_doc("Duty Shift", self.shifts(user=user("guard2"))[3].name)
		one.ends_at += timedelta(hours=1)
		one.save()
		doc.save()
		self.assertEqual(frappe.db.get_value("Duty Shift", one.name, "ends_at"), one.ends_at)

	def test_an_end_sent_as_text_is_a_date(self):
		doc = frappe.get_doc("Roster Pattern", self.pattern().name)
		ends_on = self.now.date() + timedelta(days=7)
		doc.update({"ends_on": str(ends_on)})
		doc.save()
		self.assertEqual(max(row.starts_at.date() for row in self.shifts()), ends_on)
		with self.refused("Ends On"), self.request():
			doc.update({"ends_on": str(self.now.date() - timedelta(days=1))})
			doc.save()

	def test_who_comes_after_all_is_not_absent_again_in_the_morning(self):
		doc = self.pattern()
		first = self.now + timedelta(days=2)
		self.away(first, 48, user=user("guard2"))
		one = frappe.get_doc("Duty Shift", self.shifts(is_absent=1)[-1].name)
		one.is_absent = 0
		one.save()
		others = len(self.shifts(is_absent=1))
		last = self.shifts(user=user("guard2"))[-1]
		frappe.delete_doc("Duty Shift", last.name)
		self.assertEqual(shifts.fill(doc.name), 1)
		self.assertFalse(frappe.db.get_value("Duty Shift", one.name, "is_absent"))
		self.assertEqual(len(self.shifts(is_absent=1)), others)

	def test_the_electrician_takes_the_right_to_switch_along(self):
		make_shift(self.property, "engineering", "engineer", self.now + timedelta(days=1))
		make_shift(self.property, "engineering", "electrician", self.now + timedelta(days=2), is_duty_electrician=1)
		one, other = self.shifts()
		shifts.swap(one.name, other.name)
		self.assertEqual([row.is_duty_electrician for row in self.shifts(user=user("electrician"))], [1])
		self.assertEqual([row.is_duty_electrician for row in self.shifts(user=user("engineer"))], [0])

	def test_a_roster_that_ended_long_ago_is_reminded_of(self):
		make_shift(self.property, "security", "guard1", self.now - timedelta(days=60))
		self.assertIn(self.property, shifts.properties_with_rosters())

	def test_a_swap(self):
		make_shift(self.property, "security", "guard1", self.now + timedelta(days=1))
		make_shift(self.property, "security", "guard2", self.now + timedelta(days=2))
		one, other = self.shifts()
		shifts.swap(one.name, other.name)
		self.assertEqual([row.user for row in self.shifts()], [user("guard2"), user("guard1")])
		self.assertEqual([row.replaced_user for row in self.shifts()], [user("guard1"), user("guard2")])
		with self.refused("two different", error=RuleError):
			shifts.swap(one.name, one.name)


class Gaps(RosterTest):
	def test_what_nobody_covers(self):
		make_roster(self.property, self.now)
		found = shifts.gaps([self.property], self.now, self.now + timedelta(days=1))
		nobody = {row["department"]: row["hours"] for row in found if row["what"] == "Nobody on duty"}
		self.assertEqual(nobody["Security"], 18.0)  # of a day, six hours are left of the shift
		self.assertIn("No duty electrician", {row["what"] for row in found})
		self.assertIn(user("guard1"), {row["who"] for row in found if row["what"] == "No telephone number"})

	def test_a_full_roster_has_no_gap_of_security(self):
		frappe.db.set_value("User", user("guard1"), "mobile_no", "13700000001")
		doc = frappe.get_doc(
			{
				"doctype": "Roster Pattern",
				"title": "All day",
				"property": self.property,
				"department": "security",
				"cycle_days": 1,
				"starts_on": str(self.now.date() - timedelta(days=1)),
				"shifts": [{"start_time": "00:00:00", "end_time": "00:00:00", "user": user("guard1")}],
			}
		).insert()
		self.assertTrue(doc.name)
		found = shifts.gaps([self.property], self.now, self.now + timedelta(days=14))
		self.assertNotIn("Security", {row["department"] for row in found})

	def test_the_one_who_makes_the_roster_is_told(self):
		make_roster(self.property, self.now)
		self.assertTrue(shifts.remind(self.property))
		self.assertTrue(
			frappe.db.exists(
				"Notification Log",
				{"for_user": user("manager"), "document_name": self.property, "subject": ("like", "%gaps%")},
			)
		)

	def test_the_first_gap_is_the_earliest(self):
		"""Of customer service nobody is there on the fifth day, of security on the second."""
		frappe.db.set_value("Response Department", "customer_service", "coverage", "Always")
		for department, days in (("customer_service", 5), ("security", 2)):
			make_shift(
				self.property,
				department,
				contact=make_contact(f"Gap {department}", "13600000001"),
				starts_at=self.now,
				ends_at=self.now + timedelta(days=days),
			)
		table = frappe.qb.DocType("Response Department")
		rows = frappe.qb.update(table).set(table.coverage, "")
		rows.where(table.name.notin(["customer_service", "security"])).run()
		frappe.db.set_value("Managed Property", self.property, "property_type", "Residential Community")
		frappe.clear_document_cache("Managed Property", self.property)
		shifts.remind(self.property)
		told = {"for_user": user("manager"), "document_name": self.property, "subject": ("like", "%gaps%")}
		earliest = self.now + timedelta(days=2)
		self.assertIn(f"{earliest:%Y-%m-%d %H:%M}", frappe.db.get_value("Notification Log", told, "subject"))

	def test_the_reports(self):
		make_roster(self.property, self.now)
		_columns, rows = roster_gaps.execute({"property": self.property})
		self.assertTrue(rows)
		with self.as_user("guard1"):
			self.assertFalse(roster_gaps.execute({"property": "Another"})[1])
		name = self.declare()
		step = self.task(name, "call_engineering").name
		self.clock.move(4)
		self.do("operator", "acknowledge", step)
		rows = response_times.figures([self.property], self.now.date(), self.now.date())
		control = next(row for row in rows if row["department"] == "Control Room")
		self.assertEqual(control["to_acknowledge"], 4.0)
		self.assertGreater(control["nobody"], 0)
		self.assertTrue(response_times.chart(rows)["data"]["labels"])
