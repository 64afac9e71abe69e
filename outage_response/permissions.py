"""Who sees and who does what on a site. What a role may do is a rule and stands in `domain/authority.py`."""

import frappe
from frappe import _

from . import by_property
from .domain import authority

MODULE = "Outage Response"


def roles_of(user: str | None = None) -> list[str]:
	"""Roles of `user`, by default of the session."""
	return frappe.get_roles(user or frappe.session.user)


def works_in_outages() -> bool:
	"""Is the session's user one of those who handle outages, or keep the app?"""
	return bool({*authority.STAFF, authority.ADMINISTRATOR, "System Manager"} & set(roles_of()))


def require_verb(verb: str) -> None:
	"""Raise NotAllowed (domain) unless the session's user may use the verb at all."""
	authority.require_verb(verb, roles_of())


def require_read(doctype: str, doc: str | object) -> None:
	"""Raise frappe.PermissionError unless the session's user may see the document (User Permission on its property), and
	DoesNotExistError where there is none, or no such doctype."""
	frappe.get_meta(doctype)
	if isinstance(doc, str) and not frappe.db.exists(doctype, doc):
		frappe.throw(
			_("{0}: {1} does not exist. Choose one of the list.").format(_(doctype), frappe.bold(doc[:140])),
			frappe.DoesNotExistError,
		)
	if isinstance(doc, str) and frappe.is_table(doctype):
		doc = frappe.get_doc(
			doctype, doc
		)  # by its name alone a child row is anybody's who may read some of its parents
	if not frappe.has_permission(doctype, "read", doc=doc):  # with throw=True the kind of error depends on the version
		frappe.throw(_("{0}: you have no access to this one.").format(_(doctype)), frappe.PermissionError)


def may_read(doctype: str, doc: str, user: str) -> bool:
	"""May this user see the document?"""
	return bool(frappe.has_permission(doctype, "read", doc=doc, user=user))


def may_write(doctype: str, doc: str) -> bool:
	"""May the session's user change the document?"""
	return bool(frappe.has_permission(doctype, "write", doc=doc))


def require_right(right: str, doctype: str, doc: str) -> None:
	"""Raise frappe.PermissionError unless the session's user may see the document and has this right to it (Frappe's words: read,
	write, delete)."""
	require_read(doctype, doc)
	if not frappe.has_permission(doctype, right, doc=doc):
		frappe.throw(_("{0}: you may not change this one.").format(_(doctype)), frappe.PermissionError)


def require_list(doctype: str) -> None:
	"""Raise frappe.PermissionError unless the session's user may list the doctype at all, DoesNotExistError for none."""
	frappe.get_meta(doctype)
	if not frappe.has_permission(doctype, "read"):
		frappe.throw(_("{0}: you have no access to this list.").format(_(doctype)), frappe.PermissionError)


def require_property(property_name: str) -> None:
	"""Raise frappe.PermissionError unless the session's user works for this property."""
	require_read("Managed Property", property_name)


def is_ours(doctype: str) -> bool:
	"""Is it a doctype of this app?"""
	return frappe.get_meta(doctype).module == MODULE


def narrowed(doctype: str) -> list[list]:
	"""Filters that add nothing to what the session's user may list of a doctype, but by which the database finds it: Frappe asks
	for the properties of a User Permission in a way that no index helps. [[]]: nothing is narrower; several: to be asked apart."""
	user = frappe.session.user
	mine = by_property.properties_of(user, doctype)
	if not mine or not frappe.get_meta(doctype).has_field("property") or frappe.share.get_shared(doctype, user):
		return [[]]
	table = frappe.qb.DocType(doctype)
	nowhere = frappe.qb.from_(table).select(table.name).where(table.property.isnull() | (table.property == ""))
	blank = nowhere.run(pluck=True)  # a User Permission leaves these in
	return [[["property", "in", mine]], *([[["name", "in", blank]]] if blank else ())]


def nobody(doc, ptype: str = "read", user: str | None = None) -> bool:
	"""Care Needs have no list, form or REST access; `flows/residents/who_depends_on_power.py` is the one way to them."""
	return (user or frappe.session.user) == "Administrator"


def no_rows(user: str | None = None) -> str:
	"""The list side of `nobody`."""
	return "" if (user or frappe.session.user) == "Administrator" else "1=0"
