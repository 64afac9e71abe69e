"""Put properties, people and roster on the site; refuse a site that is not a throwaway one. Needs a connected frappe."""

import secrets
from datetime import datetime, timedelta
from types import SimpleNamespace

import frappe

from . import people, places

HOTLINE = people.DEPARTMENT_PHONES["power_supplier"]


class Refused(Exception):
	"""The site is not one for a drill; the text is one line that says why."""


def require_throwaway_site() -> None:
	"""Raise Refused unless the site allows tests, has the app, and no outage was ever recorded there."""
	site = frappe.local.site
	if not frappe.conf.allow_tests:
		raise Refused(
			f"The site {site} does not allow tests; a drill fills a site with invented people. "
			f"Use one made for trying: bench --site {site} set-config allow_tests true"
		)
	if "outage_response" not in frappe.get_installed_apps():
		raise Refused(f"The site {site} has no Outage Response: bench --site {site} install-app outage_response")
	if count := frappe.db.count("Outage Incident"):
		raise Refused(f"The site {site} has {count} Outage Incidents already; the drill needs a site without any.")
	for place in (places.tower(), places.community()):
		if frappe.db.exists("Managed Property", place.name):
			raise Refused(f"The site {site} has a property {place.name} already; the drill needs a site of its own.")


def administrator() -> str:
	"""The first login of the site. Answers the password. The caller commits."""
	one = SimpleNamespace(**people.ADMINISTRATOR)
	return _user(one, "System Manager", "Outage Administrator")["password"]


def load() -> dict[str, dict[str, str]]:
	"""Everything that stands in the records before the first outage. Answers key -> {"password", "token"} of the staff.

	The caller commits.
	"""
	logins = {person.key: _user(person, person.role) for person in people.STAFF}
	for key, (number, valid_until) in people.CERTIFICATES.items():
		frappe.get_doc(
			{
				"doctype": "Elevator Rescue Certificate",
				"user": people.BY_KEY[key].user,
				"certificate_no": number,
				"valid_until": valid_until,
			}
		).insert()
	for department, phone in people.DEPARTMENT_PHONES.items():
		if not frappe.db.get_value("Response Department", department, "phone"):
			frappe.db.set_value("Response Department", department, "phone", phone)
	manager = _contact("Ruth Ibis", "000 9559 81")
	names = iter(enumerate(people.resident_names(), start=1))
	for place in (places.tower(), places.community()):
		_property(place, manager)
		residents = _residents(place, names)
		for row in place.units:
			frappe.get_doc(
				{
					**row,
					"doctype": "Property Unit",
					"property": place.name,
					"power_node": places.node(place.name, row["power_node"]),
					"residents": [{"contact": residents[row["unit_no"]], "is_primary": 1}],
				}
			).insert()
	_shifts(people.SHIFTS)
	return logins


def _user(person: people.Staff | SimpleNamespace, *roles: str) -> dict[str, str]:
	password, key, secret = secrets.token_urlsafe(9), secrets.token_hex(8), secrets.token_hex(12)
	first, last = person.name.split()
	user = frappe.get_doc(
		{
			"doctype": "User",
			"email": person.user,
			"first_name": first,
			"last_name": last,
			"mobile_no": person.phone,
			"send_welcome_email": 0,
			"user_type": "System User",
			"language": "en",
			"new_password": password,
			"api_key": key,
			"api_secret": secret,
			"roles": [{"role": role} for role in roles],
		}
	)
	user.flags.no_welcome_mail = True
	user.insert()
	return {"password": password, "token": f"{key}:{secret}"}


def open_to_residents() -> str:
	"""When all is played: from here on notices go out by themselves, and one resident has a login. Answers the password.

	The caller commits.
	"""
	frappe.db.set_single_value("Outage Response Settings", "automatic_notices", 1)
	one, password = people.RESIDENT_TO_TRY, secrets.token_urlsafe(9)
	unit = frappe.get_doc("Property Unit", places.node(one["property"], one["unit"]))
	contact = frappe.get_doc("Contact", unit.residents[0].contact)
	user = frappe.get_doc(
		{
			"doctype": "User",
			"email": one["user"],
			"first_name": contact.first_name,
			"last_name": contact.last_name,
			"send_welcome_email": 0,
			"user_type": "Website User",
			"language": "en",
			"new_password": password,
		}
	)
	user.flags.no_welcome_mail = True
	user.insert()
	contact.user = user.name
	contact.add_email(user.name, is_primary=True)  # a job that comes later would else make another contact of the user
	contact.save()
	return password


def _contact(name: str, phone: str) -> str:
	first, last = name.split()
	contact = frappe.get_doc({"doctype": "Contact", "first_name": first, "last_name": last})
	contact.append("phone_nos", {"phone": phone, "is_primary_mobile_no": 1})
	return contact.insert().name


def _property(place: places.Place, account_manager: str) -> None:
	frappe.get_doc(
		{
			"doctype": "Managed Property",
			"property_name": place.name,
			"property_type": place.kind,
			"households": len(place.units),
			"supplier_hotline": HOTLINE,
			"account_manager": account_manager,
		}
	).insert()
	for person in people.STAFF:
		frappe.get_doc(
			{
				"doctype": "User Permission",
				"user": person.user,
				"allow": "Managed Property",
				"for_value": place.name,
			}
		).insert()
	parents = {parent for _name, _kind, parent, _building in place.nodes}
	for name, kind, parent, building in place.nodes:
		frappe.get_doc(
			{
				"doctype": "Power Node",
				"property": place.name,
				"node_name": name,
				"node_type": kind,
				"parent_power_node": places.node(place.name, parent) if parent else None,
				"is_group": int(name in parents),
				"building_name": building,
			}
		).insert()
	for row in place.assets:
		frappe.get_doc(
			{
				**row,
				"doctype": "Property Asset",
				"property": place.name,
				"power_node": places.node(place.name, row["power_node"]),
			}
		).insert()


def _residents(place: places.Place, names) -> dict[str, str]:
	"""unit number -> contact."""
	shared = {later: first for first, *others in places.SHARED[place.name] for later in others}
	residents: dict[str, str] = {}
	for row in place.units:
		unit = row["unit_no"]
		if unit in shared:
			residents[unit] = residents[shared[unit]]
		else:
			index, name = next(names)
			residents[unit] = _contact(name, people.resident_phone(index))
	return residents


def everybody_on_shift(now: datetime) -> None:
	"""The roster for whoever looks at the site afterwards. The caller commits."""
	hours = (str(now - timedelta(hours=8))[:19], str(now + timedelta(hours=16))[:19])
	_shifts({name: [(*hours, [*people.NIGHT, *people.DAY])] for name in people.SHIFTS})


def _shifts(rosters: dict[str, list]) -> None:
	for property_name, shifts in rosters.items():
		for starts_at, ends_at, keys in shifts:
			for number, key in enumerate(keys, start=1):
				person = people.BY_KEY[key]
				frappe.get_doc(
					{
						"doctype": "Duty Shift",
						"property": property_name,
						"department": person.department,
						"user": person.user,
						"phone": person.phone,
						"starts_at": starts_at,
						"ends_at": ends_at,
						"is_duty_electrician": int(key == "electrician"),
					}
				).insert(
					set_name=f"{property_name} {starts_at[:13]} {number:02d}"
				)  # who is first on the list, every run
