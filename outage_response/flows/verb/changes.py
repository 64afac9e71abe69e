"""An incident was changed: the mark on its row, and the word to every open screen."""

import frappe
from frappe.model.document import Document
from frappe.realtime import get_doc_room, get_doctype_room

from .events import Changed, happened


def touch(incident: Document) -> None:
	"""Every verb leaves its mark on the incident's row, so that a transaction with an older view notices."""
	incident.modified = frappe.utils.now()
	frappe.db.set_value("Outage Incident", incident.name, "modified", incident.modified, update_modified=False)
	announce(incident.name)
	happened(Changed(incident))


def announce(incident: str) -> None:
	"""Tell open screens, after the commit, to read this incident again; "": calls that belong to none yet.

	The message says which one and nothing else: what a reader may see is decided when they ask. It goes to the room of
	the document (its form) and of the doctype (lists, the command centre); Frappe lets nobody into either without the
	right to read.
	"""
	rooms = [get_doctype_room("Outage Incident"), *([get_doc_room("Outage Incident", incident)] if incident else [])]
	for room in rooms:
		frappe.publish_realtime("outage_changed", {"incident": incident}, room=room, after_commit=True)


def save(doc: Document) -> None:
	"""Save a document that belongs to the verbs."""
	doc.flags.by_verb = True
	doc.flags.ignore_permissions = True
	doc.save()
