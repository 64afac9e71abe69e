"""What everybody sees of us through Frappe's own doors: every function of the framework that a client may call, by everybody for
whom our rows are not.

Two questions are asked of each answer. A marker stands in every text of our rows, one for each doctype: does it come out? And with
those rows deleted, is the answer the same? Else it told something by a number, an order or an error.

`make matrix` asks every function about every doctype; `make test` asks every function about one doctype of each kind of permission,
and the functions that most screens use about all.
"""

import json
import os
import re
import sys
from pathlib import Path
from unittest.mock import patch

import frappe
from werkzeug.wrappers import Response

from outage_response import compat

from . import world as build
from .base import become, forget_caches
from .framework_calls import CALLS, OF_EVERY_DOCTYPE, Target
from .framework_functions import NONE_OF_OURS, READS, WRITES, whitelisted
from .test_access import DOCTYPES, NOT_OF_A_PROPERTY, AccessTest, a_request, our_doctypes
from .world import user

# Who has nothing to see: visitors, and each role of another property
OUTSIDE = ("Guest", "agent", "resident", "next_door", "moved")
ELSEWHERE = {
	"foreigner": "operator",
	"far_engineer": "engineer",
	"far_service": "service",
	"far_guard": "guard1",
	"far_manager": "manager",
	"far_department": "department",
}
ROLES = {
	"far_engineer": "Outage Engineering",
	"far_service": "Outage Customer Service",
	"far_guard": "Outage Security",
	"far_manager": "Outage General Manager",
	"far_department": "Outage Department",
}
# One of each kind of permission: nobody's, verb-owned and everybody's of the staff, of some roles, edited, of a parent, the company's,
# the administrator's, settings; and what Frappe keeps that tells of us
KINDS = (
	"Care Need",
	"Outage Task",
	"Trouble Call",
	"Property Unit",
	"Unit Resident",
	"Outage Plan",
	"Paging Channel",
	"Outage Response Settings",
	"Contact",
)
# Frappe's own tables in which something about us stands
KEPT_BY_FRAPPE = (
	"Access Log",
	"Comment",
	"Communication",
	"Contact",
	"Data Import",
	"Deleted Document",
	"Document Follow",
	"Email Queue",
	"Error Log",
	"File",
	"Notification Log",
	"Submission Queue",
	"Tag Link",
	"ToDo",
	"User Permission",
	"Version",
)
TEXTS = (
	"Data",
	"Small Text",
	"Text",
	"Long Text",
	"Text Editor",
	"Code",
	"HTML Editor",
	"Markdown Editor",
	"JSON",
	"Phone",
)
DENIED = (frappe.PermissionError, frappe.DoesNotExistError)
FULL = bool(os.environ.get("OUTAGE_FULL_MATRIX"))
# texts by which Frappe finds something else
LEADS = {"attached_to_name", "attached_to_field", "file_url", "docname", "deleted_name", "reference_document"}
# Answers otherwise where there is no document of that name, and says nothing else of it
TELL_OF_A_NAME = {
	"client.get_doc_permissions",
	"client.has_permission",
	"client.validate_link",
	"contacts.doctype.contact.contact.address_query",
	"desk.form.linked_with.get",
	"realtime.can_subscribe_doc",
	"share.get_users",
	"utils.print_format.download_multi_pdf",
}
TIME_TAKEN = re.compile(r'"execution_time": [0-9.]+')
FAILED = re.compile(r"\w+(Error|Exception): ")
# what the site of the tests has nothing for: an import's file, places on a map, a workflow, a web form, a printer's raw format;
# and one that looks in the wrong folder
NOT_HERE = {
	"core.doctype.data_import.data_import.download_errored_template",
	"core.doctype.data_import.data_import.download_import_log",
	"geo.utils.get_coords",
	"model.workflow.can_cancel_document",
	"model.workflow.get_common_transition_actions",
	"model.workflow.get_transitions",
	"utils.file_manager.download_file",
	"utils.weasyprint.download_pdf",
	"website.doctype.web_form.web_form.get_form_data",
	"website.doctype.web_form.web_form.get_link_options",
	"www.printview.get_rendered_raw_commands",
}
# Frappe's older name for one; before 15 its own hook comes first. Who calls it must know the names of files, which are random
PAST = {"frappe.core.doctype.file.file.zip_files"}
MARK = re.compile(r"Zq(\d\d)Q")


class Doors(AccessTest):
	@classmethod
	def build_world(cls):
		world = super().build_world()
		for who, role in ROLES.items():
			build.make_user(user(who), role)
			build.permit(user(who), cls.other["property"])
		cls.marked = [*our_doctypes(), *KEPT_BY_FRAPPE]
		cls.keep(world)
		for doctype in cls.marked:
			cls.mark(doctype, world)
		forget_caches()
		return world

	@classmethod
	def keep(cls, world) -> None:
		"""What Frappe would have kept of a night, one row of each kind."""
		task, call = world["guards_step"], world["call"]
		rows = (
			{"doctype": "Access Log", "export_from": "Trouble Call", "reference_document": call},
			{
				"doctype": "Comment",
				"reference_doctype": "Outage Task",
				"reference_name": task,
				"comment_type": "Comment",
			},
			{
				"doctype": "Communication",
				"reference_doctype": "Trouble Call",
				"reference_name": call,
				"communication_type": "Communication",
			},
			{"doctype": "Data Import", "reference_doctype": "Property Unit", "import_type": "Insert New Records"},
			{"doctype": "Deleted Document", "deleted_doctype": "Trouble Call", "deleted_name": call},
			{"doctype": "Document Follow", "ref_doctype": "Outage Task", "ref_docname": task, "user": user("guard1")},
			{"doctype": "Email Queue", "reference_doctype": "Outage Page", "status": "Not Sent"},
			{
				"doctype": "Dynamic Link",
				"parent": world["contacts"][0],
				"parenttype": "Contact",
				"parentfield": "links",
				"link_doctype": "User",
				"link_name": user("guard1"),
			},
			{"doctype": "Error Log", "method": "x"},
			{
				"doctype": "File",
				"file_url": "/private/files/zq.png",
				"is_private": 1,
				"attached_to_doctype": "Outage Task",
				"attached_to_name": task,
				"folder": "Home",
			},
			{"doctype": "Submission Queue", "ref_doctype": "Outage Report", "ref_docname": world["report"]},
			{"doctype": "Tag", "name": "Zq-tag"},
			{"doctype": "Tag Link", "tag": "Zq-tag", "document_type": "Outage Task", "document_name": task},
			{"doctype": "Version", "ref_doctype": "Outage Task", "docname": task},
		)
		said = {"changed": [["words", *[f"Zq{cls.marked.index('Version'):02d}Q"] * 2]]}
		rows[-1]["data"] = json.dumps(said)
		photo = Path(frappe.get_site_path("private", "files", "zq.png"))
		photo.write_text(f"Zq{cls.marked.index('File'):02d}Q", encoding="utf-8")
		cls.addClassCleanup(photo.unlink)
		cls.kept = {}
		for row in rows:
			doc = frappe.get_doc({**row, "owner": user("guard1")})
			[doc.name] = [row["name"]] if "name" in row else compat.new_names(doc.doctype, 1)
			doc.set("__islocal", True)
			doc.db_insert()
			cls.kept[doc.doctype] = doc.name
		# by months Frappe counts what lies before this one
		frappe.db.set_value("Trouble Call", call, "creation", "2026-02-11", update_modified=False)
		mine = {"Contact": {"name": ("in", world["contacts"])}, "User Permission": {"for_value": world["property"]}}
		for doctype in ("Contact", "User Permission", "ToDo", "Notification Log"):
			cls.kept[doctype] = frappe.get_all(doctype, mine.get(doctype), limit=1, pluck="name")[0]

	@classmethod
	def rows(cls, doctype: str, world):
		"""Which rows of a table are about the property: a query's condition; None: all."""
		table = frappe.qb.DocType(doctype)
		if doctype in cls.kept:
			if doctype == "Contact":
				return table.name.isin(world["contacts"])
			if doctype == "User Permission":
				return table.for_value == world["property"]
			if doctype in ("ToDo", "Notification Log"):
				return None
			return table.name == cls.kept[doctype]
		if doctype == "Managed Property":
			return table.name == world["property"]
		meta = frappe.get_meta(doctype)
		if meta.istable:
			parent = cls.parent_of(doctype)
			if not parent or parent in NOT_OF_A_PROPERTY:
				return None
			within = frappe.qb.DocType(parent)
			return table.parent.isin(frappe.qb.from_(within).select(within.name).where(cls.rows(parent, world)))
		return table.property == world["property"] if meta.has_field("property") else None

	@staticmethod
	def parent_of(child: str) -> str | None:
		found = frappe.get_all("DocField", {"fieldtype": "Table", "options": child}, pluck="parent")
		return found[0] if found else None

	@classmethod
	def mark(cls, doctype: str, world) -> None:
		meta = frappe.get_meta(doctype)
		mark = f"Zq{cls.marked.index(doctype):02d}Q"
		if meta.issingle:
			for field in (df.fieldname for df in meta.fields if df.fieldtype in TEXTS):
				frappe.db.set_single_value(doctype, field, mark, update_modified=False)
			return
		table = frappe.qb.DocType(doctype)
		columns = set(frappe.db.get_table_columns(doctype))
		texts = [df.fieldname for df in meta.fields if df.fieldtype in TEXTS and df.fieldname in columns]
		texts = [
			field
			for field in texts
			if field not in LEADS and (doctype, field) != ("Version", "data") and not meta.get_field(field).unique
		]
		if not texts:
			return
		query = frappe.qb.update(table)
		for field in texts:
			query = query.set(table[field], f'"{mark}"' if meta.get_field(field).fieldtype == "JSON" else mark)
		condition = cls.rows(doctype, world)
		(query if condition is None else query.where(condition)).run()

	def target(self, doctype: str) -> Target:
		meta = frappe.get_meta(doctype)
		parent = self.parent_of(doctype) if meta.istable else None
		if doctype in self.kept:
			name = self.kept[doctype]
		elif meta.istable:
			name = frappe.db.get_value(doctype, {}, "name") or "none"
			if parent and parent not in NOT_OF_A_PROPERTY:
				name = next(iter(frappe.get_all(doctype, {"parent": self.samples[parent]}, pluck="name")), "none")
		else:
			name = self.samples[doctype]
		texts = [df.fieldname for df in meta.fields if df.fieldtype in TEXTS]
		links = [df.fieldname for df in meta.fields if df.fieldtype in ("Link", "Select", "Datetime")]
		return Target(
			doctype,
			str(name),
			parent,
			(texts or links or ["owner"])[0],
			self.property,
			self.contacts[0],
			user("guard1"),
			"/private/files/zq.png",
			self.kept["Data Import"],
			str(self.kept["Version"]),
			self.kept["File"],
		)

	def all_calls(self, targets, everywhere):
		"""(function, arguments, doctype), each once."""
		found = {}
		for target in targets:
			for name, calls in CALLS.items():
				if f"frappe.{name}" not in self.known:
					continue
				if not everywhere and target.doctype not in KINDS:
					calls = OF_EVERY_DOCTYPE.get(name, ())
				for call in calls:
					found.setdefault((name, json.dumps(call(target), sort_keys=True)), target.doctype)
		return [(name, json.loads(arguments), doctype) for (name, arguments), doctype in found.items()]

	def answer(self, name: str, arguments: dict) -> str | None:
		"""What a request gives back, as text; None: denied. What it says on refusing counts, too: `said`."""
		frappe.local.response = frappe._dict(docs=[])
		frappe.local.form_dict = frappe._dict(arguments, cmd=f"frappe.{name}")
		frappe.local.message_log = []
		self.printed = []
		frappe.db.savepoint("asked")
		try:
			result = frappe.handler.execute_cmd(f"frappe.{name}")
			if name == "desk.listview.get_group_by_count":
				result.sort(key=str)  # those of equal count come in any order
			if isinstance(result, Response):
				result = result.get_data(as_text=True)
			text = TIME_TAKEN.sub(
				"", f"{frappe.as_json(result)} {frappe.as_json(frappe.local.response)} {self.printed}"
			)
			self.said = text
		except DENIED as error:
			text, self.said = None, f"{error} {frappe.local.message_log}"
		except Exception as error:
			text = self.said = (
				f"{type(error).__name__}: {error} {frappe.as_json(frappe.local.response)} {frappe.local.message_log}"
			)
		frappe.db.rollback(save_point="asked")
		return text

	def as_it_is(self, html: str, options: object = None, output: object = None) -> object:
		"""In place of a PDF, in which no marker would be found."""
		self.printed.append(html)
		return output or b""

	def be(self, who: str) -> None:
		become(self.person(who))
		frappe.local.request = a_request("POST")
		frappe.local.request_ip = "127.0.0.1"

	def visible(self, doctype: str, who: str) -> bool:
		"""Does it belong to the company, and may this role read it?"""
		if who in OUTSIDE:
			return False
		doctype = self.parent_of(doctype) or doctype if doctype not in self.kept else doctype
		letters = DOCTYPES.get(doctype, {})
		role = "engineer" if ELSEWHERE[who] == "department" else ELSEWHERE[who]
		return doctype in NOT_OF_A_PROPERTY and "R" in letters.get(role, "")

	def ask_all(self, asked) -> dict:
		"""(person, call) -> what each is answered, for all that come of `asked`; what shows a marker goes into `wrong`."""
		found = {}
		for who, calls in asked:
			self.be(who)
			for call in calls:
				name, arguments, _doctype = self.calls[call]
				found[who, call] = self.answer(name, arguments)
				for one in {self.marked[int(number)] for number in MARK.findall(self.said)}:
					if not self.visible(one, who):
						self.note(f"{name} shows {one}", who, call, self.said)
		frappe.set_user("Administrator")
		return found

	def remove(self, doctypes) -> None:
		"""Take away what is about the property, or all where nothing says so."""
		for doctype in doctypes:
			table = frappe.qb.DocType(doctype)
			if frappe.get_meta(doctype).issingle:
				frappe.db.delete("Singles", {"doctype": doctype})
				continue
			condition = self.rows(doctype, self.world)
			query = frappe.qb.from_(table).delete()
			(query if condition is None else query.where(condition)).run()
		forget_caches()

	def test_nobody_reads_what_is_not_theirs(self):
		self.known = {f"frappe.{name}" for name in whitelisted()}
		self.calls = self.all_calls([self.target(doctype) for doctype in self.marked], FULL)
		self.wrong: dict[str, tuple[dict, str]] = {}
		everything = range(len(self.calls))
		with (
			patch.object(frappe.local.db, "commit", lambda: None),
			patch("frappe.utils.pdf.get_pdf", self.as_it_is),
			patch.dict(frappe.flags, in_test=False),  # there, some of Frappe's checks are left out
		):
			before = self.ask_all((who, everything) for who in (*ELSEWHERE, *OUTSIDE))
			# who was refused learned nothing
			again = {who: [call for call in everything if before[who, call] is not None] for who, _call in before}
			of_property = [one for one in self.marked if self.rows(one, self.world) is not None or one in self.kept]
			self.remove(sorted(of_property, key=lambda one: not frappe.get_meta(one).istable))
			after = self.ask_all((who, again[who]) for who in ELSEWHERE)
			self.remove([one for one in self.marked if one not in of_property])
			after |= self.ask_all((who, again[who]) for who in OUTSIDE)
		for (who, call), answered in after.items():
			name, _arguments, doctype = self.calls[call]
			if name in TELL_OF_A_NAME:
				continue  # what it shows was looked at
			if answered != before[who, call] and not self.visible(doctype, who):
				self.note(f"{name} tells of {doctype}", who, call, f"{before[who, call]} / without: {answered}")
		print(
			f"{len({name for name, _arguments, _doctype in self.calls})} functions, {len(ELSEWHERE) + len(OUTSIDE)} people,"
			f" {len({doctype for _name, _arguments, doctype in self.calls})} doctypes: {len(before)} requests,"
			f" {len(after)} again without the rows"
		)
		if self.wrong:
			self.fail("\n".join([f"{what}: {' '.join(whom)}: {seen}" for what, (whom, seen) in self.wrong.items()]))

	def test_the_calls_lead_somewhere(self):
		"""Else the test above would pass on a typing error: each is answered to somebody who may ask it."""
		self.known = {f"frappe.{name}" for name in whitelisted()}
		self.calls = self.all_calls([self.target(doctype) for doctype in KINDS], False)
		self.wrong = {}
		self.be("Administrator")
		failed: dict[str, str] = {}
		answered = set()
		with patch.object(frappe.local.db, "commit", lambda: None), patch("frappe.utils.pdf.get_pdf", self.as_it_is):
			for name, arguments, _doctype in self.calls:
				if name not in answered:
					text = self.answer(name, arguments)
					if text is not None and not FAILED.match(text):
						answered.add(name)
					failed[name] = self.said[:160]
		left = {name: said for name, said in failed.items() if name not in answered}
		self.assertEqual(set(left) - NOT_HERE, set(), left)

	def note(self, what: str, who: str, call: int, seen: str) -> None:
		"""One line for all people, with one of the answers."""
		_name, arguments, _doctype = self.calls[call]
		self.wrong.setdefault(what, ({}, f"{arguments} {' '.join(seen.split())[:400]}"))[0][who] = None


class Registry(AccessTest):
	"""Layer one."""

	build_world = classmethod(lambda cls: {})

	def test_every_function_has_been_looked_at(self):
		known = READS | WRITES | NONE_OF_OURS
		self.assertEqual(len(known), len(READS) + len(WRITES) + len(NONE_OF_OURS), "one stands in two lists")
		self.assertFalse(sorted(whitelisted() - known), "new in this Frappe: look what each does, then name it")

	def test_every_reading_function_has_a_call(self):
		self.assertEqual(sorted(CALLS), sorted(READS))

	def test_what_is_replaced_has_no_other_name(self):
		"""Frappe replaces a function by its path, so another path to it would lead past."""
		replaced = frappe.get_hooks("override_whitelisted_methods")
		mine = {path for path, to in replaced.items() if to[-1].startswith("outage_response.")} - PAST
		known = {id(frappe.get_attr(path)) for path in mine}
		self.assertEqual({path for path, to in replaced.items() if to[0] in mine} - PAST, set())
		others = [
			f"{module.__name__}.{name}"
			for module in list(sys.modules.values())
			if getattr(module, "__name__", "").startswith("frappe")
			for name, value in list(vars(module).items())
			if id(value) in known and f"{module.__name__}.{name}" not in replaced
		]
		self.assertEqual(others, [])
