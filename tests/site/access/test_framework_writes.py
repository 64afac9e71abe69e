"""What everybody changes about us through Frappe's own doors: every function of the framework that writes about a document, by
everybody for whom our rows are not. Whatever it answers, no row of ours is another one afterwards, and nothing new hangs on one.
"""

import contextlib
from dataclasses import replace
from unittest.mock import patch

import frappe
from frappe.model.document import Document
from frappe.query_builder.functions import Concat_ws, Count

from outage_response.flows.master_data import renaming

from ..base import BIT_XOR, CRC32, as_in_use
from . import framework_writes
from .doctypes import our_doctypes
from .framework_functions import WRITES, whitelisted
from .framework_rows import ELSEWHERE, OUTSIDE, RowsOfOurs

# One of each way in which a row is written: by verbs, by its form, by nobody, with its parent, by the administrator, and a tree
KINDS = (
	"Care Need",
	"Outage Task",
	"Trouble Call",
	"Property Unit",
	"Power Node",
	"Outage Plan",
	"Paging Channel",
	"Outage Response Settings",
)
# What Frappe hangs on a document: its table, and the field that says on which kind
HUNG = {
	"Comment": "reference_doctype",
	"Communication": "reference_doctype",
	"Discussion Topic": "reference_doctype",
	"DocShare": "share_doctype",
	"Document Follow": "ref_doctype",
	"File": "attached_to_doctype",
	"Tag Link": "document_type",
	"ToDo": "reference_type",
	"Version": "ref_doctype",
	"User Permission": "allow",
}
# Whoever may read a document may hang these on it, as Frappe has it: on what all properties share, their staff, too
HANG = {
	"client.attach_file",
	"desk.form.assign_to.add",
	"desk.form.assign_to.add_multiple",
	"desk.form.document_follow.follow_document",
	"desk.form.document_follow.update_follow",
	"desk.form.utils.add_comment",
	"desk.like.toggle_like",
	"handler.run_doc_method",
	"templates.includes.comments.comments.add_comment",
	"website.doctype.discussion_topic.discussion_topic.submit_discussion",
	"utils.file_manager.add_attachments",
}
# What nobody does with a row of ours: nothing is submitted or locked for a long job, and who has a step is said by the verbs
NOTHING_TO_DO = {
	"client.cancel",
	"client.submit",
	"desk.form.assign_to.close",
	"desk.form.assign_to.remove",
	"desk.form.assign_to.remove_multiple",
	"desk.form.linked_with.cancel_all_linked_docs",
	"desk.form.save.cancel",
	"model.document.unlock_document",
}


class Writes(RowsOfOurs):
	def setUp(self):
		super().setUp()
		# a tree that is in order would stay as it is
		nodes = frappe.qb.DocType("Power Node")
		frappe.qb.update(nodes).set(nodes.lft, 0).set(nodes.rgt, 0).run()
		people = [self.person(who) for who in (*ELSEWHERE, "operator", "agent", "resident", "next_door", "moved")]
		frappe.db.set_value("User", {"name": ("in", people)}, "document_follow_notify", 1)
		self.said: dict[str, str] = {}
		self.tables = our_doctypes()
		self.ours = [f"tab{one}" for one in self.tables if not frappe.get_meta(one).issingle]

	@contextlib.contextmanager
	def in_one_transaction(self):
		"""Whatever a function of Frappe would commit, roll back or alter, the test's own rows stay."""
		roll_back = frappe.local.db.rollback

		def to_the_question(*, save_point: str = "asked", chain: bool = False) -> None:
			roll_back(save_point=save_point)

		with contextlib.ExitStack() as stack:
			stack.enter_context(patch.object(frappe.local.db, "commit", lambda: None))
			stack.enter_context(patch.object(frappe.local.db, "rollback", to_the_question))
			stack.enter_context(patch.object(frappe.local.db, "sql_ddl", nothing_altered))
			stack.enter_context(patch("frappe.database.schema.add_column", nothing_altered))
			stack.enter_context(patch("frappe.desk.like.add_column", nothing_altered))
			yield

	def rows_now(self) -> tuple:
		"""What stands in our tables and hangs on them, as far as telling two states apart needs."""
		sums = frappe.db.sql(f"checksum table {', '.join(f'`{table}`' for table in self.ours)}")
		settings = frappe.db.get_singles_dict("Outage Response Settings")
		hung = []
		for doctype, field in HUNG.items():
			table = frappe.qb.DocType(doctype)
			about = table[field].isin(self.tables)
			one = CRC32(Concat_ws("|", table.name, table.modified))
			hung += frappe.qb.from_(table).select(Count("*"), BIT_XOR(one)).where(about).run()
		return sums, dict(settings), hung

	def calls(self) -> list:
		"""(function, how it is asked, doctype), of what this Frappe has."""
		known = whitelisted() | {"handler.run_doc_method"}
		its = {name: calls for name, calls in framework_writes.CALLS.items() if name in known}
		return [(name, call, doctype) for doctype in KINDS for name, calls in its.items() for call in calls]

	def asked(self, name: str, arguments: dict) -> bool:
		"""Did the request end well? Its changes are left for the caller to look at."""
		frappe.local.response = frappe._dict(docs=[])
		frappe.local.message_log = []
		frappe.flags.pop(renaming.ASKED, None)
		frappe.local.form_dict = frappe._dict(arguments, cmd=name)
		command = "run_doc_method" if name == "handler.run_doc_method" else f"frappe.{name}"
		try:
			frappe.handler.execute_cmd(command)
		except Exception as error:
			self.said[name] = f"{self.said.get(name, '')} {type(error).__name__}: {error}"[-400:]
			return False
		return True

	def test_nobody_writes_what_is_not_theirs(self):
		targets = {doctype: self.target(doctype) for doctype in KINDS}
		calls = self.calls()
		wrong: dict[str, set[str]] = {}
		before, done = self.rows_now(), set()
		asked = 0
		with self.in_one_transaction(), as_in_use():
			for who in (*ELSEWHERE, *OUTSIDE):
				self.be(who)
				for name, call, doctype in calls:  # some say who asks
					asked += 1
					frappe.db.savepoint("asked")
					if self.asked(name, call(targets[doctype])):
						done.add(name)
						if not (name in HANG and self.visible(doctype, who)) and self.rows_now() != before:
							wrong.setdefault(f"{name} of {doctype}", set()).add(who)
					frappe.db.rollback(save_point="asked")
		frappe.set_user("Administrator")
		print(f"{len({name for name, *_rest in calls})} functions, {len(KINDS)} doctypes: {asked} requests")
		self.assertEqual({}, wrong)

	def test_what_is_asked_writes(self):
		"""Else the test above would pass on a typing error: each changes something when somebody asks it who may."""
		known = whitelisted() | {"handler.run_doc_method"}
		works: set[str] = set()
		no_outage = frappe.get_all("Power Node", {"property": self.other["property"]}, pluck="name")[0]
		with self.in_one_transaction():
			if not frappe.db.exists("Email Account", {}):  # 16 comes without any; a mail is moved to one
				frappe.new_doc("Email Account", email_account_name="Post", email_id="post@example.com").db_insert()
			for who in ("Administrator", "guard1", "operator"):
				self.be(who)
				before = self.rows_now()
				for name, call, target in [
					*((name, call, self.target(doctype)) for name, call, doctype in self.calls()),
					*(
						(name, call, replace(self.target(doctype), name=no_outage))
						for name, call, doctype in self.calls()
						if doctype == "Power Node"
					),
				]:
					if name in works:
						continue
					frappe.db.savepoint("asked")
					if self.asked(name, call(target)) and self.rows_now() != before:
						works.add(name)
					frappe.db.rollback(save_point="asked")
					self.write_photo()
		left = {name for name in framework_writes.CALLS if name in known} - works
		if Document.rename not in frappe.whitelisted:  # before 15
			left.discard("handler.run_doc_method")
		self.assertEqual({}, {name: self.said.get(name, "changed nothing") for name in left - NOTHING_TO_DO})

	def test_who_reads_a_document_does_not_rename_it(self):
		"""By Frappe's method of the document, told to ask nothing."""
		with self.in_one_transaction():
			for who in ("guard1", "operator", "engineer", "manager"):
				self.be(who)
				for doctype in (*KINDS, "Outage Incident", "Outage Report", "Response Department", "Outage Level"):
					target = self.target(doctype)
					before = self.rows_now()
					for call in framework_writes.renaming():
						frappe.db.savepoint("asked")
						done = self.asked("handler.run_doc_method", call(target))
						self.assertFalse(done and self.rows_now() != before, (who, doctype))
						frappe.db.rollback(save_point="asked")

	def test_every_function_asked_is_known_to_write(self):
		self.assertLessEqual(set(framework_writes.CALLS) - {"handler.run_doc_method"}, WRITES)


def nothing_altered(*_arguments: object) -> None:
	raise AssertionError("a table is altered")
