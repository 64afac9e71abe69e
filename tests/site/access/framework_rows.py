"""Rows of ours, one of each doctype and what Frappe keeps about them, and the people for whom none of them is."""

import json
from pathlib import Path

import frappe

from outage_response import compat

from .. import world as build
from ..base import become, forget_caches
from ..world import user
from .doctypes import DOCTYPES, NOT_OF_A_PROPERTY, our_doctypes
from .framework_calls import Target
from .people import AccessTest, a_request

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
# texts by which Frappe finds something else
LEADS = {
	"sender",
	"recipients",
	"attached_to_name",
	"attached_to_field",
	"file_url",
	"docname",
	"deleted_name",
	"reference_document",
}


class RowsOfOurs(AccessTest):
	"""A night of which a row of each kind is kept; each text of them is a marker."""

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
				"status": "Open",
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
		cls.photo = Path(frappe.get_site_path("private", "files", "zq.png"))
		cls.write_photo()
		cls.addClassCleanup(cls.photo.unlink)
		cls.kept = {}
		for row in rows:
			doc = frappe.get_doc({**row, "owner": user("guard1")})
			[doc.name] = [row["name"]] if "name" in row else compat.new_names(doc.doctype, 1)
			doc.set("__islocal", True)
			doc.db_insert()
			cls.kept[doc.doctype] = doc.name
		for doctype in ("Outage Task", "Trouble Call", "Property Unit"):
			frappe.db.set_value(
				doctype, {"property": world["property"]}, "_user_tags", ",Zq-tag", update_modified=False
			)
		# by months Frappe counts what lies before this one
		frappe.db.set_value("Trouble Call", call, "creation", "2026-02-11", update_modified=False)
		mine = {"Contact": {"name": ("in", world["contacts"])}, "User Permission": {"for_value": world["property"]}}
		for doctype in ("Contact", "User Permission", "ToDo", "Notification Log"):
			cls.kept[doctype] = frappe.get_all(doctype, mine.get(doctype), limit=1, pluck="name")[0]

	@classmethod
	def write_photo(cls) -> None:
		cls.photo.write_text(f"Zq{cls.marked.index('File'):02d}Q", encoding="utf-8")

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
			str(self.kept["Communication"]),
			self.other["property"],
		)

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
