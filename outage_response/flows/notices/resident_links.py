"""Links in messages to residents without a login (the rules are in domain/message_links.py)."""

from collections.abc import Mapping
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.utils import now_datetime
from frappe.utils.password import get_encryption_key

from outage_response import bulk, settings
from outage_response.domain import message_links as rules
from outage_response.domain.errors import NotAllowed

PURPOSE = "outage"


class NoLink(NotAllowed):
	"""A link that does not hold, or whose holder is nobody any more."""


@dataclass(frozen=True)
class Holder:
	"""Who holds a link, and the one outage that it shows."""

	delivery: str
	contact: str
	incident: str


def of_delivery(row: Mapping) -> str:
	"""The token of a delivery (name, contact, link_key), valid for the days of Settings."""
	days = settings.read().link_days
	expires = int(now_datetime().timestamp()) + days * 86400
	return rules.make(_secret(), PURPOSE, row["name"], row["contact"], row["link_key"], expires)


def holder(token: str) -> Holder:
	"""Who a token belongs to. Raises NoLink for every token that does not hold, always in the same words."""
	link, row = _read(token)
	if not link or not rules.holds(link, _secret(), row.contact or "", row.link_key or "", now_datetime()) or not row:
		raise refused()
	return Holder(row.name, row.contact, row.incident)


def is_genuine(token: str) -> bool:
	"""Did we give this link out, with the key that still counts, whether it is still valid or not?"""
	link, row = _read(token)
	return bool(link and row and rules.is_genuine(link, _secret(), row.contact or "", row.link_key or ""))


def _read(token: str) -> tuple[rules.Link | None, frappe._dict]:
	"""What a token says, and the delivery that it names; empty where there is none."""
	link = rules.read(token)
	fields = ["name", "contact", "incident", "link_key"]
	if not link or link.purpose != PURPOSE:
		return link, frappe._dict()
	return link, frappe.db.get_value("Notice Delivery", link.subject, fields, as_dict=True) or frappe._dict()


def refused() -> NoLink:
	"""The one answer to whatever is wrong with a link."""
	return NoLink(_("This link is not valid, or not valid any more. Phone us, or log in to see your outages."))


def whose(token: str) -> list[str]:
	"""What a guess at a link is counted by: the delivery that it names, and whoever that is for."""
	link = rules.read(token)
	name = link.subject[:40] if link else ""
	contact = name and frappe.db.get_value("Notice Delivery", name, "contact")
	return [f"delivery {name}", *([f"told {contact}"] if contact else ())]


def revoke(contact: str) -> int:
	"""Void every link that this contact was ever sent. Answers how many."""
	names = frappe.get_all("Notice Delivery", filters={"contact": contact, "link_key": ("is", "set")}, pluck="name")
	bulk.update("Notice Delivery", names, {"link_key": ""})
	return len(names)


def revoke_one(token: str) -> None:
	"""Void one link, as its holder asks. Raises NoLink for a token that does not hold."""
	found = holder(token)
	bulk.update("Notice Delivery", [found.delivery], {"link_key": ""})


def _secret() -> str:
	return get_encryption_key()
