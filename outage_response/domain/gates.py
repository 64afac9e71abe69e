"""What keeps a gate closed, and what a step asks for before it is done: nobody switches on over people, and life safety is passed over by nobody."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from .errors import GateClosed, Keys, RuleError, _
from .lifecycle import OPEN, TaskRow
from .states import IncidentStatus, TaskStatus
from .step_definitions import TRAPPED, Step

# what completes the steps that nobody completes by hand
BY_THEMSELVES = ("callbacks", "report")


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
		or (task.status == TaskStatus.DONE and task.evidence_pending)
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
		if task.is_open and task.life_safety and not (status == IncidentStatus.REPORTED and task.gate == "energise")
	]
	if life and status != IncidentStatus.SCHEDULED:
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
	if gate == "energise" and status == IncidentStatus.SCHEDULED:
		raise RuleError(_("Status: supply has not been switched off yet. Confirm this when the work is finished."))


def require_checked_since(at: datetime, went_at: datetime | None) -> None:
	"""Raise RuleError when somebody saw at `at` that a node may be switched on, and supply there went only afterwards."""
	if went_at and at < went_at:
		raise RuleError(
			_("Occurred At: supply here went at {time}, after this was checked. Check once more, then confirm."),
			time=went_at.strftime("%Y-%m-%d %H:%M"),
		)


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
