"""The locks of verbs: the property, or the incident, until the transaction ends."""

from typing import Any, NoReturn

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response import locks
from outage_response.domain.errors import RuleError


def lock_property(property_name: str) -> None:
	"""Declaring is one at a time per property. Raises RuleError for an unknown property."""
	locks.begin()
	if not isinstance(property_name, str) or not locks.rows("Managed Property", [property_name]):
		_refuse_property(property_name)


def lock_property_if_free(property_name: str) -> bool:
	"""The same without waiting: False while somebody else holds the property. For what cannot wait."""
	locks.begin()
	if isinstance(property_name, str) and locks.rows("Managed Property", [property_name], wait=False):
		return True
	if not isinstance(property_name, str) or not frappe.db.exists("Managed Property", property_name):
		_refuse_property(property_name)
	return False


def _refuse_property(name: Any) -> NoReturn:
	raise RuleError(_("Property: {property} does not exist. Choose one of the list."), property=str(name)[:140])


def lock_incident(name: str) -> Document:
	"""The incident with its row locked until the transaction ends: a verb's first query, where it can be.

	Raises QueryDeadlockError (the caller retries) when this transaction's view of the database is older than the lock; see
	`locks.document`.
	"""
	try:
		return locks.document("Outage Incident", name)
	except frappe.DoesNotExistError:
		frappe.throw(
			_("Incident: {0} does not exist. Choose one of the list.").format(frappe.bold(str(name)[:140])),
			frappe.DoesNotExistError,
		)
