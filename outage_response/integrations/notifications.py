"""Frappe's own bell: Notification Log, many at once. Its subject is HTML to Desk, and what people wrote is text."""

from collections.abc import Mapping
from datetime import datetime

import frappe

from outage_response import bulk, locks


def write(
	subjects: Mapping[str, str],
	doctype: str,
	name: str,
	now: datetime,
	kind: str = "Assignment",
	messages: Mapping[str, str] | None = None,
) -> None:
	"""One Notification Log for each person (user -> what it says, as text) about a document; the bell rings after the commit.

	`messages`: user -> what stands below it, as HTML.
	"""
	users = sorted(subjects)
	if not users:
		return
	bulk.insert(
		"Notification Log",
		[
			{
				"subject": frappe.utils.escape_html(subjects[user]),
				"email_content": (messages or {}).get(user),
				"for_user": user,
				"from_user": frappe.session.user,
				"type": kind,
				"document_type": doctype,
				"document_name": name,
				"read": 0,
			}
			for user in users
		],
		now,
	)
	# who is being told of another outage just now has the mark already; nobody waits for that outage's verb
	free = locks.rows("Notification Settings", users, wait=False)
	bulk.update("Notification Settings", [row.name for row in free], {"seen": 0})
	for user in users:
		frappe.publish_realtime("notification", after_commit=True, user=user)
