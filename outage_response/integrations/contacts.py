"""Frappe alone: residents are Contacts, and a callback is a phone Communication on the contact's timeline."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response import listing
from outage_response.domain import phone_numbers as phones_rules

from . import BY_PHONE, How, LoggedCall, call_log_id, calls

CALL_LOG = "Communication"


def is_on() -> bool:
	"""Contacts come with Frappe."""
	return True


def phones(contacts: Sequence[str]) -> dict[str, str]:
	"""contact -> number to call (mobile first), for all of them in one query."""
	rows = listing.get_all("Contact", filters={"name": ("in", list(contacts))}, fields=["name", "mobile_no", "phone"])
	return {row.name: row.mobile_no or row.phone or "" for row in rows}


def log_call(
	callback: Document, outcome: str, note: str, at: datetime, attempt: int, how: How = BY_PHONE
) -> tuple[str, str]:
	"""Record the `attempt`-th attempt as a Communication linked to the callback and to the contact; (doctype, name)."""
	name = call_log_id(callback.name, attempt).lower()
	if frappe.db.exists("Communication", name):
		return "Communication", name
	said = frappe.utils.escape_html(note) or _(outcome)
	if how.seconds:
		said = f"{said}<br>{_('Duration: {0}').format(timedelta(seconds=how.seconds))}"
	record = frappe.new_doc("Communication")
	record.update(
		{
			"communication_type": "Communication",
			"communication_medium": "Other" if how.by_resident else "Phone",
			"sent_or_received": "Received" if how.by_resident else "Sent",
			"status": "Linked",
			"subject": calls.title(callback, outcome),
			"content": said,
			"phone_no": callback.phone,
			"communication_date": at,
			"reference_doctype": "Outage Callback",
			"reference_name": callback.name,
			"user": frappe.session.user,
		}
	)
	if callback.contact and frappe.db.exists("Contact", callback.contact):  # may have been deleted by force since
		record.append("timeline_links", {"link_doctype": "Contact", "link_name": callback.contact})
	record.insert(ignore_permissions=True, set_name=name)
	return record.doctype, record.name


def recent_calls(since: datetime) -> list[LoggedCall]:
	"""Frappe alone has no telephony."""
	return []


def of_emails(addresses: Iterable[str]) -> dict[str, list[str]]:
	"""e-mail address (lower case) -> contacts that have it, in one query."""
	wanted = sorted({address for address in addresses if address})
	found: dict[str, list[str]] = defaultdict(list)
	if wanted:
		table = frappe.qb.DocType("Contact Email")
		query = frappe.qb.from_(table).select(table.email_id, table.parent).where(table.email_id.isin(wanted))
		for address, contact in query.orderby(table.parent).run():
			found[address.lower()].append(contact)
	return found


def of_numbers(numbers: Iterable[str]) -> dict[str, list[str]]:
	"""number as given -> contacts whose telephone it is, in one query; compared by digits."""
	wanted = {number: phones_rules.tail(number) for number in numbers}
	tails = sorted({tail for tail in wanted.values() if tail})
	if not tails:
		return {}
	table = frappe.qb.DocType("Contact Phone")
	rows = (
		frappe.qb.from_(table)
		.select(table.phone, table.parent)
		.where(table.outage_tail.isin(tails))  # setup/core_indexes.py
		.orderby(table.parent)
	).run()
	return {
		number: list(dict.fromkeys(contact for phone, contact in rows if phones_rules.same(phone, number)))
		for number in wanted
	}
