"""How each function of Frappe that writes about a document is asked to write about a row of ours.

What is not here writes about no document that its caller names (settings, files, people, the caller's own lists, boards and
reminders); about a doctype of Frappe's own, which only its System Managers may write; or does nothing where a site has no workflow, web
form, assignment rule or review points.
"""

import json
from typing import Any

import frappe

from .framework_calls import Call, Target


def _changed(t: Target) -> dict[str, Any]:
	return {"doctype": t.doctype, "name": t.name, t.field: "changed"}


def _new(t: Target) -> dict[str, Any]:
	"""A copy of the row, by somebody who knows what stands in it."""
	doc = frappe.get_doc(t.doctype, t.name).as_dict() if frappe.db.exists(t.doctype, t.name) else {}
	doc = json.loads(frappe.as_json(doc))
	for field in ("name", "modified", "creation", "owner", "modified_by"):
		doc.pop(field, None)
	return {**doc, "doctype": t.doctype, "__islocal": 1}


def _saved(t: Target) -> dict[str, Any]:
	fields = ("creation", "modified", "owner")
	same = dict(zip(fields, map(str, frappe.db.get_value(t.doctype, t.name, fields) or ("", "", "")), strict=True))
	return {"doc": json.dumps({**_new(t), **same, "name": t.name, "__islocal": 0, t.field: "changed"})}


def _run(method: str, **args: Any) -> tuple[Call, ...]:
	"""A method of a document: of the one in the database, and of one that the caller wrote and calls by its name, also as new."""

	def forged(t: Target, new: int = 0) -> dict[str, Any]:
		now = str(frappe.db.get_value(t.doctype, t.name, "modified"))
		doc = {**_changed(t), "property": t.elsewhere, "modified": now, "owner": frappe.session.user, "__islocal": new}
		return {"docs": json.dumps(doc), "method": method, "args": json.dumps(args)}

	return (
		lambda t: {"dt": t.doctype, "dn": t.name, "method": method, "args": json.dumps(args)},
		forged,
		lambda t: forged(t, 1),
	)


def _one(t: Target) -> dict[str, Any]:
	return {"doctype": t.doctype, "name": t.name}


def _tag(t: Target) -> dict[str, Any]:
	return {"dt": t.doctype, "dn": t.name, "tag": "changed"}


def _followed(t: Target) -> dict[str, Any]:
	return {"doctype": t.doctype, "doc_name": t.name, "user": frappe.session.user, "following": 1}


def _assigned(t: Target) -> dict[str, Any]:
	return {**_one(t), "assign_to": json.dumps([t.person]), "description": "changed"}


def _unassigned(t: Target) -> dict[str, Any]:
	return {**_one(t), "assign_to": t.person, "names": json.dumps([t.name])}


def _moved(t: Target) -> dict[str, Any]:
	return {
		"args": json.dumps({**_one(t), "start": "changed", "end": "changed", t.field: "changed"}),
		"field_map": json.dumps({"start": t.field, "end": t.field}),
	}


def _said(t: Target) -> dict[str, Any]:
	return {
		"reference_doctype": t.doctype,
		"reference_name": t.name,
		"content": "changed",
		"comment": "changed",
		"comment_email": "x@example.com",
		"comment_by": "x",
		"route": "",
	}


def _shared(t: Target) -> dict[str, Any]:
	return {**_one(t), "user": frappe.session.user, "write": 1, "permission_to": "write", "everyone": 0}


def renaming() -> tuple[Call, ...]:
	"""Another name, without asking anything."""
	return _run("rename", name="changed", force=1, validate_rename=0)


CALLS: dict[str, tuple[Call, ...]] = {
	"automation.doctype.auto_repeat.auto_repeat.make_auto_repeat": (
		lambda t: {"doctype": t.doctype, "docname": t.name},
	),
	"client.attach_file": (
		lambda t: {
			"doctype": t.doctype,
			"docname": t.name,
			"filename": "x.txt",
			"filedata": "eA==",
			"decode_base64": 1,
		},
	),
	"client.bulk_update": (lambda t: {"docs": json.dumps([{**_changed(t), "docname": t.name}])},),
	"client.cancel": (_one,),
	"client.delete": (_one,),
	"client.insert": (
		lambda t: {"doc": json.dumps(_new(t))},
		lambda t: {"doc": json.dumps({**_new(t), "parent": t.elsewhere, "parenttype": t.parent})},
	),
	"client.insert_many": (lambda t: {"docs": json.dumps([_new(t)])},),
	"client.rename_doc": (lambda t: {"doctype": t.doctype, "old_name": t.name, "new_name": "changed"},),
	"client.save": (_saved,),
	"client.set_value": (lambda t: {**_one(t), "fieldname": t.field, "value": "changed"},),
	"client.submit": (_saved,),
	"core.api.file.move_file": (
		lambda t: {
			"file_list": json.dumps([{"name": t.file_name}]),
			"new_parent": "Home/Attachments",
			"old_parent": "Home",
		},
	),
	"core.doctype.communication.email.make": (
		lambda t: {
			**_one(t),
			"content": "changed",
			"subject": "changed",
			"recipients": "x@example.com",
			"send_email": 0,
		},
	),
	"core.doctype.user_permission.user_permission.add_user_permissions": (
		lambda t: {
			"data": json.dumps(
				{
					"user": frappe.session.user,
					"doctype": "Managed Property",
					"docname": t.property,
					"apply_to_all_doctypes": 1,
				}
			)
		},
	),
	"core.doctype.user_permission.user_permission.clear_user_permissions": (
		lambda t: {"user": t.person, "for_doctype": "Managed Property"},
	),
	"desk.calendar.update_event": (_moved,),
	"desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs": (
		lambda t: {
			"doctype": t.doctype,
			"docnames": json.dumps([t.name]),
			"action": "update",
			"data": json.dumps({t.field: "changed"}),
		},
	),
	"desk.doctype.tag.tag.add_tag": (_tag,),
	"desk.doctype.tag.tag.add_tags": (
		lambda t: {"dt": t.doctype, "docs": json.dumps([t.name]), "tags": json.dumps(["changed"])},
	),
	"desk.doctype.tag.tag.remove_tag": (lambda t: {**_tag(t), "tag": "Zq-tag"},),
	"desk.form.assign_to.add": (_assigned,),
	"desk.form.assign_to.add_multiple": (
		lambda t: {**_assigned(t), "name": json.dumps([t.name]), "bulk_assign": 1, "re_assign": 1},
	),
	"desk.form.assign_to.close": (_unassigned,),
	"desk.form.assign_to.remove": (_unassigned,),
	"desk.form.assign_to.remove_multiple": (_unassigned,),
	"desk.form.document_follow.follow_document": (_followed,),
	"desk.form.document_follow.unfollow_document": (lambda t: {**_followed(t), "user": t.person},),
	"desk.form.document_follow.update_follow": (_followed,),
	"desk.form.linked_with.cancel_all_linked_docs": (lambda t: {"docs": json.dumps([_one(t)])},),
	"desk.form.save.cancel": (_one,),
	"desk.form.save.discard": (_one,),
	"desk.form.save.savedocs": (lambda t: {**_saved(t), "action": "Save"},),
	"desk.form.utils.add_comment": (_said,),
	"desk.form.utils.remove_attach": (lambda t: {"fid": t.file_name},),
	"desk.gantt.update_task": (_moved,),
	"desk.like.toggle_like": (lambda t: {**_one(t), "add": "Yes"},),
	"desk.reportview.delete_items": (lambda t: {"doctype": t.doctype, "items": json.dumps([t.name])},),
	"desk.treeview.add_node": (lambda t: {**_new(t), "is_root": "false", "parent": ""},),
	"email.inbox.mark_as_closed_open": (lambda t: {"communication": t.communication, "status": "Closed"},),
	"email.inbox.mark_as_spam": (lambda t: {"communication": t.communication, "sender": "x@example.com"},),
	"email.inbox.mark_as_trash": (lambda t: {"communication": t.communication},),
	"email.inbox.move_email": (
		lambda t: {"communication": t.communication, "email_account": frappe.db.get_value("Email Account", {}, "name")},
	),
	"email.relink": (
		lambda t: {"name": t.communication, "reference_doctype": "User", "reference_name": frappe.session.user},
	),
	"handler.run_doc_method": (
		*_run("add_comment", text="changed", comment_type="Comment"),
		*_run("rename", name="changed"),
		*renaming(),
		*_run("_rename", name="changed"),
		*_run("submit"),
		*_run("cancel"),
		*_run("add_tag", tag="changed"),
	),
	"model.document.unlock_document": (lambda t: {"doctype": t.doctype, "name": t.name},),
	"model.rename_doc.update_document_title": (
		lambda t: {"doctype": t.doctype, "docname": t.name, "name": "changed", "title": "changed"},
	),
	"share.add": (_shared,),
	"share.set_permission": (_shared,),
	"templates.includes.comments.comments.add_comment": (_said,),
	"utils.file_manager.add_attachments": (lambda t: {**_one(t), "attachments": json.dumps([t.file_name])},),
	"utils.nestedset.rebuild_tree": (lambda t: {"doctype": "Power Node", "parent_field": "parent_power_node"},),
	"website.doctype.discussion_topic.discussion_topic.submit_discussion": (
		lambda t: {"doctype": t.doctype, "docname": t.name, "reply": "changed", "title": "changed"},
	),
}
