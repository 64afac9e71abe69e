"""Endpoints of Frappe that look at no permission, or at the role alone: here they answer with what one may list.

Whoever has a login may else count any doctype by any filter, and so find out, question by question, whose telephone rings or what
stands in a mail; and a role of one property reads the rows of all. hooks.py puts each in the place of Frappe's own, for every
doctype: what tells of an outage stands in Frappe's tables, too. `tests/site/access/test_framework_doors.py` tries them all.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import frappe
from frappe import _, client
from frappe.contacts.doctype.contact import contact as contacts
from frappe.core.api import file as file_api
from frappe.core.doctype.data_import import data_import
from frappe.core.doctype.sms_settings import sms_settings
from frappe.core.doctype.submission_queue import submission_queue
from frappe.core.doctype.user_permission import user_permission
from frappe.desk import listview, notifications, reportview, search, treeview
from frappe.desk.doctype.dashboard_chart import dashboard_chart
from frappe.desk.doctype.tag import tag as tags
from frappe.desk.form import document_follow, linked_with, load, save
from frappe.desk.form import utils as form_utils
from frappe.model import mapper
from frappe.model.db_query import DatabaseQuery
from frappe.utils import cint, goal

from outage_response import call_records, compat, listing
from outage_response.permissions import require_list, require_read, require_right

from .reached import reached

# Frappe's own endpoint shows as many
MOST_GROUPS = 50
CRM_CALL = "crm.fcrm.doctype.crm_call_log.crm_call_log.get_call_log"


@frappe.whitelist()
@reached
def get_count(doctype: str, filters: Any = None, debug: Any = False, cache: Any = False) -> int:
	"""`frappe.client.get_count`."""
	if frappe.get_meta(doctype).get("is_virtual"):  # has no table; Frappe's own says so
		_require_every_row(doctype)
		return client.get_count(doctype, filters, debug, cache)
	try:
		wanted = frappe.parse_json(filters) or {}
	except ValueError:
		wanted = filters
	return listing.count(doctype, {"name": wanted} if isinstance(wanted, str) else wanted)


def of_one(
	function: Callable, name: str, doctype: str = "doctype", *, always: str = "", right: str = "read"
) -> Callable:
	"""`function` of Frappe for those who have the `right` (Frappe's kind of permission) to the document that its arguments `doctype`
	(or `always` the same one) and `name` say."""

	@frappe.whitelist()
	@reached
	def run(**arguments: Any) -> Any:
		for wanted in (name,) if always else (doctype, name):
			if not isinstance(arguments.get(wanted), str | int):
				_unread(wanted)
		require_right(right, always or str(arguments[doctype]), str(arguments[name]))
		return frappe.call(function, **arguments)

	run.__name__, run.__module__ = function.__name__, __name__
	return run


# the document before or after one; by any field, so that a search by halves would read that field
get_next = of_one(form_utils.get_next, "value")
get_link_title = of_one(search.get_link_title, "docname")
get_follow_users = of_one(document_follow.get_follow_users, "doc_name")
get_latest_submissions = of_one(submission_queue.get_latest_submissions, "docname")
get_submitted_linked_docs = of_one(linked_with.get_submitted_linked_docs, "name")
get_contact_details = of_one(contacts.get_contact_details, "contact", always="Contact")
# what was in a file that somebody imported
get_import_status = of_one(data_import.get_import_status, "data_import_name", always="Data Import")
get_contact_number = of_one(sms_settings.get_contact_number, "contact_name", always="Contact")


@frappe.whitelist()
@reached
def has_permission(doctype: str, name: str | int = "") -> bool:
	"""`frappe.realtime.has_permission` (from 16 on): may a page of the reader's hear of this document, or, without a name, of the
	doctype's list? Of a child row Frappe's own asks for its kind of parent only."""
	if name:
		require_read(doctype, str(name))
	else:
		require_list(doctype)
	return True


@frappe.whitelist()
@reached
def zip_files(files: Any) -> Any:
	"""`frappe.core.api.file.zip_files`, of files that one may open."""
	for name in parsed(files, list, "files"):
		require_read("File", name)
	return file_api.zip_files(files)


def parsed(value: Any, kind: type, field: str) -> Any:
	"""What a client sent as JSON, or sent already read. Raises ValidationError for anything else."""
	try:
		found = frappe.parse_json(value)
	except ValueError:
		found = None
	if not isinstance(found, kind):
		_unread(field)
	return found


def _unread(field: str) -> None:
	frappe.throw(_("{0}: cannot be read. Send what Frappe's own function takes.").format(field))


@frappe.whitelist()
@reached
def get_linked(doctype: str, docname: str) -> dict[str, list]:
	"""`frappe.desk.form.linked_with.get`: documents that name this one."""
	require_read(doctype, docname)
	found = linked_with.get(doctype, docname)
	return {linked: rows for linked, its in found.items() if (rows := listed(linked, its))}


def listed(doctype: str, rows: list[dict]) -> list[dict]:
	if not frappe.has_permission(doctype):  # of a child table: nobody
		return []
	names = [row["name"] for row in rows]
	mine = set(listing.get_list(doctype, {"name": ("in", names)}, pluck="name", limit=0))
	return [row for row in rows if row["name"] in mine]


@frappe.whitelist()
@reached
def search_link(doctype: str, txt: str, ignore_user_permissions: Any = False, **more: Any) -> Any:
	"""`frappe.desk.search.search_link`, for a link field."""
	more |= _narrowed(doctype, more.get("query"), ignore_user_permissions)
	return frappe.call(search.search_link, doctype=doctype, txt=txt, **more)


@frappe.whitelist()
@reached
def search_widget(doctype: str, txt: str, ignore_user_permissions: Any = False, **more: Any) -> Any:
	"""`frappe.desk.search.search_widget`."""
	more |= _narrowed(doctype, more.get("query"), ignore_user_permissions)
	return frappe.call(search.search_widget, doctype=doctype, txt=txt, **more)


if hasattr(client, "validate_link_and_fetch"):  # from 16 on

	@frappe.whitelist(methods=["GET", "POST"])
	@reached
	def validate_link_and_fetch(
		doctype: str, docname: str, query: Any = None, ignore_user_permissions: Any = False, **more: Any
	) -> Any:
		"""`frappe.client.validate_link_and_fetch`, which searches as `search_widget` does."""
		more |= _narrowed(doctype, query, ignore_user_permissions)
		return frappe.call(client.validate_link_and_fetch, doctype=doctype, docname=docname, **more)


def _narrowed(doctype: str, query: Any, ignore: Any) -> dict[str, Any]:
	return {"query": _replaced(query), "ignore_user_permissions": _may_ignore(doctype, ignore)}


def _replaced(path: Any) -> Any:
	"""Who has one function call another gets the one that stands in its place."""
	ours = frappe.get_hooks("override_whitelisted_methods", {}).get(path) if isinstance(path, str) else None
	return ours[-1] if ours else path


@frappe.whitelist()
@reached
def get_all_nodes(doctype: str, label: str, parent: str, tree_method: str, **filters: Any) -> Any:
	"""`frappe.desk.treeview.get_all_nodes`, which calls the function that it is told."""
	return treeview.get_all_nodes(doctype, label, parent, _replaced(tree_method), **filters)


@frappe.whitelist()
@reached
def get_children(doctype: str, parent: str = "", **more: Any) -> list[dict]:
	"""`frappe.desk.treeview.get_children`, which from 16 on looks at no permission."""
	require_list(doctype)
	rows = treeview.get_children(doctype, parent, **more)
	mine = set(listing.get_list(doctype, {"name": ("in", [row["value"] for row in rows])}, pluck="name", limit=0))
	return [row for row in rows if row["value"] in mine]


@frappe.whitelist()
@reached
def map_docs(method: str, source_names: Any, target_doc: Any, args: Any = None) -> Any:
	"""`frappe.model.mapper.map_docs`, likewise."""
	return mapper.map_docs(_replaced(method), source_names, target_doc, args)


def _may_ignore(doctype: str, asked: Any) -> int:
	"""A field may ask to ignore User Permissions. Frappe ignores everything else with them, so only where there is nothing else:
	no condition of an app or a script, no row that is only its owner's."""
	if not cint(asked):
		return 0
	conditions = DatabaseQuery(doctype).get_permission_query_conditions()
	of_owner = frappe.permissions.get_role_permissions(frappe.get_meta(doctype)).get("has_if_owner_enabled")
	return int(not conditions and not of_owner)


@frappe.whitelist()
@reached
def get_group_by_count(doctype: str, current_filters: str, field: str) -> list[dict]:
	"""`frappe.desk.listview.get_group_by_count`: how many of a list have which value. Whom they are assigned to is counted as the
	list filters by it: by those to whom they are now."""
	if field != "assigned_to":
		return listview.get_group_by_count(doctype, current_filters, field)
	asked = {"filters": frappe.parse_json(current_filters), "limit": 0, "order_by": None}
	if "_assign" not in frappe.db.get_table_columns(doctype):
		frappe.get_list(doctype, **{**asked, "limit": 1})  # raises what it raises
		return []
	rows = frappe.get_list(
		doctype, fields=["_assign", compat.over_rows("COUNT", "*", "count")], group_by="_assign", **asked
	)
	counts: Counter[str] = Counter()
	for row in rows:
		counts.update(dict.fromkeys(frappe.parse_json(row._assign or "[]"), row.count))
	return [{"name": user, "count": count} for user, count in counts.most_common(MOST_GROUPS)]


def _with_timeline(function: Callable) -> Callable:
	"""`function` of Frappe, which sends a document's timeline with it: without the calls of ours that the caller may not see."""
	methods = frappe.allowed_http_methods_for_whitelisted_func.get(function)

	@frappe.whitelist(methods=methods)
	@reached
	def run(**arguments: Any) -> Any:
		answer = frappe.call(function, **arguments)
		said = frappe.local.response.get("docinfo")
		if said and said.get("additional_timeline_content"):
			said["additional_timeline_content"] = call_records.without_others(said["additional_timeline_content"])
		return answer

	run.__name__, run.__module__ = function.__name__, __name__
	return run


getdoc, get_docinfo = _with_timeline(load.getdoc), _with_timeline(load.get_docinfo)
savedocs, cancel = _with_timeline(save.savedocs), _with_timeline(save.cancel)
if hasattr(save, "discard"):  # from 16 on
	discard = _with_timeline(save.discard)


@frappe.whitelist()
@reached
def get_crm_call_log(name: str) -> Any:
	"""`crm.fcrm.doctype.crm_call_log.crm_call_log.get_call_log`, which looks at no permission; calls of others are CRM's to show."""
	if call_records.is_ours(name):
		require_read("CRM Call Log", name)
	return frappe.call(frappe.get_attr(CRM_CALL), name=name)


@frappe.whitelist()
@reached
def get_open_count(doctype: str, name: str, items: Any = None) -> dict:
	"""`frappe.desk.notifications.get_open_count`: what a form's dashboard counts, of doctypes that the caller may list."""
	require_read(doctype, name)
	if items is None:
		groups = frappe.get_meta(doctype).get_dashboard_data().get("transactions") or []
		items = [one for group in groups for one in group.get("items")]
	mine = [one for one in parsed(items, list, "items") if isinstance(one, str) and frappe.has_permission(one)]
	return notifications.get_open_count(doctype, name, mine)


@frappe.whitelist()
@reached
def get_tagged_docs(doctype: str, tag: str) -> list:
	"""`frappe.desk.doctype.tag.tag.get_tagged_docs`."""
	require_list(doctype)
	if "_user_tags" not in frappe.db.get_table_columns(doctype):
		return []
	return frappe.get_list(doctype, filters={"_user_tags": ("like", tag)}, as_list=True, limit=0)


@frappe.whitelist()
@reached
def get_documents_for_tag(tag: str) -> list[dict]:
	"""`frappe.desk.doctype.tag.tag.get_documents_for_tag`."""
	found: dict[str, list[dict]] = {}
	for row in tags.get_documents_for_tag(tag):
		found.setdefault(row["doctype"], []).append(row)
	return [row for doctype, rows in found.items() for row in listed(doctype, rows)]


@frappe.whitelist()
@reached
def get_data_for_custom_field(doctype: str, field: str) -> dict[str, Any]:
	"""`frappe.desk.query_report.get_data_for_custom_field`: a field of each document, for a column of a report."""
	return dict(frappe.get_list(doctype, fields=["name", field], as_list=True, limit=0))


@frappe.whitelist()
@reached
def get_user_permissions(user: str | None = None) -> dict:
	"""`frappe.core.doctype.user_permission.user_permission.get_user_permissions`: for which properties somebody works."""
	if user not in (None, "", frappe.session.user):
		require_list("User Permission")
	return user_permission.get_user_permissions(user)


@frappe.whitelist()
@reached
def get_chart(chart_name: str | None = None, chart: Any = None, **more: Any) -> Any:
	"""`frappe.desk.doctype.dashboard_chart.dashboard_chart.get`. A heat map counts all rows, so only for those who may list all."""
	what = frappe.get_doc("Dashboard Chart", chart_name) if chart_name else parsed(chart, dict, "chart")
	if what.get("type") == "Heatmap":
		_require_every_row(what.get("document_type"))
	return frappe.call(dashboard_chart.get, chart_name=chart_name, chart=chart, **more)


@frappe.whitelist()
@reached
def get_goal_graph(goal_doctype: str, **more: Any) -> dict:
	"""`frappe.utils.goal.get_monthly_goal_graph_data`: sums over all rows of a doctype."""
	_require_every_row(goal_doctype)
	return frappe.call(goal.get_monthly_goal_graph_data, goal_doctype=goal_doctype, **more)


@frappe.whitelist()
@reached
def get_state_count(doctype: str, workflow_state_field: str, states: Any) -> list[dict]:
	"""`frappe.workflow.doctype.workflow.workflow.get_workflow_state_count`."""
	rows = frappe.get_list(
		doctype,
		fields=[workflow_state_field, compat.over_rows("COUNT", "*", "count")],
		filters={workflow_state_field: ("not in", parsed(states, list, "states"))},
		group_by=workflow_state_field,
		order_by=None,
		limit=0,
	)
	return [row for row in rows if row[workflow_state_field]]


def _require_every_row(doctype: str) -> None:
	"""Raise frappe.PermissionError unless the session's user may list each row of the doctype."""
	if not frappe.has_permission(doctype, "read") or reportview.build_match_conditions(doctype):
		frappe.throw(_("{0}: you have no access to this list.").format(_(doctype)), frappe.PermissionError)
