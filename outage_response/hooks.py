from importlib.util import find_spec as _find_spec

app_name = "outage_response"
app_title = "Outage Response"
app_publisher = "Outage Response contributors"
app_description = "What a property company does when the power fails: its procedure as assigned, clocked, recorded work"
app_email = "outage-response@example.com"
app_license = "mit"
app_logo_url = "/assets/outage_response/images/outage_response.svg"

# Whoever saves one of our doctypes as a developer gets its fields as types in its controller; an endpoint of ours takes no
# argument whose type it does not say
export_python_type_annotations = True
require_type_annotated_api_methods = True

# Among the apps of a site, and in 16 on the desktop (desktop_icon/, workspace_sidebar/); Desk stands at /desk there
_DESK = "/desk" if _find_spec("frappe.desk.doctype.workspace_sidebar") else "/app"
app_home = f"{_DESK}/outage-command-centre"
add_to_apps_screen = [
	{
		"name": "outage_response",
		"logo": app_logo_url,
		"title": app_title,
		"route": app_home,
		"has_permission": "outage_response.permissions.works_in_outages",
	}
]

# Residents' pages, and the entry to them where residents already are
page_renderer = [
	"outage_response.api.pages.OutagePage",
	"outage_response.api.pages.PhonePage",
	"outage_response.api.pages.HelpdeskPage",
]
portal_menu_items = [{"title": "Power outages", "route": "/outages", "reference_doctype": "", "role": ""}]

# Installation: roles by fixture, departments, levels and plans by seed (only what is missing); newer plans where nobody edited
fixtures = [{"dt": "Role", "filters": [["role_name", "like", "Outage %"]]}]
after_install = "outage_response.setup.install.after_install"
after_app_install = "outage_response.setup.install.after_app_install"
after_migrate = [
	"outage_response.setup.seed.seed",
	"outage_response.flows.plans.newer_plans.renew",
	"outage_response.flows.master_data.own_departments.give_roles",
	"outage_response.setup.board.create",
	"outage_response.setup.core_indexes.create",
	"outage_response.setup.custom_fields.create",
	"outage_response.setup.form_scripts.create",
	"outage_response.setup.ticket_views.create",
	"outage_response.setup.clock.warn",
]
before_uninstall = "outage_response.setup.uninstall.before_uninstall"
after_uninstall = "outage_response.setup.uninstall.after_uninstall"

# Whatever road an incident comes in by, its department task set is created
doc_events = {
	# A text is never taken for the number 0; of the doctypes that are not ours it changes nothing
	"*": {
		"before_validate": "outage_response.flows.master_data.typed_values.read",
		"before_rename": "outage_response.flows.master_data.renaming.before",
		"after_rename": "outage_response.flows.master_data.renaming.after",
	},
	"Data Import": {"validate": "outage_response.flows.master_data.typed_values.require_file"},
	"Outage Incident": {
		"after_insert": "outage_response.flows.incident.new_incident.on_insert",
		"on_update": "outage_response.flows.trouble.tickets_follow.on_incident_change",
	},
	# Tickets of the platforms; where one is not installed, its line does nothing
	"HD Ticket": {
		"before_insert": "outage_response.flows.trouble.ticket_intake.before_ticket",
		"after_insert": "outage_response.flows.trouble.ticket_intake.on_ticket",
		"on_trash": "outage_response.flows.trouble.ticket_deletion.on_trash",
	},
	"Issue": {
		"before_insert": "outage_response.flows.trouble.ticket_intake.before_ticket",
		"after_insert": "outage_response.flows.trouble.ticket_intake.on_ticket",
		"on_trash": "outage_response.flows.trouble.ticket_deletion.on_trash",
	},
	# What residents answer on them
	"Communication": {"after_insert": "outage_response.flows.trouble.ticket_messages.on_communication"},
	"Comment": {"after_insert": "outage_response.flows.trouble.ticket_messages.on_comment"},
	# Two records of one person
	"Contact": {
		"on_update": "outage_response.flows.callbacks.households.on_contact_change",
		"before_rename": "outage_response.flows.callbacks.open_callbacks.on_contact_rename",
	},
	# Calls that telephony logs by itself
	"CRM Call Log": {"on_update": "outage_response.flows.callbacks.telephony.on_call_log"},
	"Call Log": {"on_update": "outage_response.flows.callbacks.telephony.on_call_log"},
	"TP Call Log": {"on_update": "outage_response.flows.callbacks.telephony.on_call_log"},
	# Who lives in a unit is the household that platforms know as a customer; what an outage goes by stays while it runs
	"Property Unit": {
		"before_validate": "outage_response.flows.master_data.building_placing.place",
		"validate": "outage_response.flows.master_data.frozen_records.before_change",
		"before_rename": "outage_response.flows.master_data.frozen_records.before_rename",
		"after_rename": "outage_response.flows.master_data.frozen_records.after_rename",
		"on_update": [
			"outage_response.flows.callbacks.households.on_unit_change",
			"outage_response.flows.residents.page_cache.on_change",
			"outage_response.flows.master_data.building_placing.warn_unplaced",
			"outage_response.flows.master_data.frozen_records.note_change",
		],
		"on_trash": [
			"outage_response.flows.master_data.frozen_records.before_delete",
			"outage_response.flows.callbacks.households.on_unit_change",
			"outage_response.flows.residents.page_cache.on_change",
		],
	},
	"Power Node": {
		"before_validate": "outage_response.flows.master_data.building_placing.place",
		"validate": "outage_response.flows.master_data.frozen_records.before_change",
		"on_update": "outage_response.flows.master_data.frozen_records.note_change",
		"before_rename": "outage_response.flows.master_data.frozen_records.before_rename",
		"after_rename": "outage_response.flows.master_data.frozen_records.after_rename",
		"on_trash": "outage_response.flows.master_data.frozen_records.before_delete",
	},
	"Property Asset": {
		"before_validate": [
			"outage_response.flows.master_data.building_placing.place",
			"outage_response.flows.master_data.building_placing.name_firm",
		],
		"validate": "outage_response.flows.master_data.frozen_records.before_change",
		"on_update": [
			"outage_response.flows.master_data.learned_assets.on_change",
			"outage_response.flows.master_data.building_placing.warn_unplaced",
		],
		"before_rename": "outage_response.flows.master_data.frozen_records.before_rename",
		"after_rename": "outage_response.flows.master_data.frozen_records.after_rename",
		"on_trash": "outage_response.flows.master_data.frozen_records.before_delete",
	},
	"Property Building": {"validate": "outage_response.flows.master_data.frozen_records.before_change"},
	"Managed Property": {
		"validate": "outage_response.flows.master_data.frozen_records.before_change",
		"before_rename": "outage_response.flows.master_data.frozen_records.before_rename",
		"after_rename": "outage_response.flows.master_data.frozen_records.after_rename",
		"on_update": "outage_response.flows.residents.page_cache.on_change",
	},
	# Who belongs to a department of the company's own; somebody who may log in no more has steps in hand
	"User": {
		"validate": "outage_response.flows.master_data.own_departments.on_user",
		"on_update": "outage_response.flows.paging.disabled_logins.on_user_change",
		"after_rename": "outage_response.flows.master_data.frozen_records.after_user_rename",
	},
	"Role": {
		"validate": "outage_response.flows.master_data.own_departments.on_role",
		"before_rename": "outage_response.flows.master_data.own_departments.before_role_rename",
	},
	# Who has a step is the verbs'
	"ToDo": {
		"validate": "outage_response.flows.tasks.assignment.keep_todo",
		"on_trash": "outage_response.flows.tasks.assignment.keep_todo",
	},
	# Whoever turns off what an outage is noticed, rung and answered by does not do so in silence
	"Outage Response Settings": {
		"on_update": "outage_response.flows.site.safety_switches.on_change",
		"on_trash": "outage_response.flows.site.safety_switches.on_delete",
	},
	"Outage Plan": {
		"on_update": "outage_response.flows.site.safety_switches.on_change",
		"on_trash": "outage_response.flows.site.safety_switches.on_delete",
	},
	"Outage Level": {
		"after_insert": "outage_response.setup.custom_fields.show_levels",
		"on_update": "outage_response.flows.site.safety_switches.on_change",
		"on_trash": "outage_response.flows.site.safety_switches.on_delete",
	},
	"Response Department": {
		"on_update": "outage_response.flows.site.safety_switches.on_change",
		"on_trash": "outage_response.flows.site.safety_switches.on_delete",
	},
	"Escalation Rule": {
		"on_update": "outage_response.flows.site.safety_switches.on_change",
		"on_trash": "outage_response.flows.site.safety_switches.on_delete",
	},
	"Paging Channel": {
		"on_update": "outage_response.flows.site.safety_switches.on_change",
		"on_trash": "outage_response.flows.site.safety_switches.on_delete",
	},
}

# What an ended outage was about may go; while one runs, flows/master_data/frozen_records.py keeps it
ignore_links_on_delete = ["Outage Task", "Outage Affected Unit"]

# Callbacks kept in Frappe CRM show on the contact's timeline; ERPNext shows its own
additional_timeline_content = {"Contact": ["outage_response.integrations.crm.timeline"]}

# Clocks
scheduler_events = {
	"cron": {
		"* * * * *": [
			"outage_response.jobs.ring_every_minute",
			"outage_response.jobs.every_minute",
			"outage_response.jobs.bulk_every_minute",
		]
	},
	"daily": ["outage_response.jobs.every_day"],
}

# A restored backup sends nothing; Frappe's own job for mails is held back, too
before_job = ["outage_response.jobs.before_job"]
# Ringing stands behind no queue: whichever job ends looks whether the minute's ringing is late
after_job = ["outage_response.jobs.after_any_job"]

# Permissions. Rows belong to a property, and so do their child rows; care needs have no list, form or REST access
permission_query_conditions = {
	"CRM Call Log": "outage_response.call_records.crm_call_log",
	"Call Log": "outage_response.call_records.call_log",
	"Care Need": "outage_response.permissions.no_rows",
	"Document Follow": "outage_response.by_property.document_follow",
	"Duty Shift": "outage_response.by_property.duty_shift",
	"Dynamic Link": "outage_response.call_records.dynamic_link",
	"Elevator Entrapment": "outage_response.by_property.elevator_entrapment",
	"FCRM Note": "outage_response.call_records.fcrm_note",
	"File": "outage_response.by_property.file",
	"Managed Property": "outage_response.by_property.managed_property",
	"Notice Delivery": "outage_response.by_property.notice_delivery",
	"Outage Affected Node": "outage_response.by_property.outage_affected_node",
	"Outage Affected Unit": "outage_response.by_property.outage_affected_unit",
	"Outage Callback": "outage_response.by_property.outage_callback",
	"Outage Callback Attempt": "outage_response.by_property.outage_callback_attempt",
	"Outage Callback Unit": "outage_response.by_property.outage_callback_unit",
	"Outage Incident": "outage_response.by_property.outage_incident",
	"Outage Notice": "outage_response.by_property.outage_notice",
	"Outage Page": "outage_response.by_property.outage_page",
	"Outage Page Task": "outage_response.by_property.outage_page_task",
	"Outage Proposal": "outage_response.by_property.outage_proposal",
	"Outage Report": "outage_response.by_property.outage_report",
	"Outage Task": "outage_response.by_property.outage_task",
	"Outage Task Check": "outage_response.by_property.outage_task_check",
	"Outage Ticket Reply": "outage_response.by_property.outage_ticket_reply",
	"Outage Window": "outage_response.by_property.outage_window",
	"Paging Test": "outage_response.by_property.paging_test",
	"Power Node": "outage_response.by_property.power_node",
	"Property Asset": "outage_response.by_property.property_asset",
	"Property Building": "outage_response.by_property.property_building",
	"Property Holiday": "outage_response.by_property.property_holiday",
	"Property Unit": "outage_response.by_property.property_unit",
	"Property Work Day": "outage_response.by_property.property_work_day",
	"Roster Absence": "outage_response.by_property.roster_absence",
	"Roster Pattern": "outage_response.by_property.roster_pattern",
	"Roster Pattern Shift": "outage_response.by_property.roster_pattern_shift",
	"Tag Link": "outage_response.by_property.tag_link",
	"Timeline Entry": "outage_response.by_property.timeline_entry",
	"Trouble Call": "outage_response.by_property.trouble_call",
	"Unit Resident": "outage_response.by_property.unit_resident",
}
has_permission = {
	"CRM Call Log": "outage_response.call_records.may",
	"Call Log": "outage_response.call_records.may",
	"Care Need": "outage_response.permissions.nobody",
	"Document Follow": "outage_response.by_property.may_see_about",
	"Duty Shift": "outage_response.by_property.may",
	"Elevator Entrapment": "outage_response.by_property.may",
	"FCRM Note": "outage_response.call_records.may",
	"Managed Property": "outage_response.by_property.may",
	"Notice Delivery": "outage_response.by_property.may",
	"Notification Log": "outage_response.by_property.own_bell",
	"Outage Affected Unit": "outage_response.by_property.may",
	"Outage Callback": "outage_response.by_property.may",
	"Outage Incident": "outage_response.by_property.may",
	"Outage Notice": "outage_response.by_property.may",
	"Outage Page": "outage_response.by_property.may",
	"Outage Proposal": "outage_response.by_property.may",
	"Outage Report": "outage_response.by_property.may",
	"Outage Task": "outage_response.by_property.may",
	"Outage Ticket Reply": "outage_response.by_property.may",
	"Paging Test": "outage_response.by_property.may",
	"Power Node": "outage_response.by_property.may",
	"Property Asset": "outage_response.by_property.may",
	"Property Building": "outage_response.by_property.may",
	"Property Unit": "outage_response.by_property.may",
	"Roster Absence": "outage_response.by_property.may",
	"Roster Pattern": "outage_response.by_property.may",
	"Tag Link": "outage_response.by_property.may_see_about",
	"Timeline Entry": "outage_response.by_property.may",
	"Trouble Call": "outage_response.by_property.may",
}

# Doors of Frappe that look at no permission, or at the role alone: api/doors.py. Files for a spreadsheet, in which nothing is run:
# api/exports.py
override_whitelisted_methods = {
	"crm.fcrm.doctype.crm_call_log.crm_call_log.get_call_log": "outage_response.api.doors.get_crm_call_log",
	"frappe.client.get_count": "outage_response.api.doors.get_count",
	"frappe.client.validate_link_and_fetch": "outage_response.api.doors.validate_link_and_fetch",  # from 16 on
	"frappe.contacts.doctype.contact.contact.get_contact_details": "outage_response.api.doors.get_contact_details",
	"frappe.core.api.file.zip_files": "outage_response.api.doors.zip_files",
	"frappe.core.doctype.data_export.exporter.export_data": "outage_response.api.exports.of_data",
	"frappe.core.doctype.data_import.data_import.download_errored_template": "outage_response.api.exports.of_refused_rows",
	"frappe.core.doctype.data_import.data_import.download_import_log": "outage_response.api.exports.of_import_log",
	"frappe.core.doctype.data_import.data_import.download_template": "outage_response.api.exports.of_import",
	"frappe.core.doctype.data_import.data_import.get_import_status": "outage_response.api.doors.get_import_status",
	"frappe.core.doctype.file.file.zip_files": "outage_response.api.doors.zip_files",
	"frappe.core.doctype.sms_settings.sms_settings.get_contact_number": "outage_response.api.doors.get_contact_number",
	"frappe.core.doctype.submission_queue.submission_queue.get_latest_submissions": "outage_response.api.doors.get_latest_submissions",
	"frappe.core.doctype.user_permission.user_permission.get_user_permissions": "outage_response.api.doors.get_user_permissions",
	"frappe.desk.doctype.dashboard_chart.dashboard_chart.get": "outage_response.api.doors.get_chart",
	"frappe.desk.doctype.tag.tag.get_documents_for_tag": "outage_response.api.doors.get_documents_for_tag",
	"frappe.desk.doctype.tag.tag.get_tagged_docs": "outage_response.api.doors.get_tagged_docs",
	"frappe.desk.form.document_follow.get_follow_users": "outage_response.api.doors.get_follow_users",
	"frappe.desk.form.load.get_docinfo": "outage_response.api.doors.get_docinfo",
	"frappe.desk.form.load.getdoc": "outage_response.api.doors.getdoc",
	"frappe.desk.form.save.cancel": "outage_response.api.doors.cancel",
	"frappe.desk.form.save.discard": "outage_response.api.doors.discard",  # from 16 on
	"frappe.desk.form.save.savedocs": "outage_response.api.doors.savedocs",
	"frappe.desk.form.linked_with.get": "outage_response.api.doors.get_linked",
	"frappe.desk.form.linked_with.get_submitted_linked_docs": "outage_response.api.doors.get_submitted_linked_docs",
	"frappe.desk.form.utils.get_next": "outage_response.api.doors.get_next",
	"frappe.desk.listview.get_group_by_count": "outage_response.api.doors.get_group_by_count",
	"frappe.desk.notifications.get_open_count": "outage_response.api.doors.get_open_count",
	"frappe.desk.query_report.export_query": "outage_response.api.exports.of_report",
	"frappe.desk.query_report.get_data_for_custom_field": "outage_response.api.doors.get_data_for_custom_field",
	"frappe.desk.reportview.export_query": "outage_response.api.exports.of_list",
	"frappe.desk.search.get_link_title": "outage_response.api.doors.get_link_title",
	"frappe.desk.search.search_link": "outage_response.api.doors.search_link",
	"frappe.desk.search.search_widget": "outage_response.api.doors.search_widget",
	"frappe.desk.treeview.get_all_nodes": "outage_response.api.doors.get_all_nodes",
	"frappe.desk.treeview.get_children": "outage_response.api.doors.get_children",
	"frappe.model.create_new.get_user_permissions": "outage_response.api.doors.get_user_permissions",
	"frappe.model.mapper.map_docs": "outage_response.api.doors.map_docs",
	"frappe.realtime.has_permission": "outage_response.api.doors.has_permission",  # from 16 on
	"frappe.utils.global_search.search": "outage_response.api.doors_of_global_search.search_everywhere",
	"frappe.utils.goal.get_monthly_goal_graph_data": "outage_response.api.doors.get_goal_graph",
	"frappe.workflow.doctype.workflow.workflow.get_workflow_state_count": "outage_response.api.doors.get_state_count",
	# what is hung on a document, by whoever may read it
	"frappe.desk.doctype.tag.tag.add_tag": "outage_response.api.doors_of_writing.add_tag",
	"frappe.desk.doctype.tag.tag.add_tags": "outage_response.api.doors_of_writing.add_tags",
	"frappe.desk.doctype.tag.tag.remove_tag": "outage_response.api.doors_of_writing.remove_tag",
	"frappe.desk.form.assign_to.add": "outage_response.api.doors_of_writing.add",
	"frappe.desk.form.assign_to.add_multiple": "outage_response.api.doors_of_writing.add_multiple",
	"frappe.desk.form.document_follow.follow_document": "outage_response.api.doors_of_writing.follow_document",
	"frappe.desk.form.document_follow.unfollow_document": "outage_response.api.doors_of_writing.unfollow_document",
	"frappe.desk.form.document_follow.update_follow": "outage_response.api.doors_of_writing.update_follow",
	"frappe.desk.like.toggle_like": "outage_response.api.doors_of_writing.toggle_like",
	"frappe.email.inbox.mark_as_closed_open": "outage_response.api.doors_of_writing.mark_as_closed_open",
	"frappe.email.inbox.mark_as_spam": "outage_response.api.doors_of_writing.mark_as_spam",
	"frappe.email.inbox.mark_as_trash": "outage_response.api.doors_of_writing.mark_as_trash",
	"frappe.email.inbox.move_email": "outage_response.api.doors_of_writing.move_email",
	"frappe.email.relink": "outage_response.api.doors_of_writing.relink",
	"frappe.templates.includes.comments.comments.add_comment": "outage_response.api.doors_of_writing.add_comment",
	"frappe.utils.file_manager.add_attachments": "outage_response.api.doors_of_writing.add_attachments",
	"frappe.website.doctype.discussion_topic.discussion_topic.submit_discussion": "outage_response.api.doors_of_writing.submit_discussion",
	"frappe.utils.nestedset.rebuild_tree": "outage_response.api.doors_of_writing.rebuild_tree",
	# the same function by the names that other modules have for it
	"frappe.automation.doctype.auto_repeat.auto_repeat.assign_to": "outage_response.api.doors_of_writing.add",
	"frappe.client.search_widget": "outage_response.api.doors.search_widget",
	"frappe.desk.form.assign_to.follow_document": "outage_response.api.doors_of_writing.follow_document",
	"frappe.desk.form.utils.follow_document": "outage_response.api.doors_of_writing.follow_document",
	"frappe.desk.like.follow_document": "outage_response.api.doors_of_writing.follow_document",
	"frappe.model.document.follow_document": "outage_response.api.doors_of_writing.follow_document",
	"frappe.share.follow_document": "outage_response.api.doors_of_writing.follow_document",
	# who looked at residents' data is written by who showed it, not by whoever asks for a row of that kind
	"frappe.core.doctype.access_log.access_log.make_access_log": "outage_response.api.looking.make_access_log",
	# the same function by the names that other modules have for it
	"frappe.core.doctype.access_log.access_log._make_access_log": "outage_response.api.looking.make_access_log",
	"frappe.core.doctype.data_export.exporter.make_access_log": "outage_response.api.looking.make_access_log",
	"frappe.contacts.doctype.contact.contact.make_access_log": "outage_response.api.looking.make_access_log",
	"frappe.desk.reportview.make_access_log": "outage_response.api.looking.make_access_log",
	"frappe.utils.print_format.make_access_log": "outage_response.api.looking.make_access_log",
	"frappe.utils.response.make_access_log": "outage_response.api.looking.make_access_log",
	"frappe.www.printview.make_access_log": "outage_response.api.looking.make_access_log",
}

override_doctype_class = {"Auto Email Report": "outage_response.api.exports.MailedReport"}

# What the Desk's screens share; `bench build` makes the bundles
app_include_js = ["outage_response.bundle.js"]
app_include_css = ["outage_response.bundle.css"]

# ERPNext's Issue form. Helpdesk's pages take HD Form Scripts instead: setup/form_scripts.py
doctype_js = {"Issue": "public/js/issue.js", "Contact": "public/js/contact.js"}
doctype_list_js = {"Issue": "public/js/issue_list.js"}

# What Desk's search (Ctrl+G) looks through: of ours what people know by a name. Who finds which: api/doors_of_global_search.py
global_search_doctypes = {
	"Default": [
		{"doctype": "Outage Incident"},
		{"doctype": "Property Unit"},
		{"doctype": "Power Node"},
		{"doctype": "Property Asset"},
		{"doctype": "Outage Plan"},
	]
}

# No user_data_fields: Frappe matches them by a column that holds the user's address, by default who made the row, so a
# guard's own data would be the calls of residents that they wrote down. Residents' data is found by Contact
# (flows/residents/personal_data.py).

# What the poster of a public notice and the print formats need
jinja = {
	"methods": [
		"outage_response.flows.notices.poster.outage_poster_link",
		"outage_response.flows.notices.poster.outage_poster_code",
		"outage_response.flows.notices.poster.outage_poster_issuer",
		"outage_response.flows.screens.printing.outage_report_print",
		"outage_response.flows.screens.printing.planned_notice_print",
	],
	# a number with its extension as a telephone dials it
	"filters": ["outage_response.domain.phone_numbers.dialled"],
}
