"""`frappe.get_all` and `frappe.get_list` for lists of names that may be empty: of nobody nothing is found, without a query.

Frappe asks for `name in []`, or for a list that holds "", as `ifnull(name, '') in ('')`: it reads the whole table.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import frappe
from pypika.functions import Count
from pypika.terms import Criterion, Field, ValueWrapper

from outage_response import compat, permissions

NEVER = ValueWrapper(1) == ValueWrapper(0)


def get_all(doctype: str, filters: Mapping[str, Any], **more: Any) -> list:
	"""As `frappe.get_all`; where a field is to be in an empty list: []."""
	narrowed = _without_blanks(filters)
	return [] if narrowed is None else frappe.get_all(doctype, filters=narrowed, **more)


def get_list(doctype: str, filters: Mapping[str, Any], also: Sequence[Any] = (), **more: Any) -> list:
	"""As `frappe.get_list`, what the session's user may see; where a field is to be in an empty list: []. `also`: filters that came
	as a list."""
	narrowed = _without_blanks(filters)
	if narrowed is None:
		return []
	pairs = [[field, *_as_pair(value)] for field, value in narrowed.items()]
	return frappe.get_list(doctype, filters=[*pairs, *also] if also else narrowed, **more)


def count(doctype: str, filters: Mapping[str, Any] | Sequence[Any]) -> int:
	"""How many the session's user may list, counted by the database; raises what `frappe.get_list` raises."""
	if isinstance(filters, Mapping):
		narrower = _without_blanks(filters)
		filters = (
			[["name", "=", ""]]
			if narrower is None
			else [[field, *_as_pair(value)] for field, value in narrower.items()]
		)
	return sum(_counted(doctype, [*filters, *more]) for more in permissions.narrowed(doctype))


def _counted(doctype: str, filters: list) -> int:
	"""Each row once, whatever child rows the filters name."""
	if compat.LISTS_ARE_QUERIES:
		rows = frappe.get_list(doctype, filters=filters, fields=["name"], distinct=True, order_by=None, run=False)
		return frappe.qb.from_(rows).select(Count("*")).run()[0][0]
	number = [f"count(distinct `tab{doctype}`.name) as found"]
	return frappe.get_list(doctype, filters=filters, fields=number, order_by=None)[0].found


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
