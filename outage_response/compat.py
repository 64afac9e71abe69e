"""What differs between the supported Frappe versions, in one place."""

from datetime import datetime

import frappe
from frappe.model.naming import is_autoincremented
from frappe.utils import get_datetime, scheduler

# MariaDB from 11.6.2: a row to be locked has changed since this transaction's view of the database began
RECORD_HAS_CHANGED = 1020


def is_retriable(error: Exception) -> bool:
	"""Would the same transaction succeed when run again? Deadlocks, lock timeouts, a view of the database that is
	too old, and a unique row that somebody else wrote first."""
	if isinstance(
		error,
		(
			frappe.QueryDeadlockError,
			frappe.QueryTimeoutError,
			frappe.UniqueValidationError,
			frappe.DuplicateEntryError,
		),
	):
		return True
	code = error.args[0] if error.args else None
	return isinstance(code, int) and (
		code == RECORD_HAS_CHANGED or frappe.db.is_deadlocked(error) or frappe.db.is_duplicate_entry(error)
	)


def forget_dormancy() -> None:
	"""From 15.x on Frappe remembers for an hour whether it found a site at work: have it look again. Raises what Redis
	raises."""
	for remembers in (scheduler.schedule_jobs_based_on_activity, scheduler.is_dormant):
		clear = getattr(remembers, "clear_cache", None)
		if clear:
			clear()


def last_activity() -> datetime | None:
	"""When Frappe last saw the site at work: the last entry of Activity Log, in 16 the last look of any user."""
	doctype, field = ("User", "last_active") if _counts_looks() else ("Activity Log", "creation")
	last = frappe.db.get_value(doctype, {}, field, order_by=f"{field} desc")
	return get_datetime(last) if last else None


def note_activity(now: datetime, subject: str) -> None:
	"""Let Frappe see the site at work."""
	if _counts_looks():
		frappe.db.set_value("User", "Administrator", "last_active", now, update_modified=False)
	else:
		frappe.get_doc({"doctype": "Activity Log", "subject": subject, "user": frappe.session.user}).insert(
			ignore_permissions=True, ignore_links=True
		)


def _counts_looks() -> bool:
	# 16 remembers this answer, too
	return hasattr(scheduler.is_dormant, "clear_cache")


def new_names(doctype: str, count: int) -> list[str | int]:
	"""Names for rows that are inserted in bulk. Notification Log is numbered by a sequence in the development snapshot,
	and has random names in 15.x and 16, as the app's doctypes have everywhere."""
	if is_autoincremented(doctype):
		return [frappe.db.get_next_sequence_val(doctype) for _one in range(count)]
	return [frappe.generate_hash(length=10) for _one in range(count)]


def fill_times(doc) -> bool:
	"""Give Time fields that nobody filled in their default; answers whether there were any.

	Frappe puts the time of day at which the document is made there, whatever the default says (into the Single rows that
	an install makes, too); it is known by its fraction of a second, which nobody types.
	"""
	found = False
	for df in doc.meta.get("fields", {"fieldtype": "Time"}):
		value = doc.get(df.fieldname)
		if df.default and (value in (None, "") or frappe.utils.get_time(value).microsecond):
			doc.set(df.fieldname, df.default)
			found = True
	return found
