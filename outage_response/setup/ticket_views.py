"""A saved view of Helpdesk's list of tickets, for every agent: those of power outages, one outage's after the other's.

The record is the app's: made when Helpdesk is here, taken away on uninstall. What a company changes in it stays over updates.
"""

import json

import frappe
from frappe import _

from outage_response.flows.facts.language import in_language
from outage_response.flows.notices import audience
from outage_response.integrations import installed

DOCTYPE = "HD View"
NAME = "Outage Response Tickets"
# Helpdesk draws no groups in its list of tickets: this order keeps each outage's together, the latest outage first
ORDER = "outage_incident desc, creation asc"
FILTERS = {"outage_incident": ["is", "set"]}


def create() -> None:
	"""Make the record, in the site's language: a saved view has one label for all. Without Helpdesk nothing."""
	if not installed(DOCTYPE) or frappe.db.exists(DOCTYPE, NAME):
		return
	with in_language(audience.site_language()):
		columns = [
			("name", "Int", "ID", "5rem", ""),
			("subject", "Data", _("Subject"), "20rem", ""),
			("outage_incident", "Link", _("Power Outage"), "11rem", "Outage Incident"),
			("outage_level", "Data", _("Outage Level"), "6rem", ""),
			("outage_state", "Data", _("Outage State"), "8rem", ""),
			# as a time that lies ahead Helpdesk would draw it as "0 s"
			("outage_etr", "Data", _("Expected Restoration"), "10rem", ""),
			("status", "Select", _("Status"), "8rem", ""),
			("contact", "Link", _("Contact"), "10rem", "Contact"),
			("creation", "Datetime", _("Reported At"), "8rem", ""),
		]
		label = _("Power outages")
	doc = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"label": label,
			"icon": "⚡",
			"user": "Administrator",
			"type": "list",
			"dt": "HD Ticket",
			"route_name": "TicketsAgent",
			"public": 1,
			"filters": json.dumps(FILTERS),
			"order_by": ORDER,
			"columns": json.dumps(
				[
					{"key": key, "type": kind, "label": words, "width": width, **({"options": to} if to else {})}
					for key, kind, words, width, to in columns
				],
				ensure_ascii=False,
			),
			"rows": json.dumps([key for key, *_rest in columns]),
		}
	)
	doc.insert(ignore_permissions=True, set_name=NAME)


def delete() -> None:
	"""Take the app's record away, and no others."""
	if frappe.db.exists("DocType", DOCTYPE) and frappe.db.table_exists(DOCTYPE, cached=False):
		frappe.delete_doc(DOCTYPE, NAME, force=True, ignore_permissions=True, ignore_missing=True)
