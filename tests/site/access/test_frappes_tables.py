"""What the app puts into Frappe's own tables, which others list and count: neither a link that is good nor a resident's words."""

import frappe

from outage_response import error_log
from outage_response.flows.notices import notice_mails, resident_links
from outage_response.flows.paging import answer_links, mail_queue, page_sending
from outage_response.flows.residents import portal_verbs, resident_portal
from outage_response.flows.trouble import telephone_calls
from outage_response.integrations import messages
from outage_response.patches import no_live_link_in_a_table

from ..portal_pages import PortalTest
from ..world import user
from .doctypes import our_doctypes

WORDS = "mother breathes by Qxzygen"
FRAPPES = (
	*("Email Queue", "Notification Log", "ToDo", "Version", "Comment", "Error Log", "Deleted Document"),
	*("Communication", "Activity Log", "Access Log", "View Log", "Route History"),
)


TEXTS = ("Data", "Small Text", "Text", "Long Text", "Code", "JSON", "HTML Editor", "Text Editor")


class FrappesTables(PortalTest):
	def kept(self, what: str) -> list[str]:
		"""Where it stands, in any text of these tables, and in what is to be written into them later."""
		found = []
		for doctype in FRAPPES:
			texts = [field.fieldname for field in frappe.get_meta(doctype).fields if field.fieldtype in TEXTS]
			rows = frappe.get_all(doctype, or_filters=[[field, "like", f"%{what}%"] for field in texts], pluck="name")
			found += [f"{doctype} {name}" for name in rows]
			later = frappe.cache.lrange(f"insert_queue_for_{doctype}", 0, -1)
			found += [f"{doctype}, to be written" for row in later if what.encode() in row]
		return found

	def test_bells_say_where_and_that_there_is_danger(self):
		before = {row.name for row in frappe.get_all("Notification Log")}
		for declared in (False, True):
			if declared:
				incident = self.declare(nodes=[self.shafts[0]])
			for danger in (False, True):
				said = {"unit": self.units[0], "words": f"{WORDS} {declared} {danger}", "danger": danger}
				with self.as_user("guard1"), self.request():
					telephone_calls.record_call(self.property, **said)
		person = resident_portal.of_user(self.here)
		with self.as_user("Guest"), self.request():
			portal_verbs.answer(person, incident, "back", note=f"{WORDS}, power is back")
		calls = frappe.get_all("Trouble Call", {"property": self.property}, pluck="words")
		self.assertEqual(sum(WORDS in (words or "") for words in calls), 5)
		self.assertEqual(self.kept("Qxzygen"), [])
		rung = [row.subject for row in frappe.get_all("Notification Log", ["*"]) if row.name not in before]
		self.assertTrue(any("DANGER at 1A" in subject for subject in rung), rung)

	def test_a_mail_holds_its_link_only_when_it_leaves(self):
		incident = self.declare(nodes=[self.shafts[0]])
		self.do("service", "send_notice", incident, "First Word")
		if not messages.mail_is_on():
			self.skipTest("this site has no account to send from")
		notice_mails.hand_over_mails()
		(row,) = frappe.get_all(
			"Notice Delivery",
			{"incident": incident, "contact": self.contacts[0]},
			["name", "contact", "link_key", "email_queue"],
		)
		page = frappe.get_all("Outage Page", {"incident": incident, "user": user("operator")}, pluck="name", limit=1)[0]
		frappe.db.set_value("Paging Channel", "E-mail", "enabled", 1)
		frappe.db.set_value("Outage Page", page, {"channel": "E-mail", "status": "Sending"})
		(letter,) = page_sending.letters([page])
		page_sending.note(page, letter[1], None)
		(mail,) = frappe.get_all("Email Queue", {"reference_name": page}, pluck="name")
		for name, token in ((row.email_queue, resident_links.of_delivery(row)), (mail, answer_links.of(page))):
			seal = token.rpartition(".")[2]
			self.assertEqual(self.kept(seal[:12]), [])
			leaving = frappe.get_doc("Email Queue", name)
			kept = leaving.message
			self.assertTrue(kept)
			mail_queue.fill(leaving)
			self.assertIn(seal, leaving.message.replace("=\n", "").replace("=\r\n", ""))
			self.assertEqual(self.field("Email Queue", name, "message"), kept)
			messages.empty_mail(name)
			self.assertEqual(self.field("Email Queue", name, "message"), kept)  # it has not left
			frappe.db.set_value("Email Queue", name, "status", "Sent")
			messages.empty_mail(name)
			self.assertFalse(self.field("Email Queue", name, "message"))

	def test_a_mail_is_queued_only_when_it_could_leave(self):
		incident = self.declare(nodes=[self.shafts[0]])
		self.do("service", "send_notice", incident, "First Word")
		if not messages.mail_is_on():
			self.skipTest("this site has no account to send from")
		frappe.db.set_default(messages.SUSPENDED, 1)
		self.assertEqual(notice_mails.hand_over_mails(), 0)
		frappe.db.set_default(messages.SUSPENDED, 0)
		self.assertTrue(notice_mails.hand_over_mails())

	def test_an_update_empties_what_was_kept_before(self):
		incident = self.declare(nodes=[self.shafts[0]])
		pages = frappe.get_all("Outage Page", {"incident": incident}, pluck="name", limit=2)
		if not messages.mail_is_on():
			self.skipTest("this site has no account to send from")
		seals = ("Qxsealone", "Qxsealtwo")
		for page, seal in zip(pages, seals, strict=True):
			link = f"https://example.com/outage-page?t={page}.{seal}"
			messages.queue_page(page, "x@example.com", "Dark", f'<p>Go: <a href="{link}">{link}</a></p>')
		sent, waits = (frappe.get_all("Email Queue", {"reference_name": page}, pluck="name")[0] for page in pages)
		frappe.db.set_value("Email Queue", sent, "status", "Sent")
		with self.as_user("guard1"), self.request():
			call = telephone_calls.record_call(self.property, unit=self.units[0], words=WORDS)["call"]
		bell = {"doctype": "Notification Log", "document_type": "Trouble Call", "document_name": call}
		frappe.get_doc({**bell, "for_user": user("operator"), "subject": f"Danger: {WORDS}"}).db_insert()
		self.assertTrue(all(map(self.kept, (*seals, "Qxzygen"))))
		no_live_link_in_a_table.execute()
		self.assertEqual([self.kept(word) for word in (*seals, "Qxzygen")], [[], [], []])
		self.assertFalse(self.field("Email Queue", sent, "message"))
		self.assertIn(page_sending.LOGIN, self.field("Email Queue", waits, "message").replace("=\n", ""))
		no_live_link_in_a_table.execute()  # an update that is begun again
		self.assertIn(page_sending.LOGIN, self.field("Email Queue", waits, "message").replace("=\n", ""))

	def test_an_error_keeps_no_variables(self):
		words = WORDS
		try:
			raise ValueError(len(words))
		except ValueError as error:
			error_log.add("A test of ours", error)
		written = frappe.cache.lrange("insert_queue_for_Error Log", 0, -1)
		self.assertTrue(any(b"A test of ours" in row for row in written))
		self.assertEqual(self.kept("Qxzygen"), [])

	def test_an_sms_in_the_log_opens_nothing(self):
		token = "outage.0a1b2c3d4e.1790000000.Se-al_Se"
		text = f"Dark. https://example.com/outages/link/{token} https://example.com/outage-page/0a1b2c3d4e.Se-al_Se"
		self.assertEqual(
			messages.unsealed(text),
			"Dark. https://example.com/outages/link/outage.0a1b2c3d4e.1790000000.… "
			"https://example.com/outage-page/0a1b2c3d4e.…",
		)

	def test_no_history_is_kept_of_what_residents_said(self):
		"""Versions and deleted documents hold whole rows: of these, none are written."""
		for doctype in our_doctypes(istable=0):
			meta = frappe.get_meta(doctype)
			if any(field.fieldname in ("words", "note", "what", "link_key") for field in meta.fields):
				self.assertFalse(meta.track_changes, doctype)
				self.assertFalse([row.role for row in meta.permissions if row.delete], doctype)
