"""The people who ask, and the world in which they do: a row of every doctype."""

import frappe

from outage_response.flows.elevators import trapped_reports
from outage_response.flows.incident import declaring, switching
from outage_response.flows.notices import notice_verbs
from outage_response.flows.residents import who_depends_on_power

from .. import world as build
from ..base import SiteTest, forget_caches
from ..portal_pages import give_login
from ..world import user

SECRET = "oxygen concentrator"  # what nobody reads by another road than care.read_care_needs
# guest; the resident of a unit, next door, one who moved out, an agent of a helpdesk; the five roles; a control-room
# operator of another property; one whom no User Permission binds; a System Manager without a role of ours; who answers for the site
OUTSIDE = ("Guest", "resident", "next_door", "moved", "agent")
PEOPLE = (
	*OUTSIDE,
	"operator",
	"engineer",
	"service",
	"guard1",
	"manager",
	"foreigner",
	"everywhere",
	"admin",
	"keeper",
)
STAFF = frozenset({"operator", "engineer", "service", "guard1", "manager"})
CONTROL = frozenset({"operator"})
COMMAND = CONTROL | {"engineer", "manager"}


def role_of_agents() -> str | None:
	"""The helpdesk's role, where there is one that reads no Contacts by itself: those are then its agents' to read."""
	reads = frappe.db.exists("DocPerm", {"parent": "Contact", "role": "Agent", "read": 1}) or frappe.db.exists(
		"Custom DocPerm", {"parent": "Contact", "role": "Agent", "read": 1}
	)
	return "Agent" if frappe.db.exists("Role", "Agent") and not reads else None


def a_request(method: str):
	"""As much of a request as endpoints look at."""
	return frappe._dict(
		method=method,
		args={},
		headers={},
		cookies={},
		form={},
		cache_control=frappe._dict(),
		host="localhost",
		scheme="http",
		get_data=lambda cache: b"",
	)


def make_strangers(property_name: str, other: str) -> None:
	"""The people of PEOPLE that the world does not make."""
	build.make_user(user("foreigner"), "Outage Control Room")
	build.permit(user("foreigner"), other)
	build.make_user(user("everywhere"), "Outage Control Room")
	build.make_user(user("admin"), "System Manager")
	build.make_user(user("keeper"), "Outage Administrator")
	build.make_user(user("next_door"))
	build.make_user(user("moved"))
	build.make_user(user("agent"), role_of_agents())


class AccessTest(SiteTest):
	"""A running incident, one whose supply is back, planned work, and a row of every doctype."""

	now = build.NIGHT.replace(hour=14)

	@classmethod
	def build_world(cls):
		world = build.make_tower("Access Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		cls.other = build.make_tower("Other Tower", floors=1)
		frappe.db.delete("User Permission", {"for_value": cls.other["property"]})
		make_strangers(world["property"], cls.other["property"])
		for who, contact in (("resident", 0), ("next_door", 1)):
			give_login(world["contacts"][contact], user(who))
		give_login(build.make_contact("Access Moved"), user("moved"))
		forget_caches()
		who_depends_on_power.set_care_need(world["units"][0], world["contacts"][0], SECRET, 30)
		world["incident"] = declaring.declare(world["property"], [world["shafts"][0]], "II")["incident"]
		world["restored"] = declaring.declare(world["property"], [world["switches"][-1]], "II")["incident"]
		switching.supply_back(world["restored"], source="by itself")
		world["planned"] = declaring.declare(
			world["property"],
			[world["room"]],
			"III",
			planned_by="Property",
			reason="the switchgear is maintained",
			planned_start="2099-01-01 10:00",
			planned_end="2099-01-01 12:00",
		)["incident"]
		world["callback"] = frappe.get_all("Outage Callback", {"incident": world["restored"]}, pluck="name")[0]
		tasks = frappe.get_all(
			"Outage Task",
			{"incident": world["incident"]},
			["name", "department", "step_key", "life_safety", "held_until"],
		)
		world["guards_step"] = next(
			row.name for row in tasks if row.department == "security" and not row.life_safety and not row.held_until
		)
		world["call"] = frappe.get_doc(
			{"doctype": "Trouble Call", "property": world["property"], "incident": world["incident"]}
		)
		world["call"] = world["call"].insert(ignore_permissions=True).name
		trapped_reports.report_trapped(world["incident"], world["elevators"][0])
		world["entrapment"] = frappe.get_all("Elevator Entrapment", {"incident": world["incident"]}, pluck="name")[0]
		world["lone_entrapment"] = cls.by_verb(
			"Elevator Entrapment",
			property=world["property"],
			elevator=world["elevators"][1],
			elevator_label="Elevator 2",
			status="Trapped",
			since=str(cls.now),
			asked_at=str(cls.now),
		)
		world["proposal"] = cls.by_verb(
			"Outage Proposal", property=world["property"], power_node=world["shafts"][1], status="Open"
		)
		world["import"] = (
			frappe.get_doc(
				{
					"doctype": "Data Import",
					"reference_doctype": "Property Unit",
					"import_type": "Insert New Records",
				}
			)
			.insert(ignore_permissions=True)
			.name
		)
		world["reply"] = cls.by_verb(
			"Outage Ticket Reply",
			property=world["property"],
			ticket_type="ToDo",
			ticket=frappe.get_all("ToDo", limit=1, pluck="name")[0],
			kind="Known",
			status="Queued",
		)
		notice_verbs.send_notice(world["incident"], "First Word")
		world["notice"] = frappe.get_all("Outage Notice", {"incident": world["incident"]}, pluck="name")[0]
		world["delivery"] = frappe.get_all("Notice Delivery", {"incident": world["incident"]}, pluck="name")[0]
		world["read_back_step"] = cls.read_back_step(world)
		world["report"] = cls.by_verb(
			"Outage Report", incident=world["restored"], property=world["property"], cause="load"
		)
		world["test"] = cls.by_verb("Paging Test", property=world["property"], called_at=str(cls.now))
		world["shift"] = frappe.get_all("Duty Shift", {"property": world["property"]}, pluck="name")[0]
		world["building"] = frappe.db.get_value("Property Unit", world["units"][0], "building")
		annex = {"doctype": "Property Building", "property": world["property"], "building_name": "Annex"}
		world["other_building"] = frappe.get_doc(annex).insert().name
		cls.samples = {
			"Managed Property": world["property"],
			"Property Building": world["building"],
			"Power Node": world["room"],
			"Property Asset": world["entrance"],
			"Property Unit": world["units"][0],
			"Duty Shift": frappe.get_all("Duty Shift", {"property": world["property"]}, pluck="name")[0],
			"Outage Affected Unit": frappe.get_all(
				"Outage Affected Unit", {"incident": world["incident"]}, pluck="name"
			)[0],
			"Care Need": frappe.get_all("Care Need", {"property": world["property"]}, pluck="name")[0],
			"Response Department": "security",
			"Outage Level": "II",
			"Outage Plan": frappe.db.get_value("Outage Level", "II", "plan"),
			"Outage Response Settings": "Outage Response Settings",
			"Outage Site": "Outage Site",
			"Outage Incident": world["incident"],
			"Outage Task": world["guards_step"],
			"Outage Callback": world["callback"],
			"Timeline Entry": frappe.get_all("Timeline Entry", {"incident": world["incident"]}, pluck="name")[0],
			"Trouble Call": world["call"],
			"Elevator Entrapment": world["entrapment"],
			"Elevator Rescue Certificate": user("engineer"),
			"Outage Proposal": world["proposal"],
			"Outage Ticket Reply": world["reply"],
			"Outage Report": world["report"],
			"Paging Channel": "Bell",
			"Escalation Rule": frappe.get_all("Escalation Rule", limit=1, pluck="name")[0],
			"Outage Page": frappe.get_all("Outage Page", {"incident": world["incident"]}, pluck="name")[0],
			"Paging Test": world["test"],
			"Roster Pattern": cls.by_verb(
				"Roster Pattern",
				title="Nights",
				property=world["property"],
				department="security",
				starts_on="2026-03-01",
				shifts=[{"start_time": "20:00:00", "end_time": "08:00:00", "user": user("guard1")}],
			),
			"Roster Absence": cls.by_verb(
				"Roster Absence",
				property=world["property"],
				user=user("guard1"),
				from_date="2026-03-01 00:00:00",
				to_date="2026-03-02 00:00:00",
			),
			"Outage Notice": world["notice"],
			"Notice Delivery": world["delivery"],
			"Outage Notice Template": frappe.get_all("Outage Notice Template", limit=1, pluck="name")[0],
		}
		return world

	@staticmethod
	def by_verb(doctype: str, **values) -> str:
		doc = frappe.get_doc({"doctype": doctype, **values})
		doc.flags.by_verb = doc.flags.ignore_links = True
		return doc.insert(ignore_permissions=True).name

	@staticmethod
	def read_back_step(world) -> str:
		"""A step that a second person reads back, its checks given by Engineering."""
		from outage_response.flows.facts import plan_steps

		for row in frappe.get_all("Outage Task", {"incident": world["restored"]}, ["name", "plan", "step_key"]):
			if plan_steps.step_of(row).read_back_by:
				return row.name
		row = frappe.get_all("Outage Task", {"incident": world["incident"]}, ["name", "plan", "step_key"])
		return next((one.name for one in row if plan_steps.step_of(one).read_back_by), row[0].name)

	def person(self, who: str) -> str:
		return who if who in ("Guest", "Administrator") else user(who)

	def ask(self, who: str, command: str, method: str = "POST", /, **arguments):
		"""A request as Frappe takes it: whitelisted, the right method, arguments typed. Undone afterwards."""
		frappe.set_user(self.person(who))
		frappe.local.form_dict = frappe._dict(arguments)
		frappe.local.response = frappe._dict(docs=[])
		frappe.local.request = a_request(method)
		frappe.local.request_ip = "127.0.0.1"
		frappe.db.savepoint("asked")
		try:
			with self.request():
				return frappe.handler.execute_cmd(command)
		finally:
			frappe.local.form_dict = frappe._dict()
			frappe.local.request = None
			frappe.local.response = frappe._dict()
			frappe.set_user("Administrator")
			frappe.db.rollback(save_point="asked")
			frappe.clear_messages()

	def may(self, who: str, command: str, method: str = "POST", /, **arguments) -> bool:
		"""False when permission is what is missing; a rule of the procedure may still say no."""
		try:
			self.ask(who, command, method, **arguments)
		except frappe.PermissionError:
			return False
		except frappe.ValidationError:
			pass
		return True
