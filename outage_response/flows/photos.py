"""Photos that prove something: a picture is a file of the site before a verb names it."""

import frappe
from frappe import _

from outage_response.domain.errors import RuleError

FOLDERS = ("/files/", "/private/files/")


def named(photo: str | None) -> str:
	"""The address of a photo that exists; empty when none is given. Raises RuleError for anything else."""
	address = str(photo or "").strip()
	if address and not (address.startswith(FOLDERS) and frappe.db.exists("File", {"file_url": address})):
		raise RuleError(_("Photo: attach the picture first."))
	return address
