"""Frappe's own bell: a notification, and a sound on every screen that is open."""

from datetime import datetime, timedelta

import frappe
from frappe.model.document import Document
from frappe.utils import now_datetime

from outage_response.integrations import notifications

from . import Letter

EVENT = "outage_page"
JUST_NOW_SECONDS = 45


def is_on(channel: Document) -> bool:
	"""Always there."""
	return True


def reaches(person) -> bool:
	"""Whoever has a login."""
	return bool(person.user)


def write(channel: Document, letter: Letter) -> None:
	"""One Notification Log, and the sound after the commit."""
	now = now_datetime()
	if not _told_just_now(letter, now):
		about = ("Outage Incident", letter.incident) if letter.incident else ("Outage Page", letter.key)
		notifications.write({letter.user: letter.text[:1000]}, *about, now, "Alert")
	frappe.publish_realtime(
		EVENT,
		{"page": letter.key, "text": letter.text, "link": letter.link, "urgent": letter.urgent},
		after_commit=True,
		user=letter.user,
	)


def _told_just_now(letter: Letter, now: datetime) -> bool:
	"""The verb that gave out the steps has told each person already."""
	return bool(
		letter.incident
		and frappe.db.exists(
			"Notification Log",
			{
				"document_type": "Outage Incident",
				"document_name": letter.incident,
				"for_user": letter.user,
				"creation": (">", now - timedelta(seconds=JUST_NOW_SECONDS)),
			},
		)
	)
