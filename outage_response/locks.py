"""Locking reads: every one locks the rows that it names, found by their primary key, and nothing beside them.

A locking read by any other condition also locks what the database looks at on its way: rows of other properties' outages.
So rows are looked for without a lock, then locked by name. Repeatable read, MariaDB's own level, locks the gaps between rows
as well, where those go that are just being declared elsewhere (also when Frappe saves a document with child rows), and shows
a verb that waited what was there before. So verbs and jobs run at READ COMMITTED, and begin with their lock.
"""

from collections.abc import Iterable, Sequence

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response import bulk, compat

# In this order they are locked, by everybody: who waits for one holds none that comes after it
ORDER = ("Managed Property", "Outage Incident", "Outage Task")


def row(doctype: str, name: str | int, *, wait: bool = True) -> frappe._dict | None:
	"""One row as it is committed now, locked until the transaction ends; None where there is none of this name.

	wait  False: None also while somebody else holds it
	"""
	found = rows(doctype, [name], ("*",), wait=wait) if isinstance(name, str | int) and name else ()
	return found[0] if found else None


def known_row(doctype: str, name: str | int) -> frappe._dict:
	"""The same of a row that is there. Raises DoesNotExistError where it is not, or not any more."""
	found = row(doctype, name)
	if not found:
		raise frappe.DoesNotExistError
	return found


def rows(
	doctype: str, names: Iterable[str | int], fields: Sequence[str] = ("name",), *, wait: bool = True
) -> list[frappe._dict]:
	"""The rows of these names as they are committed now, by name, locked until the transaction ends.

	wait  False: without those that somebody else holds
	"""
	wanted = sorted(set(names))
	if not wanted:
		return []
	if wait:
		_remember(doctype, wanted)
	table = bulk.by_name(doctype)
	return (
		frappe.qb.from_(table)
		.select(*(table.star if field == "*" else table[field] for field in fields))
		.where(table.name.isin(wanted))
		.orderby(table.name)
		.for_update(skip_locked=not wait)
	).run(as_dict=True)


def document(doctype: str, name: str) -> Document:
	"""The document with its row locked until the transaction ends. Its child rows are read without a lock: they change
	with it.

	Raises DoesNotExistError; and QueryDeadlockError (the caller retries) where this transaction's view of the database is
	older than the lock: at repeatable read, children and everything read afterwards would be as they were before the wait.
	"""
	latest = known_row(doctype, name)
	try:
		doc = frappe.get_doc(doctype, name)
	except frappe.DoesNotExistError:  # it is newer than the view
		frappe.clear_last_message()
		stale(doctype)
	if get_datetime(doc.modified) != get_datetime(latest.modified):
		stale(doctype)
	return doc.update(latest)


def stale(doctype: str) -> None:
	"""Raise what has the whole transaction run again."""
	raise frappe.QueryDeadlockError(f"stale view of {doctype}")


# ---------------------------------------------------------------- the first statement


def begin() -> None:
	"""What was read until now (roles, whose task it is) was read without a lock: end that view, so that the lock is the
	first statement of a transaction, and what is read after it is as new as the lock.

	Not where this transaction has written or locked something already: then it belongs to somebody else's verb.
	"""
	if not frappe.db.transaction_writes and not held():
		new_transaction()


def new_transaction(wanted: Iterable[tuple[str, str | int]] = ()) -> None:
	"""Undo what there is and begin anew, with the locks of `wanted` (`held` of a try whose view was older than its locks)."""
	compat.read_committed()
	compat.new_view()
	names: dict[str, list[str | int]] = {}
	for doctype, name in wanted:
		names.setdefault(doctype, []).append(name)
	for doctype, some in names.items():
		rows(doctype, some)


def held() -> list[tuple[str, str | int]]:
	"""(doctype, name) that this transaction has asked the lock of, in the order in which everybody locks."""
	found = getattr(frappe.local, "outage_locks", None) or ()
	last = len(ORDER)
	return sorted(found, key=lambda one: (ORDER.index(one[0]) if one[0] in ORDER else last, *(str(one) for one in one)))


def _remember(doctype: str, names: Iterable[str | int]) -> None:
	known = getattr(frappe.local, "outage_locks", None)
	if known is None:
		known = frappe.local.outage_locks = set()
	if not known:
		for ending in (frappe.db.after_commit, frappe.db.after_rollback):
			ending.add(known.clear)
	known.update((doctype, name) for name in names)
