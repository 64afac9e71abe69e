"""A tower of any size for the measurements, written in bulk into the transaction that is open."""

from dataclasses import dataclass, fields
from datetime import timedelta

import frappe

FIRM = "Up and Down Ltd"
# department -> role, and how many of fifteen people work there
CREW = {
	"control_room": ("Outage Control Room", 2),
	"general_manager": ("Outage General Manager", 1),
	"engineering": ("Outage Engineering", 4),
	"customer_service": ("Outage Customer Service", 2),
	"security": ("Outage Security", 6),
}


@dataclass(frozen=True)
class Size:
	"""How much there is of everything. `crew` counts whole teams of fifteen people."""

	units: int = 2000
	shafts: int = 10
	switches_per_shaft: int = 30
	elevators: int = 12
	critical_rooms: int = 20
	security_points: int = 40
	guarded_areas: int = 12
	generators: int = 2
	crew: int = 1

	def __str__(self) -> str:
		return ", ".join(f"{getattr(self, f.name)} {f.name.replace('_', ' ')}" for f in fields(self))


@dataclass(frozen=True)
class Tower:
	property: str
	size: Size
	feeder: str
	operator: str
	people: list[str]


def bulk(doctype: str, rows: list[dict]) -> None:
	"""Insert rows that all have the same keys; what every row of Frappe has is filled in."""
	if not rows:
		return
	now = frappe.utils.now_datetime()
	common = {"owner": "Administrator", "modified_by": "Administrator", "creation": now, "modified": now}
	rows = [{"name": frappe.generate_hash(length=10), **common, **row} for row in rows]
	frappe.db.bulk_insert(doctype, list(rows[0]), [tuple(row.values()) for row in rows])


def building(name: str) -> str:
	"""The key of the tower's only building."""
	return f"{name} T"


def build(name: str, size: Size) -> Tower:
	"""A property, its power tree, assets, units with a resident each, and people on duty. Nothing is committed."""
	frappe.get_doc(
		{"doctype": "Managed Property", "property_name": name, "property_type": "Tower", "households": size.units}
	).insert(ignore_permissions=True)
	bulk("Property Building", [{"name": building(name), "property": name, "building_name": "T"}])
	feeder, switches = _power(name, size)
	_assets(name, size)
	_units(name, size, switches)
	people, operator = _people(name, size)
	return Tower(name, size, feeder, operator, people)


def _power(name: str, size: Size) -> tuple[str, list[str]]:
	"""Feeder > distribution room > shafts > switches, numbered as a nested set."""
	rows: list[dict] = []
	at = frappe.db.get_value("Power Node", {}, "max(rgt)") or 0

	def node(label: str, node_type: str, parent: str, children=()) -> str:
		nonlocal at
		key, at = f"{name}-{label}", at + 1
		row = {
			"name": key,
			"node_name": label,
			"property": name,
			"node_type": node_type,
			"building": building(name),
		}
		row.update(parent_power_node=parent, is_group=int(bool(children)), lft=at, rgt=0)
		rows.append(row)
		for child in children:
			node(*child[:2], key, *child[2:])
		at += 1
		row["rgt"] = at
		return key

	shafts = [
		(
			f"Shaft {shaft}",
			"Shaft",
			[(f"Switch {shaft}-{floor}", "Shaft Switch") for floor in range(1, size.switches_per_shaft + 1)],
		)
		for shaft in range(1, size.shafts + 1)
	]
	feeder = node("Feeder", "Feeder", "", [("Room", "Distribution Room", shafts)])
	bulk("Power Node", rows)
	return feeder, [row["name"] for row in rows if row["node_type"] == "Shaft Switch"]


def _assets(name: str, size: Size) -> None:
	kinds = (
		("Elevator", size.elevators, ""),
		("Critical Room", size.critical_rooms, "engineering"),
		("Security Point", size.security_points, ""),
		("Guarded Area", size.guarded_areas, ""),
		("Generator", size.generators, ""),
	)
	bulk(
		"Property Asset",
		[
			{
				"name": f"{name}-{kind} {number}",
				"asset_name": f"{kind} {number}",
				"property": name,
				"building": building(name),
				"asset_type": kind,
				"power_node": None if kind == "Elevator" else f"{name}-Room",
				"department": department or None,
				"contractor_name": FIRM if kind == "Elevator" else None,
				"contractor_phone": "0100" if kind == "Elevator" else None,
			}
			for kind, count, department in kinds
			for number in range(1, count + 1)
		],
	)


def _units(name: str, size: Size, switches: list[str]) -> None:
	units, contacts, residents = [], [], []
	for number in range(1, size.units + 1):
		unit, contact = f"{name}-{number:05d}", f"{name} resident {number:05d}"
		switch = number % len(switches)
		units.append(
			{
				"name": unit,
				"unit_no": f"{number:05d}",
				"property": name,
				"building": building(name),
				"floor": switch % size.switches_per_shaft + 1,
				"power_node": switches[switch],
			}
		)
		contacts.append({"name": contact, "first_name": contact, "mobile_no": f"138{number:08d}", "status": "Passive"})
		residents.append(
			{
				"parent": unit,
				"parenttype": "Property Unit",
				"parentfield": "residents",
				"idx": 1,
				"contact": contact,
				"is_primary": 1,
			}
		)
	bulk("Property Unit", units)
	bulk("Contact", contacts)
	bulk("Unit Resident", residents)


def _people(name: str, size: Size) -> tuple[list[str], str]:
	"""Users with their role and permission for the property, all on duty now; the first operator declares."""
	now = frappe.utils.now_datetime()
	crew = [
		(f"{department}-{number}@{name.lower().replace(' ', '-')}.example.com", department, role, number)
		for department, (role, count) in CREW.items()
		for number in range(1, count * size.crew + 1)
	]
	bulk(
		"User",
		[
			{
				"name": user,
				"email": user,
				"first_name": department,
				"full_name": f"{department} {number}",
				"enabled": 1,
				"user_type": "System User",
			}
			for user, department, _role, number in crew
		],
	)
	bulk(
		"Has Role",
		[
			{"parent": user, "parenttype": "User", "parentfield": "roles", "role": role}
			for user, _department, role, _number in crew
		],
	)
	bulk(
		"User Permission",
		[
			{"user": user, "allow": "Managed Property", "for_value": name, "apply_to_all_doctypes": 1}
			for user, *_rest in crew
		],
	)
	bulk("Notification Settings", [{"name": user, "user": user, "enabled": 1} for user, *_rest in crew])
	bulk(
		"Duty Shift",
		[
			{
				"property": name,
				"department": department,
				"user": user,
				"is_duty_electrician": int(department == "engineering" and number % 2 == 0),
				"starts_at": now - timedelta(hours=6),
				"ends_at": now + timedelta(hours=6),
			}
			for user, department, _role, number in crew
		],
	)
	operator = next(user for user, department, *_rest in crew if department == "control_room")
	return [user for user, *_rest in crew], operator
