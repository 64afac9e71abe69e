"""Who may do what: verbs by role, tasks by department (invariant 9)."""

from collections.abc import Collection, Mapping
from typing import Any

from .errors import NotAllowed, RuleError, _
from .states import Duty

CONTROL_ROOM = "Outage Control Room"
ENGINEERING = "Outage Engineering"
CUSTOMER_SERVICE = "Outage Customer Service"
SECURITY = "Outage Security"
GENERAL_MANAGER = "Outage General Manager"
# Whoever answers for the whole site: settings, plans, levels, departments, escalation, channels, wordings. A manager answers
# for their properties, so they write what belongs to one.
ADMINISTRATOR = "Outage Administrator"
OF_THE_SITE = (ADMINISTRATOR, "System Manager")
# What the people of a company's own departments hold beside their department's role; given by the app, never by hand
DEPARTMENT = "Outage Department"
OF_THE_PROCEDURE = (CONTROL_ROOM, ENGINEERING, CUSTOMER_SERVICE, SECURITY, GENERAL_MANAGER)
STAFF = (*OF_THE_PROCEDURE, DEPARTMENT)
# The app's own roles, which keep their names and stay in use
OF_THE_APP = (*STAFF, ADMINISTRATOR)
# Roles that no department's people can be told by
EVERYBODYS = ("Administrator", "All", "Guest", "Desk User", DEPARTMENT)

# Everybody on the staff may raise the alarm; the control room commands (clause 4.1), engineering judges the supply.
VERB_ROLES = {
	"declare": STAFF,
	"record_call": STAFF,
	"report_trapped": STAFF,
	"note_entrapment": STAFF,
	"read_back_empty": STAFF,
	"report_empty": STAFF,
	"take_call": (CONTROL_ROOM, GENERAL_MANAGER),
	"confirm": (CONTROL_ROOM, ENGINEERING, GENERAL_MANAGER),
	"start": (CONTROL_ROOM, ENGINEERING, GENERAL_MANAGER),
	"reclassify": (CONTROL_ROOM, ENGINEERING, GENERAL_MANAGER),
	"extend_scope": (CONTROL_ROOM, ENGINEERING),
	"take_over_changes": (CONTROL_ROOM, CUSTOMER_SERVICE, GENERAL_MANAGER),
	"set_etr": (CONTROL_ROOM, ENGINEERING, CUSTOMER_SERVICE, GENERAL_MANAGER),
	"permit_energise": (CONTROL_ROOM,),
	"supply_back": (CONTROL_ROOM, ENGINEERING),
	"stand_down": (CONTROL_ROOM, GENERAL_MANAGER),
	"close": (CONTROL_ROOM, GENERAL_MANAGER),
	"cancel": (CONTROL_ROOM, GENERAL_MANAGER),
	"log_attempt": (CUSTOMER_SERVICE, CONTROL_ROOM),
	"give_up_callback": (CUSTOMER_SERVICE, CONTROL_ROOM, GENERAL_MANAGER),
	"send_notice": (CUSTOMER_SERVICE, CONTROL_ROOM, GENERAL_MANAGER),
	"prove_posting": (CUSTOMER_SERVICE, CONTROL_ROOM, SECURITY),
	"log_told": (CUSTOMER_SERVICE, CONTROL_ROOM),
	"claim_call": (CUSTOMER_SERVICE, CONTROL_ROOM),
	"see_unreached": (CUSTOMER_SERVICE, CONTROL_ROOM, GENERAL_MANAGER),
	"personal_data": (GENERAL_MANAGER, CUSTOMER_SERVICE),
	"attach_ticket": (CUSTOMER_SERVICE, CONTROL_ROOM),
	"file_report": (ENGINEERING, GENERAL_MANAGER),
	"read_care_needs": (CONTROL_ROOM, CUSTOMER_SERVICE),
	"set_care_need": (CUSTOMER_SERVICE,),
	"hand_over": STAFF,
	"test_call": (CONTROL_ROOM, GENERAL_MANAGER),
	"swap_shifts": (CONTROL_ROOM, GENERAL_MANAGER),
	# whoever is there says so, at once
	"confirm_site": STAFF,
}

# Who files reports, and who brings over what was before the app
KEEPS_FIGURES = (ENGINEERING, GENERAL_MANAGER, "System Manager")

# Who works on tickets, by the ticket's doctype: they see what is known of an outage and tell the control room of one
DESK_ROLES = {"HD Ticket": ("Agent", "Agent Manager"), "Issue": ("Support Team",)}


def own_role(department: Any) -> str:
	"""The role of a department's own people (`role`, `is_external`); an outside firm has none, whoever records for it."""
	return "" if department.is_external else department.role or ""


def require_role_of_people(department: str, role: str, *, is_external: bool, enabled: bool, desk: bool) -> None:
	"""Raise RuleError unless a department has people who could open its steps, or is an outside firm, for which the control
	room records.

	enabled  is the role in use; desk: may whoever holds it log in to the Desk (residents' roles may not)
	"""
	if is_external:
		return
	if not role:
		raise RuleError(
			_(
				"Role: {department} has none, so that nobody could open its steps. Choose the role that its people hold; for an outside firm, whose steps the control room records, tick Outside Firm."
			),
			department=department,
		)
	if role in EVERYBODYS:
		raise RuleError(
			_("Role: {role} does not say who belongs to {department}. Make a role for its people and choose that one."),
			role=role,
			department=department,
		)
	if not enabled or not desk:
		raise RuleError(
			_(
				"Role: whoever holds {role} cannot open the steps of {department}. Open the role, tick Desk Access and untick Disabled; or choose another."
			),
			role=role,
			department=department,
		)


def require_offered(role: str, offered: Collection[str]) -> None:
	"""Raise RuleError for a role that comes with rights of its own, as System Manager does: to give somebody the steps of a
	department would give them those rights, and who has the rights would get the steps."""
	if role and role not in offered:
		raise RuleError(
			_(
				"Role: {role} brings rights of its own and says nothing of a department. Choose a role that is offered, or make one for its people."
			),
			role=role,
		)


def answers_for_site(roles: Collection[str]) -> bool:
	"""May somebody with `roles` write what holds for all properties?"""
	return bool(set(OF_THE_SITE) & set(roles))


# What whoever has a duty of the procedure needs, the verbs give to these roles
ROLE_OF_DUTY: Mapping[str, str] = {
	Duty.CONTROL_ROOM: CONTROL_ROOM,
	Duty.REPAIRS: ENGINEERING,
	Duty.RESIDENTS: CUSTOMER_SERVICE,
	Duty.GUARDS: SECURITY,
	Duty.MANAGEMENT: GENERAL_MANAGER,
}


def require_role_of_duty(duty: str, role: str) -> None:
	"""Raise RuleError where a department would be rung for what its people may not do."""
	wanted = ROLE_OF_DUTY.get(duty)
	if wanted and role != wanted:
		raise RuleError(
			_("Duty: whoever has {duty} needs what the role {role} may do. Choose that role for this department."),
			duty=duty,
			role=wanted,
		)


def given_with(roles: Collection[str], roles_of_departments: Collection[str]) -> bool:
	"""Does somebody with `roles` work for a department of the company's own? `roles_of_departments`: those of all that are no
	outside firms. They see and do what the five departments of the procedure see and do; which steps are theirs, their
	department's role says."""
	return bool(set(roles) & (set(roles_of_departments) - set(OF_THE_PROCEDURE)))


def may(verb: str, roles: Collection[str]) -> bool:
	"""May somebody with `roles` use the verb?"""
	return bool(set(VERB_ROLES[verb]) & set(roles))


def require_desk(ticket_type: str, roles: Collection[str]) -> None:
	"""Raise NotAllowed unless one of `roles` works on tickets of this kind, or on outages."""
	allowed = (*DESK_ROLES.get(ticket_type, ()), *STAFF)
	if not set(allowed) & set(roles):
		raise NotAllowed(_("This needs one of these roles: {roles}."), roles=allowed)


def require_staff(roles: Collection[str]) -> None:
	"""Raise NotAllowed unless one of `roles` works on outages."""
	if not set(STAFF) & set(roles):
		raise NotAllowed(_("This needs one of these roles: {roles}."), roles=STAFF)


def require_figures(roles: Collection[str]) -> None:
	"""Raise NotAllowed unless one of `roles` keeps the figures, or brings a site's history over. A past outage is counted as it
	is entered: nothing else on the site would contradict it."""
	if not set(KEEPS_FIGURES) & set(roles):
		raise NotAllowed(
			_(
				"Closed At: a past outage enters the figures; that needs one of these roles: {roles}. If it goes on, declare it without this time."
			),
			roles=KEEPS_FIGURES,
		)


def commands(roles: Collection[str]) -> bool:
	"""Does somebody with `roles` run outages from the command centre?"""
	return bool({CONTROL_ROOM, GENERAL_MANAGER} & set(roles))


def require_verb(verb: str, roles: Collection[str]) -> None:
	"""Raise NotAllowed unless one of `roles` may use the verb."""
	if not may(verb, roles):
		raise NotAllowed(_("This needs one of these roles: {roles}."), roles=VERB_ROLES[verb])


# What the control room may do for a department of which nobody is on duty, while others are
STEPPED_IN_FOR = ("acknowledge", "arrive", "complete", "add_evidence")


def may_step_in(verb: str, gate: str) -> bool:
	"""May the control room do this for a department that is asleep? Not what permits switching on: it cannot see that from
	its desk."""
	return verb in STEPPED_IN_FOR and gate != "energise"


def task_roles(verb: str, department_role: str, assigned_role: str, *, unmanned: bool = False) -> set[str]:
	"""Roles that may do `verb` on a task: its department's, and the one it fell to.

	`unmanned`: nobody of the department is on duty, and the control room may step in.
	`department_role` is empty for outside firms: their tasks are the control room's to record. The General Manager may
	skip and reassign any task; the control room may reassign any, and writes down what it hears on the radio.
	"""
	if verb in ("acknowledge_for", "complete_for", "take_danger"):
		return {CONTROL_ROOM, GENERAL_MANAGER}
	allowed = {department_role or CONTROL_ROOM, assigned_role or CONTROL_ROOM}
	if verb in ("skip", "reassign", "correct_outcome"):
		allowed.add(GENERAL_MANAGER)
	if unmanned or verb in ("reassign", "relieve", "correct_outcome"):
		allowed.add(CONTROL_ROOM)
	return allowed


def may_task(
	verb: str, roles: Collection[str], department_role: str, assigned_role: str, *, unmanned: bool = False
) -> bool:
	"""May somebody with `roles` do `verb` on a task?"""
	return bool(task_roles(verb, department_role, assigned_role, unmanned=unmanned) & set(roles))


def require_task(
	verb: str, roles: Collection[str], department_role: str, assigned_role: str, *, unmanned: bool = False
) -> None:
	"""Raise NotAllowed unless the person belongs to the task's department or to the role it fell to."""
	if not may_task(verb, roles, department_role, assigned_role, unmanned=unmanned):
		raise NotAllowed(
			_("This task belongs to another department: it needs one of these roles: {roles}."),
			roles=sorted(task_roles(verb, department_role, assigned_role, unmanned=unmanned)),
		)


def require_second_of_two(first: str, second: str, plan: str) -> None:
	"""A plan that loses steps of life safety or a gate is put in force by somebody else than who wrote it."""
	if first == second:
		raise NotAllowed(
			_(
				"{plan}: it leaves out steps of life safety or gates, and you wrote it. A second person puts it in force: somebody else who is Outage Administrator or System Manager."
			),
			plan=plan,
		)


def require_second_person(first: str, second: str) -> None:
	"""A read-back is done by somebody else than the person who confirmed."""
	if first == second:
		raise NotAllowed(_("Read Back: somebody else must read it back, not the person who confirmed it."))
