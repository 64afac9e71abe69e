"""The page behind the link in a message: what one is rung for, and two buttons. Opening it answers nothing."""

import frappe

from outage_response.flows import answering

no_cache = 1


def get_context(context):
	context.no_header = context.no_breadcrumbs = True
	context.token = frappe.form_dict.get("t") or ""
	context.csrf_token = "" if frappe.session.user == "Guest" else frappe.sessions.get_csrf_token()
	try:
		context.page = answering.look(context.token)
	except frappe.PageDoesNotExistError as error:
		context.page, context.refusal = None, str(error)
		frappe.clear_messages()
		frappe.local.response.http_status_code = 404
