"""What may happen to an incident and to a task, and what keeps a gate closed."""

import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .errors import GateClosed, Keys, RuleError, _
from .step_definitions import TRAPPED, Step

# for what kind of outage a level is
INTERNAL, EXTERNAL, PLANNED = "Internal", "External", "Planned"
UNPLANNED = (INTERNAL, EXTERNAL)

RUNNING = ("Reported", "Active")
# until the stand-down somebody may stand on a post
HOLDING_POSTS = (*RUNNING, "Restored")
# begun, and the file is not closed; with what is planned: everything that is not over
BEGUN = (*RUNNING, "Restored", "Stood Down")
LIVE = ("Scheduled", *BEGUN)
ENDED = ("Closed", "Cancelled")

# verb -> the states in which it may be called
INCIDENT_VERBS = {
	"confirm": ("Reported", "Active", "Restored"),
	"start": ("Scheduled",),
	"reclassify": ("Scheduled", "Reported", "Active", "Restored"),
	"extend_scope": ("Scheduled", "Reported", "Active"),
	"take_over_changes": ("Reported", "Active", "Restored", "Stood Down"),
	"set_etr": ("Scheduled", "Reported", "Active"),
	"report_trapped": ("Reported", "Active", "Restored", "Stood Down"),
	"note_entrapment": ("Reported", "Active", "Restored", "Stood Down"),
	"report_empty": ("Reported", "Active", "Restored", "Stood Down"),
	"read_back_empty": ("Reported", "Active", "Restored", "Stood Down"),
	"permit_energise": ("Reported", "Active"),
	"supply_back": ("Reported", "Active"),
	"stand_down": ("Active", "Restored"),  # by area also while other areas are still dark
	"stand_down_everywhere": ("Restored",),
	"file_report": ("Stood Down",),
	"close": ("Stood Down",),
	"cancel": ("Scheduled", "Reported", "Active"),
	"send_notice": ("Scheduled", "Reported", "Active", "Restored", "Stood Down"),
	"prove_posting": ("Scheduled", "Reported", "Active", "Restored", "Stood Down"),
	"hand_over": ("Scheduled", "Reported", "Active", "Restored", "Stood Down"),
}

# What is kept of an outage that has ended, though it can change nothing there any more
KEPT_AFTER_THE_END = ("report_trapped", "note_entrapment", "hand_over")

# what completes the steps that nobody completes by hand
BY_THEMSELVES = ("callbacks", "report")

OPEN = ("Open", "Acknowledged", "In Progress", "On Post")

# verb -> the states of a task in which it may be called
TASK_VERBS = {
	"acknowledge": ("Open",),
	"acknowledge_for": ("Open",),
	"arrive": ("Open", "Acknowledged"),
	"complete": ("Open", "Acknowledged", "In Progress"),
	"complete_for": ("Open", "Acknowledged", "In Progress"),
	"correct_outcome": ("Done",),
	"take_danger": ("Open", "Acknowledged"),
	"no_answer": ("Open", "Acknowledged", "In Progress"),
	"read_back": ("In Progress",),
	"add_evidence": ("Done",),
	"skip": OPEN,
	"reassign": ("Open", "Acknowledged", "In Progress"),  # a post that somebody stands on is relieved on the spot
	"relieve": ("On Post",),
	"move": ("On Post",),
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
	return status == "Acknowledged" and not held_until and bool(acknowledged_by) and acknowledged_by not in on_duty


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
	if verb == "reassign" and status == "On Post":
		raise RuleError(
			_("Status: somebody stands on this post. Have them relieved: the next guard takes it on the spot.")
		)
	if status not in allowed:
		raise RuleError(
			_("Status: the task is {status}; this is possible only while it is {allowed}."),
			status=status,
			allowed=allowed,
		)


def blocking(
	gate: str,
	tasks: Iterable[TaskRow],
	nodes: Collection[str] | None = None,
	*,
	tree: Collection[str] = (),
	locked_off: Collection[str] = (),
) -> list[TaskRow]:
	"""The tasks that keep `gate` closed, most urgent first (invariant 3).

	With `nodes`, tasks about other power nodes do not count: one floor may come back before the next. `nodes` holds
	everything that would get supply: what is switched on and all below it; `tree` all nodes there are. A task about one
	that is not among them counts: what cannot be placed is not clear. Supply is not switched on over people in an elevator
	either, whatever the plan says of its gates, except where it is `locked_off`: such a car does not move.
	"""
	elsewhere = set() if nodes is None else set(tree) - set(nodes)
	found = [
		task
		for task in tasks
		if task.is_open
		and (
			task.gate == gate
			or (task.defects and task.defect_gate == gate)
			or (gate == "energise" and _may_have_people_inside(task, locked_off))
		)
		and not (task.subject_type == "Power Node" and task.subject in elsewhere)
	]
	return sorted(found, key=lambda task: (not task.life_safety, task.priority, task.step_key, task.subject))


def blocking_close(tasks: Iterable[TaskRow]) -> list[TaskRow]:
	"""What keeps an incident from being closed: the gates of standing down and closing, any life-safety step, and evidence
	owed. Steps that only kept supply from being switched on are of no use once it is back, however it came back."""
	found = [
		task
		for task in tasks
		if (task.is_open and (task.gate in ("stand_down", "close") or task.life_safety))
		or (task.status == "Done" and task.evidence_pending)
	]
	return sorted(found, key=lambda task: (not task.life_safety, task.priority, task.step_key, task.subject))


def overridable(gate: str, closed_by: Iterable[TaskRow]) -> bool:
	"""Whether the General Manager may pass over what keeps a gate closed: never to energise, never life safety."""
	return gate != "energise" and not any(task.life_safety and task.is_open for task in closed_by)


def pass_gate(gate: str, closed_by: list[TaskRow], *, override_reason: str = "", may_override: bool = False) -> None:
	"""Raise GateClosed unless nothing blocks, or a General Manager overrides with a reason what may be overridden.

	Life-safety steps and the permission to energise are overridden by nobody.
	"""
	if not closed_by:
		return
	if gate == "energise":
		raise GateClosed(
			_(
				"Not permitted: these steps must be finished before supply may be switched on. Nobody can override this."
			),
			closed_by,
		)
	if not overridable(gate, closed_by):
		raise GateClosed(
			_("Not possible while life-safety steps are open. They end by an outcome and are overridden by nobody."),
			closed_by,
		)
	if not override_reason.strip():
		raise GateClosed(
			_("Not possible yet: these steps are open. Finish them, or the General Manager overrides with a reason."),
			closed_by,
		)
	if not may_override:
		raise GateClosed(_("Override Reason: only the General Manager may override open steps."), closed_by)


def require_cancellable(tasks: Iterable[TaskRow], status: str) -> None:
	"""An incident is never cancelled while a life-safety step is open; planned work that has not begun endangers nobody.

	Before the cause is known nobody works on the switchgear: that it may be switched on need not be cleared then.
	"""
	life = [
		task
		for task in tasks
		if task.is_open and task.life_safety and not (status == "Reported" and task.gate == "energise")
	]
	if life and status != "Scheduled":
		raise GateClosed(
			_("The incident cannot be cancelled while life-safety steps are open. Record their outcome first."), life
		)


def require_skippable(task: TaskRow, *, general_manager: bool, reason: str, waiting: Collection[TaskRow] = ()) -> None:
	"""Life safety and energising are skipped by nobody; gates and posts by the General Manager; a reason is always given.

	`waiting`: open steps that come after this one. A standby supply that waits for isolation would feed back without it,
	so the earlier step cannot be left out before the later one is.
	"""
	if not _is_skippable(task):
		raise RuleError(_("A life-safety step or one that permits energising cannot be skipped. Record its outcome."))
	if not reason.strip():
		raise RuleError(_("Reason: say why the step is skipped."))
	if waiting:
		raise GateClosed(_("These steps wait for this one: finish it, or skip those first."), list(waiting))
	if not may_skip(task, general_manager=general_manager):
		raise RuleError(
			_(
				"This step guards a gate or a post: only the General Manager may skip it, with a reason. Ask them, or finish it."
			)
		)


def _is_skippable(task: TaskRow) -> bool:
	return not task.life_safety and task.gate != "energise"


def may_skip(task: TaskRow, *, general_manager: bool) -> bool:
	"""Is leaving this step out anybody's to decide, and this person's?"""
	return _is_skippable(task) and (general_manager or not (task.gate or task.held_until))


def require_call(step: Step) -> None:
	"""Raise RuleError unless the step is a telephone call."""
	if not step.calls and step.evidence != "call":
		raise RuleError(_("Step: nobody is phoned for this one. Use its own buttons."))


def _may_have_people_inside(task: TaskRow, locked_off: Collection[str]) -> bool:
	"""A life-safety step about an elevator that has no outcome yet: a car that moves by itself is a danger to the rescue."""
	return (
		task.is_open and task.life_safety and task.subject_type == "Property Asset" and task.subject not in locked_off
	)


def knows_rescues(steps: Iterable[Step]) -> bool:
	"""Does the plan say what to do when people are trapped? That of planned work does not: they were let out before."""
	return any(step.means(TRAPPED) or step.rescue_part == "release" for step in steps)


def clears_supply(step: Step) -> bool:
	"""Does somebody confirm by this step that nobody is in danger from switching on?"""
	return step.gate == "energise" and bool(step.checks)


def require_rescues_ended(step: Step, tasks: Iterable[TaskRow], locked_off: Collection[str] = ()) -> None:
	"""Raise GateClosed when `step` clears supply to be switched on while the record says that somebody may be in an elevator
	that is not locked off."""
	if not clears_supply(step):
		return
	rescues = [task for task in tasks if _may_have_people_inside(task, locked_off)]
	if rescues:
		raise GateClosed(
			_("Checks: people may still be in an elevator. Record what became of each one before supply may return."),
			rescues,
		)


def require_confirmed(steps: Iterable[Step], confirmed_at: datetime | None) -> None:
	"""Raise RuleError when supply is to be switched on before the steps that permit it are there: they follow from the cause."""
	if confirmed_at is None and any(step.gate == "energise" and step.anchor == "confirmed" for step in steps):
		raise RuleError(_("Cause: confirm the cause first. What must be safe before supply returns follows from it."))


def require_gone(gate: str, status: str) -> None:
	"""Raise RuleError when a step that permission to energise waits for is to be confirmed before supply was switched off."""
	if gate == "energise" and status == "Scheduled":
		raise RuleError(_("Status: supply has not been switched off yet. Confirm this when the work is finished."))


def require_checked_since(at: datetime, went_at: datetime | None) -> None:
	"""Raise RuleError when somebody saw at `at` that a node may be switched on, and supply there went only afterwards."""
	if went_at and at < went_at:
		raise RuleError(
			_("Occurred At: supply here went at {time}, after this was checked. Check once more, then confirm."),
			time=went_at.strftime("%Y-%m-%d %H:%M"),
		)


def require_post_to_go_to(post: TaskRow, to: TaskRow | None) -> None:
	"""A guard who is sent elsewhere goes to a post of the same department where nobody stands."""
	if to is None or not to.held_until or to.name == post.name or to.department != post.department:
		raise RuleError(_("To: choose another post of this outage and department."))
	if to.status not in TASK_VERBS["arrive"]:
		raise RuleError(_("To: that post is {status}; choose one without a guard."), status=to.status)


def waits_for(step: Step, task: Any, tasks: Iterable[Any]) -> list[Any]:
	"""Open tasks that `task`, made from `step`, must come after.

	Of steps that are done for each subject of one kind only those about the same one: the rescue from one elevator does not
	wait until another one is locked off.
	"""
	return [
		other for other in tasks if other.step_key in step.after and other.status in OPEN and _same_way(task, other)
	]


def _same_way(task: Any, other: Any) -> bool:
	if not task.subject_type or task.subject_type != other.subject_type:
		return True
	return bool(task.subject == other.subject)


def require_completable(
	step: Step,
	task: TaskRow,
	tasks: Iterable[TaskRow],
	*,
	outcome: str,
	checks: Collection[str],
	evidence: Any,
	evidence_later: bool,
	locked_off: Collection[str] = (),
) -> None:
	"""Everything that completing a task asks for, each missing thing named.

	Reading evidence is never put off: the figure is what the step is for. Other evidence may follow (`evidence_later`),
	and is owed until it does.
	"""
	if task.held_until:
		raise RuleError(
			_("A held post is not completed by hand: it ends by stand-down, by relief, or by leaving for danger.")
		)
	if step.completes_with in BY_THEMSELVES:
		raise RuleError(
			_("This step completes by itself when the {what} is done. Do that instead."),
			what=_what(step.completes_with),
		)
	if earlier := waits_for(step, task, tasks):
		raise GateClosed(_("These steps come first. Finish them before this one."), earlier)
	if step.outcomes and outcome not in step.outcomes:
		raise RuleError(_("Outcome: choose one of: {allowed}."), allowed=Keys(step.outcomes))
	require_rescues_ended(step, tasks, locked_off)
	missing = [check for check in step.checks if check not in checks]
	if missing:
		raise RuleError(_("Checks: confirm each of these first: {missing}."), missing=Keys(missing))
	if step.evidence != "none" and not evidence and (step.evidence == "reading" or not evidence_later):
		raise RuleError(_EVIDENCE_MISSING[step.evidence])


def _what(completes_with: str) -> str:
	return {"callbacks": _("round of callbacks"), "report": _("incident report")}[completes_with]


_EVIDENCE_MISSING = {
	"call": _("Evidence: say who was called. If there is no time now, choose to add it later."),
	"note": _("Evidence: a note is needed. If there is no time now, choose to add it later."),
	"photo": _("Evidence: a photo is needed. If there is no time now, choose to add it later."),
	"reading": _("Evidence: give the reading (for example how many minutes the supply lasts)."),
}


def require_planned_times(planned_by: str, start: datetime | None, end: datetime | None) -> None:
	"""A planned outage says who plans it, and ends after it starts."""
	if planned_by not in ("Supplier", "Property"):
		raise RuleError(_("Planned By: a planned outage says whether the supplier or the property plans it."))
	if not start or not end:
		raise RuleError(_("Planned Start, Planned End: a planned outage needs both times."))
	if end <= start:
		raise RuleError(_("Planned End: must lie after Planned Start. Correct one of the two."))


def require_windows_apart(windows: Iterable[tuple[datetime, datetime]]) -> None:
	"""The parts of one planned outage, as (start, end), follow one another."""
	ordered = sorted(windows)
	for (_start, end), (start, its_end) in itertools.pairwise(ordered):
		if start < end:
			raise RuleError(
				_("Further Windows: {start} to {end} overlaps another one. Correct the times."),
				start=start.strftime("%Y-%m-%d %H:%M"),
				end=its_end.strftime("%Y-%m-%d %H:%M"),
			)


def require_reason(reason: str) -> None:
	"""Residents read in the notice what planned work is for."""
	if not reason.strip():
		raise RuleError(
			_("Reason of the Work: say what the supply is switched off for. Residents read it in the notice.")
		)


def require_etr(etr: datetime | None, at: datetime) -> None:
	"""An expected time of restoration lies ahead."""
	if etr is not None and etr <= at:
		raise RuleError(
			_("ETR: {etr} has already passed. Give a time ahead, or none."), etr=etr.strftime("%Y-%m-%d %H:%M")
		)
