"""What holds for the whole site was written by every General Manager, also by one who is bound to one property. Whoever was bound
to none keeps it, by a role of its own; the System Managers hear who that is, and give it to whoever else answers for the site."""

from collections import Counter

import frappe
from frappe import _
from frappe.utils import get_fullname, now_datetime

from outage_response import bulk, listing
from outage_response.domain.authority import ADMINISTRATOR, GENERAL_MANAGER
from outage_response.flows.facts.language import in_language
from outage_response.flows.facts.reachable_people import holders
from outage_response.integrations import notifications


def execute() -> None:
	if not frappe.db.exists("Role", ADMINISTRATOR):  # fixtures come after the patches
		frappe.get_doc({"doctype": "Role", "role_name": ADMINISTRATOR, "desk_access": 1}).insert()
	managers = set(holders((GENERAL_MANAGER,))) - set(frappe.STANDARD_USERS)
	bound = set(frappe.get_all("User Permission", {"allow": "Managed Property"}, pluck="user", distinct=True))
	chosen = sorted(managers - bound - set(holders((ADMINISTRATOR,))))
	rows = listing.get_all("Has Role", {"parenttype": "User", "parent": ("in", chosen)}, pluck="parent")
	many = Counter(rows)
	added = [{**bulk.child_of("User", name, "roles", many[name] + 1), "role": ADMINISTRATOR} for name in chosen]
	if added:
		bulk.insert("Has Role", added, now_datetime())
	for name in chosen:
		frappe.clear_cache(user=name)
	_tell(chosen, sorted(managers & bound))


def _tell(chosen: list[str], bound: list[str]) -> None:
	users = holders(("System Manager",))
	said = {}
	for language in set(users.values()):
		with in_language(language):
			said[language] = _words(chosen, bound)
	notifications.write(
		{user: said[language] for user, language in users.items()}, "Role", ADMINISTRATOR, now_datetime(), "Alert"
	)
	print(_words(chosen, bound))


def _words(chosen: list[str], bound: list[str]) -> str:
	return _(
		"Settings, plans, levels, departments, escalation, channels and templates are now written by the role Outage Administrator and by System Managers. The role went to General Managers bound to no property: {given}. Those bound to a property no longer write them: {bound}. Give the role to whoever answers for the whole site."
	).format(given=_names(chosen), bound=_names(bound))


def _names(users: list[str]) -> str:
	return ", ".join(get_fullname(one) for one in users) or "–"
