"""Room on the disks of the site's files and of its database, as far as it can be known from here.

Bulk (mails to residents, answers to tickets) writes thousands of rows. It stops while there is still room for what cannot
wait: verbs, pages, danger.
"""

import errno
import os
import shutil
from functools import lru_cache

import frappe
from pypika import Table

# Kept free for what cannot wait: a night's verbs and pages are a few MB, the database grows its files by 64 MB at a time
RESERVE_MB = 256
# MariaDB: the table is full; the disk is full; the engine's error, of which only "no space left" and "quota" count here
TABLE_IS_FULL, DISK_IS_FULL, ENGINE_ERROR = 1114, 1021, 1030
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
HERE = ("", "localhost", "127.0.0.1", "::1")
KEY = "outage_no_room"
REMEMBERED_SECONDS = 180


def is_full(error: BaseException | None) -> bool:
	"""Was there no room on a disk? Also where another error was raised while this one was dealt with."""
	while error is not None:
		if isinstance(error, OSError) and error.errno in NO_ROOM:
			return True
		code = error.args[0] if error.args else None
		if code in (TABLE_IS_FULL, DISK_IS_FULL):
			return True
		if code == ENGINE_ERROR and any(f"error {number}" in str(error) for number in NO_ROOM):
			return True
		error = error.__cause__ or error.__context__
	return False


def remember() -> None:
	"""A write has just failed for want of room; holds for some minutes. Where the cache is away too, nothing is remembered."""
	try:
		frappe.cache.set_value(KEY, 1, expires_in_sec=REMEMBERED_SECONDS)
	except Exception:
		frappe.logger("outage_response").warning("no room, and no cache to remember it", exc_info=True)


def is_short() -> bool:
	"""Is less room left than is kept for what cannot wait, or did a write fail for want of room a moment ago?"""
	free = free_mb()
	return (free is not None and free < RESERVE_MB) or _remembered()


def free_mb() -> int | None:
	"""Room that is left, in MB: of the site's files or of the database's, whichever has less. None: cannot be known."""
	found = [_free(frappe.get_site_path("private", "files")), _free(_data_folder())]
	known = [one for one in found if one is not None]
	return min(known) if known else None


def _remembered() -> bool:
	try:
		return bool(frappe.cache.get_value(KEY, expires=True))
	except Exception:
		return False


def _free(folder: str) -> int | None:
	try:
		return shutil.disk_usage(folder).free // 1_000_000 if folder else None
	except OSError:
		return None


def _data_folder() -> str:
	"""Where MariaDB keeps its data, if it runs on this machine; else "": its disk cannot be seen from here."""
	if frappe.conf.db_socket or (frappe.conf.db_host or "") in HERE:
		folder = _asked_for_its_folder(frappe.local.site)
		return folder if os.path.isdir(folder) else ""
	return ""


@lru_cache
def _asked_for_its_folder(_site: str) -> str:
	variables = Table("GLOBAL_VARIABLES", schema="information_schema")
	query = frappe.qb.from_(variables).select(variables.VARIABLE_VALUE)
	try:
		found = query.where(variables.VARIABLE_NAME == "DATADIR").run()
	except Exception:  # another database than MariaDB
		return ""
	return found[0][0] if found else ""
