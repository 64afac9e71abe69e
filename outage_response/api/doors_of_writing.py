"""Endpoints of Frappe that hang something on a document, or take it away, and look at no permission: here they do so for those who may
read the document.

Whoever has a login may else put words of their own on the step of an outage, follow it by mail, or have a call's mail belong to another
document. hooks.py puts each in the place of Frappe's own, for every doctype, as those that read (`doors.py`).
`tests/site/access/test_framework_writes.py` tries them all.
"""

from collections.abc import Callable
from typing import Any

import frappe
from frappe import _, email
from frappe.desk import like
from frappe.desk.doctype.tag import tag as tagging
from frappe.desk.form import assign_to, document_follow
from frappe.email import inbox
from frappe.templates.includes.comments import comments
from frappe.utils import file_manager, nestedset
from frappe.website.doctype.discussion_topic import discussion_topic

from outage_response.permissions import is_ours, require_read, require_right, roles_of

from .doors import of_one, parsed
from .reached import reached

OF_A_WEBSITE = ("Blog Post", "Web Page")


def _of_one(function: Callable, name: str, doctype: str = "doctype", **more: Any) -> Callable:
	run = of_one(function, name, doctype, **more)
	run.__module__ = __name__
	return run


# as Frappe 15 has it, which ends with a fault where it refuses
add_tag = _of_one(tagging.add_tag, "dn", "dt", right="write")
remove_tag = _of_one(tagging.remove_tag, "dn", "dt", right="write")
toggle_like = _of_one(like.toggle_like, "name")
update_follow = _of_one(document_follow.update_follow, "doc_name")
# marks of a mail, and to which document it belongs: whoever may take the mail away
mark_as_closed_open = _of_one(inbox.mark_as_closed_open, "communication", always="Communication", right="delete")
mark_as_spam = _of_one(inbox.mark_as_spam, "communication", always="Communication", right="delete")
mark_as_trash = _of_one(inbox.mark_as_trash, "communication", always="Communication", right="delete")
move_email = _of_one(inbox.move_email, "communication", always="Communication", right="delete")
relink = _of_one(email.relink, "name", always="Communication", right="delete")


@frappe.whitelist()
@reached
def add_tags(tags: Any, dt: str, docs: Any, **more: Any) -> Any:
	"""`frappe.desk.doctype.tag.tag.add_tags`."""
	for name in parsed(docs, list, "docs"):
		require_right("write", dt, str(name))
	return frappe.call(tagging.add_tags, tags=tags, dt=dt, docs=docs, **more)


@frappe.whitelist(allow_guest=True)
@reached
def add_comment(reference_doctype: str, reference_name: str, **more: Any) -> Any:
	"""`frappe.templates.includes.comments.comments.add_comment`, meant for pages of a website. Frappe lets guests comment on those
	alone, but whoever has a login on every document."""
	if reference_doctype not in OF_A_WEBSITE:
		require_read(reference_doctype, reference_name)
	more |= {"reference_doctype": reference_doctype, "reference_name": reference_name}
	return frappe.call(comments.add_comment, **more)


@frappe.whitelist()
@reached
def submit_discussion(doctype: str, docname: str, **more: Any) -> Any:
	"""`frappe.website.doctype.discussion_topic.discussion_topic.submit_discussion`, of pages whose readers are not asked here."""
	if is_ours(doctype):
		require_read(doctype, docname)
	return frappe.call(discussion_topic.submit_discussion, doctype=doctype, docname=docname, **more)


@frappe.whitelist()
@reached
def add(doctype: str, name: str, **more: Any) -> Any:
	"""`frappe.desk.form.assign_to.add`."""
	require_read(doctype, name)
	return assign_to.add(frappe._dict(more, doctype=doctype, name=name))


@frappe.whitelist()
@reached
def add_multiple(doctype: str, name: Any, **more: Any) -> Any:
	"""`frappe.desk.form.assign_to.add_multiple`."""
	names = parsed(name, list, "name")
	for one in names:
		require_read(doctype, str(one))
	return assign_to.add_multiple(frappe._dict(more, doctype=doctype, name=frappe.as_json(names)))


@frappe.whitelist()
@reached
def follow_document(doctype: str, doc_name: str, user: str) -> Any:
	"""`frappe.desk.form.document_follow.follow_document`: what follows a document is sent what is written about it."""
	require_read(doctype, doc_name)
	_require_oneself(user)
	return document_follow.follow_document(doctype, doc_name, user)


@frappe.whitelist()
@reached
def unfollow_document(doctype: str, doc_name: str, user: str) -> Any:
	"""`frappe.desk.form.document_follow.unfollow_document`."""
	_require_oneself(user)
	return document_follow.unfollow_document(doctype, doc_name, user)


def _require_oneself(user: str) -> None:
	if user != frappe.session.user:
		frappe.throw(_("User: one follows a document oneself. Choose your own login."), frappe.PermissionError)


@frappe.whitelist()
@reached
def add_attachments(doctype: str, name: str, attachments: Any) -> Any:
	"""`frappe.utils.file_manager.add_attachments`, of files that one may open."""
	require_read(doctype, name)
	for file in parsed(attachments, list, "attachments"):
		require_read("File", str(file))
	return file_manager.add_attachments(doctype, name, attachments)


@frappe.whitelist()
@reached
def rebuild_tree(doctype: str, parent_field: str | None = None) -> None:
	"""`frappe.utils.nestedset.rebuild_tree`, by System Managers, as Frappe means it by its short name."""
	if "System Manager" not in roles_of():
		frappe.throw(_("{0}: only a System Manager does this.").format(_(doctype)), frappe.PermissionError)
	frappe.call(nestedset.rebuild_tree, doctype=doctype, parent_field=parent_field)
