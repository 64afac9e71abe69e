"""What the scenes share."""

from ..client import Person
from ..stage import Stage

# what is confirmed when people are out of an elevator
RESCUE_CHECKS = ["main_switch_locked_off", "two_people_if_wound_by_hand", "landing_doors_closed_and_locked"]
WORDS = {"Reached": "reached", "No Answer": "no answer", "Refused": "would rather not talk", "Still Out": "STILL OUT"}


def resident(stage: Stage, place: str, unit: str) -> str:
	"""The contact who lives there."""
	rows = stage.crew["service"].list(
		"Property Unit", ["`tabUnit Resident`.contact as contact"], "unit_no asc", property=place, unit_no=unit
	)
	return rows[0]["contact"]


def talked_to(stage: Stage, who: Person, elevator: str, text: str, **known) -> None:
	"""Somebody has talked to the people inside: it goes on their record, with what is known of them."""
	(row,) = who.list("Elevator Entrapment", ["name"], incident=stage.incident, elevator_label=elevator)
	who.post("note_entrapment", entrapment=row["name"], talked=True, occurred_at=stage.now, **known)
	stage.say(who, text)


def tell_calls(stage: Stage, who: Person, heard: dict[str, list[str]]) -> None:
	"""One line for a round of calls."""
	parts = [
		f"{len(units)} {WORDS[outcome]}" + (f" ({', '.join(units)})" if outcome != "Reached" else "")
		for outcome, units in heard.items()
	]
	stage.say(who, "has called: " + ("; ".join(parts) or "nobody"))
