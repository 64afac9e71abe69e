"""Many rows of one doctype in one statement.

Frappe's `bulk_insert` runs no hook of the doctype. So it serves the app's own rows, and ToDo, Notification Log and links,
where the caller does what the hooks would have done.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe.utils import now_datetime
from pypika import Table
from pypika.terms import Criterion

from .compat import new_names

SYSTEM_FIELDS = ("name", "owner", "modified_by", "creation", "modified")


def insert(doctype: str, rows: Sequence[Mapping[str, Any]], now: datetime | None = None) -> list[str | int]:
	"""Insert `rows` (field -> value, all with the same fields) as the session's user; their names, in the order given.

	A row without a `name` gets one. The app's doctypes are named by hash; one of the framework's may be numbered.
	"""
	if not rows:
		return []
	at, user = now or now_datetime(), frappe.session.user
	fields = [name for name in rows[0] if name not in SYSTEM_FIELDS]
	names = [row.get("name") or new for row, new in zip(rows, new_names(doctype, len(rows)), strict=True)]
	frappe.db.bulk_insert(
		doctype,
		[*SYSTEM_FIELDS, *fields],
		[(name, user, user, at, at, *(row[field] for field in fields)) for name, row in zip(names, rows, strict=True)],
	)
	return names


def update(
	doctype: str, names: Sequence[str | int], values: Mapping[str, Any], *, still: Criterion | None = None
) -> None:
	"""Set fields of the rows of these names, and touch no other row; `modified` stays unless it is among the values. `still`:
	what must hold of a row at that moment.

	Left to itself MariaDB reads the whole table when the names are many: it then locks every row, and waits for each ticket
	that somebody is just entering.
	"""
	if not names or not values:
		return
	table = by_name(doctype)
	query = frappe.qb.update(table).where(table.name.isin(sorted(set(names))))
	if still:
		query = query.where(still)
	for field, value in values.items():
		query = query.set(table[field], value)
	query.run()


def change(doctype: str, which: Criterion, values: Mapping[str, Any]) -> None:
	"""Set fields of the rows that fit, and lock no other: they are looked for first, without a lock."""
	table = frappe.qb.DocType(doctype)
	names = frappe.qb.from_(table).select(table.name).where(which).run(pluck=True)
	update(doctype, names, values, still=which)


def by_name(doctype: str) -> Table:
	"""The doctype's table, for a query whose rows are found by their primary key, and no others are looked at."""
	return _ByName(f"tab{doctype}")


class _ByName(Table):
	def get_sql(self, **kwargs: Any) -> str:
		return f"{super().get_sql(**kwargs)} FORCE INDEX (PRIMARY)"


def child_of(parenttype: str, parent: str, parentfield: str, idx: int) -> dict[str, Any]:
	"""What a child row says of the document it belongs to; `idx` counts from 1."""
	return {"parent": parent, "parenttype": parenttype, "parentfield": parentfield, "idx": idx}
