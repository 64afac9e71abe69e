"""`frappe.get_all` and `frappe.get_list` for lists of names that may be empty: of nobody nothing is found, without a query.

Frappe asks for `name in []`, or for a list that holds "", as `ifnull(name, '') in ('')`: it reads the whole table.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import frappe
from pypika.terms import Criterion, Field, ValueWrapper

from outage_response import permissions

NEVER = ValueWrapper(1) == ValueWrapper(0)


def get_all(doctype: str, filters: Mapping[str, Any], **more: Any) -> list:
	"""As `frappe.get_all`; where a field is to be in an empty list: []."""
	narrowed = _without_blanks(filters)
	return [] if narrowed is None else frappe.get_all(doctype, filters=narrowed, **more)


def get_list(doctype: str, filters: Mapping[str, Any], **more: Any) -> list:
	"""As `frappe.get_list`, what the session's user may see; where a field is to be in an empty list: []."""
	narrowed = _without_blanks(filters)
	return [] if narrowed is None else frappe.get_list(doctype, filters=narrowed, **more)


def count(doctype: str, filters: Mapping[str, Any] | Sequence[Any]) -> int:
	"""How many the session's user may list, counted by the database; raises what `frappe.get_list` raises."""
	if isinstance(filters, Mapping):
		narrower = _without_blanks(filters)
		filters = (
			[["name", "=", ""]]
			if narrower is None
			else [[field, *_as_pair(value)] for field, value in narrower.items()]
		)
	number = [f"count(distinct `tab{doctype}`.name) as found"]
	return sum(
		frappe.get_list(doctype, filters=[*filters, *more], fields=number, order_by=None)[0].found
		for more in permissions.narrowed(doctype)
	)


def _as_pair(value: Any) -> Sequence[Any]:
	return value if isinstance(value, tuple | list) else ("=", value)


def one_of(field: Field, values: Iterable) -> Criterion:
	"""The same for a query: the field is one of the values; of none, never."""
	some = [one for one in values if one not in (None, "")]
	return field.isin(some) if some else NEVER


def by_range(field: Field, values: Iterable[str]) -> Criterion:
	"""The same where a moment is compared beside it, and one index has both: named alone, one value makes MariaDB look at all
	rows that have it, whatever their moment; beside a blank that nothing has, it goes by both."""
	return field.isin([*values, ""])


def _without_blanks(filters: Mapping[str, Any]) -> dict[str, Any] | None:
	found = {}
	for field, value in filters.items():
		if isinstance(value, tuple | list) and value[0] == "in":
			some = [one for one in value[1] if one not in (None, "")]
			if not some:
				return None
			value = ("in", some)
		found[field] = value
	return found
