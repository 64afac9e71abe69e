"""Who holds an elevator rescue certificate that is valid."""

from datetime import date

import frappe
from frappe.utils import getdate

from outage_response.domain import entrapment as rules


def holders(on: date) -> set[str]:
	"""Users whose certificate is valid on a day."""
	rows = frappe.get_all("Elevator Rescue Certificate", fields=["user", "valid_until"])
	return {row.user for row in rows if rules.is_valid(getdate(row.valid_until) if row.valid_until else None, on)}


def holds_one(user: str, on: date) -> bool:
	"""Does `user` hold a certificate that is valid on that day?"""
	return user in holders(on)
