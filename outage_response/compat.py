"""What differs between the supported Frappe versions, in one place."""

import os
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.util import find_spec

import frappe
from frappe.model.naming import is_autoincremented
from frappe.utils import cint, get_datetime, scheduler
from redis.exceptions import ConnectionError as RedisAway

# MariaDB from 11.6.2: a row to be locked has changed since this transaction's view of the database began
RECORD_HAS_CHANGED = 1020
# Out of reach for the moment: no connection (2002, 2003, 2006, 2013, 1927), too many of them (1040, 1203), shutting down
# (1053, 1317), read only (1290, 1836), no room on the disk or in the table (1021, 1114), a wait for a lock or a deadlock
# (1205, 1213), a statement that took too long (1969)
OUT_OF_REACH = {1020, 1021, 1040, 1053, 1114, 1203, 1205, 1213, 1290, 1317, 1836, 1927, 1969, 2002, 2003, 2006, 2013}

# From 16 on a list is a query that is built; before it is a text that is put together
LISTS_ARE_QUERIES = find_spec("frappe.model.qb_query") is not None


def over_rows(function: str, field: str, name: str) -> str | dict[str, str]:
	"""A function over rows (COUNT, MAX) among the fields of `frappe.get_list`, and the name of its result."""
	if LISTS_ARE_QUERIES:
		return {function: field, "as": name}
	return f"{function.lower()}({field}) as {name}"


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


def is_timeout(error: Exception) -> bool:
	"""Did it wait for a lock for as long as the database allows? Whoever asked has given up by then."""
	return isinstance(error, frappe.QueryTimeoutError)


def is_out_of_reach(error: Exception) -> bool:
	"""Is it no fault of what was asked: the database, or Redis where it is needed, cannot take it now and may later?"""
	if isinstance(error, frappe.QueryDeadlockError | frappe.QueryTimeoutError | frappe.InReadOnlyMode | RedisAway):
		return True
	if type(error).__name__ == "InterfaceError":  # the driver's own word for a connection that is closed
		return True
	code = error.args[0] if error.args else None
	return isinstance(error, frappe.db.OperationalError | frappe.db.InternalError) and code in OUT_OF_REACH


def read_committed() -> None:
	"""From its next transaction on this connection sees at each statement what is committed, and locks rows without the gaps
	between them. A server whose binary log holds statements alone cannot do that; MariaDB's own setting can."""
	if _reads_committed(frappe.local.site):
		# No query: a setting of the connection
		frappe.db.sql("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")  # nosemgrep: frappe-using-db-sql


def new_view() -> None:
	"""End what was read until now, where nothing was written. From 16 on Frappe lets nobody roll back within a hook on a document, since
	half a document might stay; here nothing of it is there yet, and a gate that went by an old view would be open."""
	if getattr(frappe.db, "_disable_transaction_control", 0):
		frappe.db.sql("ROLLBACK")  # nosemgrep: frappe-using-db-sql  (no query; rollback() refuses here)
		frappe.db.begin()
		frappe.db.value_cache.clear()
	else:
		frappe.db.rollback()


@lru_cache(maxsize=64)
def _reads_committed(_site: str) -> bool:
	# Settings of the server stand in no table
	logs, kind = frappe.db.sql("SELECT @@log_bin, @@binlog_format")[0]  # nosemgrep: frappe-using-db-sql
	return not (logs and kind == "STATEMENT")


def forget_dormancy() -> None:
	"""From 15.x on Frappe remembers for an hour whether it found a site at work: have it look again. Raises what Redis
	raises."""
	for remembers in (scheduler.schedule_jobs_based_on_activity, scheduler.is_dormant):
		clear = getattr(remembers, "clear_cache", None)
		if clear:
			clear()


def scheduler_tick() -> timedelta:
	"""How often the bench's scheduler looks what is to be done, as it reads it itself: from the settings of the whole bench, and not
	those of a site. Where they say nothing it is one minute, from 16 on four."""
	try:
		common = frappe.get_file_json(os.path.join(frappe.local.sites_path, "common_site_config.json"))
	except (OSError, ValueError):  # not there, or somebody is writing it
		common = frappe.local.conf
	seconds = cint(common.get("scheduler_tick_interval")) or getattr(scheduler, "DEFAULT_SCHEDULER_TICK", 60)
	return timedelta(seconds=seconds)


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
