"""Erasing a resident reaches every place where a copy of their words, name or number lies: looked for in all tables and files.

Not theirs to erase: the Contact with its addresses and the tickets they wrote, which are the platform's, and the Access Log's
line of who erased whom.
"""

import os
import secrets
from datetime import timedelta
from pathlib import Path

import frappe
from frappe.utils.xlsxutils import make_xlsx

from outage_response import bulk, error_log
from outage_response.flows.facts import homes_of_people
from outage_response.flows.notices import resident_links
from outage_response.flows.residents import personal_data, portal_verbs, who_depends_on_power
from outage_response.flows.residents.resident_portal import Person
from outage_response.flows.trouble import ticket_intake

from .. import platforms
from .. import world as build
from ..base import SiteTest
from ..world import user

setUpModule = platforms.bring
tearDownModule = platforms.take_away

# Another one each time: log files stay
MARK, NUMBER = f"zq{secrets.token_hex(4)}", f"1397{secrets.randbelow(10**7):07d}"
WORDS = f"{MARK}: my mother's machine <3"
CHINESE = f"{MARK} 我母亲的呼吸机"
# What Frappe's own tables may keep: (table, which rows)
THE_PLATFORMS = {
	"tabContact": "1=1",
	"tabContact Phone": "1=1",
	"tabContact Email": "1=1",
	"tabHD Ticket": "1=1",
	"tabAccess Log": f"reference_document = '{MARK} Person'",
	"tabDynamic Link": "parenttype = 'Contact'",
	"__global_search": "doctype in ('Contact', 'HD Ticket')",
	"tabCommunication": "reference_doctype = 'HD Ticket' and sent_or_received = 'Received'",
}
# Fields of rows about a resident in which nothing that anybody wrote can stand: keys, and what the app itself knows of the home
NOT_WORDS = {
	*("dedupe_key", "request_id", "link_key", "email_queue", "claimed_by", "replies"),
	*("unit_no", "building", "floor", "times", "moments", "whom", "answered_by"),
}
TEXTS = ("Data", "Small Text", "Text", "Long Text", "Text Editor", "Code", "JSON", "HTML Editor")


class EveryTrace(SiteTest):
	@classmethod
	def setUpClass(cls):
		cls.now = frappe.utils.now_datetime().replace(microsecond=0) + timedelta(minutes=10)
		super().setUpClass()

	@classmethod
	def build_world(cls):
		world = build.make_tower("Erasing Tower", floors=1)
		build.make_roster(world["property"], cls.now)
		return world

	def setUp(self):
		self.files = []
		self.addCleanup(self.remove_files)  # after the transaction has ended, which may bring them back
		super().setUp()
		platforms.only("HD Ticket", "CRM Call Log")
		platforms.set_settings(read_tickets=1, reply_to_tickets=1, old_ticket_hours=6, tickets_read_until=self.now)
		self.unit, self.shaft = self.units[0], self.shafts[0]
		self.contact = build.make_contact(f"{MARK} Person", NUMBER)
		self.address = platforms.give_address(self.contact)
		build.add_resident(self.unit, self.contact)
		self.person = Person((self.contact,), tuple(homes_of_people.homes_of([self.contact])))

	def remove_files(self):
		for path in self.files:
			Path(path).unlink(missing_ok=True)

	# ---------------------------------------------------------------- what a resident leaves behind

	def insert(self, doctype: str, **values):
		doc = frappe.get_doc({"doctype": doctype, **values})
		doc.flags.ignore_links = doc.flags.by_verb = True
		doc.insert(ignore_permissions=True, ignore_mandatory=True)
		if frappe.get_meta(doctype).get("engine") == "MyISAM":  # no transaction undoes it
			self.addCleanup(frappe.db.delete, doctype, {"name": doc.name})
		return doc

	def attach(self, doctype: str, name: str, file_name: str, content: bytes) -> str:
		about = {"attached_to_doctype": doctype, "attached_to_name": name, "is_private": 1}
		file = self.insert("File", file_name=file_name, content=content, **about)
		self.files.append(file.get_full_path())
		return file.file_url

	def live_through_an_outage(self) -> str:
		"""By every road on which a resident's words come in, and every one on which the app writes to them."""
		with self.as_user("service"):
			who_depends_on_power.set_care_need(self.unit, self.contact, f"{MARK} ventilator", 30)
		name = self.declare(nodes=[self.shaft])
		self.do("service", "send_notice", name, "First Word")
		ticket = platforms.make_ticket("HD Ticket", f"{MARK} no power", f"{WORDS}. Fire!", self.contact, phone=NUMBER)
		ticket_intake.read_unread()
		frappe.db.set_value("Trouble Call", {"ticket": str(ticket.name)}, {"incident": name, "waiting": 0})
		self.insert(
			"Outage Ticket Reply", ticket_type="HD Ticket", ticket=str(ticket.name), incident=name, kind="Known",
			property=self.property, status="Failed", message=f"We know. {MARK}", error=f"refused: {self.address}",
		)  # fmt: skip
		answer = {"reference_doctype": "HD Ticket", "reference_name": str(ticket.name), "sent_or_received": "Sent"}
		self.insert("Communication", content=f"We know. {MARK}", recipients=self.address, subject=MARK, **answer)
		self.mail("HD Ticket", str(ticket.name), send_after="2999-01-01")
		portal_verbs.report(self.person, self.unit, danger=True, words=WORDS)
		for words, phone in ((WORDS, None), (CHINESE, "13977710000")):
			self.do("guard1", "record_call", self.property, unit=self.unit, words=words, phone=phone, danger=True)
		self.do("guard1", "record_call", self.property, power_node=self.shaft, phone=NUMBER, words=CHINESE)
		portal_verbs.answer(self.person, name, "still_out", note=f"{WORDS} again")
		portal_verbs.answer(self.person, name, "call_me", note=CHINESE)
		self.visit(name)
		self.page(name)
		self.do("operator", "supply_back", name)
		portal_verbs.answer(self.person, name, "call_me", note=WORDS)
		for callback in frappe.get_all("Outage Callback", {"incident": name}, ["name", "phone"]):
			if callback.name in frappe.get_all("Outage Callback", {"contact": self.contact}, pluck="name"):
				self.do("service", "log_attempt", callback.name, "Reached", note=f"{WORDS} and says {NUMBER}")
		self.written_by_hand(name)
		return name

	def mail(self, doctype: str, name: str, **values):
		to = {"recipient": self.address, "status": "Sent"}
		text = f"To: {self.address}\n\n{MARK}"
		return self.insert(
			"Email Queue", reference_doctype=doctype, reference_name=name, message=text, recipients=[to], **values
		)

	def visit(self, incident: str) -> None:
		"""Somebody is sent to their home, and writes and photographs what they see."""
		step = next(row for row in self.tasks(incident) if row.subject_type == "Property Unit")
		photo = self.attach("Outage Task", step.name, "visit.png", f"\x89PNG {MARK}".encode("latin-1"))
		values = {"evidence": f"{WORDS} at the door", "reason": MARK, "photo": photo}
		frappe.db.set_value("Outage Task", step.name, values)
		self.step = step.name

	def page(self, incident: str) -> None:
		for about in ({"contact": self.contact, "person": f"contact:{self.contact}", "phone": NUMBER}, {}):
			row = {"contact": None, "person": "user:x", "phone": "", **about}
			bulk.insert(
				"Outage Page",
				[{**row, "incident": incident, "property": self.property, "person_name": row["contact"] or "Guard",
				"phone_key": row["phone"][-8:], "message": f"Look after {self.contact}: {WORDS}", "status": "Accepted",
				"dedupe_key": frappe.generate_hash(length=20)}],
			)  # fmt: skip
		page = frappe.get_all("Outage Page", {"contact": self.contact}, pluck="name")[0]
		self.mail("Outage Page", page)

	def written_by_hand(self, incident: str) -> None:
		"""Comments, former states, what was deleted, an error, imported files, and what else Frappe keeps of it."""
		for about in (("Outage Incident", incident), ("Outage Task", self.step)):
			frappe.get_doc(*about).add_comment("Comment", f"<p>{self.contact}, {NUMBER}: {WORDS}</p>")
		unit = frappe.get_doc("Property Unit", self.unit)
		rows = [["residents", unit.residents[-1].name, unit.residents[-1].as_dict()]]
		changed = frappe.as_json({"added": rows, "changed": [["x", "", CHINESE]]})
		self.insert("Version", ref_doctype="Property Unit", docname=self.unit, data=changed)
		call = frappe.get_all("Trouble Call", {"contact": self.contact}, pluck="name")[0]
		for doctype, name in (("Trouble Call", call), ("Property Unit", self.unit)):
			data = frappe.get_doc(doctype, name).as_json()
			self.insert("Deleted Document", deleted_doctype=doctype, deleted_name=name, data=data)
		said = frappe.as_json({"doctype": "Communication", "content": f"<p>{frappe.utils.escape_html(WORDS)}</p>"})
		self.insert("Deleted Document", deleted_doctype="Communication", deleted_name="x", data=said)
		trace = f"File apps/outage_response/flows/trouble/telephone_calls.py\n  words = {WORDS!r}, phone = {NUMBER!r}"
		self.insert("Error Log", method="Outage Response: ticket not read", error=trace)
		try:
			raise RuntimeError(f"{CHINESE} {NUMBER}")
		except RuntimeError as error:
			error_log.add("Outage tickets: x", error)
		delivery = frappe.get_all("Notice Delivery", {"contact": self.contact}, ["name", "contact", "link_key"])[0]
		self.mail("Notice Delivery", delivery.name)
		self.insert("SMS Log", message=f"{MARK} /outages/link/{resident_links.of_delivery(delivery)}", sent_to=NUMBER)
		bulk.insert(
			"Notification Log",
			[{"subject": frappe.utils.escape_html(f"DANGER at 1: {WORDS}"), "for_user": user("operator"),
			"type": "Assignment", "document_type": "Outage Incident", "document_name": incident}],
		)  # fmt: skip
		printed = {"page": f"<td>{self.contact}</td><td>{WORDS}</td>", "filters": frappe.as_json({"phone": NUMBER})}
		self.insert("Access Log", export_from="Trouble Call", report_name="calls", **printed)
		for kind, content in (("csv", f"Unit,Contact\n1A,{self.contact}\n".encode()), ("xlsx", self.workbook())):
			doc = self.insert("Data Import", reference_doctype="Property Unit", import_type="Insert New Records")
			doc.db_set("import_file", self.attach("Data Import", doc.name, f"units.{kind}", content))
			self.insert("Data Import Log", data_import=doc.name, messages=frappe.as_json([{"message": WORDS}]))

	def workbook(self) -> bytes:
		return make_xlsx([["Unit", "Contact"], ["1A", self.contact]], "Units").getvalue()

	def plant(self) -> int:
		"""The marker in every text of every row that names the contact, and of the rows below it; how many fields."""
		planted = 0
		ours = {"module": "Outage Response", "istable": 0, "issingle": 0}
		for doctype in frappe.get_all("DocType", ours, pluck="name"):
			meta = frappe.get_meta(doctype)
			if not any(df.fieldtype == "Link" and df.options == "Contact" for df in meta.fields):
				continue
			field = next(df.fieldname for df in meta.fields if df.fieldtype == "Link" and df.options == "Contact")
			names = frappe.get_all(doctype, {field: self.contact}, pluck="name")
			rows = [(doctype, name) for name in names]
			for table in meta.get_table_fields():
				below = frappe.get_all(table.options, {"parent": ("in", names or [""])}, pluck="name")
				rows += [(table.options, name) for name in below]
			for row_type, name in rows:
				texts = [
					df.fieldname
					for df in frappe.get_meta(row_type).fields
					if df.fieldtype in TEXTS and df.fieldname not in NOT_WORDS
				]
				for text in texts:
					value = frappe.db.get_value(row_type, name, text) or ""
					frappe.db.set_value(row_type, name, text, f"{value} {MARK}"[:140], update_modified=False)
				planted += len(texts)
		return planted

	# ---------------------------------------------------------------- looking for it

	def found(self) -> list[str]:
		"""Where the marker or the number stands, in every table and every file of the site, and in what waits in the cache."""
		like = [f"%{MARK}%", f"%{NUMBER}%"]
		columns = frappe.db.sql(
			"""select table_name, column_name from information_schema.columns where table_schema = database()
			and data_type in ('char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'json')"""
		)
		tables: dict[str, list[str]] = {}
		for table, column in columns:
			tables.setdefault(table, []).append(column)
		places = []
		for table, its in tables.items():
			anywhere = " or ".join(f"`{column}` like %s or `{column}` like %s" for column in its)
			kept = THE_PLATFORMS.get(table, "1=0")
			query = f"select * from `{table}` where ({anywhere}) and not coalesce(({kept}), 0)"
			for row in frappe.db.sql(query, like * len(its), as_dict=True):
				fields = [key for key, value in row.items() if MARK in str(value).lower() or NUMBER in str(value)]
				places.append(f"{table}: {', '.join(fields)}: {row[fields[0]]!r}"[:200])
		ours = {Path(file).name for file in self.files}  # a workbook is packed
		for folder, _folders, files in os.walk(frappe.get_site_path()):
			if "backups" in folder:
				continue  # they end by the site's own rule: docs/security.md
			for file in files:
				if file.endswith("_search.db"):
					continue  # another app's index, which it makes anew of its tables
				path = Path(folder, file)
				content = path.read_bytes() if path.is_file() and path.stat().st_size < 5_000_000 else b""
				if MARK.encode() in content.lower() or NUMBER.encode() in content or path.name in ours:
					places.append(str(path))
		for row in frappe.cache.lrange("insert_queue_for_Error Log", 0, -1):
			if MARK in row.decode() or NUMBER in row.decode():
				places.append("Error Log, in the cache")
		return places

	def test_nothing_is_left_in_any_table_or_file(self):
		incident = self.live_through_an_outage()
		self.assertGreater(self.plant(), 20)
		table = frappe.qb.DocType("Outage Incident")
		frappe.qb.update(table).set(table.status, "Closed").where(table.property == self.property).run()
		before = self.found()
		for place in (
			"Notification Log", "Email Queue", "Outage Ticket Reply", "Outage Page", "Version", "Deleted Document",
			"Error Log", "Comment", "Data Import Log", "SMS Log", "Trouble Call", "Outage Callback", "FCRM Note", "Access Log",
			"Outage Task", "Care Need", ".csv", ".xlsx", ".png", "in the cache",
		):  # fmt: skip
			self.assertTrue([one for one in before if place in one], f"nothing planted in {place}")
		with self.as_user("manager"):
			personal_data.erase_resident_data(self.contact)
		self.assertEqual(self.found(), [])
		self.assertTrue(frappe.db.exists("Outage Incident", incident))

	def test_calls_that_name_only_the_home_are_given_out_to_nobody_who_shares_it(self):
		self.do("guard1", "record_call", self.property, unit=self.unit, words=WORDS)
		with self.as_user("manager"):
			self.assertEqual(personal_data.export_resident_data(self.contact)["Trouble Call"], [])
			frappe.db.delete("Unit Resident", {"parent": self.unit, "contact": ("!=", self.contact)})
			found = personal_data.export_resident_data(self.contact)["Trouble Call"]
		self.assertEqual([row.words for row in found], [WORDS])

	def test_what_others_wrote_stays(self):
		"""Another home, and another number that calls from this one."""
		other = self.contacts[1]
		number = frappe.db.get_value("Contact", other, "mobile_no")
		kept = [
			self.do("guard1", "record_call", self.property, unit=self.units[1], words=WORDS)["call"],
			self.do("guard1", "record_call", self.property, unit=self.unit, phone=number, words=WORDS)["call"],
		]
		bell = {"document_type": "Note", "document_name": "x", "subject": WORDS, "for_user": user("operator")}
		self.insert("Notification Log", **bell)
		bulk.insert("Notification Log", [{**bell, "document_type": "Outage Incident", "subject": "Tower: dark"}])
		bells = frappe.db.count("Notification Log")
		self.insert("Error Log", method="Another app", error=f"apps/other/x.py {NUMBER}")
		nobody = build.make_contact("Li")  # of whom there is nothing to look for
		with self.as_user("manager"):
			personal_data.erase_resident_data(nobody)
		self.assertEqual(frappe.db.count("Notification Log"), bells)
		with self.as_user("manager"):
			personal_data.erase_resident_data(self.contact)
		for call in kept:
			self.assertEqual(frappe.db.get_value("Trouble Call", call, "words"), WORDS)
		self.assertTrue(frappe.db.exists("Notification Log", bell))
		self.assertTrue(frappe.db.exists("Error Log", {"method": "Another app"}))
