"""Every endpoint: who may call it, with which arguments. Written by hand; one without a row fails."""

import importlib
import json
import pkgutil

import frappe

import outage_response.api
from outage_response.api import doors

from ..world import user
from .people import COMMAND, CONTROL, PEOPLE, STAFF

# endpoint -> (who may, arguments from the world). `everywhere` may what the operator may; the others never.
ENDPOINTS = {
	"staff.declare": (STAFF, lambda w: {"property": w["property"], "nodes": [w["shafts"][1]]}),
	"staff.record_call": (STAFF, lambda w: {"property": w["property"], "unit": w["units"][0], "words": "dark"}),
	"staff.report_trapped": (STAFF, lambda w: {"incident": w["incident"], "elevator": w["elevators"][0]}),
	"staff.note_entrapment": (STAFF, lambda w: {"entrapment": w["entrapment"], "talked": True}),
	"staff.report_empty": (
		STAFF,
		lambda w: {"entrapment": w["lone_entrapment"], "outcome": "released_by_contractor", "who": "the fitter"},
	),
	"staff.read_back_empty": (STAFF, lambda w: {"entrapment": w["entrapment"]}),
	"staff.take_call": (CONTROL | {"manager"}, lambda w: {"call": w["call"]}),
	"staff.take_danger": (CONTROL | {"manager"}, lambda w: {"task": w["guards_step"]}),
	"staff.complete_for": (CONTROL | {"manager"}, lambda w: {"task": w["guards_step"], "who": "a guard"}),
	# that people are inside after all, everybody on the staff may say
	"staff.correct_outcome": (STAFF, lambda w: {"task": w["guards_step"], "outcome": "trapped"}),
	"staff.confirm": (COMMAND, lambda w: {"incident": w["incident"], "cause_type": "Overload"}),
	"staff.start": (COMMAND, lambda w: {"incident": w["planned"]}),
	"staff.reclassify": (COMMAND, lambda w: {"incident": w["incident"], "level": "I", "reason": "the street is dark"}),
	"staff.extend_scope": (CONTROL | {"engineer"}, lambda w: {"incident": w["incident"], "nodes": [w["room"]]}),
	"staff.take_over_changes": (CONTROL | {"service", "manager"}, lambda w: {"incident": w["incident"]}),
	"staff.set_etr": (COMMAND | {"service"}, lambda w: {"incident": w["incident"], "etr": "2099-01-01 06:00"}),
	"staff.permit_energise": (CONTROL, lambda w: {"incident": w["incident"]}),
	"staff.supply_back": (CONTROL | {"engineer"}, lambda w: {"incident": w["incident"], "source": "by itself"}),
	"staff.stand_down": (CONTROL | {"manager"}, lambda w: {"incident": w["restored"]}),
	"staff.close": (CONTROL | {"manager"}, lambda w: {"incident": w["restored"]}),
	"staff.cancel": (CONTROL | {"manager"}, lambda w: {"incident": w["planned"], "reason": "not today"}),
	"staff.file_report": (
		frozenset({"engineer", "manager"}),
		lambda w: {"incident": w["restored"], "cause": "overload", "actions": "split the load"},
	),
	"staff.declare_proposal": (STAFF, lambda w: {"proposal": w["proposal"]}),
	"staff.dismiss_proposal": (
		CONTROL | {"manager"},
		lambda w: {"proposal": w["proposal"], "reason": "a fuse at home"},
	),
	# a step of Security: its own people; reassigning and relieving also by the control room, skipping by the manager
	"staff.acknowledge": (frozenset({"guard1"}), lambda w: {"task": w["guards_step"]}),
	"staff.arrive": (frozenset({"guard1"}), lambda w: {"task": w["guards_step"]}),
	"staff.complete": (frozenset({"guard1"}), lambda w: {"task": w["guards_step"], "evidence": "done"}),
	"staff.add_evidence": (frozenset({"guard1"}), lambda w: {"task": w["guards_step"], "evidence": "later"}),
	"staff.no_answer": (frozenset({"guard1"}), lambda w: {"task": w["guards_step"]}),
	"staff.withdraw": (frozenset({"guard1"}), lambda w: {"task": w["guards_step"], "danger": "smoke"}),
	"staff.skip": (frozenset({"guard1", "manager"}), lambda w: {"task": w["guards_step"], "reason": "not needed"}),
	"staff.reassign": (
		CONTROL | {"guard1", "manager"},
		lambda w: {"task": w["guards_step"], "user": user("guard2")},
	),
	"staff.relieve": (CONTROL | {"guard1"}, lambda w: {"task": w["guards_step"], "user": user("guard2")}),
	"staff.move": (frozenset({"guard1"}), lambda w: {"task": w["guards_step"], "to": w["guards_step"]}),
	"staff.read_back": (CONTROL, lambda w: {"task": w["read_back_step"]}),
	"staff.give_up_callback": (
		CONTROL | {"service", "manager"},
		lambda w: {"callback": w["callback"], "reason": "The flat is empty"},
	),
	"staff.log_attempt": (CONTROL | {"service"}, lambda w: {"callback": w["callback"], "outcome": "Reached"}),
	"staff.read_care_needs": (CONTROL | {"service"}, lambda w: {"incident": w["incident"]}),
	"staff.set_care_need": (
		frozenset({"service"}),
		lambda w: {"unit": w["units"][0], "contact": w["contacts"][0], "what": "ventilator"},
	),
	"staff.get_timeline": (STAFF | {"admin"}, lambda w: {"incident": w["incident"]}),
	"staff.get_figures": (STAFF | {"admin"}, lambda w: {"incident": w["incident"]}),
	# a list of what the reader may see: to people of another property it is empty
	"staff.get_callback_queue": (
		STAFF - {"engineer", "guard1"} | {"admin", "foreigner"},
		lambda w: {"incident": w["restored"]},
	),
	"screens.get_incident": (STAFF | {"admin"}, lambda w: {"incident": w["incident"]}),
	"screens.get_units": (STAFF | {"admin"}, lambda w: {"incident": w["incident"]}),
	"screens.get_callback": (STAFF - {"engineer", "guard1"} | {"admin"}, lambda w: {"callback": w["callback"]}),
	"screens.preview_notice": (
		CONTROL | {"service", "manager"},
		lambda w: {"incident": w["incident"], "kind": "First Word"},
	),
	# what one may use anywhere, which may be nothing; the tree and the counts hold only what the reader may see
	"screens.get_verbs": (frozenset(PEOPLE[1:]), lambda w: {}),
	"screens.get_power_nodes": (STAFF | {"admin", "foreigner"}, lambda w: {"doctype": "Power Node"}),
	"screens.count_life_safety": (STAFF | {"admin", "foreigner"}, lambda w: {}),
	"screens.count_overdue": (STAFF | {"admin", "foreigner"}, lambda w: {}),
	"screens.get_planned": (STAFF | {"admin", "foreigner"}, lambda w: {"start": "2026-03-01", "end": "2026-04-01"}),
}
# Tickets of a helpdesk: here is none, and nobody is told anything; visitors are turned away at the door. What may be
# done with one where there is one stands in trouble/test_agent.py and other_apps/test_desks.py.
NO_TICKET = {"ticket_type": "ToDo", "ticket": "nothing"}
LOGGED_IN = frozenset(PEOPLE[1:])
ENDPOINTS |= {
	"agent.look": (LOGGED_IN, lambda w: NO_TICKET),
	"agent.running": (STAFF | {"foreigner"}, lambda w: {"ticket_type": "ToDo"}),
	"agent.may_attach": (LOGGED_IN, lambda w: {"ticket_type": "HD Ticket"}),
	"agent.declare": (STAFF | {"foreigner"}, lambda w: NO_TICKET),
	"agent.propose": (LOGGED_IN, lambda w: NO_TICKET),
	"agent.attach": (CONTROL | {"service", "foreigner"}, lambda w: {**NO_TICKET, "incident": w["incident"]}),
	"agent.attach_many": (
		CONTROL | {"service", "foreigner"},
		lambda w: {
			"ticket_type": NO_TICKET["ticket_type"],
			"tickets": [NO_TICKET["ticket"]],
			"incident": w["incident"],
		},
	),
	"agent.log_callback": (CONTROL | {"service", "foreigner"}, lambda w: {**NO_TICKET, "outcome": "Reached"}),
	"portal.known": (LOGGED_IN, lambda w: {}),
	"portal.of_ticket": (LOGGED_IN, lambda w: NO_TICKET),
	"portal.want_updates": (LOGGED_IN, lambda w: NO_TICKET),
}

# What is taken out of the site, by those whom Frappe lets export it: what they may list
ENDPOINTS |= {
	"exports.of_list": (
		CONTROL | {"manager", "admin", "foreigner"},
		lambda w: {"doctype": "Outage Incident", "fields": '["name"]', "file_format_type": "CSV"},
	),
	"exports.of_report": (
		CONTROL | {"manager", "admin", "foreigner"},
		lambda w: {"report_name": "Outages by Month", "file_format_type": "CSV", "visible_idx": "[]"},
	),
	"exports.of_data": (
		CONTROL | {"manager", "admin", "foreigner"},
		lambda w: {"doctype": "Outage Incident", "select_columns": '{"Outage Incident": ["name", "description"]}'},
	),
	"exports.of_import": (
		CONTROL | {"manager", "admin", "foreigner"},
		lambda w: {"doctype": "Outage Incident", "export_fields": '{"Outage Incident": ["name", "description"]}'},
	),
	"exports.of_refused_rows": (frozenset({"admin"}), lambda w: {"data_import_name": w["import"]}),
	"exports.of_import_log": (frozenset({"admin"}), lambda w: {"data_import_name": w["import"]}),
}

# My outage tasks: what is assigned to oneself
ENDPOINTS |= {
	"phone.get_my_tasks": (STAFF | {"foreigner"}, lambda w: {}),
	"phone.add_photo": (frozenset({"guard1"}), lambda w: {"task": w["guards_step"], "request_id": "photo-of-a-test"}),
}

# Being rung: who holds a link that nobody else was given, or signs as the gateway does, may answer with it. Here is neither.
GUESTS = {"paging.look", "paging.answer", "paging.inbound", "doors_of_writing.add_comment"}
ENDPOINTS |= {
	"paging.acknowledge_for": (CONTROL | {"manager"}, lambda w: {"task": w["guards_step"], "how": "radio"}),
	"paging.get_who_knows": (STAFF | {"admin"}, lambda w: {"incident": w["incident"]}),
	"paging.get_test": (CONTROL | {"manager", "admin"}, lambda w: {"test": w["test"]}),
	"paging.get_shifts": (STAFF | {"admin", "foreigner"}, lambda w: {"start": "2026-03-01", "end": "2026-03-31"}),
	"paging.hand_over": (STAFF, lambda w: {"incident": w["incident"], "note": "the shift ends"}),
	"paging.test_call": (CONTROL | {"manager"}, lambda w: {"property": w["property"]}),
	"paging.test_channel": (frozenset({"admin", "keeper"}), lambda w: {"channel": "Bell"}),
	"paging.swap_shifts": (CONTROL | {"manager"}, lambda w: {"shift": w["shift"], "other": w["shift"]}),
	"paging.look": (frozenset(PEOPLE), lambda w: {"token": "guessed.seal"}),
	"paging.answer": (frozenset(PEOPLE), lambda w: {"token": "guessed.seal"}),
	"paging.inbound": (frozenset(), lambda w: {"channel": "SMS"}),
}

# Notices to residents, and those who phone them
ENDPOINTS |= {
	"staff.send_notice": (
		CONTROL | {"service", "manager"},
		lambda w: {"incident": w["incident"], "kind": "First Word"},
	),
	"staff.prove_posting": (
		CONTROL | {"service", "guard1"},
		lambda w: {"incident": w["incident"], "notice": w["notice"], "photo": "/files/posted.png"},
	),
	# a list of what the caller may see: to people of another property it is empty
	"calls.get_calls": (CONTROL | {"service", "foreigner"}, lambda w: {}),
	"calls.get_unreached": (CONTROL | {"service", "manager"}, lambda w: {"incident": w["incident"]}),
	"calls.claim_call": (
		CONTROL | {"service"},
		lambda w: {"doctype": "Notice Delivery", "name": w["delivery"]},
	),
	"calls.log_told": (CONTROL | {"service"}, lambda w: {"delivery": w["delivery"], "outcome": "Reached"}),
	"personal.export_resident_data": (frozenset({"service", "manager"}), lambda w: {"contact": w["contacts"][0]}),
	"personal.void_resident_links": (frozenset({"service", "manager"}), lambda w: {"contact": w["contacts"][0]}),
	"personal.erase_resident_data": (frozenset({"service", "manager"}), lambda w: {"contact": w["contacts"][0]}),
}

READING = {
	"calls.get_calls",
	"calls.get_unreached",
	"paging.get_shifts",
	"paging.get_test",
	"paging.get_who_knows",
	"paging.get_alarm",
	"paging.look",
	"phone.get_my_tasks",
	"screens.get_callback",
	"screens.get_incident",
	"screens.get_planned",
	"screens.get_units",
	"screens.preview_notice",
	"screens.get_verbs",
	"staff.get_callback_queue",
	"staff.get_figures",
	"staff.get_timeline",
}
# the control room's screens: what the reader may see, to people of another property nothing
ENDPOINTS |= {
	"command.centre": (STAFF | {"admin", "foreigner"}, lambda w: {}),
	"command.call_sheet": (STAFF | {"admin"}, lambda w: {"incident": w["incident"]}),
	"command.run_card_lines": (STAFF | {"admin"}, lambda w: {"incident": w["incident"]}),
	"command.declare_seen": (STAFF, lambda w: {"property": w["property"], "where": w["shafts"][1]}),
	"command.get_levels": (STAFF | {"foreigner"}, lambda w: {}),
	# for whoever takes a call; whose number it is only for those who may read units
	"command.elevators": (STAFF | {"foreigner"}, lambda w: {}),
	"command.homes_of_number": (
		STAFF - {"engineer", "guard1"},
		lambda w: {"property": w["property"], "phone": "13800000001"},
	),
}

# what stands on every screen while nobody is rung; and whoever is there says that the site is the site
ENDPOINTS |= {
	"paging.get_alarm": (STAFF | {"admin", "foreigner"}, lambda w: {}),
	"paging.confirm_site": (STAFF | {"foreigner"}, lambda w: {}),
}

READING |= {
	"command.centre",
	"command.call_sheet",
	"command.run_card_lines",
	"command.elevators",
	"command.get_levels",
	"command.homes_of_number",
}
# stand in for a method of Frappe, or are read by pages, which post
BOTH = {
	"exports.of_list",
	"exports.of_report",
	"exports.of_data",
	"exports.of_import",
	"exports.of_refused_rows",
	"exports.of_import_log",
	"agent.look",
	"agent.may_attach",
	"agent.running",
	"portal.known",
	"portal.of_ticket",
	"screens.count_life_safety",
	"screens.count_overdue",
	"screens.get_power_nodes",
	"looking.make_access_log",
}

# the plans are the company's, not a property's
ENDPOINTS |= {
	"plans.get_plan_difference": (
		STAFF | {"admin", "keeper", "foreigner"},
		lambda w: {"plan": frappe.db.get_value("Outage Level", "II", "plan")},
	),
	"plans.get_plan_losses": (
		frozenset({"keeper", "admin"}),
		lambda w: {"plan": frappe.db.get_value("Outage Level", "II", "plan")},
	),
	"plans.put_plan_in_force": (
		frozenset({"keeper", "admin"}),
		lambda w: {"plan": frappe.db.get_value("Outage Level", "II", "plan")},
	),
	"plans.take_over_plan": (
		frozenset({"keeper", "admin"}),
		lambda w: {"plan": frappe.db.get_value("Outage Level", "II", "plan")},
	),
}
READING |= {
	"plans.get_plan_difference",
	"plans.get_plan_losses",
	"master_data.get_alike_buildings",
	"master_data.get_roles_of_departments",
}

# two records that may be one building
ENDPOINTS |= {
	"master_data.get_alike_buildings": (STAFF | {"admin"}, lambda w: {"building": w["building"]}),
	"master_data.get_roles_of_departments": (STAFF | {"admin", "keeper", "foreigner"}, lambda w: {"txt": "Outage"}),
	# what Frappe logs for anybody; nobody by the name of a look at residents' data
	"looking.make_access_log": (frozenset(), lambda w: {"doctype": "Contact", "method": "read_care_needs"}),
	"master_data.merge_buildings": (
		frozenset({"manager", "admin"}),
		lambda w: {"building": w["other_building"], "into": w["building"]},
	),
}

# Frappe's own, narrowed to what one may list; all of their answers are looked at in test_framework_doors.py
LISTERS = STAFF | {"admin", "foreigner"}
READERS = STAFF | {"admin"}
THE_OUTAGE = {"doctype": "Outage Incident"}
DOORS = {
	"doors.get_children": (LISTERS, lambda w: {"doctype": "Power Node", "parent": ""}),
	"doors.get_all_nodes": (
		LISTERS,
		lambda w: {
			"doctype": "Power Node",
			"label": "x",
			"parent": "",
			"tree_method": "frappe.desk.treeview.get_children",
		},
	),
	"doors.get_chart": (
		LISTERS,
		lambda w: {
			"chart": json.dumps(
				{
					"name": "x",
					"document_type": "Outage Incident",
					"based_on": "creation",
					"chart_type": "Count",
					"timespan": "Last Year",
					"time_interval": "Yearly",
				}
			),
			"no_cache": 1,
		},
	),
	"doors.get_contact_details": (frozenset({"admin"}), lambda w: {"contact": w["contacts"][0]}),
	"doors.get_contact_number": (
		frozenset({"admin"}),
		lambda w: {"contact_name": w["contacts"][0], "ref_doctype": "User", "ref_name": "x"},
	),
	"doors.get_count": (LISTERS, lambda w: THE_OUTAGE),
	"doors.get_data_for_custom_field": (LISTERS, lambda w: {**THE_OUTAGE, "field": "level"}),
	"doors.get_documents_for_tag": (LOGGED_IN, lambda w: {"tag": "#x"}),
	"doors.get_follow_users": (READERS, lambda w: {**THE_OUTAGE, "doc_name": w["incident"]}),
	# sums over all rows, so for those who see all
	"doors.get_goal_graph": (
		frozenset({"admin", "everywhere"}),
		lambda w: {
			"title": "x",
			"doctype": "Outage Incident",
			"docname": w["incident"],
			"goal_value_field": "idx",
			"goal_total_field": "idx",
			"goal_history_field": "cause",
			"goal_doctype": "Outage Task",
			"goal_doctype_link": "incident",
			"goal_field": "idx",
			"date_field": "creation",
		},
	),
	"doors.get_group_by_count": (
		LISTERS,
		lambda w: {"doctype": "Outage Task", "current_filters": "[]", "field": "assigned_to"},
	),
	"doors.get_latest_submissions": (READERS, lambda w: {**THE_OUTAGE, "docname": w["incident"]}),
	"doors.get_link_title": (READERS, lambda w: {**THE_OUTAGE, "docname": w["incident"]}),
	"doors.get_linked": (READERS, lambda w: {**THE_OUTAGE, "docname": w["incident"]}),
	"doors.get_next": (READERS, lambda w: {**THE_OUTAGE, "value": w["incident"], "prev": 0}),
	"doors.get_open_count": (READERS, lambda w: {**THE_OUTAGE, "name": w["incident"], "items": "[]"}),
	"doors.get_state_count": (LISTERS, lambda w: {**THE_OUTAGE, "workflow_state_field": "status", "states": "[]"}),
	"doors.get_submitted_linked_docs": (READERS, lambda w: {**THE_OUTAGE, "name": w["incident"]}),
	"doors.get_tagged_docs": (LISTERS, lambda w: {**THE_OUTAGE, "tag": "%"}),
	"doors.get_user_permissions": (frozenset({"guard1", "admin"}), lambda w: {"user": user("guard1")}),
	"doors.has_permission": (READERS, lambda w: {**THE_OUTAGE, "name": w["incident"]}),
	"doors.map_docs": (
		LISTERS,
		lambda w: {"method": "frappe.client.get_count", "source_names": '["Outage Incident"]', "target_doc": "{}"},
	),
	"doors.search_link": (LISTERS, lambda w: {**THE_OUTAGE, "txt": ""}),
	"doors.search_widget": (LISTERS, lambda w: {**THE_OUTAGE, "txt": ""}),
	# a form, what is sent with it, and what a form sends back
	"doors.cancel": (frozenset(), lambda w: {**THE_OUTAGE, "name": w["incident"]}),
	"doors.get_docinfo": (READERS, lambda w: {**THE_OUTAGE, "name": w["incident"]}),
	"doors.getdoc": (READERS, lambda w: {**THE_OUTAGE, "name": w["incident"]}),
	"doors.savedocs": (
		frozenset({"manager", "admin"}),
		lambda w: {"doc": frappe.get_doc("Power Node", w["room"]).as_json(), "action": "Save"},
	),
	"doors.get_crm_call_log": (LOGGED_IN, lambda w: {"name": "OUTAGE-x-1"}),
	"doors_of_global_search.search_everywhere": (LOGGED_IN, lambda w: {"text": "x"}),
	"doors.zip_files": (LOGGED_IN, lambda w: {"files": "[]"}),
	# imports are the administrator's; here is none of the name
	"doors.get_import_status": (LOGGED_IN, lambda w: {"data_import_name": "x"}),
}
if "validate_link_and_fetch" in vars(doors):  # from 16 on
	DOORS["doors.validate_link_and_fetch"] = (LISTERS, lambda w: {**THE_OUTAGE, "docname": w["incident"]})
if "discard" in vars(doors):  # from 16 on
	DOORS["doors.discard"] = (frozenset(), lambda w: {**THE_OUTAGE, "name": w["incident"]})
# what is hung on a document; all of them are tried in test_framework_writes.py
DOORS |= {
	f"doors_of_writing.{name}": row
	for name, row in {
		"add": (READERS, lambda w: {**THE_OUTAGE, "name": w["incident"], "assign_to": "[]"}),
		"add_multiple": (READERS, lambda w: {**THE_OUTAGE, "name": json.dumps([w["incident"]]), "assign_to": "[]"}),
		"add_attachments": (READERS, lambda w: {**THE_OUTAGE, "name": w["incident"], "attachments": "[]"}),
		"add_comment": (
			frozenset(),
			lambda w: {
				"reference_doctype": "Care Need",
				"reference_name": frappe.db.get_value("Care Need", {}, "name"),
				"comment": "x",
			},
		),
		"add_tag": (frozenset({"manager", "admin"}), lambda w: {"dt": "Power Node", "dn": w["room"], "tag": "x"}),
		"add_tags": (
			frozenset({"manager", "admin"}),
			lambda w: {"dt": "Power Node", "docs": json.dumps([w["room"]]), "tags": '["x"]'},
		),
		"remove_tag": (frozenset({"manager", "admin"}), lambda w: {"dt": "Power Node", "dn": w["room"], "tag": "x"}),
		"toggle_like": (READERS, lambda w: {**THE_OUTAGE, "name": w["incident"]}),
		# for nobody else
		"follow_document": (frozenset(), lambda w: {**THE_OUTAGE, "doc_name": w["incident"], "user": "x"}),
		"unfollow_document": (frozenset(), lambda w: {**THE_OUTAGE, "doc_name": w["incident"], "user": "x"}),
		"update_follow": (READERS, lambda w: {**THE_OUTAGE, "doc_name": w["incident"], "following": 0}),
		# here is no mail of the name
		"mark_as_closed_open": (LOGGED_IN, lambda w: {"communication": "x", "status": "Closed"}),
		"mark_as_spam": (LOGGED_IN, lambda w: {"communication": "x", "sender": "x"}),
		"mark_as_trash": (LOGGED_IN, lambda w: {"communication": "x"}),
		"move_email": (LOGGED_IN, lambda w: {"communication": "x", "email_account": "x"}),
		"relink": (LOGGED_IN, lambda w: {"name": "x"}),
		"rebuild_tree": (
			frozenset({"admin"}),
			lambda w: {"doctype": "Power Node", "parent_field": "parent_power_node"},
		),
		"submit_discussion": (
			READERS,
			lambda w: {**THE_OUTAGE, "docname": w["incident"], "reply": "x", "title": "x"},
		),
	}.items()
}
ENDPOINTS |= DOORS
BOTH |= set(DOORS)


def our_endpoints() -> dict:
	"""short name -> function, for everything whitelisted in the app."""
	for module in pkgutil.walk_packages(outage_response.api.__path__, "outage_response.api."):
		importlib.import_module(module.name)
	return {
		f"{function.__module__}.{function.__name__}".removeprefix("outage_response.api."): function
		for function in frappe.whitelisted
		if function.__module__.startswith("outage_response.")
	}


# What one argument of an endpoint names. Of the first kind the endpoint asks for permission itself: `Endpoints` tries them as
# somebody of another property. Of the second kind a value of another property is tried, beside all else that is right.
# Those that stand in for methods of Frappe have tests of their own
STAND_INS = ("doors.", "doors_of_global_search.", "doors_of_writing.", "exports.", "looking.")
