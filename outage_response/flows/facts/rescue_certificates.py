"""Who holds an elevator rescue certificate that is valid."""

from datetime import date

import frappe
from frappe import _
from frappe.utils import get_fullname, getdate

from outage_response import permissions
from outage_response.domain import authority
from outage_response.domain import entrapment_rules as rules


def holders(on: date) -> set[str]:
	"""Users whose certificate is valid on a day."""
	rows = frappe.get_all("Elevator Rescue Certificate", fields=["user", "valid_until"])
	return {row.user for row in rows if rules.is_valid(getdate(row.valid_until) if row.valid_until else None, on)}


def holds_one(user: str, on: date) -> bool:
	"""Does `user` hold a certificate that is valid on that day?"""
	return user in holders(on)


def require_mine(user: str) -> None:
	"""Raise frappe.PermissionError where a manager who is bound to properties writes about somebody who works for none of them."""
	if authority.answers_for_site(permissions.roles_of()):
		return
	bound = {"user": frappe.session.user, "allow": "Managed Property"}
	mine = frappe.get_all("User Permission", bound, pluck="for_value")
	theirs = {"user": user, "allow": "Managed Property", "for_value": ("in", mine)}
	if mine and not frappe.db.exists("User Permission", theirs):
		frappe.throw(
			_("User: {0} works for none of your properties. Ask whoever answers for the whole site.").format(
				get_fullname(user)
			),
			frappe.PermissionError,
		)
