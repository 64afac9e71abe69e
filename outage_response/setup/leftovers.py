"""What Frappe's own tables keep about our doctypes when those are gone, and how it is taken away.

Frappe drops the doctypes of an app that is uninstalled, with their fields and standard documents. What people left
around them it keeps: assignments, notifications, comments, shares, views, saved filters, the defaults of a screen.
"""

from collections.abc import Sequence

import frappe
from frappe.model.utils.user_settings import sync_user_settings
from frappe.utils import now

# Frappe's fields that hold a doctype's name without being a link to it
NAMED_IN_TEXT = (
	("Access Log", "export_from"),
	("Deleted Document", "deleted_doctype"),
	("Custom DocPerm", "parent"),
)
# The doctypes that Frappe deletes documents of while it uninstalls an app; each leaves its copy in the waste basket
DELETED_BY_FRAPPE = (
	"DocType",
	"Module Def",
	"Workspace",
	"Report",
	"Page",
	"Web Form",
	"Print Format",
	"Number Card",
	"Dashboard Chart",
)
SERIES = "OUT-____-"  # OUT-.YYYY.-, the number of incidents


def delete_about(doctypes: list[str]) -> None:
	"""Delete every document of Frappe's own that is about one of `doctypes`."""
	for name in frappe.get_all("File", filters={"attached_to_doctype": ("in", doctypes)}, pluck="name"):
		# from the disk too; first, since each writes a comment
		frappe.delete_doc("File", name, force=True, ignore_permissions=True, delete_permanently=True)
	for doctype, field in _pointing(doctypes):
		_delete_children(doctype, field, doctypes)
		frappe.db.delete(doctype, {field: ("in", doctypes)})
	frappe.db.delete("Singles", {"doctype": ("in", doctypes)})
	sync_user_settings()  # from Redis into the table, so that none comes after
	frappe.db.delete("__UserSettings", {"doctype": ("in", doctypes)})
	frappe.cache.delete_value("_user_settings")
	frappe.db.delete("Series", {"name": ("like", SERIES)})


def delete_of_app(app: str) -> None:
	"""What Frappe notes of the app itself: jobs that the scheduler would go on starting, patches that have run."""
	jobs = frappe.get_all("Scheduled Job Type", filters={"method": ("like", f"{app}.%")}, pluck="name")
	if jobs:
		frappe.db.delete("Scheduled Job Log", {"scheduled_job_type": ("in", jobs)})
		frappe.db.delete("Scheduled Job Type", {"name": ("in", jobs)})
	frappe.db.delete("Patch Log", {"patch": ("like", f"{app}.%")})
	for doctype in ("Desktop Icon", "Workspace Sidebar"):  # from 16 on
		if frappe.db.exists("DocType", doctype):
			names = frappe.get_all(doctype, filters={"app": app}, pluck="name")
			for df in frappe.get_meta(doctype).get_table_fields():
				frappe.db.delete(df.options, {"parenttype": doctype, "parent": ("in", names)})
			frappe.db.delete(doctype, {"name": ("in", names)})


def empty_waste_basket(since: str, ours: Sequence[str]) -> None:
	"""Delete the copies of what Frappe has deleted in this uninstall, which began at `since`; from 16 on also of the only documents of
	our doctypes."""
	frappe.db.delete(
		"Deleted Document",
		{
			"deleted_doctype": ("in", (*DELETED_BY_FRAPPE, *ours)),
			"creation": (">=", since),
			"owner": frappe.session.user,
		},
	)


def moment() -> str:
	"""Now, as `empty_waste_basket` takes it."""
	return now()


def _pointing(doctypes: list[str]) -> list[tuple[str, str]]:
	"""(doctype, field) of Frappe's own doctypes that name a doctype. Other apps' documents are records of theirs."""
	field, doctype, module = (frappe.qb.DocType(name) for name in ("DocField", "DocType", "Module Def"))
	found = (
		frappe.qb.from_(field)
		.join(doctype)
		.on(doctype.name == field.parent)
		.join(module)
		.on(module.name == doctype.module)
		.select(field.parent, field.fieldname)
		.where(module.app_name == "frappe")
		.where(doctype.issingle == 0)
		.where(doctype.is_virtual == 0)
		.where((field.fieldtype == "Link") & (field.options == "DocType"))
		.orderby(field.parent)
		.orderby(field.fieldname)
	).run()
	return [
		(parent, fieldname)
		for parent, fieldname in dict.fromkeys([*found, *NAMED_IN_TEXT])
		if parent not in doctypes and parent != "DocType" and frappe.db.table_exists(parent, cached=False)
	]


def _delete_children(doctype: str, field: str, doctypes: list[str]) -> None:
	"""The child rows of what is about to be deleted."""
	tables = frappe.get_meta(doctype).get_table_fields()
	if not tables:
		return
	parent = frappe.qb.DocType(doctype)
	about = frappe.qb.from_(parent).select(parent.name).where(parent[field].isin(doctypes))
	for table in tables:
		child = frappe.qb.DocType(table.options)
		frappe.qb.from_(child).delete().where(child.parenttype == doctype).where(child.parent.isin(about)).run()
