"""What the control room's screens read and send: command centre, call sheet, run card."""

from typing import Any

from outage_response.flows import calling, command, paper

from .reached import reading
from .staff import as_list, endpoint


@reading
def centre() -> dict[str, Any]:
	"""See `flows.command.command_centre`."""
	return command.command_centre()


@reading
def elevators() -> list[dict[str, Any]]:
	"""See `flows.command.elevators`."""
	return command.elevators()


@reading
def homes_of_number(property: str, phone: str) -> list[dict[str, str]]:
	"""See `flows.command.homes_of_number`."""
	return command.homes_of_number(property, phone)


@reading
def get_levels() -> list[dict[str, str]]:
	"""See `flows.command.get_levels`."""
	return command.get_levels()


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
	"""See `flows.command.declare_seen`."""
	return command.declare_seen(
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
	"""See `flows.calling.call_sheet`."""
	return calling.call_sheet(incident)


@reading
def run_card_lines(incident: str) -> dict[str, Any]:
	"""See `flows.paper.to_enter`."""
	return paper.to_enter(incident)
