"""Links without a login: what they open, once and for how long; the page of a callback; the status page."""

import re
from datetime import timedelta
from unittest.mock import patch

import frappe

from outage_response.domain import message_links as link_rules
from outage_response.flows.notices import notice_mails, resident_links
from outage_response.flows.paging import mail_queue
from outage_response.flows.residents import personal_data
from outage_response.integrations import messages

from ..portal_pages import PortalTest, words_of
from ..world import user


class Links(PortalTest):
	"""A link in a message shows the one outage without a login; only a POST answers."""

	def issue(self) -> tuple[str, dict]:
		name = self.declare(nodes=[self.shafts[0]])
		self.do("service", "send_notice", name, "First Word")
		row = frappe.get_all(
			"Notice Delivery",
			{"incident": name, "contact": self.contacts[0]},
			["name", "contact", "incident", "link_key"],
		)[0]
		return name, row

	def test_opening_shows_and_changes_nothing(self):
		name, row = self.issue()
		with self.unchanged():
			text = self.see("Guest", f"/outages/link/{resident_links.of_delivery(row)}")
		self.assertIn("Power is out at your home", text)
		self.assertIn("1A", text)
		self.assertNotIn("/outages/care", text)
		self.assertNotIn(self.contacts[0], text)
		self.assertIsNone(self.field("Notice Delivery", row.name, "seen_at"))
		self.do("operator", "supply_back", name)
		where = self.send("Guest", f"/outages/link/{resident_links.of_delivery(row)}", said="back", satisfaction="5")
		self.assertIn("done=back", where)
		self.assertEqual(
			frappe.db.get_value("Outage Callback", {"incident": name, "contact": row.contact}, "status"), "Reached"
		)

	def unchanged(self):
		from contextlib import contextmanager

		from ..base import changes, snapshot

		@contextmanager
		def watch():
			before = snapshot()
			yield
			self.assertEqual([], changes(before, snapshot()))

		return watch()

	def test_a_link_that_does_not_hold(self):
		name, row = self.issue()
		good = resident_links.of_delivery(row)
		purpose, subject, expiry, signature = good.split(".")
		other = frappe.get_all("Notice Delivery", {"incident": name, "contact": self.contacts[1]}, pluck="name")[0]
		bad = {
			"another's": f"{purpose}.{other}.{expiry}.{signature}",
			"longer": f"{purpose}.{subject}.{int(expiry) + 9}.{signature}",
			"another purpose": f"erase.{subject}.{expiry}.{signature}",
			"cut": good[:-1],
			"nothing": "....",
			"script": "<script>alert(1)</script>",
			"long": "a" * 5000,
			"no one's": link_rules.make(resident_links._secret(), "outage", "nothing", "", "", int(expiry)),
		}
		answers = set()
		for what, token in bad.items():
			with self.subTest(what):
				response = self.ask("Guest", f"/outages/link/{token.replace('/', '%2F')}")
				self.assertEqual(response.status_code, 403)
				answers.add(response.get_data())
		self.assertEqual(len(answers), 1)
		self.assertEqual(self.ask("Guest", f"/outages/link/{good}").status_code, 200)
		self.clock.move(15 * 24 * 60)
		self.assertEqual(self.ask("Guest", f"/outages/link/{good}").status_code, 403)

	def test_revoked_and_moved_out(self):
		_name, row = self.issue()
		token = resident_links.of_delivery(row)
		self.assertEqual(self.ask("Guest", f"/outages/link/{token}").status_code, 200)
		doc = frappe.get_doc("Property Unit", self.units[0])
		doc.residents = []
		doc.save(ignore_permissions=True)
		self.assertEqual(self.ask("Guest", f"/outages/link/{token}").status_code, 403)
		doc.append("residents", {"contact": row.contact})
		doc.save(ignore_permissions=True)
		self.assertEqual(self.ask("Guest", f"/outages/link/{token}").status_code, 200)
		self.assertGreaterEqual(resident_links.revoke(row.contact), 1)
		self.assertEqual(self.ask("Guest", f"/outages/link/{token}").status_code, 403)

	def test_made_void_by_customer_service_for_somebody_who_phones(self):
		_name, row = self.issue()
		link = f"/outages/link/{resident_links.of_delivery(row)}"
		with self.as_user("guard1"), self.assertRaises(frappe.PermissionError):
			personal_data.void_resident_links(self.contacts[0])
		with self.as_user("service"):
			self.assertGreaterEqual(personal_data.void_resident_links(self.contacts[0])["links"], 1)
		self.assertEqual(self.ask("Guest", link).status_code, 403)

	def test_made_void_by_whoever_holds_it_or_by_whom_they_were_sent_to(self):
		name, row = self.issue()
		link = f"/outages/link/{resident_links.of_delivery(row)}"
		self.assertIn("make it void", self.see("Guest", link))
		self.send("Guest", link, void="1")
		self.assertEqual(self.ask("Guest", link).status_code, 403)
		self.clock.move(1)
		self.do("service", "send_notice", name, "First Word")
		newer = frappe.get_last_doc(
			"Notice Delivery", {"incident": name, "contact": row.contact, "link_key": ("!=", "")}
		)
		link = f"/outages/link/{resident_links.of_delivery(newer.as_dict())}"
		self.send(self.next_door, "/outages", void="links")
		self.assertEqual(self.ask("Guest", link).status_code, 200, "another's are another's")
		self.assertIn("done=links_void", self.send(self.here, "/outages", void="links"))
		self.assertEqual(self.ask("Guest", link).status_code, 403)

	def test_a_whole_carrier_behind_one_address(self):
		_name, row = self.issue()
		link = f"/outages/link/{resident_links.of_delivery(row)}"
		frappe.cache.set(frappe.cache.make_key("outage_portal:link:127.0.0.1"), 2000)
		self.assertEqual(self.ask("Guest", link).status_code, 200)
		frappe.cache.set(frappe.cache.make_key("outage_portal:link:127.0.0.1"), 3000)
		self.assertEqual(self.ask("Guest", link).status_code, 429)

	def test_the_mail_holds_the_link(self):
		name, row = self.issue()
		if not messages.mail_is_on():
			self.skipTest("this site has no account to send from")
		self.assertEqual(self.field("Notice Delivery", row.name, "channel"), "E-mail")
		notice_mails.hand_over_mails()
		mail = frappe.get_doc("Email Queue", self.field("Notice Delivery", row.name, "email_queue"))
		import email

		kept = mail.message
		self.assertNotIn(row.name, kept)
		mail_queue.fill(mail)  # as our job does, before it leaves; the row stays as it is
		self.assertEqual(self.field("Email Queue", mail.name, "message"), kept)
		text = email.message_from_string(mail.message).get_payload(0)
		text = text.get_payload(0) if text.is_multipart() else text
		token = re.search(r"/outages/link/([\w.-]+)", text.get_payload(decode=True).decode()).group(1)
		self.assertIn(name, self.see("Guest", f"/outages/link/{token}") + name)


class CallPage(PortalTest):
	"""Who phones residents: a form sent twice, an answer that came meanwhile."""

	def setUp(self):
		super().setUp()
		self.incident = self.declare(nodes=[self.shafts[0]])
		self.clock.move(20)
		self.do("operator", "supply_back", self.incident)

	def taken(self) -> tuple[str, dict]:
		"""The address of the next call, taken by customer service, and its form."""
		path = self.send(user("service"), "/outage-calls").replace("&done=claimed", "")
		text = self.see(user("service"), path)
		return path, dict(re.findall(r'name="(kind|call|once|go_on)" value="([^"]*)"', text))

	def attempts(self, form: dict) -> list[str]:
		return frappe.get_all("Outage Callback Attempt", {"parent": form["call"]}, pluck="outcome", order_by="idx")

	def test_a_button_pressed_twice_is_one_attempt(self):
		path, form = self.taken()
		where = self.send(user("service"), path, **form, outcome="No Answer")
		self.assertEqual(self.send(user("service"), path, **form, outcome="No Answer"), where)
		self.assertEqual(self.attempts(form), ["No Answer"])
		self.send(user("service"), path, **{**form, "once": "another form"}, outcome="No Answer")
		self.assertEqual(len(self.attempts(form)), 2)
		self.send(user("service"), path, **form, outcome="Reached")
		self.send(user("service"), path, **form, outcome="Reached")
		self.assertEqual(self.attempts(form), ["No Answer", "No Answer", "Reached"])

	def test_the_address_of_a_call_that_is_over_offers_no_answer(self):
		path, form = self.taken()
		self.assertIn("Waiting: 1", self.see(user("service"), path), "the one that is mine does not wait")
		self.send(user("service"), path, **form, outcome="Reached")
		text = self.see(user("service"), f"{path}&done=claimed")
		self.assertIn("not to be made any more", text)
		self.assertNotIn("is yours", text)
		self.assertNotIn('name="outcome"', text)
		self.assertIn("Take the next call", text)

	def test_the_phone_list_too(self):
		self.do("service", "send_notice", self.incident, "Restored")
		row = frappe.get_last_doc("Notice Delivery", {"incident": self.incident})
		frappe.db.set_value("Notice Delivery", row.name, {"phone_list": 1, "state": "Queued"})
		form = {"kind": "Notice Delivery", "call": row.name, "once": "one form", "outcome": "No Answer"}
		for _press in range(2):
			self.send(user("service"), "/outage-calls", **form)
		self.assertEqual(self.field("Notice Delivery", row.name, "tries"), 1)

	def test_what_was_typed_outlives_a_refusal_and_the_way_back_is_to_the_calls(self):
		path, form = self.taken()
		contact = self.field("Outage Callback", form["call"], "contact")
		who = self.here if contact == self.contacts[0] else self.next_door
		self.send(who, f"/outages/{self.incident}", said="back")
		response = self.ask(
			user("service"), path, {**form, "outcome": "No Answer", "note": "rings <b>twice</b>\nthen nothing"}
		)
		text = response.get_data(as_text=True)
		self.assertEqual(response.status_code, 417)
		self.assertIn("rings &lt;b&gt;twice&lt;/b&gt;\nthen nothing", text)
		self.assertIn('href="/outage-calls"', text)
		self.assertNotIn('href="/outages"', text)
		for who, way in (("guard1", "/my-outage-tasks"), ("resident", "/outages")):
			self.assertIn(f'href="{way}"', self.ask(user(who), "/outage-calls").get_data(as_text=True))


class StatusPage(PortalTest):
	"""Everybody's page: off by default, areas and times, nobody's home."""

	def on(self):
		frappe.db.set_value("Managed Property", self.property, "public_status_page", 1)
		self.renew()
		return f"/outage-status/{self.property.replace(' ', '%20')}"

	def test_off_by_default_like_a_property_that_is_not(self):
		off = self.ask("Guest", f"/outage-status/{self.property}")
		none = self.ask("Guest", "/outage-status/Nowhere")
		self.assertEqual((off.status_code, off.get_data()), (404, none.get_data()))

	def test_a_name_that_is_no_property_leaves_nothing_in_redis(self):
		self.ask("Guest", "/outage-status/Nowhere")
		self.assertIsNone(frappe.cache.get(frappe.cache.make_key("outage_version:Nowhere")))
		self.see("Guest", self.on())
		key = frappe.cache.make_key(f"outage_version:{self.property}")
		self.assertGreater(frappe.cache.ttl(key), 0)

	def test_what_it_says(self):
		path = self.on()
		self.assertIn("No outage is known", words_of(self.see("Guest", path)))
		self.declare(nodes=[self.shafts[0]], etr=self.now + timedelta(hours=1))
		text = words_of(self.see("Guest", path))
		self.assertIn("Shaft A", text)
		self.assertIn("No power since", text)
		self.assertNotIn("1A", text)

	def test_made_once_for_each_change(self):
		path = self.on()
		from outage_response.flows.residents import public_status_page

		with patch.object(public_status_page, "status_of", wraps=public_status_page.status_of) as made:
			first = self.ask("Guest", path)
			second = self.ask("Guest", path, headers={"If-None-Match": first.headers["ETag"]})
			self.assertEqual((first.status_code, second.status_code, made.call_count), (200, 304, 1))
			self.declare(nodes=[self.shafts[0]])
			third = self.ask("Guest", path, headers={"If-None-Match": first.headers["ETag"]})
			self.assertEqual((third.status_code, made.call_count), (200, 2))

	def test_a_single_home_is_not_pointed_at(self):
		path = self.on()
		self.declare(nodes=[{"power_node": self.switches[0], "unit": self.units[0]}])
		self.assertIn("No outage is known", words_of(self.see("Guest", path)))
