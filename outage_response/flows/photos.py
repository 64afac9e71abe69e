"""Photos that prove something: a picture is a file of the site before a verb names it."""

import frappe
from frappe import _

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
