"""Who sees the calls with residents that stand in ERPNext's and CRM's own call logs, by each of Frappe's roads, and on timelines."""

import json

import frappe
from frappe.model.db_query import DatabaseQuery

from outage_response import call_records, integrations
from outage_response.setup import uninstall

from .. import platforms
from .. import world as build
from ..base import forget_caches
from ..other_apps.contract import LOGS, PlatformTest
from ..world import user
from .people import a_request

setUpModule = platforms.bring
tearDownModule = platforms.take_away

SAID = "oxygen at home, alone"
# who reads a platform's call logs by its own roles
READERS = {"Call Log": "Employee", "CRM Call Log": "Sales User"}
# name -> (a role in outages, of which property: mine, another's, or no role at all)
STAFF = {
	"stranger": (None, ""),
	"colleague": ("Outage Customer Service", "mine"),
	"far": ("Outage Customer Service", "far"),
}


def give_roles(address: str, *roles: str) -> None:
	"""Without the hooks of User: on a site without an administrator of its own Frappe makes the first one who is saved one."""
	doc = frappe.get_doc("User", address)
	for role in roles:
		row = doc.append("roles", {"role": role})
		row.set_new_name()
		row.db_insert()
	frappe.cache.hdel("roles", address)


class CallRecords(PlatformTest):
	@classmethod
	def build_world(cls):
		world = super().build_world()
		far = build.make_property(f"{cls.__name__} Far")
		for role in READERS.values():
			if not frappe.db.exists("Role", role):
				frappe.get_doc({"doctype": "Role", "role_name": role, "desk_access": 1}).insert()
		for name, (role, where) in STAFF.items():
			build.make_user(user(name), role or "Desk User")
			give_roles(user(name), *READERS.values())
			if where:
				build.permit(user(name), world["property"] if where == "mine" else far)
		# of the roles in outages alone
		build.permit(build.make_user(user("newcomer"), "Outage Customer Service"), world["property"])
		for doctype, role in (*READERS.items(), ("FCRM Note", "Sales User")):
			if not platforms.is_real(doctype):
				row = {"doctype": "DocPerm", "parent": doctype, "parenttype": "DocType", "parentfield": "permissions"}
				frappe.get_doc({**row, "role": role, "read": 1, "report": 1, "export": 1}).insert()
		cls.forget()
		return world

	@staticmethod
	def forget() -> None:
		for doctype in (*READERS, "FCRM Note"):
			frappe.clear_cache(doctype=doctype)
		forget_caches()

	def each(self):
		for doctype in READERS:
			platforms.only(doctype)
			with self.subTest(doctype, real=platforms.is_real(doctype)):
				frappe.db.savepoint("each_platform")
				callback = self.callback()
				answer = self.do("service", "log_attempt", callback.name, "Reached", note=SAID)
				platforms.log_by_telephony(doctype, "exo-of-others", "13900009999")
				yield doctype, answer["crm_record"], callback
				frappe.db.rollback(save_point="each_platform")
				forget_caches()

	def ask(self, who: str, command: str, **arguments):
		"""What a request answers; None: refused."""
		with self.as_user(who):
			frappe.local.form_dict = frappe._dict(arguments)
			frappe.local.response = frappe._dict(docs=[])
			frappe.local.request = a_request("POST")
			try:
				return frappe.handler.execute_cmd(command)
			except frappe.PermissionError:
				return None
			finally:
				self.said = frappe.as_json(frappe.local.response)
				frappe.local.form_dict, frappe.local.request = frappe._dict(), None
				frappe.clear_messages()

	def names(self, who: str, doctype: str) -> set[str]:
		return {row.name for row in self.ask(who, "frappe.client.get_list", doctype=doctype, limit_page_length=0) or ()}

	def test_our_calls_are_seen_by_who_may_read_the_callback(self):
		for doctype, name, _callback in self.each():
			self.assertTrue(call_records.is_ours(name))
			for who, sees in (("stranger", False), ("far", False), ("colleague", True), ("Administrator", True)):
				with self.subTest(who):
					listed = self.names(who, doctype)
					self.assertEqual(name in listed, sees)
					self.assertIn("exo-of-others", listed)
					for road, arguments in self.roads(doctype, name).items():
						seen = frappe.as_json(self.ask(who, road, **arguments)) + self.said
						self.assertEqual(name in seen.replace(frappe.as_json(arguments), ""), sees, road)
					count = {"doctype": doctype, "filters": json.dumps({"name": name})}
					self.assertEqual(self.ask(who, "frappe.client.get_count", **count), int(sees))
					for ptype in ("read", "write", "print", "email", "share"):
						with self.as_user(who):
							may = frappe.has_permission(doctype, ptype, doc=name)
						self.assertLessEqual(may, sees, ptype)

	def roads(self, doctype: str, name: str) -> dict[str, dict]:
		"""Function of Frappe -> arguments that ask for the record. What is asked for by its number does not name it."""
		fields = json.dumps([f"`tab{doctype}`.`name`", f"`tab{doctype}`.`from`"])
		view = {"doctype": doctype, "fields": fields, "filters": "[]", "page_length": 100, "start": 0}
		return {
			"frappe.client.get_value": {
				"doctype": doctype,
				"fieldname": '["name", "to"]',
				"filters": json.dumps({"start_time": ("is", "set"), "id": ("like", f"%{name[-8:]}")}),
			},
			"frappe.desk.reportview.get": {**view, "view": "Report"},
			"frappe.desk.reportview.get_list": view,
			"frappe.desk.search.search_widget": {"doctype": doctype, "txt": "OUTAGE", "ignore_user_permissions": 1},
			"frappe.desk.form.load.getdoc": {"doctype": doctype, "name": name},
			"frappe.client.get": {"doctype": doctype, "name": name},
			"frappe.client.get_list": {
				"doctype": "Dynamic Link",
				"parent": doctype,
				"fields": '["parent", "link_name"]',
				"filters": json.dumps({"parenttype": doctype}),
				"limit_page_length": 0,
			},
		}

	def test_what_was_said_is_no_stranger_s_either(self):
		for doctype, name, _callback in self.each():
			if doctype == "CRM Call Log":
				self.assertEqual(self.names("stranger", "FCRM Note") & {name}, set())
				self.assertIsNone(self.ask("stranger", "frappe.client.get", doctype="FCRM Note", name=name))
				self.assertIn(name, self.names("colleague", "FCRM Note"))
			else:
				self.assertIn(SAID, self.field(doctype, name, "summary"))

	def test_who_made_the_call_may_open_it(self):
		for doctype, name, _callback in self.each():
			opened = self.ask("service", "frappe.desk.form.load.getdoc", doctype=doctype, name=name)
			self.assertIsNone(opened)
			if doctype == "Call Log":  # in ERPNext by a share, since no role of theirs reads it
				self.assertIn(SAID, self.said)
				self.assertEqual(frappe.share.get_shared(doctype, user("service")), [name])
				with self.as_user("service"):
					self.assertFalse(frappe.has_permission(doctype, "write", doc=name))
					self.assertFalse(frappe.has_permission(doctype, "read", doc="exo-of-others"))
			self.ask("newcomer", "frappe.desk.form.load.getdoc", doctype=doctype, name=name)
			self.assertNotIn(name, self.said)

	def test_a_caller_with_the_platform_s_role_needs_no_share_and_stays_the_caller(self):
		for doctype, _name, callback in self.each():
			with self.as_user("far"):
				record = LOGS[doctype].log_call(callback, "No Answer", SAID, self.clock.now, 7)[1]
			self.assertIn(record, self.names("far", doctype))  # made before they went to another property
			self.assertNotIn(record, self.names("stranger", doctype))
			shares = frappe.get_all("DocShare", {"share_doctype": doctype, "share_name": record})
			self.assertEqual(shares, [])

	def test_a_record_whose_callback_is_gone_is_for_those_who_see_all(self):
		for doctype, name, callback in self.each():
			frappe.db.delete("Outage Callback", {"name": callback.name})
			for who in ("stranger", "far", "colleague"):
				self.assertNotIn(name, self.names(who, doctype))
				with self.as_user(who):
					self.assertFalse(frappe.has_permission(doctype, "read", doc=name), who)

	def test_a_shared_callback_opens_no_other(self):
		for doctype, name, _callback in self.each():
			other = self.callback(1)
			with self.as_user("service"):
				theirs = LOGS[doctype].log_call(other, "No Answer", "", self.clock.now, 1)[1]
			frappe.share.add_docshare(
				"Outage Callback", other.name, user("stranger"), flags={"ignore_share_permission": True}
			)
			self.assertEqual(self.names("stranger", doctype) & {name, theirs}, set())

	def test_what_a_caller_sends_is_not_the_record(self):
		for doctype, name, _callback in self.each():
			for new in (0, 1):
				doc = frappe.get_doc({"doctype": doctype, "name": name, "owner": user("stranger"), "__islocal": new})
				self.assertFalse(call_records.may(doc, "read", user("stranger")))
				self.assertTrue(call_records.may(doc, "read", user("colleague")))

	def test_the_condition_and_the_judgement_agree(self):
		for doctype, name, _callback in self.each():
			for who in STAFF:
				with self.as_user(who):
					condition = DatabaseQuery(doctype).get_permission_query_conditions()
					found = frappe.db.sql(
						f"select name from `tab{doctype}` where name = %s and ({condition or '1=1'})", name
					)
					self.assertEqual(bool(found), call_records.may(frappe.get_doc(doctype, name)), who)

	def test_a_timeline_shows_the_calls_that_its_reader_may_see(self):
		"""As ERPNext adds them to every document: asked of nobody."""
		for doctype, name, callback in self.each():
			shown = [
				{"template": "call_link", "template_data": frappe._dict(doctype=doctype, name=call)}
				for call in (name, "exo-of-others")
			]
			shown.append({"icon": "call", "content": "of another app"})
			for who, sees in (("stranger", 2), ("far", 2), ("colleague", 3)):
				with self.as_user(who):
					self.assertEqual(len(call_records.without_others(shown)), sees, who)
			if platforms.is_real(doctype) and doctype == "Call Log":
				for who, sees in (("stranger", False), ("colleague", True)):
					self.ask(who, "frappe.desk.form.load.getdoc", doctype="Contact", name=callback.contact)
					self.assertEqual(name in self.said, sees, who)

	def test_forms_send_their_timelines_through_the_app(self):
		replaced = frappe.get_hooks("override_whitelisted_methods")
		for function in ("load.getdoc", "load.get_docinfo", "save.savedocs", "save.cancel", "save.discard"):
			self.assertTrue(replaced[f"frappe.desk.form.{function}"][-1].startswith("outage_response."), function)

	def test_a_call_of_telephony_says_how_it_ended_and_no_more(self):
		"""It is the company's own, and every employee reads it: what was said stays with the callback."""
		for doctype, _name, callback in self.each():
			platforms.log_by_telephony(doctype, "exo-1", callback.phone)
			LOGS[doctype].take_call("exo-1", callback, "Reached", SAID, 2)
			self.assertIn("exo-1", self.names("stranger", doctype))
			self.ask("stranger", "frappe.client.get", doctype=doctype, name="exo-1")
			row = frappe.get_doc(doctype, "exo-1").as_json()
			self.assertNotIn(SAID, row)
			self.assertIn(callback.incident if doctype == "Call Log" else integrations.CALL_LOG_PREFIX, row)

	def test_uninstalling_takes_the_shares_and_what_they_say(self):
		for doctype, name, _callback in self.each():
			if doctype != "Call Log":
				continue
			of = {"share_doctype": doctype, "share_name": name}
			self.assertTrue(frappe.db.exists("DocShare", of))
			uninstall._calls_and_notes(frappe.get_all("DocType", {"module": "Outage Response"}, pluck="name"))
			self.assertFalse(frappe.db.exists("DocShare", of))
			self.assertFalse(frappe.db.exists("Comment", {"reference_doctype": doctype, "reference_name": name}))
			self.assertTrue(frappe.db.exists(doctype, "exo-of-others"))
