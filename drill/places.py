"""The two properties as data: a tower and a community."""

from dataclasses import dataclass, field

LIFTS = {
	"contractor_name": "Plumb Line Lifts",
	"contractor_phone": "000 4400 17",
	"key_place": "Key box of the control room, hook 4: machine room and landing doors",
	"rescue_instructions": (
		"Plate in the machine room. Main switch off, locked, tagged. Tell the people before the car moves. Two at the wheel, one "
		"of them at the brake, to the next floor. Landing door by key; shut and locked afterwards. Off until Plumb Line returns it."
	),
}


@dataclass
class Place:
	"""One property: what the loader writes, parents before children. Nodes are (name, type, parent, building)."""

	name: str
	kind: str
	nodes: list[tuple[str, str, str, str]] = field(default_factory=list)
	units: list[dict] = field(default_factory=list)
	assets: list[dict] = field(default_factory=list)


def node(place: str, name: str) -> str:
	"""The document name of one of a property's nodes, units or assets."""
	return f"{place}-{name}"


def tower() -> Place:
	"""Cypress Tower: 30 floors, two shafts with a switch per floor, two units on each switch, six elevators."""
	place = Place("Cypress Tower", "Tower")
	place.nodes = [("Feeder", "Feeder", "", ""), ("Main Room", "Distribution Room", "Feeder", "T")]
	for shaft in "AB":
		place.nodes.append((f"Shaft {shaft}", "Shaft", "Main Room", "T"))
		place.nodes += [(f"Switch {shaft}{floor:02d}", "Shaft Switch", f"Shaft {shaft}", "T") for floor in range(1, 31)]
	for floor in range(1, 31):
		for door in range(1, 5):
			place.units.append(
				{
					"unit_no": f"{floor}{door:02d}",
					"floor": floor,
					"building_name": "T",
					"power_node": f"Switch {'A' if door < 3 else 'B'}{floor:02d}",
				}
			)
	place.assets = [
		*(_asset(f"Elevator {n}", "Elevator", "T", "Main Room", plate_no=f"CT-040{n}", **LIFTS) for n in range(1, 7)),
		_asset("Control Room", "Critical Room", "T", "Main Room", department="control_room", backup_minutes=240),
		_asset("Elevator Machine Room", "Critical Room", "T", "Main Room", department="engineering", backup_minutes=90),
		_asset("Telephone Room", "Critical Room", "T", "Main Room", department="engineering", backup_minutes=480),
		_asset("Lobby", "Guarded Area", "T", "Main Room", weight=9),
		_asset("Garage", "Guarded Area", "T", "Main Room", weight=5),
		_asset("Main Entrance", "Security Point", "T", "Main Room", weight=8),
		_asset("Finance Room", "Security Point", "T", "Main Room", weight=7),
		_asset("Loading Dock", "Security Point", "T", "Main Room", weight=3),
		_asset("Roof Door", "Security Point", "T", "Main Room", survives_outage="Yes"),
		_asset("Standby Generator", "Generator", "T", "Main Room", department="engineering"),
	]
	return place


def community() -> Place:
	"""Willow Court: two distribution rooms with three buildings each, a panel, an elevator and 24 units per building."""
	place = Place("Willow Court", "Residential Community")
	place.nodes = [("Feeder", "Feeder", "", "")]
	for room in (1, 2):
		place.nodes.append((f"Room {room}", "Distribution Room", "Feeder", ""))
		for building in range(3 * room - 2, 3 * room + 1):
			place.nodes.append((f"Panel {building}", "Panel", f"Room {room}", str(building)))
			car = {"plate_no": f"WC-010{building}", **LIFTS}
			place.assets.append(_asset(f"Elevator {building}", "Elevator", str(building), f"Panel {building}", **car))
			for floor in range(1, 7):
				for door in range(1, 5):
					place.units.append(
						{
							"unit_no": f"{building}-{floor}{door:02d}",
							"floor": floor,
							"building_name": str(building),
							"power_node": f"Panel {building}",
						}
					)
	place.assets += [
		_asset("Telephone Room", "Critical Room", "", "Room 1", department="engineering", backup_minutes=480),
		_asset("Pump Room", "Critical Room", "", "Room 2", department="engineering", backup_minutes=120),
		_asset("East Square", "Guarded Area", "", "Room 1", weight=5),
		_asset("West Garden", "Guarded Area", "", "Room 2", weight=5),
		_asset("East Gate", "Security Point", "", "Room 1", weight=7),
		_asset("Bicycle Cellar", "Security Point", "", "Room 1", survives_outage="Yes"),
		_asset("West Gate", "Security Point", "", "Room 2", weight=7),
		_asset("Garage Gate", "Security Point", "", "Room 2", weight=4),
	]
	return place


def _asset(name: str, kind: str, building: str, feed: str, **fields) -> dict:
	return {"asset_name": name, "asset_type": kind, "building_name": building, "power_node": feed, **fields}


# These units belong to one resident each: called back once, however many units.
SHARED = {"Cypress Tower": [("501", "502"), ("2801", "2802")], "Willow Court": []}
