"""Departments of the company's own: whoever holds the role of one works on outages as those of the procedure do. Frappe's rights
hang on roles, so the app gives them one more, "Outage Department", and takes it back; nobody does that by hand.
"""

from collections import Counter

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from outage_response import bulk, listing
from outage_response.domain import authority
from outage_response.domain.errors import RuleError

from ..facts.who_is_on_duty import require_people


def check(department: Document) -> None:
	"""Raises ValidationError for a department whose steps nobody could open."""
	try:
		require_people(department)
		if not department.is_external and department.role != _stored(department):
			authority.require_offered(department.role or "", offered())
		authority.require_role_of_duty(department.duty or "", department.role or "")
	except RuleError as refusal:
		frappe.throw(refusal.rendered(_), frappe.ValidationError)


def _stored(department: Document) -> str | None:
	"""The role that the record has already: an older one stays until somebody chooses another."""
	before = department.get_doc_before_save()
	return before.role if before and not before.is_external else None


def offered(text: str = "") -> list[str]:
	"""Roles that a department's people may be known by, those whose names hold `text`: the procedure's, and what a company has
	made for its people. A role with rights on doctypes that some app has shipped is somebody else's."""
	role, right, doctype = (frappe.qb.DocType(name) for name in ("Role", "DocPerm", "DocType"))
	with_rights = (
		frappe.qb.from_(right)
		.join(doctype)
		.on(right.parent == doctype.name)
		.select(right.role)
		.where(doctype.custom == 0)
	)
	rows = (
		frappe.qb.from_(role)
		.select(role.name)
		.where((role.disabled == 0) & (role.desk_access == 1))
		.where(role.name.isin(authority.OF_THE_PROCEDURE) | role.name.notin(with_rights))
		.where(role.name.notin(authority.EVERYBODYS))
		.orderby(role.name)
	).run(pluck=True)
	return [name for name in rows if text.casefold() in name.casefold() or text.casefold() in _(name).casefold()]


def roles() -> set[str]:
	"""The roles of all departments that are no outside firms."""
	return set(frappe.get_all("Response Department", filters={"is_external": 0, "role": ("is", "set")}, pluck="role"))


def give_roles() -> None:
	"""Everybody who lacks the additional role gets it, and who has it without reason loses it: after a department changed.

	Only the rows of it are written: to save a User may do more than that, as making the first one a System Manager.
	"""
	own = roles() - set(authority.OF_THE_PROCEDURE)
	rows = listing.get_all(
		"Has Role",
		filters={
			"parenttype": "User",
			"parent": ("not in", frappe.STANDARD_USERS),
			"role": ("in", [*own, authority.DEPARTMENT]),
		},
		fields=["parent", "role"],
	)
	holders = {row.parent for row in rows if row.role == authority.DEPARTMENT}
	entitled = {row.parent for row in rows if row.role in own}
	if lost := sorted(holders - entitled):
		frappe.db.delete("Has Role", {"parenttype": "User", "parent": ("in", lost), "role": authority.DEPARTMENT})
	if new := sorted(entitled - holders):
		many = Counter(listing.get_all("Has Role", {"parenttype": "User", "parent": ("in", new)}, pluck="parent"))
		added = [{**bulk.child_of("User", name, "roles", many[name] + 1), "role": authority.DEPARTMENT} for name in new]
		bulk.insert("Has Role", added, now_datetime())
	for name in (*lost, *new):
		frappe.clear_cache(user=name)


def on_user(user: Document, _event: str | None = None) -> None:
	"""The additional role follows the others, by whatever road they came: by hand, a role profile, an import."""
	if user.name in frappe.STANDARD_USERS or not frappe.db.table_exists("Response Department"):
		return
	held = [row for row in user.roles if row.role == authority.DEPARTMENT]
	wanted = authority.given_with([row.role for row in user.roles], roles())
	if wanted and not held:
		user.append("roles", {"role": authority.DEPARTMENT})
	elif held and not wanted:
		for row in held:
			user.remove(row)


def on_role(role: Document, _event: str | None = None) -> None:
	"""A role that a department's people are known by stays in use. Raises, naming the department."""
	if role.disabled or not role.desk_access:
		department = frappe.db.get_value(
			"Response Department", {"role": role.name, "is_external": 0}, "department_name"
		)
		if department or role.name in authority.OF_THE_APP:
			frappe.throw(
				_(
					"Role {0}: by it the people of {1} open their steps, so it keeps Desk Access and is not disabled. Give the department another role first."
				).format(frappe.bold(role.name), frappe.bold(_(department or role.name)))
			)


def before_role_rename(_doc: Document, _event: str, old: str, _new: str, merge: bool = False) -> None:
	"""The rules know the app's own roles by their names."""
	if old in authority.OF_THE_APP:
		frappe.throw(
			_("{0} is a role of Outage Response and keeps its name. Make a role of your own for another.").format(
				frappe.bold(old)
			)
		)
