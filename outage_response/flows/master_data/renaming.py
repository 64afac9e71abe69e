"""A record gets another name only after it was asked who does it and what stands against it.

Frappe 15 and 16 let whoever may read a document call its `rename` with `validate_rename` off: then no right is asked, and no hook
before it runs, also for the records that only verbs write. What was not asked before the renaming is refused after it, in the same
transaction.
"""

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response import permissions

# Records of Frappe that the rules go by
BESIDE_OURS = ("Contact", "Role", "User")
ASKED = "outage_response_renames"


def before(doc: Document, _event: str, old: str, _new: str, _merge: bool = False) -> None:
	"""Hook of every doctype: Frappe is about to ask all there is to ask."""
	frappe.flags.setdefault(ASKED, set()).add((doc.doctype, old))


def after(doc: Document, _event: str, old: str, _new: str, _merge: bool = False) -> None:
	"""Hook of every doctype. Raises frappe.PermissionError where nothing was asked."""
	asked = frappe.flags.get(ASKED) or set()
	if (doc.doctype, old) in asked:
		asked.discard((doc.doctype, old))
	elif doc.doctype in BESIDE_OURS or permissions.is_ours(doc.doctype):
		frappe.throw(
			_("{0}: is renamed by the button Rename, by whoever may change it.").format(_(doc.doctype)),
			frappe.PermissionError,
		)
