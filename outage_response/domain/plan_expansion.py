"""Steps + context -> the tasks that the procedure asks for. Reclassifying is the difference of two expansions."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from .states import TaskStatus
from .step_definitions import Step

CONTRACTOR = "Contractor"
LAST_PHASE_IN_THE_DARK = ("Prepare", "Alert", "Assess", "Protect", "Repair")


@dataclass(frozen=True)
class Subject:
	"""What one task is about: a doctype (or Contractor) and a name; the empty subject for steps done once.

	weight  of two posts, the heavier is manned first
	"""

	type: str = ""
	name: str = ""
	label: str = ""
	department: str = ""
	unprotected: bool = True
	weight: int = 0


def fields_of(subject: Subject) -> dict[str, str]:
	"""What a task keeps of its subject. A firm is no record that could be linked to, and has a field of its own."""
	firm = subject.type == CONTRACTOR
	return {
		"subject_type": "" if firm else subject.type,
		"subject": "" if firm else subject.name,
		"contractor": subject.name if firm else "",
		"subject_label": subject.label,
	}


def subject_of(row: Mapping[str, str | None]) -> tuple[str, str]:
	"""(type, name) of the subject that `fields_of` took apart."""
	return (CONTRACTOR, row["contractor"]) if row["contractor"] else (row["subject_type"] or "", row["subject"] or "")


@dataclass(frozen=True)
class Context:
	"""All that decides which tasks an incident has. Datetimes are naive site time.

	subjects     kind of `per` -> the affected ones of that kind
	switches     shaft -> its switches
	anchors      anchor -> when it happened (planned ones: when it is to happen); missing = not yet
	nodes_back   power node -> when supply came back to it
	added        (step key, subject type, subject name) that an outcome or a report of trapped people asks for -> since when
	again        (subject type, subject name) -> when it went dark again after supply had been back; ("", "") for the outage
	guards       guards on duty when the outage was reported
	repairs      department that does what belongs to no other: the one for repairs
	"""

	property: Subject
	property_type: str
	off_hours: bool = False
	households: int = 0
	planned_by: str = ""
	subjects: Mapping[str, tuple[Subject, ...]] = field(default_factory=dict)
	switches: Mapping[str, tuple[Subject, ...]] = field(default_factory=dict)
	anchors: Mapping[str, datetime] = field(default_factory=dict)
	nodes_back: Mapping[str, datetime] = field(default_factory=dict)
	added: Mapping[tuple[str, str, str], datetime] = field(default_factory=dict)
	again: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
	guards: int = 0
	repairs: str = ""


@dataclass(frozen=True)
class TaskSpec:
	"""One task that ought to exist.

	since  a round that ended before this moment does not count: the subject went dark again, or people are trapped again
	over   supply is back: the step stays where it is under way, and is not begun any more
	"""

	step: Step
	subject: Subject
	department: str
	anchor_at: datetime
	optional: bool
	checklist: tuple[Subject, ...] = ()
	round: int = 1
	since: datetime | None = None
	over: bool = False

	def is_answered_by(self, task: Any) -> bool:
		"""Does the latest round of the step still count?

		What ended in the minute in which supply went again was for the time before; a rescue noted in the minute of its
		report is that report's.
		"""
		ended_at = task.ended_at if task.status in (TaskStatus.DONE, TaskStatus.SKIPPED) else None
		if self.since is None or ended_at is None:
			return True
		return bool(ended_at >= self.since if self.step.on_outcome else ended_at > self.since)

	def next_round(self, last: int) -> "TaskSpec":
		return replace(self, round=last + 1, anchor_at=max(self.anchor_at, self.since or self.anchor_at))

	@property
	def key(self) -> tuple[str, str, str, int]:
		return (self.step.key, self.subject.type, self.subject.name, self.round)


@dataclass(frozen=True)
class Difference:
	"""What to do so that the existing tasks become the wanted ones. `keep` and `reopen` pair a task with its spec."""

	add: list[TaskSpec]
	keep: list[tuple[Any, TaskSpec]]
	reopen: list[tuple[Any, TaskSpec]]
	cancel: list[Any]


def expand(steps: Iterable[Step], context: Context) -> list[TaskSpec]:
	"""The task set that `steps` ask for in `context`: a function of the two and nothing else (invariant 1).

	A step appears once for each affected subject of its kind, from the moment its anchor is known.
	"""
	specs = [
		TaskSpec(
			step=step,
			subject=subject,
			department=step.department or subject.department or context.repairs,
			anchor_at=anchor_at,
			optional=step.optional,
			checklist=_checklist(step, subject, context),
			since=_since(step, subject, context),
			over=_over(step, context),
		)
		for step in steps
		if _applies(step, context)
		for subject in _subjects(step, context)
		if (anchor_at := _anchor(step, subject, context)) is not None
	]
	return _with_required(specs, context)


def _applies(step: Step, context: Context) -> bool:
	return (
		step.when_property_type in ("", context.property_type)
		and step.when_off_hours in (None, context.off_hours)
		and step.when_min_households <= context.households
		and step.when_planned_by in ("", context.planned_by)
	)


def _subjects(step: Step, context: Context) -> tuple[Subject, ...]:
	if step.per == "once":
		found: tuple[Subject, ...] = (Subject(),)
	else:
		found = tuple(context.subjects.get(step.per, ()))
		if step.when_unprotected:
			found = tuple(subject for subject in found if subject.unprotected)
		if not found and step.at_least_once:
			found = (context.property,)
	if step.on_outcome:
		return tuple(subject for subject in found if _asked_at(step, subject, context))
	return found


def _asked_at(step: Step, subject: Subject, context: Context) -> datetime | None:
	"""Since when an outcome asks for the step, if one does. It asks for it at the subject it was about; for what is done once
	whatever it was about; and what it says of the whole, as that of a step done once, asks for it at every subject."""
	if step.per == "once":
		found = [since for (key, _kind, _name), since in context.added.items() if key == step.key]
	else:
		about = ((step.key, subject.type, subject.name), (step.key, "", ""))
		found = [context.added[key] for key in about if key in context.added]
	return max(found, default=None)


def _anchor(step: Step, subject: Subject, context: Context) -> datetime | None:
	if step.anchor == "node_restored":
		return context.nodes_back.get(subject.name)
	anchor_at = context.anchors.get(step.anchor)
	if anchor_at is None or step.planned_anchor:
		return anchor_at
	# Supply that came back by itself before the cause was known leaves nothing to repair or to make safe: a step of the
	# dark that is only now asked for would be work for nobody.
	if step.per == "affected_node" and step.gate == "energise" and subject.name in context.nodes_back:
		return None
	restored_at = context.anchors.get("restored")
	if restored_at and step.gate == "energise" and step.life_safety:
		return None
	if step.anchor == "confirmed" and restored_at and restored_at <= anchor_at and step.phase in LAST_PHASE_IN_THE_DARK:
		return None
	return anchor_at


def _since(step: Step, subject: Subject, context: Context) -> datetime | None:
	"""From when on the step is asked for anew: per subject; of what is done once, only what says that nobody is in danger
	from switching on."""
	if step.on_outcome:
		return _asked_at(step, subject, context)
	if step.gate == "start" or (step.per == "once" and not (step.gate == "energise" and step.checks)):
		return None
	return context.again.get((subject.type, subject.name))


def _over(step: Step, context: Context) -> bool:
	"""Once supply is back, a change of level asks for nothing that only the dark needs; what is about lives stays asked for."""
	return (
		"restored" in context.anchors
		and step.anchor == "reported"
		and step.phase in LAST_PHASE_IN_THE_DARK
		and step.priority > 0
		and not step.life_safety
	)


def _checklist(step: Step, subject: Subject, context: Context) -> tuple[Subject, ...]:
	if step.checklist == "shaft_switch":
		return tuple(context.switches.get(subject.name, ()))
	if step.checklist == "security_point":
		return tuple(context.subjects.get("security_point", ()))
	return ()


def _with_required(specs: list[TaskSpec], context: Context) -> list[TaskSpec]:
	"""An optional step becomes required when more posts are to be held than there are guards."""
	posts = sum(1 for spec in specs if spec.step.held_until)
	if posts <= context.guards:
		return specs
	return [
		replace(spec, optional=False) if spec.step.required_when == "posts_exceed_guards" else spec for spec in specs
	]


def difference(
	specs: Iterable[TaskSpec], tasks: Iterable[Any], *, reclassify: bool = False, steps: Iterable[Step] = ()
) -> Difference:
	"""Compare what ought to be with what is (invariants 1 and 2).

	`tasks` are the incident's rows, each with `key` (as TaskSpec.key), `status`, `ended_at`, `held_until` and `life_safety`.
	Only a reclassification takes tasks away or brings cancelled ones back; it never touches what is done, an open life-safety
	step, or a post on which somebody stands (invariant 4). Further rounds of a step stand and fall with its first round.

	steps  the plan's. A clearance before supply is switched on that is none of them, as that of another level, gives way to one
	       that is asked for now: when the level changes, or later, when the cause is confirmed. Until then it stays: no change of
	       level opens the gate.
	"""
	wanted = {spec.key[:3]: spec for spec in specs}
	own = {step.key for step in steps} if has_clearance(wanted.values()) else None
	latest: dict[tuple[str, str, str], Any] = {}
	keep: list[tuple[Any, TaskSpec]] = []
	reopen: list[tuple[Any, TaskSpec]] = []
	cancel: list[Any] = []
	posts: set[tuple[str, str]] = set()
	for task in sorted(tasks, key=lambda task: task.round):
		first = task.key[:3]
		latest[first] = task
		spec = wanted.get(first)
		if spec is None:
			if _may_cancel(task, reclassify, own):
				cancel.append(task)
			elif task.held_until and task.status != TaskStatus.CANCELLED:
				posts.add(first[1:])
		elif reclassify and task.status == TaskStatus.CANCELLED and not spec.over:
			reopen.append((task, spec))
		else:
			keep.append((task, spec))
	return Difference(_missing(wanted, latest, posts), keep, reopen, cancel)


def has_clearance(specs: Iterable[TaskSpec]) -> bool:
	"""Is it asked for now that, before supply is switched on, somebody confirms that nobody is in danger from it? What a plan
	asks for only later keeps no gate closed until then."""
	return any(spec.step.gate == "energise" and spec.step.life_safety and spec.step.checks for spec in specs)


def _may_cancel(task: Any, reclassify: bool, own: Collection[str] | None) -> bool:
	"""`own`: keys of the plan's steps; None where no clearance is asked for now."""
	if task.status in (TaskStatus.DONE, TaskStatus.SKIPPED, TaskStatus.CANCELLED, TaskStatus.ON_POST):
		return False
	gives_way = own and task.gate == "energise" and task.life_safety and task.key[0] not in own
	return bool(gives_way or (reclassify and not task.life_safety))


def _missing(
	wanted: Mapping[tuple[str, str, str], TaskSpec],
	latest: Mapping[tuple[str, str, str], Any],
	posts: set[tuple[str, str]],
) -> list[TaskSpec]:
	"""Steps that have no row yet, and further rounds of those whose last one no longer counts.

	`posts`: subjects of posts that another level's plan has set up; the guard there is not asked for a second time.
	"""
	missing = []
	for first, spec in wanted.items():
		last = latest.get(first)
		if spec.over or (last is None and spec.step.held_until and spec.subject.name and first[1:] in posts):
			continue
		if last is None:
			missing.append(spec)
		elif not spec.is_answered_by(last):
			missing.append(spec.next_round(last.round))
	return missing


def added_by(step: Step, outcome: str) -> tuple[str, ...]:
	"""Keys of the steps that an outcome of `step` asks for."""
	return step.outcomes[outcome].adds if outcome in step.outcomes else ()


def dedupe_key(incident: str, step_key: str, subject_type: str, subject: str, round_no: int = 1) -> str:
	"""The identity of a task: unique in the database, so that two workers cannot both add it."""
	parts = "\x1f".join((incident, step_key, subject_type, subject, str(round_no)))
	return hashlib.sha256(parts.encode()).hexdigest()[:40]
