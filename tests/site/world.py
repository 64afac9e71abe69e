"""Properties for the tests: a tower and a community, with people on duty. Everything is inserted into the test's transaction."""

from datetime import datetime, timedelta

import frappe

ROLES = {
	"operator": "Outage Control Room",
	"engineer": "Outage Engineering",
	"electrician": "Outage Engineering",
	"service": "Outage Customer Service",
	"guard1": "Outage Security",
	"guard2": "Outage Security",
	"manager": "Outage General Manager",
}
NIGHT = datetime(2026, 3, 11, 2, 0)  # a Wednesday


def user(name: str) -> str:
	"""The user id of one of ROLES, or of an outsider."""
	return f"{name}@outage-test.example.com"


def make_people(property_name: str | None = None) -> None:
	"""One user per entry of ROLES, a resident's user without roles, and their permission for the property."""
	for name, role in {**ROLES, "resident": None}.items():
		make_user(user(name), role)
		if property_name and role:
			permit(user(name), property_name)
	certify("engineer", "electrician")


def certify(*names: str) -> None:
	"""These of ROLES hold an elevator rescue certificate."""
	for name in names:
		if not frappe.db.exists("Elevator Rescue Certificate", user(name)):
			frappe.get_doc({"doctype": "Elevator Rescue Certificate", "user": user(name)}).insert(
				ignore_permissions=True
			)


def make_user(address: str, role: str | None = None) -> str:
	"""An enabled user; with a role, of the staff. Written without the hooks of User, each of which clears every cache."""
	if frappe.db.exists("User", address):
		return address
	fields = frappe.get_meta("User").get("fields", {"fieldtype": "Check", "default": "1"})
	doc = frappe.get_doc(
		{
			"doctype": "User",
			**{field.fieldname: 1 for field in fields},  # the bell, the sidebar and more of Desk
			"name": address,
			"email": address,
			"first_name": address.partition("@")[0].title(),
			"full_name": address.partition("@")[0].title(),
			"enabled": 1,
			"send_welcome_email": 0,
			"user_type": "System User" if role else "Website User",
		}
	)
	doc.set("__islocal", True)
	doc.db_insert()
	if role:
		row = doc.append("roles", {"role": role})
		row.parent, row.parenttype, row.parentfield = address, "User", "roles"
		row.set_new_name()
		row.db_insert()
	settings = frappe.get_doc({"doctype": "Notification Settings", "name": address, "user": address, "enabled": 1})
	settings.db_insert()
	for key in ("roles", "user_permissions"):
		frappe.cache.hdel(key, address)
	return address


def permit(address: str, property_name: str) -> None:
	"""A User Permission: this person works for this property."""
	values = {"user": address, "allow": "Managed Property", "for_value": property_name}
	if not frappe.db.exists("User Permission", values):
		frappe.get_doc({"doctype": "User Permission", **values}).insert(ignore_permissions=True)


def make_contact(name: str, phone: str = "") -> str:
	"""A resident's contact."""
	doc = frappe.get_doc({"doctype": "Contact", "first_name": name})
	if phone:
		doc.append("phone_nos", {"phone": phone, "is_primary_mobile_no": 1})
	doc.insert(ignore_permissions=True)
	return doc.name


def make_property(name: str, kind: str = "Tower", households: int = 20) -> str:
	"""A Managed Property with working time 9 to 18, Monday to Friday."""
	frappe.get_doc(
		{"doctype": "Managed Property", "property_name": name, "property_type": kind, "households": households}
	).insert(ignore_permissions=True)
	return name


def make_node(property_name: str, name: str, node_type: str, parent: str | None = None, building: str = "") -> str:
	"""One power node."""
	doc = frappe.get_doc(
		{
			"doctype": "Power Node",
			"property": property_name,
			"node_name": name,
			"node_type": node_type,
			"parent_power_node": parent,
			"is_group": int(node_type != "Shaft Switch"),
			"building_name": building,
		}
	).insert(ignore_permissions=True)
	return doc.name


def make_unit(property_name: str, unit_no: str, node: str, floor: int = 1, building: str = "", contacts=()) -> str:
	"""One unit with its residents, the first one primary."""
	doc = frappe.get_doc(
		{
			"doctype": "Property Unit",
			"property": property_name,
			"unit_no": unit_no,
			"building_name": building,
			"floor": floor,
			"power_node": node,
			"residents": [
				{"contact": contact, "is_primary": int(index == 0)} for index, contact in enumerate(contacts)
			],
		}
	).insert(ignore_permissions=True)
	return doc.name


def add_resident(unit: str, contact: str) -> None:
	"""Somebody lives there too."""
	doc = frappe.get_doc("Property Unit", unit)
	doc.append("residents", {"contact": contact})
	doc.save(ignore_permissions=True)


def make_asset(property_name: str, name: str, asset_type: str, **fields) -> str:
	"""One asset."""
	doc = frappe.get_doc(
		{
			"doctype": "Property Asset",
			"property": property_name,
			"asset_name": name,
			"asset_type": asset_type,
			"building_name": fields.pop("building", ""),
			**fields,
		}
	).insert(ignore_permissions=True)
	return doc.name


def make_photo(address: str = "/files/notice.png") -> str:
	"""A picture that somebody has uploaded; the file itself is not looked at."""
	if not frappe.db.exists("File", {"file_url": address}):
		doc = frappe.new_doc("File")
		doc.update({"name": frappe.generate_hash(length=10), "file_name": address.split("/")[-1], "file_url": address})
		doc.db_insert()
	return address


def make_shift(
	property_name: str, department: str, who: str | None = None, at: datetime | None = None, **fields
) -> str:
	"""A shift of twelve hours around `at` (default: now)."""
	at = at or frappe.utils.now_datetime()
	doc = frappe.get_doc(
		{
			"doctype": "Duty Shift",
			"property": property_name,
			"department": department,
			"user": user(who) if who else None,
			"starts_at": at - timedelta(hours=6),
			"ends_at": at + timedelta(hours=6),
			**fields,
		}
	).insert(ignore_permissions=True)
	return doc.name


def make_roster(property_name: str, at: datetime | None = None, *, service: bool = True) -> None:
	"""Operator, engineer, duty electrician and two guards on duty; customer service unless it is night."""
	make_shift(property_name, "control_room", "operator", at)
	make_shift(property_name, "engineering", "engineer", at)
	make_shift(property_name, "engineering", "electrician", at, is_duty_electrician=1)
	make_shift(property_name, "security", "guard1", at)
	make_shift(property_name, "security", "guard2", at)
	if service:
		make_shift(property_name, "customer_service", "service", at)


def make_tower(name: str = "Test Tower", floors: int = 4) -> dict:
	"""A tower: feeder > distribution room > two shafts > a switch per floor and shaft, a unit on each switch.

	Two elevators of one firm, a critical room, two security points (one survives an outage), a guarded area, a generator.
	Returns names: property, feeder, room, shafts, switches, units, contacts, elevators, and single assets by key.
	"""
	make_people()
	make_property(name, "Tower", households=floors * 2)
	make_people(name)
	feeder = make_node(name, "Feeder", "Feeder")
	room = make_node(name, "Distribution Room", "Distribution Room", feeder)
	world = {
		"property": name,
		"feeder": feeder,
		"room": room,
		"shafts": [make_node(name, f"Shaft {s}", "Shaft", room) for s in "AB"],
		"switches": [],
		"units": [],
		"contacts": [],
	}
	for index, shaft in enumerate(world["shafts"]):
		for floor in range(1, floors + 1):
			switch = make_node(name, f"Switch {'AB'[index]}{floor}", "Shaft Switch", shaft)
			contact = make_contact(f"{name} {floor}{'AB'[index]}", f"1380000{index}{floor:03d}")
			world["switches"].append(switch)
			world["contacts"].append(contact)
			world["units"].append(make_unit(name, f"{floor}{'AB'[index]}", switch, floor, "T", [contact]))
	world["elevators"] = [
		make_asset(
			name, f"Elevator {n}", "Elevator", building="T", contractor_name="Up and Down Ltd", contractor_phone="0100"
		)
		for n in (1, 2)
	]
	world["critical_room"] = make_asset(
		name, "Telephone Room", "Critical Room", building="T", power_node=room, department="engineering"
	)
	world["entrance"] = make_asset(name, "Main Entrance", "Security Point", building="T", power_node=room)
	world["vault"] = make_asset(
		name, "Finance Room", "Security Point", building="T", power_node=room, survives_outage="Yes"
	)
	world["lobby"] = make_asset(name, "Lobby", "Guarded Area", building="T", power_node=room)
	world["generator"] = make_asset(name, "Generator", "Generator", power_node=room)
	return world


def make_community(name: str = "Test Community", buildings: int = 3, units_each: int = 4) -> dict:
	"""A community: one distribution room, a panel and an elevator per building, units with a contact each."""
	make_people()
	make_property(name, "Residential Community", households=buildings * units_each)
	make_people(name)
	room = make_node(name, "Room 1", "Distribution Room")
	world = {"property": name, "room": room, "panels": [], "units": [], "contacts": [], "elevators": []}
	for building in range(1, buildings + 1):
		panel = make_node(name, f"Panel {building}", "Panel", room)
		world["panels"].append(panel)
		world["elevators"].append(
			make_asset(name, f"Elevator {building}", "Elevator", building=str(building), contractor_name="Lifts & Co")
		)
		for unit in range(1, units_each + 1):
			contact = make_contact(f"{name} {building}-{unit}", f"1390000{building}{unit:03d}")
			world["contacts"].append(contact)
			world["units"].append(make_unit(name, f"{building}-{unit}", panel, unit, str(building), [contact]))
	world["gate"] = make_asset(name, "Gate", "Guarded Area", power_node=room)
	return world
