"""Who may see and do what (invariant 9): every endpoint and every doctype by every kind of person.

The tables are written by hand. An endpoint or a doctype without a row fails: whoever adds one says who it is for.
"""

import concurrent.futures
import contextlib
import importlib
import inspect
import json
import pkgutil
import time

import frappe
from frappe.utils.password import set_encrypted_password

import outage_response.api
from outage_response.api import doors
from outage_response.flows.callbacks import attempts
from outage_response.flows.elevators import entrapment_verbs
from outage_response.flows.incident import incident_verbs
from outage_response.flows.notices import issuing
from outage_response.flows.residents import who_depends_on_power
from outage_response.flows.tasks import task_verbs

from . import world as build
from .base import SiteTest, forget_caches
from .live import LiveTest, end_processes
from .portal_pages import give_login
from .world import user

tearDownModule = end_processes

MODULE = "Outage Response"
SECRET = "oxygen concentrator"  # what nobody reads by another road than care.read_care_needs
# guest; the resident of a unit, next door, one who moved out, an agent of a helpdesk; the five roles; a control-room
# operator of another property; one whom no User Permission binds; a System Manager without a role of ours; who answers for the site
OUTSIDE = ("Guest", "resident", "next_door", "moved", "agent")
PEOPLE = (
	*OUTSIDE,
	"operator",
	"engineer",
	"service",
	"guard1",
	"manager",
	"foreigner",
	"everywhere",
	"admin",
	"keeper",
)
STAFF = frozenset({"operator", "engineer", "service", "guard1", "manager"})
CONTROL = frozenset({"operator"})
COMMAND = CONTROL | {"engineer", "manager"}

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
# done with one where there is one stands in test_agent.py and test_platforms.py.
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
	"doors.search_everywhere": (LOGGED_IN, lambda w: {"text": "x"}),
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

# doctype -> what each may: Read, Create, Write, Delete. Guests and residents nothing, anywhere.
MASTER = {"admin": "RCWD", "manager": "RCW", "operator": "R", "engineer": "R", "service": "R", "guard1": "R"}
# what holds for the whole site: a property's manager reads it
OF_THE_SITE = {**MASTER, "manager": "R", "keeper": "RCW"}
RECORD = {"admin": "R", "manager": "R", "operator": "R", "engineer": "R", "service": "R", "guard1": "R"}
DOCTYPES = {
	"Managed Property": {**MASTER, "keeper": "RCW"},
	"Power Node": MASTER,
	"Property Asset": MASTER,
	"Property Building": MASTER,
	"Response Department": OF_THE_SITE,
	"Outage Level": OF_THE_SITE,
	"Outage Plan": OF_THE_SITE,
	"Outage Response Settings": {**OF_THE_SITE, "admin": "RCW"},
	"Outage Site": RECORD,
	"Property Unit": {**MASTER, "engineer": "", "guard1": ""},
	"Duty Shift": {**MASTER, "manager": "RCWD", "operator": "RCWD"},
	"Care Need": {},
	"Outage Affected Unit": {},
	"Outage Incident": dict.fromkeys(RECORD, "RC"),
	"Outage Task": RECORD,
	"Timeline Entry": RECORD,
	"Outage Callback": {**RECORD, "engineer": "", "guard1": ""},
	"Outage Report": {**RECORD, "guard1": ""},
	"Elevator Entrapment": RECORD,
	"Elevator Rescue Certificate": {"admin": "RCWD", "manager": "RCWD", "operator": "R"},
	"Trouble Call": {**RECORD, "guard1": ""},
	"Outage Proposal": {**RECORD, "guard1": ""},
	"Outage Ticket Reply": {**RECORD, "engineer": "", "guard1": ""},
	"Paging Channel": {"admin": "RCWD", "keeper": "RCW"},
	"Escalation Rule": OF_THE_SITE,
	"Outage Page": RECORD,
	"Paging Test": {**RECORD, "engineer": "", "guard1": "", "service": ""},
	"Roster Pattern": {**MASTER, "manager": "RCWD", "operator": "RCWD"},
	"Roster Absence": {**MASTER, "manager": "RCWD", "operator": "RCWD"},
	"Outage Notice": RECORD,
	"Notice Delivery": {**RECORD, "engineer": "", "guard1": ""},
	"Outage Notice Template": {"admin": "RCWD", "keeper": "RCW", "manager": "R", "service": "R", "operator": "R"},
}
LETTERS = {"read": "R", "create": "C", "write": "W", "delete": "D"}
# Nobody writes these by another road than the verbs, Administrator included
OWNED = (
	"Outage Incident",
	"Outage Task",
	"Outage Callback",
	"Outage Report",
	"Timeline Entry",
	"Outage Notice",
	"Notice Delivery",
	"Elevator Entrapment",
)
NOT_OF_A_PROPERTY = (
	"Response Department",
	"Outage Level",
	"Outage Plan",
	"Outage Response Settings",
	"Outage Site",
	"Paging Channel",
	"Escalation Rule",
	"Outage Notice Template",
	"Elevator Rescue Certificate",
)


def our_doctypes(**filters) -> list[str]:
	return frappe.get_all("DocType", filters={"module": MODULE, **filters}, pluck="name", order_by="name")


def our_endpoints() -> dict:
	"""short name -> function, for everything whitelisted in the app."""
	for module in pkgutil.walk_packages(outage_response.api.__path__, "outage_response.api."):
		importlib.import_module(module.name)
	return {
		f"{function.__module__}.{function.__name__}".removeprefix("outage_response.api."): function
		for function in frappe.whitelisted
		if function.__module__.startswith("outage_response.")
	}


def role_of_agents() -> str | None:
	"""The helpdesk's role, where there is one that reads no Contacts by itself: those are then its agents' to read."""
	reads = frappe.db.exists("DocPerm", {"parent": "Contact", "role": "Agent", "read": 1}) or frappe.db.exists(
		"Custom DocPerm", {"parent": "Contact", "role": "Agent", "read": 1}
	)
	return "Agent" if frappe.db.exists("Role", "Agent") and not reads else None


def a_request(method: str):
	"""As much of a request as endpoints look at."""
	return frappe._dict(
		method=method,
		args={},
		headers={},
		cookies={},
		form={},
		cache_control=frappe._dict(),
		host="localhost",
		scheme="http",
		get_data=lambda cache: b"",
	)


def make_strangers(property_name: str, other: str) -> None:
	"""The people of PEOPLE that the world does not make."""
	build.make_user(user("foreigner"), "Outage Control Room")
	build.permit(user("foreigner"), other)
	build.make_user(user("everywhere"), "Outage Control Room")
	build.make_user(user("admin"), "System Manager")
	build.make_user(user("keeper"), "Outage Administrator")
	build.make_user(user("next_door"))
	build.make_user(user("moved"))
	build.make_user(user("agent"), role_of_agents())


class AccessTest(SiteTest):
	"""A running incident, one whose supply is back, planned work, and a row of every doctype."""

	now = build.NIGHT.replace(hour=14)

	@classmethod
	def build_world(cls):
		world = build.make_tower("Access Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		cls.other = build.make_tower("Other Tower", floors=1)
		frappe.db.delete("User Permission", {"for_value": cls.other["property"]})
		make_strangers(world["property"], cls.other["property"])
		for who, contact in (("resident", 0), ("next_door", 1)):
			give_login(world["contacts"][contact], user(who))
		give_login(build.make_contact("Access Moved"), user("moved"))
		forget_caches()
		who_depends_on_power.set_care_need(world["units"][0], world["contacts"][0], SECRET, 30)
		world["incident"] = incident_verbs.declare(world["property"], [world["shafts"][0]], "II")["incident"]
		world["restored"] = incident_verbs.declare(world["property"], [world["switches"][-1]], "II")["incident"]
		incident_verbs.supply_back(world["restored"], source="by itself")
		world["planned"] = incident_verbs.declare(
			world["property"],
			[world["room"]],
			"III",
			planned_by="Property",
			reason="the switchgear is maintained",
			planned_start="2099-01-01 10:00",
			planned_end="2099-01-01 12:00",
		)["incident"]
		world["callback"] = frappe.get_all("Outage Callback", {"incident": world["restored"]}, pluck="name")[0]
		tasks = frappe.get_all(
			"Outage Task",
			{"incident": world["incident"]},
			["name", "department", "step_key", "life_safety", "held_until"],
		)
		world["guards_step"] = next(
			row.name for row in tasks if row.department == "security" and not row.life_safety and not row.held_until
		)
		world["call"] = frappe.get_doc(
			{"doctype": "Trouble Call", "property": world["property"], "incident": world["incident"]}
		)
		world["call"] = world["call"].insert(ignore_permissions=True).name
		entrapment_verbs.report_trapped(world["incident"], world["elevators"][0])
		world["entrapment"] = frappe.get_all("Elevator Entrapment", {"incident": world["incident"]}, pluck="name")[0]
		world["lone_entrapment"] = cls.by_verb(
			"Elevator Entrapment",
			property=world["property"],
			elevator=world["elevators"][1],
			elevator_label="Elevator 2",
			status="Trapped",
			since=str(cls.now),
			asked_at=str(cls.now),
		)
		world["proposal"] = cls.by_verb(
			"Outage Proposal", property=world["property"], power_node=world["shafts"][1], status="Open"
		)
		world["import"] = (
			frappe.get_doc(
				{
					"doctype": "Data Import",
					"reference_doctype": "Property Unit",
					"import_type": "Insert New Records",
				}
			)
			.insert(ignore_permissions=True)
			.name
		)
		world["reply"] = cls.by_verb(
			"Outage Ticket Reply",
			property=world["property"],
			ticket_type="ToDo",
			ticket=frappe.get_all("ToDo", limit=1, pluck="name")[0],
			kind="Known",
			status="Queued",
		)
		issuing.send_notice(world["incident"], "First Word")
		world["notice"] = frappe.get_all("Outage Notice", {"incident": world["incident"]}, pluck="name")[0]
		world["delivery"] = frappe.get_all("Notice Delivery", {"incident": world["incident"]}, pluck="name")[0]
		world["read_back_step"] = cls.read_back_step(world)
		world["report"] = cls.by_verb(
			"Outage Report", incident=world["restored"], property=world["property"], cause="load"
		)
		world["test"] = cls.by_verb("Paging Test", property=world["property"], called_at=str(cls.now))
		world["shift"] = frappe.get_all("Duty Shift", {"property": world["property"]}, pluck="name")[0]
		world["building"] = frappe.db.get_value("Property Unit", world["units"][0], "building")
		annex = {"doctype": "Property Building", "property": world["property"], "building_name": "Annex"}
		world["other_building"] = frappe.get_doc(annex).insert().name
		cls.samples = {
			"Managed Property": world["property"],
			"Property Building": world["building"],
			"Power Node": world["room"],
			"Property Asset": world["entrance"],
			"Property Unit": world["units"][0],
			"Duty Shift": frappe.get_all("Duty Shift", {"property": world["property"]}, pluck="name")[0],
			"Outage Affected Unit": frappe.get_all(
				"Outage Affected Unit", {"incident": world["incident"]}, pluck="name"
			)[0],
			"Care Need": frappe.get_all("Care Need", {"property": world["property"]}, pluck="name")[0],
			"Response Department": "security",
			"Outage Level": "II",
			"Outage Plan": frappe.db.get_value("Outage Level", "II", "plan"),
			"Outage Response Settings": "Outage Response Settings",
			"Outage Site": "Outage Site",
			"Outage Incident": world["incident"],
			"Outage Task": world["guards_step"],
			"Outage Callback": world["callback"],
			"Timeline Entry": frappe.get_all("Timeline Entry", {"incident": world["incident"]}, pluck="name")[0],
			"Trouble Call": world["call"],
			"Elevator Entrapment": world["entrapment"],
			"Elevator Rescue Certificate": user("engineer"),
			"Outage Proposal": world["proposal"],
			"Outage Ticket Reply": world["reply"],
			"Outage Report": world["report"],
			"Paging Channel": "Bell",
			"Escalation Rule": frappe.get_all("Escalation Rule", limit=1, pluck="name")[0],
			"Outage Page": frappe.get_all("Outage Page", {"incident": world["incident"]}, pluck="name")[0],
			"Paging Test": world["test"],
			"Roster Pattern": cls.by_verb(
				"Roster Pattern",
				title="Nights",
				property=world["property"],
				department="security",
				starts_on="2026-03-01",
				shifts=[{"start_time": "20:00:00", "end_time": "08:00:00", "user": user("guard1")}],
			),
			"Roster Absence": cls.by_verb(
				"Roster Absence",
				property=world["property"],
				user=user("guard1"),
				from_date="2026-03-01 00:00:00",
				to_date="2026-03-02 00:00:00",
			),
			"Outage Notice": world["notice"],
			"Notice Delivery": world["delivery"],
			"Outage Notice Template": frappe.get_all("Outage Notice Template", limit=1, pluck="name")[0],
		}
		return world

	@staticmethod
	def by_verb(doctype: str, **values) -> str:
		doc = frappe.get_doc({"doctype": doctype, **values})
		doc.flags.by_verb = doc.flags.ignore_links = True
		return doc.insert(ignore_permissions=True).name

	@staticmethod
	def read_back_step(world) -> str:
		"""A step that a second person reads back, its checks given by Engineering."""
		from outage_response.flows.facts import plan_steps

		for row in frappe.get_all("Outage Task", {"incident": world["restored"]}, ["name", "plan", "step_key"]):
			if plan_steps.step_of(row).read_back_by:
				return row.name
		row = frappe.get_all("Outage Task", {"incident": world["incident"]}, ["name", "plan", "step_key"])
		return next((one.name for one in row if plan_steps.step_of(one).read_back_by), row[0].name)

	def person(self, who: str) -> str:
		return who if who in ("Guest", "Administrator") else user(who)

	def ask(self, who: str, command: str, method: str = "POST", /, **arguments):
		"""A request as Frappe takes it: whitelisted, the right method, arguments typed. Undone afterwards."""
		frappe.set_user(self.person(who))
		frappe.local.form_dict = frappe._dict(arguments)
		frappe.local.response = frappe._dict(docs=[])
		frappe.local.request = a_request(method)
		frappe.local.request_ip = "127.0.0.1"
		frappe.db.savepoint("asked")
		try:
			with self.request():
				return frappe.handler.execute_cmd(command)
		finally:
			frappe.local.form_dict = frappe._dict()
			frappe.local.request = None
			frappe.local.response = frappe._dict()
			frappe.set_user("Administrator")
			frappe.db.rollback(save_point="asked")
			frappe.clear_messages()

	def may(self, who: str, command: str, method: str = "POST", /, **arguments) -> bool:
		"""False when permission is what is missing; a rule of the procedure may still say no."""
		try:
			self.ask(who, command, method, **arguments)
		except frappe.PermissionError:
			return False
		except frappe.ValidationError:
			pass
		return True


class Endpoints:
	"""Every endpoint by everybody."""

	def test_every_endpoint_has_a_row(self):
		self.assertEqual(sorted(our_endpoints()), sorted(ENDPOINTS))

	def test_everything_whitelisted_is_in_the_api(self):
		for function in our_endpoints().values():
			self.assertTrue(function.__module__.startswith("outage_response.api."), function)
		guests = {name for name, function in our_endpoints().items() if function in frappe.guest_methods}
		self.assertEqual(guests, GUESTS)

	def test_who_may(self):
		wrong = []
		for name, (allowed, arguments) in ENDPOINTS.items():
			if "operator" in allowed:
				allowed = allowed | {"everywhere"}
			method = "GET" if name in READING else "POST"
			frappe.cache.delete_keys("outage_portal:wrong")  # guesses of all of them
			for who in PEOPLE:
				may = self.may(who, f"outage_response.api.{name}", method, **arguments(self.world))
				if may != (who in allowed):
					wrong.append(f"{name}: {who} {'may' if may else 'may not'}")
		self.assertFalse(wrong)

	def test_a_refusal_for_want_of_permission_changes_nothing(self):
		for who in ("resident", "foreigner", "admin"):
			with self.refused(error=frappe.PermissionError), self.as_user(who), self.request():
				incident_verbs.reclassify(self.incident, "I", "because")
			with self.refused(error=frappe.PermissionError), self.as_user(who), self.request():
				task_verbs.acknowledge(self.guards_step)
			with self.refused(error=frappe.PermissionError), self.as_user(who), self.request():
				attempts.log_attempt(self.callback, "Reached")

	def test_lists_and_counts_hold_only_what_one_may_see(self):
		queue, count = "outage_response.api.staff.get_callback_queue", "frappe.client.get_count"
		self.assertEqual(self.ask("foreigner", queue, "GET"), [])
		running = "outage_response.api.agent.running"
		self.assertEqual(self.ask("foreigner", running, ticket_type="ToDo"), [])
		self.assertTrue(self.ask("operator", running, ticket_type="ToDo"))
		self.assertTrue(self.ask("resident", "outage_response.api.portal.known"))
		for who in ("moved", "agent", "operator", "admin"):
			self.assertEqual(self.ask(who, "outage_response.api.portal.known"), [])
		for who in ("resident", "operator", "admin"):
			self.assertFalse(self.ask(who, "outage_response.api.agent.look", **NO_TICKET))
		self.assertIn(self.callback, [row.name for row in self.ask("service", queue, "GET")])
		self.assertEqual(self.ask("foreigner", count, doctype="Outage Incident"), 0)
		here = {"property": ("in", [self.property, self.other["property"]])}
		self.assertEqual(self.ask("service", count, doctype="Outage Incident", filters=here), 3)
		planned = json.dumps({"level": "III", "property": self.property})
		self.assertEqual(self.ask("service", count, doctype="Outage Incident", filters=planned), 1)
		for who in ("resident", "service", "admin"):
			with self.assertRaises(frappe.PermissionError):
				self.ask(who, count, doctype="Care Need", filters={"what": ("like", "%oxygen%")})
		for who in ("resident", "service"):
			for theirs in ("Email Queue", "Error Log", "Version"):
				with self.subTest(who, doctype=theirs), self.assertRaises(frappe.PermissionError):
					self.ask(who, count, doctype=theirs)
			with contextlib.suppress(frappe.PermissionError):  # from 15 on everybody lists the contacts that they made
				self.assertEqual(self.ask(who, count, doctype="Contact"), 0)
		self.assertTrue(self.ask("admin", count, doctype="Contact"))

	def test_pages_are_let_into_the_room_of_a_list(self):
		"""Frappe 16's realtime server asks by one function for a document's room and, with an empty name, for a list's: whoever is
		kept out of a list's hears of no outage until the page is loaded anew."""
		for who in PEOPLE:
			with self.subTest(who):
				ask = {"doctype": "Outage Incident", "name": ""}
				may = self.may(who, "outage_response.api.doors.has_permission", **ask)
				self.assertEqual(may, who in LISTERS | {"everywhere"})

	def test_verbs_are_posted_and_readings_are_got(self):
		for name, (_allowed, arguments) in ENDPOINTS.items():
			wrong = ("POST",) if name in READING else ("GET", "PUT", "DELETE")
			if name in BOTH:
				continue
			for method in wrong:
				self.assertFalse(
					self.may("operator", f"outage_response.api.{name}", method, **arguments(self.world)),
					f"{method} {name}",
				)


# What one argument of an endpoint names. Of the first kind the endpoint asks for permission itself: `Endpoints` tries them as
# somebody of another property. Of the second kind a value of another property is tried, beside all else that is right.
# Those that stand in for methods of Frappe have tests of their own
STAND_INS = ("doors.", "doors_of_writing.", "exports.", "looking.")
NAMED_FIRST = {
	*("incident", "task", "callback", "call", "proposal", "entrapment", "shift", "test", "delivery", "doctype", "name"),
	*("ticket_type", "ticket", "tickets", "plan", "channel", "token", "parent", "form", "data_import_name"),
}
NAMED_BESIDE = {
	*("property", "unit", "power_node", "node", "nodes", "where", "contact", "elevator", "building", "areas"),
	*("user", "drill_participants", "to", "other", "notice", "photo", "call_record", "into"),
}
# Of the site, and no property's
OF_THE_SITE = {"level", "department"}
SAID = {
	*("txt", "searchfield", "page_len"),
	*(
		"occurred_at",
		"request_id",
		"all_the_same",
		"description",
		"planned_by",
		"planned_start",
		"planned_end",
		"reason",
	),
	*("windows", "etr", "is_drill", "cause", "cause_type", "override_reason", "words", "people", "floor", "conditions"),
	*("phone", "danger", "trapped", "injured", "talked", "outcome", "who", "how", "source", "actions", "follow_ups"),
	*(
		"checks",
		"exceptions",
		"evidence",
		"evidence_later",
		"elevator_no",
		"read_back",
		"note",
		"satisfaction",
		"duration",
	),
	*("what", "equipment_minutes", "kind", "message", "seen", "resolve", "yes", "wanted", "start", "end", "filters"),
	*("is_root", "debug", "cache"),
}


def step(world: dict, **filters) -> str:
	return frappe.get_all("Outage Task", {"incident": world["incident"], **filters}, pluck="name", limit=1)[0]


def as_if(task: str, **values) -> str:
	frappe.db.set_value("Outage Task", task, values)
	return task


def manned(world: dict) -> str:
	return as_if(step(world, held_until=("is", "set")), status="On Post", started_by=user("guard1"))


def posting(world: dict) -> dict:
	frappe.db.set_value("Outage Notice", world["notice"], "mode", "Public")
	photo = {"doctype": "File", "file_name": "posted.txt", "content": "posted"}
	return {
		"incident": world["incident"],
		"notice": world["notice"],
		"photo": frappe.get_doc(photo).insert(ignore_permissions=True).file_url,
	}


# What somebody else must be right for, so that the argument is come to
BESIDE = {
	("staff.arrive", "user"): lambda w: {"task": w["guards_step"]},
	("staff.report_trapped", "building"): lambda w: {"incident": w["incident"]},
	("staff.record_call", "building"): lambda w: {"property": w["property"], "trapped": True},
	("staff.record_call", "power_node"): lambda w: {"property": w["property"]},
	("staff.complete_for", "user"): lambda w: {"task": step(w, step_key="check_elevator"), "outcome": "trapped"},
	("staff.add_evidence", "photo"): lambda w: {"task": as_if(w["guards_step"], status="Done"), "evidence": "later"},
	("staff.relieve", "user"): lambda w: {"task": manned(w), "user": user("guard2")},
	("staff.move", "to"): lambda w: {"task": manned(w), "to": w["guards_step"]},
	("staff.prove_posting", "photo"): lambda w: posting(w),
	("staff.prove_posting", "notice"): lambda w: posting(w),
	("staff.log_attempt", "call_record"): lambda w: {"callback": w["callback"], "outcome": "Reached"},
	("staff.declare", "drill_participants"): lambda w: {
		"property": w["property"],
		"nodes": [w["shafts"][1]],
		"is_drill": True,
	},
}
# What is no post of this outage is refused in the same words
SAME_WORDS = {("staff.move", "to")}
# A name that is only shown, or looked for among what is the caller's: others' are as if they were not there
NOTHING_THERE = {
	("screens.get_power_nodes", "property"),
	("agent.declare", "node"),  # here is no helpdesk: test_agent.py
	("agent.propose", "node"),
	("agent.log_callback", "call_record"),
}


class LinksOfCallers:
	"""What a caller names is their property's, whatever argument it comes in by."""

	def test_every_argument_is_told_apart(self):
		known = NAMED_FIRST | NAMED_BESIDE | OF_THE_SITE | SAID
		arguments = {
			(name, argument)
			for name, function in our_endpoints().items()
			if not name.startswith(STAND_INS)
			for argument in inspect.signature(function).parameters
		}
		self.assertEqual(sorted(one for one in arguments if one[1] not in known), [])

	def test_nothing_of_another_property_is_taken(self):
		other = self.other
		photo = {"doctype": "File", "file_name": "theirs.txt", "content": "theirs", "is_private": 1}
		foreign = {
			"property": other["property"],
			"unit": other["units"][0],
			"power_node": other["room"],
			"node": other["room"],
			"nodes": [other["room"]],
			"where": other["room"],
			"contact": other["contacts"][0],
			"elevator": other["elevators"][0],
			"building": "Nowhere",
			"into": frappe.db.get_value("Property Unit", other["units"][0], "building"),
			"areas": [other["entrance"]],
			"user": user("foreigner"),
			"drill_participants": user("foreigner"),
			"to": frappe.get_all("Outage Task", {"incident": self.restored}, pluck="name")[0],
			"other": build.make_shift(other["property"], "control_room", "foreigner", self.clock.now),
			"notice": self.by_verb("Outage Notice", incident=self.restored, property=other["property"]),
			"photo": frappe.get_doc(photo).insert().file_url,
			"call_record": "nothing",
		}
		taken, tried = [], 0
		for name, function in our_endpoints().items():
			if name.startswith(STAND_INS):
				continue
			allowed, arguments = ENDPOINTS[name]
			for argument in set(inspect.signature(function).parameters) & NAMED_BESIDE:
				if (name, argument) in NOTHING_THERE:
					continue
				frappe.db.savepoint("one")
				base = BESIDE.get((name, argument), arguments)(self.world)
				who = next(one for one in ("operator", "guard1", "service", "engineer", "manager") if one in allowed)
				said = self.said(who, name, base)
				refusal = self.said(who, name, {**base, argument: foreign[argument]})
				tried += 1
				frappe.db.rollback(save_point="one")
				if not refusal or (refusal == said and (name, argument) not in SAME_WORDS):
					taken.append((name, argument, who, refusal))
		self.assertEqual(taken, [])
		self.assertGreater(tried, 30)

	def said(self, who: str, name: str, arguments: dict) -> str:
		"""Why it is refused; "" when it is not."""
		try:
			self.ask(who, f"outage_response.api.{name}", "GET" if name in READING else "POST", **arguments)
		except (frappe.ValidationError, frappe.PermissionError) as error:
			return f"{type(error).__name__}: {error}"
		return ""


class Doctypes:
	"""Every doctype by everybody, through Frappe's own doors."""

	def test_every_doctype_has_a_row_and_a_sample(self):
		self.assertEqual(our_doctypes(istable=0), sorted(DOCTYPES))
		self.assertEqual(sorted(self.samples), sorted(DOCTYPES))

	def expected(self, doctype: str, who: str, right: str) -> bool:
		if who == "foreigner" and doctype not in NOT_OF_A_PROPERTY:
			return False
		who = {"everywhere": "operator", "foreigner": "operator"}.get(who, who)
		return LETTERS[right] in DOCTYPES[doctype].get(who, "")

	def test_what_each_may(self):
		wrong = []
		for doctype, sample in self.samples.items():
			doc = frappe.get_doc(doctype, sample)
			for who in PEOPLE:
				for right in LETTERS:
					may = frappe.has_permission(doctype, right, doc=doc, user=self.person(who))
					if may is not self.expected(doctype, who, right):
						wrong.append(f"{doctype}: {who} {right}: {may!r}")
		self.assertFalse(wrong)

	def listed(self, doctype: str, who: str) -> bool:
		try:
			rows = self.ask(who, "frappe.client.get_list", "GET", doctype=doctype, limit_page_length=0)
		except frappe.PermissionError:
			return False
		return self.samples[doctype] in [row["name"] for row in rows]

	def test_lists_show_what_forms_show(self):
		"""One criterion for both: what may not be opened is not listed, and the other way round."""
		wrong = [
			f"{doctype}: {who}"
			for doctype in self.samples
			if doctype not in ("Outage Response Settings", "Outage Site")
			for who in PEOPLE
			if self.listed(doctype, who) is not self.expected(doctype, who, "read")
		]
		self.assertFalse(wrong)

	def test_reading_by_rest(self):
		wrong = []
		for doctype, sample in self.samples.items():
			for who in PEOPLE:
				may = self.may(who, "frappe.client.get", "GET", doctype=doctype, name=sample)
				if may is not self.expected(doctype, who, "read"):
					wrong.append(f"{doctype}: {who} {'may' if may else 'may not'}")
		self.assertFalse(wrong)

	def test_child_rows_follow_their_parent(self):
		for child in our_doctypes(istable=1):
			parents = frappe.get_all("DocField", {"fieldtype": "Table", "options": child}, pluck="parent")
			# rows that no form shows are read by nobody
			parent = parents[0] if parents else "Outage Incident"
			for who in PEOPLE:
				frappe.set_user(self.person(who))
				reads = bool(parents) and frappe.has_permission(parent, "read")
				frappe.set_user("Administrator")
				may = self.may(who, "frappe.client.get_list", "GET", doctype=child, parent=parent)
				self.assertIs(may, reads, f"{child}: {who}")

	def test_nobody_writes_what_the_verbs_own(self):
		"""By any of the doors that write, Administrator included."""
		fields = {
			"Outage Incident": ("status", "Closed"),
			"Outage Task": ("status", "Done"),
			"Outage Callback": ("status", "Reached"),
			"Outage Report": ("cause", "nothing at all"),
			"Timeline Entry": ("kind", "closed"),
			"Outage Notice": ("message", "all is well"),
			"Notice Delivery": ("state", "Seen"),
			"Elevator Entrapment": ("people", 9),
		}
		for doctype in OWNED:
			sample, (field, value) = self.samples[doctype], fields[doctype]
			doc = frappe.get_doc(doctype, sample).as_dict()
			saved = json.dumps({**doc, field: value}, default=str)
			fresh = json.dumps(
				{**doc, "name": None, "__islocal": 1, "dedupe_key": None, "request_id": None}, default=str
			)
			doors = {
				"set_value": (
					"frappe.client.set_value",
					{"doctype": doctype, "name": sample, "fieldname": field, "value": value},
				),
				"save": ("frappe.client.save", {"doc": saved}),
				"bulk_update": (
					"frappe.client.bulk_update",
					{"docs": json.dumps([{"doctype": doctype, "docname": sample, field: value}])},
				),
				"desk_save": ("frappe.desk.form.save.savedocs", {"doc": saved, "action": "Save"}),
				"delete": ("frappe.client.delete", {"doctype": doctype, "name": sample}),
				"rename": ("frappe.client.rename_doc", {"doctype": doctype, "old_name": sample, "new_name": "another"}),
				"cancel": ("frappe.client.cancel", {"doctype": doctype, "name": sample}),
			}
			if doctype != "Outage Incident":  # that is declaring, which staff may
				doors["insert"] = ("frappe.client.insert", {"doc": fresh})
			before = frappe.db.get_value(doctype, sample, ["modified", field])
			for who in ("Guest", "resident", "guard1", "operator", "manager", "admin", "Administrator"):
				for door, (command, arguments) in doors.items():
					with self.subTest(f"{doctype} {who} {door}"):
						self.assert_refused(who, command, arguments, doctype)
			self.assertEqual(frappe.db.get_value(doctype, sample, ["modified", field]), before)

	def assert_refused(self, who: str, command: str, arguments: dict, doctype: str) -> None:
		"""Refused, or answered with a list of what failed; nothing is written while it lasts."""
		count, frappe.local.message_log = frappe.db.count(doctype), []
		sample = self.samples[doctype]
		before = frappe.db.get_value(doctype, sample, "modified")
		try:
			answer = self.stay(who, command, **arguments)
		except (frappe.PermissionError, frappe.ValidationError):
			pass
		else:
			self.assertTrue(
				isinstance(answer, dict) and answer.get("failed_docs"), f"{command} was not refused: {answer}"
			)
		finally:
			self.assertEqual(frappe.db.count(doctype), count)
			self.assertEqual(frappe.db.get_value(doctype, sample, "modified"), before)

	def stay(self, who: str, command: str, **arguments):
		"""As `ask`, but what a request that succeeded has written can be looked at."""
		frappe.set_user(self.person(who))
		frappe.local.form_dict = frappe._dict(arguments)
		frappe.local.request = frappe._dict(method="POST")
		try:
			with self.request():
				return frappe.handler.execute_cmd(command)
		finally:
			frappe.local.form_dict, frappe.local.request = frappe._dict(), None
			frappe.local.response = frappe._dict()
			frappe.set_user("Administrator")

	def test_no_role_has_a_right_to_write_what_the_verbs_own(self):
		for doctype in OWNED:
			for row in frappe.get_meta(doctype).permissions:
				for right in ("write", "delete", "submit", "cancel", "amend", "share"):
					self.assertFalse(row.get(right), f"{doctype}: {row.role} {right}")

	def test_inserting_an_incident_of_another_property_is_refused(self):
		doc = {
			"doctype": "Outage Incident",
			"property": self.other["property"],
			"level": "II",
			"affected_nodes": [{"power_node": self.other["room"]}],
		}
		for who in ("Guest", "resident", "operator", "engineer", "service", "guard1", "manager"):
			self.assertFalse(self.may(who, "frappe.client.insert", doc=json.dumps(doc)), who)
		self.assertTrue(self.may("foreigner", "frappe.client.insert", doc=json.dumps(doc)))

	def test_properties_keep_apart(self):
		"""By User Permission on Managed Property, in lists and forms alike."""
		of_theirs = {
			"Managed Property": self.other["property"],
			"Power Node": self.other["room"],
			"Property Unit": self.other["units"][0],
			"Property Asset": self.other["entrance"],
		}
		for doctype, theirs in of_theirs.items():
			for who, mine, not_mine in (
				("operator", self.samples[doctype], theirs),
				("foreigner", theirs, self.samples[doctype]),
			):
				frappe.set_user(user(who))
				names = frappe.get_list(doctype, pluck="name", limit=0)
				self.assertIn(mine, names)
				self.assertNotIn(not_mine, names)
				self.assertTrue(frappe.has_permission(doctype, "read", doc=mine))
				self.assertFalse(frappe.has_permission(doctype, "read", doc=not_mine))
				frappe.set_user("Administrator")

	def test_permission_functions_answer_yes_or_no(self):
		"""What None means differs between Frappe's versions."""
		ours = set(our_doctypes())
		for doctype, functions in frappe.get_hooks("has_permission", {}).items():
			for path in functions:
				if doctype not in ours or not path.startswith("outage_response."):
					continue
				doc = frappe.get_doc(doctype, self.samples[doctype])
				for who in (*PEOPLE, "Administrator"):
					for right in ("read", "write", "create", "delete", "report", "export", "print", "share", "select"):
						answer = frappe.call(path, doc=doc, ptype=right, user=self.person(who))
						self.assertIsInstance(answer, bool, f"{path} {who} {right}")

	def test_of_ours_only_names_are_in_global_search(self):
		"""Frappe's index knows no permission (`doors.search_everywhere` asks for it), so nothing of a person stands in it."""
		indexed = {}
		for doctype in our_doctypes():
			meta = frappe.get_meta(doctype)
			fields = ["name"] if meta.show_name_in_global_search else []
			fields += [df.fieldname for df in meta.fields if df.in_global_search]
			if fields:
				indexed[doctype] = fields
			self.assertFalse(meta.get("index_web_pages_for_search") and meta.get("has_web_view"), doctype)
		self.assertEqual(
			indexed,
			{
				"Outage Incident": ["name"],
				"Outage Plan": ["name"],
				"Power Node": ["node_name"],
				"Property Asset": ["asset_name"],
				"Property Unit": ["unit_no"],
			},
		)
		listed = {row.document_type for row in frappe.get_doc("Global Search Settings").allowed_in_global_search}
		self.assertEqual(listed & set(our_doctypes()), set(indexed))


class CareNeeds:
	"""Who depends on power is read through one endpoint that records the look, and by no other road."""

	def roads(self) -> dict:
		name, unit, contact = self.samples["Care Need"], self.units[0], self.contacts[0]
		fields = json.dumps(["name", "what", "contact", "unit"])
		listing = {"doctype": "Care Need", "fields": fields}
		return {
			"list": ("frappe.client.get_list", listing),
			"get": ("frappe.client.get", {"doctype": "Care Need", "name": name}),
			"value": ("frappe.client.get_value", {"doctype": "Care Need", "fieldname": "what", "filters": name}),
			"single field": ("frappe.client.get_value", {"doctype": "Care Need", "fieldname": "what", "filters": "{}"}),
			"count": ("frappe.client.get_count", {"doctype": "Care Need"}),
			"report": ("frappe.desk.reportview.get", listing),
			"report rows": ("frappe.desk.reportview.get_list", listing),
			"report count": ("frappe.desk.reportview.get_count", {"doctype": "Care Need", "fields": "[]"}),
			"export": ("frappe.desk.reportview.export_query", {**listing, "file_format_type": "CSV", "title": "x"}),
			"group": (
				"frappe.desk.listview.get_group_by_count",
				{"doctype": "Care Need", "current_filters": "[]", "field": "what"},
			),
			"search": ("frappe.desk.search.search_link", {"doctype": "Care Need", "txt": ""}),
			"search in a form": (
				"frappe.desk.search.search_link",
				{"doctype": "Care Need", "txt": "", "reference_doctype": "Outage Task"},
			),
			"link": (
				"frappe.client.validate_link",
				{"doctype": "Care Need", "docname": name, "fields": json.dumps(["what"])},
			),
			"form": ("frappe.desk.form.load.getdoc", {"doctype": "Care Need", "name": name}),
			"links of the contact": ("frappe.desk.form.linked_with.get", {"doctype": "Contact", "docname": contact}),
			"links of the unit": ("frappe.desk.form.linked_with.get", {"doctype": "Property Unit", "docname": unit}),
			"data export": (
				"frappe.core.doctype.data_export.exporter.export_data",
				{"doctype": "Care Need", "with_data": "1", "all_doctypes": "1", "select_columns": "{}"},
			),
			"print": ("frappe.www.printview.get_html_and_style", {"doc": "Care Need", "name": name}),
			"global search": ("frappe.utils.global_search.search", {"text": "oxygen"}),
			"joined": (
				"frappe.client.get_list",
				{"doctype": "Property Unit", "fields": json.dumps(["name", "`tabCare Need`.what"])},
			),
		}

	def shown(self, who: str, command: str, arguments: dict) -> str:
		"""Everything that a request gives back, as text."""
		for method in ("GET", "POST"):
			try:
				frappe.local.response = frappe._dict(docs=[])
				frappe.set_user(self.person(who))
				frappe.local.form_dict = frappe._dict(arguments)
				frappe.local.form_dict.cmd = command
				frappe.local.request = a_request(method)
				frappe.local.request_ip = "127.0.0.1"
				answer = frappe.handler.execute_cmd(command)
				return f"{frappe.as_json(answer)} {frappe.as_json(frappe.local.response)}"
			except frappe.PermissionError as error:
				if not str(error) or "method" in str(error).lower():
					continue  # the other method
				return f"refused: {error}"
			except Exception as error:
				return f"refused: {error!r}"
			finally:
				frappe.local.form_dict, frappe.local.request = frappe._dict(), None
				frappe.local.response = frappe._dict()
				frappe.set_user("Administrator")
				frappe.clear_messages()
		return "refused"

	def assert_unseen(self, who: str) -> None:
		for road, (command, arguments) in self.roads().items():
			text = self.shown(who, command, arguments)
			with self.subTest(f"{who}: {road}"):
				self.assertNotIn(SECRET, text)
				if road not in ("form", "get", "link"):  # those repeat the name they were given
					self.assertNotIn(f'"{self.samples["Care Need"]}"', text)
				if "count" in road:
					self.assertNotIn("1", text.split("refused")[0])

	def test_nobody_sees_them_by_another_road(self):
		for who in PEOPLE:
			self.assert_unseen(who)

	def test_the_roads_lead_somewhere(self):
		"""Else the test above would pass on a typing error."""
		seen = {
			road
			for road, (command, arguments) in self.roads().items()
			if SECRET in self.shown("Administrator", command, arguments)
		}
		self.assertLessEqual({"list", "get", "value", "report", "form"}, seen)

	def test_nor_when_a_role_is_given_the_right(self):
		"""A System Manager may add permissions in Desk; the rule of the app stands above them."""
		for role in ("System Manager", "Outage Control Room", "All"):
			frappe.get_doc(
				{
					"doctype": "Custom DocPerm",
					"parent": "Care Need",
					"role": role,
					"permlevel": 0,
					**dict.fromkeys(
						("read", "write", "create", "delete", "select", "report", "export", "print", "share"), 1
					),
				}
			).db_insert()
		frappe.clear_cache(doctype="Care Need")
		self.addCleanup(frappe.clear_cache, doctype="Care Need")
		for who in ("admin", "operator", "resident"):
			self.assert_unseen(who)
			self.assertFalse(frappe.has_permission("Care Need", "write", doc=self.samples["Care Need"], user=user(who)))

	def test_the_one_road_shows_them_and_is_recorded(self):
		with self.as_user("service"):
			rows = who_depends_on_power.read_care_needs(self.incident)
		self.assertIn(SECRET, [row["what"] for row in rows])
		self.assertIn("care_looked_up", self.kinds(self.incident))


class Access(Endpoints, LinksOfCallers, Doctypes, CareNeeds, AccessTest):
	"""All three in one world, which is dear to build."""


class OverHttp(LiveTest):
	"""The same from outside, through Frappe's web application: REST and methods, each person with a token."""

	@classmethod
	def build_world(cls) -> dict:
		world = super().build_world()
		make_strangers(cls.property_name, cls.property_name)
		frappe.db.delete("User Permission", {"user": user("foreigner")})
		build.permit(user("foreigner"), build.make_property(f"{cls.property_name} B"))
		for who in PEOPLE[1:]:
			frappe.db.set_value("User", user(who), "api_key", f"key-{who}")
			set_encrypted_password("User", user(who), f"secret-{who}", "api_secret")
		return world

	def web(self, who: str, method: str, path: str, **data) -> tuple[int, dict]:
		"""One request in a thread of its own, since Frappe ends its connection with each."""
		site = frappe.local.site

		def request():
			from frappe.app import application
			from werkzeug.test import Client

			headers = {"X-Frappe-Site-Name": site, "Accept": "application/json"}
			if who != "Guest":
				headers["Authorization"] = f"token key-{who}:secret-{who}"
			body = {"query_string": data} if method == "GET" else {"json": data}
			response = Client(application).open(path, method=method, headers=headers, base_url=f"http://{site}", **body)
			text = response.get_data(as_text=True)
			try:
				return response.status_code, json.loads(text)
			except ValueError:
				return response.status_code, {"text": text}

		for _attempt in range(10):
			with concurrent.futures.ThreadPoolExecutor(1) as thread:
				status, answer = thread.submit(request).result()
			# Deleting does not wait for a row that the site's own minute clock holds just now
			if answer.get("exc_type") != "QueryTimeoutError":
				break
			time.sleep(0.5)
		return status, answer

	def test_a_verb_is_posted(self):
		name = self.declare()
		method = "/api/method/outage_response.api.staff.set_etr"
		wanted = {"incident": name, "etr": "2099-01-01 06:00:00"}
		for verb in ("GET", "PUT", "DELETE"):
			self.assertEqual(self.web("operator", verb, method, **wanted)[0], 403, verb)
		for who in ("Guest", "resident", "guard1", "foreigner", "admin"):
			self.assertIn(self.web(who, "POST", method, **wanted)[0], (401, 403), who)
		frappe.db.rollback()
		self.assertIsNone(frappe.db.get_value("Outage Incident", name, "etr"))
		status, answer = self.web("operator", "POST", method, **wanted)
		self.assertEqual((status, answer["message"]["etr"]), (200, "2099-01-01 06:00:00"))
		self.assertEqual(self.web("operator", "GET", method.replace("set_etr", "get_timeline"), incident=name)[0], 200)

	def test_rest_reads_and_does_not_write(self):
		name = self.declare()
		of = f"/api/resource/Outage Incident/{name}"
		for who, status in {"Guest": 403, "resident": 403, "foreigner": 403, "guard1": 200, "admin": 200}.items():
			self.assertEqual(self.web(who, "GET", of)[0], status, who)
		for who in PEOPLE:
			self.assertIn(self.web(who, "PUT", of, status="Closed")[0], (401, 403), who)
			self.assertIn(self.web(who, "DELETE", of)[0], (401, 403), who)
		frappe.db.rollback()
		self.assertEqual(frappe.db.get_value("Outage Incident", name, "status"), "Reported")

	def test_lists_over_rest(self):
		name = self.declare()
		for who in PEOPLE:
			status, answer = self.web(who, "GET", "/api/resource/Outage Incident", limit_page_length="0")
			if who in (*OUTSIDE, "keeper"):  # who answers for the site sees no outages by it
				self.assertIn(status, (401, 403), who)
				continue
			self.assertEqual(status, 200, who)
			self.assertIs(name in [row["name"] for row in answer["data"]], who != "foreigner", who)

	def test_an_incident_over_rest_is_declared(self):
		"""Whatever road it comes in by, it has the tasks of its level."""
		new = {"property": self.property, "level": "II", "affected_nodes": [{"power_node": self.room}]}
		for who in (*OUTSIDE, "foreigner"):
			self.assertIn(self.web(who, "POST", "/api/resource/Outage Incident", **new)[0], (401, 403), who)
		self.assertEqual(self.incidents(), [])
		status, answer = self.web("guard1", "POST", "/api/resource/Outage Incident", **new)
		self.assertEqual(status, 200, answer)
		self.assertEqual(self.incidents(), [answer["data"]["name"]])
		self.assert_whole(answer["data"]["name"])

	def test_care_needs_over_rest(self):
		frappe.set_user("Administrator")
		who_depends_on_power.set_care_need(self.units[0], self.contacts[0], SECRET, 30)
		frappe.db.commit()
		(name,) = frappe.get_all("Care Need", {"property": self.property}, pluck="name")
		for who in PEOPLE:
			for path in ("/api/resource/Care Need", f"/api/resource/Care Need/{name}"):
				status, answer = self.web(who, "GET", path)
				self.assertIn(status, (401, 403), f"{who} {path}")
				self.assertNotIn(SECRET, json.dumps(answer))
