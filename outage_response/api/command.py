"""What the control room's screens read and send: command centre, call sheet, run card."""

from typing import Any

from outage_response.flows.screens import command_centre, operator_call_sheet, run_card_entry

from .reached import reading
from .staff import as_list, endpoint


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


@endpoint
def declare_seen(
	property: str,
	seen: str | None = None,
	where: str | None = None,
	level: str | None = None,
	planned_by: str | None = None,
	planned_start: str | None = None,
	planned_end: str | None = None,
	windows: list | str | None = None,
	reason: str | None = None,
	all_the_same: bool = False,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.screens.command_centre.declare_seen`."""
	return command_centre.declare_seen(
		property,
		seen,
		where,
		level,
		planned_by=planned_by,
		planned_start=planned_start,
		planned_end=planned_end,
		windows=as_list(windows),
		reason=reason,
		all_the_same=all_the_same,
		occurred_at=occurred_at,
		request_id=request_id,
	)


@reading
def call_sheet(incident: str) -> dict[str, Any]:
	"""See `flows.screens.operator_call_sheet.call_sheet`."""
	return operator_call_sheet.call_sheet(incident)


@reading
def run_card_lines(incident: str) -> dict[str, Any]:
	"""See `flows.screens.run_card_entry.to_enter`."""
	return run_card_entry.to_enter(incident)
