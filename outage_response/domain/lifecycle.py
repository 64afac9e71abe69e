"""What may happen to an incident and to a task, and what keeps a gate closed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from .errors import RuleError, _
from .states import IncidentStatus, OutageKind, TaskStatus
from .step_definitions import Step

# kinds of outage that nobody announced
UNPLANNED = (OutageKind.INTERNAL, OutageKind.EXTERNAL)

RUNNING = (IncidentStatus.REPORTED, IncidentStatus.ACTIVE)
# until the stand-down somebody may stand on a post
HOLDING_POSTS = (*RUNNING, IncidentStatus.RESTORED)
# begun, and the file is not closed; with what is planned: everything that is not over
BEGUN = (*RUNNING, IncidentStatus.RESTORED, IncidentStatus.STOOD_DOWN)
LIVE = (IncidentStatus.SCHEDULED, *BEGUN)
ENDED = (IncidentStatus.CLOSED, IncidentStatus.CANCELLED)

# until supply is back
UNTIL_BACK = (IncidentStatus.SCHEDULED, *RUNNING)

# verb -> the states in which it may be called
INCIDENT_VERBS: Mapping[str, tuple[IncidentStatus, ...]] = {
	"confirm": HOLDING_POSTS,
	"start": (IncidentStatus.SCHEDULED,),
	"reclassify": (IncidentStatus.SCHEDULED, *HOLDING_POSTS),
	"extend_scope": UNTIL_BACK,
	"take_over_changes": BEGUN,
	"set_etr": UNTIL_BACK,
	"report_trapped": BEGUN,
	"note_entrapment": BEGUN,
	"report_empty": BEGUN,
	"read_back_empty": BEGUN,
	"permit_energise": RUNNING,
	"supply_back": RUNNING,
	"stand_down": (IncidentStatus.ACTIVE, IncidentStatus.RESTORED),  # by area also while other areas are still dark
	"stand_down_everywhere": (IncidentStatus.RESTORED,),
	"file_report": (IncidentStatus.STOOD_DOWN,),
	"close": (IncidentStatus.STOOD_DOWN,),
	"cancel": UNTIL_BACK,
	"send_notice": LIVE,
	"prove_posting": LIVE,
	"hand_over": LIVE,
}

# What is kept of an outage that has ended, though it can change nothing there any more
KEPT_AFTER_THE_END = ("report_trapped", "note_entrapment", "hand_over")


NOT_BEGUN = (TaskStatus.OPEN, TaskStatus.ACKNOWLEDGED)
# what can be finished by hand; a post that somebody stands on is relieved
UNFINISHED = (*NOT_BEGUN, TaskStatus.IN_PROGRESS)
OPEN = (*UNFINISHED, TaskStatus.ON_POST)

# verb -> the states of a task in which it may be called
TASK_VERBS: Mapping[str, tuple[TaskStatus, ...]] = {
	"acknowledge": (TaskStatus.OPEN,),
	"acknowledge_for": (TaskStatus.OPEN,),
	"arrive": NOT_BEGUN,
	"complete": UNFINISHED,
	"complete_for": UNFINISHED,
	"correct_outcome": (TaskStatus.DONE,),
	"take_danger": NOT_BEGUN,
	"no_answer": UNFINISHED,
	"read_back": (TaskStatus.IN_PROGRESS,),
	"add_evidence": (TaskStatus.DONE,),
	"skip": OPEN,
	"reassign": UNFINISHED,  # a post that somebody stands on is relieved on the spot
	"relieve": (TaskStatus.ON_POST,),
	"move": (TaskStatus.ON_POST,),
	"withdraw": OPEN,  # danger does not ask whether the person had touched "acknowledge"
}


# What somebody did with their own hands: it is kept, whenever it arrives. Decisions (skip, reassign) are made anew instead
FACTS = (
	"acknowledge",
	"acknowledge_for",
	"arrive",
	"complete",
	"complete_for",
	"no_answer",
	"read_back",
	"add_evidence",
	"relieve",
	"move",
	"withdraw",
)
# Of these, what puts somebody on a spot or takes them off it; what was confirmed there holds for whoever confirmed it
ON_THE_SPOT = ("arrive", "relieve", "move", "withdraw", "acknowledge", "acknowledge_for")
PUTS_THERE = ("acknowledge", "arrive")
# Entries of the timeline that say that a step changed hands or ended: who was there before is not there by an older act
CHANGED_HANDS = (
	"task_on_post",
	"task_started",
	"task_withdrawn",
	"task_relieved",
	"task_reassigned",
	"task_moved",
	"task_handed_over",
	"shift_ended",
	"task_done",
	"task_settled",
	"post_released",
	"task_skipped",
	"task_cancelled",
)
# what people do at the same time arrives in any order; what is refused after so long was done without a network
PROMPT = timedelta(minutes=2)


def comes_late(
	verb: str,
	status: str,
	at: datetime,
	now: datetime,
	changed_at: datetime | None,
	*,
	confirms: bool = False,
	by_phone: bool = False,
) -> bool:
	"""Is this act only added to the record? It happened at `at`, before the step changed hands or ended (`changed_at`), or
	the step's state takes it no more and whoever did it long ago could not know. Danger is added in any state.

	confirms  a step whose checks somebody gives: they hold no longer than the person is at it
	by_phone  `at` is a phone's, which gives whole seconds: within one, leaving counts after being there
	"""
	if verb not in FACTS:
		return False
	before = changed_at is not None and at < changed_at.replace(microsecond=0)
	if by_phone and verb in PUTS_THERE:
		before = changed_at is not None and at <= changed_at
	if before and (verb in ON_THE_SPOT or confirms):
		return True
	if status in TASK_VERBS[verb]:
		return False
	return verb == "withdraw" or before or at < now - PROMPT


# minutes after the end of a shift in which one may still hand over
HAND_OVER_MINUTES = 5


def left_behind(status: str, held_until: str | None, acknowledged_by: str | None, on_duty: Collection[str]) -> bool:
	"""Is a step nobody's, since the shift of whoever said "mine" has ended? A post is relieved on the spot, and what is
	under way is finished or handed over by the person: only what was taken and not begun is open again."""
	return (
		status == TaskStatus.ACKNOWLEDGED
		and not held_until
		and bool(acknowledged_by)
		and acknowledged_by not in on_duty
	)


@dataclass
class TaskRow:
	"""A task as the rules see it. `defects` counts checklist rows found defective and not yet mended."""

	name: str
	step_key: str
	subject_type: str
	subject: str
	round: int
	status: str
	department: str = ""
	assigned_role: str = ""
	subject_label: str = ""
	priority: int = 3
	gate: str = ""
	defect_gate: str = ""
	life_safety: bool = False
	optional: bool = False
	held_until: str = ""
	evidence_pending: bool = False
	defects: int = 0
	outcome: str = ""
	anchor_at: datetime = datetime.min
	due_at: datetime | None = None
	completed_at: datetime | None = None
	ended_at: datetime | None = None  # done or skipped
	counts_from: datetime | None = None  # when it was taken or done, by a clock that was put back since
	plan: str = ""

	@property
	def key(self) -> tuple[str, str, str, int]:
		return (self.step_key, self.subject_type, self.subject, self.round)

	@property
	def is_open(self) -> bool:
		return self.status in OPEN


def is_late(due_at: datetime | None, met_at: datetime | None, now: datetime, *, optional: bool) -> bool:
	"""Was a step done after it was due, or has its time passed? One that is not needed so far is not late while it waits."""
	if due_at is None or (optional and met_at is None):
		return False
	return (met_at or now) > due_at


def require_incident_state(verb: str, status: str) -> None:
	"""Raise RuleError unless the incident may take `verb` in `status`."""
	allowed = INCIDENT_VERBS[verb]
	if status not in allowed:
		raise RuleError(
			_("Status: the incident is {status}; this is possible only while it is {allowed}."),
			status=status,
			allowed=allowed,
		)


def require_task_state(verb: str, status: str) -> None:
	"""Raise RuleError unless the task may take `verb` in `status`."""
	allowed = TASK_VERBS[verb]
	if verb == "reassign" and status == TaskStatus.ON_POST:
		raise RuleError(
			_("Status: somebody stands on this post. Have them relieved: the next guard takes it on the spot.")
		)
	if status not in allowed:
		raise RuleError(
			_("Status: the task is {status}; this is possible only while it is {allowed}."),
			status=status,
			allowed=allowed,
		)


def require_call(step: Step) -> None:
	"""Raise RuleError unless the step is a telephone call."""
	if not step.calls and step.evidence != "call":
		raise RuleError(_("Step: nobody is phoned for this one. Use its own buttons."))


def require_post_to_go_to(post: TaskRow, to: TaskRow | None) -> None:
	"""A guard who is sent elsewhere goes to a post of the same department where nobody stands."""
	if to is None or not to.held_until or to.name == post.name or to.department != post.department:
		raise RuleError(_("To: choose another post of this outage and department."))
	if to.status not in TASK_VERBS["arrive"]:
		raise RuleError(_("To: that post is {status}; choose one without a guard."), status=to.status)
