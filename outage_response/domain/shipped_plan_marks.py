"""Plans that the app ships: what one is known by, and what sets two plans apart."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from difflib import SequenceMatcher
from hashlib import sha256
from typing import Any

from .step_definitions import Outcome, Step


def fingerprint(steps: Iterable[Step]) -> str:
	"""What a list of steps is known by: the same as long as it says the same, in the same order.

	A field that has its default is left out. So one that `Step` gets later, with a default, leaves the fingerprints of older
	plans as they are; and the defaults of `Step` are not changed any more.
	"""
	said = json.dumps(
		[_said(step) for step in steps], sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain
	)
	return sha256(said.encode()).hexdigest()


def _said(record: Step | Outcome) -> dict[str, Any]:
	values = {}
	for one in fields(record):
		default = one.default if one.default_factory is MISSING else one.default_factory()
		if (value := getattr(record, one.name)) != default:
			values[one.name] = value
	return values


def _plain(value: Any) -> Any:
	"""An outcome that says no more than what it adds is those keys, as all were before they had meanings."""
	if not isinstance(value, Outcome):
		return dict(value)
	said = _said(value)
	return value.adds if said.keys() <= {"adds"} else said


@dataclass(frozen=True)
class PlanDifference:
	"""The way from one plan to another, by keys of steps; each in the order of the plan that has it.

	`changed` maps a step to its fields that differ, and each of them to (before, after).
	"""

	added: tuple[str, ...]
	removed: tuple[str, ...]
	moved: tuple[str, ...]
	changed: Mapping[str, Mapping[str, tuple[Any, Any]]]

	def __bool__(self) -> bool:
		return bool(self.added or self.removed or self.moved or self.changed)


def difference(
	before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], key: str = "step_key"
) -> PlanDifference:
	"""What makes `after` of `before`: rows of two plans, each with the same fields, and a key that no other row of its plan has."""
	old, new = ({row[key]: row for row in rows} for rows in (before, after))
	was = [name for name in old if name in new]
	now = [name for name in new if name in old]
	return PlanDifference(
		added=tuple(name for name in new if name not in old),
		removed=tuple(name for name in old if name not in new),
		moved=_moved(was, now),
		changed={name: found for name in now if (found := _changed_fields(old[name], new[name]))},
	)


def _moved(was: list[str], now: list[str]) -> tuple[str, ...]:
	"""Those of `now` that do not stand where they stood, seen from those that stay together."""
	blocks = SequenceMatcher(None, was, now, autojunk=False).get_matching_blocks()
	stay = {name for block in blocks for name in now[block.b : block.b + block.size]}
	return tuple(name for name in now if name not in stay)


def _changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
	return {field: (before.get(field), after[field]) for field in after if before.get(field) != after[field]}
