"""What a screen offers a person: the verbs that their role and the state allow.

An offer is a button, not a promise: the verb judges again when it is called, by the same rules.
"""

from collections.abc import Collection, Mapping

from . import authority, gates, lifecycle
from . import entrapment_rules as rescues
from .lifecycle import TaskRow
from .states import IncidentStatus
from .step_definitions import Step

# In the order in which an outage needs them
INCIDENT = (
	"start",
	"confirm",
	"report_trapped",
	"record_call",
	"set_etr",
	"extend_scope",
	"take_over_changes",
	"reclassify",
	"permit_energise",
	"supply_back",
	"send_notice",
	"prove_posting",
	"stand_down",
	"file_report",
	"close",
	"cancel",
	"hand_over",
	"read_care_needs",
)
WHILE_NOT_ENDED = ("record_call", "read_care_needs")
TASK = (
	"acknowledge",
	"acknowledge_for",
	"arrive",
	"complete",
	"complete_for",
	"read_back",
	"correct_outcome",
	"move",
	"withdraw",
	"relieve",
	"reassign",
	"skip",
	"add_evidence",
)
# at people in an elevator, in the order in which a rescue needs them
ENTRAPMENT = (
	"acknowledge_for",
	"note_entrapment",
	"complete_for",
	"read_back_empty",
	"take_call",
	"declare",
	"report_empty",
)
GATE_AHEAD: Mapping[str, str] = {
	IncidentStatus.SCHEDULED: "start",
	IncidentStatus.REPORTED: "energise",
	IncidentStatus.ACTIVE: "energise",
	IncidentStatus.RESTORED: "stand_down",
	IncidentStatus.STOOD_DOWN: "close",
}
# the button that leads on, most wanted first
LEADS_ON: Mapping[str, tuple[str, ...]] = {
	IncidentStatus.SCHEDULED: ("start",),
	IncidentStatus.REPORTED: ("confirm",),
	IncidentStatus.ACTIVE: ("supply_back",),
	IncidentStatus.RESTORED: ("stand_down",),
	IncidentStatus.STOOD_DOWN: ("file_report", "close"),
}


def incident_verbs(
	status: str,
	roles: Collection[str],
	*,
	posts_held: bool,
	report_wanted: bool,
	has_steps: bool = False,
	is_drill: bool = False,
	to_be_posted: bool = False,
	changes_waiting: bool = False,
) -> list[str]:
	"""Verbs of an incident for somebody with `roles`.

	posts_held     guards hold posts, so some of them can be released while it is still dark
	report_wanted  the plan asks for a report and none is filed
	has_steps      open steps are theirs, to be handed over
	is_drill       residents are sent nothing
	to_be_posted   there is a public notice, whose place a photo proves
	changes_waiting  units or residents were changed while it is dark
	"""
	return [
		verb
		for verb in INCIDENT
		if authority.may(verb, roles)
		and _fits(verb, status, posts_held, report_wanted)
		and (verb != "hand_over" or has_steps)
		and (verb != "send_notice" or not is_drill)
		and (verb != "prove_posting" or to_be_posted)
		and (verb != "take_over_changes" or changes_waiting)
	]


def _fits(verb: str, status: str, posts_held: bool, report_wanted: bool) -> bool:
	if verb in WHILE_NOT_ENDED:
		return status not in lifecycle.ENDED
	if status not in lifecycle.INCIDENT_VERBS[verb]:
		return False
	if verb == "reclassify":  # planned work that has not begun is cancelled instead
		return status != IncidentStatus.SCHEDULED
	if verb == "stand_down":
		return posts_held or status in lifecycle.INCIDENT_VERBS["stand_down_everywhere"]
	return verb != "file_report" or report_wanted


def anywhere(roles: Collection[str]) -> list[str]:
	"""Verbs that need no incident: raising the alarm, keeping a call, judging a proposal, entering who depends on power."""
	judged_as = {
		"declare": "declare",
		"record_call": "record_call",
		"declare_proposal": "declare",
		"dismiss_proposal": "cancel",
		"set_care_need": "set_care_need",
	}
	return [verb for verb, right in judged_as.items() if authority.may(right, roles)]


def leads_on(status: str, offered: Collection[str]) -> str:
	"""The one verb that takes the incident further, of those offered; "" when there is none."""
	return next((verb for verb in LEADS_ON.get(status, ()) if verb in offered), "")


def task_verbs(
	task: TaskRow,
	step: Step,
	roles: Collection[str],
	department_role: str,
	reader_role: str,
	*,
	confirmed_by: str = "",
	user: str = "",
	stands_there: bool = False,
	unmanned: bool = False,
	ended: bool = False,
) -> list[str]:
	"""Verbs of a task for `user` with `roles`.

	department_role  of the task's department; "" for an outside firm
	reader_role      of the department that reads the step's checks back; "" where none does
	confirmed_by     who gave the checks; "" while nobody has
	stands_there     the post is held by `user`, who alone can go on to another one
	unmanned         nobody of the task's department is on duty, and the control room may step in
	ended            the incident is closed or cancelled: outcomes are corrected no more
	"""

	def is_theirs(verb: str) -> bool:
		if verb == "read_back":
			return bool(reader_role and confirmed_by) and confirmed_by != user and reader_role in roles
		if verb == "correct_outcome" and rescues.may_be_inside(step, task.outcome):
			return bool(set(authority.STAFF) & set(roles))
		if verb == "acknowledge_for" and authority.may_task("acknowledge", roles, department_role, task.assigned_role):
			return False  # what one may say oneself is not written down for another
		stepped_in = unmanned and authority.may_step_in(verb, task.gate)
		return authority.may_task(verb, roles, department_role, task.assigned_role, unmanned=stepped_in)

	def fits(verb: str) -> bool:
		if verb == "complete":
			waits = reader_role and confirmed_by  # its checks are to be read back
			return not task.held_until and not waits and step.completes_with not in gates.BY_THEMSELVES
		if verb == "skip":
			return gates.may_skip(task, general_manager=authority.GENERAL_MANAGER in roles)
		if verb == "move":
			return stands_there
		return _fits_step(verb, task, step, ended=ended)

	return [verb for verb in TASK if task.status in lifecycle.TASK_VERBS[verb] and is_theirs(verb) and fits(verb)]


def _fits_step(verb: str, task: TaskRow, step: Step, *, ended: bool) -> bool:
	"""Is a step of this kind one for that verb, whoever asks?"""
	if verb == "arrive":
		return step.completes_with not in gates.BY_THEMSELVES
	if verb == "complete_for":
		return step.per == "elevator" and step.gate != "energise"
	if verb == "correct_outcome":
		possible = rescues.may_be_inside(step, task.outcome) or (task.outcome and rescues.corrections(step))
		return not ended and bool(possible)
	if verb == "add_evidence":
		return task.evidence_pending
	return True


def entrapment_verbs(
	roles: Collection[str], *, in_outage: bool, taken: bool, parts: Collection[str], may_read_back: bool, called: bool
) -> list[str]:
	"""Verbs at people in an elevator for somebody with `roles`.

	in_outage      an outage runs there, whose steps free them; without one it may be declared
	taken          somebody sees to it
	parts          of the rescue, and the check of the car, that have an open step
	may_read_back  somebody says that nobody is inside any more, and it was not the reader
	called         the call that reported them is known to the reader
	"""

	def fits(verb: str) -> bool:
		if verb in ("acknowledge_for", "complete_for"):
			wanted = {rescues.RELEASE, rescues.LOCK_OFF} | ({"check"} if verb == "complete_for" else set())
			open_to_it = bool(wanted & set(parts)) and not (taken and verb == "acknowledge_for")
			return open_to_it and authority.may_task(verb, roles, "", "")
		if not authority.may(verb, roles):
			return False
		if verb == "read_back_empty":
			return may_read_back
		if verb == "take_call":
			return not in_outage and called and not taken
		return verb != "declare" or not in_outage

	return [verb for verb in ENTRAPMENT if fits(verb)]
