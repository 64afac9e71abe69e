"""Who of an incident's residents was told, and who is called back, as its screens show it."""

from typing import Any

import frappe
from frappe import _

from outage_response import listing, permissions
from outage_response.domain import authority, callback_rules, notice_rules
from outage_response.domain.states import CallbackStatus, NoticeMode

SHOWN = 200  # callbacks on the incident's screen; the whole queue is a list of its own
CALLBACK_FIELDS = ["name", "contact", "phone", "reason", "status", "next_attempt_at", "satisfaction", "nested_incident"]
ORDER = "priority asc, next_attempt_at asc, contact asc"


def callbacks_of(incident: str) -> tuple[list[frappe._dict], int]:
	"""The first SHOWN callbacks in the order of the queue, and how many there are; for those who may read them: names and
	numbers are the residents' own."""
	if not frappe.has_permission("Outage Callback", "read"):
		return [], 0
	filters = {"incident": incident, "status": ("!=", CallbackStatus.NOT_REQUIRED)}
	rows = frappe.get_list("Outage Callback", filters=filters, fields=CALLBACK_FIELDS, order_by=ORDER, limit=SHOWN)
	if len(rows) < SHOWN:
		return _offered(rows), len(rows)
	return _offered(rows), listing.count("Outage Callback", filters)


def callback(name: str) -> dict[str, Any]:
	"""One callback, with what this user may do about it (`may_log`, `may_give_up`)."""
	return _offered([frappe.db.get_value("Outage Callback", name, CALLBACK_FIELDS, as_dict=True)])[0]


def _offered(rows: list[frappe._dict]) -> list[frappe._dict]:
	roles = permissions.roles_of()
	may_log, may_give_up = (authority.may(verb, roles) for verb in ("log_attempt", "give_up_callback"))
	for row in rows:
		row["may_log"] = may_log and row.status in callback_rules.WAITING
		row["may_give_up"] = may_give_up and row.status == CallbackStatus.UNREACHED
	return rows


def notices_of(incident: str) -> list[dict[str, Any]]:
	"""What residents were sent, the newest first: name, kind, public, language, issued_at, subject, posted_at, photo."""
	if not frappe.has_permission("Outage Notice", "read"):
		return []
	rows = frappe.get_all(
		"Outage Notice",
		filters={"incident": incident},
		fields=["name", "kind", "mode", "language", "issued_at", "subject", "posted_at", "photo"],
		order_by="issued_at desc, language asc",
	)
	return [{**row, "public": row.mode == NoticeMode.PUBLIC} for row in rows]


def kinds(status: str) -> list[list[str]]:
	"""[kind, its words] of the notices that may be sent of an outage in this state."""
	return [[kind, _(kind)] for kind in notice_rules.KINDS if status in notice_rules.STATES_OF_KIND[kind]]
