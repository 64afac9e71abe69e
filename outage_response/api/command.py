"""What the control room's screens read and send: command centre, call sheet, run card."""

from typing import Any

from outage_response.flows.screens import command_centre, operator_call_sheet, run_card_entry

from .endpoints import endpoint
from .reached import reading


@reading
def centre() -> dict[str, Any]:
	"""See `flows.screens.command_centre.command_centre`."""
	return command_centre.command_centre()


@reading
def elevators() -> list[dict[str, Any]]:
	"""See `flows.screens.command_centre.elevators`."""
	return command_centre.elevators()


@reading
def homes_of_number(property: str, phone: str) -> list[dict[str, str]]:
	"""See `flows.screens.command_centre.homes_of_number`."""
	return command_centre.homes_of_number(property, phone)


@reading
def get_levels() -> list[dict[str, str]]:
	"""See `flows.screens.command_centre.get_levels`."""
	return command_centre.get_levels()


declare_seen = endpoint(command_centre.declare_seen)


@reading
def call_sheet(incident: str) -> dict[str, Any]:
	"""See `flows.screens.operator_call_sheet.call_sheet`."""
	return operator_call_sheet.call_sheet(incident)


@reading
def run_card_lines(incident: str) -> dict[str, Any]:
	"""See `flows.screens.run_card_entry.to_enter`."""
	return run_card_entry.to_enter(incident)
