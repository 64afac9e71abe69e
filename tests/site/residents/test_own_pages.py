"""Residents' pages: their own outages and nobody else's; what they may answer."""

import re
from datetime import datetime, timedelta, timezone
from unittest.mock import patch
from zoneinfo import ZoneInfo

import frappe

from outage_response.api import limits
from outage_response.flows.facts import affected_homes, power_and_assets
from outage_response.flows.notices import resident_links
from outage_response.flows.residents import resident_portal

from .. import world as build
from ..portal_pages import PortalTest, give_login, words_of
from ..world import user


class OwnPages(PortalTest):
	"""Somebody who is logged in sees the outages of their own homes."""

	def test_nobody_who_is_not_logged_in(self):
		self.declare(nodes=[self.shafts[0]])
		for path in ("/outages", "/outages/report", "/outages/care", "/outages/OUT-1"):
			response = self.ask("Guest", path)
			self.assertEqual(response.status_code, 303, path)
			self.assertTrue(response.headers["Location"].startswith("/login?redirect-to=/outages"))

	def test_mine_and_not_the_neighbours(self):
		name = self.declare(nodes=[self.switches[0]])
		text = words_of(self.see(self.here, "/outages"))
		self.assertIn("Power is out at your home", text)
		self.assertIn("1A", text)
		self.assertIn("We know of no outage", words_of(self.see(self.next_door, "/outages")))
		for who in (self.next_door, self.moved, user("resident")):
			refused = self.ask(who, f"/outages/{name}")
			self.assertEqual(refused.status_code, 403)
			unknown = self.ask(who, "/outages/OUT-none")
			self.assertEqual(refused.get_data(), unknown.get_data())  # nobody learns that there is one
		self.assertIn("not know yet which home", words_of(self.see(self.moved, "/outages")))

	def test_a_number_or_address_that_nobody_has_verified_opens_nothing(self):
		"""Anybody may write what they like into their own profile: only the address of the login counts, which was proved."""
		self.declare(nodes=[self.shafts[0]])
		number = frappe.db.get_value("Contact", self.contacts[2], "mobile_no")
		mail = "unproved@portal.example.com"
		doc = frappe.get_doc("Contact", self.contacts[2])
		doc.append("email_ids", {"email_id": mail})
		doc.save(ignore_permissions=True)
		thief = give_login(build.make_contact("Portal Thief", number), user("thief"))
		frappe.db.set_value("User", thief, {"mobile_no": number, "phone": number})
		frappe.get_doc("Contact", "Portal Thief").append("email_ids", {"email_id": mail}).db_insert()
		self.assertIn("We do not know yet which home is yours", words_of(self.see(thief, "/outages")))
		with self.as_user(thief):
			self.assertEqual(resident_portal.of_user(thief).homes, ())

	def test_names_and_words_are_shown_as_text(self):
		"""Whatever stands in a name, a cause or a note: no page of ours runs it."""
		bad = "<script>alert(1)</script>"
		frappe.db.set_value("Power Node", self.shafts[0], "node_name", bad)
		frappe.db.set_value("Property Unit", self.units[0], "unit_no", bad)
		frappe.db.set_value("Contact", self.contacts[0], {"full_name": bad, "first_name": bad, "mobile_no": bad})
		frappe.db.set_value(
			"Managed Property", self.property, {"service_phone": bad, "public_status_page": 1}, update_modified=False
		)
		frappe.clear_document_cache("Managed Property", self.property)
		self.send(self.here, "/outages/care", unit=self.units[0], what=bad)
		name = self.declare(nodes=[self.shafts[0]])
		self.do("engineer", "confirm", name, "Overload", bad)
		self.do("service", "send_notice", name, "First Word", bad)
		planned = self.declare("III", nodes=[self.shafts[0]])
		self.do("service", "record_call", self.property, unit=self.units[0], contact=self.contacts[0], words=bad)
		row = frappe.get_all(
			"Notice Delivery",
			{"incident": name, "contact": self.contacts[0], "notice": ("is", "set")},
			["name", "contact", "link_key"],
		)[0]
		frappe.db.set_value(
			"Notice Delivery", row.name, {"phone_list": 1, "state": "Failed", "error": bad, "note": bad}
		)
		service = user("service")
		call = f"/outage-calls?kind=Notice%20Delivery&call={row.name}"
		for who, path in (
			(self.here, "/outages"),
			(self.here, f"/outages/{name}"),
			(self.here, f"/outages/{planned}"),
			(self.here, "/outages/report"),
			(self.here, "/outages/care"),
			("Guest", f"/outages/link/{resident_links.of_delivery(row)}"),
			("Guest", "/outage-status/Portal%20Tower"),
			(service, "/outage-calls"),
			(service, call),
			(service, f"/outage-calls/{name}"),
			(self.here, "/outages/%3Cscript%3Ealert(1)%3C%2Fscript%3E?done=%3Cscript%3E"),
		):
			with self.subTest(path):
				text = self.ask(who, path).get_data(as_text=True)
				self.assertNotIn("<script", text)
				if path in ("/outages", "/outage-status/Portal%20Tower", call, f"/outage-calls/{name}"):
					self.assertIn("&lt;script&gt;", text)
		post = self.task(name, "guard_area").name
		self.do("guard1", "arrive", post)
		self.do("guard1", "withdraw", post, bad)
		self.send(self.here, f"/outages/{name}", said="back", note=bad)
		bells = frappe.get_all(
			"Notification Log", {"document_name": name, "subject": ("like", "%alert(1)%")}, ["subject"]
		)
		self.assertGreater(len({row.subject for row in bells}), 2)
		for row in bells:  # Desk takes the subject for HTML
			self.assertNotIn("<script", row.subject)

	def test_one_outage_as_it_goes_on(self):
		name = self.declare(nodes=[self.shafts[0]])
		path = f"/outages/{name}"
		self.assertIn("We do not know yet", words_of(self.see(self.here, path)))
		self.clock.move(5)
		self.do(
			"operator",
			"confirm",
			name,
			"Overload",
			"the tenant of 2B ran a kiln",
			etr=self.clock.now + timedelta(hours=2),
		)
		text = words_of(self.see(self.here, path))
		self.assertIn("more power was drawn", text)
		self.assertIn("about 2026-03-11 16:05", text)
		self.assertNotIn("kiln", text)  # what the staff wrote is the staff's
		self.clock.move(150)
		self.assertIn("it takes longer", words_of(self.see(self.here, f"{path}?done=back")))
		self.do("operator", "supply_back", name)
		text = words_of(self.see(self.here, path))
		self.assertIn("Power back since", text)
		self.assertIn("Supply is back everywhere", text)

	def test_in_chinese(self):
		self.declare(nodes=[self.shafts[0]])
		frappe.local.lang = "zh"
		with patch.object(frappe, "set_user", lambda who: setattr(frappe.session, "user", who)):
			text = self.see(self.here, "/outages")
		self.assertIn('lang="zh-CN"', text)
		self.assertIn("您家停电", text)

	def test_a_drill_reaches_nobody(self):
		name = self.declare(nodes=[self.shafts[0]], is_drill=True)
		self.assertIn("We know of no outage", words_of(self.see(self.here, "/outages")))
		self.assertEqual(self.ask(self.here, f"/outages/{name}").status_code, 403)

	def test_planned_work_and_its_calendar_file(self):
		name = self.declare("III")
		self.assertIn("Planned power outage", words_of(self.see(self.here, "/outages")))
		file = self.see(self.here, f"/outages/{name}/calendar.ics")
		zone = ZoneInfo(frappe.utils.get_system_timezone())
		starts = datetime(2026, 3, 14, 14, tzinfo=zone).astimezone(timezone.utc)
		self.assertIn(f"DTSTART:{starts:%Y%m%dT%H%M%SZ}", file)
		self.assertRegex(file, r"DTSTAMP:\d{8}T\d{6}Z\r\n")
		self.assertIn("SUMMARY:", file)
		self.assertLessEqual(max(len(line.encode()) for line in file.split("\r\n")), 75)
		self.assertEqual(self.ask(self.moved, f"/outages/{name}/calendar.ics").status_code, 403)
		sequence = int(re.search(r"SEQUENCE:(\d+)", file).group(1))
		row = frappe.get_all(
			"Notice Delivery", {"incident": name, "contact": self.contacts[0]}, ["name", "contact", "link_key"]
		)[0]
		link = f"/outages/link/{resident_links.of_delivery(row)}"
		self.assertEqual(self.see("Guest", f"{link}/calendar.ics"), file)
		self.clock.move(10)
		self.finish_steps(name, life_safety=1)
		self.do("manager", "cancel", name, "the supplier moved it")
		self.assertIn(f"{link}/calendar.ics", self.see("Guest", link))
		again = self.see(self.here, f"/outages/{name}/calendar.ics")
		self.assertIn("STATUS:CANCELLED", again)
		self.assertGreater(int(re.search(r"SEQUENCE:(\d+)", again).group(1)), sequence)

	def test_reporting_links_or_waits(self):
		where = self.send(
			self.here, "/outages/report", unit=self.units[0], part="Whole home", danger="no", words="dark", once="a"
		)
		self.assertEqual(where, "/outages?done=reported")
		again = self.send(
			self.here, "/outages/report", unit=self.units[0], part="Whole home", danger="no", words="dark", once="a"
		)
		self.assertEqual(again, where)
		(call,) = frappe.get_all("Trouble Call", {"unit": self.units[0]}, ["waiting", "words", "contact", "owner"])
		self.assertEqual((call.waiting, call.contact), (1, self.contacts[0]))
		self.assertIn("dark", call.words)
		refused = self.ask(self.here, "/outages/report", {"unit": self.units[1], "danger": "no"})
		self.assertEqual(refused.status_code, 417)
		self.assertEqual(self.ask(self.here, "/outages/report", {"unit": self.units[0]}).status_code, 417)

	def test_danger_rings_the_control_room_at_once(self):
		where = self.send(
			self.here, "/outages/report", unit=self.units[0], danger="yes", words="my mother's oxygen", once="b"
		)
		self.assertIn("done=danger", where)
		text = words_of(self.see(self.here, where))
		self.assertIn("120 / 119 / 110", text)
		told = frappe.get_all("Notification Log", {"for_user": user("operator")}, pluck="subject")
		self.assertTrue([line for line in told if "DANGER" in line and "1A" in line], told)
		name = self.declare(nodes=[self.shafts[0]])
		self.send(self.here, "/outages/report", unit=self.units[0], danger="yes", once="c")
		self.assertIn("danger_reported", self.kinds(name))

	def test_answers_are_attempts_of_the_callback(self):
		name = self.declare(nodes=[self.shafts[0]])
		self.do("operator", "supply_back", name)
		path = f"/outages/{name}"
		self.assertIn("done=back", self.send(self.here, path, said="back", satisfaction="4"))
		filters = {"incident": name, "contact": self.contacts[0]}
		doc = frappe.get_doc("Outage Callback", filters)
		self.assertEqual((doc.status, doc.satisfaction, len(doc.attempts)), ("Reached", 4, 1))
		self.assertTrue(frappe.db.exists(doc.attempts[0].crm_doctype, doc.attempts[0].crm_record))
		self.assertEqual(doc.attempts[0].attempted_by, "Administrator")  # the record names no resident
		kept = frappe.db.get_value("Communication", doc.attempts[0].crm_record, "sent_or_received")
		self.assertEqual(kept or "Received", "Received")  # where the site's calls are kept on the contact
		self.assertIn("Your rating: 4", words_of(self.see(self.here, path)))
		self.send(self.here, path, said="back", satisfaction="2")
		doc.reload()
		self.assertEqual((doc.satisfaction, len(doc.attempts)), (2, 1))

	def test_still_out_opens_the_nested_incident(self):
		name = self.declare(nodes=[self.shafts[0]])
		self.clock.move(10)
		self.do("operator", "supply_back", name)
		self.clock.move(30)
		self.send(self.here, f"/outages/{name}", said="still_out")
		(nested,) = frappe.get_all("Outage Incident", {"parent_incident": name}, pluck="name")
		told = frappe.get_all(
			"Notification Log", {"for_user": user("operator"), "document_name": name}, pluck="subject"
		)
		self.assertTrue([line for line in told if "Still without power" in line])
		self.assertIn("Power is out at your home", words_of(self.see(self.here, "/outages")))
		self.assertIn(
			"We know of no outage", words_of(self.see(self.next_door, "/outages")).replace("Power is back", "")
		)
		self.clock.move(30)
		self.do("operator", "supply_back", nested)
		self.assertEqual(self.field("Outage Incident", nested, "customer_minutes"), 60)

	def bells(self, text: str) -> list[str]:
		filters = {"for_user": user("operator"), "subject": ("like", f"%{text}%")}
		return frappe.get_all("Notification Log", filters, pluck="subject")

	def test_still_out_while_others_are_in_the_dark(self):
		"""Their own home was told that it has supply; the outage goes on elsewhere."""
		name = self.declare(nodes=list(self.switches[:2]))
		self.do("operator", "supply_back", name, [self.switches[0]])
		self.assertEqual(self.field("Outage Incident", name, "status"), "Reported")
		self.send(self.here, f"/outages/{name}", said="still_out", note="dark")
		(nested,) = frappe.get_all("Outage Incident", {"parent_incident": name}, pluck="name")
		self.assertEqual(len(self.bells("Still without power")), 1)
		self.assertEqual(frappe.get_all("Trouble Call", {"unit": self.units[0]}, pluck="incident"), [nested])
		self.clock.move(5)
		self.send(self.here, f"/outages/{name}", said="still_out", note="still dark")
		self.assertEqual(len(self.bells("Still without power")), 2, "the control room is rung every time")
		self.assertEqual(frappe.db.count("Outage Incident", {"parent_incident": name}), 1)
		self.assertEqual(frappe.db.count("Trouble Call", {"incident": nested}), 2)
		self.send(self.here, f"/outages/{name}", said="back", satisfaction="2")
		self.assertEqual(len(self.bells("Residents say that power is back")), 1)
		self.assertEqual(
			frappe.db.get_value("Outage Callback", {"incident": name, "contact": self.contacts[0]}, "satisfaction"), 2
		)

	def test_back_while_others_are_in_the_dark_is_the_attempt(self):
		name = self.declare(nodes=list(self.switches[:2]))
		self.do("operator", "supply_back", name, [self.switches[0]])
		self.send(self.here, f"/outages/{name}", said="back", satisfaction="5")
		doc = frappe.get_doc("Outage Callback", {"incident": name, "contact": self.contacts[0]})
		self.assertEqual((doc.status, doc.satisfaction, len(doc.attempts)), ("Reached", 5, 1))
		# where it is still dark, the control room hears of it, and reads what they write in a call
		self.send(self.next_door, f"/outages/{name}", said="back", note="the kitchen too")
		self.assertEqual(len(self.bells("Residents say that power is back")), 1)
		self.assertFalse(self.bells("the kitchen too"))
		self.assertTrue(frappe.db.exists("Trouble Call", {"incident": name, "words": "the kitchen too"}))
		self.assertFalse(frappe.db.exists("Outage Callback", {"incident": name, "contact": self.contacts[1]}))

	def test_still_out_after_planned_work_which_calls_nobody_back(self):
		name = self.planned_and_over()
		self.assertFalse(frappe.db.exists("Outage Callback", {"incident": name}))
		self.send(self.here, f"/outages/{name}", said="still_out")
		self.assertEqual(frappe.db.count("Outage Incident", {"parent_incident": name}), 1)
		self.assertEqual(len(self.bells("Still without power")), 1)

	def planned_and_over(self) -> str:
		name = self.declare("III", nodes=[self.switches[0]])
		table = frappe.qb.DocType("Outage Incident")
		node = frappe.qb.DocType("Outage Affected Node")
		began = self.clock.now - timedelta(hours=1)
		frappe.qb.update(table).set(table.status, "Active").set(table.started_at, began).where(table.name == name).run()
		frappe.qb.update(node).set(node.out_since, began).where(node.parent == name).run()
		affected_homes.keep(frappe.get_doc("Outage Incident", name), power_and_assets.read(self.property), began)
		self.do("operator", "supply_back", name)
		return name

	def test_a_second_person_of_the_household_answers_for_it(self):
		build.add_resident(self.units[0], "Portal Moved")
		name = self.declare(nodes=[self.switches[0]])
		self.do("operator", "supply_back", name)
		self.send(self.moved, f"/outages/{name}", said="back", satisfaction="4")
		(doc,) = frappe.get_all("Outage Callback", {"incident": name}, ["contact", "status", "satisfaction"])
		self.assertEqual((doc.contact, doc.status, doc.satisfaction), (self.contacts[0], "Reached", 4))

	def test_but_not_for_a_home_that_is_not_theirs(self):
		build.add_resident(self.units[0], "Portal Moved")
		other = frappe.get_doc("Property Unit", self.units[1])
		other.residents = []
		other.append("residents", {"contact": self.contacts[0], "is_primary": 1})
		other.save(ignore_permissions=True)
		name = self.declare(nodes=list(self.switches[:2]))
		self.do("operator", "supply_back", name)
		self.send(self.moved, f"/outages/{name}", said="back")
		theirs = "Portal Moved"
		states = dict(frappe.get_all("Outage Callback", {"incident": name}, ["contact", "status"], as_list=True))
		self.assertEqual((states[theirs], states[self.contacts[0]]), ("Reached", "Pending"))

	def test_a_rating_when_the_file_is_closed(self):
		"""The follow-up says that the link takes one."""
		name = self.declare(nodes=[self.switches[0]])
		self.do("service", "send_notice", name, "First Word")
		self.do("operator", "supply_back", name)
		filters = {"incident": name, "contact": self.contacts[0]}
		row = frappe.get_all("Notice Delivery", filters, ["name", "contact", "link_key"])[0]
		callback = frappe.db.get_value("Outage Callback", filters)
		self.do("service", "log_attempt", callback, "Reached")
		table = frappe.qb.DocType("Outage Incident")
		frappe.qb.update(table).set(table.status, "Closed").where(table.name == name).run()
		link = f"/outages/link/{resident_links.of_delivery(row)}"
		self.assertIn('value="rate"', self.see("Guest", link))
		self.assertIn("done=rate", self.send("Guest", link, said="rate", satisfaction="3"))
		doc = frappe.get_doc("Outage Callback", callback)
		self.assertEqual((doc.satisfaction, len(doc.attempts)), (3, 1))
		for form in ({"said": "rate"}, {"said": "back", "satisfaction": "3"}):
			self.assertEqual(self.ask("Guest", link, form).status_code, 417, form)
		self.assertIn('value="still_out"', self.see("Guest", link))
		self.assertIn("done=still_out", self.send("Guest", link, said="still_out", note="dark anew"))
		self.assertEqual(frappe.db.count("Trouble Call", {"contact": self.contacts[0], "words": "dark anew"}), 1)

	def test_a_call_request_keeps_what_was_written_and_the_rating(self):
		name = self.declare(nodes=[self.switches[0]])
		self.send(self.here, f"/outages/{name}", said="call_me", note="after six")
		line = {"incident": name, "kind": "Call Request"}
		self.assertEqual(frappe.db.get_value("Notice Delivery", line, "note"), "after six")
		self.do("operator", "supply_back", name)
		self.send(self.here, f"/outages/{name}", said="call_me", satisfaction="1", note="nobody came")
		doc = frappe.get_doc("Outage Callback", {"incident": name, "contact": self.contacts[0]})
		self.assertEqual((doc.status, doc.satisfaction, doc.outcome), ("Pending", 1, "nobody came"))

	def test_still_out_is_about_the_home_that_is_dark_and_said_twice_it_is_one_call(self):
		build.add_resident(self.units[-1], self.contacts[0])  # a second home, in the other shaft
		old = frappe.get_doc(
			{"doctype": "Trouble Call", "property": self.property, "contact": self.contacts[0], "said_at": self.now}
		).insert()
		name = self.declare(nodes=[self.field("Property Unit", self.units[-1], "power_node")])
		for note in ("dark", "dark", "my mother's oxygen is running out"):
			self.send(self.here, f"/outages/{name}", said="still_out", note=note)
		calls = frappe.get_all("Trouble Call", {"incident": name}, ["unit", "danger"], order_by="danger asc")
		self.assertEqual(
			[(call.unit, call.danger) for call in calls],
			[(self.units[-1], 0), (self.units[-1], 1)],
			"the danger is kept",
		)
		self.send(self.here, f"/outages/{name}", said="call_me")
		self.assertEqual(
			frappe.db.get_value("Notice Delivery", {"incident": name, "kind": "Call Request"}, "unit"), self.units[-1]
		)
		self.assertFalse(
			self.field("Trouble Call", old.name, "incident"), "what was said before is about something else"
		)

	def test_call_me_is_a_line_on_the_phone_list_or_the_callback_now(self):
		name = self.declare(nodes=[self.shafts[0]])
		for _twice in range(2):
			self.send(self.here, f"/outages/{name}", said="call_me")
		lines = frappe.get_all("Notice Delivery", {"incident": name, "kind": "Call Request"}, ["contact", "phone_list"])
		self.assertEqual([(line.contact, line.phone_list) for line in lines], [(self.contacts[0], 1)])
		self.do("operator", "supply_back", name)
		self.clock.move(1)
		self.send(self.here, f"/outages/{name}", said="call_me")
		due = frappe.db.get_value("Outage Callback", {"incident": name, "contact": self.contacts[0]}, "next_attempt_at")
		self.assertMoment(due, self.clock.now)

	def test_care_is_said_and_taken_back_by_the_resident(self):
		self.send(self.here, "/outages/care", unit=self.units[0], what="oxygen tent", minutes="90")
		self.assertIn("oxygen tent", self.see(self.here, "/outages/care"))
		self.assertNotIn("oxygen tent", self.see(self.next_door, "/outages/care"))
		self.assertNotIn("oxygen tent", self.see(self.here, "/outages"))
		self.assertEqual(
			self.ask(self.next_door, "/outages/care", {"unit": self.units[0], "withdraw": "1"}).status_code, 417
		)
		self.assertTrue(frappe.db.exists("Care Need", {"unit": self.units[0]}))
		self.send(self.here, "/outages/care", unit=self.units[0], withdraw="1")
		self.assertFalse(frappe.db.exists("Care Need", {"unit": self.units[0]}))

	def test_the_entry_in_the_portal_s_menu(self):
		entries = [row for row in frappe.get_hooks("portal_menu_items") if row["route"] == "/outages"]
		self.assertEqual(len(entries), 1)
		self.see(self.here, entries[0]["route"])

	def test_so_many_requests_a_minute(self):
		few = patch.object(limits, "A_MINUTE", 3)  # so that no machine needs more than a minute for them
		few.start()
		self.addCleanup(few.stop)
		for _time in range(6):
			self.assertEqual(self.ask(self.here, "/outages/report").status_code, 200)
		self.assertEqual(self.ask(self.here, "/outages/report").status_code, 429)
		self.assertEqual(self.ask(self.next_door, "/outages/report").status_code, 200)
