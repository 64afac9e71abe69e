"""What will not happen with a plan: said when it is saved, since in the night its silence would look like success."""

from collections.abc import Iterable, Sequence

from .errors import _
from .step_definitions import BACKUP_FAILED, CARED_FOR, EMPTY, RELEASED, TRAPPED, Step

# a sentence, and the title of the step that it is about, for its {step}; "" for what the whole plan lacks
Gap = tuple[str, str]


def gaps(steps: Sequence[Step], *, planned: bool) -> list[Gap]:
	"""What a plan leaves out that the app would do if the plan said so. Nothing of it is needed to carry the plan out.

	planned  of work that is announced: people were let out of elevators before, and nobody is called back
	"""
	found = [] if planned else [*_rescue(steps), *_readings(steps), *_afterwards(steps)]
	if not any(step.gate == "energise" and step.life_safety and step.checks for step in steps):
		found.append(
			(
				_(
					"No step clears supply to be switched on (gate energise, life safety, with checks): the permission waits for nobody's word."
				),
				"",
			)
		)
	if not _completed(steps, "notices"):
		found.append((_("No step completes with notices: nobody is asked to tell residents."), ""))
	return found


def _rescue(steps: Sequence[Step]) -> Iterable[Gap]:
	checks = [step for step in steps if step.means(TRAPPED)]
	parts = {step.rescue_part for step in steps}
	if not checks:
		yield (_("No outcome means that people are in an elevator: a check that finds them starts no rescue."), "")
	for step in checks:
		if not step.means(EMPTY):
			yield (
				_(
					"{step}: no outcome means that nobody is inside. People who are only thought to be there stay on record."
				),
				step.title,
			)
	if "release" not in parts:
		yield (_("No step has the Rescue Part release: nobody is told to free people from an elevator."), "")
	if "lock_off" not in parts:
		yield (
			_(
				"No step has the Rescue Part lock_off: nobody is told to lock an elevator off, and supply waits until everybody is out."
			),
			"",
		)
	for step in steps:
		if step.rescue_part == "release" and not any(step.means(meaning) for meaning in RELEASED):
			yield (
				_("{step}: no outcome means that the people are freed. When it is done they stay on record as inside."),
				step.title,
			)


def _readings(steps: Sequence[Step]) -> Iterable[Gap]:
	for step in steps:
		if step.per == "critical_room" and step.evidence == "reading" and not step.means(BACKUP_FAILED):
			yield (
				_(
					"{step}: no outcome means that the backup failed. The command centre counts its minutes all the same."
				),
				step.title,
			)
		if step.per == "care_unit" and not step.means(CARED_FOR):
			yield (
				_(
					"{step}: no outcome means that the home is cared for. It stays among those that wait until supply is back."
				),
				step.title,
			)


def _afterwards(steps: Sequence[Step]) -> Iterable[Gap]:
	if not any(_told(step) for step in steps):
		yield (_("No step tells residents anything: their history shows no work of yours."), "")
	if not _completed(steps, "callbacks"):
		yield (_("No step completes with callbacks: nobody is called back."), "")
	if not _completed(steps, "report"):
		yield (_("No step completes with the report: none is asked for."), "")


def _told(step: Step) -> bool:
	outcomes = step.outcomes.values()
	return bool(step.residents_en or step.residents_zh) or any(one.residents_en or one.residents_zh for one in outcomes)


def _completed(steps: Iterable[Step], by: str) -> bool:
	return any(step.completes_with == by for step in steps)
