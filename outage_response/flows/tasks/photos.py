"""Photos that prove something: a picture is a file of the site before a verb names it."""

import hashlib
from pathlib import Path

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain.errors import RuleError

FOLDERS = ("/files/", "/private/files/")


def named(photo: str | None) -> str:
	"""The address of a photo that exists and that the user may see; empty when none is given. Raises RuleError for anything
	else: what a verb names is attached, and read by all who read the step."""
	address = str(photo or "").strip()
	if address and not (address.startswith(FOLDERS) and _may_be_read(address)):
		raise RuleError(_("Photo: attach the picture first."))
	return address


def _may_be_read(address: str) -> bool:
	files = frappe.get_all("File", filters={"file_url": address}, pluck="name")
	return any(frappe.get_doc("File", name).has_permission("read") for name in files)


def keep(task: str, request_id: str, content: bytes, kind: str) -> str:
	"""The address of the File of this photo of a task, which the caller has locked: the one there is, or a new one. Raises
	OSError where the disk has no room; then nothing of it is left.

	kind  the ending of its name
	"""
	name = hashlib.sha256(f"{task}\n{request_id}".encode()).hexdigest()[:32]
	if address := frappe.db.get_value("File", name, "file_url"):
		return address
	# with its field, or saving the task would make a second, public File of it
	attached = {"attached_to_doctype": "Outage Task", "attached_to_name": task, "attached_to_field": "photo"}
	file_name = f"outage-{request_id}.{kind}"
	file = frappe.get_doc({"doctype": "File", **attached, "file_name": file_name, "is_private": 1, "content": content})
	try:
		file.insert(ignore_permissions=True, set_name=name)
	except Exception:
		_leave_nothing(file)
		raise
	return file.file_url


def _leave_nothing(file: Document) -> None:
	"""A file that was written by half, or whose row was not taken. Frappe itself takes away only what was written whole."""
	address = file.file_url or ""
	if address.startswith(FOLDERS) and not frappe.db.exists("File", {"file_url": address}):
		Path(file.get_full_path()).unlink(missing_ok=True)
