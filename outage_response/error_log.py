"""What went wrong, for whoever looks after the site: in the log file, and in Frappe's Error Log.

Error Log is a MyISAM table: on a full disk a row waits for room, and whoever writes it with it. So rows go by way of
Frappe's scheduler, which writes what lies in the cache; and none while there is no room.
"""

import frappe

from . import space


def add(title: str, error: BaseException | None = None) -> None:
	"""Write down the error that is being handled. Raises nothing."""
	frappe.logger("outage_response").error(title, exc_info=error or True)
	if space.is_full(error):
		space.remember()
		return
	try:
		frappe.log_error(title=title[:140], defer_insert=True)
	except Exception:
		frappe.logger("outage_response").warning("no error row for %s", title, exc_info=True)
