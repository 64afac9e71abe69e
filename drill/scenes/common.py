"""What the scenes share."""

from ..client import Person
from ..stage import Stage

WORDS = {"Reached": "reached", "No Answer": "no answer", "Refused": "would rather not talk", "Still Out": "STILL OUT"}


def resident(stage: Stage, place: str, unit: str) -> str:
	"""The contact who lives there."""
	rows = stage.crew["service"].list(
		"Property Unit", ["`tabUnit Resident`.contact as contact"], "unit_no asc", property=place, unit_no=unit
	)
	return rows[0]["contact"]


def tell_calls(stage: Stage, who: Person, heard: dict[str, list[str]]) -> None:
	"""One line for a round of calls."""
	parts = [
		f"{len(units)} {WORDS[outcome]}" + (f" ({', '.join(units)})" if outcome != "Reached" else "")
		for outcome, units in heard.items()
	]
	stage.say(who, "has called: " + ("; ".join(parts) or "nobody"))
