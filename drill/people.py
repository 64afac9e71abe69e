"""The people of the drill, all invented: staff are named after birds, residents after trees. Their numbers ring nowhere."""

from dataclasses import dataclass

DOMAIN = "drill.example.com"

CONTROL_ROOM = "Outage Control Room"
ENGINEERING = "Outage Engineering"
SECURITY = "Outage Security"
SERVICE = "Outage Customer Service"
MANAGER = "Outage General Manager"


@dataclass(frozen=True)
class Staff:
	"""One member of staff. `label` is how the account calls them."""

	key: str
	name: str
	label: str
	role: str
	department: str
	phone: str

	@property
	def user(self) -> str:
		return f"{self.key}@{DOMAIN}"


STAFF = [
	Staff("operator", "Nadia Lark", "Control room", CONTROL_ROOM, "control_room", "000 7000 01"),
	Staff("operator.day", "Piet Wren", "Control room", CONTROL_ROOM, "control_room", "000 7000 02"),
	Staff("electrician", "Ida Swift", "Duty electrician", ENGINEERING, "engineering", "000 7000 03"),
	Staff("engineer", "Otto Finch", "Engineer", ENGINEERING, "engineering", "000 7000 04"),
	Staff("engineer.day", "Kit Dipper", "Engineer", ENGINEERING, "engineering", "000 7000 05"),
	Staff("guard1", "Tom Rook", "Guard 1", SECURITY, "security", "000 7000 06"),
	Staff("guard2", "Eva Heron", "Guard 2", SECURITY, "security", "000 7000 07"),
	Staff("guard3", "Sam Crane", "Guard 3", SECURITY, "security", "000 7000 08"),
	Staff("service", "Mia Starling", "Customer service", SERVICE, "customer_service", "000 7000 09"),
	Staff("manager", "Leo Kestrel", "General manager", MANAGER, "general_manager", "000 7000 10"),
]
# Keeps the site, and works on no outage. Made first: Frappe makes the first user of a site a System Manager, whoever it is,
# and nobody of STAFF is to see more than their role shows.
ADMINISTRATOR = {"user": f"administrator@{DOMAIN}", "name": "Vera Stork", "phone": "000 7000 11"}
# who looks at the site afterwards may be this one, too: the home is dark in the outage that is left running
RESIDENT_TO_TRY = {"user": f"resident@{DOMAIN}", "property": "Cypress Tower", "unit": "804"}
BY_KEY = {person.key: person for person in STAFF}

# who may free people from an elevator: number of the certificate, its last day
CERTIFICATES = {"engineer": ("T-DRILL-0417", "2039-03-31")}

DEPARTMENT_PHONES = {
	"control_room": "000 7000 00",
	"power_supplier": "000 9559 80",
	"security_reserve": "000 6600 21",
}

GIVEN = "Ada Bo Cleo Dara Eli Fay Gus Hana Ivo June Kai Lena Milo Nora Orin Pia Quin Rosa Sol Tess Uma Vera Wim Zoe"
TREES = "Alder Aspen Beech Birch Cedar Elm Hazel Juniper Larch Maple Rowan Spruce"


def resident_names() -> list[str]:
	"""Names for all residents, each once, always in the same order."""
	return [f"{given} {tree}" for tree in TREES.split() for given in GIVEN.split()]


def resident_phone(index: int) -> str:
	"""A number that no network gives out."""
	return f"000 1000 {index:04d}"


# property -> shifts: from, to, who
NIGHT = ["operator", "electrician", "engineer", "guard1", "guard2", "guard3"]
DAY = ["operator.day", "engineer.day", "service", "manager"]
SHIFTS = {
	"Cypress Tower": [
		("2026-03-10 08:00:00", "2026-03-10 20:00:00", DAY),
		("2026-03-10 20:00:00", "2026-03-11 08:00:00", NIGHT),
		("2026-03-11 08:00:00", "2026-03-11 20:00:00", DAY),
	],
	"Willow Court": [
		("2026-03-13 14:00:00", "2026-03-13 23:00:00", [*DAY[:3], "guard1", "guard2", "guard3"]),
		("2026-03-14 08:00:00", "2026-03-14 20:00:00", [*DAY, "guard1"]),
		("2026-03-18 08:00:00", "2026-03-18 20:00:00", [*DAY, "guard1"]),
		("2026-03-19 08:00:00", "2026-03-19 20:00:00", [*DAY, "guard1"]),
		("2026-03-21 06:00:00", "2026-03-21 18:00:00", [*DAY, "engineer", "guard1", "guard2", "guard3"]),
	],
}
