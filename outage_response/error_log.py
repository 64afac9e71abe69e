"""What went wrong, for whoever looks after the site: in the log file, and in Frappe's Error Log.

Error Log is a MyISAM table: on a full disk a row waits for room, and whoever writes it with it. So rows go by way of
Frappe's scheduler, which writes what lies in the cache; and none while there is no room.
"""

import sys
import traceback

import frappe
from frappe.deferred_insert import queue_prefix

from . import space


def add(title: str, error: BaseException | None = None) -> None:
	"""Write down the error that is being handled. Raises nothing.

	The log file says where, and not what: an error may repeat what somebody wrote, and nobody erases a person in a file.
	"""
	raised = error or sys.exc_info()[1]
	where = "".join(traceback.format_tb(raised.__traceback__)) if raised else ""
	frappe.logger("outage_response").error("%s: %s\n%s", title, type(raised).__name__, where)
	if space.is_full(error):
		space.remember()
		return
	try:
		# Frappe would write down what every variable held: links that are still good, and what residents say
		frappe.log_error(title=title[:140], message=frappe.get_traceback(), defer_insert=True)
	except Exception:
		frappe.logger("outage_response").warning("no error row for %s", title, exc_info=True)


def drop(texts: set[str]) -> None:
	"""Forget rows that lie in the cache and hold one of these texts."""
	key = f"{queue_prefix}Error Log"
	try:
		for row in frappe.cache.lrange(key, 0, -1):
			if any(text in row.decode("utf-8", errors="replace") for text in texts):
				frappe.cache.lrem(frappe.cache.make_key(key), 0, row)
	except Exception:
		frappe.logger("outage_response").warning("error rows in the cache not looked at", exc_info=True)
