"""Photos that prove something: a picture is a file of the site before a verb names it."""

import hashlib
import io
import re
from pathlib import Path

import frappe
from frappe import _
from frappe.model.document import Document
from PIL import Image

from outage_response import locks, permissions
from outage_response.domain.errors import RuleError

from ..verb import engine, refusals
from . import photos

LARGEST_PHOTO = 1_000_000
# Pixels: what a telephone's camera takes, and 64 MB while it is looked at
LARGEST_PICTURE = 16_000_000
PICTURES = {"JPEG": "jpg", "PNG": "png"}

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


def add_photo(task: str, request_id: str, content: bytes) -> dict:
	"""Keep a photo with a task, seen by those who see the task. Answers {"photo": address}.

	The same request_id again answers the same address: a phone that did not hear the first answer sends it once more. The
	File is named after task and request, so the database has it once; the task's lock lets one of two go first. What does
	not fit on the disk leaves nothing behind.
	"""
	with refusals.translated():
		locks.begin()
		doc = frappe.get_doc("Outage Task", task) if locks.row("Outage Task", task) else None
		if doc is None:
			frappe.throw(_("Task: {0} does not exist. Choose one of the list.").format(task), frappe.DoesNotExistError)
		permissions.require_read("Outage Task", doc)
		engine.require_task_authority("add_evidence", doc)
		if not re.fullmatch(r"[\w-]{8,64}", request_id or ""):
			raise RuleError(_("Request ID: 8 to 64 letters, digits or hyphens."))
		if len(content) > LARGEST_PHOTO:
			raise RuleError(_("Photo: larger than {kb} kB. Take a smaller one."), kb=LARGEST_PHOTO // 1000)
		kind = _kind_of_picture(content)
		return {"photo": photos.keep(task, request_id, content, kind)}


def _kind_of_picture(content: bytes) -> str:
	"""The ending of its file name. Raises RuleError for what is no whole picture."""
	try:
		with Image.open(io.BytesIO(content), formats=tuple(PICTURES)) as picture:
			_require_small(*picture.size)
			picture.load()
			return PICTURES[picture.format]
	except RuleError:
		raise
	except Exception:
		raise RuleError(_("Photo: only JPEG or PNG pictures. Take the photo once more.")) from None


def _require_small(width: int, height: int) -> None:
	"""Asked before a picture is unpacked: one colour is packed a thousand times smaller than it is."""
	if width * height > LARGEST_PICTURE:
		raise RuleError(
			_("Photo: {width} × {height} points are too many. Take one of at most {limit} megapixels."),
			width=width,
			height=height,
			limit=LARGEST_PICTURE // 1_000_000,
		)
