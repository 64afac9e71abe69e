"""The vocabulary of a plan: what a step may say, and the check that a whole plan makes sense."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

PHASES = ("Prepare", "Alert", "Assess", "Protect", "Repair", "Verify", "Follow-up")
# a step at each firm that maintains an affected elevator
PER_CONTRACTOR = "elevator_contractor"
KINDS = (
	"once",
	"affected_node",
	"elevator",
	PER_CONTRACTOR,
	"critical_room",
	"shaft",
	"security_point",
	"guarded_area",
	"generator",
	"care_unit",
)
ANCHORS = ("reported", "confirmed", "planned_start", "planned_end", "node_restored", "restored", "stand_down")
GATES = ("start", "energise", "stand_down", "close")
EVIDENCE = ("none", "call", "note", "photo", "reading")
COMPLETED_WITH = ("notices", "callbacks", "report")
DEPARTMENT_OF_SUBJECT = "of_the_room"
ACCOUNT_MANAGER = "account_manager"
# the fire brigade, the ambulance and the elevator hotline: their numbers stand in the Settings
RESCUE_SERVICES = "rescue_services"
# what a step does for people in an elevator: see `entrapment_rules.py`
RESCUE_PARTS = ("talk", "lock_off", "release", "call_services")
# What an outcome means to the rules, in whatever words a plan says it -> where it can be said: `per`, and `rescue_part`
TRAPPED, EMPTY = "trapped", "empty"
RELEASED = ("released", "released_by_contractor", "released_by_rescue_service", "released_otherwise")
SERVICES_CALLED, CONTRACTOR_THERE = "services_called", "contractor_there"
BACKUP_FAILED, CARED_FOR = "backup_failed", "cared_for"
MEANINGS: Mapping[str, tuple[str, str]] = {
	TRAPPED: ("elevator", ""),
	EMPTY: ("elevator", ""),
	**dict.fromkeys(RELEASED, ("elevator", "release")),
	**dict.fromkeys((SERVICES_CALLED, CONTRACTOR_THERE), ("elevator", "call_services")),
	BACKUP_FAILED: ("critical_room", ""),
	CARED_FOR: ("care_unit", ""),
}
# what stands between two keys: a Chinese keyboard types ， ； and 、
_BETWEEN_KEYS = re.compile("[,;、]")
# what a key made of words does without
_NO_PART_OF_A_KEY = re.compile(r"\W+")
LONGEST_KEY = 60


@dataclass(frozen=True)
class Outcome:
	"""How a step may end, in the plan's own words.

	meaning    one of MEANINGS, or "": the rules see no more in it than that the step is done
	adds       keys of the steps that it asks for
	residents  what their history says when the step ends so; in place of the step's own line
	"""

	adds: tuple[str, ...] = ()
	meaning: str = ""
	en: str = ""
	zh: str = ""
	residents_en: str = ""
	residents_zh: str = ""


@dataclass(frozen=True)
class Step:
	"""One thing that a plan asks of one department. Field by field as in the header of `setup/procedure.yaml`.

	`minutes` counts from the anchor; `due_at_etr` puts the expected restoration in its place;
	`minutes_by_planner` maps Supplier or Property to the minutes that hold for work they planned.
	"""

	key: str
	phase: str
	priority: int
	department: str
	per: str
	anchor: str
	title_en: str = ""
	title_zh: str = ""
	clauses: tuple[str, ...] = ()
	origin: str = "clause"
	minutes: int | None = None
	due_at_etr: bool = False
	minutes_by_planner: Mapping[str, int] = field(default_factory=dict)
	at_least_once: bool = False
	checklist: str = ""
	when_property_type: str = ""
	when_off_hours: bool | None = None
	when_min_households: int = 0
	when_planned_by: str = ""
	when_unprotected: bool = False
	gate: str = ""
	defect_gate: str = ""
	held_until: str = ""
	life_safety: bool = False
	optional: bool = False
	required_when: str = ""
	on_outcome: bool = False
	outcomes: Mapping[str, Outcome] = field(default_factory=dict)
	after: tuple[str, ...] = ()
	checks: tuple[str, ...] = ()
	read_back_by: str = ""
	repeat_minutes: int = 0
	repeat_until: str = ""
	completes_with: str = ""
	evidence: str = "none"
	calls: str = ""
	rescue_part: str = ""
	residents_en: str = ""
	residents_zh: str = ""

	@property
	def title(self) -> str:
		"""English where there is any: one language is enough for a step."""
		return self.title_en or self.title_zh

	def means(self, meaning: str) -> bool:
		"""May the step end by an outcome that means this?"""
		return any(outcome.meaning == meaning for outcome in self.outcomes.values())

	def meaning(self, word: str) -> str:
		"""What an outcome of the step means. A meaning that none of its outcomes has stands for itself."""
		if word in self.outcomes:
			return self.outcomes[word].meaning
		return word if word in MEANINGS else ""

	def named(self, word: str) -> str:
		"""The outcome that somebody chose: by the step's own key, or by its meaning, as a screen or a phone without network
		knows it."""
		if word in self.outcomes:
			return word
		return next((key for key, outcome in self.outcomes.items() if word and outcome.meaning == word), word)

	@property
	def planned_anchor(self) -> bool:
		"""Planned times are known beforehand, so their steps exist, and are due, independently of when they were made."""
		return self.anchor in ("planned_start", "planned_end")


def steps_for_level(rows: Iterable[Mapping[str, Any]], level: str) -> list[Step]:
	"""Steps of one level from the rows of the procedure file, in the file's order."""
	return [_step(row, level) for row in rows if level in row["levels"]]


def _step(row: Mapping[str, Any], level: str) -> Step:
	when = row.get("when", {})
	minutes = row.get("minutes")
	by_subject = row["department"] == DEPARTMENT_OF_SUBJECT
	return Step(
		key=row["key"],
		phase=row["phase"],
		priority=row["priority"],
		department="" if by_subject else row["department"],
		per=row["per"],
		anchor=row["anchor"],
		title_en=row["en"],
		title_zh=row["zh"],
		clauses=tuple(row["clauses"]),
		origin=row.get("origin", "clause"),
		minutes=None if minutes == "etr" else minutes,
		due_at_etr=minutes == "etr",
		minutes_by_planner={who.title(): value for who, value in row.get("by_planner", {}).items()},
		at_least_once=row.get("at_least_once", False),
		checklist=row.get("checklist", ""),
		when_property_type=when.get("property_type", ""),
		when_off_hours=when.get("off_hours"),
		when_min_households=when.get("min_households", 0),
		when_planned_by=when.get("planned_by", "").title(),
		when_unprotected=when.get("unprotected", False),
		gate=row.get("gate", ""),
		defect_gate=row.get("defect_gate", ""),
		held_until=row.get("held_until", ""),
		life_safety=row.get("life_safety", False),
		optional=row.get("optional", False),
		required_when=row.get("required_when", ""),
		on_outcome=row.get("on_outcome", False),
		outcomes={
			key: Outcome(
				adds=tuple(one.get("adds", ())),
				meaning=one.get("means", ""),
				en=one["en"],
				zh=one["zh"],
			)
			for key, one in row.get("outcomes", {}).items()
		},
		after=tuple(row.get("after", ())) + tuple(row.get("after_level", {}).get(level, ())),
		checks=tuple(row.get("checks", ())),
		read_back_by=row.get("read_back_by", ""),
		repeat_minutes=row.get("repeat_minutes", 0),
		repeat_until=row.get("repeat_until", ""),
		completes_with=row.get("completes_with", ""),
		evidence=row.get("evidence", "none"),
		calls=row.get("calls", ""),
		rescue_part=row.get("rescue_part", ""),
		residents_en=row.get("residents", {}).get("en", ""),
		residents_zh=row.get("residents", {}).get("zh", ""),
	)


def read_keys(text: str | None) -> tuple[str, ...]:
	"""The keys of a list that somebody typed, with a Chinese keyboard or a Latin one."""
	return tuple(key for part in _BETWEEN_KEYS.split(typed(text)) if (key := part.strip()))


def typed(text: str | None) -> str:
	"""What somebody typed, as it is compared and kept: full-width letters and marks are the plain ones."""
	return unicodedata.normalize("NFKC", text or "").strip()


def new_key(words: str, taken: Collection[str]) -> str:
	"""A key for a step or an outcome that has none, made of its own words: no other one's, and kept from then on."""
	plain = _NO_PART_OF_A_KEY.sub("_", typed(words).casefold()).strip("_")[:LONGEST_KEY].strip("_") or "step"
	key, number = plain, 2
	while key in taken:
		key, number = f"{plain}_{number}", number + 1
	return key
