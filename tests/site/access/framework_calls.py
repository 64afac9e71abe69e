"""How each reading function of Frappe is asked for a row of ours: arguments for every name in `framework_functions.READS`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import frappe


@dataclass(frozen=True)
class Target:
	"""A row of ours: its doctype and name, the doctype it is a child of, a text field, and what leads to it."""

	doctype: str
	name: str
	parent: str | None
	field: str
	property: str
	contact: str
	person: str  # who works there
	file: str
	data_import: str
	version: str
	file_name: str
	communication: str
	elsewhere: str  # the property of those who are asked about this row

	@property
	def fields(self) -> str:
		return json.dumps(["name", self.field])

	@property
	def is_single(self) -> bool:
		return self.doctype == self.name


Call = Callable[[Target], dict[str, Any]]


def _all(t: Target) -> dict[str, Any]:
	return {
		"doctype": t.doctype,
		"fields": '["*"]',
		"parent_doctype": t.parent,
		"filters": "[]",
		"limit_page_length": 0,
	}


def _within(t: Target) -> dict[str, Any]:
	return {"doctype": t.doctype, "fields": '["*"]', "parent": t.parent, "limit_page_length": 0}


def _one(t: Target) -> dict[str, Any]:
	return {"doctype": t.doctype, "name": t.name}


def _named(t: Target) -> dict[str, Any]:
	return {"doctype": t.doctype, "docname": t.name}


def _grouped(t: Target) -> dict[str, Any]:
	return {"doctype": t.doctype, "current_filters": "[]", "field": t.field}


def _assigned(t: Target) -> dict[str, Any]:
	return {"doctype": t.doctype, "current_filters": "[]", "field": "assigned_to"}


def _search(t: Target) -> dict[str, Any]:
	return {
		"doctype": t.doctype,
		"txt": "",
		"page_length": 1000,
		"ignore_user_permissions": 1,
		"reference_doctype": t.parent or t.doctype,
		"searchfield": t.field,
	}


def _widget(t: Target) -> dict[str, Any]:
	return {**_search(t), "filter_fields": t.fields}


def _card(t: Target, function: str = "Count") -> dict[str, Any]:
	doc = {"document_type": t.doctype, "parent_document_type": t.parent, "function": function, "name": "x"}
	return {"doc": json.dumps({**doc, "aggregate_function_based_on": "creation", "stats_time_interval": "Daily"})}


def _chart(t: Target, **more: str) -> dict[str, Any]:
	chart = {
		"name": "x",
		"document_type": t.doctype,
		"parent_document_type": t.parent,
		"based_on": "creation",
		"chart_type": "Count",
		"timespan": "Last Year",
		"time_interval": "Yearly",
		"filters_json": "[]",
		**more,
	}
	return {"chart": json.dumps(chart), "no_cache": 1, "heatmap_year": "2026"}


def _goal(t: Target) -> dict[str, Any]:
	return {
		"title": "x",
		"doctype": "Language",  # which everybody may read
		"docname": "en",
		"goal_value_field": "idx",
		"goal_total_field": "idx",
		"goal_history_field": "flag",
		"goal_doctype": t.doctype,
		"goal_doctype_link": "docstatus",  # a text is 0 to MariaDB
		"goal_field": "docstatus",
		"date_field": "creation",
		"aggregation": "count",
		"filters": json.dumps({"name": ("!=", "")}),
	}


def _stats(t: Target) -> dict[str, Any]:
	return {"doctype": t.doctype, "stats": json.dumps(["owner", "modified_by"]), "filters": "[]"}


def _printed(t: Target) -> dict[str, Any]:
	return {"doc": t.doctype, "name": t.name, "no_letterhead": 1}


def _pdf(t: Target) -> dict[str, Any]:
	return {"doctype": t.doctype, "name": t.name, "no_letterhead": 1}


def _through(path: str) -> Call:
	"""A function that calls another: the other's replacement counts, too."""
	return lambda t: {
		"doctype": t.doctype,
		"label": "x",
		"parent": "[]",
		"tree_method": path,
		"field": "assigned_to",
	}


CALLS: dict[str, tuple[Call, ...]] = {
	"automation.doctype.auto_repeat.auto_repeat.generate_message_preview": (
		# from 16 on it takes the record that says what repeats
		lambda t: {
			"reference_dt": t.doctype,
			"reference_doc": t.name,
			"message": "{{ doc.as_json() }}",
			"name": t.name,
		},
	),
	"client.get": (
		lambda t: {**_one(t), "parent": t.parent},
		lambda t: {"doctype": t.doctype, "filters": json.dumps({"name": t.name}), "parent": t.parent},
	),
	"client.get_count": (
		lambda t: {"doctype": t.doctype},
		lambda t: {"doctype": t.doctype, "filters": json.dumps([[t.doctype, t.field, "like", "%Zq%"]])},
	),
	"client.get_doc_permissions": (_named,),
	"client.get_list": (_within, lambda t: {**_within(t), "fields": t.fields}),
	"client.get_password": (lambda t: {**_one(t), "fieldname": t.field},),
	"client.get_single_value": (lambda t: {"doctype": t.doctype, "field": t.field},),
	"client.get_value": (
		lambda t: {
			"doctype": t.doctype,
			"fieldname": t.fields,
			"filters": json.dumps({"name": t.name}),
			"parent": t.parent,
		},
	),
	"client.has_permission": (_named,),
	"client.is_document_amended": (_named,),
	"client.validate_link_and_fetch": (
		lambda t: {"doctype": t.doctype, "docname": t.name, "fields_to_fetch": t.fields},
		lambda t: {"doctype": t.doctype, "docname": t.name, "ignore_user_permissions": 1},
	),
	"client.validate_link": (lambda t: {**_named(t), "fields": t.fields},),
	"contacts.doctype.contact.contact.address_query": (
		lambda t: {"links": json.dumps([{"link_doctype": t.doctype, "link_name": t.name}])},
	),
	"contacts.doctype.contact.contact.contact_query": (
		lambda t: {
			"doctype": "Contact",
			"txt": "",
			"searchfield": "name",
			"start": 0,
			"page_len": 1000,
			"filters": {"link_doctype": t.doctype, "link_name": t.name},
		},
	),
	"contacts.doctype.contact.contact.download_vcard": (lambda t: {"contact": t.contact},),
	"contacts.doctype.contact.contact.download_vcards": (lambda t: {"contacts": json.dumps([t.contact])},),
	"contacts.doctype.contact.contact.get_contact_details": (lambda t: {"contact": t.contact},),
	"core.api.file.get_attached_images": (lambda t: {"doctype": t.doctype, "names": json.dumps([t.name])},),
	"core.api.file.get_files_by_search_text": (lambda t: {"text": "Zq"},),
	"core.api.file.get_files_in_folder": (lambda t: {"folder": "Home", "page_length": 1000},),
	"core.api.file.zip_files": (lambda t: {"files": json.dumps([t.file_name])},),
	"core.doctype.data_export.exporter.export_data": (
		lambda t: {"doctype": t.parent or t.doctype, "with_data": "1", "all_doctypes": "1", "select_columns": "{}"},
	),
	"core.doctype.data_import.data_import.download_errored_template": (lambda t: {"data_import_name": t.data_import},),
	"core.doctype.data_import.data_import.download_import_log": (lambda t: {"data_import_name": t.data_import},),
	"core.doctype.data_import.data_import.download_template": (
		lambda t: {
			"doctype": t.doctype,
			"export_fields": json.dumps({t.doctype: ["name", t.field]}),
			"export_records": "all",
		},
	),
	"core.doctype.data_import.data_import.get_import_logs": (lambda t: {"data_import": t.data_import},),
	"core.doctype.data_import.data_import.get_import_status": (lambda t: {"data_import_name": t.data_import},),
	"core.doctype.prepared_report.prepared_report.get_reports_in_queued_state": (
		lambda t: {"report_name": "Response Times", "filters": "{}"},
	),
	"core.doctype.sms_settings.sms_settings.get_contact_number": (
		lambda t: {"contact_name": t.contact, "ref_doctype": "User", "ref_name": t.person},
	),
	"core.doctype.submission_queue.submission_queue.get_latest_submissions": (_named,),
	"core.doctype.user_permission.user_permission.check_applicable_doc_perm": (
		lambda t: {"user": t.person, "doctype": "Managed Property", "docname": t.property},
	),
	"core.doctype.user_permission.user_permission.get_user_permissions": (lambda t: {"user": t.person},),
	"desk.calendar.get_events": (
		lambda t: {
			"doctype": t.doctype,
			"start": "2000-01-01",
			"end": "2100-01-01",
			"field_map": json.dumps({"start": "creation", "end": "modified", "id": "name", "title": t.field}),
		},
	),
	"desk.doctype.dashboard_chart.dashboard_chart.get": (
		_chart,
		lambda t: _chart(t, type="Heatmap"),
		lambda t: _chart(t, chart_type="Group By", group_by_type="Count", group_by_based_on="owner"),
	),
	"desk.doctype.notification_log.notification_log.get_notification_logs": (lambda t: {"limit": 1000},),
	"desk.doctype.number_card.number_card.get_percentage_difference": (
		lambda t: {
			"doc": json.dumps({**json.loads(_card(t)["doc"]), "name": "Running Outages"}),
			"filters": "[]",
			"result": 5,
		},
	),
	"desk.doctype.number_card.number_card.get_result": (
		lambda t: {**_card(t), "filters": "[]"},
		lambda t: {**_card(t, "Maximum"), "filters": "[]"},
	),
	"desk.doctype.tag.tag.get_documents_for_tag": (lambda t: {"tag": "#Zq-tag"},),
	"desk.doctype.tag.tag.get_tagged_docs": (lambda t: {"doctype": t.doctype, "tag": "%"},),
	"desk.form.document_follow.get_follow_users": (lambda t: {"doctype": t.doctype, "doc_name": t.name},),
	"desk.form.linked_with.get": (
		_named,
		lambda t: {"doctype": "Managed Property", "docname": t.property},
		lambda t: {"doctype": "Contact", "docname": t.contact},
		lambda t: {"doctype": "User", "docname": t.person},
	),
	"desk.form.linked_with.get_linked_doctypes": (lambda t: {"doctype": t.doctype},),
	"desk.form.linked_with.get_submitted_linked_docs": (
		_one,
		lambda t: {"doctype": "Managed Property", "name": t.property},
	),
	"desk.form.load.get_communications": (_one,),
	"desk.form.load.get_docinfo": (_one,),
	"desk.form.load.getdoc": (_one,),
	"desk.form.utils.get_next": (
		lambda t: {"doctype": t.doctype, "value": t.name, "prev": 0, "sort_field": t.field},
		lambda t: {"doctype": t.doctype, "value": t.name, "prev": 1, "sort_field": t.field},
	),
	"desk.link_preview.get_preview_data": (_named,),
	"desk.listview.get_group_by_count": (_grouped, _assigned),
	"desk.notifications.get_notifications": (lambda t: {},),
	"desk.notifications.get_open_count": (
		lambda t: {"doctype": "User", "name": frappe.session.user, "items": json.dumps([t.doctype])},
		lambda t: {**_one(t), "items": json.dumps(["Outage Task"])},
	),
	"desk.query_report.export_query": (
		lambda t: {"report_name": "Response Times", "file_format_type": "CSV", "filters": "{}", "visible_idx": "[]"},
	),
	"desk.query_report.get_data_for_custom_field": (lambda t: {"doctype": t.doctype, "field": t.field},),
	"desk.query_report.run": (
		lambda t: {"report_name": "Response Times", "filters": json.dumps({"property": t.property})},
		lambda t: {"report_name": "Roster Gaps", "filters": json.dumps({"property": t.property})},
	),
	"desk.reportview.export_query": (lambda t: {**_all(t), "file_format_type": "CSV", "title": "x"},),
	"desk.reportview.get": (_all, lambda t: {**_all(t), "group_by": f"`tab{t.doctype}`.`{t.field}`"}),
	"desk.reportview.get_count": (lambda t: {**_all(t), "fields": "[]"},),
	"desk.reportview.get_filter_dashboard_data": (
		lambda t: {"doctype": t.doctype, "stats": json.dumps([{"name": t.field, "type": "Data"}]), "filters": "[]"},
	),
	"desk.reportview.get_list": (_all,),
	"desk.reportview.get_sidebar_stats": (_stats,),
	"desk.reportview.get_stats": (_stats,),
	"desk.search.get_link_title": (_named,),
	"desk.search.search_link": (_search,),
	"desk.search.search_widget": (
		_widget,
		lambda t: {**_widget(t), "as_dict": 1},
		lambda t: {
			**_widget(t),
			"txt": t.name,
			"query": "frappe.desk.form.utils.get_next",
			"searchfield": "0",
			"page_length": "asc",
			"filters": json.dumps(t.field),
		},
	),
	"desk.treeview.get_all_nodes": (
		_through("frappe.desk.listview.get_group_by_count"),
		_through("frappe.desk.treeview.get_children"),
		_through("frappe.desk.search.search_widget"),
	),
	"desk.treeview.get_children": (lambda t: {"doctype": "Power Node", "parent": ""},),
	"email.get_contact_list": (lambda t: {"txt": "", "page_length": 1000},),
	"geo.utils.get_coords": (lambda t: {"doctype": t.doctype, "filters": "[]", "type": "coordinates"},),
	"handler.download_file": (lambda t: {"file_url": t.file},),
	"model.mapper.make_mapped_doc": (lambda t: {"method": "frappe.client.get_count", "source_name": t.doctype},),
	"model.mapper.map_docs": (
		lambda t: {
			"method": "frappe.client.get_count",
			"source_names": json.dumps([t.doctype]),
			"target_doc": json.dumps([[t.doctype, "name", "!=", ""]]),
		},
	),
	"model.workflow.can_cancel_document": (lambda t: {"doctype": t.doctype},),
	"model.workflow.get_common_transition_actions": (
		lambda t: {"docs": json.dumps([{"doctype": t.doctype, "name": t.name}]), "doctype": t.doctype},
	),
	"model.workflow.get_transitions": (lambda t: {"doc": json.dumps({"doctype": t.doctype, "name": t.name})},),
	"realtime.can_subscribe_doc": (_named,),
	"realtime.can_subscribe_doctype": (lambda t: {"doctype": t.doctype},),
	"realtime.has_permission": (_one,),
	"search.web_search": (lambda t: {"query": "Zq"},),
	"share.get_users": (_one,),
	"utils.diff.get_version_diff": (
		lambda t: {"from_version": t.version, "to_version": t.version, "fieldname": "words"},
	),
	"utils.diff.version_query": (
		lambda t: {
			"doctype": "Version",
			"txt": "",
			"searchfield": "name",
			"start": 0,
			"page_len": 1000,
			"filters": {"ref_doctype": t.doctype, "docname": t.name},
		},
	),
	"utils.file_manager.download_file": (lambda t: {"file_url": t.file},),
	"utils.global_search.search": (lambda t: {"text": "Zq", "doctype": t.doctype},),
	"utils.global_search.web_search": (lambda t: {"text": "Zq"},),
	"utils.goal.get_monthly_goal_graph_data": (_goal,),
	"utils.print_format.download_multi_pdf": (
		lambda t: {"doctype": t.doctype, "name": json.dumps([t.name]), "no_letterhead": 1},
	),
	"utils.print_format.download_multi_pdf_async": (lambda t: {"doctype": t.doctype, "name": json.dumps([t.name])},),
	"utils.print_format.download_pdf": (_pdf,),
	"utils.weasyprint.download_pdf": (lambda t: {**_one(t), "print_format": "Standard"},),
	"website.doctype.web_form.web_form.get_form_data": (lambda t: {**_named(t), "web_form_name": "nothing"},),
	"website.doctype.web_form.web_form.get_link_options": (
		lambda t: {"web_form_name": "nothing", "doctype": t.doctype},
	),
	"workflow.doctype.workflow.workflow.get_workflow_state_count": (
		lambda t: {"doctype": t.doctype, "workflow_state_field": t.field, "states": "[]"},
	),
	"www.list.get": (lambda t: {"doctype": t.doctype, "limit": 1000},),
	"www.list.get_list_data": (lambda t: {"doctype": t.doctype, "limit": 1000},),
	"www.printview.get_html_and_style": (
		_printed,
		lambda t: {
			"doc": json.dumps({"doctype": t.doctype, "name": t.name, "property": t.elsewhere}),
			"no_letterhead": 1,
		},
	),
	"www.printview.get_rendered_raw_commands": (_printed,),
	"www.search.get_search_results": (lambda t: {"text": "Zq"},),
}

# asked of every doctype of ours, and of what Frappe keeps about them
OF_EVERY_DOCTYPE: dict[str, tuple[Call, ...]] = {
	"client.get": (lambda t: {**_one(t), "parent": t.parent},),
	"client.get_list": (_within,),
	"client.get_count": (lambda t: {"doctype": t.doctype},),
	"desk.form.linked_with.get": (_named,),
	"desk.listview.get_group_by_count": (_grouped, _assigned),
	"desk.search.search_widget": (_widget,),
}
