"""The deliveries of notices on their way: which leave next, what comes of one that failed, and when it is too late for it.

Between a server's "accepted" and the record of it, by mail or SMS, nobody can know: such a delivery is not sent again, and a
person phones.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.utils import get_url, now_datetime

from outage_response import bulk, listing, locks
from outage_response.domain import notice_rules as rules
from outage_response.domain.states import DeliveryChannel, DeliveryState, NoticeKind, NoticeMode
from outage_response.integrations import messages

from ..site import same_site
from . import resident_links, server_patience
from .notice_settings import numbers

BATCH = 50
MOST_AT_ONCE = 5000


def oldest() -> timedelta:
	"""Older than this, a message of an outage does not help any more."""
	return timedelta(minutes=numbers().resident_message_minutes)


def settle_too_old(now: datetime | None = None) -> int:
	"""What could not be sent for too long, because the site stood still, is not sent any more: supply is back by then, or another
	word is true. Announcements of planned work are sent until it begins; whoever a person must confirm is phoned. Answers how
	many were settled."""
	now, age = now or now_datetime(), oldest()
	table, incident = frappe.qb.DocType("Notice Delivery"), frappe.qb.DocType("Outage Incident")
	still_ahead = table.kind.isin((NoticeKind.PLANNED, NoticeKind.CANCELLED)) & (incident.planned_start > now)
	rows = (
		frappe.qb.from_(table)
		.join(incident)
		.on(incident.name == table.incident)
		.select(table.name, table.must_confirm, table.email_queue)
		.where(table.state == DeliveryState.QUEUED)
		.where(table.channel.isin((DeliveryChannel.EMAIL, DeliveryChannel.SMS)))
		.where(table.creation < now - age)
		.where(incident.planned_start.isnull() | still_ahead.negate())
		.orderby(table.creation)
		.limit(MOST_AT_ONCE)
	).run(as_dict=True)
	stopped = messages.stop_mails([row.email_queue for row in rows if row.email_queue], _("Too old to help"))
	old = [row for row in rows if not row.email_queue or row.email_queue in stopped]
	error = _("Not sent: older than {0} minutes when the site could send again.").format(int(age.total_seconds() // 60))
	for must_confirm, values in (
		(False, {"state": DeliveryState.SUPERSEDED}),
		(True, {"state": DeliveryState.FAILED, "phone_list": 1}),
	):
		names = [row.name for row in old if bool(row.must_confirm) is must_confirm]
		bulk.update("Notice Delivery", names, {**values, "error": error, "modified": now})
	return len(old)


def waiting(channel: str, *, locked: bool) -> list[frappe._dict]:
	"""The next deliveries to leave; `locked`: without those that another worker is at."""
	if same_site.is_muted() or (channel == DeliveryChannel.EMAIL and not _may_leave()):
		return []
	table = frappe.qb.DocType("Notice Delivery")
	names = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.state == DeliveryState.QUEUED)
		.where(table.channel == channel)
		.where(table.email_queue.isnull() | (table.email_queue == ""))
		.where(table.next_attempt_at.isnull() | (table.next_attempt_at <= now_datetime()))
		.orderby(table.priority)
		.orderby(table.creation)
		.orderby(table.name)
		.limit(BATCH)
	).run(pluck=True)
	if locked:
		rows = locks.rows("Notice Delivery", names, ("name", "state", "email_queue"), wait=False)
		names = [row.name for row in rows if row.state == DeliveryState.QUEUED and not row.email_queue]
	return delivery_rows(table.name.isin(names)) if names else []


def _may_leave() -> bool:
	"""Could a mail leave now? Until then the delivery is the row, and no mail of it lies in a queue that others can search."""
	return not messages.is_suspended() and messages.account() not in server_patience.left_alone(server_patience.MAIL)


def delivery_rows(criterion) -> list[frappe._dict]:
	table, notice = frappe.qb.DocType("Notice Delivery"), frappe.qb.DocType("Outage Notice")
	return (
		frappe.qb.from_(table)
		.join(notice)
		.on(notice.name == table.notice)
		.select(
			table.name,
			table.notice,
			table.contact,
			table.state,
			table.tries,
			table.link_key,
			notice.property,
			notice.mode,
			notice.language,
			notice.subject,
			notice.message,
			notice.kind,
		)
		.where(criterion)
		.orderby(table.priority)
		.orderby(table.creation)
		.orderby(table.name)
	).run(as_dict=True)


def addresses_of(rows: list[frappe._dict], field: str) -> dict[str, str]:
	contacts = list({row.contact for row in rows})
	return dict(listing.get_all("Contact", filters={"name": ("in", contacts)}, fields=["name", field], as_list=True))


def link_url(row: Mapping) -> str:
	return get_url(f"/outages/link/{resident_links.of_delivery(row)}")


def link_of(name: str) -> str:
	"""The link of a delivery, made now; "" where there is none to be had."""
	row = frappe.db.get_value("Notice Delivery", name, ["name", "contact", "link_key"], as_dict=True)
	return link_url(row) if row and row.contact and row.link_key else ""


def set_delivery(name: str, **values) -> None:
	table = frappe.qb.DocType("Notice Delivery")
	query = frappe.qb.update(table).set(table.modified, now_datetime()).where(table.name == name)
	for field, value in values.items():
		query = query.set(table[field], value)
	query.run()


def note_failure(row: Mapping, error: str) -> None:
	tries = (row["tries"] or 0) + 1
	state, phone, again = rules.after_failure(row["mode"], tries, now_datetime())
	if state == DeliveryState.FAILED and by_sms_instead(row["name"], error):
		return
	values = {"state": state, "tries": tries, "error": error, "next_attempt_at": again}
	if phone:
		values["phone_list"] = 1
	set_delivery(row["name"], **values)


def by_sms_instead(name: str, error: str) -> bool:
	"""A mail that certainly did not leave goes as an SMS, where there is a number and a gateway; False where not.

	Whoever a person must confirm stays on the phone list meanwhile.
	"""
	row = frappe.db.get_value("Notice Delivery", name, ["channel", "contact"], as_dict=True)
	if (
		row.channel != DeliveryChannel.EMAIL
		or not messages.sms_is_on()
		or not frappe.db.get_value("Contact", row.contact, "mobile_no")
	):
		return False
	set_delivery(
		name,
		channel=DeliveryChannel.SMS,
		state=DeliveryState.QUEUED,
		tries=0,
		next_attempt_at=None,
		email_queue=None,
		error=error[:500],
	)
	return True


def unknown_in_words() -> str:
	return _("It is not known whether the message left: the worker that sent it ended. Phone.")


def unknown_to_phone(name: str, error: str = "") -> None:
	"""Nobody can know whether it arrived, so it is no message any more: the delivery becomes a line on the phone list, one
	thing and not two, which says that the message may have come. An answer to the message ends it, like any other line."""
	to_phone(name, error or unknown_in_words())
	set_delivery(name, email_queue=None)
	table = frappe.qb.DocType("Notice Delivery")
	(
		frappe.qb.update(table)
		.set(table.channel, DeliveryChannel.PHONE)
		.set(table.state, DeliveryState.QUEUED)
		.where(table.name == name)
		.where(table.phone_list == 1)
	).run()


def to_phone(name: str, error: str) -> None:
	"""Given up by its channel: told by telephone where each household is told, else only counted as failed."""
	mode = frappe.db.get_value("Outage Notice", frappe.db.get_value("Notice Delivery", name, "notice"), "mode")
	values: dict = {"state": DeliveryState.FAILED, "error": error[:500]}
	if mode == NoticeMode.INDIVIDUAL:
		values["phone_list"] = 1
	set_delivery(name, **values)
